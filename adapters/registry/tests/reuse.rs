//! Connections that are used again: what it saves, and that no record is less true for it.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pullmedic_model::Stage;
use pullmedic_model::probe::record::Record;
use pullmedic_model::probe::route::Scheme;
use pullmedic_model::probe::{Class, What};
use support::{Bench, ask, bench, bench_with, end, get, head, host, stages};
use testkit_registry::Record as NameRecord;
use testkit_registry::{Certificate, Delivery, Endpoint, Image, Login, Nth, Realm, Route, Rule, Token, User};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn open(name: &str) -> Endpoint {
    Endpoint::named(name).image(Image::small("team/app", "1.0"))
}

fn tls(certificate: Certificate) -> Endpoint {
    Endpoint { host: Some("r.test".to_owned()), ..open("r").tls(certificate) }
}

/// Connections that the endpoint accepted.
fn connections(bench: &Bench, endpoint: &str) -> usize {
    bench.running.connections().iter().filter(|connection| connection.endpoint == endpoint).count()
}

fn is_reused(record: &Record) -> bool {
    let made = record.steps.iter().filter(|step| step.stage < Stage::Ping);
    made.clone().count() > 0 && made.clone().all(|step| step.detail.as_str().starts_with("reused"))
}

#[tokio::test]
async fn twenty_questions_of_a_host_dial_once_and_every_ladder_is_whole() {
    let bench = bench(vec![tls(Certificate::Trusted)], |_, _| {}).await;
    let one = ask(bench.host("r", "r.test", Scheme::Https), "team/app", head("1.0"));
    let first = bench.prober.ask(&one, None).await;
    assert_eq!(
        (end(&first).as_str(), stages(&first).as_str()),
        ("got manifest", "name connect tls manifest")
    );
    assert!(!is_reused(&first), "the first ask of a host dials: {first:?}");
    let questions = bench.running.questions().len();
    for at in 1..20 {
        let record = bench
            .prober
            .ask(&pullmedic_model::probe::Ask { what: head(&format!("t{at}")), ..one.clone() }, None)
            .await;
        assert_eq!((end(&record).as_str(), record.requests), ("manifest 404", 1));
        assert_eq!(stages(&record), "name connect tls manifest!404");
        assert!(is_reused(&record), "{record:?}");
        for (made, step) in first.steps.iter().zip(&record.steps).take(3) {
            assert_eq!((step.took_us, step.failed), (0, None));
            assert_eq!((step.address, &step.certificate), (made.address, &made.certificate));
            assert_eq!(step.endpoint, made.endpoint);
        }
        assert_eq!(record.steps[3].address, first.steps[3].address);
    }
    assert_eq!(connections(&bench, "r"), 1);
    assert_eq!(bench.running.questions().len(), questions, "no name was asked for again");
    // A name is asked for whenever it is the question.
    let name = ask(one.host.clone(), "", What::Name);
    assert!(!is_reused(&bench.prober.ask(&name, None).await));
}

#[tokio::test]
async fn what_is_asked_once_more_is_asked_anew_on_a_connection_of_its_own() {
    // One name, and one of two behind it lags.
    let rule = Rule::on(Route::Manifest).nth(Nth::First(1)).status(404);
    let bench = bench(vec![open("r").rule(rule)], |_, _| {}).await;
    let first = ask(bench.host("r", "r.test", Scheme::Http), "team/app", head("1.0"));
    assert_eq!(end(&bench.prober.ask(&first, None).await), "manifest 404");
    assert_eq!(end(&bench.prober.ask(&first, None).await), "manifest 404", "an answer that is kept");
    let again = bench.prober.ask(&first.once_more(1), None).await;
    assert_eq!((end(&again).as_str(), again.requests), ("got manifest", 1));
    assert!(!is_reused(&again), "{again:?}");
    assert_eq!(connections(&bench, "r"), 2);
}

#[tokio::test]
async fn what_is_asked_once_more_is_asked_of_the_next_address() {
    let records = vec![NameRecord::addresses(
        "two.test",
        &["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()],
    )];
    let bench = bench_with(vec![open("r")], records, |_, _| {}).await;
    let other = TcpListener::bind(("127.0.0.2", bench.running.endpoint("r").port())).await.unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = other.accept().await {
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let first = ask(bench.host("r", "two.test", Scheme::Http), "team/app", head("1.0"));
    let mut ends = Vec::new();
    for again in 0..3 {
        let record = bench.prober.ask(&first.once_more(again), None).await;
        ends.push(end(&record));
    }
    task.abort();
    assert_eq!(ends[0], ends[2], "two addresses take turns: {ends:?}");
    assert_ne!(ends[0], ends[1], "{ends:?}");
}

#[tokio::test]
async fn what_was_not_read_to_its_end_is_not_used_again() {
    for delivery in
        [Delivery::Truncate { after: Some(10) }, Delivery::Endless, Delivery::Stall { after: Some(9) }]
    {
        let rule = Rule::on(Route::Manifest).nth(Nth::Only(1)).delivery(delivery);
        let bench = bench(vec![open("r").rule(rule)], |_, settings| settings.limits.manifest = 100_000).await;
        assert_ne!(end(&bench.ask("r", "team/app", get("1.0")).await), "got manifest");
        let record = bench.ask("r", "team/app", head("1.0")).await;
        assert_eq!(end(&record), "got manifest");
        assert!(!is_reused(&record), "{delivery:?}: {record:?}");
        assert_eq!(connections(&bench, "r"), 2);
    }
}

#[tokio::test]
async fn an_ask_that_was_dropped_leaves_nothing_behind() {
    let rule = Rule::on(Route::Manifest).nth(Nth::Only(2)).delivery(Delivery::Silent);
    let bench = bench(vec![open("r").rule(rule)], |_, _| {}).await;
    assert_eq!(end(&bench.ask("r", "team/app", head("1.0")).await), "got manifest");
    let dropped = bench.ask("r", "team/app", get("1.0"));
    assert!(tokio::time::timeout(Duration::from_millis(200), dropped).await.is_err());
    let record = bench.ask("r", "team/app", get("1.0")).await;
    assert_eq!(end(&record), "got manifest");
    assert!(!is_reused(&record), "its connection still owes an answer: {record:?}");
}

#[tokio::test]
async fn silence_on_a_connection_used_again_is_told_and_not_asked_twice() {
    let rule = Rule::on(Route::Manifest).nth(Nth::After(1)).delivery(Delivery::Silent);
    let bench = bench(vec![open("r").rule(rule)], |_, _| {}).await;
    assert_eq!(end(&bench.ask("r", "team/app", head("1.0")).await), "got manifest");
    let record = bench.ask("r", "team/app", get("1.0")).await;
    assert_eq!((end(&record).as_str(), record.requests), ("manifest AnswerTimeout", 1));
    assert_eq!(stages(&record), "name connect manifest!AnswerTimeout");
}

#[tokio::test]
async fn a_certificate_that_one_ask_does_not_check_is_checked_for_the_next() {
    let bench = bench(vec![tls(Certificate::SelfSigned)], |_, _| {}).await;
    let mut ask = ask(bench.host("r", "r.test", Scheme::Https), "team/app", head("1.0"));
    ask.host.skip_verify = true;
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "got manifest");
    ask.host.skip_verify = false;
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "tls UnknownAuthority");
}

#[tokio::test]
async fn a_login_is_never_posted_on_a_connection_of_another_ask() {
    let token = Login::Bearer(Token { realm: Realm::Endpoint("sso".to_owned()), ..Token::default() });
    let sso = Endpoint::named("sso").user(User::new("ann", "secret-of-ann", "team/*"));
    let registry = open("r").login(token).image(Image::small("library/a", "1")).public("library/*");
    let bench = bench(vec![registry, sso], |running, settings| {
        let allowed = format!("{}={}", running.endpoint("r"), running.endpoint("sso"));
        settings.allow_realms = vec![pullmedic_registry::AllowedRealm::parse(&allowed).unwrap()];
    })
    .await;
    // An anonymous token leaves a connection at the token service.
    assert_eq!(end(&bench.ask("r", "library/a", head("1")).await), "got manifest");
    assert_eq!((connections(&bench, "r"), connections(&bench, "sso")), (1, 1));
    let ann = bench.login("r", "good", "ann", "secret-of-ann");
    let record = bench.ask_as(&ann, "r", "team/app", head("1.0")).await;
    assert_eq!(end(&record), "got manifest", "{record:?}");
    assert_eq!((connections(&bench, "r"), connections(&bench, "sso")), (1, 2));
    let posts: Vec<_> = bench.running.requests().into_iter().filter(|r| r.method == "POST").collect();
    assert_eq!(posts.len(), 1);
}

/// A server that answers the first request of a connection, then does this with the second one; and how many connections
/// it accepted.
async fn moody(then: &'static [u8], stray: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                request(&mut stream).await;
                let well =
                    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}";
                stream.write_all(&[well.as_slice(), stray].concat()).await.unwrap();
                request(&mut stream).await;
                let _ = stream.write_all(then).await;
            });
        }
    });
    (address, accepted)
}

async fn request(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
}

#[tokio::test]
async fn a_connection_that_was_over_is_made_anew_and_only_the_new_one_is_told() {
    let bench = bench(Vec::new(), |_, _| {}).await;
    for (then, stray, expected, accepted) in [
        // Closed without a word, and with the remains of the last answer.
        (&b""[..], &b""[..], "got ping", 2),
        (b"no HTTP at all\r\n\r\n", b"", "got ping", 2),
        (b"", b"remains", "got ping", 2),
        // An answer had begun: that is the host's own doing.
        (b"HTTP/1.1 200 OK\r\nContent-Le", b"", "ping Reset", 1),
    ] {
        let (address, count) = moody(then, stray).await;
        let at = |path: &str| {
            let mut host = host(&address.to_string(), Scheme::Http);
            host.path = path.to_owned();
            ask(host, "", What::Ping)
        };
        assert_eq!(end(&bench.prober.ask(&at("/v2"), None).await), "got ping");
        let record = bench.prober.ask(&at("/other"), None).await;
        assert_eq!(end(&record), expected, "{record:?}");
        assert_eq!(count.load(Ordering::Relaxed), accepted, "{expected}");
        assert_eq!(is_reused(&record), accepted == 1, "{record:?}");
        assert!(record.steps.iter().all(|step| step.stage >= Stage::Ping || step.failed.is_none()));
        assert!(record.requests <= 2 && !stages(&record).contains("connect connect"), "{record:?}");
    }
}

#[tokio::test]
async fn a_host_that_is_gone_since_is_told_by_a_new_dial() {
    let bench = bench(Vec::new(), |_, _| {}).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
    });
    let mut ask = ask(host(&address.to_string(), Scheme::Http), "", What::Ping);
    assert_eq!(end(&bench.prober.ask(&ask, None).await), "got ping");
    server.await.unwrap();
    ask.host.path = "/other".to_owned();
    let record = bench.prober.ask(&ask, None).await;
    assert_eq!(
        record.refused().map(|(stage, _, class)| (stage, class)),
        Some((Stage::Connect, Class::Refused))
    );
    assert_eq!(stages(&record), "name connect!Refused", "{record:?}");
}
