//! Events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lenient;
use super::meta::Meta;

/// A `v1` Event (the `events.k8s.io/v1` names are read as well).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Name and namespace.
    #[serde(default, deserialize_with = "lenient::null")]
    pub metadata: Meta,
    /// What the event is about.
    #[serde(default, alias = "regarding", deserialize_with = "lenient::null")]
    pub involved_object: InvolvedObject,
    /// A word.
    #[serde(default, deserialize_with = "lenient::null")]
    pub reason: String,
    /// A sentence.
    #[serde(default, alias = "note", deserialize_with = "lenient::null")]
    pub message: String,
    /// First time, by the `v1` recorder.
    #[serde(default, alias = "deprecatedFirstTimestamp", deserialize_with = "lenient::time")]
    pub first_timestamp: Option<Timestamp>,
    /// Last time, by the `v1` recorder.
    #[serde(default, alias = "deprecatedLastTimestamp", deserialize_with = "lenient::time")]
    pub last_timestamp: Option<Timestamp>,
    /// First time, by the `events.k8s.io` recorder.
    #[serde(default, deserialize_with = "lenient::time")]
    pub event_time: Option<Timestamp>,
    /// Repetitions, by the `events.k8s.io` recorder.
    #[serde(default)]
    pub series: Option<Series>,
}

/// `series` of an event.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Last time.
    #[serde(default, deserialize_with = "lenient::time")]
    pub last_observed_time: Option<Timestamp>,
}

/// What an event is about.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvolvedObject {
    /// Kind.
    #[serde(default, deserialize_with = "lenient::null")]
    pub kind: String,
    /// Namespace.
    #[serde(default, deserialize_with = "lenient::null")]
    pub namespace: String,
    /// Name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// Identity; empty in hand-written files.
    #[serde(default, deserialize_with = "lenient::null")]
    pub uid: String,
    /// `spec.containers{name}` and its like; empty for the bare object.
    #[serde(default, deserialize_with = "lenient::null")]
    pub field_path: String,
}

impl Event {
    /// When it was first seen.
    pub fn first_seen(&self) -> Option<Timestamp> {
        self.first_timestamp.or(self.event_time).or(self.metadata.creation_timestamp)
    }

    /// When it was last seen.
    pub fn last_seen(&self) -> Option<Timestamp> {
        let series = self.series.as_ref().and_then(|series| series.last_observed_time);
        [self.last_timestamp, series, self.event_time]
            .into_iter()
            .flatten()
            .max()
            .or_else(|| self.first_seen())
    }
}
