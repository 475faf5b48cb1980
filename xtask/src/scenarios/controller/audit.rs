//! What the controller asked of the API server, by the API server's own account.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cluster::layout::audit_log;

/// What it may ask, and no more: `docs/controller.md` says what each buys.
const NEEDED: &[(&str, &[&str])] = &[
    ("pods", &["list", "watch", "get"]),
    ("events", &["list", "watch", "create", "patch"]),
    ("nodes", &["list", "watch", "get"]),
    ("serviceaccounts", &["list", "watch", "get"]),
    ("replicasets", &["list", "watch", "get"]),
    ("deployments", &["list", "watch", "get"]),
    ("statefulsets", &["list", "watch", "get"]),
    ("daemonsets", &["list", "watch", "get"]),
    ("replicationcontrollers", &["list", "watch", "get"]),
    ("jobs", &["list", "watch", "get"]),
    ("cronjobs", &["list", "watch", "get"]),
    ("secrets", &["get"]),
    ("pullincidents", &["list", "get", "create", "patch", "delete"]),
    ("clusterpullincidents", &["list", "get", "create", "patch", "delete"]),
    ("registryprofiles", &["list", "watch", "get"]),
    ("leases", &["get", "create", "update", "patch"]),
    ("selfsubjectaccessreviews", &["create"]),
];

/// Forgets what was asked before.
pub(super) fn forget() -> Result<()> {
    // The API server keeps the file open and appends.
    fs::write(audit_log(), "").context("the audit log")
}

/// What was refused, needless, or a list after the start.
pub(super) fn differs() -> Result<Vec<String>> {
    let text = fs::read_to_string(audit_log()).context("the audit log")?;
    Ok(judge(&text))
}

fn judge(text: &str) -> Vec<String> {
    let mut differs = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let events: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if events.is_empty() {
        return vec!["the audit log has nothing of the controller".to_owned()];
    }
    // A watch is told of twice, when it begins and when it ends.
    for event in events.iter().filter(|event| event["stage"] != "ResponseStarted") {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (verb, about) = (word(&event["verb"]), &event["objectRef"]);
        let resource = word(&about["resource"]);
        if resource.is_empty() {
            // Discovery and version, which everybody may read.
            continue;
        }
        let code = event["responseStatus"]["code"].as_u64().unwrap_or_default();
        let place = format!("{verb} {resource}");
        *counts.entry(place.clone()).or_default() += 1;
        if code == 401 || code == 403 {
            differs.insert(format!("refused with {code}: {place} in {:?}", word(&about["namespace"])));
        }
        let needed = NEEDED.iter().find(|(name, _)| *name == resource).map_or(&[][..], |(_, verbs)| verbs);
        if !needed.contains(&verb.as_str()) {
            differs.insert(format!("not needed: {place}"));
        }
        if resource == "secrets" && word(&about["name"]).is_empty() {
            differs.insert(format!("secrets without a name: {place}"));
        }
    }
    let all: Vec<String> = counts.iter().map(|(place, count)| format!("{place} {count}")).collect();
    println!("           asked of the API server: {}", all.join(", "));
    differs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(verb: &str, resource: &str, name: &str, code: u32) -> String {
        json!({"stage": "ResponseComplete", "verb": verb, "responseStatus": {"code": code},
            "objectRef": {"resource": resource, "name": name, "namespace": "shop"}})
        .to_string()
    }

    #[test]
    fn what_is_refused_or_not_needed_is_told() {
        assert_eq!(judge(&line("get", "secrets", "regcred", 200)), Vec::<String>::new());
        assert_eq!(judge(&line("get", "secrets", "regcred", 403)).len(), 1);
        assert_eq!(judge(&line("list", "secrets", "", 200)).len(), 2);
        assert_eq!(judge(&line("delete", "pods", "cart-1", 200)), ["not needed: delete pods"]);
        assert_eq!(judge("").len(), 1, "a log that holds nothing proves nothing");
    }
}
