//! Images that arrive whole but cannot be used, or do not arrive as they were made.

use pullmedic_model::Cause::{ContentCorrupt, PlatformMismatch, RegistryUnavailable, UnsupportedManifest};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("containerd/commit-digest", &["unexpected commit digest"])
        .verdict()
        .certain(ContentCorrupt)
        .or(&[UnsupportedManifest])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.0:content/local/writer.go"),
    Rule::any("containerd/commit-size", &["failed size validation", "unexpected commit size"])
        .verdict()
        .certain(ContentCorrupt)
        .or(&[pullmedic_model::Cause::ConnectionReset])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.0:content/local/writer.go"),
    Rule::any(
        "docker/layer-verification",
        &[
            "layer verification failed",
            "image verification failed",
            "manifest verification failed",
            "failed to verify digest",
            "content digest mismatch",
        ],
    )
    .verdict()
    .certain(ContentCorrupt)
    .at(Stage::Blob)
    .from("moby/moby@v24.0.0:distribution/pull_v2.go"),
    Rule::any(
        "containers/digest-mismatch",
        &[
            "digest did not match",
            "digest mismatch",
            "does not match digest",
            "does not match provided manifest digest",
            "digest mismatch in",
            "size mismatch",
            "wrong diff id",
            "does not match config's diffid",
            "computed digest",
            "diffid mismatch",
        ],
    )
    .strong(ContentCorrupt)
    .at(Stage::Blob)
    .from("containers/image@v5.30.0:copy/digesting_reader.go"),
    Rule::any(
        "gzip/corrupt",
        &[
            "gzip: invalid header",
            "gzip: invalid checksum",
            "zstd: invalid",
            "flate: corrupt input",
            "invalid checksum",
            "magic number mismatch",
            "unexpected magic",
        ],
    )
    .strong(ContentCorrupt)
    .or(&[pullmedic_model::Cause::UnpackFailed])
    .at(Stage::Unpack)
    .from("golang/go@go1.22.0:src/compress/gzip/gunzip.go"),
    Rule::any(
        "containerd/text-html",
        &[
            "unexpected media type text/html",
            "unsupported media type text/html",
            "media type \"text/html",
            "media type text/html",
            "mimetype: text/html",
            "content type text/html",
        ],
    )
    .verdict()
    .certain(RegistryUnavailable)
    .or(&[pullmedic_model::Cause::MirrorMisconfigured, pullmedic_model::Cause::BadCredentials])
    .from("containerd/containerd@v1.7.0:images/image.go"),
    Rule::any(
        "containerd/media-type",
        &[
            "unexpected media type",
            "unsupported media type",
            "media type is not supported",
            "unsupported mediatype",
            "unknown media type",
            "unsupported manifest",
            "unsupported image manifest",
            "unsupported schema",
            "mediatype in manifest should be",
        ],
    )
    .strong(UnsupportedManifest)
    .or(&[RegistryUnavailable])
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.0:images/image.go"),
    Rule::any(
        "containerd/schema-1",
        &[
            "is no longer supported since containerd",
            "schema 1 image manifests",
            "schema version 1",
            "schema1",
            "schemaversion 1",
            "manifest.v1+prettyjws",
            "docker image format v1",
            "image format v1 and",
        ],
    )
    .certain(UnsupportedManifest)
    .at(Stage::Manifest)
    .from("containerd/containerd@v2.1.0:core/remotes/docker/pusher.go"),
    Rule::any(
        "containerd/rootfs-mismatch",
        &[
            "mismatched image rootfs and manifest layers",
            "number of layers and diffids don't match",
            "mismatched fs layers",
            "layers and diffids",
        ],
    )
    .verdict()
    .certain(UnsupportedManifest)
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.0:rootfs/apply.go"),
    Rule::any(
        "containerd/stream-processor",
        &["failed to get stream processor", "no processor for media-type"],
    )
    .strong(UnsupportedManifest)
    .or(&[pullmedic_model::Cause::UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.0:diff/stream.go"),
    Rule::any("containerd/unknown-type", &["reference for unknown type", "encountered unknown type"])
        .strong(UnsupportedManifest)
        .at(Stage::Manifest)
        .from("containerd/containerd@v1.7.0:images/handlers.go"),
    Rule::any(
        "docker/not-an-image",
        &[
            "invalid rootfs in image configuration",
            "encountered remote",
            "is not an image",
            "unsupported config",
            "artifact has no layers",
            "this is a helm",
            "unsupported artifact",
            "only supports images",
            "invalid mime type",
            "not a container image",
        ],
    )
    .strong(UnsupportedManifest)
    .at(Stage::Config)
    .from("moby/moby@v24.0.0:distribution/pull_v2.go"),
    Rule::says("kubelet/no-command", &["no command specified"])
        .weak(UnsupportedManifest)
        .or(&[pullmedic_model::Cause::Unknown])
        .at(Stage::Start)
        .from("moby/moby@v24.0.0:daemon/create.go"),
    Rule::says(
        "containerd/manifest-too-large",
        &["rejecting ", " byte manifest|manifest is too large|exceeds maximum"],
    )
    .strong(UnsupportedManifest)
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.0:remotes/docker/resolver.go"),
    Rule::any(
        "containers/foreign",
        &["operating system is not supported", "does not support any of the platforms"],
    )
    .strong(PlatformMismatch)
    .at(Stage::Platform)
    .from("moby/moby@v24.0.0:distribution/pull_v2.go"),
];
