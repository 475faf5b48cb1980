//! The node's own content and snapshots do not hold together.

use pullmedic_model::Cause::{
    BlobMissing, ContentCorrupt, NodeStoreDamaged, PlatformMismatch, PullQueued, RuntimeUnavailable, Unknown,
    UnpackFailed,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any("containerd/blob-expected-at", &["blob not found"])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[BlobMissing])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:content/local/readerat.go"),
    // Of an index that lacks the node's platform containerd 2.3 takes the nearest child, and then has not fetched it.
    Rule::says(
        "containerd/config-of-no-child",
        &["get image config descriptor", "content digest ", "not found"],
    )
    .verdict()
    .weak(PlatformMismatch)
    .or(&[NodeStoreDamaged, BlobMissing])
    .at(Stage::Platform)
    .from("containerd/containerd@v2.3.7:core/images/image.go"),
    Rule::says("containerd/content-digest-not-found", &["content digest ", "not found"])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[BlobMissing])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:metadata/content.go"),
    Rule::any(
        "containerd/content-store-reader",
        &["failed to get reader from content store", "failed to get info from content store"],
    )
    .verdict()
    .strong(NodeStoreDamaged)
    .or(&[BlobMissing])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:diff/apply/apply.go"),
    Rule::says("containerd/parent-snapshot", &["parent snapshot", "does not exist"])
        .verdict()
        .certain(NodeStoreDamaged)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:metadata/snapshot.go"),
    Rule::any(
        "containerd/stat-parent",
        &["failed to stat parent", "failed to get parent ownership", "failed to get parent chain"],
    )
    .verdict()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:snapshots/overlay/overlay.go"),
    Rule::any(
        "containerd/missing-parent",
        &[
            "missing parent",
            "parent does not exist",
            "snapshots bucket does not exist",
            "bucket does not exist",
        ],
    )
    .verdict()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:snapshots/storage/bolt.go"),
    Rule::says("containerd/snapshot-gone", &["snapshot ", "does not exist: not found|not committed"])
        .strong(NodeStoreDamaged)
        .or(&[UnpackFailed])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:snapshots/storage/bolt.go"),
    Rule::any(
        "containerd/snapshot",
        &[
            "failed to prepare extraction snapshot",
            "unable to prepare extraction snapshot",
            "failed to stat snapshot",
            "failed to commit snapshot",
            "unexpected error from snapshotter",
        ],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:pkg/unpack/unpacker.go"),
    Rule::says("containerd/locked", &[" locked", ": unavailable"])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[PullQueued])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.34:content/local/locks.go"),
    Rule::says("containerd/ref-locked", &["ref ", " locked for "])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[PullQueued])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.34:content/local/locks.go"),
    Rule::any(
        "containerd/ingest",
        &["failed to open ingest data", "error getting writer status", "stat on ingest file failed"],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Blob)
    .from("containerd/containerd@v1.7.34:content/local/writer.go"),
    Rule::any(
        "containerd/lease",
        &["failed to lease content", "unable to lease content", "lease does not exist"],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[BlobMissing])
    .from("moby/moby@v28.0.0:daemon/containerd/image_pull.go"),
    Rule::any("containerd/snapshotter-missing", &["unable to resolve snapshotter", "snapshotter not loaded"])
        .strong(NodeStoreDamaged)
        .or(&[RuntimeUnavailable])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:pull.go"),
    Rule::any("containerd/try-to-find-image", &["an error occurred when try to find image"])
        .weak(NodeStoreDamaged)
        .or(&[Unknown])
        .at(Stage::Start)
        .from("containerd/containerd#4088"),
    Rule::says(
        "bolt/database",
        &["database not open|failed to open database file|invalid database|database file"],
    )
    .strong(NodeStoreDamaged)
    .or(&[RuntimeUnavailable])
    .from("containerd/containerd@v1.7.34:snapshots/storage/metastore.go"),
    // Lazy snapshotters.
    Rule::says("stargz/layer-unavailable", &["layer \"", "unavailable: unavailable"])
        .verdict()
        .strong(NodeStoreDamaged)
        .or(&[UnpackFailed, RuntimeUnavailable])
        .at(Stage::Unpack)
        .from("containerd/stargz-snapshotter@v0.15.0:snapshot/snapshot.go"),
    Rule::any(
        "stargz/remote-snapshot",
        &[
            "failed to prepare remote snapshot",
            "failed to restore remote snapshot",
            "target snapshot",
            "failed to resolve layer",
        ],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed, ContentCorrupt])
    .at(Stage::Unpack)
    .from("containerd/stargz-snapshotter@v0.15.0:snapshot/snapshot.go"),
    Rule::any(
        "nydus/daemon",
        &[
            "failed to reach running",
            "daemon is not running",
            "mount rafs",
            "find bootstrap file",
            "can't find bootstrap",
            "mount file system by daemon",
        ],
    )
    .strong(NodeStoreDamaged)
    .or(&[RuntimeUnavailable, UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/nydus-snapshotter@v0.13.0:pkg/filesystem/fs.go"),
    // containers/storage.
    Rule::any(
        "storage/unknown-layer",
        &[
            "layer not known",
            "parent of layer not known",
            "layer data item is missing",
            "image layer is missing",
            "image data item is missing",
            "image data item has incorrect size",
            "layer in lower level storage driver not accounted for",
            "layer not referenced by any images",
            "layer content modified",
            "that id is already in use",
            "error loading storage metadata",
        ],
    )
    .verdict()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containers/storage@v1.59.1:types/errors.go"),
    Rule::any(
        "storage/locating",
        &["locating item named", "locating image with id", "locating layer with id"],
    )
    .verdict()
    .strong(NodeStoreDamaged)
    .at(Stage::Unpack)
    .from("containers/storage@v1.59.1:store.go"),
    Rule::any(
        "storage/reading-layer",
        &[
            "error reading layer",
            "reading layer \"",
            "error creating overlay mount",
            "an incomplete layer exists",
        ],
    )
    .said()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containers/image@v5.0.0:storage/storage_image.go"),
    Rule::any("crio/not-in-store", &["not present in image store", "not found in container storage"])
        .strong(NodeStoreDamaged)
        .or(&[Unknown])
        .from("cri-o/cri-o@v1.30.0:internal/storage/runtime.go"),
    // dockerd's layer store.
    Rule::any(
        "docker/layer-store",
        &[
            "was not found (corruption?)",
            "layer does not exist",
            "layer is unknown to driver",
            "no metadata storage",
            "failed to get cache id for",
            "failed to get diff id for",
            "files in the layer store were modified",
        ],
    )
    .verdict()
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("moby/moby@v24.0.9:layer/layer.go"),
    Rule::says("docker/readlink", &["readlink ", "/overlay2|/overlay|/aufs"])
        .said()
        .strong(NodeStoreDamaged)
        .or(&[UnpackFailed])
        .at(Stage::Unpack)
        .from("moby/moby@v24.0.9:daemon/graphdriver/overlay2/overlay.go"),
    // The disk below.
    Rule::any(
        "os/io-error",
        &[
            "input/output error",
            "read-only file system",
            "structure needs cleaning",
            "stale file handle",
            "stale nfs file handle",
        ],
    )
    .strong(NodeStoreDamaged)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno-base.h"),
    // The kubelet's own records.
    Rule::any("kubelet/pull-intent", &["failed to record image pull intent"])
        .weak(Unknown)
        .or(&[pullmedic_model::Cause::DiskFull, NodeStoreDamaged])
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.33.0:pkg/kubelet/images/image_manager.go"),
];
