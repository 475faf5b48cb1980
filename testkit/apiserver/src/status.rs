//! What the server says when it refuses: a `Status` object, worded as the real server words it.
//!
//! Wording and shape: <https://github.com/kubernetes/kubernetes/blob/v1.35.0/staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go>.

use serde_json::{Value, json};

use crate::kinds::Kind;

/// A refusal, as `metav1.Status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// `NotFound`, `Conflict`, …; empty where the real server gives none.
    pub reason: String,
    /// In words.
    pub message: String,
    /// Name, group, kind, causes; `None` where the real server leaves it out.
    pub details: Option<Value>,
    /// Seconds for the header `Retry-After`; `None` for no header.
    pub retry_after: Option<u32>,
    /// Where a list whose token is too old may go on; `None` for all else.
    pub next: Option<String>,
}

/// One thing wrong with a field.
pub(crate) struct Flaw {
    pub(crate) reason: &'static str,
    pub(crate) field: String,
    pub(crate) message: String,
}

impl Flaw {
    pub(crate) fn new(reason: &'static str, field: impl Into<String>, message: impl Into<String>) -> Flaw {
        Flaw { reason, field: field.into(), message: message.into() }
    }
}

impl Refusal {
    /// A refusal without details.
    #[must_use]
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            reason: reason.to_owned(),
            message: message.into(),
            details: None,
            retry_after: None,
            next: None,
        }
    }

    /// With details.
    #[must_use]
    pub fn with(mut self, details: Value) -> Refusal {
        self.details = Some(details);
        self
    }

    /// 400.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "BadRequest", message)
    }

    /// 401, as for a token that is unknown or expired.
    #[must_use]
    pub fn unauthorized() -> Refusal {
        Refusal::new(401, "Unauthorized", "Unauthorized")
    }

    /// 410, as for a version that etcd has compacted.
    #[must_use]
    pub fn expired(asked: u64, oldest: u64) -> Refusal {
        Refusal::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// 429 of API priority and fairness.
    #[must_use]
    pub fn too_many(seconds: u32) -> Refusal {
        let mut refusal = Refusal::new(429, "TooManyRequests", "Too many requests, please try again later.")
            .with(json!({"retryAfterSeconds": seconds}));
        refusal.retry_after = Some(seconds);
        refusal
    }

    /// 500, with the words of etcd's loss of leadership.
    #[must_use]
    pub fn internal() -> Refusal {
        Refusal::new(500, "InternalError", "Internal error occurred: etcdserver: leader changed")
            .with(json!({"causes": [{"message": "etcdserver: leader changed"}]}))
    }

    /// 503, as from a server that starts or stops.
    #[must_use]
    pub fn unavailable() -> Refusal {
        Refusal::new(503, "ServiceUnavailable", "the server is currently unable to handle the request")
            .with(json!({}))
    }

    /// 504, as for a version of the future.
    #[must_use]
    pub fn too_large_version(asked: u64, current: u64) -> Refusal {
        let mut refusal = Refusal::new(
            504,
            "Timeout",
            format!("Timeout: Too large resource version: {asked}, current: {current}"),
        )
        .with(json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        }));
        refusal.retry_after = Some(1);
        refusal
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Refusal {
        Refusal::new(404, "NotFound", format!("{} {name:?} not found", kind.right())).with(kind.details(name))
    }

    /// 404 for a resource that is not served.
    pub(crate) fn no_resource() -> Refusal {
        Refusal::new(404, "NotFound", "the server could not find the requested resource").with(json!({}))
    }

    pub(crate) fn exists(kind: &Kind, name: &str) -> Refusal {
        Refusal::new(409, "AlreadyExists", format!("{} {name:?} already exists", kind.right()))
            .with(kind.details(name))
    }

    pub(crate) fn modified(kind: &Kind, name: &str) -> Refusal {
        Refusal::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Refusal {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.right());
        Refusal::new(409, "Conflict", message).with(kind.details(name))
    }

    /// A precondition of a delete that does not hold; here the real server names the kind, not the resource.
    pub(crate) fn precondition(kind: &Kind, name: &str, why: &str) -> Refusal {
        let message =
            format!("Operation cannot be fulfilled on {} {name:?}: {why}", grouped(&kind.kind, &kind.group));
        Refusal::new(409, "Conflict", message).with(named(name, &kind.group, &kind.kind))
    }

    pub(crate) fn method() -> Refusal {
        let message = "the server does not allow this method on the requested resource";
        Refusal::new(405, "MethodNotAllowed", message).with(json!({}))
    }

    pub(crate) fn media_type() -> Refusal {
        Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type").with(json!({}))
    }

    /// 422 for an object of `group` and `kind`.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, flaws: &[Flaw]) -> Refusal {
        let said: Vec<String> =
            flaws.iter().map(|flaw| format!("{}: {}", flaw.field, flaw.message)).collect();
        let said = if let [one] = said.as_slice() { one.clone() } else { format!("[{}]", said.join(", ")) };
        let mut details = named(name, group, kind);
        details["causes"] = flaws
            .iter()
            .map(|flaw| json!({"reason": flaw.reason, "message": flaw.message, "field": flaw.field}))
            .collect();
        let message = format!("{} {name:?} is invalid: {said}", grouped(kind, group));
        Refusal::new(422, "Invalid", message).with(details)
    }

    /// 403: what `user` may not do.
    pub(crate) fn forbidden(user: &str, asked: &crate::access::Asked<'_>) -> Refusal {
        let right = grouped(asked.resource, asked.group);
        let what = match asked.name {
            "" => right,
            name => format!("{right} {name:?}"),
        };
        let resource = match asked.subresource {
            "" => asked.resource.to_owned(),
            subresource => format!("{}/{subresource}", asked.resource),
        };
        let place = match asked.namespace {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let message = format!(
            "{what} is forbidden: User {user:?} cannot {} resource {resource:?} in API group {:?} {place}",
            asked.verb, asked.group
        );
        Refusal::new(403, "Forbidden", message).with(named(asked.name, asked.group, asked.resource))
    }

    /// 403 for a path that is no resource.
    pub(crate) fn forbidden_path(user: &str, verb: &str, path: &str) -> Refusal {
        Refusal::new(403, "Forbidden", format!("forbidden: User {user:?} cannot {verb} path {path:?}"))
            .with(json!({}))
    }

    /// As a `Status` object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.clone().into();
        }
        if let Some(next) = &self.next {
            status["metadata"]["continue"] = next.clone().into();
        }
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

/// `deployments.apps`, `pods`.
pub(crate) fn grouped(word: &str, group: &str) -> String {
    if group.is_empty() { word.to_owned() } else { format!("{word}.{group}") }
}

/// Details with only what is not empty, as the real server omits it.
pub(crate) fn named(name: &str, group: &str, kind: &str) -> Value {
    let mut details = json!({"kind": kind});
    for (key, word) in [("name", name), ("group", group)] {
        if !word.is_empty() {
            details[key] = word.into();
        }
    }
    details
}
