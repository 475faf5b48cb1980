//! The last images that ran for each owner: what a roll-back would go to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pullmedic_model::incident::input::Ran;
use pullmedic_model::sighting::Owner;

/// Images kept of one owner: the newest of each container, and the one before it.
const OF_OWNER: usize = 6;
/// Of these, of one container.
const OF_CONTAINER: usize = 2;
/// Owners kept: those told of last.
const OWNERS: usize = 20_000;

/// The last images that ran for each owner.
#[derive(Debug, Default)]
pub(crate) struct LastGood {
    by_owner: BTreeMap<String, BTreeMap<Owner, Kept>>,
    by_time: BTreeSet<(Timestamp, String, Owner)>,
}

#[derive(Debug)]
struct Kept {
    at: Timestamp,
    /// Newest first.
    ran: Vec<Ran>,
}

impl LastGood {
    pub(crate) fn keep(&mut self, at: Timestamp, ran: &Ran) {
        let owners = self.by_owner.entry(ran.namespace.clone()).or_default();
        let kept = owners.entry(ran.owner.clone()).or_insert_with(|| Kept { at, ran: Vec::new() });
        self.by_time.remove(&(kept.at, ran.namespace.clone(), ran.owner.clone()));
        kept.at = kept.at.max(at);
        self.by_time.insert((kept.at, ran.namespace.clone(), ran.owner.clone()));
        kept.ran.retain(|known| known != ran);
        kept.ran.insert(0, ran.clone());
        let mut of_container = 0;
        kept.ran.retain(|known| {
            of_container += usize::from(known.container == ran.container);
            known.container != ran.container || of_container <= OF_CONTAINER
        });
        kept.ran.truncate(OF_OWNER);
        if self.by_time.len() > OWNERS
            && let Some((_, namespace, owner)) = self.by_time.pop_first()
            && let Some(owners) = self.by_owner.get_mut(&namespace)
        {
            owners.remove(&owner);
            if owners.is_empty() {
                self.by_owner.remove(&namespace);
            }
        }
    }

    /// Newest first; empty when nothing is known.
    pub(crate) fn of(&self, namespace: &str, owner: &Owner) -> &[Ran] {
        let kept = self.by_owner.get(namespace).and_then(|owners| owners.get(owner));
        kept.map_or(&[], |kept| kept.ran.as_slice())
    }

    pub(crate) fn len(&self) -> usize {
        self.by_time.len()
    }
}
