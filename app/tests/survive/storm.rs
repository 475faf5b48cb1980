//! A storm costs no more than its cause does: registry, API server, owners.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use testkit_apiserver::{Request, Then, When};

use crate::child::until;
use crate::ground::{Ground, brief};
use crate::words::Said;
use crate::world::{Waiting, World};

const NAMESPACES: usize = 50;
const PODS: usize = 10_000;

/// Where events are, and on what.
fn of_owners(events: &[Value]) -> Vec<String> {
    let of = |event: &Value| {
        let owner = &event["involvedObject"];
        format!("{} {} {}", owner["namespace"], owner["kind"], owner["name"])
    };
    let mut all: Vec<String> = events.iter().map(of).collect();
    all.sort();
    all
}

#[test]
fn a_storm_of_ten_thousand_pods_is_one_incident_and_two_writes_a_namespace() {
    storm(None);
}

/// As under load: who owns a pod is known long after it was told of, and changes from a ReplicaSet to its Deployment.
#[test]
fn a_namespace_whose_owners_are_read_late_is_told_once() {
    storm(Some(Duration::from_secs(6)));
}

/// `late`: how long each read of an owner takes.
fn storm(late: Option<Duration>) {
    let ground = Ground::quiet();
    let (image, words) = (ground.image("9.9"), ground.stage.words("registry", ":9.9", Said::NotFound));
    let names: Vec<String> = (0..NAMESPACES).map(|number| format!("team-{number:02}")).collect();
    let mut world = World::default();
    for (number, namespace) in (0..PODS).zip(names.iter().cycle()) {
        let name = format!("cart-5d-{number}");
        let owner = "cart";
        world.waiting(&Waiting { namespace, name: &name, image: &image, words: &words, secrets: &[], owner });
    }
    let mut controller = ground.start(&[]);
    controller.ready();
    for (kind, late) in ["replicasets", "deployments"].into_iter().zip(late.into_iter().cycle()) {
        ground.api().fault(When::on("get", kind), Then::Delay(late));
    }
    ground.api().clear_requests();
    // It comes over a cluster that was well, pod by pod.
    let begun = std::time::Instant::now();
    ground.put_all(&world);
    until("all of it shown", || {
        let (wholes, parts, told) = (ground.wholes(), ground.parts(), ground.told());
        let shown = parts.iter().filter(|part| part["status"]["state"] == "proven").count();
        let all = wholes
            .iter()
            .any(|whole| whole["status"]["pods"] == PODS || whole["status"]["counts"]["pods"] == PODS);
        let done = shown == NAMESPACES && told.len() == NAMESPACES && all;
        assert!(told.len() <= NAMESPACES, "two in a namespace: {:#?}", of_owners(&told));
        done.then_some(()).ok_or_else(|| format!("{shown} {} {}", told.len(), brief(&wholes)))
    });
    let (wholes, parts) = (ground.wholes(), ground.parts());
    assert_eq!(wholes.len(), 1, "{}", brief(&wholes));
    let ids: BTreeSet<&str> = parts.iter().filter_map(|part| part["metadata"]["name"].as_str()).collect();
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), [wholes[0]["metadata"]["name"].as_str().unwrap()]);
    assert_eq!(parts.len(), NAMESPACES);
    let asked = ground.stage.asked("registry");
    assert!(asked.len() <= 10, "{asked:#?}");
    let mut events: BTreeMap<&str, usize> = BTreeMap::new();
    let told = ground.told();
    for event in &told {
        *events.entry(event["metadata"]["namespace"].as_str().unwrap()).or_default() += 1;
    }
    assert!(events.values().all(|count| *count == 1), "{events:?}");
    let mut writes = ground.api().requests();
    writes.retain(|request| request.writes() && request.resource != "leases");
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    writes.iter().for_each(|request: &Request| *by_kind.entry(&request.resource).or_default() += 1);
    // A count that changed is written once a minute an object: a storm that takes a slow machine longer has more of these.
    let minutes = usize::try_from(begun.elapsed().as_secs() / 60).unwrap();
    assert!(writes.len() <= 20 + 2 * NAMESPACES + minutes * (NAMESPACES + 1), "{minutes} min: {by_kind:?}");
    let lists = ground.lists();
    assert!(lists.is_empty(), "{lists:#?}");
    assert_eq!(ground.api().count(|request| request.code == Some(403)), 0);
    controller.ended();
}
