//! The machine-readable forms: one document, held to its schema.

use pullmedic_report::{Form, schema};
use serde_json::{Value, json};

use crate::built::{all, proven};
use crate::{look, written};

#[test]
fn json_keeps_to_the_schema() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in all() {
        let document: Value = serde_json::from_str(&written(&report, Form::Json, &look())).unwrap();
        let faults: Vec<String> = validator.iter_errors(&document).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(document, serde_json::to_value(&report).unwrap());
        assert_eq!(document["apiVersion"], "pullmedic.dev/v1alpha1");
        assert_eq!(document["kind"], "Report");
    }
}

/// Whoever reads the ladder and the fix by program relies on these names.
#[test]
fn ladder_and_patch_keep_their_names() {
    let document: Value = serde_json::from_str(&written(&proven(), Form::Json, &look())).unwrap();
    let finding = &document["findings"][0];
    let ladder = &finding["ladder"];
    assert_eq!(ladder["endpoint"], "registry.acme.test");
    assert_eq!(ladder["at"], "2026-11-22T16:20:41Z");
    assert_eq!(ladder["rungs"][0], json!({"stage": "name", "tookUs": 2100, "failed": null}));
    assert_eq!(ladder["rungs"][4], json!({"stage": "token", "tookUs": 4000, "failed": "401"}));
    assert_eq!(finding["requests"], 6);
    assert_eq!(finding["notLookedAt"], json!(["node configuration (needs the node agent)"]));
    assert_eq!(finding["proof"][1]["by"], "probe");
    let remedy = &finding["remedies"][0];
    assert_eq!(remedy["triedHow"], "the replay passed with regcred, from here");
    assert_eq!(remedy["patch"]["apiVersion"], "apps/v1");
    assert_eq!(remedy["patch"]["operations"][0]["op"], "add");
}

/// A schema that takes anything would hold nothing.
#[test]
fn schema_refuses_what_is_no_report() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let good = serde_json::to_value(&all()[0]).unwrap();
    assert!(validator.is_valid(&good));
    for (pointer, bad) in [
        ("/apiVersion", "v1"),
        ("/kind", "List"),
        ("/findings/0/cause", "no_credentials"),
        ("/findings/0/certainty", "certain"),
        ("/findings/0/sightings/0/kind", "Main"),
        ("/findings/0/remedies/0/tried", "no"),
    ] {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = Value::from(bad);
        assert!(!validator.is_valid(&document), "{pointer}");
    }
}

#[test]
fn yaml_and_json_hold_the_same_document() {
    for report in all() {
        for ascii in [false, true] {
            let look = pullmedic_report::Look { ascii, ..look() };
            let yaml = written(&report, Form::Yaml, &look);
            let from_yaml: Value = serde_saphyr::from_str(&yaml).unwrap();
            let from_json: Value = serde_json::from_str(&written(&report, Form::Json, &look)).unwrap();
            assert_eq!(from_yaml, from_json, "{yaml}");
        }
    }
}

/// A reader of the raw document meets the keys in the order in which the model and the docs give them.
#[test]
fn both_forms_keep_the_order_of_the_model() {
    for (form, keys) in [
        (Form::Json, ["\n  \"apiVersion\"", "\n  \"kind\"", "\n  \"findings\"", "\n  \"skipped\""]),
        (Form::Yaml, ["apiVersion:", "\nkind:", "\nfindings:", "\nskipped:"]),
    ] {
        let document = written(&all()[0], form, &look());
        let places: Vec<usize> = keys.iter().map(|key| document.find(key).unwrap()).collect();
        assert!(places.is_sorted(), "{document}");
        assert!(document.ends_with('\n') && !document.ends_with("\n\n"));
    }
}
