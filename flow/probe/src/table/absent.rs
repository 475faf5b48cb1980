//! Tags, repositories and caches. A 404 proves absence only at the origin and for an identity that sees a sibling there
//! (rule 7).

use pullmedic_model::Cause::{
    BadCredentials, BlobMissing, CredentialProviderFailed, CredentialsExpired, DigestNotFound, Forbidden,
    InvalidReference, NoCredentials, Proxy, RegistryUnavailable, RepositoryNotFound, StaleImage, TagNotFound,
    UpstreamOfCacheFailed,
};

use super::{Kind, Row};

pub(super) const ROWS: &[Row] = &[
    Row::context(Kind::AskedByTag, "the image is asked for by its tag").predicts(&[TagNotFound]).excludes(&[DigestNotFound, BlobMissing]),
    Row::context(Kind::AskedByDigest, "the image is asked for by its digest").predicts(&[DigestNotFound]).excludes(&[TagNotFound]),
    Row::decides(
        Kind::TagListedWithout,
        "the same identity reads the repository's tags, all of them, and this one is not among them",
    )
    .predicts(&[TagNotFound])
    .excludes(&[
        RepositoryNotFound,
        NoCredentials,
        BadCredentials,
        CredentialsExpired,
        Forbidden,
        CredentialProviderFailed,
        RegistryUnavailable,
        Proxy,
    ]),
    Row::context(Kind::TagListedYetAbsent, "the repository lists the tag that it does not give")
        .predicts(&[RegistryUnavailable])
        .excludes(&[RepositoryNotFound]),
    Row::decides(Kind::RepositoryVisible, "the same identity reads the repository's tags")
        .predicts(&[DigestNotFound])
        .excludes(&[
            RepositoryNotFound,
            NoCredentials,
            BadCredentials,
            CredentialsExpired,
            Forbidden,
            CredentialProviderFailed,
            RegistryUnavailable,
            Proxy,
            BlobMissing,
        ]),
    Row::decides(Kind::SiblingThere, "the same identity gets another tag of the repository")
        .predicts(&[TagNotFound, DigestNotFound])
        .excludes(&[
            RepositoryNotFound,
            NoCredentials,
            BadCredentials,
            CredentialsExpired,
            Forbidden,
            CredentialProviderFailed,
            RegistryUnavailable,
            Proxy,
            BlobMissing,
        ]),
    Row::decides(Kind::RepositoryUnknown, "the registry says that it knows no such repository")
        .predicts(&[RepositoryNotFound])
        .excludes(&[TagNotFound, DigestNotFound, BlobMissing]),
    // A registry that is down behind its front may answer 404 to everything.
    Row::context(Kind::HostHasOthers, "in the same minute the host gave something else of what it has")
        .excludes(&[RegistryUnavailable, Proxy]),
    Row::context(Kind::HadByOthers, "a workload or node of the cluster has this very image")
        .predicts(&[Forbidden, NoCredentials]),
    Row::context(Kind::RepositoryListed, "the registry lists the repository").excludes(&[RepositoryNotFound]),
    Row::context(
        Kind::MayBeSeen,
        "whoever asks may see the repository: the API is open, the token that is judged by grants pull on it, or the registry never hides",
    )
    .excludes(&[NoCredentials, BadCredentials, CredentialsExpired, Forbidden, CredentialProviderFailed]),
    // The registry may have a gate of its own behind its token service.
    Row::context(Kind::TokenGrantsPull, "the token service grants pull on the repository")
        .excludes(&[BadCredentials, CredentialsExpired, CredentialProviderFailed]),
    Row::context(Kind::NoMarkOfACache, "nothing in the answers tells of a cache or virtual repository")
        .excludes(&[UpstreamOfCacheFailed]),
    Row::context(Kind::MarkOfACache, "the answers come from a cache or virtual repository")
        .predicts(&[UpstreamOfCacheFailed]),
    Row::decides(Kind::TagMoved, "the tag points to another digest than the one that runs").predicts(&[StaleImage]),
    Row::decides(Kind::NameDoesNotParse, "the image name does not parse").predicts(&[InvalidReference]),
];
