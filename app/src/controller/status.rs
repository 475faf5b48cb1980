//! How the controller is: what readiness and metrics are made from.

use std::collections::BTreeMap;
use std::time::Duration;

use pullmedic_cluster::{Kind, News};
use pullmedic_correlate::Change;
use pullmedic_model::Incident;
use pullmedic_model::incident::input::{Input, Told};

use super::keep::Keeper;
use super::world::Sizes;

/// For how long a watch may be silent before what we hold counts as old.
const SILENT: Duration = Duration::from_secs(300);

/// How the controller is.
#[derive(Default)]
pub(crate) struct Status {
    synced: bool,
    lag: BTreeMap<Kind, Duration>,
    history: Option<String>,
}

impl Status {
    /// Takes what the watch told.
    pub(crate) fn heard(&mut self, news: &News) {
        match news {
            News::Synced => self.synced = true,
            News::Lag { kind, behind, .. } => {
                self.lag.insert(*kind, *behind);
            }
            _ => {}
        }
    }

    /// Takes what the correlation was told, and how much it changed.
    pub(crate) fn took(&mut self, _input: &Input, _changes: usize) {}

    /// Takes a change of an incident.
    pub(crate) fn changed(&mut self, _change: &Change, _incident: &Incident) {}

    /// Takes how a proof ended.
    pub(crate) fn proven(&mut self, _told: &Told) {}

    /// Takes how it is now.
    pub(crate) fn now(&mut self, _sizes: &Sizes, keeper: &Keeper, _running: usize, _requests: u32) {
        self.history = keeper.trouble().map(str::to_owned);
    }

    /// Why what is shown may be wrong or lost; empty: it is neither.
    pub(crate) fn unready(&self) -> Vec<String> {
        let mut why = Vec::new();
        if !self.synced {
            why.push("not all pods are known yet".to_owned());
        }
        for (kind, behind) in self.lag.iter().filter(|(_, behind)| **behind > SILENT) {
            why.push(format!("nothing was heard of {} for {} s", kind.name(), behind.as_secs()));
        }
        why.extend(self.history.iter().map(|trouble| format!("the history cannot be written: {trouble}")));
        why
    }
}
