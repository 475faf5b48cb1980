//! Which of the proofs that are wanted is run next.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::IncidentId;

use crate::agenda::later;
use crate::{Wanted, Why};

/// How much may be asked at once and in a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Proofs at once.
    pub at_once: usize,
    /// Of these, for one namespace.
    pub of_namespace: usize,
    /// Of these, for registries whose last proof was slow: the others are kept for those that answer.
    pub of_slow: usize,
    /// From when on a proof was slow.
    pub slow: SignedDuration,
    /// Registry requests that one registry may be sent at once.
    pub host_burst: u32,
    /// The time in which one more may be sent to it.
    pub host_every: SignedDuration,
    /// Proofs that one namespace may have at once.
    pub namespace_burst: u32,
    /// The time in which it may have one more.
    pub namespace_every: SignedDuration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            at_once: 8,
            of_namespace: 2,
            of_slow: 4,
            slow: SignedDuration::from_secs(5),
            host_burst: 20,
            host_every: SignedDuration::from_secs(3),
            namespace_burst: 10,
            namespace_every: SignedDuration::from_secs(6),
        }
    }
}

/// The registry of a proof; all that dial nothing are alike.
type Host = Option<pullmedic_model::Endpoint>;

/// Registries and namespaces remembered, each. What is forgotten starts with a full budget.
const REMEMBERED: usize = 4_096;

/// A scheduler of proofs. One at a time for an incident and for a registry; the next one is that of the namespace, and
/// in it of the registry, that waited longest; no budget is passed.
#[derive(Debug)]
pub struct Queue {
    limits: Limits,
    waiting: BTreeMap<Job, Wanted>,
    running: BTreeMap<Job, (Wanted, Timestamp)>,
    namespaces: BTreeMap<String, Purse>,
    hosts: BTreeMap<Host, Purse>,
}

/// A proof by what it is for: one for an incident at a time.
type Job = IncidentId;

/// What one namespace or registry may still spend.
#[derive(Debug, Clone, Copy)]
struct Purse {
    /// When it would be full again, had it nothing more to pay: what it owes is the time until then.
    full_at: Timestamp,
    served_at: Timestamp,
    slow: bool,
}

impl Purse {
    const NEW: Purse = Purse { full_at: Timestamp::MIN, served_at: Timestamp::MIN, slow: false };

    fn pay(&mut self, price: SignedDuration, now: Timestamp) {
        self.full_at = later(self.full_at.max(now), price);
    }

    /// From when on it can pay again: with less owed than its whole burst.
    fn open_at(&self, burst: u32, every: SignedDuration) -> Timestamp {
        crate::agenda::sooner(self.full_at, times(every, burst.saturating_sub(1)))
    }
}

fn times(every: SignedDuration, count: u32) -> SignedDuration {
    every.checked_mul(i32::try_from(count).unwrap_or(i32::MAX)).unwrap_or(SignedDuration::MAX)
}

impl Queue {
    /// One with nothing to do.
    pub const fn new(limits: Limits) -> Queue {
        Queue {
            limits,
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// All that is wanted now, in place of what was wanted before: what is wanted no more is not run. Of several for
    /// one incident the most urgent is kept; those under way go on.
    pub fn offer(&mut self, wanted: &[Wanted]) {
        self.waiting.clear();
        for want in wanted {
            let sooner =
                |kept: &Wanted| (want.why, want.due, &want.container) < (kept.why, kept.due, &kept.container);
            if !self.running.contains_key(&want.incident)
                && self.waiting.get(&want.incident).is_none_or(sooner)
            {
                self.waiting.insert(want.incident.clone(), want.clone());
            }
        }
    }

    /// The proof to run now; `None`: none may be. Say [`Queue::done`] when it is.
    pub fn next(&mut self, now: Timestamp) -> Option<Wanted> {
        let best = self.waiting.iter().filter(|(_, want)| self.may(want, now)).min_by_key(|(job, want)| {
            let namespace = self.namespaces.get(&want.namespace).map_or(Timestamp::MIN, |p| p.served_at);
            let host = self.hosts.get(&want.host).map_or(Timestamp::MIN, |p| p.served_at);
            // What is wanted for remedies alone waits for all that is not known at all.
            (want.why == Why::Part, namespace, &want.namespace, host, want.why, want.due, *job)
        });
        let job = best.map(|(job, _)| job.clone())?;
        let want = self.waiting.remove(&job)?;
        let limits = &self.limits;
        let purse = purse(&mut self.namespaces, &want.namespace);
        purse.served_at = now;
        purse.pay(limits.namespace_every, now);
        let purse = purse_of_host(&mut self.hosts, &want.host);
        purse.served_at = now;
        self.running.insert(job, (want.clone(), now));
        Some(want)
    }

    /// A proof was run, or could not be: its registry was sent so many requests.
    pub fn done(&mut self, wanted: &Wanted, requests: u32, now: Timestamp) {
        let Some((want, began)) = self.running.remove(&wanted.incident) else { return };
        let purse = purse_of_host(&mut self.hosts, &want.host);
        purse.pay(times(self.limits.host_every, requests), now);
        purse.slow = now.duration_since(began) >= self.limits.slow;
    }

    /// When the next one may be run, if none is done before; `None` when nothing waits, or all waits for one to be done.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let free = self.waiting.values().filter(|want| self.free(want));
        free.map(|want| self.open_at(want).max(now)).min()
    }

    /// Proofs that wait to be run.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Proofs under way.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    fn may(&self, want: &Wanted, now: Timestamp) -> bool {
        self.free(want) && self.open_at(want) <= now
    }

    /// Whether there is a place for it among those under way.
    fn free(&self, want: &Wanted) -> bool {
        let count = |of: &dyn Fn(&Wanted) -> bool| self.running.values().filter(|(want, _)| of(want)).count();
        let slow = |want: &Wanted| self.hosts.get(&want.host).is_some_and(|purse| purse.slow);
        self.running.len() < self.limits.at_once
            && count(&|other| other.namespace == want.namespace) < self.limits.of_namespace
            && (want.host.is_none() || count(&|other| other.host == want.host) == 0)
            && (!slow(want) || count(&slow) < self.limits.of_slow)
    }

    fn open_at(&self, want: &Wanted) -> Timestamp {
        let limits = &self.limits;
        let namespace = self.namespaces.get(&want.namespace).unwrap_or(&Purse::NEW);
        let host = self.hosts.get(&want.host).unwrap_or(&Purse::NEW);
        let host = if want.host.is_some() {
            host.open_at(limits.host_burst, limits.host_every)
        } else {
            Timestamp::MIN
        };
        host.max(namespace.open_at(limits.namespace_burst, limits.namespace_every))
    }
}

fn purse<'a>(purses: &'a mut BTreeMap<String, Purse>, name: &str) -> &'a mut Purse {
    if !purses.contains_key(name) {
        forget_oldest(purses);
    }
    purses.entry(name.to_owned()).or_insert(Purse::NEW)
}

fn purse_of_host<'a>(purses: &'a mut BTreeMap<Host, Purse>, host: &Host) -> &'a mut Purse {
    if !purses.contains_key(host) {
        forget_oldest(purses);
    }
    purses.entry(host.clone()).or_insert(Purse::NEW)
}

fn forget_oldest<K: Ord + Clone>(purses: &mut BTreeMap<K, Purse>) {
    if purses.len() < REMEMBERED {
        return;
    }
    let oldest =
        purses.iter().min_by_key(|(_, purse)| (purse.full_at, purse.served_at)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        purses.remove(&oldest);
    }
}
