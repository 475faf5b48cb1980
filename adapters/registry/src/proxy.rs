//! Proxies, as Go's `net/http` reads them from the environment, because the runtimes are written in Go.
//!
//! The rules are those of [`golang.org/x/net/http/httpproxy`](https://pkg.go.dev/golang.org/x/net/http/httpproxy).

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

/// The proxies for `http` and `https`, and what goes past them.
#[derive(Debug, Default)]
pub struct Proxies {
    http: Setting,
    https: Setting,
    past: Vec<Past>,
}

#[derive(Debug, Default)]
enum Setting {
    #[default]
    None,
    Proxy(Proxy),
    /// It is set and cannot be used; Go fails every request then.
    Unusable(&'static str),
}

/// One proxy.
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The value of `Proxy-Authorization`.
    pub(crate) authorization: Option<SecretString>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// One entry of `NO_PROXY`.
#[derive(Debug)]
enum Past {
    Everything,
    Network(IpNet),
    Address(IpAddr, Option<u16>),
    /// A name: itself (unless it was written with a leading dot) and everything below it.
    Name {
        name: String,
        itself: bool,
        port: Option<u16>,
    },
}

/// How a target is reached.
pub(crate) enum Way<'a> {
    Direct,
    Through(&'a Proxy),
    /// A proxy is set that we cannot use; why.
    Unusable(&'static str),
}

impl Proxies {
    /// None at all.
    pub fn none() -> Proxies {
        Proxies::default()
    }

    /// Those of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, or of their lower-case forms.
    pub fn from_env() -> Proxies {
        let read = |upper: &str, lower: &str| {
            [upper, lower]
                .into_iter()
                .filter_map(|name| std::env::var(name).ok())
                .find(|value| !value.is_empty())
        };
        Proxies::from_values(
            &read("HTTP_PROXY", "http_proxy").unwrap_or_default(),
            &read("HTTPS_PROXY", "https_proxy").unwrap_or_default(),
            &read("NO_PROXY", "no_proxy").unwrap_or_default(),
        )
    }

    /// Those of these values, as the variables would hold them; empty: not set.
    pub fn from_values(http: &str, https: &str, no_proxy: &str) -> Proxies {
        Proxies {
            http: setting(http),
            https: setting(https),
            past: no_proxy.split(',').filter_map(|entry| past(entry.trim())).collect(),
        }
    }

    /// The way to a host and port.
    pub(crate) fn way(&self, https: bool, host: &str, port: u16) -> Way<'_> {
        let setting = if https { &self.https } else { &self.http };
        let host = host.to_ascii_lowercase();
        let host = host.trim_end_matches('.');
        let address: Option<IpAddr> = host.parse().ok();
        // Go never sends what stays on this machine through a proxy.
        let is_local = host == "localhost" || address.is_some_and(|a| a.to_canonical().is_loopback());
        let is_past = || self.past.iter().any(|past| past.matches(host, address, port));
        match setting {
            Setting::None => Way::Direct,
            _ if is_local || is_past() => Way::Direct,
            Setting::Proxy(proxy) => Way::Through(proxy),
            Setting::Unusable(why) => Way::Unusable(why),
        }
    }
}

fn setting(value: &str) -> Setting {
    if value.is_empty() {
        return Setting::None;
    }
    let parsed = Url::parse(value).ok().filter(Url::has_host);
    // A value without a scheme is a host.
    let Some(url) = parsed.or_else(|| Url::parse(&format!("http://{value}")).ok()) else {
        return Setting::Unusable("the proxy of the environment is no URL");
    };
    match url.scheme() {
        "http" => {}
        "https" => return Setting::Unusable("a proxy spoken to over TLS is not supported"),
        "socks5" | "socks5h" => return Setting::Unusable("a SOCKS proxy is not supported"),
        _ => return Setting::Unusable("the proxy of the environment has a scheme that is none"),
    }
    let Some(host) = url.host_str() else {
        return Setting::Unusable("the proxy of the environment names no host");
    };
    let decoded = |text: &str| percent_decoded(text);
    let authorization = (!url.username().is_empty() || url.password().is_some()).then(|| {
        let pair = format!("{}:{}", decoded(url.username()), decoded(url.password().unwrap_or_default()));
        SecretString::from(format!("Basic {}", STANDARD.encode(pair)))
    });
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Setting::Proxy(Proxy { host, port: url.port_or_known_default().unwrap_or(80), authorization })
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => {
                std::str::from_utf8(&[*high, *low]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())
            }
            _ => None,
        };
        match escaped {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn past(entry: &str) -> Option<Past> {
    let entry = entry.to_ascii_lowercase();
    if entry == "*" {
        return Some(Past::Everything);
    }
    if let Ok(network) = entry.parse::<IpNet>() {
        return Some(Past::Network(network));
    }
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&entry);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(Past::Address(address, None));
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (entry.as_str(), None),
    };
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(Past::Address(address, port));
    }
    let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
    let (name, itself) = match host.strip_prefix('.') {
        Some(name) => (name, false),
        None => (host, true),
    };
    (!name.is_empty()).then(|| Past::Name { name: name.to_owned(), itself, port })
}

impl Past {
    fn matches(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let is_port = |wanted: &Option<u16>| wanted.is_none_or(|wanted| wanted == port);
        match self {
            Past::Everything => true,
            Past::Network(network) => address.is_some_and(|address| network.contains(&address)),
            Past::Address(wanted, at) => address == Some(*wanted) && is_port(at),
            Past::Name { name, itself, port: at } => {
                let below = host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
                (below || (*itself && host == name)) && is_port(at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(proxies: &Proxies, https: bool, host: &str, port: u16) -> String {
        match proxies.way(https, host, port) {
            Way::Direct => "direct".to_owned(),
            Way::Through(proxy) => proxy.to_string(),
            Way::Unusable(why) => why.to_owned(),
        }
    }

    #[test]
    fn goes_past_the_proxy_where_go_does() {
        let no_proxy =
            "acme.test, .below.test,*.star.test,10.0.0.0/8,192.168.1.1:5000,port.test:8443,[fd00::1]";
        let proxies = Proxies::from_values("http://plain.test:3128", "proxy.test:3129", no_proxy);
        for (host, port, expected) in [
            ("registry.test", 443, "proxy.test:3129"),
            ("acme.test", 443, "direct"),
            ("ACME.test.", 443, "direct"),
            ("r.acme.test", 443, "direct"),
            ("notacme.test", 443, "proxy.test:3129"),
            ("below.test", 443, "proxy.test:3129"),
            ("r.below.test", 443, "direct"),
            ("star.test", 443, "proxy.test:3129"),
            ("r.star.test", 443, "direct"),
            ("10.1.2.3", 443, "direct"),
            ("11.1.2.3", 443, "proxy.test:3129"),
            ("192.168.1.1", 5000, "direct"),
            ("192.168.1.1", 443, "proxy.test:3129"),
            ("port.test", 8443, "direct"),
            ("port.test", 443, "proxy.test:3129"),
            ("fd00::1", 443, "direct"),
            ("localhost", 443, "direct"),
            ("127.0.0.1", 443, "direct"),
            ("::1", 443, "direct"),
        ] {
            assert_eq!(way(&proxies, true, host, port), expected, "{host}:{port}");
        }
        assert_eq!(way(&proxies, false, "registry.test", 80), "plain.test:3128");
        assert_eq!(way(&Proxies::from_values("", "p.test", "*"), true, "registry.test", 443), "direct");
        assert_eq!(way(&Proxies::none(), true, "registry.test", 443), "direct");
    }

    #[test]
    fn a_proxy_with_a_password_never_shows_it() {
        let proxies = Proxies::from_values("", "http://user:p%40CANARY@proxy.test:3128", "");
        assert!(!format!("{proxies:?}").contains("CANARY"));
        assert_eq!(way(&proxies, true, "registry.test", 443), "proxy.test:3128");
        assert_eq!(percent_decoded("p%40x%"), "p@x%");
    }
}
