//! The stand-in says what real kubelets said, and lets a pod run once the test registry serves its image.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod support;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use support::until;
use testkit_apiserver::{ApiServer, Kubelet, Options, Recording, Running};
use testkit_registry::{Configuration, Endpoint, Image, Registry, Route, Rule};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn pod(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "app", "image": image}]},
    })
}

fn recording() -> Recording {
    Recording::read(Path::new("../../examples/broken-cluster")).unwrap()
}

fn waiting(api: &Running, name: &str, field: &str) -> String {
    let pod = api.object("pods", "default", name).unwrap_or_default();
    pod["status"]["containerStatuses"][0]["state"]["waiting"][field].as_str().unwrap_or_default().to_owned()
}

fn events(api: &Running, name: &str) -> Vec<String> {
    let mut events = api.objects("events");
    events.sort_by_key(|event| event["metadata"]["name"].as_str().map(str::to_owned));
    events
        .iter()
        .filter(|event| event["involvedObject"]["name"] == *name)
        .map(|event| format!("{} {}", event["reason"].as_str().unwrap(), event["message"].as_str().unwrap()))
        .collect()
}

/// Whether a registry that speaks plain HTTP has a manifest.
async fn serves(address: String, image: String) -> bool {
    let ask = async {
        let (_, path) = image.split_once('/')?;
        let (repository, tag) = path.rsplit_once(':')?;
        let mut stream = tokio::net::TcpStream::connect(&address).await.ok()?;
        let request = format!(
            "HEAD /v2/{repository}/manifests/{tag} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer.starts_with("HTTP/1.1 200"))
    };
    ask.await.unwrap_or(false)
}

#[tokio::test]
async fn a_pod_runs_once_the_registry_really_serves_its_image() {
    let hub = Endpoint::named("hub")
        .image(Image::small("shop/cart", "4.2"))
        .rule(Rule::on(Route::Manifest).status(404));
    let registry = Arc::new(Registry::start(Configuration::of(hub)).await.unwrap());
    let address = registry.endpoint("hub").to_string();
    let api = ApiServer::start(Options::default()).await.unwrap();
    let words = recording().of_namespace("s01-a").cloned();
    let asked = address.clone();
    let _kubelet = Kubelet::new(&recording())
        .clock(200.0)
        .says(move |_, _| words.clone())
        .can_pull(move |image| serves(asked.clone(), image))
        .start(&api);
    let image = format!("{address}/shop/cart:4.2");
    api.create(pod("cart", &image)).unwrap();
    until("it backs off", || waiting(&api, "cart", "reason") == "ImagePullBackOff").await;
    let error = format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    );
    let backs_off = format!("Back-off pulling image \"{image}\"");
    assert_eq!(waiting(&api, "cart", "message"), format!("{backs_off}: ErrImagePull: {error}"));
    let told = events(&api, "cart");
    assert_eq!(
        told,
        [
            "Scheduled Successfully assigned default/cart to node-b".to_owned(),
            format!("Pulling Pulling image \"{image}\""),
            format!("Failed Failed to pull image \"{image}\": {error}"),
            "Failed Error: ErrImagePull".to_owned(),
            format!("BackOff {backs_off}"),
            "Failed Error: ImagePullBackOff".to_owned(),
        ]
    );
    until("it was tried again", || {
        api.objects("events")
            .iter()
            .any(|event| event["reason"] == "Pulling" && event["count"].as_u64() >= Some(2))
    })
    .await;
    registry.set_rules("hub", vec![]);
    until("it runs", || {
        api.object("pods", "default", "cart").is_some_and(|pod| pod["status"]["phase"] == "Running")
    })
    .await;
    let told = events(&api, "cart");
    let pulled = format!("Pulled Successfully pulled image \"{image}\" in ");
    assert!(told.iter().any(|event| event.starts_with(&pulled)), "{told:?}");
}

#[tokio::test]
async fn what_is_refused_before_any_pull_is_said_as_it_was_recorded() {
    let api = ApiServer::start(Options::default()).await.unwrap();
    let recorded = recording();
    let invalid = recorded.of_namespace("s03a-a").cloned().unwrap();
    let image = invalid.image.clone();
    let _kubelet = Kubelet::new(&recorded)
        .clock(200.0)
        .says(move |_, _| Some(invalid.clone()))
        .can_pull(|_| async { true })
        .start(&api);
    api.create(pod("bad", &image)).unwrap();
    until("it is refused", || waiting(&api, "bad", "reason") == "InvalidImageName").await;
    let told = events(&api, "bad");
    assert!(told.iter().any(|event| event.contains("InvalidImageName")), "{told:?}");
    assert!(!told.iter().any(|event| event.starts_with("Pulling")), "{told:?}");
}

#[test]
fn every_recorded_message_takes_another_image_in_the_place_of_its_own() {
    for words in recording().all().iter().filter(|words| words.pulls()) {
        let said = words.error_of("other.example/a/b:7");
        assert!(!said.contains(&words.image), "{said}");
    }
}
