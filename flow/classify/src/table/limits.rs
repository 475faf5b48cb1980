//! Rates, quotas and queues.

use pullmedic_model::Cause::{LocalQpsLimited, PullQueued, QuotaExceeded, RateLimited};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("hub/pull-rate-limit", &["pull rate limit"])
        .verdict()
        .certain(RateLimited)
        .from("https://docs.docker.com/docker-hub/usage/pulls/"),
    Rule::any("registry/toomanyrequests", &["toomanyrequests", "too many requests", "too_many_request"])
        .certain(RateLimited)
        .from("distribution/distribution@v2.8.0:registry/api/errcode/register.go"),
    Rule::any(
        "registry/rate",
        &[
            "rate exceeded",
            "rate limit",
            "request limit",
            "throttlingexception",
            "throttled",
            "requests per minute",
            "per minute",
        ],
    )
    .certain(RateLimited)
    .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    Rule::says("http/429", &[])
        .status(429)
        .certain(RateLimited)
        .from("containerd/containerd@v1.7.0:remotes/docker/resolver.go"),
    Rule::says("gcp/quota-per-minute", &["quota exceeded", "per minute"])
        .verdict()
        .certain(RateLimited)
        .from("https://cloud.google.com/artifact-registry/quotas"),
    Rule::any(
        "registry/quota",
        &[
            "quota is not enough",
            "quota exceeded",
            "exceeded the quota",
            "exceeds the quota",
            "storage quota",
            "traffic quota",
            "over quota",
            "out of quota",
            "quota has been",
            "exceeded your current quota",
            "configured upper limit",
        ],
    )
    .verdict()
    .unless(&["per minute"])
    .strong(QuotaExceeded)
    .or(&[RateLimited])
    .from("goharbor/harbor@v2.10.0:src/controller/quota/controller.go"),
    Rule::any(
        "registry/licence",
        &[
            "license has expired",
            "licence has expired",
            "license expired",
            "license limit",
            "payment required",
            "subscription has expired",
            "subscription expired",
            "plan limit",
            "billing account",
            "bandwidth limit",
            "transfer limit",
        ],
    )
    .strong(QuotaExceeded)
    .or(&[pullmedic_model::Cause::PolicyBlocked])
    .from("https://jfrog.com/help/r/artifactory-licensing"),
    Rule::says("http/402", &[])
        .status(402)
        .strong(QuotaExceeded)
        .or(&[pullmedic_model::Cause::PolicyBlocked])
        .from("https://httpwg.org/specs/rfc9110.html"),
    Rule::says("kubelet/qps", &["pull qps exceeded"])
        .verdict()
        .certain(LocalQpsLimited)
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/helpers.go"),
    Rule::any("kubelet/queue", &["image pull queue", "waiting for another pull", "waiting for image pull"])
        .strong(PullQueued)
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/puller.go"),
];
