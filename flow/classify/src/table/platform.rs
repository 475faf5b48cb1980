//! Images that do not exist for the node's operating system or processor.

use pullmedic_model::Cause::{PlatformMismatch, UnsupportedManifest};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any("containerd/no-match-for-platform", &["no match for platform"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("containerd/containerd@v1.7.34:images/image.go"),
    Rule::any("containerd/no-manifest-for-platform", &["no manifest found for platform"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("containerd/containerd@v1.7.34:images/archive/exporter.go"),
    Rule::says("containerd/snapshotter-platform", &["snapshotter ", "does not support platform"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("containerd/containerd@v1.7.34:image.go"),
    Rule::any("containerd/unpack-platforms", &["no unpack platforms defined"])
        .strong(PlatformMismatch)
        .at(Stage::Platform)
        .from("containerd/containerd@v1.7.34:pkg/unpack/unpacker.go"),
    Rule::any("docker/no-matching-manifest", &["no matching manifest for"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("moby/moby@v24.0.9:distribution/pull_v2.go"),
    Rule::any("docker/no-supported-platform", &["no supported platform found in manifest list"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("moby/moby@v1.13.1:distribution/pull_v2.go"),
    Rule::any(
        "docker/operating-system",
        &["cannot be used on this platform", "cannot download image with operating system"],
    )
    .verdict()
    .certain(PlatformMismatch)
    .at(Stage::Platform)
    .from("moby/moby@v24.0.9:distribution/config.go"),
    Rule::any(
        "docker/specified-platform",
        &["does not match the specified platform", "does not match the detected host platform"],
    )
    .verdict()
    .certain(PlatformMismatch)
    .at(Stage::Platform)
    .from("moby/moby@v24.0.9:daemon/images/image.go"),
    Rule::says("docker/windows-version", &["a windows version", "image is incompatible with"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("moby/moby@v24.0.9:distribution/pull_v2_windows.go"),
    Rule::any(
        "windows/host-version",
        &["operating system of the container does not match", "container operating system does not match"],
    )
    .verdict()
    .certain(PlatformMismatch)
    .at(Stage::Start)
    .from("https://learn.microsoft.com/virtualization/windowscontainers/"),
    Rule::any("containers/no-image-in-list", &["no image found in manifest list for"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("containers/image@v5.36.0:internal/manifest/docker_schema2_list.go"),
    Rule::any("containers/no-image-in-index", &["no image found in image index for"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("containers/image@v5.36.0:internal/manifest/oci_index.go"),
    Rule::says("containers/operating-system", &["image operating system ", "cannot be used on"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("containers/image@v5.0.0:copy/copy.go"),
    Rule::any("ggcr/no-child", &["no child with platform"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("google/go-containerregistry@v0.19.0:pkg/v1/remote/index.go"),
    Rule::any("buildkit/platform", &["does not provide the specified platform"])
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("moby/moby@v28.0.0:daemon/containerd/image.go"),
    Rule::any("kernel/exec-format", &["exec format error"])
        .verdict()
        .strong(PlatformMismatch)
        .or(&[UnsupportedManifest])
        .at(Stage::Start)
        .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno-base.h"),
];
