//! Addresses and durations as Go reads them.

use std::net::IpAddr;

use pullmedic_model::Endpoint;
use pullmedic_model::probe::route::Scheme;

/// What Go's `url.Parse` makes of a registry's address, in as far as containerd uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// In lower case, as Go writes it.
    pub(crate) scheme: String,
    /// Host and port as written, without user information. May be empty.
    pub(crate) host: String,
    /// The path as written. May be empty.
    pub(crate) path: String,
}

/// Go's `url.Parse` would refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAnAddress;

impl Address {
    /// Reads `scheme://[user@]host[:port][/path]`. What has no `//` has no host.
    pub(crate) fn parse(text: &str) -> Result<Address, NotAnAddress> {
        if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return Err(NotAnAddress);
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (scheme, rest) = text.split_once(':').ok_or(NotAnAddress)?;
        let mut letters = scheme.bytes();
        if !letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            || !letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        {
            return Err(NotAnAddress);
        }
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
        let Some(rest) = rest.strip_prefix("//") else {
            return Ok(Address { scheme, host: String::new(), path: String::new() });
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if !is_host(host) || !has_whole_escapes(path) {
            return Err(NotAnAddress);
        }
        Ok(Address { scheme, host: host.to_owned(), path: path.to_owned() })
    }
}

/// Whether Go takes it for a host: no character that a host cannot hold, and a port of digits, if any.
fn is_host(host: &str) -> bool {
    let after = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((_, after)) => after,
            None => return false,
        },
        None => host.find(':').map_or("", |colon| &host[colon..]),
    };
    let port = match after.strip_prefix(':') {
        Some(port) => port,
        None if after.is_empty() => "",
        None => return false,
    };
    port.bytes().all(|byte| byte.is_ascii_digit())
        && !host.bytes().any(|byte| {
            matches!(byte, b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'%')
        })
}

fn has_whole_escapes(path: &str) -> bool {
    path.split('%').skip(1).all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

/// The port of a host as written; `None`: without one.
pub(crate) fn port_of(host: &str) -> Option<&str> {
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    after.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.is_empty())
}

/// What is dialled: the port of plain HTTP is written out, because an [`Endpoint`] without one means 443.
pub(crate) fn endpoint(host: &str, scheme: Scheme) -> Option<Endpoint> {
    let host = host.strip_suffix(':').unwrap_or(host);
    match (port_of(host), scheme) {
        (None, Scheme::Http) => Endpoint::parse(&format!("{host}:80")).ok(),
        (Some(_), _) | (None, Scheme::Https | Scheme::HttpsThenHttp) => Endpoint::parse(host).ok(),
    }
}

/// Whether containerd takes the host for this machine.
/// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/resolver.go#L948-L959>
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match port_of(host) {
        Some(port) => &host[..host.len() - port.len() - 1],
        // Go splits off brackets only together with a port, and an address in brackets alone does not parse.
        None => return host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name == "localhost"
        || name.parse::<IpAddr>().is_ok_and(|ip| match ip {
            IpAddr::V4(_) => ip.is_loopback(),
            IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
        })
}

/// A path cleaned as Go's `path.Clean` does, without a slash at its end: `/v2//proj/` is `/v2/proj`, `/` is empty.
pub(crate) fn clean_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.iter().flat_map(|part| ["/", part]).collect()
}

/// Reads Go's `time.ParseDuration` in milliseconds: `1m30s`, `1.5s`, `300ms`, `0`. A time below zero, which a dialler
/// takes for already over, is one millisecond.
pub(crate) fn duration_ms(text: &str) -> Option<u64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos = 0_f64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.chars().take_while(|c| !c.is_ascii_digit() && *c != '.').map(char::len_utf8).sum();
        let unit = match &rest[..letters] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        rest = &rest[letters..];
        nanos += number * unit;
    }
    // Go keeps nanoseconds in 64 bits with a sign.
    if nanos > i64::MAX as f64 {
        return None;
    }
    let ms = (nanos / 1e6).ceil() as u64;
    Some(if negative && ms > 0 { 1 } else { ms })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_taken_apart_as_by_go() {
        for (text, expected) in [
            ("https://mirror.test", Some(("https", "mirror.test", ""))),
            ("HTTP://Mirror.test:5000/v2/", Some(("http", "Mirror.test:5000", "/v2/"))),
            ("https://user:pw@mirror.test/a?b#c", Some(("https", "mirror.test", "/a"))),
            ("https://[fd00::1]:5000", Some(("https", "[fd00::1]:5000", ""))),
            ("https://mirror.test:", Some(("https", "mirror.test:", ""))),
            ("httpbin.local:5000", Some(("httpbin.local", "", ""))),
            ("https:mirror.test", Some(("https", "", ""))),
            ("https://mirror.test:abc", None),
            ("https://mir ror.test", None),
            ("https://[::1", None),
            ("https://m/%zz", None),
            ("mirror.test", None),
            ("", None),
            ("://x", None),
        ] {
            let parsed = Address::parse(text).ok();
            let parsed = parsed.as_ref().map(|a| (a.scheme.as_str(), a.host.as_str(), a.path.as_str()));
            assert_eq!(parsed, expected, "{text}");
        }
    }

    #[test]
    fn durations_are_read_as_by_go() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("1m30s", Some(90_000)),
            ("1.5s", Some(1_500)),
            ("300ms", Some(300)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("-5s", Some(1)),
            ("1µs", Some(1)),
            ("30", None),
            ("s", None),
            ("", None),
            ("5 s", None),
            ("1d", None),
            ("99999999999h", None),
        ] {
            assert_eq!(duration_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn loopback_is_what_containerd_takes_for_it() {
        for (host, expected) in [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.1.2.3:5000", true),
            ("[::1]:5000", true),
            ("[::1]", false),
            ("localhost.test", false),
            ("10.0.0.1:5000", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,60}", host in "[a-z0-9.:\\[\\]%@/-]{0,30}") {
            for text in [text.as_str(), &format!("https://{host}"), &host] {
                let _ = Address::parse(text);
                let _ = duration_ms(text);
                let _ = is_loopback(text);
                let _ = clean_path(text);
                let _ = endpoint(text, Scheme::Http);
            }
        }
    }
}
