//! Image strings that do not parse, or are not complete enough for the runtime.

use pullmedic_model::Cause::{InvalidReference, PolicyBlocked, RegistryUnavailable};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("reference/format", &["invalid reference format"])
        .verdict()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("distribution/reference@v0.5.0:reference.go"),
    Rule::any(
        "kubelet/invalid-image-name",
        &[
            "invalidimagename",
            "couldn't parse image name",
            "couldn't parse image reference",
            "failed to apply default image tag",
        ],
    )
    .verdict()
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
    Rule::any("reference/case", &["repository name must be lowercase", "must be lowercase"])
        .verdict()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("distribution/reference@v0.5.0:reference.go"),
    Rule::any(
        "reference/length",
        &[
            "repository name must not be more than",
            "repository name must have at least one component",
            "repository name must be canonical",
            "invalid digest format",
            "invalid checksum digest",
            "unsupported digest algorithm",
            "invalid tag format",
        ],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("distribution/reference@v0.5.0:reference.go"),
    Rule::any(
        "containerd/parse",
        &[
            "failed to parse image reference",
            "failed to parse reference",
            "failed parsing reference",
            "invalid reference: ",
        ],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("containerd/containerd@v1.7.0:pkg/cri/server/image_pull.go"),
    Rule::any(
        "containerd/hexadecimal",
        &["cannot specify 64-byte hexadecimal strings", "repository name cannot be 64-byte"],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("distribution/reference@v0.5.0:normalize.go"),
    Rule::says(
        "containers/short-name",
        &[
            "short name mode is enforcing|short-name resolution enforced|short-name \"",
            "ambiguous list|cannot prompt|did not resolve to an alias",
        ],
    )
    .verdict()
    .certain(InvalidReference)
    .or(&[PolicyBlocked])
    .at(Stage::Reference)
    .from("cri-o/cri-o@v1.34.0:internal/storage/image.go"),
    Rule::any(
        "containers/no-search-registries",
        &[
            "no unqualified-search registries",
            "no search registries",
            "did not resolve to an alias",
            "unqualified-search",
        ],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("containers/image@v5.30.0:pkg/shortnames/shortnames.go"),
    Rule::any("containers/transport", &["expected colon-separated transport:reference", "unknown transport"])
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("containers/image@v5.30.0:transports/alltransports/alltransports.go"),
    Rule::says(
        "containers/tag-and-digest",
        &["docker references with both a tag and digest are currently not supported"],
    )
    .certain(InvalidReference)
    .at(Stage::Reference)
    .from("containers/image@v5.30.0:docker/docker_transport.go"),
    Rule::any(
        "distribution/name-invalid",
        &[
            "name_invalid",
            "invalid repository name",
            "repository name invalid",
            "tag_invalid",
            "invalid_repository_name",
        ],
    )
    .strong(InvalidReference)
    .or(&[RegistryUnavailable])
    .at(Stage::Reference)
    .from("distribution/distribution@v2.8.0:registry/api/v2/errors.go"),
    Rule::says("apiserver/white-space", &["must not have leading or trailing whitespace"])
        .verdict()
        .certain(InvalidReference)
        .at(Stage::Reference)
        .from("kubernetes/kubernetes@v1.30.0:pkg/apis/core/validation/validation.go"),
];
