//! Definitions that are not there yet, or are of an older version.

use serde_json::Value;
use testkit_apiserver::Options;

use crate::ground::{Ground, USER, deployed};
use crate::stage::{Stage, registry};

fn without(definitions: &[&str]) -> Ground {
    Ground::with(Stage::of(vec![registry("registry")]), Options::default(), definitions)
}

#[test]
fn definitions_that_are_made_after_the_start_show_all_that_was_found_before() {
    let ground = without(&[]);
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    controller.leads();
    controller.says("a proof", |line| line["message"] == "incident" && line["what"] == "proven");
    let told = controller.says("what is missing", |line| line["message"] == "the cluster: cannot be written");
    assert!(told["what"].as_str().is_some_and(|what| what.contains("pullincidents")), "{told}");
    ground.define("clusterpullincidents");
    ground.define("pullincidents");
    ground.waits("bank", "9.2");
    ground.shows(&[("shop", "9.1"), ("bank", "9.2")]);
    ground.assert_whole(2);
    controller.ended();
}

/// A definition as an earlier version had it: without these fields of the status.
fn older(plural: &str, fields: &[&str]) -> Value {
    let mut definition = deployed(&format!("crds/{plural}.pullmedic.dev.yaml")).remove(0);
    let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let status = schema["properties"]["status"].as_object_mut().unwrap();
    for field in fields {
        assert!(status["properties"].as_object_mut().unwrap().remove(*field).is_some(), "{field}");
        let required = status.get_mut("required").and_then(Value::as_array_mut);
        required.into_iter().for_each(|required| required.retain(|name| name != field));
    }
    definition
}

#[test]
fn a_definition_of_an_older_version_is_told_once_and_stops_nothing_else() {
    let ground = without(&["clusterpullincidents", "registryprofiles"]);
    let old = older("pullincidents", &["rivals", "notLookedAt", "timeline"]);
    ground.create(old);
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    controller.says("a proof", |line| line["message"] == "incident" && line["what"] == "proven");
    controller.says("what is wrong", |line| line["message"] == "the cluster: cannot be written");
    ground.waits("shop", "9.2");
    crate::child::until("both of the cluster", || {
        let wholes = ground.wholes();
        (wholes.len() == 2).then_some(()).ok_or_else(|| format!("{}", wholes.len()))
    });
    let told = controller.said(|line| line["message"] == "the cluster: cannot be written");
    assert_eq!(told.len(), 1, "said once: {told:#?}");
    // Mended: no object of it was made so far, so it may as well be made anew.
    assert!(ground.api().delete("customresourcedefinitions", "", "pullincidents.pullmedic.dev"));
    ground.define("pullincidents");
    ground.shows(&[("shop", "9.1"), ("shop", "9.2")]);
    ground.assert_whole(2);
    assert_eq!(ground.api().count(|request| request.user == USER && request.code == Some(403)), 0);
    controller.ended();
}
