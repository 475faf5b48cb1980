//! How sightings become findings: grouping, certainty.

use proptest::prelude::*;
use pullmedic_model::finding::{Finding, Standing};
use pullmedic_model::{Cause, Certainty};

use serde_json::{Value, json};

mod support;

use support::{IMAGE, deployment, joined, pod};

fn found(objects: &[Value]) -> Vec<Finding> {
    joined(objects).into_iter().map(|found| found.finding).collect()
}

#[test]
fn a_fault_of_an_endpoint_is_one_finding_over_namespaces_and_images() {
    let objects = [
        pod("a", "p1", "registry.example.com/a:1", "ErrImagePull", "connection-refused"),
        pod("b", "p2", "registry.example.com/b:2", "ErrImagePull", "connection-refused"),
    ];
    let found = found(&objects);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].sightings.len(), found[0].images.len()), (2, 2));
}

#[test]
fn a_fault_of_a_login_is_one_finding_a_namespace() {
    let objects = ["a", "b"].map(|namespace| pod(namespace, "p", IMAGE, "ErrImagePull", "no-credentials"));
    assert_eq!(found(&objects).len(), 2);
}

#[test]
fn only_a_statement_about_itself_is_proof() {
    for (cause, reason, certainty) in [
        // The words of this test are not the kubelet's own: see `a_registry_may_borrow_the_kubelets_words`.
        (Cause::LocalQpsLimited, "ErrImagePull", Certainty::Likely),
        (Cause::InvalidReference, "InvalidImageName", Certainty::Proven),
        (Cause::InvalidReference, "ErrImagePull", Certainty::Likely),
        (Cause::PullSecretMalformed, "illegal base64 data at input byte 4", Certainty::Proven),
        (Cause::PullSecretMalformed, "ErrImagePull", Certainty::Likely),
        (Cause::TagNotFound, "ErrImagePull", Certainty::Likely),
        (Cause::NotFoundOrDenied, "ErrImagePull", Certainty::Undecided),
        (Cause::NeverPullAbsent, "ErrImageNeverPull", Certainty::Undecided),
    ] {
        let found = found(&[pod("a", "p", IMAGE, reason, cause.code())]);
        assert_eq!((found[0].cause, found[0].certainty), (cause, certainty), "{reason}");
        assert_eq!(found[0].missing.is_none(), certainty == Certainty::Proven, "{cause}");
    }
}

#[test]
fn an_old_kubelet_cannot_mean_a_cached_image_that_is_not_authorized() {
    let node = json!({"kind": "Node", "metadata": {"name": "n1"}, "status": {"nodeInfo": {"kubeletVersion": "v1.31.4+k3s1"}}});
    let found = found(&[pod("a", "p", IMAGE, "ErrImageNeverPull", "never-pull-absent"), node]);
    assert_eq!(found[0].certainty, Certainty::Likely);
    assert_eq!(
        (found[0].rivals[0].code, found[0].rivals[0].standing),
        (Cause::CachedNotAuthorized, Standing::Excluded)
    );
}

#[test]
fn a_back_off_without_words_says_what_is_missing() {
    let found = found(&[pod(
        "a",
        "p",
        IMAGE,
        "ImagePullBackOff",
        "Back-off pulling image \"registry.example.com/a:1\"",
    )]);
    assert_eq!((found[0].cause, found[0].certainty), (Cause::Unknown, Certainty::Undecided));
    assert!(found[0].missing.as_ref().is_some_and(|missing| missing.contains("Failed to pull image")));
    assert!(found[0].proof.is_empty());
}

#[test]
fn a_sandbox_wraps_what_its_words_suggest() {
    let mut waiting = pod("a", "p", IMAGE, "ContainerCreating", "");
    waiting["metadata"]["uid"] = "u".into();
    let event = json!({"kind": "Event", "metadata": {"namespace": "a"}, "reason": "FailedCreatePodSandBox",
        "involvedObject": {"kind": "Pod", "namespace": "a", "name": "p"}, "lastTimestamp": "2026-11-22T16:00:00Z",
        "message": "Failed to create pod sandbox: failed to get sandbox image \"p:1\": dns"});
    let found = found(&[waiting, event]);
    assert_eq!((found[0].cause, found[0].inner), (Cause::SandboxImage, Some(Cause::Dns)));
}

#[test]
fn a_pull_secret_that_the_kubelet_did_not_find_is_told_beside_the_refusal() {
    let event = json!({"kind": "Event", "metadata": {"namespace": "a"}, "reason": "FailedToRetrieveImagePullSecret",
        "involvedObject": {"kind": "Pod", "namespace": "a", "name": "p"},
        "message": "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed."});
    let found = found(&[pod("a", "p", IMAGE, "ErrImagePull", "no-credentials"), event]);
    assert_eq!(found[0].cause, Cause::NoCredentials, "the secret may be there by now");
    assert!(found[0].summary.contains("regcred"));
    assert!(found[0].missing.as_ref().is_some_and(|missing| missing.contains("regcred")));
    assert_eq!(found[0].observations.len(), 2);
}

#[test]
fn every_cause_has_a_sentence() {
    for &cause in Cause::ALL {
        let found = found(&[pod("a", "p", IMAGE, "ErrImagePull", cause.code())]);
        assert_eq!(found[0].cause, cause);
        assert!(found[0].summary.ends_with('.'), "{cause}: {}", found[0].summary);
    }
}

#[test]
fn a_webhook_is_not_the_api_server_itself() {
    let event = |message: &str| {
        json!({"kind": "Event", "metadata": {"namespace": "shop", "name": "e"}, "reason": "FailedCreate",
            "involvedObject": {"kind": "ReplicaSet", "namespace": "shop", "name": "web-5d"}, "message": message})
    };
    let own = found(&[event(
        "Error creating: Pod \"x\" is invalid: spec.containers[0].image: Invalid value: \" a\": invalid-reference",
    )]);
    assert_eq!(own[0].certainty, Certainty::Proven);
    let hook = found(&[event(
        "admission webhook \"signed.test\" denied the request: image signature: invalid-reference",
    )]);
    assert_eq!(hook[0].certainty, Certainty::Likely);
    assert!(
        found(&[event(
            "admission webhook \"cpu.test\" denied the request: container <nginx> image has no limits"
        )])
        .is_empty()
    );
}

#[test]
fn a_refusal_that_is_over_is_not_told() {
    let set = json!({"kind": "DaemonSet", "metadata": {"namespace": "shop", "name": "ds"},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "a:1"}]}}},
        "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 0}});
    let event = json!({"kind": "Event", "metadata": {"namespace": "shop", "name": "e"}, "reason": "FailedCreate",
        "involvedObject": {"kind": "DaemonSet", "namespace": "shop", "name": "ds"},
        "message": "Error creating: Pod \"x\" is invalid: spec.containers[0].image: Invalid value: \" a:1\": must not have leading or trailing whitespace"});
    assert!(found(&[set.clone(), event.clone()]).is_empty(), "the template has another image by now");
    let mut still = set;
    still["spec"]["template"]["spec"]["containers"][0]["image"] = " a:1".into();
    assert_eq!(found(&[still.clone(), event.clone()]).len(), 1);
    still["status"]["currentNumberScheduled"] = 3.into();
    assert!(found(&[still, event]).is_empty());
}

proptest! {
    #[test]
    fn arrival_order_never_matters(order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()) {
        let mut objects: Vec<Value> = deployment(json!({})).into();
        for (n, cause) in ["tag-not-found", "tag-not-found", "connection-refused", "dns", "connection-refused"].iter().enumerate() {
            let namespace = ["shop", "other"][n % 2];
            objects.push(pod(namespace, &format!("p{n}"), &format!("registry.example.com/a:{n}"), "ErrImagePull", cause));
        }
        let shuffled: Vec<Value> = order.iter().map(|&at| objects[at].clone()).collect();
        prop_assert_eq!(found(&shuffled), found(&objects));
    }
}
