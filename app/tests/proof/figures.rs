//! What one proof costs: requests, and milliseconds from the first request to the last answer. `benches/proof.sh` runs it.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use testkit_registry::{Certificate, Endpoint, Login, Route, Rule, Token, Transport, User};

use super::stage::{Stage, registry};
use super::words::Said;
use super::world::NAMESPACE;

/// Runs of each case, unless `RUNS` says otherwise.
const RUNS: usize = 5;

/// Registry requests of a proof in the median, and at most (issue 4).
const REQUESTS: (usize, usize) = (8, 20);

/// What a run cost.
struct Cost {
    requests: usize,
    /// From the first request to the last answer, in milliseconds.
    asking: f64,
    /// The whole run of the binary, the cluster read in it.
    whole: f64,
}

/// One pod with a pull secret, and a neighbour whose login may pull all.
struct Cell {
    name: &'static str,
    endpoint: Endpoint,
    reference: &'static str,
    said: Result<Said, &'static str>,
    password: &'static str,
}

fn cells() -> Vec<Cell> {
    let private = || {
        registry("registry")
            .login(Login::Bearer(Token::default()))
            .user(User::new("shop", "right", "*"))
            .user(User::new("other", "right", "*"))
    };
    let cell = |name, endpoint, reference, said, password| Cell { name, endpoint, reference, said, password };
    let refused = Endpoint { transport: Transport::Refused, ..private() };
    vec![
        cell("tag missing", private(), ":9.9", Ok(Said::NotFound), "right"),
        cell("wrong password", private(), ":1.0", Ok(Said::LoginRefused), "wrong"),
        cell("no login", private(), ":1.0", Ok(Said::Denied), ""),
        cell(
            "limited",
            private().rule(Rule::on(Route::Manifest).status(429)),
            ":1.0",
            Err("failed to resolve image: unexpected status from HEAD request: 429 Too Many Requests"),
            "right",
        ),
        cell(
            "registry ill",
            private().rule(Rule::on(Route::Manifest).status(503)),
            ":1.0",
            Err("failed to resolve image: unexpected status from HEAD request: 503 Service Unavailable"),
            "right",
        ),
        cell(
            "layer missing",
            private().rule(Rule::on(Route::Blob).reference("layer:0").status(404)),
            ":1.0",
            Err(
                "failed to copy: httpReadSeeker: failed open: content at https://HOST/blobs/sha256:0 not found: not found",
            ),
            "right",
        ),
        cell(
            "authority unknown",
            private().tls(Certificate::UnknownAuthority),
            ":1.0",
            Err(
                "failed to resolve image: failed to do request: Head \"https://HOST/\": tls: failed to verify certificate: \
                 x509: certificate signed by unknown authority",
            ),
            "right",
        ),
        cell(
            "connection refused",
            refused,
            ":1.0",
            Err(
                "failed to resolve image: failed to do request: Head \"https://HOST/\": dial tcp ADDRESS: connect: \
                 connection refused",
            ),
            "right",
        ),
    ]
}

/// From the first record's begin to the last one's end.
fn asking(transcript: &Value) -> f64 {
    let mut span: Option<(Timestamp, Timestamp)> = None;
    for record in transcript["proofs"][0]["records"].as_array().unwrap() {
        let begun: Timestamp = record["at"].as_str().unwrap().parse().unwrap();
        let took =
            record["steps"].as_array().unwrap().iter().filter_map(|step| step["tookUs"].as_i64()).sum();
        let ended = begun + SignedDuration::from_micros(took);
        let (first, last) = span.unwrap_or((begun, ended));
        span = Some((first.min(begun), last.max(ended)));
    }
    span.map_or(0.0, |(first, last)| last.duration_since(first).as_secs_f64() * 1000.0)
}

fn cost(cell: &Cell) -> (Cost, String) {
    let mut stage = Stage::of(vec![cell.endpoint.clone()]);
    let host = stage.host("registry");
    let secrets: &[&str] = if cell.password.is_empty() { &[] } else { &["regcred"] };
    let mut world = match cell.said {
        Ok(said) => stage.one_pod("registry", cell.reference, said, secrets),
        Err(words) => {
            let address = stage.running().endpoint("registry").to_string();
            let words = words.replace("HOST", &host).replace("ADDRESS", &address);
            stage.one_pod_that_says("registry", cell.reference, &words, secrets)
        }
    };
    world
        .secret(NAMESPACE, "regcred", &host, "shop", cell.password)
        .secret(NAMESPACE, "neighbour", &host, "other", "right")
        .user_of("neighbour");
    stage.serve(&world);
    let told = stage.prove(&["-o", "json", "--transcript", &stage.path("t")]);
    let finding = told.finding();
    let transcript = serde_json::from_slice(&std::fs::read(stage.path("t")).unwrap()).unwrap();
    let requests = stage.requests("registry").len();
    assert_eq!(finding["requests"], requests, "{}: the report tells what was really asked", cell.name);
    let said = format!("{} {}", finding["certainty"], finding["cause"]).replace('"', "");
    (Cost { requests, asking: asking(&transcript), whole: told.took.as_secs_f64() * 1000.0 }, said)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

#[test]
fn a_proof_keeps_to_its_requests() {
    let runs = std::env::var("RUNS").map_or(1, |text| text.parse().unwrap_or(RUNS));
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let mut table = format!("one proof, {runs} runs of each case, {profile} build\n");
    let mut all: Vec<Cost> = Vec::new();
    for cell in cells() {
        let mut costs = Vec::new();
        let mut said = String::new();
        for _ in 0..runs {
            let (cost, words) = cost(&cell);
            costs.push(cost);
            said = words;
        }
        let most = costs.iter().map(|cost| cost.requests).max().unwrap();
        writeln!(
            table,
            "  {:20} {most:>2} requests {:>7.1} ms asking {:>7.1} ms in all   {said}",
            cell.name,
            median(costs.iter().map(|cost| cost.asking).collect()),
            median(costs.iter().map(|cost| cost.whole).collect()),
        )
        .unwrap();
        all.extend(costs);
    }
    let largest = |of: fn(&Cost) -> f64| all.iter().map(of).fold(0.0, f64::max);
    let middle = |of: fn(&Cost) -> f64| median(all.iter().map(of).collect());
    #[expect(clippy::cast_precision_loss, reason = "a count below 100")]
    let requests: fn(&Cost) -> f64 = |cost| cost.requests as f64;
    let (median, most) = (middle(requests), largest(requests));
    writeln!(
        table,
        "requests: median {median}, most {most}; ms asking: median {:.1}, most {:.1}; ms in all: median {:.1}, most {:.1}",
        middle(|cost| cost.asking),
        largest(|cost| cost.asking),
        middle(|cost| cost.whole),
        largest(|cost| cost.whole),
    )
    .unwrap();
    if std::env::var_os("RUNS").is_some() {
        // Who asked for the figures reads them here.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), table.as_bytes());
    }
    #[expect(clippy::cast_precision_loss, reason = "constants below 100")]
    let wanted = (REQUESTS.0 as f64, REQUESTS.1 as f64);
    assert!(median <= wanted.0 && most <= wanted.1, "{table}");
}
