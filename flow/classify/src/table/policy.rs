//! Policies: pull policy, signatures, admission, firewalls of registries.

use pullmedic_model::Cause::{
    CachedNotAuthorized, Forbidden, MirrorMisconfigured, NeverPullAbsent, NoCredentials, PolicyBlocked,
    RegistryUnavailable, SignatureRejected, Unknown,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any("kubelet/never", &["is not present with pull policy of never", "errimageneverpull"])
        .verdict()
        .strong(NeverPullAbsent)
        .or(&[CachedNotAuthorized])
        .at(Stage::Policy)
        .from("kubernetes/kubernetes@v1.33.0:pkg/kubelet/images/image_manager.go"),
    Rule::says("containers/rejected-by-policy", &["is rejected by policy"])
        .verdict()
        .certain(SignatureRejected)
        .at(Stage::Policy)
        .from("containers/image@v5.30.0:signature/policy_eval_simple.go"),
    Rule::any("containers/source-rejected", &["source image rejected", "image rejected"])
        .verdict()
        .certain(SignatureRejected)
        .at(Stage::Policy)
        .from("containers/image@v5.30.0:copy/single.go"),
    Rule::any(
        "containers/signature-required",
        &[
            "a signature was required, but no signature exists",
            "none of the signatures were accepted",
            "signature for identity",
            "invalid gpg signature",
            "cryptographic signature verification failed",
            "missing dev.sigstore.cosign",
            "signature verification failed",
            "failed to verify signature",
            "invalid signature",
        ],
    )
    .verdict()
    .certain(SignatureRejected)
    .at(Stage::Policy)
    .from("containers/image@v5.30.0:signature/policy_eval_signedby.go"),
    Rule::any("kubelet/signature-validation", &["signaturevalidationfailed", "signature validation failed"])
        .verdict()
        .certain(SignatureRejected)
        .at(Stage::Policy)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
    Rule::says("containers/policy-file", &["invalid policy in "])
        .verdict()
        .strong(SignatureRejected)
        .or(&[MirrorMisconfigured, Unknown])
        .at(Stage::Policy)
        .from("containers/image@v5.30.0:signature/policy_config.go"),
    Rule::any(
        "cosign/webhook",
        &[
            "policy.sigstore.dev",
            "no matching signatures",
            "no signatures found",
            "signature key validation failed",
            "must be an image digest",
            "no matching attestations",
            "failed policy: ",
            "failed to verify image",
            "image verification failed for",
        ],
    )
    .verdict()
    .strong(SignatureRejected)
    .or(&[Forbidden, NoCredentials])
    .at(Stage::Policy)
    .from("sigstore/policy-controller@v0.8.0:pkg/webhook/validator.go"),
    Rule::any(
        "notation/verify",
        &[
            "signature is not produced by a trusted",
            "no signature is associated with",
            "trust policy",
            "unable to find signature",
            "ratify",
            "notation",
        ],
    )
    .said()
    .strong(SignatureRejected)
    .or(&[PolicyBlocked])
    .at(Stage::Policy)
    .from("notaryproject/notation-go@v1.1.0:errors.go"),
    Rule::any(
        "docker/content-trust",
        &[
            "remote trust data does not exist",
            "does not have trust data for",
            "notary.docker.io",
            "trust data",
            "no valid trust data",
        ],
    )
    .verdict()
    .certain(SignatureRejected)
    .at(Stage::Policy)
    .from("docker/cli@v24.0.0:cli/command/image/trust.go"),
    Rule::says("containerd/verifier", &["image verifier ", "blocked pull|returned error"])
        .verdict()
        .certain(SignatureRejected)
        .at(Stage::Policy)
        .from("containerd/containerd@v2.0.0:core/transfer/local/pull.go"),
    Rule::any(
        "containers/blocked",
        &["is blocked in ", "registry is blocked", "is blocked by configuration"],
    )
    .verdict()
    .strong(PolicyBlocked)
    .at(Stage::Policy)
    .from("containers/image@v5.30.0:docker/docker_image_src.go"),
    Rule::any(
        "acr/firewall",
        &[
            "client with ip",
            "is not allowed access",
            "ip address is not allowed",
            "not allowed to access",
            "ip is not in",
            "ip not allowed",
        ],
    )
    .verdict()
    .strong(PolicyBlocked)
    .or(&[Forbidden])
    .from("https://learn.microsoft.com/azure/container-registry/container-registry-troubleshoot-access"),
    Rule::says("http/412-words", &["precondition failed"])
        .status(412)
        .strong(PolicyBlocked)
        .or(&[RegistryUnavailable])
        .from("goharbor/harbor@v2.10.0:src/lib/http/error.go"),
    Rule::any(
        "harbor/policy",
        &[
            "projectpolicyviolation",
            "policy violation",
            "due to configured policy",
            "configured policy in",
            "vulnerability policy",
            "vulnerabilities with severity",
            "current image with",
            "is not signed",
            "image is not scanned",
            "not scanned",
            "blocked by policy",
            "quarantine",
            "curation",
            "violates policy",
            "blocked due to",
            "blocked by",
            "download blocked",
            "forbidden by policy",
            "not in the allowlist",
            "not in allowlist",
            "denied by policy",
            "image is blocked",
            "has been blocked",
        ],
    )
    .strong(PolicyBlocked)
    .or(&[SignatureRejected, Forbidden])
    .from("goharbor/harbor@v2.10.0:src/server/middleware/vulnerable/vulnerable.go"),
    Rule::any(
        "registry/request-rejected",
        &[
            "request rejected",
            "registry has been shut down",
            "container registry is deprecated",
            "has been decommissioned",
            "shut down",
            "is no longer available",
        ],
    )
    .said()
    .strong(PolicyBlocked)
    .or(&[RegistryUnavailable])
    .from("https://cloud.google.com/artifact-registry/docs/transition/transition-from-gcr"),
];
