//! What to do: typed remedies filled in from objects. From words alone nothing has been tried, and each remedy says so.

use pullmedic_model::finding::Remedy;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Actor, Cause, Grade};

use crate::target::Target;
use crate::{node, workload};
use pullmedic_model::Subject;
use pullmedic_model::subject::owner_or_pod;

/// The remedies of a finding, best first.
pub fn remedies(subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    let mut remedies = of_cause(subject, evidence);
    say_whose(&mut remedies, subject);
    remedies
}

fn of_cause(subject: &Subject, _evidence: &Evidence) -> Vec<Remedy> {
    let target = Target::of(subject);
    let cause = subject.fault();
    if subject.cause == Cause::SandboxImage {
        // The pause image is the platform's: nothing about the workload mends it.
        return node::sandbox(subject).into_iter().chain(of_others(cause, subject)).collect();
    }
    match cause {
        Cause::InvalidReference => workload::corrected_reference(subject, &target),
        Cause::RepositoryNotFound | Cause::TagNotFound | Cause::DigestNotFound => {
            workload::other_image(subject, &target)
        }
        Cause::NoCredentials
        | Cause::BadCredentials
        | Cause::CredentialsExpired
        | Cause::NotFoundOrDenied
        | Cause::PullSecretUnmatched
        | Cause::CachedNotAuthorized => workload::attach_login(subject, &target),
        Cause::PullSecretMissing => workload::missing_secret(subject, &target),
        Cause::PullSecretMalformed => workload::rewrite_secret(subject, &target),
        Cause::PlatformMismatch => workload::platform(subject, &target),
        Cause::NeverPullAbsent => workload::never(subject, &target),
        Cause::RateLimited => workload::rate_limited(subject, &target),
        other => of_others(other, subject),
    }
}

/// Remedies for those who own registries, networks and nodes; none for a cause that the workload's owners mend.
fn of_others(cause: Cause, subject: &Subject) -> Vec<Remedy> {
    match cause {
        Cause::Forbidden
        | Cause::BlobMissing
        | Cause::UnsupportedManifest
        | Cause::ContentCorrupt
        | Cause::QuotaExceeded
        | Cause::PolicyBlocked
        | Cause::RegistryUnavailable
        | Cause::UpstreamOfCacheFailed => node::registry(cause, subject),
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
        | Cause::Unknown => node::on_node(cause, subject),
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
fn say_whose(remedies: &mut [Remedy], subject: &Subject) {
    let (place, others) = (&subject.place, subject.others);
    let Some(owner) = owner_or_pod(place).filter(|_| others > 0) else { return };
    for remedy in remedies.iter_mut().filter(|remedy| remedy.actor == Actor::Application) {
        let mut note = format!("this is for {owner} in {}; {others} more need the same", place.namespace);
        if let Some(said) = &remedy.note {
            note = format!("{note}. {said}");
        }
        remedy.note = Some(note);
    }
}

/// A remedy that only explains.
pub(crate) fn explained(cause: Cause, title: String, command: Option<String>, note: Option<&str>) -> Remedy {
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
