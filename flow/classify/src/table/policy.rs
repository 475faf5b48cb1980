//! Policies: pull policy, signatures, admission, and what a registry or something before it blocks.

use pullmedic_model::Cause::{
    CachedNotAuthorized, Forbidden, MirrorMisconfigured, NeverPullAbsent, NoCredentials, PolicyBlocked,
    Proxy, RegistryUnavailable, SignatureRejected, Unknown,
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
    // Signatures: containers/image's policy.json.
    Rule::any("containers/rejected-by-policy", &["is rejected by policy", "are rejected by policy"])
        .verdict()
        .certain(SignatureRejected)
        .at(Stage::Policy)
        .from("containers/image@v5.36.0:signature/policy_eval_simple.go"),
    Rule::any("containers/source-rejected", &["source image rejected"])
        .verdict()
        .certain(SignatureRejected)
        .at(Stage::Policy)
        .from("containers/image@v5.36.0:copy/single.go"),
    Rule::any(
        "containers/signature-required",
        &[
            "a signature was required, but no signature exists",
            "none of the signatures were accepted",
            "signature for identity",
            "signature for docker digest",
            "signature for digest",
            "cryptographic signature verification failed",
            "verification of rekor set failed",
            "no public key verified against the rekorset",
            "invalid gpg signature",
            "key not found for key id",
            "missing dev.sigstore.cosign",
        ],
    )
    .verdict()
    .certain(SignatureRejected)
    .at(Stage::Policy)
    .from("containers/image@v5.36.0:signature/policy_eval_signedby.go"),
    Rule::any(
        "kubelet/signature-validation",
        &["signaturevalidationfailed", "because the signature validation failed"],
    )
    .verdict()
    .certain(SignatureRejected)
    .at(Stage::Policy)
    .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
    Rule::any("crio/checking-signature", &["checking signature of", "verifying signatures:"])
        .strong(SignatureRejected)
        .or(&[NoCredentials])
        .at(Stage::Policy)
        .from("cri-o/cri-o@v1.34.0:internal/storage/image.go"),
    Rule::any("containers/policy-file", &["invalid policy in ", "no policy.json file found"])
        .verdict()
        .strong(SignatureRejected)
        .or(&[MirrorMisconfigured, Unknown])
        .at(Stage::Policy)
        .from("containers/image@v5.36.0:signature/policy_config.go"),
    // Signatures: cosign, notation, docker.
    Rule::any(
        "sigstore/webhook",
        &[
            "no matching signatures",
            "no signatures found",
            "no matching attestations",
            "signature key validation failed",
            "signature keyless validation failed",
            "must be an image digest",
        ],
    )
    .verdict()
    .strong(SignatureRejected)
    .or(&[Forbidden, NoCredentials])
    .at(Stage::Policy)
    .from("sigstore/policy-controller@v0.8.0:pkg/webhook/validator.go"),
    Rule::any(
        "kyverno/verify",
        &["failed to verify image", "image verification failed", "unverified image", "image is not verified"],
    )
    .verdict()
    .strong(SignatureRejected)
    .or(&[Forbidden, NoCredentials])
    .at(Stage::Policy)
    .from("kyverno/kyverno@v1.11.0:pkg/engine/internal/imageverifier.go"),
    Rule::any(
        "notation/verify",
        &[
            "no signature is associated with",
            "signature is not produced by a trusted signer",
            "no applicable trust policy",
            "no trust policy",
        ],
    )
    .verdict()
    .certain(SignatureRejected)
    .at(Stage::Policy)
    .from("notaryproject/notation-go@v1.1.0:notation.go"),
    Rule::any(
        "ratify/gatekeeper",
        &["subject failed verification", "ratify failed to verify", "time=\"\" ratify"],
    )
    .verdict()
    .strong(SignatureRejected)
    .or(&[PolicyBlocked])
    .at(Stage::Policy)
    .from("ratify-project/ratify@v1.1.0:library/default/template.yaml"),
    Rule::any(
        "docker/content-trust",
        &[
            "remote trust data does not exist",
            "does not have trust data for",
            "no valid trust data for",
            "remote repository out-of-date",
        ],
    )
    .verdict()
    .certain(SignatureRejected)
    .at(Stage::Policy)
    .from("docker/cli@v24.0.0:cli/command/image/trust.go"),
    Rule::says("containerd/verifier", &["image verifier ", "blocked pull of|returned error"])
        .verdict()
        .certain(SignatureRejected)
        .or(&[PolicyBlocked])
        .at(Stage::Policy)
        .from("containerd/containerd@v2.1.0:core/transfer/local/pull.go"),
    Rule::any(
        "harbor/not-signed",
        &[
            "the image is not signed by cosign",
            "the image is not signed by notation",
            "the image is not signed in notary",
        ],
    )
    .verdict()
    .strong(SignatureRejected)
    .or(&[PolicyBlocked])
    .at(Stage::Policy)
    .from("goharbor/harbor@v2.10.0:src/server/middleware/contenttrust/contentrust.go"),
    // The node's and the cluster's own blocks.
    Rule::says("containers/blocked", &["registry ", "is blocked in "])
        .verdict()
        .certain(PolicyBlocked)
        .at(Stage::Policy)
        .from("containers/image@v5.36.0:docker/docker_image_src.go"),
    Rule::any(
        "kyverno/blocked",
        &["was blocked due to the following policies", "policy violation for resource"],
    )
    .said()
    .strong(PolicyBlocked)
    .or(&[SignatureRejected, Unknown])
    .at(Stage::Policy)
    .from("kyverno/kyverno@v1.11.0:pkg/webhooks/utils/block.go"),
    Rule::any(
        "gatekeeper/repository",
        &["has an invalid image repo", "image repository is not allowed", "allowed repos are"],
    )
    .verdict()
    .certain(PolicyBlocked)
    .at(Stage::Policy)
    .from("open-policy-agent/gatekeeper-library@v3.15.0:library/general/allowedrepos/template.yaml"),
    Rule::any(
        "apiserver/image-policy-webhook",
        &["image policy webhook backend denied", "one or more images rejected by webhook backend"],
    )
    .verdict()
    .certain(PolicyBlocked)
    .at(Stage::Policy)
    .from("kubernetes/kubernetes@v1.30.0:plugin/pkg/admission/imagepolicy/admission.go"),
    Rule::any(
        "gke/binary-authorization",
        &["denied by binary authorization", "image denied by", "violates security policy"],
    )
    .verdict()
    .strong(PolicyBlocked)
    .or(&[SignatureRejected])
    .at(Stage::Policy)
    .from("https://cloud.google.com/binary-authorization/docs/troubleshooting"),
    Rule::says("apiserver/webhook-denied", &["admission webhook", "denied the request"])
        .frame()
        .weak(PolicyBlocked)
        .or(&[SignatureRejected, Unknown])
        .at(Stage::Policy)
        .from("kubernetes/apiserver@v0.30.0:pkg/admission/plugin/webhook/errors/statuserror.go"),
    // The registry's blocks.
    Rule::any("acr/firewall", &["client with ip"])
        .verdict()
        .strong(PolicyBlocked)
        .or(&[Forbidden])
        .from("https://aka.ms/acr/firewall"),
    Rule::any(
        "registry/address-not-allowed",
        &["ip address is not allowed", "ip is not allowed", "not in the allowed ip", "not in whitelist"],
    )
    .verdict()
    .strong(PolicyBlocked)
    .or(&[Forbidden])
    .from("https://aka.ms/acr/firewall"),
    Rule::any(
        "gcp/service-perimeter",
        &[
            "request is prohibited by organization's policy",
            "vpcservicecontrolsuniqueidentifier",
            "security_policy_violated",
        ],
    )
    .verdict()
    .certain(PolicyBlocked)
    .from("https://cloud.google.com/vpc-service-controls/docs/troubleshooting"),
    Rule::any(
        "gcp/api-disabled",
        &["api has not been used in project", "permission to consumer", "is disabled in project"],
    )
    .strong(PolicyBlocked)
    .or(&[Forbidden])
    .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    Rule::any("gcp/organization-policy", &["organization policy", "constraints/"])
        .said()
        .strong(PolicyBlocked)
        .or(&[Forbidden])
        .from("https://cloud.google.com/resource-manager/docs/organization-policy/overview"),
    Rule::any(
        "harbor/vulnerable",
        &[
            "projectpolicyviolation",
            "cannot be pulled due to configured policy",
            "due to configured policy in",
            "current image with",
            "current image without vulnerability scanning",
        ],
    )
    .verdict()
    .certain(PolicyBlocked)
    .from("goharbor/harbor@v2.10.0:src/server/middleware/vulnerable/vulnerable.go"),
    Rule::any(
        "xray/blocked",
        &["download blocking policy", "blocked by xray", "xray block", "artifact download request rejected"],
    )
    .verdict()
    .certain(PolicyBlocked)
    .from("https://jfrog.com/help/r/jfrog-security-documentation/xray-policies"),
    Rule::any(
        "registry/quarantined",
        &["quarantin", "is under curation", "blocked by curation", "has been blocked", "image is blocked"],
    )
    .said()
    .strong(PolicyBlocked)
    .or(&[Forbidden])
    .from("https://learn.microsoft.com/azure/container-registry/container-registry-faq"),
    // A refusal that says which policy it is about: `denied:` before it is how a registry begins any of them.
    Rule::any(
        "registry/policy-behind-403",
        &[
            "quarantin",
            "blocked by policy",
            "blocked by a policy",
            "blocked by security policy",
            "blocked by the policy",
            "vulnerab",
            "not scanned",
            "not been scanned",
            "unsigned",
        ],
    )
    .status(403)
    .unless(&["unsigned request", "unsigned header"])
    .verdict()
    .strong(PolicyBlocked)
    .or(&[Forbidden])
    .from("https://help.sonatype.com/en/firewall-quarantine.html"),
    Rule::any("quay/namespace-disabled", &["namespace is disabled", "has been disabled. please contact"])
        .strong(PolicyBlocked)
        .or(&[Forbidden])
        .from("quay/quay@v3.10.0:endpoints/v2/errors.py"),
    Rule::any(
        "registry/shut-down",
        &[
            "request rejected",
            "container registry is deprecated",
            "registry has been shut down",
            "has been decommissioned",
        ],
    )
    .said()
    .strong(PolicyBlocked)
    .or(&[RegistryUnavailable])
    .from("https://cloud.google.com/artifact-registry/docs/transition/transition-from-gcr"),
    Rule::any(
        "web-filter/blocked",
        &[
            "access to this site is blocked",
            "web page blocked",
            "has been blocked by",
            "blocked by your",
            "url blocked",
            "blocked category",
        ],
    )
    .said()
    .strong(PolicyBlocked)
    .or(&[Proxy, RegistryUnavailable])
    .from("https://docs.paloaltonetworks.com/advanced-url-filtering/administration"),
    Rule::any(
        "aws/pull-through",
        &["upstreamaccessdenied", "upstream registry", "pullthroughcache", "pull through cache"],
    )
    .said()
    .strong(pullmedic_model::Cause::UpstreamOfCacheFailed)
    .or(&[NoCredentials, Forbidden])
    .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/error-pullthroughcache.html"),
];
