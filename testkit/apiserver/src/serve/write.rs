//! Create and update.

use std::sync::Arc;

use http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apply;
use crate::kinds::{CRDS, Kind};
use crate::object::{Object, text};
use crate::schema;
use crate::serve::Server;
use crate::serve::ask::{Ask, Target};
use crate::serve::body::Body;
use crate::serve::delete;
use crate::serve::list::one;
use crate::status::{Flaw, Refusal};
use crate::store::{Store, key};

/// Now, as the API writes it: whole seconds.
pub(crate) fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// Reads an object from a request's body.
pub(crate) fn read(kind: &Kind, bytes: &[u8]) -> Result<Value, Refusal> {
    let shown = String::from_utf8_lossy(bytes);
    let shown = shown.trim();
    let short: String = shown.chars().take(30).collect();
    let short = if shown.chars().count() > 30 { format!("{short} ...") } else { short };
    let must = format!("the object provided is unrecognized (must be of type {}): ", kind.kind);
    let mut value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Refusal::bad_request(format!("{must}couldn't get version/kind; json parse error: {error} ({short})"))
    })?;
    let Some(fields) = value.as_object_mut() else {
        return Err(Refusal::bad_request(format!(
            "{must}couldn't get version/kind; json parse error ({short})"
        )));
    };
    // The server's own kinds may leave both out; a custom resource must say what it is.
    if kind.schema.is_some() && !fields.contains_key("kind") {
        return Err(Refusal::bad_request(format!("{must}Object 'Kind' is missing in '{shown}' ({short})")));
    }
    let named = |fields: &serde_json::Map<String, Value>, key: &str, default: &str| {
        let word = fields.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
        word.unwrap_or(default).to_owned()
    };
    let said = named(fields, "kind", &kind.kind);
    let version = named(fields, "apiVersion", &kind.api_version());
    if said != kind.kind || version != kind.api_version() {
        return Err(Refusal::bad_request(format!(
            "{said} in version {:?} cannot be handled as a {}: no kind {said:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\"",
            version.rsplit('/').next().unwrap_or_default(),
            kind.kind
        )));
    }
    fields.insert("kind".to_owned(), said.into());
    fields.insert("apiVersion".to_owned(), version.into());
    if !fields.get("metadata").is_some_and(Value::is_object) {
        fields.insert("metadata".to_owned(), json!({}));
    }
    Ok(value)
}

pub(crate) fn create(
    server: &Server,
    kind: &Arc<Kind>,
    ask: &Ask,
    target: &Target,
    bytes: &[u8],
) -> Result<Response<Body>, Refusal> {
    let value = read(kind, bytes)?;
    let object = add(&mut server.store(), kind, &target.namespace, value, &Writer::of(ask, target))?;
    Ok(one(201, &object, ask))
}

/// Who writes, for `managedFields`.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) manager: String,
    pub(crate) subresource: String,
    /// Already set by an apply.
    pub(crate) applies: bool,
    /// Asked not to keep anything.
    pub(crate) dry: bool,
}

impl Writer {
    pub(crate) fn of(ask: &Ask, target: &Target) -> Writer {
        Writer {
            manager: ask.manager(),
            subresource: target.subresource.clone(),
            applies: false,
            dry: ask.parameter("dryRun") == "All",
        }
    }

    /// One of the server's own parts.
    pub(crate) fn part(manager: &str, subresource: &str) -> Writer {
        Writer {
            manager: manager.to_owned(),
            subresource: subresource.to_owned(),
            applies: false,
            dry: false,
        }
    }
}

/// Whether an object has the form that all objects have; a patch may make anything of it.
///
/// # Errors
/// 400, as Go's decoder refuses it.
pub(crate) fn check_form(kind: &Kind, value: &Value) -> Result<(), Refusal> {
    let map = |pointer: &str| value.pointer(pointer).is_none_or(|inner| inner.is_null() || inner.is_object());
    let list = |pointer: &str| value.pointer(pointer).is_none_or(|inner| inner.is_null() || inner.is_array());
    let flaw = if !value.is_object() || !value["metadata"].is_object() {
        Some("metadata")
    } else {
        let maps = ["/metadata/labels", "/metadata/annotations"].into_iter();
        let own = ["/data", "/stringData"].into_iter().filter(|_| kind.kind == "Secret");
        let lists =
            ["/metadata/finalizers", "/metadata/ownerReferences", "/metadata/managedFields"].into_iter();
        maps.chain(own)
            .find(|pointer| !map(pointer))
            .or_else(|| lists.into_iter().find(|pointer| !list(pointer)))
    };
    match flaw {
        None => Ok(()),
        Some(at) => Err(Refusal::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: json: cannot unmarshal into Go struct field {}",
            kind.kind,
            kind.version,
            kind.kind,
            at.trim_start_matches('/').replace('/', ".")
        ))),
    }
}

/// Adds a new object.
pub(crate) fn add(
    store: &mut Store,
    kind: &Arc<Kind>,
    namespace: &str,
    mut value: Value,
    writer: &Writer,
) -> Result<Object, Refusal> {
    check_form(kind, &value)?;
    let (said, mut name) = (text(&value, "/metadata/namespace"), text(&value, "/metadata/name").to_owned());
    if kind.namespaced && !said.is_empty() && said != namespace {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if !text(&value, "/metadata/resourceVersion").is_empty() && !writer.applies {
        return Err(Refusal::new(500, "", "resourceVersion should not be set on objects to be created"));
    }
    let generate = text(&value, "/metadata/generateName").to_owned();
    let uid = store.uid();
    if name.is_empty() && !generate.is_empty() {
        name = format!("{generate}{}", &uid[..5]);
        value["metadata"]["name"] = name.clone().into();
    }
    if name.is_empty() {
        let flaw = Flaw::new(
            "FieldValueRequired",
            "metadata.name",
            "Required value: name or generateName is required",
        );
        return Err(Refusal::invalid(&kind.group, &kind.kind, "", &[flaw]));
    }
    check_name(kind, &name)?;
    if kind.namespaced {
        let namespaces = store.kind("", "v1", "namespaces");
        if let Some(namespaces) = namespaces
            && store.get(&namespaces, "", namespace).is_none()
        {
            return Err(Refusal::not_found(&namespaces, namespace));
        }
        value["metadata"]["namespace"] = namespace.into();
    } else if let Some(meta) = value["metadata"].as_object_mut() {
        meta.remove("namespace");
    }
    schema::admit(kind, &name, &mut value)?;
    if store.get(kind, namespace, &name).is_some() {
        return Err(Refusal::exists(kind, &name));
    }
    if kind.status
        && let Some(fields) = value.as_object_mut()
    {
        fields.remove("status");
    }
    value["metadata"]["uid"] = uid.into();
    value["metadata"]["creationTimestamp"] = now().into();
    if kind.has_generation() {
        value["metadata"]["generation"] = 1.into();
    }
    if !writer.applies {
        if let Some(meta) = value["metadata"].as_object_mut() {
            meta.remove("managedFields");
        }
        apply::track(kind, None, &mut value, writer);
    }
    born(kind, &name, &mut value);
    if writer.dry {
        return Ok(Object::plain(value));
    }
    let namespace = if kind.namespaced { namespace } else { "" };
    let object = store.put_value(kind, key(namespace, &name), value);
    if kind.plural == CRDS {
        store.define(&object.value());
    }
    Ok(object)
}

/// What the real server itself fills in, as far as our client reads it.
fn born(kind: &Kind, name: &str, value: &mut Value) {
    match kind.kind.as_str() {
        "Namespace" => {
            value["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
            value["status"] = json!({"phase": "Active"});
        }
        "Pod" if value["status"].is_null() => {
            value["status"] = json!({"phase": "Pending", "qosClass": "BestEffort"});
        }
        "Secret" => {
            if text(value, "/type").is_empty() {
                value["type"] = "Opaque".into();
            }
            let plain = value.as_object_mut().and_then(|fields| fields.remove("stringData"));
            if let Some(Value::Object(plain)) = plain {
                use base64::Engine as _;
                for (key, word) in plain {
                    let encoded =
                        base64::engine::general_purpose::STANDARD.encode(word.as_str().unwrap_or_default());
                    value["data"][key] = encoded.into();
                }
            }
        }
        "CustomResourceDefinition" => {
            let stored = value["spec"]["versions"].as_array().cloned().unwrap_or_default();
            let stored: Vec<&Value> = stored
                .iter()
                .filter(|version| version["storage"] == true)
                .map(|version| &version["name"])
                .collect();
            let yes = |kind: &str, reason: &str, message: &str| {
                json!({
                    "type": kind, "status": "True", "reason": reason, "message": message,
                    "lastTransitionTime": now(),
                })
            };
            value["status"] = json!({
                "conditions": [
                    yes("NamesAccepted", "NoConflicts", "no conflicts found"),
                    yes("Established", "InitialNamesAccepted", "the initial names have been accepted"),
                ],
                "acceptedNames": value["spec"]["names"],
                "storedVersions": stored,
            });
        }
        _ => {}
    }
}

/// RBAC's names may be any path segment; all others are DNS subdomains.
fn check_name(kind: &Kind, name: &str) -> Result<(), Refusal> {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let fits = if kind.group == crate::kinds::RBAC {
        !name.contains(['/', '%']) && name != "." && name != ".."
    } else {
        name.len() <= 253 && name.split('.').all(label)
    };
    if fits {
        return Ok(());
    }
    let message = format!(
        "Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    );
    let flaw = Flaw::new("FieldValueInvalid", "metadata.name", message);
    Err(Refusal::invalid(&kind.group, &kind.kind, name, &[flaw]))
}

pub(crate) fn update(
    server: &Server,
    kind: &Arc<Kind>,
    ask: &Ask,
    target: &Target,
    bytes: &[u8],
) -> Result<Response<Body>, Refusal> {
    let value = read(kind, bytes)?;
    let mut store = server.store();
    let writer = Writer::of(ask, target);
    if store.get(kind, &target.namespace, &target.name).is_none() {
        // The real server creates a Lease by update, and little else.
        let name = text(&value, "/metadata/name");
        if kind.kind == "Lease" && name == target.name && text(&value, "/metadata/resourceVersion").is_empty()
        {
            return Ok(one(201, &add(&mut store, kind, &target.namespace, value, &writer)?, ask));
        }
        return Err(Refusal::not_found(kind, &target.name));
    }
    let object = replace(&mut store, kind, target, value, &writer)?;
    Ok(one(200, &object, ask))
}

/// Puts a changed object in the place of the one that is there.
pub(crate) fn replace(
    store: &mut Store,
    kind: &Arc<Kind>,
    target: &Target,
    mut value: Value,
    writer: &Writer,
) -> Result<Object, Refusal> {
    check_form(kind, &value)?;
    let (namespace, name) = (target.namespace.as_str(), target.name.as_str());
    let Some(old) = store.get(kind, namespace, name).cloned() else {
        return Err(Refusal::not_found(kind, name));
    };
    let before = old.value();
    let said = text(&value, "/metadata/name");
    if said != name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({said}) does not match the name on the URL ({name})"
        )));
    }
    let said = text(&value, "/metadata/namespace");
    if kind.namespaced && !said.is_empty() && said != namespace {
        return Err(Refusal::bad_request(format!(
            "the namespace of the object ({said}) does not match the namespace on the URL ({namespace})"
        )));
    }
    let uid = text(&before, "/metadata/uid");
    let said = text(&value, "/metadata/uid");
    if !said.is_empty() && said != uid && !writer.applies {
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{namespace}/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {said}, UID in object meta: {uid}",
            kind.plural
        );
        return Err(Refusal::conflict(kind, name, &why));
    }
    let said = text(&value, "/metadata/resourceVersion");
    if !said.is_empty() && said != "0" && said != old.version().to_string() {
        return Err(Refusal::modified(kind, name));
    }
    // What a client cannot change.
    for field in
        ["uid", "creationTimestamp", "namespace", "generation", "resourceVersion", "deletionTimestamp"]
    {
        match before["metadata"].get(field) {
            Some(kept) => value["metadata"][field] = kept.clone(),
            None => {
                if let Some(meta) = value["metadata"].as_object_mut() {
                    meta.remove(field);
                }
            }
        }
    }
    keep_the_other_half(kind, target, &before, &mut value);
    schema::admit(kind, name, &mut value)?;
    if !writer.applies {
        let unchanged = apply::same_but_for_managed_fields(&before, &value);
        value["metadata"]["managedFields"] = before["metadata"]["managedFields"].clone();
        if !unchanged {
            apply::track(kind, Some(&before), &mut value, writer);
        }
        if value["metadata"]["managedFields"].is_null()
            && let Some(meta) = value["metadata"].as_object_mut()
        {
            meta.remove("managedFields");
        }
    }
    if *before == value {
        // Nothing changed: the real server writes nothing.
        return Ok(old);
    }
    if kind.has_generation() && target.subresource.is_empty() && body_of(&before) != body_of(&value) {
        value["metadata"]["generation"] = (before["metadata"]["generation"].as_u64().unwrap_or(0) + 1).into();
    }
    if writer.dry {
        return Ok(Object::plain(value));
    }
    let place = key(namespace, name);
    let finalized = !text(&value, "/metadata/deletionTimestamp").is_empty() && !has_finalizers(&value);
    let object = store.put_value(kind, place.clone(), value);
    if kind.plural == CRDS {
        store.define(&object.value());
    }
    if finalized {
        delete::remove(store, kind, &place);
    }
    Ok(object)
}

/// A write of the object leaves its status alone, and one of the status all else, where there is that subresource.
fn keep_the_other_half(kind: &Kind, target: &Target, before: &Value, value: &mut Value) {
    if !kind.status {
        return;
    }
    if target.subresource.is_empty() {
        match before.get("status") {
            Some(status) => value["status"] = status.clone(),
            None => {
                if let Some(fields) = value.as_object_mut() {
                    fields.remove("status");
                }
            }
        }
    } else {
        let mut kept = before.clone();
        kept["metadata"]["managedFields"] = value["metadata"]["managedFields"].take();
        match value.get("status") {
            Some(status) => kept["status"] = status.clone(),
            None => {
                if let Some(fields) = kept.as_object_mut() {
                    fields.remove("status");
                }
            }
        }
        if kept["metadata"]["managedFields"].is_null()
            && let Some(meta) = kept["metadata"].as_object_mut()
        {
            meta.remove("managedFields");
        }
        *value = kept;
    }
}

/// All but metadata and status: what `generation` counts.
fn body_of(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("metadata");
        fields.remove("status");
    }
    value
}

pub(crate) fn has_finalizers(value: &Value) -> bool {
    value["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty())
}
