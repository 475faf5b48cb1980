//! An object as it is kept, and as it is written.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::population::Row;

/// Where an object is kept within its resource: namespace (empty for none) and name.
pub(crate) type Key = (Arc<str>, Arc<str>);

/// An object of one version; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    /// As JSON.
    Plain {
        /// `metadata.resourceVersion`.
        version: u64,
        value: Arc<Value>,
    },
    /// A pod of a population, rendered when it is written.
    Row(Row),
}

/// In which form a client wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// With kind and API version.
    Whole,
    /// Within a list: the real server leaves out kind and API version of its own kinds.
    Item,
    /// Only its metadata.
    Partial,
}

impl Object {
    pub(crate) fn plain(value: Value) -> Object {
        let version = text(&value, "/metadata/resourceVersion").parse().unwrap_or(0);
        Object::Plain { version, value: Arc::new(value) }
    }

    pub(crate) fn version(&self) -> u64 {
        match self {
            Object::Plain { version, .. } => *version,
            Object::Row(row) => row.version(),
        }
    }

    /// As JSON.
    pub(crate) fn value(&self) -> Arc<Value> {
        match self {
            Object::Plain { value, .. } => Arc::clone(value),
            Object::Row(row) => Arc::new(row.value()),
        }
    }

    /// Writes it at the end of `out`.
    pub(crate) fn write(&self, form: Form, out: &mut Vec<u8>) {
        match (self, form) {
            (Object::Plain { value, .. }, Form::Whole) => write_value(value, out),
            (Object::Plain { value, .. }, Form::Item) => {
                let mut value = Value::clone(value);
                if let Some(fields) = value.as_object_mut() {
                    fields.remove("kind");
                    fields.remove("apiVersion");
                }
                write_value(&value, out);
            }
            (Object::Plain { value, .. }, Form::Partial) => write_value(&partial(value), out),
            (Object::Row(row), form) => row.write(form, out),
        }
    }

    /// What a field selector compares: empty where the field is absent, as on the real server.
    pub(crate) fn field(&self, path: &str) -> String {
        match self {
            Object::Plain { value, .. } => {
                let pointer = format!("/{}", path.replace('.', "/"));
                value.pointer(&pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            Object::Row(row) => row.field(path),
        }
    }

    /// A label's value; `None` when there is no such label.
    pub(crate) fn label(&self, key: &str) -> Option<String> {
        match self {
            Object::Plain { value, .. } => value["metadata"]["labels"][key].as_str().map(str::to_owned),
            Object::Row(row) => row.label(key),
        }
    }
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    // A Vec takes all, and a Value has no key that is not text: this cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// As `PartialObjectMetadata`.
pub(crate) fn partial(value: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]})
}

/// The text at a JSON pointer; empty when there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
