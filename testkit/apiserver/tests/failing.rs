//! What goes wrong, each seen by a client.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Client, NoLine, until};
use testkit_apiserver::{
    ApiServer, FaultId, Options, Refusal, Rule, Running, Then, User, Versions, WatchFault, Watches, When,
};

fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": {}})
}

async fn started() -> (Running, Client) {
    let api = ApiServer::start(Options::default()).await.unwrap();
    let client = Client::of(&api.kubeconfig(api.admin_token())).await;
    (api, client)
}

const PODS: &str = "/api/v1/namespaces/default/pods";
const WATCH: &str = "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=";

async fn watching(api: &Running, client: &Client) -> support::Lines {
    let lines = client.watch(&format!("{WATCH}{}", api.version())).await;
    until("a watch is open", || api.open_watches(&Watches::of("pods")) > 0).await;
    lines
}

#[tokio::test]
async fn a_refusal_strikes_as_often_as_it_is_told_and_no_other_request() {
    let (api, client) = started().await;
    let strike =
        |refusal: Refusal| -> FaultId { api.fault(When::on("list", "pods").times(1), Then::Refuse(refusal)) };
    for (refusal, code, reason, after) in [
        (Refusal::too_many(7), 429, "TooManyRequests", Some("7")),
        (Refusal::internal(), 500, "InternalError", None),
        (Refusal::unavailable(), 503, "ServiceUnavailable", None),
        (Refusal::unauthorized(), 401, "Unauthorized", None),
        (Refusal::expired(1, 9), 410, "Expired", None),
    ] {
        strike(refusal);
        assert_eq!(client.get("/api/v1/nodes").await.code, 200);
        let answer = client.get(PODS).await;
        assert_eq!((answer.code, answer.value["reason"].as_str()), (code, Some(reason)));
        assert_eq!(answer.headers.get("retry-after").map(|value| value.to_str().unwrap()), after);
        assert_eq!(client.get(PODS).await.code, 200, "once only");
    }
    let words = api.fault(When::any().after(1), Then::Words(502, "<html>bad gateway</html>".into()));
    assert_eq!(client.get(PODS).await.code, 200);
    assert_eq!(client.get(PODS).await.value, "<html>bad gateway</html>");
    api.heal(words);
    assert_eq!(client.get(PODS).await.code, 200);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_took_effect_and_one_that_is_closed_did_not() {
    let (api, client) = started().await;
    let body = |name: &str| pod(name).to_string();
    let send = async |name: &str| {
        let headers = [("content-type", "application/json")];
        client.try_send("POST", PODS, &headers, &body(name)).await
    };
    api.fault(When::writes().times(1), Then::Close);
    assert!(send("closed").await.is_err());
    assert_eq!(api.object("pods", "default", "closed"), None);
    api.fault(When::writes().times(1), Then::LoseAnswer);
    assert!(send("lost").await.is_err());
    assert!(api.object("pods", "default", "lost").is_some());
    let hang = api.fault(When::writes(), Then::HangAfter);
    let late = tokio::time::timeout(Duration::from_millis(200), send("hung")).await;
    assert!(late.is_err(), "no answer");
    assert!(api.object("pods", "default", "hung").is_some());
    api.heal(hang);
    api.fault(When::writes().times(1), Then::Delay(Duration::from_millis(150)));
    let start = Instant::now();
    assert_eq!(send("late").await.unwrap().code, 201);
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(api.count(|request| request.faulted && request.verb == "create"), 4);
    assert_eq!(api.count(|request| request.faulted && request.code.is_none()), 3, "closed, lost, hung");
}

#[tokio::test]
async fn a_silent_watch_stays_open_past_its_time_and_says_nothing() {
    let (api, client) = started().await;
    let mut lines = client.watch(&format!("{WATCH}{}&timeoutSeconds=1", api.version())).await;
    until("a watch is open", || api.open_watches(&Watches::of("pods")) > 0).await;
    assert_eq!(api.disturb(&Watches::of("pods"), WatchFault::Silent), 1);
    api.create(pod("a")).unwrap();
    assert_eq!(lines.within(Duration::from_millis(1_300)).await, Err(NoLine::Silent));
    api.disturb(&Watches::of("pods"), WatchFault::Break);
    assert_eq!(lines.next().await, Err(NoLine::Broken(String::new())));
}

#[tokio::test]
async fn a_watch_repeats_itself_breaks_off_lies_and_expires() {
    let (api, client) = started().await;
    let pods = Watches::of("pods");
    let mut lines = watching(&api, &client).await;
    api.disturb(&pods, WatchFault::Duplicate);
    api.create(pod("a")).unwrap();
    assert_eq!([lines.word().await, lines.word().await], ["ADDED a", "ADDED a"]);
    api.disturb(&pods, WatchFault::Line("{\"type\":\"MODIFIED\",\"object\":{\"spec\":7}}".into()));
    assert_eq!(lines.next().await.unwrap()["object"]["spec"], 7);
    assert_eq!(api.bookmark(), 1);
    assert_eq!(lines.next().await.unwrap()["type"], "BOOKMARK");
    api.disturb(&pods, WatchFault::CutMidLine);
    api.create(pod("b")).unwrap();
    match lines.next().await {
        Err(NoLine::Broken(part)) => assert!(part.starts_with("{\"type\":\"ADDED\""), "{part}"),
        other => panic!("{other:?}"),
    }
    let mut lines = watching(&api, &client).await;
    api.disturb(&pods, WatchFault::Expire);
    assert_eq!(lines.next().await.unwrap()["object"]["code"], 410);
    assert_eq!(lines.next().await, Err(NoLine::End(String::new())));
    let mut lines = watching(&api, &client).await;
    api.disturb(&pods, WatchFault::End);
    assert_eq!(lines.next().await, Err(NoLine::End(String::new())));
}

#[tokio::test]
async fn a_fault_makes_watches_ill_from_their_start() {
    let (api, client) = started().await;
    api.create(pod("a")).unwrap();
    api.fault(When::on("watch", "pods").times(1), Then::Watch(WatchFault::Silent));
    let mut ill = client.watch("/api/v1/pods?watch=1").await;
    let mut well = client.watch("/api/v1/pods?watch=1").await;
    assert_eq!(well.word().await, "ADDED a");
    assert_eq!(ill.within(Duration::from_millis(100)).await, Err(NoLine::Silent));
}

#[tokio::test]
async fn a_restart_breaks_watches_which_resume_if_the_versions_are_kept() {
    let (api, client) = started().await;
    for name in ["a", "b", "c", "d"] {
        api.create(pod(name)).unwrap();
    }
    let version = api.version();
    let mut lines = watching(&api, &client).await;
    api.down().await;
    assert!(matches!(lines.next().await, Err(NoLine::Broken(_) | NoLine::End(_))));
    assert!(client.try_send("GET", PODS, &[], "").await.is_err());
    api.create(pod("e")).unwrap();
    api.up(Versions::Kept).await.unwrap();
    let mut lines = client.watch(&format!("{WATCH}{version}")).await;
    assert_eq!(lines.word().await, "ADDED e", "what happened meanwhile is told");
    api.down().await;
    api.up(Versions::Reset).await.unwrap();
    let answer = client.get(&format!("{WATCH}{version}")).await;
    assert_eq!(
        (answer.code, answer.value["reason"].as_str()),
        (504, Some("Timeout")),
        "a version of the future"
    );
    assert_eq!(client.get(PODS).await.value["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn an_object_that_does_not_decode_can_be_put_there() {
    let (api, client) = started().await;
    api.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad", "namespace": "default"}, "spec": [7]}))
        .unwrap();
    assert_eq!(client.get(PODS).await.value["items"][0]["spec"], json!([7]));
}

#[tokio::test]
async fn bad_input_is_refused_and_breaks_nothing() {
    let (api, client) = started().await;
    api.create(pod("a")).unwrap();
    let json = "application/json";
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (method, path, media, body) in [
        ("POST", PODS, json, "7"),
        ("POST", PODS, json, "{"),
        ("POST", PODS, json, deep.as_str()),
        ("POST", PODS, json, r#"{"metadata":7}"#),
        ("POST", PODS, json, r#"{"metadata":{"name":"x","labels":"y"}}"#),
        ("POST", PODS, json, r#"{"metadata":{"name":"../x"}}"#),
        ("POST", "/api/v1/namespaces", json, r#"{"metadata":{"name":"x","labels":[]}}"#),
        (
            "POST",
            "/api/v1/namespaces/default/secrets",
            json,
            r#"{"metadata":{"name":"x"},"data":1,"stringData":{"a":"b"}}"#,
        ),
        ("PUT", "/api/v1/namespaces/default/pods/a", json, r#"{"metadata":{"name":"a","annotations":3}}"#),
        (
            "PATCH",
            "/api/v1/namespaces/default/pods/a",
            "application/json-patch+json",
            r#"[{"op":"replace","path":"","value":7}]"#,
        ),
        (
            "PATCH",
            "/api/v1/namespaces/default/pods/a",
            "application/json-patch+json",
            r#"[{"op":"replace","path":"/metadata","value":7}]"#,
        ),
        (
            "PATCH",
            "/api/v1/namespaces/default/pods/a",
            "application/merge-patch+json",
            r#"{"metadata":{"finalizers":7}}"#,
        ),
        ("PATCH", "/api/v1/namespaces/default/pods/a", "application/merge-patch+json", "7"),
        (
            "PATCH",
            "/api/v1/namespaces/default/pods/a?fieldManager=m",
            "application/apply-patch+yaml",
            "a: [b",
        ),
        ("PATCH", "/api/v1/namespaces/default/pods/a?fieldManager=m", "application/apply-patch+yaml", "7"),
        (
            "PATCH",
            "/api/v1/namespaces/default/pods/a?fieldManager=m",
            "application/apply-patch+yaml",
            r#"{"apiVersion":"v1","kind":"Pod","metadata":[]}"#,
        ),
        ("DELETE", "/api/v1/namespaces/default/pods/a", json, "{"),
        ("GET", "/api/v1/pods?continue=%ff%00&limit=1", json, ""),
        ("GET", "/api/v1/pods?labelSelector=(((", json, ""),
        ("GET", "/api/v1/pods?watch=1&resourceVersion=-1", json, ""),
        ("GET", "/api/v1/namespaces/%2e%2e/pods/%ff", json, ""),
    ] {
        let answer = client.send(method, path, &[("content-type", media)], body).await;
        assert!((400..500).contains(&answer.code), "{method} {path} {body}: {answer:?}");
    }
    assert_eq!(client.get(PODS).await.value["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_rotated_on_disk_goes_on() {
    let api = ApiServer::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "old").unwrap();
    api.add_token("old", User::service_account("default", "controller"));
    api.set_rules("system:serviceaccount:default:controller", vec![Rule::on("", &["pods"], &["*"])]);
    let old = Client::of(&api.kubeconfig_of_file(&file)).await;
    assert_eq!(old.get(PODS).await.code, 200);
    api.add_token("new", User::service_account("default", "controller"));
    api.revoke_token("old");
    std::fs::write(&file, "new").unwrap();
    let new = Client::of(&api.kubeconfig_of_file(&file)).await;
    assert_eq!(new.get(PODS).await.code, 200);
    api.revoke_token("new");
    assert_eq!(new.get(PODS).await.code, 401);
}
