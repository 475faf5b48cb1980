//! All that is known of a container before anything is asked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::login::{Login, NamedSecret};
use super::manifest::Platform;
use super::route::{Host, Route, Runtime};
use crate::finding::Vantage;
use crate::object::ContainerKind;
use crate::{Captured, Cause, Confidence, Endpoint, Stage};

/// What a verdict is sought for: one image, as one set of pods on one kind of node asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The image as the pod names it.
    pub image: String,
    /// What kind of container asks; a sandbox's image is pulled with none of the pod's credentials.
    pub kind: ContainerKind,
    /// The words of the node and what they suggest; `None`: no words are left, nothing can be reproduced.
    pub words: Option<Words>,
    /// The hosts that the runtime asks.
    pub route: Route,
    /// The node's platform; `None` when its object could not be read.
    pub platform: Option<Platform>,
    /// The node's runtime; `None` when unknown.
    pub runtime: Option<Runtime>,
    /// The kubelet's minor version; `None` when unknown.
    pub kubelet_minor: Option<u32>,
    /// The pull secrets that the pod names, in its order.
    pub secrets: Vec<NamedSecret>,
    /// The logins that the kubelet sends, in its order; empty: it asks anonymously.
    pub logins: Vec<Login>,
    /// Logins of other secrets of the namespace that match the image: candidates for a fix.
    pub candidates: Vec<Login>,
    /// Names of other pull secrets in the namespace that could not be read or tried, and why.
    pub candidates_unread: Vec<String>,
    /// Whether the node's own credentials (config file, provider plugins) are known to serve the image's host.
    pub node_credentials: NodeCredentials,
    /// Nodes that really pulled this image, by `Successfully pulled` events, newest first.
    pub pulled_on: Vec<PulledOn>,
    /// Workloads whose containers run this very image now, as `Deployment/ops`: it was there for somebody, so its absence is
    /// not the same for all.
    #[serde(default)]
    pub runs_for: Vec<String>,
    /// Other images of the same host that run now: controls for a registry that says no to everything, and for a login.
    #[serde(default)]
    pub runs_there: Vec<RunsThere>,
    /// What other cases of the same run showed of the hosts that are asked for this one.
    #[serde(default)]
    pub beside: Beside,
    /// Repositories of the same host that workloads of the cluster name: near names where `_catalog` is closed.
    pub known_repositories: Vec<String>,
    /// Other hosts at which workloads of the cluster name the same repository: where the same image may be had.
    #[serde(default)]
    pub elsewhere: Vec<Host>,
    /// Whether the kubelet announced a pull (`Pulling`) and nothing came of it yet: there are no words, and the pull goes on
    /// or waits for its turn.
    #[serde(default)]
    pub pulling: bool,
    /// Images of the same repository that ran for this owner, newest first.
    pub ran_before: Vec<String>,
    /// The digest that a container of this image runs, for a tag that may have moved since (`check`); `None` for a pull
    /// that failed.
    #[serde(default)]
    pub runs: Option<String>,
    /// When the pod, its image or a named secret was last changed; `None` when unknown.
    pub changed: Option<Timestamp>,
    /// When the kubelet next tries, by its back-off; `None` when unknown.
    pub next_attempt: Option<Timestamp>,
    /// From where we look.
    pub vantage: Vantage,
    /// Whether we stand on the node itself (its boot id equals ours).
    pub on_node: bool,
    /// Hosts whose address was given by hand (`--resolve`): who gives it says that the node reaches the same machine, so
    /// a loopback address of such a host is no other machine.
    #[serde(default)]
    pub pinned: Vec<Endpoint>,
    /// When we look.
    pub now: Timestamp,
}

/// The words of a node and what they suggest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Words {
    /// The cause they suggest.
    pub cause: Cause,
    /// How far.
    pub confidence: Confidence,
    /// The other causes they leave open, best first.
    pub rivals: Vec<Cause>,
    /// The stage they name; `None` when they name none.
    pub stage: Option<Stage>,
    /// The host they name; `None` when they name none.
    pub endpoint: Option<Endpoint>,
    /// The HTTP status they name; `None` when they name none.
    pub status: Option<u16>,
    /// The decisive words.
    pub leaf: String,
    /// All of them.
    pub text: Captured,
    /// The waiting reason or event reason that stood before them.
    pub reason: Captured,
    /// Where they stood.
    pub source: String,
    /// The node that speaks; `None` when none does.
    pub node: Option<String>,
    /// When they were last written; `None` for a status, which has no time.
    pub at: Option<Timestamp>,
    /// The earliest time at which they can be of the last attempt, by the back-off; `None` when unknown.
    pub not_before: Option<Timestamp>,
    /// Whether the one that speaks speaks of itself (pull QPS, invalid name, keyring decode), which is proof.
    pub of_itself: bool,
}

/// Whether the node itself may hold a login for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeCredentials {
    /// Hosts of this kind are known to be served by provider plugins (ECR, GAR, ACR), or a pod without a matching
    /// secret really pulled an image that anonymous is refused.
    Possible,
    /// Nothing speaks for it; the node was not looked at.
    NotKnown,
    /// The node was looked at and has none.
    None,
}

/// What other cases of the same run showed of the hosts that are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// Pulls that a node was refused and that pass from here: the host answers nodes otherwise than us.
    pub otherwise: Vec<Otherwise>,
    /// Logins that a host took.
    pub taken: Vec<Taken>,
}

/// A pull that a node was refused, and that passes from where we look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Otherwise {
    /// The host.
    pub endpoint: Endpoint,
    /// The status that the node was given.
    pub status: u16,
    /// The node; `None` when no words name it.
    pub node: Option<String>,
    /// The image.
    pub image: String,
}

/// A login that a host took.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// The host.
    pub endpoint: Endpoint,
    /// The login's opaque identity.
    pub identity: String,
    /// The repository that was asked for with it, and given.
    pub repository: String,
}

/// An image of the same host that runs now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunsThere {
    /// Its repository, as it stands in the URL.
    pub repository: String,
    /// Its tag or digest.
    pub reference: String,
    /// The workload, as `Deployment/team`.
    pub owner: String,
    /// The pull secrets that its pod names, in the same namespace; empty: none.
    pub secrets: Vec<String>,
}

/// A node that really pulled the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PulledOn {
    /// The node.
    pub node: String,
    /// When.
    pub at: Timestamp,
}
