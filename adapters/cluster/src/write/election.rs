//! Who of several replicas leads: the decisions, without a clock and without a request.
//!
//! By client-go's rules (<https://pkg.go.dev/k8s.io/client-go/tools/leaderelection>): whoever stands by counts the lease's time
//! from when it saw it change, by its own clock, and never compares clocks; the server refuses a write of an old version, so
//! of several who take it at once one has it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How long a leader is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// After so long without a word of the leader others may take its place. Whole seconds.
    pub lease: Duration,
    /// After so long without a renewal that was accepted the leader stops; shorter than `lease`, by more than a request takes.
    pub renew_within: Duration,
    /// How often it is renewed, and looked at.
    pub retry: Duration,
}

impl Default for Terms {
    /// client-go's: 15, 10 and 2 s.
    fn default() -> Terms {
        let seconds = Duration::from_secs;
        Terms { lease: seconds(15), renew_within: seconds(10), retry: seconds(2) }
    }
}

/// `coordination.k8s.io/v1`, as far as an election needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lease {
    #[serde(default)]
    pub(super) metadata: LeaseMeta,
    #[serde(default)]
    pub(super) spec: LeaseSpec,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeaseMeta {
    /// Empty for one that is to be made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) resource_version: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeaseSpec {
    /// `None` or empty: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) holder_identity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lease_duration_seconds: Option<u64>,
    /// Times of the holder's clock, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) acquire_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) renew_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lease_transitions: Option<u64>,
}

impl LeaseSpec {
    fn holder(&self) -> Option<&str> {
        self.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Look at the lease.
    Read,
    /// Make it: there is none.
    Make(Lease),
    /// Write it; its version is that which was seen last.
    Write(Lease),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was read.
    Is(Lease),
    /// There is none.
    Absent,
    /// It was made or written, and is this now.
    Written(Lease),
    /// Somebody else wrote it first.
    Outrun,
    /// Nobody knows.
    Failed,
}

/// One replica's part in an election.
#[derive(Debug)]
pub(super) struct Election {
    me: String,
    terms: Terms,
    /// The lease as it was seen last, and when it was seen to have changed.
    seen: Option<(Lease, Instant)>,
    /// When the last renewal that was accepted was sent; `None` while another leads.
    renewed: Option<Instant>,
    taken: u64,
    next: Next,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Read,
    Make,
    Write,
}

impl Election {
    /// `me` must be of this process alone: after a restart the lease is another's.
    pub(super) fn new(me: String, terms: Terms) -> Election {
        Election { me, terms, seen: None, renewed: None, taken: 0, next: Next::Read }
    }

    /// What to do now. `wall` goes into the lease for people to read.
    pub(super) fn step(&self, wall: Timestamp) -> Step {
        match self.next {
            Next::Read => Step::Read,
            Next::Make => Step::Make(self.mine(None, wall)),
            Next::Write => Step::Write(self.mine(self.seen.as_ref().map(|(lease, _)| lease), wall)),
        }
    }

    /// Takes what came of a step that was begun at `asked`; how long to wait before the next.
    pub(super) fn hear(&mut self, answer: Answer, asked: Instant, now: Instant) -> Duration {
        match answer {
            Answer::Is(lease) => self.look(lease, now),
            Answer::Absent => {
                (self.seen, self.renewed, self.next) = (None, None, Next::Make);
                Duration::ZERO
            }
            Answer::Written(lease) => {
                self.taken += u64::from(self.holder() != Some(self.me.as_str()));
                self.seen = Some((lease, now));
                // Others count from when they see it, which is after it was sent.
                self.renewed = Some(asked);
                self.next = Next::Write;
                self.terms.retry
            }
            // Whether a write that failed was done is not known: another look tells.
            Answer::Outrun | Answer::Failed => {
                self.next = Next::Read;
                self.terms.retry
            }
        }
    }

    fn look(&mut self, lease: Lease, now: Instant) -> Duration {
        let is_mine = lease.spec.holder() == Some(self.me.as_str());
        if !is_mine {
            self.renewed = None;
        } else if self.holder() != Some(self.me.as_str()) {
            // A write whose answer was lost.
            self.taken += 1;
        }
        let is_free = lease.spec.holder().is_none();
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != lease) {
            self.seen = Some((lease, now));
        }
        if is_free || is_mine || self.is_over(now) {
            self.next = Next::Write;
            return Duration::ZERO;
        }
        self.next = Next::Read;
        self.terms.retry
    }

    /// Whether the lease that was seen did not change for as long as it lasts.
    fn is_over(&self, now: Instant) -> bool {
        self.seen.as_ref().is_some_and(|(lease, at)| {
            // What the holder asked for, though nobody may ask for ever.
            let seconds = lease.spec.lease_duration_seconds.unwrap_or(self.terms.lease.as_secs());
            now.duration_since(*at) >= Duration::from_secs(seconds.clamp(1, 3600))
        })
    }

    /// Until when we lead, if nothing more comes; `None`: we do not.
    pub(super) fn leads_until(&self, now: Instant) -> Option<Instant> {
        self.renewed.map(|renewed| renewed + self.terms.renew_within).filter(|until| *until > now)
    }

    /// Who holds the lease, as it was seen last.
    pub(super) fn holder(&self) -> Option<&str> {
        self.seen.as_ref().and_then(|(lease, _)| lease.spec.holder())
    }

    /// How often we took it from another, or from nobody: whatever was so in an earlier term may have been changed since.
    pub(super) fn term(&self) -> u64 {
        self.taken
    }

    /// The lease given back; `None` when it is not ours. We lead no more from here on.
    pub(super) fn release(&mut self, wall: Timestamp) -> Option<Lease> {
        self.renewed.take()?;
        let (seen, _) = self.seen.take()?;
        self.next = Next::Read;
        let spec = LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            renew_time: Some(micros(wall)),
            ..seen.spec
        };
        Some(Lease { spec, ..seen })
    }

    /// The lease as ours.
    fn mine(&self, seen: Option<&Lease>, wall: Timestamp) -> Lease {
        let now = micros(wall);
        let before = seen.map(|lease| &lease.spec);
        let was_mine = before.and_then(LeaseSpec::holder) == Some(self.me.as_str());
        let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or_default();
        Lease {
            metadata: seen.map(|lease| lease.metadata.clone()).unwrap_or_default(),
            spec: LeaseSpec {
                holder_identity: Some(self.me.clone()),
                lease_duration_seconds: Some(self.terms.lease.as_secs()),
                acquire_time: before
                    .filter(|_| was_mine)
                    .and_then(|spec| spec.acquire_time.clone())
                    .or(Some(now.clone())),
                renew_time: Some(now),
                lease_transitions: Some(transitions + u64::from(seen.is_some() && !was_mine)),
            },
        }
    }
}

/// `metav1.MicroTime`, which has six digits, no more and no fewer.
fn micros(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn wall() -> Timestamp {
        "2026-11-22T16:02:00.5Z".parse().unwrap()
    }

    /// A server that holds the lease, as strict about versions as etcd.
    #[derive(Default)]
    struct Store {
        lease: Option<Lease>,
        version: u64,
    }

    impl Store {
        fn answer(&mut self, step: Step) -> Answer {
            let (mut lease, is_new) = match step {
                Step::Read => return self.lease.clone().map_or(Answer::Absent, Answer::Is),
                Step::Make(lease) => (lease, true),
                Step::Write(lease) => (lease, false),
            };
            let expected = self.lease.as_ref().map(|held| held.metadata.resource_version.clone());
            if expected != (!is_new).then(|| lease.metadata.resource_version.clone()) {
                return Answer::Outrun;
            }
            self.version += 1;
            lease.metadata.resource_version = self.version.to_string();
            self.lease = Some(lease.clone());
            Answer::Written(lease)
        }
    }

    /// Steps until it rests; how long it rests.
    fn turn(one: &mut Election, store: &mut Store, now: Instant) -> Duration {
        for _ in 0..10 {
            let answer = store.answer(one.step(wall()));
            let rest = one.hear(answer, now, now);
            if rest > Duration::ZERO {
                return rest;
            }
        }
        panic!("it never rests");
    }

    #[test]
    fn the_first_leads_and_the_second_waits_as_long_as_the_lease_does_not_change() {
        let (mut store, begin) = (Store::default(), Instant::now());
        let mut a = Election::new("a".into(), Terms::default());
        let mut b = Election::new("b".into(), Terms::default());
        turn(&mut a, &mut store, begin);
        assert_eq!(a.leads_until(begin), Some(begin + 10 * SECOND));
        // As long as a renews b never leads, also past the lease's own time.
        for second in (2..40).step_by(2) {
            let now = begin + second * SECOND;
            turn(&mut b, &mut store, now);
            assert_eq!(b.leads_until(now), None);
            turn(&mut a, &mut store, now);
        }
        assert_eq!(b.holder(), Some("a"));
        // Then it is silent, and had stopped 5 s before b leads.
        let last = begin + 38 * SECOND;
        turn(&mut b, &mut store, last);
        for second in (2..15).step_by(2) {
            turn(&mut b, &mut store, last + second * SECOND);
            assert_eq!(b.leads_until(last + second * SECOND), None);
        }
        let after = last + 16 * SECOND;
        turn(&mut b, &mut store, after);
        assert!(b.leads_until(after).is_some());
        assert_eq!(a.leads_until(last + 10 * SECOND), None);
        assert_eq!(store.lease.as_ref().and_then(|lease| lease.spec.lease_transitions), Some(1));
    }

    #[test]
    fn a_leader_whose_renewal_is_outrun_leads_no_more() {
        let (mut store, begin) = (Store::default(), Instant::now());
        let mut a = Election::new("a".into(), Terms::default());
        turn(&mut a, &mut store, begin);
        let mut b = Election::new("b".into(), Terms::default());
        turn(&mut b, &mut store, begin);
        turn(&mut b, &mut store, begin + 15 * SECOND);
        assert!(b.leads_until(begin + 15 * SECOND).is_some());
        assert_eq!((a.term(), b.term()), (1, 1));
        // Its clock stood still meanwhile, as in a machine that slept.
        let now = begin + 3 * SECOND;
        turn(&mut a, &mut store, now);
        turn(&mut a, &mut store, now);
        assert_eq!(a.leads_until(now), None);
        assert_eq!(a.holder(), Some("b"));
    }

    #[test]
    fn of_two_who_take_it_at_once_one_leads() {
        let (mut store, begin) = (Store::default(), Instant::now());
        let mut a = Election::new("a".into(), Terms::default());
        let mut b = Election::new("b".into(), Terms::default());
        for one in [&mut a, &mut b] {
            let answer = store.answer(one.step(wall()));
            one.hear(answer, begin, begin);
        }
        for one in [&mut a, &mut b] {
            let answer = store.answer(one.step(wall()));
            one.hear(answer, begin, begin);
        }
        assert!(a.leads_until(begin).is_some() && b.leads_until(begin).is_none());
    }

    #[test]
    fn failures_count_from_the_last_renewal_that_was_sent() {
        let (mut store, begin) = (Store::default(), Instant::now());
        let mut a = Election::new("a".into(), Terms::default());
        let answer = store.answer(Step::Read);
        a.hear(answer, begin, begin);
        let answer = store.answer(a.step(wall()));
        // The answer took 3 s.
        a.hear(answer, begin, begin + 3 * SECOND);
        assert_eq!(a.leads_until(begin + 3 * SECOND), Some(begin + 10 * SECOND));
        a.hear(Answer::Failed, begin + 5 * SECOND, begin + 9 * SECOND);
        assert!(a.leads_until(begin + 9 * SECOND).is_some());
        assert_eq!(a.leads_until(begin + 10 * SECOND), None);
    }

    #[test]
    fn a_lease_that_was_taken_by_a_write_without_an_answer_is_a_new_term() {
        let (mut store, begin) = (Store::default(), Instant::now());
        let mut a = Election::new("a".into(), Terms::default());
        let absent = store.answer(a.step(wall()));
        a.hear(absent, begin, begin);
        store.answer(a.step(wall()));
        a.hear(Answer::Failed, begin, begin);
        assert_eq!((a.term(), a.leads_until(begin)), (0, None));
        turn(&mut a, &mut store, begin);
        assert_eq!(a.term(), 1);
        assert!(a.leads_until(begin).is_some());
    }

    #[test]
    fn what_is_given_back_is_taken_at_once() {
        let (mut store, begin) = (Store::default(), Instant::now());
        let mut a = Election::new("a".into(), Terms::default());
        turn(&mut a, &mut store, begin);
        let given = a.release(wall()).unwrap();
        assert_eq!(a.leads_until(begin), None);
        assert!(matches!(store.answer(Step::Write(given)), Answer::Written(_)));
        let mut b = Election::new("b".into(), Terms::default());
        turn(&mut b, &mut store, begin);
        assert!(b.leads_until(begin).is_some());
        let given = b.release(wall()).unwrap();
        assert!(matches!(store.answer(Step::Write(given)), Answer::Written(_)));
        // a never saw that b led, and still knows that its earlier term is over.
        turn(&mut a, &mut store, begin);
        assert_eq!(a.term(), 2);
        assert_eq!(a.release(wall()).map(|lease| lease.spec.lease_transitions), Some(Some(2)));
    }

    #[test]
    fn times_have_six_digits() {
        assert_eq!(micros(wall()), "2026-11-22T16:02:00.500000Z");
    }

    #[test]
    fn nobody_holds_a_lease_for_ever() {
        let begin = Instant::now();
        let mut a = Election::new("a".into(), Terms::default());
        let spec = LeaseSpec {
            holder_identity: Some("x".into()),
            lease_duration_seconds: Some(u64::MAX),
            ..LeaseSpec::default()
        };
        let lease = Lease { spec, ..Lease::default() };
        assert!(a.hear(Answer::Is(lease.clone()), begin, begin) > Duration::ZERO);
        let later = begin + 3600 * SECOND;
        assert_eq!(a.hear(Answer::Is(lease), later, later), Duration::ZERO);
    }
}
