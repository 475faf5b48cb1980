//! Where the cluster keeps what it needs, and the fixed names that make it possible to find everything again after a
//! crash. One cluster a machine: its bridge, its cgroup and its folder have one name each.

use std::path::{Path, PathBuf};

/// Kubernetes, as pinned in `testkit/cluster/go.mod`.
pub(crate) const KUBERNETES: &str = "v1.37.2";
/// The second node's runtime.
pub(crate) const CONTAINERD: &str = "v2.3.7";

/// All state of the running cluster. Not in the checkout: unix sockets end at 107 characters, and a second checkout
/// must see that the machine is taken.
pub(crate) const ROOT: &str = "/var/lib/pullmedic-cluster";
/// The bridge that joins the namespaces; the machine itself is on it, and nothing is forwarded.
pub(crate) const BRIDGE: &str = "pullmedic0";
/// Our cgroup in every hierarchy: what runs in it is ours, whatever else was lost.
pub(crate) const CGROUP: &str = "pullmedic-cluster";

/// 198.18.0.0/15 is set aside for tests (RFC 2544), so it hides nobody's network.
pub(crate) const HOST_ADDRESS: &str = "198.18.0.1";
/// API server.
pub(crate) const CONTROL_ADDRESS: &str = "198.18.0.2";
/// Name server of the nodes.
pub(crate) const NAMES_ADDRESS: &str = "198.18.0.3";
/// The registry that works; further endpoints count up from here.
pub(crate) const REGISTRY_ADDRESS: &str = "198.18.0.20";
/// Where scenarios place endpoints of their own.
pub(crate) const FIRST_FREE_ADDRESS: u8 = 30;

/// The registry that works: TLS by the authority that the nodes trust, no login.
pub(crate) const REGISTRY: &str = "registry.acme.test";
/// Another name of the same registry, used for the pause image alone, so that it can be taken away alone.
pub(crate) const PAUSE_HOST: &str = "infra.acme.test";
/// The sandbox image of both nodes.
pub(crate) const PAUSE_IMAGE: &str = "infra.acme.test/platform/pause:3.10";

/// Where a node's runtime looks for hosts.toml, as the node names it.
pub(crate) const CERTS: &str = "/etc/containerd/certs.d";

/// Where containerd 1.6, runc and the rest are, whatever the caller's PATH is.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A container runtime generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Runtime {
    /// Debian 12's containerd 1.6.
    Containerd1,
    /// containerd 2.x from the module proxy.
    Containerd2,
}

impl Runtime {
    /// The name used in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Containerd1 => "containerd 1.6",
            Self::Containerd2 => "containerd 2.3",
        }
    }
}

/// A node of the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    /// Node name, also the name of its namespaces and folder.
    pub(crate) name: &'static str,
    /// Suffix of namespaces whose pods run on this node.
    pub(crate) letter: &'static str,
    /// Its address on the bridge.
    pub(crate) address: &'static str,
    /// Third number of its pods' subnet.
    pub(crate) subnet: u8,
    /// What pulls its images.
    pub(crate) runtime: Runtime,
}

/// Both nodes.
pub(crate) const NODES: [Node; 2] = [
    Node { name: "node-a", letter: "a", address: "198.18.0.11", subnet: 1, runtime: Runtime::Containerd1 },
    Node { name: "node-b", letter: "b", address: "198.18.0.12", subnet: 2, runtime: Runtime::Containerd2 },
];

impl Node {
    /// The node's folder.
    pub(crate) fn folder(&self) -> PathBuf {
        root().join(self.name)
    }

    /// The runtime's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder().join("containerd.sock")
    }

    /// What the node sees of /etc: resolver, hosts, authorities and its runtime's configuration, at their usual places.
    pub(crate) fn etc(&self) -> PathBuf {
        self.folder().join("etc")
    }

    /// The runtime's configuration, on the node `/etc/containerd/config.toml`.
    pub(crate) fn runtime_configuration(&self) -> PathBuf {
        self.etc().join("containerd/config.toml")
    }

    /// Where the runtime looks for hosts.toml, read anew for each pull; on the node [`CERTS`].
    pub(crate) fn certs(&self) -> PathBuf {
        self.etc().join("containerd/certs.d")
    }
}

/// [`ROOT`] as a path.
pub(crate) fn root() -> &'static Path {
    Path::new(ROOT)
}

/// Keys and certificates.
pub(crate) fn pki(name: &str) -> PathBuf {
    root().join("pki").join(name)
}

/// What a process wrote.
pub(crate) fn log(process: &str) -> PathBuf {
    root().join("logs").join(format!("{process}.log"))
}

/// The administrator's kubeconfig.
pub(crate) fn kubeconfig() -> PathBuf {
    root().join("kubeconfig")
}

/// The names that the nodes can resolve, see `testkit/cluster/fixtures/nameserver.go`.
pub(crate) fn names() -> PathBuf {
    root().join("names")
}

/// What the API server writes down.
pub(crate) fn audit_policy() -> PathBuf {
    root().join("audit-policy.yaml")
}

/// What it wrote down: one event a line, of pullmedic's own ServiceAccount only.
pub(crate) fn audit_log() -> PathBuf {
    root().join("logs/audit.log")
}

/// This checkout.
pub(crate) fn checkout() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}
