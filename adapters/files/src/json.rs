//! JSON: one document, or several one after another.

use pullmedic_model::object::{Object, Unreadable, decode_json};
use serde_json::value::RawValue;

type Sink<'a> = dyn FnMut(Result<Object, Unreadable>) + 'a;

/// Whether a text is meant as JSON. A YAML file may begin with a brace too, but nobody's tools save one so.
pub(crate) fn looks_so(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Hands every object of the text to `sink`. `kubectl cluster-info dump` puts the logs of pods between its documents;
/// they are stepped over.
pub(crate) fn read(text: &str, sink: &mut Sink<'_>) {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return;
        }
        if rest.starts_with("==== START logs") {
            rest = after_line(rest, |line| line.starts_with("==== END logs"));
            continue;
        }
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        match documents.next() {
            Some(Ok(document)) => {
                one(document.get(), sink);
                rest = &rest[documents.byte_offset()..];
            }
            Some(Err(error)) => {
                let lines = text.len() - rest.len();
                let line = text[..lines].lines().count().max(1) + error.line() - 1;
                sink(Err(Unreadable { what: format!("from line {line} on"), reason: not_json(&error) }));
                return;
            }
            None => return,
        }
    }
}

/// What is wrong, without the position that is relative to the document.
fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    format!("not valid JSON: {reason}")
}

fn one(text: &str, sink: &mut Sink<'_>) {
    if text.starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(items) if !items.is_empty() => items.iter().for_each(|item| one(item.get(), sink)),
            _ => sink(Err(Unreadable { what: "document".into(), reason: "an empty list".into() })),
        }
        return;
    }
    if let Err(error) = decode_json(text, sink) {
        sink(Err(error));
    }
}

fn after_line(text: &str, is_last: impl Fn(&str) -> bool) -> &str {
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        if is_last(line) {
            return rest;
        }
    }
    ""
}
