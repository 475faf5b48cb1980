//! A registry, or something before it, that fails to answer as a registry.

use pullmedic_model::Cause::{
    BadCredentials, MirrorMisconfigured, Proxy, RegistryUnavailable, UpstreamOfCacheFailed,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("http/5xx", &[])
        .statuses(500, 599)
        .certain(RegistryUnavailable)
        .or(&[Proxy, UpstreamOfCacheFailed])
        .from("distribution/distribution@v2.8.0:registry/client/errors.go"),
    Rule::says("docker/unexpected-5xx", &["unexpected http status"])
        .statuses(500, 599)
        .certain(RegistryUnavailable)
        .or(&[BadCredentials, Proxy, UpstreamOfCacheFailed])
        .from("distribution/distribution@v2.8.0:registry/client/errors.go"),
    Rule::any(
        "registry/gateway",
        &[
            "bad gateway",
            "service unavailable",
            "gateway timeout",
            "gateway time-out",
            "service temporarily unavailable",
            "temporarily unavailable",
            "under maintenance",
            "maintenance mode",
            "upstream connect error",
            "no healthy upstream",
            "backend unavailable",
            "site is under maintenance",
            "internalerror",
            "internal server error",
        ],
    )
    .said()
    .strong(RegistryUnavailable)
    .or(&[Proxy, UpstreamOfCacheFailed])
    .from("https://httpwg.org/specs/rfc9110.html"),
    Rule::says("docker/html-body", &["looking for beginning of value", "<html|<!doctype"])
        .without_status()
        .said()
        .strong(RegistryUnavailable)
        .or(&[Proxy, MirrorMisconfigured, BadCredentials])
        .from("distribution/distribution@v2.8.0:registry/client/errors.go"),
    Rule::any(
        "docker/not-json",
        &["looking for beginning of value", "unexpected end of json input", "invalid character '<'"],
    )
    .without_status()
    .frame()
    .strong(RegistryUnavailable)
    .or(&[Proxy, MirrorMisconfigured])
    .from("distribution/distribution@v2.8.0:registry/client/errors.go"),
    Rule::any(
        "docker/not-v2",
        &[
            "not a docker registry",
            "is not a v2 registry",
            "invalid registry endpoint",
            "does not implement the v2",
            "not a valid registry",
            "endpoint does not support",
            "does not support v2",
            "server doesn't support",
        ],
    )
    .said()
    .strong(RegistryUnavailable)
    .or(&[MirrorMisconfigured])
    .at(Stage::Ping)
    .from("moby/moby@v1.9.0:registry/endpoint.go"),
    Rule::any("http/redirects", &["stopped after 10 redirects", "too many redirects", "redirect loop"])
        .strong(RegistryUnavailable)
        .or(&[Proxy, MirrorMisconfigured])
        .from("golang/go@go1.22.0:src/net/http/client.go"),
    Rule::any("http/unsupported-scheme", &["unsupported protocol scheme", "no host in request url"])
        .strong(MirrorMisconfigured)
        .or(&[RegistryUnavailable])
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any(
        "registry/internal",
        &[
            "error code: unknown",
            "unknown: unknown error",
            "unknown: internal",
            "internal error",
            "database is locked",
            "failed to connect to database",
            "s3aws",
            "storage driver",
            "nosuchbucket",
            "slowdown",
        ],
    )
    .frame()
    .strong(RegistryUnavailable)
    .or(&[UpstreamOfCacheFailed])
    .from("distribution/distribution@v2.8.0:registry/api/errcode/register.go"),
];
