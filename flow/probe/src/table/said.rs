//! What a node's own words leave. The words are testimony: they name a stage and a status class, and whatever cannot
//! produce that is out.

use pullmedic_model::Cause::{
    BadCredentials, BlobMissing, CachedNotAuthorized, ClientCertificateRequired, ClockSkew, ConnectTimeout,
    ConnectionRefused, ConnectionReset, ContentCorrupt, CredentialProviderFailed, CredentialsExpired,
    DigestNotFound, DiskFull, Dns, Forbidden, HttpOnHttps, InodesExhausted, InvalidReference,
    LocalQpsLimited, MirrorMisconfigured, NeverPullAbsent, NoCredentials, NodeStoreDamaged, PlatformMismatch,
    PolicyBlocked, Proxy, PullCancelled, PullQueued, PullSecretMalformed, PullSecretMissing,
    PullSecretUnmatched, PullStalled, QuotaExceeded, RateLimited, RegistryUnavailable, RepositoryNotFound,
    RuntimeUnavailable, SignatureRejected, TagNotFound, TlsExpired, TlsHandshakeTimeout, TlsHostnameMismatch,
    TlsProtocol, TlsUnknownAuthority, UnpackFailed, Unreachable, UnsupportedManifest, UpstreamOfCacheFailed,
};

use super::{Family, Kind, NodeFamily, Row};

const fn said(family: Family, says: &'static str) -> Row {
    Row::context(Kind::Said(family), says)
}

const fn node(family: NodeFamily, says: &'static str) -> Row {
    said(Family::Node(family), says)
}

pub(super) const ROWS: &[Row] = &[
    // Names and connections.
    said(Family::Name, "the node writes that the name does not resolve").predicts(&[Dns]).only_allows(&[
        Proxy,
        MirrorMisconfigured,
        RegistryUnavailable,
        PullCancelled,
    ]),
    said(Family::Refused, "the node writes that the connection was refused")
        .predicts(&[ConnectionRefused])
        .only_allows(&[Proxy, MirrorMisconfigured, RegistryUnavailable, Dns]),
    said(Family::Unreachable, "the node writes that there is no route")
        .predicts(&[Unreachable])
        .only_allows(&[Proxy, MirrorMisconfigured, ConnectTimeout]),
    said(Family::ConnectTimeout, "the node writes that the connection was not answered")
        .predicts(&[ConnectTimeout])
        .only_allows(&[Proxy, MirrorMisconfigured, Unreachable, Dns]),
    said(Family::Reset, "the node writes that the connection broke off")
        .predicts(&[ConnectionReset])
        .only_allows(&[
            HttpOnHttps,
            Proxy,
            MirrorMisconfigured,
            RegistryUnavailable,
            ContentCorrupt,
            PullCancelled,
            ConnectTimeout,
            UpstreamOfCacheFailed,
        ]),
    said(Family::AnswerTimeout, "the node writes that a request was not answered in time")
        .predicts(&[ConnectTimeout])
        .only_allows(&[
            Proxy,
            MirrorMisconfigured,
            RegistryUnavailable,
            PullCancelled,
            PullStalled,
            Unreachable,
            UpstreamOfCacheFailed,
        ]),
    said(Family::Proxy, "the node writes of its proxy").predicts(&[Proxy]).only_allows(&[
        RegistryUnavailable,
        Forbidden,
        NoCredentials,
    ]),
    // TLS.
    said(Family::TlsTimeout, "the node writes that the TLS handshake was not answered")
        .predicts(&[TlsHandshakeTimeout])
        .only_allows(&[Proxy, MirrorMisconfigured, ConnectTimeout]),
    said(Family::Authority, "the node writes that it does not trust the certificate's authority")
        .predicts(&[TlsUnknownAuthority])
        .only_allows(&[Proxy, MirrorMisconfigured, TlsProtocol]),
    said(Family::Hostname, "the node writes that the certificate is for other names")
        .predicts(&[TlsHostnameMismatch])
        .only_allows(&[Proxy, MirrorMisconfigured, TlsProtocol]),
    said(Family::Expired, "the node writes that the certificate is past or before its time")
        .predicts(&[TlsExpired, ClockSkew])
        .only_allows(&[Proxy, MirrorMisconfigured]),
    said(Family::Handshake, "the node writes that the TLS handshake failed")
        .predicts(&[TlsProtocol])
        .only_allows(&[
            ClientCertificateRequired,
            TlsHostnameMismatch,
            TlsUnknownAuthority,
            Proxy,
            MirrorMisconfigured,
        ]),
    said(Family::ClientCertificate, "the node writes that a client certificate is wanted")
        .predicts(&[ClientCertificateRequired])
        .only_allows(&[TlsProtocol, Proxy, MirrorMisconfigured]),
    said(Family::PlainHttp, "the node writes that one side speaks plain HTTP")
        .predicts(&[HttpOnHttps])
        .only_allows(&[Proxy, MirrorMisconfigured]),
    // HTTP.
    said(Family::Unauthorized, "the node was answered 401")
        .predicts(&[
            NoCredentials,
            BadCredentials,
            CredentialsExpired,
            CredentialProviderFailed,
            PullSecretMissing,
            PullSecretMalformed,
            PullSecretUnmatched,
            RegistryUnavailable,
        ])
        .only_allows(&[RepositoryNotFound, Forbidden, Proxy, ClockSkew, MirrorMisconfigured]),
    said(Family::Denied, "the node was answered 403")
        .predicts(&[Forbidden, CredentialsExpired, PolicyBlocked])
        .only_allows(&[
            NoCredentials,
            BadCredentials,
            RepositoryNotFound,
            QuotaExceeded,
            RateLimited,
            Proxy,
            RegistryUnavailable,
            UpstreamOfCacheFailed,
            CredentialProviderFailed,
            PullSecretMissing,
            PullSecretMalformed,
            PullSecretUnmatched,
            ClockSkew,
            MirrorMisconfigured,
        ]),
    said(Family::Absent, "the node was answered that it is not there")
        .predicts(&[TagNotFound, RepositoryNotFound, DigestNotFound])
        .only_allows(&[
            UpstreamOfCacheFailed,
            MirrorMisconfigured,
            RegistryUnavailable,
            Proxy,
            NoCredentials,
            BadCredentials,
            Forbidden,
            CredentialsExpired,
            CredentialProviderFailed,
            PullSecretMissing,
            PullSecretMalformed,
            PullSecretUnmatched,
            BlobMissing,
        ]),
    said(Family::Limited, "the node was answered 429").predicts(&[RateLimited]).only_allows(&[
        QuotaExceeded,
        UpstreamOfCacheFailed,
        RegistryUnavailable,
        Proxy,
        PolicyBlocked,
    ]),
    said(Family::ServerError, "the node was answered with a server error")
        .predicts(&[RegistryUnavailable])
        .only_allows(&[Proxy, UpstreamOfCacheFailed, MirrorMisconfigured, RateLimited]),
    said(Family::NotARegistry, "the node was answered, but not as a registry answers")
        .predicts(&[RegistryUnavailable])
        .only_allows(&[
            Proxy,
            MirrorMisconfigured,
            BadCredentials,
            UpstreamOfCacheFailed,
            RepositoryNotFound,
        ]),
    said(Family::Blocked, "the node was answered that a policy or quota forbids it")
        .predicts(&[PolicyBlocked])
        .only_allows(&[QuotaExceeded, RateLimited, Proxy, Forbidden]),
    said(Family::OddStatus, "the node was answered with a status of no fixed meaning").only_allows(&[
        RegistryUnavailable,
        MirrorMisconfigured,
        BadCredentials,
        CredentialsExpired,
        Forbidden,
        Proxy,
        UpstreamOfCacheFailed,
        QuotaExceeded,
        PolicyBlocked,
        HttpOnHttps,
        RepositoryNotFound,
    ]),
    // Content.
    said(Family::Platform, "the node finds no entry for its platform")
        .predicts(&[PlatformMismatch])
        .only_allows(&[UnsupportedManifest, UpstreamOfCacheFailed, MirrorMisconfigured]),
    said(Family::ManifestKind, "the node cannot use the manifest")
        .predicts(&[UnsupportedManifest])
        .only_allows(&[RegistryUnavailable, PlatformMismatch, ContentCorrupt, MirrorMisconfigured]),
    said(Family::BlobAbsent, "the node was answered that a part of the image is not there")
        .predicts(&[BlobMissing])
        .only_allows(&[
            UpstreamOfCacheFailed,
            MirrorMisconfigured,
            Proxy,
            DigestNotFound,
            NodeStoreDamaged,
            RegistryUnavailable,
        ]),
    said(Family::Content, "the node got other bytes than the manifest names")
        .predicts(&[ContentCorrupt])
        .only_allows(&[
            Proxy,
            MirrorMisconfigured,
            ConnectionReset,
            UpstreamOfCacheFailed,
            NodeStoreDamaged,
            UnpackFailed,
            UnsupportedManifest,
        ]),
    // What only the node sees.
    node(NodeFamily::Reference, "the image name does not parse")
        .predicts(&[InvalidReference])
        .only_allows(&[]),
    node(NodeFamily::Secret, "the node writes of a pull secret")
        .predicts(&[PullSecretMalformed, PullSecretMissing, PullSecretUnmatched])
        .only_allows(&[NoCredentials]),
    node(NodeFamily::Provider, "the node writes of its credential provider")
        .predicts(&[CredentialProviderFailed])
        .only_allows(&[NoCredentials, Forbidden, BadCredentials]),
    node(NodeFamily::Rate, "the kubelet writes of its own limit")
        .predicts(&[LocalQpsLimited])
        .only_allows(&[]),
    node(NodeFamily::Disk, "the node writes that no room is left")
        .predicts(&[DiskFull, InodesExhausted])
        .only_allows(&[]),
    node(NodeFamily::Store, "the node writes of its own store")
        .predicts(&[NodeStoreDamaged, UnpackFailed])
        .only_allows(&[BlobMissing, ContentCorrupt, DiskFull]),
    node(NodeFamily::Runtime, "the node's runtime does not answer")
        .predicts(&[RuntimeUnavailable])
        .only_allows(&[PullCancelled]),
    node(NodeFamily::Silent, "the node announced a pull and wrote no more")
        .predicts(&[PullStalled, PullQueued])
        .only_allows(&[ConnectTimeout]),
    node(NodeFamily::GivenUp, "the node gave the pull up").predicts(&[PullCancelled]).only_allows(&[
        PullStalled,
        ConnectTimeout,
        RuntimeUnavailable,
    ]),
    node(NodeFamily::Never, "the policy is Never, and the kubelet finds no image that it may use")
        .predicts(&[NeverPullAbsent, CachedNotAuthorized])
        .only_allows(&[]),
    node(NodeFamily::Signature, "the node's policy refuses the image")
        .predicts(&[SignatureRejected])
        .only_allows(&[PolicyBlocked]),
    node(NodeFamily::Files, "the node writes of its mirror configuration")
        .predicts(&[MirrorMisconfigured])
        .only_allows(&[RegistryUnavailable, UpstreamOfCacheFailed]),
    node(NodeFamily::Unknown, "the node's words tell nothing that we know"),
];
