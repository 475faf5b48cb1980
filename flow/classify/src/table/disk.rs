//! No room.

use pullmedic_model::Cause::{DiskFull, InodesExhausted, UnpackFailed};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("os/enospc", &["no space left on device"])
        .verdict()
        .strong(DiskFull)
        .or(&[InodesExhausted])
        .at(Stage::Unpack)
        .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno-base.h"),
    Rule::says("windows/disk-full", &["not enough space on the disk"])
        .verdict()
        .certain(DiskFull)
        .at(Stage::Unpack)
        .from("https://learn.microsoft.com/windows/win32/debug/system-error-codes--0-499-"),
    Rule::says("os/edquot", &["disk quota exceeded"])
        .verdict()
        .strong(DiskFull)
        .or(&[InodesExhausted])
        .at(Stage::Unpack)
        .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno.h"),
    Rule::any(
        "kubelet/gc",
        &[
            "failed to garbage collect required amount",
            "free disk space on the node",
            "attempted to free",
            "imagegcfailed",
            "freediskspacefailed",
        ],
    )
    .verdict()
    .certain(DiskFull)
    .at(Stage::Unpack)
    .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_gc_manager.go"),
    Rule::any(
        "kubelet/low-on",
        &[
            "was low on resource: ephemeral-storage",
            "diskpressure",
            "disk pressure",
            "no enough disk",
            "not enough free space",
            "insufficient disk",
            "not enough disk space",
        ],
    )
    .strong(DiskFull)
    .or(&[InodesExhausted])
    .at(Stage::Unpack)
    .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/eviction/helpers.go"),
    Rule::any("os/efbig", &["file too large", "too many links"])
        .strong(UnpackFailed)
        .or(&[DiskFull])
        .at(Stage::Unpack)
        .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno-base.h"),
    Rule::any("devmapper/pool", &["thin pool has", "devmapper: thin pool"])
        .verdict()
        .strong(DiskFull)
        .at(Stage::Unpack)
        .from("moby/moby@v20.10.0:daemon/graphdriver/devmapper/deviceset.go"),
];
