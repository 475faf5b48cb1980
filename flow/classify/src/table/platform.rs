//! Images that do not exist for the node's operating system or processor.

use pullmedic_model::Cause::PlatformMismatch;
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("containerd/no-match-for-platform", &["no match for platform"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("containerd/containerd@v1.7.0:images/image.go"),
    Rule::says("docker/no-matching-manifest", &["no matching manifest for"])
        .verdict()
        .certain(PlatformMismatch)
        .at(Stage::Platform)
        .from("moby/moby@v24.0.0:distribution/pull_v2.go"),
    Rule::any(
        "containers/no-image-in-list",
        &["no image found in manifest list", "no image found in image index"],
    )
    .verdict()
    .certain(PlatformMismatch)
    .at(Stage::Platform)
    .from("containers/image@v5.30.0:internal/manifest/docker_schema2_list.go"),
    Rule::any(
        "docker/wrong-os",
        &[
            "cannot be used on this platform",
            "does not match the specified platform",
            "was found but does not match",
            "does not match the detected host platform",
            "does not match the expected platform",
        ],
    )
    .verdict()
    .certain(PlatformMismatch)
    .at(Stage::Platform)
    .from("moby/moby@v24.0.0:distribution/pull_v2.go"),
    Rule::any(
        "containers/wrong-os",
        &["image operating system mismatch", "image architecture mismatch", "image platform"],
    )
    .strong(PlatformMismatch)
    .at(Stage::Platform)
    .from("containers/image@v5.30.0:copy/single.go"),
    Rule::says("kernel/exec-format", &["exec format error"])
        .verdict()
        .strong(PlatformMismatch)
        .or(&[pullmedic_model::Cause::UnsupportedManifest])
        .at(Stage::Start)
        .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno-base.h"),
    Rule::any(
        "windows/version",
        &[
            "operating system of the container does not match the operating system of the host",
            "container operating system does not match the host operating system",
        ],
    )
    .certain(PlatformMismatch)
    .at(Stage::Platform)
    .from("moby/moby@v24.0.0:distribution/pull_v2_windows.go"),
];
