//! One kind of object, over everything that ends a watch of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream};
use pullmedic_model::object;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::News;
use super::kind::{Kind, Part};
use super::pause::{self, Pause};
use super::troubles::Troubles;
use super::word::Word;
use crate::cluster::Cluster;
use crate::failure::{Cause, Failure};
use crate::lines::Lines;
use crate::partial::Gaps;
use crate::request::Api;

/// How long the server is asked to keep a watch open, in seconds, and up to as much again, so that not all end at once;
/// client-go's are as long.
const WATCH_SECONDS: u64 = 300;

/// How much longer we wait for that end.
const GRACE: Duration = Duration::from_secs(30);

/// How long a server may be silent that sends bookmarks. It sends one about each minute
/// (<https://github.com/kubernetes/kubernetes/blob/v1.35.0/staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go>), and on
/// Kubernetes 1.37 the first of a watch came after up to two; more than three without one is a dead connection, or a
/// server that hangs.
const SILENCE: Duration = Duration::from_secs(200);

/// How long the head of an answer may take. Some proxies pass it on with the first bytes of the body only, so with a
/// bookmark.
const HEAD: Duration = Duration::from_secs(75);

/// How long the question about a right may take: it is asked for the server's sake, and must not hold up what it is about.
const REVIEW: Duration = Duration::from_secs(5);

/// How often the reader is told how long nothing was heard.
const TICK: Duration = Duration::from_secs(15);

/// After how many streaming lists in a row that did not get to their end pages are asked for instead: progress is worth
/// more than the way.
const UNFINISHED: u32 = 3;

/// After how many errors in a row, each inside a watch that brought nothing before it, its version counts as one that the
/// server cannot go on from.
const STUCK: u32 = 5;

pub(super) enum Item {
    News(News),
    /// The kind was listed for the first time, or may not be read. Comes once.
    Settled,
}

pub(super) struct Feed {
    pub(super) cluster: Cluster,
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    pub(super) decoded: object::Kind,
    state: State,
    /// What the reader is still to be told.
    pub(super) pending: VecDeque<Item>,
    pub(super) troubles: Troubles,
    settled: bool,
    /// When the next step is due; `None`: now.
    due: Option<Instant>,
    pause: Pause,
    /// The pause before all is told anew, which a server that forgets each version at once must not make us ask for again
    /// and again.
    anew: Pause,
    /// When the server last said anything of this kind.
    heard: Instant,
    /// Whether the reader was told of silence.
    told_lag: bool,
    /// Whether the server has streaming lists, as far as is known.
    streams: bool,
    /// Streaming lists in a row that did not get to their end.
    unfinished: u32,
    /// Errors in a row inside watches that brought nothing.
    stuck: u32,
    /// Answers in a row that our version is later than the server's.
    ahead: u32,
    /// Whether the last watch ended because the server said nothing, so that an open one proves nothing.
    silent: bool,
    /// Whether the last request was refused, so that the right is asked for before the next.
    refused: bool,
}

pub(super) enum State {
    /// Nothing is known, or too much was missed.
    Anew,
    /// A list is under way: the token of its next page, empty for the first, and its version.
    Page { after: String, version: String },
    /// All up to this version was told.
    From(String),
    /// A watch is under way.
    Follow(Box<Following>),
}

pub(super) struct Following {
    lines: Lines,
    place: Place,
    opened: Instant,
    heard: Instant,
    seconds: u64,
}

/// Where a watch stands.
struct Place {
    /// All up to this version was told; without meaning while the list goes on.
    version: String,
    /// Whether what there is at the start is still being told.
    listing: bool,
    /// Whether anything new came.
    fruitful: bool,
}

/// What a line leads to.
enum Next {
    On,
    Anew,
    Failed(Failure),
    Ended,
    Silent,
}

impl Feed {
    pub(super) fn new(cluster: &Cluster, kind: Kind, namespace: Option<String>) -> Feed {
        Feed {
            cluster: cluster.clone(),
            kind,
            namespace,
            decoded: kind.decoded(),
            state: State::Anew,
            pending: VecDeque::new(),
            troubles: Troubles::default(),
            settled: false,
            due: None,
            pause: Pause::new(),
            anew: Pause::new(),
            heard: Instant::now(),
            told_lag: false,
            streams: true,
            unfinished: 0,
            stuck: 0,
            ahead: 0,
            silent: false,
            refused: false,
        }
    }

    pub(super) fn items(self) -> impl Stream<Item = Item> + Send {
        stream::unfold(self, async |mut feed| {
            loop {
                if let Some(item) = feed.pending.pop_front() {
                    return Some((item, feed));
                }
                if feed.has_rested().await {
                    let state = std::mem::replace(&mut feed.state, State::Anew);
                    feed.state = feed.step(state).await;
                }
            }
        })
    }

    pub(super) fn api(&self) -> Arc<Api> {
        Arc::clone(&self.cluster.api)
    }

    /// Waits until the next step is due, for a while at a time; whether it is.
    async fn has_rested(&mut self) -> bool {
        let Some(due) = self.due else { return true };
        sleep_until(due.min(Instant::now() + TICK)).await;
        if Instant::now() < due {
            self.tell_lag();
            return false;
        }
        self.due = None;
        true
    }

    /// Nothing is done before a while has passed.
    fn rest(&mut self, pause: Duration) {
        self.due = Some(Instant::now() + pause);
    }

    /// Too much was missed, or what was told cannot be gone on from.
    pub(super) fn anew(&mut self) -> State {
        let pause = self.anew.take(None);
        self.rest(pause);
        State::Anew
    }

    async fn step(&mut self, state: State) -> State {
        match state {
            State::Anew if self.streams && self.unfinished < UNFINISHED => self.open(None).await,
            State::Anew => State::Page { after: String::new(), version: String::new() },
            State::Page { after, version } => self.page(after, version).await,
            State::From(version) => self.open(Some(version)).await,
            State::Follow(following) => self.follow(following).await,
        }
    }

    /// Opens a watch from a version, or from all that there is.
    async fn open(&mut self, version: Option<String>) -> State {
        let back = |version: Option<String>| version.map_or(State::Anew, State::From);
        if (version.is_none() || self.refused) && !self.is_allowed("watch").await {
            self.not_allowed("watch");
            return back(version);
        }
        let seconds = WATCH_SECONDS + (WATCH_SECONDS as f64 * pause::fraction()) as u64;
        let (resource, namespace) = (self.kind.resource(), self.namespace.as_deref());
        let path = resource.stream(namespace, self.kind.fields(), version.as_deref(), seconds);
        let api = self.api();
        let body = match api.open_as(&path, self.accepted(), Some(HEAD)).await {
            Ok(body) => body,
            Err(failure) => return self.not_opened(&failure, version),
        };
        self.refused = false;
        self.ahead = 0;
        let listing = version.is_none();
        if listing {
            self.begin();
        } else if !self.kind.has_bookmarks() {
            // All that will be heard of a kind of which nothing happens.
            self.hear();
        }
        let now = Instant::now();
        let place = Place { version: version.unwrap_or_default(), listing, fruitful: false };
        let lines = Lines::new(body, api.route.clone());
        State::Follow(Box::new(Following { lines, place, opened: now, heard: now, seconds }))
    }

    fn not_opened(&mut self, failure: &Failure, version: Option<String>) -> State {
        match (failure, version) {
            (Failure::Expired, _) => self.anew(),
            // Once it lags behind; again, its versions began anew, and soon it would go on from ours past what was never told.
            (failure, Some(_)) if failure.is_of_a_later_version() && self.ahead > 0 => {
                self.ahead = 0;
                self.anew()
            }
            (failure, Some(version)) if failure.is_of_a_later_version() => {
                self.ahead += 1;
                let pause = self.pause.take(failure.wait());
                self.rest(pause);
                State::From(version)
            }
            // A server without streaming lists finds the request invalid: 422 where it knows of them, or at least that
            // `resourceVersionMatch` is nothing for a watch; 400 from those that decode more strictly
            // (<https://github.com/kubernetes/kubernetes/blob/v1.35.0/staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go>).
            (Failure::Unexpected { .. }, None) => {
                self.streams = false;
                State::Anew
            }
            // A version that it cannot make sense of: of another cluster behind the same address, or of no number.
            (Failure::Unexpected { .. }, Some(_)) => {
                self.fail(failure, "watch");
                State::Anew
            }
            (failure, version) => {
                self.fail(failure, "watch");
                version.map_or(State::Anew, State::From)
            }
        }
    }

    /// The right is not there, and nothing was asked for; told, unless a refusal that says more was.
    pub(super) fn not_allowed(&mut self, verb: &'static str) {
        match self.refused {
            true => self.rest(Pause::refused()),
            false => self.fail(&Failure::Forbidden { user: None }, verb),
        }
    }

    /// What the server is asked to send: only metadata, where that is enough.
    fn accepted(&self) -> &'static str {
        match self.kind.part() {
            Part::Whole => "application/json",
            Part::Metadata => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
        }
    }

    /// Whether a right is there, as far as is known.
    pub(super) async fn is_allowed(&mut self, verb: &str) -> bool {
        let resource = self.kind.resource();
        let answer = self.cluster.may(verb, resource.group(), resource.plural, self.namespace.as_deref());
        // Where that cannot be known, the request itself will tell.
        timeout(REVIEW, answer).await.map_or(true, |answer| answer.unwrap_or(true))
    }

    async fn follow(&mut self, mut following: Box<Following>) -> State {
        let dead = if self.kind.has_bookmarks() {
            following.heard + SILENCE
        } else {
            following.opened + Duration::from_secs(following.seconds) + GRACE
        };
        let tick = self.heard + TICK * (self.heard.elapsed().as_secs() / TICK.as_secs() + 1) as u32;
        let next = match timeout_at(dead.min(tick), following.lines.next()).await {
            Ok(Ok(Some(line))) => {
                following.heard = Instant::now();
                self.take(line, &mut following.place)
            }
            Ok(Ok(None)) => Next::Ended,
            Ok(Err(failure)) => Next::Failed(failure),
            Err(_) if Instant::now() < dead => {
                self.tell_lag();
                // Where nothing changes a watch that stands is for a while all that there is to tell that it works.
                if !following.place.listing && !self.silent && following.opened.elapsed() > pause::LONGEST {
                    self.well();
                }
                Next::On
            }
            Err(_) => Next::Silent,
        };
        if matches!(next, Next::On) {
            return State::Follow(following);
        }
        let Following { place, opened, .. } = *following;
        if opened.elapsed() > pause::LONGEST {
            self.anew.reset();
        }
        let went_well = place.fruitful || opened.elapsed() > pause::LONGEST;
        let back = if place.listing {
            self.unfinished += 1;
            State::Anew
        } else {
            State::From(place.version)
        };
        match next {
            Next::Anew => return self.anew(),
            // The server ends every watch in time, and a proxy sooner; only one that brought nothing and ended at once
            // is a reason to wait, lest it be asked without end.
            Next::Ended if went_well && matches!(back, State::From(_)) => self.hear(),
            Next::Failed(Failure::Broken { .. }) if went_well && matches!(back, State::From(_)) => {}
            Next::Failed(failure) => self.fail(&failure, "watch"),
            Next::Silent if self.kind.has_bookmarks() => {
                self.silent = true;
                let failure = Failure::Silent { server: self.api().route.clone(), limit: SILENCE, tries: 1 };
                self.fail(&failure, "watch");
            }
            Next::On | Next::Ended | Next::Silent => {
                let pause = self.pause.take(None);
                self.rest(pause);
            }
        }
        if matches!(back, State::From(_)) && self.stuck >= STUCK {
            self.stuck = 0;
            return self.anew();
        }
        back
    }

    /// Takes one line of a watch.
    fn take(&mut self, line: &str, place: &mut Place) -> Next {
        let word = match Word::of(line) {
            Ok(word) => word,
            Err(failure) => return Next::Failed(failure),
        };
        let version = match word {
            Word::Failed(Failure::Expired) => return Next::Anew,
            Word::Failed(failure) => {
                if !place.fruitful && failure.wait().is_none() {
                    self.stuck += 1;
                }
                return Next::Failed(failure);
            }
            Word::Bookmark { version, ends_list } => {
                if place.listing && !ends_list {
                    return Next::On;
                }
                if std::mem::take(&mut place.listing) {
                    self.listed();
                } else if is_before(&version, &place.version) {
                    // Time does not run backwards but where a store was restored from a copy.
                    return Next::Anew;
                }
                version
            }
            Word::Gone(about) => {
                let about = about.metadata;
                if !place.listing && is_told(&about.resource_version, &place.version) {
                    return Next::On;
                }
                self.gone(&about);
                about.resource_version
            }
            Word::Is(text) => {
                let (version, news) = self.read(text);
                if !place.listing && is_told(&version, &place.version) {
                    return Next::On;
                }
                self.pending.push_back(Item::News(news));
                version
            }
        };
        self.hear();
        self.silent = false;
        if !place.listing {
            self.end_of_trouble();
            if !version.is_empty() && version != place.version {
                (place.fruitful, place.version) = (true, version);
                self.well();
            }
        }
        Next::On
    }

    pub(super) fn tell(&mut self, news: News) {
        self.pending.push_back(Item::News(news));
    }

    pub(super) fn begin(&mut self) {
        self.troubles.end_of_objects(|news| self.pending.push_back(Item::News(news)));
        self.tell(News::Began { kind: self.kind, namespace: self.namespace.clone() });
    }

    /// All was told.
    pub(super) fn listed(&mut self) {
        self.unfinished = 0;
        self.well();
        self.tell(News::Listed { kind: self.kind, namespace: self.namespace.clone() });
        self.settle();
    }

    fn settle(&mut self) {
        if !std::mem::replace(&mut self.settled, true) {
            self.pending.push_back(Item::Settled);
        }
    }

    /// The server said something.
    pub(super) fn hear(&mut self) {
        self.heard = Instant::now();
        if std::mem::take(&mut self.told_lag) {
            self.lag(Duration::ZERO);
        }
    }

    /// The watch works.
    fn well(&mut self) {
        self.pause.reset();
        self.stuck = 0;
        self.end_of_trouble();
    }

    fn end_of_trouble(&mut self) {
        self.troubles.end_of_whole(|news| self.pending.push_back(Item::News(news)));
    }

    fn tell_lag(&mut self) {
        self.told_lag = true;
        self.lag(self.heard.elapsed());
    }

    fn lag(&mut self, behind: Duration) {
        self.tell(News::Lag { kind: self.kind, namespace: self.namespace.clone(), behind });
    }

    /// Tells of a failure, and waits before the next step.
    pub(super) fn fail(&mut self, failure: &Failure, verb: &'static str) {
        let mut gaps = Gaps::of_verb(&self.cluster.flags, verb);
        gaps.add(self.kind.resource(), self.namespace.as_deref(), failure);
        for mut skipped in gaps.into_skipped() {
            if self.kind.part() == Part::Whole && self.kind != Kind::Pod {
                skipped.what = format!("{} ({})", skipped.what, self.kind.fields().unwrap_or_default());
            }
            self.troubles.of_whole(skipped, |news| self.pending.push_back(Item::News(news)));
        }
        if self.heard.elapsed() > TICK {
            self.tell_lag();
        }
        self.refused = failure.is_forbidden();
        let missing = matches!(failure, Failure::NotFound);
        if (self.refused || missing) && self.kind != Kind::Pod {
            self.settle();
        }
        let pause = match self.refused || missing {
            true => Pause::refused(),
            false => self.pause.take(failure.wait()),
        };
        self.rest(pause);
    }

    /// That an answer is none of Kubernetes.
    pub(super) fn foreign(&mut self, what: String) {
        self.fail(&Failure::Undecodable { cause: Cause(what) }, "list");
    }
}

/// Versions are numbers that grow, since Kubernetes 1.35 by contract and before in fact
/// (<https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5504-comparable-resource-version>); of those that
/// are none nothing is said.
fn compare(one: &str, other: &str) -> Option<std::cmp::Ordering> {
    Some(one.parse::<u64>().ok()?.cmp(&other.parse().ok()?))
}

fn is_before(version: &str, told: &str) -> bool {
    compare(version, told).is_some_and(std::cmp::Ordering::is_lt)
}

/// Whether what has this version was told before: a server or a proxy that repeats itself must not set an object back.
fn is_told(version: &str, told: &str) -> bool {
    compare(version, told).is_some_and(std::cmp::Ordering::is_le)
}
