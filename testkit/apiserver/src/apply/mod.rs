//! Who owns which field.

use serde_json::Value;

use crate::kinds::Kind;
use crate::serve::write::Writer;

pub(crate) fn track(_kind: &Kind, _before: Option<&Value>, _value: &mut Value, _writer: &Writer) {}

/// Whether two states of an object differ in nothing but who owns what.
pub(crate) fn same_but_for_managed_fields(before: &Value, after: &Value) -> bool {
    let strip = |value: &Value| {
        let mut value = value.clone();
        if let Some(meta) = value["metadata"].as_object_mut() {
            meta.remove("managedFields");
        }
        value
    };
    strip(before) == strip(after)
}

pub(crate) fn apply(
    _store: &mut crate::store::Store,
    _kind: &std::sync::Arc<Kind>,
    _ask: &crate::serve::ask::Ask,
    _target: &crate::serve::ask::Target,
    _bytes: &[u8],
    _writer: &Writer,
) -> Result<http::Response<crate::serve::body::Body>, crate::status::Refusal> {
    Err(crate::status::Refusal::media_type())
}
