//! One run of the whole playground, as a library and as a command.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use playground::{Audit, Judgement, Played, play, write_json, write_text};
use pullmedic_model::{Cause, Certainty};
use pullmedic_report::Look;

/// Registry requests that a proof may take (issue 4).
const MOST_REQUESTS: u64 = 20;

fn texts(played: &Played) -> String {
    let (mut text, mut json) = (Vec::new(), Vec::new());
    write_text(played, &Look::default(), &mut text).unwrap();
    write_json(played, &mut json).unwrap();
    String::from_utf8(text).unwrap() + &String::from_utf8(json).unwrap()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
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
async fn both_say_what_was_planned_and_no_password_and_what_is_healed_ends() {
    let progress = Mutex::new(Vec::new());
    let told = |what: &str| progress.lock().unwrap().push(what.to_owned());
    let played = play(&told).await.map_err(|failure| failure.text()).unwrap();
    assert!(played.rows.len() >= 12);
    let doubted: Vec<&str> = played.rows.iter().filter_map(|row| row.incident.planned).collect();
    assert_eq!(doubted.len(), 2, "few faults cannot be proven: {doubted:?}");
    for row in &played.rows {
        for answer in [&row.diagnose, &row.incident] {
            let planned = match (answer.planned, answer.said[0].certainty) {
                (None, Certainty::Proven) => Judgement::Right,
                (Some(_), Certainty::Likely | Certainty::Undecided) => Judgement::AsPlanned,
                (None | Some(_), _) => Judgement::Wrong,
            };
            assert_eq!(answer.judgement, planned, "{row:?}");
            assert_eq!(answer.said.len(), 1, "{row:?}");
            assert!(answer.said[0].requests <= MOST_REQUESTS, "{row:?}");
        }
    }
    let count = |list: &serde_json::Value| list.as_array().unwrap().len();
    assert_eq!(count(&played.report["findings"]), played.rows.len(), "one a fault, and none beside");
    assert_eq!(count(&played.incidents["items"]), played.rows.len(), "one a fault, and none beside");
    let injected: std::collections::BTreeSet<Cause> = played.rows.iter().map(|row| row.injected).collect();
    // A repository that is not there is there twice: told, and hidden.
    assert_eq!(injected.len(), played.rows.len() - 1, "each with a fault of its own");
    let forty = played.rows.iter().find(|row| row.pods == 40).unwrap();
    assert!(forty.requests <= 10, "forty pods are proved once: {forty:?}");

    assert!(played.healed.resolved_after.is_some(), "{:?}", played.healed);
    assert!(played.pages.over.contains(&played.healed.incident), "{}", played.pages.over);
    assert!(played.rows.iter().all(|row| row.incident.said[0].asked), "none by words alone");
    let Audit { by_verb, lists_after_the_start, refused, writes } = &played.audit;
    // Its Lease, an object of the cluster's and of the namespace's for each incident as it goes on, and owners' events.
    assert!((2 * played.rows.len()..200).contains(writes), "{by_verb:?}");
    assert_eq!((*lists_after_the_start, *refused), (0, 0), "{by_verb:?}");
    assert!(by_verb["watch"] > 0 && by_verb["get"] > 0, "{by_verb:?}");
    assert!(played.is_right());

    let told = texts(&played) + &progress.lock().unwrap().join("\n");
    assert_eq!(played.passwords().len(), 5);
    for password in played.passwords() {
        for shape in shapes(password) {
            assert!(!told.contains(&shape), "a password is told: {shape}");
            for (place, text) in played.kept().map_err(|error| error.to_string()).unwrap() {
                assert!(!holds(&text, &shape), "a password is kept in {}", place.display());
            }
        }
    }
    // How every token of the registries begins.
    assert!(!told.contains("eyJhbGciOiJIUzI1NiI"), "a token is told");
    for row in &played.rows {
        assert!(told.contains(&row.workload), "{}", row.workload);
    }
    assert!(played.names().len() > 5 && played.names().iter().all(|name| name.ends_with(".test")));
    for wanted in ["simulated:", "real:", "Lists after the start: 0, refused: 0", "was over"] {
        assert!(told.contains(wanted), "{wanted}");
    }
    played.end().await.map_err(|failure| failure.text()).unwrap();
}

#[test]
fn two_at_once_do_not_meet() {
    let places = [place(), place()];
    std::thread::scope(|scope| {
        let runs = places.each_ref().map(|place| scope.spawn(|| run(&["-o", "json"], place.path())));
        for output in runs.map(|run| run.join().unwrap()) {
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        }
    });
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
    assert_eq!(document["incidents"]["items"].as_array().unwrap().len(), 18);
    assert_eq!(document["audit"]["refused"], 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("18 of 18"), "progress");
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
fn what_is_kept_answers_until_interrupted_and_then_nothing_is_left() {
    use std::io::{BufRead as _, BufReader};
    let place = place();
    let mut child = Command::new(env!("CARGO_BIN_EXE_playground"))
        .env_clear()
        .env("HOME", place.path().join("home"))
        .env("TMPDIR", place.path().join("tmp"))
        .arg("--keep")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| {
        let (name, address) = line.trim().split_once(' ')?;
        (name == "registry.acme.test").then(|| address.trim().parse::<std::net::SocketAddr>().ok())?
    });
    let mut named = |name: &str| {
        let of = |line: String| line.trim().strip_prefix(name).map(|rest| rest.trim().to_owned());
        lines.find_map(of).unwrap_or_else(|| panic!("{name} is named"))
    };
    let api = named("API server");
    let kubeconfig = named("kubeconfig");
    let last = lines.find(|line| line.trim().starts_with("curl "));
    assert!(last.is_some_and(|line| line.contains("--cacert") && line.contains("/v2/")));
    assert!(std::net::TcpStream::connect(address.unwrap()).is_ok(), "it listens on");
    let api = api.strip_prefix("http://").unwrap().parse::<std::net::SocketAddr>().unwrap();
    assert!(std::net::TcpStream::connect(api).is_ok(), "and so does the API server");
    let kubeconfig = std::fs::read_to_string(kubeconfig).unwrap();
    assert!(kubeconfig.contains(&api.to_string()), "{kubeconfig}");
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

/// Runs it until it says so, and interrupts it then; with how it ended.
fn interrupted_when(says: &str, signal: &str) -> Option<i32> {
    use std::io::{BufRead as _, BufReader};
    let place = place();
    let mut child = Command::new(env!("CARGO_BIN_EXE_playground"))
        .env_clear()
        .env("HOME", place.path().join("home"))
        .env("TMPDIR", place.path().join("tmp"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(says)), "it says {says:?}");
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    // Until it has ended.
    lines.for_each(drop);
    let code = child.wait().unwrap().code();
    assert_eq!(left_in(place.path()), 0, "interrupted when it says {says:?}");
    code
}

#[test]
fn interrupted_in_the_middle_it_leaves_nothing() {
    for (says, signal) in [
        ("starting registries", "-INT"),
        ("starting pullmedic controller", "-INT"),
        ("running pullmedic diagnose", "-TERM"),
        ("the controller has its verdict", "-INT"),
        ("healing", "-TERM"),
    ] {
        assert_eq!(interrupted_when(says, signal), Some(130), "{says}");
    }
}
