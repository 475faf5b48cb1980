//! Our cgroup in every hierarchy of this machine, version 1, 2 or both. Whatever the cluster starts is born in it, and
//! runc keeps containers below it, so it is also the list of our processes that survives any crash.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::layout::{CGROUP, NODES};

/// Where daemons live; a leaf, since version 2 allows processes in leaves only.
const DAEMONS: &str = "daemons";

/// Makes our cgroup in each hierarchy, with a child for each kubelet and one for the daemons.
pub(crate) fn make() -> Result<()> {
    for hierarchy in hierarchies()? {
        let ours = hierarchy.join(CGROUP);
        make_one(&hierarchy, &ours)?;
        let children = NODES.iter().map(|node| node.name).chain([DAEMONS]);
        for child in children {
            make_one(&ours, &ours.join(child))?;
        }
    }
    Ok(())
}

/// The files that a process writes `0` into to become ours.
pub(crate) fn entrances() -> Result<Vec<PathBuf>> {
    Ok(hierarchies()?.iter().map(|root| root.join(CGROUP).join(DAEMONS).join("cgroup.procs")).collect())
}

/// Every process in our cgroup, in any hierarchy.
pub(crate) fn processes() -> Result<BTreeSet<i32>> {
    let mut found = BTreeSet::new();
    for folder in folders()? {
        let path = folder.join("cgroup.procs");
        // A cgroup may be removed while we read; then it holds no process.
        let text = fs::read_to_string(&path).unwrap_or_default();
        found.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0));
    }
    Ok(found)
}

/// Whether a process is in our cgroup now.
pub(crate) fn holds(pid: i32) -> bool {
    let ours = format!("/{CGROUP}");
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .any(|path| path.strip_prefix(&ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Our cgroup and all below it, in every hierarchy, deepest first.
pub(crate) fn folders() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for hierarchy in hierarchies()? {
        collect(&hierarchy.join(CGROUP), &mut found);
    }
    Ok(found)
}

/// Removes them; they must hold no process any more.
pub(crate) fn remove() -> Result<()> {
    for folder in folders()? {
        match fs::remove_dir(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("could not remove cgroup {}", folder.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), found);
        }
    }
    found.push(folder.to_path_buf());
}

fn make_one(parent: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make cgroup {}", folder.display()))?;
    // In version 1 a new cpuset is empty and admits no process until it was given processors and memory.
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let (from, to) = (parent.join(file), folder.join(file));
        if !to.exists() || !from.exists() {
            continue;
        }
        let value = fs::read_to_string(&from)?;
        if !value.trim().is_empty() {
            fs::write(&to, value.trim()).with_context(|| format!("could not write {}", to.display()))?;
        }
    }
    Ok(())
}

/// Mount points of the hierarchies. Where version 1 controllers exist, a version 2 tree beside them holds none and is
/// still ours to look through.
fn hierarchies() -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/mounts").context("could not read /proc/mounts")?;
    Ok(mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let (_, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
            (kind == "cgroup" || kind == "cgroup2").then(|| PathBuf::from(point))
        })
        .collect())
}
