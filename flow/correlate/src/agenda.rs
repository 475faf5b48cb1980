//! What happens at which time, when nobody tells anything before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::IncidentId;

/// Something that is due at a time. In the order in which things of one time are done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// An image's nodes are compared.
    Compare(String),
    /// A suspected incident has lasted.
    Open(IncidentId),
    /// Pods of an incident that went were not followed by others.
    Leave(IncidentId),
    /// An incident was quiet for long enough.
    Resolve(IncidentId),
    /// A resolved incident is let go of.
    Forget(IncidentId),
}

/// Times by what is due, and what is due by time.
#[derive(Debug)]
pub(crate) struct Agenda<K> {
    by_time: BTreeMap<Timestamp, BTreeSet<K>>,
    by_key: BTreeMap<K, Timestamp>,
}

impl<K> Default for Agenda<K> {
    fn default() -> Agenda<K> {
        Agenda { by_time: BTreeMap::new(), by_key: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Agenda<K> {
    /// Has it due at that time instead of any other; `None`: not at all.
    pub(crate) fn set(&mut self, key: K, at: Option<Timestamp>) {
        let before = self.by_key.get(&key).copied();
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.by_key.remove(&key);
            if let Some(keys) = self.by_time.get_mut(&before) {
                keys.remove(&key);
                if keys.is_empty() {
                    self.by_time.remove(&before);
                }
            }
        }
        if let Some(at) = at {
            self.by_time.entry(at).or_default().insert(key.clone());
            self.by_key.insert(key, at);
        }
    }

    pub(crate) fn at(&self, key: &K) -> Option<Timestamp> {
        self.by_key.get(key).copied()
    }

    /// The first that is due by then, taken off.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<(Timestamp, K)> {
        let (&at, keys) = self.by_time.first_key_value()?;
        let key = keys.first().filter(|_| at <= now)?.clone();
        self.set(key.clone(), None);
        Some((at, key))
    }

    /// All that are due by then, earliest first; none is taken off.
    pub(crate) fn until(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, &K)> {
        self.by_time.range(..=now).flat_map(|(&at, keys)| keys.iter().map(move |key| (at, key)))
    }

    /// The earliest time at which something is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_time.first_key_value().map(|(&at, _)| at)
    }

    /// The earliest time after now at which something is due.
    pub(crate) fn after(&self, now: Timestamp) -> Option<Timestamp> {
        self.by_time.range((Bound::Excluded(now), Bound::Unbounded)).next().map(|(&at, _)| at)
    }

    /// The clock was set back: everything is due that much earlier.
    pub(crate) fn earlier(&mut self, by: SignedDuration) {
        self.by_time.clear();
        for (key, at) in std::mem::take(&mut self.by_key) {
            self.set(key, Some(at.checked_sub(by).unwrap_or(Timestamp::MIN)));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }
}

/// A time later by so much; the last time there is, where that is past it.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// A time earlier by so much; the first time there is, where that is before it.
pub(crate) fn sooner(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}
