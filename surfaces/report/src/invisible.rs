//! Characters that a reader cannot see, or that move what is already on the page (threat 18).

use std::borrow::Cow;
use std::fmt::Write;

/// What Unicode 16 calls control, format, separator (but for the ASCII space), private use, noncharacter or default
/// ignorable, and the braille blank. Among these are all bidirectional marks, tag characters and variation selectors.
/// A test holds the table to Unicode's own properties. Sorted, for a binary search.
const HIDDEN: [(char, char); 42] = [
    ('\u{0000}', '\u{001f}'),
    ('\u{007f}', '\u{00a0}'),
    ('\u{00ad}', '\u{00ad}'),
    ('\u{034f}', '\u{034f}'),
    ('\u{0600}', '\u{0605}'),
    ('\u{061c}', '\u{061c}'),
    ('\u{06dd}', '\u{06dd}'),
    ('\u{070f}', '\u{070f}'),
    ('\u{0890}', '\u{0891}'),
    ('\u{08e2}', '\u{08e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{1fffe}', '\u{1ffff}'),
    ('\u{2fffe}', '\u{2ffff}'),
    ('\u{3fffe}', '\u{3ffff}'),
    ('\u{4fffe}', '\u{4ffff}'),
    ('\u{5fffe}', '\u{5ffff}'),
    ('\u{6fffe}', '\u{6ffff}'),
    ('\u{7fffe}', '\u{7ffff}'),
    ('\u{8fffe}', '\u{8ffff}'),
    ('\u{9fffe}', '\u{9ffff}'),
    // From plane 10 on nothing is assigned but tags, variation selectors and private use.
    ('\u{afffe}', '\u{10ffff}'),
];

/// Whether `character` may not reach a page as it is.
pub(crate) fn hidden(character: char) -> bool {
    // Nearly all of what we print.
    if matches!(character, ' '..='~') {
        return false;
    }
    HIDDEN
        .binary_search_by(|&(first, last)| {
            if last < character {
                std::cmp::Ordering::Less
            } else if first > character {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

/// `text` with each character that a reader cannot see written as its escape: `\n`, `\t`, `\u{202e}`.
///
/// A space other than the ASCII one counts as unseen: inside an image name it is itself the fault.
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, hidden)
}

/// As [`shown`], and every character outside ASCII escaped as well.
pub(crate) fn shown_in_ascii(text: &str) -> Cow<'_, str> {
    escaped(text, |character| !matches!(character, ' '..='~'))
}

fn escaped(text: &str, unfit: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&unfit) else { return Cow::Borrowed(text) };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    for character in text[first..].chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if unfit(character) => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_covers_what_unicode_calls_unseen() {
        assert!(HIDDEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
        let unseen =
            regex::Regex::new(r"^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Co}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Noncharacter_Code_Point}--\ ]$")
                .unwrap();
        for character in '\0'..=char::MAX {
            // `$` and `.` have their own view of a line feed; it is held below.
            if character != '\n' && unseen.is_match(character.encode_utf8(&mut [0; 4])) {
                assert!(hidden(character), "U+{:04X}", u32::from(character));
            }
        }
        assert!(hidden('\n') && hidden('\u{7f}') && hidden('\u{9b}'));
    }

    #[test]
    fn keeps_what_people_read() {
        for text in ["registry.acme.test/shop/cart:4.1", "größe", "画像がない", "имя", "a\u{301}", "🐳"]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn escapes_what_moves_or_hides() {
        assert_eq!(shown("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(shown("one\r\ntwo\tthree"), "one\\r\\ntwo\\tthree");
        assert_eq!(shown("tag\u{e0041}"), "tag\\u{e0041}");
        assert_eq!(shown("nginx:1\u{a0}"), "nginx:1\\u{a0}");
        assert_eq!(shown_in_ascii("größe"), "gr\\u{f6}\\u{df}e");
    }
}
