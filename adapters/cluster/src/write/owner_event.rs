//! The event that tells an owner: what `kubectl describe deployment` shows to people who never heard of us.

use jiff::Timestamp;
use pullmedic_model::incident::{Incident, IncidentId, Phase, Touched};
use pullmedic_model::resource::pull_incident;
use pullmedic_model::sighting::Owner;
use serde_json::json;

/// The longest message: `events.k8s.io` takes no longer one.
const MESSAGE: usize = 1024;

/// What an owner is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) message: String,
    /// When it was first said, and when last.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// How often.
    pub(super) count: u32,
}

/// One line: cause, certainty, what happened, what to do, where to read on.
pub(super) fn message(incident: &Incident, namespace: &str, touched: &Touched) -> String {
    let part = pull_incident(incident, namespace);
    let (summary, fix) = part.as_ref().map_or(("", None), |part| {
        (part.status.verdict.summary.as_str(), part.status.remedies.first().map(|fix| fix.title.as_str()))
    });
    let ends = |text: &str| if text.ends_with(['.', '!', '?', '…']) { "" } else { "." }.to_owned();
    let pods = match touched.pods {
        1 => "1 pod waits".to_owned(),
        pods => format!("{pods} pods wait"),
    };
    let read_on = format!(" See: kubectl -n {namespace} get pullincident {} -o yaml", incident.id);
    let mut text =
        format!("{}, {}: {summary}{} {pods}.", incident.cause, incident.certainty.code(), ends(summary));
    if let Some(fix) = fix {
        text.push_str(&format!(" Next: {fix}{}", ends(fix)));
    }
    let room = MESSAGE - read_on.len().min(MESSAGE);
    if text.len() > room {
        text.truncate(text.floor_char_boundary(room - '…'.len_utf8()));
        text.push('…');
    }
    text + &read_on
}

/// Whether its owners are to be told of it at all.
pub(super) fn tells(incident: &Incident) -> bool {
    incident.phase == Phase::Open && incident.merged_into.is_none()
}

/// The event's name: the same for the same incident and owner, so that it is changed and not made anew.
pub(super) fn name(incident: &IncidentId, owner: &Owner) -> String {
    let of = pullmedic_model::incident::Fingerprint::of(&[&owner.api_version, &owner.kind, &owner.name]);
    format!("{incident}.{of}")
}

/// The object. The uid is what `kubectl describe` looks for.
pub(super) fn body(
    incident: &IncidentId,
    (namespace, owner, uid): (&str, &Owner, &str),
    words: &Words,
    instance: &str,
) -> String {
    let second = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name(incident, owner), "namespace": namespace},
        "involvedObject": {
            "apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "namespace": namespace, "uid": uid,
        },
        "type": "Warning",
        "reason": "PullIncident",
        "message": words.message,
        "count": words.count,
        "firstTimestamp": second(words.first),
        "lastTimestamp": second(words.last),
        "source": {"component": "pullmedic"},
        "reportingComponent": "pullmedic.dev/controller",
        "reportingInstance": instance,
    })
    .to_string()
}
