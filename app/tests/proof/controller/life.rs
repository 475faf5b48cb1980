//! The life of an incident, from the first second to its end.

use pullmedic_model::incident::Phase;
use pullmedic_model::{Cause, Certainty};
use testkit_apiserver::Request;

use super::play::Play;
use crate::stage::{Stage, registry};
use crate::words::Said;
use crate::world::NAMESPACE;

/// A missing tag: the words say so, and the registry does.
fn missing_tag() -> Play {
    let stage = Stage::of(vec![registry("registry")]);
    let world = stage.one_pod("registry", ":9.9", Said::NotFound, &[]);
    Play::of(stage, &world)
}

#[test]
fn an_incident_opens_is_proven_and_is_over_when_the_pod_runs() {
    let play = missing_tag();
    let mut controller = play.start(&[]);
    controller.tells("opened");
    controller.says("all pods are known", |line| line["message"] == "all pods are known");
    play.api().clear_requests();
    let proven = controller.tells("proven");
    assert_eq!((&proven["cause"], &proven["pods"]), (&"tag-not-found".into(), &1.into()), "{proven}");
    play.runs(NAMESPACE, "cart-5d-x");
    controller.tells("resolved");
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
    let history = play.history();
    let [incident] = &history[..] else { panic!("{history:#?}") };
    assert_eq!((incident.phase, incident.certainty), (Phase::Resolved, Certainty::Proven));
    assert_eq!(incident.cause, Cause::TagNotFound);
    let detail = incident.touched[NAMESPACE].detail.as_ref().unwrap();
    assert!(detail.remedies.iter().any(|remedy| remedy.title.contains("1.1")), "{:#?}", detail.remedies);
    assert!(incident.cost.requests > 0 && incident.cost.requests <= 20, "{:?}", incident.cost);
    assert_eq!(play.api().count(Request::lists), 0, "nothing is listed after the start");
    assert_eq!(play.api().count(|request| request.code == Some(403)), 0);
}

#[test]
fn what_was_open_before_a_restart_is_not_opened_a_second_time() {
    let play = missing_tag();
    let mut first = play.start(&[]);
    let proven = first.tells("proven");
    play.history_when("proven", |history| history.iter().any(|it| it.certainty == Certainty::Proven));
    first.killed();
    let mut second = play.start(&[]);
    second.says("all pods are known", |line| line["message"] == "all pods are known");
    let asked = play.stage.asked("registry").len();
    play.runs(NAMESPACE, "cart-5d-x");
    let resolved = second.tells("resolved");
    assert_eq!(resolved["incident"], proven["incident"]);
    let (status, log) = second.ended();
    assert!(status.success(), "{log}");
    assert!(!log.contains("\"what\":\"opened\""), "{log}");
    assert_eq!(play.history().len(), 1);
    assert_eq!(play.stage.asked("registry").len(), asked, "what was proven is not asked again at a start");
}

#[test]
fn what_ended_while_nobody_watched_is_over_after_the_start() {
    let play = missing_tag();
    let mut first = play.start(&[]);
    first.tells("proven");
    let (status, log) = first.ended();
    assert!(status.success(), "{log}");
    play.runs(NAMESPACE, "cart-5d-x");
    let mut second = play.start(&[]);
    second.tells("resolved");
    let (status, log) = second.ended();
    assert!(status.success(), "{log}");
    let history = play.history();
    assert_eq!((history.len(), history[0].phase), (1, Phase::Resolved), "{history:#?}");
}

#[test]
fn a_second_controller_on_the_same_history_is_refused() {
    let play = missing_tag();
    let mut first = play.start(&[]);
    first.tells("opened");
    let told = crate::stage::run(play.command(&[]));
    told.refused(&["another process", "end the other"]);
    let (status, log) = first.ended();
    assert!(status.success(), "{log}");
}
