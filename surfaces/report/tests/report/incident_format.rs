//! The public format of incidents, held to its schema.

use std::collections::BTreeSet;

use pullmedic_model::incident::Event;
use pullmedic_report::{Changed, Form, Look, View, change_json, incident_schema, of_namespaces};
use serde_json::{Value, json};

use crate::built_incident::{all_incidents, at, login};
use crate::incident::{history, list, show};
use crate::look;

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_document_keeps_to_the_schema() {
    let schema = incident_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let all = all_incidents();
    let mut documents = vec![
        document(&list(View::Cluster, &all, Form::Json, &look())),
        document(&list(View::Cluster, &[], Form::Json, &look())),
        document(&history(View::Namespace("shop"), &all, Form::Json, &look())),
    ];
    for incident in &all {
        documents.push(document(&show(incident, Form::Json, &look())));
        let changed = Changed { at: at("16:20:00"), what: Some(Event::Judged), note: None, incident };
        documents.push(document(&change_json(&changed, &look())));
    }
    for document in documents {
        let faults: Vec<String> = validator.iter_errors(&document).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(document["apiVersion"], "pullmedic.dev/v1alpha1");
    }
}

/// A schema that takes anything would hold nothing.
#[test]
fn the_schema_refuses_what_is_no_incident() {
    let schema = incident_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = document(&show(&login(), Form::Json, &look()));
    assert!(validator.is_valid(&good));
    for (pointer, bad) in [
        ("/apiVersion", "v1"),
        ("/kind", "IncidentList"),
        ("/phase", "Open"),
        ("/cause", "no_credentials"),
        ("/certainty", "certain"),
        ("/scope", "galaxy"),
        ("/timeline/0/what", "Seen"),
        ("/namespaces/0/samples/0/kind", "Main"),
        ("/namespaces/0/verdict/remedies/0/tried", "no"),
    ] {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = Value::from(bad);
        assert!(!validator.is_valid(&document), "{pointer}");
    }
}

/// Whoever reads an incident by program relies on these names.
#[test]
fn an_incident_keeps_its_names() {
    let document = document(&show(&login(), Form::Json, &look()));
    for (pointer, value) in [
        ("/kind", json!("Incident")),
        ("/id", json!("pi-k7m2qx")),
        ("/phase", json!("open")),
        ("/cause", json!("no-credentials")),
        ("/certainty", json!("proven")),
        ("/scope", json!("image")),
        ("/stage", json!("token")),
        ("/endpoint", json!("registry.acme.test")),
        ("/seenAt", json!("2026-11-22T16:02:13Z")),
        ("/provenAt", json!("2026-11-22T16:02:24Z")),
        ("/resolvedAt", Value::Null),
        ("/mergedInto", Value::Null),
        ("/counts", json!({"pods": 3, "owners": 1, "namespaces": 1, "nodes": 3})),
        ("/mostPods", json!(3)),
        ("/cost", json!({"proofs": 1, "requests": 6})),
        ("/namespaces/0/namespace", json!("shop")),
        ("/namespaces/0/samples/0/pod", json!("cart-5d7f-1")),
        ("/namespaces/0/verdict/remedies/0/grade", json!("safe")),
        ("/timeline/4", json!({"at": "2026-11-22T16:02:25Z", "what": "told", "note": "shop"})),
        ("/docs", json!("docs/causes/no-credentials.md")),
    ] {
        assert_eq!(document.pointer(pointer), Some(&value), "{pointer}");
    }
    // Ours, and no business of a reader.
    assert!(document.get("fingerprint").is_none() && document.get("knownAs").is_none());
}

#[test]
fn yaml_and_json_hold_the_same_document() {
    let all = all_incidents();
    for ascii in [false, true] {
        let look = Look { ascii, ..look() };
        let yaml: Value = serde_saphyr::from_str(&list(View::Cluster, &all, Form::Yaml, &look)).unwrap();
        assert_eq!(yaml, document(&list(View::Cluster, &all, Form::Json, &look)));
        for incident in &all {
            let yaml: Value = serde_saphyr::from_str(&show(incident, Form::Yaml, &look)).unwrap();
            assert_eq!(yaml, document(&show(incident, Form::Json, &look)));
        }
    }
}

/// The list of a namespace holds what `of_namespaces` leaves, in every form.
#[test]
fn a_namespace_is_told_its_own_in_the_public_format_too() {
    let all = all_incidents();
    let only = BTreeSet::from(["billing".to_owned()]);
    let left: Vec<_> = all.iter().filter_map(|incident| of_namespaces(incident, &only)).collect();
    assert_eq!(left.len(), 1);
    assert_eq!(
        list(View::Namespace("billing"), &all, Form::Json, &look()),
        list(View::Cluster, &left, Form::Json, &look())
    );
}
