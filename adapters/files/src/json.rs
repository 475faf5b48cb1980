//! JSON: one document, or several one after another.

use pullmedic_model::object::{Object, Unreadable, decode_json};
use serde_json::Value;
use serde_json::value::RawValue;

type Sink<'a> = dyn FnMut(Result<Object, Unreadable>) + 'a;

/// Whether a text is meant as JSON. A YAML file may begin with a brace too, but nobody's tools save one so.
pub(crate) fn looks_so(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Hands every object of the text to `sink`. `kubectl cluster-info dump` puts the logs of pods between its documents;
/// they are stepped over. Returns how many documents there were.
pub(crate) fn read(text: &str, sink: &mut Sink<'_>) -> usize {
    let mut rest = text;
    let mut seen = 0;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return seen;
        }
        let at = text.len() - rest.len();
        let from = |line: usize| format!("from line {} on", text[..at].matches('\n').count() + line);
        if rest.starts_with(START) {
            let Some(after) = after_log(rest) else {
                let reason = "the log of a container has no end".into();
                sink(Err(Unreadable { what: from(1), reason }));
                return seen;
            };
            rest = after;
            continue;
        }
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        match documents.next() {
            Some(Ok(document)) => {
                seen += 1;
                document_or_array(document.get(), sink);
                rest = &rest[documents.byte_offset()..];
            }
            Some(Err(error)) => {
                sink(Err(Unreadable { what: from(error.line()), reason: not_json(&error) }));
                return seen;
            }
            None => return seen,
        }
    }
}

/// Hands every document of the text to `sink` as a value, those of an array one by one; or where it stops to be JSON.
pub(crate) fn values(text: &str, sink: &mut dyn FnMut(Result<Value, (String, String)>)) {
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match document {
            Ok(Value::Array(items)) => items.into_iter().for_each(|item| sink(Ok(item))),
            Ok(value) => sink(Ok(value)),
            Err(error) => {
                sink(Err((format!("from line {} on", error.line()), not_json(&error))));
                return;
            }
        }
    }
}

/// What is wrong, without the position that is relative to the document.
fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    format!("not valid JSON: {reason}")
}

/// One document, or an array of them. No tool nests arrays, and each level would be read once more.
fn document_or_array(text: &str, sink: &mut Sink<'_>) {
    if !text.starts_with('[') {
        return one(text, sink);
    }
    let unreadable = |reason: &str| Err(Unreadable { what: "document".into(), reason: reason.into() });
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(items) if !items.is_empty() => {
            for item in items {
                if item.get().starts_with('[') {
                    sink(unreadable("a list within a list"));
                } else {
                    one(item.get(), sink);
                }
            }
        }
        _ => sink(unreadable("an empty list")),
    }
}

fn one(text: &str, sink: &mut Sink<'_>) {
    if let Err(error) = decode_json(text, sink) {
        sink(Err(error));
    }
}

const START: &str = "==== START logs";

/// What follows a container's log; `None` when its end is missing. The end need not begin a line: a log may lack its
/// last newline.
/// <https://github.com/kubernetes/kubectl/blob/master/pkg/cmd/clusterinfo/clusterinfo_dump.go>
fn after_log(text: &str) -> Option<&str> {
    let (start, log) = text.split_once('\n')?;
    let end = start.trim_end().replacen("START", "END", 1);
    log.find(&end).map(|at| &log[at + end.len()..])
}
