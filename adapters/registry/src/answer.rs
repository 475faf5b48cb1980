//! An HTTP answer as far as it is compared: status, challenges, words, a few headers.

use http::HeaderMap;
use pullmedic_model::Captured;
use pullmedic_model::probe::record::{Answer, Body, RegistryError};
use serde_json::Value;

use crate::challenge;
use crate::realm;
use crate::scrub::Scrub;
use crate::wire::header;

/// Headers that tell something: limits, caches, who answers, what it is.
const KEPT: [&str; 30] = [
    "age",
    "cf-cache-status",
    "cf-ray",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "docker-content-digest",
    "docker-distribution-api-version",
    "docker-ratelimit-source",
    "location",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "server",
    "via",
    "warning",
    "x-amz-cf-id",
    "x-artifactory-id",
    "x-artifactory-node-id",
    "x-cache",
    "x-harbor-csrf-token-present",
    "x-jfrog-version",
    "x-nexus-ui",
    "x-powered-by",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-served-by",
];

/// Longest value of a header.
const LONGEST: usize = 300;

/// Longest message of an error.
const MESSAGE: usize = 1000;

/// Errors kept of one body.
const ERRORS: usize = 10;

/// Makes the answer of what came.
pub(crate) fn of(status: u16, headers: &HeaderMap, body: &[u8], scrub: &Scrub) -> Answer {
    let text = |value: &str, cap: usize| {
        let short: String = scrub.text(value).chars().take(cap).collect();
        Captured::new(&short)
    };
    let kind = kind(headers, body);
    let challenges = headers
        .get_all("www-authenticate")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(challenge::parse)
        .take(8)
        .map(|mut challenge| {
            if challenge.scheme == "bearer" {
                challenge.realm = realm::shown(&challenge.realm);
            }
            for part in [
                &mut challenge.scheme,
                &mut challenge.realm,
                &mut challenge.service,
                &mut challenge.scope,
                &mut challenge.error,
            ] {
                *part = text(part, LONGEST).to_string();
            }
            challenge
        })
        .collect();
    let kept = KEPT
        .iter()
        .filter_map(|name| header(headers, name).map(|value| (name, value)))
        .map(|(name, value)| ((*name).to_owned(), text(value, LONGEST).to_string()))
        .collect();
    let errors = if status >= 400 { errors(kind, body) } else { Vec::new() };
    let errors = errors
        .into_iter()
        .take(ERRORS)
        .map(|(code, message)| RegistryError {
            code: text(&code, 100).to_string(),
            message: text(&message, MESSAGE),
        })
        .collect();
    Answer { status, challenges, errors, body: kind, headers: kept, grants_pull: None }
}

/// The kind of a body: what it says it is, or what it looks like.
fn kind(headers: &HeaderMap, body: &[u8]) -> Body {
    let kind = header(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let start = body.trim_ascii_start();
    let looks_html = start.len() >= 5
        && (start[..5].eq_ignore_ascii_case(b"<html") || start[..5].eq_ignore_ascii_case(b"<!doc"));
    if body.is_empty() && !kind.contains("html") {
        Body::Empty
    } else if looks_html || kind.starts_with("text/html") {
        Body::Html
    } else if start.first().is_some_and(|first| b"{[".contains(first)) {
        Body::Json
    } else {
        Body::Other
    }
}

/// Codes and messages of an error body: the form of the
/// [distribution spec](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes), and the others
/// that registries and token services send.
fn errors(kind: Body, body: &[u8]) -> Vec<(String, String)> {
    match kind {
        Body::Json => serde_json::from_slice(body).map(|value| of_json(&value)).unwrap_or_default(),
        Body::Other => {
            let text = String::from_utf8_lossy(body);
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            if line.is_empty() { Vec::new() } else { vec![(String::new(), line.to_owned())] }
        }
        Body::Html => title(body).map(|title| vec![(String::new(), title)]).unwrap_or_default(),
        Body::Empty => Vec::new(),
    }
}

fn of_json(value: &Value) -> Vec<(String, String)> {
    let word = |value: &Value, names: &[&str]| {
        names
            .iter()
            .filter_map(|name| value.get(name))
            .find_map(|found| match found {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
            .unwrap_or_default()
    };
    let one = |value: &Value| match value {
        Value::String(text) => (String::new(), text.clone()),
        // `__type` and `Message`: AWS; `error` and `error_description`: OAuth; `details`: Docker Hub's token service.
        _ => (
            word(value, &["code", "__type", "error", "status"]),
            word(value, &["message", "Message", "error_description", "details", "detail", "msg", "title"]),
        ),
    };
    let listed = match value.get("errors").unwrap_or(&Value::Null) {
        Value::Array(list) => list.iter().take(ERRORS).map(one).collect(),
        Value::Object(_) | Value::String(_) => value.get("errors").map(one).into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    };
    let nested = value.get("error").filter(|error| error.is_object());
    let found = if listed.is_empty() { vec![one(nested.unwrap_or(value))] } else { listed };
    found.into_iter().filter(|(code, message)| !(code.is_empty() && message.is_empty())).collect()
}

/// The title of a web page: it names the proxy or the login page.
fn title(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(16 * 1024)]);
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = text[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(kind: &str, body: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", kind.parse().expect("a header"));
        let answer = of(403, &headers, body.as_bytes(), &Scrub::default());
        answer.errors.iter().map(|error| format!("{}|{}", error.code, error.message)).collect()
    }

    #[test]
    fn reads_the_words_of_every_registry() {
        for (body, expected) in [
            (
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}"#,
                "MANIFEST_UNKNOWN|manifest unknown",
            ),
            (r#"{"errors":[{"code":"DENIED","message":""}]}"#, "DENIED|"),
            (r#"{"details":"incorrect username or password"}"#, "|incorrect username or password"),
            (
                r#"{"message":"Your authorization token has expired."}"#,
                "|Your authorization token has expired.",
            ),
            (r#"{"error":"invalid_grant","error_description":"no"}"#, "invalid_grant|no"),
            (r#"{"error":{"code":404,"message":"gone"}}"#, "404|gone"),
            (r#"{"errors":["flat words"]}"#, "|flat words"),
            (r#"{"errors":{"code":"A","message":"b"}}"#, "A|b"),
        ] {
            assert_eq!(flat("application/json", body), [expected], "{body}");
        }
        assert!(flat("application/json", "{").is_empty());
        assert!(flat("application/json", "{}").is_empty());
        assert_eq!(flat("text/plain", "\n error code: 1020 \nmore"), ["|error code: 1020"]);
        assert_eq!(flat("text/html", "<html><TITLE>\nSign in </title>"), ["|Sign in"]);
    }

    #[test]
    fn an_answer_never_quotes_what_was_sent() {
        let scrub = Scrub::default();
        scrub.add(&"robot".to_owned().into(), &"hunter2CANARY".to_owned().into());
        let mut headers = HeaderMap::new();
        headers.insert("server", "x cm9ib3Q6aHVudGVyMkNBTkFSWQ==".parse().expect("a header"));
        headers.insert("location", "https://b.test/x?sig=CANARY".parse().expect("a header"));
        headers.insert(
            "www-authenticate",
            "Bearer realm=\"https://a.test/t?x=hunter2CANARY\"".parse().expect("a header"),
        );
        let answer = of(401, &headers, br#"{"message":"no hunter2CANARY here"}"#, &scrub);
        let shown = format!("{answer:?}");
        assert!(!shown.contains("CANARY") && !shown.contains("cm9ib3Q6"), "{shown}");
        assert_eq!(answer.challenges[0].realm, "https://a.test/t");
    }
}
