//! Rights that are asked for, and single objects.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use pullmedic_cluster::Named;
use support::{Server, forbidden, ok, refusal, review, status};

async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_right_is_asked_for_once_a_minute_however_many_want_to_know() {
    let granted = Arc::new(Mutex::new(true));
    let now = Arc::clone(&granted);
    let server = Server::start(move |request| {
        let asked: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(asked["kind"], "SelfSubjectAccessReview");
        let attributes = &asked["spec"]["resourceAttributes"];
        assert_eq!((&attributes["verb"], &attributes["resource"]), (&"get".into(), &"secrets".into()));
        review(*now.lock().unwrap() && attributes["namespace"] == "shop")
    });
    let cluster = server.cluster().await;
    let ask = async || cluster.may("get", "", "secrets", Some("shop")).await.unwrap();
    assert!(join_all((0..50).map(|_| ask())).await.into_iter().all(|allowed| allowed));
    assert_eq!(cluster.requests().reviews, 1);
    assert!(!cluster.may("get", "", "secrets", Some("bank")).await.unwrap());
    assert!(!cluster.may("get", "", "secrets", Some("bank")).await.unwrap());
    assert_eq!(cluster.requests().reviews, 2);
    *granted.lock().unwrap() = false;
    assert!(ask().await);
    pass(61).await;
    assert!(!ask().await);
    assert_eq!(cluster.requests().reviews, 3);
}

#[tokio::test]
async fn a_right_that_nobody_tells_of_is_an_error_and_asked_for_again() {
    let mut asked = 0;
    let server = Server::start(move |_| {
        asked += 1;
        match asked {
            1 => status(404, refusal(404, "no such thing")),
            2 => ok("<html>"),
            _ => review(true),
        }
    });
    let cluster = server.cluster().await;
    for _ in 0..2 {
        let error = cluster.may("patch", "apps", "deployments", None).await.unwrap_err();
        assert_eq!(error.to_string(), "read the right to patch deployments");
    }
    assert!(cluster.may("patch", "apps", "deployments", None).await.unwrap());
}

#[tokio::test]
async fn an_owner_a_node_and_an_account_are_read_by_name() {
    let object = |kind: &str, version: &str, name: &str, rest: &str| {
        ok(format!(
            r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{{"name":"{name}","namespace":"shop"}}{rest}}}"#
        ))
    };
    let server = Server::start(move |request| match request.path() {
        "/apis/apps/v1/namespaces/shop/deployments/web" => {
            object("Deployment", "apps/v1", "web", r#","spec":{"replicas":3}"#)
        }
        "/apis/batch/v1/namespaces/shop/jobs/nightly" => object("Job", "batch/v1", "nightly", r#","spec":7"#),
        "/api/v1/nodes/node-a" => object("Node", "v1", "node-a", ""),
        "/api/v1/nodes/node-b" => forbidden("nodes"),
        "/api/v1/namespaces/shop/serviceaccounts/builder" => {
            object("ServiceAccount", "v1", "builder", r#","imagePullSecrets":[{"name":"reg"}]"#)
        }
        _ => status(404, refusal(404, "not found")),
    });
    let cluster = server.cluster().await;
    let Named::Found(owner) = cluster.read_owner("shop", "apps/v1", "Deployment", "web").await else {
        panic!()
    };
    assert_eq!((owner.kind.as_str(), owner.spec.replicas), ("Deployment", Some(3)));
    let Named::Found(node) = cluster.read_node("node-a").await else { panic!() };
    assert_eq!(node.metadata.name, "node-a");
    let Named::Found(account) = cluster.read_account("shop", "builder").await else { panic!() };
    assert_eq!(account.image_pull_secrets[0].name, "reg");
    assert!(matches!(cluster.read_owner("shop", "apps/v1", "ReplicaSet", "gone").await, Named::Absent));
    let Named::Unread(skipped) = cluster.read_node("node-b").await else { panic!() };
    assert!(skipped.needs.unwrap().starts_with("get on nodes"));
    let Named::Unread(skipped) = cluster.read_owner("shop", "batch/v1", "Job", "nightly").await else {
        panic!()
    };
    assert_eq!(skipped.reason, "it does not decode: spec has the wrong type");
    assert_eq!((cluster.requests().gets, cluster.requests().lists, cluster.requests().refused), (6, 0, 1));
}

#[tokio::test]
async fn a_kind_that_is_not_ours_and_a_name_that_cannot_be_are_not_asked_for() {
    let server = Server::start(|request| panic!("{request:?}"));
    let cluster = server.cluster().await;
    for (api_version, kind) in [("argoproj.io/v1alpha1", "Rollout"), ("batch.volcano.sh/v1alpha1", "Job")] {
        assert!(matches!(cluster.read_owner("shop", api_version, kind, "web").await, Named::Foreign));
    }
    for name in ["../secrets/x", "", "a/b"] {
        assert!(matches!(cluster.read_owner("shop", "apps/v1", "Deployment", name).await, Named::Absent));
        assert!(matches!(cluster.read_account(name, "default").await, Named::Absent));
        assert!(matches!(cluster.read_node(name).await, Named::Absent));
    }
    assert!(server.seen().is_empty());
}
