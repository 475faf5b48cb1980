//! How much was asked of the API server.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::cluster::Cluster;

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    List,
    Watch,
    /// A question about our own rights, which changes nothing.
    Review,
    Write,
}

/// How many requests were sent to the API server so far, each try counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApiCounts {
    /// Pages of lists.
    pub lists: u64,
    /// Watches opened, those that begin with all there is among them.
    pub watches: u64,
    /// Single objects read.
    pub gets: u64,
    /// Questions about our own rights (SelfSubjectAccessReview).
    pub reviews: u64,
    /// Objects written.
    pub writes: u64,
    /// Of all these, how many were refused for want of a right (403).
    pub refused: u64,
}

#[derive(Default)]
pub(crate) struct Counts {
    lists: AtomicU64,
    watches: AtomicU64,
    gets: AtomicU64,
    reviews: AtomicU64,
    writes: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    pub(crate) fn sent(&self, verb: Verb) {
        let count = match verb {
            Verb::Get => &self.gets,
            Verb::List => &self.lists,
            Verb::Watch => &self.watches,
            Verb::Review => &self.reviews,
            Verb::Write => &self.writes,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}

impl Cluster {
    /// How many requests this client and its clones sent so far.
    pub fn requests(&self) -> ApiCounts {
        let counts = &self.api.counts;
        let so_far = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ApiCounts {
            lists: so_far(&counts.lists),
            watches: so_far(&counts.watches),
            gets: so_far(&counts.gets),
            reviews: so_far(&counts.reviews),
            writes: so_far(&counts.writes),
            refused: so_far(&counts.refused),
        }
    }
}
