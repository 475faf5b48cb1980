//! The format of a scenario: one fault, the workloads that meet it, and what the product must say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::cluster::layout::{NODES, Node};

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Scenario {
    /// `S01`, or `S03b` for one of several faults of a row.
    pub(crate) id: String,
    /// The fault in words.
    pub(crate) title: String,
    /// Names of the nodes to run on; empty: all.
    #[serde(default)]
    pub(crate) nodes: Vec<String>,
    /// `repository:tag` of test images to put into registry.acme.test.
    #[serde(default)]
    pub(crate) images: Vec<String>,
    /// Servers to place beside registry.acme.test.
    #[serde(default)]
    pub(crate) endpoints: Vec<Endpoint>,
    /// Answers of the nodes' name server: an address, `servfail` or `silent`, for a name or all below it.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
    /// hosts.toml of both nodes' runtimes, by `host:port`.
    #[serde(default)]
    pub(crate) hosts: BTreeMap<String, String>,
    /// What happens to the nodes' pause image.
    #[serde(default)]
    pub(crate) pause_image: Option<PauseImage>,
    /// Injected once all others stand, because it disturbs what starts later.
    #[serde(default)]
    pub(crate) last: bool,
    /// Objects that must be well before the fault comes.
    #[serde(default)]
    pub(crate) before: Vec<Value>,
    /// A container that admission adds to every new pod of the namespace, waited for after `before`.
    #[serde(default)]
    pub(crate) injects: Option<String>,
    /// Objects that meet the fault.
    #[serde(default)]
    pub(crate) objects: Vec<Value>,
    /// What is done last.
    #[serde(default)]
    pub(crate) then: Vec<Then>,
    /// The cluster's own sign that the fault shows.
    #[serde(default)]
    pub(crate) waits: Waits,
    /// Further arguments of `pullmedic diagnose`.
    #[serde(default)]
    pub(crate) diagnose: Vec<String>,
    /// What the product must say.
    pub(crate) expect: Expect,
}

/// A server with a fault of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// Its name; it gets an address of its own.
    pub(crate) host: String,
    /// Where it listens.
    #[serde(default = "https")]
    pub(crate) port: u16,
    /// What stands there.
    pub(crate) kind: EndpointKind,
    /// A registry's certificate; plain HTTP without.
    #[serde(default)]
    pub(crate) certificate: Option<Certificate>,
    /// A registry's user.
    #[serde(default)]
    pub(crate) login: Option<Login>,
    /// A registry's `repository:tag`.
    #[serde(default)]
    pub(crate) images: Vec<String>,
}

fn https() -> u16 {
    443
}

/// What stands at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EndpointKind {
    /// A docker-registry.
    Registry,
    /// A port that accepts and never answers.
    Mute,
    /// An address whose packets are dropped.
    Dropped,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Certificate {
    /// Who signed it.
    pub(crate) authority: Authority,
    /// The names it is for; empty: the host.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    /// Start of its validity relative to now, as Go writes durations.
    #[serde(default = "an_hour_ago")]
    pub(crate) from: String,
    /// End of its validity.
    #[serde(default = "in_a_year")]
    pub(crate) to: String,
}

fn an_hour_ago() -> String {
    "-1h".to_owned()
}

fn in_a_year() -> String {
    "8760h".to_owned()
}

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Authority {
    /// The one that the nodes trust.
    Trusted,
    /// One that they do not know.
    Untrusted,
}

/// A registry's user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// Name.
    pub(crate) user: String,
    /// Password; a test's, not a secret.
    pub(crate) password: String,
}

/// What happens to the pause image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PauseImage {
    /// It is removed from the node and its registry refuses connections.
    Gone,
}

/// Something done to what runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Then {
    /// `kubectl debug` of a pod.
    Debug(Debug),
}

/// An ephemeral container.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Debug {
    /// Label `app` of the pod.
    pub(crate) app: String,
    /// Its name.
    pub(crate) container: String,
    /// Its image.
    pub(crate) image: String,
}

/// The cluster's own sign that the fault shows. Without an event: a container's waiting reason with its words.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Waits {
    /// Reason of an event of the namespace.
    #[serde(default)]
    pub(crate) event: Option<String>,
    /// Seconds that the event must be old.
    #[serde(default)]
    pub(crate) since: Option<i64>,
    /// Another sign on a certain node.
    #[serde(default)]
    pub(crate) by_node: BTreeMap<String, Waits>,
}

impl Waits {
    /// The sign on a node.
    pub(crate) fn on(&self, node: &str) -> &Self {
        self.by_node.get(node).unwrap_or(self)
    }
}

/// What the product must say.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Expect {
    /// From the words alone.
    pub(crate) text: Said,
    /// With a replay of the pull; nothing compares it yet.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "the replay does not exist yet, its expectations may be written down before it does"
    )]
    pub(crate) probe: Option<Value>,
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
    /// The cause inside `sandbox-image`.
    #[serde(default)]
    pub(crate) inner: Option<String>,
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
    /// Another verdict on a certain node.
    #[serde(default)]
    pub(crate) by_node: BTreeMap<String, Said>,
}

impl Said {
    /// The verdict on a node.
    pub(crate) fn on(&self, node: &str) -> &Self {
        self.by_node.get(node).unwrap_or(self)
    }
}

impl Scenario {
    /// The nodes it runs on.
    pub(crate) fn runs_on(&self) -> Vec<Node> {
        let wanted = |node: &Node| self.nodes.is_empty() || self.nodes.iter().any(|name| name == node.name);
        NODES.into_iter().filter(wanted).collect()
    }
}

/// Reads the scenarios whose id begins with one of `ids`, or all; an id that fits none is an error.
pub(crate) fn read(folder: &Path, ids: &[String]) -> Result<Vec<Scenario>> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("could not read {}", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let scenario: Scenario =
            serde_saphyr::from_str(&text).with_context(|| format!("could not read {}", file.display()))?;
        if file.file_stem().and_then(|stem| stem.to_str()) != Some(&scenario.id) {
            bail!("{} holds {}: file and id must agree", file.display(), scenario.id);
        }
        all.push(scenario);
    }
    if let Some(stranger) = ids.iter().find(|id| !all.iter().any(|scenario| scenario.id.starts_with(*id))) {
        let known: Vec<&str> = all.iter().map(|scenario| scenario.id.as_str()).collect();
        bail!("no scenario {stranger}; there are {}", known.join(", "));
    }
    if !ids.is_empty() {
        all.retain(|scenario| ids.iter().any(|id| scenario.id.starts_with(id)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::layout::checkout;

    #[test]
    fn every_scenario_file_is_understood() {
        let all = read(&checkout().join("scenarios"), &[]).unwrap();
        assert!(all.len() > 20, "only {} scenarios", all.len());
    }

    #[test]
    fn id_that_fits_no_file_is_an_error() {
        let error = read(&checkout().join("scenarios"), &["S01".to_owned(), "S99".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("no scenario S99"));
    }

    #[test]
    fn row_of_the_table_names_all_its_faults() {
        let ids: Vec<String> = read(&checkout().join("scenarios"), &["S11".to_owned()])
            .unwrap()
            .into_iter()
            .map(|scenario| scenario.id)
            .collect();
        assert_eq!(ids, ["S11a", "S11b", "S11c"]);
    }
}
