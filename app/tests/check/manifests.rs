//! What is read of manifests, and where it stands.

use testkit_registry::{Endpoint, Image, Login, User};

use crate::cluster::{Server, account, node, secret};
use crate::pulls::list;
use crate::support::{check, registry};

fn deployment(image: &str, secrets: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    spec:\n      \
         imagePullSecrets: [{secrets}]\n      containers:\n      - name: app\n        image: {image}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_stands_at_its_file_and_line_for_github() {
    let running = registry(Endpoint::named("hub").image(Image::small("app", "1"))).await;
    let at = running.endpoint("hub");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cart.yaml");
    let account = "kind: ServiceAccount\nmetadata: {name: default}\n---\n";
    std::fs::write(&file, format!("{account}{}", deployment(&format!("{at}/app:2"), ""))).unwrap();
    let place = folder.path().display().to_string();
    let run = check(&running, &["hub"], &["-f", &place, "-o", "github"], "").await;
    let first = run.out.lines().next().unwrap();
    let expected = format!("::error file={},line=14,title=tag-not-found (proven)::", file.display());
    assert!(first.starts_with(&expected), "{first}");
    assert_eq!(run.code, Some(1));
    let run = check(&running, &["hub"], &["-f", &place, "-o", "json"], "").await;
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/check.schema.json")).unwrap();
    jsonschema::validate(&schema, &run.report()).unwrap();
    let by = &run.entry("tag-not-found")["by"][0];
    assert_eq!((by["owner"].as_str(), by["line"].as_u64()), (Some("Deployment/cart"), Some(14)));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_resource_is_read_where_it_is_said_to_name_images() {
    let running = registry(Endpoint::named("hub").image(Image::small("app", "1"))).await;
    let at = running.endpoint("hub");
    let text = format!(
        "kind: Widget\nmetadata: {{name: w}}\nspec:\n  parts:\n  - image: {at}/app:1\n  - image: {at}/app:9\n"
    );
    let run = check(&running, &["hub"], &["-f", "-", "-o", "json"], &text).await;
    assert_eq!((run.code, run.entries().len()), (Some(0), 0), "{run:?}");
    let path = ["-f", "-", "--image-path", "Widget=.spec.parts[*].image", "-o", "json"];
    let run = check(&running, &["hub"], &path, &text).await;
    assert_eq!(run.entries(), ["tag-not-found app:9 proven", "ok app:1 -"], "{run:?}");
    assert_eq!(run.entry("tag-not-found")["by"][0]["line"], 6);
    running.stop().await;
}

/// A private registry, and a cluster with its login.
async fn private() -> (testkit_registry::Running, Server) {
    let hub = Endpoint::named("hub")
        .login(Login::Basic)
        .user(User::new("dev", "right-one", "*"))
        .image(list("shop/cart", "1", &["amd64"], 1));
    let running = registry(hub).await;
    let host = running.endpoint("hub").to_string();
    let server = Server::start(vec![
        secret("good", &host, "dev", "right-one"),
        secret("stale", &host, "dev", "wrong-one"),
        account(&["good"]),
        node("n1", "amd64"),
    ]);
    (running, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cluster_no_login_is_judged() {
    let (running, _server) = private().await;
    let image = format!("{}/shop/cart:1", running.endpoint("hub"));
    for (secrets, why) in
        [("name: good", "pull secrets good"), ("", "pull secrets of ServiceAccount default")]
    {
        let secrets = if secrets.is_empty() { String::new() } else { format!("{{{secrets}}}") };
        let run = check(&running, &["hub"], &["-f", "-", "-o", "json"], &deployment(&image, &secrets)).await;
        assert_eq!((run.code, run.entries()), (Some(2), vec!["not-checked cart:1 -".to_owned()]), "{run:?}");
        assert!(run.entry("not-checked")["reason"].as_str().unwrap().starts_with(why), "{run:?}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_cluster_each_image_is_asked_for_as_its_pods_will() {
    let (running, server) = private().await;
    let (_folder, kubeconfig) = server.kubeconfig();
    let image = format!("{}/shop/cart:1", running.endpoint("hub"));
    for (secrets, expected) in [
        ("{name: good}", "ok cart:1 -"),
        // The ServiceAccount's.
        ("", "ok cart:1 -"),
        // No login was seen to pass, so what the secret would change is not proven.
        ("{name: absent}", "pull-secret-missing cart:1 likely"),
    ] {
        let arguments = ["-f", "-", "--with-cluster", "--kubeconfig", &kubeconfig, "-o", "json"];
        let run = check(&running, &["hub"], &arguments, &deployment(&image, secrets)).await;
        assert_eq!(run.entries(), [expected], "{run:?}");
    }
    let lists: Vec<String> = server.asked().into_iter().filter(|path| path.contains("secrets")).collect();
    assert!(lists.iter().all(|path| path.contains("/secrets/")), "by name only: {lists:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_is_told_as_far_as_it_is_proven() {
    let (running, server) = private().await;
    let (_folder, kubeconfig) = server.kubeconfig();
    let image = format!("{}/shop/cart:1", running.endpoint("hub"));
    let arguments = ["-f", "-", "--with-cluster", "--kubeconfig", &kubeconfig, "-o", "json"];
    let run = check(&running, &["hub"], &arguments, &deployment(&image, "{name: stale}")).await;
    let entry = run.entries().remove(0);
    assert!(entry.starts_with("bad-credentials") || entry.starts_with("not-found-or-denied"), "{run:?}");
    assert_eq!(run.code, Some(1));
    assert!(!format!("{run:?}").contains("wrong-one"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traps_are_noted_quietly_and_fail_nothing() {
    let running =
        registry(Endpoint::named("hub").image(Image::small("app", "latest")).image(Image::small("app", "1")))
            .await;
    let at = running.endpoint("hub");
    let pod = format!(
        "kind: ServiceAccount\nmetadata: {{name: default}}\n---\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  \
         - {{name: a, image: '{at}/app'}}\n  - {{name: b, image: '{at}/app:1', imagePullPolicy: IfNotPresent}}\n  \
         - {{name: c, image: '{at}/gone:1', imagePullPolicy: Never}}\n"
    );
    let run = check(&running, &["hub"], &["-f", "-", "-o", "json"], &pod).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let codes: Vec<String> = run.entries().iter().filter(|entry| !entry.starts_with("ok")).cloned().collect();
    assert_eq!(codes, ["moving-tag app -", "pull-policy gone:1 -"]);
    let pin = run.entry("moving-tag")["pin"].as_str().unwrap().to_owned();
    assert!(pin.starts_with(&format!("{at}/app@sha256:")), "{pin}");
    let all = check(&running, &["hub"], &["-f", "-", "-o", "json", "--notes", "all"], &pod).await;
    assert!(all.entries().contains(&"no-digest app:1 -".to_owned()), "{all:?}");
    let none = check(&running, &["hub"], &["-f", "-", "-o", "json", "--notes", "none"], &pod).await;
    assert!(none.entries().iter().all(|entry| entry.starts_with("ok")), "{none:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_does_not_decode_fails_the_pull_of_a_public_image() {
    let running = registry(Endpoint::named("hub").image(Image::small("app", "1"))).await;
    let image = format!("{}/app:1", running.endpoint("hub"));
    let broken = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"namespace": "shop", "name": "broken"}, "data": {".dockerconfigjson": "bm90IEpTT04gY2FuYXJ5"}});
    let server = Server::start(vec![("secrets", broken), account(&[])]);
    let (_folder, kubeconfig) = server.kubeconfig();
    let arguments = ["-f", "-", "--with-cluster", "--kubeconfig", &kubeconfig, "-o", "json"];
    let run = check(&running, &["hub"], &arguments, &deployment(&image, "{name: broken}")).await;
    assert_eq!(run.entries(), ["pull-secret-malformed app:1 proven"], "{run:?}");
    assert!(!format!("{run:?}").contains("canary"));
    running.stop().await;
}
