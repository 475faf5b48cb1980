//! Going on after a restart.

use std::sync::Arc;

use jiff::Timestamp;
use pullmedic_model::incident::{Event, IncidentId, Moment, Phase, Scope};
use pullmedic_model::{Certainty, Incident};

use crate::agenda::{Due, later};
use crate::cause::{Of, row};
use crate::correlator::{Correlator, tell};
use crate::judged::PASSES;
use crate::key;
use crate::live::Live;
use crate::{Change, Settings, Weight};

impl Correlator {
    /// One that goes on from incidents that were kept. Their containers come again, by what is told of them, and are
    /// known by fingerprint; until [`Correlator::settled`] what an incident shows is what it showed before.
    pub fn restore(settings: Settings, incidents: Vec<Incident>) -> Correlator {
        let mut correlator = Correlator::new(settings);
        let mut incidents = incidents;
        // The oldest first: of two that claim one fingerprint the younger has it, unless only the older lasts.
        incidents.sort_by(|a, b| {
            let lasts = |incident: &Incident| incident.phase != Phase::Resolved;
            (lasts(a), a.seen_at, &a.id).cmp(&(lasts(b), b.seen_at, &b.id))
        });
        for incident in incidents {
            correlator.restore_one(incident);
        }
        correlator.forget_most();
        correlator
    }

    fn restore_one(&mut self, incident: Incident) {
        let id = incident.id.clone();
        if self.lives.contains_key(&id) {
            return;
        }
        let resolved = incident.resolved_at.filter(|_| incident.phase == Phase::Resolved);
        let of = of(&incident);
        let begun_by = incident.touched.keys().next().cloned().unwrap_or_default();
        let mut live = Live::new(incident, of, begun_by);
        let incident = &live.incident;
        if judged(incident) && of != Of::Rest && incident.merged_into.is_none() {
            let stale = resolved.is_some() || !judged_since(incident);
            let mut verdict = live.known(stale);
            if stale {
                verdict.judgement.certainty = verdict.judgement.certainty.min(Certainty::Likely);
            }
            let verdict = Arc::new(verdict);
            for name in &incident.known_as {
                self.answers.insert(*name, (Arc::clone(&verdict), id.clone()));
            }
            live.verdict = Some(verdict);
        }
        let incident = &live.incident;
        live.looks = incident.cost.proofs;
        if incident.merged_into.is_none() {
            self.by_fingerprint.insert(incident.fingerprint, id.clone());
        }
        match resolved {
            Some(at) => {
                self.resolved.insert((at, id.clone()));
                let keep = self.settings.forget_after.max(self.settings.reopen_within);
                self.agenda.set(Due::Forget(id.clone()), Some(later(at, keep)));
            }
            None => {
                self.known.extend(incident.known_as.iter().map(|&name| (name, id.clone())));
                live.held = true;
                live.said_for = Some((live.incident.scope, live.incident.image.clone()));
                live.empty_since = Some(incident.changed_at);
            }
        }
        self.lives.insert(id.clone(), live);
        if resolved.is_none() {
            self.began_one(&id);
        }
    }

    /// The first list after a restart is complete: what nobody claimed has no containers any more, and is resolved
    /// when it was quiet for as long as its cause asks.
    pub fn settled(&mut self, at: Timestamp) -> Vec<Change> {
        let mut out = Vec::new();
        self.now = self.now.max(at);
        let at = self.now;
        self.known.clear();
        let images: Vec<String> = self.by_image.keys().cloned().collect();
        for image in images {
            self.compare(&image, at, &mut out);
        }
        let held: Vec<IncidentId> =
            self.lives.iter().filter(|(_, live)| live.held).map(|(id, _)| id.clone()).collect();
        for id in held {
            let Some(live) = self.lives.get_mut(&id) else { continue };
            live.held = false;
            live.show_all(&self.members);
            live.incident.changed_at = at;
            tell(&mut out, &id, Event::Seen, Weight::Count);
            self.review(&id, at, &mut out);
        }
        self.advance(at, &mut out);
        out
    }
}

/// The same of the time since it came back; of one that did not, of all its time.
fn judged_since(incident: &Incident) -> bool {
    let back = incident.timeline.iter().rposition(|moment| moment.what == Event::Reopened);
    back.is_none_or(|back| {
        incident.timeline[back..]
            .iter()
            .any(|moment| moment.what == Event::Judged && moment.note.as_deref() != Some(PASSES))
    })
}

/// Whether a proof made it what it is; one that passed, or that found other words, did not.
fn judged(incident: &Incident) -> bool {
    let by_proof = |moment: &Moment| moment.what == Event::Judged && moment.note.as_deref() != Some(PASSES);
    incident.proven_at.is_some() || incident.timeline.iter().any(by_proof)
}

fn of(incident: &Incident) -> Of {
    let only = incident.touched.keys().next().filter(|_| incident.touched.len() == 1);
    if only.is_some_and(|namespace| key::rest(namespace) == incident.fingerprint) {
        return Of::Rest;
    }
    match incident.scope {
        Scope::Node => Of::Node,
        Scope::Pod | Scope::Image | Scope::Credential | Scope::Endpoint => {
            row(incident.inner.unwrap_or(incident.cause)).of
        }
    }
}
