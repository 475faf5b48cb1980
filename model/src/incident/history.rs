//! Where incidents are kept, also after they are over. A port: `adapters/store` is behind it.

use jiff::Timestamp;
use thiserror::Error;

use super::{Incident, IncidentId};
use crate::Cause;

/// What is asked of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Only what touched this namespace; `None`: all.
    pub namespace: Option<String>,
    /// Only this cause; `None`: all.
    pub cause: Option<Cause>,
    /// Only what changed since; `None`: all.
    pub since: Option<Timestamp>,
    /// At most so many, newest first; `None`: all.
    pub limit: Option<usize>,
}

/// What is kept of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// The incident as it was last.
    pub incident: Incident,
}

/// An incident could not be kept or read.
#[derive(Debug, Error)]
#[error("{what}")]
pub struct HistoryError {
    /// What was tried, as a fragment: `keep pi-k7m2qx`.
    pub what: String,
    /// Whether trying again may help: the disk is full, the file is locked.
    pub passing: bool,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where incidents are kept.
pub trait History: Send {
    /// Keeps incidents as they are now, all or none of them.
    ///
    /// # Errors
    /// When they could not be written; what was kept before stands.
    fn keep(&mut self, incidents: &[&Incident]) -> Result<(), HistoryError>;

    /// Those that are not resolved, and those resolved since `resolved_since`, oldest first: what a start goes on from.
    ///
    /// # Errors
    /// When they could not be read.
    fn unfinished(&self, resolved_since: Timestamp) -> Result<Vec<Incident>, HistoryError>;

    /// Those that were asked for, newest first.
    ///
    /// # Errors
    /// When they could not be read.
    fn past(&self, query: &Query) -> Result<Vec<Past>, HistoryError>;

    /// One; `None` when none has that name.
    ///
    /// # Errors
    /// When it could not be read.
    fn one(&self, id: &IncidentId) -> Result<Option<Past>, HistoryError>;

    /// Forgets what was resolved before. Gives how many.
    ///
    /// # Errors
    /// When it could not be written.
    fn forget(&mut self, resolved_before: Timestamp) -> Result<usize, HistoryError>;
}
