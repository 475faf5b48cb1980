//! Text from outside, made safe to keep: secrets redacted, size capped.
//!
//! Everything a kubelet, runtime, registry or file said passes through here once, before it is classified, grouped,
//! logged or shown (threats 11 and 21). What stays is what a diagnosis reads: hosts, paths, statuses, and the query
//! values `scope`, `service` and `ns`, which name the repository asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use schemars::JsonSchema;
use serde::Serialize;

/// What stands in the place of a secret.
pub const REDACTED: &str = "REDACTED";

/// The longest text kept, in bytes. Kubernetes cuts an event's message at 1 KiB and a waiting message is rarely past
/// 4 KiB; the cap only bounds what a hostile file can make us hold.
pub const CAP: usize = 64 * 1024;

/// Of a longer text, how much of the cap goes to its end: the innermost error stands last.
const TAIL: usize = 16 * 1024;

/// A text without secrets, of at most [`CAP`] bytes and a note of what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Captured(String);

impl Captured {
    /// Redacts and caps `text`.
    pub fn new(text: &str) -> Captured {
        let text = capped(text);
        Captured(match redacted(&text) {
            Cow::Borrowed(_) => text.into_owned(),
            Cow::Owned(redacted) => redacted,
        })
    }

    /// As [`Captured::new`]; bytes that are not UTF-8 become U+FFFD.
    pub fn from_bytes(bytes: &[u8]) -> Captured {
        // Cut before the conversion, so that a huge binary input is not copied whole.
        if bytes.len() <= CAP {
            return Captured::new(&String::from_utf8_lossy(bytes));
        }
        let head = String::from_utf8_lossy(&bytes[..CAP - TAIL]);
        let tail = String::from_utf8_lossy(&bytes[bytes.len() - TAIL..]);
        Captured::new(&joined(&head, &tail, bytes.len() - CAP))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn capped(text: &str) -> Cow<'_, str> {
    // The note that `joined` adds may exceed the cap; a second pass must leave such a text alone.
    if text.len() <= CAP + 64 {
        return Cow::Borrowed(text);
    }
    let head = text.floor_char_boundary(CAP - TAIL);
    let tail = text.ceil_char_boundary(text.len() - TAIL);
    Cow::Owned(joined(&text[..head], &text[tail..], tail - head))
}

fn joined(head: &str, tail: &str, left_out: usize) -> String {
    format!("{head} [{left_out} bytes left out] {tail}")
}

/// `user:password@` before a host. A slash ends the authority, so a digest after a path is not taken for one.
static USERINFO: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"(?i)\b(https?|oci|docker|ftp|wss?)://[^/\s"'<>\\]*@"#));

/// `user:password@host` without a scheme, as a person writes it into an image. `name:tag@sha256:…` looks alike but for
/// what follows the `@`.
static BARE_USERINFO: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"\b([\w.%-]+):[^\s/@"'<>:\\]+@([A-Za-z0-9-]+)"#));

/// A query parameter; `%26` and `%3D` as inside a URL that is itself a value. A semicolon once separated parameters too.
static QUERY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r#"(?i)([?&;]|\\u0026|%3F|%26|&amp;)([a-z0-9_.~%\[\]-]{1,64}?)(=|%3D)([^&\s"'<>;,)\\]+)"#)
});

/// `key: value` and `key=value` where the key alone says that the value is secret, quoted or not, JSON among them.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"(?i)\b((?:[a-z0-9]+[-_])*(?:password|passwd|pwd|secret|signature|sig|credential|credentials|api[-_]?key|access[-_]?key|private[-_]?key|session|identitytoken|registrytoken|[a-z]*[-_]?token|auth)\\?["']?\s?[=:]\s?\\?["']?)([^\s"'&,;:<>{}()\[\]\\]{4,})"#,
    )
});

/// An HTTP authorization value.
static AUTHORIZATION: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"(?i)\b(authorization\\?["']?\s?[:=]\s?\\?["']?(?:[a-z]+\s)?|bearer\s|basic\s)([a-z0-9+/_~.=-]{12,})"#,
    )
});

/// Tokens that show what they are by their own form: a JWT, and the prefixes that issuers give theirs.
static FORM: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}|\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{12,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{12,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|ya29\.[A-Za-z0-9_-]{12,}|npm_[A-Za-z0-9]{16,})",
    )
});

/// Query values that a diagnosis reads and that are no secrets: what was asked for, and of whom.
const KEPT: [&str; 7] = ["scope", "service", "ns", "n", "last", "platform", "offline_token"];

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that a test compiles")
}

fn redacted(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    // Most messages hold none of these bytes and cost one scan.
    if text.contains('@') && text.contains("://") {
        replace(&mut text, &USERINFO, |found| format!("{}://{REDACTED}@", &found[1]));
    }
    if text.contains('@') {
        replace(&mut text, &BARE_USERINFO, |found| {
            let is_digest = matches!(&found[2], "sha256" | "sha384" | "sha512");
            if is_digest { found[0].to_owned() } else { format!("{REDACTED}@{}", &found[2]) }
        });
    }
    if text.contains('=') || text.contains("%3") {
        replace(&mut text, &QUERY, |found| {
            let kept = KEPT.contains(&found[2].to_ascii_lowercase().as_str());
            let value = if kept { &found[4] } else { REDACTED };
            format!("{}{}{}{value}", &found[1], &found[2], &found[3])
        });
    }
    if text.contains(['=', ':']) {
        for pattern in [&NAMED, &AUTHORIZATION] {
            replace(&mut text, pattern, |found| {
                let assigned = found[1].trim_end().ends_with(['=', '"', '\'']);
                // `token: unauthorized`: a word that follows in a sentence is no value.
                if !assigned && is_word(&found[2]) {
                    found[0].to_owned()
                } else {
                    format!("{}{REDACTED}", &found[1])
                }
            });
        }
    }
    replace(&mut text, &FORM, |_| REDACTED.to_owned());
    text
}

/// A plain lower-case word, as prose has them.
fn is_word(value: &str) -> bool {
    value == REDACTED || value.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'.')
}

fn replace(text: &mut Cow<'_, str>, pattern: &Regex, with: impl Fn(&Captures<'_>) -> String) {
    let replaced = match pattern.replace_all(text, |found: &Captures<'_>| with(found)) {
        Cow::Owned(replaced) => replaced,
        Cow::Borrowed(_) => return,
    };
    *text = Cow::Owned(replaced);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacts_what_a_registry_or_proxy_signs_or_logs() {
        for text in [
            "https://bucket.example.com/layer?X-Amz-Signature=CANARY7f&X-Amz-Date=20260101",
            "https://blob.example.net/x?sv=2020&sig=CANARY7f%3D&se=1: 403",
            "Get \"https://user:CANARY7f@registry.example.com/v2/\": EOF",
            "proxyconnect http://CANARY7f@proxy.example.com:3128",
            "?url=https%3A%2F%2Fx%3Fsig%3DCANARY7f%26n%3D1",
            "robot:CANARY7f@registry.example.com/app:1",
            "token=CANARY7f",
            "password: CANARY7f!",
            r#"{"auth":"CANARY7f","password":"CANARY7f"}"#,
            r#"{\"identitytoken\": \"CANARY7f\"}"#,
            "Authorization: Bearer CANARY7fCANARY7f",
            "authorization=Basic CANARY7fCANARY7f==",
            "sent eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDQU5BUlk3ZiJ9.CANARY7f",
            "ghp_CANARY7fCANARY7fCANARY7f was refused",
            "glpat-CANARY7f_CANARY7f",
            "https://h.example.com/t?scope=repository%3Aa%2Fb%3Apull&account=CANARY7f",
        ] {
            let captured = Captured::new(text);
            assert!(!captured.as_str().contains("CANARY7f"), "{text} -> {captured}");
            assert_eq!(Captured::new(captured.as_str()), captured, "a second pass changes nothing");
        }
    }

    #[test]
    fn redacts_a_value_that_looks_like_a_word() {
        for text in
            ["?sig=canary", "sig=canary", r#"password="canary""#, r#""password": "canary""#, "token=canary"]
        {
            assert!(!Captured::new(text).as_str().contains("canary"), "{text}");
        }
    }

    #[test]
    fn keeps_what_a_diagnosis_reads() {
        for text in [
            "unexpected status from GET request to https://a.example.com/token?scope=repository%3Ateam%2Fapp%3Apull&service=registry: 401 Unauthorized",
            "https://mirror.example.com/v2/app/manifests/1?ns=docker.io",
            "docker://registry.example.com/app@sha256:0123456789abcdef",
            "registry.example.com/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef: not found",
            "registry.example.com/app:1.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "server message: invalid_token: authorization failed",
            "unable to retrieve auth token: invalid username/password: unauthorized: authentication required",
            "failed to fetch oauth token: unexpected status",
            "no basic auth credentials",
            "dial tcp [fd00::1]:443: connect: connection refused",
        ] {
            assert_eq!(Captured::new(text).as_str(), text);
        }
    }

    #[test]
    fn caps_a_long_text_and_keeps_both_ends() {
        let long = format!("first {} last", "é".repeat(5_000_000));
        for captured in [Captured::new(&long), Captured::from_bytes(long.as_bytes())] {
            assert!(captured.as_str().len() <= CAP + 128);
            assert!(captured.as_str().starts_with("first ") && captured.as_str().ends_with(" last"));
            assert!(captured.as_str().contains("bytes left out"));
        }
        assert_eq!(Captured::from_bytes(b"\xff\xfe").as_str(), "\u{fffd}\u{fffd}");
    }
}
