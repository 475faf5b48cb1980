//! What is said of a cluster: its workloads with their logins and nodes, and tags that moved under running pods.

use serde_json::{Value, json};
use testkit_registry::{Endpoint, Entry, Form, Image, Layer, Login, Running, User};

use crate::cluster::{Server, account, deployment, node, pod, pod_in, secret};
use crate::pulls::list;
use crate::support::{Run, check, registry};

async fn live(running: &Running, server: &Server, more: &[&str]) -> Run {
    let (_folder, kubeconfig) = server.kubeconfig();
    let mut arguments = vec!["-A", "--kubeconfig", &kubeconfig, "-o", "json"];
    arguments.extend(more);
    check(running, &["hub"], &arguments, "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_workload_is_asked_for_with_its_own_logins_and_platforms() {
    let hub = Endpoint::named("hub")
        .login(Login::Basic)
        .user(User::new("dev", "right-one", "*"))
        .image(list("app", "amd", &["amd64"], 1))
        .image(list("app", "s390", &["s390x"], 5));
    let running = registry(hub).await;
    let host = running.endpoint("hub").to_string();
    let server = Server::start(vec![
        secret("good", &host, "dev", "right-one"),
        account(&["good"]),
        node("n1", "amd64"),
        node("n2", "arm64"),
        deployment("one", &format!("{host}/app:amd")),
        deployment("two", &format!("{host}/app:s390")),
        deployment("three", &format!("{host}/app:gone")),
    ]);
    let run = live(&running, &server, &[]).await;
    assert_eq!(
        run.entries(),
        // Whether a pod would ever land on one of these nodes is not known.
        [
            "platform-mismatch app:amd likely",
            "tag-not-found app:gone proven",
            "platform-mismatch app:s390 likely"
        ],
        "{run:?}"
    );
    assert!(!format!("{run:?}").contains("right-one"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moved_under_a_running_pod_is_stale_by_index_and_by_manifest() {
    let running = registry(Endpoint::named("hub").image(list("app", "1", &["amd64", "arm64"], 1))).await;
    let host = running.endpoint("hub").to_string();
    let image = format!("{host}/app:1");
    let digests = running.images("hub");
    let old = digests.iter().find(|built| built.repository == "app").unwrap();
    let (index, amd64) = (old.digest.clone(), old.entries[0].clone());
    let moved = list("app", "1", &["amd64", "arm64"], 90);
    let kept = Image { tags: vec!["old".into()], ..list("app", "1", &["amd64", "arm64"], 1) };
    let by_name = |digest: &str| pod("cart-1", &image, &format!("{host}/app@{digest}"));
    for runs in [&index, &amd64] {
        let run = live(&running, &Server::start(vec![node("n1", "amd64"), by_name(runs)]), &[]).await;
        assert_eq!((run.code, run.entries()), (Some(0), vec!["ok app:1 -".to_owned()]), "{run:?}");
    }
    running.set_images("hub", &[moved, kept]).unwrap();
    for runs in [&index, &amd64] {
        let run = live(&running, &Server::start(vec![node("n1", "amd64"), by_name(runs)]), &[]).await;
        assert_eq!(
            (run.code, run.entries()),
            (Some(1), vec!["stale-image app:1 proven".to_owned()]),
            "{run:?}"
        );
        let entry = run.entry("stale-image");
        assert!(entry["pin"].as_str().unwrap().starts_with(&format!("{host}/app@sha256:")), "{entry}");
        assert_eq!(entry["by"][0]["owner"], "Pod/cart-1");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_runtime_tells_without_its_repository_is_not_compared() {
    let running = registry(Endpoint::named("hub").image(Image::small("app", "1"))).await;
    let image = format!("{}/app:1", running.endpoint("hub"));
    let bare = format!("sha256:{}", "a".repeat(64));
    let run =
        live(&running, &Server::start(vec![node("n1", "amd64"), pod("cart-1", &image, &bare)]), &[]).await;
    assert_eq!((run.code, run.entries()), (Some(2), vec!["not-checked app:1 -".to_owned()]), "{run:?}");
    assert!(
        run.entry("not-checked")["reason"].as_str().unwrap().contains("only the image's config"),
        "{run:?}"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mismatch_is_proven_where_a_pod_stands_on_such_a_node() {
    let running = registry(Endpoint::named("hub").image(list("app", "1", &["s390x"], 1))).await;
    let image = format!("{}/app:1", running.endpoint("hub"));
    let server =
        Server::start(vec![node("n1", "amd64"), pod_in("cart-1", &image, "", json!({"waiting": {}}))]);
    let run = live(&running, &server, &[]).await;
    assert_eq!(run.entries(), ["platform-mismatch app:1 proven"], "{run:?}");
    let (_folder, kubeconfig) = server.kubeconfig();
    let elsewhere = ["-n", "other", "--kubeconfig", &kubeconfig, "-o", "json"];
    let run = check(&running, &["hub"], &elsewhere, "").await;
    assert_eq!((run.code, run.entries().len()), (Some(0), 0), "{run:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_takes_386_and_no_later_variant_as_containerd_does() {
    let variant = |name: &str, seed: u64| {
        let entry = Entry::linux("amd64", vec![Layer::Random { bytes: 64, seed }]);
        let entry = Entry { variant: Some(name.into()), ..entry };
        Image::of("app", name, Form::Index { entries: vec![entry], attestations: false })
    };
    let hub = Endpoint::named("hub")
        .image(list("app", "i386", &["386", "arm64"], 1))
        .image(variant("v1", 11))
        .image(variant("v3", 12));
    let running = registry(hub).await;
    let host = running.endpoint("hub").to_string();
    let waiting = |name: &str| pod_in(name, &format!("{host}/app:{name}"), "", json!({"waiting": {}}));
    let server = Server::start(vec![node("n1", "amd64"), waiting("i386"), waiting("v1"), waiting("v3")]);
    let run = live(&running, &server, &[]).await;
    assert_eq!(run.entries(), ["platform-mismatch app:v3 proven", "ok app:i386 -", "ok app:v1 -"], "{run:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_now_is_never_proven_to_be_absent() {
    let hub = Endpoint::named("hub")
        .login(Login::Basic)
        .user(User::new("dev", "right-one", "*"))
        .image(Image::small("app", "0.9"))
        .image(list("app", "s390", &["s390x"], 5));
    let running = registry(hub).await;
    let host = running.endpoint("hub").to_string();
    let runs = json!({"running": {"startedAt": "2026-11-22T22:31:00Z"}});
    let waits = json!({"waiting": {"reason": "ImagePullBackOff"}});
    let anonymous = |image: &str, state: &Value| {
        let (kind, mut pod) = pod_in("web", &format!("{host}/{image}"), "", state.clone());
        pod["spec"]["imagePullSecrets"] = json!([]);
        (kind, pod)
    };
    let with_login = |image: &str, state: &Value| {
        let (kind, mut pod) = anonymous(image, state);
        pod["spec"]["imagePullSecrets"] = json!([{"name": "good"}]);
        (kind, pod)
    };
    for (code, pod, expected) in [
        ("tag-not-found", with_login("app:1.0", &waits), Some("proven")),
        ("tag-not-found", with_login("app:1.0", &runs), None),
        ("platform-mismatch", with_login("app:s390", &waits), Some("proven")),
        ("platform-mismatch", with_login("app:s390", &runs), None),
        // Which right is wanting is not settled without a login that is let in.
        ("no-credentials", anonymous("app:0.9", &waits), Some("undecided")),
        ("no-credentials", anonymous("app:0.9", &runs), None),
    ] {
        let server = Server::start(vec![secret("good", &host, "dev", "right-one"), node("n1", "amd64"), pod]);
        let run = live(&running, &server, &["--notes", "none"]).await;
        let entry = run.entry(code);
        let told = entry["detail"].as_str().unwrap();
        if let Some(certainty) = expected {
            assert_eq!(entry["certainty"], certainty, "{code}: {run:?}");
            assert!(!told.contains("runs now"), "{told}");
            continue;
        }
        assert_ne!(entry["certainty"], "proven", "{code}: {run:?}");
        for part in [
            "runs now for Pod/web on n1: a node's mirror or another login may have it",
            "nodes' mirrors were not looked at",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_on_another_platform_speaks_for_that_one_only() {
    let running = registry(Endpoint::named("hub").image(list("app", "1", &["amd64"], 1))).await;
    let image = format!("{}/app:1", running.endpoint("hub"));
    let digest = running.images("hub")[0].digest.clone();
    let by_name = format!("{}/app@{digest}", running.endpoint("hub"));
    let server = Server::start(vec![node("n1", "amd64"), pod("cart-1", &image, &by_name)]);
    let run = live(&running, &server, &["--platform", "linux/amd64", "--platform", "linux/arm64"]).await;
    assert_eq!(run.entries(), ["platform-mismatch app:1 proven"], "{run:?}");
    running.stop().await;
}
