//! Sets of fields, as `fieldsV1` writes them.
//!
//! Format: <https://github.com/kubernetes-sigs/structured-merge-diff/blob/v6.3.0/fieldpath/serialize.go>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::apply::shape::{Listing, Shape};

/// A path; its elements as `fieldsV1` writes them: `f:name`, `k:{"name":"a"}`, `v:"a"`.
pub(crate) type Path = Vec<String>;

/// What a set of fields holds.
pub(crate) type Set = BTreeSet<Path>;

/// Metadata that nobody owns.
const NOBODYS: [&str; 9] = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
];

/// The values of an object that somebody can own, by their paths; an item of a list is there itself, as null.
pub(crate) fn leaves(shape: Shape<'_>, value: &Value) -> BTreeMap<Path, Value> {
    let mut found = BTreeMap::new();
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
        if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            meta.retain(|key, _| !NOBODYS.contains(&&**key));
            if meta.is_empty() {
                fields.remove("metadata");
            }
        }
        if !fields.is_empty() {
            collect(shape, &value, &mut Path::new(), &mut found);
        }
    }
    found
}

fn collect(shape: Shape<'_>, value: &Value, path: &mut Path, found: &mut BTreeMap<Path, Value>) {
    match (value, shape.listing()) {
        (Value::Object(fields), _) if !fields.is_empty() && !shape.is_atomic() => {
            for (key, inner) in fields {
                path.push(format!("f:{key}"));
                collect(shape.field(key), inner, path, found);
                path.pop();
            }
        }
        (Value::Array(items), Listing::Map(keys)) if !items.is_empty() => {
            for item in items {
                path.push(item_element(&keys, item));
                found.insert(path.clone(), Value::Null);
                collect(shape.item(), item, path, found);
                path.pop();
            }
        }
        (Value::Array(items), Listing::Set) if !items.is_empty() => {
            for item in items {
                path.push(format!("v:{item}"));
                found.insert(path.clone(), item.clone());
                path.pop();
            }
        }
        _ => {
            found.insert(path.clone(), value.clone());
        }
    }
}

/// The paths of the maps of an object that their maker owns.
pub(crate) fn maps(shape: Shape<'_>, value: &Value) -> Set {
    fn collect(shape: Shape<'_>, value: &Value, path: &mut Path, found: &mut Set) {
        let Some(fields) = value.as_object() else { return };
        if shape.owns_map() && !fields.is_empty() && !shape.is_atomic() {
            found.insert(path.clone());
        }
        for (key, inner) in fields {
            path.push(format!("f:{key}"));
            collect(shape.field(key), inner, path, found);
            path.pop();
        }
    }
    let mut found = Set::new();
    collect(shape, value, &mut Path::new(), &mut found);
    found
}

pub(crate) fn item_element(keys: &[String], item: &Value) -> String {
    let named: Map<String, Value> = keys
        .iter()
        .filter_map(|key| match (item.get(key), key.as_str()) {
            (Some(value), _) => Some((key.clone(), value.clone())),
            // The one key of the server's own kinds that has a default.
            (None, "protocol") => Some((key.clone(), "TCP".into())),
            (None, _) => None,
        })
        .collect();
    format!("k:{}", Value::Object(named))
}

/// As `fieldsV1`.
pub(crate) fn to_value(set: &Set) -> Value {
    #[derive(Default)]
    struct Node {
        member: bool,
        inside: BTreeMap<String, Node>,
    }
    fn write(node: &Node) -> Value {
        let mut fields: Map<String, Value> =
            node.inside.iter().map(|(element, inner)| (element.clone(), write(inner))).collect();
        if node.member && !fields.is_empty() {
            fields.insert(".".to_owned(), json!({}));
        }
        Value::Object(fields)
    }
    let mut root = Node::default();
    for path in set {
        let node =
            path.iter().fold(&mut root, |node, element| node.inside.entry(element.clone()).or_default());
        node.member = true;
    }
    write(&root)
}

/// From `fieldsV1`.
pub(crate) fn of_value(value: &Value) -> Set {
    fn read(value: &Value, path: &mut Path, set: &mut Set) {
        let Some(fields) = value.as_object() else { return };
        if fields.is_empty() || fields.contains_key(".") {
            set.insert(path.clone());
        }
        for (element, inner) in fields.iter().filter(|(element, _)| *element != ".") {
            path.push(element.clone());
            read(inner, path, set);
            path.pop();
        }
    }
    let mut set = Set::new();
    if value.as_object().is_some_and(|fields| !fields.is_empty()) {
        read(value, &mut Path::new(), &mut set);
    }
    set
}

/// As messages show it: `.spec.parts[name="a"].v`.
pub(crate) fn shown(path: &Path) -> String {
    path.iter()
        .map(|element| match element.split_once(':') {
            Some(("f", name)) => format!(".{name}"),
            Some(("k", keys)) => {
                let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("[{}]", keys.join(","))
            }
            Some((_, value)) => format!("[={value}]"),
            None => String::new(),
        })
        .collect()
}

/// Takes what is at a path out of an object, and the maps and lists that are empty then.
pub(crate) fn remove(shape: Shape<'_>, value: &mut Value, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    match (value, first.split_once(':')) {
        (Value::Object(fields), Some(("f", name))) => {
            if let Some(inner) = fields.get_mut(name)
                && !rest.is_empty()
            {
                remove(shape.field(name), inner, rest);
                let emptied = inner.as_object().is_some_and(Map::is_empty)
                    || inner.as_array().is_some_and(Vec::is_empty);
                if !emptied {
                    return;
                }
            }
            fields.remove(name);
        }
        (Value::Array(items), Some(("k", _))) => {
            let Listing::Map(keys) = shape.listing() else { return };
            let Some(at) = items.iter().position(|item| item_element(&keys, item) == *first) else { return };
            if rest.is_empty() {
                items.remove(at);
            } else {
                remove(shape.item(), &mut items[at], rest);
            }
        }
        (Value::Array(items), Some(("v", word))) => {
            if let Ok(gone) = serde_json::from_str::<Value>(word) {
                items.retain(|item| *item != gone);
            }
        }
        _ => {}
    }
}

/// Lays what is applied over what is there.
pub(crate) fn merge(shape: Shape<'_>, live: &mut Value, applied: &Value) {
    match (live, applied, shape.listing()) {
        (Value::Object(live), Value::Object(applied), _) if !shape.is_atomic() => {
            for (key, inner) in applied {
                match live.get_mut(key) {
                    Some(live) => merge(shape.field(key), live, inner),
                    None => {
                        live.insert(key.clone(), inner.clone());
                    }
                }
            }
        }
        (Value::Array(live), Value::Array(applied), Listing::Map(keys)) => {
            for item in applied {
                let element = item_element(&keys, item);
                match live.iter_mut().find(|live| item_element(&keys, live) == element) {
                    Some(live) => merge(shape.item(), live, item),
                    None => live.push(item.clone()),
                }
            }
        }
        (Value::Array(live), Value::Array(applied), Listing::Set) => {
            for item in applied {
                if !live.contains(item) {
                    live.push(item.clone());
                }
            }
        }
        (live, applied, _) => *live = applied.clone(),
    }
}
