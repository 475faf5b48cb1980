//! What a proof does to incidents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::input::{ContainerKey, Judged, NotJudged};
use pullmedic_model::incident::{Detail, Event, Fingerprint, IncidentId, Phase, SAMPLES};

use crate::agenda::later;
use crate::correlator::{Correlator, tell};
use crate::key::{self, Reach, Verdict};
use crate::live::Live;
use crate::member::Member;
use crate::pace::{self, Asked};
use crate::{Change, Weight, timeline};

/// Namespaces in which one after another no proof could be run, until the rest are left for a while.
const REFUSALS: usize = 4;
/// Of these, how many are kept.
const REFUSED: usize = 64;
/// The least time between two tries of what could not be run.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// The note of a proof that passed: the fault may be over.
pub(crate) const PASSES: &str = "passes now; the kubelet's next try ends it";

impl Correlator {
    pub(crate) fn judged(&mut self, at: Timestamp, judged: &Judged, out: &mut Vec<Change>) {
        let member = self.members.get(&judged.container).or_else(|| self.departed.get(&judged.container));
        let Some(member) = member else { return };
        let id = self.follow(&member.incident);
        if self.lives.get(&id).is_none_or(|live| live.incident.phase == Phase::Resolved) {
            return;
        }
        let still_so = judged.words == member.waits.words || says_the_same(judged, member);
        let verdict = Arc::new(Verdict::of(at, judged, &member.waits));
        let known = member.verdict.as_ref().map(|known| standing(&self.lives, known, &member.incident));
        let less = known.is_some_and(|known| known.replaces(&verdict));
        if judged.over || !still_so || less {
            self.spend(&id, judged);
            self.came_to_nothing(&id, at, judged, still_so, out);
            return;
        }
        let member = Member { verdict: Some(Arc::clone(&verdict)), ..member.clone() };
        let reach = Reach::of(&member.waits, &verdict, self.set_apart(&member));
        let Some(name) = key::answer(&member.waits, &member.image, reach) else { return };
        let (to, _) = self.group(&member);
        let narrower: Vec<Fingerprint> =
            member.answers().skip_while(|other| *other != name).skip(1).collect();
        self.overrule(&narrower, &verdict);
        let own = key::answer(&member.waits, &member.image, Reach::Container).unwrap_or(name);
        let ids = self.answer(name, &verdict, &id);
        if self.members.contains_key(&judged.container) {
            self.hold(own, &verdict, &id);
        }
        let follow = self.lives.get(&id).is_some_and(|live| !live.judged()).then_some((&id, to));
        self.regroup(ids, follow, at, out);
        self.conclude(&id, to, [name, own], &verdict, at, judged, out);
    }

    /// Gives a proof to all that it answers. Gives their incidents.
    fn answer(&mut self, name: Fingerprint, verdict: &Arc<Verdict>, id: &IncidentId) -> BTreeSet<IncidentId> {
        let mut ids = BTreeSet::from([id.clone()]);
        let mut overruled = Vec::new();
        if self
            .answers
            .get(&name)
            .is_none_or(|(known, of)| verdict.replaces(standing(&self.lives, known, of)))
        {
            self.hold(name, verdict, id);
        }
        for key in self.waiting.get(&name).into_iter().flatten() {
            if let Some(member) = self.members.get_mut(key)
                && member.verdict.as_ref().is_none_or(|known| {
                    let known = standing(&self.lives, known, &member.incident);
                    if member.incident == *id { verdict.replaces(known) } else { verdict.speaks_over(known) }
                })
            {
                member.verdict = Some(Arc::clone(verdict));
                ids.insert(member.incident.clone());
                overruled.extend(key::answer(&member.waits, &member.image, Reach::Container));
            }
        }
        // What each was asked itself before is overruled with it.
        for own in overruled.into_iter().filter(|own| *own != name) {
            if let Some((_, of)) = self.answers.remove(&own) {
                self.unknow(&of, own);
            }
        }
        ids
    }

    /// Writes down what a proof came to, once everything is where it belongs.
    #[expect(clippy::too_many_arguments, reason = "what is known at this one place, and nowhere else")]
    fn conclude(
        &mut self,
        asked_of: &IncidentId,
        to: Fingerprint,
        names: [Fingerprint; 2],
        verdict: &Arc<Verdict>,
        at: Timestamp,
        judged: &Judged,
        out: &mut Vec<Change>,
    ) {
        let of_container = self.members.get(&judged.container).map(|member| member.incident.clone());
        let id = of_container
            .or_else(|| self.by_fingerprint.get(&to).cloned())
            .unwrap_or_else(|| self.follow(asked_of));
        // What answers stands in one incident only, so that a restart finds it there again; and the container that was
        // asked is known by a name of its own, since no other's proof speaks over its.
        for name in names {
            let ours = self.answers.get_mut(&name).filter(|(held, _)| Arc::ptr_eq(held, verdict));
            if let Some(before) = ours.map(|answer| std::mem::replace(&mut answer.1, id.clone())) {
                if before != id {
                    self.unknow(&before, name);
                }
                self.know(&id, &[name]);
            }
        }
        self.unsay(&id, verdict);
        self.spend(&id, judged);
        let Some(live) = self.lives.get_mut(&id) else { return };
        live.incident.changed_at = at;
        live.refused.remove(&judged.container.namespace);
        set_detail(live, &judged.container, &judged.detail);
        if judged.resets_at.is_some() || live.incident.resets_at.is_some_and(|reset| reset <= at) {
            live.incident.resets_at = judged.resets_at;
        }
        let held = live.verdict.as_ref().is_some_and(|held| Arc::ptr_eq(held, verdict));
        let note = Some(said(judged));
        let again = live.incident.timeline.iter().rev().find(|moment| moment.what == Event::Judged);
        let news = again.is_none_or(|before| before.note != note);
        timeline::add(&mut live.incident.timeline, at, Event::Judged, note);
        tell(out, &id, Event::Judged, if news { Weight::Life } else { Weight::Count });
        let due = live.incident.next_probe.is_none_or(|next| next <= at);
        if due || held {
            live.incident.next_probe = pace::next(asked(live, judged, false), at);
            live.looks += 1;
        }
        if *asked_of != id {
            self.look_soon(asked_of, at);
        }
        self.catch_up(&id, at);
        self.review(&id, at, out);
        self.review(asked_of, at, out);
    }

    /// What was said of this very container, and of what is more like it than all that the proof answers, is overruled.
    fn overrule(&mut self, narrower: &[Fingerprint], verdict: &Verdict) {
        for name in narrower {
            let other = self.answers.get(name).filter(|(said, _)| said.cause() != verdict.cause());
            if let Some(of) = other.map(|(_, of)| of.clone()) {
                self.answers.remove(name);
                self.unknow(&of, *name);
            }
        }
    }

    fn hold(&mut self, name: Fingerprint, verdict: &Arc<Verdict>, id: &IncidentId) {
        let before = self.answers.insert(name, (Arc::clone(verdict), id.clone()));
        if let Some((_, of)) = before.filter(|(_, of)| of != id) {
            self.unknow(&of, name);
        }
    }

    fn unknow(&mut self, id: &IncidentId, name: Fingerprint) {
        if let Some(live) = self.lives.get_mut(id) {
            live.incident.known_as.retain(|known| *known != name);
        }
    }

    /// What an incident's earlier proofs said of another cause answers nobody any more.
    fn unsay(&mut self, id: &IncidentId, verdict: &Verdict) {
        let Some(live) = self.lives.get_mut(id) else { return };
        live.incident.known_as.retain(|name| {
            let other =
                self.answers.get(name).filter(|(said, of)| of == id && said.cause() != verdict.cause());
            let other = other.is_some();
            if other {
                self.answers.remove(name);
            }
            !other
        });
    }

    /// The fault was over, or the words are others by now, or the proof decided less than one before: nothing is known
    /// of it that was not known before.
    fn came_to_nothing(
        &mut self,
        id: &IncidentId,
        at: Timestamp,
        judged: &Judged,
        still_so: bool,
        out: &mut Vec<Change>,
    ) {
        let Some(live) = self.lives.get_mut(id) else { return };
        live.incident.changed_at = at;
        if !still_so {
            live.incident.next_probe = Some(later(at, TRY_AGAIN));
            if live.refused.len() < REFUSED {
                live.refused.insert(judged.container.namespace.clone(), later(at, TRY_AGAIN));
            }
        } else if judged.over {
            set_detail(live, &judged.container, &judged.detail);
            timeline::add(&mut live.incident.timeline, at, Event::Judged, Some(PASSES.to_owned()));
            live.incident.next_probe = pace::next(asked(live, judged, true), at);
            live.looks += 1;
        } else {
            timeline::add(&mut live.incident.timeline, at, Event::Judged, Some(said(judged)));
            if live.incident.touched.get(&judged.container.namespace).is_some_and(|t| t.detail.is_none()) {
                set_detail(live, &judged.container, &judged.detail);
            }
            let held = &live.incident;
            let cause = held.inner.unwrap_or(held.cause);
            let asked =
                Asked { cause, clears: held.clears, certainty: held.certainty, ..asked(live, judged, false) };
            live.incident.next_probe = pace::next(asked, at);
            live.looks += 1;
        }
        tell(out, id, Event::Judged, Weight::Count);
        self.catch_up(id, at);
        self.review(id, at, out);
    }

    fn look_soon(&mut self, id: &IncidentId, at: Timestamp) {
        if let Some(live) = self.lives.get_mut(id)
            && live.incident.phase != Phase::Resolved
            && !live.judged()
        {
            live.incident.next_probe = Some(at);
        }
    }

    fn spend(&mut self, id: &IncidentId, judged: &Judged) {
        if let Some(live) = self.lives.get_mut(id) {
            let cost = &mut live.incident.cost;
            cost.proofs = cost.proofs.saturating_add(1);
            cost.requests = cost.requests.saturating_add(judged.requests);
        }
    }

    /// The incident that another was merged into, at the end of the chain.
    pub(crate) fn follow(&self, id: &IncidentId) -> IncidentId {
        let mut id = id;
        for _ in 0..self.lives.len() {
            match self.lives.get(id).and_then(|live| live.incident.merged_into.as_ref()) {
                Some(into) => id = into,
                None => break,
            }
        }
        id.clone()
    }

    pub(crate) fn not_judged(&mut self, at: Timestamp, not: &NotJudged, out: &mut Vec<Change>) {
        let member = self.members.get(&not.container).or_else(|| self.departed.get(&not.container));
        let Some(id) = member.map(|member| self.follow(&member.incident)) else { return };
        let Some(live) = self.lives.get_mut(&id) else { return };
        if live.incident.phase == Phase::Resolved {
            return;
        }
        let again = not.again.map_or(Timestamp::MAX, |again| again.max(later(at, TRY_AGAIN)));
        let namespace = &not.container.namespace;
        if live.refused.len() < REFUSED || live.refused.contains_key(namespace) {
            live.refused.insert(namespace.clone(), again);
        }
        if let Some(touched) = live.incident.touched.get_mut(namespace) {
            let detail = touched.detail.get_or_insert_with(|| Detail {
                at,
                summary: live.incident.summary.clone(),
                missing: None,
                proof: Vec::new(),
                rivals: Vec::new(),
                remedies: Vec::new(),
                not_looked_at: Vec::new(),
            });
            if !detail.not_looked_at.contains(&not.because) && detail.not_looked_at.len() < SAMPLES {
                detail.not_looked_at.push(not.because.clone());
            }
        }
        if live.incident.next_probe.is_some_and(|next| next <= at) {
            let open = live.refused.values().filter(|&&until| until > at).count() < REFUSALS
                && live.namespaces().any(|name| live.refused.get(name).is_none_or(|&until| until <= at));
            let next = live.refused.values().min().copied().filter(|&until| until < Timestamp::MAX);
            live.incident.next_probe = if open { Some(at) } else { next };
        }
        live.incident.changed_at = at;
        tell(out, &id, Event::Judged, Weight::Count);
        self.review(&id, at, out);
    }
}

/// What stands of a container, or of all that a proof answers: where its incident is decided for the same cause, that.
/// So a later look that decides nothing does not undo it, and after a restart, when no more is kept than what the
/// incident is, it is the same.
pub(crate) fn standing<'a>(
    lives: &'a BTreeMap<IncidentId, Live>,
    own: &'a Arc<Verdict>,
    of: &IncidentId,
) -> &'a Arc<Verdict> {
    let whole = lives.get(of).and_then(|live| live.verdict.as_ref());
    whole
        .filter(|whole| whole.decides() && whole.speaks_over(own) && whole.cause() == own.cause())
        .unwrap_or(own)
}

/// Whether a proof for other words of the container says what its words now say too.
fn says_the_same(judged: &Judged, member: &Member) -> bool {
    let (proof, words) = (&judged.judgement, &member.waits.by_words);
    proof.cause == words.cause && proof.inner == words.inner && proof.endpoint == words.endpoint
}

fn set_detail(live: &mut Live, container: &ContainerKey, detail: &Detail) {
    if let Some(touched) = live.incident.touched.get_mut(&container.namespace) {
        let mut detail = detail.clone();
        detail.proof.truncate(SAMPLES);
        touched.detail = Some(detail);
    }
}

fn said(judged: &Judged) -> String {
    let judgement = &judged.judgement;
    match judgement.inner {
        Some(inner) => format!("{} ({inner}), {}", judgement.cause, judgement.certainty.code()),
        None => format!("{}, {}", judgement.cause, judgement.certainty.code()),
    }
}

fn asked(live: &Live, judged: &Judged, over: bool) -> Asked {
    Asked {
        cause: key::cause(&judged.judgement),
        clears: judged.judgement.clears,
        certainty: judged.judgement.certainty,
        over,
        resets_at: judged.resets_at,
        looks: live.looks,
        seed: live.incident.fingerprint.seed(),
    }
}
