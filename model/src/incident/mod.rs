//! An incident: all sightings of one root cause, over time.
//!
//! - [`Incident`], [`Touched`]: what is kept of it, shown of it, and written of it.
//! - [`input`]: what the correlation is told, one thing at a time; a recording is a file of these.
//! - [`History`]: where incidents are kept after they are over.

mod history;
mod id;
pub mod input;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Observation, Remedy, Rival};
use crate::object::ContainerKind;
use crate::sighting::Owner;
use crate::{Cause, Certainty, Clears, Endpoint, Stage};

pub use history::{History, HistoryError, Past, Query};
pub use id::{Fingerprint, IncidentId, NotAnId};

/// Samples of one namespace that are kept.
pub const SAMPLES: usize = 10;
/// Entries of a timeline that are kept: the first and the last.
pub const MOMENTS: usize = 32;

/// The life of an incident. Certainty is a field of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Seen, and not yet for as long as its cause may take to clear by itself.
    Suspected,
    /// It lasts.
    Open,
    /// No container waits for it any more.
    Resolved,
}

impl Phase {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Phase::Suspected => "suspected",
            Phase::Open => "open",
            Phase::Resolved => "resolved",
        }
    }
}

/// How far the fault reaches, found by comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One pod.
    Pod,
    /// One image, wherever it is asked for.
    Image,
    /// One login.
    Credential,
    /// Everything asked of one host and port.
    Endpoint,
    /// Everything asked on one node, while other nodes really pulled the same.
    Node,
}

impl Scope {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Scope::Pod => "pod",
            Scope::Image => "image",
            Scope::Credential => "credential",
            Scope::Endpoint => "endpoint",
            Scope::Node => "node",
        }
    }
}

/// All sightings of one root cause, over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Opaque; it stays while the cause, and what is known of it, change.
    pub id: IncidentId,
    /// What makes it one incident: cause and failing endpoint, login, image or node. It may change with proof.
    pub fingerprint: Fingerprint,
    /// Earlier fingerprints, and those of the words alone, newest first: by these its containers are known again.
    pub known_as: Vec<Fingerprint>,
    /// Where it is in its life.
    pub phase: Phase,
    /// The cause; of an undecided one its best survivor.
    pub cause: Cause,
    /// The cause inside [`Cause::SandboxImage`]; `None` for every other.
    pub inner: Option<Cause>,
    /// Further faults of the same pulls.
    pub also: Vec<Cause>,
    /// How sure.
    pub certainty: Certainty,
    /// How far it reaches.
    pub scope: Scope,
    /// The stage that failed; `None` when no word says.
    pub stage: Option<Stage>,
    /// The host and port that failed; `None` when no word names it.
    pub endpoint: Option<Endpoint>,
    /// The one image of it; `None` where it is of several.
    pub image: Option<String>,
    /// The one node of it; `None` where it is of several.
    pub node: Option<String>,
    /// Whether it clears by itself; `None` when that depends on the case.
    pub clears: Option<Clears>,
    /// When the registry's limit resets, or when a login expired or will; `None` when nothing says.
    pub resets_at: Option<Timestamp>,
    /// One sentence that names no workload, image or secret of any namespace but for [`Scope::Image`], where it names the
    /// image: what happened.
    pub summary: String,
    /// When the first container was seen, by our clock.
    pub seen_at: Timestamp,
    /// Since when it is so, by what the objects say.
    pub since: Option<Timestamp>,
    /// When it became open; `None` while suspected, or when it never did.
    pub opened_at: Option<Timestamp>,
    /// When it was first proven; `None`: not yet.
    pub proven_at: Option<Timestamp>,
    /// When it was resolved; `None` while it lasts.
    pub resolved_at: Option<Timestamp>,
    /// When it last changed in any way.
    pub changed_at: Timestamp,
    /// How often it came back after it was resolved.
    pub reopened: u32,
    /// The older incident that it was found to be a part of.
    pub merged_into: Option<IncidentId>,
    /// What it touches now.
    pub counts: Counts,
    /// The most pods that it touched at one time.
    pub most_pods: u32,
    /// What it touches in each namespace; of a resolved incident what it touched last.
    pub touched: BTreeMap<String, Touched>,
    /// What it cost to find out.
    pub cost: Cost,
    /// When it is asked about again; `None`: not before something changes.
    pub next_probe: Option<Timestamp>,
    /// What happened to it, oldest first, at most [`MOMENTS`].
    pub timeline: Vec<Moment>,
}

/// How much an incident touches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Pods that wait; an owner that is refused its pods counts as one.
    pub pods: u32,
    /// Owners of them.
    pub owners: u32,
    /// Namespaces.
    pub namespaces: u32,
    /// Nodes.
    pub nodes: u32,
}

/// What an incident touches in one namespace: for those who may read pods there, and for nobody else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Touched {
    /// Pods that wait.
    pub pods: u32,
    /// Owners of them, at most [`SAMPLES`].
    pub owners: Vec<Owner>,
    /// Their images, at most [`SAMPLES`].
    pub images: Vec<String>,
    /// Their nodes, at most [`SAMPLES`].
    pub nodes: Vec<String>,
    /// Some of the containers, at most [`SAMPLES`].
    pub samples: Vec<Sample>,
    /// The verdict as it was reached for a container of this namespace; `None`: it was reached elsewhere, or is of words.
    pub detail: Option<Detail>,
}

/// A verdict in words, with what was tried: reached for a container of one namespace, and read there only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// When it was reached.
    pub at: Timestamp,
    /// One sentence: what happened.
    pub summary: String,
    /// The observation that would decide; `None` when proven.
    pub missing: Option<String>,
    /// What decided, at most [`SAMPLES`].
    pub proof: Vec<Observation>,
    /// The other causes, best first.
    pub rivals: Vec<Rival>,
    /// What to do, best first.
    pub remedies: Vec<Remedy>,
    /// What was not looked at, with what would buy it.
    pub not_looked_at: Vec<String>,
}

/// One container of an incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// The owner; null for a bare pod.
    pub owner: Option<Owner>,
    /// The pod; null when the owner was refused one.
    pub pod: Option<String>,
    /// The container; empty for the pod sandbox.
    pub container: String,
    /// What the container is.
    pub kind: ContainerKind,
    /// The node; null while bound to none.
    pub node: Option<String>,
    /// The image.
    pub image: String,
    /// Since when; null when no object gives a time.
    pub since: Option<Timestamp>,
}

/// What finding out cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Proofs run.
    pub proofs: u32,
    /// Registry requests sent.
    pub requests: u32,
}

/// Something that happened to an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Event,
    /// More about it, in a few words; null when the event says it all.
    pub note: Option<String>,
}

/// What can happen to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A first container was seen.
    Seen,
    /// It lasted.
    Opened,
    /// A proof was run; the note has cause and certainty.
    Judged,
    /// It became proven.
    Proven,
    /// Part of it was found to have another cause; the note has the other incident.
    Split,
    /// Another incident was found to be this one, or this one another; the note has it.
    Merged,
    /// The owners were told by an event.
    Told,
    /// It came and went and came again within the time that its cause may take.
    Flapped,
    /// No container waits for it any more.
    Resolved,
    /// It came back.
    Reopened,
}

/// The namespaces of an incident.
pub fn namespaces(incident: &Incident) -> BTreeSet<&str> {
    incident.touched.keys().map(String::as_str).collect()
}
