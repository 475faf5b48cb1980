//! Objects to a report: the pure parts, one after another.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use pullmedic_advise::remedies;
use pullmedic_classify::{Context, classify};
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::Objects;
use pullmedic_model::report::{ApiVersion, Cluster, Kind, Read, Report};
use pullmedic_model::{Finding, Hypothesis, Sighting};
use pullmedic_sight::{Found, Seen, Settings, findings, sightings};

/// What a report says of itself.
pub(crate) struct Ground {
    pub(crate) cluster: Option<Cluster>,
    pub(crate) vantage: Vantage,
    /// The time of looking; for a recording its newest time.
    pub(crate) now: Option<Timestamp>,
    pub(crate) stalled_after: SignedDuration,
}

/// The sightings in `objects`.
pub(crate) fn sight(objects: &Objects, ground: &Ground) -> Vec<Sighting> {
    sightings(objects, &Settings { now: ground.now, stalled_after: ground.stalled_after })
}

/// The report of what was seen.
pub(crate) fn report(objects: &Objects, seen: &[Seen], ground: &Ground) -> Report {
    let mut skipped = objects.skipped.clone();
    skipped.sort();
    skipped.dedup();
    Report {
        api_version: ApiVersion::V1Alpha1,
        kind: Kind::Report,
        cluster: ground.cluster.clone(),
        vantage: ground.vantage,
        observed_at: ground.now,
        findings: findings(seen, objects, ground.vantage, ground.now).into_iter().map(advised).collect(),
        skipped,
        read: read(objects),
    }
}

/// The finding with its remedies.
fn advised(found: Found) -> Finding {
    Finding { remedies: remedies(&found.subject, &found.evidence), ..found.finding }
}

/// Pods of one owner often say the same, so each text is classified once.
pub(crate) fn classified(sightings: Vec<Sighting>) -> Vec<Seen> {
    let mut known: HashMap<(String, String, String), Hypothesis> = HashMap::new();
    let of = |sighting: Sighting| {
        let hypothesis = sighting.testimony.as_ref().map(|testimony| {
            let (words, image, reason) =
                (testimony.words.as_str(), sighting.image.as_str(), testimony.reason.as_str());
            known
                .entry((words.to_owned(), image.to_owned(), reason.to_owned()))
                .or_insert_with(|| {
                    let image = Some(image).filter(|image| !image.is_empty());
                    classify(words.as_bytes(), Context { image, reason: Some(reason) })
                })
                .clone()
        });
        Seen { sighting, hypothesis, verdict: None }
    };
    sightings.into_iter().map(of).collect()
}

fn read(objects: &Objects) -> Read {
    let pods = objects.pods.iter().map(|pod| &pod.metadata.namespace);
    let events = objects.events.iter().map(|event| &event.metadata.namespace);
    let owners = objects.workloads.iter().map(|owner| &owner.metadata.namespace);
    Read {
        pods: objects.pods.len(),
        events: objects.events.len(),
        owners: objects.workloads.len(),
        namespaces: pods
            .chain(events)
            .chain(owners)
            .filter(|name| !name.is_empty())
            .collect::<BTreeSet<_>>()
            .len(),
    }
}
