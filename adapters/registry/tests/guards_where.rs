//! Whom we speak to and what we send there: the rows of `security.md` about places, each with its bad input.

mod support;

use std::collections::BTreeSet;

use pullmedic_model::probe::record::{Ended, NotAsked};
use pullmedic_model::probe::route::{Role, Scheme};
use pullmedic_model::probe::{Class, What};
use pullmedic_registry::{AllowedRealm, Pinned, Trust};
use support::{CANARY, ask, bench, bench_with, credential, end, get, head, host, written};
use testkit_registry::{
    Answer, Body, Certificate, Endpoint, Image, Login, NameAnswer, Realm, Record, Route, Rule, Token, User,
};

fn open(name: &str) -> Endpoint {
    Endpoint::named(name).image(Image::small("team/app", "1.0"))
}

fn with_realm(name: &str, realm: Realm) -> Endpoint {
    open(name)
        .login(Login::Bearer(Token { realm, ..Token::default() }))
        .user(User::new("ann", CANARY, "team/*"))
}

/// Nothing that was sent away, nor anything that is written of a record, holds the canary.
fn assert_only_at(bench: &support::Bench, record: &pullmedic_model::probe::Record, allowed: &[&str]) {
    let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
    let seen = bench.running.seen_at(CANARY);
    assert!(seen.is_subset(&allowed), "the canary went to {seen:?}");
    assert!(!written(record).contains(CANARY), "{}", written(record));
}

#[tokio::test]
async fn row_1_a_foreign_realm_gets_no_login() {
    for realm in [
        "https://evil.test/token",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/token",
        "http://[::ffff:169.254.169.254]/token",
        "http://[fd00:ec2::254]/token",
        "http://[64:ff9b::a9fe:a9fe]/token",
        "file:///etc/passwd",
        "http://user:pw@127.0.0.1/token",
        "//evil.test/token",
        "",
    ] {
        let bench = bench(vec![with_realm("r", Realm::Literal(realm.to_owned()))], |_, _| {}).await;
        let ann = bench.login("r", "ann", "ann", CANARY);
        let record = bench.ask_as(&ann, "r", "team/app", head("1.0")).await;
        if realm.is_empty() {
            assert_eq!(end(&record), "manifest 401");
        } else {
            assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Realm { .. })), "{realm}: {record:?}");
        }
        assert_eq!(record.requests, 1, "{realm}");
        assert_only_at(&bench, &record, &[]);
        // Anonymously such a place is not asked either.
        let record = bench.ask("r", "team/app", get("1.0")).await;
        assert!(matches!(record.ended, Ended::NotAsked(_) | Ended::Refused { .. }), "{realm}: {record:?}");
        assert_eq!(record.requests, 1, "{realm}: {record:?}");
    }
}

#[tokio::test]
async fn row_1_a_realm_of_another_host_is_asked_when_the_user_allows_it() {
    let endpoints = || {
        vec![with_realm("r", Realm::Endpoint("auth".to_owned())), {
            Endpoint::named("auth").user(User::new("ann", CANARY, "team/*"))
        }]
    };
    let strict = bench(endpoints(), |_, _| {}).await;
    let ann = strict.login("r", "ann", "ann", CANARY);
    let record = strict.ask_as(&ann, "r", "team/app", head("1.0")).await;
    assert!(
        matches!(&record.ended, Ended::NotAsked(NotAsked::Realm { realm }) if realm.starts_with("http://127.0.0.1"))
    );
    assert!(strict.running.requests_at("auth").is_empty());
    assert_only_at(&strict, &record, &[]);
    // Without a login it is not asked either: its address is not of the public network.
    let record = strict.ask("r", "team/app", head("1.0")).await;
    assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Realm { .. })), "{record:?}");
    assert!(strict.running.requests_at("auth").is_empty());

    let allowing = bench(endpoints(), |running, settings| {
        let text = format!("{}={}", running.endpoint("r"), running.endpoint("auth"));
        settings.allow_realms = vec![AllowedRealm::parse(&text).unwrap()];
    })
    .await;
    let ann = allowing.login("r", "ann", "ann", CANARY);
    let record = allowing.ask_as(&ann, "r", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "got manifest", "{record:?}");
    assert_only_at(&allowing, &record, &["auth"]);
}

#[tokio::test]
async fn row_2_a_name_that_leads_to_metadata_is_not_dialled() {
    let records = vec![
        Record::addresses("meta.test", &["169.254.169.254".parse().unwrap()]),
        Record::addresses("mapped.test", &["::ffff:169.254.169.254".parse().unwrap()]),
        Record::addresses("aws.test", &["fd00:ec2::254".parse().unwrap()]),
        Record::addresses("any.test", &["0.0.0.0".parse().unwrap()]),
        Record::addresses("mixed.test", &["169.254.1.1".parse().unwrap(), "127.0.0.1".parse().unwrap()]),
    ];
    let bench = bench_with(vec![open("r")], records, |_, settings| {
        settings.resolve = vec![Pinned::parse("pinned.test:443:169.254.169.254").unwrap()];
    })
    .await;
    for name in
        ["meta.test", "mapped.test", "aws.test", "any.test", "pinned.test", "169.254.169.254", "[fe80::1]"]
    {
        for what in [head("1.0"), What::Name] {
            let record = bench.prober.ask(&ask(host(name, Scheme::Https), "team/app", what), None).await;
            assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Address(_))), "{name}: {record:?}");
            assert!(record.steps.iter().all(|step| step.address.is_none()), "nothing was dialled");
        }
    }
    let ask = ask(bench.host("r", "mixed.test", Scheme::Http), "team/app", head("1.0"));
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(end(&record), "got manifest");
    assert!(record.steps[0].detail.as_str().contains("not dialled: 169.254.1.1"), "{record:?}");
}

#[tokio::test]
async fn row_2_the_checked_address_is_the_dialled_one() {
    let rebinds = Record {
        name: "rebinds.test".to_owned(),
        answers: vec![
            NameAnswer::Addresses(vec!["127.0.0.1".parse().unwrap()]),
            NameAnswer::Addresses(vec!["169.254.169.254".parse().unwrap()]),
        ],
    };
    let bench = bench_with(vec![with_realm("r", Realm::Own)], vec![rebinds], |_, _| {}).await;
    let ask = ask(bench.host("r", "rebinds.test", Scheme::Http), "team/app", head("1.0"));
    let record = bench.prober.ask(&ask, None).await;
    let dialled: BTreeSet<_> = record.steps.iter().filter_map(|step| step.address).collect();
    assert!(dialled.iter().all(|address| address.is_loopback()), "{record:?}");
    assert!(record.requests >= 1, "the first address was asked: {record:?}");
    // A later ask stays on the connection whose address was checked, whatever the name means by now.
    let mut again = pullmedic_model::probe::Ask { what: get("1.0"), ..ask };
    let record = bench.prober.ask(&again, None).await;
    assert!(record.requests >= 1 && bench.running.connections().len() == 1, "{record:?}");
    assert!(record.steps.iter().filter_map(|step| step.address).all(|address| address.is_loopback()));
    // One that has to dial resolves again, and ends there.
    again.host.trust = "other".to_owned();
    let record = bench.prober.ask(&again, None).await;
    assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Address(_))), "{record:?}");
}

#[tokio::test]
async fn row_3_registry_and_realm_on_loopback_work() {
    let endpoint =
        Endpoint { host: Some("r.test".to_owned()), ..with_realm("r", Realm::Own).tls(Certificate::Trusted) };
    let bench = bench(vec![endpoint], |_, _| {}).await;
    let mut ask = ask(bench.host("r", "r.test", Scheme::Https), "team/app", head("1.0"));
    let given = credential("ann", "ann", CANARY, &[ask.host.endpoint.as_str()]);
    ask.login = Some(given.login.name.clone());
    bench.prober.add_credentials(vec![given]);
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(end(&record), "got manifest", "{record:?}");
    assert_only_at(&bench, &record, &["r"]);
}

#[tokio::test]
async fn row_4_a_redirect_carries_no_login_and_is_checked() {
    let login = |name: &str| open(name).login(Login::Basic).user(User::new("ann", CANARY, "team/*"));
    let to = |endpoint: Endpoint, place: &str| {
        let rule = Rule::on(Route::Blob).user("ann").answer(Answer::Redirect(place.to_owned()));
        endpoint.rule(rule)
    };
    let other =
        Endpoint::named("other").rule(Rule::on(Route::Other).status(200).body(Body::Text("x".to_owned())));
    let bench = bench(
        vec![
            to(login("r"), "{url:other}/layer?sig=CANARYsig"),
            to(login("meta"), "http://169.254.169.254/layer"),
            to(login("file"), "file:///etc/passwd"),
            to(login("loop"), "{own}{path}"),
            other,
        ],
        |_, _| {},
    )
    .await;
    let digest = format!("sha256:{}", "a".repeat(64));
    for (endpoint, expected) in [
        ("r", "blob WrongContent"),
        ("meta", "not asked: Address(169.254.169.254)"),
        ("file", "blob Redirect"),
        ("loop", "blob Redirect"),
    ] {
        let ann = bench.login(endpoint, endpoint, "ann", CANARY);
        let record = bench.ask_as(&ann, endpoint, "team/app", What::Blob(digest.clone())).await;
        assert_eq!(end(&record), expected, "{record:?}");
        assert!(!written(&record).contains(CANARY) && !written(&record).contains("CANARYsig"));
        assert!(record.requests <= 8);
    }
    assert!(!bench.running.seen_at(CANARY).contains("other"));
    let at_other = bench.running.requests_at("other");
    assert_eq!(at_other.len(), 1);
    assert_eq!(at_other[0].header("authorization"), None);
}

#[tokio::test]
async fn row_4_no_redirect_from_https_to_http_and_none_for_a_token() {
    let down = Rule::on(Route::Manifest)
        .answer(Answer::Redirect("{url:plain}/v2/team/app/manifests/1.0".to_owned()));
    let token = Rule::on(Route::Token).answer(Answer::Redirect("{url:plain}/token".to_owned()));
    let named = |endpoint: Endpoint| Endpoint { host: Some("r.test".to_owned()), ..endpoint };
    let bench = bench(
        vec![
            named(open("down").tls(Certificate::Trusted).rule(down)),
            named(with_realm("token", Realm::Own).tls(Certificate::Trusted).rule(token)),
            open("plain"),
        ],
        |_, _| {},
    )
    .await;
    for (endpoint, expected) in [("down", "manifest Redirect"), ("token", "token Redirect")] {
        let ask = ask(bench.host(endpoint, "r.test", Scheme::Https), "team/app", head("1.0"));
        assert_eq!(end(&bench.prober.ask(&ask, None).await), expected);
    }
    assert!(bench.running.requests_at("plain").is_empty());
}

#[tokio::test]
async fn row_13_a_challenge_gets_no_token_of_ours() {
    let bench = bench(vec![with_realm("r", Realm::Own)], |_, _| {}).await;
    bench.ask("r", "team/app", head("1.0")).await;
    for request in bench.running.requests() {
        let authorization = request.header("authorization").unwrap_or_default();
        let is_theirs = request.route == Route::Manifest && authorization.starts_with("Bearer ey");
        assert!(authorization.is_empty() || is_theirs, "{request:?}");
    }
}

#[tokio::test]
async fn row_26_a_login_goes_to_its_hosts_only_and_to_mirrors_only_if_the_pod_s() {
    let basic = |name: &str| open(name).login(Login::Basic).user(User::new("ann", CANARY, "team/*"));
    let bench = bench(vec![basic("r"), basic("other")], |_, _| {}).await;
    let ann = bench.login("r", "ann", "ann", CANARY);
    let record = bench.ask_as(&ann, "other", "team/app", head("1.0")).await;
    assert_eq!(record.ended, Ended::NotAsked(NotAsked::NotForHost));
    assert_only_at(&bench, &record, &[]);

    let mut candidate = credential("candidate", "ann", CANARY, &[&bench.running.endpoint("r").to_string()]);
    candidate.login.of_the_pod = false;
    let candidate_name = candidate.login.name.clone();
    bench.prober.add_credentials(vec![candidate]);
    let mut ask =
        ask(host(&bench.running.endpoint("other").to_string(), Scheme::Http), "team/app", head("1.0"));
    ask.host.role = Role::Mirror(0);
    ask.login = Some(candidate_name);
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(record.ended, Ended::NotAsked(NotAsked::NotForHost));
    assert_only_at(&bench, &record, &[]);
    ask.login = Some(ann);
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(end(&record), "got manifest");
    assert_only_at(&bench, &record, &["other"]);
}

#[tokio::test]
async fn row_26_ten_wrong_secrets_of_one_account_are_two_refusals() {
    for login in [Login::Basic, Login::Bearer(Token::default())] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("refusals.json");
        let endpoint = open("r").login(login).user(User::new("ann", "right", "team/*"));
        let bench = bench(vec![endpoint.clone()], |_, settings| settings.state = Some(state.clone())).await;
        let names: Vec<_> = (0..10)
            .map(|at| bench.login("r", &format!("s{at}"), "ann", &format!("wrong-{at}-{CANARY}")))
            .collect();
        let mut tasks = Vec::new();
        for name in &names {
            tasks.push(bench.ask_as(name, "r", "team/app", head("1.0")));
        }
        let mut ends = Vec::new();
        for task in tasks {
            ends.push(end(&task.await));
        }
        assert_eq!(ends.iter().filter(|end| end.contains("LockOut")).count(), 8, "{ends:?}");
        let wrong: BTreeSet<String> = bench
            .running
            .requests()
            .iter()
            .filter_map(|request| {
                let basic = request.basic().map(|(_, password)| password);
                let form = request
                    .body
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("password="))
                    .map(str::to_owned);
                basic.or(form)
            })
            .collect();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        let text = std::fs::read_to_string(&state).unwrap();
        assert!(!text.contains(CANARY) && !text.contains("ann"), "{text}");
    }
}

#[tokio::test]
async fn row_27_a_host_in_a_message_is_not_dialled() {
    let words = r#"{"errors":[{"code":"DENIED","message":"see {url:other}/help and https://evil.test/"}]}"#;
    let rule = Rule::on(Route::Manifest).status(403).body(Body::Text(words.to_owned()));
    let bench = bench(vec![open("r").rule(rule), open("other")], |_, _| {}).await;
    let record = bench.ask("r", "team/app", get("1.0")).await;
    assert_eq!(end(&record), "manifest 403");
    assert!(bench.running.requests_at("other").is_empty());
    assert!(bench.running.questions().is_empty(), "nothing was resolved");
}

#[tokio::test]
async fn row_28_a_prober_that_is_asked_nothing_does_nothing() {
    let bench = bench(vec![open("r")], |_, _| {}).await;
    bench.login("r", "ann", "ann", CANARY);
    assert_eq!(bench.prober.requests(), 0);
    assert!(bench.running.connections().is_empty() && bench.running.questions().is_empty());
}

#[tokio::test]
async fn no_login_is_sent_past_a_failed_check_of_the_certificate() {
    let endpoint = Endpoint {
        host: Some("r.test".to_owned()),
        ..with_realm("r", Realm::Own).tls(Certificate::UnknownAuthority)
    };
    let bench = bench(vec![endpoint], |_, _| {}).await;
    let mut ask = ask(bench.host("r", "r.test", Scheme::Https), "team/app", head("1.0"));
    let given = credential("ann", "ann", CANARY, &[ask.host.endpoint.as_str()]);
    ask.login = Some(given.login.name.clone());
    bench.prober.add_credentials(vec![given]);
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(end(&record), format!("tls {:?}", Class::UnknownAuthority));
    assert!(bench.running.requests().is_empty());
}

#[tokio::test]
async fn headers_of_the_trust_settings_go_to_their_host_only() {
    let to = Rule::on(Route::Manifest)
        .answer(Answer::Redirect("{url:other}/v2/team/app/manifests/1.0".to_owned()));
    let bench = bench(vec![open("r").rule(to), open("other")], |running, settings| {
        let headers = vec![("X-Mirror-Token".to_owned(), CANARY.to_owned().into())];
        let authorities = vec![running.ca_pem().into_bytes()];
        settings.trusts.insert("node".to_owned(), Trust { headers, authorities, ..Trust::default() });
    })
    .await;
    let mut ask = ask(host(&bench.running.endpoint("r").to_string(), Scheme::Http), "team/app", head("1.0"));
    ask.host.trust = "node".to_owned();
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(end(&record), "got manifest", "{record:?}");
    assert_only_at(&bench, &record, &["r"]);
    assert!(bench.running.seen_at(CANARY).contains("r"));
    assert!(!bench.running.requests_at("other").is_empty());
}
