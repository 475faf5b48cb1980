//! Sightings and verdicts in the words of the correlation. Pure.

use jiff::Timestamp;
use pullmedic_model::finding::{Finding, FindingState, Vantage};
use pullmedic_model::incident::input::{ContainerKey, Judged, Judgement, Waits};
use pullmedic_model::incident::{Detail, Fingerprint, SAMPLES};
use pullmedic_model::object::{ContainerKind, Objects};
use pullmedic_model::probe::Case;
use pullmedic_model::{Cause, Certainty, Endpoint, Reference, Verdict};
use pullmedic_sight::{Seen, findings};

use crate::prove::{image_of, named_secrets};

/// The container of a sighting. A pod without a uid, as none in a cluster is, goes by its name.
pub(crate) fn key(seen: &Seen, uid: &str) -> ContainerKey {
    let place = &seen.sighting.place;
    let pod = match (&place.pod, &seen.sighting.made_by) {
        (Some(name), _) if uid.is_empty() => name.clone(),
        (Some(_), _) => uid.to_owned(),
        (None, Some(refused)) => refused.to_string(),
        (None, None) => String::new(),
    };
    ContainerKey {
        namespace: place.namespace.clone(),
        pod,
        container: place.container.clone(),
        kind: place.kind,
    }
}

/// What is told of a container that waits. `objects` are those that it was sighted in.
pub(crate) fn waits(seen: &Seen, uid: &str, objects: &Objects, now: Timestamp) -> Waits {
    let sighting = &seen.sighting;
    let image = pullmedic_model::Captured::new(&image_of(seen)).as_str().to_owned();
    let found = findings(std::slice::from_ref(seen), objects, Vantage::Controller, Some(now));
    let judgement = found.first().map(|found| judgement(&found.finding, &image));
    Waits {
        container: key(seen, uid),
        pod: sighting.place.pod.clone(),
        owner: sighting.place.owner.clone(),
        node: sighting.place.node.clone(),
        host: host(&image),
        secrets: named_secrets(sighting),
        since: sighting.since,
        next_attempt: sighting.next_attempt,
        words: words(seen, judgement.as_ref()),
        by_words: judgement.unwrap_or_else(|| nothing(&image)),
        image,
    }
}

/// The registry of an image.
pub(crate) fn host(image: &str) -> Option<Endpoint> {
    Reference::parse(image).ok().and_then(|reference| Endpoint::parse(&reference.host).ok())
}

/// Whether it tells the correlation anything: since when alone is no news. That it was tried again is, even in vain: what
/// other nodes pulled before that try tells whether the node stands alone.
pub(crate) fn is_news(before: &Waits, now: &Waits) -> bool {
    let tried_again = now.next_attempt > before.next_attempt;
    tried_again || Waits { since: now.since, next_attempt: now.next_attempt, ..before.clone() } != *now
}

/// What makes words the same but for their occasion. Ports, times and lengths differ from attempt to attempt; the image
/// is told beside it.
///
/// Words that are proof by themselves are others than the same said at second hand: an event and a status may tell one thing.
fn words(seen: &Seen, judgement: Option<&Judgement>) -> String {
    let Some(hypothesis) = &seen.hypothesis else {
        return Fingerprint::of(&["no words", seen.sighting.reason.as_str()]).to_string();
    };
    let image = image_of(seen);
    let leaf = if image.is_empty() { hypothesis.leaf.clone() } else { hypothesis.leaf.replace(&image, "") };
    let leaf: String = leaf.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    let status = hypothesis.status.map_or_else(String::new, |status| status.to_string());
    Fingerprint::of(&[
        if judgement.is_some_and(|judgement| judgement.certainty == Certainty::Proven) {
            "proof"
        } else {
            ""
        },
        hypothesis.cause.code(),
        hypothesis.inner.map_or("", Cause::code),
        hypothesis.stage.map_or("", |stage| stage.code()),
        hypothesis.endpoint.as_ref().map_or("", Endpoint::as_str),
        &status,
        &leaf,
    ])
    .to_string()
}

/// A finding as the correlation holds it.
fn judgement(finding: &Finding, image: &str) -> Judgement {
    Judgement {
        cause: finding.cause,
        inner: finding.inner,
        also: finding.also.clone(),
        certainty: finding.certainty,
        stage: finding.stage,
        endpoint: finding.endpoint.clone(),
        clears: finding.clears,
        summary: summary(finding.cause, finding.inner, finding.endpoint.as_ref(), image),
    }
}

fn nothing(image: &str) -> Judgement {
    Judgement {
        cause: Cause::Unknown,
        inner: None,
        also: Vec::new(),
        certainty: pullmedic_model::Certainty::Undecided,
        stage: None,
        endpoint: None,
        clears: None,
        summary: summary(Cause::Unknown, None, None, image),
    }
}

/// One sentence for everybody who may see the incident: it names no workload and no secret, and the image only where the
/// fault is the image's.
fn summary(cause: Cause, inner: Option<Cause>, endpoint: Option<&Endpoint>, image: &str) -> String {
    let at = || match (endpoint, host(image)) {
        (Some(endpoint), _) => endpoint.to_string(),
        (None, Some(host)) => host.to_string(),
        (None, None) => "the registry".to_owned(),
    };
    match (cause, about(cause)) {
        (Cause::SandboxImage, _) => {
            let why = inner.map_or(String::new(), |inner| format!(": {}", inner.title()));
            let pause = if image.is_empty() { String::new() } else { format!(" {image}") };
            format!("The pause image{pause} cannot be pulled, so no pod can start{why}.")
        }
        (Cause::Unknown, _) => format!("An image of {} cannot be pulled, and nothing says why.", at()),
        (_, About::Image) if !image.is_empty() => format!("{image}: {}.", cause.title()),
        (_, About::Image | About::Endpoint) => format!("{}: {}.", at(), cause.title()),
        (_, About::Node) => format!("An image of {} cannot be pulled: {}.", at(), cause.title()),
    }
}

/// Whose fault a cause is.
enum About {
    Image,
    Endpoint,
    Node,
}

fn about(cause: Cause) -> About {
    match cause {
        Cause::InvalidReference
        | Cause::RepositoryNotFound
        | Cause::TagNotFound
        | Cause::DigestNotFound
        | Cause::NotFoundOrDenied
        | Cause::PlatformMismatch
        | Cause::BlobMissing
        | Cause::UnsupportedManifest
        | Cause::ContentCorrupt
        | Cause::StaleImage
        | Cause::SandboxImage
        | Cause::NeverPullAbsent => About::Image,
        Cause::NoCredentials
        | Cause::BadCredentials
        | Cause::CredentialsExpired
        | Cause::Forbidden
        | Cause::PullSecretMissing
        | Cause::PullSecretMalformed
        | Cause::PullSecretUnmatched
        | Cause::Dns
        | Cause::ConnectionRefused
        | Cause::ConnectTimeout
        | Cause::Unreachable
        | Cause::TlsHandshakeTimeout
        | Cause::ConnectionReset
        | Cause::Proxy
        | Cause::HttpOnHttps
        | Cause::RegistryUnavailable
        | Cause::RateLimited
        | Cause::QuotaExceeded
        | Cause::TlsUnknownAuthority
        | Cause::TlsHostnameMismatch
        | Cause::TlsExpired
        | Cause::TlsProtocol
        | Cause::ClientCertificateRequired
        | Cause::PolicyBlocked
        | Cause::MirrorMisconfigured
        | Cause::UpstreamOfCacheFailed
        | Cause::Unknown => About::Endpoint,
        Cause::CredentialProviderFailed
        | Cause::CachedNotAuthorized
        | Cause::LocalQpsLimited
        | Cause::PullQueued
        | Cause::ClockSkew
        | Cause::DiskFull
        | Cause::InodesExhausted
        | Cause::SignatureRejected
        | Cause::UnpackFailed
        | Cause::NodeStoreDamaged
        | Cause::RuntimeUnavailable
        | Cause::PullStalled
        | Cause::PullCancelled => About::Node,
    }
}

/// What a proof made of a container: the finding for the correlation, and in words for its namespace.
pub(crate) fn judged(
    container: ContainerKey,
    words: String,
    finding: Finding,
    verdict: &Verdict,
    case: &Case,
    now: Timestamp,
) -> Judged {
    let evidence = &verdict.evidence;
    Judged {
        container,
        words,
        judgement: judgement(&finding, pullmedic_model::Captured::new(&case.image).as_str()),
        over: finding.state == FindingState::Over,
        login: login(verdict, case),
        quota: evidence.limit_source.clone(),
        resets_at: evidence.resets_at.or_else(|| expires(verdict, case)),
        requests: finding.requests,
        detail: Detail {
            at: now,
            summary: finding.summary,
            missing: finding.missing,
            proof: finding.proof.into_iter().take(SAMPLES).collect(),
            rivals: finding.rivals,
            remedies: finding.remedies,
            not_looked_at: finding.not_looked_at,
        },
    }
}

/// The identity of the login that was refused; for a limit of an account the one that was sent first.
fn login(verdict: &Verdict, case: &Case) -> Option<String> {
    let identity = |name: &pullmedic_model::probe::LoginName| {
        let known = case.logins.iter().chain(&case.candidates).find(|login| login.name == *name);
        known.map(|login| login.identity.clone())
    };
    let limited = matches!(verdict.cause, Cause::RateLimited | Cause::QuotaExceeded);
    verdict
        .evidence
        .refused
        .iter()
        .find_map(identity)
        .or_else(|| case.logins.first().filter(|_| limited).map(|login| login.identity.clone()))
        .filter(|_| case.kind != ContainerKind::Sandbox)
}

/// When the login that the kubelet sends expires or did.
fn expires(verdict: &Verdict, case: &Case) -> Option<Timestamp> {
    (verdict.cause == Cause::CredentialsExpired)
        .then(|| case.logins.iter().filter_map(|login| login.expires).min())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::built;

    fn told(pod: &pullmedic_model::object::Pod) -> Waits {
        let objects = Objects { pods: vec![pod.clone()], ..Objects::default() };
        let now = built::now();
        let seen = crate::assemble::classified(pullmedic_sight::sightings(
            &objects,
            &pullmedic_sight::Settings { now: Some(now), stalled_after: pullmedic_sight::STALLED_AFTER },
        ));
        waits(&seen[0], &pod.metadata.uid, &objects, now)
    }

    fn reset(image: &str, port: u16) -> String {
        format!(
            "failed to pull and unpack image \"{image}\": failed to do request: Head \
             \"https://r.test/v2/a/manifests/1\": read tcp 10.0.0.2:{port}->10.0.0.9:443: read: connection reset by peer"
        )
    }

    #[test]
    fn words_are_the_same_but_for_their_occasion() {
        let first = told(&built::waiting("shop", "cart-1", "r.test/a:1", &reset("r.test/a:1", 40_001)));
        let second = told(&built::waiting("shop", "cart-2", "r.test/a:2", &reset("r.test/a:2", 40_002)));
        assert_eq!(first.words, second.words);
        assert_eq!(first.host, Endpoint::parse("r.test").ok());
        assert_eq!(first.container.pod, "uid-cart-1");
        let missing = built::not_found("r.test/a:1");
        assert_ne!(first.words, told(&built::waiting("shop", "cart-1", "r.test/a:1", &missing)).words);
    }

    #[test]
    fn time_alone_is_no_news_and_another_try_is() {
        let first = told(&built::waiting("shop", "cart-1", "r.test/a:1", &built::not_found("r.test/a:1")));
        let later = Waits { since: None, ..first.clone() };
        assert!(!is_news(&first, &later));
        let again = Waits { next_attempt: Some(built::now()), ..first.clone() };
        assert!(is_news(&first, &again) && !is_news(&again, &first));
        let moved = Waits { node: Some("n2".into()), ..first.clone() };
        assert!(is_news(&first, &moved));
    }

    #[test]
    fn the_summary_for_everybody_names_the_image_only_where_the_fault_is_its_own() {
        let endpoint = Endpoint::parse("r.test").ok();
        for &cause in Cause::ALL {
            let text = summary(cause, None, endpoint.as_ref(), "r.test/shop/cart:4.1");
            assert!(text.ends_with('.') && text.len() > 20, "{text}");
            let names = text.contains("shop/cart");
            assert_eq!(names, matches!(about(cause), About::Image), "{cause}: {text}");
        }
        assert_eq!(
            summary(Cause::Dns, None, endpoint.as_ref(), "x/y:1"),
            "r.test: the registry's name does not resolve."
        );
    }
}
