//! What the server holds: objects by resource, one count of versions for all, and the changes that a watch may still
//! begin at.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use crate::kinds::{self, Kind};
use crate::object::{Key, Object};

/// How many lists that are being paged are kept as they were at their start; the oldest goes, as by a compaction.
const SNAPSHOTS: usize = 16;

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Did {
    Added,
    Modified,
    Deleted,
}

/// One change, as a watch will tell it.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) did: Did,
    pub(crate) key: Key,
    /// As it is after the change; for a deletion as it was, with the deletion's version.
    pub(crate) object: Object,
    /// As it was before.
    pub(crate) before: Option<Object>,
}

/// All objects of a resource at one version, in their order.
pub(crate) type Snapshot = Arc<Vec<(Key, Object)>>;

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) objects: BTreeMap<Key, Object>,
    log: VecDeque<Arc<Change>>,
    /// Changes up to this version are forgotten.
    forgotten: u64,
    bell: watch::Sender<u64>,
}

impl Table {
    fn new(forgotten: u64) -> Table {
        Table { objects: BTreeMap::new(), log: VecDeque::new(), forgotten, bell: watch::Sender::new(0) }
    }

    /// What happened after `version`, at most `most` changes; `None` when some of it is forgotten.
    pub(crate) fn since(&self, version: u64, most: usize) -> Option<Vec<Arc<Change>>> {
        if version < self.forgotten {
            return None;
        }
        let from = self.log.partition_point(|change| change.version <= version);
        Some(self.log.range(from..).take(most).cloned().collect())
    }

    /// Rings at each change.
    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// The oldest version that a watch may begin at.
    pub(crate) fn oldest(&self) -> u64 {
        self.forgotten
    }

    /// The objects of a namespace, or of all.
    pub(crate) fn range(&self, namespace: Option<&str>) -> Box<dyn Iterator<Item = (&Key, &Object)> + '_> {
        match namespace {
            None => Box::new(self.objects.iter()),
            Some(namespace) => {
                let namespace: Arc<str> = Arc::from(namespace);
                let from = (Arc::clone(&namespace), Arc::from(""));
                Box::new(
                    self.objects
                        .range((Bound::Included(from), Bound::Unbounded))
                        .take_while(move |((place, _), _)| *place == namespace),
                )
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Store {
    /// The version of the last write, over all resources.
    pub(crate) version: u64,
    kinds: Vec<Arc<Kind>>,
    tables: BTreeMap<(String, String), Table>,
    snapshots: VecDeque<((String, String), u64, Snapshot)>,
    /// How many changes a resource keeps for watches.
    history: usize,
    ids: u64,
}

impl Store {
    pub(crate) fn new(history: usize) -> Store {
        Store {
            version: 1,
            kinds: kinds::built_in(),
            tables: BTreeMap::new(),
            snapshots: VecDeque::new(),
            history,
            ids: 0,
        }
    }

    pub(crate) fn kinds(&self) -> &[Arc<Kind>] {
        &self.kinds
    }

    pub(crate) fn kind(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        let fits =
            |kind: &&Arc<Kind>| kind.group == group && kind.version == version && kind.plural == plural;
        self.kinds.iter().find(fits).cloned()
    }

    /// The kind of an object by its own word.
    pub(crate) fn kind_of(&self, value: &Value) -> Option<Arc<Kind>> {
        let fits =
            |kind: &&Arc<Kind>| value["apiVersion"] == kind.api_version() && value["kind"] == *kind.kind;
        self.kinds.iter().find(fits).cloned()
    }

    /// Serves what a CustomResourceDefinition defines, in place of what it defined before.
    pub(crate) fn define(&mut self, definition: &Value) {
        self.undefine(definition);
        self.kinds.extend(Kind::of_definition(definition));
    }

    /// Serves it no more. Its objects stay, for the caller to delete.
    pub(crate) fn undefine(&mut self, definition: &Value) {
        let (group, plural) = (&definition["spec"]["group"], &definition["spec"]["names"]["plural"]);
        self.kinds.retain(|kind| kind.schema.is_none() || *group != *kind.group || *plural != *kind.plural);
    }

    pub(crate) fn table(&mut self, kind: &Kind) -> &mut Table {
        // A resource nobody has written to has a history that is whole.
        self.tables.entry(kind.place()).or_insert_with(|| Table::new(0))
    }

    pub(crate) fn table_of(&self, kind: &Kind) -> Option<&Table> {
        self.tables.get(&kind.place())
    }

    pub(crate) fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<&Object> {
        self.table_of(kind)?.objects.get(&key(namespace, name))
    }

    /// Writes an object under the next version, which it returns.
    pub(crate) fn put(&mut self, kind: &Kind, key: Key, make: impl FnOnce(u64) -> Object) -> Object {
        let version = self.next_version();
        let object = make(version);
        let history = self.history;
        let table = self.table(kind);
        let before = table.objects.insert(key.clone(), object.clone());
        let did = if before.is_some() { Did::Modified } else { Did::Added };
        table.tell(history, Change { version, did, key, object: object.clone(), before });
        object
    }

    /// Writes JSON under the next version.
    pub(crate) fn put_value(&mut self, kind: &Kind, key: Key, mut value: Value) -> Object {
        self.put(kind, key, |version| {
            value["metadata"]["resourceVersion"] = version.to_string().into();
            Object::plain(value)
        })
    }

    /// Takes an object out; `None` when it is not there.
    pub(crate) fn remove(&mut self, kind: &Kind, key: &Key) -> Option<Object> {
        let history = self.history;
        let before = self.table(kind).objects.remove(key)?;
        let version = self.next_version();
        // The real server tells a deletion with the deletion's own version.
        let mut value = Value::clone(&before.value());
        value["metadata"]["resourceVersion"] = version.to_string().into();
        let object = Object::plain(value);
        let change = Change {
            version,
            did: Did::Deleted,
            key: key.clone(),
            object: object.clone(),
            before: Some(before),
        };
        self.table(kind).tell(history, change);
        Some(object)
    }

    /// Puts in objects that were there before anybody watched: nothing is told of them.
    pub(crate) fn fill(&mut self, kind: &Kind, objects: impl IntoIterator<Item = (Key, Object)>) {
        let table = self.tables.entry(kind.place()).or_insert_with(|| Table::new(0));
        table.objects.extend(objects);
        table.log.clear();
        table.forgotten = self.version;
    }

    /// Forgets the past, as etcd's compaction does: watches from older versions and pages of older lists are refused.
    pub(crate) fn compact(&mut self) {
        let version = self.version;
        self.snapshots.clear();
        for table in self.tables.values_mut() {
            table.log.clear();
            table.forgotten = version;
        }
    }

    /// As if the data had been brought back from nowhere: the count of versions begins anew.
    pub(crate) fn reset_versions(&mut self) {
        self.snapshots.clear();
        self.version = 1;
        for table in self.tables.values_mut() {
            table.log.clear();
            table.forgotten = 1;
            for object in table.objects.values_mut() {
                match object {
                    Object::Row(row) => row.set_version(1),
                    Object::Plain { version, value } => {
                        *version = 1;
                        Arc::make_mut(value)["metadata"]["resourceVersion"] = "1".into();
                    }
                }
            }
        }
    }

    /// Keeps a resource as it is now, for the pages that follow.
    pub(crate) fn snapshot(&mut self, kind: &Kind) -> (u64, Snapshot) {
        let (place, version) = (kind.place(), self.version);
        if let Some((_, _, snapshot)) =
            self.snapshots.iter().find(|(kept, at, _)| *kept == place && *at == version)
        {
            return (version, Arc::clone(snapshot));
        }
        let objects = &self.table(kind).objects;
        let snapshot: Snapshot =
            Arc::new(objects.iter().map(|(key, object)| (key.clone(), object.clone())).collect());
        self.snapshots.push_back((place, version, Arc::clone(&snapshot)));
        while self.snapshots.len() > SNAPSHOTS {
            self.snapshots.pop_front();
        }
        (version, snapshot)
    }

    /// What a continue token of that version goes on with; `None` when it is compacted.
    pub(crate) fn kept(&self, kind: &Kind, version: u64) -> Option<Snapshot> {
        let place = kind.place();
        let kept = self.snapshots.iter().find(|(kept, at, _)| *kept == place && *at == version);
        kept.map(|(_, _, snapshot)| Arc::clone(snapshot))
    }

    /// A new uid: of the form of a version 4 UUID, counted, so that runs repeat.
    pub(crate) fn uid(&mut self) -> String {
        self.ids += 1;
        uid_of(self.ids)
    }

    fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }
}

impl Table {
    fn tell(&mut self, history: usize, change: Change) {
        let version = change.version;
        self.log.push_back(Arc::new(change));
        while self.log.len() > history {
            if let Some(old) = self.log.pop_front() {
                self.forgotten = old.version;
            }
        }
        self.bell.send_replace(version);
    }
}

pub(crate) fn key(namespace: &str, name: &str) -> Key {
    (Arc::from(namespace), Arc::from(name))
}

/// Numbers spread over all bits: the finaliser of SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
pub(crate) fn spread(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The uid of a number.
pub(crate) fn uid_of(number: u64) -> String {
    let (a, b) = (spread(number), spread(!number));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | ((b >> 48) & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}
