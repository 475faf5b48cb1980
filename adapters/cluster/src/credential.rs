//! When the credential of a kubeconfig expires, and what to call it. Its content never leaves this file.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use kube::client::AuthError;
use kube::config::AuthInfo;
use serde::Deserialize;

/// What may be said about the credential in use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credential {
    /// The kubeconfig's name of the user; `None` in a pod.
    pub(crate) user: Option<String>,
    /// What it is: `client certificate`, `token`, …; `None` when there is none.
    pub(crate) kind: Option<&'static str>,
    /// When it expires; `None` when it does not say.
    pub(crate) expires: Option<Timestamp>,
}

impl Credential {
    /// What `user` of a kubeconfig brings. Files are read; what cannot be read is left to the client to complain of.
    pub(crate) fn of(user: Option<&str>, auth: &AuthInfo, token: Option<&str>) -> Credential {
        let kind = if auth.exec.is_some() {
            Some("plugin's credential")
        } else if auth.auth_provider.is_some() {
            Some("auth provider's token")
        } else if token.is_some() {
            Some("token")
        } else if auth.client_certificate_data.is_some() || auth.client_certificate.is_some() {
            Some("client certificate")
        } else if auth.username.is_some() {
            Some("password")
        } else {
            None
        };
        let expires = match kind {
            Some("token") => token.and_then(token_expiry),
            Some("client certificate") => certificate(auth).as_deref().and_then(certificate_expiry),
            _ => None,
        };
        Credential { user: user.map(str::to_owned), kind, expires }
    }

    /// What a 401 means for it, as a fragment.
    pub(crate) fn refused(&self) -> String {
        let of_user = match &self.user {
            Some(user) => format!(" of user {user:?}"),
            None => String::new(),
        };
        let Some(kind) = self.kind else {
            return format!(
                "not logged in: the kubeconfig gives no credentials{}",
                of_user.replace(" of", " for")
            );
        };
        match self.expires.filter(|expires| *expires < Timestamp::now()) {
            Some(expires) => {
                format!(
                    "not logged in: the {kind}{of_user} expired on {}",
                    expires.strftime("%Y-%m-%d at %H:%M UTC")
                )
            }
            None => format!("not logged in: the API server does not accept the {kind}{of_user}"),
        }
    }
}

fn certificate(auth: &AuthInfo) -> Option<Vec<u8>> {
    match (&auth.client_certificate_data, &auth.client_certificate) {
        (Some(data), _) => BASE64.decode(data.trim().as_bytes()).ok(),
        (None, Some(path)) => std::fs::read(path).ok(),
        (None, None) => None,
    }
}

/// When the first certificate of a PEM file, the leaf, expires.
pub(crate) fn certificate_expiry(pem: &[u8]) -> Option<Timestamp> {
    let (_, block) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    let certificate = block.parse_x509().ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

/// The `exp` of a JSON web token, such as a ServiceAccount's or an OIDC provider's.
pub(crate) fn token_expiry(token: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()?;
    Timestamp::from_second(claims.exp).ok()
}

/// What kept kube-client from a credential. Its own words would quote the plugin's output, which may hold a token.
pub(crate) fn renewal_words(error: &AuthError) -> String {
    match error {
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => {
            "the token has characters that no HTTP header can carry".into()
        }
        AuthError::AuthExecStart(error) => format!("the credential plugin does not start: {error}"),
        AuthError::AuthExecRun { out, .. } => format!("the credential plugin ended with {}", out.status),
        AuthError::AuthExecParse(_)
        | AuthError::ExecPluginFailed
        | AuthError::MalformedTokenExpirationDate(_)
        | AuthError::ParseTokenKey(_)
        | AuthError::UnrefreshableTokenResponse => {
            "the credential plugin did not answer with a credential".into()
        }
        AuthError::ReadTokenFile(error, path) => format!("token file {}: {error}", path.display()),
        AuthError::MissingCommand => "the credential plugin has no command".into(),
        AuthError::NoValidNativeRootCA(_) => "this machine has no root certificates".into(),
        AuthError::Oidc(_) => "the OIDC provider did not renew the token".into(),
        _ => "the kubeconfig's way to log in does not work here".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_when_it_expires_and_nothing_else_does() {
        let claims = BASE64URL_NOPAD.encode(br#"{"exp":1700000000,"sub":"x"}"#);
        assert_eq!(token_expiry(&format!("h.{claims}.s")).unwrap().as_second(), 1_700_000_000);
        for opaque in ["", "abc", "a.b.c", "..", "a.e30.b"] {
            assert_eq!(token_expiry(opaque), None, "{opaque:?}");
        }
    }

    #[test]
    fn an_expired_credential_is_called_expired_with_its_date() {
        let credential = Credential {
            user: Some("dev".into()),
            kind: Some("client certificate"),
            expires: Timestamp::from_second(1_700_000_000).ok(),
        };
        assert_eq!(
            credential.refused(),
            "not logged in: the client certificate of user \"dev\" expired on 2023-11-14 at 22:13 UTC"
        );
        let valid = Credential { expires: None, ..credential };
        assert_eq!(
            valid.refused(),
            "not logged in: the API server does not accept the client certificate of user \"dev\""
        );
        let none = Credential { kind: None, ..valid };
        assert_eq!(none.refused(), "not logged in: the kubeconfig gives no credentials for user \"dev\"");
    }

    #[test]
    fn garbage_in_the_place_of_a_certificate_is_no_date() {
        for pem in
            [&b""[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff\xfe\x00"]
        {
            assert_eq!(certificate_expiry(pem), None);
        }
    }
}
