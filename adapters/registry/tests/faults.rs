//! Every byte-level fault of the test registry, at every request of an ask, under a time limit: nothing hangs, nothing
//! panics, and nothing is taken for a good answer that is none.

mod support;

use std::time::Duration;

use pullmedic_model::probe::record::{Ended, Got};
use pullmedic_model::probe::route::Scheme;
use pullmedic_model::probe::{Ask, What};
use support::{CANARY, ask, bench, credential, end, get, head};
use testkit_registry::{
    Body, Certificate, ConnectionFault, Delivery, Endpoint, Image, Login, Route, Rule, Token, User,
};

fn deliveries() -> Vec<Delivery> {
    vec![
        Delivery::Silent,
        Delivery::Close,
        Delivery::Reset,
        Delivery::Truncate { after: None },
        Delivery::Truncate { after: Some(0) },
        Delivery::ResetMidBody { after: None },
        Delivery::ResetMidBody { after: Some(1) },
        Delivery::Stall { after: None },
        Delivery::Pace { bytes: 1, every: Duration::from_millis(100) },
        Delivery::PaceAll { every: Duration::from_millis(100) },
        Delivery::Endless,
        Delivery::Chunked,
        Delivery::Length(0),
        Delivery::Length(1),
        Delivery::Length(100_000_000),
        Delivery::EndlessHeader,
        Delivery::Garbage,
    ]
}

fn bodies() -> Vec<Body> {
    vec![
        Body::Empty,
        Body::Corrupt,
        Body::DamagedGzip,
        Body::Random(5000),
        Body::GzipBomb(10_000_000),
        Body::DeepJson(500_000),
        Body::Text("null".to_owned()),
        Body::Text("{}".to_owned()),
        Body::Text("[]".to_owned()),
        Body::Text("\u{feff}{\"manifests\":null}".to_owned()),
        Body::Html("sign in".to_owned()),
    ]
}

const CONNECTIONS: [ConnectionFault; 10] = [
    ConnectionFault::Silent,
    ConnectionFault::Close,
    ConnectionFault::Reset,
    ConnectionFault::ResetAfter(5),
    ConnectionFault::HandshakeStall,
    ConnectionFault::ProtocolAlert,
    ConnectionFault::OldProtocol,
    ConnectionFault::HandshakeFailure,
    ConnectionFault::Garbage,
    ConnectionFault::PlainHttp,
];

fn endpoint(name: &str, tls: bool, rule: Rule) -> Endpoint {
    let endpoint = Endpoint::named(name)
        .image(Image::small("team/app", "1.0"))
        .login(Login::Bearer(Token::default()))
        .user(User::new("ann", CANARY, "team/*"))
        .rule(rule);
    let endpoint = if tls { endpoint.tls(Certificate::Trusted) } else { endpoint };
    Endpoint { host: Some("r.test".to_owned()), ..endpoint }
}

/// Asks everything of an endpoint with one fault, and returns the ends.
async fn all_ends(faulty: Vec<(String, Endpoint, Scheme)>) -> Vec<(String, Ended)> {
    let endpoints = faulty.iter().map(|(_, endpoint, _)| endpoint.clone()).collect();
    let bench = bench(endpoints, |_, settings| {
        settings.limits.requests = 100_000;
        settings.limits.answer = Duration::from_millis(400);
        settings.limits.body = Duration::from_millis(600);
        settings.limits.blob_time = Duration::from_millis(600);
        settings.limits.stall = Duration::from_millis(300);
        settings.limits.ask = Duration::from_secs(3);
    })
    .await;
    let digest = bench.running.digest(&faulty[0].1.name, "team/app", "1.0");
    let mut asks: Vec<(String, Ask)> = Vec::new();
    for (what_is_wrong, endpoint, scheme) in &faulty {
        let host = bench.host(&endpoint.name, "r.test", *scheme);
        let given = credential(&endpoint.name, "ann", CANARY, &[host.endpoint.as_str()]);
        let login = given.login.name.clone();
        bench.prober.add_credentials(vec![given]);
        for what in [
            head("1.0"),
            get("1.0"),
            What::Config(digest.clone()),
            What::Blob(digest.clone()),
            What::Tags,
            What::Ping,
        ] {
            let mut ask = ask(host.clone(), "team/app", what);
            if ask.what == What::Ping {
                ask.repository.clear();
            }
            ask.login = Some(login.clone());
            asks.push((what_is_wrong.clone(), ask));
        }
    }
    let mut ends = Vec::new();
    // All at once: each waits for its own times only.
    let prober = std::sync::Arc::new(bench.prober);
    let mut tasks = tokio::task::JoinSet::new();
    for (what_is_wrong, ask) in asks {
        let prober = std::sync::Arc::clone(&prober);
        tasks.spawn(async move {
            let record = prober.ask(&ask, None).await;
            let text = support::written(&record);
            assert!(!text.contains(CANARY), "{text}");
            (format!("{what_is_wrong}, {:?}: {}", ask.what, end(&record)), record.ended)
        });
    }
    while let Some(done) = tasks.join_next().await {
        ends.push(done.expect("no ask panics"));
    }
    ends
}

async fn within_limit(faulty: Vec<(String, Endpoint, Scheme)>) -> Vec<(String, Ended)> {
    tokio::time::timeout(Duration::from_secs(60), all_ends(faulty)).await.expect("nothing hangs")
}

#[tokio::test]
async fn no_way_of_bringing_an_answer_hangs_or_deceives() {
    let mut faulty = Vec::new();
    for route in [Route::Manifest, Route::Token, Route::Blob, Route::Tags, Route::Ping] {
        for delivery in deliveries() {
            let name = format!("e{}", faulty.len());
            let rule = Rule::on(route).delivery(delivery);
            faulty.push((format!("{route:?} {delivery:?}"), endpoint(&name, false, rule), Scheme::Http));
        }
    }
    for (words, ended) in within_limit(faulty).await {
        // A good end is one that needed nothing of what was spoilt, or that was brought oddly but whole.
        if let Ended::Got(Got::Blob { whole: Some(true), .. }) = ended {
            panic!("the manifest is no blob: {words}");
        }
    }
}

#[tokio::test]
async fn no_body_is_taken_for_what_it_is_not() {
    let mut faulty = Vec::new();
    for route in [Route::Manifest, Route::Token, Route::Tags] {
        for body in bodies() {
            let name = format!("e{}", faulty.len());
            let rule = Rule::on(route).method("GET").body(body.clone());
            let words = format!("{route:?} {body:?}");
            faulty.push((words, endpoint(&name, false, rule), Scheme::Http));
        }
    }
    for (words, ended) in within_limit(faulty).await {
        if words.starts_with("Manifest") && words.contains(", Manifest(") {
            assert!(matches!(ended, Ended::Refused { .. }), "{words}");
        }
    }
}

#[tokio::test]
async fn no_fault_below_http_hangs_or_deceives() {
    let mut faulty = Vec::new();
    for fault in CONNECTIONS {
        for tls in [false, true] {
            let name = format!("e{}", faulty.len());
            let scheme = if tls { Scheme::Https } else { Scheme::Http };
            let words = format!("{fault:?} tls={tls}");
            faulty.push((words, endpoint(&name, tls, Rule::connection(fault)), scheme));
        }
    }
    for (words, ended) in within_limit(faulty).await {
        let is_well = words.starts_with("PlainHttp tls=false");
        let is_refused = matches!(ended, Ended::Refused { .. } | Ended::NotAsked(_));
        assert!(is_refused || is_well, "{words}");
    }
}
