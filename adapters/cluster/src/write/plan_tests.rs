//! What is written of an incident's life, told in seconds.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::{
    Cost, Counts, Event, Fingerprint, Incident, IncidentId, Moment, Phase, Scope, Touched,
};
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Cause, Certainty};
use tokio::time::Instant;

use super::plan::{Order, Plan};
use super::queue::{Place, Rank, Work};

const KEEP: Duration = Duration::from_secs(3600);

fn wall() -> Timestamp {
    "2026-11-22T16:02:00Z".parse().unwrap()
}

fn owner(name: &str) -> Owner {
    Owner { api_version: "apps/v1".into(), kind: "Deployment".into(), name: name.into() }
}

fn incident(phase: Phase, certainty: Certainty, namespaces: usize) -> Incident {
    let touched = || Touched { pods: 1, owners: vec![owner("cart")], ..Touched::default() };
    let fingerprint = Fingerprint::of(&["x"]);
    Incident {
        id: IncidentId::from_seed(1),
        fingerprint,
        known_as: Vec::new(),
        phase,
        cause: Cause::Dns,
        inner: None,
        also: Vec::new(),
        certainty,
        scope: Scope::Endpoint,
        stage: None,
        endpoint: None,
        image: None,
        node: None,
        clears: None,
        resets_at: None,
        summary: "registry.acme.test does not resolve".into(),
        seen_at: wall(),
        since: None,
        opened_at: None,
        proven_at: None,
        resolved_at: None,
        changed_at: wall(),
        reopened: 0,
        merged_into: None,
        counts: Counts::default(),
        most_pods: 0,
        touched: (0..namespaces).map(|number| (format!("n{number}"), touched())).collect(),
        cost: Cost::default(),
        next_probe: None,
        timeline: vec![Moment { at: wall(), what: Event::Seen, note: None }],
    }
}

/// A plan, and the seconds since it began.
struct Played {
    plan: Plan,
    begin: Instant,
}

impl Played {
    fn new() -> Played {
        Played { plan: Plan::new(KEEP), begin: Instant::now() }
    }

    fn note(&mut self, second: u64) {
        self.plan.note(&IncidentId::from_seed(1), self.begin + Duration::from_secs(second));
    }

    /// What is to be written in that second, the incident being so.
    fn at(&mut self, second: u64, incident: Option<&Incident>) -> Vec<String> {
        let now = self.begin + Duration::from_secs(second) + Duration::from_millis(500);
        let wall = wall() + SignedDuration::from_secs(i64::try_from(second).unwrap());
        self.plan.step(|_| incident, 1000, (now, wall)).into_iter().map(shown).collect()
    }

    /// As [`Played::at`], of an incident that changed in that second.
    fn changed(&mut self, second: u64, incident: &Incident) -> Vec<String> {
        self.note(second);
        self.at(second, Some(incident))
    }
}

fn shown((key, work, rank): Order) -> String {
    let place = match key.place {
        Place::Whole => "whole".to_owned(),
        Place::Part(namespace) => namespace,
        Place::Owner(namespace, owner) => format!("{namespace}/{}", owner.name),
    };
    let work = match work {
        Work::Apply(_) if rank == Rank::Count => "count",
        Work::Apply(_) => "apply",
        Work::End(_) => "end",
        Work::Delete => "delete",
        Work::Tell(_) => "tell",
    };
    format!("{work} {place}")
}

#[test]
fn what_clears_within_seconds_is_never_written_and_what_lasts_is() {
    let suspected = incident(Phase::Suspected, Certainty::Likely, 1);
    let mut played = Played::new();
    assert_eq!(played.changed(0, &suspected), [""; 0]);
    let mut over = incident(Phase::Resolved, Certainty::Likely, 1);
    over.resolved_at = Some(wall());
    assert_eq!(played.changed(5, &over), [""; 0]);
    assert_eq!(played.plan.due(), None, "nothing is kept of it");

    let mut played = Played::new();
    played.changed(0, &suspected);
    assert_eq!(played.at(9, Some(&suspected)), [""; 0]);
    assert_eq!(played.at(10, Some(&suspected)), ["apply whole", "apply n0"]);
    let open = incident(Phase::Open, Certainty::Likely, 1);
    assert_eq!(played.changed(11, &open), ["apply whole", "apply n0"]);
}

#[test]
fn a_turn_of_life_is_written_at_once_and_a_count_once_a_minute() {
    let mut open = incident(Phase::Open, Certainty::Likely, 1);
    let mut played = Played::new();
    assert_eq!(played.changed(0, &open), ["apply whole", "apply n0"]);
    open.counts.pods = 5;
    assert_eq!(played.changed(1, &open), [""; 0]);
    open.counts.pods = 6;
    assert_eq!(played.changed(20, &open), [""; 0]);
    open.certainty = Certainty::Proven;
    assert_eq!(played.changed(25, &open), ["apply whole", "apply n0", "tell n0/cart"]);
    open.counts.pods = 7;
    assert_eq!(played.changed(30, &open), [""; 0]);
    assert_eq!(played.at(84, Some(&open)), [""; 0]);
    assert_eq!(played.at(85, Some(&open)), ["count whole"]);
    // Only the time of change differs.
    open.changed_at = wall() + SignedDuration::from_secs(100);
    assert_eq!(played.changed(200, &open), [""; 0]);
}

#[test]
fn a_namespace_in_a_storm_is_written_once_it_is_proven_and_quiet() {
    let mut storm = incident(Phase::Open, Certainty::Likely, 8);
    let mut played = Played::new();
    assert_eq!(played.changed(0, &storm), ["apply whole"]);
    storm.certainty = Certainty::Proven;
    assert_eq!(played.changed(4, &storm), ["apply whole"]);
    assert_eq!(played.changed(6, &storm), [""; 0]);
    assert_eq!(played.at(8, Some(&storm)), [""; 0]);
    let settled = played.at(9, Some(&storm));
    let count = |work: &str| settled.iter().filter(|shown| shown.starts_with(work)).count();
    assert_eq!((count("apply n"), count("tell n"), settled.len()), (8, 8, 16));
    // Later turns of it come with the counts, and the end at once.
    storm.summary = "another sentence".into();
    assert_eq!(played.changed(20, &storm), ["apply whole"]);
    assert_eq!(played.at(69, Some(&storm)).len(), 8);
    (storm.phase, storm.resolved_at) = (Phase::Resolved, Some(wall()));
    assert_eq!(played.changed(70, &storm).len(), 9);
}

#[test]
fn a_storm_that_nothing_proves_is_written_half_a_minute_after_it_opened() {
    let storm = incident(Phase::Open, Certainty::Undecided, 8);
    let mut played = Played::new();
    played.changed(0, &storm);
    for second in [10, 20, 29] {
        assert_eq!(played.changed(second, &storm), [""; 0]);
    }
    assert_eq!(played.changed(31, &storm).len(), 16);
}

#[test]
fn owners_are_told_three_at_most_once_and_again_before_it_is_forgotten() {
    let mut open = incident(Phase::Open, Certainty::Likely, 1);
    let names = ["a", "b", "c", "d"];
    open.touched.values_mut().for_each(|touched| touched.owners = names.map(owner).into());
    let mut played = Played::new();
    let tells =
        |orders: Vec<String>| orders.into_iter().filter(|o| o.starts_with("tell")).collect::<Vec<_>>();
    assert_eq!(tells(played.changed(0, &open)), [""; 0], "it may be proven yet");
    assert_eq!(tells(played.at(29, Some(&open))), [""; 0]);
    assert_eq!(tells(played.at(31, Some(&open))), ["tell n0/a", "tell n0/b", "tell n0/c"]);
    assert_eq!(tells(played.changed(40, &open)), [""; 0]);
    open.certainty = Certainty::Proven;
    assert_eq!(tells(played.changed(50, &open)).len(), 3, "the verdict is another");
    assert_eq!(tells(played.changed(50 + 44 * 60, &open)), [""; 0]);
    assert_eq!(tells(played.at(50 + 45 * 60, Some(&open))).len(), 3);
}

#[test]
fn what_is_over_goes_in_time_unless_it_comes_back() {
    let open = incident(Phase::Open, Certainty::Likely, 1);
    let mut played = Played::new();
    played.changed(0, &open);
    let mut over = open.clone();
    (over.phase, over.resolved_at) = (Phase::Resolved, Some(wall() + SignedDuration::from_secs(100)));
    assert_eq!(played.changed(100, &over), ["apply whole", "apply n0"]);
    let again = Incident { reopened: 1, ..open.clone() };
    assert_eq!(played.changed(200, &again).len(), 3, "and its owner is told");
    assert_eq!(played.at(3700, Some(&again)), ["tell n0/cart"], "nothing is taken away");
    over.resolved_at = Some(wall() + SignedDuration::from_secs(4000));
    assert_eq!(played.changed(4000, &over), ["apply whole", "apply n0"]);
    assert_eq!(played.at(7599, Some(&over)), [""; 0]);
    assert_eq!(played.at(7600, Some(&over)), ["delete n0", "delete whole"]);
    assert_eq!(played.plan.due(), None);
}

#[test]
fn what_nobody_knows_any_more_is_ended_and_then_taken_away() {
    let open = incident(Phase::Open, Certainty::Likely, 2);
    let mut played = Played::new();
    played.changed(0, &open);
    played.note(10);
    assert_eq!(played.at(10, None), ["end whole", "end n0", "end n1"]);
    assert_eq!(played.at(3609, None), [""; 0]);
    assert_eq!(played.at(3610, None), ["delete n0", "delete n1", "delete whole"]);
}

#[test]
fn a_namespace_that_is_left_is_ended_once_and_shown_again_when_it_comes_back() {
    let two = incident(Phase::Open, Certainty::Likely, 2);
    let one = incident(Phase::Open, Certainty::Likely, 1);
    let mut played = Played::new();
    played.changed(0, &two);
    assert_eq!(played.changed(1, &one), ["end n1"]);
    assert_eq!(played.changed(2, &one), [""; 0]);
    assert_eq!(played.changed(3, &two), ["apply n1"]);
}

#[test]
fn what_there_is_no_room_for_stays_due() {
    let open = incident(Phase::Open, Certainty::Likely, 1);
    let (mut plan, now) = (Plan::new(KEEP), Instant::now());
    for seed in 0..10 {
        plan.note(&IncidentId::from_seed(seed), now);
    }
    let later = now + Duration::from_secs(1);
    let mut written = 0;
    for step in 0..5 {
        assert!(plan.due().is_some_and(|due| due <= later), "step {step}");
        written += plan.step(|_| Some(&open), 3, (later, wall())).len();
    }
    assert_eq!(written, 20);
}
