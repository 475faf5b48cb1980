//! The well answer, spoiled by the first rule that fits.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::access::Context;
use super::login::Identity;
use super::reply::Reply;
use super::token::{Access, Claims};
use super::{limit, well};
use crate::configuration::{Answer, Body, Route, Then};
use crate::content::{Manifest, random};

/// The rule that fits this request, counted as used.
pub(crate) fn rule(context: &Context<'_>, identity: &Identity) -> Option<(usize, Then)> {
    let target = context.target;
    let mut repositories: Vec<String> = target.repository.iter().cloned().collect();
    if target.route == Route::Token {
        let form = super::route::form(&context.asked.body);
        let scopes = target.query.iter().chain(&form).filter(|(name, _)| name == "scope");
        let read = scopes.flat_map(|(_, text)| text.split(' ')).filter_map(Access::read);
        repositories.extend(read.map(|access| access.name));
    }
    let names = names(context);
    context.live().rule_of_request(&context.asked.method, target, &repositories, &names, identity.name())
}

fn names(context: &Context<'_>) -> Vec<String> {
    let Some(reference) = &context.target.reference else { return Vec::new() };
    let mut names = vec![reference.clone()];
    let store = context.live().store();
    let Some(repository) = context.target.repository.as_ref().and_then(|name| store.repositories.get(name))
    else {
        return names;
    };
    if context.target.route == Route::Manifest {
        let digest = repository.tags.get(reference).unwrap_or(reference);
        let tags = repository.tags.iter().filter(|(_, pointed)| *pointed == digest);
        names.extend(tags.map(|(tag, _)| format!("tag:{tag}")));
    }
    names.extend(repository.places.get(reference).into_iter().flatten().cloned());
    names
}

/// What this request gets.
pub(crate) fn answer(context: &Context<'_>, identity: &Identity, then: Option<&Then>) -> Reply {
    let mut reply = plain(context, identity, then);
    if let Some(server) = context.live().endpoint.dialect.row().server
        && !reply.has("server")
        && then.is_none_or(|then| !then.without.iter().any(|name| name.eq_ignore_ascii_case("server")))
    {
        reply.set("server", server);
    }
    reply
}

fn plain(context: &Context<'_>, identity: &Identity, then: Option<&Then>) -> Reply {
    let Some(then) = then else { return well::answer(context, identity) };
    let bare =
        then.answer.is_none() && then.body.is_none() && then.status.is_some_and(|status| status >= 400);
    let mut reply = match (&then.answer, then.status) {
        (Some(answer), _) => named(context, identity, answer),
        (None, Some(status)) if bare => Reply::of_status(status),
        (None, _) => well::answer(context, identity),
    };
    if let Some(body) = &then.body {
        spoil(context, &mut reply, body);
    }
    if let Some(status) = then.status {
        reply.status = status;
    }
    for (name, value) in &then.headers {
        reply.set(name, context.fill(value));
    }
    for name in &then.without {
        reply.remove(name);
    }
    reply
}

fn named(context: &Context<'_>, identity: &Identity, answer: &Answer) -> Reply {
    match answer {
        Answer::Well => well::answer(context, identity),
        Answer::Refusal(case) => context.refusal_of(context.live().endpoint.dialect, *case),
        Answer::RefusalOf { dialect, case } => context.refusal_of(*dialect, *case),
        Answer::Limited(limited) => limit::reply(limited),
        Answer::Challenge => context.challenged(None),
        Answer::ChallengeStripped => Reply::of_status(401),
        Answer::LoginPage => Reply::html(200, "Sign in"),
        Answer::LoginRedirect => Reply::redirect(302, &format!("{}/login", context.own())),
        Answer::Html(status) => Reply::html(*status, &format!("{status} from a proxy")),
        Answer::Redirect(location) => Reply::redirect(307, &context.fill(location)),
        Answer::RedirectLoop => Reply::redirect(307, &format!("{}{}", context.own(), context.asked.target)),
        Answer::Instead(reference) => match other(context, reference) {
            Some(manifest) => well::of_manifest(&manifest),
            None => context.refusal(crate::dialect::Case::MissingTag),
        },
        Answer::Error { status, code, message } => Reply::error(*status, code, message),
        Answer::EmptyToken => Reply::json(200, &json!({"token": "", "access_token": ""})),
        Answer::WorthlessToken => {
            let claims = Claims {
                iss: "somebody else".to_owned(),
                sub: String::new(),
                aud: String::new(),
                exp: i64::MAX,
                nbf: 0,
                iat: 0,
                access: Vec::new(),
            };
            let signed = context.run.signer.sign(&claims);
            let worthless = format!("{}.AAAA", signed.rsplit_once('.').map_or("", |(text, _)| text));
            Reply::json(200, &json!({"token": worthless, "expires_in": 300}))
        }
        Answer::Link(location) => well::answer(context, identity)
            .with("Link", format!(r#"<{}>; rel="next""#, context.fill(location))),
        Answer::EmptyObject => Reply::json(200, &json!({})),
    }
}

fn other(context: &Context<'_>, reference: &str) -> Option<Manifest> {
    let store = context.live().store();
    store.repositories.get(context.target.repository.as_ref()?)?.manifest(reference).cloned()
}

fn spoil(context: &Context<'_>, reply: &mut Reply, body: &Body) {
    match body {
        Body::Text(text) => reply.body = context.fill(text).into_bytes().into(),
        Body::Html(text) => {
            let page = Reply::html(reply.status, text);
            reply.body = page.body;
            reply.set("Content-Type", "text/html; charset=utf-8");
        }
        Body::Empty => reply.body = Arc::from([]),
        Body::Of(reference) => {
            let store = context.live().store();
            let repository = context.target.repository.as_ref().and_then(|name| store.repositories.get(name));
            let blob = repository.and_then(|repository| repository.blobs.get(reference).cloned());
            let found = other(context, reference).map(|manifest| manifest.body).or(blob);
            reply.body = found.unwrap_or_else(|| Arc::from([]));
        }
        Body::Corrupt => {
            let mut bytes = reply.body.to_vec();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0x20;
            }
            reply.body = bytes.into();
        }
        Body::DamagedGzip => {
            let mut bytes = reply.body.to_vec();
            // Past the ten bytes of a gzip header, and a block type that is reserved (RFC 1951, 3.2.3).
            for byte in bytes.iter_mut().skip(10) {
                *byte = 0xff;
            }
            reply.body = bytes.into();
        }
        Body::Random(bytes) => {
            reply.body = random(usize::try_from(*bytes).unwrap_or(usize::MAX), 42).into();
        }
        Body::Repeat { text, times } => {
            reply.body = text.repeat(usize::try_from(*times).unwrap_or(0)).into_bytes().into();
        }
        Body::GzipBomb(bytes) => {
            reply.body = bomb(*bytes).into();
            reply.set("Content-Encoding", "gzip");
        }
        Body::DeepJson(depth) => {
            let depth = usize::try_from(*depth).unwrap_or(0);
            reply.body = format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes().into();
        }
    }
}

fn bomb(bytes: u64) -> Vec<u8> {
    let zeros = [0; 64 << 10];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let mut left = bytes;
    while left > 0 {
        let now = left.min(zeros.len() as u64);
        // Writing to a Vec cannot fail.
        let _ = gzip.write_all(&zeros[..usize::try_from(now).unwrap_or(zeros.len())]);
        left -= now;
    }
    gzip.finish().unwrap_or_default()
}
