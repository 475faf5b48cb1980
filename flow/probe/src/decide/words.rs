//! What is held where nothing was asked, or what was asked tells nothing: the words alone (`docs/certainty.md`).

use pullmedic_model::finding::{FindingState, Witness};
use pullmedic_model::probe::record::Body;
use pullmedic_model::probe::{Class, Record};
use pullmedic_model::{Cause, Certainty, Confidence, Stage};

use super::Decision;
use crate::look::Looked;
use crate::replay::Reach;
use crate::seen::{Seen, outcome, with_login};
use crate::table::{Family, Kind};

/// The speaker speaks of itself: its own rate, a name that it cannot parse, a secret that it cannot decode. That is proof.
pub(super) fn of_itself(looked: &Looked<'_>) -> Option<Decision> {
    let inquiry = &looked.inquiry;
    if let Some(words) = inquiry.case.words.as_ref().filter(|words| words.of_itself && !inquiry.history) {
        let mut decision = by_words(looked);
        decision.certainty = Certainty::Proven;
        decision.unmet = None;
        let says = Seen {
            kind: Kind::Unsettled,
            text: "the one that refuses says so of itself, and names this cause".to_owned(),
            by: Witness::Kubelet,
            source: words.source.clone(),
            at: words.at,
        };
        decision.out = decision.open.drain(..).map(|cause| (cause, says.clone())).collect();
        return Some(decision);
    }
    // No words: the grammar is the runtime's own, and what does not parse is pulled by none.
    if inquiry.case.words.is_none()
        && let Err(why) = pullmedic_model::Reference::parse(&inquiry.case.image)
        && !inquiry.case.image.is_empty()
    {
        let text = format!("{:?} does not parse: {why}", inquiry.case.image);
        let seen = Seen::object(Kind::NameDoesNotParse, "image", text);
        return Some(Decision {
            cause: Cause::InvalidReference,
            also: Vec::new(),
            certainty: Certainty::Proven,
            open: Vec::new(),
            out: Vec::new(),
            proof: vec![seen],
            state: FindingState::Active,
            unmet: None,
        });
    }
    None
}

/// The words alone, with what objects beside them say.
pub(super) fn alone(looked: &Looked<'_>) -> Decision {
    let mut decision = by_words(looked);
    files(looked, &mut decision);
    decision
}

/// The kubelet announces a pull before its turn in the queue comes, and what another meets at the registry does not tell
/// which of the two it waits for.
pub(super) fn announced(looked: &Looked<'_>) -> Decision {
    let runtime = looked.inquiry.case.runtime.as_ref().map_or("the runtime", |runtime| &runtime.name);
    Decision {
        cause: Cause::PullStalled,
        also: Vec::new(),
        certainty: Certainty::Undecided,
        open: vec![Cause::PullQueued],
        out: Vec::new(),
        proof: Vec::new(),
        state: FindingState::Active,
        unmet: Some(format!(
            "the log of {runtime} on the node tells them apart: a pull of this image that it began hangs, and one that it did not begin waits for the pull that is under way on the node"
        )),
    }
}

/// The words stand, although something was asked: it stopped short, or met another answer.
pub(super) fn stand(looked: &Looked<'_>) -> Decision {
    let mut decision = alone(looked);
    let why = match &looked.reach {
        Reach::NotFromHere(why) => why.clone(),
        Reach::Unasked(why) if !why.is_empty() => why.clone(),
        Reach::Unasked(_) => "the request was not asked to its end".to_owned(),
        Reach::Stopped => stopped(looked, &mut decision),
        Reach::Further | Reach::Different | Reach::Passed => {
            decision.certainty = Certainty::Undecided;
            decision.state = FindingState::Unknown;
            let met = looked.met.or(looked.replay.record).map_or_else(String::new, |record| {
                format!(": {}, asked {}", outcome(record), with_login(&record.ask))
            });
            not_given(looked, &mut decision);
            may_be_answered_otherwise(looked, &mut decision);
            format!("from here the same request is answered otherwise than on the node{met}")
        }
        Reach::Reproduced => String::new(),
    };
    decision.unmet = Some(why).filter(|why| !why.is_empty());
    decision
}

/// A refusal of the node that is not ours may be a refusal of the node: by its address, by a proxy before it, or by a replica.
pub(super) fn may_be_answered_otherwise(looked: &Looked<'_>, decision: &mut Decision) {
    let of_node = match looked.inquiry.words.as_ref().map(|words| words.family) {
        Some(Family::Denied | Family::Absent) => {
            &[Cause::PolicyBlocked, Cause::Proxy, Cause::RegistryUnavailable][..]
        }
        Some(Family::Unauthorized) => &[Cause::Proxy, Cause::RegistryUnavailable],
        Some(_) | None => &[],
    };
    for &cause in of_node {
        if decision.cause != cause && !decision.open.contains(&cause) {
            decision.open.push(cause);
        }
    }
}

/// What was met at an earlier stage than the node's. Below HTTP, and where somebody asks for a login, it tells about here only; an
/// answer of the host for the manifest itself tells about the host.
fn stopped(looked: &Looked<'_>, decision: &mut Decision) -> String {
    let early = "from here the request stops at an earlier stage, which tells about here only".to_owned();
    if let Some(record) = not_given(looked, decision) {
        let host = &record.ask.host.endpoint;
        return match record.refused() {
            Some((_, _, Class::NotARegistry)) => {
                format!(
                    "from here {host} answers for the manifest itself, and not as a registry: {}",
                    page(record)
                )
            }
            Some(_) | None => format!("from here the manifest itself is not given: {}", outcome(record)),
        };
    }
    let Some((record, (stage, _, class))) =
        looked.met.or(looked.replay.record).and_then(|record| Some((record, record.refused()?)))
    else {
        return early;
    };
    let alike = looked
        .testimony
        .as_ref()
        .is_some_and(|words| stage >= Stage::Manifest && words.classes.iter().any(|said| said.same(class)));
    if alike {
        format!("from here the same comes at an earlier stage already: {}", outcome(record))
    } else {
        early
    }
}

fn page(record: &Record) -> &'static str {
    let html = record.answer().is_some_and(|answer| answer.body == Body::Html);
    if html { "a web page" } else { "no manifest came" }
}

/// A manifest that is not given at all tells of no part that is missing: the host, or what it says it has, is at fault.
fn not_given<'a>(looked: &Looked<'a>, decision: &mut Decision) -> Option<&'a Record> {
    let record = looked.met_at_manifest()?;
    decision.certainty = Certainty::Undecided;
    let words = looked.inquiry.case.words.as_ref();
    let is_page = matches!(record.refused(), Some((_, _, Class::NotARegistry)))
        && words.is_some_and(|words| words.text.as_str().contains("(text/html)"));
    decision.open.retain(|cause| *cause != Cause::RegistryUnavailable);
    if is_page {
        let said = std::mem::replace(&mut decision.cause, Cause::RegistryUnavailable);
        decision.open.insert(0, said);
    } else {
        decision.open.insert(0, Cause::RegistryUnavailable);
    }
    Some(record)
}

/// A defect of the node's files explains a fault of names, connections or TLS, and files need no replay.
fn files(looked: &Looked<'_>, decision: &mut Decision) {
    let Some(defect) = looked.notes.seen.iter().find(|seen| seen.kind == Kind::FileDefect) else { return };
    let below = looked.testimony.as_ref().is_some_and(|testimony| testimony.family.is_below_http());
    let said = decision.cause == Cause::MirrorMisconfigured;
    if below || said {
        let explained = std::mem::replace(&mut decision.cause, Cause::MirrorMisconfigured);
        if explained != Cause::MirrorMisconfigured {
            decision.also.push(explained);
        }
        decision.open.retain(|cause| *cause != Cause::MirrorMisconfigured);
        decision.out.extend(decision.open.drain(..).map(|cause| (cause, defect.clone())));
        decision.certainty = Certainty::Proven;
        decision.unmet = None;
        decision.proof = vec![defect.clone()];
    } else {
        decision.also.push(Cause::MirrorMisconfigured);
    }
}

/// What words alone support.
fn by_words(looked: &Looked<'_>) -> Decision {
    let inquiry = &looked.inquiry;
    let mut decision = Decision {
        cause: Cause::Unknown,
        also: Vec::new(),
        certainty: Certainty::Undecided,
        open: Vec::new(),
        out: Vec::new(),
        proof: Vec::new(),
        state: FindingState::Active,
        unmet: None,
    };
    if inquiry.history {
        decision.state = FindingState::Unknown;
        decision.unmet =
            Some("the words are from before the last change of the pod or its secret".to_owned());
    }
    let Some(words) = &inquiry.case.words else { return decision };
    decision.cause = words.cause;
    decision.open = words.rivals.iter().copied().filter(|&rival| rival != words.cause).collect();
    decision.certainty = match words.confidence {
        _ if inquiry.history => Certainty::Undecided,
        Confidence::Certain | Confidence::Strong => Certainty::Likely,
        Confidence::Weak => Certainty::Undecided,
    };
    if words.reason.as_str() == "Pulling" && words.cause == Cause::Unknown {
        // The event is written before the kubelet's queue, so the two look alike.
        decision.cause = Cause::PullStalled;
        decision.open = vec![Cause::PullQueued];
        decision.certainty = Certainty::Undecided;
    }
    if words.cause == Cause::NeverPullAbsent {
        decision.certainty = pullmedic_model::verdict::never_pull(inquiry.case.kubelet_minor).1;
        decision.open.retain(|&rival| rival != Cause::CachedNotAuthorized);
    }
    // A hypothesis only: no verdict above undecided uses it.
    if matches!(decision.cause, Cause::Unknown | Cause::NotFoundOrDenied) {
        decision.certainty = Certainty::Undecided;
    }
    decision
}

/// Whether the words rank their cause strong or better.
pub(super) fn are_strong(looked: &Looked<'_>) -> bool {
    let words = looked.inquiry.case.words.as_ref();
    !looked.inquiry.history && words.is_some_and(|words| words.confidence >= Confidence::Strong)
}

/// Whether the words name the cause first.
pub(super) fn name(looked: &Looked<'_>, cause: Cause) -> bool {
    looked.inquiry.case.words.as_ref().is_some_and(|words| words.cause == cause)
}
