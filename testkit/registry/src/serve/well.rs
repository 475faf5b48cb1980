//! Answers of a registry that is well.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::access::Context;
use super::limit;
use super::login::Identity;
use super::reply::Reply;
use super::token::{Access, Claims};
use crate::configuration::Route;
use crate::content::{Manifest, Repository};
use crate::dialect::{At, Case, Dialect};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What this request gets if no rule spoils it.
pub(crate) fn answer(context: &Context<'_>, identity: &Identity) -> Reply {
    let (method, route) = (context.asked.method.as_str(), context.target.route);
    if route == Route::Token {
        return token(context, identity);
    }
    if route == Route::Other {
        return match context.target.path.as_str() {
            "/login" => Reply::html(200, "Sign in"),
            _ => Reply::new(404, "text/plain; charset=utf-8", b"404 page not found\n".to_vec()),
        };
    }
    if let Some(refused) = context.refused(identity) {
        return refused;
    }
    if !matches!(method, "GET" | "HEAD") {
        return Reply::error(405, "UNSUPPORTED", "The operation is unsupported.");
    }
    match route {
        Route::Ping => Reply::json(200, &json!({})).with("Docker-Distribution-Api-Version", "registry/2.0"),
        Route::Catalog => {
            let store = context.live().store();
            let names: Vec<&str> = store.repositories.keys().map(String::as_str).collect();
            page(context, &names, |names| json!({"repositories": names}))
        }
        Route::Tags => with_repository(context, |repository, name| {
            let tags: Vec<&str> = repository.tags.keys().map(String::as_str).collect();
            page(context, &tags, |tags| json!({"name": name, "tags": tags}))
        }),
        Route::Manifest => with_repository(context, |repository, _| manifest(context, repository, identity)),
        Route::Blob => with_repository(context, |repository, _| blob(context, repository)),
        Route::Referrers => with_repository(context, |repository, _| referrers(context, repository)),
        Route::Token | Route::Other | Route::Connection => Reply::of_status(404),
    }
}

fn with_repository(context: &Context<'_>, answer: impl FnOnce(&Repository, &str) -> Reply) -> Reply {
    let store = context.live().store();
    let name = context.target.repository.as_deref().unwrap_or_default();
    match store.repositories.get(name) {
        Some(repository) => answer(repository, name),
        None => context.refusal(Case::MissingRepository),
    }
}

fn page(context: &Context<'_>, all: &[&str], body: impl FnOnce(&[&str]) -> serde_json::Value) -> Reply {
    let from = match context.target.query("last") {
        Some(last) => all.partition_point(|name| *name <= last),
        None => 0,
    };
    let rest = &all[from..];
    let count = context.target.query("n").and_then(|text| text.parse::<usize>().ok()).unwrap_or(rest.len());
    let shown = &rest[..count.min(rest.len())];
    let reply = Reply::json(200, &body(shown));
    match shown.last() {
        Some(last) if shown.len() < rest.len() => {
            let path = &context.target.path;
            reply.with("Link", format!(r#"<{path}?last={last}&n={count}>; rel="next""#))
        }
        _ => reply,
    }
}

fn manifest(context: &Context<'_>, repository: &Repository, identity: &Identity) -> Reply {
    let reference = context.target.reference.as_deref().unwrap_or_default();
    let Some(found) = repository.manifest(reference) else { return context.refusal(Case::MissingTag) };
    if let Some(reply) = not_accepted(context, repository, found) {
        return reply;
    }
    let users = context.run.users(context.index);
    let Some((quota, mut left)) = context.live().quota(identity, &users) else { return of_manifest(found) };
    if context.asked.method == "GET" {
        if left == 0 {
            return context.limited(identity, quota);
        }
        context.live().spend(identity);
        left -= 1;
    }
    let reply = of_manifest(found);
    match context.live().endpoint.dialect {
        Dialect::DockerHub => {
            limit::docker_hub(reply, identity.name().is_none(), quota.pulls, left, quota.window)
        }
        _ => reply,
    }
}

/// A manifest as it is served.
pub(crate) fn of_manifest(found: &Manifest) -> Reply {
    Reply::new(200, &found.media_type, Arc::clone(&found.body))
        .with("Docker-Content-Digest", &found.digest)
        .with("Docker-Distribution-Api-Version", "registry/2.0")
        .with("Etag", format!("\"{}\"", found.digest))
}

/// distribution's answer to a client that does not take an OCI type, asked by tag
/// (registry/handlers/manifests.go): 404, in words that tell.
fn not_accepted(context: &Context<'_>, repository: &Repository, found: &Manifest) -> Option<Reply> {
    let accept = context.asked.list("accept")?;
    let takes = |wanted: &str| {
        accept.split(',').any(|part| {
            let part = part.split(';').next().unwrap_or_default().trim();
            part == wanted || part == "*/*" || part == "application/*"
        })
    };
    let reference = context.target.reference.as_deref().unwrap_or_default();
    if takes(&found.media_type) || !repository.tags.contains_key(reference) {
        return None;
    }
    let words = match found.media_type.as_str() {
        OCI_INDEX => "OCI index found, but accept header does not support OCI indexes",
        OCI_MANIFEST => "OCI manifest found, but accept header does not support OCI manifests",
        _ => return None,
    };
    Some(Reply::error(404, "MANIFEST_UNKNOWN", words))
}

fn blob(context: &Context<'_>, repository: &Repository) -> Reply {
    let digest = context.target.reference.as_deref().unwrap_or_default();
    if !is_digest(digest) {
        return Reply::error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    let Some(bytes) = repository.blobs.get(digest) else {
        return Reply::error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    };
    let reply = Reply::new(200, "application/octet-stream", Arc::clone(bytes))
        .with("Docker-Content-Digest", digest)
        .with("Accept-Ranges", "bytes")
        .with("Etag", format!("\"{digest}\""));
    match context.asked.header("range").and_then(|text| text.strip_prefix("bytes=")) {
        Some(range) => ranged(reply, bytes, range),
        None => reply,
    }
}

fn ranged(mut reply: Reply, bytes: &Arc<[u8]>, range: &str) -> Reply {
    let size = bytes.len();
    let parsed = range.split_once('-').and_then(|(from, to)| match (from.parse().ok(), to.parse().ok()) {
        (Some(from), to) if from < size => Some((from, to.unwrap_or(size - 1).min(size - 1))),
        (None, Some(last)) if from.is_empty() && size > 0 => Some((size.saturating_sub(last), size - 1)),
        _ => None,
    });
    match parsed {
        Some((from, to)) if from <= to => {
            reply.status = 206;
            reply.body = bytes[from..=to].into();
            reply.with("Content-Range", format!("bytes {from}-{to}/{size}"))
        }
        _ => Reply::error(416, "RANGE_INVALID", "invalid range")
            .with("Content-Range", format!("bytes */{size}")),
    }
}

fn referrers(context: &Context<'_>, repository: &Repository) -> Reply {
    let digest = context.target.reference.as_deref().unwrap_or_default();
    if !is_digest(digest) {
        return Reply::error(400, "DIGEST_INVALID", "invalid digest");
    }
    let wanted = context.target.query("artifactType");
    let all = repository.referrers.get(digest).cloned().unwrap_or_default();
    let fits = |value: &serde_json::Value| wanted.is_none_or(|wanted| value["artifactType"] == wanted);
    let found: Vec<_> = all.into_iter().filter(fits).collect();
    let body = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found});
    let reply = Reply::new(200, OCI_INDEX, body.to_string().into_bytes());
    if wanted.is_some() { reply.with("OCI-Filters-Applied", "artifactType") } else { reply }
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return false,
        };
        hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

fn token(context: &Context<'_>, identity: &Identity) -> Reply {
    let served = context.run.served_by(context.index);
    let users: Vec<_> = served.iter().flat_map(|live| live.users()).collect();
    let Some(first) = served.first() else { return Reply::of_status(404) };
    let dialect = first.endpoint.dialect;
    let form = super::route::form(&context.asked.body);
    let post = context.asked.method == "POST";
    if let (true, Some(status)) = (post, dialect.row().token_post) {
        return Reply::of_status(status);
    }
    let fields = if post { &form } else { &context.target.query };
    let refused = |case| Some(context.refusal_of(dialect, case));
    let refusal = match identity {
        Identity::Wrong => refused(Case::WrongPassword),
        Identity::Expired => refused(Case::ExpiredLogin),
        Identity::Anonymous | Identity::User(_) => None,
    };
    if let Some(refusal) = refusal {
        return refusal;
    }
    let mut access = Vec::new();
    let scopes = fields.iter().filter(|(name, _)| name == "scope").flat_map(|(_, text)| text.split(' '));
    for mut scope in scopes.filter_map(Access::read) {
        if scope.kind == "repository" {
            match Context::case(&served, &users, identity, &scope.name) {
                // What is absent may be asked for: only the registry knows.
                None | Some(Case::MissingRepository) => scope.actions.retain(|action| action == "pull"),
                Some(case) if dialect.row().refusal(case).is_some_and(|refusal| refusal.at == At::Token) => {
                    return context.refusal_of(dialect, case);
                }
                Some(_) => continue,
            }
            let missing = dialect.row().missing_repository;
            let absent =
                Context::case(&served, &users, identity, &scope.name) == Some(Case::MissingRepository);
            if absent && missing.at == At::Token {
                return context.refusal_of(dialect, Case::MissingRepository);
            }
        }
        access.push(scope);
    }
    let settings = served.iter().find_map(|live| match &live.endpoint.login {
        crate::configuration::Login::Bearer(token) => Some(token.clone()),
        _ => None,
    });
    let settings = settings.or_else(|| context.token()).unwrap_or_default();
    let now = Timestamp::now();
    let service = fields.iter().find(|(name, _)| name == "service").map_or("", |(_, value)| value.as_str());
    let lifetime = settings.lifetime.max(Duration::from_secs(1)).as_secs();
    let claims = Claims {
        iss: "testkit".to_owned(),
        sub: identity.name().unwrap_or_default().to_owned(),
        aud: service.to_owned(),
        exp: now.as_second().saturating_add_unsigned(lifetime),
        nbf: now.as_second() - 10,
        iat: now.as_second(),
        access,
    };
    let signed = context.run.signer.sign(&claims);
    let mut body = json!({"token": signed, "access_token": signed});
    if !settings.without_expires_in {
        body["expires_in"] = json!(lifetime);
        body["issued_at"] = json!(now.to_string());
    }
    let offline = fields.iter().any(|(name, value)| {
        (name == "offline_token" && value == "true") || (name == "access_type" && value == "offline")
    });
    if let (Some(name), true) = (identity.name(), offline) {
        body["refresh_token"] = json!(context.run.signer.refresh(name));
    }
    Reply::json(200, &body)
}
