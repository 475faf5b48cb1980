//! Lists, whole and by pages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::audit::Entry;
use crate::kinds::Kind;
use crate::object::{Form, Object};
use crate::selector::Selector;
use crate::serve::Server;
use crate::serve::ask::Ask;
use crate::serve::body::{self, Body};
use crate::status::Refusal;
use crate::store::{Snapshot, Store};

/// From how many objects on a list is sent piece by piece.
const WHOLE: usize = 2_000;

/// The size of a piece.
pub(crate) const PIECE: usize = 256 * 1024;

/// How the real server begins what it says of a continue token that is too old.
const TOO_OLD: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// A place between two pages, as the real server writes it.
#[derive(Serialize, Deserialize)]
struct Continue {
    v: String,
    rv: i64,
    start: String,
}

/// A list, ready to be written.
struct Page {
    /// The objects, and which of them.
    objects: Snapshot,
    chosen: Vec<usize>,
    version: u64,
    next: String,
    remaining: Option<usize>,
}

pub(crate) async fn list(
    server: &Arc<Server>,
    kind: &Arc<Kind>,
    ask: &Ask,
    entry: &Entry,
) -> Result<Response<Body>, Refusal> {
    let selector = Selector::parse(kind, ask.parameter("labelSelector"), ask.parameter("fieldSelector"))?;
    let asked = version_of(ask)?;
    if ask.parameter("continue").is_empty() {
        server.reach(asked).await?;
    }
    let page = page(server, kind, ask, &selector, asked)?;
    let partial = ask.wants_partial();
    // A custom resource's items name their kind; those of the server's own kinds do not.
    let form = match (partial, &kind.schema) {
        (true, _) => Form::Partial,
        (false, Some(_)) => Form::Whole,
        (false, None) => Form::Item,
    };
    let (list, api_version) = if partial {
        ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned())
    } else {
        (kind.list.clone(), kind.api_version())
    };
    let mut meta = json!({"resourceVersion": page.version.to_string()});
    if !page.next.is_empty() {
        meta["continue"] = page.next.clone().into();
    }
    if let Some(remaining) = page.remaining {
        meta["remainingItemCount"] = remaining.into();
    }
    let head = format!(
        "{{\"kind\":{},\"apiVersion\":{},\"metadata\":{meta},\"items\":[",
        Value::from(list),
        Value::from(api_version)
    );
    if page.chosen.len() <= WHOLE {
        let start = Instant::now();
        let mut out = head.into_bytes();
        for (nth, at) in page.chosen.iter().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            page.objects[*at].1.write(form, &mut out);
        }
        out.extend_from_slice(b"]}\n");
        entry.change(|request| request.busy = start.elapsed());
        return Ok(body::bytes(200, out));
    }
    let (pieces, reply) = Body::pieces();
    let entry = entry.clone();
    tokio::spawn(async move {
        let mut out = head.into_bytes();
        let mut since = Instant::now();
        for (nth, at) in page.chosen.iter().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            page.objects[*at].1.write(form, &mut out);
            if out.len() >= PIECE {
                let busy = since.elapsed();
                let piece = Bytes::from(std::mem::take(&mut out));
                entry.change(|request| {
                    request.busy += busy;
                    request.bytes += piece.len() as u64;
                });
                if pieces.send(Ok(piece)).await.is_err() {
                    return;
                }
                since = Instant::now();
            }
        }
        out.extend_from_slice(b"]}\n");
        entry.change(|request| {
            request.busy += since.elapsed();
            request.bytes += out.len() as u64;
            request.ended = Some(jiff::Timestamp::now());
        });
        // Who hung up has read enough.
        let _ = pieces.send(Ok(out.into())).await;
    });
    Ok(body::with(200, "application/json", reply))
}

fn page(server: &Server, kind: &Kind, ask: &Ask, selector: &Selector, asked: u64) -> Result<Page, Refusal> {
    let limit: usize = ask.parameter("limit").parse().unwrap_or(0);
    let mut store = server.store();
    let (version, objects, after) = match ask.parameter("continue") {
        "" if ask.parameter("resourceVersionMatch") == "Exact" && asked != store.version => {
            let objects = store.kept(kind, asked).ok_or_else(|| {
                Refusal::new(410, "Expired", "The resourceVersion for the provided list is too old.")
            })?;
            (asked, objects, None)
        }
        "" => {
            let (version, objects) = if limit > 0 {
                store.snapshot(kind)
            } else {
                (store.version, one_time(&mut store, kind, ask))
            };
            (version, objects, None)
        }
        token => {
            let token = read_token(token)?;
            let after = token.start.strip_suffix('\0').unwrap_or(&token.start).to_owned();
            let kept = match u64::try_from(token.rv) {
                // The token of a refusal: goes on with what there is now.
                Err(_) => Some(store.snapshot(kind)),
                Ok(version) => store.kept(kind, version).map(|objects| (version, objects)),
            };
            let (version, objects) = kept.ok_or_else(|| {
                let mut refusal = Refusal::new(410, "Expired", TOO_OLD);
                refusal.next = Some(write_token(-1, &after));
                refusal
            })?;
            (version, objects, Some(after))
        }
    };
    drop(store);
    let from = after.map_or(0, |after| {
        let after = after.split_once('/').unwrap_or(("", &after));
        objects.partition_point(|((namespace, name), _)| (&**namespace, &**name) <= after)
    });
    let namespace = ask.target.as_ref().map(|target| target.namespace.as_str()).unwrap_or_default();
    let fits = |at: &usize| {
        let (key, object) = &objects[*at];
        (namespace.is_empty() || *key.0 == *namespace) && (selector.is_empty() || selector.fits(key, object))
    };
    let mut rest = (from..objects.len()).filter(fits);
    if limit == 0 {
        let chosen = rest.collect();
        return Ok(Page { chosen, objects, version, next: String::new(), remaining: None });
    }
    let chosen: Vec<usize> = rest.by_ref().take(limit).collect();
    let remaining = rest.count();
    let next = match chosen.last() {
        Some(last) if remaining > 0 => {
            let (namespace, name) = &objects[*last].0;
            write_token(i64::try_from(version).unwrap_or(i64::MAX), &format!("{namespace}/{name}"))
        }
        _ => String::new(),
    };
    // The real server counts only where it need not look at each object.
    let remaining = (remaining > 0 && selector.is_empty()).then_some(remaining);
    Ok(Page { chosen, objects, version, next, remaining })
}

/// What a list without pages shows, not kept for later pages.
fn one_time(store: &mut Store, kind: &Kind, ask: &Ask) -> Snapshot {
    let namespace =
        ask.target.as_ref().map(|target| target.namespace.as_str()).filter(|word| !word.is_empty());
    // What is copied are handles; selectors, which may read bodies, are held against them without the lock.
    let objects = store.table(kind).range(namespace);
    Arc::new(objects.map(|(key, object)| (key.clone(), object.clone())).collect())
}

fn write_token(version: i64, start: &str) -> String {
    let token = Continue { v: "meta.k8s.io/v1".to_owned(), rv: version, start: format!("{start}\0") };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

fn read_token(token: &str) -> Result<Continue, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::bad_request(format!("invalid continue token: continue key is not valid: {error}"))
    })
}

/// The version asked for; 0 for any.
pub(crate) fn version_of(ask: &Ask) -> Result<u64, Refusal> {
    match ask.parameter("resourceVersion") {
        "" => Ok(0),
        word => word.parse().map_err(|_| {
            Refusal::bad_request(format!(
                "invalid resource version: resourceVersion: Invalid value: {word:?}: strconv.ParseUint: parsing {word:?}: invalid syntax"
            ))
        }),
    }
}

impl Server {
    /// Waits a little for a version that is yet to come, as the real server does.
    pub(crate) async fn reach(&self, version: u64) -> Result<(), Refusal> {
        let until = Instant::now() + self.options.future_wait;
        loop {
            let current = self.store().version;
            if version <= current {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(Refusal::too_large_version(version, current));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// One object, in the form that is asked for.
pub(crate) fn one(code: u16, object: &Object, ask: &Ask) -> Response<Body> {
    let mut out = Vec::new();
    object.write(if ask.wants_partial() { Form::Partial } else { Form::Whole }, &mut out);
    out.push(b'\n');
    body::bytes(code, out)
}
