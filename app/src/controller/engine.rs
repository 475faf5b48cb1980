//! The loop: what the watch tells goes through the world into the correlation, proofs that are wanted are run, and what
//! changes is kept. Nothing in it waits for a disk, a registry or the cluster: that is done beside it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use jiff::Timestamp;
use pullmedic_cluster::{Kind, Leadership, News, Standing, Writer, Wrote};
use pullmedic_correlate::{Change, Correlator, Limits, Queue, Settings, Wanted, Weight};
use pullmedic_model::Incident;
use pullmedic_model::incident::IncidentId;
use pullmedic_model::incident::input::{Input, NotJudged, Told};
use pullmedic_model::report::Skipped;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use super::around::{Got, Need};
use super::clock::Clock;
use super::keep::Keeper;
use super::logs::TARGET;
use super::proof::{Proven, Prover};
use super::record::Recorder;
use super::status::Status;
use super::world::{Heard, World};

/// How often time alone is looked at.
const TICK: Duration = Duration::from_secs(15);
/// How long what is told is gathered before proofs are sought for it: a rollout tells of many containers at once, and the
/// first may stand for all.
const GATHER: Duration = Duration::from_millis(100);
/// How much is told in one go, so that whatever else is due waits no longer than that takes.
const AT_ONCE: usize = 256;
/// Objects that are read at once beside those that proofs need.
const READS: usize = 8;
/// How often what a proof needs leads to further needs, such as the owner of an owner.
const ROUNDS: u32 = 4;

/// How often what stands in the cluster is read in vain, and how long between.
const STANDING_TRIES: u32 = 3;
const AGAIN: Duration = Duration::from_secs(5);

/// What a task beside the loop came to.
enum Done {
    Read(Vec<(Need, Got)>),
    Proof(Proven),
    /// What stands in the cluster; `None`: it could not be read.
    Standing(Option<Box<Standing>>),
}

/// What a task is for.
enum Job {
    /// Objects that the world asked for.
    Read,
    /// A proof, or what it needs; how often it read so far.
    Proof(Box<Wanted>, u32),
    /// What stands in the cluster, before we lead; how often that failed.
    Standing(u32),
}

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
        self.jobs.shutdown().await;
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
        let write = self.writer.as_ref().and_then(Writer::due);
        let times = [due, next, self.keeper.due(), self.seek, self.status.due(), write];
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

    /// What was open before and did not come again is over.
    fn settle(&mut self) {
        for change in self.correlator.settled(self.clock.now()) {
            self.changed(&change);
        }
        self.seek = Some(Instant::now() + GATHER);
    }

    /// We lead: what stands in the cluster is read before anything is told, so that nothing is opened twice.
    fn take_over(&mut self, failed: u32) {
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
    fn begin(&mut self, standing: &Standing) {
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
    fn step_down(&mut self) {
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

    fn wrote(&mut self, wrote: Wrote) {
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

    fn read(&mut self) {
        let reading = self.running.values().filter(|job| matches!(job, Job::Read)).count();
        for _ in reading..READS {
            let Some(need) = self.reads.pop_front() else { return };
            let reader = Arc::clone(&self.prover);
            let task = self.jobs.spawn(async move {
                let got = reader.read(&need).await;
                Done::Read(vec![(need, got)])
            });
            self.running.insert(task.id(), Job::Read);
        }
    }

    fn seek_proofs(&mut self, now: Timestamp) {
        if !self.probe {
            return;
        }
        let wants = self.correlator.wants(now);
        self.oldest = wants.iter().map(|wanted| wanted.due).min();
        self.queue.offer(&wants);
        while let Some(wanted) = self.queue.next(now) {
            self.prove(Box::new(wanted), 0, now);
        }
    }

    /// Goes on with a proof: reads what it needs, then asks.
    fn prove(&mut self, wanted: Box<Wanted>, rounds: u32, now: Timestamp) {
        let prover = Arc::clone(&self.prover);
        let key = wanted.container.clone();
        let Some(needs) = self.world.missing(&key, now) else {
            let because = "the container waits no more".to_owned();
            self.proven(&wanted, Told::NotJudged(NotJudged { container: key, because, again: None }));
            return;
        };
        let task = if needs.is_empty() || rounds >= ROUNDS {
            let Some(scene) = self.world.scene(&key, now) else {
                let because = "the container is not seen to wait at this moment".to_owned();
                let again = now.checked_add(jiff::SignedDuration::from_secs(30)).ok();
                self.proven(&wanted, Told::NotJudged(NotJudged { container: key, because, again }));
                return;
            };
            self.jobs.spawn(async move { Done::Proof(prover.prove(key, scene).await) })
        } else {
            self.jobs.spawn(async move {
                let read = needs.into_iter().map(|need| async {
                    let got = prover.read(&need).await;
                    (need, got)
                });
                Done::Read(futures_util::future::join_all(read).await)
            })
        };
        self.running.insert(task.id(), Job::Proof(wanted, rounds + 1));
    }

    fn finished(&mut self, done: Result<(Id, Done), tokio::task::JoinError>) {
        let (id, done) = match done {
            Ok((id, done)) => (id, Some(done)),
            // A panic of one proof is its own: the others go on.
            Err(error) => (error.id(), None),
        };
        let now = self.clock.now();
        let Some(job) = self.running.remove(&id) else { return };
        match (job, done) {
            (job, Some(Done::Read(read))) => {
                for (need, got) in read {
                    self.asked.remove(&need);
                    let heard = self.world.learn(need, got, now);
                    self.heard(heard);
                }
                if let Job::Proof(wanted, rounds) = job {
                    self.prove(wanted, rounds, now);
                }
            }
            (Job::Proof(wanted, _), Some(Done::Proof(proven))) => {
                let Proven { told, asked, guard, took } = proven;
                if let Some(guard) = guard {
                    self.status.guarded(guard);
                }
                self.status.proven(&told, &asked, took);
                self.proven(&wanted, told);
            }
            (Job::Proof(wanted, _), None) => {
                let because = "the proof failed for a fault of pullmedic's own".to_owned();
                tracing::error!(target: TARGET, incident = %wanted.incident, because, "proof");
                let container = wanted.container.clone();
                let again = now.checked_add(jiff::SignedDuration::from_hours(1)).ok();
                self.proven(&wanted, Told::NotJudged(NotJudged { container, because, again }));
            }
            (Job::Standing(_), Some(Done::Standing(Some(standing)))) => self.begin(&standing),
            // Where they may not be read at all, what was kept has to do.
            (Job::Standing(failed), _) if failed >= STANDING_TRIES => self.begin(&Standing::default()),
            (Job::Standing(failed), _) => self.take_over(failed + 1),
            (Job::Read, Some(Done::Proof(_) | Done::Standing(_)) | None)
            | (Job::Proof(..), Some(Done::Standing(_))) => {}
        }
    }

    fn proven(&mut self, wanted: &Wanted, told: Told) {
        let now = self.clock.now();
        let requests = match &told {
            Told::Judged(judged) => judged.requests,
            _ => 0,
        };
        self.queue.done(wanted, requests, now);
        match &told {
            Told::Judged(judged) => tracing::debug!(
                target: TARGET,
                incident = %wanted.incident,
                cause = judged.judgement.cause.code(),
                certainty = judged.judgement.certainty.code(),
                requests,
                "proof"
            ),
            Told::NotJudged(not) => {
                tracing::debug!(target: TARGET, incident = %wanted.incident, because = not.because, "no proof")
            }
            _ => {}
        }
        self.tell(Input { at: now, told });
        // Whatever was kept from running by this one may run now.
        self.seek = Some(Instant::now());
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
