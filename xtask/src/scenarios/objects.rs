//! A scenario's objects, made fit for one namespace and one node.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::file::Scenario;
use crate::cluster::layout::Node;

/// Marks what belongs to a scenario, for cleaning up.
pub(crate) const LABEL: &str = "pullmedic.dev/scenario";

/// One scenario on one node.
#[derive(Clone)]
pub(crate) struct Case<'a> {
    /// What is injected.
    pub(crate) scenario: &'a Scenario,
    /// Where.
    pub(crate) node: Node,
    /// The namespace that holds it.
    pub(crate) namespace: String,
}

impl<'a> Case<'a> {
    /// Every scenario on every node it runs on.
    pub(crate) fn all(scenarios: &'a [Scenario]) -> Vec<Self> {
        let on_nodes = |scenario: &'a Scenario| {
            scenario.runs_on().into_iter().map(move |node| Self {
                scenario,
                node,
                namespace: format!("{}-{}", scenario.id.to_lowercase(), node.letter),
            })
        };
        scenarios.iter().flat_map(on_nodes).collect()
    }

    /// Its namespaces: the first holds the fault, others more of the same.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let more = self.scenario.namespaces.iter().map(|name| format!("{}-{name}", self.namespace));
        std::iter::once(self.namespace.clone()).chain(more).collect()
    }

    /// The namespaces as objects.
    pub(crate) fn namespace_objects(&self) -> Vec<Value> {
        let object = |name: String| {
            json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": {LABEL: self.scenario.id}},
            })
        };
        self.namespaces().into_iter().map(object).collect()
    }

    /// Objects with namespace and node set, and `{namespace}` filled in.
    pub(crate) fn place(&self, objects: &[Value]) -> Result<Vec<Value>> {
        objects.iter().map(|object| self.place_one(object)).collect()
    }

    fn place_one(&self, object: &Value) -> Result<Value> {
        let text = object.to_string().replace("{namespace}", &self.namespace);
        let mut object: Value =
            serde_json::from_str(&text).context("an object with its namespace filled in")?;
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        if !object["metadata"].is_object() {
            bail!("{}: an object of kind {kind:?} without metadata", self.scenario.id);
        }
        if of_the_cluster(&kind) {
            object["metadata"]["labels"][LABEL] = json!(self.scenario.id);
            return Ok(object);
        }
        if object["metadata"]["namespace"].is_null() {
            object["metadata"]["namespace"] = json!(self.namespace);
        }
        let pod = match kind.as_str() {
            "Pod" => Some("/spec"),
            "CronJob" => Some("/spec/jobTemplate/spec/template/spec"),
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => Some("/spec/template/spec"),
            _ => None,
        };
        if let Some(spec) = pod.and_then(|path| object.pointer_mut(path)) {
            let node = &mut spec["nodeSelector"]["kubernetes.io/hostname"];
            if node.is_null() {
                *node = json!(self.node.name);
            }
        }
        Ok(object)
    }
}

/// Kinds that have no namespace.
fn of_the_cluster(kind: &str) -> bool {
    matches!(
        kind,
        "MutatingAdmissionPolicy" | "MutatingAdmissionPolicyBinding" | "RuntimeClass" | "ClusterRole"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::layout::{NODES, checkout};
    use crate::scenarios::file::read;

    #[test]
    fn every_pod_of_every_scenario_is_bound_to_its_node() {
        let scenarios = read(&checkout().join("scenarios"), &[]).unwrap();
        for case in Case::all(&scenarios) {
            let whole = [case.scenario.before.as_slice(), case.scenario.objects.as_slice()].concat();
            for object in case.place(&whole).unwrap() {
                let text = object.to_string();
                assert!(!text.contains("{namespace}"), "{text}");
                // A scenario may say itself that something runs on another node.
                let bound = NODES.iter().any(|node| text.contains(node.name));
                assert_eq!(text.contains("\"containers\":["), bound, "{text}");
            }
        }
    }

    #[test]
    fn namespace_names_scenario_and_node() {
        let scenarios = read(&checkout().join("scenarios"), &["S23c".to_owned()]).unwrap();
        let cases = Case::all(&scenarios);
        assert_eq!(cases.len(), 1);
        assert_eq!((cases[0].namespace.as_str(), cases[0].node), ("s23c-b", NODES[1]));
    }
}
