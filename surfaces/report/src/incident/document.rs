//! The public format of incidents, of `pullmedic.dev/v1alpha1`. `docs/incident.schema.json` is its schema.
//!
//! Fingerprints are not in it: they are ours, and change with what we know.

use std::borrow::Cow;

use jiff::Timestamp;
use pullmedic_model::finding::{Observation, Remedy, Rival};
use pullmedic_model::incident::{
    Cost, Counts, Event, Incident, IncidentId, Moment, Phase, Sample, Scope, Touched,
};
use pullmedic_model::report::{ApiVersion, Skipped};
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Cause, Certainty, Clears, Endpoint, Stage};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use super::Changed;

/// Incidents, and what could not be read.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IncidentList")]
pub(super) struct ListDocument<'a> {
    /// The version of this format.
    api_version: ApiVersion,
    /// What this document is.
    kind: ListKind,
    /// The incidents.
    items: Vec<Document<'a>>,
    /// What could not be read.
    skipped: &'a [Skipped],
}

/// `IncidentList`.
#[derive(Debug, Serialize, JsonSchema)]
enum ListKind {
    /// A list of incidents.
    IncidentList,
}

/// `Incident`.
#[derive(Debug, Serialize, JsonSchema)]
enum Kind {
    /// An incident.
    Incident,
}

/// `IncidentChange`.
#[derive(Debug, Serialize, JsonSchema)]
enum ChangeKind {
    /// Something that happened to an incident.
    IncidentChange,
}

/// All sightings of one root cause, over time.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Incident")]
pub(super) struct Document<'a> {
    /// The version of this format.
    api_version: ApiVersion,
    /// What this document is.
    kind: Kind,
    /// Opaque; it stays while the cause, and what is known of it, change.
    id: &'a IncidentId,
    /// Where it is in its life.
    phase: Phase,
    /// The cause; of an undecided one its best survivor.
    cause: Cause,
    /// The cause inside `sandbox-image`; null for every other.
    inner: Option<Cause>,
    /// Further faults of the same pulls.
    also: &'a [Cause],
    /// How sure.
    certainty: Certainty,
    /// How far it reaches.
    scope: Scope,
    /// The stage that failed; null when no word says.
    stage: Option<Stage>,
    /// The host and port that failed, `:443` left out; null when no word names it.
    endpoint: Option<&'a Endpoint>,
    /// The one image of it; null where it is of several, or may not be told.
    image: Option<&'a str>,
    /// The one node of it; null where it is of several.
    node: Option<&'a str>,
    /// Whether it clears by itself; null when that depends on the case.
    clears: Option<Clears>,
    /// When the registry's limit resets, or a login expired or will; null when nothing says.
    resets_at: Option<Timestamp>,
    /// One sentence that names no workload: what happened.
    summary: &'a str,
    /// When the first container was seen.
    seen_at: Timestamp,
    /// Since when it is so, by what the objects say; null when none gives a time.
    since: Option<Timestamp>,
    /// When it became open; null: not yet, or it never did.
    opened_at: Option<Timestamp>,
    /// When it was first proven; null: not yet.
    proven_at: Option<Timestamp>,
    /// When it was resolved; null while it lasts.
    resolved_at: Option<Timestamp>,
    /// When it last changed in any way.
    changed_at: Timestamp,
    /// How often it came back after it was resolved.
    reopened: u32,
    /// The incident that it was found to be a part of; null: none.
    merged_into: Option<&'a IncidentId>,
    /// What it touches now.
    counts: Counts,
    /// The most pods that it touched at one time.
    most_pods: u32,
    /// What it touches in each namespace that may be told, or touched there last.
    namespaces: Vec<NamespaceDocument<'a>>,
    /// What it cost to find out.
    cost: Cost,
    /// When it is asked about again; null: not before something changes.
    next_probe: Option<Timestamp>,
    /// What happened to it, oldest first; of a long one the first and the last.
    timeline: &'a [Moment],
    /// The page of the cause.
    docs: String,
}

/// What an incident touches in one namespace.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IncidentNamespace")]
struct NamespaceDocument<'a> {
    /// The namespace.
    namespace: &'a str,
    /// Pods that wait; of a resolved incident those that waited last.
    pods: u32,
    /// Some of their owners.
    owners: &'a [Owner],
    /// Some of their images.
    images: &'a [String],
    /// Some of their nodes.
    nodes: &'a [String],
    /// Some of the containers.
    samples: &'a [Sample],
    /// The verdict as it was reached for a container of this namespace; null: it was reached elsewhere, or is of words.
    verdict: Option<VerdictDocument<'a>>,
}

/// A verdict in words, with what was tried.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IncidentVerdict")]
struct VerdictDocument<'a> {
    /// When it was reached.
    at: Timestamp,
    /// One sentence: what happened.
    summary: &'a str,
    /// The observation that would decide; null when proven.
    missing: Option<&'a str>,
    /// What decided.
    proof: &'a [Observation],
    /// The other causes, best first.
    rivals: &'a [Rival],
    /// What to do, best first.
    remedies: &'a [Remedy],
    /// What was not looked at, with what would buy it.
    not_looked_at: &'a [String],
}

/// Something that happened to an incident.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IncidentChange")]
pub(super) struct ChangeDocument<'a> {
    /// The version of this format.
    api_version: ApiVersion,
    /// What this document is.
    kind: ChangeKind,
    /// When.
    at: Timestamp,
    /// What; null: its counts or samples changed and nothing else.
    what: Option<Event>,
    /// More about it, in a few words; null when the event says it all.
    note: Option<&'a str>,
    /// The incident as it is since.
    incident: Document<'a>,
}

pub(super) fn list<'a>(incidents: &'a [Cow<'_, Incident>], skipped: &'a [Skipped]) -> ListDocument<'a> {
    ListDocument {
        api_version: ApiVersion::V1Alpha1,
        kind: ListKind::IncidentList,
        items: incidents.iter().map(|incident| one(incident)).collect(),
        skipped,
    }
}

pub(super) fn one(incident: &Incident) -> Document<'_> {
    Document {
        api_version: ApiVersion::V1Alpha1,
        kind: Kind::Incident,
        id: &incident.id,
        phase: incident.phase,
        cause: incident.cause,
        inner: incident.inner,
        also: &incident.also,
        certainty: incident.certainty,
        scope: incident.scope,
        stage: incident.stage,
        endpoint: incident.endpoint.as_ref(),
        image: incident.image.as_deref(),
        node: incident.node.as_deref(),
        clears: incident.clears,
        resets_at: incident.resets_at,
        summary: &incident.summary,
        seen_at: incident.seen_at,
        since: incident.since,
        opened_at: incident.opened_at,
        proven_at: incident.proven_at,
        resolved_at: incident.resolved_at,
        changed_at: incident.changed_at,
        reopened: incident.reopened,
        merged_into: incident.merged_into.as_ref(),
        counts: incident.counts,
        most_pods: incident.most_pods,
        namespaces: incident.touched.iter().map(|(name, touched)| namespace(name, touched)).collect(),
        cost: incident.cost,
        next_probe: incident.next_probe,
        timeline: &incident.timeline,
        docs: incident.cause.docs_path(),
    }
}

fn namespace<'a>(namespace: &'a str, touched: &'a Touched) -> NamespaceDocument<'a> {
    let Touched { pods, owners, images, nodes, samples, detail } = touched;
    let verdict = detail.as_ref().map(|verdict| VerdictDocument {
        at: verdict.at,
        summary: &verdict.summary,
        missing: verdict.missing.as_deref(),
        proof: &verdict.proof,
        rivals: &verdict.rivals,
        remedies: &verdict.remedies,
        not_looked_at: &verdict.not_looked_at,
    });
    NamespaceDocument { namespace, pods: *pods, owners, images, nodes, samples, verdict }
}

pub(super) fn change<'a>(changed: &Changed<'a>) -> ChangeDocument<'a> {
    ChangeDocument {
        api_version: ApiVersion::V1Alpha1,
        kind: ChangeKind::IncidentChange,
        at: changed.at,
        what: changed.what,
        note: changed.note,
        incident: one(changed.incident),
    }
}

/// The JSON Schema of what lists, single incidents and changes are written as.
pub fn incident_schema() -> Value {
    let mut generator = SchemaSettings::default().into_generator();
    let forms = [
        generator.subschema_for::<ListDocument<'_>>(),
        generator.subschema_for::<Document<'_>>(),
        generator.subschema_for::<ChangeDocument<'_>>(),
    ];
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Incidents",
        "description": "A list of incidents, one incident, or something that happened to one.",
        "anyOf": forms,
        "$defs": definitions,
    })
}
