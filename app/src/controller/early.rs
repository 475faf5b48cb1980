//! Events that came before their pod: the two are told by different watches.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::object::Event;

/// For how long a pod may lag behind its events.
const LAG: SignedDuration = SignedDuration::from_secs(60);
/// Pods of which events wait, and events of one.
const PODS: usize = 10_000;
const OF_POD: usize = 8;

/// Events whose pod was not told of yet.
#[derive(Default)]
pub(crate) struct Early {
    events: HashMap<(String, String), Vec<(Timestamp, Event)>>,
}

impl Early {
    /// Keeps an event for a while.
    pub(crate) fn keep(&mut self, event: Event, now: Timestamp) {
        if self.events.len() >= PODS {
            self.forget(now);
            if self.events.len() >= PODS {
                return;
            }
        }
        let place = (event.involved_object.namespace.clone(), event.involved_object.name.clone());
        let known = self.events.entry(place).or_default();
        known.retain(|(_, known)| known.metadata.name != event.metadata.name);
        if known.len() >= OF_POD {
            known.remove(0);
        }
        known.push((now, event));
    }

    /// Those of a pod, oldest first; they are kept no longer.
    pub(crate) fn take(&mut self, namespace: &str, name: &str) -> Vec<Event> {
        if self.events.is_empty() {
            return Vec::new();
        }
        let found = self.events.remove(&(namespace.to_owned(), name.to_owned()));
        found.into_iter().flatten().map(|(_, event)| event).collect()
    }

    /// Drops those whose pod did not come.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.events.retain(|_, events| {
            events.retain(|(since, _)| now.duration_since(*since) < LAG);
            !events.is_empty()
        });
        if self.events.is_empty() {
            self.events.shrink_to_fit();
        }
    }
}
