//! What goes out: proofs that are wanted, and changes.

use jiff::Timestamp;
use pullmedic_model::Endpoint;
use pullmedic_model::incident::input::ContainerKey;
use pullmedic_model::incident::{Event, IncidentId};
use serde::{Deserialize, Serialize};

/// A proof that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// For which incident.
    pub incident: IncidentId,
    /// For which container of it: the one that stands for all.
    pub container: ContainerKey,
    /// The registry that its image is pulled from; `None` when the image does not parse, so nothing is dialled.
    pub host: Option<Endpoint>,
    /// The container's namespace.
    pub namespace: String,
    /// Why.
    pub why: Why,
    /// Since when.
    pub due: Timestamp,
}

/// Why a proof is wanted, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Nothing but words is known of the incident.
    First,
    /// It is time to look again.
    Again,
    /// It is known, but not in this namespace, which needs its own detail and remedies.
    Part,
}

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Which incident.
    pub incident: IncidentId,
    /// What; for [`Weight::Count`] the event that it is nearest to.
    pub what: Event,
    /// How soon it should be written.
    pub weight: Weight,
}

/// How soon a change should be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Soon: a turn in the incident's life.
    Life,
    /// When there is room: counts, samples, times.
    Count,
}
