//! Objects for the tests of the controller.

use jiff::Timestamp;
use pullmedic_model::object::{Event, Objects, Pod, decode_json};
use serde_json::{Value, json};

pub(crate) fn now() -> Timestamp {
    "2026-11-22T16:10:00Z".parse().expect("a time")
}

fn decoded(object: &Value) -> Objects {
    let mut objects = Objects::default();
    decode_json(&object.to_string(), &mut |object| objects.add(object.expect("an object"))).expect("JSON");
    objects
}

fn pod(namespace: &str, name: &str, image: &str, state: &Value) -> Pod {
    let set = name.rsplit_once('-').map_or(name, |(set, _)| set);
    let hash = set.rsplit_once('-').map_or("", |(_, hash)| hash);
    let object = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "uid": format!("uid-{name}"),
            "labels": {"pod-template-hash": hash}, "creationTimestamp": "2026-11-22T16:00:00Z",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": "u",
                "controller": true}]},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "app", "image": image, "imageID": "",
            "state": state}]}});
    decoded(&object).pods.remove(0)
}

/// A pod whose container runs.
pub(crate) fn running(namespace: &str, name: &str, image: &str) -> Pod {
    pod(namespace, name, image, &json!({"running": {}}))
}

/// A pod whose container waits for its image.
pub(crate) fn waiting(namespace: &str, name: &str, image: &str, words: &str) -> Pod {
    let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {words}");
    pod(namespace, name, image, &json!({"waiting": {"reason": "ImagePullBackOff", "message": message}}))
}

/// A pod whose container waits with this reason and message.
pub(crate) fn waiting_with(name: &str, image: &str, reason: &str, message: &str) -> Pod {
    pod("shop", name, image, &json!({"waiting": {"reason": reason, "message": message}}))
}

/// containerd's words for a manifest that is not there.
pub(crate) fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve image: \
         {image}: not found"
    )
}

/// An event about the container `app` of a pod.
pub(crate) fn event(name: &str, reason: &str, message: &str) -> Event {
    let object = json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"namespace": "shop", "name": format!("{name}.{reason}")},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": name, "uid": format!("uid-{name}"),
            "fieldPath": "spec.containers{app}"},
        "reason": reason, "message": message,
        "firstTimestamp": "2026-11-22T16:01:00Z", "lastTimestamp": "2026-11-22T16:02:00Z"});
    decoded(&object).events.remove(0)
}
