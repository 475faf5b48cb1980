use serde_json::{Value, json};

use super::{not_found, run, run_with_input, saved, waiting_pod};

const IMAGE: &str = "registry.example.com/shop/cart:4.1";

fn list(pods: Vec<Value>) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": pods}).to_string()
}

fn report(arguments: &[&str], input: &str) -> Value {
    let told = run_with_input(arguments, input.as_bytes());
    serde_json::from_str(&told.out).unwrap_or_else(|error| panic!("{error}: {}{}", told.out, told.err))
}

#[test]
fn forty_pods_of_one_cause_are_one_finding() {
    let pods = (0..40).map(|n| waiting_pod(&format!("cart-{n}"), IMAGE, &not_found(IMAGE))).collect();
    let report = report(&["diagnose", "-f", "-", "-o", "json"], &list(pods));
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert_eq!((&finding["cause"], &finding["certainty"]), (&json!("tag-not-found"), &json!("likely")));
    assert_eq!(finding["sightings"].as_array().map(Vec::len), Some(40));
    assert_eq!(finding["rivals"][0]["code"], "repository-not-found");
    assert_eq!(finding["endpoint"], "registry.example.com");
    assert_eq!((&finding["vantage"], &finding["scope"]), (&json!("recording"), &Value::Null));
    assert_eq!(finding["observations"].as_array().map(Vec::len), Some(1));
}

#[test]
fn every_form_names_cause_place_fix_and_docs() {
    let input = list(vec![waiting_pod("cart-1", IMAGE, &not_found(IMAGE))]);
    for form in ["text", "wide", "markdown", "yaml", "json"] {
        let told = run_with_input(&["diagnose", "-f", "-", "-o", form], input.as_bytes());
        assert_eq!(told.code, Some(1), "{form}: {}", told.err);
        for word in ["tag-not-found", "cart-1", "likely", "set image pod/cart-1", "registry.example.com"] {
            assert!(told.out.contains(word), "{form} lacks {word}:\n{}", told.out);
        }
    }
}

#[test]
fn reports_hold_to_the_schema_in_the_repository() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let image = "Bad//NAME";
    for input in [
        list(vec![]),
        list(vec![
            waiting_pod("a", IMAGE, &not_found(IMAGE)),
            waiting_pod("b", image, "x"),
            json!({"kind": "Pod", "spec": 7}),
        ]),
    ] {
        let report = report(&["diagnose", "-f", "-", "-o", "json"], &input);
        let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(
            (&report["apiVersion"], &report["kind"]),
            (&json!("pullmedic.dev/v1alpha1"), &json!("Report"))
        );
    }
}

#[test]
fn exit_codes_tell_findings_from_health_and_from_ignorance() {
    let found = list(vec![waiting_pod("a", IMAGE, "x")]);
    let healthy = list(vec![json!({"kind": "Pod", "metadata": {"name": "p"}})]);
    let unread = list(vec![json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": 7})]);
    for (input, arguments, code) in [
        (&found, &["diagnose", "-f", "-"][..], 1),
        (&found, &["diagnose", "-f", "-", "--exit-zero"], 0),
        (&healthy, &["diagnose", "-f", "-"], 0),
        (&unread, &["diagnose", "-f", "-"], 2),
        (&unread, &["diagnose", "-f", "-", "--exit-zero"], 2),
    ] {
        let told = run_with_input(arguments, input.as_bytes());
        assert_eq!(told.code, Some(code), "{arguments:?}: {}{}", told.out, told.err);
    }
}

#[test]
fn one_object_that_does_not_parse_is_told_and_the_rest_goes_on() {
    let input = list(vec![
        json!({"kind": "Pod", "metadata": {"namespace": "shop", "name": "bad"}, "status": "canary"}),
        waiting_pod("good", IMAGE, &not_found(IMAGE)),
    ]);
    let report = report(&["diagnose", "-f", "-", "-o", "json"], &input);
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    let skipped = report["skipped"].to_string();
    assert!(
        skipped.contains("Pod shop/bad") && skipped.contains("status") && !skipped.contains("canary"),
        "{skipped}"
    );
}

#[test]
fn a_folder_a_file_and_several_of_them_are_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    saved(&folder.path().join("shop"), "pods.json", list(vec![waiting_pod("a", IMAGE, &not_found(IMAGE))]));
    saved(folder.path(), "pods.yaml", "kind: PodList\nitems:\n- metadata: {name: b, namespace: other}\n");
    saved(folder.path(), "logs.txt", "not {an object");
    saved(folder.path(), "broken.yaml", "a: [");
    let path = folder.path().to_str().unwrap();
    let report = report(&["diagnose", "-f", path, "-o", "json"], "");
    assert_eq!((&report["read"]["pods"], &report["read"]["namespaces"]), (&json!(2), &json!(2)));
    assert_eq!(report["skipped"].as_array().map(Vec::len), Some(1));
    assert!(report["skipped"][0]["what"].as_str().is_some_and(|what| what.starts_with("broken.yaml")));
}

#[test]
fn targets_namespaces_and_labels_narrow_what_is_told() {
    let mut other = waiting_pod("b", "registry.example.com/other:1", "x");
    other["metadata"]["ownerReferences"] = json!([{"kind": "Job", "name": "nightly", "controller": true}]);
    other["metadata"]["labels"] = json!({"app": "other"});
    let input = list(vec![waiting_pod("a", IMAGE, &not_found(IMAGE)), other]);
    for (arguments, pods) in [
        (&["-n", "shop"][..], 2),
        (&["-n", "elsewhere"], 0),
        (&["a"], 1),
        (&["job/nightly"], 1),
        (&["jobs.batch/nightly", "pod/a"], 2),
        (&["-l", "app=cart"], 1),
        (&["-l", "app notin (cart,other)"], 0),
    ] {
        let arguments = [&["diagnose", "-f", "-", "-o", "json"], arguments].concat();
        let report = report(&arguments, &input);
        let found: usize = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["sightings"].as_array().unwrap().len())
            .sum();
        assert_eq!(found, pods, "{arguments:?}");
    }
    let absent = run_with_input(&["diagnose", "-f", "-", "deploy/nobody"], input.as_bytes());
    assert_eq!(absent.code, Some(2));
    assert!(absent.err.contains("find deploy/nobody"), "{}", absent.err);
}

#[test]
fn a_deployment_of_healthy_pods_exists_though_nothing_of_it_was_saved() {
    let mut pod = waiting_pod("web-5d-x", IMAGE, "");
    pod["metadata"]["ownerReferences"] =
        json!([{"kind": "ReplicaSet", "name": "web-5d", "controller": true}]);
    pod["metadata"]["labels"] = json!({"pod-template-hash": "5d"});
    pod["status"] = json!({"phase": "Running", "containerStatuses": [{"name": "app", "image": IMAGE,
        "imageID": IMAGE, "ready": true, "state": {"running": {}}}]});
    let input = list(vec![pod]);
    let told = run_with_input(&["diagnose", "-f", "-", "deployment/web"], input.as_bytes());
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
}

#[test]
fn labels_narrow_owners_that_were_refused_pods_by_their_template() {
    let set = |name: &str| {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": " "}]}}},
            "status": {"conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                "message": format!("Pod \"{name}-x\" is invalid: spec.containers[0].image: Invalid value: \" \": \
                    must not have leading or trailing whitespace")}]}})
    };
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"namespace": "shop", "name": "e"},
        "involvedObject": {"kind": "ReplicaSet", "namespace": "shop", "name": "unread"}, "reason": "FailedCreate",
        "message": "Error creating: Pod \"unread-x\" is invalid: spec.containers[0].image: Required value"});
    let input = list(vec![set("web"), set("other"), event]);
    let owners = |arguments: &[&str]| -> Vec<String> {
        let report = report(&[&["diagnose", "-f", "-", "-o", "json"], arguments].concat(), &input);
        let sightings = report["findings"].as_array().unwrap().iter().flat_map(|f| f["sightings"].as_array());
        let mut names: Vec<String> =
            sightings.flatten().map(|place| place["owner"]["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(owners(&[]), ["other", "unread", "web"]);
    // What labels the template of an owner that was not read has nobody knows.
    assert_eq!(owners(&["-l", "app=web"]), ["unread", "web"]);
    assert_eq!(owners(&["rs/web"]), ["web"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_a_next_step() {
    let told = run(&["diagnose", "-f", "/nonexistent/dump"]);
    assert_eq!(told.code, Some(2));
    for word in ["/nonexistent/dump", "No such file", "next:"] {
        assert!(told.err.contains(word), "{word}: {}", told.err);
    }
    let empty = tempfile::tempdir().unwrap();
    let told = run(&["diagnose", "-f", empty.path().to_str().unwrap()]);
    assert_eq!(told.code, Some(2), "{}", told.out);
}

#[test]
fn a_statement_of_the_kubelet_about_itself_is_proof_and_other_words_are_not() {
    let mut invalid = waiting_pod("a", "team/App:1", "x");
    invalid["status"]["containerStatuses"][0]["state"]["waiting"] = json!({"reason": "InvalidImageName",
        "message": "Failed to apply default image tag \"team/App:1\": couldn't parse image name \"team/App:1\": invalid reference format: repository name (library/team/App) must be lowercase"});
    let report = report(&["diagnose", "-f", "-", "-o", "json"], &list(vec![invalid]));
    let finding = &report["findings"][0];
    assert_eq!((&finding["cause"], &finding["certainty"]), (&json!("invalid-reference"), &json!("proven")));
    assert_eq!(finding["missing"], Value::Null);
    assert!(finding["remedies"][0]["command"].as_str().is_some_and(|command| command.contains("team/app:1")));
}
