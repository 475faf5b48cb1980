//! The loop: what the watch tells goes through the world into the correlation, proofs that are wanted are run, and what
//! changes is kept. Nothing in it waits for a disk, a registry or the cluster: that is done beside it.
//!
//! - `jobs`: what is done beside it. `office`: what it begins with when it leads, and what is left when it does no more.

mod jobs;
mod office;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use jiff::Timestamp;
use pullmedic_cluster::{Kind, Leadership, News, Writer, Wrote};
use pullmedic_correlate::{Change, Correlator, Limits, Queue, Settings, Weight};
use pullmedic_model::Incident;
use pullmedic_model::incident::input::{Input, Told};
use pullmedic_model::report::Skipped;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use super::around::Need;
use super::clock::Clock;
use super::keep::Keeper;
use super::logs::TARGET;
use super::proof::Prover;
use super::record::Recorder;
use super::status::Status;
use super::world::{Heard, World};
use jobs::{Done, Job};

/// How often time alone is looked at.
const TICK: Duration = Duration::from_secs(15);
/// How long what is told is gathered before proofs are sought for it: a rollout tells of many containers at once, and the
/// first may stand for all.
const GATHER: Duration = Duration::from_millis(100);
/// How much is told in one go, so that whatever else is due waits no longer than that takes.
const AT_ONCE: usize = 256;

/// How long what is under way may take to end when we do.
const LAST: Duration = Duration::from_secs(2);

/// The controller at work. While another leads it keeps its picture of the cluster, and tells, asks and writes nothing.
pub(crate) struct Engine {
    clock: Clock,
    world: World,
    rules: Settings,
    correlator: Correlator,
    limits: Limits,
    queue: Queue,
    prover: Arc<Prover>,
    /// Whether registries are asked.
    probe: bool,
    keeper: Keeper,
    recorder: Option<Recorder>,
    pub(crate) status: Status,
    leadership: Leadership,
    leads: Leads,
    /// What the next time of leading goes on from, beside what stands in the cluster.
    unfinished: Vec<Incident>,
    /// `None`: nothing is written into the cluster.
    writer: Option<Writer>,
    wrote: mpsc::UnboundedReceiver<Wrote>,
    jobs: JoinSet<Done>,
    running: HashMap<Id, Job>,
    reads: VecDeque<Need>,
    asked: BTreeSet<Need>,
    /// When proofs are sought next; `None`: once something is told.
    seek: Option<Instant>,
    /// Since when the proof is wanted that is wanted longest.
    oldest: Option<Timestamp>,
    synced: bool,
}

/// How far we are with leading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leads {
    /// Another does.
    No,
    /// We do, and read what stands.
    Soon,
    /// We do.
    Yes,
}

/// What an engine begins with.
pub(crate) struct Parts {
    pub(crate) world: World,
    pub(crate) rules: Settings,
    pub(crate) unfinished: Vec<Incident>,
    pub(crate) limits: Limits,
    pub(crate) prover: Arc<Prover>,
    pub(crate) probe: bool,
    pub(crate) keeper: Keeper,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) status: Status,
    pub(crate) leadership: Leadership,
    pub(crate) writer: Option<Writer>,
    pub(crate) wrote: mpsc::UnboundedReceiver<Wrote>,
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Engine {
        let Parts { world, rules, unfinished, limits, prover, probe, keeper, .. } = parts;
        let Parts { recorder, status, leadership, writer, wrote, .. } = parts;
        Engine {
            clock: Clock::default(),
            world,
            correlator: Correlator::new(rules.clone()),
            rules,
            queue: Queue::new(limits.clone()),
            limits,
            prover,
            probe,
            keeper,
            recorder,
            status,
            leadership,
            leads: Leads::No,
            unfinished,
            writer,
            wrote,
            jobs: JoinSet::new(),
            running: HashMap::new(),
            reads: VecDeque::new(),
            asked: BTreeSet::new(),
            seek: None,
            oldest: None,
            synced: false,
        }
    }

    /// Runs until `stop` is done or nothing is told any more.
    pub(crate) async fn run(
        &mut self,
        mut news: Pin<Box<dyn Stream<Item = News> + Send>>,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = std::pin::pin!(stop);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if self.leads == Leads::No && self.leadership.leads() {
                self.take_over(0);
            }
            let wake = self.wake();
            let leads = self.leads != Leads::No;
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(done) = self.jobs.join_next_with_id() => self.finished(done),
                () = self.keeper.done() => {}
                leads = self.leadership.other_than(leads) => if !leads { self.step_down() },
                Some(wrote) = self.wrote.recv() => self.wrote(wrote),
                _ = tick.tick() => self.tick(),
                () = tokio::time::sleep_until(wake) => {}
                told = news.next() => match told {
                    Some(told) => {
                        self.hear(told);
                        self.hear_more(&mut news);
                    }
                    None => break,
                },
            }
            self.step();
        }
        // Closed before anything is written for the last time: nothing is told any more.
        drop(news);
        // What is on a thread of its own ends by itself, or with the process.
        let _ = tokio::time::timeout(LAST, self.jobs.shutdown()).await;
    }

    /// Keeps the last of the history and of the recording; whether all is kept.
    pub(crate) async fn end(self) -> bool {
        let Engine { keeper, correlator, mut recorder, .. } = self;
        if let Some(recorder) = &mut recorder {
            recorder.flush();
        }
        keeper.end(|id| correlator.incident(id)).await
    }

    /// Takes what is there without waiting for it.
    fn hear_more(&mut self, news: &mut Pin<Box<dyn Stream<Item = News> + Send>>) {
        for _ in 0..AT_ONCE {
            match futures_util::FutureExt::now_or_never(news.next()) {
                Some(Some(told)) => self.hear(told),
                Some(None) | None => break,
            }
        }
    }

    /// When there is something to do that nothing tells of.
    fn wake(&self) -> Instant {
        let now = Instant::now();
        let due = self.correlator.due().map(|due| self.clock.instant(due));
        let next = self.synced.then(|| self.queue.due(self.clock.now())).flatten();
        let next = next.map(|due| self.clock.instant(due));
        // What is due and may not be done now is no reason to wake.
        let write = self.writer.as_ref().filter(|_| self.leads == Leads::Yes).and_then(Writer::due);
        let seek = self.seek.filter(|_| self.synced);
        let times = [due, next, self.keeper.due(), seek, self.status.due(), write];
        times.into_iter().flatten().min().unwrap_or(now + TICK).max(now + Duration::from_millis(1))
    }

    fn hear(&mut self, news: News) {
        let now = self.clock.now();
        self.status.heard(&news, now);
        let heard = match news {
            News::Began { kind: Kind::Pod, namespace } => {
                self.world.began(namespace);
                return;
            }
            News::Listed { kind: Kind::Pod, namespace } => self.world.listed(namespace.as_deref(), now),
            News::Began { .. } | News::Listed { .. } | News::Lag { .. } => return,
            News::Is { object, .. } => self.world.is(object, now),
            News::Touched { kind: Kind::Pod, namespace, name, .. } => {
                self.world.exists(&namespace, &name);
                return;
            }
            News::Touched { kind, namespace, name, .. } => self.world.touched(kind.name(), &namespace, &name),
            News::Gone { kind, namespace, name, uid } => {
                self.world.gone(kind.name(), &namespace, &name, &uid, now)
            }
            News::Synced => {
                self.synced();
                return;
            }
            News::Trouble(Skipped { what, reason, needs, .. }) => {
                let needs = needs.unwrap_or_default();
                tracing::warn!(target: TARGET, what, reason, needs, "watch: cannot be read");
                return;
            }
            News::Over(Skipped { what, .. }) => {
                tracing::info!(target: TARGET, what, "watch: can be read again");
                return;
            }
        };
        self.heard(heard);
    }

    fn heard(&mut self, heard: Heard) {
        // Whoever stands by tells nobody: all that lasts is told once it leads.
        if self.leads == Leads::Yes {
            heard.inputs.into_iter().for_each(|input| self.tell(input));
        }
        for need in heard.needs {
            if self.asked.insert(need.clone()) {
                self.reads.push_back(need);
            }
        }
    }

    /// Tells the correlation one thing, and notes what changes.
    fn tell(&mut self, input: Input) {
        if let Some(recorder) = &mut self.recorder {
            recorder.write(&input);
        }
        let changes = self.correlator.take(&input);
        if !matches!(input.told, Told::Tick) || !changes.is_empty() {
            self.seek.get_or_insert(Instant::now() + GATHER);
        }
        for change in changes {
            self.changed(&change);
        }
    }

    fn changed(&mut self, change: &Change) {
        self.keeper.note(&change.incident, change.weight);
        if let Some(writer) = &mut self.writer {
            writer.note(&change.incident);
        }
        let Some(incident) = self.correlator.incident(&change.incident) else { return };
        self.status.changed(change);
        if change.weight == Weight::Life {
            say(change, incident);
        }
    }

    /// All pods were told.
    fn synced(&mut self) {
        self.synced = true;
        let sizes = self.world.sizes();
        tracing::info!(
            target: TARGET,
            waiting = sizes.waiting,
            pods = sizes.pods + sizes.dropped,
            "all pods are known"
        );
        if self.leads == Leads::Yes {
            self.settle();
        }
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        let heard = self.world.tick(now);
        self.heard(heard);
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
        }
        self.status.asked(self.prover.cluster().requests());
        self.show();
    }

    fn step(&mut self) {
        let now = self.clock.now();
        if self.correlator.due().is_some_and(|due| due <= now) {
            self.tell(Input { at: now, told: Told::Tick });
            self.seek.get_or_insert(Instant::now());
        }
        self.read();
        let may_run = self.queue.due(now).is_some_and(|due| due <= now);
        if self.synced && (may_run || self.seek.is_some_and(|seek| seek <= Instant::now())) {
            self.seek = None;
            self.seek_proofs(now);
        }
        let correlator = &self.correlator;
        self.keeper.step(|id| correlator.incident(id));
        if self.leads == Leads::Yes
            && let Some(writer) = &mut self.writer
        {
            writer.step(|id| correlator.incident(id));
        }
        if self.status.due().is_some_and(|due| due <= Instant::now()) {
            self.show();
        }
    }

    /// Shows how it is now.
    fn show(&mut self) {
        let now = self.clock.now();
        let oldest = self.oldest.filter(|_| self.queue.waiting() > 0);
        let age = oldest.and_then(|due| Duration::try_from(now.duration_since(due)).ok());
        let queued = (self.queue.waiting(), age);
        self.status.round(self.world.sizes(), &self.keeper, queued, self.correlator.incidents());
    }
}

/// A turn in the life of an incident, for the log: nothing of a namespace but how much it touches.
fn say(change: &Change, incident: &Incident) {
    let what = serde_json::to_value(change.what).ok();
    let what = what.as_ref().and_then(|what| what.as_str()).unwrap_or("changed");
    tracing::info!(
        target: TARGET,
        incident = %incident.id,
        what,
        phase = incident.phase.code(),
        cause = incident.cause.code(),
        certainty = incident.certainty.code(),
        endpoint = incident.endpoint.as_ref().map(tracing::field::display),
        pods = incident.counts.pods,
        namespaces = incident.counts.namespaces,
        "incident"
    );
}
