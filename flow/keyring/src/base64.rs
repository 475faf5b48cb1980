//! Base64 as Go's `encoding/base64` reads it: CR and LF are ignored wherever they stand, bits after the last byte may
//! be anything, and one value is one value (`data-encoding` alone would take two padded ones in a row).

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use secrecy::zeroize::Zeroizing;

/// The standard alphabet, unpadded, bits after the last byte unchecked.
static LENIENT: LazyLock<Encoding> = LazyLock::new(|| alphabet("+/"));

/// The alphabet of URLs, unpadded, bits after the last byte unchecked.
static LENIENT_URL: LazyLock<Encoding> = LazyLock::new(|| alphabet("-_"));

fn alphabet(last_two: &str) -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    specification.symbols.push_str(last_two);
    specification.check_trailing_bits = false;
    specification.encoding().expect("64 distinct symbols are an alphabet")
}

/// Decodes as `base64.StdEncoding`; `None` where Go fails.
pub(crate) fn padded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = without_newlines(text);
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let pads = text.iter().rev().take(2).take_while(|&&byte| byte == b'=').count();
    LENIENT.decode(&text[..text.len() - pads]).ok().map(Zeroizing::new)
}

/// Decodes as `base64.RawStdEncoding`, which knows no padding; `None` where Go fails.
pub(crate) fn unpadded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    LENIENT.decode(&without_newlines(text)).ok().map(Zeroizing::new)
}

/// Decodes what a person may have meant as base64: either alphabet, padding or none, white space anywhere.
pub(crate) fn meant(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let kept = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>();
    let kept = Zeroizing::new(kept);
    let end = kept.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    let bare = &kept[..end];
    LENIENT.decode(bare).or_else(|_| LENIENT_URL.decode(bare)).ok().map(Zeroizing::new)
}

/// Decodes the part of a JWT; `None` when it is not base64 of the alphabet of URLs.
pub(crate) fn of_token(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    LENIENT_URL.decode(text).ok().map(Zeroizing::new)
}

/// Encodes as the API writes data.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

fn without_newlines(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_refuses_what_go_reads_and_refuses() {
        for (text, as_padded, as_unpadded) in [
            ("YTpi", Some("a:b"), Some("a:b")),
            ("YTpiYw==", Some("a:bc"), None),
            ("YTpiYw", None, Some("a:bc")),
            ("YTpi\nYw=\r\n=\n", Some("a:bc"), None),
            ("\nYTpi\r", Some("a:b"), Some("a:b")),
            // Bits after the last byte: `Yx` is `Yw` with one of them set.
            ("YTpiYx==", Some("a:bc"), None),
            ("YTpiYw==YTpiYw==", None, None),
            ("YTpiYw=", None, None),
            ("YTpiY===", None, None),
            ("====", None, None),
            ("YTpi ", None, None),
            ("YTp-", None, None),
            ("Y", None, None),
            ("", Some(""), Some("")),
        ] {
            let words =
                |bytes: Option<Zeroizing<Vec<u8>>>| bytes.map(|b| String::from_utf8(b.to_vec()).unwrap());
            assert_eq!(words(padded(text.as_bytes())).as_deref(), as_padded, "padded {text:?}");
            assert_eq!(words(unpadded(text.as_bytes())).as_deref(), as_unpadded, "unpadded {text:?}");
        }
    }
}
