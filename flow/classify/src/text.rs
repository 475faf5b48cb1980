//! The message as one line of plain bytes: capped, escapes undone, white space evened out.

/// Longest message read whole, in bytes. The kubelet cuts a waiting message at some KiB and etcd an event at
/// 1 MiB of object; what runtimes print is below 8 KiB, so this leaves room for lists of attempts and pasted
/// logs.
pub const WHOLE: usize = 64 * 1024;

/// Of a longer message the end is read too, since the innermost error stands last.
pub const TAIL: usize = 16 * 1024;

/// What the kubelet's event recorder puts before the message of the tenth similar event and later ones.
/// <https://github.com/kubernetes/client-go/blob/v0.30.0/tools/record/events_cache.go>
const AGGREGATED: &[u8] = b"(combined from similar events): ";

/// Copies `message` into a buffer that the grammar can walk.
///
/// - At most the first [`WHOLE`] and the last [`TAIL`] bytes are taken.
/// - Every run of white space and control characters becomes one space: `kubectl describe` wraps columns, and
///   containerd puts a registry's own words on a second line.
/// - Go's quoting is undone however deep (`\\\"` is a quote), so are `\n` and `\u003c`. A backslash before
///   anything else stays: Windows paths.
pub(crate) fn plain(mut message: &[u8]) -> Vec<u8> {
    while let Some(rest) = message.strip_prefix(AGGREGATED) {
        message = rest;
    }
    let mut out = Vec::with_capacity(message.len().min(WHOLE + TAIL) + 1);
    if message.len() <= WHOLE + TAIL {
        copy(message, &mut out);
    } else {
        copy(&message[..WHOLE], &mut out);
        out.push(b' ');
        copy(&message[message.len() - TAIL..], &mut out);
    }
    while out.last() == Some(&b' ') {
        out.pop();
    }
    out
}

/// The bytes that [`copy`] cannot take over as they stand: white space other than one blank, control
/// characters, backslashes.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        table[byte] = true;
        byte += 1;
    }
    table[b'\\' as usize] = true;
    table[0x7f] = true;
    table
};

/// Whether [`copy`] would change nothing. Most messages are so; folding over all bytes lets the compiler take
/// many at once.
fn is_plain(text: &[u8]) -> bool {
    let special =
        text.iter().fold(false, |found, &byte| found | (byte < b' ') | (byte == b'\\') | (byte == 0x7f));
    !special && memchr::memmem::find(text, b"  ").is_none()
}

fn copy(from: &[u8], out: &mut Vec<u8>) {
    if is_plain(from) && !from.starts_with(b" ") {
        out.extend_from_slice(from);
        return;
    }
    // `C:\root` holds no escapes; a Windows message is recognised by its drive or UNC paths.
    let windows = memchr::memmem::find(from, b":\\").is_some() || from.starts_with(b"\\\\?\\");
    let mut at = 0;
    while at < from.len() {
        let run = from[at..].iter().position(|&byte| SPECIAL[usize::from(byte)]).unwrap_or(from.len() - at);
        out.extend_from_slice(&from[at..at + run]);
        at += run;
        let Some(&byte) = from.get(at) else { return };
        if byte != b'\\' {
            blank(out);
            at += 1;
            continue;
        }
        let slashes = from[at..].iter().take_while(|&&byte| byte == b'\\').count();
        let after = &from[at + slashes..];
        let (written, taken) = match after.first() {
            Some(&quote @ (b'"' | b'\'')) => (Some(quote), 1),
            Some(b'n' | b'r' | b't') if !windows => (Some(b' '), 1),
            Some(b'u') => match unicode(after) {
                Some(byte) => (Some(byte), 5),
                None => (None, 0),
            },
            Some(_) | None => (None, 0),
        };
        match written {
            Some(b' ') => blank(out),
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(&from[at..at + slashes]),
        }
        at += slashes + taken;
    }
}

/// The ASCII character of `u003c`, as Go's JSON encoder writes `<`, `>`, `&` and quotes.
fn unicode(escape: &[u8]) -> Option<u8> {
    let digits = escape.get(1..5)?;
    if &digits[..2] != b"00" {
        return None;
    }
    let hex = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = hex(digits[2])? * 16 + hex(digits[3])?;
    byte.is_ascii_graphic().then_some(byte)
}

fn blank(out: &mut Vec<u8>) {
    if !out.is_empty() && out.last() != Some(&b' ') {
        out.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str) -> String {
        String::from_utf8(plain(message.as_bytes())).unwrap()
    }

    #[test]
    fn quoting_is_undone_however_deep() {
        assert_eq!(read(r#"err="with \"X\": \\\"y\\\"""#), r#"err="with "X": "y"""#);
        assert_eq!(read(r"a\nb\r\nc\u003cd\u0027"), "a b c<d'");
    }

    #[test]
    fn columns_and_lines_become_one_line() {
        assert_eq!(read("  failed   to\r\n\tpull\u{1b}[2J "), "failed to pull [2J");
    }

    #[test]
    fn a_windows_path_is_no_escape() {
        assert_eq!(read(r"open C:\root\new: no"), r"open C:\root\new: no");
        assert_eq!(read(r"\q \u00 \uzzzz \"), r"\q \u00 \uzzzz \");
    }

    #[test]
    fn of_a_long_message_head_and_tail_are_read() {
        let long = ["head", &"x".repeat(10 << 20), "tail"].concat();
        let read = plain(long.as_bytes());
        assert!(read.starts_with(b"head") && read.ends_with(b"tail"));
        assert_eq!(read.len(), WHOLE + TAIL + 1);
    }
}
