//! `cluster up`.

use std::fs;

use anyhow::Result;

use super::build::Programs;
use super::components::{
    start_control_plane, start_name_server, start_node, wait_for_accounts, wait_for_nodes,
};
use super::layout::{NODES, PAUSE_HOST, PAUSE_IMAGE, kubeconfig, root};
use super::network::{self, Namespaces, make_bridge, make_namespaces};
use super::ownership::{Lock, Standing, claim, refuse, require_root, standing};
use super::{cgroups, configuration, down, packages, pki, registry};
use crate::steps::Steps;

/// A cluster that runs, and the lock on it.
pub(crate) struct Cluster {
    /// Its programs.
    pub(crate) programs: Programs,
    /// Its namespaces.
    pub(crate) spaces: Namespaces,
    /// Nobody else changes it while this lives.
    pub(crate) _lock: Lock,
}

/// Starts what does not run, in the order of need, and returns when both nodes are ready.
pub(crate) fn up() -> Result<Cluster> {
    let steps = Steps::start();
    require_root()?;
    if let Standing::Foreign(other) = standing()? {
        return Err(refuse(&other));
    }
    // Before the lock: minutes of compiling need not keep others from looking after a cluster that runs.
    let programs = Programs::locate()?;
    programs.build(&steps)?;
    let lock = Lock::take()?;
    match standing()? {
        Standing::Foreign(other) => return Err(refuse(&other)),
        Standing::Remains => steps.step("clear away what an earlier cluster left", down::clear)?,
        Standing::None | Standing::Ours => {}
    }
    let installed = steps.step("Debian packages", packages::install_missing)?;
    if !installed.is_empty() {
        println!("           installed {}", installed.join(", "));
    }
    if !cgroups::processes()?.is_empty() && !network::stand(&programs) {
        steps.step("clear away a cluster that lost a namespace", down::clear)?;
    }

    claim()?;
    for folder in ["pki", "logs", "processes", "registry", "images", "etcd"] {
        fs::create_dir_all(root().join(folder))?;
    }
    steps.step("certificates and configuration", || {
        pki::issue_all(&programs)?;
        configuration::write_all()
    })?;
    let spaces = steps.step("cgroups, bridge and namespaces", || {
        cgroups::make()?;
        make_bridge()?;
        make_namespaces(&programs)
    })?;
    steps.step("name server, registry and pause image", || {
        start_name_server(&programs, &spaces)?;
        let registry = registry::standing();
        registry.ensure(&programs, &spaces.registry)?;
        let pause = PAUSE_IMAGE.trim_start_matches(PAUSE_HOST).trim_start_matches('/');
        registry.push(&programs, pause)
    })?;
    steps.step("control plane", || start_control_plane(&programs, &spaces))?;
    steps.step("runtimes and kubelets", || {
        NODES.iter().zip(&spaces.nodes).try_for_each(|(node, holder)| start_node(&programs, node, holder))
    })?;
    steps.step("both nodes ready", || {
        wait_for_nodes(&programs)?;
        wait_for_accounts(&programs)
    })?;
    println!("{:>7.1} s  in all\n\nexport KUBECONFIG={}", steps.seconds(), kubeconfig().display());
    println!("kubectl: {}", programs.ours("kubectl").display());
    Ok(Cluster { programs, spaces, _lock: lock })
}
