//! Where incidents are read from.

use jiff::Timestamp;
use pullmedic_cluster::{Cluster, Standing};
use pullmedic_model::Incident;
use pullmedic_model::incident::{History as _, IncidentId, Phase, Query};
use pullmedic_model::report::Skipped;
use pullmedic_store::Store;
use tokio::runtime::Runtime;

use super::Arguments;
use crate::failure::Failure;

/// Where incidents are read from.
pub(super) enum Source {
    /// A controller's history, also while the controller writes it.
    History(Box<Store>),
    /// The custom resources of a cluster, by the user's own rights: of one namespace, or of all; and what the client runs
    /// on.
    Cluster(Box<Cluster>, Option<String>, Runtime),
}

/// What was read.
pub(super) struct Found {
    pub(super) incidents: Vec<Incident>,
    /// What could not be.
    pub(super) skipped: Vec<Skipped>,
}

impl Source {
    /// Opens it; with the namespace that is meant where the user names none, `None` for all.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(arguments: &Arguments) -> Result<(Source, Option<String>), Failure> {
        let Some(file) = &arguments.history else {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::new(anyhow::Error::new(error).context("start")))?;
            let cluster = runtime.block_on(arguments.access.connect())?;
            let own =
                || arguments.namespace.clone().unwrap_or_else(|| cluster.default_namespace().to_owned());
            let namespace = (!arguments.all_namespaces).then(own);
            return Ok((Source::Cluster(Box::new(cluster), namespace.clone(), runtime), namespace));
        };
        let store = Store::read_only(file).map_err(|error| {
            let next = error.hint().map(str::to_owned);
            Failure::new(error).next(next)
        })?;
        Ok((Source::History(Box::new(store)), None))
    }

    /// How long between two looks of somebody who watches.
    pub(super) fn pace(&self) -> std::time::Duration {
        match self {
            Source::History(_) => std::time::Duration::from_millis(500),
            // Each is a list of all of them.
            Source::Cluster(..) => std::time::Duration::from_secs(3),
        }
    }

    /// Those that last, and those that are over since then.
    pub(super) fn unfinished(&self, resolved_since: Timestamp) -> Result<Found, Failure> {
        match self {
            Source::History(store) => {
                let incidents = store.unfinished(resolved_since).map_err(Failure::new)?;
                Ok(Found { incidents, skipped: Vec::new() })
            }
            Source::Cluster(cluster, namespace, runtime) => {
                let mut found = standing(cluster, namespace.as_deref(), runtime)?;
                found.incidents.retain(|incident| {
                    incident.phase != Phase::Resolved
                        || incident.resolved_at.is_some_and(|at| at >= resolved_since)
                });
                Ok(found)
            }
        }
    }

    /// All that is kept, newest first.
    pub(super) fn past(&self, query: &Query) -> Result<Found, Failure> {
        match self {
            Source::History(store) => {
                let past = store.past(query).map_err(Failure::new)?;
                let incidents = past.into_iter().map(|past| past.incident).collect();
                Ok(Found { incidents, skipped: Vec::new() })
            }
            Source::Cluster(cluster, namespace, runtime) => {
                let mut found = standing(cluster, namespace.as_deref(), runtime)?;
                found.incidents.retain(|incident| {
                    query.namespace.as_ref().is_none_or(|name| incident.touched.contains_key(name))
                        && query.since.is_none_or(|since| incident.changed_at >= since)
                });
                found.incidents.sort_by_key(|incident| std::cmp::Reverse(incident.changed_at));
                found.incidents.truncate(query.limit.unwrap_or(usize::MAX));
                Ok(found)
            }
        }
    }

    /// One.
    pub(super) fn one(&self, id: &IncidentId) -> Result<Option<Incident>, Failure> {
        match self {
            Source::History(store) => Ok(store.one(id).map_err(Failure::new)?.map(|past| past.incident)),
            Source::Cluster(cluster, namespace, runtime) => {
                Ok(standing(cluster, namespace.as_deref(), runtime)?
                    .incidents
                    .into_iter()
                    .find(|incident| incident.id == *id))
            }
        }
    }
}

fn standing(cluster: &Cluster, namespace: Option<&str>, runtime: &Runtime) -> Result<Found, Failure> {
    let read = async {
        match namespace {
            Some(namespace) => cluster.incidents_of(namespace).await,
            None => cluster.standing().await,
        }
    };
    let standing = runtime.block_on(read).map_err(|error| {
        let next = error.hint();
        Failure::new(error).next(next)
    })?;
    let Standing { incidents, skipped, .. } = standing;
    Ok(Found { incidents, skipped })
}
