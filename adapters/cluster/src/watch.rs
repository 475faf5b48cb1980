//! Pods and events as they change.
//!
//! One state machine a kind: list, then watch from the list's version; a version that is too old means a new list,
//! anything else a pause and another try. The kinds are merged into one stream that nothing runs but its reader.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use pullmedic_model::object::{Object, decode_json};
use pullmedic_model::report::Skipped;
use tokio::time::{Instant, sleep, timeout_at};

use crate::access::Scope;
use crate::failure::Failure;
use crate::lines::{Lines, Word};
use crate::list::Listed;
use crate::partial::{self, Gaps};
use crate::request::Api;
use crate::resource::{EVENTS, PODS, Resource};

/// How long the server is asked to keep a watch open, in seconds; client-go asks for 5 to 10 minutes.
const WATCH_SECONDS: u64 = 300;

/// How much longer we wait for it before the connection counts as dead: a laptop that slept has no other sign of it.
const GRACE: Duration = Duration::from_secs(30);

/// The pause after the first trouble; it doubles up to the longest, and starts anew once the server answers.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One thing that changed.
#[derive(Debug)]
pub enum Change {
    /// An object is new, or other than before.
    Upsert(Object),
    /// An object is gone.
    Delete {
        /// `Pod` or `Event`.
        kind: &'static str,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Everything that there was at the start has been told, or cannot be read. Comes once.
    Synced,
    /// Something cannot be read for now. Told once until it is over; reading is tried again all the while.
    Trouble(Skipped),
    /// That trouble is over: what it names can be read again, or is gone.
    Over(Skipped),
}

/// Changes of pods and events, each object first as it is now.
pub(crate) fn watch(
    api: Arc<Api>,
    scope: Scope,
    flags: Arc<str>,
) -> impl Stream<Item = Change> + Send + use<> {
    let pods = Watch::new(&api, &flags, (PODS, "Pod"), scope.namespace.clone(), scope.selector);
    let events = Watch::new(&api, &flags, (EVENTS, "Event"), scope.namespace, None);
    let mut unsynced = 2;
    stream::select(pods.changes(), events.changes()).filter_map(move |change| {
        let passed = match change {
            Change::Synced => {
                unsynced -= 1;
                (unsynced == 0).then_some(Change::Synced)
            }
            change => Some(change),
        };
        std::future::ready(passed)
    })
}

/// The watch of one kind.
struct Watch {
    api: Arc<Api>,
    flags: Arc<str>,
    resource: Resource,
    kind: &'static str,
    namespace: Option<String>,
    selector: Option<String>,
    state: State,
    /// What the reader is still to be told.
    pending: VecDeque<Change>,
    /// What the reader was told exists, as namespace and name, so that a new list can say what is gone.
    known: BTreeSet<(String, String)>,
    synced: bool,
    /// The troubles that the reader was told of and that are not over, with what will end them.
    told: BTreeMap<Skipped, Until>,
    /// How long to wait before the next step, and after the next trouble.
    wait: Duration,
    pause: Duration,
}

/// What ends a trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// A whole list.
    Listed,
    /// A watch that brings something, or stands for a while.
    Watched,
    /// Another word about the object, or a whole list in which it is sound.
    ObjectTold,
}

enum State {
    /// Nothing is known, or too much was missed.
    List,
    /// All up to this version is known.
    Open(String),
    /// A watch is under way.
    Follow(Following),
}

struct Following {
    lines: Lines,
    /// All up to this version was told.
    version: String,
    /// When it began.
    since: Instant,
    /// Whether this watch brought anything.
    fruitful: bool,
}

impl Following {
    /// Whether its end is no reason to wait before the next.
    fn went_well(&self) -> bool {
        self.fruitful || self.since.elapsed() > LONGEST_PAUSE
    }
}

impl Watch {
    fn new(
        api: &Arc<Api>,
        flags: &Arc<str>,
        (resource, kind): (Resource, &'static str),
        namespace: Option<String>,
        selector: Option<String>,
    ) -> Watch {
        Watch {
            api: Arc::clone(api),
            flags: Arc::clone(flags),
            resource,
            kind,
            namespace,
            selector,
            state: State::List,
            pending: VecDeque::new(),
            known: BTreeSet::new(),
            synced: false,
            told: BTreeMap::new(),
            wait: Duration::ZERO,
            pause: FIRST_PAUSE,
        }
    }

    fn changes(self) -> impl Stream<Item = Change> + Send {
        stream::unfold(self, async |mut watch| {
            loop {
                if let Some(change) = watch.pending.pop_front() {
                    return Some((change, watch));
                }
                sleep(std::mem::take(&mut watch.wait)).await;
                let state = std::mem::replace(&mut watch.state, State::List);
                watch.state = watch.step(state).await;
            }
        })
    }

    async fn step(&mut self, state: State) -> State {
        match state {
            State::List => self.list().await,
            State::Open(version) => self.open(version).await,
            State::Follow(following) => self.follow(following).await,
        }
    }

    async fn list(&mut self) -> State {
        let (namespace, selector) = (self.namespace.as_deref(), self.selector.as_deref());
        let listed = match Listed::read(&self.api, self.resource, namespace, selector).await {
            Ok(listed) => listed,
            Err(failure) => {
                self.trouble(failure, Until::Listed, "list");
                return State::List;
            }
        };
        let listing: BTreeSet<(String, String)> = listed.objects.iter().filter_map(name_of).collect();
        let read = listed.objects.len();
        self.pending.extend(listed.objects.into_iter().map(Change::Upsert));
        let unreadable: Vec<Skipped> = partial::unreadable(listed.unreadable, self.resource.plural).collect();
        if let Some(failure) = listed.cut {
            // What is missing from half a list need not be gone.
            self.known.extend(listing);
            let cut = partial::cut(self.resource, self.namespace.as_deref(), read, &failure);
            // It may have been cut elsewhere before.
            self.end(|skipped, until| until == Until::Listed && *skipped != cut);
            self.tell_all(unreadable, Until::ObjectTold);
            self.tell(cut, Until::Listed);
            self.rest();
            return State::List;
        }
        self.end(|skipped, until| match until {
            Until::Listed => true,
            Until::Watched => false,
            Until::ObjectTold => !unreadable.contains(skipped),
        });
        self.tell_all(unreadable, Until::ObjectTold);
        for (namespace, name) in std::mem::replace(&mut self.known, listing) {
            if !self.known.contains(&(namespace.clone(), name.clone())) {
                self.pending.push_back(Change::Delete { kind: self.kind, namespace, name });
            }
        }
        self.sync();
        State::Open(listed.version)
    }

    async fn open(&mut self, version: String) -> State {
        let (namespace, selector) = (self.namespace.as_deref(), self.selector.as_deref());
        let path = self.resource.changes(namespace, selector, &version, WATCH_SECONDS);
        match self.api.open(&path).await {
            Ok(body) => State::Follow(Following {
                lines: Lines::new(body, self.api.route.clone()),
                version,
                since: Instant::now(),
                fruitful: false,
            }),
            Err(Failure::Expired) => State::List,
            // Who may list but not watch still sees changes, in the time of a pause.
            Err(failure @ Failure::Forbidden { .. }) => {
                self.pause = LONGEST_PAUSE;
                self.trouble(failure, Until::Watched, "watch");
                State::List
            }
            Err(failure) => {
                self.trouble(failure, Until::Watched, "watch");
                State::Open(version)
            }
        }
    }

    async fn follow(&mut self, mut following: Following) -> State {
        let dead = following.since + Duration::from_secs(WATCH_SECONDS) + GRACE;
        let troubled = self.told.values().any(|until| *until == Until::Watched);
        // Where nothing changes a watch that stands is all that there is to tell that it works.
        let stands = following.since + LONGEST_PAUSE;
        let limit = if troubled && Instant::now() < stands { stands } else { dead };
        let next = timeout_at(limit, following.lines.next()).await;
        let line = match next.map(|line| line.map(|line| line.map(str::to_owned))) {
            Ok(Ok(Some(line))) => line,
            // The server ends every watch in time, and a proxy sooner; only one that brought nothing and ended at once
            // is a reason to wait, lest it be asked without end.
            Ok(Ok(None) | Err(Failure::Broken { .. })) if following.went_well() => {
                return State::Open(following.version);
            }
            Ok(Ok(None)) => {
                self.rest();
                return State::Open(following.version);
            }
            Ok(Err(failure)) => {
                self.trouble(failure, Until::Watched, "watch");
                return State::Open(following.version);
            }
            Err(_) if limit < dead => {
                self.end(|_, until| until == Until::Watched);
                return State::Follow(following);
            }
            Err(_) => return State::Open(following.version),
        };
        match Word::of(&line) {
            Ok(word) => self.hear(word, following),
            Err(failure) => {
                self.trouble(failure, Until::Watched, "watch");
                State::Open(following.version)
            }
        }
    }

    /// Takes one line of a watch.
    fn hear(&mut self, word: Word<'_>, mut following: Following) -> State {
        match word {
            Word::Failed(Failure::Expired) => return State::List,
            Word::Failed(failure) => {
                self.trouble(failure, Until::Watched, "watch");
                return State::Open(following.version);
            }
            Word::Bookmark(_) => {}
            Word::Gone(ref about) => {
                let (namespace, name) = about.key();
                self.known.remove(&(namespace.clone(), name.clone()));
                self.end_of_object(&namespace, &name, &[]);
                self.pending.push_back(Change::Delete { kind: self.kind, namespace, name });
            }
            Word::Is(text, ref about) => {
                let mut unreadable = Vec::new();
                let decoded = decode_json(text, &mut |object| match object {
                    Ok(object) => {
                        self.known.extend(name_of(&object));
                        self.pending.push_back(Change::Upsert(object));
                    }
                    Err(object) => unreadable.push(object),
                });
                unreadable.extend(decoded.err());
                let unreadable: Vec<Skipped> =
                    partial::unreadable(unreadable, self.resource.plural).collect();
                let (namespace, name) = about.key();
                self.end_of_object(&namespace, &name, &unreadable);
                self.tell_all(unreadable, Until::ObjectTold);
            }
        }
        if let Some(version) = word.version() {
            following.version = version.to_owned();
        }
        following.fruitful = true;
        self.pause = FIRST_PAUSE;
        self.end(|_, until| until == Until::Watched);
        State::Follow(following)
    }

    /// Tells of a failure, and waits before the next step.
    fn trouble(&mut self, failure: Failure, until: Until, verb: &'static str) {
        let mut gaps = Gaps::of_verb(&self.flags, verb);
        gaps.add(self.resource, self.namespace.as_deref(), &failure);
        let skipped = gaps.into_skipped();
        self.tell_all(skipped, until);
        self.rest();
    }

    fn tell_all(&mut self, skipped: Vec<Skipped>, until: Until) {
        for skipped in skipped {
            self.tell(skipped, until);
        }
    }

    fn tell(&mut self, skipped: Skipped, until: Until) {
        if self.told.insert(skipped.clone(), until).is_none() {
            self.pending.push_back(Change::Trouble(skipped));
        }
    }

    /// Says of the troubles told that are over that they are.
    fn end(&mut self, is_over: impl Fn(&Skipped, Until) -> bool) {
        let over = self.told.extract_if(.., |skipped, until| is_over(skipped, *until));
        self.pending.extend(over.map(|(skipped, _)| Change::Over(skipped)));
    }

    /// Ends what was told of an object, but for what is `still` so.
    fn end_of_object(&mut self, namespace: &str, name: &str, still: &[Skipped]) {
        let what = format!("{} {namespace}/{name}", self.kind);
        self.end(|skipped, until| {
            until == Until::ObjectTold && skipped.what == what && !still.contains(skipped)
        });
    }

    /// Waits before the next step, and twice as long before the one after. Whoever waits has told what there is.
    fn rest(&mut self) {
        self.wait = self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.sync();
    }

    fn sync(&mut self) {
        if !std::mem::replace(&mut self.synced, true) {
            self.pending.push_back(Change::Synced);
        }
    }
}

/// Namespace and name.
fn name_of(object: &Object) -> Option<(String, String)> {
    let meta = match object {
        Object::Pod(pod) => &pod.metadata,
        Object::Event(event) => &event.metadata,
        Object::Workload(owner) => &owner.metadata,
        Object::Node(node) => &node.metadata,
        Object::ServiceAccount(account) => &account.metadata,
        Object::Other(_) => return None,
    };
    Some((meta.namespace.clone(), meta.name.clone()))
}
