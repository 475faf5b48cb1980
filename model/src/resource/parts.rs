//! The parts that the objects of incidents are made of.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::{Code, HostPort};
use crate::finding::{Standing, Witness};
use crate::incident::{Event, Phase, Scope};
use crate::object::ContainerKind;
use crate::{Actor, Cause, Certainty, Clears, Endpoint, Grade, Stage};

/// The longest sentence, in bytes.
pub(super) const SENTENCE: usize = 512;
/// The longest words that are quoted, in bytes: an event's message has at most 1 KiB.
pub(super) const WORDS: usize = 640;
/// The longest command or piece of YAML, in bytes; a longer one is left out.
pub(super) const COMMAND: usize = 1024;
/// The longest name of an object, a node or a container, in bytes: a DNS-1123 subdomain.
pub(super) const NAME: usize = 253;
/// The longest image, in bytes: host, repository, tag and digest at their own longest are less.
pub(super) const IMAGE: usize = 640;
/// How much of a list is kept where ten samples would be too much.
pub(super) const FEW: usize = 5;
/// Rivals that are kept.
pub(super) const RIVALS: usize = 8;

/// What is wrong, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The cause; of an undecided verdict its best survivor. One page each under docs/causes.
    #[schemars(with = "Code")]
    pub cause: Cause,
    /// The cause inside `sandbox-image`; absent for every other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Code>")]
    pub inner: Option<Cause>,
    /// Further faults of the same pulls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Code>", length(max = RIVALS))]
    pub also: Vec<Cause>,
    /// How sure.
    pub certainty: Certainty,
    /// How far the fault reaches: `pod`, `image`, `credential`, `endpoint` or `node`.
    #[schemars(with = "Code")]
    pub scope: Scope,
    /// The stage of the pull that failed; absent when no word says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Code>")]
    pub stage: Option<Stage>,
    /// The host and port that failed, `:443` left out; absent when no word names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<HostPort>")]
    pub endpoint: Option<Endpoint>,
    /// The one image of it; absent where it is of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = IMAGE))]
    pub image: Option<String>,
    /// The one node of it; absent where it is of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NAME))]
    pub node: Option<String>,
    /// Whether it clears by itself: `transient` or `permanent`; absent when that depends on the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Code>")]
    pub clears: Option<Clears>,
    /// One sentence: what happened.
    #[schemars(length(max = SENTENCE))]
    pub summary: String,
}

/// When what happened, in thousandths of a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// Since when it is so: by what the objects say, else when it was first seen.
    pub since: Timestamp,
    /// When it was first seen.
    pub seen: Timestamp,
    /// When it had lasted longer than its cause may take to clear by itself; absent before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Timestamp>,
    /// When it was first proven; absent before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Timestamp>,
    /// When no container waited for it any more; absent while one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Timestamp>,
    /// When it last changed in any way.
    pub changed: Timestamp,
    /// When the registry's limit resets, or when a login expired or will; absent when nothing says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets: Option<Timestamp>,
}

/// The owner of pods that wait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerName {
    /// Its API group and version; absent when no object names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = NAME))]
    pub api_version: String,
    /// Its kind. A static pod's owner is its `Node`.
    #[schemars(length(max = 63))]
    pub kind: String,
    /// Its name.
    #[schemars(length(max = NAME))]
    pub name: String,
}

/// One container that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingContainer {
    /// What owns its pod; absent for a bare pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerName>,
    /// Its pod; absent when the owner was refused one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NAME))]
    pub pod: Option<String>,
    /// Its name; absent for the pod sandbox.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = NAME))]
    pub container: String,
    /// What it is: `main`, `init`, `ephemeral`, `image-volume`, `sandbox` or `template`.
    #[schemars(with = "Code")]
    pub kind: ContainerKind,
    /// Its node; absent while the pod is bound to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NAME))]
    pub node: Option<String>,
    /// Its image.
    #[schemars(length(max = IMAGE))]
    pub image: String,
    /// Since when; absent when no object gives a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// One thing seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What was seen, in the words of whoever said it, redacted.
    #[schemars(length(max = WORDS))]
    pub text: String,
    /// Whose words: `kubelet`, `api-server`, `object` or `probe`.
    #[schemars(with = "Code")]
    pub by: Witness,
    /// Where it was found.
    #[schemars(length(max = SENTENCE))]
    pub source: String,
    /// The node that speaks; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NAME))]
    pub vantage: Option<String>,
    /// When it was said; absent for a status, which has no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Another cause that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyNot {
    /// The cause.
    #[schemars(with = "Code")]
    pub code: Cause,
    /// How it stands: `open` or `excluded`.
    #[schemars(with = "Code")]
    pub standing: Standing,
    /// Why it stands so.
    #[schemars(length(max = SENTENCE))]
    pub because: String,
}

/// One way to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// How far it may go without a person: `safe`, `review` or `manual`.
    #[schemars(with = "Code")]
    pub grade: Grade,
    /// What it does.
    #[schemars(length(max = SENTENCE))]
    pub title: String,
    /// Who acts: `application`, `platform`, `registry` or `network`.
    #[schemars(with = "Code")]
    pub actor: Actor,
    /// Whether a probe succeeded with the change.
    pub tried: bool,
    /// A command to paste, words in capitals to be filled in; absent when there is none, or none short enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = COMMAND))]
    pub command: Option<String>,
    /// YAML to put into the place that owns the object; absent when there is none, or none short enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = COMMAND))]
    pub yaml: Option<String>,
    /// The command that takes it back; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = COMMAND))]
    pub undo: Option<String>,
    /// What to know before; absent when there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = SENTENCE))]
    pub note: Option<String>,
}

/// Something that happened to the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What: `seen`, `opened`, `judged`, `proven`, `split`, `merged`, `told`, `flapped`, `resolved` or `reopened`.
    #[schemars(with = "Code")]
    pub what: Event,
    /// Cause and certainty, or the other incident; absent when `what` says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub note: Option<String>,
}

/// Whether something is so, as `kubectl wait --for=condition=…` reads it: the shape of `metav1.Condition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Open`, `Proven` or `Resolved`.
    #[serde(rename = "type")]
    #[schemars(length(max = 63))]
    pub kind: String,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// Since when it is so, or not so.
    pub last_transition_time: Timestamp,
    /// Why, in one word.
    #[schemars(length(min = 1, max = 63), pattern("^[A-Za-z]+$"))]
    pub reason: String,
    /// Why, in a sentence.
    #[schemars(length(max = SENTENCE))]
    pub message: String,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// Nobody can tell.
    Unknown,
}

/// The words that an object's list shows for where an incident stands: its life, and while it is open how sure it is.
pub(super) const fn state(phase: Phase, certainty: Certainty) -> &'static str {
    match phase {
        Phase::Suspected => "suspected",
        Phase::Open => certainty.code(),
        Phase::Resolved => "resolved",
    }
}
