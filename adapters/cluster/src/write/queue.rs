//! What is written next: one entry an object, its newest state, under a budget. Pure: `now` is given.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pullmedic_model::incident::IncidentId;
use tokio::time::Instant;

/// Writes a second, on average.
const RATE: f64 = 1.0;
/// Writes at once before the average counts: a hundred namespaces whose faults begin together show within seconds.
const BURST: f64 = 240.0;
/// The pauses after a trouble of the whole server, of a kind, and of one object: the first, and the longest.
const SERVER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
const KIND: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));
const OBJECT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));

/// One object that is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) incident: IncidentId,
    pub(super) place: Place,
}

/// Which of an incident's objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The ClusterPullIncident.
    Whole,
    /// The PullIncident of a namespace.
    Part(String),
    /// The event of a namespace on this owner.
    Owner(String, pullmedic_model::sighting::Owner),
}

/// Kinds fail on their own: a right or a definition is missing for all of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Wholes,
    Parts,
    Events,
}

impl Key {
    pub(super) fn kind(&self) -> Kind {
        match self.place {
            Place::Whole => Kind::Wholes,
            Place::Part(_) => Kind::Parts,
            Place::Owner(..) => Kind::Events,
        }
    }
}

/// What is done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// Make it be so, by server-side apply.
    Apply(String),
    /// Make what stands there say that it is over since then.
    End(jiff::Timestamp),
    /// Take it away.
    Delete,
    /// Tell an owner.
    Tell(super::owner_event::Words),
}

/// What goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A turn in the life of an incident, for the cluster.
    Whole,
    /// The same for a namespace.
    Part,
    /// An owner is told.
    Event,
    /// Counts, samples.
    Count,
    /// What is over is taken away.
    Delete,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is so.
    Done,
    /// It cannot be, and need not: its namespace is going, the object to change is gone.
    Moot,
    /// The server is not well, or asks to wait.
    Server(Option<Duration>),
    /// No object of this kind can be written: the definition or a right is missing.
    Kind,
    /// This object is refused as it is.
    Object,
    /// Nothing was sent: we do not lead.
    NotSent,
}

struct Entry {
    work: Work,
    rank: Rank,
    since: Instant,
    not_before: Instant,
    tries: u32,
}

#[derive(Clone, Copy)]
struct Pause {
    until: Instant,
    tries: u32,
}

/// The queue.
pub(super) struct Queue {
    entries: BTreeMap<Key, Entry>,
    under_way: BTreeMap<Key, Entry>,
    /// Of those under way, the ones that nobody wants any more.
    given_up: BTreeSet<Key>,
    tokens: f64,
    filled: Instant,
    server: Pause,
    kinds: BTreeMap<Kind, Pause>,
}

impl Queue {
    pub(super) fn new(now: Instant) -> Queue {
        Queue {
            entries: BTreeMap::new(),
            under_way: BTreeMap::new(),
            given_up: BTreeSet::new(),
            tokens: BURST,
            filled: now,
            server: Pause { until: now, tries: 0 },
            kinds: BTreeMap::new(),
        }
    }

    /// Wants this object to be so. What was wanted of it before, and was not written yet, is forgotten.
    pub(super) fn offer(&mut self, key: Key, work: Work, rank: Rank, now: Instant) {
        let before = self.entries.remove(&key);
        let rank = before.as_ref().map_or(rank, |before| rank.min(before.rank));
        let (since, not_before, tries) = match before {
            // The pause of one that was refused as it was is not its new state's.
            Some(before) if before.work == work => (before.since, before.not_before, before.tries),
            Some(before) => (before.since, now, 0),
            None => (now, now, 0),
        };
        self.entries.insert(key, Entry { work, rank, since, not_before, tries });
    }

    /// Wants nothing any more of what was offered before.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        // What is under way and fails is not tried again.
        self.given_up.extend(self.under_way.keys().cloned());
    }

    /// The next that may be written now, taken out until [`Queue::done`].
    pub(super) fn next(&mut self, now: Instant) -> Option<(Key, Work)> {
        self.fill(now);
        if self.tokens < 1.0 || self.server.until > now {
            return None;
        }
        // After a trouble one write at a time finds out whether it is over.
        if self.server.tries > 0 && !self.under_way.is_empty() {
            return None;
        }
        let testing: BTreeSet<Kind> =
            self.under_way.keys().map(Key::kind).filter(|kind| self.kinds.contains_key(kind)).collect();
        let may = |key: &Key, entry: &Entry| {
            entry.not_before <= now
                && !self.under_way.contains_key(key)
                && !testing.contains(&key.kind())
                && self.kinds.get(&key.kind()).is_none_or(|pause| pause.until <= now)
        };
        let fit = self.entries.iter().filter(|(key, entry)| may(key, entry));
        let key = fit.min_by_key(|(_, entry)| (entry.rank, entry.since)).map(|(key, _)| key.clone())?;
        let entry = self.entries.remove(&key)?;
        self.tokens -= 1.0;
        let work = entry.work.clone();
        self.under_way.insert(key.clone(), entry);
        Some((key, work))
    }

    /// Takes what came of it.
    pub(super) fn done(&mut self, key: &Key, outcome: Outcome, now: Instant) {
        let Some(mut entry) = self.under_way.remove(key) else { return };
        let is_given_up = self.given_up.remove(key);
        let pause = |(first, longest): (Duration, Duration), tries: u32| {
            first.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(longest)
        };
        match outcome {
            Outcome::Done | Outcome::Moot => {
                self.server.tries = 0;
                self.kinds.remove(&key.kind());
                return;
            }
            Outcome::Server(asked) => {
                // Those that were under way together are one trouble.
                if self.server.until <= now {
                    self.server.tries += 1;
                }
                let wait = asked.unwrap_or_else(|| pause(SERVER, self.server.tries));
                self.server.until = self.server.until.max(now + wait.clamp(SERVER.0, SERVER.1));
            }
            Outcome::Kind => {
                let known = self.kinds.entry(key.kind()).or_insert(Pause { until: now, tries: 0 });
                if known.until <= now {
                    known.tries += 1;
                    known.until = now + pause(KIND, known.tries);
                }
            }
            Outcome::Object => {
                entry.tries += 1;
                entry.not_before = now + pause(OBJECT, entry.tries);
            }
            Outcome::NotSent => self.tokens += 1.0,
        }
        // What was offered meanwhile is newer.
        if !is_given_up && !self.entries.contains_key(key) {
            self.entries.insert(key.clone(), entry);
        }
    }

    /// When the next may be written; `None`: when something is offered, or done.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        if self.server.tries > 0 && !self.under_way.is_empty() {
            return None;
        }
        let soonest =
            self.entries.iter().filter(|(key, _)| !self.under_way.contains_key(*key)).map(|(key, entry)| {
                let kind = self.kinds.get(&key.kind()).map_or(now, |pause| pause.until);
                entry.not_before.max(kind)
            });
        let tokens = self.tokens + now.duration_since(self.filled).as_secs_f64() * RATE;
        let token = now + Duration::from_secs_f64(((1.0 - tokens) / RATE).max(0.0));
        soonest.min().map(|due| due.max(token).max(self.server.until))
    }

    /// How many objects are to be written.
    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.under_way.keys().filter(|key| !self.entries.contains_key(*key)).count()
    }

    /// Since when the oldest waits.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.entries.values().chain(self.under_way.values()).map(|entry| entry.since).min()
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * RATE).min(BURST);
        self.filled = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn key(seed: u64, namespace: Option<&str>) -> Key {
        let place = namespace.map_or(Place::Whole, |namespace| Place::Part(namespace.into()));
        Key { incident: IncidentId::from_seed(seed), place }
    }

    fn apply(text: &str) -> Work {
        Work::Apply(text.into())
    }

    #[test]
    fn the_newest_state_is_written_once() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        for text in ["a", "b", "c"] {
            queue.offer(key(1, None), apply(text), Rank::Count, now);
        }
        assert_eq!(queue.next(now), Some((key(1, None), apply("c"))));
        // What comes while it is written waits for it, and is not lost.
        queue.offer(key(1, None), apply("d"), Rank::Count, now);
        assert_eq!(queue.next(now), None);
        queue.done(&key(1, None), Outcome::Server(None), now);
        assert_eq!(queue.next(now + SECOND), Some((key(1, None), apply("d"))));
    }

    #[test]
    fn a_turn_of_life_comes_before_counts_and_the_cluster_before_namespaces() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        queue.offer(key(1, Some("a")), apply("count"), Rank::Count, now);
        queue.offer(key(2, Some("b")), apply("part"), Rank::Part, now);
        queue.offer(key(3, None), apply("whole"), Rank::Whole, now);
        let order: Vec<Work> = std::iter::from_fn(|| queue.next(now)).map(|(_, work)| work).collect();
        assert_eq!(order, [apply("whole"), apply("part"), apply("count")]);
    }

    #[test]
    fn writes_keep_to_one_a_second_once_the_burst_is_spent() {
        let begin = Instant::now();
        let mut queue = Queue::new(begin);
        let mut written = 0;
        for second in 0..1000 {
            let now = begin + second * SECOND;
            for seed in 0..5 {
                queue.offer(key(seed, None), apply(&second.to_string()), Rank::Whole, now);
            }
            while let Some((key, _)) = queue.next(now) {
                queue.done(&key, Outcome::Done, now);
                written += 1;
            }
        }
        assert!((1000..=1240).contains(&written), "{written}");
        let now = begin + 999 * SECOND;
        assert!(queue.due(now).is_some_and(|due| due > now && due <= now + SECOND));
    }

    #[test]
    fn a_server_that_asks_to_wait_is_left_alone_and_then_asked_once() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        for seed in 0..3 {
            queue.offer(key(seed, None), apply("x"), Rank::Whole, now);
        }
        let (first, _) = queue.next(now).unwrap();
        queue.done(&first, Outcome::Server(Some(7 * SECOND)), now);
        assert_eq!(queue.next(now + 6 * SECOND), None);
        assert_eq!(queue.due(now), Some(now + 7 * SECOND));
        let later = now + 7 * SECOND;
        let (again, _) = queue.next(later).unwrap();
        assert_eq!(queue.next(later), None, "one finds out");
        queue.done(&again, Outcome::Done, later);
        assert!(queue.next(later).is_some());
        assert_eq!(queue.len(), 2);
    }

    #[test]
    fn a_kind_that_cannot_be_written_stops_no_other_and_loses_nothing() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        queue.offer(key(1, Some("a")), apply("a"), Rank::Part, now);
        queue.offer(key(1, Some("b")), apply("b"), Rank::Part, now);
        queue.offer(key(1, None), apply("w"), Rank::Count, now);
        let (part, _) = queue.next(now).unwrap();
        queue.done(&part, Outcome::Kind, now);
        assert_eq!(queue.next(now).map(|(key, _)| key.kind()), Some(Kind::Wholes));
        assert_eq!(queue.next(now), None);
        // A while later one of them tries, and the other follows when it could be written.
        let later = now + 10 * SECOND;
        let (part, _) = queue.next(later).unwrap();
        assert_eq!(queue.next(later), None);
        queue.done(&part, Outcome::Done, later);
        assert!(queue.next(later).is_some());
    }

    #[test]
    fn one_bad_object_stops_no_other() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        queue.offer(key(1, None), apply("bad"), Rank::Whole, now);
        let (bad, _) = queue.next(now).unwrap();
        queue.done(&bad, Outcome::Object, now);
        queue.offer(key(2, None), apply("good"), Rank::Whole, now);
        assert_eq!(queue.next(now).map(|(key, _)| key), Some(key(2, None)));
        assert_eq!(queue.next(now), None);
        // The same again waits on, another state of it does not.
        queue.offer(bad.clone(), apply("bad"), Rank::Whole, now);
        assert_eq!(queue.next(now), None);
        queue.offer(bad.clone(), apply("better"), Rank::Whole, now);
        assert_eq!(queue.next(now), Some((bad, apply("better"))));
    }

    #[test]
    fn what_is_forgotten_is_not_tried_again_even_if_it_was_under_way() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        queue.offer(key(1, None), apply("old"), Rank::Whole, now);
        queue.offer(key(2, None), apply("old"), Rank::Whole, now);
        let (first, _) = queue.next(now).unwrap();
        queue.forget();
        queue.done(&first, Outcome::NotSent, now);
        assert_eq!((queue.len(), queue.next(now)), (0, None));
        // Other than what is wanted since.
        queue.offer(key(1, None), apply("new"), Rank::Whole, now);
        assert_eq!(queue.next(now), Some((key(1, None), apply("new"))));
    }

    #[test]
    fn what_was_not_sent_costs_nothing() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        queue.offer(key(1, None), apply("x"), Rank::Whole, now);
        for _ in 0..500 {
            let (key, _) = queue.next(now).unwrap();
            queue.done(&key, Outcome::NotSent, now);
        }
        assert_eq!(queue.len(), 1);
    }
}
