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

impl<'de> serde::Deserialize<'de> for Captured {
    /// Redacts again: a file may have been written by other hands.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Captured::new(&text))
    }
}

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

    /// The text without any of these secrets: those that we came to know, and that a registry or runtime may have told
    /// back. Texts of fewer than four bytes are left; as secrets they would blank every other word.
    pub fn without(&self, secrets: &[&str]) -> Captured {
        let mut text = Cow::Borrowed(self.0.as_str());
        for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
            if text.contains(secret) {
                text = Cow::Owned(text.replace(secret, REDACTED));
            }
        }
        Captured(text.into_owned())
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

/// Where a URL's authority begins.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i)\b(?:https?|oci|docker|ftp|wss?)://"));

/// `user:password@host` without a scheme, as a person writes it into an image. `name:tag@sha256:…` looks alike but for
/// what follows the `@`.
static BARE_USERINFO: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"\b([\w.%-]+):[^\s/@"'<>:\\]+@([A-Za-z0-9-][A-Za-z0-9+._-]*(?::[\w]+/?)?)"#));

/// A query parameter; `%26` and `%3D` as inside a URL that is itself a value. A semicolon once separated parameters too.
static QUERY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r#"(?i)([?&;]|\\u0026|%3F|%26|&amp;)([a-z0-9_.~%\[\]-]{1,64}?)(=|%3D)([^&\s"'<>;,)\\]+)"#)
});

/// `key: value` and `key=value` where the key alone says that the value is secret, quoted or not, JSON among them. A
/// quoted value runs to its closing quote, or to the end of a text that was cut before it; inside `\"…\"`, which is
/// JSON within a quoted text, a quote of the value is `\\\"`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    let long = "password|passwd|passphrase|secret|signature|credentials?|token\
                |(?:api|access|account|private|secret|shared|storage)[-_]?key";
    let key = format!(
        "[a-z0-9_-]*(?:{long})|(?:[a-z0-9_-]*[-_])?(?:pwd|sig|session|auth)|(?-i:[a-z0-9]+(?:Pwd|Sig|Auth))"
    );
    let nested = r#"\\"(?<nested>(?:[^"\\]|\\\\\\\\|\\\\\\"|\\\\|\\[^"\\])*)"#;
    let quoted = r#""(?<quoted>(?:[^"\\]|\\.)*)"#;
    let single = r"\\?'(?<single>[^']*)";
    let bare = r#"(?<bare>[^\s"'&,;:<>{}()\[\]\\]+(?:[,:<>{}()\[\]]+[^\s"'&,;:<>{}()\[\]\\]+)*)"#;
    compiled(&format!(
        r#"(?is)(?<slash>/?)\b(?:{key})(?<sign>\\?["']?\s?[=:]\s?)(?:{nested}|{quoted}|{single}|{bare})"#
    ))
});

/// An HTTP authorization header; the scheme, where it is one that a secret follows.
static AUTHORIZATION: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"(?i)\b(authorization\\?["']?\s?[:=]\s?\[?\\?["']?)((?:basic|bearer|negotiate|digest)\s+)?([a-z0-9+/_~.=-]+)"#,
    )
});

/// A credential after the name of its scheme, wherever it stands.
static CREDENTIAL: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i)\b((?:bearer|basic)\s)([a-z0-9+/_~.=-]{8,})"));

/// All cookies of a header.
static COOKIE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r#"(?i)\b(cookie\\?["']?\s?[:=]\s?\[?\\?["']?)[^\s=;"'\\]+=\\?"?[^\r\n"'\\]*"#)
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
    if text.contains('@')
        && text.contains("://")
        && let Some(without) = without_userinfo(&text)
    {
        text = Cow::Owned(without);
    }
    if text.contains('@') {
        replace(&mut text, &BARE_USERINFO, |found| {
            if is_digest(&found[2]) { found[0].to_owned() } else { format!("{REDACTED}@{}", &found[2]) }
        });
    }
    if text.contains('=') || text.contains("%3") {
        replace(&mut text, &QUERY, |found| {
            // `ratelimit-limit: 100;w=21600`: the window of a limit, in seconds.
            let is_window =
                &found[2] == "w" && found[4].len() <= 8 && found[4].bytes().all(|b| b.is_ascii_digit());
            let kept = is_window || KEPT.contains(&found[2].to_ascii_lowercase().as_str());
            let value = if kept { &found[4] } else { REDACTED };
            format!("{}{}{}{value}", &found[1], &found[2], &found[3])
        });
    }
    if text.contains(['=', ':']) {
        replace(&mut text, &COOKIE, |found| format!("{}{REDACTED}", &found[1]));
        replace(&mut text, &NAMED, named);
        replace(&mut text, &AUTHORIZATION, |found| {
            let scheme = found.get(2).map_or("", |scheme| scheme.as_str());
            if scheme.is_empty() && (is_prose(&found[3]) || found[3].len() < 4) {
                found[0].to_owned()
            } else {
                format!("{}{scheme}{REDACTED}", &found[1])
            }
        });
    }
    replace(&mut text, &CREDENTIAL, |found| {
        // `Bearer realm=…` is a challenge, `basic authentication` prose.
        let word = found[2].split('=').next().unwrap_or_default();
        let is_kept = is_word(word.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(word));
        if is_kept { found[0].to_owned() } else { format!("{}{REDACTED}", &found[1]) }
    });
    replace(&mut text, &FORM, |_| REDACTED.to_owned());
    text
}

/// What stays of `key: value`.
fn named(found: &Captures<'_>) -> String {
    let whole = &found[0];
    let value = ["nested", "quoted", "single", "bare"].iter().find_map(|group| found.name(group));
    let (value, sign) = (value.map_or("", |value| value.as_str()), found["sign"].trim_end());
    let is_bare = found.name("bare").is_some();
    // The end of a quoted URL (`…/token": x509: …`), or of an image with its tag (`…/auth:1.2`).
    let may_be_tag = &found["sign"] == ":" && !whole.to_ascii_lowercase().starts_with("/pass");
    let is_path =
        !found["slash"].is_empty() && is_bare && (sign.len() > 1 && sign.ends_with(':') || may_be_tag);
    // `token: unauthorized`: a word that follows in a sentence is no value.
    let is_sentence = is_bare && !sign.ends_with('=') && (value.len() < 4 || is_prose(value));
    if is_path || is_sentence || value.is_empty() || value == REDACTED {
        return whole.to_owned();
    }
    format!("{}{REDACTED}", &whole[..whole.len() - value.len()])
}

/// Replaces what stands between the scheme and the host of every URL; `None` when nothing does.
fn without_userinfo(text: &str) -> Option<String> {
    let mut schemes = SCHEME.find_iter(text).peekable();
    let mut out = String::new();
    let mut copied = 0;
    while let Some(scheme) = schemes.next() {
        let end = schemes.peek().map_or(text.len(), regex::Match::start);
        let url = &text[scheme.end()..end];
        let url = url.split([' ', '\t', '\r', '\n', '"', '\'', '<', '>', '\\']).next().unwrap_or(url);
        if let Some(at) = userinfo(url) {
            out.push_str(&text[copied..scheme.end()]);
            out.push_str(REDACTED);
            copied = scheme.end() + at;
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// Where in a URL after its scheme the `@` stands that ends `user:password`. A password may hold a slash, and a path may
/// hold an `@` before a digest, so a slash alone does not tell.
fn userinfo(url: &str) -> Option<usize> {
    let last = |part: &str| part.rmatch_indices('@').map(|(at, _)| at).find(|at| !is_digest(&url[at + 1..]));
    let authority = url.split('/').next().unwrap_or(url);
    if last(authority).is_none() {
        let (host, port) = authority.split_once(':')?;
        let is_port = port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
        if is_port
            && (host.contains('.') || host == "localhost" || url[authority.len()..].starts_with("/v2/"))
            || host.starts_with('[')
        {
            return None;
        }
    }
    last(url.split('?').next().unwrap_or(url)).or_else(|| last(url))
}

/// Whether `algorithm:hex` follows, and no `host:port`. An event may be cut inside a digest.
fn is_digest(after: &str) -> bool {
    let is_of_algorithm = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+._-".contains(c);
    let rest = after.trim_start_matches(is_of_algorithm);
    let algorithm = &after[..after.len() - rest.len()];
    if matches!(algorithm, "sha256" | "sha384" | "sha512") {
        return true;
    }
    let Some(encoded) = rest.strip_prefix(':') else { return false };
    let rest = encoded.trim_start_matches(|c: char| matches!(c, '0'..='9' | 'a'..='f'));
    let hex = &encoded[..encoded.len() - rest.len()];
    let is_port = hex.len() <= 5 && hex.bytes().all(|b| b.is_ascii_digit());
    !algorithm.is_empty() && !is_port && !rest.starts_with(|c: char| c == '/' || c.is_alphanumeric())
}

/// Words as prose has them: lower-case, with a capital first, or all capitals (`HTTP`).
fn is_prose(value: &str) -> bool {
    value.split([',', ':', '<', '>', '{', '}', '(', ')', '[', ']']).all(|word| {
        let rest = word.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(word);
        is_word(rest) || word == "x509" || word.bytes().all(|b| b.is_ascii_uppercase())
    })
}

/// A plain lower-case word.
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
    fn a_secret_that_we_know_is_left_out_wherever_it_stands() {
        let told = Captured::new("denied: user robot with hunter-CANARY is unknown");
        assert_eq!(
            told.without(&["hunter-CANARY", "abc"]).as_str(),
            "denied: user robot with REDACTED is unknown"
        );
        assert_eq!(told.without(&["rob"]), told);
    }

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
            "clientSecret=CANARY7f",
            r#"{"clientSecret":"CANARY7f","dbPassword":"CANARY7f"}"#,
            "dbPassword=CANARY7f",
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=CANARY7f==;EndpointSuffix=b",
            "AccountKey=CANARY7f==",
            r#"{"password":"ab cd CANARY7f"}"#,
            r#"{\"password\": \"ab cd CANARY7f\"}"#,
            r#"{"password":"ab\"cd CANARY7f"}"#,
            r#"{\"password\":\"ab\\\"cd CANARY7f\"}"#,
            "password='ab cd CANARY7f'",
            r#"password="cut before CANARY7f"#,
            "password=ab12,CANARY7f",
            r#"password="p:CANARY7f""#,
            r#"{"refresh_token":"CAN:CANARY7f"}"#,
            "sent Bearer CANARY7fCANARY7f and was refused",
            "sent Bearer CANARY7f",
            "Authorization: Basic CANARY7f",
            "Cookie: sid=CANARY7f; b=CANARY7f",
            "Set-Cookie: sid=\"CANARY7f\"; Path=/",
            "https://user:pa/CANARY7f@registry.example.com/v2/",
            "https://user:12/CANARY7f@registry.example.com:5000/v2/",
            "https://user:pa/CANARY7f@registry.example.com/app@sha256:0123456789abcdef",
            "https://h.example.com/x?next=http://user:CANARY7f@h.example.com",
            "robot:CANARY7f@registry:5000/app:1",
            "robot:CANARY7f@registry:5000",
            "user/password:CANARY7f",
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
            "failed to fetch oauth token: Post \"https://auth.example.com/token\": x509: certificate signed by unknown authority",
            "failed to fetch anonymous token: Get \"https://auth.example.com/token?scope=repository%3Aa%3Apull&service=r\": EOF",
            "token: Requesting bearer token: invalid status code from registry 401 (Unauthorized)",
            "auth: Unauthorized",
            "failed to fetch oauth token: x509: certificate has expired",
            "token: HTTP 500",
            "reg.test/app:1@md5:abc",
            "docker://reg.test/app:1@sha512+b64u.x:0a1b2c3d",
            "reg.test/team/auth:1.2.3",
            "https://host:5000/v2/app@sha256:0123456789abcdef",
            "https://host.example.com:5000/v2/app:1@md5:abc",
            "https://[fd00::1]:5000/app@sha256:0123456789abcdef",
            "Www-Authenticate: Bearer realm=\"https://auth.example.com/token\",service=\"registry\"",
            "Bearer Authentication is required",
        ] {
            assert_eq!(Captured::new(text).as_str(), text);
        }
    }

    #[test]
    fn keeps_what_stands_around_a_secret() {
        for (text, kept) in [
            (
                "Get \"https://user:pa/CANARY@h.example.com/v2/app@sha256:01\": EOF",
                "Get \"https://REDACTED@h.example.com/v2/app@sha256:01\": EOF",
            ),
            (r#"{"password":"ab \"CANARY","email":"a"}"#, r#"{"password":"REDACTED","email":"a"}"#),
            (
                r#"{\"password\":\"ab \\\"CANARY\",\"email\":\"a\"}"#,
                r#"{\"password\":\"REDACTED\",\"email\":\"a\"}"#,
            ),
            ("robot:CANARY@registry:5000/app:1", "REDACTED@registry:5000/app:1"),
            ("ratelimit-limit: 100;w=21600", "ratelimit-limit: 100;w=21600"),
            ("clientSecret=CANARY was refused", "clientSecret=REDACTED was refused"),
        ] {
            assert_eq!(Captured::new(text).as_str(), kept);
        }
    }

    #[test]
    fn a_hostile_text_takes_linear_time() {
        // Each takes under 0.1 s in a debug build; looked at from every place again it would take minutes.
        for part in
            ["password=\"", "password=a,", "a:b@", "https://u:/a@b:", "\\\\", "cookie:a=", "token\\\""]
        {
            let text = part.repeat(CAP / part.len());
            let started = std::time::Instant::now();
            Captured::new(&text);
            let took = started.elapsed();
            assert!(took.as_secs() < 10, "{part}: {took:?}");
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
