//! What happens beside an undecided incident has it asked about again soon, and rarely.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use pullmedic_correlate::{Correlator, Settings};
use pullmedic_model::incident::Incident;
use pullmedic_model::incident::input::{Input, Ran, Told, Waits};
use pullmedic_model::{Cause, Certainty};
use support::{at, judge, judged, owner, tick, wait, waits};

const WEB: &str = "r.acme.test/shop/web:2";

fn new() -> Correlator {
    Correlator::new(Settings::default())
}

fn ran(seconds: i64, namespace: &str, name: &str) -> Input {
    let ran = Ran {
        namespace: namespace.to_owned(),
        owner: owner(name),
        container: "main".to_owned(),
        image: "r.acme.test/shop/cart:4".to_owned(),
    };
    Input { at: at(seconds), told: Told::Ran(ran) }
}

fn take(correlator: &mut Correlator, inputs: &[Input]) {
    inputs.iter().for_each(|input| drop(correlator.take(input)));
}

fn undecided(seconds: i64, waits: &Waits) -> Input {
    judge(seconds, judged(waits, Cause::NotFoundOrDenied, Certainty::Undecided))
}

fn of<'a>(correlator: &'a Correlator, waits: &Waits) -> &'a Incident {
    correlator.incident(correlator.of_container(&waits.container).unwrap()).unwrap()
}

#[test]
fn a_neighbour_that_came_to_run_after_the_first_proof_has_it_asked_again_and_proven() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::NotFoundOrDenied);
    take(&mut correlator, &[wait(0, &web), undecided(4, &web)]);
    assert_eq!(of(&correlator, &web).next_probe, Some(at(1_804)));
    take(&mut correlator, &[ran(6, "pay", "cart")]);
    assert_eq!(of(&correlator, &web).next_probe, Some(at(1_804)), "of another namespace");
    take(&mut correlator, &[ran(7, "shop", "cart")]);
    assert_eq!(correlator.due(), Some(at(17)));
    assert_eq!(correlator.wants(at(17))[0].container, web.container);
    take(&mut correlator, &[judge(18, judged(&web, Cause::PullSecretUnmatched, Certainty::Proven))]);
    let incident = of(&correlator, &web);
    assert_eq!((incident.cause, incident.certainty), (Cause::PullSecretUnmatched, Certainty::Proven));
    take(&mut correlator, &[ran(30, "shop", "pay")]);
    assert!(correlator.wants(at(600)).is_empty(), "what is decided waits for its own time");
}

#[test]
fn a_neighbour_that_came_to_run_while_the_proof_was_under_way_is_not_missed() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::NoCredentials);
    take(&mut correlator, &[wait(0, &web), ran(2, "shop", "cart"), undecided(4, &web)]);
    assert_eq!(of(&correlator, &web).next_probe, Some(at(14)));
    take(&mut correlator, &[undecided(15, &web)]);
    assert_eq!(of(&correlator, &web).next_probe, Some(at(15 + 3_600)), "once");
}

/// Runs every proof that is wanted, each undecided, and gives when.
fn looks(correlator: &mut Correlator, web: &Waits, inputs: impl Iterator<Item = Input>) -> Vec<i64> {
    let mut looks = Vec::new();
    for input in inputs {
        correlator.take(&input);
        if !correlator.wants(input.at).is_empty() {
            let second = input.at.duration_since(at(0)).as_secs();
            correlator.take(&undecided(second, web));
            looks.push(second);
        }
    }
    looks
}

#[test]
fn a_namespace_of_churn_causes_three_looks_an_hour() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::NotFoundOrDenied);
    take(&mut correlator, &[wait(0, &web), undecided(1, &web)]);
    let churn = (0..1_000).map(|number| ran(5 + number * 36 / 10, "shop", &format!("job-{number}")));
    let looks = looks(&mut correlator, &web, churn);
    assert!(matches!(looks[..], [15, 75..80, 675..690]), "{looks:?}");
}

#[test]
fn one_owner_causes_one_look_an_hour() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::NotFoundOrDenied);
    take(&mut correlator, &[wait(0, &web), undecided(1, &web)]);
    let churn = (0..1_000).map(|number| ran(5 + number, "shop", "cron"));
    assert_eq!(looks(&mut correlator, &web, churn), [15]);
}

#[test]
fn what_came_between_two_looks_is_looked_at_later() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::NotFoundOrDenied);
    take(&mut correlator, &[wait(0, &web), undecided(1, &web)]);
    let news = [ran(5, "shop", "one"), tick(15), ran(16, "shop", "two"), tick(74), tick(75)];
    assert_eq!(looks(&mut correlator, &web, news.into_iter()), [15, 75]);
}

#[test]
fn a_fault_of_the_image_waits_for_its_own_time() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::TagNotFound);
    let open = judged(&web, Cause::TagNotFound, Certainty::Undecided);
    take(&mut correlator, &[wait(0, &web), judge(4, open)]);
    let next = of(&correlator, &web).next_probe;
    take(&mut correlator, &[ran(6, "shop", "cart")]);
    assert_eq!(of(&correlator, &web).next_probe, next);
}

#[test]
fn with_other_secrets_it_is_another_fault_until_it_is_asked_about() {
    for certainty in [Certainty::Undecided, Certainty::Proven] {
        let mut correlator = new();
        let web = waits("shop", "web-1", WEB, Cause::BadCredentials);
        take(&mut correlator, &[wait(0, &web), judge(4, judged(&web, Cause::BadCredentials, certainty))]);
        assert!(correlator.wants(at(20)).is_empty());
        let before = of(&correlator, &web).id.clone();
        let other = Waits { secrets: vec!["regcred".to_owned()], ..web.clone() };
        take(&mut correlator, &[wait(20, &other)]);
        assert_ne!(of(&correlator, &other).id, before);
        assert_eq!(
            of(&correlator, &other).certainty,
            Certainty::Undecided,
            "it was said of the other secrets"
        );
        assert_eq!(correlator.wants(at(20)).len(), 1);
    }
}
