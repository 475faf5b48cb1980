//! Incidents made by hand.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::{
    Cost, Counts, Event, Fingerprint, Incident, IncidentId, Moment, Phase, Scope, Touched,
};
use pullmedic_model::{Cause, Certainty, Endpoint};
use tempfile::TempDir;

/// A folder of its own, and the path of a history in it.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    (folder, path)
}

/// So many seconds after the tests' first moment.
pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-11-22T16:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// An id; equal numbers below 32 million give equal ones, others do not.
pub(crate) fn id(number: u64) -> IncidentId {
    IncidentId::from_seed(number)
}

/// An open incident of one namespace that was seen, and last changed, at that second.
pub(crate) fn open(number: u64, second: i64) -> Incident {
    let cause = Cause::Dns;
    Incident {
        id: id(number),
        fingerprint: Fingerprint::of(&[cause.code(), &number.to_string()]),
        known_as: Vec::new(),
        phase: Phase::Open,
        cause,
        inner: None,
        also: vec![Cause::Proxy],
        certainty: Certainty::Proven,
        scope: Scope::Endpoint,
        stage: Some(cause.usual_stage()),
        endpoint: Endpoint::parse("registry.acme.test:5000").ok(),
        image: None,
        node: None,
        clears: cause.clears(),
        resets_at: None,
        summary: "The name registry.acme.test does not resolve.".to_owned(),
        seen_at: at(second),
        since: None,
        opened_at: Some(at(second)),
        proven_at: None,
        resolved_at: None,
        changed_at: at(second),
        reopened: 0,
        merged_into: None,
        counts: Counts { pods: 1, owners: 1, namespaces: 1, nodes: 1 },
        most_pods: 1,
        touched: [("shop".to_owned(), Touched { pods: 1, ..Touched::default() })].into(),
        cost: Cost::default(),
        next_probe: None,
        timeline: vec![Moment { at: at(second), what: Event::Seen, note: None }],
    }
}

/// The same, over at that second.
pub(crate) fn resolved(number: u64, second: i64) -> Incident {
    let when = at(second);
    Incident { phase: Phase::Resolved, resolved_at: Some(when), changed_at: when, ..open(number, second) }
}

/// An open incident with a text of about so many bytes in it.
pub(crate) fn large(number: u64, second: i64, bytes: usize) -> Incident {
    Incident { summary: "x".repeat(bytes), ..open(number, second) }
}
