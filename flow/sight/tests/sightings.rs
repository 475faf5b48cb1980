//! Which containers are seen to wait for an image, and in whose words.

use jiff::SignedDuration;
use pullmedic_model::object::{ContainerKind, Objects, decode_value};
use pullmedic_model::{Captured, Sighting};
use pullmedic_sight::{STALLED_AFTER, Settings, sightings};
use serde_json::{Value, json};

fn look_at(objects: Value) -> Vec<Sighting> {
    look_with(objects, &Settings { now: "2026-11-22T16:20:00Z".parse().ok(), stalled_after: STALLED_AFTER })
}

fn look_with(objects: Value, settings: &Settings) -> Vec<Sighting> {
    let mut read = Objects::default();
    for object in objects.as_array().expect("a list").iter().cloned() {
        read.add(decode_value(object, None).expect("an object that decodes"));
    }
    sightings(&read, settings)
}

fn pod(spec: Value, status: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "cart-1", "uid": "u1"}, "spec": spec, "status": status})
}

fn waiting(name: &str, reason: &str, message: &str) -> Value {
    json!({"name": name, "state": {"waiting": {"reason": reason, "message": message}}})
}

fn event(reason: &str, path: &str, message: &str, at: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Event", "metadata": {"namespace": "shop", "name": format!("{reason}{at}")},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "cart-1", "uid": "u1", "fieldPath": path},
        "reason": reason, "message": message,
        "firstTimestamp": format!("2026-11-22T{at}Z"), "lastTimestamp": format!("2026-11-22T{at}Z")})
}

fn words(sighting: &Sighting) -> Option<&str> {
    sighting.testimony.as_ref().map(|testimony| testimony.words.as_str())
}

const APP: &str = "spec.containers{app}";

#[test]
fn finds_init_main_and_ephemeral_containers_of_a_running_pod() {
    let spec = json!({
        "containers": [{"name": "app", "image": "a:1"}, {"name": "side", "image": "b:1"}],
        "initContainers": [{"name": "init", "image": "c:1"}],
        "ephemeralContainers": [{"name": "debug", "image": "d:1"}],
    });
    let status = json!({"phase": "Running",
        "containerStatuses": [waiting("app", "ErrImagePull", "a"), {"name": "side", "state": {"running": {}}}],
        "initContainerStatuses": [waiting("init", "ImageInspectError", "c")],
        "ephemeralContainerStatuses": [waiting("debug", "ErrImageNeverPull", "d")]});
    let seen = look_at(json!([pod(spec, status)]));
    let kinds: Vec<_> =
        seen.iter().map(|s| (s.place.kind, s.place.container.as_str(), s.image.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (ContainerKind::Init, "init", "c:1"),
            (ContainerKind::Main, "app", "a:1"),
            (ContainerKind::Ephemeral, "debug", "d:1")
        ]
    );
}

#[test]
fn a_reason_that_is_a_decoders_error_is_a_pull_that_never_began() {
    let reason = "unable to parse auth field, must be formatted as base64(username:password)";
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let seen =
        look_at(json!([pod(spec.clone(), json!({"containerStatuses": [waiting("app", reason, "")]}))]));
    assert_eq!(words(&seen[0]), Some(reason));
    let other = json!({"containerStatuses": [waiting("app", "CreateContainerConfigError", "secret \"x\" not found")]});
    assert_eq!(look_at(json!([pod(spec, other)])), []);
}

#[test]
fn the_status_is_believed_before_the_events() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let status = json!({"containerStatuses":
        [waiting("app", "ImagePullBackOff", "Back-off pulling image \"a:1\": ErrImagePull: from the status")]});
    let told = event("Failed", APP, "Failed to pull image \"a:1\": from the event", "16:19:00");
    let seen = look_at(json!([pod(spec, status), told]));
    assert!(words(&seen[0]).is_some_and(|words| words.contains("from the status")));
}

#[test]
fn events_fill_in_a_bare_back_off_when_container_and_image_are_the_same() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}, {"name": "side", "image": "a:1"}]});
    let status =
        json!({"containerStatuses": [waiting("app", "ImagePullBackOff", "Back-off pulling image \"a:1\"")]});
    let mut objects = vec![
        pod(spec, status),
        event(
            "Failed",
            "spec.containers{side}",
            "Failed to pull image \"a:1\": of another container",
            "16:18:30",
        ),
        event("Failed", APP, "Failed to pull image \"a:0\": of another image", "16:18:40"),
        event("Failed", APP, "Error: ErrImagePull", "16:18:50"),
    ];
    let seen = look_at(Value::from(objects.clone()));
    assert_eq!(words(&seen[0]), None);
    assert!(seen[0].missing.as_ref().is_some_and(|missing| missing.contains("runtime's error")));

    objects.push(event("Failed", APP, "Failed to pull image \"a:1\": older", "16:18:00"));
    objects.push(event("Failed", APP, "Failed to pull image \"a:1\": newest", "16:19:00"));
    let seen = look_at(Value::from(objects));
    assert!(words(&seen[0]).is_some_and(|words| words.ends_with("newest")));
    assert_eq!(seen[0].since, "2026-11-22T16:18:00Z".parse().ok());
    assert_eq!(
        seen[0].next_attempt,
        "2026-11-22T16:20:10Z".parse().ok(),
        "60 s after the first, so 70 s wait"
    );
}

#[test]
fn events_of_an_earlier_pod_of_that_name_do_not_count() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let status =
        json!({"containerStatuses": [waiting("app", "ImagePullBackOff", "Back-off pulling image \"a:1\"")]});
    let mut told = event("Failed", APP, "Failed to pull image \"a:1\": of the dead", "16:19:00");
    told["involvedObject"]["uid"] = "u0".into();
    assert_eq!(words(&look_at(json!([pod(spec, status), told]))[0]), None);
}

#[test]
fn a_pull_without_end_is_seen_after_its_time_and_not_before() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let status = json!({"containerStatuses": [waiting("app", "ContainerCreating", "")]});
    let objects = json!([pod(spec, status), event("Pulling", APP, "Pulling image \"a:1\"", "16:18:00")]);
    assert_eq!(look_at(objects.clone()), []);
    let minute =
        Settings { now: "2026-11-22T16:20:00Z".parse().ok(), stalled_after: SignedDuration::from_mins(1) };
    let seen = look_with(objects.clone(), &minute);
    assert_eq!((seen[0].reason.as_str(), words(&seen[0])), ("Pulling", None));
    let pulled = event("Pulled", APP, "Successfully pulled image \"a:1\" in 1s", "16:18:01");
    let mut done = objects;
    done.as_array_mut().unwrap().push(pulled);
    assert_eq!(look_with(done, &minute), []);
}

#[test]
fn a_runtime_that_died_leaves_one_event_and_no_reason() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let status = json!({"containerStatuses": [waiting("app", "ContainerCreating", "")]});
    let text =
        "Failed to pull image \"a:1\": rpc error: code = Unavailable desc = error reading from server: EOF";
    let seen = look_at(json!([pod(spec, status), event("Failed", APP, text, "16:19:00")]));
    assert_eq!(words(&seen[0]), Some(text));
}

#[test]
fn an_image_volume_is_told_from_the_container_that_mounts_it() {
    let spec = json!({
        "containers": [{"name": "app", "image": "a:1", "volumeMounts": [{"name": "data"}]}],
        "volumes": [{"name": "data", "image": {"reference": "data:7"}}, {"name": "other", "emptyDir": {}}],
    });
    let message = "Back-off pulling image \"data:7\": ErrImagePull: data:7: not found";
    let status = json!({"containerStatuses": [waiting("app", "ImagePullBackOff", message)]});
    let seen = look_at(json!([pod(spec.clone(), status)]));
    assert_eq!((seen[0].place.kind, seen[0].image.as_str()), (ContainerKind::ImageVolume, "data:7"));
    let own = json!({"containerStatuses": [waiting("app", "ErrImagePull", "a:1: not found")]});
    assert_eq!(look_at(json!([pod(spec, own)]))[0].place.kind, ContainerKind::Main);
}

#[test]
fn a_sandbox_that_lacks_its_image_is_seen_until_a_pull_begins() {
    let spec = json!({"nodeName": "n1", "containers": [{"name": "app", "image": "a:1"}]});
    let status = json!({"containerStatuses": [waiting("app", "ContainerCreating", "")]});
    let text = "Failed to create pod sandbox: rpc error: code = NotFound desc = failed to get sandbox image \"p:1\": x";
    let failed = event("FailedCreatePodSandBox", "", text, "16:18:00");
    let mut objects = json!([pod(spec, status), failed]);
    let seen = look_at(objects.clone());
    assert_eq!((seen[0].place.kind, seen[0].place.node.as_deref()), (ContainerKind::Sandbox, Some("n1")));
    objects.as_array_mut().unwrap().push(event("Pulling", APP, "Pulling image \"a:1\"", "16:19:30"));
    assert_eq!(look_at(objects), []);
}

#[test]
fn a_start_that_blames_the_image_is_seen_and_another_crash_is_not() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let crash = |message: &str| {
        json!({"containerStatuses": [{"name": "app",
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}},
            "lastState": {"terminated": {"exitCode": 128, "reason": "StartError", "message": message}}}]})
    };
    let seen = look_at(json!([pod(spec.clone(), crash("exec: \"/app\": exec format error"))]));
    assert!(words(&seen[0]).is_some_and(|words| words.contains("exec format error")));
    assert_eq!(look_at(json!([pod(spec, crash("panic: no config"))])), []);
}

#[test]
fn a_missing_program_is_a_failed_pull_only_after_one_that_says_so() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let status = json!({"containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "CreateContainerError",
        "message": "failed to generate container \"0\" spec: failed to generate spec: no command specified"}}}]});
    let failed = |words: &str| {
        let said = format!("Failed to pull image \"a:1\": {words}");
        let pod = pod(spec.clone(), status.clone());
        look_at(json!([pod, event("Failed", APP, &said, "16:19:30")]))
    };
    let mismatched = failed("failed to unpack image: mismatched image rootfs and manifest layers");
    assert!(words(&mismatched[0]).is_some_and(|words| words.contains("mismatched image rootfs")));
    let other = failed("dial tcp: i/o timeout");
    assert!(words(&other[0]).is_some_and(|words| words.contains("no command specified")));
}

#[test]
fn an_owner_that_is_refused_pods_for_their_image_is_seen_without_any_pod() {
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"namespace": "shop", "name": "web-5d", "ownerReferences": [{"kind": "Deployment", "name": "web", "controller": true}]},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "app", "image": " a:1"}]}}},
        "status": {"replicas": 0}});
    let refused = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"namespace": "shop", "name": "e"},
        "involvedObject": {"kind": "ReplicaSet", "namespace": "shop", "name": "web-5d"}, "reason": "FailedCreate",
        "message": "Error creating: Pod \"web-5d-x\" is invalid: spec.containers[0].image: Invalid value: \" a:1\": must not have leading or trailing whitespace"});
    let seen = look_at(json!([set.clone(), refused.clone()]));
    let place = &seen[0].place;
    assert_eq!(
        (place.kind, place.pod.as_deref(), place.container.as_str()),
        (ContainerKind::Template, None, "app")
    );
    assert_eq!(place.owner.as_ref().map(ToString::to_string), Some("Deployment/web".into()));

    let mut satisfied = set;
    satisfied["status"]["replicas"] = 2.into();
    assert_eq!(look_at(json!([satisfied, refused.clone()])), []);
    let mut quota = refused;
    quota["message"] = "Error creating: pods \"x\" is forbidden: exceeded quota: q".into();
    assert_eq!(look_at(json!([quota])), []);
}

#[test]
fn the_owner_is_followed_to_the_top_and_guessed_only_from_the_template_hash() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let mut owned = pod(spec, json!({"containerStatuses": [waiting("app", "ErrImagePull", "x")]}));
    owned["metadata"]["ownerReferences"] =
        json!([{"kind": "ReplicaSet", "name": "web-5d9f", "controller": true}]);
    let owner = |objects: Value| look_at(objects)[0].place.owner.as_ref().map(ToString::to_string);
    assert_eq!(owner(json!([owned.clone()])), Some("ReplicaSet/web-5d9f".into()));
    owned["metadata"]["labels"] = json!({"pod-template-hash": "5d9f"});
    assert_eq!(owner(json!([owned.clone()])), Some("Deployment/web".into()));
    let rollout = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"namespace": "shop", "name": "web-5d9f",
        "ownerReferences": [{"kind": "Rollout", "name": "web", "controller": true}]}});
    assert_eq!(owner(json!([owned, rollout])), Some("Rollout/web".into()));
}

#[test]
fn an_image_that_is_not_in_the_template_was_injected() {
    let spec =
        json!({"containers": [{"name": "app", "image": "a:1"}, {"name": "istio-proxy", "image": "mesh:9"}]});
    let status = json!({"containerStatuses": [waiting("app", "ErrImagePull", "x"), waiting("istio-proxy", "ErrImagePull", "y")]});
    let mut owned = pod(spec, status);
    owned["metadata"]["ownerReferences"] =
        json!([{"kind": "ReplicaSet", "name": "web-5d", "controller": true}]);
    owned["metadata"]["annotations"] = json!({"sidecar.istio.io/status": "{}"});
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"namespace": "shop", "name": "web-5d"},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "a:1"}]}}}});
    let seen = look_at(json!([owned, set]));
    assert_eq!(seen[0].injected, None);
    let injected = seen[1].injected.as_ref().expect("the sidecar is not in the template");
    assert_eq!((injected.injector.as_deref(), injected.replaced), (Some("Istio"), false));
}

#[test]
fn a_pod_that_goes_or_has_no_status_waits_for_nothing() {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    let mut going = pod(spec.clone(), json!({"containerStatuses": [waiting("app", "ErrImagePull", "x")]}));
    going["metadata"]["deletionTimestamp"] = "2026-11-22T16:00:00Z".into();
    assert_eq!(look_at(json!([going, pod(spec, Value::Null), {"kind": "Pod"}])), []);
}

#[test]
fn a_status_without_a_spec_is_enough_and_its_secrets_are_gone() {
    let image = "https://user:CANARY7f@registry.example.com/a:1";
    let status = json!({"containerStatuses": [{"name": "app", "image": image,
        "state": {"waiting": {"reason": "InvalidImageName", "message": format!("Failed to apply default image tag \"{image}\"")}}}]});
    let seen = look_at(json!([{"kind": "Pod", "metadata": {"name": "p"}, "status": status}]));
    assert!(!format!("{seen:?}").contains("CANARY7f"));
    assert_eq!(seen[0].image, Captured::new(image));
}
