//! What was said and seen, of all sightings of a finding: each text once.

use std::collections::BTreeSet;

use pullmedic_model::finding::{Observation, Witness};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::sighting::Testimony;
use pullmedic_model::{Captured, Cause, Group, Sighting, Verdict};

use crate::group::Member;
use crate::sentence::{self, Facts};
use crate::words;

/// How many different texts a finding keeps; the rest say the same of other pods.
const OBSERVATIONS: usize = 10;
/// How many observations of replays a finding keeps: one replay makes at most twenty requests.
const SEEN: usize = 40;
/// How many of the words stand as proof.
const PROOFS: usize = 3;

/// The sentence of what happened, and what would decide: a verdict's own, else what the words give.
pub(crate) fn told(facts: &Facts<'_>) -> (String, Option<String>) {
    let verdict = facts.verdict;
    // A secret that is not there explains a refusal, and nothing else.
    let absent: &[String] = match verdict.cause.group() {
        Group::Authentication => &facts.subject.missing_secrets,
        _ if verdict.cause == Cause::NotFoundOrDenied => &facts.subject.missing_secrets,
        Group::Name
        | Group::Absent
        | Group::Network
        | Group::Limit
        | Group::Tls
        | Group::Disk
        | Group::Policy
        | Group::Runtime => &[],
    };
    // The pull is over: that it passes here, too, is no answer to what is missing.
    if sentence::is_without_program(facts) {
        return (sentence::summary(facts), sentence::missing(facts));
    }
    let summary = match (&verdict.summary, absent) {
        (Some(summary), _) => summary.clone(),
        (None, []) => sentence::summary(facts),
        (None, names) => format!(
            "{} The kubelet did not find the pull secret {}.",
            sentence::summary(facts),
            names.join(", ")
        ),
    };
    let missing = match (&verdict.missing, absent.first(), sentence::missing(facts)) {
        (Some(missing), _, _) => Some(missing.clone()),
        (None, Some(name), Some(missing)) => {
            Some(format!("whether the secret {name} exists now; then {missing}"))
        }
        (None, _, missing) => missing,
    };
    (summary, missing)
}

/// What was asked, each replay once: pods of one image share theirs.
pub(crate) fn asked<'a>(members: &'a [Member<'_>]) -> Vec<&'a Verdict> {
    let mut asked: Vec<&Verdict> = Vec::new();
    for verdict in members.iter().filter_map(|member| member.seen.verdict.as_ref()) {
        if !asked.contains(&verdict) {
            asked.push(verdict);
        }
    }
    asked
}

pub(crate) fn seen(asked: &[&Verdict], of: impl Fn(&Verdict) -> &Vec<Observation>) -> Vec<Observation> {
    let mut seen: Vec<Observation> = Vec::new();
    for observation in asked.iter().flat_map(|verdict| of(verdict)) {
        if seen.len() < SEEN && !seen.contains(observation) {
            seen.push(observation.clone());
        }
    }
    seen
}

pub(crate) fn not_looked_at(asked: &[&Verdict]) -> Vec<String> {
    let mut known = BTreeSet::new();
    asked
        .iter()
        .flat_map(|verdict| &verdict.not_looked_at)
        .filter(|what| known.insert(*what))
        .cloned()
        .collect()
}

/// Of the words, one text for each way in which a runtime says it: times, ports and names of pods aside, which differ
/// from pod to pod.
pub(crate) fn proof(members: &[Member<'_>]) -> Vec<Observation> {
    let mut known = BTreeSet::new();
    let said = members.iter().filter_map(|m| Some((m.seen, m.seen.sighting.testimony.as_ref()?)));
    said.filter(|(seen, testimony)| {
        let leaf = seen.hypothesis.as_ref().map_or("", |hypothesis| hypothesis.leaf.as_str());
        let words = if leaf.is_empty() { testimony.words.as_str() } else { leaf };
        known.insert(words.chars().filter(|c| !c.is_ascii_digit()).collect::<String>())
    })
    .take(PROOFS)
    .map(|(seen, testimony)| observation(&seen.sighting, testimony))
    .collect()
}

/// The decisive words of the members, each text once.
pub(crate) fn observations(members: &[Member<'_>]) -> Vec<Observation> {
    let mut known = BTreeSet::new();
    let said = members.iter().filter_map(|m| Some((&m.seen.sighting, m.seen.sighting.testimony.as_ref()?)));
    said.filter(|(_, testimony)| known.insert(testimony.words.as_str()))
        .take(OBSERVATIONS)
        .map(|(sighting, testimony)| observation(sighting, testimony))
        .collect()
}

/// What else was said about the same containers, each text once.
pub(crate) fn beside(members: &[Member<'_>]) -> Vec<Observation> {
    let mut known = BTreeSet::new();
    let said = members.iter().flat_map(|m| m.seen.sighting.beside.iter().map(|t| (&m.seen.sighting, t)));
    said.filter(|(_, testimony)| known.insert(testimony.words.as_str()))
        .take(OBSERVATIONS)
        .map(|(sighting, testimony)| observation(sighting, testimony))
        .collect()
}

pub(crate) fn missing_secrets(members: &[Member<'_>]) -> Vec<String> {
    let said = members.iter().flat_map(|member| &member.seen.sighting.beside);
    let names: BTreeSet<_> =
        said.flat_map(|testimony| words::missing_secrets(testimony.words.as_str())).collect();
    names.into_iter().collect()
}

fn observation(sighting: &Sighting, testimony: &Testimony) -> Observation {
    let by = match sighting.place.kind {
        ContainerKind::Template => Witness::ApiServer,
        ContainerKind::Main
        | ContainerKind::Init
        | ContainerKind::Ephemeral
        | ContainerKind::ImageVolume
        | ContainerKind::Sandbox => Witness::Kubelet,
    };
    Observation {
        text: testimony.words.clone(),
        by,
        source: Captured::new(&testimony.source).as_str().to_owned(),
        vantage: sighting.place.node.as_ref().map(|node| format!("node/{node}")),
        at: testimony.at,
    }
}
