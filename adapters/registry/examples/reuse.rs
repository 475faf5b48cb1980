//! What a connection that is used again saves: the time of one `HEAD` over loopback TLS, on a connection of its own and on
//! one that an earlier ask left. `cargo run -p pullmedic-registry --example reuse`.

#![expect(clippy::unwrap_used, reason = "it measures, and ends where it cannot")]

use std::io::Write;
use std::time::{Duration, Instant};

use pullmedic_model::Endpoint as Place;
use pullmedic_model::probe::route::{Host, Role, Scheme};
use pullmedic_model::probe::{Ask, What};
use pullmedic_registry::{Limits, Pinned, Prober, Settings, Trust};
use testkit_registry::{Certificate, Configuration, Endpoint, Image, Registry, Running};

const ASKS: usize = 100;

#[tokio::main]
async fn main() {
    let endpoint = Endpoint {
        host: Some("r.test".to_owned()),
        ..Endpoint::named("r").image(Image::small("team/app", "1")).tls(Certificate::Trusted)
    };
    let configuration = Configuration { endpoints: vec![endpoint], ..Configuration::default() };
    let running = Registry::start(configuration).await.unwrap();
    let one = prober(&running);
    ask(&one, &running, 0).await;
    let many: Vec<Prober> = (0..ASKS).map(|_| prober(&running)).collect();
    let mut anew = Vec::new();
    let mut again = Vec::new();
    // In turn, so that both meet the same machine.
    for (at, other) in many.iter().enumerate() {
        anew.push(ask(other, &running, at + 1).await);
        again.push(ask(&one, &running, at + 1).await);
    }
    let (anew, again) = (median(anew), median(again));
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "HEAD over loopback TLS, median of {ASKS}: {anew:?} on a connection of its own, {again:?} on one used again"
    )
    .unwrap();
}

/// A prober that has asked nothing yet.
fn prober(running: &Running) -> Prober {
    let authorities = vec![running.ca_pem().into_bytes()];
    let trust = Trust { authorities, replaces_system: true, ..Trust::default() };
    let port = running.endpoint("r").port();
    let settings = Settings {
        resolve: vec![Pinned::parse(&format!("r.test:{port}:127.0.0.1")).unwrap()],
        trusts: [(String::new(), trust)].into(),
        limits: Limits { rate: 1e6, burst: 100_000, requests: 100_000, ..Limits::default() },
        ..Settings::default()
    };
    Prober::new(settings).unwrap()
}

async fn ask(prober: &Prober, running: &Running, at: usize) -> Duration {
    let host = Host {
        endpoint: Place::parse(&format!("r.test:{}", running.endpoint("r").port())).unwrap(),
        scheme: Scheme::Https,
        path: "/v2".to_owned(),
        namespace: None,
        role: Role::Origin,
        resolve: true,
        trust: String::new(),
        skip_verify: false,
        dial_timeout_ms: 2000,
        answer_timeout_ms: None,
    };
    // Another tag each time: an answer that is kept measures nothing.
    let what = What::ManifestHead(format!("t{at}"));
    let ask = Ask { host, repository: "team/app".to_owned(), what, login: None, again: 0 };
    let began = Instant::now();
    let record = prober.ask(&ask, None).await;
    let took = began.elapsed();
    assert_eq!(record.answer().map(|answer| answer.status), Some(404), "{record:?}");
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
