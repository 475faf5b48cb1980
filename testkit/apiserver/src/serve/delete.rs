//! Deletions, and what goes with what is deleted.

use std::sync::Arc;

use http::Response;
use serde_json::{Value, json};

use crate::kinds::{CRDS, Kind};
use crate::object::{Key, Object, text};
use crate::selector::Selector;
use crate::serve::Server;
use crate::serve::ask::{Ask, Target};
use crate::serve::body::{self, Body};
use crate::serve::list::one;
use crate::serve::write::{has_finalizers, now};
use crate::status::Refusal;
use crate::store::{Store, key};

pub(crate) fn delete(
    server: &Server,
    kind: &Arc<Kind>,
    ask: &Ask,
    target: &Target,
    bytes: &[u8],
) -> Result<Response<Body>, Refusal> {
    let options: Value = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(bytes).map_err(|error| Refusal::bad_request(error.to_string()))?
    };
    let mut store = server.store();
    let Some(object) = store.get(kind, &target.namespace, &target.name).cloned() else {
        return Err(Refusal::not_found(kind, &target.name));
    };
    let value = object.value();
    let uid = text(&value, "/metadata/uid");
    let wanted = text(&options, "/preconditions/uid");
    if !wanted.is_empty() && wanted != uid {
        let why = format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        );
        return Err(Refusal::precondition(kind, &target.name, &why));
    }
    let wanted = text(&options, "/preconditions/resourceVersion");
    if !wanted.is_empty() && wanted != object.version().to_string() {
        let why = format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({}). The object might have been modified",
            object.version()
        );
        return Err(Refusal::precondition(kind, &target.name, &why));
    }
    if ask.parameter("dryRun") == "All" {
        return Ok(one(200, &object, ask));
    }
    let place = key(&target.namespace, &target.name);
    match take(&mut store, kind, &place) {
        // It goes once its finalizers are gone; the answer shows it as it is.
        Some(still) => Ok(one(200, &still, ask)),
        // Pods are graceful in principle, so that the real server answers with the pod even when it is gone.
        None if kind.kind == "Pod" => Ok(one(200, &object, ask)),
        None => {
            let mut details = kind.details(&target.name);
            details["uid"] = uid.into();
            Ok(body::json(
                200,
                &json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
                }),
            ))
        }
    }
}

pub(crate) fn delete_all(
    server: &Server,
    kind: &Arc<Kind>,
    ask: &Ask,
    target: &Target,
) -> Result<Response<Body>, Refusal> {
    let selector = Selector::parse(kind, ask.parameter("labelSelector"), ask.parameter("fieldSelector"))?;
    let mut store = server.store();
    let namespace = Some(target.namespace.as_str()).filter(|word| !word.is_empty());
    let chosen: Vec<(Key, Object)> = store
        .table(kind)
        .range(namespace)
        .filter(|(key, object)| selector.fits(key, object))
        .map(|(key, object)| (key.clone(), object.clone()))
        .collect();
    for (key, _) in &chosen {
        take(&mut store, kind, key);
    }
    let items: Vec<Value> = chosen.iter().map(|(_, object)| Value::clone(&object.value())).collect();
    let version = store.version.to_string();
    Ok(body::json(
        200,
        &json!({
            "kind": kind.list, "apiVersion": kind.api_version(), "metadata": {"resourceVersion": version},
            "items": items,
        }),
    ))
}

/// Deletes, or marks as being deleted what has finalizers: that is returned.
pub(crate) fn take(store: &mut Store, kind: &Arc<Kind>, key: &Key) -> Option<Object> {
    let object = store.get(kind, &key.0, &key.1)?;
    let mut value = Value::clone(&object.value());
    let marked = !text(&value, "/metadata/deletionTimestamp").is_empty();
    let bound = kind.kind == "Pod" && !text(&value, "/spec/nodeName").is_empty();
    let finalizers = has_finalizers(&value);
    if (finalizers || bound) && !marked {
        // A pod on a node is marked first; the kubelet that would end its containers is quick here.
        value["metadata"]["deletionTimestamp"] = now().into();
        value["metadata"]["deletionGracePeriodSeconds"] = if bound { 30.into() } else { 0.into() };
        let object = store.put_value(kind, key.clone(), value);
        if finalizers {
            return Some(object);
        }
    } else if finalizers {
        return store.get(kind, &key.0, &key.1).cloned();
    }
    remove(store, kind, key);
    None
}

/// Takes it out, and with a namespace or definition all that was in it.
pub(crate) fn remove(store: &mut Store, kind: &Arc<Kind>, key: &Key) {
    let Some(object) = store.remove(kind, key) else { return };
    let value = object.value();
    let inside: Vec<Arc<Kind>> = match kind.plural.as_str() {
        "namespaces" => store.kinds().iter().filter(|kind| kind.namespaced).cloned().collect(),
        CRDS => {
            let kinds = Kind::of_definition(&value);
            store.undefine(&value);
            kinds
        }
        _ => return,
    };
    let namespace = (kind.plural == "namespaces").then(|| key.1.to_string());
    for kind in inside {
        let keys: Vec<Key> =
            store.table(&kind).range(namespace.as_deref()).map(|(key, _)| key.clone()).collect();
        for key in keys {
            store.remove(&kind, &key);
        }
    }
}
