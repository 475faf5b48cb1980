//! Faults of HTTP, each seen on the wire.

mod support;

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use support::{Came, End, ask, get, run, watch};
use testkit_registry::{
    Answer, Body, Delivery, Endpoint, Form, Image, LimitStyle, Limited, Nth, Quota, Route, Rule, Running,
    User, digest,
};

const MANIFEST: &str = "/v2/team/app/manifests/1.0";

async fn under(rule: Rule) -> (Running, SocketAddr) {
    let mut moved = Image::small("team/app", "2.0");
    moved.form = Form::Large(10);
    let endpoint = Endpoint::named("r").image(Image::small("team/app", "1.0")).image(moved).rule(rule);
    let running = run([endpoint, Endpoint::named("other")]).await;
    let address = running.endpoint("r");
    (running, address)
}

fn on_manifest() -> Rule {
    Rule::on(Route::Manifest)
}

async fn layer(running: &Running) -> Came {
    let layer = running.images("r").remove(0).layers.remove(0);
    get(running.endpoint("r"), &format!("/v2/team/app/blobs/{layer}")).await
}

#[tokio::test]
async fn a_bare_status_has_the_oci_error_that_belongs_to_it() {
    for (status, said) in [
        (401, "401 UNAUTHORIZED no challenge"),
        (403, "403 DENIED no challenge"),
        (404, "404 MANIFEST_UNKNOWN no challenge"),
        (405, "405 UNSUPPORTED no challenge"),
        (429, "429 TOOMANYREQUESTS no challenge"),
        (500, "500 UNKNOWN no challenge"),
        (502, "502 UNKNOWN no challenge"),
        (503, "503 UNAVAILABLE no challenge"),
    ] {
        let (_running, address) = under(on_manifest().status(status)).await;
        assert_eq!(get(address, MANIFEST).await.said(), said);
        assert_eq!(get(address, "/v2/").await.status, 200, "only the manifest is spoilt");
    }
}

#[tokio::test]
async fn pages_and_redirects_of_all_kinds() {
    let at = |address: SocketAddr, path: &str| format!("http://client.test:5000{path}#{}", address.port());
    for (answer, status, location) in [
        (Answer::LoginPage, 200, None),
        (Answer::LoginRedirect, 302, Some("http://client.test:5000/login")),
        (Answer::Html(502), 502, None),
        (Answer::RedirectLoop, 307, Some("http://client.test:5000/v2/team/app/manifests/1.0")),
        (
            Answer::Redirect("http://169.254.169.254/latest/meta-data".to_owned()),
            307,
            Some("http://169.254.169.254/latest/meta-data"),
        ),
        (Answer::Redirect("file:///etc/passwd".to_owned()), 307, Some("file:///etc/passwd")),
    ] {
        let (_running, address) = under(on_manifest().answer(answer.clone())).await;
        let came = get(address, MANIFEST).await;
        assert_eq!(
            (came.status, came.header("location")),
            (status, location),
            "{answer:?} {}",
            at(address, "")
        );
        let html = came.header("content-type").is_some_and(|media_type| media_type.starts_with("text/html"));
        assert_eq!(html, location.is_none(), "{answer:?}");
    }
    let (running, address) =
        under(on_manifest().answer(Answer::Redirect("{url:other}{path}".to_owned()))).await;
    let wanted = format!("{}{MANIFEST}", running.url("other"));
    assert_eq!(get(address, MANIFEST).await.header("location"), Some(wanted.as_str()));
}

#[tokio::test]
async fn a_429_comes_in_each_manner() {
    for (style, headers) in [
        (LimitStyle::Bare, &[][..]),
        (
            LimitStyle::DockerHub,
            &["ratelimit-limit: 100;w=90", "ratelimit-remaining: 0;w=90", "retry-after: 90"],
        ),
        (LimitStyle::DockerHubAnonymous, &["docker-ratelimit-source: 192.0.2.1"]),
        (LimitStyle::DockerHubAbuse, &["content-type: text/plain"]),
        (LimitStyle::RetryAfterSeconds, &["retry-after: 90"]),
        (LimitStyle::RetryAfterDate, &["retry-after: "]),
        (LimitStyle::Github, &["retry-after: 90", "x-ratelimit-remaining: 0", "x-ratelimit-reset: "]),
        (LimitStyle::Harbor, &[]),
        (LimitStyle::Quay, &["content-type: text/html"]),
        (LimitStyle::Ecr, &[]),
    ] {
        let limited = Limited { style, reset: Some(Duration::from_secs(90)) };
        let (_running, address) = under(on_manifest().method("GET").answer(Answer::Limited(limited))).await;
        let came = get(address, MANIFEST).await;
        assert_eq!(came.status, 429, "{style:?}");
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            assert!(
                came.header(name).is_some_and(|had| had.starts_with(value)),
                "{style:?} {header}: {came:?}"
            );
        }
        if headers.is_empty() {
            assert_eq!(came.header("retry-after"), None, "{style:?}");
        }
        assert_eq!(ask(address, "HEAD", MANIFEST, &[]).await.status, 200, "a HEAD is free: {style:?}");
    }
    let date = Limited { style: LimitStyle::RetryAfterDate, reset: None };
    let (_running, address) = under(on_manifest().answer(Answer::Limited(date))).await;
    let came = get(address, MANIFEST).await;
    assert!(came.header("retry-after").unwrap().ends_with(" GMT"), "{came:?}");
}

#[tokio::test]
async fn a_quota_is_spent_by_gets_and_by_each_for_himself() {
    let mut user = User::new("ann", "secret", "*");
    user.quota = Some(Quota { pulls: 2, window: Duration::from_secs(3600) });
    let mut endpoint = Endpoint::named("r").image(Image::small("team/app", "1.0")).user(user).public("*");
    endpoint.login = testkit_registry::Login::Basic;
    endpoint.anonymous_quota = Some(Quota { pulls: 1, window: Duration::from_secs(3600) });
    let running = run([endpoint]).await;
    let address = running.endpoint("r");
    let login = support::basic("ann", "secret");
    let mut seen = Vec::new();
    for headers in [&[][..], &[("Authorization", login.as_str())][..]] {
        for method in ["HEAD", "GET", "GET", "GET"] {
            seen.push(ask(address, method, MANIFEST, headers).await.status);
        }
    }
    assert_eq!(seen, [200, 200, 429, 429, 200, 200, 200, 429]);
}

#[tokio::test]
async fn headers_are_set_and_taken_off() {
    let rule =
        on_manifest().header("Docker-Content-Digest", "sha256:wrong").header("Content-Type", "text/plain");
    let (_running, address) = under(rule).await;
    let came = get(address, MANIFEST).await;
    assert_eq!(came.header("docker-content-digest"), Some("sha256:wrong"));
    assert_eq!(came.header("content-type"), Some("text/plain"));
    let mut rule = on_manifest();
    rule.then.without = vec!["docker-content-digest".to_owned()];
    let (_running, address) = under(rule).await;
    assert_eq!(get(address, MANIFEST).await.header("docker-content-digest"), None);
}

#[tokio::test]
async fn bodies_are_spoilt_in_each_way() {
    let (running, _) = under(Rule::on(Route::Ping)).await;
    let well = layer(&running).await.body;
    let on_layer = |body: Body| Rule::on(Route::Blob).reference("layer:0").body(body);

    let (running, _) = under(on_layer(Body::Corrupt)).await;
    let corrupt = layer(&running).await.body;
    assert_eq!(corrupt.iter().zip(&well).filter(|(one, other)| one != other).count(), 1);
    assert_eq!(corrupt.len(), well.len());

    let (running, _) = under(on_layer(Body::DamagedGzip)).await;
    let damaged = layer(&running).await.body;
    assert_eq!((damaged.len(), &damaged[..10]), (well.len(), &well[..10]));
    assert!(flate2::read::GzDecoder::new(&damaged[..]).read_to_end(&mut Vec::new()).is_err());

    let (running, _) = under(on_layer(Body::Random(500))).await;
    assert_eq!(layer(&running).await.body.len(), 500);

    let (_running, address) = under(on_manifest().reference("1.0").body(Body::Of("2.0".to_owned()))).await;
    let came = get(address, MANIFEST).await;
    assert_ne!(came.header("docker-content-digest"), Some(digest(&came.body).as_str()));

    let (_running, address) = under(on_manifest().body(Body::GzipBomb(50 << 20))).await;
    let bomb = get(address, MANIFEST).await;
    assert_eq!(bomb.header("content-encoding"), Some("gzip"));
    assert!(bomb.body.len() < 1 << 20, "{}", bomb.body.len());
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&bomb.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked.len(), 50 << 20);

    for (body, expected) in [
        (Body::Text("at {own}".to_owned()), "at http://client.test:5000".to_owned()),
        (Body::Empty, String::new()),
        (Body::Repeat { text: "ab".to_owned(), times: 3 }, "ababab".to_owned()),
        (Body::DeepJson(3), "[[[]]]".to_owned()),
    ] {
        let (_running, address) = under(on_manifest().body(body)).await;
        assert_eq!(get(address, MANIFEST).await.text(), expected);
    }
}

#[tokio::test]
async fn a_body_is_brought_in_each_way() {
    for (delivery, status, bytes, end) in [
        (Delivery::Silent, 0, 0, End::Open),
        (Delivery::Close, 0, 0, End::Closed),
        (Delivery::Reset, 0, 0, End::Reset),
        (Delivery::Truncate { after: Some(10) }, 200, 10, End::Closed),
        (Delivery::ResetMidBody { after: Some(10) }, 200, 10, End::Reset),
        (Delivery::Stall { after: Some(10) }, 200, 10, End::Open),
        (Delivery::Stall { after: Some(0) }, 200, 0, End::Open),
        (Delivery::Garbage, 0, 0, End::Closed),
    ] {
        let (running, address) = under(on_manifest().delivery(delivery)).await;
        let came = watch(address, MANIFEST).await;
        // A reset may overtake the bytes before it.
        let arrived = if end == End::Reset { came.body.len() <= bytes } else { came.body.len() == bytes };
        assert!(arrived, "{delivery:?}: {} bytes", came.body.len());
        assert_eq!(came.end, end, "{delivery:?}");
        if end != End::Reset {
            assert_eq!(came.status, status, "{delivery:?}");
        }
        let logged = running.requests()[0].status;
        assert_eq!(logged.is_some(), status == 200, "{delivery:?}: {logged:?}");
    }
}

#[tokio::test]
async fn a_length_lies_in_both_directions() {
    let (_running, address) = under(on_manifest().delivery(Delivery::Length(1_000_000))).await;
    let came = watch(address, MANIFEST).await;
    assert_eq!((came.length(), came.end), (1_000_000, End::Open));
    assert!(came.body.len() < 1_000_000);
    let (_running, address) = under(on_manifest().delivery(Delivery::Length(3))).await;
    let came = get(address, MANIFEST).await;
    assert_eq!((came.length(), came.end), (3, End::Closed));
    assert!(came.body.len() > 3);
}

#[tokio::test]
async fn endless_answers_have_no_end() {
    for delivery in [Delivery::Endless, Delivery::EndlessHeader] {
        let (_running, address) = under(on_manifest().delivery(delivery)).await;
        let came = watch(address, MANIFEST).await;
        assert!(came.raw.len() > 8 << 20, "{delivery:?}: {}", came.raw.len());
        assert_eq!(came.end, End::Open);
    }
    let (_running, address) = under(on_manifest().delivery(Delivery::Endless)).await;
    assert_eq!(
        ask(address, "HEAD", MANIFEST, &[]).await.end,
        End::Closed,
        "a HEAD has no body to go on for ever"
    );
    let (_running, address) = under(on_manifest().delivery(Delivery::Chunked)).await;
    let came = get(address, MANIFEST).await;
    assert_eq!(came.header("transfer-encoding"), Some("chunked"));
    assert_eq!(came.header("content-length"), None);
    assert!(came.body.ends_with(b"\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn slow_answers_take_their_time() {
    let every = Duration::from_millis(20);
    for rule in [
        on_manifest().body(Body::Text("12345".to_owned())).delivery(Delivery::Pace { bytes: 1, every }),
        on_manifest().delay(4 * every),
    ] {
        let (_running, address) = under(rule).await;
        let began = Instant::now();
        assert_eq!(get(address, MANIFEST).await.status, 200);
        assert!(began.elapsed() >= 4 * every, "{:?}", began.elapsed());
    }
    let (_running, address) =
        under(on_manifest().delivery(Delivery::PaceAll { every: Duration::from_secs(60) })).await;
    assert_eq!(watch(address, MANIFEST).await.raw, b"H");
}

#[tokio::test]
async fn it_flaps_by_count() {
    for (nth, expected) in [
        (Nth::First(2), [503, 503, 200, 200]),
        (Nth::After(2), [200, 200, 503, 503]),
        (Nth::Only(2), [200, 503, 200, 200]),
        (Nth::Every(2), [200, 503, 200, 503]),
    ] {
        let (_running, address) = under(on_manifest().status(503).nth(nth)).await;
        let mut seen = [0; 4];
        for status in &mut seen {
            // What does not fit is not counted.
            get(address, "/v2/").await;
            *status = get(address, MANIFEST).await.status;
        }
        assert_eq!(seen, expected, "{nth:?}");
    }
}

#[tokio::test]
async fn it_mends_itself_by_time() {
    let mut rule = on_manifest().status(503);
    rule.when.until = Some(Duration::from_millis(300));
    let (running, address) = under(rule.clone()).await;
    assert_eq!(get(address, MANIFEST).await.status, 503);
    let begun = Instant::now();
    while get(address, MANIFEST).await.status == 503 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it mends");
        tokio::task::yield_now().await;
    }
    rule.when.until = None;
    rule.when.from = Some(Duration::from_secs(3600));
    running.set_rules("r", vec![rule]);
    assert_eq!(get(address, MANIFEST).await.status, 200);
}

#[tokio::test]
async fn the_first_rule_that_fits_wins_and_the_log_tells_which() {
    let (running, address) = under(on_manifest().reference("2.*").status(500)).await;
    running.set_rules(
        "r",
        vec![
            on_manifest().repository("team/*").reference("1.0").answer(Answer::Well),
            on_manifest().reference("tag:2.0").status(418),
            Rule { then: Rule::on(Route::Ping).status(500).then, ..Rule::default() },
        ],
    );
    let moved = running.digest("r", "team/app", "2.0");
    for (target, status, rule) in [
        (MANIFEST.to_owned(), 200, Some(0)),
        (format!("/v2/team/app/manifests/{moved}"), 418, Some(1)),
        ("/v2/".to_owned(), 500, Some(2)),
    ] {
        assert_eq!(get(address, &target).await.status, status, "{target}");
        assert_eq!(running.requests().last().unwrap().rule, rule, "{target}");
    }
}

#[tokio::test]
async fn a_tag_moves_between_two_calls() {
    let rule = on_manifest().reference("1.0").nth(Nth::After(1)).answer(Answer::Instead("2.0".to_owned()));
    let (running, address) = under(rule).await;
    let digests = [get(address, MANIFEST).await, get(address, MANIFEST).await]
        .map(|came| came.header("docker-content-digest").unwrap().to_owned());
    assert_eq!(digests, [running.digest("r", "team/app", "1.0"), running.digest("r", "team/app", "2.0")]);
}

#[tokio::test]
async fn links_lead_elsewhere_or_nowhere() {
    let tags = |location: &str| Rule::on(Route::Tags).answer(Answer::Link(location.to_owned()));
    let (running, address) = under(tags("{url:other}/v2/team/app/tags/list")).await;
    let link = get(address, "/v2/team/app/tags/list").await.header("link").unwrap().to_owned();
    assert_eq!(link, format!(r#"<{}/v2/team/app/tags/list>; rel="next""#, running.url("other")));
    let (_running, address) = under(tags("{path}?again")).await;
    let link = get(address, "/v2/team/app/tags/list").await.header("link").unwrap().to_owned();
    assert_eq!(link, r#"</v2/team/app/tags/list?again>; rel="next""#);
}

#[tokio::test]
async fn one_user_or_nobody_in_particular() {
    let (running, address) = under(Rule::on(Route::Ping).user("anonymous").status(503)).await;
    let login = support::basic("ann", "secret");
    assert_eq!(get(address, "/v2/").await.status, 503);
    running.set_rules("r", vec![Rule::on(Route::Ping).user("*").status(503)]);
    assert_eq!(get(address, "/v2/").await.status, 200);
    let unknown = ask(address, "GET", "/v2/", &[("Authorization", &login)]).await;
    assert_eq!(unknown.status, 200, "a login that nobody has is nobody's");
}
