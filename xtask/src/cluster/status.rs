//! `cluster status` and `cluster logs`.

use anyhow::{Result, bail};

use super::build::Programs;
use super::components::{get, ready_nodes};
use super::layout::{NODES, kubeconfig, log};
use super::ownership::{Standing, refuse, standing};
use super::process::Record;

/// Says what runs.
pub(crate) fn status() -> Result<()> {
    match standing()? {
        Standing::Foreign(other) => return Err(refuse(&other)),
        Standing::None | Standing::Remains => bail!("no cluster runs; `cargo xtask cluster up` starts one"),
        Standing::Ours => {}
    }
    let mut dead = 0;
    for (name, record) in Record::all() {
        let alive = record.running.alive();
        dead += usize::from(!alive);
        println!("{name:<26} {:<8} {}", if alive { "runs" } else { "ended" }, record.running.pid);
    }
    let programs = Programs::locate()?;
    let Ok(ready) = ready_nodes(&programs) else {
        bail!("the API server does not answer; `cargo xtask cluster up` starts what does not run");
    };
    for node in NODES {
        let state = if ready.iter().any(|name| name == node.name) { "ready" } else { "not ready" };
        println!("{:<26} {:<8} {}", node.name, state, node.runtime.name());
    }
    let pods = get(&programs, &["pods", "--all-namespaces"])?;
    println!("pods                       {}", pods["items"].as_array().map_or(0, Vec::len));
    println!("export KUBECONFIG={}", kubeconfig().display());
    if dead > 0 || ready.len() < NODES.len() {
        bail!("not all of it runs; `cargo xtask cluster up` starts the rest");
    }
    Ok(())
}

/// The end of a component's log.
pub(crate) fn logs(name: Option<&str>, lines: usize) -> Result<()> {
    let Some(name) = name else {
        for (name, _) in Record::all() {
            println!("{name}");
        }
        return Ok(());
    };
    let path = log(name);
    let Ok(bytes) = std::fs::read(&path) else {
        bail!("no component {name:?} has a log; `cargo xtask cluster logs` lists them");
    };
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    for line in all.iter().skip(all.len().saturating_sub(lines)) {
        println!("{line}");
    }
    Ok(())
}
