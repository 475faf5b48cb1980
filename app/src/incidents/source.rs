//! Where incidents are read from.

use anyhow::anyhow;
use jiff::Timestamp;
use pullmedic_model::Incident;
use pullmedic_model::incident::{History as _, IncidentId, Query};
use pullmedic_store::Store;

use super::Arguments;
use crate::failure::Failure;

/// Where incidents are read from.
pub(super) enum Source {
    /// A controller's history, also while the controller writes it.
    History(Box<Store>),
}

impl Source {
    /// Opens it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(arguments: &Arguments) -> Result<Source, Failure> {
        let Some(file) = &arguments.history else {
            let error = anyhow!("read incidents from the cluster: this version cannot yet");
            return Err(Failure::new(error)
                .next("give --history FILE, the history.db of a controller's --state-dir".to_owned()));
        };
        let store = Store::read_only(file).map_err(|error| {
            let next = error.hint().map(str::to_owned);
            Failure::new(error).next(next)
        })?;
        Ok(Source::History(Box::new(store)))
    }

    /// Those that last, and those that are over since then.
    pub(super) fn unfinished(&self, resolved_since: Timestamp) -> Result<Vec<Incident>, Failure> {
        let Source::History(store) = self;
        store.unfinished(resolved_since).map_err(Failure::new)
    }

    /// All that is kept, newest first.
    pub(super) fn past(&self, query: &Query) -> Result<Vec<Incident>, Failure> {
        let Source::History(store) = self;
        let past = store.past(query).map_err(Failure::new)?;
        Ok(past.into_iter().map(|past| past.incident).collect())
    }

    /// One.
    pub(super) fn one(&self, id: &IncidentId) -> Result<Option<Incident>, Failure> {
        let Source::History(store) = self;
        Ok(store.one(id).map_err(Failure::new)?.map(|past| past.incident))
    }
}
