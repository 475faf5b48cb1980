//! The rule of the house: pure rooms stay pure, and every edge between our crates is one that `ARCHITECTURE.md` draws.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each of our packages may depend on of ours, outside of tests.
const ALLOWED: [(&str, &[&str]); 19] = [
    ("pullmedic-model", &[]),
    ("testkit-registry", &[]),
    ("testkit-apiserver", &[]),
    ("playground", &["pullmedic-app", "pullmedic-model", "pullmedic-report"]),
    ("pullmedic-sight", &["pullmedic-model"]),
    ("pullmedic-classify", &["pullmedic-model"]),
    ("pullmedic-cluster", &["pullmedic-model"]),
    ("pullmedic-files", &["pullmedic-model"]),
    ("pullmedic-report", &["pullmedic-model"]),
    ("pullmedic-keyring", &["pullmedic-model"]),
    ("pullmedic-prevent", &["pullmedic-model"]),
    ("pullmedic-probe", &["pullmedic-model"]),
    ("pullmedic-advise", &["pullmedic-model"]),
    ("pullmedic-correlate", &["pullmedic-model"]),
    ("pullmedic-store", &["pullmedic-model"]),
    ("pullmedic-console", &["pullmedic-model"]),
    ("pullmedic-node", &["pullmedic-model"]),
    ("pullmedic-registry", &["pullmedic-model"]),
    (
        "pullmedic-app",
        &[
            "pullmedic-model",
            "pullmedic-sight",
            "pullmedic-classify",
            "pullmedic-cluster",
            "pullmedic-files",
            "pullmedic-report",
            "pullmedic-keyring",
            "pullmedic-probe",
            "pullmedic-prevent",
            "pullmedic-advise",
            "pullmedic-node",
            "pullmedic-registry",
            "pullmedic-correlate",
            "pullmedic-store",
            "pullmedic-console",
        ],
    ),
];

/// Packages that are pure: nothing below them may do I/O on the network or run tasks.
const PURE: [&str; 9] = [
    "pullmedic-model",
    "pullmedic-sight",
    "pullmedic-classify",
    "pullmedic-report",
    "pullmedic-keyring",
    "pullmedic-prevent",
    "pullmedic-probe",
    "pullmedic-advise",
    "pullmedic-correlate",
];

/// What no pure package may reach, however indirectly.
const IMPURE: [&str; 9] =
    ["tokio", "kube", "kube-client", "k8s-openapi", "hyper", "axum", "reqwest", "rustls", "mio"];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs: it built this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// Package name to the names of what it is built with; development dependencies are left out.
fn edges(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (text(package, "id"), text(package, "name")))
        .collect();
    let built = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev")
    };
    let of = |node: &Value| {
        let below =
            node["deps"].as_array().unwrap().iter().filter(built).map(|d| names[text(d, "pkg")].to_owned());
        (names[text(node, "id")].to_owned(), below.collect())
    };
    metadata["resolve"]["nodes"].as_array().unwrap().iter().map(of).collect()
}

fn reach<'a>(from: &'a str, edges: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        for below in edges.get(name).into_iter().flatten() {
            if seen.insert(below.as_str()) {
                open.push(below);
            }
        }
    }
    seen
}

#[test]
fn every_edge_between_our_packages_is_allowed() {
    let metadata = metadata();
    let edges = edges(&metadata);
    for package in metadata["workspace_members"].as_array().unwrap() {
        let id = package.as_str().unwrap();
        let found =
            metadata["packages"].as_array().unwrap().iter().find(|package| package["id"] == id).unwrap();
        let name = text(found, "name");
        let ours: Vec<&str> =
            edges[name].iter().map(String::as_str).filter(|below| below.starts_with("pullmedic-")).collect();
        if name == "xtask" {
            continue;
        }
        let allowed = ALLOWED.iter().find(|(package, _)| *package == name).map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("{name} is not in the table of this test"));
        for below in ours {
            assert!(allowed.contains(&below), "{name} may not depend on {below}");
        }
    }
}

#[test]
fn pure_packages_reach_no_network_and_no_runtime() {
    let edges = edges(&metadata());
    for package in PURE {
        let reached = reach(package, &edges);
        for impure in IMPURE {
            assert!(!reached.contains(impure), "{package} reaches {impure}");
        }
    }
    assert!(reach("pullmedic-cluster", &edges).contains("tokio"), "or this test sees nothing");
}

#[test]
fn the_product_links_nothing_of_the_test_kit() {
    let edges = edges(&metadata());
    let reached = reach("pullmedic-app", &edges);
    let linked: Vec<_> =
        reached.iter().filter(|name| name.starts_with("testkit") || **name == "xtask").collect();
    assert!(linked.is_empty(), "{linked:?}");
}

/// `cargo metadata` also lists what a weak feature might pull in; `cargo tree` lists what is built.
#[test]
fn one_tls_provider_is_built() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "pullmedic-app", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs: it built this test");
    let built = String::from_utf8_lossy(&output.stdout);
    let names: BTreeSet<&str> = built.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(
        names.contains("aws-lc-rs"),
        "or this test sees nothing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    for banned in ["ring", "openssl-sys", "native-tls"] {
        assert!(!names.contains(banned), "{banned} is built");
    }
}
