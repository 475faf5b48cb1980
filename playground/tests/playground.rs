//! One run of the whole playground, as a library and as a command.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use playground::{Judgement, Played, play, write_json, write_text};
use pullmedic_model::{Cause, Certainty};
use pullmedic_report::Look;

/// Registry requests that a proof may take (issue 4).
const MOST_REQUESTS: u32 = 20;

fn texts(played: &Played) -> String {
    let (mut text, mut json) = (Vec::new(), Vec::new());
    write_text(played, &Look::default(), &mut text).unwrap();
    write_json(played, &mut json).unwrap();
    String::from_utf8(text).unwrap() + &String::from_utf8(json).unwrap()
}

/// The password in clear, and its middle in base64 at each of the three places it may stand.
fn shapes(password: &str) -> Vec<String> {
    use base64::Engine as _;
    let encoded = (0..3).map(|shift| {
        let text = format!("{}{password}", "x".repeat(shift));
        let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(text);
        text[4..text.len() - 4].to_owned()
    });
    encoded.chain([password.to_owned()]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_planned_verdict_comes_and_no_password_does() {
    let played = play().await.map_err(|failure| failure.text()).unwrap();
    assert!(played.rows.len() >= 12);
    for row in &played.rows {
        let planned = match row.planned {
            Some(_) => (Judgement::AsPlanned, Some(Certainty::Undecided)),
            None => (Judgement::Right, Some(Certainty::Proven)),
        };
        assert_eq!((row.judgement, row.certainty), planned, "{row:?}");
        assert_eq!(row.findings, 1, "{row:?}");
        assert!(row.requests <= MOST_REQUESTS, "{row:?}");
    }
    assert!(played.is_right());
    assert_eq!(played.report.findings.len(), played.rows.len(), "one finding a fault, and none beside");
    let injected: std::collections::BTreeSet<Cause> = played.rows.iter().map(|row| row.injected).collect();
    // A repository that is not there is there twice: told, and hidden.
    assert_eq!(injected.len(), played.rows.len() - 1, "each with a fault of its own");
    let forty = played.rows.iter().find(|row| row.pods == 40).unwrap();
    assert_eq!((forty.findings, forty.judgement), (1, Judgement::Right));
    assert!(forty.requests < 10, "forty pods are proved once: {forty:?}");

    let told = texts(&played);
    assert_eq!(played.passwords().len(), 5);
    for password in played.passwords() {
        for shape in shapes(password) {
            assert!(!told.contains(&shape), "a password is told: {shape}");
        }
    }
    // How every token of the registries begins.
    assert!(!told.contains("eyJhbGciOiJIUzI1NiI"), "a token is told");
    for row in &played.rows {
        assert!(told.contains(&row.workload), "{}", row.workload);
    }
    assert!(played.names().len() > 5 && played.names().iter().all(|name| name.ends_with(".test")));
    assert!(told.contains("simulated:") && told.contains("real:"));
    played.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_do_not_meet() {
    let (one, other) = tokio::join!(play(), play());
    for played in [one, other] {
        let played = played.map_err(|failure| failure.text()).unwrap();
        assert!(played.is_right(), "{:?}", played.rows);
        played.end().await;
    }
}

fn run(arguments: &[&str], place: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_playground"))
        .env_clear()
        .env("HOME", place.join("home"))
        .env("TMPDIR", place.join("tmp"))
        // One that would be asked for every name, were it asked.
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("home")).unwrap();
    std::fs::create_dir(place.path().join("tmp")).unwrap();
    place
}

fn left_in(place: &Path) -> usize {
    ["home", "tmp"].iter().map(|folder| std::fs::read_dir(place.join(folder)).unwrap().count()).sum()
}

#[test]
fn the_command_ends_well_writes_json_and_leaves_nothing() {
    let place = place();
    let output = run(&["-o", "json"], place.path());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["kind"], "Playground");
    assert_eq!(document["right"], true);
    assert_eq!(document["report"]["findings"].as_array().unwrap().len(), 18);
    assert_eq!(left_in(place.path()), 0);
}

#[test]
fn help_has_examples_and_says_that_nothing_leaves() {
    let place = place();
    let output = run(&["--help"], place.path());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for wanted in ["Examples:", "--keep", "-o json", "127.0.0.1", "Exit status:"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn kept_registries_answer_until_interrupted_and_then_nothing_is_left() {
    use std::io::{BufRead as _, BufReader};
    let place = place();
    let mut child = Command::new(env!("CARGO_BIN_EXE_playground"))
        .env_clear()
        .env("HOME", place.path().join("home"))
        .env("TMPDIR", place.path().join("tmp"))
        .arg("--keep")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| {
        let (name, address) = line.trim().split_once(' ')?;
        (name == "registry.acme.test").then(|| address.trim().parse::<std::net::SocketAddr>().ok())?
    });
    let last = lines.find(|line| line.trim().starts_with("curl "));
    assert!(last.is_some_and(|line| line.contains("--cacert") && line.contains("/v2/")));
    assert!(std::net::TcpStream::connect(address.unwrap()).is_ok(), "it listens on");
    assert_eq!(left_in(place.path()), 1, "the folder is there");
    for entry in std::fs::read_dir(place.path().join("tmp")).unwrap() {
        let transcript = std::fs::read_to_string(entry.unwrap().path().join("transcript.json")).unwrap();
        // How every password begins, and how no word of a registry does.
        assert!(!transcript.contains("canary"), "a password is in the transcript");
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(left_in(place.path()), 0, "and went with it");
}

#[test]
fn interrupted_in_the_middle_it_leaves_nothing() {
    let place = place();
    let mut child = Command::new(env!("CARGO_BIN_EXE_playground"))
        .env_clear()
        .env("HOME", place.path().join("home"))
        .env("TMPDIR", place.path().join("tmp"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The folder comes before the first request, and the run takes longer than a look at it.
    while left_in(place.path()) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it runs, or has begun to");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(left_in(place.path()), 0);
}
