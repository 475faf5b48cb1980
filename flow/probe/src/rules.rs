//! The rules of the law (`verdict.md`), one function each, by number. Each came from a counterexample, which
//! `tests/rules.rs` holds.
//!
//! | rule | where |
//! |---|---|
//! | 1, 3, 13 | [`crate::replay`], which compares a replay with the words |
//! | 2, 5, 6, 10, 12, 15 | here |
//! | 4, 14 | [`crate::decide`] |
//! | 7, 8, 9 | `seen/absent`, `seen/cache`, [`crate::decide`] |
//! | 11 | [`crate::sentence`]: a wrong name is suggested only where a near one was asked for |
//! | 16 | [`crate::inquiry`], which finds records by what was asked |

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::record::Body;
use pullmedic_model::probe::route::Runtime;
use pullmedic_model::probe::{Case, Class, Host, LoginName, Record};
use pullmedic_model::{Endpoint, Stage};

use crate::dialect::same_host;
use crate::inquiry::{Inquiry, same_minute};

/// The longest that the kubelet waits between two tries (`pull-facts` §1.3).
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_mins(5);

/// Go's and containerd's limit for a TLS handshake (`pull-facts` §2.7).
const HANDSHAKE_MS: u64 = 10_000;

/// What containerd 2.x waits for an answer; the yardstick where the runtime has none.
const ANSWER_MS: u64 = 30_000;

/// Rule 2: loopback names and addresses mean another machine at each vantage.
///
/// A host whose address was given by hand is where the giver says it is.
pub(crate) fn r02_is_elsewhere(case: &Case, host: &Host, addresses: &[std::net::IpAddr]) -> bool {
    if case.on_node || case.pinned.iter().any(|pinned| same_host(pinned, &host.endpoint)) {
        return false;
    }
    names_loopback(&host.endpoint) || addresses.iter().any(std::net::IpAddr::is_loopback)
}

fn names_loopback(endpoint: &Endpoint) -> bool {
    let text = endpoint.as_str();
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => text.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Rule 3: a host that was seen in the same run to refuse a node what it gives us answers nodes otherwise, so that the same
/// status here is another refusal. In words why. Of a 404 see [`r03_may_be_answered_otherwise`].
pub(crate) fn r03_is_answered_otherwise(case: &Case, record: &Record) -> Option<String> {
    let (_, _, Class::Status(status @ (400..=403 | 405..=428))) = record.refused()? else { return None };
    answered_otherwise(case, record, status)
}

/// Rule 3 of a 404, which an image that was pushed a moment ago gives as well: a doubt, and no more.
pub(crate) fn r03_may_be_answered_otherwise(case: &Case, record: &Record) -> Option<String> {
    let (_, _, Class::Status(404)) = record.refused()? else { return None };
    answered_otherwise(case, record, 404)
}

fn answered_otherwise(case: &Case, record: &Record, status: u16) -> Option<String> {
    let host = &record.ask.host.endpoint;
    let mut otherwise = case.beside.otherwise.iter();
    let other = otherwise.find(|other| other.status == status && same_host(&other.endpoint, host))?;
    let node = other.node.as_deref().unwrap_or("a node");
    Some(format!(
        "{node} was refused {} with {status}, and it passes from here: {host} may answer nodes otherwise",
        other.image
    ))
}

/// Rule 3: whether the node's words repeat the body of a 403 as ours had one. containerd asks again by `GET` for the body of
/// a `403` to a `HEAD`, and prints on a line of its own each error that it finds there
/// ([`withGETErrorBody`](https://github.com/containerd/containerd/blob/v2.3.3/core/remotes/docker/pusher.go), since 2.3.3). A
/// body that was empty for the node and names an error to us, or the reverse, is another refusal. In words why.
pub(crate) fn r03_other_body(case: &Case, ours: &Record) -> Option<String> {
    let prints = |runtime: &Runtime| runtime.name == "containerd" && runtime.version >= (2, 3, 3);
    let words = case.words.as_ref().filter(|_| case.runtime.as_ref().is_some_and(prints))?;
    let (_, endpoint, Class::Status(403)) = ours.refused()? else { return None };
    let text = words.text.as_str().to_ascii_lowercase();
    let (_, after) = text.split_once("unexpected status from head request to ")?;
    let (_, said) = after.split_once(": 403 forbidden")?;
    let is_plain = |c: char| c.is_alphanumeric();
    let theirs = match said.chars().next() {
        Some('\n') => true,
        _ if !said.contains(is_plain) => false,
        // Words of somebody else may follow.
        Some(_) | None => return None,
    };
    let answer = ours.answer()?;
    let codes = answer.errors.iter().any(|error| !error.code.is_empty());
    match (theirs, codes) {
        (false, true) => Some(format!(
            "the node was answered 403 without a reason, and {endpoint} gives us one: it may be another refusal"
        )),
        (true, false) if answer.body == Body::Empty => Some(format!(
            "the node was answered 403 with a reason, and {endpoint} gives us none: it may be another refusal"
        )),
        (true, _) | (false, false) => None,
    }
}

/// Rule 5: words are history when the pod, its reference or a named secret was changed after they can have been written.
pub(crate) fn r05_is_history(case: &Case) -> bool {
    let Some(words) = &case.words else { return false };
    let secrets = case.secrets.iter().filter_map(|secret| secret.changed);
    let Some(changed) = case.changed.into_iter().chain(secrets).max() else { return false };
    let earliest = words.at.max(words.not_before).or_else(|| case.now.checked_sub(LONGEST_BACK_OFF).ok());
    earliest.is_some_and(|earliest| changed > earliest)
}

/// Rule 6: whether the endpoint accepted something in the same minute: another login, or nobody's.
pub(crate) fn r06_accepted_something(inquiry: &Inquiry<'_>, refused: &Record) -> Option<Timestamp> {
    let (stage, endpoint, _) = refused.refused()?;
    let sent = refused.ask.login.as_ref();
    inquiry
        .records()
        .into_iter()
        .filter(|record| record.ask.login.as_ref() != sent && same_minute(record.at, refused.at))
        .find(|record| {
            record.steps.iter().any(|step| {
                // A token that was given says nothing of a manifest that is refused, even at one endpoint.
                step.endpoint == *endpoint
                    && (step.stage == Stage::Token) == (stage == Stage::Token)
                    && step.failed.is_none()
                    && step.answer.as_ref().is_some_and(|answer| (200..300).contains(&answer.status))
            })
        })
        .map(|record| record.at)
}

/// Rule 12: a timeout of ours that is shorter than the runtime's only allows. In words why it does not count.
pub(crate) fn r12_too_short(record: &Record) -> Option<String> {
    let (stage, _, class) = record.refused()?;
    let host = &record.ask.host;
    let limit = match class {
        Class::ConnectTimeout => host.dial_timeout_ms,
        Class::TlsTimeout => HANDSHAKE_MS,
        Class::AnswerTimeout | Class::Stalled => host.answer_timeout_ms.unwrap_or(ANSWER_MS),
        _ => return None,
    };
    let waited = record
        .steps
        .iter()
        .filter(|step| step.stage == stage && step.failed.is_some())
        .map(|step| step.took_us / 1000)
        // Several addresses share the time for one dial.
        .fold(0_u64, u64::saturating_add);
    // A clock that ends a wait a little early is no shorter wait.
    (waited.saturating_mul(20) < limit.saturating_mul(19)).then(|| {
        format!("we waited {:.1} s for an answer, and the runtime waits {:.0} s", secs(waited), secs(limit))
    })
}

fn secs(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}

/// Rule 12: a limit met by a request is the pod's only with the pod's login, or on its node.
pub(crate) fn r12_is_the_pods(inquiry: &Inquiry<'_>, record: &Record) -> bool {
    inquiry.case.on_node
        || record.ask.login.as_ref().is_some_and(|login| inquiry.identities.contains(&Some(login.clone())))
}

/// Rule 13: whether the address that the words name was among those dialled, and failed alike.
pub(crate) fn r13_address(record: &Record, named: Option<std::net::IpAddr>) -> Result<(), String> {
    let Some((stage, endpoint, class)) = record.refused() else { return Ok(()) };
    let (Some(named), Stage::Connect | Stage::Tls) = (named, stage) else { return Ok(()) };
    let dialled: Vec<_> = record.steps.iter().filter_map(|step| Some((step.address?, step))).collect();
    if dialled.iter().all(|(address, _)| *address != named) {
        let ours = dialled.first().map_or_else(|| "none".to_owned(), |(address, _)| address.to_string());
        return Err(format!("the node dialled {named}, and {endpoint} is {ours} from here"));
    }
    let alike = dialled
        .iter()
        .any(|(address, step)| *address == named && step.failed.is_some_and(|met| met.same(class)));
    if alike { Ok(()) } else { Err(format!("{named} answers otherwise from here")) }
}

/// Rule 15: the logins that are replayed, in the kubelet's order. A sandbox image is pulled with none of the pod's.
pub(crate) fn r15_identities(case: &Case) -> Vec<Option<LoginName>> {
    let own: Vec<Option<LoginName>> = match case.kind {
        ContainerKind::Sandbox => Vec::new(),
        ContainerKind::Main
        | ContainerKind::Init
        | ContainerKind::Ephemeral
        | ContainerKind::ImageVolume
        | ContainerKind::Template => case.logins.iter().map(|login| Some(login.name.clone())).collect(),
    };
    if own.is_empty() { vec![None] } else { own }
}
