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
