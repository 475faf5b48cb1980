//! A registry, or something before it, that fails to answer as a registry; and mirror configurations that do
//! not hold.

use pullmedic_model::Cause::{
    BadCredentials, ConnectTimeout, MirrorMisconfigured, Proxy, RegistryUnavailable, UpstreamOfCacheFailed,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any("http/5xx", &[])
        .statuses(500, 599)
        .certain(RegistryUnavailable)
        .or(&[Proxy, UpstreamOfCacheFailed])
        .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    Rule::any("docker/unexpected-5xx", &["unexpected http status"])
        .statuses(500, 599)
        .certain(RegistryUnavailable)
        .or(&[BadCredentials, Proxy, UpstreamOfCacheFailed])
        .from("distribution/distribution@v2.8.3:registry/client/errors.go"),
    Rule::any(
        "http/unavailable-words",
        &[
            "bad gateway",
            "service unavailable",
            "gateway timeout",
            "gateway time-out",
            "temporarily unavailable",
            "internal server error",
            "under maintenance",
            "maintenance mode",
        ],
    )
    .said()
    .strong(RegistryUnavailable)
    .or(&[Proxy, UpstreamOfCacheFailed])
    .from("https://httpwg.org/specs/rfc9110.html#status.5xx"),
    Rule::any(
        "envoy/upstream",
        &["upstream connect error", "no healthy upstream", "upstream request timeout"],
    )
    .certain(RegistryUnavailable)
    .or(&[ConnectTimeout])
    .from("envoyproxy/envoy@v1.29.0:source/common/router/router.cc"),
    Rule::says("docker/html-body", &["looking for beginning of value", "<html|<!doctype|character '<'"])
        .without_status()
        .said()
        .strong(RegistryUnavailable)
        .or(&[Proxy, MirrorMisconfigured, BadCredentials])
        .from("golang/go@go1.22.0:src/encoding/json/scanner.go"),
    Rule::any("docker/not-json", &["looking for beginning of value", "unexpected end of json input"])
        .without_status()
        .frame()
        .strong(RegistryUnavailable)
        .or(&[Proxy, MirrorMisconfigured])
        .from("golang/go@go1.22.0:src/encoding/json/scanner.go"),
    Rule::any(
        "docker/no-errors-in-body",
        &["no error details found in http response body", "error parsing http 200 response body"],
    )
    .said()
    .without_status()
    .strong(RegistryUnavailable)
    .or(&[Proxy])
    .from("distribution/distribution@v2.8.3:registry/client/errors.go"),
    Rule::any(
        "docker/v2-unavailable",
        &["error v2 registry unavailable", "could not reach any registry endpoint"],
    )
    .strong(RegistryUnavailable)
    .at(Stage::Ping)
    .from("moby/moby@v1.9.1:registry/session.go"),
    Rule::any(
        "docker/not-v2",
        &[
            "does not appear to be a v2 registry",
            "endpoint does not support v2 api",
            "invalid registry endpoint",
            "talk to a v1 docker registry",
            "talk to a v1 container registry",
        ],
    )
    .said()
    .strong(RegistryUnavailable)
    .or(&[MirrorMisconfigured])
    .at(Stage::Ping)
    .from("moby/moby@v1.9.1:registry/endpoint.go"),
    Rule::any("http/redirects", &["stopped after 10 redirects"])
        .certain(RegistryUnavailable)
        .or(&[Proxy, MirrorMisconfigured])
        .from("golang/go@go1.22.0:src/net/http/client.go"),
    Rule::any("containerd/redirect", &["failed to authorize redirect"])
        .frame()
        .strong(RegistryUnavailable)
        .or(&[BadCredentials])
        .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    // The node's configuration of mirrors and certificates.
    Rule::any("http/unsupported-scheme", &["unsupported protocol scheme", "no host in request url"])
        .certain(MirrorMisconfigured)
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any(
        "net/address",
        &["too many colons in address", "missing port in address", "invalid port \"", "missing address"],
    )
    .strong(MirrorMisconfigured)
    .or(&[Proxy, pullmedic_model::Cause::InvalidReference])
    .from("golang/go@go1.22.0:src/net/ipsock.go"),
    Rule::any(
        "containerd/hosts",
        &[
            "unable to read ca cert",
            "unable to load ca cert",
            "unable to read cert file",
            "failed to load x509 key pair",
            "unable to initialize cert pool",
            "unknown capability",
            "invalid host name format",
            "invalid pair ",
            "failed to decode \"ca\"",
            "unable to parse server",
        ],
    )
    .verdict()
    .certain(MirrorMisconfigured)
    .at(Stage::Tls)
    .from("containerd/containerd@v1.7.34:remotes/docker/config/hosts.go"),
    Rule::any(
        "containerd/registry-config",
        &[
            "get registry endpoints",
            "parse registry endpoint",
            "parse endpoint url",
            "failed to load ca file",
            "failed to load cert file",
            "get tlsconfig for registry",
        ],
    )
    .verdict()
    .certain(MirrorMisconfigured)
    .from("containerd/containerd@v1.7.34:pkg/cri/server/image_pull.go"),
    Rule::any(
        "containers/registries-conf",
        &[
            "loading registries configuration",
            "loading drop-in registries configuration",
            "loading short-name aliases config file",
            "pull-from-mirror must not be set",
            "for empty location, should be in the format",
            "reading registries.conf.d",
        ],
    )
    .verdict()
    .certain(MirrorMisconfigured)
    .from("containers/image@v5.36.0:pkg/sysregistriesv2/system_registries_v2.go"),
    Rule::any("docker/certs-d", &["missing key ", "missing client certificate", "missing certificate "])
        .said()
        .strong(MirrorMisconfigured)
        .at(Stage::Tls)
        .from("containers/image@v5.36.0:pkg/tlsclientconfig/tlsclientconfig.go"),
    Rule::any(
        "registry/internal",
        &[
            "error response from daemon: unknown: ",
            "unknown: unknown error",
            "unknown: internal",
            "internal error",
            "slowdown",
            "nosuchbucket",
            "s3aws",
        ],
    )
    .frame()
    .strong(RegistryUnavailable)
    .or(&[UpstreamOfCacheFailed])
    .from("containerd/containerd@v1.7.34:remotes/docker/errdesc.go"),
];
