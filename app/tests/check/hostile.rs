//! Bad input, budgets, and credentials that nobody may see.

use std::time::{Duration, Instant};

use testkit_registry::{Endpoint, Image, Login, User};

use crate::cluster::{Server, account, secret};
use crate::support::{check, registry, run};

fn alone(arguments: &[&str], input: &str) -> crate::support::Run {
    let all: Vec<String> =
        std::iter::once("check").chain(arguments.iter().copied()).map(str::to_owned).collect();
    run(&all, input)
}

#[test]
fn what_is_no_manifest_is_told_and_ends_with_2() {
    let megabytes = "x: [".repeat(2_500_000);
    let text = format!("kind: Pod\nmetadata:\n  annotations: {{a: '{}'}}\n", "y".repeat(10_000_000));
    for (input, told) in [
        ("just words\n", "no kind: not a Kubernetes object"),
        ("kind: [\n", "not valid YAML"),
        ("", "it holds no Kubernetes object"),
        (megabytes.as_str(), "not valid YAML"),
        (text.as_str(), "it has no pod template at spec"),
        ("kind: Deployment\nmetadata: {name: x}\n", "it has no pod template at spec.template.spec"),
        ("kind: Pod\nspec: {containers: []}\n", "spec names no container"),
        (
            "kind: Pod\nspec: {containers: [{image: [canary]}]}\n",
            "spec.containers[0].image has the wrong type",
        ),
        ("{\"kind\": \"Pod\",", "not valid JSON"),
    ] {
        let begun = Instant::now();
        let run = alone(&["-f", "-", "-o", "json"], input);
        assert_eq!(run.code, Some(2), "{told}: {:.300}", run.err);
        let reason = run.report()["skipped"][0]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(told) && !reason.contains("canary"), "{reason:.300} and not {told}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{told}");
    }
    let run = alone(&["-f", "/no/such/file"], "");
    assert!(run.code == Some(2) && run.err.starts_with("error: failed to read /no/such/file"), "{run:?}");
}

#[test]
fn an_image_that_does_not_parse_is_told_with_its_line_and_nothing_is_asked() {
    let text = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - image: registry.acme.test/Shop/cart:1\n  - name: b\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pod.yaml");
    std::fs::write(&file, text).unwrap();
    let place = file.display().to_string();
    let run = alone(&["-f", &place, "-o", "json"], "");
    assert_eq!(run.code, Some(1));
    let report = run.report();
    let entries = report["entries"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["verdict"]["code"] == "invalid-reference"), "{run:?}");
    let named = entries.iter().find(|entry| entry["image"] != "").unwrap();
    assert_eq!(
        (named["by"][0]["file"].as_str(), named["by"][0]["line"].as_u64()),
        (Some(place.as_str()), Some(5))
    );
    assert_eq!(named["nearest"][0]["name"], "registry.acme.test/shop/cart:1");
    assert_eq!(
        entries.iter().find(|entry| entry["image"] == "").unwrap()["detail"],
        "the image is empty at character 1"
    );
}

#[test]
fn nothing_to_do_and_contradictions_are_refused_or_told() {
    for arguments in [
        &["-f", "-", "-A"][..],
        &["nginx", "-f", "-"],
        &["--deep", "--shallow", "nginx"],
        &["--image-path", "x"],
    ] {
        let run = alone(arguments, "");
        assert!(run.code == Some(2) && run.err.contains("error"), "{arguments:?}: {run:?}");
    }
    let help = alone(&["--help"], "");
    assert!(
        help.code == Some(0) && help.out.contains("kustomize build . | pullmedic check -f -"),
        "{help:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tags_of_one_repository_stay_within_rate_and_time() {
    let running = registry(Endpoint::named("hub").image(Image::small("app", "1"))).await;
    let at = running.endpoint("hub");
    let pods: String = (0..10_000)
        .map(|n| format!("---\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{containers: [{{image: '{at}/app:v{n}'}}]}}\n"))
        .collect();
    let begun = Instant::now();
    let run = check(&running, &["hub"], &["-f", "-", "-o", "json", "--probe-timeout", "3s"], &pods).await;
    let took = begun.elapsed();
    let report = run.report();
    assert_eq!(report["images"], 10_000);
    assert!(run.code == Some(1) || run.code == Some(2), "{}", run.err);
    // The budget of a host: 100 at once, then 50 in a second.
    let most = 100 + 50 * (usize::try_from(took.as_secs()).unwrap() + 1);
    let asked = running.requests().len();
    assert!(asked <= most, "{asked} requests in {took:?}");
    let open =
        report["entries"].as_array().unwrap().iter().filter(|entry| entry["verdict"]["is"] == "not-checked");
    assert!(open.count() > 9_000);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_output_holds_a_credential_and_only_its_registry_gets_it() {
    let canary = format!("canary-{}", std::process::id());
    let hub = Endpoint::named("hub")
        .login(Login::Basic)
        .user(User::new("dev", &canary, "*"))
        .image(Image::small("app", "1"));
    let other = Endpoint::named("other").image(Image::small("app", "1"));
    let configuration = testkit_registry::Configuration { endpoints: vec![hub, other], names: None };
    let running = testkit_registry::Registry::start(configuration).await.unwrap();
    let host = running.endpoint("hub").to_string();
    let server = Server::start(vec![secret("good", &host, "dev", &canary), account(&["good"])]);
    let (_folder, kubeconfig) = server.kubeconfig();
    let pod = format!(
        "kind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - image: {host}/app:1\n  - image: {host}/app:2\n  \
         - image: {}/app:1\n---\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {canary}}}\n",
        running.endpoint("other")
    );
    for form in ["text", "wide", "json", "yaml", "github"] {
        let arguments = ["-f", "-", "--with-cluster", "--kubeconfig", &kubeconfig, "-o", form];
        let run = check(&running, &["hub", "other"], &arguments, &pod).await;
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(!format!("{run:?}").contains(&canary), "{form}: {run:?}");
    }
    let got =
        |name: &str| running.requests_at(name).iter().filter(|request| request.basic().is_some()).count();
    assert!(got("hub") > 0);
    assert_eq!(got("other"), 0);
    running.stop().await;
}
