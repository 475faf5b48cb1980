//! What would decide, and what was not looked at.

use pullmedic_model::probe::case::NodeCredentials;
use pullmedic_model::{Cause, Certainty};

use crate::decide::Decision;
use crate::look::Looked;
use crate::table::Kind;

/// The observation that would decide; `None` when proven, or where nothing was asked and the words' own answer stands.
pub(super) fn missing(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    if decision.certainty == Certainty::Proven {
        return None;
    }
    let mut parts: Vec<String> = Vec::new();
    parts.extend(expiry(looked, decision));
    parts.extend(decision.unmet.iter().cloned());
    for why in &looked.notes.unasked {
        if !parts.contains(why) {
            parts.push(why.clone());
        }
    }
    let splits = looked.base.and_then(|_| splits(looked, decision));
    // Every undecided verdict names something to do.
    let does = splits.or_else(|| {
        let asked = decision.certainty == Certainty::Undecided && !looked.inquiry.records().is_empty();
        (asked && !looked.inquiry.is_pulling()).then(|| on_the_node(looked))
    });
    parts.extend(does);
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The pull itself, where it fails.
fn on_the_node(looked: &Looked<'_>) -> String {
    let case = looked.inquiry.case;
    let node = case.words.as_ref().and_then(|words| words.node.as_deref()).unwrap_or("the node");
    format!("`crictl pull {}` on {node} shows what it meets there now", case.image)
}

/// The time that a refused login carries, which stays a hypothesis until the registry accepts anything (rule 6).
fn expiry(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    // A login that is past its time and taken all the same is no fault.
    let is_out = decision.out.iter().any(|(cause, _)| *cause == Cause::CredentialsExpired);
    let is_open = !is_out && !looked.notes.has(Kind::SomethingAccepted);
    let expired = looked.notes.expired.filter(|_| is_open)?;
    Some(format!(
        "the login carries an expiry of {expired:.0}, which is past; something that the registry accepts in the same minute would prove it"
    ))
}

/// The cheapest observation that would tell the leader from its first rival.
fn splits(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    let case = looked.inquiry.case;
    let named =
        looked.inquiry.reference.as_ref().map_or_else(|| case.image.clone(), |reference| reference.name());
    let has = |cause: Cause| decision.open.contains(&cause);
    let open = &decision.open;
    if looked.notes.has(Kind::ChallengeMissing) {
        let host = looked.base.map_or_else(String::new, |base| format!(" {}", base.ask.host.endpoint));
        return Some(format!(
            "the 401 names no login that is wanted (no WWW-Authenticate), so that no runtime sends one and a secret cannot help: have the registry{host}, and what stands before it, checked"
        ));
    }
    if let Some(secret) = &looked.notes.finds_nothing {
        return Some(format!(
            "secret {secret} is let in and finds no {named}: whether a login is wanting as well shows with a name that is there"
        ));
    }
    if has(Cause::RepositoryNotFound) && open.iter().any(|cause| is_of_login(*cause))
        || is_of_login(decision.cause) && has(Cause::RepositoryNotFound)
    {
        return Some(format!("a login that may see {named} would decide it: --secret SECRET"));
    }
    if has(Cause::CredentialProviderFailed) {
        return Some("the kubelet's log on the node, for its credential provider".to_owned());
    }
    if has(Cause::UpstreamOfCacheFailed) {
        return Some("what the cache's own upstream answers".to_owned());
    }
    if is_of_login(decision.cause) && open.iter().any(|cause| is_of_login(*cause)) {
        return Some(format!("another login for {named}, to tell a wrong login from a wanting right"));
    }
    (has(Cause::RegistryUnavailable) || has(Cause::Proxy))
        .then(|| "something that the registry accepts: another login, or a public image of it".to_owned())
}

fn is_of_login(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NoCredentials
            | Cause::BadCredentials
            | Cause::CredentialsExpired
            | Cause::Forbidden
            | Cause::NotFoundOrDenied
            | Cause::PullSecretMissing
            | Cause::PullSecretMalformed
            | Cause::PullSecretUnmatched
    )
}

/// What was not looked at, with what would buy it.
pub(super) fn not_looked_at(looked: &Looked<'_>, decision: &Decision) -> Vec<String> {
    let case = looked.inquiry.case;
    let mut all = Vec::new();
    if !case.route.of_node && (looked.replay.record.is_some() || looked.base.is_some()) {
        all.push("the node's mirrors and trust (--node-config DIR)".to_owned());
    }
    if is_of_login(decision.cause) && looked.inquiry.node_credentials() != NodeCredentials::None {
        all.push("the node's own credentials".to_owned());
    }
    if is_of_login(decision.cause) {
        all.extend(case.candidates_unread.iter().map(|why| format!("secret {why}")));
    }
    for why in &looked.notes.unasked {
        if !all.contains(why) {
            all.push(why.clone());
        }
    }
    all
}
