//! Manifests, platforms, layers, limits and the node's files: defects that are read in the thing itself.

use pullmedic_model::Cause::{
    BlobMissing, ConnectionReset, ContentCorrupt, DigestNotFound, MirrorMisconfigured, NodeStoreDamaged,
    PlatformMismatch, PolicyBlocked, Proxy, QuotaExceeded, RateLimited, RegistryUnavailable, UnpackFailed,
    UnsupportedManifest, UpstreamOfCacheFailed,
};

use super::{Kind, Row};

pub(super) const ROWS: &[Row] = &[
    Row::decides(Kind::PlatformNotInIndex, "the index was read and has no entry for the node's platform")
        .predicts(&[PlatformMismatch])
        // Whatever a store holds, no child of this index is for the node.
        .excludes(&[UnsupportedManifest, UpstreamOfCacheFailed, NodeStoreDamaged, BlobMissing]),
    Row::decides(
        Kind::ConfigForOtherPlatform,
        "the image's own config names another platform than the node's",
    )
    .predicts(&[PlatformMismatch])
    .excludes(&[UnsupportedManifest, UpstreamOfCacheFailed]),
    Row::decides(Kind::NotAnImage, "the manifest was read and is of a kind that runtimes do not run")
        .predicts(&[UnsupportedManifest])
        .excludes(&[RegistryUnavailable, PlatformMismatch, ContentCorrupt]),
    Row::decides(
        Kind::BlobGone,
        "the manifest is there, and the registry does not have a part that it names",
    )
    .predicts(&[BlobMissing])
    .excludes(&[Proxy, DigestNotFound, NodeStoreDamaged, RegistryUnavailable]),
    Row::decides(Kind::BlobDamaged, "the part was read whole from its source, and its digest is another")
        .predicts(&[ContentCorrupt])
        .excludes(&[Proxy, ConnectionReset, NodeStoreDamaged, UnpackFailed, UnsupportedManifest]),
    Row::decides(Kind::LimitUsedUp, "the registry tells that nothing is left of the pod's own limit")
        .predicts(&[RateLimited])
        .excludes(&[QuotaExceeded, RegistryUnavailable, Proxy, PolicyBlocked]),
    Row::decides(Kind::FileDefect, "a defect was read in the node's file").predicts(&[MirrorMisconfigured]),
    Row::decides(Kind::MirrorFails, "a mirror of the node's file fails from here too")
        .predicts(&[MirrorMisconfigured]),
    Row::decides(
        Kind::OriginAlonePasses,
        "what a mirror of the node has is wanting, and the origin, asked in its place, has it whole",
    )
    .predicts(&[MirrorMisconfigured])
    .excludes(&[DigestNotFound, NodeStoreDamaged, Proxy, RegistryUnavailable, UpstreamOfCacheFailed]),
    Row::context(Kind::Unsettled, "seen, and it settles nothing"),
];
