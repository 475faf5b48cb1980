//! The format of a scenario: one fault, the workloads that meet it, and what the product must say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::expect::Expect;
use super::fix::Fix;
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
    /// Further namespaces, named after the first: objects say `metadata: {namespace: "{namespace}-NAME"}`.
    #[serde(default)]
    pub(crate) namespaces: Vec<String>,
    /// Nodes that trust the authority of an endpoint all the same: its host to their names.
    #[serde(default)]
    pub(crate) trusted_on: BTreeMap<String, Vec<String>>,
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
    /// `config_path` of its nodes' runtimes, which are started anew with it.
    #[serde(default)]
    pub(crate) config_path: Option<String>,
    /// Rounds are injected, diagnosed and mended one after the other; a fault that disturbs what starts after it has a
    /// later one than 0.
    #[serde(default)]
    pub(crate) round: u8,
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
    /// Further arguments where the pull is replayed.
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// Whether the replay is given a copy of the node's /etc and the runtime's version.
    #[serde(default)]
    pub(crate) node_view: bool,
    /// Whether the fault is one that `pullmedic check` finds, since nothing fails.
    #[serde(default)]
    pub(crate) check: bool,
    /// What the product must say.
    pub(crate) expect: Expect,
    /// What must make the pods run.
    #[serde(default)]
    pub(crate) fix: Option<Fix>,
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
    /// Another image is pushed under this `repository:tag` of registry.acme.test.
    MoveTag(String),
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
    /// Nothing shows, ever: the pods run.
    #[serde(default)]
    pub(crate) nothing: bool,
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

impl Scenario {
    /// The nodes it runs on.
    pub(crate) fn runs_on(&self) -> Vec<Node> {
        let wanted = |node: &Node| self.nodes.is_empty() || self.nodes.iter().any(|name| name == node.name);
        NODES.into_iter().filter(wanted).collect()
    }
}

impl Scenario {
    /// What no report may show: the passwords of its endpoints, and the logins of its Secrets as they stand there.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let written = self.objects.iter().filter_map(|object| object["stringData"].as_object()).flatten();
        let configurations =
            written.filter_map(|(_, text)| serde_json::from_str::<Value>(text.as_str()?).ok());
        let auths = configurations.filter_map(|file| file["auths"].as_object().cloned()).flatten();
        let logins = auths.flat_map(|(_, entry)| {
            ["auth", "password"].into_iter().filter_map(move |key| entry[key].as_str().map(str::to_owned))
        });
        self.passwords().into_iter().chain(logins).collect()
    }

    fn passwords(&self) -> Vec<String> {
        let of_faults = self.endpoints.iter().filter_map(|endpoint| endpoint.fault.get("users")?.as_array());
        let users = of_faults.flatten().filter_map(|user| user["password"].as_str().map(str::to_owned));
        let logins = self.endpoints.iter().filter_map(|endpoint| endpoint.login.as_ref());
        users.chain(logins.map(|login| login.password.clone())).collect()
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
    fn passwords_and_logins_of_a_scenario_are_watched_for() {
        let all = read(&checkout().join("scenarios"), &["S04".to_owned()]).unwrap();
        assert_eq!(all[0].secrets(), ["robot-password", "cm9ib3Q6cm9ib3QtcGFzc3dvcmQ="]);
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
