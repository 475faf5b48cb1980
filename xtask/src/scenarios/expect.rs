//! What the product must say of a scenario.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The most registry requests that a proof may take, layers aside.
pub(crate) const REQUESTS: u64 = 20;

/// What the product must say.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Expect {
    /// From the words alone; left out where there are none.
    #[serde(default)]
    pub(crate) text: Option<Said>,
    /// With a replay of the pull.
    #[serde(default)]
    pub(crate) probe: Option<Said>,
    /// Of the controller, which has no node's files; left out: as `probe`.
    #[serde(default)]
    pub(crate) controller: Option<Said>,
    /// Of its incident.
    #[serde(default)]
    pub(crate) incident: Option<Incident>,
}

/// What an incident must be. What is left out is not compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Incident {
    /// How far it reaches.
    #[serde(default)]
    pub(crate) scope: Option<String>,
    /// The node of it.
    #[serde(default)]
    pub(crate) node: Option<String>,
    /// Pods, owners and namespaces that it touches.
    #[serde(default)]
    pub(crate) pods: Option<u64>,
    #[serde(default)]
    pub(crate) owners: Option<u64>,
    #[serde(default)]
    pub(crate) namespaces: Option<u64>,
}

/// A verdict. What is left out is not compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Said {
    /// Code of the cause.
    pub(crate) cause: String,
    /// Any of these.
    pub(crate) certainty: Vec<String>,
    /// Codes that must be among the rivals.
    #[serde(default)]
    pub(crate) rivals: Vec<String>,
    /// Codes that must be among the rivals that something seen excludes.
    #[serde(default)]
    pub(crate) excluded: Vec<String>,
    /// The cause inside `sandbox-image`.
    #[serde(default)]
    pub(crate) inner: Option<String>,
    /// Further faults of the same pull.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// Kind of the container.
    #[serde(default)]
    pub(crate) container: Option<String>,
    /// `Kind/name` of the owner.
    #[serde(default)]
    pub(crate) owner: Option<String>,
    /// The stage that failed.
    #[serde(default)]
    pub(crate) stage: Option<String>,
    /// `host`, or `host:port` where the port is not 443.
    #[serde(default)]
    pub(crate) endpoint: Option<String>,
    /// Words that must stand in a proof.
    #[serde(default)]
    pub(crate) proof: Option<String>,
    /// `Kind` of what still serves.
    #[serde(default)]
    pub(crate) serving: Option<String>,
    /// The tool that manages the owner.
    #[serde(default)]
    pub(crate) managed_by: Option<String>,
    /// The container that was injected.
    #[serde(default)]
    pub(crate) injected: Option<String>,
    /// Words that must stand in parts of the verdict.
    #[serde(default)]
    pub(crate) contains: Contains,
    /// What the remedies must suggest before anything like it.
    #[serde(default)]
    pub(crate) suggests: Option<Suggests>,
    /// Words that must stand nowhere in the finding.
    #[serde(default)]
    pub(crate) never: Vec<String>,
    /// Registry requests that it may take; left out: [`REQUESTS`].
    #[serde(default)]
    pub(crate) requests: Option<u64>,
    /// Another verdict on a certain node.
    #[serde(default)]
    pub(crate) by_node: BTreeMap<String, Said>,
}

/// Words that must stand in parts of the verdict, each somewhere in its part.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Contains {
    /// In the summary.
    #[serde(default)]
    pub(crate) summary: Vec<String>,
    /// In what decides.
    #[serde(default)]
    pub(crate) proof: Vec<String>,
    /// In the remedies.
    #[serde(default)]
    pub(crate) remedies: Vec<String>,
    /// In what would decide, and in what was not looked at.
    #[serde(default)]
    pub(crate) missing: Vec<String>,
}

/// An order of suggestions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Suggests {
    /// What must come first.
    pub(crate) first: String,
    /// What may come only after it.
    pub(crate) of: Vec<String>,
}

impl Said {
    /// The verdict on a node.
    pub(crate) fn on(&self, node: &str) -> &Self {
        self.by_node.get(node).unwrap_or(self)
    }
}

impl Expect {
    /// The cause that was injected on a node, and the one inside it.
    pub(crate) fn injected(&self, node: &str) -> String {
        let said = self.probe.as_ref().or(self.text.as_ref()).map(|said| said.on(node));
        let Some(said) = said else { return String::new() };
        match &said.inner {
            Some(inner) => format!("{} ({inner})", said.cause),
            None => said.cause.clone(),
        }
    }
}
