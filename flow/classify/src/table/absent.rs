//! What a registry does not have: repository, tag, digest, blob.

use pullmedic_model::Cause::{
    BlobMissing, DigestNotFound, Forbidden, MirrorMisconfigured, NoCredentials, NotFoundOrDenied, Proxy,
    RepositoryNotFound, SignatureRejected, TagNotFound, UpstreamOfCacheFailed,
};
use pullmedic_model::Stage;

use crate::rule::{Request, Rule};

/// Words of the fetch and unpack stages, where `not found` is no answer to a tag.
const LATER_STAGES: &[&str] = &[
    "failed to copy",
    "readseeker: failed open",
    "readerseeker: failed open",
    "failed to extract",
    "snapshot",
    "unpack image on",
];

pub(super) const ROWS: &[Rule] = &[
    // containerd: a 404 while it resolves, whatever was absent.
    Rule::says(
        "containerd/not-found",
        &["failed to resolve|failed to pull and unpack|code = notfound", ": not found"],
    )
    .said()
    .unless(LATER_STAGES)
    .strong(TagNotFound)
    .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    Rule::says(
        "containerd/not-found-by-digest",
        &["failed to resolve|failed to pull and unpack|code = notfound", ": not found"],
    )
    .said()
    .by_digest()
    .unless(LATER_STAGES)
    .strong(DigestNotFound)
    .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    Rule::any("containerd/no-hosts", &["no resolve hosts", "no pull hosts"])
        .certain(MirrorMisconfigured)
        .at(Stage::Manifest)
        .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    // The codes of the distribution specification.
    Rule::any("distribution/manifest-unknown", &["manifest unknown", "manifest_unknown"])
        .strong(TagNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("distribution/distribution@v2.8.3:registry/api/v2/errors.go"),
    Rule::any("distribution/manifest-unknown-by-digest", &["manifest unknown", "manifest_unknown"])
        .by_digest()
        .strong(DigestNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("distribution/distribution@v2.8.3:registry/api/v2/errors.go"),
    Rule::any(
        "distribution/name-unknown",
        &["name unknown", "name_unknown", "repository name not known to registry"],
    )
    .strong(RepositoryNotFound)
    .or(&[NoCredentials, Forbidden, UpstreamOfCacheFailed])
    .at(Stage::Manifest)
    .from("distribution/distribution@v2.8.3:registry/api/v2/errors.go"),
    Rule::any("distribution/blob-unknown", &["blob unknown", "unknown blob", "blob_unknown"])
        .certain(BlobMissing)
        .or(&[UpstreamOfCacheFailed, Proxy])
        .at(Stage::Blob)
        .from("distribution/distribution@v2.8.3:registry/api/v2/errors.go"),
    // dockerd.
    Rule::says("docker/manifest-for-not-found", &[" not found", "manifest for "])
        .strong(TagNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.9:distribution/errors.go"),
    Rule::says("docker/manifest-for-not-found-by-digest", &[" not found", "manifest for "])
        .by_digest()
        .strong(DigestNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.9:distribution/errors.go"),
    Rule::says("docker/tag-not-found", &["not found in repository", "tag "])
        .certain(TagNotFound)
        .at(Stage::Manifest)
        .from("moby/moby@v1.9.1:graph/pull_v1.go"),
    Rule::any("docker/tag-does-not-exist", &["tag does not exist", "image manifest does not exist for tag"])
        .strong(TagNotFound)
        .at(Stage::Manifest)
        .from("moby/moby@v1.9.1:graph/pull_v2.go"),
    Rule::says("docker/image-not-found-v1", &[" not found", "error: image "])
        .strong(RepositoryNotFound)
        .or(&[TagNotFound, NoCredentials])
        .at(Stage::Manifest)
        .from("moby/moby@v1.9.1:graph/pull_v1.go"),
    Rule::says("docker/repository-not-found", &[" not found", "repository "])
        .said()
        .unless(&["not found in repository"])
        .strong(RepositoryNotFound)
        .or(&[NotFoundOrDenied, Forbidden, TagNotFound])
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.9:distribution/errors.go"),
    Rule::any("docker/repository-does-not-exist", &["repository does not exist:", "no such repository:"])
        .strong(RepositoryNotFound)
        .or(&[NotFoundOrDenied])
        .at(Stage::Manifest)
        .from("moby/moby@v1.9.1:graph/tags.go"),
    // Registries' own words.
    Rule::any("quay/tag-expired", &["tag_expired", "tag expired", "was deleted or has expired"])
        .certain(TagNotFound)
        .at(Stage::Manifest)
        .from("quay/quay@v3.10.0:endpoints/v2/manifest.py"),
    Rule::says("gcr/failed-to-fetch", &["from request", "failed to fetch \""])
        .strong(TagNotFound)
        .or(&[RepositoryNotFound])
        .at(Stage::Manifest)
        .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    Rule::says("harbor/artifact-not-found", &[" not found", "artifact "])
        .strong(TagNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/pkg/artifact/dao/dao.go"),
    Rule::says("harbor/artifact-not-found-by-digest", &[" not found", "artifact "])
        .by_digest()
        .strong(DigestNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/pkg/artifact/dao/dao.go"),
    Rule::says("harbor/repository-not-found", &[" not found", "unknown: repository "])
        .strong(RepositoryNotFound)
        .or(&[UpstreamOfCacheFailed, NotFoundOrDenied])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/pkg/repository/dao/dao.go"),
    Rule::says("harbor/project-not-found", &[" not found", "project "])
        .strong(RepositoryNotFound)
        .or(&[NotFoundOrDenied, Forbidden])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/pkg/project/dao/dao.go"),
    Rule::says("aws/repository-not-found", &["repository with name", "does not exist in the registry"])
        .certain(RepositoryNotFound)
        .at(Stage::Manifest)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    Rule::any("aws/image-not-found", &["requested image not found", "imagenotfoundexception"])
        .strong(TagNotFound)
        .or(&[DigestNotFound])
        .at(Stage::Manifest)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    Rule::any("aws/repository-exception", &["repositorynotfoundexception"])
        .certain(RepositoryNotFound)
        .at(Stage::Manifest)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html"),
    Rule::any("storage/image-not-known", &["image not known"])
        .strong(RepositoryNotFound)
        .or(&[SignatureRejected, TagNotFound, NoCredentials])
        .at(Stage::Manifest)
        .from("containers/storage@v1.59.1:types/errors.go"),
    // Blobs.
    Rule::says("containerd/content-descriptor", &["not found", "could not fetch content descriptor"])
        .verdict()
        .certain(BlobMissing)
        .or(&[DigestNotFound, UpstreamOfCacheFailed])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.34:remotes/docker/fetcher.go"),
    Rule::says("containerd/content-at", &[" not found", "content at "])
        .verdict()
        .certain(BlobMissing)
        .or(&[UpstreamOfCacheFailed, DigestNotFound])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.34:remotes/docker/fetcher.go"),
    Rule::any("containerd/any-host", &["could not be found at any host", "could not fetch content "])
        .strong(BlobMissing)
        .or(&[UpstreamOfCacheFailed, DigestNotFound])
        .at(Stage::Blob)
        .from("containerd/containerd@v2.1.0:core/remotes/docker/fetcher.go"),
    Rule::says(
        "containerd/failed-open-not-found",
        &["readseeker: failed open|readerseeker: failed open", "not found"],
    )
    .said()
    .certain(BlobMissing)
    .or(&[UpstreamOfCacheFailed, DigestNotFound])
    .at(Stage::Blob)
    .from("containerd/containerd@v1.7.34:remotes/docker/httpreadseeker.go"),
    Rule::says(
        "containers/blob-404",
        &["reading blob|fetching blob|parsing image configuration|image layer"],
    )
    .status(404)
    .certain(BlobMissing)
    .or(&[UpstreamOfCacheFailed, Proxy])
    .at(Stage::Blob)
    .from("containers/image@v5.21.0:docker/docker_image_src.go"),
    Rule::any("http/blob-404", &[])
        .status(404)
        .on(&[Request::Blob])
        .strong(BlobMissing)
        .or(&[UpstreamOfCacheFailed, Proxy])
        .at(Stage::Blob)
        .from("containerd/containerd@v1.7.34:remotes/docker/fetcher.go"),
];
