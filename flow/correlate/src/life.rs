//! The phases of an incident: suspected, open, resolved, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use pullmedic_model::incident::{Event, IncidentId, Phase, Scope};
use pullmedic_model::{Certainty, Endpoint};

use crate::agenda::{Due, later};
use crate::cause::Of;
use crate::correlator::{Correlator, tell};
use crate::key::Verdict;
use crate::live::Live;
use crate::{Change, Weight, scope, summary, timeline};

impl Correlator {
    /// Does what is due by now, each at its time.
    pub(crate) fn advance(&mut self, now: Timestamp, out: &mut Vec<Change>) {
        while let Some((at, due)) = self.agenda.take(now) {
            match due {
                Due::Compare(image) => self.compare(&image, at, out),
                Due::Open(id) => self.review(&id, at, out),
                Due::Leave(id) => {
                    if let Some(live) = self.lives.get_mut(&id) {
                        live.left(at);
                        // Of what nothing waits for this changes nothing: a restart takes it as quiet since it changed.
                        if !live.members.is_empty() {
                            live.incident.changed_at = at;
                        }
                        tell(out, &id, Event::Seen, Weight::Count);
                        self.review(&id, at, out);
                    }
                }
                Due::Resolve(id) => {
                    if self.lives.get(&id).is_some_and(|live| live.members.is_empty()) {
                        self.resolve(&id, at, out);
                    }
                }
                Due::Forget(id) => self.forget(&id),
            }
        }
    }

    /// Brings an incident's scope, summary and phase up to date, and what is due of it.
    pub(crate) fn review(&mut self, id: &IncidentId, at: Timestamp, out: &mut Vec<Change>) {
        let Some(live) = self.lives.get_mut(id) else { return };
        if live.incident.phase == Phase::Resolved {
            return;
        }
        if !live.members.is_empty() && !live.held {
            live.incident.scope = scope::of(live, &self.members, &self.pulls);
            match live.speaker.as_ref() {
                Some((judgement, waits)) => {
                    live.incident.summary =
                        summary::of(judgement, waits, live.incident.scope, live.incident.image.as_deref());
                }
                // What was said before a restart, or before it was over, may name an image that it is no longer of.
                None if live.of == Of::Rest => {}
                None => {
                    let incident = &live.incident;
                    let now = (incident.scope, &incident.image);
                    if live.said_for.as_ref().is_none_or(|(scope, image)| (*scope, image) != now) {
                        let image = incident.image.as_deref().filter(|_| incident.scope == Scope::Image);
                        live.incident.summary = summary::general(&live.known(true).judgement, image);
                        live.said_for = None;
                    }
                }
            }
        }
        let incident = &mut live.incident;
        let cause = incident.inner.unwrap_or(incident.cause);
        if incident.phase == Phase::Suspected && !live.members.is_empty() {
            let since = incident.since.map_or(live.began, |since| since.min(live.began));
            let opens = later(since, self.settings.debounce(cause, incident.clears));
            if opens <= at {
                incident.phase = Phase::Open;
                incident.opened_at = Some(at);
                incident.changed_at = at;
                timeline::add(&mut incident.timeline, at, Event::Opened, None);
                tell(out, id, Event::Opened, Weight::Life);
                self.agenda.set(Due::Open(id.clone()), None);
            } else {
                self.agenda.set(Due::Open(id.clone()), Some(opens));
            }
        } else {
            self.agenda.set(Due::Open(id.clone()), None);
        }
        let leaves = live.leaving.values().min().copied();
        self.agenda.set(Due::Leave(id.clone()), leaves);
        let ends = live.empty_since.filter(|_| !live.held).map(|since| {
            let quiet = later(since, self.settings.quiet(cause, live.incident.clears));
            let ends = live.leaving.values().max().map_or(quiet, |&until| quiet.max(until));
            // Never at this very moment, of which more may be told yet.
            let due = self.agenda.at(&Due::Resolve(id.clone())).filter(|&due| due <= at);
            if ends > at { ends } else { due.unwrap_or_else(|| later(at, self.settings.settle)) }
        });
        self.agenda.set(Due::Resolve(id.clone()), ends);
        let probe = live.incident.next_probe.filter(|_| !live.members.is_empty());
        self.probes.set(id.clone(), probe);
    }

    /// Something was really pulled from a registry: how far its incidents reach may be other than it seemed.
    pub(crate) fn rescope(&mut self, host: &Endpoint, at: Timestamp, out: &mut Vec<Change>) {
        let ids = self.of_host.get(host).into_iter().flat_map(BTreeMap::keys);
        let other = |live: &&Live| scope::of(live, &self.members, &self.pulls) != live.incident.scope;
        let ids = ids.filter(|id| self.lives.get(*id).filter(other).is_some());
        let ids: Vec<IncidentId> = ids.cloned().collect();
        for id in ids {
            if let Some(live) = self.lives.get_mut(&id) {
                live.incident.changed_at = at;
                tell(out, &id, Event::Seen, Weight::Count);
            }
            self.review(&id, at, out);
        }
    }

    /// No container waits for it any more.
    fn resolve(&mut self, id: &IncidentId, at: Timestamp, out: &mut Vec<Change>) {
        self.end(id, at);
        if let Some(live) = self.lives.get_mut(id) {
            timeline::add(&mut live.incident.timeline, at, Event::Resolved, None);
            tell(out, id, Event::Resolved, Weight::Life);
            let namespace = live.begun_by.clone();
            self.spread(&namespace, at, out);
        }
        self.forget_most();
    }

    /// It is over, or part of another: what was proven of it holds for nothing that comes later.
    pub(crate) fn end(&mut self, id: &IncidentId, at: Timestamp) {
        let Some(live) = self.lives.get_mut(id) else { return };
        if live.incident.phase == Phase::Resolved {
            return;
        }
        live.incident.phase = Phase::Resolved;
        live.incident.resolved_at = Some(at);
        live.incident.changed_at = at;
        live.incident.next_probe = None;
        live.held = false;
        live.leaving.clear();
        live.refused.clear();
        if let Some(verdict) = live.verdict.take() {
            let certainty = verdict.judgement.certainty.min(Certainty::Likely);
            let mut stale = Verdict::clone(&verdict);
            stale.judgement.certainty = certainty;
            stale.stale = true;
            stale.known = Some((live.incident.fingerprint, live.of));
            let stale = Arc::new(stale);
            for name in &live.incident.known_as {
                if let Some(answer) = self.answers.get_mut(name).filter(|(_, of)| of == id) {
                    answer.0 = Arc::clone(&stale);
                }
            }
            live.verdict = Some(stale);
        }
        self.ended_one(id);
        self.resolved.insert((at, id.clone()));
        self.probes.set(id.clone(), None);
        for due in [Due::Open(id.clone()), Due::Leave(id.clone()), Due::Resolve(id.clone())] {
            self.agenda.set(due, None);
        }
        let keep = self.settings.forget_after.max(self.settings.reopen_within);
        self.agenda.set(Due::Forget(id.clone()), Some(later(at, keep)));
    }

    /// It comes back under its own name; a container joins next.
    pub(crate) fn reopen(&mut self, id: &IncidentId, at: Timestamp, out: &mut Vec<Change>) {
        let Some(live) = self.lives.get_mut(id) else { return };
        let Some(resolved_at) = live.incident.resolved_at.take() else { return };
        self.resolved.remove(&(resolved_at, id.clone()));
        self.agenda.set(Due::Forget(id.clone()), None);
        live.come_back(at);
        timeline::add(&mut live.incident.timeline, at, Event::Reopened, None);
        tell(out, id, Event::Reopened, Weight::Life);
        self.began_one(id);
    }

    /// One more lasts, which its namespace began; what is not told apart is no share of any.
    pub(crate) fn began_one(&mut self, id: &IncidentId) {
        self.active += 1;
        if let Some(live) = self.lives.get(id).filter(|live| live.of != Of::Rest) {
            *self.begun.entry(live.begun_by.clone()).or_default() += 1;
        }
    }

    fn ended_one(&mut self, id: &IncidentId) {
        self.active -= 1;
        let Some(live) = self.lives.get(id).filter(|live| live.of != Of::Rest) else { return };
        if let Some(begun) = self.begun.get_mut(&live.begun_by) {
            *begun -= 1;
            if *begun == 0 {
                self.begun.remove(&live.begun_by);
            }
        }
    }

    /// Lets go of an incident that was resolved long ago.
    pub(crate) fn forget(&mut self, id: &IncidentId) {
        let Some(live) = self.lives.remove(id) else { return };
        let incident = live.incident;
        if let Some(at) = incident.resolved_at {
            self.resolved.remove(&(at, id.clone()));
        }
        self.agenda.set(Due::Forget(id.clone()), None);
        if self.by_fingerprint.get(&incident.fingerprint) == Some(id) {
            self.by_fingerprint.remove(&incident.fingerprint);
        }
        for name in &incident.known_as {
            if self.answers.get(name).is_some_and(|(_, of)| of == id) {
                self.answers.remove(name);
            }
        }
    }

    pub(crate) fn forget_most(&mut self) {
        while self.resolved.len() > self.settings.most_resolved {
            let Some((_, id)) = self.resolved.first().cloned() else { return };
            self.forget(&id);
        }
    }

    /// There is room for another incident of a namespace: some of what was not told apart there is.
    fn spread(&mut self, namespace: &str, at: Timestamp, out: &mut Vec<Change>) {
        const AT_ONCE: usize = 4;
        let rest = self.by_fingerprint.get(&crate::key::rest(namespace));
        let Some(live) = rest.and_then(|id| self.lives.get(id)).filter(|live| live.of == Of::Rest) else {
            return;
        };
        let some: Vec<_> = live.members.iter().take(AT_ONCE).map(Arc::clone).collect();
        for key in some {
            self.place(&key, at, out);
        }
    }
}
