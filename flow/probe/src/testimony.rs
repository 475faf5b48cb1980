//! What the node's words say, in the terms in which answers are compared: stage, endpoint, status class.

use std::net::IpAddr;

use pullmedic_model::probe::case::Words;
use pullmedic_model::probe::{Case, Class, Record};
use pullmedic_model::{Cause, Confidence, Endpoint, Stage};

use crate::table::Family;

/// Where a testimony comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// The node's words.
    Words,
    /// No words: what the replay met stands in for them, and network faults can't be proven.
    Replay,
    /// The words tell of a mirror, and the origin, asked after it, refuses too (rule 14, faults in parallel).
    Origin,
}

/// A testimony in comparable terms.
#[derive(Debug, Clone)]
pub(crate) struct Testimony {
    pub(crate) ground: Ground,
    pub(crate) family: Family,
    /// The classes that the words can mean; empty: none is named.
    pub(crate) classes: Vec<Class>,
    pub(crate) stage: Option<Stage>,
    pub(crate) endpoint: Option<Endpoint>,
    /// The address that a failed dial names.
    pub(crate) address: Option<IpAddr>,
    /// Digests that the words name.
    pub(crate) digests: Vec<String>,
    /// Whether the words tell of a `GET` of a manifest, which a `HEAD` that passes does not replay.
    pub(crate) fetches: bool,
}

impl Testimony {
    /// Reads words; `None` when they tell nothing that a replay could be compared with.
    pub(crate) fn of_words(case: &Case) -> Option<Testimony> {
        let words = case.words.as_ref()?;
        // The event is written before the kubelet's queue, and nothing follows it: no request from here tells which.
        let is_silent = words.reason.as_str() == "Pulling" && words.cause == Cause::Unknown;
        if words.status.is_none() && words.cause == Cause::Unknown && !is_silent {
            return None;
        }
        let family = match words.status {
            Some(status) => {
                let stage = words.stage.unwrap_or(Stage::Manifest);
                Family::of_class(class_of_status(status), stage)
                    .map(|family| told_apart(family, words))
                    .unwrap_or_else(|| Family::of_cause(words.cause, words.stage))
            }
            None if is_silent => Family::of_cause(Cause::PullStalled, words.stage),
            None => Family::of_cause(words.cause, words.stage),
        };
        let text = words.text.as_str();
        Some(Testimony {
            ground: Ground::Words,
            family,
            classes: classes(words, family),
            stage: words.stage,
            endpoint: words.endpoint.clone(),
            address: dialled(&words.leaf).or_else(|| dialled(text)),
            digests: digests(text),
            fetches: is_of_get(words, &case.image),
        })
    }

    /// What a refusal would have been as testimony.
    pub(crate) fn of_record(record: &Record, ground: Ground) -> Option<Testimony> {
        let (stage, endpoint, class) = record.refused()?;
        Some(Testimony {
            ground,
            family: Family::of_class(class, stage)?,
            classes: vec![class],
            stage: Some(stage),
            endpoint: Some(endpoint.clone()),
            address: None,
            digests: Vec::new(),
            fetches: false,
        })
    }
}

fn class_of_status(status: u16) -> Class {
    if status >= 500 { Class::ServerError(status) } else { Class::Status(status) }
}

/// Where a cause that the words are sure of says more than the status: a body that names a policy behind a 403, a quota
/// behind a 429.
fn told_apart(family: Family, words: &Words) -> Family {
    let by_cause = Family::of_cause(words.cause, words.stage);
    let sure = words.confidence == Confidence::Certain;
    match by_cause {
        Family::BlobAbsent | Family::ManifestKind | Family::Platform if family == Family::Absent => by_cause,
        Family::PlainHttp | Family::Proxy if sure => by_cause,
        _ => family,
    }
}

/// The status classes that words can mean (`verdict.md`, "Status class").
fn classes(words: &Words, family: Family) -> Vec<Class> {
    if let Some(status) = words.status {
        return vec![class_of_status(status)];
    }
    let leaf = words.leaf.to_ascii_lowercase();
    match family {
        Family::Name => name_classes(&leaf),
        Family::Refused => vec![Class::Refused],
        Family::Unreachable => vec![Class::Unreachable],
        Family::ConnectTimeout => vec![Class::ConnectTimeout],
        Family::AnswerTimeout => match words.stage {
            None => vec![Class::AnswerTimeout, Class::ConnectTimeout, Class::Stalled],
            Some(_) => vec![Class::AnswerTimeout, Class::Stalled],
        },
        Family::Reset => vec![Class::Reset, Class::Truncated],
        Family::TlsTimeout => vec![Class::TlsTimeout],
        Family::Authority => vec![Class::UnknownAuthority],
        Family::Hostname => vec![Class::HostnameMismatch],
        Family::Expired => expiry_classes(&leaf),
        Family::Handshake => vec![Class::TlsProtocol, Class::CertificateRefused],
        Family::ClientCertificate => vec![Class::ClientCertificateWanted],
        Family::PlainHttp => vec![Class::PlainHttpOnTlsPort, Class::TlsOnPlainPort],
        Family::Proxy => vec![Class::Proxy],
        Family::Unauthorized => match words.cause {
            // "denied" is said with either status.
            Cause::NotFoundOrDenied => vec![Class::Status(401), Class::Status(403)],
            Cause::CredentialsExpired => vec![Class::Status(401), Class::Status(403), Class::Status(400)],
            _ => vec![Class::Status(401)],
        },
        Family::Denied => vec![Class::Status(403), Class::Status(401)],
        Family::Absent | Family::BlobAbsent => vec![Class::Status(404)],
        Family::Limited => vec![Class::Status(429)],
        Family::ServerError => vec![Class::ServerError(500)],
        Family::NotARegistry => vec![Class::NotARegistry, Class::Redirect, Class::ServerError(500)],
        Family::Blocked => {
            vec![Class::Status(412), Class::Status(403), Class::Status(451), Class::Status(402)]
        }
        Family::Content => vec![Class::WrongContent],
        Family::OddStatus | Family::Platform | Family::ManifestKind | Family::Node(_) => Vec::new(),
    }
}

/// Whether words tell of a `GET` of a manifest. containerd resolves by `HEAD` and then fetches by the digest that it was
/// given; containers/image, which CRI-O pulls with, asks by `GET` at once
/// (<https://github.com/containers/image/blob/v5.36.0/docker/docker_image_src.go>).
fn is_of_get(words: &Words, image: &str) -> bool {
    let text = words.text.as_str().to_ascii_lowercase();
    let names_manifest = text.contains("/manifests/");
    let fetched = text.contains("seeker: failed open") || text.contains("get request to");
    // An image that is named by its digest is resolved by it as well.
    let by_digest =
        text.contains("/manifests/sha256:") && !text.contains("head request to") && !image.contains('@');
    let read = words.stage == Some(Stage::Manifest)
        && (text.contains("reading manifest") || text.contains("fetching manifest"));
    (names_manifest && fetched) || by_digest || read
}

/// Go words a name that does not exist and one without an address alike; its "server misbehaving" is a failed server
/// (<https://github.com/golang/go/blob/go1.22.0/src/net/dnsclient_unix.go>).
fn name_classes(leaf: &str) -> Vec<Class> {
    if leaf.contains("no such host") {
        vec![Class::NoSuchName, Class::NoAddress]
    } else if leaf.contains("misbehaving") || leaf.contains("temporary failure") {
        vec![Class::NameServerFailed]
    } else if leaf.contains("timeout") || leaf.contains("refused") || leaf.contains("unreachable") {
        vec![Class::NameServerSilent]
    } else {
        vec![Class::NoSuchName, Class::NoAddress, Class::NameServerFailed, Class::NameServerSilent]
    }
}

/// Go says both with one sentence; the comparison of times after it tells which.
fn expiry_classes(leaf: &str) -> Vec<Class> {
    if leaf.contains(" is before ") {
        vec![Class::CertificateNotYetValid]
    } else if leaf.contains(" is after ") {
        vec![Class::CertificateExpired]
    } else {
        vec![Class::CertificateExpired, Class::CertificateNotYetValid]
    }
}

/// The address of `dial tcp 10.0.0.7:443: …`; `None` when the words name none.
fn dialled(text: &str) -> Option<IpAddr> {
    let rest = text.rsplit_once("dial tcp ")?.1;
    let word = rest.split_whitespace().next()?.trim_end_matches(':');
    let host = match word.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => word.rsplit_once(':')?.0,
    };
    host.parse().ok()
}

/// Digests in a text, first to last, each once.
fn digests(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("sha256:") {
        let hex: String =
            text[at + 7..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, 'a'..='f')).collect();
        if hex.len() == 64 {
            let digest = format!("sha256:{hex}");
            if !found.contains(&digest) {
                found.push(digest);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialled_address_is_read_in_both_forms() {
        for (text, expected) in [
            ("dial tcp 10.0.0.7:443: connect: connection refused", Some("10.0.0.7")),
            ("dial tcp [fd00::7]:5000: i/o timeout", Some("fd00::7")),
            ("dial tcp: lookup a.test: no such host", None),
            ("dial tcp", None),
            ("dial tcp [", None),
        ] {
            assert_eq!(dialled(text), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_digest_needs_all_its_digits() {
        let whole = format!("sha256:{}", "a1".repeat(32));
        assert_eq!(digests(&format!("x {whole}: y {whole} sha256:abc")), [whole]);
    }
}
