//! The HTTP status that words like `unexpected status code URL: 403 Forbidden` name.

use std::ops::Range;

/// How many bytes of words may stand between `status` and its number: ` code from registry `, ` from HEAD request to : `.
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
