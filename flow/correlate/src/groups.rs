//! Which incident a container is of: joining, splitting, merging.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use pullmedic_model::incident::input::ContainerKey;
use pullmedic_model::incident::{Event, Fingerprint, IncidentId, Phase};

use crate::agenda::later;
use crate::cause::Of;
use crate::correlator::{Correlator, tell};
use crate::key;
use crate::live::Live;
use crate::member::Member;
use crate::{Change, Weight, timeline};

/// Names by which an incident is known again, at most.
const KNOWN: usize = 48;

impl Correlator {
    /// What a container's incident is.
    pub(crate) fn group(&self, member: &Member) -> (Fingerprint, Of) {
        let apart = self.set_apart(member);
        key::group(&member.waits, &member.image, member.verdict.as_deref(), apart)
    }

    pub(crate) fn set_apart(&self, member: &Member) -> bool {
        let nodes = self.apart.get(&member.image);
        member.waits.node.as_ref().is_some_and(|node| nodes.is_some_and(|nodes| nodes.contains(node)))
    }

    /// Puts a container where it belongs now, out of where it was.
    pub(crate) fn place(&mut self, key: &Arc<ContainerKey>, at: Timestamp, out: &mut Vec<Change>) {
        let Some(member) = self.members.get(key) else { return };
        let was = member.incident.clone();
        let (fingerprint, of) = self.group(member);
        let id = match self.holder(fingerprint, at) {
            Some(id) => id,
            None => self.begin(fingerprint, of, key, at, out),
        };
        if id == was && self.lives.get(&id).is_some_and(|live| live.members.contains(key)) {
            self.absorb(&id, key, at, out);
            self.review(&id, at, out);
            return;
        }
        self.take_out(key, at, out);
        self.put_in(&id, key, at, out);
    }

    /// The incident of a fingerprint: one that lasts, or was resolved so lately that it comes back.
    fn holder(&mut self, fingerprint: Fingerprint, at: Timestamp) -> Option<IncidentId> {
        if let Some(id) = self.by_fingerprint.get(&fingerprint) {
            let incident = self.lives.get(id).map(|live| &live.incident)?;
            let lasts = match incident.resolved_at {
                None => true,
                Some(resolved) => at <= later(resolved, self.settings.reopen_within),
            };
            if lasts {
                return Some(id.clone());
            }
            self.by_fingerprint.remove(&fingerprint);
        }
        self.known.get(&fingerprint).cloned()
    }

    fn begin(
        &mut self,
        fingerprint: Fingerprint,
        of: Of,
        key: &Arc<ContainerKey>,
        at: Timestamp,
        out: &mut Vec<Change>,
    ) -> IncidentId {
        let namespace = &key.namespace;
        let begun = self.begun.get(namespace).copied().unwrap_or_default();
        let full = self.active >= self.settings.most_incidents || begun >= self.settings.most_of_namespace;
        let (fingerprint, of) = if full { (key::rest(namespace), Of::Rest) } else { (fingerprint, of) };
        if full && let Some(id) = self.holder(fingerprint, at) {
            return id;
        }
        let id = self.name(fingerprint, at);
        let live = Live::begin(id.clone(), fingerprint, of, namespace, at);
        self.lives.insert(id.clone(), live);
        self.by_fingerprint.insert(fingerprint, id.clone());
        self.began_one(&id);
        tell(out, &id, Event::Seen, Weight::Life);
        id
    }

    /// A name that no incident held has: the same for the same fingerprint and time.
    fn name(&self, fingerprint: Fingerprint, at: Timestamp) -> IncidentId {
        // The finaliser of splitmix64: a name takes 30 bits, and neighbouring times must differ in them.
        let mix = |seed: u64| {
            let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            seed ^ (seed >> 31)
        };
        let mut seed = fingerprint.seed() ^ u64::from_le_bytes(at.as_millisecond().to_le_bytes());
        loop {
            let id = IncidentId::from_seed(mix(seed));
            if !self.lives.contains_key(&id) {
                return id;
            }
            seed = seed.wrapping_add(1);
        }
    }

    /// Puts a container into an incident that it is not in.
    pub(crate) fn put_in(
        &mut self,
        id: &IncidentId,
        key: &Arc<ContainerKey>,
        at: Timestamp,
        out: &mut Vec<Change>,
    ) {
        if self.lives.get(id).is_some_and(|live| live.incident.phase == Phase::Resolved) {
            self.reopen(id, at, out);
        }
        // Told again after a restart, it is known by words that are no longer the incident's own.
        let group = self.members.get(key).map(|member| self.group(member).0);
        let Some(live) = self.lives.get_mut(id) else { return };
        if live.held
            && group != Some(live.incident.fingerprint)
            && let Some(member) = self.members.get_mut(key)
        {
            member.verdict = Some(Arc::new(live.known(!live.judged())));
        }
        let flapped = live.empty_since.is_some() && live.got_past;
        if let Some(member) = self.members.get_mut(key) {
            member.incident = id.clone();
        }
        // Another follows; not where the one before left at this very moment, of which the order is not known.
        let this_moment = later(at, self.settings.replaced_within);
        if live.leaving.get(&key.namespace).is_some_and(|&until| until != this_moment) {
            live.leaving.remove(&key.namespace);
        }
        live.join(key, &self.members);
        self.join_host(key, id);
        let Some(live) = self.lives.get_mut(id) else { return };
        live.incident.changed_at = at;
        live.got_past = false;
        if flapped {
            live.flapped += 1;
            let times = if live.flapped == 1 { "time" } else { "times" };
            let note = Some(format!("{} {times}", live.flapped));
            timeline::add(&mut live.incident.timeline, at, Event::Flapped, note);
            tell(out, id, Event::Flapped, Weight::Count);
        } else if !live.held {
            tell(out, id, Event::Seen, Weight::Count);
        }
        self.absorb(id, key, at, out);
        let Some(live) = self.lives.get_mut(id) else { return };
        if !live.judged()
            && live.incident.next_probe.is_none()
            && live.of != Of::Rest
            && !live.refused.contains_key(&key.namespace)
        {
            live.incident.next_probe = Some(at);
        }
        self.review(id, at, out);
    }

    /// Takes a container out of its incident; it stays known.
    pub(crate) fn take_out(&mut self, key: &Arc<ContainerKey>, at: Timestamp, out: &mut Vec<Change>) {
        let Some(id) = self.members.get(key).map(|member| member.incident.clone()) else { return };
        let Some(live) = self.lives.get_mut(&id) else { return };
        if !live.members.contains(key) {
            return;
        }
        live.leave(key, &self.members);
        self.leave_host(key, &id);
        let Some(live) = self.lives.get_mut(&id) else { return };
        live.incident.changed_at = at;
        if live.members.is_empty() {
            live.empty_since = Some(at);
        }
        tell(out, &id, Event::Seen, Weight::Count);
        self.review(&id, at, out);
    }

    pub(crate) fn join_host(&mut self, key: &ContainerKey, id: &IncidentId) {
        if let Some(host) = self.members.get(key).and_then(|member| member.waits.host.as_ref()) {
            *self.of_host.entry(host.clone()).or_default().entry(id.clone()).or_default() += 1;
        }
    }

    pub(crate) fn leave_host(&mut self, key: &ContainerKey, id: &IncidentId) {
        let Some(host) = self.members.get(key).and_then(|member| member.waits.host.as_ref()) else { return };
        let Some(ids) = self.of_host.get_mut(host) else { return };
        if let Some(count) = ids.get_mut(id) {
            *count -= 1;
            if *count == 0 {
                ids.remove(id);
            }
        }
        if ids.is_empty() {
            self.of_host.remove(host);
        }
    }

    /// The incident holds of itself what is held of its container, where that says more.
    pub(crate) fn absorb(
        &mut self,
        id: &IncidentId,
        key: &Arc<ContainerKey>,
        at: Timestamp,
        out: &mut Vec<Change>,
    ) {
        let (Some(live), Some(member)) = (self.lives.get_mut(id), self.members.get(key)) else { return };
        if live.absorb(member) {
            live.incident.changed_at = at;
            if live.proven(at) {
                tell(out, id, Event::Proven, Weight::Life);
            }
        }
    }

    /// Containers of these incidents may belong elsewhere now. Where all of one go the same way, the incident goes with
    /// them; `follow`: so does this one with those of that fingerprint, and the others stay behind.
    pub(crate) fn regroup(
        &mut self,
        ids: BTreeSet<IncidentId>,
        follow: Option<(&IncidentId, Fingerprint)>,
        at: Timestamp,
        out: &mut Vec<Change>,
    ) {
        let mut ids: Vec<IncidentId> = ids.into_iter().collect();
        ids.sort_by_key(|id| self.age(id));
        for id in ids {
            let Some(live) = self.lives.get(&id) else { continue };
            if live.of == Of::Rest {
                let all: Vec<_> = live.members.iter().map(Arc::clone).collect();
                all.iter().for_each(|key| self.place(key, at, out));
                continue;
            }
            let mut parts: BTreeMap<Fingerprint, (Of, Vec<Arc<ContainerKey>>)> = BTreeMap::new();
            for key in &live.members {
                if let Some(member) = self.members.get(key) {
                    let (fingerprint, of) = self.group(member);
                    parts.entry(fingerprint).or_insert_with(|| (of, Vec::new())).1.push(Arc::clone(key));
                }
            }
            let own = live.incident.fingerprint;
            let followed = follow.filter(|(of, to)| *of == &id && parts.contains_key(to)).map(|(_, to)| to);
            let most = || parts.iter().max_by_key(|(to, (_, keys))| (keys.len(), std::cmp::Reverse(**to)));
            let stays = followed
                .or_else(|| parts.contains_key(&own).then_some(own))
                .or_else(|| most().map(|(&to, _)| to));
            let Some(stays) = stays else { continue };
            let of = parts.get(&stays).map_or(live.of, |(of, _)| *of);
            if stays != own {
                self.rename(&id, stays, of);
            }
            let staying = parts.remove(&stays).map(|(_, keys)| keys).unwrap_or_default();
            for (_, keys) in parts.into_values() {
                keys.iter().for_each(|key| self.place(key, at, out));
                let other = keys.first().and_then(|key| self.members.get(key)).map(|m| m.incident.clone());
                if let Some(other) = other.filter(|other| *other != id) {
                    self.note(&id, Event::Split, &other, at, out);
                    self.note(&other, Event::Split, &id, at, out);
                }
            }
            staying.iter().for_each(|key| self.absorb(&id, key, at, out));
            let id = if stays == own { id } else { self.join_holder(&id, stays, at, out) };
            self.review(&id, at, out);
        }
    }

    fn note(
        &mut self,
        id: &IncidentId,
        what: Event,
        other: &IncidentId,
        at: Timestamp,
        out: &mut Vec<Change>,
    ) {
        if let Some(live) = self.lives.get_mut(id) {
            timeline::add(&mut live.incident.timeline, at, what, Some(other.to_string()));
            live.incident.changed_at = at;
            tell(out, id, what, Weight::Life);
        }
    }

    fn age(&self, id: &IncidentId) -> (Option<Timestamp>, IncidentId) {
        (self.lives.get(id).map(|live| live.incident.seen_at), id.clone())
    }

    /// Gives an incident another fingerprint, by which it is not yet found.
    fn rename(&mut self, id: &IncidentId, fingerprint: Fingerprint, of: Of) {
        let Some(live) = self.lives.get_mut(id) else { return };
        let before = std::mem::replace(&mut live.incident.fingerprint, fingerprint);
        live.of = of;
        live.forget_words();
        if self.by_fingerprint.get(&before) == Some(id) {
            self.by_fingerprint.remove(&before);
        }
        self.know(id, &[before]);
    }

    /// Has an incident found by its new fingerprint. Where another has that, the two are one under the older's name,
    /// which is given.
    fn join_holder(
        &mut self,
        id: &IncidentId,
        fingerprint: Fingerprint,
        at: Timestamp,
        out: &mut Vec<Change>,
    ) -> IncidentId {
        let other = self.holder(fingerprint, at).filter(|other| other != id);
        let Some(other) = other else {
            self.by_fingerprint.insert(fingerprint, id.clone());
            return id.clone();
        };
        let (older, younger) =
            if self.age(id) <= self.age(&other) { (id.clone(), other) } else { (other, id.clone()) };
        self.by_fingerprint.insert(fingerprint, older.clone());
        self.merge(&older, &younger, at, out);
        older
    }

    /// Adds names by which an incident is known again.
    pub(crate) fn know(&mut self, id: &IncidentId, names: &[Fingerprint]) {
        let Some(live) = self.lives.get_mut(id) else { return };
        let known = &mut live.incident.known_as;
        known.retain(|name| !names.contains(name));
        known.splice(0..0, names.iter().copied());
        for name in known.drain(KNOWN.min(known.len())..) {
            if self.answers.get(&name).is_some_and(|(_, of)| of == id) {
                self.answers.remove(&name);
            }
        }
    }

    /// The younger was found to be the older.
    fn merge(&mut self, older: &IncidentId, younger: &IncidentId, at: Timestamp, out: &mut Vec<Change>) {
        let Some(live) = self.lives.get_mut(younger) else { return };
        let shown = (live.incident.touched.clone(), live.incident.image.clone(), live.incident.node.clone());
        let names: Vec<Fingerprint> = live.incident.known_as.clone();
        let keys: Vec<Arc<ContainerKey>> = live.members.iter().map(Arc::clone).collect();
        let already = live.incident.phase == Phase::Resolved;
        for name in &names {
            if let Some(answer) = self.answers.get_mut(name).filter(|(_, of)| of == younger) {
                answer.1 = older.clone();
            }
        }
        self.know(older, &names);
        for key in &keys {
            self.take_out(key, at, out);
            self.put_in(older, key, at, out);
        }
        for (namespace, touched) in &shown.0 {
            if let Some(detail) = &touched.detail
                && let Some(into) =
                    self.lives.get_mut(older).and_then(|live| live.incident.touched.get_mut(namespace))
                && into.detail.is_none()
            {
                into.detail = Some(detail.clone());
            }
        }
        self.end(younger, at);
        if let Some(live) = self.lives.get_mut(younger) {
            (live.incident.touched, live.incident.image, live.incident.node) = shown;
            live.incident.merged_into = Some(older.clone());
        }
        self.note(younger, Event::Merged, older, at, out);
        self.note(older, Event::Merged, younger, at, out);
        if !already {
            tell(out, younger, Event::Resolved, Weight::Life);
        }
    }
}
