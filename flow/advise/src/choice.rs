//! Which remedies a cause has.

use pullmedic_model::finding::{FindingState, Remedy};
use pullmedic_model::subject::owner_or_pod;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Actor, Cause, Certainty, Grade, Subject};

use crate::target::Target;
use crate::{anew, image, login, node};

/// What to do about a finding, best first: what a replay tried before what it did not, and both filled in from objects.
/// Empty only where nothing is to be done: for a cause of which words alone tell nothing, and for what is over.
pub fn remedies(subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    let mut remedies = match subject.state {
        FindingState::Active => of_cause(subject, evidence),
        // From before a change, and seen again since.
        FindingState::Unknown if subject.certainty != Certainty::Undecided => of_cause(subject, evidence),
        // Nothing is known to be wrong any more, so nothing is changed for it; what only explains may still help.
        FindingState::Unknown => {
            let explained =
                of_cause(subject, evidence).into_iter().filter(|remedy| remedy.grade == Grade::Manual);
            anew::to_try(&Target::of(subject)).into_iter().chain(explained).collect()
        }
        FindingState::Over => anew::to_try(&Target::of(subject)).into_iter().collect(),
    };
    for remedy in &mut remedies {
        // The one rule of the grade `safe`: it was tried, nothing else is left open, it can be done as it stands, and it
        // gives nobody a right that was kept from them.
        let proven = remedy.tried
            && remedy.command.is_some()
            && subject.certainty != Certainty::Undecided
            && subject.state == FindingState::Active
            && login::is_for_want_of_one(subject.fault());
        if remedy.grade == Grade::Safe && !proven {
            remedy.grade = Grade::Review;
        }
    }
    say_whose(&mut remedies, subject);
    remedies
}

fn of_cause(subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    let target = Target::of(subject);
    if subject.cause == Cause::SandboxImage {
        // The pause image is the platform's: nothing about the workload mends it.
        let inner = of_others(subject.fault(), subject, evidence);
        return node::sandbox(subject).into_iter().chain(inner).collect();
    }
    match subject.fault() {
        Cause::InvalidReference => image::corrected(subject, evidence, &target),
        Cause::RepositoryNotFound | Cause::TagNotFound | Cause::DigestNotFound => {
            image::other(subject, evidence, &target)
        }
        Cause::NoCredentials
        | Cause::BadCredentials
        | Cause::CredentialsExpired
        | Cause::NotFoundOrDenied
        | Cause::PullSecretMissing
        | Cause::PullSecretMalformed
        | Cause::PullSecretUnmatched
        | Cause::CachedNotAuthorized => login::remedies(subject, evidence, &target),
        Cause::PlatformMismatch => image::platform(subject, evidence, &target),
        Cause::NeverPullAbsent => image::never(subject, &target),
        Cause::RateLimited => {
            let mirrored = image::at_the_mirror(subject, evidence, &target);
            let login = login::remedies(subject, evidence, &target);
            let (tried, untried): (Vec<_>, Vec<_>) = login.into_iter().partition(|remedy| remedy.tried);
            // A login has a budget of its own, which is somebody's to spend.
            let tried = tried.into_iter().map(|remedy| Remedy { grade: Grade::Review, ..remedy });
            let node = node::mirror(subject, evidence);
            let proven: Vec<Remedy> = tried.chain(mirrored).chain(node).collect();
            proven.into_iter().chain([image::waited_for(evidence)]).chain(untried).collect()
        }
        Cause::RegistryUnavailable
        | Cause::UpstreamOfCacheFailed
        | Cause::ContentCorrupt
        | Cause::BlobMissing
        | Cause::ConnectionRefused
        | Cause::Dns => {
            let mirrored = image::at_the_mirror(subject, evidence, &target);
            let node = node::mirror(subject, evidence);
            let explained = of_others(subject.fault(), subject, evidence);
            let near = image::near_host(subject, evidence, &target);
            mirrored.into_iter().chain(node).chain(near).chain(explained).collect()
        }
        Cause::Forbidden => {
            let login = login::remedies(subject, evidence, &target);
            let tried = login.into_iter().filter(|remedy| remedy.tried);
            tried.chain(of_others(Cause::Forbidden, subject, evidence)).collect()
        }
        Cause::PolicyBlocked => {
            let login = login::remedies(subject, evidence, &target);
            let tried = login.into_iter().filter(|remedy| remedy.tried);
            // The policy first: another login may only go around it.
            of_others(Cause::PolicyBlocked, subject, evidence).into_iter().chain(tried).collect()
        }
        Cause::StaleImage => image::pinned(subject, evidence, &target).into_iter().collect(),
        other => of_others(other, subject, evidence),
    }
}

/// Remedies for those who own registries, networks and nodes; none for a cause that the workload's owners mend.
fn of_others(cause: Cause, subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    match cause {
        Cause::Forbidden
        | Cause::BlobMissing
        | Cause::UnsupportedManifest
        | Cause::ContentCorrupt
        | Cause::QuotaExceeded
        | Cause::PolicyBlocked
        | Cause::RegistryUnavailable
        | Cause::UpstreamOfCacheFailed => node::registry(cause, subject, evidence),
        Cause::TlsUnknownAuthority => node::authority(subject, evidence),
        Cause::HttpOnHttps => node::plain_http(subject, evidence),
        Cause::MirrorMisconfigured => node::corrected_file(subject, evidence),
        Cause::CredentialProviderFailed
        | Cause::Dns
        | Cause::ConnectionRefused
        | Cause::ConnectTimeout
        | Cause::Unreachable
        | Cause::TlsHandshakeTimeout
        | Cause::ConnectionReset
        | Cause::Proxy
        | Cause::LocalQpsLimited
        | Cause::PullQueued
        | Cause::TlsHostnameMismatch
        | Cause::TlsExpired
        | Cause::TlsProtocol
        | Cause::ClientCertificateRequired
        | Cause::ClockSkew
        | Cause::DiskFull
        | Cause::InodesExhausted
        | Cause::SignatureRejected
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
