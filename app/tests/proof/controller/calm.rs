//! A storm costs no more than its cause does.

use pullmedic_model::Certainty;
use pullmedic_model::incident::Phase;
use testkit_apiserver::Request;

use super::play::Play;
use crate::stage::{Stage, registry};
use crate::words::Said;
use crate::world::{Waiting, World};

const NAMESPACES: usize = 50;
const PODS: usize = 10_000;

#[test]
fn ten_thousand_pods_of_one_cause_are_one_incident_and_a_handful_of_requests() {
    let stage = Stage::of(vec![registry("registry")]);
    let image = stage.image("registry", "team/app:9.9");
    let words = stage.words("registry", ":9.9", Said::NotFound);
    let mut world = World::new();
    let names: Vec<String> = (0..NAMESPACES).map(|number| format!("team-{number:02}")).collect();
    for (number, namespace) in (0..PODS).zip(names.iter().cycle()) {
        let name = format!("cart-5d-{number}");
        let owner = "cart";
        world.waiting(&Waiting { namespace, name: &name, image: &image, words: &words, secrets: &[], owner });
    }
    let play = Play::of(stage, &world);
    let controller = play.start(&[]);
    let history = play.history_when("one proven incident of all", |history| {
        history.iter().any(|it| it.counts.pods as usize == PODS && it.certainty == Certainty::Proven)
    });
    // What further namespaces want for their remedies is wanted by now, and costs nothing new.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
    let [incident] = &history[..] else { panic!("{} incidents", history.len()) };
    assert_eq!(incident.phase, Phase::Open);
    assert_eq!(incident.touched.len(), NAMESPACES);
    assert_eq!(incident.counts.namespaces as usize, NAMESPACES);
    let asked = play.stage.asked("registry");
    assert!(asked.len() <= 10, "{asked:#?}");
    let gets = play.api().count(|request| request.verb == "get");
    assert!(gets <= 60, "{gets} single reads");
    assert_eq!(play.api().count(Request::writes), 0);
}
