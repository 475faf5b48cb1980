//! The history, on a thread of its own: whoever watches never waits for a disk. What could not be kept stays in memory
//! and is tried again.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pullmedic_console::{HistoryCall, Metrics};
use pullmedic_correlate::Weight;
use pullmedic_model::Incident;
use pullmedic_model::incident::{History, HistoryError, IncidentId};
use pullmedic_store::Store;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::logs;
use crate::failure::Failure;

/// How long a turn in an incident's life waits for others to be kept with it, and how long a count does.
const LIFE: Duration = Duration::from_millis(200);
const COUNT: Duration = Duration::from_secs(5);
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long the last of it may take when we end.
const LAST: Duration = Duration::from_secs(6);
/// How often what is too old is forgotten.
const FORGET: Duration = Duration::from_secs(3600);

/// How keeping went, once it did.
type Answer = oneshot::Receiver<Result<(), HistoryError>>;

enum Order {
    Keep(Vec<Incident>, oneshot::Sender<Result<(), HistoryError>>),
    Forget(Timestamp),
}

/// Does one thing, and counts how long it took.
fn obey(store: &mut Store, order: Order, metrics: &Metrics) {
    let began = std::time::Instant::now();
    match order {
        Order::Keep(incidents, answer) => {
            let all: Vec<&Incident> = incidents.iter().collect();
            let outcome = store.keep(&all);
            metrics.history(HistoryCall::Keep, began.elapsed(), outcome.is_err());
            // Nobody is left to tell when the program ends.
            let _ = answer.send(outcome);
        }
        Order::Forget(before) => {
            let outcome = store.forget(before);
            metrics.history(HistoryCall::Forget, began.elapsed(), outcome.is_err());
            match outcome {
                Ok(0) => {}
                Ok(count) => tracing::info!(target: logs::TARGET, count, "history: old incidents forgotten"),
                Err(error) => tracing::warn!(target: logs::TARGET, %error, "history: forgetting failed"),
            }
        }
    }
}

/// What is to be kept, and who keeps it.
pub(crate) struct Keeper {
    orders: mpsc::UnboundedSender<Order>,
    thread: Option<std::thread::JoinHandle<()>>,
    changed: BTreeMap<IncidentId, Instant>,
    /// Those being kept, and the answer to come.
    under_way: Option<(Vec<IncidentId>, Answer)>,
    not_before: Instant,
    forget_at: Instant,
    keep_for: SignedDuration,
    trouble: Option<String>,
}

impl Keeper {
    /// Opens the history, and gives what it goes on from.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub(crate) fn open(
        file: &Path,
        resolved_since: Timestamp,
        keep_for: SignedDuration,
        metrics: Metrics,
    ) -> Result<(Keeper, Vec<Incident>), Failure> {
        let (mut store, remarks) = Store::open(file).map_err(|error| {
            let next = error.hint().map(str::to_owned);
            Failure::new(error).next(next)
        })?;
        for remark in remarks {
            tracing::warn!(target: logs::TARGET, remark = %remark, "history");
        }
        let unfinished = store.unfinished(resolved_since).map_err(Failure::new)?;
        let (orders, mut inbox) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new().name("history".into()).spawn(move || {
            while let Some(order) = inbox.blocking_recv() {
                obey(&mut store, order, &metrics);
                if let Ok(size) = store.size() {
                    metrics.history_size(size.rows, size.file);
                }
                for remark in store.remarks() {
                    tracing::warn!(target: logs::TARGET, remark = %remark, "history");
                }
            }
        });
        let thread =
            thread.map_err(|error| Failure::new(anyhow::Error::new(error).context("start a thread")))?;
        let now = Instant::now();
        let keeper = Keeper {
            orders,
            thread: Some(thread),
            changed: BTreeMap::new(),
            under_way: None,
            not_before: now,
            forget_at: now + Duration::from_secs(60),
            keep_for,
            trouble: None,
        };
        Ok((keeper, unfinished))
    }

    /// Takes that an incident changed.
    pub(crate) fn note(&mut self, incident: &IncidentId, weight: Weight) {
        let due = Instant::now()
            + match weight {
                Weight::Life => LIFE,
                Weight::Count => COUNT,
            };
        self.changed.entry(incident.clone()).and_modify(|known| *known = due.min(*known)).or_insert(due);
    }

    /// When there is something to do next; `None`: when something changes, or is done.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.under_way.is_some() {
            return None;
        }
        self.changed.values().min().map(|due| (*due).max(self.not_before))
    }

    /// Hands on what is due. `of` gives an incident as it is now.
    pub(crate) fn step<'a>(&mut self, of: impl Fn(&IncidentId) -> Option<&'a Incident>) {
        let now = Instant::now();
        if now >= self.forget_at {
            self.forget_at = now + FORGET;
            if let Ok(before) = Timestamp::now().checked_sub(self.keep_for) {
                let _ = self.orders.send(Order::Forget(before));
            }
        }
        if self.due().is_some_and(|due| due <= now) {
            self.hand_on(of);
        }
    }

    /// Hands on all that changed, unless something is being kept: then it stays to be.
    pub(crate) fn hand_on<'a>(&mut self, of: impl Fn(&IncidentId) -> Option<&'a Incident>) {
        if self.under_way.is_some() {
            return;
        }
        // All of them: one transaction costs what one incident costs.
        let ids: Vec<IncidentId> = std::mem::take(&mut self.changed).into_keys().collect();
        let incidents: Vec<Incident> = ids.iter().filter_map(|id| of(id).cloned()).collect();
        if incidents.is_empty() {
            return;
        }
        let (answer, done) = oneshot::channel();
        // A thread that is gone shows in its answer.
        let _ = self.orders.send(Order::Keep(incidents, answer));
        self.under_way = Some((ids, done));
    }

    /// Waits for what is being kept; never ends while nothing is.
    pub(crate) async fn done(&mut self) {
        let Some((_, done)) = &mut self.under_way else { return std::future::pending().await };
        let outcome = done.await;
        let Some((ids, _)) = self.under_way.take() else { return };
        self.settle(ids, outcome);
    }

    fn settle(
        &mut self,
        ids: Vec<IncidentId>,
        outcome: Result<Result<(), HistoryError>, oneshot::error::RecvError>,
    ) {
        let failed = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                let why = error.source.to_string();
                Some(format!("{error}: {why}"))
            }
            Err(_) => Some("the history's thread is gone".to_owned()),
        };
        match failed {
            None => {
                if self.trouble.take().is_some() {
                    tracing::info!(target: logs::TARGET, "history: it can be written again");
                }
            }
            Some(why) => {
                if self.trouble.as_ref() != Some(&why) {
                    tracing::error!(target: logs::TARGET, error = %why, "history: kept in memory, and tried again");
                }
                self.trouble = Some(why);
                self.not_before = Instant::now() + AGAIN;
                let now = Instant::now();
                for id in ids {
                    self.changed.entry(id).or_insert(now);
                }
            }
        }
    }

    /// Why the history is not kept now; `None`: it is.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Keeps the last of it and ends; `false` when that failed.
    pub(crate) async fn end<'a>(mut self, of: impl Fn(&IncidentId) -> Option<&'a Incident>) -> bool {
        let last = async {
            if self.under_way.is_some() {
                self.done().await;
            }
            self.hand_on(of);
            if self.under_way.is_some() {
                self.done().await;
            }
            self.trouble.is_none() && self.changed.is_empty()
        };
        let kept = tokio::time::timeout(LAST, last).await.unwrap_or(false);
        let Keeper { orders, thread, .. } = self;
        drop(orders);
        if kept && let Some(thread) = thread {
            // It ends with its orders; where it hangs on its disk, so that keeping failed, it is left.
            let _ = thread.join();
        }
        kept
    }
}
