//! A registry that is well: what pull and content discovery ask for.

mod support;

use std::collections::BTreeMap;

use support::{ask, get, run};
use testkit_registry::{
    Attached, Endpoint, Entry, File, FileContent, Form, Image, Layer, ReadyMade, Registry, Running, digest,
};

async fn with(image: Image) -> (Running, std::net::SocketAddr) {
    let running = run([Endpoint::named("r").image(image)]).await;
    let address = running.endpoint("r");
    (running, address)
}

#[tokio::test]
async fn a_manifest_is_the_same_by_tag_and_by_digest_and_its_digest_is_true() {
    let (running, address) = with(Image::small("team/app", "1.0")).await;
    let by_tag = get(address, "/v2/team/app/manifests/1.0").await;
    let known = running.digest("r", "team/app", "1.0");
    assert_eq!(by_tag.header("docker-content-digest"), Some(known.as_str()));
    assert_eq!(digest(&by_tag.body), known);
    let by_digest = get(address, &format!("/v2/team/app/manifests/{known}")).await;
    assert_eq!(by_digest.body, by_tag.body);
    let head = ask(address, "HEAD", "/v2/team/app/manifests/1.0", &[]).await;
    assert_eq!((head.status, head.length(), head.body.len()), (200, by_tag.body.len(), 0));
    assert_eq!(head.header("content-type"), Some("application/vnd.oci.image.manifest.v1+json"));
}

#[tokio::test]
async fn blobs_are_what_their_digest_says_whole_and_in_ranges() {
    let (running, address) = with(Image::small("team/app", "1.0")).await;
    let built = running.images("r").remove(0);
    for blob in built.configs.iter().chain(&built.layers) {
        let came = get(address, &format!("/v2/team/app/blobs/{blob}")).await;
        assert_eq!(digest(&came.body), *blob);
    }
    let target = format!("/v2/team/app/blobs/{}", built.layers[0]);
    let whole = get(address, &target).await;
    let size = whole.body.len();
    for (range, from, to) in [("bytes=0-9", 0, 10), ("bytes=10-", 10, size), ("bytes=-5", size - 5, size)] {
        let part = ask(address, "GET", &target, &[("Range", range)]).await;
        assert_eq!((part.status, &part.body[..]), (206, &whole.body[from..to]), "{range}");
        let told = format!("bytes {from}-{}/{size}", to - 1);
        assert_eq!(part.header("content-range"), Some(told.as_str()));
    }
    assert_eq!(ask(address, "GET", &target, &[("Range", "bytes=99999999-")]).await.status, 416);
}

#[tokio::test]
async fn what_is_absent_is_said_in_the_words_of_distribution() {
    let (_running, address) = with(Image::small("team/app", "1.0")).await;
    let zero = "0".repeat(64);
    for (target, said) in [
        ("/v2/team/app/manifests/2.0".to_owned(), "404 MANIFEST_UNKNOWN no challenge"),
        ("/v2/team/other/manifests/1.0".to_owned(), "404 MANIFEST_UNKNOWN no challenge"),
        ("/v2/team/other/tags/list".to_owned(), "404 NAME_UNKNOWN no challenge"),
        (format!("/v2/team/app/blobs/sha256:{zero}"), "404 BLOB_UNKNOWN no challenge"),
        ("/v2/team/app/blobs/sha256:../../x".to_owned(), "400 DIGEST_INVALID no challenge"),
        ("/elsewhere".to_owned(), "404 - no challenge"),
    ] {
        assert_eq!(get(address, &target).await.said(), said, "{target}");
    }
    let pushed = ask(address, "PUT", "/v2/team/app/manifests/1.0", &[]).await;
    assert_eq!(pushed.said(), "405 UNSUPPORTED no challenge");
}

#[tokio::test]
async fn tags_come_in_pages_that_end() {
    let mut image = Image::small("team/app", "a");
    image.tags = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
    let (_running, address) = with(image).await;
    let mut target = "/v2/team/app/tags/list?n=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = get(address, &target).await;
        seen.push(page.json()["tags"].as_array().unwrap().len());
        let Some(link) = page.header("link") else { break };
        target = link.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!(seen, [2, 2, 1]);
    assert_eq!(get(address, "/v2/_catalog").await.json()["repositories"][0], "team/app");
}

#[tokio::test]
async fn referrers_are_found_and_filtered() {
    let mut image = Image::small("team/app", "1.0");
    for artifact_type in ["application/spdx+json", "application/vnd.example.signature"] {
        image.attached.push(Attached { artifact_type: artifact_type.to_owned(), text: "x".to_owned() });
    }
    let (running, address) = with(image).await;
    let target = format!("/v2/team/app/referrers/{}", running.digest("r", "team/app", "1.0"));
    assert_eq!(get(address, &target).await.json()["manifests"].as_array().unwrap().len(), 2);
    let filtered = get(address, &format!("{target}?artifactType=application/spdx%2Bjson")).await;
    assert_eq!(filtered.json()["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(filtered.header("oci-filters-applied"), Some("artifactType"));
}

#[tokio::test]
async fn a_client_that_takes_no_index_is_told_so_by_a_404() {
    let index = Form::Index { entries: vec![Entry::linux("arm64", vec![])], attestations: false };
    let (_running, address) = with(Image::of("team/app", "1", index)).await;
    let docker = [("Accept", "application/vnd.docker.distribution.manifest.v2+json")];
    let came = ask(address, "GET", "/v2/team/app/manifests/1", &docker).await;
    assert_eq!(came.status, 404);
    assert!(came.text().contains("OCI index found, but accept header does not support OCI indexes"));
    let all = [("Accept", "application/vnd.oci.image.index.v1+json, */*;q=0.1")];
    assert_eq!(ask(address, "GET", "/v2/team/app/manifests/1", &all).await.status, 200);
}

#[tokio::test]
async fn an_index_names_its_platforms_and_attestations() {
    let entries = vec![Entry::linux("amd64", vec![]), Entry::linux("arm64", vec![])];
    let (_running, address) =
        with(Image::of("team/app", "1", Form::Index { entries, attestations: true })).await;
    let index = get(address, "/v2/team/app/manifests/1").await.json();
    let platforms: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["platform"]["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(platforms, ["amd64", "arm64", "unknown", "unknown"]);
    let only = Form::Index { entries: vec![], attestations: true };
    let (_running, address) = with(Image::of("team/app", "1", only)).await;
    let index = get(address, "/v2/team/app/manifests/1").await.json();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn odd_images_are_what_they_say() {
    let described = |digest: &str, urls: Vec<String>| {
        let layer = Layer::Described { digest: digest.to_owned(), size: 9, media_type: None, urls };
        Form::Image(Entry::linux("amd64", vec![layer]))
    };
    let endpoint = Endpoint::named("r")
        .image(Image::of("odd/schema1", "1", Form::ReadyMade(ReadyMade::Schema1)))
        .image(Image::of("odd/chart", "1", Form::ReadyMade(ReadyMade::HelmChart)))
        .image(Image::of("odd/artifact", "1", Form::ReadyMade(ReadyMade::Artifact)))
        .image(Image::of("odd/large", "1", Form::Large(5 << 20)))
        .image(Image::of("odd/many", "1", Form::IndexOfMany(1000)))
        .image(Image::of("odd/itself", "1", Form::IndexOfItself))
        .image(Image::of("odd/digest", "1", described("sha256:../../x", vec![])))
        .image(Image::of("odd/foreign", "1", described(&digest(b"x"), vec!["{url:other}/layer".to_owned()])));
    let running = run([endpoint, Endpoint::named("other")]).await;
    let address = running.endpoint("r");
    let fetch = async |repository: &str| get(address, &format!("/v2/odd/{repository}/manifests/1")).await;
    assert_eq!(fetch("schema1").await.json()["schemaVersion"], 1);
    assert!(fetch("schema1").await.header("content-type").unwrap().ends_with("prettyjws"));
    let chart = fetch("chart").await.json();
    assert_eq!(chart["config"]["mediaType"], "application/vnd.cncf.helm.config.v1+json");
    assert_eq!(fetch("artifact").await.json()["artifactType"], "application/vnd.example.thing");
    assert!(fetch("large").await.body.len() > 5 << 20);
    assert_eq!(fetch("many").await.json()["manifests"].as_array().unwrap().len(), 1000);
    let itself = fetch("itself").await.json();
    let inner = itself["manifests"][0]["digest"].as_str().unwrap().to_owned();
    assert_eq!(get(address, &format!("/v2/odd/itself/manifests/{inner}")).await.json(), itself);
    assert_eq!(fetch("digest").await.json()["layers"][0]["digest"], "sha256:../../x");
    let url = format!("{}/layer", running.url("other"));
    assert_eq!(fetch("foreign").await.json()["layers"][0]["urls"][0], url);
}

#[tokio::test]
async fn the_same_data_gives_the_same_digests_everywhere() {
    let files = BTreeMap::from([(
        "etc/hello".to_owned(),
        File { content: FileContent::Text("hello".to_owned()), mode: 0o644 },
    )]);
    let layers = vec![Layer::Files(files), Layer::Random { bytes: 100_000, seed: 3 }];
    let (running, _) = with(Image::of("a", "1", Form::Image(Entry::linux("amd64", layers)))).await;
    // Changes only with the builder; then every digest kept elsewhere changes, too.
    let digests = (running.digest("r", "a", "1"), running.images("r").remove(0).layers);
    assert_eq!(digests, expected());
}

fn expected() -> (String, Vec<String>) {
    let text = |text: &str| format!("sha256:{text}");
    (
        text("bb05d286087fc6f327a144b8ae7cbd35c81945503eeff6f768288611a654dfa6"),
        vec![
            text("34d0e8cd3e27c1a85084e5bc4cad29bc4a0de99a73e538fd72287383bc18f8b4"),
            text("0b01d2590776670854f6c871bacb4697df9c6f716746812582fdfb36ebb3f2b8"),
        ],
    )
}

#[tokio::test]
async fn an_executable_becomes_a_runnable_image() {
    let (running, address) = with(Image::executable("run/me", "1", "amd64", b"\x7fELF".to_vec())).await;
    let config = running.images("r").remove(0).configs.remove(0);
    let config = get(address, &format!("/v2/run/me/blobs/{config}")).await.json();
    assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/run"]));
    assert_eq!(config["os"], "linux");
}

#[tokio::test]
async fn an_oci_layout_is_served_with_everything_below_it() {
    let (source, from) = with(Image::small("team/app", "1.0")).await;
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let built = source.images("r").remove(0);
    let save = |digest: &str, bytes: &[u8]| {
        std::fs::write(blobs.join(digest.trim_start_matches("sha256:")), bytes).unwrap();
    };
    let manifest = get(from, "/v2/team/app/manifests/1.0").await;
    save(&built.digest, &manifest.body);
    for blob in built.configs.iter().chain(&built.layers) {
        save(blob, &get(from, &format!("/v2/team/app/blobs/{blob}")).await.body);
    }
    let entry = serde_json::json!({
        "mediaType": manifest.header("content-type"),
        "digest": built.digest,
        "size": manifest.body.len(),
        "annotations": {"org.opencontainers.image.ref.name": "waiter"},
    });
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [entry]});
    std::fs::write(folder.path().join("index.json"), index.to_string()).unwrap();

    let layout = |reference: &str| Form::Layout {
        path: folder.path().to_owned(),
        reference: Some(reference.to_owned()),
    };
    let (copy, address) = with(Image::of("copied/app", "2", layout("waiter"))).await;
    assert_eq!(copy.digest("r", "copied/app", "2"), built.digest);
    let layer = get(address, &format!("/v2/copied/app/blobs/{}", built.layers[0])).await;
    assert_eq!(digest(&layer.body), built.layers[0]);

    let absent = Endpoint::named("r").image(Image::of("copied/app", "2", layout("other")));
    let error = Registry::start(testkit_registry::Configuration::of(absent)).await.unwrap_err();
    assert_eq!(error.to_string(), "build the image copied/app:2: index.json names no such reference");
}

#[tokio::test]
async fn tags_move_while_it_runs() {
    let (running, address) = with(Image::small("team/app", "1.0")).await;
    let before = get(address, "/v2/team/app/manifests/1.0").await;
    let mut other = Image::small("team/app", "other");
    other.tags = vec!["1.0".to_owned()];
    running.set_images("r", &[other]).unwrap();
    assert_ne!(get(address, "/v2/team/app/manifests/1.0").await.body, before.body);
}

#[tokio::test]
async fn requests_are_written_down_with_all_that_they_held() {
    let (running, address) = with(Image::small("team/app", "1.0")).await;
    let headers = [("Authorization", support::basic("ann", "canary-7"))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ask(address, "HEAD", "/v2/team/app/manifests/1.0?ns=docker.io", &headers).await;
    let requests = running.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.status), ("HEAD", Some(200)));
    assert_eq!(request.target, "/v2/team/app/manifests/1.0?ns=docker.io");
    assert_eq!(request.basic(), Some(("ann".to_owned(), "canary-7".to_owned())));
    assert_eq!(running.seen_at("canary-7").into_iter().collect::<Vec<_>>(), ["r"]);
    running.clear();
    assert!(running.requests().is_empty());
}
