//! What each cause means for an incident, in one table: what it is a fault of, whether a comparison of nodes can move
//! it to a node, how long it may take to clear by itself, and how soon it is asked about again.

use pullmedic_model::{Cause, Clears};

/// What a fault is a fault of: this is what makes sightings one incident (design decision 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    /// The endpoint that failed. Key: endpoint.
    Endpoint,
    /// An account's or address's limit at an endpoint. Key: endpoint, and whose limit it is once that is known.
    Limit,
    /// A login. Key: registry host and login, or namespace and pull secrets while no login is known.
    Login,
    /// What one login may see of one image, where the two cannot be told apart. Key: image, namespace, pull secrets.
    Access,
    /// A pull secret's own content. Key: namespace, pull secrets.
    Secret,
    /// The image. Key: image.
    Image,
    /// The node. Key: node.
    Node,
    /// More faults than are told apart in one namespace; no cause is of this. Key: namespace.
    Rest,
}

/// How long a fault may take to clear by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As its verdict, or else the vocabulary, says: see [`crate::Settings`].
    ByClears,
    /// It is part of normal life for minutes: a queue, a start.
    Long,
}

/// When a fault is asked about again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As it clears: transient soon and doubling, permanent rarely and growing.
    ByClears,
    /// When the limit resets or the login expires, if that is known; else rarely.
    AtReset,
    /// Each asking may count as a refused login: rarely, whatever it clears.
    Rarely,
    /// An object says it, so a change of the object does too.
    OnChange,
}

/// What a cause means for an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) of: Of,
    /// Whether it is the node's when other nodes really pulled the same image since.
    pub(crate) apart: bool,
    pub(crate) patience: Patience,
    pub(crate) pace: Pace,
}

/// The table. Columns: what it is a fault of, whether nodes are compared, patience, pace.
pub(crate) const fn row(cause: Cause) -> Row {
    use Of::{Access, Endpoint, Image, Limit, Login, Node, Secret};
    use Pace::{AtReset, OnChange, Rarely};
    use Patience::Long;
    const C: Patience = Patience::ByClears;
    const P: Pace = Pace::ByClears;
    let (of, apart, patience, pace) = match cause {
        Cause::InvalidReference => (Image, false, C, OnChange),
        Cause::RepositoryNotFound => (Image, true, C, P),
        Cause::TagNotFound => (Image, true, C, P),
        Cause::DigestNotFound => (Image, true, C, P),
        Cause::NotFoundOrDenied => (Access, false, C, Rarely),
        // Nodes of another platform pull it well: that is the cause, and no fault of the node.
        Cause::PlatformMismatch => (Image, false, C, P),
        Cause::BlobMissing => (Image, true, C, P),
        Cause::UnsupportedManifest => (Image, true, C, P),
        Cause::ContentCorrupt => (Image, true, C, P),
        // Other nodes pull the same image with other logins: of credentials a comparison of nodes says nothing.
        Cause::NoCredentials => (Login, false, C, Rarely),
        Cause::BadCredentials => (Login, false, C, Rarely),
        Cause::CredentialsExpired => (Login, false, C, AtReset),
        Cause::Forbidden => (Login, false, C, Rarely),
        Cause::CredentialProviderFailed => (Node, false, C, P),
        Cause::PullSecretMissing => (Secret, false, C, P),
        Cause::PullSecretMalformed => (Secret, false, C, OnChange),
        Cause::PullSecretUnmatched => (Login, false, C, OnChange),
        Cause::CachedNotAuthorized => (Login, false, C, Rarely),
        Cause::Dns => (Endpoint, true, C, P),
        Cause::ConnectionRefused => (Endpoint, true, C, P),
        Cause::ConnectTimeout => (Endpoint, true, C, P),
        Cause::Unreachable => (Endpoint, true, C, P),
        Cause::TlsHandshakeTimeout => (Endpoint, true, C, P),
        Cause::ConnectionReset => (Endpoint, true, C, P),
        Cause::Proxy => (Endpoint, true, C, P),
        Cause::HttpOnHttps => (Endpoint, true, C, P),
        Cause::RegistryUnavailable => (Endpoint, true, C, P),
        // A limit is met by some and not by others: other nodes' luck says nothing of this one.
        Cause::RateLimited => (Limit, false, C, AtReset),
        Cause::QuotaExceeded => (Limit, false, C, P),
        Cause::LocalQpsLimited => (Node, false, Long, P),
        Cause::PullQueued => (Node, false, Long, P),
        Cause::TlsUnknownAuthority => (Endpoint, true, C, P),
        Cause::TlsHostnameMismatch => (Endpoint, true, C, P),
        Cause::TlsExpired => (Endpoint, true, C, P),
        Cause::TlsProtocol => (Endpoint, true, C, P),
        Cause::ClientCertificateRequired => (Endpoint, true, C, P),
        Cause::ClockSkew => (Node, false, C, P),
        Cause::DiskFull => (Node, false, C, P),
        Cause::InodesExhausted => (Node, false, C, P),
        Cause::NeverPullAbsent => (Image, false, C, OnChange),
        Cause::StaleImage => (Image, false, C, P),
        Cause::SignatureRejected => (Image, true, C, P),
        Cause::PolicyBlocked => (Image, true, C, P),
        Cause::MirrorMisconfigured => (Node, false, C, P),
        Cause::UpstreamOfCacheFailed => (Endpoint, true, C, P),
        Cause::UnpackFailed => (Image, true, C, P),
        Cause::NodeStoreDamaged => (Node, false, C, P),
        Cause::RuntimeUnavailable => (Node, false, C, P),
        Cause::PullStalled => (Image, true, C, P),
        Cause::PullCancelled => (Image, true, Long, P),
        // Of a sandbox image the inner cause decides; this row is for one whose inner cause no word names.
        Cause::SandboxImage => (Image, true, C, P),
        Cause::Unknown => (Image, true, C, P),
    };
    Row { of, apart, patience, pace }
}

/// Whether a fault of this cause clears by itself: what was judged, or else what the vocabulary says. `None`: it depends.
pub(crate) const fn clears(cause: Cause, judged: Option<Clears>) -> Option<Clears> {
    match judged {
        Some(clears) => Some(clears),
        None => cause.clears(),
    }
}
