//! Which of what is left leads, and what explains it.

use pullmedic_model::{Cause, Certainty, Confidence};

use super::Decision;
use crate::look::Looked;
use crate::seen::route::is_fault_of_mirror;
use crate::table::relation::{explains, is_mechanism};
use crate::table::{Cell, Family, Kind, Weight, row};
use crate::testimony::Ground;

/// The causes that are left, best first: what deciding observations predict, then the words' own order, then what other
/// observations predict.
pub(super) fn ranked(looked: &Looked<'_>, left: &[Cause]) -> Vec<Cause> {
    let seen = &looked.notes.seen;
    let words = looked.inquiry.case.words.as_ref();
    let count = |cause: Cause, weight: Weight| {
        let predicts = seen.iter().filter(|seen| {
            let row = row(seen.kind);
            row.weight == weight && row.cell(cause) == Cell::Predicts
        });
        predicts.count()
    };
    let place = |cause: Cause| {
        words.map_or(usize::MAX, |words| {
            if words.cause == cause {
                0
            } else {
                words.rivals.iter().position(|&rival| rival == cause).map_or(usize::MAX, |at| at + 1)
            }
        })
    };
    let mut ranked = left.to_vec();
    ranked.sort_by_key(|&cause| {
        let repairs = std::cmp::Reverse(count(cause, Weight::Decides));
        (repairs, place(cause), std::cmp::Reverse(count(cause, Weight::Context)))
    });
    ranked
}

/// Rule 9: a registry that answers absent and private alike leaves both, and the verdict names neither.
pub(super) fn hidden(looked: &Looked<'_>, decision: &mut Decision) {
    let refused = looked
        .testimony
        .as_ref()
        .is_some_and(|testimony| matches!(testimony.family, Family::Unauthorized | Family::Denied));
    let left: Vec<Cause> = decision.open.iter().copied().chain([decision.cause]).collect();
    let absent = left.contains(&Cause::RepositoryNotFound);
    let private = left
        .iter()
        .any(|cause| matches!(cause, Cause::NoCredentials | Cause::BadCredentials | Cause::Forbidden));
    if !(refused && absent && private) {
        return;
    }
    decision.certainty = Certainty::Undecided;
    let words = looked.inquiry.case.words.as_ref();
    let said = words.is_some_and(|words| words.cause == Cause::NotFoundOrDenied);
    let dialect = looked.base.and_then(|base| looked.inquiry.dialect(&base.ask.host));
    if said || dialect.is_some_and(|dialect| dialect.hides) {
        let leader = std::mem::replace(&mut decision.cause, Cause::NotFoundOrDenied);
        decision.open.insert(0, leader);
        decision.proof.clear();
    }
}

/// The explaining cause replaces what it explains once its own mechanism was seen.
pub(super) fn explained(looked: &Looked<'_>, explaining: &[Cause], decision: &mut Decision) {
    let seen = &looked.notes.seen;
    let base = if decision.cause == Cause::NotFoundOrDenied {
        decision.open.first().copied().unwrap_or(decision.cause)
    } else {
        decision.cause
    };
    let mut by: Vec<Cause> = explaining.iter().copied().filter(|&cause| explains(cause, base)).collect();
    by.retain(|&cause| counts(looked, cause));
    // The one whose own repair passed explains best.
    by.sort_by_key(|&cause| {
        let repaired = cause == Cause::PullSecretUnmatched && looked.notes.has(Kind::NearLoginPasses);
        (!repaired, !matches!(cause, Cause::PullSecretMissing))
    });
    if let Some(&first) = by.first() {
        let own = seen.iter().filter(|seen| row(seen.kind).cell(first) == Cell::Predicts);
        let mut proof: Vec<_> = own.cloned().collect();
        proof.extend(decision.proof.drain(..).filter(|seen| row(seen.kind).cell(first) != Cell::Predicts));
        decision.proof = proof;
        decision.cause = first;
        decision.open.retain(|cause| *cause != first && *cause != base);
        let own = decision
            .proof
            .iter()
            .any(|seen| row(seen.kind).weight == Weight::Decides && is_mechanism(first, seen.kind));
        let whole = looked.notes.contradiction.is_none() && looked.notes.doubt.is_none();
        let sound = whole && super::is_provable(looked, first);
        if decision.open.is_empty() && own && sound && decision.certainty != Certainty::Proven {
            decision.certainty = Certainty::Proven;
            decision.unmet = None;
        }
        if decision.certainty == Certainty::Undecided {
            lift(looked, base, decision);
        }
        decision.also.extend(by.into_iter().skip(1));
    }
    beside(looked, decision);
}

/// A defect that was read in the object, with the refusal that it predicts: likely, though rivals are left.
fn lift(looked: &Looked<'_>, base: Cause, decision: &mut Decision) {
    if looked.notes.contradiction.is_some() {
        return;
    }
    let of_secret = matches!(
        decision.cause,
        Cause::PullSecretMissing | Cause::PullSecretMalformed | Cause::PullSecretUnmatched
    );
    if of_secret && base == Cause::NoCredentials {
        decision.certainty = Certainty::Likely;
        decision.unmet = Some("no login was seen to pass, so what it would change is not proven".to_owned());
    }
}

/// A mirror's failure explains a fault at its own endpoint, a defect of the node's files one at the origin.
fn counts(looked: &Looked<'_>, cause: Cause) -> bool {
    if cause != Cause::MirrorMisconfigured {
        return true;
    }
    // What a mirror has is its fault where the origin alone passes.
    if looked.notes.has(Kind::OriginAlonePasses) {
        return true;
    }
    let below = looked.testimony.as_ref().is_some_and(|testimony| testimony.family.is_below_http());
    let at_mirror = looked.base.is_some_and(is_fault_of_mirror);
    at_mirror || (below && looked.notes.has(Kind::FileDefect))
}

/// What the words tell of a mirror that refuses in HTTP, where the verdict is of the origin behind it.
fn of_the_mirror(looked: &Looked<'_>) -> Option<Cause> {
    let is_of_origin = looked.testimony.as_ref().is_some_and(|said| said.ground == Ground::Origin);
    let said = looked.inquiry.words.as_ref().filter(|_| is_of_origin)?;
    let in_http = !matches!(said.family, Family::Absent) && !said.family.is_below_http();
    let words = looked.inquiry.case.words.as_ref().filter(|_| in_http)?;
    let is_said = words.confidence >= Confidence::Strong
        && !matches!(words.cause, Cause::Unknown | Cause::NotFoundOrDenied);
    is_said.then_some(words.cause)
}

/// Rule 14: faults beside the cause.
fn beside(looked: &Looked<'_>, decision: &mut Decision) {
    let mirror = looked.notes.has(Kind::MirrorFails) || looked.notes.has(Kind::FileDefect);
    if mirror && decision.cause != Cause::MirrorMisconfigured {
        decision.also.push(Cause::MirrorMisconfigured);
    }
    if let Some(cause) = of_the_mirror(looked).filter(|cause| !decision.open.contains(cause)) {
        decision.also.push(cause);
    }
    if looked.notes.has(Kind::BehindItAbsent) {
        let by_digest = looked.inquiry.by_digest();
        decision.also.push(if by_digest { Cause::DigestNotFound } else { Cause::TagNotFound });
    }
    let secrets = [
        (Kind::SecretAbsent, Cause::PullSecretMissing),
        (Kind::SecretMalformed, Cause::PullSecretMalformed),
        (Kind::SecretNear, Cause::PullSecretUnmatched),
    ];
    for (kind, cause) in secrets {
        if looked.notes.has(kind) && decision.cause != cause && !decision.also.contains(&cause) {
            decision.also.push(cause);
        }
    }
    decision.open.retain(|cause| !decision.also.contains(cause));
}
