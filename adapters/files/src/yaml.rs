//! YAML: one document or several. Each is parsed by itself, so that a broken one does not take the others along, and a
//! List's items are decoded one at a time, so that a large file never stands in memory as a tree.

use std::fmt;

use pullmedic_model::object::{Kind, Object, Unreadable, decode_value};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

type Sink<'a> = dyn FnMut(Result<Object, Unreadable>) + Send + 'a;

/// How deep a document may nest: past the schemas of CustomResourceDefinitions.
const DEEPEST: usize = 256;

/// The stack for a document of that depth: a level takes up to 32 KiB in a debug build, and the caller's stack may be
/// 1 MiB. Untouched pages cost nothing.
const STACK: usize = 32 << 20;

/// Hands every object of the text to `sink`. Returns how many documents there were.
pub(crate) fn read(text: &str, sink: &mut Sink<'_>) -> usize {
    on_a_deep_stack(|| read_here(text, &mut *sink)).unwrap_or_else(|error| {
        let reason = format!("no thread to read it in: {error}");
        sink(Err(Unreadable { what: "document".into(), reason }));
        0
    })
}

/// Does the work on a stack for documents of the greatest depth.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)?;
        Ok(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

fn read_here(text: &str, sink: &mut Sink<'_>) -> usize {
    let mut seen = 0;
    for (number, document) in documents(text).enumerate() {
        if document.lines().all(is_no_content) {
            continue;
        }
        seen += 1;
        let seed = Document { sink };
        let result = serde_saphyr::with_deserializer_from_str_with_options(
            document,
            options(document.len()),
            |yaml| seed.deserialize(yaml),
        );
        match result {
            Ok(Ok(())) => {}
            Ok(Err(unreadable)) => sink(Err(unreadable)),
            Err(error) => sink(Err(Unreadable {
                what: format!("document {}", number + 1),
                reason: format!("not valid YAML: {}", first_line(&error.without_snippet().to_string())),
            })),
        }
    }
    seen
}

/// A blank line, a comment, or a directive (`%YAML 1.2`), which stands before the `---` that it is about.
pub(crate) fn is_no_content(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#') || line.starts_with('%')
}

pub(crate) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The documents of a text: a line that begins with `---` and then ends or goes on with white space parts two. Inside a
/// document no line can begin so: block text is indented.
pub(crate) fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        while let Some(at) = text[from..].find("---").map(|at| from + at) {
            let begins_line = at == 0 || text[..at].ends_with('\n');
            let after = &text[at + 3..];
            if begins_line && after.chars().next().is_none_or(char::is_whitespace) {
                rest = Some(after);
                return Some(&text[..at]);
            }
            from = at + 3;
        }
        rest = None;
        Some(text)
    })
}

/// Budgets from the size of the text: nothing in it can need more, and an alias that repeats others is held to the same
/// measure.
pub(crate) fn options(length: usize) -> serde_saphyr::Options {
    let most = length.max(10_000);
    serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_events: most,
            max_nodes: most,
            max_total_scalar_bytes: most.saturating_mul(2),
            max_total_comment_bytes: most,
            max_depth: DEEPEST,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
    }
}

/// One document: an object, or a list whose items go to the sink as they come.
struct Document<'a, 'b> {
    sink: &'a mut Sink<'b>,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = Result<(), Unreadable>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = Result<(), Unreadable>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        // Items of a typed list leave their kind to the list, which may name it after them.
        let mut waiting = Vec::new();
        let mut items = 0;
        let mut is_list = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" && !fields.contains_key("spec") {
                is_list = true;
                map.next_value_seed(Items { sink: self.sink, waiting: &mut waiting, count: &mut items })?;
            } else {
                fields.insert(key, map.next_value()?);
            }
        }
        if !is_list {
            let decoded = decode_value(Value::Object(fields), None);
            return Ok(decoded.map(|object| (self.sink)(Ok(object))));
        }
        let word = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = Kind { api_version: word("apiVersion"), kind: word("kind") };
        for (index, item) in waiting {
            (self.sink)(decode_value(item, Some((index, &kind))));
        }
        Ok(Ok(()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(no_object())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(no_object())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(no_object())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(no_object())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(no_object())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(no_object())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(no_object())
    }
}

fn no_object() -> Result<(), Unreadable> {
    Err(Unreadable { what: "document".into(), reason: "no kind: not a Kubernetes object".into() })
}

struct Items<'a, 'b> {
    sink: &'a mut Sink<'b>,
    waiting: &'a mut Vec<(usize, Value)>,
    count: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of Kubernetes objects")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(item) = sequence.next_element::<Value>()? {
            *self.count += 1;
            if item.get("kind").and_then(Value::as_str).is_some_and(|kind| !kind.is_empty()) {
                (self.sink)(decode_value(item, None));
            } else {
                self.waiting.push((*self.count - 1, item));
            }
        }
        Ok(())
    }
}
