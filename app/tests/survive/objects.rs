//! One bad object never stops the others.

use serde_json::{Value, json};
use testkit_apiserver::{WatchFault, Watches};

use crate::ground::Ground;

/// Pods and events that do not decode, or decode to what nobody means.
fn bad(image: &str) -> Vec<Value> {
    let pod = |name: &str, spec: Value, status: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": name},
            "spec": spec, "status": status})
    };
    let spec = json!({"nodeName": "n1", "containers": [{"name": "app", "image": image}]});
    let waiting = |reason: Value, message: Value| {
        json!({"phase": "Pending", "containerStatuses": [{"name": "app", "image": image, "imageID": "",
            "ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": message}}}]})
    };
    let backs_off = json!("ImagePullBackOff");
    let absurd = json!({"nodeName": "n1", "terminationGracePeriodSeconds": 9e99,
        "activeDeadlineSeconds": -9_223_372_036_854_775_808_i64,
        "containers": [{"name": "app", "image": image, "imagePullPolicy": "Sometimes"}]});
    let mut future = pod("bad-times", spec.clone(), waiting(backs_off.clone(), json!("Back-off")));
    future["metadata"]["creationTimestamp"] = json!("9999-12-31T23:59:59Z");
    future["metadata"]["deletionGracePeriodSeconds"] = json!(i64::MAX);
    future["status"]["startTime"] = json!("-0001-01-01T00:00:00Z");
    let event = |name: &str, fields: Value| {
        let mut event = json!({"apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "Failed",
            "metadata": {"namespace": "shop", "name": name}, "message": "Failed to pull image",
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "app-9-1-5d-x"}});
        let fields = fields.as_object().cloned().unwrap_or_default();
        fields.into_iter().for_each(|(key, value)| event[key] = value);
        event
    };
    vec![
        pod("bad-status", spec.clone(), json!("not an object")),
        pod("bad-spec", json!([1, 2]), waiting(backs_off.clone(), json!("x"))),
        pod(
            "bad-state",
            spec.clone(),
            json!({"phase": "Meditating", "containerStatuses": [{"name": "app",
            "image": image, "imageID": "", "state": {"levitating": {"reason": 7}}}]}),
        ),
        pod("bad-reason", spec.clone(), waiting(json!({"a": 1}), json!(17))),
        pod("bad-enum", absurd, waiting(json!("ImagePullSomething"), json!("x"))),
        pod(
            "bad-image",
            json!({"nodeName": "n1", "containers": [{"name": "app", "image": "///@@::"}]}),
            waiting(json!("InvalidImageName"), json!("couldn't parse image")),
        ),
        pod("bad-containers", json!({"containers": {"name": "app"}}), json!({"containerStatuses": "none"})),
        future,
        event("bad-count", json!({"count": 9e99, "firstTimestamp": "yesterday"})),
        event("bad-time", json!({"lastTimestamp": "9999-12-31T23:59:59Z", "count": -4})),
        event("bad-object", json!({"involvedObject": "the pod"})),
        event("bad-message", json!({"message": {"of": "another kind"}, "series": {"count": "many"}})),
    ]
}

#[test]
fn bad_objects_at_the_start_and_after_it_stop_no_other() {
    let ground = Ground::quiet();
    let image = ground.image("9.1");
    ground.waits("shop", "9.1");
    bad(&image).into_iter().for_each(|object| drop(ground.api().put(object).unwrap()));
    let mut controller = ground.start(&[]);
    controller.ready();
    for object in bad(&image) {
        let mut again = object;
        let name = format!("{}-again", again["metadata"]["name"].as_str().unwrap());
        again["metadata"]["name"] = json!(name);
        ground.api().put(again).unwrap();
    }
    ground.waits("bank", "9.2");
    crate::child::until("the good ones", || {
        // Bad ones that wait may have incidents of their own.
        let parts = ground.parts();
        let shown = |tag: &str| {
            let images = |part: &Value| part["status"]["images"].to_string().contains(&format!(":{tag}"));
            parts.iter().any(|part| images(part) && part["status"]["state"] == "proven")
        };
        let good = shown("9.1") && shown("9.2");
        good.then_some(()).ok_or_else(|| crate::ground::brief(&parts))
    });
    controller.says("which it could not read", |line| {
        line["what"].as_str().is_some_and(|what| what.contains("bad-status"))
    });
    controller.assert_alive();
    controller.ended();
}

#[test]
fn lines_of_a_watch_that_are_no_objects_stop_no_other() {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    let before = ground.shows(&[("shop", "9.1")]);
    controller.ready();
    let deep = format!("{{\"type\":\"ADDED\",\"object\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let lines = [
        "nonsense",
        "{}",
        "{\"type\":\"ADDED\"}",
        "{\"type\":\"ADDED\",\"object\":null}",
        "{\"type\":\"LEVITATED\",\"object\":{\"metadata\":{\"name\":\"x\",\"resourceVersion\":\"abc\"}}}",
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":599,\"message\":\"\"}}",
        &deep,
    ];
    for (nth, line) in lines.into_iter().enumerate() {
        crate::child::until("that pods are watched", || {
            let met = ground.api().disturb(&Watches::of("pods"), WatchFault::Line(line.to_owned()));
            (met == 1).then_some(()).ok_or_else(|| format!("{met} watches"))
        });
        ground.waits("bank", &format!("9.{}", nth + 2));
    }
    let tags: Vec<String> = (0..lines.len()).map(|nth| format!("9.{}", nth + 2)).collect();
    let mut all = vec![("shop", "9.1")];
    all.extend(tags.iter().map(|tag| ("bank", tag.as_str())));
    assert_eq!(ground.shows(&all)["9.1"], before["9.1"]);
    ground.assert_whole(lines.len() + 1);
    controller.ended();
}

#[test]
fn bad_resources_of_our_own_kinds_stop_no_other() {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    let first = ground.start(&[]);
    let before = ground.shows(&[("shop", "9.1")]);
    first.ended();
    for object in [
        json!({"apiVersion": "pullmedic.dev/v1alpha1", "kind": "ClusterPullIncident", "metadata":
            {"name": "pi-aaaaaa"}, "status": {"phase": "levitating", "times": {"seen": "9999999-01-01"}}}),
        json!({"apiVersion": "pullmedic.dev/v1alpha1", "kind": "ClusterPullIncident", "metadata":
            {"name": "no-name-of-ours"}, "status": 7}),
        json!({"apiVersion": "pullmedic.dev/v1alpha1", "kind": "PullIncident", "metadata":
            {"namespace": "shop", "name": "pi-bbbbbb"}, "status": {"pods": -1, "samples": "all"}}),
        json!({"apiVersion": "pullmedic.dev/v1alpha1", "kind": "RegistryProfile", "metadata":
            {"name": "bad"}, "spec": {"hosts": "*", "timeout": "1e99h", "rate": {"per": "-5s"}}}),
    ] {
        ground.api().put(object).unwrap();
    }
    // Without its own history it has only these to go on from.
    let mut second = ground.start_as("two", &[]);
    second.ready();
    ground.waits("bank", "9.2");
    ground.proves("bank");
    let mut of_shop = ground.parts();
    of_shop.retain(|part| part["status"]["state"] == "proven" && part["metadata"]["namespace"] == "shop");
    assert_eq!(of_shop.len(), 1, "{}", crate::ground::brief(&of_shop));
    assert_eq!(of_shop[0]["metadata"]["name"], *before["9.1"]);
    second.ended();
}
