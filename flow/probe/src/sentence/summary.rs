//! One sentence that a manager understands.

use pullmedic_model::probe::Role;
use pullmedic_model::{Cause, Certainty};

use crate::decide::Decision;
use crate::look::Looked;
use crate::replay::Reach;
use crate::table::Kind;

use super::evidence;
use super::hedged::hedged;

/// What happened; `None`: the sentence that the words give.
pub(super) fn summary(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    if looked.inquiry.is_pulling() && decision.cause == Cause::PullStalled {
        return Some(format!(
            "The kubelet announced the pull of {}, and nothing came of it yet.",
            image(looked)
        ));
    }
    if looked.reach == Reach::Passed && looked.base.is_none() && looked.notes.want.is_empty() {
        return Some(format!(
            "The pod still waits for {}, and the same request passes from here.",
            image(looked)
        ));
    }
    if decision.certainty < Certainty::Likely && decision.cause != Cause::NotFoundOrDenied {
        return hedged(looked, decision);
    }
    looked.base?;
    [of_absence, of_logins, of_network, of_content].iter().find_map(|says| says(looked, decision))
}

fn image(looked: &Looked<'_>) -> String {
    looked.inquiry.case.image.clone()
}

fn host(looked: &Looked<'_>) -> String {
    let base =
        looked.base.map(|base| base.refused().map_or(&base.ask.host.endpoint, |(_, endpoint, _)| endpoint));
    base.map_or_else(|| "the registry".to_owned(), ToString::to_string)
}

/// The registry that was asked, whoever refused for it.
fn registry(looked: &Looked<'_>) -> String {
    looked.base.map_or_else(|| "the registry".to_owned(), |base| base.ask.host.endpoint.to_string())
}

fn of_absence(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    let (host, repository, wanted) = (registry(looked), looked.inquiry.repository(), &looked.inquiry.wanted);
    let evidence = &looked.notes.evidence;
    Some(match decision.cause {
        Cause::TagNotFound => {
            let nearest = evidence
                .there
                .first()
                .map_or_else(String::new, |(tag, _)| format!("; the nearest that is there is {tag}"));
            format!("{host} has {repository}, and no tag {wanted} of it{nearest}.")
        }
        Cause::DigestNotFound => format!("{host} has {repository}, and no longer, or never, {wanted}."),
        Cause::RepositoryNotFound => {
            let nearest = evidence
                .repositories_there
                .first()
                .map_or_else(String::new, |name| format!("; it has {name}:{wanted}"));
            format!("{host} does not have a repository {repository}{nearest}.")
        }
        Cause::NotFoundOrDenied => {
            let dialect = looked.base.and_then(|base| looked.inquiry.dialect(&base.ask.host));
            let who = dialect.map_or("it", |dialect| dialect.name);
            format!("{host}/{repository} is either absent or hidden from us: {who} answers both alike.")
        }
        _ => return None,
    })
}

fn of_logins(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    let (host, repository) = (registry(looked), looked.inquiry.repository());
    let evidence = &looked.notes.evidence;
    let sent = looked.inquiry.identities.iter().flatten().next().map_or("", |login| login.secret.as_str());
    Some(match decision.cause {
        Cause::NoCredentials => format!("{host} wants a login for {repository}, and none reached it."),
        Cause::BadCredentials => {
            let without =
                if evidence.anonymous_passes { ", and without one the image can be had" } else { "" };
            format!("{host} refuses the login in secret {sent}{without}.")
        }
        Cause::CredentialsExpired => format!("The login for {host} in secret {sent} has expired."),
        Cause::Forbidden => {
            format!("{host} knows the login in secret {sent}, and does not let it pull {repository}.")
        }
        Cause::PullSecretMissing => {
            let name = evidence.secrets_absent.first().map_or("", String::as_str);
            format!("The pod names pull secret {name}, which does not exist, so {host} gets no login.")
        }
        Cause::PullSecretMalformed => {
            format!("A pull secret of the pod cannot be read as a login, so {host} gets none.")
        }
        Cause::PullSecretUnmatched => {
            let rekey = evidence.rekey.as_ref()?;
            format!(
                "Secret {} holds a login under {:?}, a key that the kubelet does not match with the image, so {host} gets none.",
                rekey.secret, rekey.from
            )
        }
        _ => return None,
    })
}

fn of_network(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    let host = host(looked);
    let class = looked.base.and_then(|base| base.refused()).map(|(stage, _, class)| (stage, class));
    Some(match decision.cause {
        Cause::Dns => format!("The name of {host} does not resolve: {}.", class?.1),
        Cause::ConnectionRefused => format!("Nothing listens at {host}."),
        Cause::ConnectTimeout => format!("{host} does not answer at stage {}.", class?.0),
        Cause::Unreachable => format!("There is no route to {host}."),
        Cause::TlsHandshakeTimeout => {
            format!("{host} accepts the connection and does not answer the TLS handshake.")
        }
        Cause::ConnectionReset => format!("The connection to {host} breaks off at stage {}.", class?.0),
        Cause::Proxy => format!("The proxy on the way to {host} refuses the request."),
        Cause::HttpOnHttps => {
            format!("{host} is asked in one language and answers in the other: {}.", class?.1)
        }
        Cause::TlsUnknownAuthority => {
            format!("The certificate of {host} is signed by an authority that is not trusted.")
        }
        Cause::TlsHostnameMismatch => format!("The certificate of {host} is for other names."),
        Cause::TlsExpired => format!("The certificate of {host} is outside its time: {}.", class?.1),
        Cause::TlsProtocol => format!("No TLS handshake with {host} comes about: {}.", class?.1),
        Cause::ClientCertificateRequired => format!("{host} wants a client certificate."),
        Cause::RegistryUnavailable => format!("{host} fails to answer as a registry: {}.", class?.1),
        Cause::RateLimited => limited(looked, &host),
        Cause::MirrorMisconfigured if looked.notes.has(Kind::OriginAlonePasses) => {
            let origin = looked.inquiry.origin().map_or_else(String::new, |it| it.endpoint.to_string());
            format!(
                "What {}, a mirror of the node, has for {} is wanting, and {origin} alone gives it whole.",
                registry(looked),
                image(looked)
            )
        }
        Cause::MirrorMisconfigured => "The node's mirror configuration is at fault.".to_owned(),
        _ => return None,
    })
}

/// Whose limit it is and until when, as far as the registry says.
fn limited(looked: &Looked<'_>, host: &str) -> String {
    let evidence = evidence::evidence(looked);
    let whose = evidence.limit_source.map_or_else(String::new, |source| format!(", counted for {source}"));
    let until = evidence.resets_at.map_or_else(String::new, |at| format!("; it lets in again at {at:.0}"));
    format!("{host} limits how often this client may pull{whose}{until}.")
}

fn of_content(looked: &Looked<'_>, decision: &Decision) -> Option<String> {
    let evidence = &looked.notes.evidence;
    let part = evidence.damaged.as_deref().unwrap_or("a part of it");
    // What a mirror has is not what the image is.
    let mirror = looked.base.filter(|base| matches!(base.ask.host.role, Role::Mirror(_)));
    let (image, source) = match mirror.map(|base| &base.ask.host.endpoint) {
        Some(host) => (
            format!("{}, as {host} has it, a mirror of the node,", image(looked)),
            format!("there: {part} of it"),
        ),
        None => (image(looked), format!("at its source: {part}")),
    };
    Some(match decision.cause {
        Cause::PlatformMismatch => {
            let has: Vec<String> = evidence.platforms.iter().map(ToString::to_string).collect();
            let node = looked.inquiry.case.platform.as_ref()?;
            match has.is_empty() {
                true => format!("{image} holds no image for any platform, and the node is {node}."),
                false => format!("{image} exists for {}, and the node is {node}.", has.join(", ")),
            }
        }
        Cause::BlobMissing => format!("{image} is incomplete {source} is gone."),
        Cause::ContentCorrupt => {
            format!("{image} is damaged {source} is not what its digest says.")
        }
        Cause::UnsupportedManifest => format!("{image} is no image that the runtime runs."),
        _ => return None,
    })
}
