//! Whom an incident touches. Nothing here is escaped.

use std::collections::BTreeSet;

use pullmedic_model::Incident;
use pullmedic_model::incident::{Phase, Sample, Touched};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::sighting::Owner;

use crate::phrase::counted;
use crate::whom::makes_a_plural;

/// Names of a list that are spelled out.
const NAMES: usize = 3;

/// A count that fits any address space.
pub(super) fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Whether nothing waits for it any more.
pub(super) fn is_over(incident: &Incident) -> bool {
    match incident.phase {
        Phase::Resolved => true,
        Phase::Suspected | Phase::Open => false,
    }
}

/// `Deployment/cart in shop, 3 pods on 3 nodes`; of one that is over what it touched last, and the most that it touched.
pub(super) fn whom(incident: &Incident) -> String {
    let mut phrase = subject(incident);
    let namespaces = size(incident.counts.namespaces).max(incident.touched.len());
    match incident.touched.keys().next() {
        Some(namespace) if namespaces == 1 => phrase.push_str(&format!(" in {namespace}")),
        Some(_) | None if namespaces > 0 => {
            phrase.push_str(&format!(" in {}", counted(namespaces, "namespace")));
        }
        Some(_) | None => {}
    }
    let nodes: BTreeSet<&str> =
        incident.touched.values().flat_map(|touched| &touched.nodes).map(String::as_str).collect();
    if is_over(incident) {
        phrase.push_str(&format!(", at most {}", counted(size(incident.most_pods), "pod")));
    } else {
        phrase.push_str(&format!(", {}", counted(size(incident.counts.pods), "pod")));
    }
    match (size(incident.counts.nodes).max(nodes.len()), nodes.first()) {
        (0, _) => {}
        (1, Some(node)) => phrase.push_str(&format!(" on {node}")),
        (several, _) => phrase.push_str(&format!(" on {}", counted(several, "node"))),
    }
    phrase
}

/// `Deployment/cart`, `3 Jobs`, `a bare pod`.
fn subject(incident: &Incident) -> String {
    let owners: BTreeSet<(&String, &Owner)> = incident
        .touched
        .iter()
        .flat_map(|(namespace, touched)| touched.owners.iter().map(move |owner| (namespace, owner)))
        .collect();
    let all = size(incident.counts.owners).max(owners.len());
    match (all, owners.first()) {
        (0, _) => {
            let mut samples = incident.touched.values().flat_map(|touched| &touched.samples);
            match (samples.next().and_then(|sample| sample.pod.as_ref()), samples.next()) {
                (Some(pod), None) if incident.counts.pods <= 1 => format!("Pod/{pod}"),
                (_, _) => "bare pods".to_owned(),
            }
        }
        (1, Some((_, owner))) => owner_phrase(owner),
        (several, _) => counted(several, kind_of_all(all, owners.iter().map(|(_, owner)| *owner))),
    }
}

fn owner_phrase(owner: &Owner) -> String {
    match owner.kind.as_str() {
        // The kubelet's mirror pods name their node as owner.
        "Node" => format!("static pods of {owner}"),
        _ => owner.to_string(),
    }
}

/// The kind of every one of `all` owners, where they are known and of one kind with a plain plural.
fn kind_of_all<'a>(all: usize, known: impl Iterator<Item = &'a Owner>) -> &'a str {
    let known: Vec<&str> = known.map(|owner| owner.kind.as_str()).collect();
    match known.first() {
        Some(kind)
            if known.len() == all && known.iter().all(|other| other == kind) && makes_a_plural(kind) =>
        {
            kind
        }
        Some(_) | None => "owner",
    }
}

/// What it touches in one namespace: `3 pods of Deployment/cart, on worker-1, worker-2 and worker-3; image …`.
pub(super) fn touched_phrase(touched: &Touched) -> String {
    let mut phrase = counted(size(touched.pods), "pod");
    let owners: Vec<String> = touched.owners.iter().map(ToString::to_string).collect();
    if !owners.is_empty() {
        phrase.push_str(&format!(" of {}", names(&owners)));
    }
    if !touched.nodes.is_empty() {
        phrase.push_str(&format!(", on {}", names(&touched.nodes)));
    }
    match touched.images.as_slice() {
        [] => {}
        [image] => phrase.push_str(&format!("; image {image}")),
        several => phrase.push_str(&format!("; images {}", names(several))),
    }
    phrase
}

/// `a, b and 4 more`.
fn names(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if all.len() <= NAMES => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", all[..NAMES].join(", "), all.len() - NAMES),
    }
}

/// `cart-1, container app on worker-1`.
pub(super) fn sample_phrase(sample: &Sample) -> String {
    let mut phrase = match (&sample.pod, &sample.owner) {
        (Some(pod), _) => pod.clone(),
        (None, Some(owner)) => format!("{owner}, which gets no pod"),
        (None, None) => "no pod".to_owned(),
    };
    let what = match sample.kind {
        ContainerKind::Main | ContainerKind::Template => "container",
        ContainerKind::Init => "init container",
        ContainerKind::Ephemeral => "ephemeral container",
        ContainerKind::ImageVolume => "image volume of container",
        ContainerKind::Sandbox => "sandbox",
    };
    phrase.push_str(&format!(", {what}"));
    if !sample.container.is_empty() {
        phrase.push_str(&format!(" {}", sample.container));
    }
    if let Some(node) = &sample.node {
        phrase.push_str(&format!(" on {node}"));
    }
    phrase
}
