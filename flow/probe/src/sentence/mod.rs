//! A decision in words: the verdict with its sentence, its proof, its rivals and what is missing.

mod evidence;
mod hedged;
mod ladder;
mod missing;
mod rivals;
mod summary;

use pullmedic_model::finding::{Observation, Witness};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::{Class, Role};
use pullmedic_model::{Cause, Certainty, Endpoint, Verdict};

use crate::decide::{Decision, decide};
use crate::look::Looked;
use crate::seen::Seen;
use crate::table::{Cell, Kind, row};

/// The verdict on what was seen.
pub(crate) fn verdict(looked: &Looked<'_>) -> Verdict {
    let decision = decide(looked);
    let case = looked.inquiry.case;
    let words = case.words.as_ref();
    let base = looked.base.and_then(|base| base.refused());
    let said = looked.testimony.as_ref();
    let wraps = case.kind == ContainerKind::Sandbox
        && !matches!(decision.cause, Cause::SandboxImage)
        && (words.is_some() || decision.cause != Cause::Unknown);
    let status = words.and_then(|words| words.status).or(match base {
        Some((_, _, Class::Status(status) | Class::ServerError(status))) => Some(status),
        Some(_) | None => None,
    });
    Verdict {
        cause: if wraps { Cause::SandboxImage } else { decision.cause },
        inner: wraps.then_some(decision.cause),
        also: decision.also.clone(),
        certainty: decision.certainty,
        rivals: rivals::rivals(looked, &decision),
        stage: said
            .and_then(|said| said.stage)
            .or(base.map(|(stage, _, _)| stage))
            .or_else(|| words.and_then(|words| words.stage)),
        endpoint: at_mirror(looked)
            .or_else(|| said.and_then(|said| said.endpoint.clone()))
            .or_else(|| base.map(|(_, endpoint, _)| endpoint.clone()))
            .or_else(|| words.and_then(|words| words.endpoint.clone())),
        clears: decision.cause.clears(),
        status,
        state: decision.state,
        summary: summary::summary(looked, &decision),
        missing: missing::missing(looked, &decision),
        observations: observations(looked, &decision),
        proof: proof(looked, &decision).iter().map(|seen| seen.observation(case)).collect(),
        ladder: ladder::ladder(looked, &decision),
        evidence: evidence::evidence(looked),
        not_looked_at: missing::not_looked_at(looked, &decision),
        requests: looked.inquiry.spent(),
    }
}

/// The mirror that gave what was found wanting.
fn at_mirror(looked: &Looked<'_>) -> Option<Endpoint> {
    let read = looked.base.filter(|base| base.got().is_some())?;
    matches!(read.ask.host.role, Role::Mirror(_)).then(|| read.ask.host.endpoint.clone())
}

/// What was seen by asking, in the order of its time; then the objects that speak for the cause.
fn observations(looked: &Looked<'_>, decision: &Decision) -> Vec<Observation> {
    let case = looked.inquiry.case;
    let mut asked: Vec<&Seen> = looked.notes.seen.iter().filter(|seen| seen.by == Witness::Probe).collect();
    asked.sort_by(|a, b| (a.at, &a.source, &a.text).cmp(&(b.at, &b.source, &b.text)));
    // A time that a login carries is told first, also where it decides nothing yet.
    let expiry = looked.notes.seen.iter().filter(|seen| seen.kind == Kind::LoginPastItsTime);
    let mut all: Vec<Observation> = expiry.chain(asked).map(|seen| seen.observation(case)).collect();
    let objects = proof(looked, decision);
    let beside =
        objects.iter().filter(|seen| seen.by != Witness::Probe && seen.kind != Kind::LoginPastItsTime);
    all.extend(beside.map(|seen| seen.observation(case)));
    all.dedup();
    all
}

/// What decided, and what speaks for the cause beside it.
fn proof(looked: &Looked<'_>, decision: &Decision) -> Vec<Seen> {
    let mut proof = decision.proof.clone();
    if decision.certainty == Certainty::Undecided {
        return Vec::new();
    }
    let beside = looked.notes.seen.iter().filter(|seen| {
        seen.kind != Kind::Unsettled
            && !matches!(seen.kind, Kind::AskedByTag | Kind::AskedByDigest | Kind::NodeCredentialsUnlikely)
            && row(seen.kind).cell(decision.cause) == Cell::Predicts
    });
    for seen in beside {
        if !proof.iter().any(|known| known.text == seen.text) {
            proof.push(seen.clone());
        }
    }
    proof
}
