//! Extraction on the node.

use pullmedic_model::Cause::{ContentCorrupt, DiskFull, NodeStoreDamaged, PlatformMismatch, UnpackFailed};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("tar/invalid-header", &["invalid tar header"])
        .strong(UnpackFailed)
        .or(&[ContentCorrupt])
        .at(Stage::Unpack)
        .from("golang/go@go1.22.0:src/archive/tar/common.go"),
    Rule::says("containerd/extract", &["failed to extract layer"])
        .said()
        .strong(UnpackFailed)
        .or(&[NodeStoreDamaged, ContentCorrupt, PlatformMismatch])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.0:rootfs/apply.go"),
    Rule::says("docker/register-layer", &["failed to register layer"])
        .said()
        .strong(UnpackFailed)
        .or(&[NodeStoreDamaged, ContentCorrupt])
        .at(Stage::Unpack)
        .from("moby/moby@v24.0.0:distribution/xfer/download.go"),
    Rule::says("containerd/mount-callback", &["mount callback failed on"])
        .said()
        .strong(UnpackFailed)
        .or(&[ContentCorrupt, NodeStoreDamaged])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.0:mount/temp.go"),
    Rule::any(
        "storage/apply-layer",
        &[
            "applylayer",
            "error applying layer",
            "applying layer",
            "error processing tar file",
            "processing tar file",
            "untar ",
        ],
    )
    .said()
    .strong(UnpackFailed)
    .or(&[ContentCorrupt])
    .at(Stage::Unpack)
    .from("containers/storage@v1.53.0:pkg/chrootarchive/diff_unix.go"),
    Rule::any(
        "storage/ids",
        &[
            "subordinate ids in",
            "potentially insufficient uids or gids",
            "there might not be enough ids",
            "lchown",
        ],
    )
    .certain(UnpackFailed)
    .at(Stage::Unpack)
    .from("containers/storage@v1.53.0:pkg/archive/archive.go"),
    Rule::any(
        "windows/base-layer",
        &[
            "processbaselayer",
            "hcsshim::",
            "reexec error",
            "re-exec error",
            "hcsimportlayer",
            "importlayer",
            "processutilityvmimage",
        ],
    )
    .strong(UnpackFailed)
    .or(&[PlatformMismatch])
    .at(Stage::Unpack)
    .from("microsoft/hcsshim@v0.11.0:internal/wclayer/processimage.go"),
    Rule::any("os/xattr", &["lsetxattr", "failed to set xattr", "operation not supported", "setxattr"])
        .said()
        .strong(UnpackFailed)
        .at(Stage::Unpack)
        .from("containerd/continuity@v0.4.0:sysx/xattr.go"),
    Rule::any(
        "containerd/compression",
        &[
            "unknown compression",
            "unsupported compression",
            "unpigz",
            "zstd: ",
            "gzip: ",
            "failed to get decompress",
        ],
    )
    .said()
    .strong(UnpackFailed)
    .or(&[ContentCorrupt])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.0:archive/compression/compression.go"),
    Rule::any(
        "containers/adding-layer",
        &[
            "adding layer with blob",
            "committing the finished image",
            "creating layer with id",
            "storing blob to file",
        ],
    )
    .frame()
    .strong(UnpackFailed)
    .or(&[DiskFull, NodeStoreDamaged])
    .at(Stage::Unpack)
    .from("containers/image@v5.30.0:storage/storage_dest.go"),
    Rule::any(
        "containerd/unpack",
        &["unpack image on snapshotter", "unable to initialize unpacker", "failed to unpack"],
    )
    .frame()
    .strong(UnpackFailed)
    .or(&[NodeStoreDamaged])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.0:pull.go"),
];
