//! What an answer to a write means for what is written next.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use super::queue::Outcome;

/// `metav1.Status`, as far as it tells refusals apart.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    /// The kind of what was not found.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    causes: Vec<Cause>,
}

#[derive(Default, Deserialize)]
struct Cause {
    #[serde(default)]
    reason: String,
}

/// Judges an answer.
pub(super) fn outcome(status: StatusCode, wait: Option<Duration>, body: &str) -> Outcome {
    if status.is_success() {
        return Outcome::Done;
    }
    let said: Said = serde_json::from_str(body).unwrap_or_default();
    let kind = said.details.as_ref().map_or("", |details| details.kind.as_str());
    match status {
        // `namespaces "x" not found`, or the object itself: nothing is to be written any more. Without a name it is the kind.
        StatusCode::NOT_FOUND if said.reason == "NotFound" && !kind.is_empty() => Outcome::Moot,
        StatusCode::NOT_FOUND => Outcome::Kind,
        // A namespace that is going takes nothing new (apiserver's NamespaceLifecycle).
        StatusCode::FORBIDDEN if is_of_ending_namespace(&said) => Outcome::Moot,
        StatusCode::FORBIDDEN => Outcome::Kind,
        StatusCode::UNAUTHORIZED
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Outcome::Server(wait),
        // 500 among them: it is what an apply gets whose fields the definition does not know.
        _ => Outcome::Object,
    }
}

fn is_of_ending_namespace(said: &Said) -> bool {
    let causes = said.details.iter().flat_map(|details| &details.causes);
    causes.map(|cause| cause.reason.as_str()).any(|reason| reason == "NamespaceTerminating")
        || said.message.contains("because it is being terminated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let gone = r#"{"reason":"NotFound","message":"namespaces \"x\" not found","details":{"name":"x","kind":"namespaces"}}"#;
        let ending = r#"{"reason":"Forbidden","message":"unable to create new content in namespace x because it is being terminated","details":{"causes":[{"reason":"NamespaceTerminating"}]}}"#;
        let no_right =
            r#"{"reason":"Forbidden","message":"pullincidents is forbidden: User \"x\" cannot patch"}"#;
        let no_definition = r#"{"reason":"NotFound","message":"the server could not find the requested resource","details":{}}"#;
        let old = r#"{"reason":"","message":"failed to create typed patch object: .status.x: field not declared in schema"}"#;
        for (status, body, expected) in [
            (200, "", Outcome::Done),
            (201, "{}", Outcome::Done),
            (404, gone, Outcome::Moot),
            (404, no_definition, Outcome::Kind),
            (404, "404 page not found", Outcome::Kind),
            (403, ending, Outcome::Moot),
            (403, no_right, Outcome::Kind),
            (401, "", Outcome::Server(None)),
            (429, "", Outcome::Server(None)),
            (503, "<html>", Outcome::Server(None)),
            (500, old, Outcome::Object),
            (422, r#"{"reason":"Invalid"}"#, Outcome::Object),
            (409, "", Outcome::Object),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(outcome(status, None, body), expected, "{status} {body}");
        }
    }
}
