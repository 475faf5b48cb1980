//! The other causes that were considered, and why each stands as it does.

use pullmedic_model::Cause;
use pullmedic_model::finding::{Rival, Standing};

use crate::decide::Decision;
use crate::look::Looked;

pub(super) fn rivals(looked: &Looked<'_>, decision: &Decision) -> Vec<Rival> {
    let mut rivals = Vec::new();
    if decision.cause == Cause::NeverPullAbsent {
        rivals.push(pullmedic_model::verdict::never_pull(looked.inquiry.case.kubelet_minor).0);
    }
    rivals.extend(decision.open.iter().filter(|&&code| code != decision.cause).map(|&code| Rival {
        code,
        standing: Standing::Open,
        because: because(decision.cause, code).to_owned(),
    }));
    rivals.extend(
        decision.out.iter().filter(|(code, _)| *code != decision.cause).map(|(code, seen)| Rival {
            code: *code,
            standing: Standing::Excluded,
            because: seen.text.clone(),
        }),
    );
    rivals
}

/// Why a rival is still open, by what it is.
fn because(cause: Cause, rival: Cause) -> &'static str {
    use Cause as C;
    const ALIKE: &[(Cause, Cause, &str)] = &[
        (
            C::TagNotFound,
            C::RepositoryNotFound,
            "the runtime words a missing tag and a missing repository alike",
        ),
        (
            C::DigestNotFound,
            C::RepositoryNotFound,
            "the runtime words a missing digest and a missing repository alike",
        ),
        (C::PullStalled, C::PullQueued, "the kubelet announces a pull before its turn in the queue comes"),
        (C::DiskFull, C::InodesExhausted, "no bytes left and no inodes left have the same text"),
    ];
    const OF_RIVAL: &[(Cause, &str)] = &[
        (
            C::UpstreamOfCacheFailed,
            "a pull-through cache in front of the registry would pass its failure on so",
        ),
        (
            C::CredentialProviderFailed,
            "a node's credential provider that fails leaves the pull without a login, and says so only in the kubelet's log",
        ),
        (C::ClockSkew, "a node whose clock is wrong sees the same"),
        (C::Proxy, "a proxy on the way can answer so in the registry's place"),
        (C::RepositoryNotFound, "a registry may refuse rather than say that a repository is absent"),
        (C::RegistryUnavailable, "a registry, or something before it, that fails can answer so to everybody"),
        (C::NoCredentials, "the words do not tell whether a login was sent, and which"),
        (C::BadCredentials, "the words do not tell whether a login was sent, and which"),
        (C::CredentialsExpired, "the words do not tell whether a login was sent, and which"),
        (C::PolicyBlocked, "a policy of the registry, or of what stands before it, can refuse so"),
        (C::Forbidden, "nothing tells whether the one who asks may see it"),
    ];
    let pair = ALIKE.iter().find(|(a, b, _)| (*a, *b) == (cause, rival) || (*b, *a) == (cause, rival));
    pair.map(|(_, _, why)| *why)
        .or_else(|| OF_RIVAL.iter().find(|(code, _)| *code == rival).map(|(_, why)| *why))
        .unwrap_or("the words fit it as well")
}
