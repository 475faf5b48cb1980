//! The two kinds that show incidents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::{
    Condition, Evidence, FEW, Fix, IMAGE, NAME, OwnerName, RIVALS, SENTENCE, TimelineEntry, Times, Verdict,
    WaitingContainer, WhyNot,
};
use super::schema::{Code, Id};
use crate::incident::{Cost, Counts, Fingerprint, IncidentId, MOMENTS, Phase, SAMPLES};

/// What an object is called and found by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its name: the incident's id.
    pub name: String,
    /// Its namespace; absent for a kind of the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Cause and life, to select by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// An incident as one namespace sees it: nothing of any other namespace is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullIncident {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: String,
    /// `PullIncident`.
    pub kind: String,
    /// Its name and namespace.
    pub metadata: Metadata,
    /// What is so.
    pub status: Status,
}

/// An incident of the cluster as a whole: what is wrong and how much it touches, and nothing of any namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterPullIncident {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: String,
    /// `ClusterPullIncident`.
    pub kind: String,
    /// Its name.
    pub metadata: Metadata,
    /// What is so.
    pub status: ClusterStatus,
}

impl PullIncident {
    /// The kind's name.
    pub const KIND: &str = "PullIncident";
    /// As paths write the kind.
    pub const PLURAL: &str = "pullincidents";
}

impl ClusterPullIncident {
    /// The kind's name.
    pub const KIND: &str = "ClusterPullIncident";
    /// As paths write the kind.
    pub const PLURAL: &str = "clusterpullincidents";
}

/// What is so in one namespace. Written by the controller alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Where it stands in one word: `suspected`, then how sure an open incident is (`undecided`, `likely`, `proven`),
    /// then `resolved`.
    #[schemars(with = "Code")]
    pub state: String,
    /// Where it is in its life: `suspected`, `open` or `resolved`.
    pub phase: Phase,
    /// What is wrong, and how sure that is.
    pub verdict: Verdict,
    /// When what happened.
    pub times: Times,
    /// Pods of this namespace that wait; of a resolved incident those that waited last.
    pub pods: u32,
    /// Owners of them, some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = SAMPLES))]
    pub owners: Vec<OwnerName>,
    /// Their images, some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = SAMPLES), inner(length(max = IMAGE)))]
    pub images: Vec<String>,
    /// Their nodes, some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = SAMPLES), inner(length(max = NAME)))]
    pub nodes: Vec<String>,
    /// Some of the containers that wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = SAMPLES))]
    pub samples: Vec<WaitingContainer>,
    /// What was seen that decides; absent while the verdict was reached for no container of this namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = FEW))]
    pub proof: Vec<Evidence>,
    /// The other causes that were considered, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RIVALS))]
    pub rivals: Vec<WhyNot>,
    /// The observation that would decide; absent when the verdict is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = SENTENCE))]
    pub missing: Option<String>,
    /// What to do, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = FEW))]
    pub remedies: Vec<Fix>,
    /// What was not looked at, with what would buy it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = FEW), inner(length(max = SENTENCE)))]
    pub not_looked_at: Vec<String>,
    /// What happened to the incident, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOMENTS))]
    pub timeline: Vec<TimelineEntry>,
    /// How often it came back after it was resolved.
    pub reopened: u32,
    /// The older incident that it was found to be a part of; absent when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub merged_into: Option<IncidentId>,
    /// `Open`, `Proven` and `Resolved`, for `kubectl wait`.
    #[schemars(length(max = 3))]
    pub conditions: Vec<Condition>,
}

/// What is so in the cluster. Written by the controller alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// Where it stands in one word: `suspected`, then how sure an open incident is (`undecided`, `likely`, `proven`),
    /// then `resolved`.
    #[schemars(with = "Code")]
    pub state: String,
    /// Where it is in its life: `suspected`, `open` or `resolved`.
    pub phase: Phase,
    /// What is wrong, and how sure that is.
    pub verdict: Verdict,
    /// When what happened.
    pub times: Times,
    /// What it touches; of a resolved incident what it touched last.
    pub counts: Counts,
    /// The most pods that it touched at one time.
    pub most_pods: u32,
    /// What it cost to find out.
    pub cost: Cost,
    /// What happened to it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOMENTS))]
    pub timeline: Vec<TimelineEntry>,
    /// How often it came back after it was resolved.
    pub reopened: u32,
    /// The older incident that it was found to be a part of; absent when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub merged_into: Option<IncidentId>,
    /// What makes it one incident, as 16 hexadecimal digits: by this a controller that takes over knows it again.
    #[schemars(with = "String", length(max = 16))]
    pub fingerprint: Fingerprint,
    /// Earlier fingerprints, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>", length(max = KNOWN_AS), inner(length(max = 16)))]
    pub known_as: Vec<Fingerprint>,
    /// `Open`, `Proven` and `Resolved`, for `kubectl wait`.
    #[schemars(length(max = 3))]
    pub conditions: Vec<Condition>,
}

/// Earlier fingerprints that are kept.
pub(super) const KNOWN_AS: usize = 64;
