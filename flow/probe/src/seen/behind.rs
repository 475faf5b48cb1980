//! A second fault behind a refusal (rule 14, in series): a candidate's login is let in, and does not find the image either.

use pullmedic_model::probe::{Ask, Class, Ended, Got, Record, What};

use super::{Notes, Seen, outcome, with_login};
use crate::inquiry::{Inquiry, not_asked, same_minute};
use crate::near;
use crate::table::Kind;

/// Looks on with a candidate that got a `404` where the pod was refused.
pub(crate) fn look(inquiry: &Inquiry<'_>, base: &Record, met: &Record, notes: &mut Notes) {
    let Some(secret) = met.ask.login.as_ref().map(|login| login.secret.clone()) else { return };
    let ask = Ask { what: What::Tags, ..met.ask.clone() };
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        return;
    };
    match &record.ended {
        Ended::Got(Got::Tags { names, complete }) if !names.is_empty() => {
            notes.evidence.tags.clone_from(names);
            notes.evidence.tags_complete = *complete;
            let count = names.len();
            let text = format!("secret {secret} is let in, and sees {count} tags of the repository");
            notes.see(Seen::probe(Kind::Unsettled, record, text));
            // A list that has the tag, and a 404 for it, do not hold together.
            if inquiry.by_digest() || !names.contains(&inquiry.wanted) {
                sibling(inquiry, base, met, names, notes);
            }
        }
        Ended::Got(_) | Ended::Refused { class: Class::Status(404), .. } => {
            let text = format!("secret {secret}, asked for the tags: {}, and no repository", outcome(record));
            notes.see(Seen::probe(Kind::Unsettled, record, text));
            if is_let_in(met) {
                notes.finds_nothing = Some(secret);
            }
        }
        Ended::Refused { .. } => {
            let text = format!("secret {secret}, asked for the tags: {}", outcome(record));
            notes.see(Seen::probe(Kind::Unsettled, record, text));
        }
        Ended::NotAsked(_) => notes.unasked.extend(not_asked(record)),
    }
}

/// Whether the login was really sent: then it is what turned the pod's refusal into another answer.
fn is_let_in(met: &Record) -> bool {
    met.ask.login.is_some() && met.steps.iter().any(|step| step.login == met.ask.login)
}

/// Another tag, with the candidate and as the pod asks: the login alone tells the two answers apart, and the image's own
/// `404` is a fault beside (rule 7: the same identity sees a sibling).
fn sibling(inquiry: &Inquiry<'_>, base: &Record, met: &Record, names: &[String], notes: &mut Notes) {
    let ran = &inquiry.case.ran_before;
    let Some(tag) = near::tags(&inquiry.wanted, names, ran).into_iter().next() else { return };
    let with = Ask { what: What::ManifestHead(tag.clone()), ..met.ask.clone() };
    let Some(record) = inquiry.record(&with) else {
        notes.want(with);
        return;
    };
    let Some(Got::Manifest { digest, .. }) = record.got() else {
        let text = format!("asked for {tag}, {}: {}", with_login(&with), outcome(record));
        notes.see(Seen::probe(Kind::Unsettled, record, text));
        return;
    };
    notes.evidence.there.push((tag.clone(), digest.clone()));
    let text = format!("asked for {tag} of the same repository, {}: there", with_login(&with));
    if !notes.has(Kind::MarkOfACache) {
        notes.see(Seen::probe(Kind::BehindItAbsent, record, text));
    }
    // A login that was refused is not sent once more for it.
    if base.ask.login.is_some() || !same_minute(base.at, record.at) {
        return;
    }
    let without = Ask { login: None, ..with };
    let Some(refused) = inquiry.record(&without) else {
        notes.want(without);
        return;
    };
    if is_alike(base, refused) {
        let text = format!("asked for {tag} {}: {}", with_login(&without), outcome(refused));
        notes.see(Seen::probe(Kind::OtherLoginSeesSibling, refused, text));
    } else {
        let text = format!("asked for {tag} {}: {}", with_login(&without), outcome(refused));
        notes.see(Seen::probe(Kind::Unsettled, refused, text));
    }
}

/// Whether two refusals are the same: stage, endpoint and status class.
fn is_alike(a: &Record, b: &Record) -> bool {
    match (a.refused(), b.refused()) {
        (Some((stage, endpoint, class)), Some(other)) => {
            stage == other.0 && endpoint == other.1 && class.same(other.2)
        }
        (Some(_) | None, Some(_) | None) => false,
    }
}
