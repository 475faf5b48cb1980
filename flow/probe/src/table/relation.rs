//! Which cause explains which, and which pairs no observation of ours can separate.

use pullmedic_model::Cause;
use pullmedic_model::Cause::{
    BadCredentials, BlobMissing, CachedNotAuthorized, ClientCertificateRequired, ClockSkew, ConnectTimeout,
    ConnectionRefused, ConnectionReset, ContentCorrupt, CredentialsExpired, DigestNotFound, DiskFull, Dns,
    HttpOnHttps, InodesExhausted, MirrorMisconfigured, NeverPullAbsent, NoCredentials, NodeStoreDamaged,
    NotFoundOrDenied, PlatformMismatch, PullQueued, PullSecretMalformed, PullSecretMissing,
    PullSecretUnmatched, PullStalled, RegistryUnavailable, RepositoryNotFound, SandboxImage, TagNotFound,
    TlsExpired, TlsHandshakeTimeout, TlsHostnameMismatch, TlsProtocol, TlsUnknownAuthority, UnpackFailed,
    Unreachable, UnsupportedManifest, UpstreamOfCacheFailed,
};

use super::Kind;

/// The explaining cause, and what it explains. It replaces what it explains once its own mechanism was seen; until then it
/// is no rival.
pub(crate) const EXPLAINS: &[(Cause, &[Cause])] = &[
    (PullSecretMissing, &[NoCredentials]),
    (PullSecretMalformed, &[NoCredentials]),
    (PullSecretUnmatched, &[NoCredentials]),
    (CredentialsExpired, &[BadCredentials]),
    (
        MirrorMisconfigured,
        &[
            Dns,
            ConnectionRefused,
            ConnectTimeout,
            Unreachable,
            ConnectionReset,
            TlsHandshakeTimeout,
            TlsUnknownAuthority,
            TlsHostnameMismatch,
            TlsExpired,
            TlsProtocol,
            ClientCertificateRequired,
            HttpOnHttps,
            RegistryUnavailable,
            // Where the origin alone passes.
            PlatformMismatch,
            UnsupportedManifest,
            BlobMissing,
            ContentCorrupt,
        ],
    ),
    (ClockSkew, &[TlsExpired]),
    (
        UpstreamOfCacheFailed,
        &[TagNotFound, RepositoryNotFound, DigestNotFound, BlobMissing, RegistryUnavailable],
    ),
];

/// The observations that are an explaining cause's own mechanism. A node's clock is none that we see.
pub(crate) const MECHANISMS: &[(Cause, &[Kind])] = &[
    (PullSecretMissing, &[Kind::SecretAbsent]),
    (PullSecretMalformed, &[Kind::SecretMalformed]),
    (PullSecretUnmatched, &[Kind::SecretNear]),
    (CredentialsExpired, &[Kind::SaysExpired, Kind::LoginPastItsTime]),
    (MirrorMisconfigured, &[Kind::FileDefect, Kind::MirrorFails, Kind::OriginAlonePasses]),
    (ClockSkew, &[]),
    (UpstreamOfCacheFailed, &[Kind::MarkOfACache]),
];

/// Pairs that no observation from outside the node can separate, and why.
pub(crate) const INSEPARABLE: &[(Cause, Cause, &str)] = &[
    (
        DiskFull,
        InodesExhausted,
        "no bytes left and no inodes left have the same text; the node's inode count tells",
    ),
    (PullStalled, PullQueued, "the kubelet announces a pull before its turn comes; the node's runtime tells"),
    (
        NeverPullAbsent,
        CachedNotAuthorized,
        "the kubelet words both alike by intent (KEP-2535); the node's image list tells",
    ),
    (NodeStoreDamaged, UnpackFailed, "both are told by the node's own store only; the node's log tells"),
];

/// Causes that stand for no mechanism of their own, and so are no column that is compared.
pub(crate) const WRAPPERS: &[(Cause, &str)] = &[
    (SandboxImage, "wraps one of the others"),
    (
        NotFoundOrDenied,
        "a hypothesis that stands for several of the others; no verdict above undecided uses it",
    ),
    (Cause::Unknown, "stands for none of the others"),
];

/// Whether an observation of this kind is the cause's own mechanism.
pub(crate) fn is_mechanism(cause: Cause, kind: Kind) -> bool {
    MECHANISMS.iter().any(|(by, kinds)| *by == cause && kinds.contains(&kind))
}

/// Whether `explaining` can explain `explained`.
pub(crate) fn explains(explaining: Cause, explained: Cause) -> bool {
    EXPLAINS.iter().any(|(by, what)| *by == explaining && what.contains(&explained))
}

/// Whether a cause explains others, and so counts only once its own mechanism was seen.
pub(crate) fn is_explaining(cause: Cause) -> bool {
    EXPLAINS.iter().any(|(by, _)| *by == cause)
}

/// Why two causes cannot be separated; `None` when they can.
#[cfg(test)]
pub(crate) fn inseparable(a: Cause, b: Cause) -> Option<&'static str> {
    INSEPARABLE.iter().find(|(x, y, _)| (*x, *y) == (a, b) || (*x, *y) == (b, a)).map(|(_, _, why)| *why)
}
