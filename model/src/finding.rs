//! Sightings of one cause with their verdict.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sighting::{Injected, Owner, Place};
use crate::{Actor, Captured, Cause, Clears, Endpoint, Grade, Stage};

/// How sure a verdict is. `docs/certainty.md` gives the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// More than one cause is left, or a guess leads.
    Undecided,
    /// One cause leads and nothing seen contradicts it; a condition of proof is unmet.
    Likely,
    /// One cause is left, and something seen was predicted by it and by no rival.
    Proven,
}

impl Certainty {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Certainty::Undecided => "undecided",
            Certainty::Likely => "likely",
            Certainty::Proven => "proven",
        }
    }
}

/// Whether the fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// It was so when we looked.
    Active,
    /// The container got past the pull.
    Over,
    /// What we have does not tell.
    Unknown,
}

/// How a rival stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing seen excludes it.
    Open,
    /// Something seen excludes it.
    Excluded,
}

/// Another cause that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rival {
    /// The cause.
    pub code: Cause,
    /// How it stands.
    pub standing: Standing,
    /// Why it stands so, in a sentence.
    pub because: String,
}

/// One thing seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// What was seen, in the words of whoever said it, redacted; or our own sentence about an object.
    pub text: Captured,
    /// Whose words: `kubelet`, `api-server`, or `object` for what we read in an object ourselves.
    pub by: Witness,
    /// Where it was found.
    pub source: String,
    /// The node that speaks, as `node/NAME`; null where none does.
    pub vantage: Option<String>,
    /// When it was said; null for a status, which has no time.
    pub at: Option<Timestamp>,
}

/// Who saw an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// The kubelet, speaking for itself or for its runtime.
    Kubelet,
    /// The API server, through a controller's event or condition.
    ApiServer,
    /// We, reading an object.
    Object,
    /// We, asking a registry.
    Probe,
}

/// What still serves while the new pods wait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Serving {
    /// Namespace.
    pub namespace: String,
    /// The owner whose pods wait.
    pub owner: Owner,
    /// What serves in their place, for a Deployment the old ReplicaSet; null when nothing does.
    pub by: Option<Owner>,
    /// Ready pods of it.
    pub ready: i64,
    /// Pods that the owner wants.
    pub desired: i64,
}

/// A tool that would undo a live edit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedBy {
    /// `Argo CD`, `Flux` or `Helm`.
    pub tool: String,
    /// The application, Kustomization or release; null when no object names it.
    pub name: Option<String>,
    /// The owner that it manages.
    pub owner: Owner,
    /// Namespace of that owner.
    pub namespace: String,
    /// The place to change, in words.
    pub change: String,
}

/// One way to mend a fault. Typed and filled in from objects, never generated text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Remedy {
    /// How far it may go without a person.
    pub grade: Grade,
    /// What it does, in one clause.
    pub title: String,
    /// Who acts.
    pub actor: Actor,
    /// Whether a probe succeeded with the change.
    pub tried: bool,
    /// A command to paste; null when there is none. Words in capitals are for the reader to fill in.
    pub command: Option<String>,
    /// YAML to put into the place that owns the object; null when there is none.
    pub yaml: Option<String>,
    /// What to know before; null when there is nothing.
    pub note: Option<String>,
    /// What was tried that proves it, in one clause; null when nothing was tried.
    pub tried_how: Option<String>,
    /// What applying it would change beside the fault, in one sentence; null when nothing.
    pub changes: Option<String>,
    /// The command that takes it back; null where there is none to take back.
    pub undo: Option<String>,
    /// The exact change to an object; equal to what `command` sends. Null where no object is changed.
    pub patch: Option<Patch>,
}

/// An exact change to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// The object's API group and version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// RFC 6902 operations, in order; a `test` operation holds the old value where one is replaced.
    pub operations: serde_json::Value,
}

/// Sightings of one cause with their verdict: an incident without a life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Opaque; the same for the same cause at the same place in the next report.
    pub id: String,
    /// The cause; of an undecided finding its best survivor.
    pub cause: Cause,
    /// The cause inside `sandbox-image`; null for every other.
    pub inner: Option<Cause>,
    /// Further faults of the same pull.
    pub also: Vec<Cause>,
    /// How sure.
    pub certainty: Certainty,
    /// One sentence: what happened.
    pub summary: String,
    /// The other causes that were considered, best first.
    pub rivals: Vec<Rival>,
    /// The observation that would decide; null when the verdict is proven.
    pub missing: Option<String>,
    /// Whether it lasts.
    pub state: FindingState,
    /// Since when, at the latest; null when no object gives a time.
    pub since: Option<Timestamp>,
    /// When we looked; for a recording its newest time, null when it has none.
    pub observed_at: Option<Timestamp>,
    /// When the kubelet is expected to try next; null when no event tells of an attempt.
    pub next_attempt: Option<Timestamp>,
    /// How far the fault reaches; null: not compared yet.
    pub scope: Option<String>,
    /// The stage that failed; null when no word says.
    pub stage: Option<Stage>,
    /// The host and port that the stage spoke to, `:443` left out; null when no word names it.
    pub endpoint: Option<Endpoint>,
    /// From where we looked: `workstation` or `recording`.
    pub vantage: Vantage,
    /// The image; of several the first.
    pub image: Option<String>,
    /// Every image of the finding, when there is more than one.
    pub images: Vec<String>,
    /// Whether it clears by itself; null when that depends on the case.
    pub clears: Option<Clears>,
    /// Who must act.
    pub actor: Actor,
    /// What still serves.
    pub serving: Vec<Serving>,
    /// Tools that would undo a live edit.
    pub managed_by: Vec<ManagedBy>,
    /// Images that are not in the owner's template.
    pub injected_by: Vec<Injected>,
    /// Where it was seen.
    pub sightings: Vec<Place>,
    /// What was seen.
    pub observations: Vec<Observation>,
    /// Of what was seen, what decides.
    pub proof: Vec<Observation>,
    /// The stages asked, up to the first that failed; null when nothing was asked.
    pub ladder: Option<crate::verdict::Ladder>,
    /// What was not looked at, with what would buy it.
    pub not_looked_at: Vec<String>,
    /// Registry requests that the verdict took.
    pub requests: u32,
    /// What to do, best first.
    pub remedies: Vec<Remedy>,
    /// The page of the cause.
    pub docs: String,
}

/// From where we looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Vantage {
    /// The machine that runs the command.
    Workstation,
    /// The controller, in the cluster but on no node that is known.
    Controller,
    /// Saved text.
    Recording,
}

impl Vantage {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Vantage::Workstation => "workstation",
            Vantage::Controller => "controller",
            Vantage::Recording => "recording",
        }
    }
}
