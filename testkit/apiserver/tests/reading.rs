//! Lists, pages, watches and streaming lists.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod support;

use serde_json::{Value, json};
use support::{Client, NoLine};
use testkit_apiserver::{ApiServer, Options, Request, Rule, Running, User};

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"nodeName": "a", "containers": [{"name": "app", "image": "x"}]},
    })
}

async fn with_pods(names: &[&str]) -> (Running, Client) {
    let api = ApiServer::start(Options::default()).await.unwrap();
    for name in names {
        api.create(pod(name)).unwrap();
    }
    let client = Client::of(&api.kubeconfig(api.admin_token())).await;
    (api, client)
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_show_one_version_whatever_changes_between_them() {
    let (api, client) = with_pods(&["a", "b", "c", "d", "e"]).await;
    let first = client.get("/api/v1/pods?limit=2").await.value;
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 3);
    api.delete("pods", "default", "c");
    api.create(pod("bb")).unwrap();
    let next = first["metadata"]["continue"].as_str().unwrap();
    let second = client.get(&format!("/api/v1/pods?limit=9&continue={next}")).await.value;
    assert_eq!(names(&second), ["c", "d", "e"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    api.compact();
    let late = client.get(&format!("/api/v1/pods?limit=9&continue={next}")).await;
    assert_eq!((late.code, late.value["reason"].as_str()), (410, Some("Expired")));
    let rest = late.value["metadata"]["continue"].as_str().unwrap();
    let rest = client.get(&format!("/api/v1/pods?limit=9&continue={rest}")).await.value;
    assert_eq!(names(&rest), ["bb", "d", "e"]);
}

#[tokio::test]
async fn a_streaming_list_tells_all_there_is_then_that_it_did_then_changes() {
    let (api, client) = with_pods(&["a", "b"]).await;
    let path = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut lines = client.watch(path).await;
    assert_eq!([lines.word().await, lines.word().await], ["ADDED a", "ADDED b"]);
    let mark = lines.next().await.unwrap();
    assert_eq!(mark["type"], "BOOKMARK");
    assert_eq!(mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    api.create(pod("c")).unwrap();
    api.change("pods", "default", "a", |pod| pod["status"]["phase"] = "Running".into()).unwrap();
    api.delete("pods", "default", "b");
    let words = [lines.word().await, lines.word().await, lines.word().await, lines.word().await];
    assert_eq!(words, ["ADDED c", "MODIFIED a", "MODIFIED b", "DELETED b"]);
    let old = ApiServer::start(Options { streaming_lists: false, ..Options::default() }).await.unwrap();
    let client = Client::of(&old.kubeconfig(old.admin_token())).await;
    assert_eq!(client.get(path).await.code, 422);
}

#[tokio::test]
async fn a_watch_resumes_where_it_stood_and_is_told_when_that_is_forgotten() {
    let (api, client) = with_pods(&["a"]).await;
    let version = client.get("/api/v1/pods").await.value["metadata"]["resourceVersion"].clone();
    let path = format!("/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion={}", version.as_str().unwrap());
    api.create(pod("b")).unwrap();
    let mut lines = client.watch(&path).await;
    assert_eq!(lines.word().await, "ADDED b");
    assert_eq!(lines.next().await, Err(NoLine::End(String::new())), "its time is over");
    api.compact();
    let mut lines = client.watch(&path).await;
    let error = lines.next().await.unwrap();
    assert_eq!((&error["type"], &error["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert_eq!(error["object"]["reason"], "Expired");
}

#[tokio::test]
async fn a_selected_watch_sees_what_begins_and_ceases_to_fit() {
    let (api, client) = with_pods(&["a", "b"]).await;
    let mut lines =
        client.watch("/api/v1/namespaces/default/pods?watch=1&fieldSelector=status.phase%3DPending").await;
    assert_eq!([lines.word().await, lines.word().await], ["ADDED a", "ADDED b"]);
    let phase = |name: &str, phase: &str| {
        api.change("pods", "default", name, |pod| pod["status"]["phase"] = phase.into()).unwrap();
    };
    phase("a", "Running");
    phase("a", "Failed");
    phase("a", "Pending");
    assert_eq!([lines.word().await, lines.word().await], ["DELETED a", "ADDED a"]);
}

#[tokio::test]
async fn metadata_is_told_alone_where_that_is_asked_for() {
    let (_api, client) = with_pods(&["a"]).await;
    let list =
        [("accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json")];
    let list = client.send("GET", "/api/v1/pods", &list, "").await.value;
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(list["items"][0]["kind"], "PartialObjectMetadata");
    assert_eq!(list["items"][0].get("spec"), None);
    let one = [("accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")];
    let one = client.send("GET", "/api/v1/namespaces/default/pods/a", &one, "").await.value;
    assert_eq!((one["kind"].as_str(), one.get("status")), (Some("PartialObjectMetadata"), None));
}

#[tokio::test]
async fn every_request_is_written_down_with_who_and_how_it_was_answered() {
    let (api, admin) = with_pods(&["a"]).await;
    api.add_token("ann-token", User::named("ann"));
    let ann = Client::of(&api.kubeconfig("ann-token")).await;
    let refused = ann.get("/api/v1/namespaces/default/pods/a").await;
    assert_eq!(
        refused.value["message"],
        r#"pods "a" is forbidden: User "ann" cannot get resource "pods" in API group "" in the namespace "default""#
    );
    api.set_rules("ann", vec![Rule::on("", &["pods"], &["get", "list"]).in_namespace("default")]);
    assert_eq!(ann.get("/api/v1/namespaces/default/pods/a").await.code, 200);
    assert_eq!(ann.get("/api/v1/pods").await.code, 403);
    api.deny("ann", vec![Rule::on("*", &["*"], &["*"])]);
    assert_eq!(ann.get("/api/v1/namespaces/default/pods/a").await.code, 403);
    api.deny("ann", vec![]);
    assert_eq!(ann.get("/api/v1/namespaces/default/pods").await.code, 200);
    api.revoke_token("ann-token");
    assert_eq!(ann.get("/api/v1/namespaces/default/pods/a").await.value["reason"], "Unauthorized");
    admin.get("/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion=0").await;
    let told: Vec<(String, String, Option<u16>)> = api
        .requests()
        .into_iter()
        .map(|request| (request.user, format!("{} {}", request.verb, request.resource), request.code))
        .collect();
    let ann = |what: &str, code| ("ann".to_owned(), what.to_owned(), Some(code));
    assert_eq!(
        told,
        [
            ann("get pods", 403),
            ann("get pods", 200),
            ann("list pods", 403),
            ann("get pods", 403),
            ann("list pods", 200),
            (String::new(), "get pods".to_owned(), Some(401)),
            ("admin".to_owned(), "watch pods".to_owned(), Some(200)),
        ]
    );
    assert_eq!(api.count(Request::lists), 3, "two lists, and a watch from no version");
}
