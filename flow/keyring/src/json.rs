//! JSON as Go's `encoding/json` (version 1) reads it into the fields of a struct.
//!
//! serde_json differs where it matters here: it refuses what Go mends (bytes that are not UTF-8, halves of a surrogate
//! pair), stops at 128 levels where Go goes to 10,000, matches field names exactly where Go folds case, and its maps
//! forget that an object stood twice. <https://pkg.go.dev/encoding/json#Unmarshal>
//!
//! A text is checked whole first, as Go does; after that a [`Cursor`] walks what is known to be JSON. Neither recurses.

use secrecy::zeroize::Zeroizing;

/// How deep objects and lists may stand in each other.
const DEEPEST: usize = 10_000;

/// Checks that a text is one JSON value.
///
/// # Errors
/// The offset of the first byte that does not fit.
pub(crate) fn check(text: &[u8]) -> Result<(), usize> {
    let mut open: Vec<u8> = Vec::new();
    let mut at = space(text, 0);
    'value: loop {
        match text.get(at) {
            Some(&bracket @ (b'{' | b'[')) => {
                if open.len() == DEEPEST {
                    return Err(at);
                }
                open.push(bracket);
                at = space(text, at + 1);
                match (bracket, text.get(at)) {
                    (b'{', Some(b'}')) | (b'[', Some(b']')) => {
                        open.pop();
                        at += 1;
                    }
                    (b'{', _) => {
                        at = name(text, at)?;
                        continue 'value;
                    }
                    _ => continue 'value,
                }
            }
            Some(b'"') => at = string(text, at)?,
            Some(b'-' | b'0'..=b'9') => at = number(text, at)?,
            Some(b't') => at = word(text, at, b"true")?,
            Some(b'f') => at = word(text, at, b"false")?,
            Some(b'n') => at = word(text, at, b"null")?,
            _ => return Err(at),
        }
        // A value has ended: close what it ends, until something wants another.
        loop {
            at = space(text, at);
            match (open.last(), text.get(at)) {
                (None, None) => return Ok(()),
                (Some(b'{'), Some(b',')) => {
                    at = name(text, space(text, at + 1))?;
                    continue 'value;
                }
                (Some(b'['), Some(b',')) => {
                    at = space(text, at + 1);
                    continue 'value;
                }
                (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => {
                    open.pop();
                    at += 1;
                }
                _ => return Err(at),
            }
        }
    }
}

fn space(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// A name and its colon, to where the value begins.
fn name(text: &[u8], at: usize) -> Result<usize, usize> {
    if text.get(at) != Some(&b'"') {
        return Err(at);
    }
    let at = space(text, string(text, at)?);
    if text.get(at) == Some(&b':') { Ok(space(text, at + 1)) } else { Err(at) }
}

fn string(text: &[u8], at: usize) -> Result<usize, usize> {
    let mut at = at + 1;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => match text.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'u') => {
                    let digits = text.iter().skip(at + 2).take(4).take_while(|b| b.is_ascii_hexdigit());
                    match digits.count() {
                        4 => at += 6,
                        fewer => return Err(at + 2 + fewer),
                    }
                }
                _ => return Err(at + 1),
            },
            Some(0..=0x1f) | None => return Err(at),
            Some(_) => at += 1,
        }
    }
}

fn number(text: &[u8], at: usize) -> Result<usize, usize> {
    let digits = |at: usize| match text.iter().skip(at).take_while(|b| b.is_ascii_digit()).count() {
        0 => Err(at),
        count => Ok(at + count),
    };
    let mut at = if text.get(at) == Some(&b'-') { at + 1 } else { at };
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at = digits(if matches!(text.get(at), Some(b'+' | b'-')) { at + 1 } else { at })?;
    }
    Ok(at)
}

fn word(text: &[u8], at: usize, word: &[u8]) -> Result<usize, usize> {
    let same = text.iter().skip(at).zip(word).take_while(|(a, b)| a == b).count();
    if same == word.len() { Ok(at + same) } else { Err(at + same) }
}

/// The kinds of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    Text,
    Number,
    Bool,
    Null,
}

/// One value of a text that [`check`] passed.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// The value of a text that was checked.
    pub(crate) fn of(checked: &'a [u8]) -> Value<'a> {
        Value(&checked[space(checked, 0)..])
    }

    /// What it is.
    pub(crate) fn kind(self) -> Kind {
        match self.0.first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::Text,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The members of an object in their order, doubles included; none for another kind.
    pub(crate) fn members(self) -> Members<'a> {
        let object = self.kind() == Kind::Object;
        Members { text: self.0, at: if object { Some(1) } else { None } }
    }

    /// The text of a string, as Go mends it; `None` for another kind.
    pub(crate) fn text(self) -> Option<Zeroizing<String>> {
        if self.kind() == Kind::Text { Some(unquoted(self.0)) } else { None }
    }
}

/// Walks the members of an object.
pub(crate) struct Members<'a> {
    text: &'a [u8],
    at: Option<usize>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Zeroizing<String>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text;
        let mut at = space(text, self.at?);
        if text.get(at) == Some(&b',') {
            at = space(text, at + 1);
        }
        if text.get(at) != Some(&b'"') {
            self.at = None;
            return None;
        }
        let key = unquoted(&text[at..]);
        // The text was checked, so neither can fail; to end the walk is right all the same.
        let begins = name(text, at).ok()?;
        let ends = end(text, begins)?;
        self.at = Some(ends);
        Some((key, Value(&text[begins..ends])))
    }
}

/// Where the value that begins at `at` ends.
fn end(text: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        match text.get(at)? {
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b'"' => at = string(text, at).ok()?,
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => {
                at += 1;
                continue;
            }
            _ => {
                let rest = text[at..].iter();
                at += rest
                    .take_while(|b| !matches!(b, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'))
                    .count();
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Whether Go takes `name` for the field `field` (lower-case ASCII): case is folded by Unicode's simple folding, in
/// which two letters beyond ASCII fold into it.
pub(crate) fn is_field(name: &str, field: &str) -> bool {
    let folded = |letter: char| match letter {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(folded).eq(field.chars())
}

/// The text between the quotes. Each byte that is no UTF-8 and each half of a surrogate pair becomes U+FFFD.
fn unquoted(text: &[u8]) -> Zeroizing<String> {
    let ends = string(text, 0).map_or(text.len(), |end| end - 1);
    let mut out = Zeroizing::new(String::with_capacity(ends));
    let mut at = 1;
    while at < ends {
        if text[at] != b'\\' {
            let (letter, width) = letter(&text[at..ends]);
            out.push(letter);
            at += width;
            continue;
        }
        match text[at + 1] {
            b'u' => {
                let first = unit(text, at);
                at += 6;
                let pair = first.and_then(|first| Some([first, unit(text, at)?]));
                match char::decode_utf16(first).next() {
                    Some(Ok(letter)) => out.push(letter),
                    _ => match pair.and_then(|pair| char::decode_utf16(pair).next()?.ok()) {
                        Some(letter) => {
                            out.push(letter);
                            at += 6;
                        }
                        None => out.push(char::REPLACEMENT_CHARACTER),
                    },
                }
                continue;
            }
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            other => out.push(char::from(other)),
        }
        at += 2;
    }
    out
}

/// The `\uXXXX` at `at`; `None` when none stands there.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The first letter of `bytes` and its width, as Go's `utf8.DecodeRune`: what is no UTF-8 is U+FFFD, one byte wide.
/// `bytes` is not empty.
pub(crate) fn letter(bytes: &[u8]) -> (char, usize) {
    let width = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 1,
    };
    bytes
        .get(..width)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.chars().next())
        .map_or((char::REPLACEMENT_CHARACTER, 1), |letter| (letter, width))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &[u8]) -> Vec<(String, Option<String>)> {
        check(text).unwrap();
        let members = Value::of(text).members();
        members.map(|(key, value)| (key.to_string(), value.text().map(|text| text.to_string()))).collect()
    }

    #[test]
    fn texts_are_mended_as_go_mends_them() {
        for (text, expected) in [
            (&br#"{"k":"a\u00e9\n\/"}"#[..], "aé\n/"),
            (br#"{"k":"\ud83d\ude00"}"#, "😀"),
            (br#"{"k":"\ud83dx\ude00"}"#, "\u{fffd}x\u{fffd}"),
            (br#"{"k":"\ud83d\ud83d\ude00"}"#, "\u{fffd}😀"),
            (b"{\"k\":\"\xff\xe2\x82x\"}", "\u{fffd}\u{fffd}\u{fffd}x"),
        ] {
            assert_eq!(texts(text), [("k".to_owned(), Some(expected.to_owned()))]);
        }
    }

    #[test]
    fn members_come_in_order_with_their_doubles() {
        let text = br#" {"a" : [1,{"b":"}"}] , "c":"d","a":null, "e":{}, "f":-1.5e3,"g":true} "#;
        let kinds = Value::of(text).members().map(|(key, value)| (key.to_string(), value.kind()));
        let expected = [
            ("a", Kind::List),
            ("c", Kind::Text),
            ("a", Kind::Null),
            ("e", Kind::Object),
            ("f", Kind::Number),
            ("g", Kind::Bool),
        ];
        assert_eq!(kinds.collect::<Vec<_>>(), expected.map(|(key, kind)| (key.to_owned(), kind)));
    }

    #[test]
    fn ten_thousand_levels_are_read_and_one_more_is_not() {
        for (levels, is_read) in [(DEEPEST, true), (DEEPEST + 1, false)] {
            let text = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            assert_eq!(check(text.as_bytes()).is_ok(), is_read);
        }
    }

    #[test]
    fn two_letters_beyond_ascii_fold_into_a_field() {
        assert!(is_field("AUTHS", "auths") && is_field("auth\u{17f}", "auths"));
        assert!(is_field("\u{212a}ey", "key") && !is_field("autħs", "auths") && !is_field("auth", "auths"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn reads_what_serde_json_reads_and_nothing_else(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\n\"", "1", "-0", "0.5", "1e2", "01", ".", "-", "true", "null",
                "nul", " ", "\n", "\"", "\\", "\"k\":", "{\"k\":[", "]}",
            ]), 0..10),
        ) {
            let text = parts.concat();
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(check(text.as_bytes()).is_ok(), theirs, "{}", text);
        }

        #[test]
        fn any_bytes_are_refused_or_walked(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if check(&bytes).is_ok() {
                prop_assert!(Value::of(&bytes).members().count() <= bytes.len());
            }
        }
    }
}
