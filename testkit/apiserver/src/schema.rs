//! What a custom resource's schema admits: unknown fields are pruned, wrong ones refused in the real server's words.
//! CEL rules (`x-kubernetes-validations`) and defaults are not applied.
//!
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>

use std::str::FromStr as _;

use jiff::Timestamp;
use regex::Regex;
use serde_json::{Map, Value};

use crate::kinds::Kind;
use crate::status::{Flaw, Refusal};

/// Fields of the root that the schema need not name.
const ROOT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Prunes and checks an object; one of Kubernetes' own kinds is taken as it is.
pub(crate) fn admit(kind: &Kind, name: &str, value: &mut Value) -> Result<(), Refusal> {
    let Some(schema) = &kind.schema else { return Ok(()) };
    if !schema.is_object() {
        return Ok(());
    }
    walk_unknown(schema, value, "", &mut |fields, key, _| {
        fields.remove(key);
    });
    let mut flaws = Vec::new();
    check(schema, value, "", &mut flaws);
    if flaws.is_empty() { Ok(()) } else { Err(Refusal::invalid(&kind.group, &kind.kind, name, &flaws)) }
}

/// The first field that the schema does not declare, as a path with a leading dot.
pub(crate) fn undeclared(kind: &Kind, value: &Value) -> Option<String> {
    let schema = kind.schema.as_ref().filter(|schema| schema.is_object())?;
    let mut found = None;
    walk_unknown(schema, &mut value.clone(), "", &mut |_, _, path| {
        found.get_or_insert_with(|| format!(".{path}"));
    });
    found
}

/// Shows every field that the schema does not know.
fn walk_unknown(
    schema: &Value,
    value: &mut Value,
    path: &str,
    unknown: &mut impl FnMut(&mut Map<String, Value>, &str, &str),
) {
    match value {
        Value::Object(fields) => {
            let declared = schema["properties"].as_object();
            let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
            let other = schema.get("additionalProperties").filter(|other| **other != Value::Bool(false));
            let keys: Vec<String> = fields.keys().cloned().collect();
            for key in keys {
                if path.is_empty() && ROOT.contains(&&*key) {
                    continue;
                }
                let inner = declared.and_then(|declared| declared.get(&key)).or(other);
                let at = join(path, &key);
                match (inner, fields.get_mut(&key)) {
                    (Some(inner), Some(value)) => walk_unknown(inner, value, &at, unknown),
                    _ if open => {}
                    _ => unknown(fields, &key, &at),
                }
            }
        }
        Value::Array(items) => {
            for (nth, item) in items.iter_mut().enumerate() {
                walk_unknown(&schema["items"], item, &format!("{path}[{nth}]"), unknown);
            }
        }
        _ => {}
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn check(schema: &Value, value: &Value, path: &str, flaws: &mut Vec<Flaw>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    let wanted = schema["type"].as_str().unwrap_or_default();
    if !is_of(schema, wanted, value) {
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let message = format!("Invalid value: {is:?}: {path} in body must be of type {wanted}: {is:?}");
        flaws.push(Flaw::new("FieldValueTypeInvalid", path, message));
        return;
    }
    let mut flaw = |reason, message: String| flaws.push(Flaw::new(reason, path, message));
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        flaw(
            "FieldValueNotSupported",
            format!("Unsupported value: {value}: supported values: {}", allowed.join(", ")),
        );
    }
    let invalid = |why: String| format!("Invalid value: {value}: {path} in body {why}");
    if let Some(number) = value.as_f64() {
        if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
            flaw("FieldValueInvalid", invalid(format!("should be greater than or equal to {least}")));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| number > *most) {
            flaw("FieldValueInvalid", invalid(format!("should be less than or equal to {most}")));
        }
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            flaw("FieldValueTooLong", format!("Too long: may not be more than {most} bytes"));
        }
        if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
            flaw("FieldValueInvalid", invalid(format!("should be at least {least} chars long")));
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            flaw("FieldValueInvalid", invalid(format!("should match '{pattern}'")));
        }
        if schema["format"] == "date-time" && Timestamp::from_str(text).is_err() {
            flaw("FieldValueTypeInvalid", invalid(format!("must be of type date-time: {value}")));
        }
    }
    let size = |value: &Value| match value {
        Value::Array(items) => Some((items.len() as u64, "maxItems", "minItems", "items")),
        Value::Object(fields) => Some((fields.len() as u64, "maxProperties", "minProperties", "properties")),
        _ => None,
    };
    if let Some((size, most, least, what)) = size(value) {
        if let Some(most) = schema[most].as_u64().filter(|most| size > *most) {
            flaw("FieldValueTooMany", format!("Too many: {size}: must have at most {most} items"));
        }
        if let Some(least) = schema[least].as_u64().filter(|least| size < *least) {
            flaw(
                "FieldValueInvalid",
                format!("Invalid value: {size}: {path} in body should have at least {least} {what}"),
            );
        }
    }
    within(schema, value, path, flaws);
}

/// What is inside an object or list.
fn within(schema: &Value, value: &Value, path: &str, flaws: &mut Vec<Flaw>) {
    match value {
        Value::Object(fields) => {
            let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
            for name in required.iter().filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
                flaws.push(Flaw::new("FieldValueRequired", join(path, name), "Required value"));
            }
            for (key, inner) in fields {
                if path.is_empty() && ROOT.contains(&&**key) {
                    continue;
                }
                let declared = schema["properties"].get(key).or_else(|| schema.get("additionalProperties"));
                if let Some(declared) = declared.filter(|declared| declared.is_object()) {
                    check(declared, inner, &join(path, key), flaws);
                }
            }
        }
        Value::Array(items) => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array();
            let is_set = schema["x-kubernetes-list-type"] == "set";
            let mut known: Vec<Value> = Vec::new();
            for (nth, item) in items.iter().enumerate() {
                let at = format!("{path}[{nth}]");
                check(&schema["items"], item, &at, flaws);
                let key = match keys {
                    Some(keys) => keys
                        .iter()
                        .filter_map(Value::as_str)
                        .map(|key| (key.to_owned(), item[key].clone()))
                        .collect::<Map<String, Value>>()
                        .into(),
                    None if is_set => item.clone(),
                    None => continue,
                };
                if known.contains(&key) {
                    flaws.push(Flaw::new("FieldValueDuplicate", at, format!("Duplicate value: {key}")));
                }
                known.push(key);
            }
        }
        _ => {}
    }
}

fn is_of(schema: &Value, wanted: &str, value: &Value) -> bool {
    if schema["x-kubernetes-int-or-string"] == true {
        return value.is_i64() || value.is_u64() || value.is_string();
    }
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "number" => value.is_number(),
        // No type is any type.
        _ => true,
    }
}
