//! A host and port that a stage spoke to.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `host:port` as reports write it: lower case, `:443` left out, an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint(String);

/// The text is not a host with an optional port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host with an optional port")]
pub struct NotAnEndpoint;

/// The longest host name that DNS allows, with brackets and port; a longer text is no endpoint.
const LONGEST: usize = 253 + 2 + 6;

impl Endpoint {
    /// Reads `host`, `host:port`, `1.2.3.4:port`, `[v6]` or `[v6]:port`.
    ///
    /// # Errors
    /// When the text holds anything that a host or a port cannot hold, or is longer than a DNS name may be.
    pub fn parse(text: &str) -> Result<Endpoint, NotAnEndpoint> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(NotAnEndpoint);
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, tail) = rest.split_once(']').ok_or(NotAnEndpoint)?;
                if address.is_empty() || !address.bytes().all(is_v6_byte) {
                    return Err(NotAnEndpoint);
                }
                let port =
                    if tail.is_empty() { None } else { Some(tail.strip_prefix(':').ok_or(NotAnEndpoint)?) };
                (&text[..address.len() + 2], port)
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if !host.starts_with('[') && (host.is_empty() || !host.bytes().all(is_host_byte)) {
            return Err(NotAnEndpoint);
        }
        if let Some(port) = port
            && (port.is_empty() || port.parse::<u16>().is_err() || !port.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(NotAnEndpoint);
        }
        let host = host.to_ascii_lowercase();
        Ok(Endpoint(match port {
            None | Some("443") => host,
            Some(port) => format!("{host}:{port}"),
        }))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host of a text that may end in a port.
pub fn without_port(endpoint: &str) -> &str {
    match endpoint.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => endpoint,
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn is_v6_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'%')
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_one_form_of_a_host_and_port() {
        for (text, written) in [
            ("Registry.Acme.TEST:443", "registry.acme.test"),
            ("registry.acme.test:5000", "registry.acme.test:5000"),
            ("127.0.0.1:443", "127.0.0.1"),
            ("[fd00::1]:443", "[fd00::1]"),
            ("[fd00::1]:5000", "[fd00::1]:5000"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(Endpoint::parse(text).map(|e| e.to_string()), Ok(written.to_owned()));
        }
    }

    #[test]
    fn refuses_what_is_no_host() {
        let long = "a".repeat(300);
        for text in [
            "",
            ":5000",
            "a b",
            "a/b",
            "host:",
            "host:99999",
            "host:+80",
            "[::1",
            "[]",
            "[::1]x",
            "user@host",
            "é.test",
            &long,
        ] {
            assert_eq!(Endpoint::parse(text), Err(NotAnEndpoint), "{text:?}");
        }
    }
}
