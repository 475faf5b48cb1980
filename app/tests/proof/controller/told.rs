//! What a controller tells of itself, and `pullmedic incidents` of its history and of a recording.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use pullmedic_model::Certainty;
use serde_json::Value;

use super::play::Play;
use crate::stage::{Stage, Told, pullmedic, registry, run};
use crate::words::Said;
use crate::world::NAMESPACE;

fn missing_tag() -> Play {
    let stage = Stage::of(vec![registry("registry")]);
    let world = stage.one_pod("registry", ":9.9", Said::NotFound, &[]);
    Play::of(stage, &world)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn health_and_metrics_tell_how_it_is() {
    let play = missing_tag();
    let mut controller = play.start(&["--listen", "127.0.0.1:0"]);
    let serves = controller.says("where it serves", |line| line["message"] == "serves health and metrics");
    let address = serves["address"].as_str().unwrap();
    controller.tells("proven");
    controller.says("all pods are known", |line| line["message"] == "all pods are known");
    let begun = std::time::Instant::now();
    let metrics = loop {
        let metrics = get(address, "/metrics");
        if metrics.contains("pullmedic_incidents{cause=\"tag-not-found\",certainty=\"proven\"") {
            break metrics;
        }
        assert!(begun.elapsed().as_secs() < 20, "{metrics}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    for line in ["pullmedic_proofs_total{outcome=\"proven\"} 1", "pullmedic_waiting_containers 1"] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(metrics.contains("pullmedic_registry_requests_total{host=\"registry.acme.test"), "{metrics}");
    assert!(get(address, "/readyz").starts_with("HTTP/1.1 200"), "{}", get(address, "/readyz?verbose"));
    assert!(get(address, "/livez").starts_with("HTTP/1.1 200"));
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
}

/// `pullmedic incidents` of the stage's history.
fn incidents(play: &Play, arguments: &[&str]) -> Told {
    let mut command = pullmedic(play.stage.folder.path());
    command.args(["incidents", "--history", &play.stage.path("kept/history.db")]).args(arguments);
    run(command)
}

#[test]
fn an_incident_is_listed_shown_and_found_again_and_a_recording_comes_to_the_same() {
    let play = missing_tag();
    let record = play.stage.path("record.jsonl");
    let mut controller = play.start(&["--record", &record]);
    let proven = controller.tells("proven");
    play.history_when("proven", |history| history.iter().any(|it| it.certainty == Certainty::Proven));
    let id = proven["incident"].as_str().unwrap();
    let listed = incidents(&play, &[]);
    assert_eq!(listed.code, Some(1), "{listed:?}");
    assert!(listed.out.contains(id) && listed.out.contains("tag-not-found"), "{listed:?}");
    assert_eq!(incidents(&play, &["-n", "other"]).code, Some(0));
    let shown = incidents(&play, &["show", id, "-n", NAMESPACE]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.out.contains("1.1"), "the remedy: {}", shown.out);
    let json: Value = serde_json::from_str(&incidents(&play, &["list", "-o", "json"]).out).unwrap();
    assert_eq!(json["items"][0]["id"], id, "{json:#}");
    incidents(&play, &["show", "pi-aaaaaa"]).refused(&["find pi-aaaaaa"]);
    incidents(&play, &["show", "nonsense"]).refused(&["pi-k7m2qx"]);
    play.runs(NAMESPACE, "cart-5d-x");
    controller.tells("resolved");
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
    let over = incidents(&play, &["history"]);
    assert!(over.code == Some(0) && over.out.contains(id), "{over:?}");
    let mut command = pullmedic(play.stage.folder.path());
    command.args(["incidents", "replay", &record]);
    let again = run(command);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.contains(id), "the same name: {again:?}");
    let mut command = pullmedic(play.stage.folder.path());
    command.args(["incidents", "replay", &record, "--watch"]);
    let lines = run(command);
    for word in ["opened", "proven", "resolved"] {
        assert!(lines.out.contains(word), "{word}: {lines:?}");
    }
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_asked() {
    let play = missing_tag();
    let mut command = pullmedic(play.stage.folder.path());
    command.args(["incidents", "--history", "/nonexistent.db"]);
    run(command).refused(&["/nonexistent.db"]);
    let mut command = pullmedic(play.stage.folder.path());
    command.args(["controller", "--lease", "nonsense", "--state-dir", &play.stage.path("kept")]);
    run(command).refused(&["--lease", "NAMESPACE/NAME"]);
    assert_eq!(play.api().requests().len(), 0);
}
