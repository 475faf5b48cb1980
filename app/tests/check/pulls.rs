//! What is said of an image: there, not there, not whole, not for the platform, not to be reached, not to be afforded.

use testkit_registry::{
    Answer, Endpoint, Entry, Form, Image, Layer, Login, Quota, ReadyMade, Route, Rule, Transport, User,
};

use crate::support::{check, registry};

/// A list of these architectures, each with a layer of its own.
pub(crate) fn list(repository: &str, tag: &str, architectures: &[&str], seed: u64) -> Image {
    let entry = |(index, architecture): (usize, &&str)| {
        Entry::linux(architecture, vec![Layer::Random { bytes: 64, seed: seed + index as u64 }])
    };
    let entries = architectures.iter().enumerate().map(entry).collect();
    Image::of(repository, tag, Form::Index { entries, attestations: true })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_in_order_and_what_is_not_has_a_near_name() {
    let hub = Endpoint::named("hub")
        .image(Image::small("shop/cart", "4.1"))
        .image(Image::small("shop/cart", "4.0"));
    let running = registry(hub).await;
    let at = running.endpoint("hub");
    let (good, bad) = (format!("{at}/shop/cart:4.1"), format!("{at}/shop/cart:4.1.0"));
    let run = check(&running, &["hub"], &[&good, &bad, "-o", "json"], "").await;
    assert_eq!(run.entries(), ["tag-not-found cart:4.1.0 proven", "ok cart:4.1 -"], "{run:?}");
    assert_eq!(run.code, Some(1));
    assert_eq!(run.entry("tag-not-found")["nearest"][0]["name"], "4.1");
    assert_eq!(run.report()["registries"], 1);
    let run = check(&running, &["hub"], &[&good], "").await;
    assert_eq!((run.code, run.out.contains("no metered pull spent")), (Some(0), true), "{run:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_must_have_each_platform_that_is_wanted() {
    let hub = Endpoint::named("hub")
        .image(list("app", "both", &["amd64", "arm64"], 1))
        .image(list("app", "amd", &["amd64"], 5))
        .image(Image::small("app", "plain"));
    let running = registry(hub).await;
    let at = running.endpoint("hub");
    let images = ["both", "amd", "plain"].map(|tag| format!("{at}/app:{tag}"));
    let mut arguments: Vec<&str> = images.iter().map(String::as_str).collect();
    arguments.extend(["--platform", "linux/amd64", "--platform", "linux/arm64", "-o", "json"]);
    let run = check(&running, &["hub"], &arguments, "").await;
    let expected =
        ["platform-mismatch app:amd proven", "platform-mismatch app:plain proven", "ok app:both -"];
    assert_eq!(run.entries(), expected, "{run:?}");
    assert_eq!(run.entry("platform-mismatch")["detail"], "it has no linux/arm64");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_lacks_a_layer_or_is_none_is_found_by_reading_on() {
    let hub = Endpoint::named("hub")
        .image(list("app", "1", &["amd64", "arm64"], 1))
        .image(Image::of("chart", "1", Form::ReadyMade(ReadyMade::HelmChart)))
        .image(Image::of("empty", "1", Form::Index { entries: Vec::new(), attestations: true }))
        .rule(Rule::on(Route::Blob).reference("layer:0").status(404));
    let running = registry(hub).await;
    let at = running.endpoint("hub");
    let images = ["app:1", "chart:1", "empty:1"].map(|image| format!("{at}/{image}"));
    let mut arguments: Vec<&str> = images.iter().map(String::as_str).collect();
    arguments.extend(["-o", "json"]);
    let run = check(&running, &["hub"], &arguments, "").await;
    let expected = [
        "blob-missing app:1 proven",
        "unsupported-manifest chart:1 proven",
        "platform-mismatch empty:1 proven",
    ];
    assert_eq!(run.entries(), expected, "{run:?}");
    arguments.push("--shallow");
    let run = check(&running, &["hub"], &arguments, "").await;
    assert_eq!((run.code, run.entries().len()), (Some(0), 3), "one HEAD does not see it: {run:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_from_here_is_not_checked_and_no_finding() {
    let mut dead = Endpoint::named("dead");
    dead.transport = Transport::Refused;
    let ill =
        Endpoint::named("ill").image(Image::small("app", "1")).rule(Rule::on(Route::Manifest).status(503));
    let configuration = testkit_registry::Configuration { endpoints: vec![dead, ill], names: None };
    let running = testkit_registry::Registry::start(configuration).await.unwrap();
    let images = ["dead", "ill"].map(|name| format!("{}/app:1", running.endpoint(name)));
    let run = check(&running, &["dead", "ill"], &[&images[0], &images[1], "-o", "json"], "").await;
    assert_eq!(run.code, Some(2), "{run:?}");
    let said: Vec<String> = run.report()["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap().to_owned())
        .collect();
    assert!(said.iter().any(|reason| reason.ends_with("cannot be reached from here: refused")), "{said:?}");
    assert!(said.iter().any(|reason| reason.ends_with("answers 503 for now")), "{said:?}");
    // A loopback name is another machine on each node.
    let run = check(&running, &[], &[&images[1], "-o", "json"], "").await;
    assert!(run.entry("not-checked")["reason"].as_str().unwrap().contains("another machine"), "{run:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metered_host_is_read_only_when_told_to_and_the_price_is_said_first() {
    let mut hub = Endpoint::named("hub")
        .dialect(testkit_registry::Dialect::DockerHub)
        .public("*")
        .image(list("library/app", "1", &["amd64", "arm64"], 1));
    hub.anonymous_quota = Some(Quota { pulls: 100, window: std::time::Duration::from_secs(21_600) });
    let running = registry(hub).await;
    let image = format!("{}/library/app:1", running.endpoint("hub"));
    let run = check(&running, &["hub"], &[&image, "--platform", "linux/arm64", "-o", "json"], "").await;
    assert_eq!((run.code, run.entries()), (Some(2), vec!["not-checked app:1 -".to_owned()]), "{run:?}");
    let reason = "platforms and layers (metered host, --deep would spend 2 pulls)";
    assert_eq!(run.entry("not-checked")["reason"], reason);
    let gets = |running: &testkit_registry::Running| {
        running
            .requests()
            .iter()
            .filter(|request| request.method == "GET" && request.path().contains("/manifests/"))
            .count()
    };
    assert_eq!((gets(&running), run.report()["meteredPulls"].as_u64()), (0, Some(0)));
    let run =
        check(&running, &["hub"], &[&image, "--platform", "linux/arm64", "--deep", "-o", "json"], "").await;
    assert_eq!((run.code, run.entries()), (Some(0), vec!["ok app:1 -".to_owned()]), "{run:?}");
    assert!(run.err.starts_with("--deep: will spend up to 2 metered pulls at 127.0.0.1"), "{run:?}");
    assert_eq!((gets(&running), run.report()["meteredPulls"].as_u64()), (2, Some(2)));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_by_hand_that_wants_a_login_is_not_called_missing() {
    let hub = Endpoint::named("hub")
        .login(Login::Basic)
        .user(User::new("u", "p", "*"))
        .image(Image::small("app", "1"));
    let running = registry(hub).await;
    let image = format!("{}/app:1", running.endpoint("hub"));
    let run = check(&running, &["hub"], &[&image, "-o", "json"], "").await;
    assert_eq!((run.code, run.entries()), (Some(2), vec!["not-checked app:1 -".to_owned()]), "{run:?}");
    assert!(run.entry("not-checked")["reason"].as_str().unwrap().contains("answers 401"), "{run:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_not_there_is_proven_where_nothing_can_be_hidden() {
    let hub = Endpoint::named("hub").image(Image::small("shop/cart", "1"));
    let running = registry(hub).await;
    let image = format!("{}/shop/crat:1", running.endpoint("hub"));
    let run = check(&running, &["hub"], &[&image, "-o", "json"], "").await;
    assert_eq!(run.entries(), ["repository-not-found crat:1 proven"], "{run:?}");
    assert_eq!(run.entry("repository-not-found")["nearest"][0]["name"], "shop/cart");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_image_is_asked_for_once_however_many_ask() {
    let hub = Endpoint::named("hub")
        .image(Image::small("app", "1"))
        .rule(Rule::on(Route::Manifest).reference("never").answer(Answer::LoginPage));
    let running = registry(hub).await;
    let at = running.endpoint("hub");
    let account = "kind: ServiceAccount\nmetadata: {name: default}\n";
    let pods: String = (0..50)
        .map(|n| {
            format!(
                "---\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{containers: [{{image: '{at}/app:1'}}]}}\n"
            )
        })
        .collect();
    let run = check(&running, &["hub"], &["-f", "-", "-o", "json"], &format!("{account}{pods}")).await;
    assert_eq!((run.code, run.entries()), (Some(0), vec!["ok app:1 -".to_owned()]), "{run:?}");
    assert_eq!(run.entry("ok")["by"].as_array().unwrap().len(), 50);
    // HEAD and GET of the manifest, GET of the config, HEAD of the layer.
    assert_eq!(running.requests().len(), 4);
    running.stop().await;
}

/// A folder in OCI layout with an image that says when it was made.
fn layout(made: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let blob = |media: &str, value: serde_json::Value| {
        let text = value.to_string();
        let digest = testkit_registry::digest(text.as_bytes());
        std::fs::write(blobs.join(digest.split_once(':').unwrap().1), &text).unwrap();
        serde_json::json!({"mediaType": format!("application/vnd.oci.image.{media}.v1+json"), "digest": digest,
            "size": text.len()})
    };
    let config = blob(
        "config",
        serde_json::json!({"os": "linux", "architecture": "amd64", "created": made,
        "rootfs": {"type": "layers", "diff_ids": []}}),
    );
    let manifest = blob(
        "manifest",
        serde_json::json!({"schemaVersion": 2, "config": config, "layers": [],
        "mediaType": "application/vnd.oci.image.manifest.v1+json"}),
    );
    let write = |name: &str, value: serde_json::Value| {
        std::fs::write(folder.path().join(name), value.to_string()).unwrap()
    };
    write("oci-layout", serde_json::json!({"imageLayoutVersion": "1.0.0"}));
    write("index.json", serde_json::json!({"schemaVersion": 2, "manifests": [manifest]}));
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_near_tag_tells_when_its_image_was_made() {
    let folder = layout("2026-11-20T08:00:00Z");
    let form = Form::Layout { path: folder.path().to_owned(), reference: None };
    let running = registry(Endpoint::named("hub").image(Image::of("shop/cart", "4.1", form))).await;
    let image = format!("{}/shop/cart:4.2", running.endpoint("hub"));
    let run = check(&running, &["hub"], &[&image, "-o", "json"], "").await;
    let near = &run.entry("tag-not-found")["nearest"][0];
    assert_eq!((near["name"].as_str(), near["made"].as_str()), (Some("4.1"), Some("2026-11-20T08:00:00Z")));
    running.stop().await;
}
