//! The families of refusal that share their causes.

use pullmedic_model::probe::Class;
use pullmedic_model::{Cause, Stage};

/// What kind of fault words or an answer tell of. Refusals of one family leave the same causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    Name,
    Refused,
    Unreachable,
    ConnectTimeout,
    Reset,
    TlsTimeout,
    Authority,
    Hostname,
    Expired,
    Handshake,
    ClientCertificate,
    PlainHttp,
    Proxy,
    AnswerTimeout,
    Unauthorized,
    Denied,
    Absent,
    Limited,
    ServerError,
    NotARegistry,
    Blocked,
    OddStatus,
    Platform,
    ManifestKind,
    BlobAbsent,
    Content,
    /// What only the node can see.
    Node(NodeFamily),
}

/// Faults that no request from elsewhere can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NodeFamily {
    Reference,
    Secret,
    Provider,
    Rate,
    Disk,
    Store,
    Runtime,
    Silent,
    GivenUp,
    Never,
    Signature,
    Files,
    Unknown,
}

impl Family {
    /// The families that a replay can meet.
    #[cfg(test)]
    pub(crate) const ASKED: [Family; 26] = [
        Family::Name,
        Family::Refused,
        Family::Unreachable,
        Family::ConnectTimeout,
        Family::Reset,
        Family::TlsTimeout,
        Family::Authority,
        Family::Hostname,
        Family::Expired,
        Family::Handshake,
        Family::ClientCertificate,
        Family::PlainHttp,
        Family::Proxy,
        Family::AnswerTimeout,
        Family::Unauthorized,
        Family::Denied,
        Family::Absent,
        Family::Limited,
        Family::ServerError,
        Family::NotARegistry,
        Family::Blocked,
        Family::OddStatus,
        Family::Platform,
        Family::ManifestKind,
        Family::BlobAbsent,
        Family::Content,
    ];

    /// The family of a refusal that a request met; `None` for one that is our own limit.
    pub(crate) const fn of_class(class: Class, stage: Stage) -> Option<Family> {
        Some(match class {
            Class::NoSuchName | Class::NoAddress | Class::NameServerFailed | Class::NameServerSilent => {
                Family::Name
            }
            Class::Refused => Family::Refused,
            Class::Unreachable => Family::Unreachable,
            Class::ConnectTimeout => Family::ConnectTimeout,
            Class::Reset | Class::Truncated => Family::Reset,
            Class::TlsTimeout => Family::TlsTimeout,
            Class::UnknownAuthority => Family::Authority,
            Class::HostnameMismatch => Family::Hostname,
            Class::CertificateExpired | Class::CertificateNotYetValid => Family::Expired,
            Class::CertificateRefused | Class::TlsProtocol => Family::Handshake,
            Class::ClientCertificateWanted => Family::ClientCertificate,
            Class::PlainHttpOnTlsPort | Class::TlsOnPlainPort => Family::PlainHttp,
            Class::AnswerTimeout | Class::Stalled | Class::Status(408) => Family::AnswerTimeout,
            Class::Proxy | Class::Status(407) => Family::Proxy,
            Class::Status(401) => Family::Unauthorized,
            Class::Status(403) => Family::Denied,
            Class::Status(404) if matches!(stage, Stage::Config | Stage::Blob) => Family::BlobAbsent,
            // What has no API at its root is no registry.
            Class::Status(404) if matches!(stage, Stage::Ping | Stage::Token) => Family::NotARegistry,
            Class::Status(404 | 410) => Family::Absent,
            Class::Status(429) => Family::Limited,
            Class::Status(412 | 451) => Family::Blocked,
            Class::Status(_) => Family::OddStatus,
            Class::ServerError(_) => Family::ServerError,
            Class::Redirect | Class::NotARegistry => Family::NotARegistry,
            Class::WrongContent => Family::Content,
            Class::OurTlsLimit | Class::TooBig => return None,
        })
    }

    /// The family of words that name no status, by the cause that they suggest.
    pub(crate) const fn of_cause(cause: Cause, stage: Option<Stage>) -> Family {
        use Cause as C;
        match cause {
            C::Dns => Family::Name,
            C::ConnectionRefused => Family::Refused,
            C::Unreachable => Family::Unreachable,
            C::ConnectTimeout => match stage {
                Some(Stage::Connect) => Family::ConnectTimeout,
                Some(_) | None => Family::AnswerTimeout,
            },
            C::ConnectionReset => Family::Reset,
            C::TlsHandshakeTimeout => Family::TlsTimeout,
            C::TlsUnknownAuthority => Family::Authority,
            C::TlsHostnameMismatch => Family::Hostname,
            C::TlsExpired | C::ClockSkew => Family::Expired,
            C::TlsProtocol => Family::Handshake,
            C::ClientCertificateRequired => Family::ClientCertificate,
            C::HttpOnHttps => Family::PlainHttp,
            C::Proxy => Family::Proxy,
            C::NoCredentials | C::BadCredentials | C::CredentialsExpired | C::NotFoundOrDenied => {
                Family::Unauthorized
            }
            C::Forbidden => Family::Denied,
            C::TagNotFound | C::RepositoryNotFound | C::DigestNotFound | C::UpstreamOfCacheFailed => {
                Family::Absent
            }
            C::RateLimited => Family::Limited,
            C::RegistryUnavailable => Family::NotARegistry,
            C::PolicyBlocked | C::QuotaExceeded => Family::Blocked,
            C::PlatformMismatch => Family::Platform,
            C::UnsupportedManifest => Family::ManifestKind,
            C::BlobMissing => Family::BlobAbsent,
            C::ContentCorrupt => Family::Content,
            C::InvalidReference => Family::Node(NodeFamily::Reference),
            C::PullSecretMalformed | C::PullSecretMissing | C::PullSecretUnmatched => {
                Family::Node(NodeFamily::Secret)
            }
            C::CredentialProviderFailed => Family::Node(NodeFamily::Provider),
            C::LocalQpsLimited => Family::Node(NodeFamily::Rate),
            C::DiskFull | C::InodesExhausted => Family::Node(NodeFamily::Disk),
            C::NodeStoreDamaged | C::UnpackFailed => Family::Node(NodeFamily::Store),
            C::RuntimeUnavailable => Family::Node(NodeFamily::Runtime),
            C::PullStalled | C::PullQueued => Family::Node(NodeFamily::Silent),
            C::PullCancelled => Family::Node(NodeFamily::GivenUp),
            C::NeverPullAbsent | C::CachedNotAuthorized => Family::Node(NodeFamily::Never),
            C::SignatureRejected => Family::Node(NodeFamily::Signature),
            C::MirrorMisconfigured => Family::Node(NodeFamily::Files),
            C::StaleImage | C::SandboxImage | C::Unknown => Family::Node(NodeFamily::Unknown),
        }
    }

    /// Whether the login that is sent can change the answer.
    pub(crate) const fn depends_on_login(self) -> bool {
        matches!(
            self,
            Family::Unauthorized
                | Family::Denied
                | Family::Absent
                | Family::Limited
                | Family::Blocked
                | Family::OddStatus
        )
    }

    /// Whether it shows only once the manifest, the config or the layers are read.
    pub(crate) const fn is_content(self) -> bool {
        matches!(self, Family::Platform | Family::ManifestKind | Family::BlobAbsent | Family::Content)
    }

    /// Whether it is one of names, connections and TLS.
    pub(crate) const fn is_below_http(self) -> bool {
        matches!(
            self,
            Family::Name
                | Family::Refused
                | Family::Unreachable
                | Family::ConnectTimeout
                | Family::Reset
                | Family::TlsTimeout
                | Family::Authority
                | Family::Hostname
                | Family::Expired
                | Family::Handshake
                | Family::ClientCertificate
                | Family::PlainHttp
        )
    }
}
