//! The route when no file of the node is known.

use pullmedic_model::Endpoint;
use pullmedic_model::probe::route::{Host, Role, Route, Runtime, Scheme};

use crate::address::{endpoint, is_loopback, port_of};
use crate::behaviour::Behaviour;

/// How long opening a connection may take where nothing else is set, in milliseconds.
/// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/registry.go>, `DefaultHTTPTransport`
pub(crate) const DIAL_TIMEOUT_MS: u64 = 30_000;

/// The host that stands for `host` where no file says otherwise.
pub(crate) fn upstream(host: &str) -> &str {
    if host == "docker.io" { "registry-1.docker.io" } else { host }
}

/// How containerd speaks to an upstream without settings, and whether it checks the certificate, when its host comes
/// from `ConfigureHosts`.
pub(crate) fn upstream_scheme(host: &str, behaviour: Behaviour) -> (Scheme, bool) {
    if host == "docker.io" || !is_loopback(host) {
        return (Scheme::Https, false);
    }
    let port = port_of(host);
    // No port is written out at port 80, and no TLS tried.
    if port == Some("80") && behaviour.loopback_by_port() {
        return (Scheme::Http, false);
    }
    if matches!(port, None | Some("443")) && behaviour.loopback_by_port() {
        return (Scheme::Https, true);
    }
    (plain_with_tls_settings(port, behaviour), true)
}

/// How containerd speaks to a host of `http://` that has TLS settings.
pub(crate) fn plain_with_tls_settings(port: Option<&str>, behaviour: Behaviour) -> Scheme {
    let ambiguous = match port {
        Some("80") => false,
        Some(_) => true,
        None => behaviour.tries_tls_first_without_port(),
    };
    if ambiguous && behaviour.tries_tls_first() { Scheme::HttpsThenHttp } else { Scheme::Http }
}

/// The route to an image of `host` (`docker.io`, `registry:5000`) without a node's view: the origin alone, as the runtime
/// assumes it. `Route::of_node` is `false`. No host when `host` is none.
///
/// Without a runtime a loopback name is asked by TLS and then plainly, which every runtime but CRI-O may do, and an
/// answer is waited for without limit.
pub fn assumed_route(host: &str, runtime: Option<&Runtime>) -> Route {
    let containerd = runtime.filter(|runtime| runtime.name == "containerd");
    let (scheme, skip_verify) = match (containerd, runtime) {
        (Some(containerd), _) => upstream_scheme(host, Behaviour::new(containerd, false)),
        // containers/image speaks plainly only to registries that registries.conf calls insecure.
        (None, Some(runtime)) if runtime.name == "cri-o" => (Scheme::Https, false),
        (None, _) if is_loopback(host) && port_of(host) == Some("80") => (Scheme::Http, false),
        (None, _) if is_loopback(host) => (Scheme::HttpsThenHttp, true),
        (None, _) => (Scheme::Https, false),
    };
    let answer_timeout_ms = containerd.and_then(|runtime| Behaviour::new(runtime, false).answer_timeout_ms());
    let hosts = endpoint(upstream(host), scheme).map(|endpoint| Host {
        skip_verify,
        answer_timeout_ms,
        ..origin(endpoint, scheme)
    });
    Route { hosts: hosts.into_iter().collect(), of_node: false, defects: Vec::new() }
}

/// An origin with nothing set.
pub(crate) fn origin(endpoint: Endpoint, scheme: Scheme) -> Host {
    Host {
        endpoint,
        scheme,
        path: "/v2".into(),
        namespace: None,
        role: Role::Origin,
        resolve: true,
        trust: String::new(),
        skip_verify: false,
        dial_timeout_ms: DIAL_TIMEOUT_MS,
        answer_timeout_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_assumed_as_the_runtime_assumes_it() {
        for (host, runtime, expected) in [
            ("docker.io", "containerd@1.6.20", "https registry-1.docker.io answer:-"),
            ("docker.io", "containerd@2.3.7", "https registry-1.docker.io answer:30000"),
            ("docker.io", "containerd@2.2.7", "https registry-1.docker.io answer:-"),
            ("registry:5000", "containerd@2.3.7", "https registry:5000 answer:30000"),
            ("localhost:5000", "containerd@1.6.20", "http localhost:5000 answer:-"),
            ("localhost", "containerd@1.6.20", "http localhost:80 answer:-"),
            ("localhost", "containerd@1.7.34", "https localhost answer:-"),
            ("127.0.0.1:5000", "containerd@1.7.15", "http 127.0.0.1:5000 answer:-"),
            ("127.0.0.1:5000", "containerd@1.7.16", "https-then-http 127.0.0.1:5000 answer:-"),
            ("localhost:80", "containerd@2.3.7", "http localhost:80 answer:30000"),
            ("localhost:5000", "", "https-then-http localhost:5000 answer:-"),
            ("localhost:5000", "cri-o@1.34.1", "https localhost:5000 answer:-"),
        ] {
            let route = assumed_route(host, Runtime::parse(runtime).as_ref());
            assert!(!route.of_node);
            let [only] = route.hosts.as_slice() else { panic!("{host} {runtime}: {route:?}") };
            let scheme = match only.scheme {
                Scheme::Https => "https",
                Scheme::Http => "http",
                Scheme::HttpsThenHttp => "https-then-http",
            };
            let answer = only.answer_timeout_ms.map_or("-".into(), |ms| ms.to_string());
            assert_eq!(format!("{scheme} {} answer:{answer}", only.endpoint), expected, "{host} {runtime}");
        }
        assert_eq!(assumed_route("not a host", None).hosts, []);
    }
}
