//! The cluster's own network: a bridge that nothing forwards from, and namespaces for the control plane, the registries
//! and each node. No namespace has a default route, so nothing in them can reach past this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::build::Programs;
use super::layout::{
    BRIDGE, CONTROL_ADDRESS, HOST_ADDRESS, NAMES_ADDRESS, NODES, Node, REGISTRY_ADDRESS, root,
};
use super::process::{Daemon, Running};
use crate::command::{command, read, run};
use crate::steps::wait_for;

/// The processes that hold the namespaces. When a holder and all that joined it are dead, the kernel takes its network,
/// its end of the cable and every mount made inside; nothing has to be undone by hand.
pub(crate) struct Namespaces {
    /// etcd, API server, controllers, scheduler.
    pub(crate) control: Running,
    /// Name server and registries.
    pub(crate) registry: Running,
    /// Runtime and kubelet of each node, in the order of [`NODES`].
    pub(crate) nodes: [Running; 2],
}

/// The bridge with our own address.
pub(crate) fn make_bridge() -> Result<()> {
    if !exists(BRIDGE) {
        run(&mut command("ip", &["link", "add", BRIDGE, "type", "bridge"]))?;
    }
    run(&mut command("ip", &["address", "replace", &format!("{HOST_ADDRESS}/24"), "dev", BRIDGE]))?;
    run(&mut command("ip", &["link", "set", BRIDGE, "up"]))
}

/// Whether the machine has a link of this name.
pub(crate) fn exists(link: &str) -> bool {
    Path::new("/sys/class/net").join(link).exists()
}

/// Removes the bridge.
pub(crate) fn remove_bridge() -> Result<()> {
    if exists(BRIDGE) {
        run(&mut command("ip", &["link", "delete", BRIDGE]))?;
    }
    Ok(())
}

/// Makes the namespaces that do not exist yet and cables them.
pub(crate) fn make_namespaces(programs: &Programs) -> Result<Namespaces> {
    let [first, second] = NODES;
    Ok(Namespaces {
        control: hold(programs, "control", &[CONTROL_ADDRESS], &[])?,
        registry: hold(programs, "registry", &[REGISTRY_ADDRESS, NAMES_ADDRESS], &[])?,
        nodes: [
            hold(programs, first.name, &[first.address], &mounts_of(&first))?,
            hold(programs, second.name, &[second.address], &mounts_of(&second))?,
        ],
    })
}

/// What a node sees in place of the machine's own files: its resolver, its authorities, and empty folders where
/// runtime and CNI would leave something behind.
fn mounts_of(node: &Node) -> Vec<String> {
    let own = |name: &str| node.folder().join("etc").join(name).display().to_string();
    vec![
        format!("mount --bind {} /etc/resolv.conf", own("resolv.conf")),
        format!("mount --bind {} /etc/hosts", own("hosts")),
        format!("mount --bind {} /etc/ssl/certs", own("certs")),
        "mkdir -p /run/containerd /var/lib/cni".to_owned(),
        "mount -t tmpfs -o mode=755 tmpfs /run/containerd".to_owned(),
        "mount -t tmpfs -o mode=755 tmpfs /var/lib/cni".to_owned(),
        // What the kubelet mounts for a pod must be seen by the runtime, which joins this namespace beside it.
        "mount --make-rshared /".to_owned(),
    ]
}

fn hold(programs: &Programs, name: &str, addresses: &[&str], mounts: &[String]) -> Result<Running> {
    let waiter = programs.ours("waiter");
    let mut script = String::from("set -e; ip link set lo up; ");
    for line in mounts {
        script.push_str(line);
        script.push_str("; ");
    }
    script.push_str(&format!("exec {}", waiter.display()));
    let line = ["unshare", "--net", "--mount", "--", "/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let holder = Daemon::new(format!("hold-{name}"), line).ensure()?;
    wait_for(
        &format!("namespace {name}"),
        Duration::from_secs(10),
        || Ok(executable(holder.pid).is_some_and(|path| path == waiter).then_some(())),
        || fs::read_to_string(super::layout::log(&format!("hold-{name}"))).unwrap_or_default(),
    )?;
    cable(name, &holder, addresses)?;
    Ok(holder)
}

/// A cable from the bridge into the namespace, with its addresses; again when the holder is a new one.
fn cable(name: &str, holder: &Running, addresses: &[&str]) -> Result<()> {
    let ours = format!("pm-{name}");
    let target = holder.pid.to_string();
    if inside(holder, &["ip", "link", "show", "eth0"]).is_err() {
        if exists(&ours) {
            run(&mut command("ip", &["link", "delete", &ours]))?;
        }
        let peer = ["link", "add", &ours, "type", "veth", "peer", "name", "eth0", "netns", &target];
        run(&mut command("ip", &peer)).with_context(|| format!("no cable to {name}"))?;
    }
    run(&mut command("ip", &["link", "set", &ours, "master", BRIDGE, "up"]))?;
    for address in addresses {
        add_address(holder, address)?;
    }
    inside(holder, &["ip", "link", "set", "eth0", "up"]).map(drop)
}

/// Gives the namespace one more address.
pub(crate) fn add_address(holder: &Running, address: &str) -> Result<()> {
    inside(holder, &["ip", "address", "replace", &format!("{address}/24"), "dev", "eth0"]).map(drop)
}

/// Takes an address away; one that is not there is fine.
pub(crate) fn remove_address(holder: &Running, address: &str) {
    // Only ever called to clean up, where an absent address is the goal.
    let _ = inside(holder, &["ip", "address", "delete", &format!("{address}/24"), "dev", "eth0"]);
}

/// Runs a program inside a holder's namespaces.
pub(crate) fn inside(holder: &Running, line: &[&str]) -> Result<String> {
    let target = holder.pid.to_string();
    let mut whole = command("nsenter", &["--target", &target, "--net", "--mount", "--"]);
    read(whole.args(line))
}

/// Mounts below our folder that the machine itself sees. There should be none: nodes mount in their own namespace.
pub(crate) fn visible_mounts() -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string("/proc/self/mountinfo").context("could not read /proc/self/mountinfo")?;
    let mut points: Vec<PathBuf> = text
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(PathBuf::from)
        .filter(|point| point.starts_with(root()))
        .collect();
    points.reverse();
    Ok(points)
}

fn executable(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}
