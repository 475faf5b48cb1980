//! Leading: what it begins with, and what is left of it when another takes it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use pullmedic_cluster::{Standing, Wrote};
use pullmedic_correlate::{Correlator, Queue};
use pullmedic_model::Incident;
use pullmedic_model::incident::IncidentId;
use pullmedic_model::incident::input::{Input, Told};
use pullmedic_model::report::Skipped;
use tokio::time::Instant;

use super::jobs::{Done, Job};
use super::{Engine, GATHER, Leads, TARGET};

/// How long between two tries to read what stands in the cluster.
const AGAIN: Duration = Duration::from_secs(5);

impl Engine {
    /// What was open before and did not come again is over.
    pub(super) fn settle(&mut self) {
        for change in self.correlator.settled(self.clock.now()) {
            self.changed(&change);
        }
        self.seek = Some(Instant::now() + GATHER);
    }

    /// We lead: what stands in the cluster is read before anything is told, so that nothing is opened twice.
    pub(super) fn take_over(&mut self, failed: u32) {
        self.leads = Leads::Soon;
        if self.writer.is_none() {
            self.begin(&Standing::default());
            return;
        }
        let cluster = self.prover.cluster().clone();
        let runtime = tokio::runtime::Handle::current();
        let read = move || async move {
            if failed > 0 {
                tokio::time::sleep(AGAIN).await;
            }
            match cluster.standing().await {
                Ok(standing) => Done::Standing(Some(Box::new(standing))),
                Err(error) => {
                    tracing::warn!(target: TARGET, %error, "the incidents of the cluster cannot be read");
                    Done::Standing(None)
                }
            }
        };
        // On a thread of its own: thousands of objects are decoded at once.
        let task = self.jobs.spawn_blocking(move || runtime.block_on(read()));
        self.running.insert(task.id(), Job::Standing(failed));
    }

    /// Goes on from what stands and from what was kept: of one that is both the newer.
    pub(super) fn begin(&mut self, standing: &Standing) {
        for Skipped { what, reason, next, .. } in &standing.skipped {
            tracing::warn!(target: TARGET, what, reason, next, "the cluster: cannot be read");
        }
        let mut all: BTreeMap<IncidentId, Incident> = BTreeMap::new();
        for incident in std::mem::take(&mut self.unfinished).into_iter().chain(standing.incidents.clone()) {
            match all.entry(incident.id.clone()) {
                Entry::Occupied(mut known) if known.get().changed_at < incident.changed_at => {
                    known.insert(incident);
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(place) => drop(place.insert(incident)),
            }
        }
        let restored = all.len();
        self.correlator = Correlator::restore(self.rules.clone(), all.into_values().collect());
        if let Some(writer) = &mut self.writer {
            writer.adopt(standing);
        }
        self.leads = Leads::Yes;
        self.status.metrics.leader(true);
        tracing::info!(target: TARGET, restored, "leads");
        for input in self.world.told(self.clock.now()) {
            self.tell(input);
        }
        if self.synced {
            self.settle();
        }
    }

    /// Another leads, or may: from now on nothing is told, asked or written.
    pub(super) fn step_down(&mut self) {
        tracing::warn!(target: TARGET, "leads no more");
        self.status.metrics.leader(false);
        self.leads = Leads::No;
        self.jobs.abort_all();
        self.running.clear();
        self.reads.clear();
        self.asked.clear();
        let correlator = std::mem::replace(&mut self.correlator, Correlator::new(self.rules.clone()));
        self.keeper.hand_on(|id| correlator.incident(id));
        self.unfinished = correlator.incidents().cloned().collect();
        self.queue = Queue::new(self.limits.clone());
        (self.seek, self.oldest) = (None, None);
    }

    pub(super) fn wrote(&mut self, wrote: Wrote) {
        match wrote {
            Wrote::Told(informed) if self.leads == Leads::Yes => {
                let at = self.clock.now();
                self.tell(Input { at, told: Told::Owners(informed) });
            }
            Wrote::Told(_) => {}
            Wrote::Trouble(Skipped { what, reason, needs, next }) => {
                tracing::warn!(target: TARGET, what, reason, needs, next, "the cluster: cannot be written");
            }
            Wrote::Over(Skipped { what, .. }) => {
                tracing::info!(target: TARGET, what, "the cluster: can be written again");
            }
        }
    }
}
