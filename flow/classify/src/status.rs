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

/// The longest reason phrase: proxies make up their own, none of them a sentence.
const LONGEST_PHRASE: usize = 48;

/// Whether what follows a request's URL is the reason phrase of a status and nothing more, as `net/http`
/// prints a proxy's answer to CONNECT: the status without its number. Errors of Go's own begin in lower case.
/// <https://github.com/golang/go/blob/go1.22.0/src/net/http/transport.go> `dialConn`
pub(crate) fn bare(after: &[u8]) -> bool {
    let after = after.strip_prefix(b"\"").unwrap_or(after);
    let Some(words) = after.strip_prefix(b": ") else { return false };
    let window = &words[..words.len().min(LONGEST_PHRASE)];
    let length =
        window.iter().take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-')).count();
    let named =
        matches!(words, [first, second, ..] if first.is_ascii_uppercase() && second.is_ascii_lowercase());
    let closed = words
        .get(length)
        .is_none_or(|byte| matches!(byte, b'"' | b',' | b';' | b'.' | b']' | b'(' | b')' | b'}' | b'\''));
    named && closed && length < LONGEST_PHRASE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_alone_is_a_proxys_and_an_error_is_not() {
        for phrase in [
            "Forbidden",
            "Gateway Time-out",
            "Service Unavailable\"",
            "Blocked by Policy (see help)",
            "Not Found, rpc",
        ] {
            assert!(bare(format!("\": {phrase}").as_bytes()), "{phrase}");
            assert!(bare(format!(": {phrase}").as_bytes()), "{phrase}");
        }
        for error in [
            "EOF",
            "dial tcp",
            "Forbidden: no",
            "403 Forbidden",
            "",
            "x509: certificate",
            "net/http: TLS handshake timeout",
        ] {
            assert!(!bare(format!("\": {error}").as_bytes()), "{error}");
        }
    }

    #[test]
    fn a_number_without_a_status_is_none() {
        assert_eq!(after(b"status of 12345 pods", 6, &[]), None);
        assert_eq!(after(b"exit status 101", 11, &[]), None);
        let url = 12..13;
        assert_eq!(after(b"status code x: 404 Not Found", 6, std::slice::from_ref(&url)), Some(404));
        assert_eq!(after(b"status 999", 6, &[]), None);
    }
}
