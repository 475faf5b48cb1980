//! The public form of everything found.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Vantage};

/// Everything one run found, and what it could not read. `docs/report.schema.json` is its schema.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// What this document is.
    pub kind: Kind,
    /// The cluster; null for a recording.
    pub cluster: Option<Cluster>,
    /// From where we looked.
    pub vantage: Vantage,
    /// When we looked; for a recording its newest time, null when it has none.
    pub observed_at: Option<Timestamp>,
    /// One entry a cause, the widest first.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
    /// What was read.
    pub read: Read,
}

/// `pullmedic.dev/v1alpha1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The first version.
    #[serde(rename = "pullmedic.dev/v1alpha1")]
    V1Alpha1,
}

/// `Report`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// A report.
    Report,
}

/// Which cluster was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// The kubeconfig context; null in a cluster, where there is none.
    pub context: Option<String>,
    /// The API server's address, without user information.
    pub server: String,
}

/// Something that could not be read, and what would buy it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// What: `events in namespace "shop"`, `pods.yaml: Pod shop/cart-1`.
    pub what: String,
    /// Why.
    pub reason: String,
    /// The right that would buy it; null when no right would.
    pub needs: Option<String>,
    /// What to do next; null when nothing is to be done.
    pub next: Option<String>,
}

/// What was read: the ground on which "nothing found" stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// Pods.
    pub pods: usize,
    /// Events.
    pub events: usize,
    /// Owners: Deployments, ReplicaSets, Jobs and their like.
    pub owners: usize,
    /// Namespaces that any of these were in.
    pub namespaces: usize,
}
