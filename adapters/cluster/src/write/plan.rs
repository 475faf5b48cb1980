//! Which objects of which incidents are to be written, and when. Pure: `now` is given.
//!
//! - Nothing is written of what is suspected for less than [`SUSPECTED`], nor ever of what clears before.
//! - A turn in an incident's life is written at once, a count once a minute.
//! - In a storm, which is an incident over more than [`FEW`] namespaces, a namespace is written once the storm has settled:
//!   so it costs one object and one event there.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use pullmedic_model::incident::{Incident, IncidentId, Phase, Touched};
use pullmedic_model::resource::{ClusterPullIncident, PullIncident, cluster_pull_incident, pull_incident};
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Cause, Certainty};
use serde::Serialize;
use tokio::time::Instant;

use super::owner_event::{self, Words};
use super::queue::{Key, Place, Rank, Work};

/// How long a suspected incident is kept to ourselves: most of what clears by itself is over by then.
const SUSPECTED: Duration = Duration::from_secs(10);
/// How long changes are gathered before they are looked at.
const GATHER: Duration = Duration::from_millis(200);
/// How often counts of one object are written.
const COUNTS: Duration = Duration::from_secs(60);
/// More namespaces than these are a storm.
const FEW: usize = 5;
/// A storm has settled when nothing changed for so long and it is proven, or at the latest so long after it opened.
const QUIET: Duration = Duration::from_secs(3);
const SETTLED: Duration = Duration::from_secs(30);
/// Owners that are told in a namespace, when it is no storm; in a storm one.
const OWNERS: usize = 3;
/// When an owner is told again: before the event is forgotten, which is an hour after it was written (the API server's
/// `--event-ttl`), and at the earliest in a storm.
const TELL_AGAIN: Duration = Duration::from_secs(45 * 60);
const STORM_AGAIN: Duration = Duration::from_secs(10 * 60);

/// One thing to be done.
pub(super) type Order = (Key, Work, Rank);

/// What was written of every incident.
pub(super) struct Plan {
    keep: Duration,
    tracked: BTreeMap<IncidentId, Tracked>,
}

struct Tracked {
    due: Option<Instant>,
    /// When it was first noted, last noted, and first seen to be open.
    first: Instant,
    noted: Instant,
    opened: Option<Instant>,
    whole: Option<Written>,
    parts: BTreeMap<String, Written>,
    told: BTreeMap<(String, Owner), Told>,
    /// When its objects are taken away.
    forget: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Written {
    life: u64,
    all: u64,
    at: Instant,
    /// Whether it says that it is over.
    over: bool,
}

struct Told {
    of: (Cause, Certainty),
    at: Instant,
    first: Timestamp,
    count: u32,
}

impl Plan {
    /// `keep`: how long the objects of what is resolved are kept.
    pub(super) fn new(keep: Duration) -> Plan {
        Plan { keep, tracked: BTreeMap::new() }
    }

    /// Takes that an incident changed.
    pub(super) fn note(&mut self, id: &IncidentId, now: Instant) {
        let tracked = self.tracked(id, now);
        tracked.noted = now;
        let soon = now + GATHER;
        tracked.due = Some(tracked.due.map_or(soon, |due| due.min(soon)));
    }

    /// Takes the objects that stand in the cluster, so that what is so already is not written again.
    pub(super) fn adopt(&mut self, wholes: &[ClusterPullIncident], parts: &[PullIncident], now: Instant) {
        for whole in wholes {
            let Ok(id) = whole.metadata.name.parse() else { continue };
            let written = Written { over: whole.status.phase == Phase::Resolved, ..of_whole(whole, now) };
            let tracked = self.tracked(&id, now);
            (tracked.whole, tracked.due) = (Some(written), Some(now + GATHER));
        }
        for part in parts {
            let (Ok(id), Some(namespace)) = (part.metadata.name.parse(), part.metadata.namespace.clone())
            else {
                continue;
            };
            let written = Written { over: part.status.phase == Phase::Resolved, ..of_part(part, now) };
            let tracked = self.tracked(&id, now);
            tracked.parts.insert(namespace, written);
            tracked.due = Some(now + GATHER);
        }
    }

    /// When something is to be looked at.
    pub(super) fn due(&self) -> Option<Instant> {
        self.tracked.values().filter_map(|tracked| tracked.due).min()
    }

    /// What is to be written now: about as much as there is `room` for, the rest stays due. `of` gives an incident as it is
    /// now; `None` for one that is known no more.
    pub(super) fn step<'a>(
        &mut self,
        of: impl Fn(&IncidentId) -> Option<&'a Incident>,
        room: usize,
        (now, wall): (Instant, Timestamp),
    ) -> Vec<Order> {
        let mut orders = Vec::new();
        let keep = self.keep;
        self.tracked.retain(|id, tracked| {
            if tracked.due.is_none_or(|due| due > now) || orders.len() >= room {
                return true;
            }
            tracked.due = None;
            let mut turn = Turn { id, tracked, now, wall, keep, orders: &mut orders };
            match of(id) {
                Some(incident) => turn.known(incident),
                None => turn.unknown(),
            }
        });
        orders
    }

    fn tracked(&mut self, id: &IncidentId, now: Instant) -> &mut Tracked {
        self.tracked.entry(id.clone()).or_insert_with(|| Tracked {
            due: None,
            first: now,
            noted: now,
            opened: None,
            whole: None,
            parts: BTreeMap::new(),
            told: BTreeMap::new(),
            forget: None,
        })
    }
}

/// One look at one incident.
struct Turn<'a> {
    id: &'a IncidentId,
    tracked: &'a mut Tracked,
    now: Instant,
    wall: Timestamp,
    keep: Duration,
    orders: &'a mut Vec<Order>,
}

impl Turn<'_> {
    /// Whether there is anything left to look after.
    fn known(&mut self, incident: &Incident) -> bool {
        let is_shown = self.tracked.whole.is_some();
        match incident.phase {
            Phase::Suspected if !is_shown => {
                let shown_at = self.tracked.first + SUSPECTED;
                if self.now < shown_at {
                    self.again(shown_at);
                    return true;
                }
            }
            Phase::Resolved if !is_shown => return false,
            Phase::Resolved => {
                let over = incident.resolved_at.unwrap_or(self.wall);
                let passed = Duration::try_from(self.wall.duration_since(over)).unwrap_or_default();
                let forget = *self.tracked.forget.get_or_insert(self.now + self.keep.saturating_sub(passed));
                if forget <= self.now {
                    self.take_away();
                    return false;
                }
                self.again(forget);
            }
            Phase::Suspected | Phase::Open => {}
        }
        if incident.phase != Phase::Resolved {
            self.tracked.forget = None;
        }
        if incident.phase == Phase::Open {
            self.tracked.opened.get_or_insert(self.now);
        }
        let is_storm = incident.touched.len() > FEW;
        self.whole(incident);
        for namespace in incident.touched.keys() {
            self.part(incident, namespace, is_storm);
        }
        self.left(incident);
        if owner_event::tells(incident) {
            for (namespace, touched) in &incident.touched {
                self.owners(incident, namespace, touched, is_storm);
            }
        }
        true
    }

    /// The incident is forgotten: what still says that it lasts is ended, and all of it is taken away in time.
    fn unknown(&mut self) -> bool {
        if self.tracked.whole.is_none() && self.tracked.parts.is_empty() {
            return false;
        }
        let forget = *self.tracked.forget.get_or_insert(self.now + self.keep);
        if forget <= self.now {
            self.take_away();
            return false;
        }
        self.again(forget);
        let wall = self.wall;
        if let Some(whole) = self.tracked.whole.as_mut().filter(|whole| !whole.over) {
            whole.over = true;
            self.order(Place::Whole, Work::End(wall), Rank::Whole);
        }
        self.end_parts(|_| true);
        true
    }

    fn whole(&mut self, incident: &Incident) {
        let object = cluster_pull_incident(incident);
        let written = Written { over: incident.phase == Phase::Resolved, ..of_whole(&object, self.now) };
        if let Some(rank) = self.rank(self.tracked.whole, written, Rank::Whole, false) {
            self.tracked.whole = Some(written);
            self.apply(Place::Whole, &object, rank);
        }
    }

    fn part(&mut self, incident: &Incident, namespace: &str, is_storm: bool) {
        let before = self.tracked.parts.get(namespace).copied();
        let is_over = incident.phase == Phase::Resolved;
        if is_storm && before.is_none() && !is_over {
            let settles = self.settles(incident);
            if settles.is_none_or(|settles| settles > self.now) {
                settles.into_iter().for_each(|settles| self.again(settles));
                return;
            }
        }
        // One that nobody was shown need not be told that it is over.
        if before.is_none() && is_over {
            return;
        }
        let Some(object) = pull_incident(incident, namespace) else { return };
        let written = Written { over: is_over, ..of_part(&object, self.now) };
        let is_lazy = is_storm && !is_over;
        if let Some(rank) = self.rank(before, written, Rank::Part, is_lazy) {
            self.tracked.parts.insert(namespace.to_owned(), written);
            self.apply(Place::Part(namespace.to_owned()), &object, rank);
        }
    }

    /// Namespaces that the incident touches no more: there it is over.
    fn left(&mut self, incident: &Incident) {
        self.end_parts(|namespace| !incident.touched.contains_key(namespace));
    }

    fn end_parts(&mut self, is_over: impl Fn(&str) -> bool) {
        let wall = self.wall;
        let ending =
            self.tracked.parts.iter_mut().filter(|(namespace, part)| !part.over && is_over(namespace));
        let ending: Vec<String> = ending
            .map(|(namespace, part)| {
                // Whatever comes later is other than this.
                (part.over, part.life, part.all) = (true, 0, 0);
                namespace.clone()
            })
            .collect();
        for namespace in ending {
            self.order(Place::Part(namespace), Work::End(wall), Rank::Part);
        }
    }

    fn take_away(&mut self) {
        for namespace in std::mem::take(&mut self.tracked.parts).into_keys() {
            self.order(Place::Part(namespace), Work::Delete, Rank::Delete);
        }
        if self.tracked.whole.take().is_some() {
            self.order(Place::Whole, Work::Delete, Rank::Delete);
        }
    }

    fn owners(&mut self, incident: &Incident, namespace: &str, touched: &Touched, is_storm: bool) {
        let ready = if is_storm {
            self.settles(incident)
        } else {
            let opened = self.tracked.opened.unwrap_or(self.now);
            Some(if incident.certainty == Certainty::Proven { opened } else { opened + SETTLED })
        };
        let Some(ready) = ready else { return };
        if ready > self.now {
            self.again(ready);
            return;
        }
        let of = (incident.cause, incident.certainty);
        let most = if is_storm { 1 } else { OWNERS };
        for owner in owners(touched).take(most) {
            let key = (namespace.to_owned(), owner);
            let before = self.tracked.told.get(&key);
            // In a storm a namespace is told once, whichever owner it was: which one comes first may change while owners are read.
            let of_namespace = || {
                let told = self.tracked.told.iter().filter(|((name, _), _)| name == namespace);
                told.map(|(_, told)| told).max_by_key(|told| told.at)
            };
            let before = before.or_else(|| of_namespace().filter(|_| is_storm));
            let again = before.map(|told| match (told.of == of, is_storm) {
                (false, false) => self.now,
                (false, true) => told.at + STORM_AGAIN,
                (true, _) => told.at + TELL_AGAIN,
            });
            if let Some(again) = again.filter(|again| *again > self.now) {
                self.again(again);
                continue;
            }
            let told = Told {
                of,
                at: self.now,
                first: before.map_or(self.wall, |told| told.first),
                count: before.map_or(1, |told| told.count.saturating_add(1)),
            };
            let words = Words {
                message: owner_event::message(incident, namespace, touched),
                first: told.first,
                last: self.wall,
                count: told.count,
            };
            self.again(self.now + TELL_AGAIN);
            self.order(Place::Owner(key.0.clone(), key.1.clone()), Work::Tell(words), Rank::Event);
            self.tracked.told.insert(key, told);
        }
    }

    /// When a storm has settled; `None` while it is not open.
    fn settles(&self, incident: &Incident) -> Option<Instant> {
        let opened = self.tracked.opened?;
        let latest = opened + SETTLED;
        Some(match incident.certainty {
            Certainty::Proven => (self.tracked.noted + QUIET).min(latest),
            Certainty::Likely | Certainty::Undecided => latest,
        })
    }

    /// How urgent it is to write `now` over what was written `before`; `None`: it is not to be written yet.
    fn rank(&mut self, before: Option<Written>, now: Written, life: Rank, is_lazy: bool) -> Option<Rank> {
        let Some(before) = before else { return Some(life) };
        if before.all == now.all {
            return None;
        }
        if before.over != now.over || (before.life != now.life && !is_lazy) {
            return Some(life);
        }
        let counts_at = before.at + COUNTS;
        if counts_at > self.now {
            self.again(counts_at);
            return None;
        }
        Some(Rank::Count)
    }

    fn apply(&mut self, place: Place, object: &impl Serialize, rank: Rank) {
        // These types hold nothing that JSON cannot.
        if let Ok(body) = serde_json::to_string(object) {
            self.order(place, Work::Apply(body), rank);
        }
    }

    fn order(&mut self, place: Place, work: Work, rank: Rank) {
        self.orders.push((Key { incident: self.id.clone(), place }, work, rank));
    }

    fn again(&mut self, at: Instant) {
        self.tracked.due = Some(self.tracked.due.map_or(at, |due| due.min(at)));
    }
}

/// Owners that can be told: those of the pods, and pods that have none.
fn owners(touched: &Touched) -> impl Iterator<Item = Owner> {
    let pod = |name: &String| Owner { api_version: "v1".into(), kind: "Pod".into(), name: name.clone() };
    let bare = touched
        .samples
        .iter()
        .filter(|sample| sample.owner.is_none())
        .filter_map(|sample| sample.pod.as_ref());
    // An event on a node would be one of no namespace.
    touched.owners.iter().filter(|owner| owner.kind != "Node").cloned().chain(bare.map(pod))
}

fn of_whole(object: &ClusterPullIncident, at: Instant) -> Written {
    let status = &object.status;
    let life = hash(&(&status.state, &status.verdict, status.reopened, &status.merged_into));
    let mut all = status.clone();
    all.times.changed = all.times.seen;
    Written { life, all: hash(&all), at, over: false }
}

fn of_part(object: &PullIncident, at: Instant) -> Written {
    let status = &object.status;
    let life = (
        &status.state,
        &status.verdict,
        status.reopened,
        &status.merged_into,
        &status.missing,
        &status.remedies,
    );
    let life = hash(&life);
    let mut all = status.clone();
    all.times.changed = all.times.seen;
    Written { life, all: hash(&all), at, over: false }
}

fn hash(value: &impl Serialize) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(value).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
