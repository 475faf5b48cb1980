//! One container seen unable to pull its image.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Captured;
use crate::object::ContainerKind;

/// What owns a pod, as high up as we can see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// API group and version; empty when no object names it.
    pub api_version: String,
    /// Kind. A static pod's owner is its `Node`.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// Where it was seen: the public part of a sighting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Namespace.
    pub namespace: String,
    /// The owner; null for a bare pod.
    pub owner: Option<Owner>,
    /// The pod; null when the owner was refused one.
    pub pod: Option<String>,
    /// The container that waits; for the pod sandbox the empty text.
    pub container: String,
    /// What the container is.
    pub kind: ContainerKind,
    /// The node; null while the pod is bound to none.
    pub node: Option<String>,
}

/// Words of a kubelet, runtime or API server, and where they stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testimony {
    /// The word before the words: a waiting reason or an event's reason. Since Kubernetes 1.33 it may be any text.
    pub reason: Captured,
    /// The words.
    pub words: Captured,
    /// Where they were found: `Pod shop/cart-1 status.containerStatuses[cart].state.waiting`, or the like.
    pub source: String,
    /// When they were last written; `None` for a status, which has no time.
    pub at: Option<Timestamp>,
}

/// One container seen unable to pull its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Where.
    pub place: Place,
    /// The image as the pod names it, redacted; for the sandbox the image that the words name, else empty.
    pub image: Captured,
    /// The waiting reason, or the reason of the event that stands in for it.
    pub reason: Captured,
    /// The words that hold the cause; `None` when the cluster kept none (see `missing`).
    pub testimony: Option<Testimony>,
    /// Further words about the same container that matter, such as a missing pull secret.
    pub beside: Vec<Testimony>,
    /// What is missing to know the cause from words; `None` when `testimony` holds them.
    pub missing: Option<String>,
    /// How long it has been so: the earliest time that any object gives.
    pub since: Option<Timestamp>,
    /// When the kubelet is expected to try next, by its back-off; `None` when no event tells of an attempt.
    pub next_attempt: Option<Timestamp>,
    /// The pull secrets that the pod names.
    pub pull_secrets: Vec<String>,
    /// The pull secrets that the template of the topmost owner names; `None` when that template was not read.
    pub template_secrets: Option<Vec<String>>,
    /// What made the pod, for a Deployment's pod its ReplicaSet; `None` for a bare pod.
    pub made_by: Option<Owner>,
    /// The kubelet's minor version on the node; `None` when the node could not be read.
    pub kubelet_minor: Option<u32>,
    /// Set when the image is not in the owner's template.
    pub injected: Option<Injected>,
}

/// An image that somebody put into the pod after its owner made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Injected {
    /// The owner in whose template the image is not.
    pub owner: Owner,
    /// The container that has it.
    pub container: String,
    /// Whether the template has the container with another image (`false`: it has no such container).
    pub replaced: bool,
    /// Who put it there; null when nothing in the pod tells.
    pub injector: Option<String>,
    /// What in the pod tells: an annotation or label key; null with `injector`.
    pub evidence: Option<String>,
}
