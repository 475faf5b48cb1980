//! Which registry hosts have a label of their own.
//!
//! Authors of pods choose image names, so they would choose labels; each new one costs every Prometheus for as long as it
//! keeps data. So the hosts of profiles, which administrators write, have their own label, and of the others only
//! [`NAMED`]; the rest is `other`.
//!
//! - The first that are used get one at once, so a cluster with few registries sees them all.
//! - Then a label changes hands slowly: at the end of a [`PERIOD`], and only one, from the host least used in it to the
//!   most used that has none, and only when that was used more than twice as much. So a counter lives for hours, and no
//!   pair of equals takes turns; at most 24 series families a day are new, whatever is asked for.
//! - Those without a label are counted in [`CANDIDATES`] places by the space-saving algorithm of Metwally and others
//!   (2005): one that is not among them takes the place, and the count, of the least. The most used are never missed.
//!   What a place took over is no use of its own, so it does not count when the label is given.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Hosts with a label of their own, beside those of profiles.
pub(crate) const NAMED: usize = 20;
/// Hosts of profiles with a label of their own.
pub(crate) const PROFILED: usize = 100;
/// Hosts without a label that are counted.
const CANDIDATES: usize = 256;
/// How often a label may change hands.
const PERIOD: Duration = Duration::from_secs(3600);
/// How much more a host must be used than the one whose label it takes.
const CLEARLY: u64 = 2;
/// The label of the rest.
pub(crate) const OTHER: &str = "other";

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Uses of it, and of those whose place it took.
    uses: u64,
    /// What of it was taken over.
    inherited: u64,
}

/// Who has a label. Time is given, as how long it is since a moment of the caller's.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    profiled: BTreeSet<String>,
    /// With the uses of this period.
    named: BTreeMap<String, u64>,
    candidates: BTreeMap<String, Place>,
    began: Duration,
}

/// The label of a host, and the one that lost its own over it: its series end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Labelled {
    pub(crate) label: String,
    pub(crate) ended: Option<String>,
}

impl Hosts {
    /// These have labels, whatever is used. Gives those that lose theirs.
    pub(crate) fn profile(&mut self, hosts: impl IntoIterator<Item = String>) -> Vec<String> {
        let before = std::mem::replace(&mut self.profiled, hosts.into_iter().take(PROFILED).collect());
        self.named.retain(|host, _| !self.profiled.contains(host));
        self.candidates.retain(|host, _| !self.profiled.contains(host));
        let mut ended = Vec::new();
        for host in before.difference(&self.profiled) {
            // It goes on as any other where there is place.
            if self.named.len() < NAMED {
                self.named.insert(host.clone(), 0);
            } else {
                ended.push(host.clone());
            }
        }
        ended
    }

    /// The label of a host, without that being a use.
    pub(crate) fn label<'a>(&self, host: &'a str) -> &'a str {
        if self.profiled.contains(host) || self.named.contains_key(host) { host } else { OTHER }
    }

    /// A host is used now, so many times.
    pub(crate) fn used(&mut self, host: &str, times: u64, now: Duration) -> Labelled {
        let ended = self.turn(now);
        let label = if self.profiled.contains(host) {
            host
        } else if let Some(uses) = self.named.get_mut(host) {
            *uses = uses.saturating_add(times);
            host
        } else if self.named.len() < NAMED {
            self.named.insert(host.to_owned(), times);
            host
        } else {
            self.count(host, times);
            OTHER
        };
        Labelled { label: label.to_owned(), ended }
    }

    fn count(&mut self, host: &str, times: u64) {
        if let Some(place) = self.candidates.get_mut(host) {
            place.uses = place.uses.saturating_add(times);
            return;
        }
        let mut inherited = 0;
        if self.candidates.len() >= CANDIDATES {
            let least = self.candidates.iter().min_by_key(|(_, place)| place.uses);
            if let Some((least, place)) = least.map(|(host, place)| (host.clone(), *place)) {
                self.candidates.remove(&least);
                inherited = place.uses;
            }
        }
        self.candidates.insert(host.to_owned(), Place { uses: inherited.saturating_add(times), inherited });
    }

    /// Ends the period when it is over: one label may change hands. Gives the host that lost its own.
    fn turn(&mut self, now: Duration) -> Option<String> {
        if now.saturating_sub(self.began) < PERIOD {
            return None;
        }
        self.began = now;
        let own = |place: &Place| place.uses - place.inherited;
        let most = self.candidates.iter().max_by_key(|(_, place)| own(place));
        let most = most.map(|(host, place)| (host.clone(), own(place)));
        let least =
            self.named.iter().min_by_key(|(_, uses)| **uses).map(|(host, uses)| (host.clone(), *uses));
        self.candidates.clear();
        self.named.values_mut().for_each(|uses| *uses = 0);
        match (most, least) {
            (Some((most, gained)), Some((least, lost))) if gained > lost.saturating_mul(CLEARLY) => {
                self.named.remove(&least);
                self.named.insert(most, 0);
                Some(least)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn hour(nth: u64) -> Duration {
        PERIOD * u32::try_from(nth).unwrap()
    }

    fn full() -> Hosts {
        let mut hosts = Hosts::default();
        for n in 0..NAMED {
            assert_eq!(hosts.used(&format!("first-{n}"), 10, NOW).label, format!("first-{n}"));
        }
        hosts
    }

    #[test]
    fn the_first_have_labels_and_the_rest_has_one() {
        let mut hosts = full();
        for n in 0..10_000 {
            let told = hosts.used(&format!("{n}.attacker.test"), 1, NOW);
            assert_eq!(told, Labelled { label: OTHER.into(), ended: None });
        }
        assert!(hosts.candidates.len() <= CANDIDATES);
        assert_eq!(hosts.used("first-3", 1, NOW).label, "first-3");
    }

    #[test]
    fn a_label_goes_to_the_clearly_more_used_at_the_end_of_a_period_and_only_one() {
        let mut hosts = full();
        hosts.used("first-0", 5, NOW);
        hosts.used("new-a", 100, NOW);
        hosts.used("new-b", 90, NOW);
        assert_eq!(hosts.label("new-a"), OTHER);
        let turned = hosts.used("new-a", 1, hour(1));
        assert_eq!(turned.label, "new-a");
        assert_eq!(turned.ended.as_deref(), Some("first-1"), "the first of the least used");
        assert_eq!(hosts.label("new-b"), OTHER);
        assert_eq!(hosts.label("first-1"), OTHER);
        assert_eq!(hosts.named.len(), NAMED);
    }

    #[test]
    fn equals_take_no_turns() {
        let mut hosts = full();
        for period in 1..50 {
            for n in 0..NAMED {
                assert_eq!(hosts.used(&format!("first-{n}"), 10, hour(period)).ended, None);
            }
            hosts.used("rival", 20, hour(period));
        }
    }

    #[test]
    fn noise_of_many_hosts_takes_no_label_from_one_that_is_used() {
        let mut hosts = full();
        for period in 1..20 {
            for n in 0..NAMED {
                assert_eq!(hosts.used(&format!("first-{n}"), 10, hour(period)).ended, None, "{period}");
            }
            for n in 0..5000 {
                hosts.used(&format!("{period}-{n}.attacker.test"), 1, hour(period));
            }
        }
    }

    #[test]
    fn a_profile_names_its_hosts_whatever_is_used() {
        let mut hosts = full();
        assert_eq!(hosts.profile(["mine".to_owned(), "first-2".to_owned()]), Vec::<String>::new());
        assert_eq!(hosts.used("mine", 1, NOW).label, "mine");
        assert_eq!(hosts.label("first-2"), "first-2");
        assert_eq!(hosts.used("late", 1, NOW).label, "late", "first-2 left a place");
        assert_eq!(hosts.profile([]), ["first-2", "mine"], "there is no place for them");
        assert_eq!(hosts.label("mine"), OTHER);
        assert!(hosts.profile((0..1000).map(|n| format!("p-{n}"))).is_empty());
        assert_eq!(hosts.profiled.len(), PROFILED);
    }

    proptest! {
        #[test]
        fn labels_are_bounded_whatever_is_used(uses in prop::collection::vec((0_u16..600, 0_u64..9, 0_u64..900), 0..400)) {
            let mut hosts = Hosts::default();
            let mut now = Duration::ZERO;
            for (host, times, seconds) in uses {
                now += Duration::from_secs(seconds);
                let host = format!("h{host}");
                let told = hosts.used(&host, times, now);
                prop_assert!(told.label == host || told.label == OTHER);
                prop_assert!(hosts.named.len() <= NAMED && hosts.candidates.len() <= CANDIDATES);
                prop_assert!(hosts.candidates.keys().all(|host| !hosts.named.contains_key(host)));
            }
        }
    }
}
