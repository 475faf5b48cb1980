//! What is served, and in which version.

use std::collections::BTreeMap;

use http::Response;
use serde_json::{Value, json};

use crate::serve::Server;
use crate::serve::body::{self, Body};

/// The version that it says it is; the conformance suite compares with that one.
const VERSION: (&str, &str, &str) = ("1", "37", "v1.37.2");

/// A path that is no resource; `None` when there is nothing there.
pub(crate) fn path(server: &Server, path: &str) -> Option<Response<Body>> {
    let store = server.store();
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in store.kinds().iter().filter(|kind| !kind.group.is_empty()) {
        let versions = groups.entry(&kind.group).or_default();
        if !versions.contains(&&*kind.version) {
            versions.push(&kind.version);
        }
    }
    let group = |name: &str, versions: &[&str]| {
        let versions: Vec<Value> = versions
            .iter()
            .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
            .collect();
        json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
    };
    let words: Vec<&str> = path.trim_matches('/').split('/').collect();
    let value = match words.as_slice() {
        ["version"] => {
            let (major, minor, git) = VERSION;
            json!({
                "major": major, "minor": minor, "gitVersion": git, "gitCommit": "", "gitTreeState": "",
                "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "linux/amd64",
            })
        }
        ["healthz" | "livez" | "readyz", ..] => return Some(body::words(200, "ok")),
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [
                {"clientCIDR": "0.0.0.0/0", "serverAddress": server.address().to_string()},
            ],
        }),
        ["apis"] => {
            let groups: Vec<Value> = groups.iter().map(|(name, versions)| group(name, versions)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", name] => {
            let mut found = group(name, groups.get(name)?);
            found["kind"] = "APIGroup".into();
            found["apiVersion"] = "v1".into();
            found
        }
        ["api", "v1"] => resources(&store, "", "v1")?,
        ["apis", name, version] => resources(&store, name, version)?,
        _ => return None,
    };
    Some(body::json(200, &value))
}

fn resources(store: &crate::store::Store, group: &str, version: &str) -> Option<Value> {
    let kinds: Vec<_> =
        store.kinds().iter().filter(|kind| kind.group == group && kind.version == version).collect();
    let group_version = kinds.first()?.api_version();
    let resources: Vec<Value> = kinds.iter().flat_map(|kind| kind.discovered()).collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
    }))
}
