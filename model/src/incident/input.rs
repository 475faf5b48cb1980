//! What the correlation of incidents is told, one thing at a time. A recording is a file of these, one JSON document a
//! line, so every bug of it is a file; time comes from the inputs alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Detail;
use crate::object::ContainerKind;
use crate::sighting::Owner;
use crate::{Cause, Certainty, Clears, Endpoint, Stage};

/// One container, as long as its pod lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerKey {
    /// Its namespace.
    pub namespace: String,
    /// The pod's uid; for an owner that is refused its pods the owner's kind and name.
    pub pod: String,
    /// The container; empty for the pod sandbox.
    pub container: String,
    /// What the container is: an image volume fails beside the container that mounts it.
    pub kind: ContainerKind,
}

/// One thing told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// When, by the clock of who tells.
    pub at: Timestamp,
    /// What.
    pub told: Told,
}

/// What can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Told {
    /// A container waits for its image; again, whenever its words change.
    Waits(Box<Waits>),
    /// A container got past its pull, by whatever way.
    Past(ContainerKey),
    /// A pod is gone, or will pull no more: every container of it leaves its incident.
    Gone(Gone),
    /// A node really pulled an image (`Successfully pulled`).
    Pulled(Pulled),
    /// An image ran for an owner.
    Ran(Ran),
    /// A proof was run for a container.
    Judged(Box<Judged>),
    /// A proof that was wanted could not be run.
    NotJudged(NotJudged),
    /// The owners of an incident were told, by an event in this namespace.
    Owners(Informed),
    /// Time passed.
    Tick,
}

/// A container that waits for its image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waits {
    /// Which.
    pub container: ContainerKey,
    /// The pod's name; `None` when its owner was refused one.
    pub pod: Option<String>,
    /// The topmost owner that is known; `None` for a bare pod.
    pub owner: Option<Owner>,
    /// The node; `None` while bound to none.
    pub node: Option<String>,
    /// The image as the pod names it, redacted; for a sandbox the pause image.
    pub image: String,
    /// The registry host and port of that image; `None` when it does not parse.
    pub host: Option<Endpoint>,
    /// The pull secrets that count for it, in the pod's order.
    pub secrets: Vec<String>,
    /// Since when, by what the objects say.
    pub since: Option<Timestamp>,
    /// When the kubelet tries next; `None` when nothing tells of an attempt.
    pub next_attempt: Option<Timestamp>,
    /// What the words alone support.
    pub by_words: Judgement,
    /// What makes words the same but for their occasion: cause, stage, endpoint, status and leaf. Equal for two
    /// containers: one proof at the same endpoint with the same login would answer both.
    pub words: String,
}

/// A cause with how sure it is, from words or from a proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The cause; of an undecided one its best survivor.
    pub cause: Cause,
    /// The cause inside [`Cause::SandboxImage`]; `None` for every other.
    pub inner: Option<Cause>,
    /// Further faults of the same pull.
    pub also: Vec<Cause>,
    /// How sure.
    pub certainty: Certainty,
    /// The stage that failed.
    pub stage: Option<Stage>,
    /// The host and port that the stage spoke to.
    pub endpoint: Option<Endpoint>,
    /// Whether it clears by itself.
    pub clears: Option<Clears>,
    /// One sentence that names nothing of any namespace but the image: for the incident as a whole.
    pub summary: String,
}

/// Why a pod leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gone {
    /// Its namespace.
    pub namespace: String,
    /// Its uid, as in [`ContainerKey::pod`].
    pub pod: String,
    /// Why.
    pub why: Leaves,
}

/// Why a pod leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaves {
    /// It was deleted.
    Deleted,
    /// It succeeded or failed for good.
    Finished,
}

/// A node that really pulled an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pulled {
    /// The node.
    pub node: String,
    /// The image as the event names it, redacted.
    pub image: String,
    /// When, by the event.
    pub when: Timestamp,
}

/// An image that ran for an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ran {
    /// The owner's namespace.
    pub namespace: String,
    /// The owner.
    pub owner: Owner,
    /// The container of its template.
    pub container: String,
    /// The image, redacted.
    pub image: String,
}

/// What a proof made of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// For which container it was run.
    pub container: ContainerKey,
    /// What the words of that container were when it began: those of [`Waits::words`].
    pub words: String,
    /// The verdict.
    pub judgement: Judgement,
    /// Whether the fault no longer stands: the container got past the pull, or the replay passed on its node.
    pub over: bool,
    /// The opaque identity of the login that was refused or limited; `None` where none was sent.
    pub login: Option<String>,
    /// Whose limit it is, as the registry says; `None` when it is none or the registry does not say.
    pub quota: Option<String>,
    /// When the limit resets, or a login expires.
    pub resets_at: Option<Timestamp>,
    /// The verdict in words, for the container's namespace.
    pub detail: Detail,
    /// Registry requests that it took.
    pub requests: u32,
}

/// A proof that could not be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotJudged {
    /// For which container.
    pub container: ContainerKey,
    /// Why, and what would buy it, in one sentence.
    pub because: String,
    /// When to try again; `None`: not before something changes.
    pub again: Option<Timestamp>,
}

/// Owners that were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Informed {
    /// Of which incident.
    pub incident: super::IncidentId,
    /// In which namespace.
    pub namespace: String,
}
