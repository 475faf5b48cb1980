//! What we take in, keep and show: the rows of `security.md` about content, each with its bad input.

mod support;

use std::time::Duration;

use pullmedic_model::probe::What;
use pullmedic_model::probe::manifest::Manifest;
use pullmedic_model::probe::record::{Ended, Got, NotAsked};
use pullmedic_model::probe::route::Scheme;
use pullmedic_registry::{ClientCertificate, Credential, Prober, Settings, Trust};
use support::{CANARY, ask, bench, credential, end, get, head, host, written};
use testkit_registry::{
    Answer, Body, Delivery, Endpoint, Entry, Form, Image, Layer, Login, Nth, Route, Rule, User,
};

fn open(name: &str) -> Endpoint {
    Endpoint::named(name).image(Image::small("team/app", "1.0"))
}

#[tokio::test]
async fn row_5_pages_stay_at_their_origin_and_end() {
    let bench = bench(
        vec![
            open("evil").rule(
                Rule::on(Route::Tags).answer(Answer::Link("{url:other}/v2/team/app/tags/list".to_owned())),
            ),
            open("endless")
                .rule(Rule::on(Route::Tags).answer(Answer::Link("{own}{path}?n=1&last=x".to_owned()))),
            open("other"),
        ],
        |_, settings| settings.limits.pages = 3,
    )
    .await;
    let record = bench.ask("evil", "team/app", What::Tags).await;
    assert!(matches!(record.got(), Some(Got::Tags { complete: false, .. })), "{record:?}");
    assert!(bench.running.requests_at("other").is_empty());
    let record = bench.ask("endless", "team/app", What::Tags).await;
    assert!(matches!(record.got(), Some(Got::Tags { complete: false, .. })), "{record:?}");
    assert!(bench.running.requests_at("endless").len() <= 3);
}

#[tokio::test]
async fn row_6_urls_of_a_foreign_layer_are_not_asked() {
    let layer = Layer::Described {
        digest: format!("sha256:{}", "b".repeat(64)),
        size: 9,
        urls: vec!["{url:foreign}/layer".to_owned()],
        media_type: None,
    };
    let image = Image::of("team/win", "1", Form::Image(Entry::linux("amd64", vec![layer])));
    let bench = bench(vec![open("r").image(image), open("foreign")], |_, _| {}).await;
    let record = bench.ask("r", "team/win", get("1")).await;
    let Some(Got::Manifest { manifest: Some(Manifest::Image { layers, .. }), .. }) = record.got() else {
        panic!("{record:?}")
    };
    assert!(layers[0].foreign);
    let record = bench.ask("r", "team/win", What::Blob(layers[0].digest.clone())).await;
    assert_eq!(end(&record), "blob 404");
    assert!(bench.running.requests_at("foreign").is_empty());
}

#[tokio::test]
async fn row_7_a_digest_is_parsed_before_any_use() {
    let evil = |digest: &str| {
        let layer = Layer::Described { digest: digest.to_owned(), size: 9, urls: vec![], media_type: None };
        Image::of("team/evil", "1", Form::Image(Entry::linux("amd64", vec![layer])))
    };
    let long = format!("sha256:{}", "a".repeat(1_000_000));
    let upper = format!("sha256:{}", "A".repeat(64));
    for digest in ["sha256:../../x", "", "sha256:ab", &upper, &long] {
        let bench = bench(vec![open("r").image(evil(digest))], |_, _| {}).await;
        assert_eq!(end(&bench.ask("r", "team/evil", get("1")).await), "manifest WrongContent");
        let before = bench.running.requests().len();
        for what in [
            What::Config(digest.to_owned()),
            What::Blob(digest.to_owned()),
            What::BlobHead(digest.to_owned()),
        ] {
            let record = bench.ask("r", "team/evil", what).await;
            assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Ours(_))), "{:.200}", end(&record));
        }
        let header =
            Rule::on(Route::Manifest).method("HEAD").header("Docker-Content-Digest", "sha256:../../x");
        bench.running.set_rules("r", vec![header]);
        assert_eq!(end(&bench.ask("r", "team/app", head("1.0")).await), "manifest WrongContent");
        assert_eq!(bench.running.requests().len(), before + 1, "no bad digest was asked for");
    }
}

#[tokio::test]
async fn row_8_no_answer_is_without_end() {
    let manifest = |name: &str, rule: Rule| open(name).rule(rule);
    let on = || Rule::on(Route::Manifest);
    let blob =
        || Rule::on(Route::Blob).status(200).body(Body::Repeat { text: "blob ".to_owned(), times: 100 });
    let bench = bench(
        vec![
            manifest("endless", on().delivery(Delivery::Endless)),
            manifest("endless-401", on().status(401).delivery(Delivery::Endless)),
            manifest("lying", on().delivery(Delivery::Length(1_000_000))),
            manifest("bomb", on().body(Body::GzipBomb(50_000_000))),
            manifest("deep", on().body(Body::DeepJson(1_000_000))),
            manifest("slow", on().delivery(Delivery::Pace { bytes: 1, every: Duration::from_millis(200) })),
            manifest("slow-head", on().delivery(Delivery::PaceAll { every: Duration::from_millis(100) })),
            manifest("header", on().delivery(Delivery::EndlessHeader)),
            manifest("stall", on().delivery(Delivery::Stall { after: Some(10) })),
            manifest("blob-endless", blob().delivery(Delivery::Endless)),
            manifest(
                "blob-slow",
                blob().delivery(Delivery::Pace { bytes: 1, every: Duration::from_millis(200) }),
            ),
            Endpoint::named("many").image(Image::of("team/app", "1.0", Form::IndexOfMany(1_000_000))),
            Endpoint::named("itself").image(Image::of("team/app", "1.0", Form::IndexOfItself)),
        ],
        |_, settings| {
            settings.limits.manifest = 200_000;
            settings.limits.blob = 100_000;
        },
    )
    .await;
    let digest = format!("sha256:{}", "a".repeat(64));
    let begun = std::time::Instant::now();
    for (endpoint, what, expected) in [
        ("endless", get("1.0"), "manifest TooBig"),
        ("endless-401", get("1.0"), "manifest 401"),
        ("lying", get("1.0"), "manifest"),
        ("bomb", get("1.0"), "manifest"),
        ("deep", get("1.0"), "manifest"),
        ("slow", get("1.0"), "manifest Stalled"),
        ("slow-head", get("1.0"), "manifest AnswerTimeout"),
        ("header", get("1.0"), "manifest"),
        ("stall", get("1.0"), "manifest Stalled"),
        ("blob-endless", What::Blob(digest.clone()), "got blob"),
        ("blob-slow", What::Blob(digest.clone()), "blob Stalled"),
        ("many", get("1.0"), "manifest TooBig"),
        ("itself", get("1.0"), "got manifest"),
    ] {
        let record = bench.ask(endpoint, "team/app", what).await;
        assert!(end(&record).starts_with(expected), "{endpoint}: {}", end(&record));
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn row_9_answers_are_shared_by_the_same_credential_only() {
    let endpoint = open("r").login(Login::Basic).user(User::new("ann", CANARY, "team/*")).user(User::new(
        "bob",
        "secret-of-bob",
        "other/*",
    ));
    let bench = bench(vec![endpoint], |_, _| {}).await;
    let address = bench.running.endpoint("r").to_string();
    // The same secret name in two namespaces: one with access, one without, and a copy of the first.
    let mut of_b = credential("regcred", "bob", "secret-of-bob", &[&address]);
    of_b.login.name.namespace = "b".to_owned();
    let mut of_a = credential("regcred", "ann", CANARY, &[&address]);
    of_a.login.name.namespace = "a".to_owned();
    let mut copy = credential("copied", "ann", CANARY, &[&address]);
    copy.login.name.namespace = "c".to_owned();
    let names = [&of_a, &of_b, &copy].map(|credential| credential.login.name.clone());
    bench.prober.add_credentials(vec![of_a, of_b, copy]);
    let [a, b, c] = names;
    assert_eq!(end(&bench.ask_as(&a, "r", "team/app", head("1.0")).await), "got manifest");
    let record = bench.ask_as(&b, "r", "team/app", head("1.0")).await;
    assert_ne!(end(&record), "got manifest", "{record:?}");
    assert!(record.requests > 0);
    assert_eq!(end(&bench.ask("r", "team/app", head("1.0")).await), "manifest 401");
    let record = bench.ask_as(&c, "r", "team/app", head("1.0")).await;
    assert_eq!((end(&record).as_str(), record.requests), ("got manifest", 0), "the same identity");
    assert!(record.steps.iter().all(|step| step.login.is_none() || step.login.as_ref() == Some(&c)));
}

#[tokio::test]
async fn row_9_a_tag_that_moved_is_seen_and_a_digest_stays() {
    let moved = Rule::on(Route::Manifest)
        .reference("1.0")
        .nth(Nth::After(1))
        .answer(Answer::Instead("2.0".to_owned()));
    let endpoint = open("r").image(Image::small("team/app", "2.0")).rule(moved);
    let bench = bench(vec![endpoint], |_, settings| settings.limits.reuse_tag = Duration::ZERO).await;
    let digest = |record: &pullmedic_model::probe::Record| match record.got() {
        Some(Got::Manifest { digest, .. }) => digest.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    let first = digest(&bench.ask("r", "team/app", get("1.0")).await);
    let second = digest(&bench.ask("r", "team/app", get("1.0")).await);
    assert_ne!(first, second);
    assert_eq!(digest(&bench.ask("r", "team/app", get(&first)).await), first);
    let record = bench.ask("r", "team/app", get(&first)).await;
    assert_eq!(record.requests, 0, "what a digest names cannot move");
}

#[test]
fn row_10_no_error_or_debug_form_holds_a_value() {
    let given = credential("regcred", CANARY, CANARY, &["r.test"]);
    let trust = Trust {
        authorities: vec![CANARY.as_bytes().to_vec()],
        client: Some(ClientCertificate { chain: CANARY.into(), key: CANARY.to_owned().into() }),
        headers: vec![("X-Token".to_owned(), CANARY.to_owned().into())],
        replaces_system: true,
    };
    assert!(
        !format!("{:?}", Credential { login: given.login.clone(), ..given })
            .replace("user: Some(\"CANARY7fb1c0de\")", "")
            .contains(CANARY)
    );
    let debug = format!("{:?}", trust.client);
    assert!(!debug.contains(CANARY), "{debug}");
    let settings = Settings { trusts: [("node".to_owned(), trust)].into(), ..Settings::default() };
    let error = Prober::new(settings).expect_err("no PEM");
    assert!(!format!("{error} {error:?}").contains(CANARY), "{error}");
}

#[tokio::test]
async fn row_11_signed_urls_and_echoed_secrets_are_not_kept() {
    let location = "{url:other}/x?X-Amz-Signature=CANARYsig&se=1";
    let echo = format!("no {CANARY} for you, https://u:CANARYurl@h.test/?sig=CANARYsig");
    let endpoint = open("r")
        .login(Login::Basic)
        .user(User::new("ann", CANARY, "team/*"))
        .rule(Rule::on(Route::Blob).user("ann").answer(Answer::Redirect(location.to_owned())))
        .rule(
            Rule::on(Route::Manifest)
                .user("ann")
                .status(403)
                .body(Body::Text(format!(r#"{{"errors":[{{"code":"DENIED","message":"{echo}"}}]}}"#))),
        );
    let bench = bench(vec![endpoint, Endpoint::named("other")], |_, _| {}).await;
    let ann = bench.login("r", "ann", "ann", CANARY);
    let digest = format!("sha256:{}", "a".repeat(64));
    for what in [What::BlobHead(digest), get("1.0")] {
        let record = bench.ask_as(&ann, "r", "team/app", what).await;
        let text = written(&record);
        assert!(!text.contains("CANARY"), "{text}");
    }
}

#[tokio::test]
async fn row_12_a_repository_cannot_leave_its_place() {
    let bench = bench(vec![open("r")], |_, _| {}).await;
    for repository in
        ["../secret", "team/../../x", "team%2f..%2fapp", "team/app?x=1", "", "/team/app", "a\r\nb"]
    {
        let record = bench.ask("r", repository, head("1.0")).await;
        assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Ours(_))), "{repository:?}: {record:?}");
    }
    for path in ["/v2/../x", "v2", "/v2?x", "/v2 /"] {
        let mut ask =
            ask(host(&bench.running.endpoint("r").to_string(), Scheme::Http), "team/app", head("1.0"));
        ask.host.path = path.to_owned();
        let record = bench.prober.ask(&ask, None).await;
        assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Ours(_))), "{path}: {record:?}");
    }
    assert!(bench.running.requests().is_empty());
}
