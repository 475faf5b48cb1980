//! Patches: JSON merge, JSON patch, and server-side apply.

use std::sync::Arc;

use http::Response;
use serde_json::{Value, json};

use crate::apply;
use crate::kinds::Kind;
use crate::object::Object;
use crate::serve::Server;
use crate::serve::ask::{Ask, Target};
use crate::serve::body::Body;
use crate::serve::list::one;
use crate::serve::write::{Writer, replace};
use crate::status::Refusal;

pub(crate) fn patch(
    server: &Server,
    kind: &Arc<Kind>,
    ask: &Ask,
    target: &Target,
    bytes: &[u8],
) -> Result<Response<Body>, Refusal> {
    let media = ask.media.split(';').next().unwrap_or_default().trim();
    let mut writer = Writer::of(ask, target);
    if media == "application/apply-patch+yaml" {
        writer.applies = true;
        return apply::apply(&mut server.store(), kind, ask, target, bytes, &writer);
    }
    let mut store = server.store();
    let patched = |object: &Object| -> Result<Value, Refusal> {
        let mut value = Value::clone(&object.value());
        match media {
            "application/merge-patch+json" => {
                json_patch::merge(&mut value, &read(bytes)?);
                Ok(value)
            }
            "application/json-patch+json" => {
                let patch: json_patch::Patch =
                    serde_json::from_slice(bytes).map_err(|error| undecodable(&error))?;
                json_patch::patch(&mut value, &patch).map_err(|_| {
                    // The real server does not say which step failed.
                    let words = "the server rejected our request due to an error in our request";
                    Refusal::new(422, "Invalid", words).with(json!({}))
                })?;
                Ok(value)
            }
            // Strategic merge needs the kinds' Go structs; our client never sends it.
            _ => Err(Refusal::media_type()),
        }
    };
    let Some(object) = store.get(kind, &target.namespace, &target.name).cloned() else {
        return Err(match media {
            "application/merge-patch+json" | "application/json-patch+json" => {
                Refusal::not_found(kind, &target.name)
            }
            _ => Refusal::media_type(),
        });
    };
    let value = patched(&object)?;
    Ok(one(200, &replace(&mut store, kind, target, value, &writer)?, ask))
}

fn read(bytes: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| undecodable(&error))
}

fn undecodable(error: &serde_json::Error) -> Refusal {
    Refusal::bad_request(format!("error decoding patch: {error}"))
}
