//! How sure a finding is, from words alone (`docs/certainty.md`), for sightings that no replay has judged.

use pullmedic_model::finding::{FindingState, Rival, Standing};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Cause, Certainty, Confidence, Hypothesis, Sighting, Verdict};

use crate::words;

/// Judges a sighting by what its words suggest; without a hypothesis it has no words.
pub(crate) fn judge(sighting: &Sighting, hypothesis: Option<&Hypothesis>) -> Verdict {
    match hypothesis {
        Some(hypothesis) => by_words(sighting, hypothesis),
        None if sighting.reason.as_str() == "Pulling" => stalled(),
        None => silent(),
    }
}

/// A pull without an end: the event is written before the kubelet's queue, so the two look alike.
fn stalled() -> Verdict {
    let queued = rival(Cause::PullStalled, Cause::PullQueued);
    let cause = Cause::PullStalled;
    Verdict { rivals: vec![queued], clears: cause.clears(), cause, ..silent() }
}

fn silent() -> Verdict {
    Verdict {
        cause: Cause::Unknown,
        inner: None,
        also: Vec::new(),
        certainty: Certainty::Undecided,
        rivals: Vec::new(),
        stage: None,
        endpoint: None,
        clears: None,
        status: None,
        state: FindingState::Active,
        summary: None,
        missing: None,
        observations: Vec::new(),
        proof: Vec::new(),
        ladder: None,
        evidence: Evidence::default(),
        not_looked_at: Vec::new(),
        requests: 0,
    }
}

fn by_words(sighting: &Sighting, hypothesis: &Hypothesis) -> Verdict {
    let cause = hypothesis.cause;
    let mut rivals: Vec<Rival> = hypothesis.rivals.iter().map(|&code| rival(cause, code)).collect();
    let mut certainty = match hypothesis.confidence {
        Confidence::Certain | Confidence::Strong => Certainty::Likely,
        Confidence::Weak => Certainty::Undecided,
    };
    if speaks_of_itself(sighting, cause) {
        certainty = Certainty::Proven;
        for rival in &mut rivals {
            rival.standing = Standing::Excluded;
            rival.because = "the one that refuses says so of itself, and names this cause".into();
        }
    }
    if cause == Cause::NeverPullAbsent {
        certainty = never_pull(sighting.kubelet_minor, &mut rivals);
    }
    // A hypothesis only: a verdict above `undecided` never uses it (`docs/causes/not-found-or-denied.md`).
    if matches!(cause, Cause::Unknown | Cause::NotFoundOrDenied) {
        certainty = Certainty::Undecided;
    }
    // What a message suggests is the innermost fault; that the pause image has it is told by where the message stands.
    let (cause, inner) = match sighting.place.kind {
        ContainerKind::Sandbox if cause != Cause::SandboxImage => (Cause::SandboxImage, Some(cause)),
        ContainerKind::Main
        | ContainerKind::Init
        | ContainerKind::Ephemeral
        | ContainerKind::ImageVolume
        | ContainerKind::Template
        | ContainerKind::Sandbox => (cause, hypothesis.inner),
    };
    Verdict {
        cause,
        inner,
        also: hypothesis.also.clone(),
        certainty,
        rivals,
        stage: hypothesis.stage,
        endpoint: hypothesis.endpoint.clone(),
        clears: hypothesis.clears,
        status: hypothesis.status,
        ..silent()
    }
}

/// The kubelet's statements about itself, and the API server's about an object it refuses, are proof: its own pull
/// rate, a name that does not parse, a pull secret that does not decode. Whether the words of a sighting are one, when they
/// suggest `cause`.
pub fn speaks_of_itself(sighting: &Sighting, cause: Cause) -> bool {
    let reason = sighting.reason.as_str();
    let words = sighting.testimony.as_ref().map_or("", |testimony| testimony.words.as_str());
    match cause {
        Cause::LocalQpsLimited => {
            matches!(reason, "ErrImagePull" | "ImagePullBackOff") && words::is_own_rate(words)
        }
        Cause::InvalidReference => {
            reason == "InvalidImageName" || (reason == "FailedCreate" && words::is_invalid_template(words))
        }
        Cause::PullSecretMalformed => words::is_keyring_or_intent(reason),
        _ => false,
    }
}

/// What policy Never leaves open, by the kubelet's version.
fn never_pull(kubelet_minor: Option<u32>, rivals: &mut Vec<Rival>) -> Certainty {
    rivals.retain(|rival| rival.code != Cause::CachedNotAuthorized);
    let (rival, certainty) = pullmedic_model::verdict::never_pull(kubelet_minor);
    rivals.insert(0, rival);
    certainty
}

fn rival(cause: Cause, code: Cause) -> Rival {
    use Cause as C;
    let because = match (cause, code) {
        (C::TagNotFound, C::RepositoryNotFound) | (C::RepositoryNotFound, C::TagNotFound) => {
            "the runtime words a missing tag and a missing repository alike"
        }
        (C::DigestNotFound, C::RepositoryNotFound) => {
            "the runtime words a missing digest and a missing repository alike"
        }
        (C::PullStalled, C::PullQueued) | (C::PullQueued, C::PullStalled) => {
            "the kubelet announces a pull before its turn in the queue comes"
        }
        (C::DiskFull, C::InodesExhausted) => "no bytes left and no inodes left have the same text",
        (_, C::UpstreamOfCacheFailed) => {
            "a pull-through cache in front of the registry would pass its failure on so"
        }
        (_, C::CredentialProviderFailed) => {
            "a node's credential provider that fails leaves the pull without a login, and says so only in the kubelet's log"
        }
        (_, C::ClockSkew) => "a node whose clock is wrong sees the same",
        (_, C::Proxy) => "a proxy on the way can answer so in the registry's place",
        (_, C::RepositoryNotFound) => "a registry may refuse rather than say that a repository is absent",
        (_, C::NoCredentials | C::BadCredentials | C::Forbidden | C::CredentialsExpired) => {
            "the words do not tell whether a login was sent, and which"
        }
        _ => "the words fit it as well",
    };
    Rival { code, standing: Standing::Open, because: because.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_undecided_where_the_kubelet_may_hide_a_refusal() {
        for (minor, certainty, standing) in [
            (Some(32), Certainty::Likely, Standing::Excluded),
            (Some(34), Certainty::Likely, Standing::Open),
            (Some(35), Certainty::Undecided, Standing::Open),
            (None, Certainty::Undecided, Standing::Open),
        ] {
            let mut rivals = vec![rival(Cause::NeverPullAbsent, Cause::CachedNotAuthorized)];
            assert_eq!(never_pull(minor, &mut rivals), certainty, "{minor:?}");
            assert_eq!((rivals.len(), rivals[0].standing), (1, standing), "{minor:?}");
        }
    }
}
