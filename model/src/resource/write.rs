//! An incident as the objects that show it.

use jiff::Timestamp;

use super::incident::{ClusterPullIncident, ClusterStatus, KNOWN_AS, Metadata, PullIncident, Status};
use super::parts::{
    COMMAND, Condition, ConditionStatus, Evidence, FEW, Fix, IMAGE, NAME, OwnerName, RIVALS, SENTENCE,
    TimelineEntry, Times, Verdict, WORDS, WaitingContainer, WhyNot, state,
};
use super::{API_VERSION, size, text};
use crate::finding::{Observation, Remedy, Rival};
use crate::incident::{Detail, Event, IncidentId, MOMENTS, Moment, Phase, SAMPLES, Sample, Scope, Touched};
use crate::sighting::Owner;
use crate::{Cause, Certainty, Incident};

/// The label by which every tool sees who wrote an object.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// The label with the cause's code: `kubectl get pullincidents -l pullmedic.dev/cause=dns`.
pub const CAUSE_LABEL: &str = "pullmedic.dev/cause";
/// The label with the life's code.
pub const PHASE_LABEL: &str = "pullmedic.dev/phase";

/// The incident as `namespace` may see it; `None` when it touches nothing there.
///
/// Nothing of another namespace is in it: its own sentence is that of a container of the namespace, and image and node are
/// named only where the namespace has them too.
pub fn pull_incident(incident: &Incident, namespace: &str) -> Option<PullIncident> {
    let touched = incident.touched.get(namespace)?;
    let detail = touched.detail.as_ref();
    let status = Status {
        state: state(incident.phase, incident.certainty).to_owned(),
        phase: incident.phase,
        verdict: Verdict {
            image: shared(incident.image.as_ref(), &touched.images, IMAGE),
            node: shared(incident.node.as_ref(), &touched.nodes, NAME),
            summary: text::line(summary(incident, touched), SENTENCE),
            ..verdict(incident)
        },
        times: times(incident),
        pods: touched.pods,
        owners: touched.owners.iter().filter_map(owner).take(SAMPLES).collect(),
        images: names(&touched.images, IMAGE),
        nodes: names(&touched.nodes, NAME),
        samples: touched.samples.iter().filter_map(sample).take(SAMPLES).collect(),
        proof: detail.map(|d| d.proof.iter().map(evidence).take(FEW).collect()).unwrap_or_default(),
        rivals: detail.map(|d| d.rivals.iter().map(why_not).take(RIVALS).collect()).unwrap_or_default(),
        missing: detail.and_then(|d| text::some_line(d.missing.as_ref(), SENTENCE)),
        remedies: detail.map(|d| d.remedies.iter().map(fix).take(FEW).collect()).unwrap_or_default(),
        not_looked_at: detail.map(not_looked_at).unwrap_or_default(),
        timeline: timeline(incident, false),
        reopened: incident.reopened,
        merged_into: incident.merged_into.clone(),
        conditions: conditions(incident),
    };
    let object = PullIncident {
        api_version: API_VERSION.to_owned(),
        kind: PullIncident::KIND.to_owned(),
        metadata: metadata(incident, Some(namespace)),
        status,
    };
    Some(size::fitted(object))
}

/// The incident as the whole cluster may see it: no workload, no secret, no remedy, and no image unless it is of one.
pub fn cluster_pull_incident(incident: &Incident) -> ClusterPullIncident {
    let is_of_image = incident.scope == Scope::Image;
    let is_of_node = incident.scope == Scope::Node;
    ClusterPullIncident {
        api_version: API_VERSION.to_owned(),
        kind: ClusterPullIncident::KIND.to_owned(),
        metadata: metadata(incident, None),
        status: ClusterStatus {
            state: state(incident.phase, incident.certainty).to_owned(),
            phase: incident.phase,
            verdict: Verdict {
                image: incident.image.as_deref().filter(|_| is_of_image).and_then(|i| text::name(i, IMAGE)),
                node: incident.node.as_deref().filter(|_| is_of_node).and_then(|n| text::name(n, NAME)),
                ..verdict(incident)
            },
            times: times(incident),
            counts: incident.counts,
            most_pods: incident.most_pods,
            cost: incident.cost,
            timeline: timeline(incident, true),
            reopened: incident.reopened,
            merged_into: incident.merged_into.clone(),
            fingerprint: incident.fingerprint,
            known_as: incident.known_as.iter().copied().take(KNOWN_AS).collect(),
            conditions: conditions(incident),
        },
    }
}

/// What all of the incident have in common, where the namespace has it too.
fn shared(common: Option<&String>, own: &[String], cap: usize) -> Option<String> {
    common.filter(|common| own.contains(common)).and_then(|common| text::name(common, cap))
}

/// The sentence of a container of the namespace where there is one: the incident's own is for everybody.
fn summary<'a>(incident: &'a Incident, touched: &'a Touched) -> &'a str {
    match &touched.detail {
        Some(detail) if !detail.summary.is_empty() => &detail.summary,
        Some(_) | None => &incident.summary,
    }
}

fn metadata(incident: &Incident, namespace: Option<&str>) -> Metadata {
    let labels = [
        (MANAGED_BY_LABEL, "pullmedic"),
        (CAUSE_LABEL, incident.cause.code()),
        (PHASE_LABEL, incident.phase.code()),
    ];
    Metadata {
        name: incident.id.as_str().to_owned(),
        namespace: namespace.map(str::to_owned),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
    }
}

/// Image and node are for the caller to add.
fn verdict(incident: &Incident) -> Verdict {
    Verdict {
        cause: incident.cause,
        inner: incident.inner,
        also: incident.also.iter().copied().take(RIVALS).collect(),
        certainty: incident.certainty,
        scope: incident.scope,
        stage: incident.stage,
        endpoint: incident.endpoint.clone(),
        image: None,
        node: None,
        clears: incident.clears,
        summary: text::line(&incident.summary, SENTENCE),
    }
}

fn times(incident: &Incident) -> Times {
    Times {
        since: millis(incident.since.unwrap_or(incident.seen_at)),
        seen: millis(incident.seen_at),
        opened: incident.opened_at.map(millis),
        proven: incident.proven_at.map(millis),
        resolved: incident.resolved_at.map(millis),
        changed: millis(incident.changed_at),
        resets: incident.resets_at.map(millis),
    }
}

/// Thousandths of a second: who asks how long a proof took has use for them.
fn millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// `metav1.Condition` has no more.
fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn names(all: &[String], cap: usize) -> Vec<String> {
    all.iter().filter_map(|one| text::name(one, cap)).take(SAMPLES).collect()
}

fn owner(owner: &Owner) -> Option<OwnerName> {
    Some(OwnerName {
        api_version: text::name(&owner.api_version, NAME)?,
        kind: text::name(&owner.kind, 63)?,
        name: text::name(&owner.name, NAME)?,
    })
}

fn sample(sample: &Sample) -> Option<WaitingContainer> {
    Some(WaitingContainer {
        owner: sample.owner.as_ref().and_then(owner),
        pod: sample.pod.as_deref().and_then(|pod| text::name(pod, NAME)),
        container: text::name(&sample.container, NAME)?,
        kind: sample.kind,
        node: sample.node.as_deref().and_then(|node| text::name(node, NAME)),
        image: text::line(&sample.image, IMAGE),
        since: sample.since.map(millis),
    })
}

fn evidence(seen: &Observation) -> Evidence {
    Evidence {
        text: text::line(seen.text.as_str(), WORDS),
        by: seen.by,
        source: text::line(&seen.source, SENTENCE),
        vantage: text::some_line(seen.vantage.as_ref(), NAME),
        at: seen.at.map(millis),
    }
}

fn why_not(rival: &Rival) -> WhyNot {
    WhyNot { code: rival.code, standing: rival.standing, because: text::line(&rival.because, SENTENCE) }
}

fn fix(remedy: &Remedy) -> Fix {
    Fix {
        grade: remedy.grade,
        title: text::line(&remedy.title, SENTENCE),
        actor: remedy.actor,
        tried: remedy.tried,
        command: text::whole(remedy.command.as_ref(), COMMAND),
        yaml: text::whole(remedy.yaml.as_ref(), COMMAND),
        undo: text::whole(remedy.undo.as_ref(), COMMAND),
        note: text::some_line(remedy.note.as_ref(), SENTENCE),
    }
}

fn not_looked_at(detail: &Detail) -> Vec<String> {
    detail.not_looked_at.iter().map(|one| text::line(one, SENTENCE)).take(FEW).collect()
}

/// The first half and the last of what is kept. Who was told, and when, is of some namespace, so no other reads it.
fn timeline(incident: &Incident, is_cluster: bool) -> Vec<TimelineEntry> {
    let shown: Vec<&Moment> =
        incident.timeline.iter().filter(|moment| is_cluster || moment.what != Event::Told).collect();
    let left_out = shown.len().saturating_sub(MOMENTS);
    let first = if left_out == 0 { shown.len() } else { MOMENTS / 2 };
    let entry = |moment: &&Moment| TimelineEntry {
        at: millis(moment.at),
        what: moment.what,
        note: moment.note.as_deref().and_then(note),
    };
    shown[..first].iter().chain(&shown[first + left_out..]).map(entry).collect()
}

/// A note of nothing but codes and names of incidents: any other word could be of a namespace.
fn note(note: &str) -> Option<String> {
    let is_code = |word: &str| {
        let word = word.trim_matches([',', ':', '(', ')']);
        word.parse::<Cause>().is_ok()
            || word.parse::<IncidentId>().is_ok()
            || [Certainty::Undecided, Certainty::Likely, Certainty::Proven].iter().any(|c| c.code() == word)
    };
    (!note.is_empty() && note.len() <= 128 && note.split_ascii_whitespace().all(is_code))
        .then(|| note.to_owned())
}

/// `Open`, `Proven`, `Resolved`, each since the moment that made it so.
fn conditions(incident: &Incident) -> Vec<Condition> {
    let last = |whats: &[Event]| {
        incident.timeline.iter().rev().find(|moment| whats.contains(&moment.what)).map(|moment| moment.at)
    };
    let seen = incident.seen_at;
    let came_back = last(&[Event::Reopened]).or(incident.opened_at).unwrap_or(seen);
    let ended = incident.resolved_at.unwrap_or(incident.changed_at);
    let [open, resolved] = match incident.phase {
        Phase::Suspected => lasts(false, seen, "Suspected", "pods wait, and it may clear by itself"),
        Phase::Open => lasts(true, came_back, "Lasts", "pods wait"),
        Phase::Resolved => is_over(ended),
    };
    let proven = match incident.certainty {
        Certainty::Proven => (true, incident.proven_at.unwrap_or(seen), "Proven"),
        Certainty::Likely => (false, last(&[Event::Judged]).unwrap_or(seen), "Likely"),
        Certainty::Undecided => (false, last(&[Event::Judged]).unwrap_or(seen), "Undecided"),
    };
    vec![open, condition("Proven", proven, incident.cause.title()), resolved]
}

/// `Open` and `Resolved` of what is not resolved.
fn lasts(is_open: bool, at: Timestamp, reason: &str, message: &str) -> [Condition; 2] {
    [condition("Open", (is_open, at, reason), message), condition("Resolved", (false, at, reason), message)]
}

/// `Open` and `Resolved` of what is.
fn is_over(at: Timestamp) -> [Condition; 2] {
    let message = "no container waits for it any more";
    [
        condition("Open", (false, at, "Resolved"), message),
        condition("Resolved", (true, at, "NobodyWaits"), message),
    ]
}

fn condition(kind: &str, (is_so, at, reason): (bool, Timestamp, &str), message: &str) -> Condition {
    Condition {
        kind: kind.to_owned(),
        status: if is_so { ConditionStatus::True } else { ConditionStatus::False },
        last_transition_time: seconds(at),
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

impl PullIncident {
    /// The same once nothing in its namespace waits for it any more, whatever is so elsewhere.
    pub fn ended(mut self, at: Timestamp) -> PullIncident {
        let status = &mut self.status;
        (status.phase, status.pods) = (Phase::Resolved, 0);
        status.state = state(status.phase, status.verdict.certainty).to_owned();
        end(&mut self.metadata, &mut status.times, &mut status.conditions, at);
        self
    }
}

impl ClusterPullIncident {
    /// The same once nobody knows it any more.
    pub fn ended(mut self, at: Timestamp) -> ClusterPullIncident {
        let status = &mut self.status;
        status.phase = Phase::Resolved;
        status.state = state(status.phase, status.verdict.certainty).to_owned();
        end(&mut self.metadata, &mut status.times, &mut status.conditions, at);
        self
    }
}

fn end(metadata: &mut Metadata, times: &mut Times, conditions: &mut Vec<Condition>, at: Timestamp) {
    metadata.labels.insert(PHASE_LABEL.to_owned(), Phase::Resolved.code().to_owned());
    times.resolved.get_or_insert(millis(at));
    times.changed = millis(at);
    let [open, resolved] = is_over(at);
    conditions.retain(|condition| condition.kind == "Proven");
    conditions.insert(0, open);
    conditions.push(resolved);
}
