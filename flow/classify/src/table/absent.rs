//! What a registry does not have: repository, tag, digest, blob.

use pullmedic_model::Cause::{
    BlobMissing, DigestNotFound, Forbidden, NoCredentials, NotFoundOrDenied, Proxy, RepositoryNotFound,
    SignatureRejected, TagNotFound, UpstreamOfCacheFailed,
};
use pullmedic_model::Stage;

use crate::rule::{Request, Rule};

pub(super) const ROWS: &[Rule] = &[
    Rule::says(
        "containerd/not-found",
        &["failed to resolve|failed to pull and unpack|code = notfound", ": not found"],
    )
    .said()
    .unless(&[
        "failed to copy",
        "readseeker: failed open",
        "readerseeker: failed open",
        "failed to extract",
        "snapshot",
    ])
    .strong(TagNotFound)
    .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.0:remotes/docker/resolver.go"),
    Rule::says(
        "containerd/not-found-by-digest",
        &["failed to resolve|failed to pull and unpack|code = notfound", ": not found"],
    )
    .said()
    .by_digest()
    .unless(&[
        "failed to copy",
        "readseeker: failed open",
        "readerseeker: failed open",
        "failed to extract",
        "snapshot",
    ])
    .strong(DigestNotFound)
    .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.0:remotes/docker/resolver.go"),
    Rule::any(
        "distribution/manifest-unknown",
        &["manifest unknown", "manifest_unknown", "manifest is not known", "manifest not known"],
    )
    .strong(TagNotFound)
    .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("distribution/distribution@v2.8.0:registry/api/v2/errors.go"),
    Rule::any(
        "distribution/manifest-unknown-by-digest",
        &["manifest unknown", "manifest_unknown", "manifest is not known", "manifest not known"],
    )
    .by_digest()
    .strong(DigestNotFound)
    .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("distribution/distribution@v2.8.0:registry/api/v2/errors.go"),
    Rule::says("docker/manifest-for-not-found", &["manifest for ", " not found"])
        .strong(TagNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.0:distribution/errors.go"),
    Rule::says("docker/manifest-for-not-found-by-digest", &["manifest for ", " not found"])
        .by_digest()
        .strong(DigestNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.0:distribution/errors.go"),
    Rule::says("docker/tag-not-found", &["tag ", "not found in repository"])
        .certain(TagNotFound)
        .at(Stage::Manifest)
        .from("moby/moby@v1.9.0:graph/pull_v1.go"),
    Rule::any(
        "registry/tag-gone",
        &[
            "tag_expired",
            "tag expired",
            "has expired and",
            "tag not found",
            "tag does not exist",
            "no such tag",
            "unknown tag",
            "requested tag",
            "reference does not exist",
        ],
    )
    .strong(TagNotFound)
    .or(&[RepositoryNotFound])
    .at(Stage::Manifest)
    .from("quay/quay@v3.10.0:endpoints/v2/errors.py"),
    Rule::says("gcr/failed-to-fetch", &["failed to fetch \"", "from request"])
        .strong(TagNotFound)
        .or(&[RepositoryNotFound])
        .at(Stage::Manifest)
        .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    Rule::says("harbor/artifact-not-found", &["artifact ", "not found"])
        .strong(TagNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/controller/artifact/controller.go"),
    Rule::any(
        "distribution/name-unknown",
        &[
            "name unknown",
            "name_unknown",
            "repository name not known to registry",
            "repository name is not known",
        ],
    )
    .certain(RepositoryNotFound)
    .or(&[NoCredentials, Forbidden, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("distribution/distribution@v2.8.0:registry/api/v2/errors.go"),
    Rule::says("registry/repository-not-found", &["repository ", "not found|does not exist"])
        .strong(RepositoryNotFound)
        .or(&[NotFoundOrDenied, Forbidden, TagNotFound])
        .unless(&["repository does not exist or may require", "not found in repository"])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/controller/repository/controller.go"),
    Rule::says("harbor/project-not-found", &["project ", "not found|does not exist"])
        .strong(RepositoryNotFound)
        .or(&[NotFoundOrDenied, Forbidden])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/controller/project/controller.go"),
    Rule::says("ecr/repository-not-found", &["repository with name", "does not exist in the registry"])
        .certain(RepositoryNotFound)
        .at(Stage::Manifest)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    Rule::says("docker/image-not-found-v1", &["error: image ", " not found"])
        .strong(RepositoryNotFound)
        .or(&[TagNotFound, NoCredentials])
        .at(Stage::Manifest)
        .from("moby/moby@v1.9.0:graph/pull_v1.go"),
    Rule::says("crio/image-not-known", &["image not known"])
        .strong(RepositoryNotFound)
        .or(&[SignatureRejected, TagNotFound, NoCredentials])
        .at(Stage::Manifest)
        .from("cri-o/cri-o#10241"),
    // Blobs.
    Rule::says("containerd/content-descriptor", &["could not fetch content descriptor", "not found"])
        .certain(BlobMissing)
        .or(&[DigestNotFound, UpstreamOfCacheFailed])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.0:remotes/docker/fetcher.go"),
    Rule::says("containerd/content-at", &["content at ", "not found"])
        .certain(BlobMissing)
        .or(&[UpstreamOfCacheFailed, DigestNotFound])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.0:remotes/docker/fetcher.go"),
    Rule::says(
        "containerd/failed-open-not-found",
        &["readseeker: failed open|readerseeker: failed open", "not found"],
    )
    .said()
    .certain(BlobMissing)
    .or(&[UpstreamOfCacheFailed, DigestNotFound])
    .at(Stage::Blob)
    .from("containerd/containerd@v1.7.0:remotes/docker/httpreadseeker.go"),
    Rule::any(
        "distribution/blob-unknown",
        &[
            "blob unknown",
            "unknown blob",
            "blob_unknown",
            "manifest_blob_unknown",
            "blob unknown to registry",
        ],
    )
    .certain(BlobMissing)
    .or(&[UpstreamOfCacheFailed, Proxy])
    .at(Stage::Blob)
    .from("distribution/distribution@v2.8.0:registry/api/v2/errors.go"),
    Rule::any("any/blob-404", &["blob", "image layer", "image configuration", "config"])
        .status(404)
        .certain(BlobMissing)
        .or(&[UpstreamOfCacheFailed, Proxy])
        .at(Stage::Blob)
        .from("containers/image@v5.30.0:docker/docker_image_src.go"),
    Rule::says("http/blob-404", &[])
        .status(404)
        .on(&[Request::Blob])
        .strong(BlobMissing)
        .or(&[UpstreamOfCacheFailed, Proxy])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.0:remotes/docker/fetcher.go"),
];
