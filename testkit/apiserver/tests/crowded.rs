//! Populations: as many pods as are asked for, from one that was recorded.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use support::Client;
use testkit_apiserver::{ApiServer, Options, Population, Running, recorded_failures};

const RECORDING: &str = "../../examples/broken-cluster/pods.yaml";

async fn crowd(pods: u32) -> (Running, testkit_apiserver::Crowd, Client) {
    let api = ApiServer::start(Options::default()).await.unwrap();
    let failures = recorded_failures(Path::new(RECORDING), 20).unwrap();
    assert_eq!(failures.len(), 20);
    let crowd = Population::new(pods).nodes(pods / 30).failing(0.01, failures).settle(&api);
    let client = Client::of(&api.kubeconfig(api.admin_token())).await;
    (api, crowd, client)
}

fn waits(pod: &Value) -> bool {
    let statuses = ["initContainerStatuses", "containerStatuses"];
    statuses.iter().filter_map(|which| pod["status"][which].as_array()).flatten().any(|status| {
        status["state"]["waiting"]["reason"].as_str().is_some_and(|reason| reason.contains("Image"))
    })
}

#[tokio::test]
async fn pods_are_as_large_as_real_ones_and_each_is_another() {
    let (_api, crowd, client) = crowd(3_000).await;
    let mut names = BTreeSet::new();
    let mut failing = 0;
    let mut bytes = 0;
    let mut after = String::new();
    loop {
        let page = client.get(&format!("/api/v1/pods?limit=500{after}")).await.value;
        for pod in page["items"].as_array().unwrap() {
            assert!(pod["metadata"]["managedFields"].is_array());
            names.insert((pod["metadata"]["uid"].to_string(), pod["metadata"]["name"].to_string()));
            failing += u32::from(waits(pod));
            bytes += pod.to_string().len();
        }
        match page["metadata"]["continue"].as_str() {
            Some(next) => after = format!("&continue={next}"),
            None => break,
        }
    }
    assert_eq!((names.len(), failing, crowd.failing()), (3_000, 30, 30));
    assert!(bytes / 3_000 >= 6 * 1024, "{} bytes each", bytes / 3_000);
    assert_eq!(client.get("/api/v1/nodes").await.value["items"].as_array().unwrap().len(), 100);
    let pod = &client.get("/api/v1/pods?limit=1").await.value["items"][0];
    let owner = &pod["metadata"]["ownerReferences"][0];
    let path = format!(
        "/apis/apps/v1/namespaces/{}/replicasets/{}",
        pod["metadata"]["namespace"].as_str().unwrap(),
        owner["name"].as_str().unwrap()
    );
    let set = client.get(&path).await.value;
    assert_eq!(set["metadata"]["uid"], owner["uid"]);
    assert_eq!(set["metadata"]["ownerReferences"][0]["kind"], "Deployment");
    let node = client.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-0007").await.value;
    assert!(!node["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_streaming_list_of_many_is_told_whole_and_then_the_changes() {
    let (api, crowd, client) = crowd(1_500).await;
    let path = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut lines = client.watch(path).await;
    for _ in 0..1_500 {
        assert_eq!(lines.next().await.unwrap()["type"], "ADDED");
    }
    assert_eq!(lines.next().await.unwrap()["type"], "BOOKMARK");
    let (_, name) = crowd.name(7);
    crowd.turn(7, Some(3));
    let failing = lines.next().await.unwrap();
    assert_eq!(
        (failing["type"].as_str(), failing["object"]["metadata"]["name"].as_str()),
        (Some("MODIFIED"), Some(&*name))
    );
    assert!(waits(&failing["object"]));
    crowd.turn(7, None);
    assert!(!waits(&lines.next().await.unwrap()["object"]));
    let changes = crowd.change(200);
    for _ in 0..50 {
        assert_eq!(lines.within(Duration::from_secs(2)).await.unwrap()["type"], "MODIFIED");
    }
    changes.stop();
    let served = api.measure_streaming_list("pods").await.unwrap();
    assert!(served.bytes > 1_500 * 6 * 1024, "{served:?}");
    let busy = api.requests().last().unwrap().busy;
    assert!(busy > Duration::ZERO && busy <= served.elapsed, "{busy:?} of {served:?}");
}
