//! One incident with its containers, and what it shows of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::input::{ContainerKey, Judgement, Waits};
use pullmedic_model::incident::{
    Cost, Counts, Event, Fingerprint, IncidentId, Moment, Phase, SAMPLES, Scope, Touched,
};
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Cause, Certainty, Clears, Incident};

use crate::agenda::sooner;
use crate::cause::Of;
use crate::key::Verdict;
use crate::member::{Member, first_of_pod};
use crate::news::Noted;
use crate::timeline;

/// The containers, each under the key that the incidents hold too.
pub(crate) type Members = BTreeMap<Arc<ContainerKey>, Member>;

/// One incident with its containers.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) incident: Incident,
    /// What it is a fault of.
    pub(crate) of: Of,
    /// Its containers, by namespace and pod.
    pub(crate) members: BTreeSet<Arc<ContainerKey>>,
    /// What is held of it by proof; `None`: its words are all there is.
    pub(crate) verdict: Option<Arc<Verdict>>,
    /// When it began or came back.
    pub(crate) began: Timestamp,
    /// What is held of it, with the container of which it was said; `None`: it was said before a restart.
    pub(crate) speaker: Option<(Judgement, Arc<Waits>)>,
    /// Of what was said before a restart, for which scope and image; `None`: it was not, or holds no more.
    pub(crate) said_for: Option<(Scope, Option<String>)>,
    /// The namespace whose container began it, which has a share of all incidents.
    pub(crate) begun_by: String,
    /// Namespaces whose last pod was deleted or finished a moment ago, until when another may follow it.
    pub(crate) leaving: BTreeMap<String, Timestamp>,
    /// Since when no container waits; `None` while one does.
    pub(crate) empty_since: Option<Timestamp>,
    /// Whether the last container that left got past its pull: if one comes again now, it flapped.
    pub(crate) got_past: bool,
    /// How often it flapped since it began or came back.
    pub(crate) flapped: u32,
    /// It comes from before a restart, and the first list is not complete: what it shows is what it showed then.
    pub(crate) held: bool,
    /// Namespaces in which no proof could be run, until when; the last time there is for: not before a change.
    pub(crate) refused: BTreeMap<String, Timestamp>,
    /// Proofs run since it was found, or found changed: what its next look is paced by.
    pub(crate) looks: u32,
    /// What happened beside it that may decide it.
    pub(crate) noted: Noted,
    by_namespace: BTreeMap<String, Tally>,
    pods: u32,
    owners: u32,
    images: BTreeMap<String, u32>,
    nodes: BTreeMap<String, u32>,
    /// The earliest time that any container gave.
    since: Option<Timestamp>,
}

/// How often each thing is there in one namespace.
#[derive(Debug, Default)]
struct Tally {
    pods: u32,
    owners: BTreeMap<Owner, u32>,
    images: BTreeMap<String, u32>,
    nodes: BTreeMap<String, u32>,
    /// The last container that is shown; the sample changes with those up to it only.
    last_shown: Option<Arc<ContainerKey>>,
}

impl Live {
    pub(crate) fn new(incident: Incident, of: Of, begun_by: String) -> Live {
        Live {
            since: incident.since,
            began: incident.seen_at,
            speaker: None,
            said_for: None,
            incident,
            of,
            begun_by,
            members: BTreeSet::new(),
            verdict: None,
            leaving: BTreeMap::new(),
            empty_since: None,
            got_past: false,
            flapped: 0,
            held: false,
            refused: BTreeMap::new(),
            looks: 0,
            noted: Noted::default(),
            by_namespace: BTreeMap::new(),
            pods: 0,
            owners: 0,
            images: BTreeMap::new(),
            nodes: BTreeMap::new(),
        }
    }

    /// One that begins now; its first container joins next.
    pub(crate) fn begin(
        id: IncidentId,
        fingerprint: Fingerprint,
        of: Of,
        namespace: &str,
        at: Timestamp,
    ) -> Live {
        let summary = match of {
            Of::Rest => "more faults in one namespace than are told apart",
            Of::Endpoint | Of::Limit | Of::Login | Of::Access | Of::Secret | Of::Image | Of::Node => "",
        };
        let incident = Incident {
            id,
            fingerprint,
            known_as: Vec::new(),
            phase: Phase::Suspected,
            cause: Cause::Unknown,
            inner: None,
            also: Vec::new(),
            certainty: Certainty::Undecided,
            scope: Scope::Pod,
            stage: None,
            endpoint: None,
            image: None,
            node: None,
            clears: None,
            resets_at: None,
            summary: summary.to_owned(),
            seen_at: at,
            since: None,
            opened_at: None,
            proven_at: None,
            resolved_at: None,
            changed_at: at,
            reopened: 0,
            merged_into: None,
            counts: Counts::default(),
            most_pods: 0,
            touched: BTreeMap::new(),
            cost: Cost::default(),
            next_probe: None,
            timeline: vec![Moment { at, what: Event::Seen, note: None }],
        };
        Live::new(incident, of, namespace.to_owned())
    }

    /// It comes back after it was resolved, with what was proven of it then as no more than likely.
    pub(crate) fn come_back(&mut self, at: Timestamp) {
        let incident = &mut self.incident;
        incident.phase = if incident.opened_at.is_some() { Phase::Open } else { Phase::Suspected };
        incident.reopened += 1;
        incident.changed_at = at;
        incident.merged_into = None;
        incident.resets_at = None;
        incident.touched.clear();
        incident.next_probe = Some(at);
        if let Some(verdict) = &self.verdict {
            incident.certainty = verdict.judgement.certainty;
        }
        let verdict = self.verdict.as_ref();
        self.speaker = verdict.and_then(|verdict| Some((verdict.judgement.clone(), verdict.waits.clone()?)));
        self.said_for = None;
        self.since = None;
        self.began = at;
        self.empty_since = None;
        self.got_past = false;
        self.flapped = 0;
        self.looks = 0;
    }

    /// What words alone said of it holds no more: it has another fingerprint.
    pub(crate) fn forget_words(&mut self) {
        self.speaker = None;
        self.verdict = None;
    }

    /// Holds what is held of a container, where that says more than what it holds already. Whether it did.
    pub(crate) fn absorb(&mut self, member: &Member) -> bool {
        if self.of == Of::Rest {
            return false;
        }
        let more = match (&member.verdict, &self.verdict) {
            (Some(new), Some(old)) => !Arc::ptr_eq(new, old) && new.replaces(old),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self
                .speaker
                .as_ref()
                .is_none_or(|(old, waits)| order(&member.waits.by_words, &member.waits) > order(old, waits)),
        };
        if more {
            self.verdict.clone_from(&member.verdict);
            let judgement = member.judgement();
            let incident = &mut self.incident;
            incident.cause = judgement.cause;
            incident.inner = judgement.inner;
            incident.also.clone_from(&judgement.also);
            incident.certainty = judgement.certainty;
            incident.stage = judgement.stage;
            incident.endpoint.clone_from(&judgement.endpoint);
            incident.clears = judgement.clears;
            let waits = match &member.verdict {
                Some(verdict) => verdict.waits.clone(),
                None => Some(Arc::new(member.waits.clone())),
            };
            self.speaker = waits.map(|waits| (judgement.clone(), waits));
        }
        more
    }

    /// Whether a proof made it what it is, of this time that it lasts.
    pub(crate) fn judged(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| !verdict.stale)
    }

    /// What is known of it by itself, for containers that are known to be its own: from before a restart, or before it
    /// was resolved. It gives way to any proof where that is `stale`.
    pub(crate) fn known(&self, stale: bool) -> Verdict {
        let incident = &self.incident;
        Verdict {
            at: incident.proven_at.unwrap_or(incident.seen_at),
            judgement: Judgement {
                cause: incident.cause,
                inner: incident.inner,
                also: incident.also.clone(),
                certainty: incident.certainty,
                stage: incident.stage,
                endpoint: incident.endpoint.clone(),
                clears: incident.clears,
                summary: incident.summary.clone(),
            },
            login: None,
            quota: None,
            waits: None,
            known: Some((incident.fingerprint, self.of)),
            stale,
        }
    }

    /// Writes down that it is proven, where it is and was not before.
    pub(crate) fn proven(&mut self, at: Timestamp) -> bool {
        let incident = &mut self.incident;
        let now = incident.certainty == Certainty::Proven && incident.proven_at.is_none();
        if now {
            incident.proven_at = Some(at);
            timeline::add(&mut incident.timeline, at, Event::Proven, None);
        }
        now
    }

    /// The clock was set back by so much.
    pub(crate) fn earlier(&mut self, by: SignedDuration) {
        let back = |at: &mut Timestamp| *at = sooner(*at, by);
        back(&mut self.began);
        self.empty_since.as_mut().map(back);
        self.leaving.values_mut().for_each(back);
        self.refused.values_mut().filter(|until| **until != Timestamp::MAX).for_each(back);
        self.incident.next_probe.as_mut().map(back);
        self.noted.earlier(by);
    }

    /// Takes a container in and shows it. `members` has it already.
    pub(crate) fn join(&mut self, key: &Arc<ContainerKey>, members: &Members) {
        let Some(member) = members.get(key) else { return };
        let first_of_pod = !self.has_pod(key);
        if self.members.is_empty() && !self.held {
            let leaving = &self.leaving;
            self.incident.touched.retain(|name, _| *name == key.namespace || leaving.contains_key(name));
            self.incident.touched.values_mut().for_each(|touched| touched.pods = 0);
        }
        if !self.members.insert(Arc::clone(key)) {
            return;
        }
        let waits = &member.waits;
        let tally = self.by_namespace.entry(key.namespace.clone()).or_default();
        tally.pods += u32::from(first_of_pod);
        self.pods += u32::from(first_of_pod);
        let mut changed = add(&mut tally.images, &waits.image);
        if let Some(owner) = &waits.owner {
            let new = add(&mut tally.owners, owner);
            self.owners += u32::from(new);
            changed |= new;
        }
        if let Some(node) = &waits.node {
            changed |= add(&mut tally.nodes, node);
            add(&mut self.nodes, node);
        }
        add(&mut self.images, &waits.image);
        self.since = [self.since, waits.since].into_iter().flatten().min();
        self.empty_since = None;
        self.show(key, changed, members);
    }

    /// Lets a container go. `members` still has it.
    pub(crate) fn leave(&mut self, key: &Arc<ContainerKey>, members: &Members) {
        if !self.members.remove(key) {
            return;
        }
        let Some(member) = members.get(key) else { return };
        let last_of_pod = !self.has_pod(key);
        let waits = &member.waits;
        remove(&mut self.images, &waits.image);
        if let Some(node) = &waits.node {
            remove(&mut self.nodes, node);
        }
        let mut changed = false;
        if let Some(tally) = self.by_namespace.get_mut(&key.namespace) {
            tally.pods -= u32::from(last_of_pod);
            self.pods -= u32::from(last_of_pod);
            changed |= remove(&mut tally.images, &waits.image);
            if let Some(owner) = &waits.owner {
                let gone = remove(&mut tally.owners, owner);
                self.owners -= u32::from(gone);
                changed |= gone;
            }
            if let Some(node) = &waits.node {
                changed |= remove(&mut tally.nodes, node);
            }
        }
        self.show(key, changed, members);
    }

    fn has_pod(&self, key: &ContainerKey) -> bool {
        self.members
            .range(first_of_pod(&key.namespace, &key.pod)..)
            .next()
            .is_some_and(|next| next.namespace == key.namespace && next.pod == key.pod)
    }

    /// Brings what is shown of the container's namespace up to date. `changed`: another owner, image or node.
    fn show(&mut self, key: &Arc<ContainerKey>, changed: bool, members: &Members) {
        if self.held {
            return;
        }
        let pods_there = self.by_namespace.get(&key.namespace).is_some_and(|tally| tally.pods > 0);
        if pods_there {
            self.show_namespace(key, changed, members);
        } else {
            self.by_namespace.remove(&key.namespace);
            let last = self.members.is_empty();
            if let Some(touched) = self.incident.touched.get_mut(&key.namespace)
                && !last
            {
                touched.pods = 0;
                if !self.leaving.contains_key(&key.namespace) {
                    self.incident.touched.remove(&key.namespace);
                }
            }
        }
        self.show_whole();
    }

    fn show_namespace(&mut self, key: &Arc<ContainerKey>, changed: bool, members: &Members) {
        let Some(tally) = self.by_namespace.get_mut(&key.namespace) else { return };
        let touched = self.incident.touched.entry(key.namespace.clone()).or_default();
        touched.pods = tally.pods;
        if changed || touched.samples.is_empty() {
            touched.owners = tally.owners.keys().take(SAMPLES).cloned().collect();
            touched.images = tally.images.keys().take(SAMPLES).cloned().collect();
            touched.nodes = tally.nodes.keys().take(SAMPLES).cloned().collect();
        }
        let shown = |last: &Arc<ContainerKey>| key <= last || touched.samples.len() < SAMPLES;
        if tally.last_shown.as_ref().is_none_or(shown) {
            let here = self.members.range(first_of_pod(&key.namespace, "")..);
            let here: Vec<_> = here.take_while(|k| k.namespace == key.namespace).take(SAMPLES).collect();
            touched.samples = here.iter().filter_map(|k| members.get(*k)).map(Member::sample).collect();
            tally.last_shown = here.last().map(|k| Arc::clone(k));
        }
    }

    fn show_whole(&mut self) {
        let counts = Counts {
            pods: self.pods,
            owners: self.owners,
            namespaces: count(self.by_namespace.len()),
            nodes: count(self.nodes.len()),
        };
        let incident = &mut self.incident;
        incident.counts = counts;
        incident.most_pods = incident.most_pods.max(counts.pods);
        incident.since = self.since;
        if !self.members.is_empty() {
            incident.image = only(&self.images);
            incident.node = only(&self.nodes);
        }
    }

    /// Shows all of it as it is now: after a restart's first list, in place of what it showed before.
    pub(crate) fn show_all(&mut self, members: &Members) {
        let mut before = std::mem::take(&mut self.incident.touched);
        if self.members.is_empty() {
            self.incident.touched = before;
            self.show_whole();
            return;
        }
        let mut namespaces: Vec<Arc<ContainerKey>> = Vec::new();
        for key in &self.members {
            if namespaces.last().is_none_or(|last| last.namespace != key.namespace) {
                namespaces.push(Arc::clone(key));
            }
        }
        for key in &namespaces {
            if let Some(detail) = before.remove(&key.namespace).and_then(|touched| touched.detail) {
                let touched = Touched { detail: Some(detail), ..Touched::default() };
                self.incident.touched.insert(key.namespace.clone(), touched);
            }
            if let Some(tally) = self.by_namespace.get_mut(&key.namespace) {
                tally.last_shown = None;
            }
            self.show_namespace(key, true, members);
        }
        self.show_whole();
    }

    /// The namespaces whose pods were not followed by others are touched no more.
    pub(crate) fn left(&mut self, now: Timestamp) {
        let due: Vec<String> =
            self.leaving.iter().filter(|&(_, &until)| until <= now).map(|(name, _)| name.clone()).collect();
        for namespace in due {
            self.leaving.remove(&namespace);
            if !self.members.is_empty() && !self.by_namespace.contains_key(&namespace) {
                self.incident.touched.remove(&namespace);
            }
        }
    }

    /// The namespaces where containers wait.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.by_namespace.keys().map(String::as_str)
    }

    /// Whether containers wait in a namespace.
    pub(crate) fn touches(&self, namespace: &str) -> bool {
        self.by_namespace.contains_key(namespace)
    }

    /// The first container of a namespace.
    pub(crate) fn first_in(&self, namespace: &str) -> Option<&Arc<ContainerKey>> {
        let next = self.members.range(first_of_pod(namespace, "")..).next()?;
        (next.namespace == namespace).then_some(next)
    }
}

/// Of what words say, the most certain is held, and of the same certainty always the same.
fn order<'a>(judgement: &'a Judgement, waits: &'a Waits) -> impl Ord + use<'a> {
    let clears = judgement.clears.map(|clears| clears == Clears::Permanent);
    (judgement.certainty, clears, judgement.stage, &judgement.endpoint, &judgement.summary, &waits.container)
}

fn add<K: Ord + Clone>(counts: &mut BTreeMap<K, u32>, key: &K) -> bool {
    match counts.get_mut(key) {
        Some(count) => {
            *count += 1;
            false
        }
        None => {
            counts.insert(key.clone(), 1);
            true
        }
    }
}

fn remove<K: Ord>(counts: &mut BTreeMap<K, u32>, key: &K) -> bool {
    let Some(count) = counts.get_mut(key) else { return false };
    *count -= 1;
    if *count > 0 {
        return false;
    }
    counts.remove(key);
    true
}

fn only(counts: &BTreeMap<String, u32>) -> Option<String> {
    let (name, _) = counts.first_key_value()?;
    (counts.len() == 1).then(|| name.clone())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
