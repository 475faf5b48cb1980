//! Images that arrive whole but cannot be used, or do not arrive as they were made.

use pullmedic_model::Cause::{
    BadCredentials, ConnectionReset, ContentCorrupt, DigestNotFound, MirrorMisconfigured, NodeStoreDamaged,
    RegistryUnavailable, SignatureRejected, TagNotFound, Unknown, UnpackFailed, UnsupportedManifest,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    // Not the bytes that were named.
    Rule::any("containerd/commit-digest", &["unexpected commit digest"])
        .verdict()
        .certain(ContentCorrupt)
        .or(&[UnsupportedManifest])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.34:content/local/writer.go"),
    Rule::any("containerd/commit-size", &["failed size validation", "unexpected commit size"])
        .verdict()
        .certain(ContentCorrupt)
        .or(&[ConnectionReset])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.34:metadata/content.go"),
    Rule::any("containerd/diff-id", &["wrong diff id"])
        .verdict()
        .certain(ContentCorrupt)
        .or(&[UnsupportedManifest])
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:rootfs/apply.go"),
    Rule::any("docker/layer-verification", &["filesystem layer verification failed"])
        .verdict()
        .certain(ContentCorrupt)
        .at(Stage::Blob)
        .from("moby/moby@v24.0.9:distribution/pull_v2.go"),
    Rule::any(
        "docker/verification",
        &[
            "image config verification failed",
            "image verification failed for digest",
            "manifest verification failed",
        ],
    )
    .verdict()
    .certain(ContentCorrupt)
    .at(Stage::Blob)
    .from("moby/moby@v24.0.9:distribution/pull_v2.go"),
    Rule::any(
        "docker/manifest-digest",
        &[
            "mismatching image manifest digest",
            "unable to verify manifest digest",
            "could not validate layer digest",
        ],
    )
    .certain(ContentCorrupt)
    .from("moby/moby@v24.0.9:distribution/pull_v2.go"),
    Rule::any(
        "containers/digest-did-not-match",
        &["digest did not match, expected", "digest mismatch, expected"],
    )
    .verdict()
    .certain(ContentCorrupt)
    .at(Stage::Blob)
    .from("containers/image@v5.36.0:copy/digesting_reader.go"),
    Rule::any("containers/manifest-digest", &["manifest does not match provided manifest digest"])
        .certain(ContentCorrupt)
        .at(Stage::Manifest)
        .from("containers/image@v5.36.0:internal/image/unparsed.go"),
    Rule::any(
        "containers/selected-manifest-digest",
        &["image manifest does not match selected manifest digest"],
    )
    .certain(ContentCorrupt)
    .at(Stage::Manifest)
    .from("containers/image@v5.36.0:internal/image/docker_list.go"),
    Rule::any("containers/config-digest", &["download config.json digest"])
        .certain(ContentCorrupt)
        .at(Stage::Config)
        .from("containers/image@v5.36.0:internal/image/docker_schema2.go"),
    Rule::any("containers/reference-digest", &["manifest would not match destination reference"])
        .strong(ContentCorrupt)
        .or(&[UnsupportedManifest, DigestNotFound])
        .at(Stage::Manifest)
        .from("cri-o/cri-o#2157"),
    Rule::any("containers/config-diff-id", &["does not match config's diffid", "config claims"])
        .certain(ContentCorrupt)
        .or(&[UnsupportedManifest])
        .at(Stage::Unpack)
        .from("containers/image@v5.36.0:storage/storage_dest.go"),
    Rule::any("containers/blob-mismatch", &["blob digest mismatch", "blob size mismatch"])
        .certain(ContentCorrupt)
        .at(Stage::Blob)
        .from("containers/image@v5.36.0:storage/storage_dest.go"),
    Rule::any("storage/layer-content", &["layer content incorrect digest", "layer content incorrect size"])
        .strong(ContentCorrupt)
        .or(&[NodeStoreDamaged])
        .at(Stage::Unpack)
        .from("containers/storage@v1.59.1:types/errors.go"),
    Rule::any("storage/blob-checksum", &["invalid blob checksum", "invalid manifest checksum"])
        .certain(ContentCorrupt)
        .at(Stage::Blob)
        .from("containers/storage@v1.59.1:pkg/chunked/compression_linux.go"),
    // containerd compares a layer with its digest before it unpacks it, so these bytes are those that were pushed; others
    // unpack while the bytes arrive.
    Rule::any("gzip/corrupt", &["gzip: invalid header", "gzip: invalid checksum"])
        .strong(UnpackFailed)
        .or(&[ContentCorrupt])
        .at(Stage::Unpack)
        .from("golang/go@go1.22.0:src/compress/gzip/gunzip.go"),
    Rule::any("flate/corrupt", &["flate: corrupt input"])
        .strong(UnpackFailed)
        .or(&[ContentCorrupt])
        .at(Stage::Unpack)
        .from("golang/go@go1.22.0:src/compress/flate/inflate.go"),
    Rule::any("zstd/corrupt", &["magic number mismatch", "window size exceeded", "invalid input: magic"])
        .strong(UnpackFailed)
        .or(&[ContentCorrupt])
        .at(Stage::Unpack)
        .from("klauspost/compress@v1.17.0:zstd/decoder.go"),
    Rule::any(
        "containerd/content-range",
        &["unhandled content range in response", "content range requests ignored"],
    )
    .strong(ContentCorrupt)
    .or(&[RegistryUnavailable, ConnectionReset])
    .at(Stage::Blob)
    .from("containerd/containerd@v1.7.34:remotes/docker/fetcher.go"),
    Rule::any(
        "containerd/header-digest",
        &["in header not a valid digest", "invalid content digest in response"],
    )
    .strong(RegistryUnavailable)
    .or(&[ContentCorrupt, MirrorMisconfigured])
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    // A web page in place of a manifest.
    Rule::any(
        "containerd/text-html",
        &[
            "unexpected media type text/html",
            "unsupported media type text/html",
            "media type text/html",
            "mediatype: \"text/html",
            "mime type \"text/html",
            "mimetype: text/html",
            "media type: \"text/html",
            "unknown type: text/html",
            "mediatype=text/html",
        ],
    )
    .verdict()
    .certain(RegistryUnavailable)
    .or(&[MirrorMisconfigured, BadCredentials])
    .from("containerd/containerd@v1.7.34:images/image.go"),
    // The same, sought again as content under the digest of the page.
    Rule::says("containerd/text-html-descriptor", &["could not fetch content descriptor", "(text/html"])
        .verdict()
        .certain(RegistryUnavailable)
        .or(&[MirrorMisconfigured, BadCredentials])
        .at(Stage::Manifest)
        .from("containerd/containerd@v1.7.34:remotes/docker/fetcher.go"),
    // Kinds of manifest that the runtime does not run.
    Rule::any(
        "containerd/media-type",
        &["unexpected media type", "encountered unknown type", "reference for unknown type"],
    )
    .strong(UnsupportedManifest)
    .or(&[RegistryUnavailable])
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.34:images/image.go"),
    Rule::any(
        "containerd/index-or-manifest",
        &[
            "media-type: expected index but found",
            "media-type: expected manifest but found",
            "unrecognised mediatype",
        ],
    )
    .certain(UnsupportedManifest)
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.34:images/image.go"),
    Rule::any("containerd/schema-1-local", &["is no longer supported since containerd"])
        .verdict()
        .certain(UnsupportedManifest)
        .at(Stage::Manifest)
        .from("containerd/containerd@v2.1.0:core/remotes/docker/resolver.go"),
    Rule::any(
        "containerd/schema-1",
        &[
            "schema 1 image manifests are no longer supported",
            "media-type: schema 1 not supported",
            "not support for schema 1 manifests",
            "schema 1 conversion failed",
            "invalid schema 1 manifest",
            "failed to unmarshal image from schema 1 history",
            "converter: expected schema1 document",
        ],
    )
    .verdict()
    .certain(UnsupportedManifest)
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.34:remotes/docker/schema1/converter.go"),
    Rule::says("containerd/schema-1-signatures", &["no signatures"])
        .frame()
        .unless(&["cosign", "signature was required", "no signatures found"])
        .strong(UnsupportedManifest)
        .or(&[SignatureRejected])
        .at(Stage::Manifest)
        .from("containerd/containerd#4344"),
    Rule::any("docker/schema-1", &["docker image format v1 and docker image manifest version 2, schema 1"])
        .verdict()
        .certain(UnsupportedManifest)
        .at(Stage::Manifest)
        .from("moby/moby@v26.0.0:distribution/errors.go"),
    Rule::any(
        "docker/schema-1-deprecated",
        &["image format v1 and", "manifest version 2, schema 1", "manifest.v1+prettyjws"],
    )
    .strong(UnsupportedManifest)
    .at(Stage::Manifest)
    .from("moby/moby@v24.0.9:distribution/pull_v2.go"),
    Rule::any(
        "docker/manifest-format",
        &[
            "unsupported manifest format",
            "invalid manifest: not schema2",
            "unsupported schema version",
            "unsupported layer media type",
            "no fslayers in manifest",
            "length of history not equal to number of layers",
            "layers from manifest don't match image configuration",
            "invalid rootfs in image configuration",
            "running ai models directly by the engine",
            "media-type: cannot determine",
        ],
    )
    .certain(UnsupportedManifest)
    .at(Stage::Manifest)
    .from("moby/moby@v24.0.9:distribution/pull_v2.go"),
    Rule::says("docker/unknown-remote", &["encountered remote ", "when fetching"])
        .certain(UnsupportedManifest)
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.9:distribution/errors.go"),
    Rule::any("docker/mediatype-in-manifest", &["mediatype in manifest should be"])
        .certain(UnsupportedManifest)
        .at(Stage::Manifest)
        .from("distribution/distribution@v2.8.3:manifest/ocischema/manifest.go"),
    Rule::any(
        "containers/media-type",
        &[
            "unsupported docker v2s2 media type",
            "unsupported ociv1 media type",
            "unimplemented manifest mime type",
            "unimplemented manifest list mime type",
            "unsupported mime type",
            "unsupported mediatype",
        ],
    )
    .certain(UnsupportedManifest)
    .at(Stage::Manifest)
    .from("containers/image@v5.36.0:manifest/manifest.go"),
    Rule::any(
        "containers/not-an-image",
        &[
            "image has no layers",
            "invalid image config (rootfs is not set)",
            "asked for a different config blob",
            "rejecting ambiguous manifest",
            "inconsistent schema 1 manifest",
            "inconsistent layer count",
            "image config has only",
        ],
    )
    .certain(UnsupportedManifest)
    .at(Stage::Config)
    .from("containers/image@v5.36.0:internal/image/docker_schema2.go"),
    Rule::any("containerd/rootfs-mismatch", &["mismatched image rootfs and manifest layers"])
        .verdict()
        .certain(UnsupportedManifest)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:image.go"),
    Rule::any("containerd/diff-ids", &["number of layers and diffids don't match"])
        .verdict()
        .certain(UnsupportedManifest)
        .at(Stage::Unpack)
        .from("containerd/containerd@v1.7.34:pkg/unpack/unpacker.go"),
    Rule::any("ggcr/diff-ids", &["mismatched fs layers"])
        .verdict()
        .certain(UnsupportedManifest)
        .at(Stage::Config)
        .from("google/go-containerregistry@v0.19.0:pkg/v1/mutate/mutate.go"),
    Rule::any("ggcr/media-type", &["unsupported mediatype:"])
        .certain(UnsupportedManifest)
        .at(Stage::Manifest)
        .from("google/go-containerregistry#377"),
    Rule::any(
        "containerd/stream-processor",
        &["failed to get stream processor", "no processor for media-type"],
    )
    .strong(UnsupportedManifest)
    .or(&[UnpackFailed])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:diff/stream.go"),
    Rule::says(
        "containerd/stream-processor-layer",
        &["failed to get stream processor", "image.layer|rootfs.diff"],
    )
    .strong(UnpackFailed)
    .or(&[UnsupportedManifest])
    .at(Stage::Unpack)
    .from("containerd/containerd@v1.7.34:diff/apply/apply.go"),
    Rule::says("containerd/manifest-too-large", &["rejecting ", " byte manifest"])
        .certain(UnsupportedManifest)
        .or(&[RegistryUnavailable])
        .at(Stage::Manifest)
        .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    Rule::any("crio/artifact-size", &["exceeded maximum allowed artifact size"])
        .certain(UnsupportedManifest)
        .at(Stage::Blob)
        .from("cri-o/cri-o@v1.34.0:internal/ociartifact/store.go"),
    Rule::any("registry/manifest-invalid", &["manifest invalid", "manifest_invalid"])
        .strong(UnsupportedManifest)
        .or(&[RegistryUnavailable, TagNotFound])
        .at(Stage::Manifest)
        .from("distribution/distribution@v2.8.3:registry/api/v2/errors.go"),
    // An image without a program of its own says so as well as a chart does, which some runtimes take for an image.
    Rule::any("kubelet/no-command", &["no command specified"])
        .weak(UnsupportedManifest)
        .or(&[Unknown])
        .at(Stage::Start)
        .from("containerd/containerd@v1.7.34:pkg/cri/opts/spec_opts.go"),
];
