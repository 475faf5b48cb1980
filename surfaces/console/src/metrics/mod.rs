//! What is counted. One method for each thing that happens; nobody outside chooses a name or a label.
//!
//! - `label`: the closed sets. `process`: what the process itself costs.

mod label;
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use pullmedic_model::Endpoint;
use pullmedic_model::incident::{Event, Incident};

use crate::hosts::Hosts;
use label::{
    BuildLabels, CallLabel, EVENTS, EventLabel, GuardLabel, HostLabel, IncidentLabels, KindLabel,
    OutcomeLabel, RequestLabels, VerbLabel, WriteLabels, event_code,
};
pub use label::{HistoryCall, ProofOutcome, RequestClass, WriteOutcome};

type Seconds = Gauge<f64, AtomicU64>;
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// What a controller counts. Clones count into the same.
///
/// Labels that are `&'static str` (kinds, verbs, guards) are words of the program, and never of what it reads.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    series: Series,
    /// Held while several series change together, and while they are read.
    together: Mutex<Together>,
    began: Instant,
}

#[derive(Debug, Default)]
struct Together {
    incidents: BTreeSet<IncidentLabels>,
    hosts: Hosts,
}

#[derive(Debug)]
struct Series {
    incidents: Family<IncidentLabels, Gauge>,
    events: Family<EventLabel, Counter>,
    waiting_containers: Gauge,
    proofs: Family<OutcomeLabel, Counter>,
    proof_duration: Histogram,
    registry_requests: Family<RequestLabels, Counter>,
    registry_refused: Family<GuardLabel, Counter>,
    registry_budget: Family<HostLabel, Seconds>,
    queue_length: Gauge,
    queue_oldest: Seconds,
    watch_lag: Durations<KindLabel>,
    decode_failures: Family<KindLabel, Counter>,
    api_requests: Family<VerbLabel, Counter>,
    writes: Family<WriteLabels, Counter>,
    leader: Gauge,
    history_duration: Durations<CallLabel>,
    history_errors: Family<CallLabel, Counter>,
    history_incidents: Gauge,
    history_size: Gauge,
}

/// 10 ms to 82 s, doubling: from a name that is cached to the longest proof's timeouts.
fn proof_seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.01, 2.0, 14))
}

/// 5 ms to 41 s: below it nobody can tell, above it a watch is broken. 0.64 and 1.28 lie about the 1 s that is promised.
fn lag_seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.005, 2.0, 14))
}

/// 0.1 ms to 6.5 s, by fours: from a page in memory to the wait for a lock.
fn history_seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 4.0, 9))
}

impl Series {
    fn new() -> Series {
        Series {
            incidents: Family::default(),
            events: Family::default(),
            waiting_containers: Gauge::default(),
            proofs: Family::default(),
            proof_duration: proof_seconds(),
            registry_requests: Family::default(),
            registry_refused: Family::default(),
            registry_budget: Family::default(),
            queue_length: Gauge::default(),
            queue_oldest: Seconds::default(),
            watch_lag: Family::new_with_constructor(lag_seconds),
            decode_failures: Family::default(),
            api_requests: Family::default(),
            writes: Family::default(),
            leader: Gauge::default(),
            history_duration: Family::new_with_constructor(history_seconds),
            history_errors: Family::default(),
            history_incidents: Gauge::default(),
            history_size: Gauge::default(),
        }
    }

    /// Registers every series under its name; the library adds `_total` to a counter, and the unit.
    fn register(&self, registry: &mut Registry) {
        let r = registry;
        r.register(
            "incidents",
            "Incidents that are held, of which the resolved ones still may reopen",
            self.incidents.clone(),
        );
        r.register("incident_events", "What happened to incidents", self.events.clone());
        r.register(
            "waiting_containers",
            "Containers that wait for their image",
            self.waiting_containers.clone(),
        );
        r.register("proofs", "Proofs that were run, or could not be", self.proofs.clone());
        r.register_with_unit(
            "proof_duration",
            "How long a proof took",
            Unit::Seconds,
            self.proof_duration.clone(),
        );
        r.register(
            "registry_requests",
            "Requests that were sent to registries and token services",
            self.registry_requests.clone(),
        );
        r.register(
            "registry_refused",
            "Requests that a guard of ours kept from being sent",
            self.registry_refused.clone(),
        );
        r.register(
            "registry_budget_left",
            "Requests that may be sent to a registry now; of the hosts under other the least",
            self.registry_budget.clone(),
        );
        r.register("proof_queue_length", "Proofs that wait for their turn", self.queue_length.clone());
        r.register_with_unit(
            "proof_queue_oldest",
            "How long the longest waiting proof has been due",
            Unit::Seconds,
            self.queue_oldest.clone(),
        );
        r.register_with_unit(
            "watch_lag",
            "From a change's time to when it was read from the watch",
            Unit::Seconds,
            self.watch_lag.clone(),
        );
        r.register(
            "decode_failures",
            "Objects that could not be decoded and were passed over",
            self.decode_failures.clone(),
        );
        r.register(
            "api_requests",
            "Requests that were sent to the Kubernetes API",
            self.api_requests.clone(),
        );
        r.register("writes", "Writes to the cluster", self.writes.clone());
        r.register("leader", "1 while this replica leads", self.leader.clone());
        r.register_with_unit(
            "history_duration",
            "How long a call of the history took",
            Unit::Seconds,
            self.history_duration.clone(),
        );
        r.register("history_errors", "Calls of the history that failed", self.history_errors.clone());
        r.register("history_incidents", "Incidents in the history", self.history_incidents.clone());
        r.register_with_unit(
            "history_size",
            "Bytes of the history's file",
            Unit::Bytes,
            self.history_size.clone(),
        );
    }

    /// Brings every series of a small closed set into being, so that a rate over its first increase is right.
    fn begin(&self) {
        for event in EVENTS {
            drop(self.events.get_or_create(&EventLabel { event: event_code(event) }));
        }
        for outcome in ProofOutcome::ALL {
            drop(self.proofs.get_or_create(&OutcomeLabel { outcome: outcome.code() }));
        }
        for call in HistoryCall::ALL {
            drop(self.history_duration.get_or_create(&CallLabel { call: call.code() }));
            drop(self.history_errors.get_or_create(&CallLabel { call: call.code() }));
        }
    }
}

impl Metrics {
    /// Everything at nought, for a build of this version.
    pub fn new(version: &str) -> Metrics {
        let series = Series::new();
        series.begin();
        let mut registry = Registry::default();
        let ours = registry.sub_registry_with_prefix("pullmedic");
        ours.register("build", "The build that runs", Info::new(BuildLabels { version: version.to_owned() }));
        series.register(ours);
        registry.register_collector(Box::new(process::Process));
        Metrics(Arc::new(Inner { registry, series, together: Mutex::default(), began: Instant::now() }))
    }

    fn series(&self) -> &Series {
        &self.0.series
    }

    fn together(&self) -> MutexGuard<'_, Together> {
        // Whatever was half done is done again by the next call.
        self.0.together.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These incidents are held now: all of them, each time.
    pub fn incidents<'a>(&self, incidents: impl IntoIterator<Item = &'a Incident>) {
        let mut counts: BTreeMap<IncidentLabels, i64> = BTreeMap::new();
        for incident in incidents {
            let labels = IncidentLabels {
                cause: incident.cause.code(),
                certainty: incident.certainty.code(),
                phase: incident.phase.code(),
                scope: incident.scope.code(),
            };
            *counts.entry(labels).or_default() += 1;
        }
        let mut together = self.together();
        // What there is none of any more falls to nought and does not vanish, or an alert would hold its last value.
        for labels in &together.incidents {
            counts.entry(*labels).or_default();
        }
        for (labels, count) in counts {
            self.series().incidents.get_or_create(&labels).set(count);
            together.incidents.insert(labels);
        }
    }

    /// So many containers wait now.
    pub fn waiting_containers(&self, count: usize) {
        self.series().waiting_containers.set(whole(count as u64));
    }

    /// Something happened to an incident.
    pub fn event(&self, event: Event) {
        self.series().events.get_or_create(&EventLabel { event: event_code(event) }).inc();
    }

    /// A proof ended, or could not be run: then it took no time.
    pub fn proof(&self, outcome: ProofOutcome, took: Option<Duration>) {
        self.series().proofs.get_or_create(&OutcomeLabel { outcome: outcome.code() }).inc();
        if let Some(took) = took {
            self.series().proof_duration.observe(took.as_secs_f64());
        }
    }

    /// These hosts are of profiles: they have labels of their own, the first 100 of them.
    pub fn profiled<'a>(&self, hosts: impl IntoIterator<Item = &'a Endpoint>) {
        let mut together = self.together();
        for host in together.hosts.profile(hosts.into_iter().map(|host| host.as_str().to_owned())) {
            self.end(&host);
        }
    }

    /// So many requests were sent to a registry or token service, and answered so.
    pub fn registry_requests(&self, host: &Endpoint, class: RequestClass, requests: u64) {
        let mut together = self.together();
        let told = together.hosts.used(host.as_str(), requests, self.0.began.elapsed());
        if let Some(ended) = told.ended {
            self.end(&ended);
        }
        let labels = RequestLabels { host: told.label, class: class.code() };
        self.series().registry_requests.get_or_create(&labels).inc_by(requests);
    }

    /// A guard of ours kept a request from being sent.
    pub fn registry_refused(&self, guard: &'static str) {
        self.series().registry_refused.get_or_create(&GuardLabel { guard }).inc();
    }

    /// So many requests may be sent now, by host: all hosts, each time.
    pub fn registry_budget_left<'a>(&self, left: impl IntoIterator<Item = (&'a Endpoint, f64)>) {
        let together = self.together();
        let mut least: BTreeMap<&str, f64> = BTreeMap::new();
        for (host, left) in left {
            let entry = least.entry(together.hosts.label(host.as_str())).or_insert(left);
            *entry = entry.min(left);
        }
        self.series().registry_budget.clear();
        for (host, left) in least {
            self.series().registry_budget.get_or_create(&HostLabel { host: host.to_owned() }).set(left);
        }
    }

    /// So many proofs wait for their turn, and the longest waiting was due so long ago; `None` when none waits.
    pub fn proof_queue(&self, length: usize, oldest: Option<Duration>) {
        self.series().queue_length.set(whole(length as u64));
        self.series().queue_oldest.set(oldest.unwrap_or_default().as_secs_f64());
    }

    /// A change of this kind of object was read so long after it happened.
    pub fn watch_lag(&self, kind: &'static str, lag: Duration) {
        self.series().watch_lag.get_or_create(&KindLabel { kind }).observe(lag.as_secs_f64());
    }

    /// An object of this kind could not be decoded.
    pub fn decode_failed(&self, kind: &'static str) {
        self.series().decode_failures.get_or_create(&KindLabel { kind }).inc();
    }

    /// So many requests of this verb were sent to the Kubernetes API since the start.
    pub fn api_requests_so_far(&self, verb: &'static str, total: u64) {
        let counter = self.series().api_requests.get_or_create(&VerbLabel { verb });
        counter.inner().fetch_max(total, Ordering::Relaxed);
    }

    /// An object of this kind was written to the cluster, or not.
    pub fn write(&self, kind: &'static str, outcome: WriteOutcome) {
        let labels = WriteLabels { kind, outcome: outcome.code() };
        self.series().writes.get_or_create(&labels).inc();
    }

    /// Whether this replica leads.
    pub fn leader(&self, leads: bool) {
        self.series().leader.set(i64::from(leads));
    }

    /// A call of the history ended, and failed or did not.
    pub fn history(&self, call: HistoryCall, took: Duration, failed: bool) {
        let label = CallLabel { call: call.code() };
        self.series().history_duration.get_or_create(&label).observe(took.as_secs_f64());
        if failed {
            self.series().history_errors.get_or_create(&label).inc();
        }
    }

    /// The history holds so many incidents in so many bytes.
    pub fn history_size(&self, incidents: u64, bytes: u64) {
        self.series().history_incidents.set(whole(incidents));
        self.series().history_size.set(whole(bytes));
    }

    /// Everything in the OpenMetrics text format, version 1.0.0.
    pub fn text(&self) -> String {
        let mut into = String::new();
        let _steady = self.together();
        text::encode(&mut into, &self.0.registry).expect("a String takes whatever is written");
        into
    }

    /// Ends the series of a host that lost its label.
    fn end(&self, host: &str) {
        for class in RequestClass::ALL {
            let labels = RequestLabels { host: host.to_owned(), class: class.code() };
            self.series().registry_requests.remove(&labels);
        }
        self.series().registry_budget.remove(&HostLabel { host: host.to_owned() });
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
