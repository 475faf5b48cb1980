//! The same request with another login, or with none (design decision 5, rules 3, 6 and 10).

use std::collections::BTreeSet;

use pullmedic_model::Stage;
use pullmedic_model::finding::Witness;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::case::Taken;
use pullmedic_model::probe::login::{KeyDiffers, SecretState};
use pullmedic_model::probe::{Ask, Class, Ended, LoginName, Record, Role, What};

use super::{Notes, Seen, behind, body, outcome, with_login};
use crate::dialect::same_host;
use crate::inquiry::{Inquiry, not_asked, same_minute};
use crate::rules;
use crate::table::{Family, Kind};

/// Other logins that are tried for one refusal.
const MOST_TRIED: usize = 5;

/// Looks at a refusal with 401 or 403, and at what changes it.
pub(crate) fn look(inquiry: &Inquiry<'_>, base: &Record, family: Family, notes: &mut Notes) {
    let named = read_body(inquiry, base, family, notes);
    challenge(base, notes);
    past_its_time(inquiry, base, notes);
    if !notes.want.is_empty() {
        return;
    }
    // A quota that the body names is not changed by another login.
    if !matches!(&named, Some(said) if said.kind == Kind::SaysQuota) {
        try_others(inquiry, base, notes);
    }
    if let Some(said) = named.filter(|said| said.kind != Kind::SaysQuota) {
        blocked(base, said, notes);
    }
    control(inquiry, base, notes);
    identity(inquiry, base, notes);
    none_tried(inquiry, notes);
    if let (true, Some(at)) = (base.refused().is_some(), rules::r06_accepted_something(inquiry, base)) {
        let mut seen = Seen::probe(
            Kind::SomethingAccepted,
            base,
            "in the same minute the same endpoint accepted something else",
        );
        seen.at = Some(at);
        notes.see(seen);
    }
}

/// Whether no login was sent at all, by the pod or by us: then none lacks a right (rule 9).
pub(crate) fn none_tried(inquiry: &Inquiry<'_>, notes: &mut Notes) {
    let tried =
        inquiry.records().into_iter().any(|record| record.ask.login.is_some() && record.refused().is_some());
    if notes.has(Kind::NothingSent) && !tried {
        notes.see(Seen::object(
            Kind::NoLoginTried,
            "Pod spec.imagePullSecrets",
            "no login was sent, and so none lacks a right",
        ));
    }
}

/// A body that says that something is blocked. What another login gets is not forbidden to all: then a right may be wanting,
/// or an administrator may be exempt from a policy, and words for the one are words for the other.
fn blocked(base: &Record, said: Seen, notes: &mut Notes) {
    if !notes.want.is_empty() {
        notes.see(Seen { kind: Kind::MentionsPolicy, ..said });
        return;
    }
    let passes = notes.has(Kind::OtherLoginPasses)
        || notes.has(Kind::OtherLoginPassesWhereNoneWasSent)
        || notes.has(Kind::OtherLoginSeesSibling)
        || notes.has(Kind::AnonymousPasses);
    // Where no login was sent, none can be blocked.
    let of_image = said.kind == Kind::SaysBlocked || base.ask.login.is_none();
    let kind = match (of_image, passes) {
        (true, false) => Kind::SaysBlocked,
        (true, true) | (false, false) => Kind::MentionsPolicy,
        (false, true) => {
            notes.doubt.get_or_insert_with(|| {
                "the refusal's body speaks of a block: a policy from which the other login is exempt reads alike"
                    .to_owned()
            });
            Kind::SaysSomebodyBlocked
        }
    };
    notes.see(Seen { kind, ..said });
}

/// The body of a refusal; a `HEAD` has none, so a 403 is asked again for it. What it says of a block or a quota is given back.
fn read_body(inquiry: &Inquiry<'_>, base: &Record, family: Family, notes: &mut Notes) -> Option<Seen> {
    let mut found = body::reason(inquiry, base);
    let mut source = base;
    let (stage, _, _) = base.refused()?;
    if found.is_none() && family == Family::Denied && stage == Stage::Manifest {
        let ask = inquiry.ask(&base.ask.host, What::Manifest(inquiry.wanted.clone()), base.ask.login.clone());
        match inquiry.record(&ask) {
            None => notes.want(ask),
            Some(record) if record.got().is_some() => {
                notes.contradiction =
                    Some("the registry refused one request and answered the next alike one".to_owned());
            }
            Some(record) => {
                found = body::reason(inquiry, record);
                source = record;
            }
        }
    }
    let is_now = !inquiry.history && stage == Stage::Manifest;
    if let Some(why) = rules::r03_other_body(inquiry.case, source).filter(|_| is_now) {
        notes.doubt.get_or_insert(why);
    }
    if found.is_none()
        && family == Family::Denied
        && let Some(words) = inquiry.case.words.as_ref().filter(|_| !inquiry.history)
        && let Some((kind, said)) = body::blocked_in_words(inquiry, words.text.as_str())
    {
        let text = format!("the node was told: {said}");
        let (source, at) = (words.source.clone(), words.at);
        return Some(Seen { kind, text, by: Witness::Kubelet, source, at });
    }
    if found.is_none() && body::mentions_policy(inquiry, source) {
        notes.see(Seen::probe(Kind::MentionsPolicy, source, "the refusal's body mentions a policy"));
    }
    if body::is_denied(inquiry, source) {
        let text = "the refusal's body has the code DENIED or UNAUTHORIZED";
        notes.see(Seen::probe(Kind::SaysDenied, source, text));
    }
    let (kind, words) = found?;
    // Without a login sent, a wanting right is the anonymous one's.
    if matches!(kind, Kind::SaysNoRight | Kind::SaysBadLogin | Kind::SaysExpired)
        && source.ask.login.is_none()
    {
        return None;
    }
    let text = format!("asked {}: {}: {words}", with_login(&source.ask), outcome(source));
    let seen = Seen::probe(kind, source, text);
    if matches!(kind, Kind::SaysBlocked | Kind::SaysSomebodyBlocked) {
        return Some(seen);
    }
    notes.see(seen.clone());
    (kind == Kind::SaysQuota).then_some(seen)
}

fn challenge(base: &Record, notes: &mut Notes) {
    let Some((_, _, Class::Status(401))) = base.refused() else { return };
    let answers = || base.steps.iter().filter_map(|step| step.answer.as_ref());
    if answers().next().is_some() && answers().all(|answer| answer.challenges.is_empty()) {
        let text = "the 401 does not say which login is wanted: something before the registry may have taken that off";
        notes.see(Seen::probe(Kind::ChallengeMissing, base, text));
    }
}

fn past_its_time(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    let expires =
        base.ask.login.as_ref().and_then(|name| inquiry.login(name)).and_then(|login| login.expires);
    if let Some(expires) = expires.filter(|expires| *expires <= base.at) {
        let secret = base.ask.login.as_ref().map_or("", |login| &login.secret);
        let text = format!("the password in secret {secret} is a token that was good until {expires:.0}");
        notes.expired = Some(expires);
        notes.see(Seen::object(Kind::LoginPastItsTime, format!("Secret {secret}"), text));
    }
}

/// Tries the other logins one after the other, until one passes.
pub(crate) fn try_others(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    // Candidates for a fix never go to a mirror, and a sandbox image gets no secret at all.
    if base.ask.host.role != Role::Origin || inquiry.case.kind == ContainerKind::Sandbox {
        return;
    }
    // A login cannot be sent where nothing asks for one.
    if notes.has(Kind::ChallengeMissing) && base.ask.login.is_none() {
        return;
    }
    let sent = inquiry.login_sent();
    let near = near_logins(inquiry);
    let mut tries: Vec<Option<LoginName>> = Vec::new();
    if sent {
        tries.push(None);
    }
    tries.extend(near.iter().cloned().map(Some));
    tries.extend(candidates(inquiry).into_iter().map(Some));
    let mut let_in = None;
    for login in tries.into_iter().take(MOST_TRIED) {
        let ask = Ask { login: login.clone(), ..base.ask.clone() };
        let Some(record) = inquiry.record(&ask) else {
            notes.want(ask);
            return;
        };
        match &record.ended {
            Ended::Got(_) if !same_minute(base.at, record.at) => {
                notes.unasked.push(format!(
                    "{} passed, but more than a minute after the refusal, when the registry may have changed",
                    with_login(&ask)
                ));
                return;
            }
            Ended::Got(_) => {
                passes(inquiry, record, &near, notes);
                return;
            }
            Ended::Refused { .. } => {
                let text = format!("asked again {}: {}", with_login(&ask), outcome(record));
                notes.see(Seen::probe(Kind::Unsettled, record, text));
                let_in = let_in.or(Some(record).filter(|record| is_past(base, record)));
            }
            Ended::NotAsked(_) => notes.unasked.extend(not_asked(record)),
        }
    }
    if let Some(met) = let_in {
        behind::look(inquiry, base, met, notes);
    }
}

/// Whether a login met a `404` where the pod was refused.
fn is_past(base: &Record, met: &Record) -> bool {
    let refused = matches!(base.refused(), Some((_, _, Class::Status(401 | 403))));
    refused
        && met.ask.login.is_some()
        && matches!(met.refused(), Some((Stage::Manifest, _, Class::Status(404))))
}

/// Logins under a key that names the image's host and fails to match by path, alias or spelling. One for another port is never
/// sent, and a pattern names no host.
fn near_logins(inquiry: &Inquiry<'_>) -> Vec<LoginName> {
    let secrets = inquiry.case.secrets.iter();
    let keys = secrets.flat_map(|secret| match &secret.state {
        SecretState::Near(keys) => keys.as_slice(),
        SecretState::Absent
        | SecretState::Unread { .. }
        | SecretState::OtherType(_)
        | SecretState::MatchesUnderOtherType(_)
        | SecretState::Malformed { .. }
        | SecretState::Matches(_)
        | SecretState::OtherHosts => &[],
    });
    keys.filter(|key| matches!(key.differs, KeyDiffers::Path | KeyDiffers::Alias | KeyDiffers::Spelling))
        .map(|key| key.login.clone())
        .collect()
}

/// Candidates that are not what was sent already under another name; those that a workload uses first.
fn candidates(inquiry: &Inquiry<'_>) -> Vec<LoginName> {
    let case = inquiry.case;
    let mut known: BTreeSet<&str> = case.logins.iter().map(|login| login.identity.as_str()).collect();
    let mut order: Vec<_> = case.candidates.iter().collect();
    order.sort_by_key(|login| (login.used_by.is_none(), login.name.clone()));
    order
        .into_iter()
        .filter(|login| login.identity.is_empty() || known.insert(login.identity.as_str()))
        .map(|login| login.name.clone())
        .collect()
}

fn passes(inquiry: &Inquiry<'_>, record: &Record, near: &[LoginName], notes: &mut Notes) {
    let Some(name) = &record.ask.login else {
        notes.evidence.anonymous_passes = true;
        notes.see(Seen::probe(Kind::AnonymousPasses, record, "asked again without a login: passed"));
        return;
    };
    let used_by = inquiry.login(name).and_then(|login| login.used_by.clone());
    if near.contains(name) {
        if let Some(rekey) = notes.evidence.rekey.as_mut().filter(|rekey| rekey.secret == name.secret) {
            rekey.from.clone_from(&name.key);
            rekey.works = true;
        }
        let text =
            format!("asked again with the login that secret {name} holds under {:?}: passed", name.key);
        notes.see(Seen::probe(Kind::NearLoginPasses, record, text));
    }
    let kind =
        if inquiry.login_sent() { Kind::OtherLoginPasses } else { Kind::OtherLoginPassesWhereNoneWasSent };
    let user = used_by.as_deref().map_or_else(String::new, |by| format!(", which {by} uses"));
    notes.see(Seen::probe(kind, record, format!("asked again with secret {name}{user}: passed")));
    notes.evidence.repair = Some(name.clone());
    notes.evidence.repair_used_by = used_by;
}

/// Where a login was refused and nothing accepted yet: whether the registry answers anybody (rule 6).
fn control(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    let needs = notes.has(Kind::LoginPastItsTime) && rules::r06_accepted_something(inquiry, base).is_none();
    if needs {
        let ask = inquiry.ask(&base.ask.host, What::Ping, None);
        if inquiry.record(&ask).is_none() {
            notes.want(ask);
        }
    }
}

/// Whether the pod's own login is known to the registry: a token that it got, or an answer where no repository is
/// asked for. It tells a refused login from a right that is wanting.
fn identity(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    let mut accepted = 0;
    let mut accepted_elsewhere = 0;
    let mut refused = Vec::new();
    let mut all = 0;
    for name in inquiry.identities.iter().flatten() {
        all += 1;
        if let Some(record) = inquiry.records().into_iter().find(|record| accepts(record, name)) {
            accepted += 1;
            if accepted == all {
                let text = format!("the registry takes the login of secret {name} as such");
                notes.see(Seen::probe(Kind::Unsettled, record, text));
            }
            continue;
        }
        if let Some(taken) = taken_beside(inquiry, base, name) {
            if taken.repository == base.ask.repository {
                notes.contradiction = Some(format!(
                    "{} gave {} to the login of secret {name} for another pull, and refuses it here",
                    taken.endpoint, taken.repository
                ));
            }
            accepted_elsewhere += 1;
            continue;
        }
        // Another passes, or anonymous: only then a refusal tells anything (rule 6), and is worth a try.
        let control = notes.has(Kind::OtherLoginPasses)
            || notes.has(Kind::AnonymousPasses)
            || rules::r06_accepted_something(inquiry, base).is_some();
        let judges = inquiry.dialect(&base.ask.host).is_some_and(|dialect| dialect.token_judges_rights);
        if !control || judges || notes.has(Kind::SaysBadLogin) || notes.has(Kind::SaysExpired) {
            continue;
        }
        match elsewhere_of_it(inquiry, base, name, notes) {
            Elsewhere::Wanted | Elsewhere::Open => continue,
            Elsewhere::Accepted => {
                accepted_elsewhere += 1;
                continue;
            }
            Elsewhere::Refused(record) => {
                refused.push(record);
                continue;
            }
            Elsewhere::NoImage => {}
        }
        let ask = inquiry.ask(&base.ask.host, What::Ping, Some(name.clone()));
        match inquiry.record(&ask) {
            None => notes.want(ask),
            Some(record)
                if same_minute(base.at, record.at)
                    && matches!(record.refused(), Some((_, _, Class::Status(400 | 401 | 403)))) =>
            {
                refused.push(record);
            }
            Some(record) => notes.unasked.extend(not_asked(record)),
        }
    }
    if all > 0 && accepted == all {
        let text = "the registry or its token service takes the pod's login as such";
        notes.see(Seen::probe(Kind::PodLoginAccepted, base, text));
    } else if all > 0 && accepted + accepted_elsewhere == all {
        let text = "the registry takes the pod's login for another image, which a workload runs with the same secret";
        notes.see(Seen::probe(Kind::PodLoginPullsOther, base, text));
    } else if all > 0
        && refused.len() == all
        && let Some(record) = refused.first()
    {
        let what = match record.ask.repository.as_str() {
            "" => "no repository".to_owned(),
            repository => format!("{repository}, which a workload runs,"),
        };
        let text = format!("asked for {what} {}: {}", with_login(&record.ask), outcome(record));
        notes.see(Seen::probe(Kind::PodLoginRefusedAtPing, record, text));
    }
}

/// That the host took this login for another case of the same run.
fn taken_beside<'a>(inquiry: &Inquiry<'a>, base: &Record, name: &LoginName) -> Option<&'a Taken> {
    let identity = &inquiry.login(name)?.identity;
    let taken =
        inquiry.case.beside.taken.iter().filter(|taken| {
            taken.identity == *identity && same_host(&taken.endpoint, &base.ask.host.endpoint)
        });
    // The one for this very repository tells most.
    taken.max_by_key(|taken| taken.repository == base.ask.repository)
}

/// What the pod's login is answered for an image that runs with the same secret.
enum Elsewhere<'a> {
    /// No image of the host runs with it, or one that needs no login.
    NoImage,
    Wanted,
    Accepted,
    Refused(&'a Record),
    /// It tells neither.
    Open,
}

/// A registry may refuse at its root a login that is good for repositories, and refuse alike who lacks a right. An image that
/// runs with the same secret tells, and is asked for first: a third refusal might lock the account.
fn elsewhere_of_it<'a>(
    inquiry: &Inquiry<'a>,
    base: &Record,
    name: &LoginName,
    notes: &mut Notes,
) -> Elsewhere<'a> {
    let other = inquiry
        .case
        .runs_there
        .iter()
        .find(|other| other.secrets.contains(&name.secret) && other.repository != inquiry.repository());
    let Some(other) = other.filter(|_| base.ask.host.role == Role::Origin) else { return Elsewhere::NoImage };
    let ask = Ask {
        host: base.ask.host.clone(),
        repository: other.repository.clone(),
        what: What::ManifestHead(other.reference.clone()),
        login: Some(name.clone()),
        again: 0,
    };
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        return Elsewhere::Wanted;
    };
    let text = format!(
        "asked for {}:{}, which {} runs with it, {}: {}",
        other.repository,
        other.reference,
        other.owner,
        with_login(&ask),
        outcome(record)
    );
    notes.see(Seen::probe(Kind::Unsettled, record, text));
    let sent = record.steps.iter().any(|step| step.login.as_ref() == Some(name));
    match &record.ended {
        Ended::Got(_) if sent => Elsewhere::Accepted,
        // Anybody gets it.
        Ended::Got(_) => Elsewhere::NoImage,
        Ended::Refused { class: Class::Status(400 | 401), .. } if same_minute(base.at, record.at) => {
            Elsewhere::Refused(record)
        }
        // Let in, and what it ran with is gone or forbidden by now.
        Ended::Refused { .. } => Elsewhere::Open,
        Ended::NotAsked(_) => {
            notes.unasked.extend(not_asked(record));
            Elsewhere::Open
        }
    }
}

/// Whether a login that was sent in this request was accepted on the way.
pub(crate) fn accepts(record: &Record, name: &LoginName) -> bool {
    record.ask.login.as_ref() == Some(name)
        && record.steps.iter().any(|step| {
            step.login.as_ref() == Some(name)
                && step.failed.is_none()
                && matches!(step.stage, Stage::Token | Stage::Ping)
                && step.answer.as_ref().is_some_and(|answer| (200..300).contains(&answer.status))
        })
}
