//! The Debian packages around the cluster, installed without starting any of their services.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{command, run};

/// A program that must be there, and the package that brings it.
const PROGRAMS: [(&str, &str); 11] = [
    ("/usr/bin/containerd", "containerd"),
    ("/usr/sbin/runc", "runc"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("/usr/bin/docker-registry", "docker-registry"),
    ("/usr/bin/skopeo", "skopeo"),
    ("/usr/sbin/iptables", "iptables"),
    ("/bin/ip", "iproute2"),
    ("/usr/bin/unshare", "util-linux"),
    ("/usr/bin/setsid", "util-linux"),
    ("/usr/bin/setpriv", "util-linux"),
    ("/bin/tar", "tar"),
];

/// dpkg asks this file whether a service may start; 101 means no.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs what is missing and names it; an empty answer means that all was there.
pub(crate) fn install_missing() -> Result<Vec<&'static str>> {
    let mut missing: Vec<&'static str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !Path::new(program).exists())
        .map(|(_, package)| *package)
        .collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(missing);
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("missing: {}. This is no Debian; install them by hand", missing.join(", "));
    }
    let policy = Policy::refuse_services()?;
    run(&mut command("apt-get", &["update", "-qq"]))?;
    let mut install = command("apt-get", &["install", "-y", "-qq", "--no-install-recommends"]);
    install.args(&missing).env("DEBIAN_FRONTEND", "noninteractive");
    run(&mut install)?;
    drop(policy);
    Ok(missing)
}

/// Refuses service starts while it lives. A policy that was there before is left alone.
struct Policy {
    ours: bool,
}

impl Policy {
    fn refuse_services() -> Result<Self> {
        if Path::new(POLICY).exists() {
            return Ok(Self { ours: false });
        }
        fs::write(POLICY, "#!/bin/sh\nexit 101\n").with_context(|| format!("could not write {POLICY}"))?;
        fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
        Ok(Self { ours: true })
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        if self.ours {
            // Nothing more can be done about a file that cannot be removed.
            let _ = fs::remove_file(POLICY);
        }
    }
}
