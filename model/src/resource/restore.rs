//! The way back: the incident that its objects show, for a controller that takes over without the history.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::incident::{ClusterPullIncident, ClusterStatus, PullIncident, Status};
use super::parts::{Evidence, Fix, OwnerName, TimelineEntry, WaitingContainer, WhyNot};
use crate::finding::{Observation, Remedy, Rival};
use crate::incident::{Cost, Counts, Detail, Fingerprint, IncidentId, Moment, NotAnId, Sample, Touched};
use crate::sighting::Owner;
use crate::{Captured, Incident};

/// The incident of these objects. `parts` may hold those of other incidents, which are passed over. What was cut is lost;
/// what is written of the result is what it was read from.
///
/// # Errors
/// When the object's name is no incident's.
pub fn restored(whole: &ClusterPullIncident, parts: &[PullIncident]) -> Result<Incident, NotAnId> {
    let status = &whole.status;
    let verdict = &status.verdict;
    let of_this = parts.iter().filter(|part| part.metadata.name == whole.metadata.name);
    let touched: BTreeMap<String, Touched> =
        of_this.filter_map(|part| Some((part.metadata.namespace.clone()?, touched(&part.status)))).collect();
    // The object of the whole cluster names image and node only where it is of one.
    let common = |of: fn(&PullIncident) -> Option<&String>| {
        let mut all = parts.iter().filter(|part| part.metadata.name == whole.metadata.name).map(of);
        let first = all.next()??;
        all.all(|other| other == Some(first)).then(|| first.clone())
    };
    Ok(Incident {
        id: IncidentId::from_str(&whole.metadata.name)?,
        fingerprint: status.fingerprint,
        known_as: status.known_as.clone(),
        phase: status.phase,
        cause: verdict.cause,
        inner: verdict.inner,
        also: verdict.also.clone(),
        certainty: verdict.certainty,
        scope: verdict.scope,
        stage: verdict.stage,
        endpoint: verdict.endpoint.clone(),
        image: verdict.image.clone().or_else(|| common(|part| part.status.verdict.image.as_ref())),
        node: verdict.node.clone().or_else(|| common(|part| part.status.verdict.node.as_ref())),
        clears: verdict.clears,
        resets_at: status.times.resets,
        summary: verdict.summary.clone(),
        seen_at: status.times.seen,
        since: Some(status.times.since),
        opened_at: status.times.opened,
        proven_at: status.times.proven,
        resolved_at: status.times.resolved,
        changed_at: status.times.changed,
        reopened: status.reopened,
        merged_into: status.merged_into.clone(),
        counts: status.counts,
        most_pods: status.most_pods,
        touched,
        cost: status.cost,
        next_probe: None,
        timeline: status.timeline.iter().map(moment).collect(),
    })
}

/// The incident as its object in one namespace shows it, for whoever may read no other: nothing is known of others, and of
/// the whole neither what makes it one nor what it cost.
///
/// # Errors
/// When the object's name is no incident's.
pub fn of_one_namespace(part: &PullIncident) -> Result<Incident, NotAnId> {
    let status = &part.status;
    let count = |list: usize| u32::try_from(list).unwrap_or(u32::MAX);
    let counts = Counts {
        pods: status.pods,
        owners: count(status.owners.len()),
        namespaces: 1,
        nodes: count(status.nodes.len()),
    };
    let whole = ClusterPullIncident {
        api_version: part.api_version.clone(),
        kind: ClusterPullIncident::KIND.to_owned(),
        metadata: part.metadata.clone(),
        status: ClusterStatus {
            state: status.state.clone(),
            phase: status.phase,
            verdict: status.verdict.clone(),
            times: status.times.clone(),
            counts,
            most_pods: status.pods,
            cost: Cost::default(),
            timeline: status.timeline.clone(),
            reopened: status.reopened,
            merged_into: status.merged_into.clone(),
            fingerprint: Fingerprint::of(&[&part.metadata.name]),
            known_as: Vec::new(),
            conditions: status.conditions.clone(),
        },
    };
    restored(&whole, std::slice::from_ref(part))
}

fn touched(status: &Status) -> Touched {
    Touched {
        pods: status.pods,
        owners: status.owners.iter().map(owner).collect(),
        images: status.images.clone(),
        nodes: status.nodes.clone(),
        samples: status.samples.iter().map(sample).collect(),
        detail: detail(status),
    }
}

/// `None` where nothing but the incident's own sentence was written.
fn detail(status: &Status) -> Option<Detail> {
    let is_empty = status.proof.is_empty()
        && status.rivals.is_empty()
        && status.remedies.is_empty()
        && status.missing.is_none()
        && status.not_looked_at.is_empty();
    (!is_empty).then(|| Detail {
        at: status.times.changed,
        summary: status.verdict.summary.clone(),
        missing: status.missing.clone(),
        proof: status.proof.iter().map(observation).collect(),
        rivals: status.rivals.iter().map(rival).collect(),
        remedies: status.remedies.iter().map(remedy).collect(),
        not_looked_at: status.not_looked_at.clone(),
    })
}

fn owner(name: &OwnerName) -> Owner {
    Owner { api_version: name.api_version.clone(), kind: name.kind.clone(), name: name.name.clone() }
}

fn sample(waits: &WaitingContainer) -> Sample {
    Sample {
        owner: waits.owner.as_ref().map(owner),
        pod: waits.pod.clone(),
        container: waits.container.clone(),
        kind: waits.kind,
        node: waits.node.clone(),
        image: waits.image.clone(),
        since: waits.since,
    }
}

fn observation(seen: &Evidence) -> Observation {
    Observation {
        text: Captured::new(&seen.text),
        by: seen.by,
        source: seen.source.clone(),
        vantage: seen.vantage.clone(),
        at: seen.at,
    }
}

fn rival(why_not: &WhyNot) -> Rival {
    Rival { code: why_not.code, standing: why_not.standing, because: why_not.because.clone() }
}

fn remedy(fix: &Fix) -> Remedy {
    Remedy {
        grade: fix.grade,
        title: fix.title.clone(),
        actor: fix.actor,
        tried: fix.tried,
        command: fix.command.clone(),
        yaml: fix.yaml.clone(),
        note: fix.note.clone(),
        tried_how: None,
        changes: None,
        undo: fix.undo.clone(),
        patch: None,
    }
}

fn moment(entry: &TimelineEntry) -> Moment {
    Moment { at: entry.at, what: entry.what, note: entry.note.clone() }
}
