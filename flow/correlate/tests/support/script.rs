//! Scripts of few steps, what they come to in another order, and what after a restart.

#![allow(dead_code, reason = "each test file takes what it needs")]
#![allow(unreachable_pub, reason = "a module shared by test files")]

use std::collections::BTreeMap;

use pullmedic_correlate::{Correlator, Settings};
use pullmedic_model::incident::Incident;
use pullmedic_model::incident::input::{Input, Told, Waits};
use pullmedic_model::{Cause, Certainty};

use crate::support::{at, gone, judge, judged, past, pulled, refuse, tick, wait, waits};

/// What a step of a script does, with one container or node.
#[derive(Debug, Clone)]
pub enum Step {
    Wait { pod: usize, cause: usize },
    Past(usize),
    Gone(usize),
    Judge { pod: usize, cause: usize, certainty: Certainty, over: bool, login: bool },
    Refuse(usize),
    Pulled { node: usize, image: usize },
    Tick,
}

pub const CAUSES: [Cause; 8] = [
    Cause::TagNotFound,
    Cause::RegistryUnavailable,
    Cause::Dns,
    Cause::NoCredentials,
    Cause::BadCredentials,
    Cause::RateLimited,
    Cause::DiskFull,
    Cause::Unknown,
];
pub const IMAGES: [&str; 3] = ["r.acme.test/shop/web:2", "r.acme.test/shop/cart:4", "nginx"];
pub const PODS: usize = 8;

/// The container of a number: its namespace, image, node and secrets are always the same.
fn container(pod: usize, cause: usize) -> Waits {
    let namespace = ["shop", "pay"][pod % 2];
    let mut waits = waits(namespace, &format!("web-{pod}"), IMAGES[pod % 3], CAUSES[cause]);
    waits.node = (pod != 7).then(|| format!("node-{}", pod % 3));
    waits.secrets = if pod < 4 { vec!["regcred".to_owned()] } else { Vec::new() };
    waits
}

/// The inputs of a script. What is told of a container is told with the words that it has then.
pub fn inputs(script: &[(i64, Step)]) -> Vec<Input> {
    let mut now = 0;
    let mut last = BTreeMap::new();
    let mut since = BTreeMap::new();
    let mut inputs = Vec::new();
    let mut proof_before = false;
    for (pause, step) in script {
        let proof = matches!(step, Step::Judge { .. } | Step::Refuse(_));
        // A proof takes time: it is told at a moment of its own.
        now += if proof || proof_before { 1.max(*pause) } else { *pause };
        proof_before = proof;
        let of =
            |pod: usize, last: &BTreeMap<usize, usize>| container(pod, last.get(&pod).copied().unwrap_or(0));
        inputs.push(match step {
            Step::Wait { pod, cause } => {
                last.insert(*pod, *cause);
                let mut waits = container(*pod, *cause);
                waits.since = Some(at(*since.entry(*pod).or_insert(now)));
                wait(now, &waits)
            }
            Step::Past(pod) => {
                since.remove(pod);
                past(now, &of(*pod, &last))
            }
            Step::Gone(pod) => {
                since.remove(pod);
                gone(now, &of(*pod, &last))
            }
            Step::Judge { pod, cause, certainty, over, login } => {
                let mut judged = judged(&of(*pod, &last), CAUSES[*cause], *certainty);
                judged.over = *over;
                judged.login = login.then(|| "login-1".to_owned());
                judge(now, judged)
            }
            Step::Refuse(pod) => refuse(now, &of(*pod, &last), "no right", Some(now + 60)),
            Step::Pulled { node, image } => pulled(now, &format!("node-{node}"), IMAGES[*image]),
            Step::Tick => tick(now),
        });
    }
    inputs
}

/// Whose order must be kept: the pod that it is told of.
fn told_of(input: &Input) -> Option<String> {
    match &input.told {
        Told::Waits(waits) => Some(waits.container.pod.clone()),
        Told::Past(key) => Some(key.pod.clone()),
        Told::Gone(gone) => Some(gone.pod.clone()),
        Told::Judged(judged) => Some(judged.container.pod.clone()),
        Told::NotJudged(not) => Some(not.container.pod.clone()),
        Told::Pulled(_) | Told::Ran(_) | Told::Owners(_) | Told::Tick => None,
    }
}

/// The same inputs in another order: what is of one moment is shuffled, each pod's own order kept.
pub fn shuffled(inputs: &[Input], seed: u64) -> Vec<Input> {
    let mut seed = seed | 1;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let mut shuffled = Vec::new();
    for moment in inputs.chunk_by(|a, b| a.at == b.at) {
        let mut left: Vec<&Input> = moment.iter().collect();
        while !left.is_empty() {
            let pick = random(left.len());
            let pod = told_of(left[pick]);
            let first = left.iter().position(|input| pod.is_some() && told_of(input) == pod);
            shuffled.push(left.remove(first.unwrap_or(pick)).clone());
        }
    }
    shuffled
}

pub fn run(inputs: &[Input]) -> Correlator {
    let mut correlator = Correlator::new(Settings::default());
    for input in inputs {
        correlator.take(input);
    }
    correlator
}

/// What of an incident may not depend on the order within a moment. Of one that nothing waits for any more, in all or in
/// one namespace, which of its containers was the last to go does.
fn essence(incident: &Incident) -> String {
    let touched = incident
        .touched
        .iter()
        .map(|(name, touched)| (name, touched.pods, Some(&touched.samples).filter(|_| touched.pods > 0)));
    let touches = (
        incident.scope.code(),
        &incident.image,
        &incident.node,
        &incident.summary,
        touched.collect::<Vec<_>>(),
    );
    let touches = (incident.counts.pods > 0).then_some(touches);
    format!(
        "{} {} {:?} {} {:?} {:?} {:?} {:?} {:?} {} {touches:?}",
        incident.id,
        incident.fingerprint,
        incident.phase,
        incident.cause,
        incident.certainty,
        incident.opened_at,
        incident.resolved_at,
        incident.merged_into,
        incident.counts,
        incident.reopened,
    )
}

pub fn essences(correlator: &Correlator) -> Vec<String> {
    correlator.incidents().map(essence).collect()
}

/// The pods that wait after these inputs.
pub fn waiting(inputs: &[Input]) -> BTreeMap<String, Waits> {
    let mut waiting = BTreeMap::new();
    for input in inputs {
        match &input.told {
            Told::Waits(waits) => {
                waiting.insert(waits.container.pod.clone(), Waits::clone(waits));
            }
            Told::Past(key) => {
                waiting.remove(&key.pod);
            }
            Told::Gone(gone) => {
                waiting.remove(&gone.pod);
            }
            Told::Pulled(_)
            | Told::Ran(_)
            | Told::Judged(_)
            | Told::NotJudged(_)
            | Told::Owners(_)
            | Told::Tick => {}
        }
    }
    waiting
}

/// What of a script is told alike with a restart and without. Which nodes are set apart is found anew, and not always at
/// the same second; a proof that is under way is lost with us, so none comes for a container that has gone.
pub fn kept(inputs: Vec<Input>) -> Vec<Input> {
    let all = inputs.clone();
    let mut number = 0;
    let mut inputs = inputs;
    inputs.retain(|input| {
        number += 1;
        let lost = || !waiting(&all[..number]).contains_key(&told_of(input).unwrap_or_default());
        match &input.told {
            Told::Pulled(_) => false,
            Told::Judged(_) | Told::NotJudged(_) => !lost(),
            Told::Waits(_) | Told::Past(_) | Told::Gone(_) | Told::Ran(_) | Told::Owners(_) | Told::Tick => {
                true
            }
        }
    });
    inputs
}

/// What these inputs come to with a restart after the one of that number, and without. Nothing goes on while we are
/// away, and everything that waits is told again.
///
/// That the next pod of an owner was expected is not kept, so such an incident may end some seconds sooner and its hour
/// of coming back too: here none is expected for longer than the shortest quiet.
pub fn restarted(inputs: &[Input], cut: usize) -> (Vec<String>, Vec<String>) {
    let short = Settings::default().settle;
    let settings = Settings { replaced_within: short, ..Settings::default() };
    let (before, after) = inputs.split_at(cut + 1);
    let mut straight = Correlator::new(settings.clone());
    before.iter().for_each(|input| drop(straight.take(input)));
    let now = before.last().unwrap().at;
    let mut again = Correlator::restore(settings, straight.incidents().cloned().collect());
    for waits in waiting(before).into_values() {
        again.take(&Input { at: now, told: Told::Waits(Box::new(waits)) });
    }
    again.settled(now);
    let end = inputs.last().unwrap().at.checked_add(jiff::SignedDuration::from_secs(400)).unwrap();
    for correlator in [&mut again, &mut straight] {
        after.iter().for_each(|input| drop(correlator.take(input)));
        correlator.take(&Input { at: end, told: Told::Tick });
    }
    (phases(&again), phases(&straight))
}

fn phases(correlator: &Correlator) -> Vec<String> {
    let of = |incident: &Incident| {
        format!(
            "{} {} {:?} {:?} {}",
            incident.id, incident.cause, incident.phase, incident.merged_into, incident.counts.pods
        )
    };
    correlator.incidents().map(of).collect()
}
