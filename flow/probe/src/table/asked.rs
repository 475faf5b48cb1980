//! The unchanged request, asked again from here: same endpoint, stage and status class (rule 3). The refusal itself is
//! then a mechanism that was directly seen.

use pullmedic_model::Cause::{
    BadCredentials, BlobMissing, ClientCertificateRequired, ClockSkew, ConnectTimeout, ConnectionRefused,
    ConnectionReset, ContentCorrupt, CredentialProviderFailed, CredentialsExpired, DigestNotFound, Dns,
    Forbidden, HttpOnHttps, NoCredentials, NodeStoreDamaged, PlatformMismatch, PolicyBlocked, Proxy,
    PullCancelled, PullStalled, QuotaExceeded, RateLimited, RegistryUnavailable, RepositoryNotFound,
    TagNotFound, TlsExpired, TlsHandshakeTimeout, TlsHostnameMismatch, TlsProtocol, TlsUnknownAuthority,
    UnpackFailed, Unreachable, UnsupportedManifest,
};

use super::{Family, Kind, Row};

const fn again(family: Family, says: &'static str) -> Row {
    Row::decides(Kind::Reproduced(family), says)
}

pub(super) const ROWS: &[Row] = &[
    // What two vantages meet at one host is no proxy of one of them, and no pull that was given up.
    again(Family::Name, "the name does not resolve from here either, in the same way")
        .predicts(&[Dns])
        .excludes(&[Proxy, RegistryUnavailable, PullCancelled]),
    again(Family::Refused, "the same address and port refuse us too")
        .predicts(&[ConnectionRefused])
        .excludes(&[Proxy, RegistryUnavailable, Dns]),
    again(Family::Unreachable, "there is no route from here either")
        .predicts(&[Unreachable])
        .excludes(&[Proxy, ConnectTimeout]),
    again(Family::ConnectTimeout, "the connection is not answered from here either, in the runtime's time")
        .predicts(&[ConnectTimeout])
        .excludes(&[Proxy, Unreachable, Dns]),
    again(Family::Reset, "the connection breaks off from here too, at the same stage")
        .predicts(&[ConnectionReset])
        .excludes(&[Proxy, PullCancelled, RegistryUnavailable, ConnectTimeout, ContentCorrupt, HttpOnHttps]),
    again(Family::AnswerTimeout, "the request is not answered from here either, in the runtime's time")
        .predicts(&[ConnectTimeout])
        .excludes(&[Proxy, PullCancelled, PullStalled, Unreachable, RegistryUnavailable]),
    again(Family::Proxy, "the proxy refuses from here too").predicts(&[Proxy]).excludes(&[
        RegistryUnavailable,
        Forbidden,
        NoCredentials,
    ]),
    again(Family::TlsTimeout, "the TLS handshake is not answered from here either, in the runtime's time")
        .predicts(&[TlsHandshakeTimeout])
        .excludes(&[Proxy, ConnectTimeout]),
    again(Family::Authority, "the certificate's authority is not trusted here either, and it was read")
        .predicts(&[TlsUnknownAuthority])
        .excludes(&[Proxy, TlsProtocol]),
    again(Family::Hostname, "the certificate was read: it is for other names")
        .predicts(&[TlsHostnameMismatch])
        .excludes(&[Proxy, TlsProtocol]),
    again(Family::Expired, "the certificate was read: by our clock too it is past or before its time")
        .predicts(&[TlsExpired])
        .excludes(&[ClockSkew, Proxy]),
    again(Family::Handshake, "the TLS handshake fails from here too").predicts(&[TlsProtocol]).excludes(&[
        Proxy,
        ClientCertificateRequired,
        TlsHostnameMismatch,
        TlsUnknownAuthority,
    ]),
    again(Family::ClientCertificate, "the server asks us too for a client certificate")
        .predicts(&[ClientCertificateRequired])
        .excludes(&[Proxy, TlsProtocol]),
    again(Family::PlainHttp, "the port speaks to us too in the other language")
        .predicts(&[HttpOnHttps])
        .excludes(&[Proxy, RegistryUnavailable, ConnectionReset]),
    // A refusal with a status is shared by several causes: what separates them is asked with one thing changed.
    again(Family::Unauthorized, "the unchanged request is answered 401 from here too").predicts(&[
        NoCredentials,
        BadCredentials,
        CredentialsExpired,
        CredentialProviderFailed,
        RegistryUnavailable,
    ]),
    again(Family::Denied, "the unchanged request is answered 403 from here too").predicts(&[
        Forbidden,
        CredentialsExpired,
        PolicyBlocked,
    ]),
    again(Family::Absent, "the unchanged request is answered 404 from here too").predicts(&[
        TagNotFound,
        RepositoryNotFound,
        DigestNotFound,
    ]),
    again(Family::Limited, "the unchanged request is answered 429 from here too, with the pod's own login")
        .predicts(&[RateLimited])
        .excludes(&[Proxy, RegistryUnavailable, QuotaExceeded, PolicyBlocked]),
    again(Family::ServerError, "the unchanged request meets a server error from here too")
        .predicts(&[RegistryUnavailable])
        .excludes(&[Proxy, RateLimited]),
    again(Family::NotARegistry, "what answers here, too, is not a registry's answer")
        .predicts(&[RegistryUnavailable])
        .excludes(&[Proxy, BadCredentials, RepositoryNotFound]),
    again(Family::Blocked, "the registry names its policy to us too").predicts(&[PolicyBlocked]).excludes(&[
        Proxy,
        RateLimited,
        Forbidden,
        QuotaExceeded,
    ]),
    Row::context(Kind::Reproduced(Family::OddStatus), "the unchanged request is answered alike from here"),
    again(Family::Platform, "the index, read from here, has no entry for the node's platform")
        .predicts(&[PlatformMismatch])
        .excludes(&[UnsupportedManifest]),
    again(Family::ManifestKind, "the manifest, read from here, is of a kind that the runtime does not run")
        .predicts(&[UnsupportedManifest])
        .excludes(&[RegistryUnavailable, PlatformMismatch, ContentCorrupt]),
    again(Family::BlobAbsent, "the same part of the image is not there for us either")
        .predicts(&[BlobMissing])
        .excludes(&[Proxy, DigestNotFound, NodeStoreDamaged, RegistryUnavailable]),
    again(
        Family::Content,
        "the same part of the image, read whole from here, is not what the manifest names",
    )
    .predicts(&[ContentCorrupt])
    .excludes(&[Proxy, ConnectionReset, NodeStoreDamaged, UnpackFailed, UnsupportedManifest]),
];
