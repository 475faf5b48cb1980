//! The host and path of a key, as Go's `net/url` reads them (Go 1.26, strict about colons).
//!
//! Bytes and not text, because escapes may stand for bytes that are no UTF-8.
//! <https://pkg.go.dev/net/url#Parse>

use std::net::Ipv6Addr;

/// The parts of a URL that the kubelet looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// Host and port as written, a user before them dropped.
    pub(crate) host: Vec<u8>,
    /// The path, its escapes decoded; empty when there is none.
    pub(crate) path: Vec<u8>,
}

/// Reads what stands after `https://` or `http://`; `None` where Go fails.
pub(crate) fn parse(rest: &[u8]) -> Option<Url> {
    let (rest, fragment) = cut(rest, b'#');
    if rest.iter().any(u8::is_ascii_control) {
        return None;
    }
    let (rest, _query) = cut(rest, b'?');
    let (authority, path) = rest.split_at(rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len()));
    let host = match authority.iter().rposition(|&byte| byte == b'@') {
        Some(at) => {
            let user = &authority[..at];
            if !user.iter().all(|&byte| is_user_byte(byte)) {
                return None;
            }
            unescaped(user, Part::Other)?;
            &authority[at + 1..]
        }
        None => authority,
    };
    let host = parse_host(host)?;
    let path = unescaped(path, Part::Other)?;
    unescaped(fragment, Part::Other)?;
    Some(Url { host, path })
}

fn cut(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == at) {
        Some(found) => (&text[..found], &text[found + 1..]),
        None => (text, &[]),
    }
}

fn parse_host(host: &[u8]) -> Option<Vec<u8>> {
    match host.iter().rposition(|&byte| byte == b'[') {
        Some(0) => {
            let close = host.iter().rposition(|&byte| byte == b']')?;
            let port = &host[close + 1..];
            // A zone (`%25eth0`) is refused here and not in Go. No image has one, so such a key matches nothing there.
            let address = std::str::from_utf8(&host[1..close]).ok()?;
            address.parse::<Ipv6Addr>().ok()?;
            if is_optional_port(port) { Some(host.to_vec()) } else { None }
        }
        Some(_) => None,
        None => {
            if let Some(colon) = host.iter().position(|&byte| byte == b':')
                && !is_optional_port(&host[colon..])
            {
                return None;
            }
            unescaped(host, Part::Host)
        }
    }
}

fn is_optional_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

fn is_user_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte)
}

/// Where an escape stands: a host may escape only bytes beyond ASCII, and a percent sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Other,
}

fn unescaped(text: &[u8], part: Part) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte == b'%' {
            let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
            let (high, low) = (digit(at + 1)?, digit(at + 2)?);
            let value = u8::try_from(high * 16 + low).ok()?;
            if part == Part::Host && value.is_ascii() && value != b'%' {
                return None;
            }
            out.push(value);
            at += 3;
            continue;
        }
        if part == Part::Host && byte.is_ascii() && !is_host_byte(byte) {
            return None;
        }
        out.push(byte);
        at += 1;
    }
    Some(out)
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}

/// The host without its port, and the port, as Go's `net.SplitHostPort`; where that fails, all is host and the port is
/// empty. An address keeps its brackets only in the latter case.
pub(crate) fn split_port(host: &[u8]) -> (&[u8], &[u8]) {
    let whole = (host, &b""[..]);
    let Some(colon) = host.iter().rposition(|&byte| byte == b':') else { return whole };
    let (name, port) = (&host[..colon], &host[colon + 1..]);
    let name = match name.strip_prefix(b"[") {
        Some(inner) => match inner.strip_suffix(b"]") {
            Some(address) if !address.contains(&b']') => address,
            _ => return whole,
        },
        None if name.contains(&b':') => return whole,
        None => name,
    };
    let stray = |text: &[u8]| text.iter().any(|byte| matches!(byte, b'[' | b']'));
    if stray(name) || stray(port) { whole } else { (name, port) }
}
