//! The node's own content and snapshots.

use pullmedic_model::Cause::{BlobMissing, NodeStoreDamaged, RuntimeUnavailable, UnpackFailed};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("containerd/blob-expected-at", &["blob not found"])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[BlobMissing])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.0:content/local/store.go"),
    Rule::says("containerd/content-digest-not-found", &["content digest ", "not found"])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[BlobMissing])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.0:metadata/content.go"),
    Rule::says("containerd/content-store-reader", &["failed to get reader from content store"])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[BlobMissing])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.0:diff/apply/apply.go"),
    Rule::says("containerd/parent-snapshot", &["parent snapshot", "does not exist"])
        .verdict()
        .certain(NodeStoreDamaged)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.0:snapshots/storage/bolt.go"),
    Rule::any(
        "containerd/stat-parent",
        &["failed to stat parent", "failed to get parent", "missing parent", "parent snapshot"],
    )
    .verdict()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.0:snapshots/overlay/overlay.go"),
    Rule::any(
        "containerd/prepare-snapshot",
        &[
            "failed to prepare extraction snapshot",
            "failed to stat snapshot",
            "failed to commit snapshot",
            "target snapshot",
        ],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.0:rootfs/apply.go"),
    Rule::says("containerd/locked", &[" locked", "unavailable"])
        .verdict()
        .unless(&["database is locked"])
        .strong(NodeStoreDamaged)
        .or(&[pullmedic_model::Cause::PullQueued])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.0:content/local/locks.go"),
    Rule::any(
        "storage/damaged",
        &[
            "layer not known",
            "image is missing",
            "is missing from storage",
            "failed to read local",
            "error reading layer",
            "unlinkat",
            "metadata is corrupt",
            "database file",
            "invalid database",
            "mount point",
            "readlink",
        ],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containers/storage@v1.53.0:errors.go"),
    Rule::any(
        "os/io-error",
        &[
            "input/output error",
            "read-only file system",
            "structure needs cleaning",
            "stale file handle",
            "bad message",
        ],
    )
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno-base.h"),
    Rule::says(
        "containerd/no-snapshotter",
        &["snapshotter not loaded|snapshotter ", "not loaded|was not found|does not exist: not found"],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[RuntimeUnavailable])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.0:client.go"),
];
