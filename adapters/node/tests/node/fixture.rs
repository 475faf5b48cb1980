//! A copy built from literals, and a route written as lines.

use std::fmt::Write;
use std::fs;

use pullmedic_model::probe::route::{Defect, Host, Role, Route, Runtime, Scheme};
use pullmedic_node::{View, ViewError, read};
use tempfile::TempDir;

/// A certificate as far as anything here looks at it: a DER sequence.
pub(crate) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
pub(crate) const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";

pub(crate) const V2: &str = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n";
pub(crate) const V3: &str = "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n";

/// The config of a release that looks into certs.d.
pub(crate) fn config_of(version: &str) -> &'static str {
    if version.starts_with("1.") { V2 } else { V3 }
}

/// Files by their path below `/etc`, in a folder of their own.
pub(crate) fn etc(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

pub(crate) fn containerd(version: &str) -> Option<Runtime> {
    Some(Runtime::parse(&format!("containerd@{version}")).unwrap())
}

pub(crate) fn try_view(files: &[(&str, &str)], version: &str) -> Result<View, ViewError> {
    read(etc(files).path(), containerd(version))
}

pub(crate) fn view(files: &[(&str, &str)], version: &str) -> View {
    try_view(files, version).unwrap()
}

/// A view of a node with one hosts.toml, in the folder of `docker.io`.
pub(crate) fn with_hosts_toml(text: &str, version: &str) -> View {
    view(
        &[("containerd/config.toml", config_of(version)), ("containerd/certs.d/docker.io/hosts.toml", text)],
        version,
    )
}

/// One line a host: `mirror 0: https://mirror.test/v2 ns=docker.io`. What is usual is left out.
pub(crate) fn lines(route: &Route) -> String {
    let mut text = String::new();
    for host in &route.hosts {
        writeln!(text, "{}", line(host)).unwrap();
    }
    text
}

fn line(host: &Host) -> String {
    let role = match host.role {
        Role::Origin => "origin".to_owned(),
        Role::Mirror(place) => format!("mirror {place}"),
    };
    let scheme = match host.scheme {
        Scheme::Https => "https",
        Scheme::Http => "http",
        Scheme::HttpsThenHttp => "https-then-http",
    };
    let mut line = format!("{role}: {scheme}://{}{}", host.endpoint, host.path);
    if let Some(namespace) = &host.namespace {
        write!(line, " ns={namespace}").unwrap();
    }
    if !host.resolve {
        line += " no-tags";
    }
    if host.skip_verify {
        line += " unchecked";
    }
    if host.dial_timeout_ms != 30_000 {
        write!(line, " dial={}", host.dial_timeout_ms).unwrap();
    }
    if !host.trust.is_empty() {
        write!(line, " trust={}", host.trust).unwrap();
    }
    line
}

/// `kind file: detail` of each defect.
pub(crate) fn faults(defects: &[Defect]) -> Vec<String> {
    defects.iter().map(|d| format!("{:?} {}: {}", d.kind, d.file, d.detail)).collect()
}
