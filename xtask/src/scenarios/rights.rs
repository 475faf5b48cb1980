//! What the product says to a person who may read little: the stock role `view` in one namespace, pods alone in another,
//! nothing anywhere else.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::objects::Case;
use crate::cluster::Cluster;
use crate::cluster::layout::kubeconfig;
use crate::command::{command, output};

/// Nobody's name in the cluster's own rules.
const PERSON: &str = "person-on-call";

/// One thing tried, and what differs from what was expected.
pub(crate) struct Tried {
    /// What was tried.
    pub(crate) name: &'static str,
    /// Empty when all was as expected.
    pub(crate) differs: Vec<String>,
}

/// Tries all of them; the rights go with their namespaces.
pub(crate) fn check(cluster: &Cluster, binary: &Path, cases: &[Case<'_>]) -> Result<Vec<Tried>> {
    let [viewed, barred, only_pods, ..] = cases else { return Ok(Vec::new()) };
    let subject = json!([{"kind": "User", "name": PERSON, "apiGroup": "rbac.authorization.k8s.io"}]);
    let meta = |case: &Case<'_>| json!({"name": PERSON, "namespace": case.namespace});
    let binding = |case: &Case<'_>, role: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta(case),
            "subjects": subject, "roleRef": role})
    };
    let group = "rbac.authorization.k8s.io";
    let pods_only = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(only_pods),
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]});
    super::apply(
        cluster,
        &[
            binding(viewed, json!({"apiGroup": group, "kind": "ClusterRole", "name": "view"})),
            pods_only,
            binding(only_pods, json!({"apiGroup": group, "kind": "Role", "name": PERSON})),
        ],
    )?;
    Ok(vec![
        tried("role view", binary, &["--namespace", &viewed.namespace], 1, None)?,
        tried(
            "role that reads pods only",
            binary,
            &["--namespace", &only_pods.namespace],
            1,
            Some("events"),
        )?,
        tried("no role in the namespace", binary, &["--namespace", &barred.namespace], 2, Some("pods"))?,
        tried("no role for all namespaces", binary, &["--all-namespaces"], 2, Some("pods"))?,
    ])
}

/// Runs the product as that person; `unread` must be named with the right that would buy it, or nothing may be unread.
fn tried(
    name: &'static str,
    binary: &Path,
    scope: &[&str],
    code: i32,
    unread: Option<&str>,
) -> Result<Tried> {
    let mut line = command(binary, &["diagnose", "--output", "json", "--as", PERSON, "--kubeconfig"]);
    let said = output(line.arg(kubeconfig()).args(scope), None)?;
    let report: Value = serde_json::from_slice(&said.stdout)
        .with_context(|| format!("no report: {}", String::from_utf8_lossy(&said.stderr)))?;
    let skipped = report["skipped"].as_array().cloned().unwrap_or_default();
    let mut differs = Vec::new();
    if said.status.code() != Some(code) {
        differs.push(format!("it ended with {}, not with exit code {code}", said.status));
    }
    if (code == 1) != report["findings"].as_array().is_some_and(|findings| !findings.is_empty()) {
        differs.push(format!("it found {}", report["findings"]));
    }
    match unread {
        None if !skipped.is_empty() => differs.push(format!("it could not read {skipped:?}")),
        Some(what) if !skipped.iter().any(|it| names(it, what)) => {
            differs.push(format!("it does not say which right would let it read {what}: {skipped:?}"));
        }
        None | Some(_) => {}
    }
    Ok(Tried { name, differs })
}

fn names(skipped: &Value, what: &str) -> bool {
    let holds = |key: &str, word: &str| skipped[key].as_str().is_some_and(|text| text.contains(word));
    holds("what", what) && holds("needs", "list on") && holds("reason", PERSON)
}
