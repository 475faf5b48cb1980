//! YAML documents as values, with the lines of some of their texts.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use crate::manifest::Lines;
use crate::yaml;

type Sink<'a> = dyn FnMut(Result<(Value, Lines), (String, String)>) + Send + 'a;

/// Hands every document of the text to `sink`, or which one is broken and why.
pub(crate) fn read(text: &str, fields: &BTreeSet<String>, sink: &mut Sink<'_>) {
    let outcome = yaml::on_a_deep_stack(|| {
        let (mut counted, mut before) = (0, 0);
        for (number, document) in yaml::documents(text).enumerate() {
            if document.lines().all(yaml::is_no_content) {
                continue;
            }
            // Documents are parts of one text, so an address tells where one begins.
            let at = document.as_ptr() as usize - text.as_ptr() as usize;
            before += text[counted..at].matches('\n').count();
            counted = at;
            let mut lines = Lines::default();
            let result = serde_saphyr::with_deserializer_from_str_with_options(
                document,
                yaml::options(document.len()),
                |deserializer| {
                    let pointer = &mut String::new();
                    Node { fields, before, pointer, lines: &mut lines }.deserialize(deserializer)
                },
            );
            sink(result.map(|value| (value, lines)).map_err(|error| {
                let reason = yaml::first_line(&error.without_snippet().to_string()).to_owned();
                (format!("document {}", number + 1), format!("not valid YAML: {reason}"))
            }));
        }
    });
    if let Err(error) = outcome {
        sink(Err(("document".to_owned(), format!("no thread to read it in: {error}"))));
    }
}

/// One node of a document.
struct Node<'a> {
    fields: &'a BTreeSet<String>,
    /// Lines before the document.
    before: usize,
    pointer: &'a mut String,
    lines: &'a mut Lines,
}

impl Node<'_> {
    /// Reads the value below `part`.
    fn below<'de, A: MapAccess<'de>>(&mut self, part: &str, map: &mut A) -> Result<Value, A::Error> {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        let keep = self.fields.contains(part);
        let read =
            if keep { map.next_value_seed(Text(&mut *self)) } else { map.next_value_seed(self.child()) };
        self.pointer.truncate(length);
        read
    }

    fn child(&mut self) -> Node<'_> {
        Node { fields: self.fields, before: self.before, pointer: self.pointer, lines: self.lines }
    }
}

/// A value whose line is wanted if it is a text.
struct Text<'a, 'b>(&'a mut Node<'b>);

impl<'de> DeserializeSeed<'de> for Text<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let line = usize::try_from(spanned.referenced.line()).unwrap_or_default();
        if spanned.value.is_string() && line > 0 {
            self.0.lines.0.insert(self.0.pointer.clone(), self.0.before + line);
        }
        Ok(spanned.value)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = self.below(&key, &mut map)?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let length = self.pointer.len();
            self.pointer.push_str(&format!("/{}", items.len()));
            let next = sequence.next_element_seed(self.child());
            self.pointer.truncate(length);
            match next? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}
