//! What happened and what would decide, in one sentence each, filled in from what is known.

use pullmedic_model::endpoint::without_port;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::{Cause, Certainty, Reference, Sighting, Subject, Verdict};

use crate::words;

/// What sentences are filled in with.
pub(crate) struct Facts<'a> {
    pub(crate) verdict: &'a Verdict,
    pub(crate) sighting: &'a Sighting,
    pub(crate) subject: &'a Subject,
}

impl Facts<'_> {
    /// The image as somebody at the endpoint would name it: without the host, where that is the endpoint itself.
    fn image_there(&self) -> &str {
        let image = self.image_or_it();
        match (&self.subject.reference, image.split_once('/')) {
            (Some(reference), Some((first, rest)))
                if first == reference.host && first == self.subject.endpoint() =>
            {
                rest
            }
            _ => image,
        }
    }

    fn image_or_it(&self) -> &str {
        if self.subject.image.is_empty() { "the image" } else { &self.subject.image }
    }
}

/// What happened, in one sentence that a manager understands.
pub(crate) fn summary(facts: &Facts<'_>) -> String {
    if facts.sighting.testimony.is_none() && facts.verdict.cause == Cause::Unknown {
        return format!(
            "The kubelet waits before it tries {} again, and what went wrong is not on record.",
            facts.image_or_it()
        );
    }
    let sentence = match facts.verdict.cause {
        Cause::SandboxImage => match facts.verdict.inner {
            Some(inner) => format!(
                "No pod can start on {}, because the pause image {} cannot be pulled: {}",
                facts.subject.node(),
                facts.image_or_it(),
                of_cause(inner, facts)
            ),
            None => format!(
                "The pause image {} cannot be pulled on {}.",
                facts.image_or_it(),
                facts.subject.node()
            ),
        },
        cause => of_cause(cause, facts),
    };
    match facts.sighting.place.kind {
        ContainerKind::Template => format!("The API server refuses the pods: {sentence}"),
        ContainerKind::Main
        | ContainerKind::Init
        | ContainerKind::Ephemeral
        | ContainerKind::ImageVolume
        | ContainerKind::Sandbox => capitalised(&sentence),
    }
}

fn capitalised(sentence: &str) -> String {
    // A sentence may begin with a host or an image, whose spelling is theirs.
    match sentence.split_once(' ') {
        Some(("the" | "nothing" | "no" | "one" | "a", _)) => {
            let mut characters = sentence.chars();
            characters
                .next()
                .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
        }
        _ => sentence.to_owned(),
    }
}

fn of_cause(cause: Cause, facts: &Facts<'_>) -> String {
    let endpoint = facts.subject.endpoint();
    let image = facts.image_or_it();
    let there = facts.image_there();
    let node = facts.subject.node();
    match cause {
        Cause::InvalidReference if facts.subject.image.is_empty() => {
            "the image is not accepted as a name.".to_owned()
        }
        Cause::InvalidReference => match Reference::parse(image) {
            Err(error) => format!("{image:?} is no valid image name: {error}."),
            Ok(_) => format!("{image} is not accepted as an image name."),
        },
        Cause::RepositoryNotFound => format!(
            "{endpoint} does not have the repository {}.",
            facts.subject.reference.as_ref().map_or(image, |reference| reference.repository.as_str())
        ),
        Cause::TagNotFound => format!("{endpoint} does not have {there}."),
        Cause::DigestNotFound => format!("{endpoint} does not have {there}."),
        Cause::NotFoundOrDenied => {
            format!("{image} is either absent or hidden from us: {endpoint} answers both alike.")
        }
        Cause::PlatformMismatch => format!("{image} is not made for the platform of {node}."),
        Cause::BlobMissing => format!("{endpoint} knows {there}, and a part of it is gone."),
        Cause::UnsupportedManifest if is_without_program(facts) => format!(
            "{image} is on {node} and names no program to start: it is an image without a command, or no image but a chart \
             or another artifact."
        ),
        Cause::UnsupportedManifest => format!("{image} is not of a kind that the runtime runs."),
        Cause::ContentCorrupt => {
            format!("the bytes of {there} that arrived from {endpoint} are not the ones its manifest names.")
        }
        // Words that fit several of these may not be retold as one of them.
        Cause::NoCredentials | Cause::BadCredentials | Cause::CredentialsExpired | Cause::Forbidden
            if facts.verdict.certainty == Certainty::Undecided =>
        {
            format!(
                "{endpoint} refused {there}, and the words do not tell whether for lack of a login or of a right."
            )
        }
        Cause::NoCredentials => format!("{endpoint} wants a login for {there}, and none reached it."),
        Cause::BadCredentials => format!("{endpoint} refused the login that was sent for {there}."),
        Cause::CredentialsExpired => {
            format!("the login that was sent to {endpoint} for {there} has expired.")
        }
        Cause::Forbidden => {
            format!("{endpoint} does not let this login, or anyone without one, pull {there}.")
        }
        Cause::CredentialProviderFailed => {
            format!("the credential provider of {node} gave no login for {image}.")
        }
        Cause::PullSecretMissing => {
            format!("the pod names a pull secret that does not exist, so {image} is pulled without it.")
        }
        Cause::PullSecretMalformed => {
            "the kubelet cannot read one of the pod's pull secrets, and pulls nothing until it can."
                .to_owned()
        }
        Cause::PullSecretUnmatched => {
            format!("no pull secret of the pod has a key that the kubelet matches with {image}.")
        }
        Cause::CachedNotAuthorized => {
            format!("{image} is on {node}, and the pod has no login that may use it.")
        }
        Cause::Dns => of_name(without_port(&endpoint), facts),
        Cause::ConnectionRefused => format!("nothing listens at {endpoint}, as {node} sees it."),
        Cause::ConnectTimeout => format!("{endpoint} does not answer {node} in time."),
        Cause::Unreachable => format!("{node} has no route to {endpoint}."),
        Cause::TlsHandshakeTimeout => {
            format!("{endpoint} takes the connection from {node} and leaves the TLS handshake unanswered.")
        }
        Cause::ConnectionReset => {
            format!("the connection between {node} and {endpoint} broke off in the middle.")
        }
        Cause::Proxy => {
            format!("the proxy between {node} and {endpoint} refuses the request or cannot be reached.")
        }
        Cause::HttpOnHttps => {
            format!("one side speaks plain HTTP and the other TLS, between {node} and {endpoint}.")
        }
        Cause::RegistryUnavailable => match facts.verdict.status {
            Some(status) => format!("{endpoint} fails to serve the request for {there} (HTTP {status})."),
            None => format!("{endpoint} fails to serve the request for {there}."),
        },
        Cause::RateLimited => {
            format!("{endpoint} has had enough pulls from this client for now, and refuses {there}.")
        }
        Cause::QuotaExceeded => format!("a quota at {endpoint} is used up, so {there} is not served."),
        Cause::LocalQpsLimited => format!(
            "the kubelet of {node} was asked for more pulls a second than it allows itself, and put {image} off."
        ),
        Cause::PullQueued => format!("the pull of {image} waits behind another one on {node}."),
        Cause::TlsUnknownAuthority => {
            format!("the certificate of {endpoint} is signed by an authority that {node} does not trust.")
        }
        Cause::TlsHostnameMismatch => format!("the certificate of {endpoint} is made out to other names."),
        Cause::TlsExpired => {
            format!("the certificate of {endpoint} is expired or not yet valid, by the clock of {node}.")
        }
        Cause::TlsProtocol => format!("{node} and {endpoint} cannot agree on a TLS handshake."),
        Cause::ClientCertificateRequired => {
            format!("{endpoint} wants a client certificate, and {node} sends none that it takes.")
        }
        Cause::ClockSkew => format!("the clock of {node} is wrong."),
        Cause::DiskFull => format!("the disk of {node} has no room for {image}."),
        Cause::InodesExhausted => format!("the disk of {node} has no inodes left for {image}."),
        Cause::NeverPullAbsent => {
            format!("the pull policy of {image} is Never, and {node} does not have the image.")
        }
        Cause::StaleImage => format!("{image} now names another image than the one that runs."),
        Cause::SignatureRejected => format!("the signature policy of {node} refuses {image}."),
        Cause::PolicyBlocked => format!("a policy at {endpoint} blocks {image} or this client."),
        Cause::MirrorMisconfigured => format!("the mirror configuration of {node} is wrong for {image}."),
        Cause::UpstreamOfCacheFailed => {
            format!("{endpoint} is a cache, and could not get {image} from its own source.")
        }
        Cause::UnpackFailed => format!("the layers of {image} arrived on {node}, and could not be unpacked."),
        Cause::NodeStoreDamaged => format!("the image store of {node} does not hold together."),
        Cause::RuntimeUnavailable => format!("the container runtime of {node} does not answer."),
        Cause::PullStalled => format!("the pull of {image} on {node} has begun and does not end."),
        Cause::PullCancelled => format!("the pull of {image} was given up from the side of {node}."),
        Cause::SandboxImage => format!("the pause image {image} cannot be pulled."),
        Cause::Unknown => {
            format!("{image} cannot be pulled, and the words do not say why in a way that we know.")
        }
    }
}

/// Why a name does not resolve: Go's resolver words an absent name, a server that fails and one that is silent
/// differently (<https://github.com/golang/go/blob/go1.26.0/src/net/dnsclient_unix.go>).
fn of_name(name: &str, facts: &Facts<'_>) -> String {
    let node = facts.subject.node();
    let words = facts.sighting.testimony.as_ref().map_or("", |testimony| testimony.words.as_str());
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if has(&["no such host", "Name or service not known"]) {
        format!(
            "no name server that {node} asks has an address for {name} (NXDOMAIN, or a name without one)."
        )
    } else if has(&["server misbehaving", "SERVFAIL", "Temporary failure in name resolution"]) {
        format!("the name server that {node} asks for {name} fails to answer (SERVFAIL).")
    } else if has(&["i/o timeout", "connection refused", "no route", "unreachable"]) {
        format!("no name server answers {node} when it asks for {name}.")
    } else {
        format!("the name {name} does not resolve on {node}.")
    }
}

/// Whether all that is said is that no program is there to start: the pull is done, and no request for it tells more.
pub(crate) fn is_without_program(facts: &Facts<'_>) -> bool {
    let words = facts.sighting.testimony.as_ref().map_or("", |testimony| testimony.words.as_str());
    facts.verdict.cause == Cause::UnsupportedManifest
        && facts.verdict.certainty == Certainty::Undecided
        && words::is_without_program(words)
}

/// The cheapest observation that would decide; `None` when the verdict is proven.
pub(crate) fn missing(facts: &Facts<'_>) -> Option<String> {
    if facts.verdict.certainty == Certainty::Proven {
        return None;
    }
    if let Some(missing) = &facts.sighting.missing {
        return Some(missing.clone());
    }
    Some(decides(facts.verdict.inner.unwrap_or(facts.verdict.cause), facts))
}

fn decides(cause: Cause, facts: &Facts<'_>) -> String {
    let endpoint = facts.subject.endpoint();
    let repository = facts.subject.repository();
    let image = facts.image_or_it();
    let node = facts.subject.node();
    match cause {
        Cause::RepositoryNotFound | Cause::TagNotFound | Cause::DigestNotFound => {
            format!(
                "the tags that {endpoint} lists for it, read with a login that may see it: skopeo list-tags docker://{repository}"
            )
        }
        Cause::NotFoundOrDenied
        | Cause::NoCredentials
        | Cause::BadCredentials
        | Cause::CredentialsExpired
        | Cause::Forbidden
        | Cause::CredentialProviderFailed
        | Cause::PullSecretUnmatched
        | Cause::CachedNotAuthorized => {
            format!("the same request with a login that is known to see {repository}, and without one")
        }
        Cause::PullSecretMissing => "whether the secret exists now, in the pod's namespace".to_owned(),
        Cause::PullSecretMalformed => {
            "the pull secrets of the pod, decoded by the kubelet's rules".to_owned()
        }
        Cause::PlatformMismatch => {
            format!("the platforms that the image lists: skopeo inspect --raw docker://{image}")
        }
        Cause::UnsupportedManifest if is_without_program(facts) => format!(
            "what its manifest names as its config, an image's or an artifact's: skopeo inspect --raw docker://{image}"
        ),
        Cause::BlobMissing | Cause::ContentCorrupt | Cause::UnsupportedManifest => {
            format!("the manifest and the parts it names, asked of {endpoint} one by one")
        }
        Cause::Dns => format!("the name looked up on {node}: getent hosts {}", without_port(&endpoint)),
        Cause::ConnectionRefused | Cause::ConnectTimeout | Cause::Unreachable | Cause::ConnectionReset => {
            format!("a connection from {node} to {endpoint}, and one from elsewhere")
        }
        Cause::Proxy => {
            format!("the proxy settings of the container runtime on {node}, and what the proxy answers")
        }
        Cause::TlsHandshakeTimeout
        | Cause::TlsUnknownAuthority
        | Cause::TlsHostnameMismatch
        | Cause::TlsExpired
        | Cause::TlsProtocol
        | Cause::ClientCertificateRequired
        | Cause::ClockSkew => {
            format!("the TLS handshake of {endpoint} as {node} sees it, and the clock of {node}")
        }
        Cause::HttpOnHttps => format!("what {endpoint} speaks, asked once with TLS and once without"),
        Cause::RegistryUnavailable
        | Cause::UpstreamOfCacheFailed
        | Cause::PolicyBlocked
        | Cause::QuotaExceeded => {
            format!("the whole answer of {endpoint} to the same request")
        }
        Cause::RateLimited => {
            format!("the limit that {endpoint} states for the pod's login and the node's address")
        }
        Cause::DiskFull | Cause::InodesExhausted => {
            format!("the free bytes and inodes of the image filesystem of {node}: df and df -i")
        }
        Cause::NeverPullAbsent => format!("the images that {node} has: crictl images"),
        Cause::MirrorMisconfigured => {
            format!("the mirror configuration of {node}: hosts.toml or registries.conf")
        }
        Cause::StaleImage => format!("the digest that {image} has now, and the one that runs"),
        Cause::SignatureRejected => format!("the signature policy of {node}"),
        Cause::InvalidReference
        | Cause::LocalQpsLimited
        | Cause::PullQueued
        | Cause::UnpackFailed
        | Cause::NodeStoreDamaged
        | Cause::RuntimeUnavailable
        | Cause::PullStalled
        | Cause::PullCancelled
        | Cause::SandboxImage
        | Cause::Unknown => {
            format!("the log of the container runtime and the kubelet on {node}, at the time of an attempt")
        }
    }
}
