//! The file form, and the process that serves it.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::get;
use testkit_registry::{Configuration, Registry};

const PROGRAM: &str = env!("CARGO_BIN_EXE_testkit-registry");

#[test]
fn a_wrong_file_is_told_exactly() {
    for (text, words) in [
        ("endpoints: [{name: a, colour: red}]", "colour"),
        ("endpoints: [{listen: 127.0.0.1:0}]", "name"),
        ("endpoints: [{name: a, dialect: gcr}]", "gcr"),
        ("endpoints: [{name: a}, {name: a}]", "tell endpoints apart: two are named \"a\""),
        ("endpoints: [{name: a, rules: [{then: {delay: soon}}]}]", "soon"),
        ("endpoints: [{name: a, rules: [{when: {route: nowhere}, then: {}}]}]", "nowhere"),
        (
            "endpoints: [{name: a, login: {bearer: {realm: {endpoint: b}}}}]",
            "find the endpoint \"b\" that the realm of endpoint \"a\" names",
        ),
        (
            "endpoints: [{name: a, rules: [{when: {route: connection}, then: {status: 500}}]}]",
            "use rule 0 of endpoint \"a\": a connection has no answer: only `connection` and `delay` work",
        ),
        (
            "endpoints: [{name: a, rules: [{then: {}}, {when: {route: ping}, then: {connection: reset}}]}]",
            "use rule 1 of endpoint \"a\": `connection` works with `route: connection` only",
        ),
        ("endpoints: [{name: a, rules: [{then: {status: 7}}]}]", "a status has three digits"),
    ] {
        let error = Configuration::from_yaml(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}\n{error}");
    }
}

/// The table of `lib.rs` is made of pieces of the file form; each piece must be one.
#[test]
fn every_piece_of_the_documented_table_can_be_read() {
    let rows = include_str!("../src/lib.rs").lines().filter(|line| line.starts_with("//! | "));
    let mut read = 0;
    for piece in rows.flat_map(|row| row.split('`').skip(1).step_by(2)) {
        let text = match piece.split(':').next() {
            Some("transport" | "login") => format!("endpoints: [{{name: auth, {piece}}}]"),
            Some("when") => format!("{{{piece}, then: {{}}}}"),
            Some("then") => format!("{{{piece}}}"),
            Some("names") => piece.to_owned(),
            _ => format!("{{then: {piece}}}"),
        };
        let outcome = if text.starts_with('{') {
            serde_saphyr::from_str::<testkit_registry::Rule>(&text)
                .map(drop)
                .map_err(|error| error.to_string())
        } else {
            Configuration::from_yaml(&text).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(outcome, Ok(()), "{piece}");
        read += 1;
    }
    assert!(read > 25, "{read}");
}

#[test]
fn a_form_error_names_its_line() {
    let error = Configuration::from_yaml("endpoints:\n- name: a\n  colour: red\n").unwrap_err().to_string();
    assert!(error.contains('3'), "{error}");
}

#[tokio::test]
async fn the_example_can_be_served_and_written_back() {
    let example = include_str!("../src/example.yaml");
    let configuration = Configuration::from_yaml(example).unwrap();
    let written = serde_json::to_string(&configuration).unwrap();
    let again: Configuration = serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    let running = Registry::start(configuration).await.unwrap();
    assert_eq!(running.images("registry").len(), 3);
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(folder: &Path, more: &[&str]) -> (Process, serde_json::Value) {
    let config = folder.join("registry.yaml");
    std::fs::write(
        &config,
        "endpoints: [{name: r, images: [{repository: a, tags: ['1'], form: {image: {}}}]}]",
    )
    .unwrap();
    let child = Command::new(PROGRAM)
        .args(["serve", "--config"])
        .arg(&config)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut process = Process(child);
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (process, serde_json::from_str(&line).unwrap())
}

#[tokio::test]
async fn the_process_tells_where_it_listens_writes_what_came_and_ends_with_its_stdin() {
    let folder = tempfile::tempdir().unwrap();
    let [ready, log, ca] = ["ready", "log", "ca"].map(|name| folder.path().join(name).display().to_string());
    let options = ["--ready", &ready, "--log", &log, "--ca", &ca, "--until-stdin-closes"];
    let (mut process, told) = serve(folder.path(), &options);
    let address = told["endpoints"]["r"]["address"].as_str().unwrap().parse().unwrap();
    assert_eq!(get(address, "/v2/a/manifests/1").await.status, 200);
    let line = std::fs::read_to_string(&log).unwrap();
    let written: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
    assert_eq!((&written["target"], &written["status"]), (&"/v2/a/manifests/1".into(), &200.into()));
    assert!(std::fs::read_to_string(&ca).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let ready: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&ready).unwrap()).unwrap();
    assert_eq!(ready, told);
    let mut stdin = process.0.stdin.take().unwrap();
    stdin.write_all(b"still here\n").unwrap();
    drop(stdin);
    assert!(process.0.wait().unwrap().success());
}

#[test]
fn the_process_ends_well_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let (mut process, _) = serve(folder.path(), &[]);
    let kill = Command::new("kill").arg(process.0.id().to_string()).status().unwrap();
    assert!(kill.success());
    assert!(process.0.wait().unwrap().success());
}

#[tokio::test]
async fn the_process_takes_over_a_changed_file_on_sighup_and_keeps_what_it_had_if_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let (mut process, told) = serve(folder.path(), &["--ready", &ready.display().to_string()]);
    let address = told["endpoints"]["r"]["address"].as_str().unwrap().parse().unwrap();
    let config = folder.path().join("registry.yaml");
    let id = process.0.id().to_string();
    let hang_up = || assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());

    std::fs::write(&config, "endpoints: [{name: r, rules: [{when: {route: ping}, then: {status: 503}}]}]")
        .unwrap();
    hang_up();
    let begun = std::time::Instant::now();
    while get(address, "/v2/").await.status != 503 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "it is taken over");
        tokio::task::yield_now().await;
    }
    assert_eq!(get(address, "/v2/a/manifests/1").await.status, 404, "the image is gone");
    std::fs::write(&config, "endpoints: [{name: other}]").unwrap();
    hang_up();
    let mut line = String::new();
    BufReader::new(process.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.ends_with("that the new configuration names; nothing was changed\n"), "{line}");
    assert_eq!(get(address, "/v2/").await.status, 503);
}

#[test]
fn wrong_arguments_and_files_end_with_a_reason() {
    for (arguments, code, words) in [
        (&["dance"][..], 2, "usage:"),
        (&["serve"], 2, "--config is missing"),
        (&["serve", "--config"], 2, "--config wants a file"),
        (&["serve", "--colour", "x"], 2, "unknown argument \"--colour\""),
        (&["serve", "--config", "/nowhere/at.all"], 1, "error: failed to use /nowhere/at.all: "),
    ] {
        let output = Command::new(PROGRAM).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    let example = Command::new(PROGRAM).arg("example").output().unwrap();
    assert!(Configuration::from_yaml(&String::from_utf8(example.stdout).unwrap()).is_ok());
}
