//! Each stage of an ask, passed and refused, with the class that a verdict compares.

mod support;

use std::time::Duration;

use pullmedic_model::Stage;
use pullmedic_model::probe::manifest::Manifest;
use pullmedic_model::probe::record::{Ended, Got, NotAsked};
use pullmedic_model::probe::route::{Role, Runtime, Scheme};
use pullmedic_model::probe::{Class, What};
use pullmedic_registry::{ClientCertificate, Credential, Pinned, Proxies, Trust};
use support::{CANARY, ask, bench, bench_with, credential, end, get, head, host, stages};
use testkit_registry::{
    Answer, Attached, Body, Certificate, ConnectionFault, Delivery, Endpoint, Image, Login, NameAnswer, Nth,
    Realm, Record, Route, Rule, Tls, Token, Transport, User,
};

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn open(name: &str) -> Endpoint {
    Endpoint::named(name).image(Image::small("team/app", "1.0"))
}

fn bearer(name: &str) -> Endpoint {
    open(name).login(Login::Bearer(Token::default())).user(User::new("ann", "secret-of-ann", "team/*"))
}

#[tokio::test]
async fn an_open_registry_gives_manifest_config_and_blob() {
    let bench = bench(vec![open("r")], |_, _| {}).await;
    let record = bench.ask("r", "team/app", head("1.0")).await;
    assert_eq!((end(&record).as_str(), stages(&record).as_str()), ("got manifest", "name connect manifest"));
    assert_eq!(record.requests, 1);

    let record = bench.ask("r", "team/app", get("1.0")).await;
    let Some(Got::Manifest {
        digest: Some(digest), manifest: Some(Manifest::Image { config, layers }), ..
    }) = record.got()
    else {
        panic!("{record:?}")
    };
    assert_eq!(*digest, bench.running.digest("r", "team/app", "1.0"));
    let record = bench.ask("r", "team/app", What::Config(config.digest.clone())).await;
    let Some(Got::Config { platform, .. }) = record.got() else { panic!("{record:?}") };
    assert_eq!(platform.to_string(), "linux/amd64");
    let record = bench.ask("r", "team/app", What::BlobHead(layers[0].digest.clone())).await;
    assert_eq!(record.got(), Some(&Got::Blob { size: layers[0].size, whole: None }));
    let record = bench.ask("r", "team/app", What::Blob(layers[0].digest.clone())).await;
    assert_eq!(record.got(), Some(&Got::Blob { size: layers[0].size, whole: Some(true) }));
    let record = bench.ask("r", "team/app", What::Tags).await;
    assert_eq!(record.got(), Some(&Got::Tags { names: vec!["1.0".to_owned()], complete: true }));
    let record = bench.ask("r", "", What::Catalog).await;
    assert_eq!(record.got(), Some(&Got::Catalog { names: vec!["team/app".to_owned()], complete: true }));
    assert_eq!(end(&bench.ask("r", "team/app", head("2.0")).await), "manifest 404");
}

#[tokio::test]
async fn a_bearer_challenge_is_answered_anonymously_or_with_the_login() {
    let bench =
        bench(vec![bearer("r").public("library/*").image(Image::small("library/nginx", "1"))], |_, _| {})
            .await;
    let record = bench.ask("r", "library/nginx", head("1")).await;
    assert_eq!(end(&record), "got manifest");
    assert_eq!(stages(&record), "name connect manifest token manifest");
    assert_eq!(record.steps[3].answer.as_ref().unwrap().grants_pull, Some(true));
    assert_eq!(record.requests, 3);

    let record = bench.ask("r", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "manifest 401");
    let token = record.steps.iter().find(|step| step.stage == Stage::Token).unwrap();
    assert_eq!(token.answer.as_ref().unwrap().grants_pull, Some(false));

    let ann = bench.login("r", "good", "ann", "secret-of-ann");
    let record = bench.ask_as(&ann, "r", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "got manifest", "{record:?}");
    let tokens: Vec<_> = record.steps.iter().filter(|step| step.stage == Stage::Token).collect();
    assert!(tokens.iter().all(|step| step.login.as_ref() == Some(&ann)));
    // The next request of the same place begins with the token, as the runtime's next one does.
    let record = bench.ask_as(&ann, "r", "team/app", get("1.0")).await;
    assert_eq!((end(&record).as_str(), record.requests), ("got manifest", 1));

    let wrong = bench.login("r", "wrong", "ann", "wrong-password");
    let record = bench.ask_as(&wrong, "r", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "token 401");
}

#[tokio::test]
async fn a_basic_challenge_wants_a_login() {
    let basic = open("r").login(Login::Basic).user(User::new("ann", "secret-of-ann", "team/*"));
    let bench = bench(vec![basic], |_, _| {}).await;
    let record = bench.ask("r", "team/app", head("1.0")).await;
    assert_eq!((end(&record).as_str(), record.requests), ("manifest 401", 1));
    assert_eq!(record.answer().unwrap().challenges[0].scheme, "basic");
    let ann = bench.login("r", "good", "ann", "secret-of-ann");
    let record = bench.ask_as(&ann, "r", "team/app", head("1.0")).await;
    assert_eq!((end(&record).as_str(), record.requests), ("got manifest", 2));
    let wrong = bench.login("r", "wrong", "ann", "wrong-password");
    let record = bench.ask_as(&wrong, "r", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "manifest 401");
    assert_eq!(record.steps.last().unwrap().login, Some(wrong));
    assert_eq!(end(&bench.ask("r", "", What::Ping).await), "got ping");
    assert_eq!(end(&bench.ask_as(&ann, "r", "", What::Ping).await), "got ping");
}

#[tokio::test]
async fn a_name_is_explained() {
    let records = vec![
        Record::always("gone.test", NameAnswer::Nxdomain),
        Record::always("failing.test", NameAnswer::Servfail),
        Record::always("refusing.test", NameAnswer::Refused),
        Record::always("empty.test", NameAnswer::NoData),
        Record::always("mute.test", NameAnswer::Silent),
        Record::always("chain.test", NameAnswer::Chain(40)),
        Record::always("garbage.test", NameAnswer::Garbage),
        Record::always("over-tcp.test", NameAnswer::OverTcp(vec!["127.0.0.3".parse().unwrap()])),
    ];
    let bench = bench_with(vec![open("r")], records, |_, _| {}).await;
    for (name, class) in [
        ("gone.test", Class::NoSuchName),
        ("failing.test", Class::NameServerFailed),
        ("refusing.test", Class::NameServerFailed),
        ("empty.test", Class::NoAddress),
        ("mute.test", Class::NameServerSilent),
        ("chain.test", Class::NoSuchName),
        ("garbage.test", Class::NameServerSilent),
    ] {
        let record = bench.prober.ask(&ask(host(name, Scheme::Https), "", What::Name), None).await;
        assert_eq!(end(&record), format!("name {class:?}"), "{name}: {record:?}");
        assert_eq!(record.requests, 0);
    }
    let record = bench.prober.ask(&ask(host("good.test", Scheme::Https), "", What::Name), None).await;
    assert_eq!(record.got(), Some(&Got::Name(vec!["127.0.0.1".parse().unwrap()])));
    let record = bench.prober.ask(&ask(host("over-tcp.test", Scheme::Https), "", What::Name), None).await;
    assert_eq!(record.got(), Some(&Got::Name(vec!["127.0.0.3".parse().unwrap()])), "{record:?}");
}

#[tokio::test]
async fn a_login_that_the_token_service_refused_is_not_sent_again() {
    let bench = bench(vec![bearer("r")], |_, _| {}).await;
    let wrong = bench.login("r", "wrong", "ann", "wrong-password");
    let first = bench.ask_as(&wrong, "r", "team/app", head("1.0")).await;
    let sent = bench.running.requests().iter().filter(|request| request.route == Route::Token).count();
    for what in [get("1.0"), What::Tags, What::Ping] {
        let record = bench.ask_as(&wrong, "r", "team/app", what).await;
        assert_eq!(end(&record), end(&first));
        assert_eq!(record.requests, 1, "only the challenge is asked for: {record:?}");
    }
    let again = bench.running.requests().iter().filter(|request| request.route == Route::Token).count();
    assert_eq!(sent, again);
    // Another login of the same account is another matter.
    let right = bench.login("r", "right", "ann", "secret-of-ann");
    assert_eq!(end(&bench.ask_as(&right, "r", "team/app", head("1.0")).await), "got manifest");
}

#[tokio::test]
async fn every_address_is_a_step_of_its_own() {
    let pin = |port: u16, address: &str| Pinned::parse(&format!("two.test:{port}:{address}")).unwrap();
    let bench = bench(vec![open("r")], |running, settings| {
        let port = running.endpoint("r").port();
        settings.resolve = vec![pin(port, "127.0.0.2"), pin(port, "127.0.0.1")];
    })
    .await;
    let ask = ask(bench.host("r", "two.test", Scheme::Http), "team/app", head("1.0"));
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(stages(&record), "name connect!Refused connect manifest");
    let addresses: Vec<_> =
        record.steps.iter().filter_map(|step| step.address).map(|a| a.to_string()).collect();
    assert_eq!(addresses, ["127.0.0.2", "127.0.0.1", "127.0.0.1"]);
}

#[tokio::test]
async fn what_goes_wrong_below_http_has_its_class() {
    let tls =
        |name: &str| Endpoint { host: Some("r.test".to_owned()), ..open(name).tls(Certificate::Trusted) };
    let bench = bench(
        vec![
            open("silent").rule(Rule::connection(ConnectionFault::Silent)),
            open("close").rule(Rule::connection(ConnectionFault::Close)),
            open("reset").rule(Rule::connection(ConnectionFault::Reset)),
            open("garbage").rule(Rule::connection(ConnectionFault::Garbage)),
            open("plain"),
            tls("tls"),
            tls("tls-close").rule(Rule::connection(ConnectionFault::Close)),
            tls("tls-reset").rule(Rule::connection(ConnectionFault::ResetAfter(10))),
            tls("protocol").rule(Rule::connection(ConnectionFault::ProtocolAlert)),
            tls("old").rule(Rule::connection(ConnectionFault::OldProtocol)),
            tls("failure").rule(Rule::connection(ConnectionFault::HandshakeFailure)),
            tls("plain-answer").rule(Rule::connection(ConnectionFault::PlainHttp)),
            tls("tls-garbage").rule(Rule::connection(ConnectionFault::Garbage)),
        ],
        |_, _| {},
    )
    .await;
    for (endpoint, scheme, expected) in [
        ("silent", Scheme::Http, "manifest AnswerTimeout"),
        ("close", Scheme::Http, "manifest Reset"),
        ("reset", Scheme::Http, "manifest Reset"),
        ("garbage", Scheme::Http, "manifest NotARegistry"),
        ("plain", Scheme::Https, "tls PlainHttpOnTlsPort"),
        ("plain", Scheme::HttpsThenHttp, "got manifest"),
        ("tls", Scheme::HttpsThenHttp, "got manifest"),
        ("tls", Scheme::Https, "got manifest"),
        ("tls", Scheme::Http, "manifest 400"),
        ("tls-close", Scheme::Https, "tls Reset"),
        ("tls-reset", Scheme::Https, "tls Reset"),
        ("protocol", Scheme::Https, "tls TlsProtocol"),
        ("old", Scheme::Https, "tls TlsProtocol"),
        ("failure", Scheme::Https, "tls TlsProtocol"),
        ("plain-answer", Scheme::Https, "tls PlainHttpOnTlsPort"),
        ("tls-garbage", Scheme::Https, "tls TlsProtocol"),
    ] {
        let ask = ask(bench.host(endpoint, "r.test", scheme), "team/app", head("1.0"));
        let record = bench.prober.ask(&ask, None).await;
        assert_eq!(end(&record), expected, "{endpoint} {scheme:?}: {record:?}");
    }
    // Nothing listens at the next loopback address; a port that was given up might be another test's by now.
    let port = bench.running.endpoint("plain").port();
    let nobody = ask(host(&format!("127.0.0.2:{port}"), Scheme::Http), "team/app", head("1.0"));
    assert_eq!(end(&bench.prober.ask(&nobody, None).await), "connect Refused");
    // Only a body tells that a port of TLS was spoken to in clear.
    let ask = ask(bench.host("tls", "r.test", Scheme::Http), "team/app", get("1.0"));
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "manifest TlsOnPlainPort");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_without_an_answer_ends_after_ten_seconds() {
    let stalled = open("r").tls(Certificate::Trusted).rule(Rule::connection(ConnectionFault::HandshakeStall));
    let bench = bench(vec![stalled], |_, _| {}).await;
    let ask = ask(host(&bench.running.endpoint("r").to_string(), Scheme::Https), "team/app", head("1.0"));
    let begun = tokio::time::Instant::now();
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(end(&record), "tls TlsTimeout");
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_certificate_is_refused_for_go_s_reason_and_shown() {
    use Certificate as C;
    for (certificate, expected) in [
        (C::Trusted, "got manifest"),
        (C::WithIntermediate, "got manifest"),
        (C::UnknownAuthority, "tls UnknownAuthority"),
        (C::MissingIntermediate, "tls UnknownAuthority"),
        (C::SelfSigned, "tls UnknownAuthority"),
        (C::Expired, "tls CertificateExpired"),
        (C::NotYetValid, "tls CertificateNotYetValid"),
        (C::OtherNames, "tls HostnameMismatch"),
        (C::CommonNameOnly, "tls CertificateRefused"),
    ] {
        let endpoint = Endpoint { host: Some("r.test".to_owned()), ..open("r").tls(certificate.clone()) };
        let bench = bench(vec![endpoint.clone()], |_, _| {}).await;
        let mut ask = ask(bench.host("r", "r.test", Scheme::Https), "team/app", head("1.0"));
        let record = bench.prober.ask(&ask, None).await;
        assert_eq!(end(&record), expected, "{certificate:?}: {record:?}");
        let step = record.steps.iter().find(|step| step.stage == Stage::Tls).unwrap();
        let shown = step.certificate.as_ref().expect("what was presented is shown");
        assert!(shown.not_after > shown.not_before, "{shown:?}");
        assert!(step.detail.as_str().contains("issuer=\"") && step.detail.as_str().contains("not-after="));
        if certificate == C::OtherNames {
            assert!(shown.names.contains(&"other.invalid".to_owned()), "{shown:?}");
        }
        // A node that does not check gets past.
        ask.host.skip_verify = true;
        assert_eq!(end(&bench.prober.ask(&ask, None).await), "got manifest", "{certificate:?}");
    }
}

#[tokio::test]
async fn a_client_certificate_is_wanted_or_shown() {
    let endpoint = Endpoint {
        host: Some("r.test".to_owned()),
        transport: Transport::Tls(Tls { client_certificate: true, ..Tls::default() }),
        ..open("r")
    };
    let bench = bench(vec![endpoint], |running, settings| {
        let (chain, key) = running.client_certificate("node").unwrap();
        let client = Some(ClientCertificate { chain: chain.into_bytes(), key: key.into() });
        let authorities = vec![running.ca_pem().into_bytes()];
        settings.trusts.insert("node".to_owned(), Trust { authorities, client, ..Trust::default() });
    })
    .await;
    let mut ask = ask(bench.host("r", "r.test", Scheme::Https), "team/app", head("1.0"));
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "tls ClientCertificateWanted");
    ask.host.trust = "node".to_owned();
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "got manifest");
}

#[tokio::test]
async fn answers_that_are_not_what_they_should_be_have_their_class() {
    let manifest = |name: &str| open(name);
    let bench = bench(
        vec![
            manifest("login").rule(Rule::on(Route::Manifest).answer(Answer::LoginPage)),
            manifest("redirect").rule(Rule::on(Route::Manifest).answer(Answer::LoginRedirect)),
            manifest("html").rule(Rule::on(Route::Manifest).answer(Answer::Html(502))),
            manifest("stripped").rule(Rule::on(Route::Manifest).answer(Answer::ChallengeStripped)),
            manifest("loop").rule(Rule::on(Route::Manifest).answer(Answer::RedirectLoop)),
            manifest("truncated")
                .rule(Rule::on(Route::Manifest).delivery(Delivery::Truncate { after: Some(10) })),
            manifest("corrupt").rule(Rule::on(Route::Manifest).body(testkit_registry::Body::Corrupt)),
            manifest("405").rule(Rule::on(Route::Manifest).method("HEAD").status(405)),
            manifest("no-head").rule(Rule {
                then: testkit_registry::Then {
                    without: vec!["docker-content-digest".to_owned()],
                    ..testkit_registry::Then::default()
                },
                ..Rule::on(Route::Manifest).method("HEAD")
            }),
            bearer("token-html").rule(Rule::on(Route::Token).answer(Answer::LoginPage)),
            bearer("token-403").rule(Rule::on(Route::Token).status(403)),
            bearer("token-404").rule(Rule::on(Route::Token).status(404)),
            bearer("token-429").rule(Rule::on(Route::Token).status(429)),
            bearer("token-empty").rule(Rule::on(Route::Token).answer(Answer::EmptyToken)),
            bearer("token-worthless").rule(Rule::on(Route::Token).answer(Answer::WorthlessToken)),
            bearer("token-redirect").rule(Rule::on(Route::Token).answer(Answer::LoginRedirect)),
        ],
        |_, _| {},
    )
    .await;
    for (endpoint, what, expected) in [
        ("login", get("1.0"), "manifest NotARegistry"),
        ("login", head("1.0"), "manifest NotARegistry"),
        ("redirect", get("1.0"), "manifest NotARegistry"),
        ("html", get("1.0"), "manifest 502"),
        ("stripped", get("1.0"), "manifest 401"),
        ("loop", get("1.0"), "manifest Redirect"),
        ("truncated", get("1.0"), "manifest Truncated"),
        ("corrupt", get("1.0"), "manifest WrongContent"),
        ("405", head("1.0"), "got manifest"),
        ("no-head", head("1.0"), "got manifest"),
        ("token-html", head("1.0"), "token NotARegistry"),
        ("token-403", head("1.0"), "token 403"),
        ("token-404", head("1.0"), "token 404"),
        ("token-429", head("1.0"), "token 429"),
        ("token-empty", head("1.0"), "token NotARegistry"),
        ("token-worthless", head("1.0"), "manifest 401"),
        ("token-redirect", head("1.0"), "token Redirect"),
    ] {
        let record = bench.ask(endpoint, "team/app", what).await;
        assert_eq!(end(&record), expected, "{endpoint}: {record:?}");
    }
}

#[tokio::test]
async fn a_digest_that_is_no_manifest_is_resolved_as_a_blob_by_containerd_alone() {
    let gone = |name: &str| open(name).rule(Rule::on(Route::Manifest).status(404));
    let blob = || Rule::on(Route::Blob).method("HEAD");
    let long = Delivery::Length(5_000_000);
    let other = DIGEST.replace("aaaa", "bbbb");
    let bench = bench(
        vec![
            gone("there").rule(blob().status(200).header("Docker-Content-Digest", DIGEST)),
            gone("gone").rule(blob().status(404)),
            gone("closed").rule(blob().status(401)),
            gone("denied").rule(blob().status(403)),
            gone("broken").rule(blob().delivery(Delivery::Reset)),
            gone("large").rule(blob().status(200).delivery(long)),
            gone("other").rule(blob().status(200).header("Docker-Content-Digest", &other)),
            open("refused").rule(Rule::on(Route::Manifest).status(403)),
        ],
        |_, _| {},
    )
    .await;
    for (endpoint, expected, requests) in [
        ("there", "got manifest", 2),
        ("gone", "manifest 404", 2),
        ("closed", "manifest 404", 2),
        ("denied", "manifest 403", 2),
        // The connection had answered before, so it is asked once more on a new one.
        ("broken", "manifest 404", 3),
        ("large", "manifest TooBig", 2),
        ("other", "manifest WrongContent", 2),
        ("refused", "manifest 403", 1),
    ] {
        let ask =
            ask(host(&bench.running.endpoint(endpoint).to_string(), Scheme::Http), "team/app", head(DIGEST));
        let record = bench.prober.ask(&ask, None).await;
        assert_eq!((end(&record).as_str(), record.requests), (expected, requests), "{endpoint}: {record:?}");
        if requests > 1 {
            let sent: Vec<_> =
                record.steps.iter().map(|step| step.sent.as_str()).filter(|sent| !sent.is_empty()).collect();
            assert!(sent[0].ends_with(&format!("manifests/{DIGEST}")), "{sent:?}");
            assert_eq!(sent[1], format!("HEAD /v2/team/app/blobs/{DIGEST}"), "a step of its own");
        }
        let crio = Runtime { name: "cri-o".to_owned(), version: (1, 34, 1) };
        assert_eq!(bench.prober.ask(&ask, Some(&crio)).await.requests, 1, "{endpoint}");
    }
    // What is fetched, not resolved, and what is no digest, is asked for in one place.
    for what in [get(DIGEST), head("2.0")] {
        let record = bench.ask("there", "team/app", what).await;
        assert_eq!((end(&record).as_str(), record.requests), ("manifest 404", 1));
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_in_a_form_is_sent_as_the_password_of_nobody() {
    for (status, user, identity_token, expected, methods) in [
        (404, "", false, "got manifest", "POST GET"),
        (400, "", false, "got manifest", "POST GET"),
        (401, "", false, "got manifest", "POST GET"),
        (405, "", false, "token 405", "POST"),
        (403, "", false, "token 403", "POST"),
        (404, "ann", true, "token 404", "POST"),
        (405, "ann", true, "token 405", "POST"),
        (405, "ann", false, "got manifest", "POST GET"),
    ] {
        let endpoint = open("r")
            .login(Login::Bearer(Token::default()))
            .user(User::new(user, CANARY, "team/*"))
            // The test registry's token of a nobody is an anonymous one.
            .public("team/*")
            .rule(Rule::on(Route::Token).method("POST").status(status));
        let bench = bench(vec![endpoint], |_, _| {}).await;
        let address = bench.running.endpoint("r").to_string();
        let credential = Credential { identity_token, ..credential("s", user, CANARY, &[&address]) };
        let name = credential.login.name.clone();
        bench.prober.add_credentials(vec![credential]);
        let record = bench.ask_as(&name, "r", "team/app", head("1.0")).await;
        assert_eq!(end(&record), expected, "{status} {user} {identity_token}: {record:?}");
        let tokens: Vec<_> =
            bench.running.requests().into_iter().filter(|asked| asked.route == Route::Token).collect();
        let sent: Vec<&str> = tokens.iter().map(|asked| asked.method.as_str()).collect();
        assert_eq!(sent.join(" "), methods, "{status} {user} {identity_token}");
        assert_eq!(tokens[0].body.contains("grant_type=refresh_token"), user.is_empty() || identity_token);
        if let Some(get) = tokens.get(1) {
            assert_eq!(get.basic(), Some((user.to_owned(), CANARY.to_owned())));
        }
        assert!(!support::written(&record).contains(CANARY));
    }
}

#[tokio::test]
async fn what_refers_to_a_manifest_is_listed_by_the_api_or_under_its_tag() {
    let kinds = ["application/spdx+json", "application/vnd.dev.cosign.artifact.sig.v1+json"];
    let attached = kinds
        .iter()
        .map(|kind| Attached { artifact_type: (*kind).to_owned(), text: "x".to_owned() })
        .collect();
    let signed = Image { attached, ..Image::small("team/app", "1.0") };
    let r = |name: &str| Endpoint::named(name).image(signed.clone());
    let no_api = |name: &str| r(name).rule(Rule::on(Route::Referrers).status(404));
    let list = |entries: &str| format!(r#"{{"schemaVersion":2,"manifests":[{entries}]}}"#);
    let text = |entries: &str| Body::Text(list(entries));
    let entry =
        format!(r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}"}}"#);
    let tag = format!("sha256-{}", DIGEST.trim_start_matches("sha256:"));
    let bench = bench(
        vec![
            r("api"),
            no_api("tag").rule(Rule::on(Route::Manifest).reference(&tag).status(200).body(text(&entry))),
            no_api("none"),
            r("evil")
                .rule(Rule::on(Route::Referrers).status(200).body(text(r#"{"digest":"sha256:../x"},{},7"#))),
            r("many").rule(
                Rule::on(Route::Referrers)
                    .status(200)
                    .body(text(&format!("{}{entry}", format!("{entry},").repeat(50)))),
            ),
            r("web").rule(Rule::on(Route::Referrers).answer(Answer::LoginPage)),
            r("denied").rule(Rule::on(Route::Referrers).status(403)),
            no_api("tag-denied").rule(Rule::on(Route::Manifest).status(403)),
            r("elsewhere").rule(
                Rule::on(Route::Referrers)
                    .answer(Answer::Link("{url:api}/v2/team/app/referrers/x".to_owned())),
            ),
            r("endless")
                .rule(Rule::on(Route::Referrers).answer(Answer::Link("{own}{path}?last=x".to_owned()))),
        ],
        |_, settings| (settings.limits.names, settings.limits.pages) = (20, 3),
    )
    .await;
    let at = |endpoint: &'static str, digest: &str| {
        bench.ask(endpoint, "team/app", What::Referrers(digest.to_owned()))
    };
    let listed = |record: &pullmedic_model::probe::Record| match record.got() {
        Some(Got::Referrers { artifacts, complete }) => (artifacts.len(), *complete),
        other => panic!("{other:?} of {record:?}"),
    };

    let record = at("api", &bench.running.digest("api", "team/app", "1.0")).await;
    let Some(Got::Referrers { artifacts, complete: true }) = record.got() else { panic!("{record:?}") };
    let mut got: Vec<&str> = artifacts.iter().map(|(kind, _)| kind.as_str()).collect();
    got.sort_unstable();
    assert_eq!(got, kinds);
    assert_eq!(record.requests, 1);

    let record = at("tag", DIGEST).await;
    let expected = ("application/vnd.oci.image.manifest.v1+json".to_owned(), DIGEST.to_owned());
    assert_eq!(record.got(), Some(&Got::Referrers { artifacts: vec![expected], complete: true }));
    let last = record.steps.last().unwrap();
    assert_eq!(
        (last.sent.as_str(), record.requests),
        (format!("GET /v2/team/app/manifests/{tag}").as_str(), 2)
    );

    let record = at("none", DIGEST).await;
    assert_eq!(listed(&record), (0, true));
    assert!(record.steps.iter().all(|step| step.failed.is_none()), "that is no refusal: {record:?}");
    assert_eq!(listed(&at("evil", DIGEST).await), (0, false), "what has no digest is left out, and said");
    assert_eq!(listed(&at("many", DIGEST).await), (20, false));
    assert_eq!(end(&at("web", DIGEST).await), "manifest NotARegistry");
    assert_eq!(end(&at("denied", DIGEST).await), "manifest 403");
    assert_eq!(end(&at("tag-denied", DIGEST).await), "manifest 403");
    bench.running.clear();
    assert!(!listed(&at("elsewhere", DIGEST).await).1);
    assert!(bench.running.requests_at("api").is_empty());
    assert!(!listed(&at("endless", DIGEST).await).1);
    assert!(bench.running.requests_at("endless").len() <= 3);
    let record = at("api", "sha256:../../x").await;
    assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Ours(_))) && record.requests == 0, "{record:?}");
}

#[tokio::test]
async fn an_expired_token_is_fetched_anew() {
    let bench = bench(
        vec![bearer("r").rule(Rule::on(Route::Manifest).nth(Nth::Only(3)).answer(Answer::Challenge))],
        |_, _| {},
    )
    .await;
    let ann = bench.login("r", "good", "ann", "secret-of-ann");
    assert_eq!(end(&bench.ask_as(&ann, "r", "team/app", head("1.0")).await), "got manifest");
    let record = bench.ask_as(&ann, "r", "team/app", get("1.0")).await;
    assert_eq!(end(&record), "got manifest", "{record:?}");
}

#[tokio::test]
async fn requests_look_like_the_runtime_s() {
    let bench = bench(vec![open("r")], |_, _| {}).await;
    let mut ask = ask(host(&bench.running.endpoint("r").to_string(), Scheme::Http), "team/app", head("1.0"));
    ask.host.role = Role::Mirror(0);
    ask.host.namespace = Some("docker.io".to_owned());
    let runtime = Runtime { name: "containerd".to_owned(), version: (1, 7, 34) };
    assert_eq!(end(&bench.prober.ask(&ask, Some(&runtime)).await), "got manifest");
    let request = &bench.running.requests()[0];
    assert_eq!(request.target, "/v2/team/app/manifests/1.0?ns=docker.io");
    assert_eq!(request.header("user-agent"), Some("containerd/1.7.34"));
    assert!(request.header("accept").unwrap().ends_with("application/vnd.oci.image.index.v1+json, */*"));
    assert_eq!(request.header("accept-encoding"), None);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_the_proxy_s_refusal() {
    // The test registry answers CONNECT as any other request: not with 200.
    let bench = bench(vec![open("proxy"), open("r")], |running, settings| {
        let proxy = format!("http://user:proxy-secret@{}", running.endpoint("proxy"));
        settings.proxies = Proxies::from_values(&proxy, &proxy, "past.test");
    })
    .await;
    let record = bench.prober.ask(&ask(host("r.test", Scheme::Https), "team/app", head("1.0")), None).await;
    assert_eq!(end(&record), "connect Proxy", "{record:?}");
    assert!(!support::written(&record).contains("proxy-secret"));
    let ask = ask(bench.host("r", "past.test", Scheme::Http), "team/app", head("1.0"));
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "got manifest");
}

#[tokio::test]
async fn one_question_is_asked_once_and_answered_to_all() {
    let bench =
        bench(vec![open("r").rule(Rule::on(Route::Manifest).delay(Duration::from_millis(100)))], |_, _| {})
            .await;
    let ask = ask(host(&bench.running.endpoint("r").to_string(), Scheme::Http), "team/app", head("1.0"));
    let (a, b, c) = tokio::join!(
        bench.prober.ask(&ask, None),
        bench.prober.ask(&ask, None),
        bench.prober.ask(&ask, None)
    );
    assert_eq!(bench.running.requests().len(), 1);
    assert_eq!(a.requests + b.requests + c.requests, 1);
    assert!(a.at == b.at && b.at == c.at && end(&c) == "got manifest");
    assert_eq!(bench.prober.requests(), 1);
}

#[tokio::test]
async fn a_dropped_ask_closes_its_socket_and_the_next_one_begins_anew() {
    let bench = bench(
        vec![open("r").rule(Rule::on(Route::Manifest).nth(Nth::First(1)).delivery(Delivery::Silent))],
        |_, _| {},
    )
    .await;
    let ask = ask(host(&bench.running.endpoint("r").to_string(), Scheme::Http), "team/app", head("1.0"));
    let dropped = tokio::time::timeout(Duration::from_millis(200), bench.prober.ask(&ask, None)).await;
    assert!(dropped.is_err(), "the first request is never answered");
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "got manifest");
}

#[tokio::test]
async fn a_host_that_said_wait_is_not_asked_again() {
    let limited = Rule::on(Route::Manifest).nth(Nth::First(1)).status(429).header("Retry-After", "60");
    let bench = bench(vec![open("r").rule(limited)], |_, _| {}).await;
    assert_eq!(end(&bench.ask("r", "team/app", head("1.0")).await), "manifest 429");
    let record = bench.ask("r", "team/app", get("1.0")).await;
    assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Limited { until: Some(_) })), "{record:?}");
    assert_eq!(bench.running.requests().len(), 1);
}

#[tokio::test]
async fn the_budget_and_the_deadline_end_asks_as_our_own() {
    let endpoints =
        || vec![open("r"), open("mute").rule(Rule::on(Route::Manifest).delivery(Delivery::Silent))];
    let few = bench(endpoints(), |_, settings| settings.limits.requests = 1).await;
    assert_eq!(end(&few.ask("r", "team/app", head("1.0")).await), "got manifest");
    assert_eq!(end(&few.ask("r", "team/app", get("1.0")).await), "not asked: Budget");
    let short = bench(endpoints(), |_, settings| {
        settings.limits.deadline = Some(Duration::from_millis(300));
        settings.limits.answer = Duration::from_secs(60);
    })
    .await;
    let record = short.ask("mute", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "not asked: Cancelled");
    assert_eq!(stages(&record), "name connect", "what was walked is told");
    assert_eq!(end(&short.ask("r", "team/app", head("1.0")).await), "not asked: Cancelled");
}

#[tokio::test]
async fn harbor_s_second_challenge_is_answered_with_the_login_itself() {
    let own = Login::Bearer(Token { realm: Realm::Own, ..Token::default() });
    let endpoint = open("r").login(own).user(User::new("ann", "secret-of-ann", "other/*")).rule(
        Rule::on(Route::Manifest)
            .nth(Nth::After(1))
            .status(401)
            .header("WWW-Authenticate", "Basic realm=\"harbor\""),
    );
    let bench = bench(vec![endpoint], |_, _| {}).await;
    let ann = bench.login("r", "good", "ann", "secret-of-ann");
    let record = bench.ask_as(&ann, "r", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "manifest 401");
    assert!(
        bench
            .running
            .requests()
            .iter()
            .any(|request| request.basic().is_some() && request.route == Route::Manifest)
    );
}
