//! One cluster a machine: who may change it now, and which checkout it belongs to.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::cgroups;
use super::layout::{checkout, root};

/// Outside of the cluster's folder, which `down` removes while it holds the lock.
const LOCK: &str = "/run/lock/pullmedic-cluster.lock";

/// Held while the cluster is changed. The kernel lets go of it when we die.
pub(crate) struct Lock(#[expect(dead_code, reason = "holding the file open is the lock")] File);

impl Lock {
    /// Takes it, or says that somebody else is at it.
    pub(crate) fn take() -> Result<Self> {
        require_root()?;
        fs::create_dir_all("/run/lock")?;
        let file = File::create(LOCK).with_context(|| format!("could not open {LOCK}"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => bail!("another `cargo xtask` is changing the cluster right now"),
            Err(TryLockError::Error(error)) => Err(error).context("could not lock"),
        }
    }
}

/// An error unless we are root.
pub(crate) fn require_root() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the cluster needs root: namespaces, cgroups and mounts");
    }
    Ok(())
}

/// Written before anything else is made.
#[derive(Serialize, Deserialize)]
struct Owner {
    checkout: PathBuf,
    boot: String,
}

/// What is known of a cluster on this machine.
pub(crate) enum Standing {
    /// No trace of one.
    None,
    /// This checkout's, of this boot.
    Ours,
    /// Left from before a reboot, or by a `down` that was cut off: nothing of it runs.
    Remains,
    /// Another checkout's, running.
    Foreign(PathBuf),
}

/// Looks.
pub(crate) fn standing() -> Result<Standing> {
    let runs = !cgroups::processes()?.is_empty();
    let owner = fs::read_to_string(path()).ok().and_then(|text| serde_json::from_str::<Owner>(&text).ok());
    Ok(match owner {
        Some(owner) if owner.checkout == checkout() && owner.boot == boot()? => Standing::Ours,
        Some(owner) if owner.checkout != checkout() && runs => Standing::Foreign(owner.checkout),
        None if !runs && !root().exists() => Standing::None,
        _ => Standing::Remains,
    })
}

/// Says that the cluster is this checkout's.
pub(crate) fn claim() -> Result<()> {
    fs::create_dir_all(root()).with_context(|| format!("could not make {}", root().display()))?;
    let owner = Owner { checkout: checkout(), boot: boot()? };
    fs::write(path(), serde_json::to_string(&owner)?).context("could not record the owner")
}

/// The error for a cluster of another checkout.
pub(crate) fn refuse(other: &std::path::Path) -> anyhow::Error {
    anyhow::anyhow!(
        "a cluster of another checkout runs on this machine ({}), and there is room for one: \
         run `cargo xtask cluster down` there, or `cargo xtask cluster down --force` here",
        other.display()
    )
}

fn path() -> PathBuf {
    root().join("owner.json")
}

fn boot() -> Result<String> {
    let id =
        fs::read_to_string("/proc/sys/kernel/random/boot_id").context("could not read the boot's number")?;
    Ok(id.trim().to_owned())
}
