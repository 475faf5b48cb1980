//! What is kept of the cluster: pods that may wait for an image, whole, with their events; owners that are refused pods;
//! of everything else the digests. Pure: what the watch tells goes in, what the correlation is told comes out.
//!
//! A change of a pod, or of an event about it, has that pod alone looked at again. An event that expires takes nothing
//! from what it told: words are remembered until the container has others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Captured;
use pullmedic_model::incident::input::{ContainerKey, Gone, Input, Leaves, Pulled, Told, Waits};
use pullmedic_model::object::{ContainerKind, Event, Object, Objects, Pod};
use pullmedic_model::sighting::Testimony;
use pullmedic_sight::{Seen, Settings, sightings};

use super::around::{Around, Got, Need};
use super::digest::Digest;
use super::early::Early;
use super::kept::{is_about_image, is_past, keep_event, may_wait, runs};
use super::told;
use crate::assemble;

/// Events of one pod that are kept, the newest.
const EVENTS: usize = 24;
/// Owners that are refused their pods, and events of one.
const REFUSED: usize = 2_000;
const REFUSALS: usize = 8;

/// A pod or owner that is kept.
#[derive(Default)]
struct Kept {
    /// `None`: an owner that is refused its pods.
    pod: Option<Pod>,
    events: Vec<Event>,
    told: BTreeMap<ContainerKey, Said>,
    round: u32,
}

/// What was told of a container, and the words that it rests on.
struct Said {
    waits: Waits,
    testimony: Option<(Testimony, String)>,
}

/// What is kept of the cluster.
pub(crate) struct World {
    stalled_after: SignedDuration,
    /// By namespace and name.
    kept: BTreeMap<(String, String), Kept>,
    /// By namespace, kind and name.
    refused: BTreeMap<(String, String, String), Kept>,
    digest: Digest,
    around: Around,
    early: Early,
    /// The number of the last list of each namespace, or of all.
    rounds: BTreeMap<Option<String>, u32>,
    lists: u32,
}

/// What came of one piece of news.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// For the correlation, in order.
    pub(crate) inputs: Vec<Input>,
    /// To be read; the answers go to [`World::learn`].
    pub(crate) needs: Vec<Need>,
}

impl Heard {
    fn tell(&mut self, at: Timestamp, told: Told) {
        self.inputs.push(Input { at, told });
    }
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Pods that are kept whole.
    pub(crate) pods: usize,
    /// Containers that wait.
    pub(crate) waiting: usize,
    /// Pods that were dropped.
    pub(crate) dropped: usize,
    /// Stand-ins for them.
    pub(crate) stands: usize,
}

impl World {
    pub(crate) fn new(stalled_after: SignedDuration) -> World {
        World {
            stalled_after,
            kept: BTreeMap::new(),
            refused: BTreeMap::new(),
            digest: Digest::default(),
            around: Around::default(),
            early: Early::default(),
            rounds: BTreeMap::new(),
            lists: 0,
        }
    }

    /// How much is kept.
    pub(crate) fn sizes(&self) -> Sizes {
        let (dropped, stands) = self.digest.sizes();
        let waiting = self.kept.values().chain(self.refused.values()).map(|kept| kept.told.len()).sum();
        Sizes { pods: self.kept.len(), waiting, dropped, stands }
    }

    /// All that lasts, for a correlation that begins: what waits, what runs, and which node pulled what.
    pub(crate) fn told(&self, at: Timestamp) -> Vec<Input> {
        let all = self.kept.values().chain(self.refused.values());
        let waits =
            all.flat_map(|kept| kept.told.values()).map(|said| Told::Waits(Box::new(said.waits.clone())));
        let pulled = self.digest.all_pulled().map(Told::Pulled);
        let ran = self.digest.all_ran().map(Told::Ran);
        // What is known of nodes and owners first: by it a container that waits is placed.
        pulled.chain(ran).chain(waits).map(|told| Input { at, told }).collect()
    }

    /// A list of the pods of a namespace, or of all, begins: what it does not hold is gone.
    pub(crate) fn began(&mut self, namespace: Option<String>) {
        self.lists = self.lists.wrapping_add(1);
        self.rounds.insert(namespace, self.lists);
    }

    /// That list is whole.
    pub(crate) fn listed(&mut self, namespace: Option<&str>, now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        let round = self.rounds.get(&namespace.map(str::to_owned)).copied().unwrap_or_default();
        let is_of = |of: &str| namespace.is_none_or(|namespace| namespace == of);
        let old = self.kept.iter().filter(|((of, _), kept)| is_of(of) && kept.round != round);
        let gone: Vec<_> = old.map(|(key, _)| key.clone()).collect();
        for (namespace, name) in gone {
            self.leave(&namespace, &name, Leaves::Deleted, now, &mut heard);
        }
        self.digest.sweep(namespace, round);
        heard
    }

    /// The list that a pod of this namespace is told in.
    fn round(&self, namespace: &str) -> u32 {
        let own = || self.rounds.get(&Some(namespace.to_owned()));
        self.rounds.get(&None).or_else(own).copied().unwrap_or_default()
    }

    /// Takes that a pod is there that does not decode: it stays what it was.
    pub(crate) fn exists(&mut self, namespace: &str, name: &str) {
        let round = self.round(namespace);
        if let Some(kept) = self.kept.get_mut(&(namespace.to_owned(), name.to_owned())) {
            kept.round = round;
        }
        self.digest.exists(namespace, name, round);
    }

    /// Takes an object as it is now.
    pub(crate) fn is(&mut self, object: Object, now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        match object {
            Object::Pod(_) => {
                // What a status alone names is added to the spec there.
                let mut objects = Objects::default();
                objects.add(object);
                if let Some(pod) = objects.pods.pop() {
                    self.pod(pod, now, &mut heard);
                }
            }
            Object::Event(event) => self.event(*event, now, &mut heard),
            // These are read when they are needed.
            Object::Workload(_) | Object::Node(_) | Object::ServiceAccount(_) | Object::Other(_) => {}
        }
        heard
    }

    /// Takes that an object is gone. An event that expires takes nothing back.
    pub(crate) fn gone(
        &mut self,
        kind: &str,
        namespace: &str,
        name: &str,
        uid: &str,
        now: Timestamp,
    ) -> Heard {
        let mut heard = Heard::default();
        match kind {
            "Event" => {}
            "Pod" => {
                let place = (namespace.to_owned(), name.to_owned());
                let other = |kept: &Kept| {
                    kept.pod.as_ref().is_some_and(|pod| !uid.is_empty() && pod.metadata.uid != uid)
                };
                if !self.kept.get(&place).is_some_and(other) {
                    self.leave(namespace, name, Leaves::Deleted, now, &mut heard);
                    self.digest.leave(namespace, name);
                }
            }
            _ => {
                self.around.touched(kind, namespace, name);
                let place = (namespace.to_owned(), kind.to_owned(), name.to_owned());
                if let Some(kept) = self.refused.remove(&place)
                    && !kept.told.is_empty()
                {
                    let pod = format!("{kind}/{name}");
                    let why = Leaves::Deleted;
                    heard.tell(now, Told::Gone(Gone { namespace: namespace.to_owned(), pod, why }));
                }
            }
        }
        heard
    }

    /// Takes that an object of which only names are watched is other than it was.
    pub(crate) fn touched(&mut self, kind: &str, namespace: &str, name: &str) -> Heard {
        let mut heard = Heard::default();
        self.around.touched(kind, namespace, name);
        let place = (namespace.to_owned(), kind.to_owned(), name.to_owned());
        if self.refused.contains_key(&place) {
            heard.needs.push(owner(&place));
        }
        heard
    }

    /// Takes what was read.
    pub(crate) fn learn(&mut self, need: Need, got: Got, now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        let place = match &need {
            Need::Owner { namespace, kind, name, .. } => {
                Some((namespace.clone(), kind.clone(), name.clone()))
            }
            Need::Node(_) | Need::Account { .. } => None,
        };
        // One that has an owner itself is not what people know its pods by.
        let is_owned = matches!(&got, Got::Owner(owner) if owner.metadata.controller().is_some());
        self.around.learn(need, got, now);
        let Some(place) = place else { return heard };
        if self.refused.contains_key(&place) {
            self.look_at_refused(&place, now, &mut heard);
        }
        if is_owned {
            self.owned_by(&place).iter().for_each(|pod| self.look(pod, now, &mut heard));
        }
        heard
    }

    /// Pods that wait and are said to be of this owner.
    fn owned_by(&self, (namespace, kind, name): &(String, String, String)) -> Vec<(String, String)> {
        let is =
            |said: &Said| said.waits.owner.as_ref().is_some_and(|it| it.kind == *kind && it.name == *name);
        let from = (namespace.clone(), String::new());
        let near = self.kept.range(from..).take_while(|((of, _), _)| of == namespace);
        near.filter(|(_, kept)| kept.told.values().any(is)).map(|(place, _)| place.clone()).collect()
    }

    /// Time alone may tell: a pull that does not end becomes stalled without any change.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        self.early.forget(now);
        let pulling =
            |kept: &Kept| kept.told.is_empty() && kept.events.iter().any(|it| it.reason == "Pulling");
        let due: Vec<_> =
            self.kept.iter().filter(|(_, kept)| pulling(kept)).map(|(key, _)| key.clone()).collect();
        for key in due {
            self.look(&key, now, &mut heard);
        }
        heard
    }

    fn pod(&mut self, pod: Pod, now: Timestamp, heard: &mut Heard) {
        let place = (pod.metadata.namespace.clone(), pod.metadata.name.clone());
        let round = self.round(&place.0);
        let replaced = self.kept.get(&place).and_then(|kept| kept.pod.as_ref());
        if replaced.is_some_and(|known| known.metadata.uid != pod.metadata.uid) {
            self.leave(&place.0, &place.1, Leaves::Deleted, now, heard);
        }
        let over = match pod.status.phase.as_str() {
            _ if pod.metadata.deletion_timestamp.is_some() => Some(Leaves::Deleted),
            // These two are for good: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase>.
            "Succeeded" | "Failed" => Some(Leaves::Finished),
            _ => None,
        };
        if let Some(why) = over {
            self.leave(&place.0, &place.1, why, now, heard);
            self.digest.leave(&place.0, &place.1);
            return;
        }
        if !may_wait(&pod) {
            if let Some(kept) = self.kept.remove(&place) {
                kept.told.into_keys().for_each(|key| heard.tell(now, Told::Past(key)));
            }
            let ran = if runs(&pod) { self.digest.keep(&pod, round) } else { Vec::new() };
            ran.into_iter().for_each(|ran| heard.tell(now, Told::Ran(ran)));
            let node = pod.spec.node_name.as_str();
            for event in self.early.take(&place.0, &place.1) {
                self.pulled(&event, Some(node), now, heard);
            }
            return;
        }
        self.digest.leave(&place.0, &place.1);
        let early = self.early.take(&place.0, &place.1);
        let kept = self.kept.entry(place.clone()).or_default();
        let node = pod.spec.node_name.clone();
        (kept.pod, kept.round) = (Some(pod), round);
        early.iter().for_each(|event| keep_event(&mut kept.events, event.clone(), EVENTS));
        early.iter().for_each(|event| self.pulled(event, Some(&node), now, heard));
        self.look(&place, now, heard);
    }

    fn leave(&mut self, namespace: &str, name: &str, why: Leaves, now: Timestamp, heard: &mut Heard) {
        let Some(kept) = self.kept.remove(&(namespace.to_owned(), name.to_owned())) else { return };
        if let Some(key) = kept.told.keys().next() {
            let (namespace, pod) = (key.namespace.clone(), key.pod.clone());
            heard.tell(now, Told::Gone(Gone { namespace, pod, why }));
        }
    }

    fn event(&mut self, event: Event, now: Timestamp, heard: &mut Heard) {
        let about = &event.involved_object;
        let namespace = if about.namespace.is_empty() { &event.metadata.namespace } else { &about.namespace };
        let place = (namespace.clone(), about.name.clone());
        if about.kind != "Pod" {
            // What else makes pods fail is not about images, and needs no owner read.
            if event.reason == "FailedCreate" && event.message.contains("image") {
                self.refusal((place.0, about.kind.clone(), place.1), event, now, heard);
            }
            return;
        }
        if !is_about_image(&event) {
            return;
        }
        let Some(kept) = self.kept.get_mut(&place) else {
            let node = self.digest.node_of(&place.0, &place.1).map(str::to_owned);
            self.pulled(&event, node.as_deref(), now, heard);
            // Of a pod that ran until now, too: a container of it may have to be pulled anew.
            if node.is_none() || event.reason != "Pulled" {
                self.early.keep(event, now);
            }
            return;
        };
        let node = kept.pod.as_ref().map(|pod| pod.spec.node_name.clone());
        let uid = kept.pod.as_ref().map_or("", |pod| pod.metadata.uid.as_str());
        if !about.uid.is_empty() && about.uid != uid {
            return;
        }
        keep_event(&mut kept.events, event.clone(), EVENTS);
        self.pulled(&event, node.as_deref(), now, heard);
        self.look(&place, now, heard);
    }

    /// Takes that a node really pulled an image, where an event says so.
    fn pulled(&mut self, event: &Event, node: Option<&str>, now: Timestamp, heard: &mut Heard) {
        let Some(node) = node.filter(|node| !node.is_empty()) else { return };
        let Some(rest) = event.message.strip_prefix("Successfully pulled image \"") else { return };
        let Some((image, _)) = rest.split_once('"') else { return };
        let namespace = &event.involved_object.namespace;
        let when = event.last_seen().unwrap_or(now);
        if event.reason == "Pulled" && self.digest.pulled(namespace, image, node, when) {
            let image = Captured::new(image).as_str().to_owned();
            heard.tell(now, Told::Pulled(Pulled { node: node.to_owned(), image, when }));
        }
    }

    fn refusal(&mut self, place: (String, String, String), event: Event, now: Timestamp, heard: &mut Heard) {
        if self.refused.len() >= REFUSED && !self.refused.contains_key(&place) {
            return;
        }
        let need = owner(&place);
        let kept = self.refused.entry(place.clone()).or_default();
        keep_event(&mut kept.events, event, REFUSALS);
        if self.around.knows(&need, now) {
            self.look_at_refused(&place, now, heard);
        } else {
            heard.needs.push(need);
        }
    }

    /// Looks at one pod again.
    fn look(&mut self, place: &(String, String), now: Timestamp, heard: &mut Heard) {
        let Some(kept) = self.kept.get_mut(place) else { return };
        let Some(pod) = kept.pod.take() else { return };
        let uid = pod.metadata.uid.clone();
        let objects = Objects {
            workloads: self.around.owners(&pod).into_iter().cloned().collect(),
            nodes: self.around.node(&pod.spec.node_name).cloned().into_iter().collect(),
            events: std::mem::take(&mut kept.events),
            pods: vec![pod],
            ..Objects::default()
        };
        let seen = seen(&objects, &kept.told, &uid, self.stalled_after, now);
        tell(&mut kept.told, &seen, &uid, &objects, now, heard);
        let Objects { pods, events, .. } = objects;
        kept.events = events;
        kept.pod = pods.into_iter().next();
        let sighted: BTreeSet<ContainerKey> = seen.iter().map(|seen| told::key(seen, &uid)).collect();
        let past: Vec<ContainerKey> = kept
            .told
            .keys()
            .filter(|key| !sighted.contains(*key) && is_past(kept.pod.as_ref(), &kept.events, key))
            .cloned()
            .collect();
        for key in past {
            kept.told.remove(&key);
            heard.tell(now, Told::Past(key));
        }
        // A Job's own owner is what people know it by, and what stays when it is replaced.
        let by_job = kept.pod.iter().flat_map(|pod| pod.metadata.controller()).filter(|by| by.kind == "Job");
        if !kept.told.is_empty() {
            let needs = by_job.map(|job| Need::owner(&place.0, job));
            heard.needs.extend(needs.filter(|need| !self.around.knows(need, now)));
        }
    }

    /// Looks at one owner that is refused its pods again.
    fn look_at_refused(&mut self, place: &(String, String, String), now: Timestamp, heard: &mut Heard) {
        let Some(kept) = self.refused.get_mut(place) else { return };
        let mut owners = Vec::new();
        let mut next = self.around.workload(&place.0, &place.1, &place.2);
        while let Some(owner) = next.filter(|_| owners.len() < 4) {
            owners.push(owner.clone());
            next = owner
                .metadata
                .controller()
                .and_then(|above| self.around.workload(&place.0, &above.kind, &above.name));
        }
        let objects =
            Objects { workloads: owners, events: std::mem::take(&mut kept.events), ..Objects::default() };
        let seen = seen(&objects, &kept.told, "", self.stalled_after, now);
        tell(&mut kept.told, &seen, "", &objects, now, heard);
        kept.events = objects.events;
        let sighted: BTreeSet<ContainerKey> = seen.iter().map(|seen| told::key(seen, "")).collect();
        for (key, _) in kept.told.extract_if(.., |key, _| !sighted.contains(key)) {
            heard.tell(now, Told::Past(key));
        }
        if kept.told.is_empty() {
            self.refused.remove(place);
        }
    }

    /// What a proof for a container still has to be read; `None` when nothing waits under that key any more.
    pub(crate) fn missing(&self, key: &ContainerKey, now: Timestamp) -> Option<Vec<Need>> {
        match self.find(key)? {
            (_, Some(pod)) => Some(self.around.missing(pod, now)),
            (_, None) => Some(Vec::new()),
        }
    }

    fn find(&self, key: &ContainerKey) -> Option<(&Kept, Option<&Pod>)> {
        if key.kind == ContainerKind::Template {
            let (kind, name) = key.pod.split_once('/')?;
            let kept = self.refused.get(&(key.namespace.clone(), kind.to_owned(), name.to_owned()))?;
            return Some((kept, None));
        }
        let from = (key.namespace.clone(), String::new());
        let near = self.kept.range(from..).take_while(|((namespace, _), _)| *namespace == key.namespace);
        near.map(|(_, kept)| kept)
            .find(|kept| kept.told.contains_key(key))
            .map(|kept| (kept, kept.pod.as_ref()))
    }

    /// The sighting of a container with everything of its namespace that a proof rests on; `None` when it waits no more.
    pub(crate) fn scene(&self, key: &ContainerKey, now: Timestamp) -> Option<Scene> {
        let (kept, pod) = self.find(key)?;
        let namespace = &key.namespace;
        let said = kept.told.get(key)?;
        let mut objects = Objects { events: kept.events.clone(), ..Objects::default() };
        match pod {
            Some(pod) => {
                let account = match pod.spec.service_account_name.as_str() {
                    "" => "default",
                    named => named,
                };
                objects.accounts.extend(self.around.account(namespace, account).cloned());
                objects.nodes.extend(self.around.node(&pod.spec.node_name).cloned());
                objects.workloads.extend(self.around.owners(pod).into_iter().cloned());
                objects.pods.push(pod.clone());
            }
            None => {
                let (kind, name) = key.pod.split_once('/')?;
                objects.workloads.extend(self.around.workload(namespace, kind, name).cloned());
            }
        }
        let uid = if pod.is_some() { key.pod.as_str() } else { "" };
        // Sighted before what others run is added: of them nothing is sought.
        let seen = seen(&objects, &kept.told, uid, self.stalled_after, now);
        let seen = seen.into_iter().find(|seen| told::key(seen, uid) == *key)?;
        let unread = pod.map(|pod| self.around.refused(pod)).unwrap_or_default();
        let unread = unread.into_iter().map(str::to_owned).collect();
        let (pods, events) = self.digest.pulls(namespace, &said.waits.image);
        objects.pods.extend(self.digest.pods(namespace));
        objects.pods.extend(pods);
        objects.events.extend(events);
        for set in self.digest.sets(namespace) {
            if !objects
                .workloads
                .iter()
                .any(|it| it.kind == set.kind && it.metadata.name == set.metadata.name)
            {
                objects.workloads.push(set);
            }
        }
        Some(Scene { seen, objects, words: said.waits.words.clone(), unread })
    }
}

/// What a proof of one container rests on: nothing of any other namespace.
pub(crate) struct Scene {
    /// The container.
    pub(crate) seen: Seen,
    /// Its pod, owners, node and account, and what runs in its namespace.
    pub(crate) objects: Objects,
    /// What its words were: [`Waits::words`].
    pub(crate) words: String,
    /// What of this could not be read, with the right that would buy it.
    pub(crate) unread: Vec<String>,
}

fn owner((namespace, kind, name): &(String, String, String)) -> Need {
    let rows = pullmedic_model::object::WorkloadKind::ALL;
    let api_version = rows.iter().find(|row| row.1 == kind).map_or("", |row| row.2);
    Need::Owner {
        namespace: namespace.clone(),
        kind: kind.clone(),
        name: name.clone(),
        api_version: api_version.to_owned(),
    }
}

/// What waits in these objects; words that are gone from them by now are those that were told before.
fn seen(
    objects: &Objects,
    told: &BTreeMap<ContainerKey, Said>,
    uid: &str,
    stalled_after: SignedDuration,
    now: Timestamp,
) -> Vec<Seen> {
    let mut sightings = sightings(objects, &Settings { now: Some(now), stalled_after });
    for sighting in sightings.iter_mut().filter(|sighting| sighting.testimony.is_none()) {
        let bare = Seen { sighting: sighting.clone(), hypothesis: None, verdict: None };
        let before = told.get(&told::key(&bare, uid)).and_then(|said| said.testimony.as_ref());
        if let Some((testimony, image)) = before
            && image == sighting.image.as_str()
        {
            (sighting.testimony, sighting.missing) = (Some(testimony.clone()), None);
        }
    }
    assemble::classified(sightings)
}

/// Tells of what is seen, where that is news.
fn tell(
    known: &mut BTreeMap<ContainerKey, Said>,
    seen: &[Seen],
    uid: &str,
    objects: &Objects,
    now: Timestamp,
    heard: &mut Heard,
) {
    for seen in seen {
        let waits = told::waits(seen, uid, objects, now);
        let is_news = known.get(&waits.container).is_none_or(|said| told::is_news(&said.waits, &waits));
        let testimony = seen.sighting.testimony.clone().map(|mut testimony| {
            // From now on it is of the past.
            testimony.at = testimony.at.or(Some(now));
            (testimony, seen.sighting.image.as_str().to_owned())
        });
        if is_news {
            heard.tell(now, Told::Waits(Box::new(waits.clone())));
        }
        known.insert(waits.container.clone(), Said { waits, testimony });
    }
}
