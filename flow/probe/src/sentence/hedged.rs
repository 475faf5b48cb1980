//! The sentence of an undecided verdict: what was seen stands, and a cause is what may be.

use pullmedic_model::probe::Class;
use pullmedic_model::{Cause, Certainty};

use crate::decide::Decision;
use crate::look::Looked;
use crate::table::Kind;

/// One sentence that asserts nothing beyond what was seen; `None` where nothing was asked, or the words' own sentence is such.
pub(super) fn hedged(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    if decision.certainty != Certainty::Undecided || looked.inquiry.records().is_empty() {
        return None;
    }
    let image = &looked.inquiry.case.image;
    let host = host(looked);
    let repository = looked.inquiry.repository();
    let wanted = &looked.inquiry.wanted;
    if looked.notes.has(Kind::ChallengeMissing) {
        return Some(format!(
            "{host} answers 401 for {repository} without saying which login it wants, so that no secret can help."
        ));
    }
    if let Some(said) = of_manifest(looked) {
        return Some(said);
    }
    Some(match decision.cause {
        Cause::TagNotFound => {
            format!("{host} may not have {repository}:{wanted}, or hides it from who asks.")
        }
        Cause::DigestNotFound => {
            format!("{host} may not have {wanted} of {repository}, or hides it from who asks.")
        }
        Cause::RepositoryNotFound => {
            format!("{host} may not have a repository {repository}, or hides it from who asks.")
        }
        Cause::UpstreamOfCacheFailed => {
            format!("{host} does not give {image}, which may be the fault of what stands behind it.")
        }
        Cause::NoCredentials | Cause::BadCredentials | Cause::CredentialsExpired | Cause::Forbidden => {
            let does = answers(looked);
            format!(
                "{host} {does} {repository}: a login or a right may be wanting, and it is not settled which."
            )
        }
        Cause::PolicyBlocked => format!("{host} {} {repository}: a policy may forbid it.", answers(looked)),
        Cause::PlatformMismatch => format!("{image} may not be made for the platform of the node."),
        Cause::UnsupportedManifest => format!("{image} may be no image that the runtime runs."),
        Cause::BlobMissing => format!("A part of {image} may be gone at {host}."),
        Cause::ContentCorrupt => format!("{image} may have been damaged at {host} or on the way."),
        Cause::RegistryUnavailable => format!("{host} may fail to answer as a registry."),
        Cause::RateLimited => format!("{host} may limit how often this client pulls."),
        Cause::Dns => format!("The name of {host} may not resolve on the node."),
        Cause::ConnectionRefused
        | Cause::ConnectTimeout
        | Cause::Unreachable
        | Cause::ConnectionReset
        | Cause::TlsHandshakeTimeout
        | Cause::Proxy => format!("The way from the node to {host} may be broken."),
        Cause::TlsUnknownAuthority
        | Cause::TlsHostnameMismatch
        | Cause::TlsExpired
        | Cause::TlsProtocol
        | Cause::ClientCertificateRequired
        | Cause::HttpOnHttps => format!("The node and {host} may not agree on TLS."),
        // What the words say of the node itself, and hypotheses that say so themselves.
        _ => return None,
    })
}

/// A manifest that is not given, where the words tell of a part of the image.
fn of_manifest(looked: &Looked<'_>) -> Option<String> {
    let record = looked.met_at_manifest()?;
    let host = &record.ask.host.endpoint;
    let image = &looked.inquiry.case.image;
    match record.refused()?.2 {
        Class::NotARegistry => {
            Some(format!("{host} answers a request for {image} with something that is no registry's answer."))
        }
        Class::Status(404) if record.ask.what != looked.first_ask() => {
            Some(format!("{host} names a manifest for {image} and answers 404 when asked for it."))
        }
        _ => None,
    }
}

fn host(looked: &Looked<'_>) -> String {
    let base = looked.base.or(looked.replay.record).map(|record| record.ask.host.endpoint.to_string());
    base.unwrap_or_else(|| "the registry".to_owned())
}

/// What the registry does with the request, by the status that was met.
fn answers(looked: &Looked<'_>) -> &'static str {
    let met =
        looked.base.or(looked.replay.record).and_then(|record| record.refused()).map(|(_, _, class)| class);
    match met {
        Some(Class::Status(401 | 403)) => "refuses",
        Some(Class::Status(404)) => "answers 404 for",
        Some(_) | None => "does not give",
    }
}
