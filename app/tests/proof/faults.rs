//! Registries that are slow, endless, lying or of two minds: every run ends in its time, and says no more than it saw.

use std::time::{Duration, Instant};

use testkit_registry::{
    Answer, Body, ConnectionFault, Delivery, Endpoint, Form, Image, Login, Nth, Route, Rule, Token, User,
};

use super::stage::{Stage, brief, canary, ended, registry};
use super::words::Said;
use super::world::NAMESPACE;

/// What a debug binary on a busy machine takes to begin, to read the cluster and to write.
const BESIDE: Duration = Duration::from_secs(8);

fn stage(endpoint: Endpoint, words: &str) -> Stage {
    let mut stage = Stage::of(vec![endpoint]);
    let mut world = stage.one_pod_that_says("registry", ":1.0", words, &["regcred"]);
    world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", "right");
    stage.serve(&world);
    stage
}

fn private() -> Endpoint {
    registry("registry").login(Login::Bearer(Token::default())).user(User::new("shop", "right", "*"))
}

fn slow(bytes: u64) -> Delivery {
    Delivery::Pace { bytes, every: Duration::from_secs(1) }
}

#[test]
fn no_answer_holds_a_run_longer_than_its_time() {
    let stage = stage(private(), "failed to resolve image: unexpected status: 500 Internal Server Error");
    let every = Duration::from_secs(1);
    let faults: Vec<(&str, Rule)> = vec![
        ("silent connection", Rule::connection(ConnectionFault::Silent)),
        ("stalled handshake", Rule::connection(ConnectionFault::HandshakeStall)),
        ("reset", Rule::connection(ConnectionFault::Reset)),
        ("closed", Rule::connection(ConnectionFault::Close)),
        ("garbage", Rule::connection(ConnectionFault::Garbage)),
        ("plain HTTP", Rule::connection(ConnectionFault::PlainHttp)),
        ("old protocol", Rule::connection(ConnectionFault::OldProtocol)),
        ("silent token service", Rule::on(Route::Token).delivery(Delivery::Silent)),
        ("endless token", Rule::on(Route::Token).delivery(Delivery::Endless)),
        ("token of one byte a second", Rule::on(Route::Token).delivery(slow(1))),
        ("token bomb", Rule::on(Route::Token).body(Body::GzipBomb(1 << 30))),
        ("silent manifest", Rule::on(Route::Manifest).delivery(Delivery::Silent)),
        ("endless manifest", Rule::on(Route::Manifest).delivery(Delivery::Endless)),
        ("endless refusal", Rule::on(Route::Manifest).status(403).delivery(Delivery::Endless)),
        (
            "refusal of one byte a second",
            Rule::on(Route::Manifest).status(403).delivery(Delivery::PaceAll { every }),
        ),
        ("manifest bomb", Rule::on(Route::Manifest).body(Body::GzipBomb(1 << 30))),
        ("deep manifest", Rule::on(Route::Manifest).body(Body::DeepJson(1 << 20))),
        ("lying length", Rule::on(Route::Manifest).delivery(Delivery::Length(9_000_000))),
        ("endless header", Rule::on(Route::Manifest).delivery(Delivery::EndlessHeader)),
        ("no HTTP", Rule::on(Route::Manifest).delivery(Delivery::Garbage)),
        ("redirect to itself", Rule::on(Route::Manifest).answer(Answer::RedirectLoop)),
        ("endless pages", Rule::on(Route::Tags).answer(Answer::Link("{own}{path}".into()))),
        ("endless tags", Rule::on(Route::Tags).delivery(Delivery::Endless)),
        ("blob of one byte a second", Rule::on(Route::Blob).delivery(slow(1))),
        ("stalled blob", Rule::on(Route::Blob).delivery(Delivery::Stall { after: None })),
    ];
    for (what, rule) in faults {
        stage.running().set_rules("registry", vec![rule]);
        let told = stage.prove(&["-o", "json", "--probe-timeout", "1s"]);
        assert_eq!((told.code, told.err.as_str()), (Some(1), ""), "{what}: {told:?}");
        assert!(told.took < Duration::from_secs(1) + BESIDE, "{what} took {:?}", told.took);
        assert!(told.out.len() < 1 << 20, "{what}: {} bytes", told.out.len());
        let finding = told.finding();
        // The words say 500; none of these is one.
        assert_ne!(finding["certainty"], "proven", "{what}: {}", brief(&finding));
    }
}

#[test]
fn huge_images_cost_neither_time_nor_memory() {
    for form in [Form::IndexOfMany(200_000), Form::IndexOfItself, Form::Large(6 << 20)] {
        let endpoint = private().image(Image::of("team/app", "big", form));
        let mut stage = Stage::of(vec![endpoint]);
        let words = "no match for platform in manifest: not found";
        let mut world = stage.one_pod_that_says("registry", ":big", words, &["regcred"]);
        world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", "right");
        stage.serve(&world);
        let told = stage.prove(&["-o", "json", "--probe-timeout", "10s", "--transcript", &stage.path("t")]);
        assert!(told.code == Some(1) && told.err.is_empty(), "{told:?}");
        assert!(told.took < Duration::from_secs(10) + BESIDE, "{:?}", told.took);
        assert!(
            std::fs::metadata(stage.path("t")).unwrap().len() < 16 << 20,
            "a transcript of what was not worth it"
        );
    }
}

#[test]
fn a_port_that_is_silent_is_left_when_the_time_is_over_and_not_called_proven() {
    let endpoint = registry("registry").rule(Rule::connection(ConnectionFault::Silent));
    let stage = stage(
        endpoint,
        "failed to resolve image: failed to do request: Head \"https://x/v2/\": net/http: TLS handshake timeout",
    );
    let told = stage.prove(&["-o", "json", "--probe-timeout", "1s"]);
    let finding = told.finding();
    assert_eq!(told.code, Some(1));
    assert!(
        told.took >= Duration::from_secs(1) && told.took < Duration::from_secs(1) + BESIDE,
        "{:?}",
        told.took
    );
    assert_ne!(finding["certainty"], "proven", "{}", brief(&finding));
    // The same of the words of another cause: nothing was seen, so nothing is decided.
    let stage = self::stage(
        registry("registry").rule(Rule::connection(ConnectionFault::Silent)),
        "failed to resolve image: unexpected status from HEAD request: 403 Forbidden",
    );
    let finding = stage.prove(&["-o", "json", "--probe-timeout", "1s"]).finding();
    assert_ne!(finding["certainty"], "proven", "{}", brief(&finding));
    let code = stage.probe(&[&stage.image("registry", "team/app:1.0"), "--probe-timeout", "1s"]);
    assert!(
        code.took < Duration::from_secs(1) + BESIDE && code.code == Some(2),
        "nothing was found out: {code:?}"
    );
}

#[test]
fn a_registry_of_two_minds_is_not_proof() {
    let well = || private().rule(Rule::on(Route::Token));
    let limited = || Rule::on(Route::Manifest).answer(Answer::Refusal(testkit_registry::Case::MissingTag));
    let words = "failed to resolve image: unexpected status from HEAD request: 503 Service Unavailable";
    let minds: Vec<(&str, Vec<Rule>)> = vec![
        ("there, then not", vec![Rule { ..limited().nth(Nth::After(1)) }]),
        ("not there, then there", vec![limited().nth(Nth::First(1))]),
        ("every second time", vec![limited().nth(Nth::Every(2))]),
        ("a token, then none", vec![Rule::on(Route::Token).status(401).nth(Nth::After(1))]),
        (
            "the tag moves",
            vec![
                Rule::on(Route::Manifest)
                    .reference("1.0")
                    .nth(Nth::After(1))
                    .answer(Answer::Instead("1.1".into())),
            ],
        ),
        ("another body", vec![Rule::on(Route::Manifest).method("GET").body(Body::Of("1.1".into()))]),
        ("limited after one", vec![Rule::on(Route::Manifest).nth(Nth::After(1)).status(429)]),
    ];
    for (what, rules) in minds {
        let stage = stage(well(), words);
        stage.running().set_rules("registry", rules);
        let told = stage.prove(&["-o", "json"]);
        assert!(told.code == Some(1) && told.err.is_empty(), "{what}: {told:?}");
        let finding = told.finding();
        assert_ne!(finding["certainty"], "proven", "{what}: {}", brief(&finding));
        assert!(stage.requests("registry").len() <= 20, "{what}: {:?}", stage.asked("registry"));
    }
    // A 404 that was seen once and is gone in the same run is no proof of absence.
    let stage = stage(well(), &super::words::words(Said::NotFound, "x", ":1.0"));
    stage.running().set_rules("registry", vec![limited().nth(Nth::First(1))]);
    let finding = stage.prove(&["-o", "json"]).finding();
    let titles = brief(&finding);
    assert!(!titles.contains("team/app:1.0 exists"), "{titles}");
}

/// A shell has what it runs in the background ignore Ctrl-C, and so would the program that we start; then the other
/// request to end stands in.
fn interrupt() -> &'static str {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    if ignored & (1 << (2 - 1)) == 0 { "-INT" } else { "-TERM" }
}

#[test]
fn an_interrupt_ends_it_at_once_and_leaves_nothing_half_written() {
    let password = canary();
    let endpoint = registry("registry")
        .login(Login::Bearer(Token::default()))
        .user(User::new("shop", "right", "*"))
        .rule(Rule::on(Route::Manifest).delivery(Delivery::Silent));
    let mut stage = Stage::of(vec![endpoint]);
    let mut world = stage.one_pod("registry", ":1.0", Said::LoginRefused, &["regcred"]);
    world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", &password);
    stage.serve(&world);
    // Refusals of an earlier run are there.
    stage.prove(&["-o", "json", "--probe-timeout", "2s"]);
    let state = stage.files("state");
    assert!(!state.is_empty());
    stage.running().clear();
    let mut world = stage.one_pod("registry", ":1.0", Said::Denied, &[]);
    world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", "right").user_of("regcred");
    stage.serve(&world);
    std::fs::create_dir(stage.path("kept")).unwrap();
    let mut command = stage.proving(&["-o", "json"]);
    command.args(["--transcript", &stage.path("kept/t"), "--patch-dir", &stage.path("kept/p")]);
    let begun = Instant::now();
    let child = command.spawn().unwrap();
    let id = child.id();
    while stage.running().count("registry", Route::Manifest) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the manifest is never asked for");
        std::thread::sleep(Duration::from_millis(10));
    }
    let sent = Instant::now();
    assert!(
        std::process::Command::new("kill").args([interrupt(), &id.to_string()]).status().unwrap().success()
    );
    let told = ended(child, begun);
    assert!(sent.elapsed() < Duration::from_secs(3), "{:?}", sent.elapsed());
    assert!(told.code != Some(0) && told.code != Some(1), "an interrupted run found nothing: {told:?}");
    assert!(!told.err.contains("panicked"), "{told:?}");
    assert!(stage.files("kept").is_empty(), "{:?}", stage.files("kept"));
    // What is kept between runs is whole.
    for (path, bytes) in stage.files("state") {
        let before = state.iter().find(|(known, _)| *known == path).map(|(_, bytes)| bytes);
        assert!(!bytes.is_empty() && (path.ends_with("refusals") || Some(&bytes) == before), "{path}");
    }
    stage.running().set_rules("registry", vec![]);
    let after = stage.prove(&["-o", "json"]);
    assert!(after.code == Some(1) && after.err.is_empty(), "{after:?}");
}
