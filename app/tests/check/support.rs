//! How the binary is run, and what it said.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use testkit_registry::{Configuration, Endpoint, Registry, Running};

/// What one run gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The report of `-o json`.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The entries as `CODE IMAGE CERTAINTY`.
    pub(crate) fn entries(&self) -> Vec<String> {
        let report = self.report();
        let entries = report["entries"].as_array().unwrap().iter().map(|entry| {
            let verdict = &entry["verdict"];
            let code = verdict["code"].as_str().or(verdict["is"].as_str()).unwrap();
            let image = entry["image"].as_str().unwrap().split('/').next_back().unwrap();
            let certainty = entry["certainty"].as_str().unwrap_or("-");
            format!("{code} {image} {certainty}")
        });
        entries.collect()
    }

    /// The entry of this code.
    pub(crate) fn entry(&self, code: &str) -> Value {
        let report = self.report();
        let is = |entry: &&Value| entry["verdict"]["code"] == code || entry["verdict"]["is"] == code;
        report["entries"]
            .as_array()
            .unwrap()
            .iter()
            .find(is)
            .unwrap_or_else(|| panic!("{code}: {self:?}"))
            .clone()
    }
}

/// Starts one registry.
pub(crate) async fn registry(endpoint: Endpoint) -> Running {
    Registry::start(Configuration::of(endpoint)).await.unwrap()
}

/// `check` with these arguments, where every registry of `running` counts as the machine that nodes reach by that name.
pub(crate) async fn check(running: &Running, names: &[&str], arguments: &[&str], input: &str) -> Run {
    let mut all: Vec<String> = vec!["check".into()];
    for name in names {
        let address = running.endpoint(name);
        all.extend(["--resolve".to_owned(), format!("{address}:{}", address.ip())]);
    }
    all.extend(arguments.iter().map(|&argument| argument.to_owned()));
    let input = input.to_owned();
    tokio::task::spawn_blocking(move || run(&all, &input)).await.unwrap()
}

/// Runs the binary with an environment of its own.
pub(crate) fn run(arguments: &[String], input: &str) -> Run {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pullmedic"))
        .env_clear()
        .env("HOME", home.path())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // The binary may stop reading early; that is its right.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
