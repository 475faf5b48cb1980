//! Which proxy leads to the API server.
//!
//! kube-client compares `NO_PROXY` with the proxy's own address, and sends loopback addresses through the proxy; client-go
//! (golang.org/x/net/http/httpproxy) does neither, and people's `kubectl` is the measure.

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::connect_error::ConnectError;

/// The proxy settings of the environment.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    pub(crate) https: Option<String>,
    pub(crate) http: Option<String>,
    pub(crate) none: Option<String>,
}

impl Environment {
    /// Upper case first, as in Go.
    pub(crate) fn read() -> Environment {
        let word = |upper: &str, lower: &str| {
            [upper, lower]
                .into_iter()
                .find_map(|name| std::env::var(name).ok().filter(|word| !word.is_empty()))
        };
        Environment {
            https: word("HTTPS_PROXY", "https_proxy"),
            http: word("HTTP_PROXY", "http_proxy"),
            none: word("NO_PROXY", "no_proxy"),
        }
    }

    /// The proxy for `server`, of which the kubeconfig says `configured`; `None` for a direct connection.
    ///
    /// # Errors
    /// When it is no address, or of a kind that cannot be used. Its text is not quoted: it may hold a password.
    pub(crate) fn proxy_for(
        &self,
        server: &Uri,
        configured: Option<&str>,
    ) -> Result<Option<Uri>, ConnectError> {
        if let Some(configured) = configured {
            return parsed(configured, "of the kubeconfig (proxy-url)").map(Some);
        }
        let (word, place) = match server.scheme_str() {
            Some("http") => (&self.http, "of the environment (HTTP_PROXY)"),
            _ => (&self.https, "of the environment (HTTPS_PROXY)"),
        };
        match word {
            Some(word) if !self.is_direct(server) => parsed(word, place).map(Some),
            _ => Ok(None),
        }
    }

    fn is_direct(&self, server: &Uri) -> bool {
        let host = server.host().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback()) {
            return true;
        }
        let Some(none) = &self.none else { return false };
        // Asked only whether it would intercept; the proxy here stands for any.
        Matcher::builder().all("http://any.invalid").no(none.as_str()).build().intercept(server).is_none()
    }
}

fn parsed(word: &str, place: &'static str) -> Result<Uri, ConnectError> {
    let bad = |problem| ConnectError::BadProxy { place, problem };
    // curl and Go know `socks5h`, for "resolve there"; the client here always resolves there.
    let word = word.trim().replacen("socks5h://", "socks5://", 1);
    // A bare host and port is an HTTP proxy, as in Go.
    let word = if word.contains("://") { word } else { format!("http://{word}") };
    let uri: Uri = word.parse().map_err(|_| bad("it is not an address"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https" | "socks5"), Some(host)) if !host.is_empty() => Ok(uri),
        _ => Err(bad("only http, https and socks5 proxies can be used")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(none: &str) -> Environment {
        Environment {
            https: Some("proxy.corp.test:3128".into()),
            http: Some("http://plain.corp.test:3128".into()),
            none: Some(none.into()),
        }
    }

    fn proxy(none: &str, server: &str, configured: Option<&str>) -> Option<String> {
        environment(none).proxy_for(&server.parse().unwrap(), configured).unwrap().map(|uri| uri.to_string())
    }

    #[test]
    fn no_proxy_is_about_the_server_and_loopback_is_always_direct() {
        let through = Some("http://proxy.corp.test:3128/".to_owned());
        assert_eq!(proxy("", "https://api.test:6443", None), through);
        assert_eq!(proxy("proxy.corp.test", "https://api.test:6443", None), through);
        for (none, server) in [
            ("", "https://127.0.0.1:6443"),
            ("", "https://localhost:6443"),
            ("", "https://[::1]:6443"),
            ("api.test", "https://api.test:6443"),
            (".test", "https://api.test"),
            ("10.0.0.0/8", "https://10.1.2.3"),
            ("*", "https://api.test"),
        ] {
            assert_eq!(proxy(none, server, None), None, "{none:?} {server}");
        }
        assert_eq!(proxy("", "http://api.test", None).as_deref(), Some("http://plain.corp.test:3128/"));
    }

    #[test]
    fn the_kubeconfigs_proxy_wins_over_the_environments() {
        let given = Some("socks5h://127.0.0.1:1080");
        assert_eq!(proxy("*", "https://api.test", given).as_deref(), Some("socks5://127.0.0.1:1080/"));
    }

    #[test]
    fn a_bad_proxy_is_not_quoted() {
        for bad in ["ftp://u:canary@p", "http://", "http://a b:canary@c"] {
            let error =
                Environment::default().proxy_for(&Uri::from_static("https://a.test"), Some(bad)).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
