//! How the controller is: what readiness and metrics are made from.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use pullmedic_cluster::{ApiCounts, Kind, News};
use pullmedic_console::{Condition, Health, Metrics, ProofOutcome, RequestClass};
use pullmedic_correlate::{Change, Weight};
use pullmedic_model::finding::Certainty;
use pullmedic_model::incident::input::Told;
use pullmedic_model::object::Object;
use pullmedic_model::{Endpoint, Incident};

use tokio::time::Instant;

use super::keep::Keeper;
use super::world::Sizes;

/// For how long a watch may be silent before what we hold counts as old.
const SILENT: Duration = Duration::from_secs(300);
/// How often the loop must come round at least: it does so every 15 seconds when nothing happens.
pub(crate) const ROUND: Duration = Duration::from_secs(60);
/// How often incidents are counted at most.
const COUNTED: Duration = Duration::from_secs(1);

/// How the controller is.
pub(crate) struct Status {
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    watches: Condition,
    history: Condition,
    synced: bool,
    lag: BTreeMap<Kind, Duration>,
    /// When incidents are counted again; `None`: nothing changed since.
    count_at: Option<Instant>,
}

impl Status {
    pub(crate) fn new(version: &str) -> Status {
        let health = Health::new(ROUND);
        Status {
            metrics: Metrics::new(version),
            watches: health.condition("watches"),
            history: health.condition("history"),
            health,
            synced: false,
            lag: BTreeMap::new(),
            count_at: Some(Instant::now()),
        }
    }

    /// Takes what the watch told.
    pub(crate) fn heard(&mut self, news: &News, now: Timestamp) {
        match news {
            News::Synced => {
                self.synced = true;
                self.count_at = Some(Instant::now());
            }
            News::Lag { kind, behind, .. } => {
                self.lag.insert(*kind, *behind);
            }
            // Of pods and events all is told; where it is not, it does not decode.
            News::Touched { kind: kind @ (Kind::Pod | Kind::PodEvent | Kind::OwnerEvent), .. } => {
                self.metrics.decode_failed(kind.name());
            }
            News::Is { kind, object: Object::Event(event) } if self.synced => {
                let lag = event.last_seen().map(|at| now.duration_since(at));
                if let Some(Ok(lag)) = lag.map(Duration::try_from) {
                    self.metrics.watch_lag(kind.name(), lag);
                }
            }
            News::Is { .. }
            | News::Began { .. }
            | News::Listed { .. }
            | News::Touched { .. }
            | News::Gone { .. }
            | News::Trouble(_)
            | News::Over(_) => {}
        }
    }

    /// Takes a change of an incident.
    pub(crate) fn changed(&mut self, change: &Change) {
        if change.weight == Weight::Life {
            self.metrics.event(change.what);
        }
        self.count_at.get_or_insert_with(|| Instant::now() + COUNTED);
    }

    /// Takes how a proof ended, and what it asked of which registry.
    pub(crate) fn proven(&mut self, told: &Told, asked: &[(Endpoint, RequestClass)], took: Duration) {
        for (host, class) in asked {
            self.metrics.registry_requests(host, *class, 1);
        }
        let (outcome, took) = match told {
            Told::Judged(judged) if judged.over => (ProofOutcome::Over, Some(took)),
            Told::Judged(judged) => match judged.judgement.certainty {
                Certainty::Proven => (ProofOutcome::Proven, Some(took)),
                Certainty::Likely => (ProofOutcome::Likely, Some(took)),
                Certainty::Undecided => (ProofOutcome::Undecided, Some(took)),
            },
            Told::NotJudged(_)
            | Told::Waits(_)
            | Told::Past(_)
            | Told::Gone(_)
            | Told::Pulled(_)
            | Told::Ran(_)
            | Told::Owners(_)
            | Told::Tick => (ProofOutcome::NotRun, None),
        };
        self.metrics.proof(outcome, took);
    }

    /// Takes that the loop came round, and how it is then.
    pub(crate) fn round<'a>(
        &mut self,
        sizes: Sizes,
        keeper: &Keeper,
        queued: (usize, Option<Duration>),
        incidents: impl IntoIterator<Item = &'a Incident>,
    ) {
        self.health.tick();
        match self.old() {
            None => self.watches.holds(),
            Some(why) => self.watches.fails(&why),
        }
        match keeper.trouble() {
            None => self.history.holds(),
            Some(why) => self.history.fails(why),
        }
        self.metrics.waiting_containers(sizes.waiting);
        self.metrics.proof_queue(queued.0, queued.1);
        self.count_at = None;
        self.metrics.incidents(incidents);
    }

    /// When what happened is to be shown; `None`: nothing happened since.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.count_at
    }

    /// Takes that a guard of ours kept a request from being sent.
    pub(crate) fn guarded(&self, guard: &'static str) {
        self.metrics.registry_refused(guard);
    }

    /// Takes how much was asked of the API server so far.
    pub(crate) fn asked(&self, counts: ApiCounts) {
        let ApiCounts { lists, watches, gets, reviews, writes, .. } = counts;
        let verbs =
            [("list", lists), ("watch", watches), ("get", gets), ("review", reviews), ("write", writes)];
        for (verb, total) in verbs {
            self.metrics.api_requests_so_far(verb, total);
        }
    }

    /// Why what we hold may not be as the cluster is.
    fn old(&self) -> Option<String> {
        if !self.synced {
            return Some("not all pods are known yet".to_owned());
        }
        let (kind, behind) = self.lag.iter().find(|(_, behind)| **behind > SILENT)?;
        Some(format!("nothing was heard of {} for {} s", kind.name(), behind.as_secs()))
    }
}
