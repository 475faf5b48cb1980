//! Who owns which field, and server-side apply.
//!
//! Rules: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>.

mod fields;
mod shape;

use std::sync::Arc;

use http::Response;
use serde_json::{Map, Value, json};

use crate::apply::fields::{Path, Set, leaves};
use crate::apply::shape::Shape;
use crate::kinds::Kind;
use crate::object::text;
use crate::schema;
use crate::serve::ask::{Ask, Target};
use crate::serve::body::Body;
use crate::serve::list::one;
use crate::serve::write::{Writer, add, check_form, now, replace};
use crate::status::{Flaw, Refusal};
use crate::store::Store;

/// What one manager owns.
#[derive(Debug, Clone)]
struct Owned {
    manager: String,
    applies: bool,
    api_version: String,
    subresource: String,
    time: Value,
    set: Set,
}

impl Owned {
    fn all(value: &Value) -> Vec<Owned> {
        let entries = value["metadata"]["managedFields"].as_array().map(Vec::as_slice).unwrap_or_default();
        entries
            .iter()
            .map(|entry| Owned {
                manager: text(entry, "/manager").to_owned(),
                applies: entry["operation"] == "Apply",
                api_version: text(entry, "/apiVersion").to_owned(),
                subresource: text(entry, "/subresource").to_owned(),
                time: entry["time"].clone(),
                set: fields::of_value(&entry["fieldsV1"]),
            })
            .collect()
    }

    fn is(&self, writer: &Writer) -> bool {
        self.manager == writer.manager
            && self.applies == writer.applies
            && self.subresource == writer.subresource
    }

    fn to_value(&self) -> Value {
        let mut entry = json!({
            "manager": self.manager, "operation": if self.applies { "Apply" } else { "Update" },
            "apiVersion": self.api_version, "time": self.time, "fieldsType": "FieldsV1",
            "fieldsV1": fields::to_value(&self.set),
        });
        if !self.subresource.is_empty() {
            entry["subresource"] = self.subresource.clone().into();
        }
        entry
    }
}

/// Writes down who owns what; those who own nothing are left out.
fn write_down(mut owned: Vec<Owned>, value: &mut Value) {
    owned.retain(|owned| !owned.set.is_empty());
    owned.sort_by(|a, b| {
        let order =
            |owned: &Owned| (!owned.applies, owned.time.as_str().map(str::to_owned), owned.manager.clone());
        order(a).cmp(&order(b))
    });
    let Some(meta) = value["metadata"].as_object_mut() else { return };
    if owned.is_empty() {
        meta.remove("managedFields");
    } else {
        meta.insert("managedFields".to_owned(), owned.iter().map(Owned::to_value).collect());
    }
}

/// After a create, update or patch: what changed is the writer's, and nobody else's.
pub(crate) fn track(kind: &Kind, before: Option<&Value>, value: &mut Value, writer: &Writer) {
    let shape = Shape::of(kind);
    let none = Value::Object(Map::new());
    let before = before.unwrap_or(&none);
    let (old, new) = (leaves(shape, before), leaves(shape, value));
    let mut mine: Set = new
        .iter()
        .filter(|(path, value)| old.get(*path) != Some(value))
        .map(|(path, _)| path.clone())
        .collect();
    let gone: Vec<&Path> = old.keys().filter(|path| !new.contains_key(*path)).collect();
    let old_maps = fields::maps(shape, before);
    let maps: Vec<Path> = fields::maps(shape, value).difference(&old_maps).cloned().collect();
    let mut owned = Owned::all(value);
    for owned in &mut owned {
        owned.set.retain(|path| !mine.contains(path) && !gone.contains(&path));
    }
    mine.extend(maps);
    if !mine.is_empty() {
        let at = owned.iter().position(|owned| owned.is(writer));
        let at = at.unwrap_or_else(|| {
            owned.push(Owned {
                manager: writer.manager.clone(),
                applies: false,
                api_version: kind.api_version(),
                subresource: writer.subresource.clone(),
                time: Value::Null,
                set: Set::new(),
            });
            owned.len() - 1
        });
        owned[at].set.extend(mine);
        owned[at].time = now().into();
        owned[at].api_version = kind.api_version();
    }
    write_down(owned, value);
}

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

/// Server-side apply.
pub(crate) fn apply(
    store: &mut Store,
    kind: &Arc<Kind>,
    ask: &Ask,
    target: &Target,
    bytes: &[u8],
    writer: &Writer,
) -> Result<Response<Body>, Refusal> {
    if ask.parameter("fieldManager").is_empty() {
        let flaw =
            Flaw::new("FieldValueRequired", "fieldManager", "Required value: is required for apply patch");
        return Err(Refusal::invalid("meta.k8s.io", "PatchOptions", "", &[flaw]));
    }
    let mut applied = read(kind, target, bytes)?;
    drop_nulls(&mut applied);
    drop_the_other_half(kind, target, &mut applied);
    let shape = Shape::of(kind);
    let new: Set = leaves(shape, &applied).into_keys().collect();
    let Some(live) = store.get(kind, &target.namespace, &target.name).cloned() else {
        let uid = text(&applied, "/metadata/uid");
        if !uid.is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            );
            return Err(Refusal::conflict(kind, &target.name, &why));
        }
        let mine = owned_now(kind, writer, new);
        if kind.namespaced {
            applied["metadata"]["namespace"] = target.namespace.clone().into();
        }
        applied["metadata"]["name"] = target.name.clone().into();
        write_down(vec![mine], &mut applied);
        return Ok(one(201, &add(store, kind, &target.namespace, applied, writer)?, ask));
    };
    let before = live.value();
    check_identity(kind, target, &before, &applied)?;
    let mut owned = Owned::all(&before);
    settle_conflicts(shape, &before, &applied, &new, writer, ask.flag("force"), &mut owned)?;

    let previous = owned.iter().position(|owned| owned.is(writer)).map(|at| owned.remove(at));
    let mut merged = Value::clone(&before);
    fields::merge(shape, &mut merged, &applied);
    if let Some(previous) = &previous {
        let dropped = previous.set.difference(&new);
        let free = dropped.filter(|path| !owned.iter().any(|other| other.set.contains(*path)));
        // An item goes before what is in it, which names it.
        for path in free {
            let shared = owned.iter().any(|other| other.set.iter().any(|held| held.starts_with(path)));
            if !shared {
                fields::remove(shape, &mut merged, path);
            }
        }
    }
    let mut mine = owned_now(kind, writer, new);
    let changed = !same_but_for_managed_fields(&before, &merged);
    if let Some(previous) = previous.filter(|previous| previous.set == mine.set && !changed) {
        // Applied again as it was: nothing is written, not even the time.
        mine.time = previous.time;
    }
    owned.push(mine);
    write_down(owned, &mut merged);
    merged["metadata"]["resourceVersion"] = match text(&applied, "/metadata/resourceVersion") {
        "" => live.version().to_string().into(),
        asked => asked.into(),
    };
    Ok(one(200, &replace(store, kind, target, merged, writer)?, ask))
}

fn owned_now(kind: &Kind, writer: &Writer, set: Set) -> Owned {
    Owned {
        manager: writer.manager.clone(),
        applies: true,
        api_version: kind.api_version(),
        subresource: writer.subresource.clone(),
        time: now().into(),
        set,
    }
}

/// The body of an apply, which may be YAML.
fn read(kind: &Kind, target: &Target, bytes: &[u8]) -> Result<Value, Refusal> {
    let words = String::from_utf8_lossy(bytes);
    let value: Value = serde_json::from_slice(bytes)
        .ok()
        .or_else(|| serde_saphyr::from_str(&words).ok())
        .ok_or_else(|| Refusal::bad_request("error decoding YAML"))?;
    if value["apiVersion"] != kind.api_version() || value["kind"] != *kind.kind {
        let (group, version) = match text(&value, "/apiVersion").rsplit_once('/') {
            Some((group, version)) => (group, version),
            None => ("", text(&value, "/apiVersion")),
        };
        let said = text(&value, "/kind");
        return Err(Refusal::bad_request(format!("invalid object type: {group}/{version}, Kind={said}")));
    }
    check_form(kind, &value)?;
    let said = text(&value, "/metadata/name");
    if said != target.name && !said.is_empty() {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({said}) does not match the name on the URL ({})",
            target.name
        )));
    }
    if value["metadata"]["managedFields"].as_array().is_some_and(|entries| !entries.is_empty()) {
        return Err(Refusal::bad_request("metadata.managedFields must be nil"));
    }
    if let Some(path) = schema::undeclared(kind, &value) {
        let message = format!(
            "failed to create typed patch object ({}/{said}; {}, Kind={}): {path}: field not declared in schema",
            text(&value, "/metadata/namespace"),
            kind.api_version(),
            kind.kind
        );
        return Err(Refusal::new(500, "", message));
    }
    Ok(value)
}

/// The uid says which object is meant.
fn check_identity(kind: &Kind, target: &Target, before: &Value, applied: &Value) -> Result<(), Refusal> {
    let uid = text(applied, "/metadata/uid");
    if uid.is_empty() || uid == text(before, "/metadata/uid") {
        return Ok(());
    }
    let message = format!("Invalid value: {uid:?}: field is immutable");
    let flaw = Flaw::new("FieldValueInvalid", "metadata.uid", message);
    Err(Refusal::invalid(&kind.group, &kind.kind, &target.name, &[flaw]))
}

/// Fields that another manager set to something else: refused, or by force no longer theirs.
fn settle_conflicts(
    shape: Shape<'_>,
    before: &Value,
    applied: &Value,
    new: &Set,
    writer: &Writer,
    force: bool,
    owned: &mut [Owned],
) -> Result<(), Refusal> {
    let (is, wanted) = (leaves(shape, before), leaves(shape, applied));
    let mut conflicts: Vec<(String, Vec<Path>)> = Vec::new();
    for other in owned.iter_mut().filter(|other| !other.is(writer)) {
        let fields: Vec<Path> = new
            .iter()
            .filter(|path| other.set.contains(*path) && is.get(*path) != wanted.get(*path))
            .cloned()
            .collect();
        if fields.is_empty() {
            continue;
        }
        if force {
            other.set.retain(|path| !fields.contains(path));
        }
        let mut who = format!("{:?}", other.manager);
        if !other.subresource.is_empty() {
            who.push_str(&format!(" with subresource {:?}", other.subresource));
        }
        if !other.applies {
            who.push_str(&format!(" using {}", other.api_version));
        }
        conflicts.push((who, fields));
    }
    if force || conflicts.is_empty() {
        return Ok(());
    }
    Err(conflict(&conflicts))
}

fn conflict(conflicts: &[(String, Vec<Path>)]) -> Refusal {
    let count: usize = conflicts.iter().map(|(_, fields)| fields.len()).sum();
    let said: Vec<String> = conflicts
        .iter()
        .map(|(who, fields)| match fields.as_slice() {
            [one] => format!("conflict with {who}: {}", fields::shown(one)),
            many => {
                let lines: String = many.iter().map(|path| format!("\n- {}", fields::shown(path))).collect();
                format!("conflicts with {who}:{lines}")
            }
        })
        .collect();
    let causes: Vec<Value> = conflicts
        .iter()
        .flat_map(|(who, fields)| {
            fields.iter().map(move |path| {
                json!({
                    "reason": "FieldManagerConflict", "message": format!("conflict with {who}"),
                    "field": fields::shown(path),
                })
            })
        })
        .collect();
    let s = if count == 1 { "" } else { "s" };
    let message = format!("Apply failed with {count} conflict{s}: {}", said.join("\n"));
    Refusal::new(409, "Conflict", message).with(json!({"causes": causes}))
}

/// An apply says nothing by null.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, inner| !inner.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// An apply of the object says nothing of its status, and one of the status nothing else.
fn drop_the_other_half(kind: &Kind, target: &Target, applied: &mut Value) {
    let Some(fields) = applied.as_object_mut().filter(|_| kind.status) else { return };
    if target.subresource.is_empty() {
        fields.remove("status");
    } else {
        fields.retain(|key, _| matches!(&**key, "apiVersion" | "kind" | "status"));
    }
}
