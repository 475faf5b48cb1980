//! Inputs by few words.

#![allow(dead_code, reason = "each test file takes what it needs")]
#![allow(unreachable_pub, reason = "a module shared by test files")]

pub mod script;

use jiff::{SignedDuration, Timestamp};
use pullmedic_correlate::{Change, Correlator, Weight};
use pullmedic_model::incident::input::{
    ContainerKey, Gone, Input, Judged, Judgement, Leaves, NotJudged, Pulled, Told, Waits,
};
use pullmedic_model::incident::{Detail, Incident};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Cause, Certainty, Endpoint, Reference};

/// So many seconds after the beginning.
pub fn at(seconds: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    begin.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

pub fn key(namespace: &str, pod: &str) -> ContainerKey {
    ContainerKey {
        namespace: namespace.to_owned(),
        pod: pod.to_owned(),
        container: "main".to_owned(),
        kind: ContainerKind::Main,
    }
}

pub fn owner(name: &str) -> Owner {
    Owner { api_version: "apps/v1".to_owned(), kind: "Deployment".to_owned(), name: name.to_owned() }
}

/// A container of `namespace/pod` that waits for an image, with words of a cause.
pub fn waits(namespace: &str, pod: &str, image: &str, cause: Cause) -> Waits {
    let host = Reference::parse(image).ok().and_then(|image| Endpoint::parse(&image.host).ok());
    let judgement = Judgement {
        cause,
        inner: None,
        also: Vec::new(),
        certainty: Certainty::Undecided,
        stage: Some(cause.usual_stage()),
        endpoint: host.clone(),
        clears: cause.clears(),
        summary: format!("{image}: {}", cause.title()),
    };
    let place = host.as_ref().map_or("", |host| host.as_str());
    Waits {
        container: key(namespace, pod),
        pod: Some(pod.to_owned()),
        owner: Some(owner(pod.split('-').next().unwrap())),
        node: Some("node-1".to_owned()),
        image: image.to_owned(),
        words: format!("{cause} {place}"),
        host,
        secrets: Vec::new(),
        since: None,
        next_attempt: None,
        by_words: judgement,
    }
}

/// A proof for a container, as `waits` tells of it.
pub fn judged(waits: &Waits, cause: Cause, certainty: Certainty) -> Judged {
    let mut judgement = waits.by_words.clone();
    judgement.cause = cause;
    judgement.certainty = certainty;
    judgement.clears = cause.clears();
    judgement.stage = Some(cause.usual_stage());
    judgement.summary = format!("{}: {}", waits.image, cause.title());
    Judged {
        container: waits.container.clone(),
        words: waits.words.clone(),
        over: false,
        login: None,
        quota: None,
        resets_at: None,
        detail: Detail {
            at: at(0),
            summary: judgement.summary.clone(),
            missing: None,
            proof: Vec::new(),
            rivals: Vec::new(),
            remedies: Vec::new(),
            not_looked_at: Vec::new(),
        },
        requests: 3,
        judgement,
    }
}

pub fn wait(seconds: i64, waits: &Waits) -> Input {
    Input { at: at(seconds), told: Told::Waits(Box::new(waits.clone())) }
}

pub fn judge(seconds: i64, judged: Judged) -> Input {
    Input { at: at(seconds), told: Told::Judged(Box::new(judged)) }
}

pub fn refuse(seconds: i64, waits: &Waits, because: &str, again: Option<i64>) -> Input {
    let not =
        NotJudged { container: waits.container.clone(), because: because.to_owned(), again: again.map(at) };
    Input { at: at(seconds), told: Told::NotJudged(not) }
}

pub fn past(seconds: i64, waits: &Waits) -> Input {
    Input { at: at(seconds), told: Told::Past(waits.container.clone()) }
}

pub fn gone(seconds: i64, waits: &Waits) -> Input {
    let key = &waits.container;
    let gone = Gone { namespace: key.namespace.clone(), pod: key.pod.clone(), why: Leaves::Deleted };
    Input { at: at(seconds), told: Told::Gone(gone) }
}

pub fn pulled(seconds: i64, node: &str, image: &str) -> Input {
    let pulled = Pulled { node: node.to_owned(), image: image.to_owned(), when: at(seconds) };
    Input { at: at(seconds), told: Told::Pulled(pulled) }
}

pub fn tick(seconds: i64) -> Input {
    Input { at: at(seconds), told: Told::Tick }
}

/// Takes all, and gives the changes that should be written soon, as words.
pub fn lives(correlator: &mut Correlator, inputs: &[Input]) -> Vec<String> {
    let changes = inputs.iter().flat_map(|input| correlator.take(input));
    changes.filter(|change| change.weight == Weight::Life).map(|change| word(&change)).collect()
}

pub fn word(change: &Change) -> String {
    let what = serde_json::to_value(change.what).unwrap();
    format!("{} {}", change.incident, what.as_str().unwrap())
}

/// The incidents as a person would want to read them, oldest first.
pub fn story(correlator: &Correlator) -> String {
    stories(correlator.incidents())
}

/// The same of any incidents.
pub fn stories<'a>(incidents: impl IntoIterator<Item = &'a Incident>) -> String {
    let mut incidents: Vec<&Incident> = incidents.into_iter().collect();
    incidents.sort_by_key(|incident| (incident.seen_at, incident.id.clone()));
    incidents.iter().map(|incident| told(incident)).collect::<Vec<_>>().join("\n")
}

fn told(incident: &Incident) -> String {
    use std::fmt::Write as _;
    let after = |time: Timestamp| time.duration_since(at(0)).as_secs();
    let mut text = format!(
        "{} {} {} {} of {}\n  {}\n",
        incident.id,
        incident.phase.code(),
        incident.certainty.code(),
        incident.cause,
        incident.scope.code(),
        incident.summary,
    );
    let counts = &incident.counts;
    let _ = writeln!(
        text,
        "  {} pods, {} owners, {} namespaces, {} nodes; at most {} pods; {} proofs, {} requests",
        counts.pods,
        counts.owners,
        counts.namespaces,
        counts.nodes,
        incident.most_pods,
        incident.cost.proofs,
        incident.cost.requests,
    );
    if let Some(probe) = incident.next_probe {
        let _ = writeln!(text, "  asked about again at {} s", after(probe));
    }
    if let Some(into) = &incident.merged_into {
        let _ = writeln!(text, "  part of {into}");
    }
    for moment in &incident.timeline {
        let what = serde_json::to_value(moment.what).unwrap();
        let note = moment.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
        let _ = writeln!(text, "  {:>5} s {}{note}", after(moment.at), what.as_str().unwrap());
    }
    text
}
