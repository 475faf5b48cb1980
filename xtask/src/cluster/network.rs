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

impl Namespaces {
    /// The one of a node.
    pub(crate) fn of(&self, node: &Node) -> &Running {
        let [first, second] = &self.nodes;
        if node.name == NODES[0].name { first } else { second }
    }
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

/// The holders' names, the addresses of their namespaces, and what is mounted there.
fn plan() -> [(&'static str, Vec<&'static str>, Vec<String>); 4] {
    let [first, second] = NODES;
    [
        ("control", vec![CONTROL_ADDRESS], Vec::new()),
        ("registry", vec![REGISTRY_ADDRESS, NAMES_ADDRESS], Vec::new()),
        (first.name, vec![first.address], mounts_of(&first)),
        (second.name, vec![second.address], mounts_of(&second)),
    ]
}

/// Whether every namespace is there. A cluster that lost one cannot be mended: what ran in it still runs, unreachable.
pub(crate) fn stand(programs: &Programs) -> bool {
    plan().iter().all(|(name, _, mounts)| holder(programs, name, mounts).stands().is_some())
}

/// Makes the namespaces that do not exist yet and cables them.
pub(crate) fn make_namespaces(programs: &Programs) -> Result<Namespaces> {
    make_mount_points()?;
    let [control, registry, first, second] = plan().map(|(name, addresses, mounts)| {
        let holder = hold(programs, name, &mounts)?;
        cable(name, &holder, &addresses)?;
        Ok::<_, anyhow::Error>(holder)
    });
    Ok(Namespaces { control: control?, registry: registry?, nodes: [first?, second?] })
}

/// Folders of the machine that runtime, CNI and kubelet write to wherever their settings point. Each node has an empty
/// one in its place, or the two would share a device plugin socket and leave files behind.
const COVERED: [&str; 4] = ["/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"];

/// Makes those that are missing, noting each before it is made.
fn make_mount_points() -> Result<()> {
    for folder in COVERED.iter().filter(|folder| !Path::new(folder).exists()) {
        let note = root().join("made");
        let known = fs::read_to_string(&note).unwrap_or_default();
        fs::write(&note, format!("{known}{folder}\n")).context("could not note a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("could not make {folder}"))?;
    }
    Ok(())
}

/// Removes the folders that [`make_mount_points`] made.
pub(crate) fn remove_mount_points() {
    for folder in fs::read_to_string(root().join("made")).unwrap_or_default().lines() {
        // One that somebody has put something into is no longer ours.
        let _ = fs::remove_dir(folder);
    }
}

/// What a node sees in place of the machine's own files: its resolver, its authorities, its runtime's configuration, and
/// [`COVERED`].
fn mounts_of(node: &Node) -> Vec<String> {
    let own = |name: &str| node.etc().join(name).display().to_string();
    let mut lines = vec![
        format!("mount --bind {} /etc/resolv.conf", own("resolv.conf")),
        format!("mount --bind {} /etc/hosts", own("hosts")),
        format!("mount --bind {} /etc/ssl/certs", own("ssl/certs")),
        format!("mount --bind {} /etc/containerd", own("containerd")),
    ];
    lines.extend(COVERED.map(|folder| format!("mount -t tmpfs -o mode=755 tmpfs {folder}")));
    // What the kubelet mounts for a pod must be seen by the runtime, which joins this namespace beside it.
    lines.push("mount --make-rshared /".to_owned());
    lines
}

fn holder(programs: &Programs, name: &str, mounts: &[String]) -> Daemon {
    let mut script = String::from("set -e; ip link set lo up; ");
    for line in mounts {
        script.push_str(line);
        script.push_str("; ");
    }
    script.push_str(&format!("exec {}", programs.ours("waiter").display()));
    let line = ["unshare", "--net", "--mount", "--", "/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    Daemon::new(format!("hold-{name}"), line)
}

fn hold(programs: &Programs, name: &str, mounts: &[String]) -> Result<Running> {
    let waiter = programs.ours("waiter");
    let holder = holder(programs, name, mounts).ensure()?;
    wait_for(
        &format!("namespace {name}"),
        Duration::from_secs(10),
        || Ok(executable(holder.pid).is_some_and(|path| path == waiter).then_some(())),
        || fs::read_to_string(super::layout::log(&format!("hold-{name}"))).unwrap_or_default(),
    )?;
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
