//! Rates, quotas and queues.

use pullmedic_model::Cause::{LocalQpsLimited, PolicyBlocked, PullQueued, QuotaExceeded, RateLimited};
use pullmedic_model::Stage;

use crate::rule::Rule;

/// Words of those who answer the kubelet: its own limit is reached before they are asked.
const REMOTE: &[&str] = &[
    "toomanyrequests",
    "too many requests",
    "denied: ",
    " desc = ",
    "error response from daemon",
    "failed to resolve",
    "initializing source",
];

pub(super) const ROWS: &[Rule] = &[
    Rule::any("hub/pull-rate-limit", &["pull rate limit"])
        .verdict()
        .certain(RateLimited)
        .from("https://docs.docker.com/docker-hub/usage/pulls/"),
    Rule::any("registry/toomanyrequests", &["toomanyrequests", "too many requests"])
        .certain(RateLimited)
        .from("distribution/distribution@v2.8.3:registry/api/errcode/register.go"),
    Rule::any("harbor/upstream-limit", &["too many requests to upstream registry", "too_many_request"])
        .certain(RateLimited)
        .or(&[pullmedic_model::Cause::UpstreamOfCacheFailed])
        .from("goharbor/harbor@v2.10.0:src/server/middleware/repoproxy/proxy.go"),
    Rule::any("containers/too-many", &["too many request to registry", "too many requests to registry"])
        .certain(RateLimited)
        .from("containers/image@v5.36.0:docker/errors.go"),
    Rule::any("aws/rate", &["rate exceeded", "throttlingexception", "data limit exceeded"])
        .certain(RateLimited)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    Rule::any(
        "registry/rate",
        &["rate limit", "ratelimit", "request limit exceeded", "retry later", "throttled"],
    )
    .said()
    .strong(RateLimited)
    .from("https://docs.gitlab.com/ee/security/rate_limits.html"),
    Rule::any("http/429", &[])
        .status(429)
        .certain(RateLimited)
        .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    Rule::says("gcp/quota-per-minute", &["quota exceeded", "per minute"])
        .verdict()
        .certain(RateLimited)
        .from("https://cloud.google.com/artifact-registry/quotas"),
    Rule::any(
        "registry/quota",
        &[
            "quota exceeded",
            "quota has been exceeded",
            "quota is not enough",
            "exceeded the quota",
            "exceeded your storage quota",
            "exceeded your pull traffic quota",
            "storage quota",
            "traffic quota",
            "over quota",
            "out of quota",
        ],
    )
    .verdict()
    .unless(&["per minute", "disk quota exceeded"])
    .strong(QuotaExceeded)
    .or(&[RateLimited])
    .from("quay/quay@v3.10.0:endpoints/v2/errors.py"),
    Rule::any("harbor/quota", &["quota exceeded when processing the request"])
        .verdict()
        .certain(QuotaExceeded)
        .from("goharbor/harbor@v2.10.0:src/controller/quota/controller.go"),
    Rule::any(
        "registry/licence",
        &[
            "license has expired",
            "license expired",
            "licence has expired",
            "license limit",
            "payment required",
            "subscription has expired",
            "subscription expired",
            "billing account",
            "billing is disabled",
            "bandwidth limit",
        ],
    )
    .strong(QuotaExceeded)
    .or(&[PolicyBlocked])
    .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    Rule::any("http/402", &[])
        .status(402)
        .strong(QuotaExceeded)
        .or(&[PolicyBlocked])
        .from("https://httpwg.org/specs/rfc9110.html#status.402"),
    Rule::any("kubelet/qps", &["pull qps exceeded"])
        .verdict()
        .without_status()
        .alone()
        .unless(REMOTE)
        .certain(LocalQpsLimited)
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/helpers.go"),
    // The same words from elsewhere: the kubelet adds none to them.
    Rule::any("registry/qps", &["pull qps exceeded"])
        .verdict()
        .unless(&["toomanyrequests", "too many requests"])
        .strong(RateLimited)
        .or(&[LocalQpsLimited])
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/helpers.go"),
    Rule::any("docker/already-in-progress", &["is already in progress"])
        .said()
        .strong(PullQueued)
        .at(Stage::Queue)
        .from("moby/moby@v1.9.1:graph/push_v1.go"),
];
