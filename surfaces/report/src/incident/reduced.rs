//! What of an incident may be told to those who read some namespaces only (threat: nobody reads of another's namespace).

use std::collections::BTreeSet;

use pullmedic_model::incident::{Counts, Event, IncidentId, Moment, Scope};
use pullmedic_model::{Cause, Certainty, Incident};

/// The incident as far as it touches these namespaces, and nothing that names another; `None` when it touches none of them.
///
/// What is left of it:
/// - what it touches in them, and counts of that: owners and nodes as far as they are known by name, and as the most pods
///   of one time those that are touched now or were last, for the true figures count other namespaces;
/// - the image where the whole incident is of one image ([`Scope::Image`]) and it is asked for in them, the node where it is
///   one of theirs;
/// - of the timeline all but the telling of other owners, and no note with a word that could be another namespace's name.
///
/// Cause, endpoint, scope, certainty, times and cost are of the registry and stay. An incident that touches no other
/// namespace, and never did as far as its timeline tells, keeps all but such notes.
pub fn of_namespaces(incident: &Incident, namespaces: &BTreeSet<String>) -> Option<Incident> {
    let others = others(incident, namespaces);
    let mut reduced = incident.clone();
    reduced.touched.retain(|namespace, _| namespaces.contains(namespace));
    if reduced.touched.is_empty() {
        return None;
    }
    let counted = usize::try_from(incident.counts.namespaces).unwrap_or(usize::MAX);
    let whole = others.is_empty() && counted <= reduced.touched.len();
    let moments = incident.timeline.iter();
    reduced.timeline = moments.filter_map(|moment| told(moment, namespaces, whole)).collect();
    if whole {
        return Some(reduced);
    }
    let touched = counts(&reduced);
    reduced.counts = least(touched, incident.counts);
    reduced.most_pods = touched.pods.min(incident.most_pods);
    let asked_here = |image: &String| {
        reduced.touched.values().any(|touched| {
            touched.images.contains(image) || touched.samples.iter().any(|sample| sample.image == *image)
        })
    };
    reduced.image = reduced.image.filter(|image| match incident.scope {
        Scope::Image => asked_here(image),
        Scope::Pod | Scope::Credential | Scope::Endpoint | Scope::Node => false,
    });
    // Of an image of its own the sentence names it.
    if incident.scope == Scope::Image && reduced.image.is_none() {
        reduced.summary = incident.cause.title().to_owned();
    }
    reduced.node =
        reduced.node.filter(|node| reduced.touched.values().any(|touched| touched.nodes.contains(node)));
    Some(reduced)
}

/// Every namespace that the incident names and that is not among these: it may have left one since it told its owners.
fn others<'a>(incident: &'a Incident, namespaces: &BTreeSet<String>) -> BTreeSet<&'a str> {
    let informed = incident.timeline.iter().filter(|moment| moment.what == Event::Told);
    let informed = informed.filter_map(|moment| moment.note.as_ref()).flat_map(|note| names(note));
    let touched = incident.touched.keys().map(String::as_str);
    touched.chain(informed).filter(|name| !namespaces.contains(*name)).collect()
}

/// The moment without a note that may name another namespace; `None` when it may be of another only.
fn told(moment: &Moment, namespaces: &BTreeSet<String>, whole: bool) -> Option<Moment> {
    let note = moment.note.as_deref().unwrap_or_default();
    match moment.what {
        Event::Told if !whole && !names(note).any(|name| namespaces.contains(name)) => return None,
        Event::Told
        | Event::Seen
        | Event::Opened
        | Event::Judged
        | Event::Proven
        | Event::Split
        | Event::Merged
        | Event::Flapped
        | Event::Resolved
        | Event::Reopened => {}
    }
    let mut moment = moment.clone();
    if !names(note).all(|name| namespaces.contains(name) || is_ours(name)) {
        moment.note = None;
    }
    Some(moment)
}

/// Words of our own notes, which say nothing of any namespace even if one is called so. A note with any other word may name
/// one, also one that the incident has left and of which nothing else tells.
const OURS: [&str; 10] = ["passes", "now", "the", "kubelet's", "next", "try", "ends", "it", "time", "times"];

fn is_ours(word: &str) -> bool {
    word.parse::<Cause>().is_ok()
        || word.parse::<IncidentId>().is_ok()
        || word.bytes().all(|byte| byte.is_ascii_digit())
        || [Certainty::Undecided, Certainty::Likely, Certainty::Proven].iter().any(|one| one.code() == word)
        || OURS.contains(&word)
}

/// The words of a note that could be the name of a namespace.
fn names(note: &str) -> impl Iterator<Item = &str> {
    note.split(|character: char| !(character.is_alphanumeric() || matches!(character, '-' | '\'')))
        .filter(|word| !word.is_empty())
}

/// Of one that is over the true counts are 0, though it still tells what it touched last.
fn least(touched: Counts, all: Counts) -> Counts {
    Counts {
        pods: touched.pods.min(all.pods),
        owners: touched.owners.min(all.owners),
        namespaces: touched.namespaces.min(all.namespaces),
        nodes: touched.nodes.min(all.nodes),
    }
}

fn counts(reduced: &Incident) -> Counts {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let touched = || reduced.touched.values();
    let nodes: BTreeSet<&String> = touched().flat_map(|touched| &touched.nodes).collect();
    Counts {
        pods: touched().fold(0, |pods: u32, touched| pods.saturating_add(touched.pods)),
        owners: count(touched().map(|touched| touched.owners.len()).sum()),
        namespaces: count(reduced.touched.len()),
        nodes: count(nodes.len()),
    }
}
