//! What the product says to a person who may read little: the stock role `view` in one namespace, pods alone in another,
//! nothing anywhere else.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::objects::Case;
use super::product::Product;
use crate::cluster::Cluster;
use crate::command::output;

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
pub(crate) fn check(cluster: &Cluster, product: &Product, cases: &[Case<'_>]) -> Result<Vec<Tried>> {
    let [viewed, barred, only_pods, ..] = cases else { return Ok(Vec::new()) };
    let secretive = cases.iter().find(|case| case.scenario.id == NAMES_A_SECRET);
    let subject = json!([{"kind": "User", "name": PERSON, "apiGroup": "rbac.authorization.k8s.io"}]);
    let meta = |case: &Case<'_>| json!({"name": PERSON, "namespace": case.namespace});
    let binding = |case: &Case<'_>, role: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta(case),
            "subjects": subject, "roleRef": role})
    };
    let group = "rbac.authorization.k8s.io";
    let pods_only = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(only_pods),
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]});
    let view = json!({"apiGroup": group, "kind": "ClusterRole", "name": "view"});
    let mut objects = vec![
        binding(viewed, view.clone()),
        pods_only,
        binding(only_pods, json!({"apiGroup": group, "kind": "Role", "name": PERSON})),
    ];
    objects.extend(secretive.map(|case| binding(case, view)));
    super::inject::apply(cluster, &objects)?;
    let mut all = vec![
        tried("role view", product, &["--namespace", &viewed.namespace], 1, None)?,
        tried(
            "role that reads pods only",
            product,
            &["--namespace", &only_pods.namespace],
            1,
            Some("events"),
        )?,
        tried("no role in the namespace", product, &["--namespace", &barred.namespace], 2, Some("pods"))?,
        tried("no role for all namespaces", product, &["--all-namespaces"], 2, Some("pods"))?,
    ];
    if let Some(case) = secretive.filter(|_| product.replays) {
        all.push(without_secrets(product, case)?);
    }
    Ok(all)
}

/// A scenario whose pod names a pull secret, which decides the verdict.
const NAMES_A_SECRET: &str = "S05";

/// The role `view` leaves Secrets out, so the verdict must stay open and name the right that would decide it.
fn without_secrets(product: &Product, case: &Case<'_>) -> Result<Tried> {
    let mut line = product.with_replay(case, &["--namespace", &case.namespace, "--as", PERSON]);
    let said = output(&mut line, None)?;
    let report: Value = serde_json::from_slice(&said.stdout)
        .with_context(|| format!("no report: {}", String::from_utf8_lossy(&said.stderr)))?;
    let finding = &report["findings"][0];
    let mut differs = Vec::new();
    if finding["certainty"] != "undecided" {
        differs.push(format!("it says {} {}, without the secret", finding["certainty"], finding["cause"]));
    }
    let needs = format!("needs get on secret {PULL_SECRET}");
    let told =
        [&finding["missing"], &finding["notLookedAt"], &report["skipped"]].map(Value::to_string).concat();
    if !told.contains(&needs) {
        differs.push(format!("it does not say {needs:?}: {told}"));
    }
    Ok(Tried { name: "role view where a secret decides", differs })
}

/// The secret that it names.
const PULL_SECRET: &str = "regcred";

/// Runs the product as that person; `unread` must be named with the right that would buy it, or nothing may be unread.
fn tried(
    name: &'static str,
    product: &Product,
    scope: &[&str],
    code: i32,
    unread: Option<&str>,
) -> Result<Tried> {
    let said = output(product.by_words(scope).args(["--as", PERSON]), None)?;
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
