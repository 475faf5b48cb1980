//! Image strings that do not parse, or are not complete enough for the runtime.

use pullmedic_model::Cause::{InvalidReference, MirrorMisconfigured, PolicyBlocked, RegistryUnavailable};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any("reference/format", &["invalid reference format"])
        .verdict()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("distribution/reference@v0.5.0:reference.go"),
    Rule::any("reference/case", &["repository name must be lowercase"])
        .verdict()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("distribution/reference@v0.5.0:reference.go"),
    Rule::any(
        "reference/parts",
        &[
            "repository name must not be more than",
            "repository name must have at least one component",
            "repository name must be canonical",
            "invalid digest format",
            "invalid tag format",
        ],
    )
    .verdict()
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("distribution/reference@v0.5.0:reference.go"),
    Rule::any(
        "reference/digest",
        &["invalid checksum digest format", "unsupported digest algorithm", "invalid checksum digest length"],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("opencontainers/go-digest@v1.0.0:digest.go"),
    Rule::any("reference/hexadecimal", &["cannot specify 64-byte hexadecimal strings"])
        .verdict()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("distribution/reference@v0.5.0:normalize.go"),
    Rule::any("kubelet/invalid-image-name", &["invalidimagename", "failed to apply default image tag"])
        .said()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
    Rule::any("kubelet/parse-image-name", &["couldn't parse image name", "couldn't parse image reference"])
        .said()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("kubernetes/kubernetes@v1.30.0:pkg/util/parsers/parsers.go"),
    Rule::any("containerd/parse", &["failed to parse image reference", "failed to parse reference"])
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("containerd/containerd@v1.7.34:pkg/cri/server/image_pull.go"),
    Rule::any("containerd/spec", &["invalid reference: ", "object required", "hostname required"])
        .said()
        .strong(InvalidReference)
        .at(Stage::Reference)
        .from("containerd/containerd@v1.7.34:reference/reference.go"),
    Rule::says("crio/short-name", &["short name mode is enforcing", "ambiguous list"])
        .verdict()
        .certain(InvalidReference)
        .or(&[PolicyBlocked])
        .at(Stage::Reference)
        .from("cri-o/cri-o@v1.34.0:internal/storage/image.go"),
    Rule::any(
        "containers/short-name",
        &["short-name resolution enforced but cannot prompt", "did not resolve to an alias"],
    )
    .verdict()
    .certain(InvalidReference)
    .or(&[PolicyBlocked])
    .at(Stage::Reference)
    .from("containers/image@v5.36.0:pkg/shortnames/shortnames.go"),
    Rule::any(
        "containers/search-registries",
        &["no unqualified-search registries", "creating reference with unqualified-search"],
    )
    .certain(InvalidReference)
    .or(&[MirrorMisconfigured])
    .at(Stage::Reference)
    .from("containers/image@v5.36.0:pkg/shortnames/shortnames.go"),
    Rule::any("crio/no-registries", &["no registries configured", "no configured registries"])
        .strong(InvalidReference)
        .or(&[MirrorMisconfigured])
        .at(Stage::Reference)
        .from("cri-o/cri-o@v1.17.0:internal/pkg/storage/image.go"),
    Rule::says(
        "containers/transport",
        &["invalid image name", "expected colon-separated transport:reference|unknown transport"],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("containers/image@v5.36.0:transports/alltransports/alltransports.go"),
    Rule::any(
        "containers/tag-and-digest",
        &["docker references with both a tag and digest are currently not supported"],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("containers/image@v5.36.0:docker/docker_transport.go"),
    Rule::any(
        "distribution/name-invalid",
        &["name_invalid", "invalid repository name", "name invalid", "tag_invalid"],
    )
    .strong(InvalidReference)
    .or(&[RegistryUnavailable])
    .at(Stage::Reference)
    .from("distribution/distribution@v2.8.3:registry/api/v2/errors.go"),
    Rule::any("docker/v1-name", &["invalid namespace name", "illegal tag name", "is a reserved name"])
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("moby/moby@v1.9.1:graph/tags/tags.go"),
    Rule::any("apiserver/white-space", &["must not have leading or trailing whitespace"])
        .verdict()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("kubernetes/kubernetes@v1.30.0:pkg/apis/core/validation/validation.go"),
    Rule::says("apiserver/image-required", &[".image: required value"])
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("kubernetes/kubernetes@v1.30.0:pkg/apis/core/validation/validation.go"),
];
