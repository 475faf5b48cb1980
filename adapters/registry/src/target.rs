//! A host and port to speak to, and how.

use pullmedic_model::Endpoint;
use pullmedic_model::probe::Host;
use url::Url;

/// A host and port, and whether TLS is spoken there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target {
    /// Lower case; an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) https: bool,
    /// As reports write it.
    pub(crate) endpoint: Endpoint,
}

impl Target {
    /// Of a host of a route. Without a port it is the scheme's own: 443, and 80 for plain HTTP.
    pub(crate) fn of_host(host: &Host, https: bool) -> Target {
        let (name, port) = split(host.endpoint.as_str());
        Target {
            host: name.to_owned(),
            port: port.unwrap_or(if https { 443 } else { 80 }),
            https,
            endpoint: host.endpoint.clone(),
        }
    }

    /// Of a URL; `None` for another scheme than http and https, and for a host that is none.
    pub(crate) fn of_url(url: &Url) -> Option<Target> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host_str()?;
        let port = url.port_or_known_default()?;
        let endpoint = Endpoint::parse(&format!("{host}:{port}")).ok()?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        Some(Target { host, port, https, endpoint })
    }

    /// Whether both are the same host and port; what may see the same credential.
    pub(crate) fn is_same_place(&self, other: &Target) -> bool {
        self.host == other.host && self.port == other.port
    }

    /// The `Host` header: the port only where it is not the scheme's own.
    pub(crate) fn authority(&self) -> String {
        let host = self.bracketed();
        match (self.https, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    /// `host:port`, as a proxy wants it.
    pub(crate) fn with_port(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// The scheme.
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

/// Host without brackets, and port.
pub(crate) fn split(endpoint: &str) -> (&str, Option<u16>) {
    if let Some((host, rest)) = endpoint.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match endpoint.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (endpoint, None),
    }
}
