//! The HTTP status that words like `unexpected status code URL: 403 Forbidden` name.

use std::ops::Range;

/// How many bytes of words may stand between `status` and its number: ` code from registry `, ` from HEAD
/// request to : `.
const REACH: usize = 30;

/// The status named after `from`; names and URLs in `blanks` (sorted) are stepped over.
pub(crate) fn after(text: &[u8], from: usize, blanks: &[Range<usize>]) -> Option<u16> {
    if text[..from].ends_with(b"exit status") {
        return None;
    }
    let mut next = blanks.partition_point(|blank| blank.end <= from);
    let (mut at, mut reach) = (from, 0);
    while at < text.len() && reach < REACH {
        if let Some(blank) = blanks.get(next)
            && blank.start <= at
        {
            at = at.max(blank.end);
            next += 1;
            continue;
        }
        if !text[at].is_ascii_digit() {
            at += 1;
            reach += 1;
            continue;
        }
        let digits = text[at..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let open = at == 0 || matches!(text[at - 1], b' ' | b':' | b'(' | b'=' | b'"');
        let closed = text
            .get(at + digits)
            .is_none_or(|byte| matches!(byte, b' ' | b':' | b')' | b',' | b'"' | b'.' | b';' | b']'));
        if digits == 3 && open && closed {
            let status = text[at..at + 3].iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
            return (100..600).contains(&status).then_some(status);
        }
        at += digits;
        reach += digits;
    }
    None
}

/// The reason phrases that proxies answer a CONNECT with. `net/http` prints the phrase alone.
const PHRASES: [&[u8]; 24] = [
    b"Access Denied",
    b"Authentication Required",
    b"Bad Gateway",
    b"Bad Request",
    b"Blocked",
    b"Forbidden",
    b"Found",
    b"Gateway Time-out",
    b"Gateway Timeout",
    b"Internal Server Error",
    b"Method Not Allowed",
    b"Moved Permanently",
    b"Network Authentication Required",
    b"Not Acceptable",
    b"Not Found",
    b"Not Implemented",
    b"Policy Falsified",
    b"Proxy Authentication Required",
    b"Request Timeout",
    b"Service Unavailable",
    b"Temporary Redirect",
    b"Unauthorized",
    b"authenticationrequired",
    b"DNS resolution failed",
];

/// Whether what follows a request's URL is a reason phrase and nothing more.
/// <https://github.com/golang/go/blob/go1.22.0/src/net/http/transport.go> `dialConn`: the error is the status
/// without its number.
pub(crate) fn bare(after: &[u8]) -> bool {
    let after = after.strip_prefix(b"\"").unwrap_or(after);
    let Some(words) = after.strip_prefix(b": ") else { return false };
    PHRASES.iter().any(|phrase| {
        words.strip_prefix(*phrase).is_some_and(|rest| {
            rest.first()
                .is_none_or(|byte| matches!(byte, b'"' | b',' | b';' | b'.' | b']' | b')' | b'}' | b'\''))
        })
    })
}
