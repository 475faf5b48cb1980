//! Keys and certificates of the cluster and of its registries, all issued here and thrown away with it.

use anyhow::Result;

use super::build::Programs;
use super::layout::{CONTROL_ADDRESS, NODES, PAUSE_HOST, REGISTRY, REGISTRY_ADDRESS, pki};
use crate::command::{command, run};

/// The cluster's own authority.
pub(crate) const CLUSTER: &str = "cluster-authority";
/// The authority that the nodes trust for registries.
pub(crate) const TRUSTED: &str = "platform-authority";
/// An authority that no node trusts.
pub(crate) const UNTRUSTED: &str = "vault-authority";

/// What a certificate says.
pub(crate) struct Certificate<'a> {
    /// File name without ending, in the cluster's folder of keys.
    pub(crate) file: &'a str,
    /// The authority's file name.
    pub(crate) authority: &'a str,
    /// Common name.
    pub(crate) name: &'a str,
    /// Organization, may be empty.
    pub(crate) organization: &'a str,
    /// Host names and addresses it is for.
    pub(crate) names: &'a [&'a str],
    /// Validity relative to now, as Go durations.
    pub(crate) validity: (&'a str, &'a str),
}

/// A year from now, in Go's words.
pub(crate) const GOOD: (&str, &str) = ("-1h", "8760h");

/// Issues all that is missing.
pub(crate) fn issue_all(programs: &Programs) -> Result<()> {
    authority(programs, CLUSTER, "pullmedic test cluster", "")?;
    authority(programs, TRUSTED, "Acme Platform Root CA", "Acme Corp")?;
    authority(programs, UNTRUSTED, "Acme Vault Internal CA", "Acme Corp")?;
    if !pki("accounts.key").exists() {
        run(command(programs.ours("fixtures"), &["key", "-out"]).arg(pki("accounts")))?;
    }
    let service =
        ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.96.0.1", CONTROL_ADDRESS];
    issue(programs, &cluster("apiserver", "kube-apiserver", "", &service))?;
    issue(programs, &cluster("apiserver-to-kubelet", "kube-apiserver-kubelet", "system:masters", &[]))?;
    issue(programs, &cluster("admin", "admin", "system:masters", &[]))?;
    issue(programs, &cluster("controller-manager", "system:kube-controller-manager", "", &[]))?;
    issue(programs, &cluster("scheduler", "system:kube-scheduler", "", &[]))?;
    for node in NODES {
        let name = format!("system:node:{}", node.name);
        issue(programs, &cluster(node.name, &name, "system:nodes", &[]))?;
    }
    let names = [REGISTRY, PAUSE_HOST, REGISTRY_ADDRESS];
    issue(
        programs,
        &Certificate {
            file: "registry",
            authority: TRUSTED,
            name: REGISTRY,
            organization: "Acme Corp",
            names: &names,
            validity: GOOD,
        },
    )
}

/// Issues one certificate unless it is there.
pub(crate) fn issue(programs: &Programs, wanted: &Certificate<'_>) -> Result<()> {
    if pki(&format!("{}.crt", wanted.file)).exists() {
        return Ok(());
    }
    let mut line = command(programs.ours("fixtures"), &["certificate", "-authority"]);
    line.arg(pki(wanted.authority)).arg("-out").arg(pki(wanted.file));
    line.args(["-name", wanted.name, "-organization", wanted.organization]);
    line.args(["-names", &wanted.names.join(","), "-from", wanted.validity.0, "-to", wanted.validity.1]);
    run(&mut line)
}

fn authority(programs: &Programs, file: &str, name: &str, organization: &str) -> Result<()> {
    if pki(&format!("{file}.crt")).exists() {
        return Ok(());
    }
    let mut line =
        command(programs.ours("fixtures"), &["authority", "-name", name, "-organization", organization]);
    run(line.arg("-out").arg(pki(file)))
}

/// A certificate of the cluster's own authority.
fn cluster<'a>(file: &'a str, name: &'a str, organization: &'a str, names: &'a [&'a str]) -> Certificate<'a> {
    Certificate { file, authority: CLUSTER, name, organization, names, validity: GOOD }
}
