//! From observations to a cause and how sure it is: elimination (`verdict.md`).

mod best;
mod words;

use pullmedic_model::finding::FindingState;
use pullmedic_model::{Cause, Certainty};

use crate::look::Looked;
use crate::replay::Reach;
use crate::seen::Seen;
use crate::table::relation::{explains, is_explaining, is_mechanism};
use crate::table::{Cell, Kind, Weight, row};
use crate::testimony::Ground;

/// What elimination left.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) cause: Cause,
    pub(crate) also: Vec<Cause>,
    pub(crate) certainty: Certainty,
    /// The other causes that nothing excludes, best first; `unknown` left out.
    pub(crate) open: Vec<Cause>,
    /// The causes that something excludes, with what does.
    pub(crate) out: Vec<(Cause, Seen)>,
    /// What decided.
    pub(crate) proof: Vec<Seen>,
    pub(crate) state: FindingState,
    /// The condition of `proven` that is unmet, in a sentence; `None` when proven.
    pub(crate) unmet: Option<String>,
}

/// Causes that can be proven without testimony, or behind a mirror's: objects and the origin's own state.
const OF_OBJECTS_AND_ORIGIN: &[Cause] = &[
    Cause::InvalidReference,
    Cause::RepositoryNotFound,
    Cause::TagNotFound,
    Cause::DigestNotFound,
    Cause::PlatformMismatch,
    Cause::BlobMissing,
    Cause::UnsupportedManifest,
    Cause::ContentCorrupt,
    Cause::NoCredentials,
    Cause::BadCredentials,
    Cause::CredentialsExpired,
    Cause::Forbidden,
    Cause::PullSecretMissing,
    Cause::PullSecretMalformed,
    Cause::PullSecretUnmatched,
    Cause::StaleImage,
    Cause::MirrorMisconfigured,
];

/// Decides.
pub(crate) fn decide(looked: &Looked<'_>) -> Decision {
    if let Some(settled) = words::of_itself(looked) {
        return settled;
    }
    if looked.inquiry.is_pulling() {
        return words::announced(looked);
    }
    if looked.inquiry.records().is_empty() {
        return words::alone(looked);
    }
    if let Some(seen) = looked.notes.seen.iter().find(|seen| seen.kind == Kind::TagMoved) {
        return moved(looked, seen);
    }
    if looked.reach == Reach::Passed && looked.notes.want.is_empty() {
        return passes(looked);
    }
    if looked.base.is_none() {
        return words::stand(looked);
    }
    let mut decision = eliminate(looked);
    // A counterfactual that there was no budget for.
    let mut pending =
        looked.notes.want.iter().filter(|ask| ask.again == 0 && looked.inquiry.record(ask).is_none());
    if decision.certainty == Certainty::Proven && pending.next().is_some() {
        decision.certainty = Certainty::Likely;
        decision.unmet = Some("not all that decides was asked".to_owned());
    }
    if looked.inquiry.history && decision.certainty == Certainty::Proven {
        decision.certainty = Certainty::Likely;
        decision.unmet =
            Some("the words are from before the last change of the pod or its secret".to_owned());
        decision.state = FindingState::Unknown;
    }
    decision
}

/// Rule 4: success elsewhere leaves {over, depends on where} and excludes no cause.
fn passes(looked: &Looked<'_>) -> Decision {
    let case = looked.inquiry.case;
    let mut decision = words::alone(looked);
    decision.certainty = Certainty::Undecided;
    // Also on the node itself: a pull that passes in our namespaces is another view than the runtime's, and the container
    // still waits.
    decision.state = FindingState::Unknown;
    let tries = match case.next_attempt {
        Some(at) => format!("; the kubelet tries again at {at:.0}"),
        None => "; the kubelet has not tried again yet, as far as we see".to_owned(),
    };
    decision.unmet = Some(format!("the same request passes from here{tries}"));
    words::may_be_answered_otherwise(looked, &mut decision);
    decision
}

/// The tag points elsewhere: the origin's own state. A cache may give an older one (rule 8).
fn moved(looked: &Looked<'_>, seen: &Seen) -> Decision {
    let cached = looked.notes.has(Kind::MarkOfACache);
    Decision {
        cause: Cause::StaleImage,
        also: Vec::new(),
        certainty: if cached { Certainty::Likely } else { Certainty::Proven },
        open: Vec::new(),
        out: Vec::new(),
        proof: vec![seen.clone()],
        state: FindingState::Active,
        unmet: cached.then(|| "a cache answered, which may hold an older tag".to_owned()),
    }
}

/// Elimination proper.
fn eliminate(looked: &Looked<'_>) -> Decision {
    let seen = &looked.notes.seen;
    let universe = universe(looked);
    let mut left = Vec::new();
    let mut out = Vec::new();
    for cause in universe {
        match seen.iter().find(|seen| row(seen.kind).cell(cause) == Cell::Excludes) {
            Some(seen) => out.push((cause, seen.clone())),
            None => left.push(cause),
        }
    }
    // An explaining cause stands beside what it explains; it replaces it in the end.
    let (explaining, base): (Vec<Cause>, Vec<Cause>) = left
        .iter()
        // Rule 8: the mark of a cache makes its upstream a rival; it shows no failure of it, and so replaces nothing.
        .partition(|&&cause| {
            cause != Cause::UpstreamOfCacheFailed
                && is_explaining(cause)
                && left.iter().any(|&other| explains(cause, other))
        });
    // A mirror's fault that explains nothing of what is left is a fault beside (rule 14), and no rival.
    let named =
        looked.inquiry.case.words.as_ref().is_some_and(|words| words.cause == Cause::MirrorMisconfigured);
    let base: Vec<Cause> =
        base.into_iter().filter(|&cause| cause != Cause::MirrorMisconfigured || named).collect();
    let ranked = best::ranked(looked, &base);
    let Some(&leader) = ranked.first() else {
        return contradictory(looked, out);
    };
    let proof: Vec<Seen> = decisive(seen, leader, &ranked).cloned().collect();
    let mut decision = Decision {
        cause: leader,
        also: Vec::new(),
        certainty: Certainty::Undecided,
        open: ranked[1..].to_vec(),
        out,
        proof,
        state: FindingState::Active,
        unmet: None,
    };
    grade(looked, &mut decision);
    best::hidden(looked, &mut decision);
    best::explained(looked, &explaining, &mut decision);
    decision.also.retain(|also| *also != decision.cause);
    decision
}

/// What was predicted by the leader and by nothing else that is left, and decides.
fn decisive<'s>(seen: &'s [Seen], leader: Cause, left: &'s [Cause]) -> impl Iterator<Item = &'s Seen> {
    seen.iter().filter(move |seen| {
        let row = row(seen.kind);
        row.weight == Weight::Decides
            && row.cell(leader) == Cell::Predicts
            && left.iter().all(|&other| other == leader || row.cell(other) != Cell::Predicts)
    })
}

fn grade(looked: &Looked<'_>, decision: &mut Decision) {
    let alone = decision.open.is_empty();
    let ground = looked.testimony.as_ref().map(|testimony| testimony.ground);
    let provable = is_provable(looked, decision.cause);
    let strong = words::are_strong(looked) && words::name(looked, decision.cause);
    if let Some(why) = &looked.notes.contradiction {
        decision.unmet = Some(why.clone());
        // A host that contradicts itself may be at fault as a whole, or something before it, whatever a control gave.
        for cause in [Cause::RegistryUnavailable, Cause::PolicyBlocked] {
            if decision.cause != cause && !decision.open.contains(&cause) {
                decision.open.push(cause);
                decision.out.retain(|(out, _)| *out != cause);
            }
        }
        return;
    }
    if let Some(why) = &looked.notes.doubt {
        // Beside a host that fails, which is what the doubt is about, nothing may be left.
        // So may, beside a gate behind the token service, that who asks lacks the right.
        let gate = looked.notes.has(Kind::TokenGrantsPull);
        let spared = |cause: &Cause| {
            matches!(cause, Cause::RegistryUnavailable | Cause::Proxy)
                || (gate && matches!(cause, Cause::Forbidden | Cause::NoCredentials))
        };
        if decision.open.iter().all(spared) && !decision.proof.is_empty() {
            decision.certainty = Certainty::Likely;
        }
        decision.unmet = Some(why.clone());
        return;
    }
    if alone && !decision.proof.is_empty() && provable {
        decision.certainty = Certainty::Proven;
    } else if alone {
        decision.certainty = Certainty::Likely;
        decision.unmet = Some(match (provable, ground) {
            (true, _) => "nothing was seen that this cause alone predicts".to_owned(),
            (false, Some(Ground::Origin)) => "the node's words tell of a mirror only".to_owned(),
            (false, _) => "seen from here only, and no words of the node are left to compare with".to_owned(),
        });
    } else if strong && !rivalled(looked, decision) {
        decision.certainty = Certainty::Likely;
    }
}

/// Whether something that was seen speaks for an open rival: then the words' own lead is worth less than what was seen.
fn rivalled(looked: &Looked<'_>, decision: &Decision) -> bool {
    let speaks =
        |cause: Cause| looked.notes.seen.iter().any(|seen| row(seen.kind).cell(cause) == Cell::Predicts);
    decision.open.iter().any(|&rival| speaks(rival))
}

/// Whether the cause can be proven on the ground that there is.
fn is_provable(looked: &Looked<'_>, cause: Cause) -> bool {
    let ground = looked.testimony.as_ref().map(|testimony| testimony.ground);
    ground == Some(Ground::Words) || OF_OBJECTS_AND_ORIGIN.contains(&cause)
}

/// Nothing is left: what was seen does not hold together.
fn contradictory(looked: &Looked<'_>, out: Vec<(Cause, Seen)>) -> Decision {
    let mut decision = words::alone(looked);
    decision.certainty = Certainty::Undecided;
    decision.unmet = Some("what was seen excludes every cause that the words leave".to_owned());
    decision.open.retain(|cause| !out.iter().any(|(excluded, _)| excluded == cause));
    decision.out = out;
    decision
}

/// The causes that the testimony leaves, with those that the words name. An explaining cause counts only once its own
/// mechanism was seen, or where the words name it.
fn universe(looked: &Looked<'_>) -> Vec<Cause> {
    let Some(testimony) = &looked.testimony else { return Vec::new() };
    let said = row(Kind::Said(testimony.family));
    let words = looked.inquiry.case.words.as_ref().filter(|_| testimony.ground == Ground::Words);
    let seen = &looked.notes.seen;
    Cause::ALL
        .iter()
        .copied()
        .filter(|&cause| !matches!(cause, Cause::Unknown | Cause::NotFoundOrDenied | Cause::SandboxImage))
        .filter(|&cause| {
            let named = words.is_some_and(|words| words.cause == cause || words.rivals.contains(&cause));
            let mechanism = seen.iter().any(|seen| is_mechanism(cause, seen.kind));
            let explaining = is_explaining(cause);
            // The words' first choice is theirs to make; a rival that explains needs its mechanism.
            let first = words.is_some_and(|words| words.cause == cause);
            if explaining {
                (mechanism && (named || said.cell(cause) != Cell::Excludes)) || first
            } else {
                named || said.cell(cause) != Cell::Excludes
            }
        })
        .collect()
}
