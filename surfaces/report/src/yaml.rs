//! The public format as YAML.
//!
//! `serde-saphyr` escapes controls and leaves bidirectional marks and other unseen characters as they are, in plain
//! scalars too, where YAML has no escapes. So a string that holds one is quoted, and the escape is put in afterwards:
//! such characters then stand inside double quotes only.

use std::fmt;
use std::io;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_saphyr::{DoubleQuoted, SerializerOptions};

use crate::invisible::hidden;

pub(crate) fn write(value: &impl Serialize, ascii: bool, out: &mut dyn io::Write) -> io::Result<()> {
    // By way of JSON text, which keeps the order of keys.
    let json = serde_json::to_string(value)?;
    let tree: Tree = serde_json::from_str(&json)?;
    let tree = Styled { tree: &tree, ascii };
    // Long lines stay whole: a folded scalar is harder to search and to paste from.
    let mut options = SerializerOptions::default();
    options.folded_wrap_chars = usize::MAX;
    let yaml = serde_saphyr::to_string_with_options(&tree, options).map_err(io::Error::other)?;
    let mut escaped = String::with_capacity(yaml.len());
    for character in yaml.chars() {
        match character {
            '\n' => escaped.push(character),
            _ if !unfit(character, ascii) => escaped.push(character),
            _ if u32::from(character) <= 0xffff => {
                escaped.push_str(&format!("\\u{:04X}", u32::from(character)))
            }
            _ => escaped.push_str(&format!("\\U{:08X}", u32::from(character))),
        }
    }
    out.write_all(escaped.as_bytes())
}

fn unfit(character: char, ascii: bool) -> bool {
    hidden(character) || (ascii && !character.is_ascii())
}

/// A document with its keys in order.
enum Tree {
    Null,
    Truth(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

struct Styled<'a> {
    tree: &'a Tree,
    ascii: bool,
}

impl Serialize for Styled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ascii = self.ascii;
        match self.tree {
            Tree::Null => serializer.serialize_unit(),
            Tree::Truth(truth) => serializer.serialize_bool(*truth),
            Tree::Number(number) => number.serialize(serializer),
            // A text of several lines may become a block, in which nothing but the line feed may need an escape.
            Tree::Text(text) if text.chars().any(|c| c != '\n' && unfit(c, ascii)) => {
                DoubleQuoted(text).serialize(serializer)
            }
            Tree::Text(text) => serializer.serialize_str(text),
            Tree::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for tree in items {
                    list.serialize_element(&Styled { tree, ascii })?;
                }
                list.end()
            }
            Tree::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, tree) in entries {
                    if key.chars().any(|c| unfit(c, ascii)) {
                        return Err(S::Error::custom("a key of our own format holds an unseen character"));
                    }
                    map.serialize_entry(key, &Styled { tree, ascii })?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Tree, E> {
        Ok(Tree::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Tree, E> {
        serde_json::Number::from_f64(number).map(Tree::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_what_a_reader_could_not_see() {
        let texts =
            ["plain", "\u{202e}abc", "a\nb\n", "a\u{200b}\nb", "tag\u{e0041}", "\u{1b}[2J", "no", "1e3", ""];
        let mut out = Vec::new();
        write(&texts, false, &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert_eq!(
            written,
            "- plain\n- \"\\u202Eabc\"\n- |\n  a\n  b\n- \"a\\u200B\\nb\"\n- \"tag\\U000E0041\"\n- \"\\e[2J\"\n- \"no\"\n- \"1e3\"\n- \"\"\n"
        );
        assert_eq!(serde_saphyr::from_str::<Vec<String>>(&written).unwrap(), texts);
    }
}
