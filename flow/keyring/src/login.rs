//! A login without its values.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use pullmedic_model::Captured;
use pullmedic_model::capture::REDACTED;
use pullmedic_model::object::Secret;
use pullmedic_model::probe::{Login, LoginName};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::base64;

/// The longest user name that is shown.
const LONGEST_USER: usize = 64;

/// The longest key that is shown: a host of 253, a port, and room for a path.
const LONGEST_KEY: usize = 512;

/// Names the login of one entry.
pub(crate) fn name(secret: &Secret, key: &str) -> LoginName {
    LoginName {
        namespace: secret.metadata.namespace.clone(),
        secret: secret.metadata.name.clone(),
        key: shown_key(key),
    }
}

/// Describes the login of one entry, as of the pod's own; `host` is the registry it is used at.
pub(crate) fn login(
    name: LoginName,
    user: &SecretString,
    password: &SecretString,
    host: &str,
    install_key: &[u8],
) -> Login {
    Login {
        name,
        user: shown_user(user.expose_secret()),
        of_the_pod: true,
        used_by: None,
        expires: expires(password.expose_secret()),
        identity: identity(install_key, host, user.expose_secret(), password.expose_secret()),
    }
}

/// The same mark for the same host, user and password: the first 16 bytes of an HMAC-SHA256, in hex.
fn identity(install_key: &[u8], host: &str, user: &str, password: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(install_key).expect("HMAC takes a key of any length");
    for (at, part) in [host, user, password].into_iter().enumerate() {
        if at > 0 {
            mac.update(&[0]);
        }
        mac.update(part.as_bytes());
    }
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()[..16])
}

/// A user name that may be shown; `None` when it is empty or looks like a secret.
fn shown_user(user: &str) -> Option<String> {
    let shown = !user.is_empty()
        && user.len() <= LONGEST_USER
        && !user.contains(char::is_control)
        && !looks_secret(user)
        && Captured::new(user).as_str() == user;
    shown.then(|| user.to_owned())
}

/// Whether a word has the form of a key or token and not of a name: a JWT, 32 hexadecimal digits in a row, or letters
/// of both cases and digits mixed at some length. An identifier with dashes (ACR's user is one) is a name.
fn looks_secret(word: &str) -> bool {
    let any = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let all = |is: fn(&u8) -> bool| word.bytes().all(|byte| is(&byte));
    let is_hex = word.len() >= 32 && all(u8::is_ascii_hexdigit);
    let is_blob = word.len() >= 20
        && all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte))
        && any(u8::is_ascii_uppercase)
        && any(u8::is_ascii_lowercase)
        && any(u8::is_ascii_digit);
    word.starts_with("eyJ") || is_hex || is_blob
}

/// A key of `auths` as it may be shown: without user, query and fragment, and without a part that looks like a secret.
pub(crate) fn shown_key(key: &str) -> String {
    let end = key.find(['?', '#']).unwrap_or(key.len());
    let (scheme, rest) = match key[..end].split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), &key[..end]),
    };
    let slash = rest.find('/').unwrap_or(rest.len());
    let rest = match rest[..slash].rfind('@') {
        Some(at) => format!("{REDACTED}{}", &rest[at..]),
        None => rest.to_owned(),
    };
    let parts = rest.split('/').map(|part| if looks_secret(part) { REDACTED } else { part });
    let mut shown = Captured::new(&format!("{scheme}{}", parts.collect::<Vec<_>>().join("/"))).to_string();
    if shown.len() > LONGEST_KEY {
        shown.truncate(shown.floor_char_boundary(LONGEST_KEY));
        shown.push('…');
    }
    shown
}

/// When a password says of itself that it ends: `exp` of a JWT, or `expiration` of a token of ECR (base64 of JSON). Its
/// signature is not looked at. `None` when it says nothing of the kind.
fn expires(password: &str) -> Option<Timestamp> {
    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let mut parts = password.trim().split('.');
    let seconds = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(_header), Some(claims), Some(_signature), None) => {
            json(&base64::of_token(claims.trim_end_matches('=').as_bytes())?)?.get("exp")?.as_f64()?
        }
        (Some(token), None, None, None) if token.starts_with("eyJ") => {
            json(&base64::meant(token.as_bytes())?)?.get("expiration")?.as_f64()?
        }
        _ => return None,
    };
    // A float past the range of i64 is cut to it, and that is past the range of a timestamp.
    Timestamp::from_second(seconds as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_looks_like_a_secret_is_not_shown() {
        for (user, shown) in [
            ("robot$shop+puller", true),
            ("00000000-0000-0000-0000-000000000000", true),
            ("oauth2accesstoken", true),
            ("gitlab+deploy-token-12345678901234", true),
            ("first.last@acme.example", true),
            ("", false),
            ("a\u{1b}[2Jb", false),
            ("eyJhbGciOiJIUzI1NiJ9.e30.sig", false),
            ("ghp_0123456789abcdefghij0123456789abcdef", false),
            ("dGhpcyBpcyBhIHNlY3JldCBibG9iMTIz", false),
            ("0123456789abcdef0123456789abcdef", false),
            (&"a".repeat(65), false),
        ] {
            assert_eq!(shown_user(user).is_some(), shown, "{user}");
        }
    }

    #[test]
    fn a_shown_key_holds_no_user_query_or_token() {
        for (key, shown) in [
            ("https://index.docker.io/v1/", "https://index.docker.io/v1/"),
            ("reg.test:5000/Team", "reg.test:5000/Team"),
            ("https://u:p@reg.test/x", "https://REDACTED@reg.test/x"),
            ("u:p@reg.test", "REDACTED@reg.test"),
            ("u:p@x@reg.test", "REDACTED@reg.test"),
            ("reg.test/x?sig=abc#d", "reg.test/x"),
            ("reg.test/ghp_0123456789abcdefghij0123", "reg.test/REDACTED"),
            ("dGhpcyBpcyBhIHNlY3JldCBibG9iMTIz", "REDACTED"),
            ("*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com"),
        ] {
            assert_eq!(shown_key(key), shown);
        }
        assert!(shown_key(&"a".repeat(1 << 20)).len() < 600);
    }

    #[test]
    fn a_password_that_says_when_it_ends_is_believed() {
        let url = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let jwt = |claims: &str| format!("{}.{}.sig", url("{\"alg\":\"none\"}"), url(claims));
        let ecr = |text: &str| base64::encoded(text.as_bytes());
        for (password, ends) in [
            (jwt("{\"exp\":1700000000}"), Some(1_700_000_000)),
            (jwt("{\"exp\":1700000000.9}"), Some(1_700_000_000)),
            (jwt("{\"exp\":1e300}"), None),
            (jwt("{\"exp\":\"soon\"}"), None),
            (jwt("{}"), None),
            (ecr("{\"payload\":\"x\",\"version\":\"2\",\"expiration\":1700000000}"), Some(1_700_000_000)),
            (ecr("{\"payload\":\"x\"}"), None),
            ("plain".to_owned(), None),
            ("a.b.c".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(expires(&password).map(Timestamp::as_second), ends, "{password}");
        }
    }

    #[test]
    fn an_identity_is_of_host_user_and_password_and_of_the_install() {
        let one = identity(b"k", "h", "u", "p");
        assert_eq!(one.len(), 32);
        assert_eq!(one, identity(b"k", "h", "u", "p"));
        for other in [
            identity(b"l", "h", "u", "p"),
            identity(b"k", "i", "u", "p"),
            identity(b"k", "h", "up", ""),
            identity(b"k", "h", "u", "q"),
        ] {
            assert_ne!(one, other);
        }
    }
}
