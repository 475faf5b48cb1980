//! Why one request gave nothing.

use std::time::Duration;

use http::StatusCode;
use pullmedic_model::Captured;
use serde::Deserialize;

use crate::credential::Credential;
use crate::tls::TlsProblem;

/// The longest answer to an error that is passed on, in characters: one sentence of the API server.
const SAID: usize = 300;

/// Why one request gave nothing. A lower-case fragment; the server's own words are redacted and cut.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// 403.
    #[error("forbidden{}", .user.as_ref().map(|user| format!(" for user {user:?}")).unwrap_or_default())]
    Forbidden {
        /// As the server knows us; `None` when the refusal is not the API server's own.
        user: Option<String>,
    },
    /// 403 to the wish to be somebody else.
    #[error("user {user:?} may not act as another")]
    NotAllowedToImpersonate {
        /// As the server knows us.
        user: String,
    },
    /// 401.
    #[error("{}", .credential.refused())]
    Unauthorized { credential: Credential },
    /// 404.
    #[error("the API server does not know this kind of object")]
    NotFound,
    /// 410: the version or the continue token is too old.
    #[error("the list expired on the server before all of it was read")]
    Expired,
    /// 429 or 5xx, to every try.
    #[error(
        "the API server answered {status} to {}{}",
        tries_in(*.tries, *.elapsed),
        .said.as_ref().map(|said| format!(": {said}")).unwrap_or_default()
    )]
    Busy {
        status: StatusCode,
        said: Option<String>,
        /// How long the server asks us to wait.
        wait: Option<Duration>,
        tries: u32,
        elapsed: Duration,
    },
    /// Any other status that is not success.
    #[error("the API server answered {status}{}", .said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    Unexpected { status: StatusCode, said: Option<String> },
    /// Time ran out.
    #[error("no answer from {server} within {}{}", shown(*.limit), again(*.tries))]
    Silent { server: String, limit: Duration, tries: u32 },
    /// No connection.
    #[error("cannot connect to {server}")]
    Unreachable {
        server: String,
        #[source]
        cause: Cause,
    },
    /// No TLS session.
    #[error("no secure connection to {server}")]
    Tls {
        server: String,
        #[source]
        cause: TlsProblem,
    },
    /// The connection ended in the middle, each time.
    #[error("the connection to {server} broke off{}", again(*.tries))]
    Broken {
        server: String,
        tries: u32,
        #[source]
        cause: Cause,
    },
    /// A credential could not be renewed.
    #[error("cannot renew the credentials of the kubeconfig")]
    Credentials {
        #[source]
        cause: Cause,
    },
    /// A body past the cap.
    #[error("the answer is larger than {} MiB", .cap / (1024 * 1024))]
    TooLarge { cap: usize },
    /// A body that is no list.
    #[error("the answer is not what the API server would send")]
    Undecodable {
        #[source]
        cause: Cause,
    },
    /// A namespace that cannot exist.
    #[error("{name:?} cannot be the name of a namespace")]
    BadName { name: String },
}

/// The innermost reason, in words, where its own type is of no use to anybody above.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Cause(pub(crate) String);

impl Failure {
    /// What an answer with a status other than success means. `body` may be cut, empty, or not from Kubernetes at all.
    pub(crate) fn refused(
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &str,
        credential: &Credential,
    ) -> Failure {
        let own: Option<Status> = serde_json::from_str(body).ok();
        let said = said(own.as_ref().map(|own| own.message.as_str()), body);
        match status {
            StatusCode::UNAUTHORIZED => Failure::Unauthorized { credential: credential.clone() },
            StatusCode::FORBIDDEN => own.map_or(Failure::Forbidden { user: None }, |own| own.forbidden()),
            StatusCode::NOT_FOUND => Failure::NotFound,
            StatusCode::GONE => Failure::Expired,
            StatusCode::TOO_MANY_REQUESTS => Failure::busy(status, said, retry_after.or_else(|| own?.wait())),
            status if status.is_server_error() => {
                Failure::busy(status, said, retry_after.or_else(|| own?.wait()))
            }
            status => Failure::Unexpected { status, said },
        }
    }

    fn busy(status: StatusCode, said: Option<String>, wait: Option<Duration>) -> Failure {
        Failure::Busy { status, said, wait, tries: 1, elapsed: Duration::ZERO }
    }

    /// Whether the server does not know the version yet that was asked for: it lags behind another, or was brought back from a
    /// backup and begins its versions anew
    /// (<https://github.com/kubernetes/kubernetes/blob/v1.35.0/staging/src/k8s.io/apiserver/pkg/storage/errors.go>).
    pub(crate) fn is_of_a_later_version(&self) -> bool {
        let Failure::Busy { status: StatusCode::GATEWAY_TIMEOUT, said: Some(said), .. } = self else {
            return false;
        };
        said.contains("Too large resource version")
    }

    /// Whether the same request may well succeed a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Failure::Busy { .. } | Failure::Broken { .. })
    }

    /// How long the server asks us to wait; `None` when it does not.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match self {
            Failure::Busy { wait, .. } => *wait,
            _ => None,
        }
    }

    /// Whether every other request to this server would fail alike.
    pub(crate) fn is_total(&self) -> bool {
        match self {
            Failure::Unauthorized { .. }
            | Failure::NotAllowedToImpersonate { .. }
            | Failure::NotFound
            | Failure::Unexpected { .. }
            | Failure::Unreachable { .. }
            | Failure::Tls { .. }
            | Failure::Credentials { .. }
            | Failure::BadName { .. } => true,
            Failure::Forbidden { .. }
            | Failure::Expired
            | Failure::Busy { .. }
            | Failure::Silent { .. }
            | Failure::Broken { .. }
            | Failure::TooLarge { .. }
            | Failure::Undecodable { .. } => false,
        }
    }

    /// Whether a right is missing, and nothing else.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Failure::Forbidden { .. })
    }

    /// This failure with how hard we tried: retries belong to the error.
    pub(crate) fn after(mut self, all: u32, since: Duration) -> Failure {
        if let Failure::Busy { tries, elapsed, .. } = &mut self {
            (*tries, *elapsed) = (all, since);
        }
        if let Failure::Silent { tries, .. } | Failure::Broken { tries, .. } = &mut self {
            *tries = all;
        }
        self
    }

    /// The failure and its causes in one line.
    pub(crate) fn in_one_line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            line.push_str(": ");
            line.push_str(&inner.to_string());
            cause = inner.source();
        }
        line
    }
}

/// `metav1.Status`, as far as it says something that its HTTP status does not.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(default)]
    retry_after_seconds: Option<u64>,
}

impl Status {
    /// Who was refused: the message is `pods is forbidden: User "dev" cannot list …`
    /// (apiserver/pkg/endpoints/handlers/responsewriters/errors.go, `forbiddenMessage`), and for `--as` it is
    /// `users "x" is forbidden: User "dev" cannot impersonate resource …`.
    fn forbidden(&self) -> Failure {
        let found = self.message.split_once("User \"").and_then(|(_, after)| after.split_once("\" cannot "));
        match found {
            Some((user, what)) if what.starts_with("impersonate ") => {
                Failure::NotAllowedToImpersonate { user: user.to_owned() }
            }
            found => Failure::Forbidden { user: found.map(|(user, _)| user.to_owned()) },
        }
    }

    fn wait(&self) -> Option<Duration> {
        self.details.as_ref()?.retry_after_seconds.filter(|&seconds| seconds > 0).map(Duration::from_secs)
    }
}

/// What an error's body says to a person: the API server's sentence, or the first line of whoever answered in its place.
fn said(message: Option<&str>, body: &str) -> Option<String> {
    let text = message.unwrap_or(body).trim();
    if text.is_empty() {
        return None;
    }
    if message.is_none() && text.starts_with('<') {
        return Some("a web page, so not from the API server itself".into());
    }
    Some(sentence(text.lines().next().unwrap_or_default()))
}

/// One line from outside: redacted, cut, and with nothing in it that moves a cursor or turns a line around (threat 18).
pub(crate) fn sentence(line: &str) -> String {
    let captured = Captured::new(line.trim());
    let mut safe = String::new();
    for c in captured.as_str().chars().take(SAID) {
        // `escape_debug` escapes what is not printable, and quotes and backslashes, which are harmless here.
        match c {
            '\'' | '"' | '\\' => safe.push(c),
            c => safe.extend(c.escape_debug()),
        }
    }
    if captured.as_str().chars().nth(SAID).is_some() {
        safe.push('…');
    }
    safe
}

fn again(tries: u32) -> String {
    if tries > 1 { format!(", in {tries} tries") } else { String::new() }
}

fn tries_in(tries: u32, elapsed: Duration) -> String {
    if tries > 1 { format!("each of {tries} tries in {}", shown(elapsed)) } else { "the only try".into() }
}

/// A duration as a person reads it: `30 s`, `1.5 s`, `200 ms`.
pub(crate) fn shown(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    let tenths = duration.as_millis() / 100;
    match tenths % 10 {
        0 => format!("{} s", tenths / 10),
        rest => format!("{}.{rest} s", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        Failure::refused(status, None, body, &Credential::default())
    }

    #[test]
    fn the_refused_user_is_the_one_the_server_names() {
        let body = r#"{"kind":"Status","message":"events is forbidden: User \"dev\" cannot list resource \"events\" in API group \"\" in the namespace \"shop\"","reason":"Forbidden","code":403}"#;
        assert_eq!(refused(403, body).to_string(), r#"forbidden for user "dev""#);
        assert_eq!(refused(403, "<html>no</html>").to_string(), "forbidden");
    }

    #[test]
    fn an_error_page_is_called_one_and_a_long_text_is_cut() {
        assert_eq!(
            refused(502, "<html>\ncanary</html>").to_string(),
            "the API server answered 502 Bad Gateway to the only try: a web page, so not from the API server itself"
        );
        let long = refused(400, &"x".repeat(5000)).to_string();
        assert!(long.len() < 400 && long.ends_with('…'), "{long}");
    }

    #[test]
    fn escapes_and_marks_that_turn_a_line_around_are_shown_not_obeyed() {
        let text = refused(400, "a\u{1b}[2J\u{202e}b é 'c'").to_string();
        assert_eq!(text, "the API server answered 400 Bad Request: a\\u{1b}[2J\\u{202e}b é 'c'");
    }

    #[test]
    fn who_may_not_act_as_another_is_told_so_and_not_of_a_list() {
        let body = r#"{"message":"users \"x\" is forbidden: User \"dev\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"}"#;
        let failure = refused(403, body);
        assert!(failure.is_total());
        assert_eq!(failure.to_string(), "user \"dev\" may not act as another");
    }

    #[test]
    fn a_signed_address_in_an_answer_is_redacted() {
        let text = refused(400, "see https://host/x?X-Amz-Signature=canary").to_string();
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn retries_and_time_belong_to_the_error() {
        let text = refused(503, "").after(4, Duration::from_millis(1420)).to_string();
        assert_eq!(text, "the API server answered 503 Service Unavailable to each of 4 tries in 1.4 s");
    }
}
