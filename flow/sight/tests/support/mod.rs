//! Objects with a container that waits, judged by words alone; shared with the tests of `flow/advise`.

use pullmedic_model::finding::Vantage;
use pullmedic_model::object::{Objects, decode_value};
use pullmedic_model::{Cause, Confidence, Endpoint, Hypothesis, Stage};
use pullmedic_sight::{Found, STALLED_AFTER, Seen, Settings, findings, sightings};
use serde_json::{Value, json};

/// What a text suggests, by the first word of the waiting message: the table of texts has its own tests.
fn suggested(words: &str) -> Option<Hypothesis> {
    let cause: Cause = words.rsplit(' ').next()?.parse().ok()?;
    Some(Hypothesis {
        cause,
        confidence: Confidence::Strong,
        rivals: Vec::new(),
        stage: Some(Stage::Manifest),
        endpoint: Endpoint::parse("registry.example.com").ok(),
        image: None,
        clears: cause.clears(),
        inner: None,
        status: None,
        also: Vec::new(),
        leaf: cause.code().to_owned(),
        rule: None,
    })
}

/// What is found in objects, without a replay.
pub(crate) fn joined(objects: &[Value]) -> Vec<Found> {
    let now = "2026-11-22T16:20:00Z".parse().ok();
    let mut read = Objects::default();
    for object in objects {
        read.add(decode_value(object.clone(), None).expect("an object that decodes"));
    }
    let seen: Vec<Seen> = sightings(&read, &Settings { now, stalled_after: STALLED_AFTER })
        .into_iter()
        .map(|sighting| {
            let hypothesis = sighting.testimony.as_ref().and_then(|t| suggested(t.words.as_str()));
            Seen { sighting, hypothesis, verdict: None }
        })
        .collect();
    findings(&seen, &read, Vantage::Recording, now)
}

pub(crate) fn pod(namespace: &str, name: &str, image: &str, reason: &str, words: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d", "controller": true}]},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": image}]},
        "status": {"containerStatuses": [{"name": "app", "state": {"waiting": {"reason": reason, "message": words}}}]}})
}

pub(crate) fn deployment(labels: Value) -> [Value; 3] {
    let template = json!({"spec": {"containers": [{"name": "app", "image": "registry.example.com/a:1"}]}});
    let set = |name: &str, ready: i64| {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"namespace": "shop", "name": name, "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true}]},
            "spec": {"replicas": 3, "template": template}, "status": {"replicas": ready, "readyReplicas": ready}})
    };
    [
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "shop", "name": "web", "labels": labels},
            "spec": {"replicas": 3, "template": template}, "status": {"readyReplicas": 3}}),
        set("web-5d", 0),
        set("web-4c", 3),
    ]
}

pub(crate) const IMAGE: &str = "registry.example.com/a:1";
