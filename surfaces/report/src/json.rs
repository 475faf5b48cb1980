//! The public format as JSON: ASCII escapes for every character that a reader could not see.
//!
//! `serde_json` escapes C0 only; a bidirectional mark or a C1 control would reach the terminal of whoever prints the
//! document. `\uXXXX` says the same to every parser.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter};

use crate::invisible::hidden;

/// Two spaces a level, and a line feed at the end.
pub(crate) fn write(value: &impl Serialize, ascii: bool, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let formatter = Escaping { inner: PrettyFormatter::new(), ascii };
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
    io::Write::write_all(&mut out, b"\n")?;
    io::Write::flush(&mut out)
}

/// One line, without its line feed.
pub(crate) fn line(value: &impl Serialize, ascii: bool) -> String {
    formatted(value, CompactFormatter, ascii)
}

/// Two spaces a level, without a line feed at the end.
pub(crate) fn indented(value: &impl Serialize, ascii: bool) -> String {
    formatted(value, PrettyFormatter::new(), ascii)
}

fn formatted(value: &impl Serialize, inner: impl Formatter, ascii: bool) -> String {
    let mut out = Vec::with_capacity(512);
    let formatter = Escaping { inner, ascii };
    value
        .serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))
        .expect("our own values have string keys, and writing to memory does not fail");
    String::from_utf8(out).expect("serde_json writes UTF-8")
}

/// Another formatter, with more characters escaped.
struct Escaping<F> {
    inner: F,
    ascii: bool,
}

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        let unfit = |character: char| hidden(character) || (self.ascii && !character.is_ascii());
        while let Some(at) = rest.find(unfit) {
            let (before, from) = rest.split_at(at);
            self.inner.write_string_fragment(writer, before)?;
            let character = from.chars().next().unwrap_or_default();
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &from[character.len_utf8()..];
        }
        self.inner.write_string_fragment(writer, rest)
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        char_escape: CharEscape,
    ) -> io::Result<()> {
        self.inner.write_char_escape(writer, char_escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_reader_could_not_see_and_says_the_same() {
        let text = "a\u{1b}[2J\u{9b}\u{202e}b\u{e0041}\"\\ö";
        let written = line(&text, false);
        assert_eq!(written, r#""a\u001b[2J\u009b\u202eb\udb40\udc41\"\\ö""#);
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn keeps_to_ascii_when_asked() {
        let mut out = Vec::new();
        write(&"ö🐳", true, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"\\u00f6\\ud83d\\udc33\"\n");
    }
}
