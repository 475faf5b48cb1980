//! What was decided is written: one task that sends, and the hand that gives it work.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use http::{Method, StatusCode};
use jiff::Timestamp;
use pullmedic_model::incident::input::Informed;
use pullmedic_model::incident::{Incident, IncidentId};
use pullmedic_model::report::Skipped;
use pullmedic_model::resource::{ClusterPullIncident, GROUP, PullIncident, VERSION};
use pullmedic_model::sighting::Owner;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::judge;
use super::lead::Leadership;
use super::owner_event::{self, Words};
use super::plan::Plan;
use super::queue::{Key, Kind, Outcome, Place, Queue, Work};
use super::stand::Standing;
use crate::cluster::Cluster;
use crate::counts::Verb;
use crate::failure::Failure;
use crate::request::{Api, Ask, JSON, Reply};
use crate::resource::{self, Resource};

/// As whom the server knows our fields.
const MANAGER: &str = "pullmedic";
/// The content type of an apply. JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";
/// How long one write may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Writes under way at once.
const AT_ONCE: usize = 4;
/// Objects that wait to be written before no more are made: some minutes of writes.
const FULL: usize = 512;
/// How long what is left may take once we are told to end.
const LAST: Duration = Duration::from_secs(5);
/// Metadata alone, of an object whose uid is asked for.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// How incidents are written.
#[derive(Debug, Clone)]
pub struct WriteSettings {
    /// How long the objects of a resolved incident are kept.
    pub keep: Duration,
    /// Who writes, as events show it: the pod's name.
    pub instance: String,
}

impl Default for WriteSettings {
    /// A day.
    fn default() -> WriteSettings {
        WriteSettings { keep: Duration::from_secs(24 * 3600), instance: "pullmedic".into() }
    }
}

/// What there is to say of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrote {
    /// Owners were told of an incident in a namespace.
    Told(Informed),
    /// Something cannot be written for now. Said once until it is over; it is tried again all the while.
    Trouble(Skipped),
    /// That trouble is over.
    Over(Skipped),
}

/// How much is to be written still.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Objects.
    pub objects: usize,
    /// How long the first of them waits; `None`: nothing does.
    pub longest: Option<Duration>,
}

/// Gives work to a [`WriteTask`].
pub struct Writer {
    plan: Plan,
    keep: Duration,
    leadership: Leadership,
    shared: Arc<Shared>,
}

/// Sends what a [`Writer`] gives it.
pub struct WriteTask {
    api: Arc<Api>,
    settings: WriteSettings,
    leadership: Leadership,
    shared: Arc<Shared>,
}

/// What is in trouble, and has been told.
#[derive(Default)]
struct Troubles(BTreeSet<(Extent, Skipped)>);

/// How far a trouble reaches.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    Server,
    Kind(Kind),
    Object(Key),
}

struct Shared {
    queue: Mutex<Queue>,
    /// In which term of our leadership what is queued may be written.
    term: AtomicU64,
    wake: Notify,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cluster {
    /// Writes incidents as custom resources, and tells owners of them by events; while `leadership` says so, and not a moment
    /// longer.
    pub fn writer(&self, settings: WriteSettings, leadership: Leadership) -> (Writer, WriteTask) {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(Instant::now())),
            term: AtomicU64::new(leadership.term()),
            wake: Notify::new(),
        });
        let writer = Writer {
            plan: Plan::new(settings.keep),
            keep: settings.keep,
            leadership: leadership.clone(),
            shared: Arc::clone(&shared),
        };
        let api = Arc::clone(&self.api);
        (writer, WriteTask { api, settings, leadership, shared })
    }
}

impl Writer {
    /// Takes that an incident changed.
    pub fn note(&mut self, id: &IncidentId) {
        self.plan.note(id, Instant::now());
    }

    /// Takes what stands in the cluster, so that it is not written again, and goes when it is over. To be called whenever we
    /// come to lead: what was noted before is forgotten, and after another led nothing is written until this was called,
    /// because what waited may be older than what the other wrote. What stands is to be read while we lead.
    pub fn adopt(&mut self, standing: &Standing) {
        self.plan = Plan::new(self.keep);
        self.shared.queue().forget();
        self.shared.term.store(self.leadership.term(), Ordering::SeqCst);
        self.shared.wake.notify_one();
        self.plan.adopt(&standing.wholes, &standing.parts, Instant::now());
    }

    /// When [`Writer::step`] is to be called next; `None`: when something changes, also who leads.
    pub fn due(&self) -> Option<Instant> {
        if !self.leadership.leads() {
            return None;
        }
        let due = self.plan.due()?;
        let is_full = self.shared.queue().len() >= FULL;
        Some(if is_full { due.max(Instant::now() + Duration::from_secs(1)) } else { due })
    }

    /// Hands on what is due. `of` gives an incident as it is now; `None` for one that is known no more.
    pub fn step<'a>(&mut self, of: impl Fn(&IncidentId) -> Option<&'a Incident>) {
        let now = Instant::now();
        if !self.leadership.leads() {
            return;
        }
        // What is not looked at yet costs an id, what waits to be written costs its body.
        let room = FULL.saturating_sub(self.shared.queue().len());
        let orders = self.plan.step(of, room, (now, Timestamp::now()));
        if orders.is_empty() {
            return;
        }
        let mut queue = self.shared.queue();
        for (key, work, rank) in orders {
            queue.offer(key, work, rank, now);
        }
        drop(queue);
        self.shared.wake.notify_one();
    }

    /// How much is to be written still.
    pub fn waiting(&self) -> Waiting {
        let queue = self.shared.queue();
        Waiting { objects: queue.len(), longest: queue.oldest().map(|since| since.elapsed()) }
    }
}

/// What came of one piece of work.
struct Came {
    key: Key,
    outcome: Outcome,
    trouble: Option<Skipped>,
}

impl WriteTask {
    /// Writes until `stop`, then what is left as far as it goes in 5 s.
    pub async fn run(self, stop: impl Future<Output = ()>, mut tell: impl FnMut(Wrote)) {
        tokio::pin!(stop);
        let mut under_way = FuturesUnordered::new();
        let mut troubles = Troubles::default();
        let mut last: Option<Instant> = None;
        loop {
            let now = Instant::now();
            if last
                .is_some_and(|last| now >= last || (under_way.is_empty() && self.shared.queue().len() == 0))
            {
                return;
            }
            while self.may() && under_way.len() < AT_ONCE {
                let next = self.shared.queue().next(now);
                let Some((key, work)) = next else { break };
                under_way.push(perform(&self.api, &self.leadership, &self.settings.instance, key, work));
            }
            let wake = self.wake(last, under_way.len());
            let mut leadership = self.leadership.clone();
            let leads = leadership.leads();
            tokio::select! {
                Some(came) = under_way.next(), if !under_way.is_empty() => {
                    self.shared.queue().done(&came.key, came.outcome, Instant::now());
                    troubles.take(came).into_iter().for_each(&mut tell);
                }
                () = self.shared.wake.notified() => {}
                _ = leadership.other_than(leads) => {}
                () = sleep_until(wake) => {}
                () = &mut stop, if last.is_none() => last = Some(Instant::now() + LAST),
            }
        }
    }

    /// Whether anything may be sent.
    fn may(&self) -> bool {
        limit(&self.leadership).is_some() && self.shared.term.load(Ordering::SeqCst) == self.leadership.term()
    }

    /// When to look again if nothing happens.
    fn wake(&self, last: Option<Instant>, under_way: usize) -> Instant {
        let now = Instant::now();
        let far = now + Duration::from_secs(3600);
        let due = if under_way < AT_ONCE { self.shared.queue().due(now) } else { None };
        // A look that finds nothing to do must not be followed by another at once.
        let pause = match (self.may(), self.leadership.leads()) {
            (true, _) => Duration::from_millis(20),
            // Until it is renewed, or lost.
            (false, true) => Duration::from_millis(200),
            (false, false) => Duration::from_secs(3600),
        };
        let due = due.map_or(far, |due| due.max(now + pause));
        last.map_or(due, |last| due.min(last))
    }
}

impl Troubles {
    fn take(&mut self, came: Came) -> Vec<Wrote> {
        let mut wrote = Vec::new();
        if came.outcome == Outcome::Done {
            let over = self.0.extract_if(.., |(extent, _)| match extent {
                Extent::Server => true,
                Extent::Kind(kind) => *kind == came.key.kind(),
                Extent::Object(key) => *key == came.key,
            });
            let over: BTreeSet<Skipped> = over.map(|(_, skipped)| skipped).collect();
            // What others are in as well is not over.
            let is_over = |skipped: &Skipped| !self.0.iter().any(|(_, other)| other == skipped);
            wrote.extend(over.into_iter().filter(is_over).map(Wrote::Over));
            if let Place::Owner(namespace, _) = &came.key.place {
                let (incident, namespace) = (came.key.incident.clone(), namespace.clone());
                wrote.push(Wrote::Told(Informed { incident, namespace }));
            }
        }
        if let Some(trouble) = came.trouble {
            let extent = match came.outcome {
                Outcome::Server(_) => Extent::Server,
                Outcome::Kind => Extent::Kind(came.key.kind()),
                Outcome::Object | Outcome::Done | Outcome::Moot | Outcome::NotSent => {
                    Extent::Object(came.key)
                }
            };
            let is_told = self.0.iter().any(|(_, told)| *told == trouble);
            self.0.insert((extent, trouble.clone()));
            if !is_told {
                wrote.push(Wrote::Trouble(trouble));
            }
        }
        wrote
    }
}

/// How long a write that is sent now may take; `None`: none may be sent. The server reads whole seconds.
fn limit(leadership: &Leadership) -> Option<Duration> {
    leadership.limit().map(|limit| limit.min(LIMIT)).filter(|limit| *limit >= Duration::from_secs(1))
}

/// An object as troubles name it.
fn what(key: &Key) -> String {
    match &key.place {
        Place::Whole => format!("ClusterPullIncident {}", key.incident),
        Place::Part(namespace) => format!("PullIncident {namespace}/{}", key.incident),
        Place::Owner(namespace, owner) => format!("event on {owner} in namespace {namespace:?}"),
    }
}

async fn perform(api: &Api, leadership: &Leadership, instance: &str, key: Key, work: Work) -> Came {
    let (outcome, trouble) = match written(api, leadership, instance, &key, work).await {
        Ok(outcome) => (outcome, None),
        Err((outcome, failure)) => (outcome, Some(trouble(&key, outcome, &failure))),
    };
    Came { key, outcome, trouble }
}

/// What came of it, and why it did not go well.
type Written = Result<Outcome, (Outcome, Failure)>;

async fn written(api: &Api, leadership: &Leadership, instance: &str, key: &Key, work: Work) -> Written {
    let Some(path) = path(key) else { return Ok(Outcome::Moot) };
    let end = Limits { api, leadership };
    match work {
        Work::Apply(body) => end.apply(&path, body).await,
        Work::Delete => end.send(Method::DELETE, path, None).await,
        Work::End(at) => match key.place {
            Place::Whole => {
                let found: Option<ClusterPullIncident> = end.read(&path).await?;
                let Some(found) = found else { return Ok(Outcome::Moot) };
                end.apply(&path, json(&found.ended(at))).await
            }
            Place::Part(_) => {
                let found: Option<PullIncident> = end.read(&path).await?;
                let Some(found) = found else { return Ok(Outcome::Moot) };
                end.apply(&path, json(&found.ended(at))).await
            }
            Place::Owner(..) => Ok(Outcome::Moot),
        },
        Work::Tell(words) => tell(&end, instance, key, &path, &words).await,
    }
}

async fn tell(end: &Limits<'_>, instance: &str, key: &Key, path: &str, words: &Words) -> Written {
    let Place::Owner(namespace, owner) = &key.place else { return Ok(Outcome::Moot) };
    let Some(of_owner) = path_of_owner(namespace, owner) else { return Ok(Outcome::Moot) };
    // Without its uid `kubectl describe` does not find the event.
    let Some(uid) = end.uid(&of_owner).await? else { return Ok(Outcome::Moot) };
    let body = owner_event::body(&key.incident, (namespace, owner, &uid), words, instance);
    end.apply(path, body).await
}

fn json(object: &impl serde::Serialize) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

/// Where it stands; `None` where a name could not be in a path.
fn path(key: &Key) -> Option<String> {
    let id = &key.incident;
    Some(match &key.place {
        Place::Whole => format!("/apis/{GROUP}/{VERSION}/{}/{id}", ClusterPullIncident::PLURAL),
        Place::Part(namespace) if resource::is_name(namespace) => {
            format!("/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{}/{id}", PullIncident::PLURAL)
        }
        Place::Owner(namespace, owner) if resource::is_name(namespace) => {
            format!("/api/v1/namespaces/{namespace}/events/{}", owner_event::name(id, owner))
        }
        Place::Part(_) | Place::Owner(..) => return None,
    })
}

/// `None` for a kind that we may not read.
fn path_of_owner(namespace: &str, owner: &Owner) -> Option<String> {
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    let kind: Resource = match (group, owner.kind.as_str()) {
        ("", "Pod") => resource::PODS,
        (group, kind) => {
            let known = pullmedic_model::object::WorkloadKind::from_name(kind).map(resource::owner)?;
            (known.group() == group).then_some(known)?
        }
    };
    resource::is_name(&owner.name).then(|| kind.one(namespace, &owner.name))
}

/// Requests that are over when our leadership is.
struct Limits<'a> {
    api: &'a Api,
    leadership: &'a Leadership,
}

impl Limits<'_> {
    async fn apply(&self, path: &str, body: String) -> Written {
        let path = format!("{path}?fieldManager={MANAGER}&force=true");
        self.send(Method::PATCH, path, Some((APPLY, body.into_bytes()))).await
    }

    async fn send(&self, method: Method, path: String, body: Option<(&'static str, Vec<u8>)>) -> Written {
        // Asked right before the request, and the server is told as well when to give up: in whole seconds, as it reads them.
        let Some(limit) = limit(self.leadership) else { return Ok(Outcome::NotSent) };
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}timeout={}s", limit.as_secs());
        let is_delete = method == Method::DELETE;
        let ask = Ask { verb: Verb::Write, method, path: &path, accept: JSON, body };
        let reply = self.api.once(&ask, limit).await.map_err(|failure| (Outcome::Server(None), failure))?;
        if is_delete && reply.status == StatusCode::NOT_FOUND {
            return Ok(Outcome::Done);
        }
        self.judged(&reply)
    }

    fn judged(&self, reply: &Reply) -> Written {
        match judge::outcome(reply.status, reply.wait, &reply.body) {
            outcome @ (Outcome::Done | Outcome::Moot | Outcome::NotSent) => Ok(outcome),
            outcome @ (Outcome::Server(_) | Outcome::Kind | Outcome::Object) => {
                let failure = Failure::refused(reply.status, reply.wait, &reply.body, &self.api.credential);
                Err((outcome, failure))
            }
        }
    }

    /// The object; `None` when it is gone, or is none of ours.
    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, (Outcome, Failure)> {
        let reply = self.get(path, JSON).await?;
        Ok(reply.and_then(|reply| serde_json::from_str(&reply.body).ok()))
    }

    async fn uid(&self, path: &str) -> Result<Option<String>, (Outcome, Failure)> {
        #[derive(Deserialize)]
        struct Object {
            metadata: Meta,
        }
        #[derive(Deserialize)]
        struct Meta {
            uid: String,
        }
        let reply = self.get(path, METADATA).await?;
        let object = reply.and_then(|reply| serde_json::from_str::<Object>(&reply.body).ok());
        Ok(object.map(|object| object.metadata.uid))
    }

    async fn get(&self, path: &str, accept: &'static str) -> Result<Option<Reply>, (Outcome, Failure)> {
        let ask = Ask { accept, ..Ask::get(Verb::Get, path) };
        let reply = self.api.once(&ask, LIMIT).await.map_err(|failure| (Outcome::Server(None), failure))?;
        match reply.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(reply)),
            _ => match self.judged(&reply) {
                Ok(_) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }
}

/// A failure in words. Those of a server or a kind read the same for every object, so that they are said once.
fn trouble(key: &Key, outcome: Outcome, failure: &Failure) -> Skipped {
    let kind = match key.kind() {
        Kind::Wholes => "clusterpullincidents.pullmedic.dev",
        Kind::Parts => "pullincidents.pullmedic.dev",
        Kind::Events => "events",
    };
    let reason = failure.in_one_line();
    match outcome {
        Outcome::Kind if failure.is_forbidden() => Skipped {
            what: format!("write {kind}"),
            reason,
            needs: Some(format!("create, patch, delete on {kind}")),
            next: Some("apply deploy/rbac; it is tried again".into()),
        },
        Outcome::Kind => Skipped {
            what: format!("write {kind}"),
            reason,
            needs: None,
            next: Some("apply deploy/crds; it is tried again".into()),
        },
        Outcome::Server(_) => Skipped {
            what: "write to the cluster".into(),
            reason,
            needs: None,
            next: Some("it is tried again".into()),
        },
        // The words for every object of the kind, so that they are said once.
        Outcome::Object if reason.contains("field not declared in schema") => Skipped {
            what: format!("write {kind}"),
            reason: "the definition in the cluster is of another version: it does not know all fields".into(),
            needs: None,
            next: Some("apply deploy/crds of this version; it is tried again".into()),
        },
        Outcome::Object | Outcome::Done | Outcome::Moot | Outcome::NotSent => {
            Skipped { what: what(key), reason, needs: None, next: Some("it is tried again".into()) }
        }
    }
}
