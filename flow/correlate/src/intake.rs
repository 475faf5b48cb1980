//! What is told of containers, nodes and owners.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::input::{ContainerKey, Gone, Informed, Leaves, Pulled, Waits};
use pullmedic_model::incident::{Event, IncidentId};

use crate::agenda::{Due, later};
use crate::correlator::{Correlator, tell};
use crate::judged::standing;
use crate::key::Verdict;
use crate::member::{BACK_OFF, Member, first_of_pod};
use crate::news::News;
use crate::scope::{self, Failing};
use crate::{Change, Weight, timeline};

/// How long after words that no proof answers a proof is asked for again: words that alternate do so within seconds.
const OTHER_WORDS: SignedDuration = SignedDuration::from_secs(10);
/// How long a comparison of nodes waits for what else is told: one pull may be the first of many.
const COMPARE: SignedDuration = SignedDuration::from_secs(10);
/// Deleted containers kept, for the proof that is under way.
const DEPARTED: usize = 256;

/// Containers that went while a proof may have been under way for them.
#[derive(Debug, Default)]
pub(crate) struct Departed {
    by_key: BTreeMap<Arc<ContainerKey>, Member>,
    by_age: VecDeque<Arc<ContainerKey>>,
}

impl Departed {
    fn keep(&mut self, key: Arc<ContainerKey>, member: Member) {
        if self.by_key.insert(Arc::clone(&key), member).is_none() {
            self.by_age.push_back(key);
        }
        if self.by_age.len() > DEPARTED
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, key: &ContainerKey) -> Option<&Member> {
        self.by_key.get(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_age.len()
    }
}

impl Correlator {
    pub(crate) fn waits(&mut self, at: Timestamp, waits: &Waits, out: &mut Vec<Change>) {
        if let Some((key, _)) = self.members.get_key_value(&waits.container) {
            let key = Arc::clone(key);
            self.waits_again(at, &key, waits, out);
            return;
        }
        if self.members.len() >= self.settings.most_containers {
            self.overlooked += 1;
            return;
        }
        let key = Arc::new(waits.container.clone());
        let mut member = Member::new(waits, at, IncidentId::from_seed(0));
        member.verdict = self.answered(&member);
        self.index(&key, &member);
        self.members.insert(Arc::clone(&key), member);
        self.compare_soon(&key, at);
        self.place(&key, at, out);
    }

    fn waits_again(&mut self, at: Timestamp, key: &Arc<ContainerKey>, waits: &Waits, out: &mut Vec<Change>) {
        let Some(member) = self.members.get(key) else { return };
        if member.waits == *waits {
            return;
        }
        let id = member.incident.clone();
        let shown =
            |waits: &Waits| (waits.owner.clone(), waits.image.clone(), waits.node.clone(), waits.pod.clone());
        let moved = shown(&member.waits) != shown(waits) || member.waits.since != waits.since;
        let other_secrets = member.waits.secrets != waits.secrets;
        let (by_words, image) = (member.by_words, member.image.clone());
        if moved && let Some(live) = self.lives.get_mut(&id) {
            live.leave(key, &self.members);
            self.leave_host(key, &id);
        }
        self.unindex(key);
        let Some(member) = self.members.get_mut(key) else { return };
        let other_words = member.tell(waits, at);
        let same_group = member.by_words == by_words;
        let answered = self.members.get(key).and_then(|member| self.answered(member));
        let Some(member) = self.members.get_mut(key) else { return };
        let mut look_again = false;
        if other_words {
            look_again = answered.is_none();
            if answered.is_some() || !same_group {
                member.verdict = answered;
            }
        } else if member.verdict.is_none() || other_secrets && member.of_secrets() {
            member.verdict = answered;
        }
        let member = member.clone();
        self.index(key, &member);
        self.tidy(&image, at);
        if moved {
            self.join_host(key, &id);
        }
        if let Some(live) = self.lives.get_mut(&id) {
            if moved {
                live.join(key, &self.members);
            }
            if look_again {
                live.refused.remove(&key.namespace);
                if live.judged() {
                    let soon = later(at, OTHER_WORDS);
                    live.incident.next_probe =
                        Some(live.incident.next_probe.map_or(soon, |next| next.min(soon)));
                }
            }
            live.incident.changed_at = at;
        }
        self.compare_soon(key, at);
        self.place(key, at, out);
        if other_secrets && let Some(id) = self.of_container(key).cloned() {
            let news = News { namespace: key.namespace.clone(), owner: waits.owner.clone() };
            self.look_for(&id, &news, at);
        }
    }

    /// The proof that answers a container: of several that decide the one that reaches least far, since it was reached
    /// for what is most like it.
    fn answered(&self, member: &Member) -> Option<Arc<Verdict>> {
        let found = member.answers().filter_map(|name| self.answers.get(&name));
        // What is over for so long that it comes back under a new name begins with its words again.
        let lately = |of: &IncidentId| {
            let resolved = self.lives.get(of).and_then(|live| live.incident.resolved_at);
            resolved.is_none_or(|resolved| self.now <= later(resolved, self.settings.reopen_within))
        };
        let found = found.filter(|(_, of)| lately(of));
        let found = found.map(|(verdict, of)| standing(&self.lives, verdict, of));
        found.max_by_key(|verdict| (!verdict.stale, verdict.decides())).map(Arc::clone)
    }

    fn index(&mut self, key: &Arc<ContainerKey>, member: &Member) {
        for name in member.answers() {
            self.waiting.entry(name).or_default().insert(Arc::clone(key));
        }
        self.by_image.entry(member.image.clone()).or_default().insert(Arc::clone(key));
    }

    fn unindex(&mut self, key: &Arc<ContainerKey>) {
        let Some(member) = self.members.get(key) else { return };
        for name in member.answers() {
            if let Some(keys) = self.waiting.get_mut(&name) {
                keys.remove(key);
                if keys.is_empty() {
                    self.waiting.remove(&name);
                }
            }
        }
        if let Some(keys) = self.by_image.get_mut(&member.image) {
            keys.remove(key);
        }
    }

    /// Nothing is compared of an image that no container waits for; of this moment more may be told yet.
    fn tidy(&mut self, image: &str, at: Timestamp) {
        if self.by_image.get(image).is_some_and(BTreeSet::is_empty) {
            self.compare_at(image.to_owned(), at);
        }
    }

    pub(crate) fn past(&mut self, at: Timestamp, key: &ContainerKey, out: &mut Vec<Change>) {
        let Some((key, member)) = self.members.get_key_value(key) else { return };
        let (key, id) = (Arc::clone(key), member.incident.clone());
        if let Some(live) = self.lives.get_mut(&id) {
            live.got_past = true;
        }
        self.drop_out(&key, at, out);
    }

    pub(crate) fn gone(&mut self, at: Timestamp, gone: &Gone, out: &mut Vec<Change>) {
        let from = first_of_pod(&gone.namespace, &gone.pod);
        let of_pod = self.members.range(from..).map(|(key, _)| key);
        let of_pod = of_pod.take_while(|key| key.namespace == gone.namespace && key.pod == gone.pod);
        let keys: Vec<_> = of_pod.map(Arc::clone).collect();
        for key in keys {
            let Some(member) = self.members.get(&key) else { continue };
            // Both ways another of the same owner may follow: a ReplicaSet's next pod, a Job's next try.
            let followed = member.waits.owner.is_some()
                && match gone.why {
                    Leaves::Deleted | Leaves::Finished => true,
                };
            if followed && let Some(live) = self.lives.get_mut(&member.incident) {
                let until = later(at, self.settings.replaced_within);
                live.leaving.insert(key.namespace.clone(), until);
            }
            if let Some(member) = self.drop_out(&key, at, out) {
                self.departed.keep(key, member);
            }
        }
    }

    fn drop_out(&mut self, key: &Arc<ContainerKey>, at: Timestamp, out: &mut Vec<Change>) -> Option<Member> {
        self.take_out(key, at, out);
        self.unindex(key);
        let member = self.members.remove(key)?;
        self.tidy(&member.image, at);
        Some(member)
    }

    pub(crate) fn pulled(&mut self, at: Timestamp, pulled: &Pulled, out: &mut Vec<Change>) {
        let (image, host) = self.pulls.keep(pulled);
        if let Some(host) = host {
            self.rescope(&host, at, out);
        }
        if self.by_image.contains_key(&image) {
            self.compare_at(image, at);
        }
    }

    fn compare_soon(&mut self, key: &Arc<ContainerKey>, at: Timestamp) {
        let Some(member) = self.members.get(key) else { return };
        if self.pulls.since(&member.image, Timestamp::MIN).next().is_some() {
            self.compare_at(member.image.clone(), at);
        }
    }

    fn compare_at(&mut self, image: String, at: Timestamp) {
        let soon = later(at, COMPARE);
        let due = Due::Compare(image);
        let next = self.agenda.at(&due).map_or(soon, |set| set.min(soon));
        self.agenda.set(due, Some(next));
    }

    /// Compares the nodes of an image, and looks again when the last of them must have tried since the last pull.
    pub(crate) fn compare(&mut self, image: &str, at: Timestamp, out: &mut Vec<Change>) {
        let Some(keys) = self.by_image.get(image) else { return };
        if keys.is_empty() {
            self.by_image.remove(image);
            self.apart.remove(image);
            self.agenda.set(Due::Compare(image.to_owned()), None);
            return;
        }
        let members = keys.iter().filter_map(|key| self.members.get(key));
        let failing = members.filter_map(|member| {
            let node = member.waits.node.as_deref()?;
            let since = member.waits.since.unwrap_or(member.tried_at);
            Some(Failing { node, since, tried_at: member.tried_at })
        });
        let apart = scope::apart(failing, image, &self.pulls, at);
        let newest = self.pulls.since(image, Timestamp::MIN).next().map(|(pulled, _)| pulled);
        let again = newest.map(|pulled| later(pulled, BACK_OFF)).filter(|&again| again >= at);
        let again = again.map(|again| later(again, SignedDuration::from_secs(1)));
        self.agenda.set(Due::Compare(image.to_owned()), again);
        let before = self.apart.get(image).map_or(&[][..], Vec::as_slice);
        if before == apart {
            return;
        }
        let ids = keys.iter().filter_map(|key| self.members.get(key)).map(|member| member.incident.clone());
        let ids = ids.collect();
        if apart.is_empty() {
            self.apart.remove(image);
        } else {
            self.apart.insert(image.to_owned(), apart);
        }
        self.regroup(ids, None, at, out);
    }

    pub(crate) fn informed(&mut self, at: Timestamp, informed: &Informed, out: &mut Vec<Change>) {
        let Some(live) = self.lives.get_mut(&informed.incident) else { return };
        live.incident.changed_at = at;
        timeline::add(&mut live.incident.timeline, at, Event::Told, None);
        tell(out, &informed.incident, Event::Told, Weight::Count);
    }
}
