//! Extraction on the node.

use pullmedic_model::Cause::{
    ConnectionReset, ContentCorrupt, DiskFull, NodeStoreDamaged, PlatformMismatch, UnpackFailed,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any("tar/invalid-header", &["invalid tar header"])
        .strong(UnpackFailed)
        .or(&[ContentCorrupt])
        .at(Stage::Unpack)
        .from("golang/go@go1.22.0:src/archive/tar/common.go"),
    Rule::any(
        "tar/too-long",
        &["archive/tar: ", "tar: invalid", "unhandled tar header type", "invalid whiteout name"],
    )
    .said()
    .strong(UnpackFailed)
    .or(&[ContentCorrupt])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:archive/tar.go"),
    Rule::any("containerd/extract", &["failed to extract layer"])
        .said()
        .strong(UnpackFailed)
        .or(&[NodeStoreDamaged, ContentCorrupt, PlatformMismatch])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:pkg/unpack/unpacker.go"),
    Rule::any("containerd/mount-callback", &["mount callback failed on"])
        .said()
        .strong(UnpackFailed)
        .or(&[ContentCorrupt, NodeStoreDamaged])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:mount/temp.go"),
    Rule::any("docker/register-layer", &["failed to register layer"])
        .said()
        .strong(UnpackFailed)
        .or(&[NodeStoreDamaged, ContentCorrupt])
        .at(Stage::Unpack)
        .from("moby/moby@v24.0.9:distribution/xfer/download.go"),
    Rule::any("docker/max-depth", &["max depth exceeded"])
        .certain(UnpackFailed)
        .at(Stage::Unpack)
        .from("moby/moby@v24.0.9:layer/layer.go"),
    Rule::any(
        "storage/apply-layer",
        &["applylayer ", "error processing tar file", "processing tar file", "untar ", "unpacking failed"],
    )
    .said()
    .strong(UnpackFailed)
    .or(&[ContentCorrupt])
    .at(Stage::Unpack)
    .from("moby/moby@v24.0.9:pkg/chrootarchive/archive_unix.go"),
    Rule::says(
        "storage/truncated-layer",
        &["applylayer|failed to register layer|failed to extract layer|untar", "unexpected eof"],
    )
    .said()
    .strong(UnpackFailed)
    .or(&[ContentCorrupt, ConnectionReset])
    .at(Stage::Unpack)
    .from("containers/storage@v1.59.1:pkg/chrootarchive/diff_unix.go"),
    Rule::any("containerd/subordinate-ids", &["increasing the number of subordinate ids"])
        .verdict()
        .certain(UnpackFailed)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:archive/tar.go"),
    Rule::any("storage/ids", &["potentially insufficient uids or gids", "there might not be enough ids"])
        .verdict()
        .certain(UnpackFailed)
        .at(Stage::Unpack)
        .from("containers/storage@v1.59.1:pkg/idtools/idtools.go"),
    Rule::any(
        "storage/id-mapping",
        &["cannot be mapped to a host id", "not enough unused ids in user namespace"],
    )
    .certain(UnpackFailed)
    .at(Stage::Unpack)
    .from("containers/storage@v1.59.1:types/errors.go"),
    Rule::any("os/lchown", &["lchown "])
        .strong(UnpackFailed)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:archive/tar.go"),
    Rule::says(
        "os/refused-file",
        &[
            "mkparent|mknod|chmod |symlink |link /|unlinkat |setxattr|mkdir ",
            "failed to extract|applylayer|register layer|mount callback",
        ],
    )
    .said()
    .strong(UnpackFailed)
    .or(&[NodeStoreDamaged, PlatformMismatch])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:archive/tar_unix.go"),
    Rule::any(
        "windows/base-layer",
        &["processbaselayer", "processutilityvmimage", "hcsshim::importlayer", "hcsshim::preparelayer"],
    )
    .strong(UnpackFailed)
    .or(&[PlatformMismatch, NodeStoreDamaged])
    .at(Stage::Unpack)
    .from("microsoft/hcsshim@v0.11.0:internal/wclayer/processimage.go"),
    Rule::any("windows/hcsshim", &["hcsshim::", "hcsimportlayer"])
        .said()
        .strong(UnpackFailed)
        .or(&[PlatformMismatch])
        .at(Stage::Unpack)
        .from("microsoft/hcsshim@v0.11.0:internal/wclayer/importlayer.go"),
    Rule::any("docker/re-exec", &["re-exec error"])
        .said()
        .strong(UnpackFailed)
        .or(&[PlatformMismatch])
        .at(Stage::Unpack)
        .from("moby/moby@v24.0.9:daemon/graphdriver/windows/windows.go"),
    Rule::any("os/xattr", &["failed to set xattr", "lsetxattr", "xattrs not supported"])
        .strong(UnpackFailed)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:archive/tar_unix.go"),
    Rule::any("containerd/whiteout", &["failed to convert whiteout file"])
        .certain(UnpackFailed)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:archive/tar.go"),
    Rule::any(
        "containerd/compression",
        &[
            "unsupported compression format",
            "unknown compression",
            "failed to get compressed stream",
            "exec: \"unpigz\"",
        ],
    )
    .strong(UnpackFailed)
    .or(&[ContentCorrupt])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:archive/compression/compression.go"),
    Rule::any(
        "containerd/mount",
        &["failed to mount overlay", "failed to mount idmapped overlay", "failed to activate mounts"],
    )
    .said()
    .strong(UnpackFailed)
    .or(&[NodeStoreDamaged])
    .at(Stage::Unpack)
    .from("containerd/containerd@v2.1.0:plugins/snapshots/overlay/overlayutils/check.go"),
    Rule::any("storage/breakout", &["invalid hardlink", "invalid symlink", "breakout", "is outside of"])
        .said()
        .strong(UnpackFailed)
        .or(&[ContentCorrupt])
        .at(Stage::Unpack)
        .from("containers/storage@v1.59.1:pkg/archive/archive.go"),
    Rule::any(
        "containers/decrypt",
        &["decrypting layer", "missing private key needed for decryption", "no suitable key unwrapper"],
    )
    .strong(UnpackFailed)
    .at(Stage::Unpack)
    .from("containers/image@v5.36.0:copy/encryption.go"),
    Rule::any(
        "containers/adding-layer",
        &["adding layer with blob", "committing the finished image", "creating layer with id"],
    )
    .frame()
    .strong(UnpackFailed)
    .or(&[DiskFull, NodeStoreDamaged])
    .at(Stage::Unpack)
    .from("containers/image@v5.36.0:storage/storage_dest.go"),
    Rule::any(
        "containerd/unpack",
        &["unpack image on snapshotter", "unable to initialize unpacker", "failed to apply:"],
    )
    .frame()
    .strong(UnpackFailed)
    .or(&[NodeStoreDamaged])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:pull.go"),
];
