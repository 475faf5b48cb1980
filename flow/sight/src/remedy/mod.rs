//! What to do: typed remedies filled in from objects. From words alone nothing has been tried, and each remedy says so.

mod node;
mod target;
mod workload;

use pullmedic_model::finding::{ManagedBy, Remedy, Serving};
use pullmedic_model::sighting::Place;
use pullmedic_model::{Actor, Cause, Grade};

use crate::managed;
use crate::sentence::Facts;
use target::Target;

/// What remedies need beside the facts of the finding's first sighting.
pub(crate) struct Around<'a> {
    /// What still serves.
    pub(crate) serving: &'a [Serving],
    /// Who would undo a live edit.
    pub(crate) managed_by: &'a [ManagedBy],
}

/// The remedies of a finding, best first.
pub(crate) fn remedies(facts: &Facts<'_>, around: &Around<'_>) -> Vec<Remedy> {
    let target = Target::of(facts.sighting, around.managed_by);
    let cause = facts.verdict.inner.unwrap_or(facts.verdict.cause);
    if facts.verdict.cause == Cause::SandboxImage {
        // The pause image is the platform's: nothing about the workload mends it.
        return node::sandbox(facts).into_iter().chain(of_others(cause, facts)).collect();
    }
    match cause {
        Cause::InvalidReference => workload::corrected_reference(facts, &target),
        Cause::RepositoryNotFound | Cause::TagNotFound | Cause::DigestNotFound => {
            workload::other_image(facts, &target, around.serving)
        }
        Cause::NoCredentials
        | Cause::BadCredentials
        | Cause::CredentialsExpired
        | Cause::NotFoundOrDenied
        | Cause::PullSecretUnmatched
        | Cause::CachedNotAuthorized => workload::attach_login(facts, &target),
        Cause::PullSecretMissing => workload::missing_secret(facts, &target),
        Cause::PullSecretMalformed => workload::rewrite_secret(facts, &target),
        Cause::PlatformMismatch => workload::platform(facts, &target),
        Cause::NeverPullAbsent => workload::never(facts, &target),
        Cause::RateLimited => workload::rate_limited(facts, &target),
        other => of_others(other, facts),
    }
}

/// Remedies for those who own registries, networks and nodes; none for a cause that the workload's owners mend.
fn of_others(cause: Cause, facts: &Facts<'_>) -> Vec<Remedy> {
    match cause {
        Cause::Forbidden
        | Cause::BlobMissing
        | Cause::UnsupportedManifest
        | Cause::ContentCorrupt
        | Cause::QuotaExceeded
        | Cause::PolicyBlocked
        | Cause::RegistryUnavailable
        | Cause::UpstreamOfCacheFailed => node::registry(cause, facts),
        Cause::CredentialProviderFailed
        | Cause::Dns
        | Cause::ConnectionRefused
        | Cause::ConnectTimeout
        | Cause::Unreachable
        | Cause::TlsHandshakeTimeout
        | Cause::ConnectionReset
        | Cause::Proxy
        | Cause::HttpOnHttps
        | Cause::LocalQpsLimited
        | Cause::PullQueued
        | Cause::TlsUnknownAuthority
        | Cause::TlsHostnameMismatch
        | Cause::TlsExpired
        | Cause::TlsProtocol
        | Cause::ClientCertificateRequired
        | Cause::ClockSkew
        | Cause::DiskFull
        | Cause::InodesExhausted
        | Cause::SignatureRejected
        | Cause::MirrorMisconfigured
        | Cause::UnpackFailed
        | Cause::NodeStoreDamaged
        | Cause::RuntimeUnavailable
        | Cause::PullStalled
        | Cause::PullCancelled
        | Cause::Unknown => node::on_node(cause, facts),
        Cause::SandboxImage
        | Cause::InvalidReference
        | Cause::RepositoryNotFound
        | Cause::TagNotFound
        | Cause::DigestNotFound
        | Cause::NoCredentials
        | Cause::BadCredentials
        | Cause::CredentialsExpired
        | Cause::NotFoundOrDenied
        | Cause::PullSecretMissing
        | Cause::PullSecretMalformed
        | Cause::PullSecretUnmatched
        | Cause::CachedNotAuthorized
        | Cause::PlatformMismatch
        | Cause::RateLimited
        | Cause::NeverPullAbsent
        | Cause::StaleImage => Vec::new(),
    }
}

/// Says for whom a remedy is written where others need the same.
pub(crate) fn say_whose(remedies: &mut [Remedy], place: &Place, others: usize) {
    let Some(owner) = managed::owner_or_pod(place).filter(|_| others > 0) else { return };
    for remedy in remedies.iter_mut().filter(|remedy| remedy.actor == Actor::Application) {
        let mut note = format!("this is for {owner} in {}; {others} more need the same", place.namespace);
        if let Some(said) = &remedy.note {
            note = format!("{note}. {said}");
        }
        remedy.note = Some(note);
    }
}

/// A remedy that only explains.
fn explained(cause: Cause, title: String, command: Option<String>, note: Option<&str>) -> Remedy {
    Remedy {
        tried_how: None,
        changes: None,
        undo: None,
        patch: None,
        grade: Grade::Manual,
        title,
        actor: cause.actor(),
        tried: false,
        command,
        yaml: None,
        note: note.map(str::to_owned),
    }
}
