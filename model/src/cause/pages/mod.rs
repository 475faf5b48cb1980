//! The page of each cause, one file or folder a group.
//!
//! The texts are composed from the upstream format strings that [`source`] lists, or were printed by our own
//! cluster.

use super::{Cause, Page, Shown};

mod absent;
mod authentication;
mod disk;
mod limit;
mod name;
mod network;
mod policy;
mod runtime;
mod source;
mod tls;

/// The page of a cause.
pub(super) const fn of(cause: Cause) -> &'static Page {
    match cause {
        Cause::InvalidReference => &name::INVALID_REFERENCE,
        Cause::RepositoryNotFound => &absent::REPOSITORY_NOT_FOUND,
        Cause::TagNotFound => &absent::TAG_NOT_FOUND,
        Cause::DigestNotFound => &absent::DIGEST_NOT_FOUND,
        Cause::NotFoundOrDenied => &absent::NOT_FOUND_OR_DENIED,
        Cause::PlatformMismatch => &absent::PLATFORM_MISMATCH,
        Cause::BlobMissing => &absent::BLOB_MISSING,
        Cause::UnsupportedManifest => &absent::UNSUPPORTED_MANIFEST,
        Cause::ContentCorrupt => &absent::CONTENT_CORRUPT,
        Cause::NoCredentials => &authentication::NO_CREDENTIALS,
        Cause::BadCredentials => &authentication::BAD_CREDENTIALS,
        Cause::CredentialsExpired => &authentication::CREDENTIALS_EXPIRED,
        Cause::Forbidden => &authentication::FORBIDDEN,
        Cause::CredentialProviderFailed => &authentication::CREDENTIAL_PROVIDER_FAILED,
        Cause::PullSecretMissing => &authentication::PULL_SECRET_MISSING,
        Cause::PullSecretMalformed => &authentication::PULL_SECRET_MALFORMED,
        Cause::PullSecretUnmatched => &authentication::PULL_SECRET_UNMATCHED,
        Cause::CachedNotAuthorized => &authentication::CACHED_NOT_AUTHORIZED,
        Cause::Dns => &network::DNS,
        Cause::ConnectionRefused => &network::CONNECTION_REFUSED,
        Cause::ConnectTimeout => &network::CONNECT_TIMEOUT,
        Cause::Unreachable => &network::UNREACHABLE,
        Cause::TlsHandshakeTimeout => &network::TLS_HANDSHAKE_TIMEOUT,
        Cause::ConnectionReset => &network::CONNECTION_RESET,
        Cause::Proxy => &network::PROXY,
        Cause::HttpOnHttps => &network::HTTP_ON_HTTPS,
        Cause::RegistryUnavailable => &network::REGISTRY_UNAVAILABLE,
        Cause::RateLimited => &limit::RATE_LIMITED,
        Cause::QuotaExceeded => &limit::QUOTA_EXCEEDED,
        Cause::LocalQpsLimited => &limit::LOCAL_QPS_LIMITED,
        Cause::PullQueued => &limit::PULL_QUEUED,
        Cause::TlsUnknownAuthority => &tls::TLS_UNKNOWN_AUTHORITY,
        Cause::TlsHostnameMismatch => &tls::TLS_HOSTNAME_MISMATCH,
        Cause::TlsExpired => &tls::TLS_EXPIRED,
        Cause::TlsProtocol => &tls::TLS_PROTOCOL,
        Cause::ClientCertificateRequired => &tls::CLIENT_CERTIFICATE_REQUIRED,
        Cause::ClockSkew => &tls::CLOCK_SKEW,
        Cause::DiskFull => &disk::DISK_FULL,
        Cause::InodesExhausted => &disk::INODES_EXHAUSTED,
        Cause::NeverPullAbsent => &policy::NEVER_PULL_ABSENT,
        Cause::StaleImage => &policy::STALE_IMAGE,
        Cause::SignatureRejected => &policy::SIGNATURE_REJECTED,
        Cause::PolicyBlocked => &policy::POLICY_BLOCKED,
        Cause::MirrorMisconfigured => &network::MIRROR_MISCONFIGURED,
        Cause::UpstreamOfCacheFailed => &network::UPSTREAM_OF_CACHE_FAILED,
        Cause::UnpackFailed => &runtime::UNPACK_FAILED,
        Cause::NodeStoreDamaged => &runtime::NODE_STORE_DAMAGED,
        Cause::RuntimeUnavailable => &runtime::RUNTIME_UNAVAILABLE,
        Cause::PullStalled => &runtime::PULL_STALLED,
        Cause::PullCancelled => &runtime::PULL_CANCELLED,
        Cause::SandboxImage => &runtime::SANDBOX_IMAGE,
        Cause::Unknown => &runtime::UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Actor;

    /// Causes that no text names: one runs without a failure, the other is what is left over.
    const WORDLESS: [Cause; 2] = [Cause::StaleImage, Cause::Unknown];

    /// Every text of a page, each with the place where it stands.
    fn texts(page: &Page) -> Vec<(&'static str, &'static str)> {
        let mut texts = vec![("meaning", page.meaning), ("proof", page.proof), ("prevent", page.prevent)];
        for shown in page.shows {
            texts.extend([("by", shown.by), ("text", shown.text), ("source", shown.source)]);
        }
        texts.extend(page.lookalikes.iter().map(|&(_, difference)| ("lookalike", difference)));
        texts.extend(page.mend.iter().map(|&step| ("mend", step)));
        texts
    }

    fn sentences(text: &str) -> usize {
        text.split_whitespace().filter(|word| word.ends_with('.')).count()
    }

    #[test]
    fn every_page_says_something_in_every_field() {
        for &cause in Cause::ALL {
            let page = of(cause);
            for (place, text) in texts(page) {
                assert!(!text.is_empty(), "{cause}: empty {place}");
            }
            assert!(!page.lookalikes.is_empty(), "{cause}: nothing looks like it");
            assert!(!page.mend.is_empty(), "{cause}: nobody mends it");
            assert_eq!(page.shows.is_empty(), WORDLESS.contains(&cause), "{cause}: texts");
            assert!(page.shows.len() <= 4, "{cause}: more than four texts");
        }
    }

    #[test]
    fn meaning_is_two_short_sentences() {
        for &cause in Cause::ALL {
            let meaning = of(cause).meaning;
            assert!(meaning.ends_with('.'), "{cause}: {meaning}");
            assert_eq!(sentences(meaning), 2, "{cause}: {meaning}");
            assert!(meaning.split_whitespace().count() <= 60, "{cause}: {meaning}");
        }
    }

    #[test]
    fn no_two_causes_share_a_page() {
        let mut meanings: Vec<&str> = Cause::ALL.iter().map(|&cause| of(cause).meaning).collect();
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), Cause::ALL.len());
    }

    #[test]
    fn nothing_looks_like_itself_or_is_named_twice() {
        for &cause in Cause::ALL {
            let mut others: Vec<Cause> = of(cause).lookalikes.iter().map(|&(other, _)| other).collect();
            assert!(!others.contains(&cause), "{cause} looks like itself");
            others.sort_unstable();
            let count = others.len();
            others.dedup();
            assert_eq!(others.len(), count, "{cause} names a lookalike twice");
        }
    }

    #[test]
    fn every_text_has_a_source_that_can_be_read() {
        for &cause in Cause::ALL {
            for shown in of(cause).shows {
                let known = shown.source == source::OUR_CLUSTER || shown.source.starts_with("https://");
                assert!(known, "{cause}: {}", shown.source);
            }
        }
    }

    #[test]
    fn every_step_says_who_takes_it() {
        for &cause in Cause::ALL {
            for step in of(cause).mend {
                let who = step.split_once(": ").map(|(who, _)| who.to_lowercase());
                let actors = [Actor::Application, Actor::Platform, Actor::Registry, Actor::Network];
                assert!(actors.iter().any(|actor| who.as_deref() == Some(actor.code())), "{cause}: {step}");
            }
        }
    }

    #[test]
    fn words_are_calm_and_clean() {
        for &cause in Cause::ALL {
            let page = of(cause);
            for (place, text) in texts(page) {
                assert_eq!(text, text.trim(), "{cause}: space around {place}");
                assert!(!text.contains(char::is_control), "{cause}: control character in {place}");
                assert!(!text.contains("  "), "{cause}: two spaces in {place}: {text}");
                assert!(!text.contains('!'), "{cause}: exclamation mark in {place}");
                assert!(text.matches('`').count() % 2 == 0, "{cause}: open code in {place}: {text}");
            }
        }
    }
}
