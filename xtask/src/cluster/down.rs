//! `cluster down`: works from what exists, not from what was remembered, so that it also ends what a crash left.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::cgroups;
use super::layout::{BRIDGE, ROOT, root};
use super::network::{exists, remove_bridge, remove_mount_points, visible_mounts};
use super::ownership::{Lock, Standing, refuse, standing};
use super::process::signal;
use crate::command::{command, run};
use crate::steps::{Steps, wait_for};

/// Stops everything and removes every trace.
pub(crate) fn down(force: bool) -> Result<()> {
    let steps = Steps::start();
    let _lock = Lock::take()?;
    match standing()? {
        Standing::Foreign(other) if !force => return Err(refuse(&other)),
        _ => {}
    }
    clear_in(&steps)?;
    let left = leftovers()?;
    if !left.is_empty() {
        bail!("still there: {}", left.join("; "));
    }
    println!("{:>7.1} s  in all, nothing left", steps.seconds());
    Ok(())
}

/// The same without ceremony, before an `up`.
pub(crate) fn clear() -> Result<()> {
    clear_in(&Steps::start())
}

fn clear_in(steps: &Steps) -> Result<()> {
    steps.step("processes", end_processes)?;
    steps.step("mounts, network and cgroups", || {
        for point in visible_mounts()? {
            run(command("umount", &["--lazy"]).arg(point))?;
        }
        remove_cables()?;
        remove_bridge()?;
        // The kernel may hold a cgroup for a moment after its last process.
        let mut last = String::new();
        let removed = wait_for(
            "an empty cgroup",
            Duration::from_secs(10),
            || match cgroups::remove() {
                Ok(()) => Ok(Some(())),
                Err(error) => {
                    last = format!("{error:#}");
                    Ok(None)
                }
            },
            String::new,
        );
        removed.with_context(|| last)
    })?;
    steps.step("files", || {
        let left = visible_mounts()?;
        if !left.is_empty() {
            bail!("{} is still mounted, so {ROOT} is left alone", left[0].display());
        }
        remove_mount_points();
        match fs::remove_dir_all(root()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).context("could not remove it")
            }
            _ => Ok(()),
        }
    })
}

/// Kills what is in our cgroup until nothing is: a process killed while it forks leaves a child for the next round.
/// Nothing is asked to end in good order, since all they would save is removed next.
fn end_processes() -> Result<()> {
    wait_for(
        "the end of all processes",
        Duration::from_secs(60),
        || {
            let ours = processes_of_ours()?;
            for (pid, _) in &ours {
                signal(*pid, Signal::KILL, |pid| cgroups::holds(pid) || is_helper(pid));
            }
            Ok(ours.is_empty().then_some(()))
        },
        || format!("{:?}", processes_of_ours().unwrap_or_default()),
    )
}

/// Cables go with their namespaces, some time after the last process; one whose other end never got there stays.
fn remove_cables() -> Result<()> {
    let gone = wait_for(
        "the end of the cables",
        Duration::from_secs(5),
        || Ok(cables().is_empty().then_some(())),
        String::new,
    );
    if gone.is_err() {
        for cable in cables() {
            // It may go by itself between the look and the command.
            let _ = run(&mut command("ip", &["link", "delete", &cable]));
        }
    }
    Ok(())
}

fn cables() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/sys/class/net") else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with("pm-")).collect()
}

/// Lists what a cluster left behind; an error if there is anything.
pub(crate) fn check() -> Result<()> {
    let left = leftovers()?;
    if left.is_empty() {
        println!("nothing of a cluster is left on this machine");
        return Ok(());
    }
    for line in &left {
        println!("{line}");
    }
    bail!("{} leftovers", left.len())
}

/// Everything of ours that exists, each as a line.
fn leftovers() -> Result<Vec<String>> {
    let mut left = Vec::new();
    for (pid, line) in processes_of_ours()? {
        left.push(format!("process {pid}: {line}"));
    }
    left.extend(visible_mounts()?.iter().map(|point| format!("mount {}", point.display())));
    left.extend(
        cables()
            .into_iter()
            .chain([BRIDGE.to_owned()])
            .filter(|link| exists(link))
            .map(|link| format!("link {link}")),
    );
    left.extend(cgroups::folders()?.iter().map(|folder| format!("cgroup {}", folder.display())));
    left.extend(namespaces_of_ours());
    if Path::new(ROOT).exists() {
        left.push(format!("folder {ROOT}"));
    }
    Ok(left)
}

/// Processes in our cgroup, and helpers that were born outside of it and outlived the `up` that started them.
fn processes_of_ours() -> Result<Vec<(i32, String)>> {
    let ours = cgroups::processes()?;
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if ours.contains(&pid) || is_helper(pid) {
            found.push((pid, line_of(pid)));
        }
    }
    Ok(found)
}

/// Programs that we start outside of our cgroup, by the name of their file.
const HELPERS: [&str; 6] = ["kubernetes", "fixtures", "ctr", "skopeo", "nsenter", "setpriv"];

/// Whether it runs a program of [`HELPERS`] and names our folder: nobody else's does.
fn is_helper(pid: i32) -> bool {
    let Ok(program) = fs::read_link(format!("/proc/{pid}/exe")) else { return false };
    let known =
        program.file_name().and_then(|name| name.to_str()).is_some_and(|name| HELPERS.contains(&name));
    known && line_of(pid).contains(ROOT)
}

fn line_of(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned()
}

/// Named network namespaces that a runtime of ours made; by configuration it makes none, so one here is a fault.
fn namespaces_of_ours() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/run/netns") else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with("cni-")).map(|name| format!("network namespace {name}")).collect()
}
