//! Tokens in the shape of distribution's: `header.payload.signature` with an access list, signed by the run's own key.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    /// Empty for an anonymous one.
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) exp: i64,
    pub(crate) nbf: i64,
    pub(crate) iat: i64,
    pub(crate) access: Vec<Access>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Access {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) actions: Vec<String>,
}

impl Access {
    /// `repository:team/app:pull`; a name may hold a colon (a port), so the ends are cut off.
    pub(crate) fn read(scope: &str) -> Option<Self> {
        let (kind, rest) = scope.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        Some(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: actions.split(',').map(str::to_owned).collect(),
        })
    }
}

/// The run's key.
#[derive(Clone)]
pub(crate) struct Signer(hmac::Key);

impl Signer {
    pub(crate) fn new() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        Ok(Self(hmac::Key::generate(hmac::HMAC_SHA256, &random)?))
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
        let payload = URL_SAFE_NO_PAD.encode(json!(claims).to_string());
        let text = format!("{header}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, text.as_bytes()).as_ref());
        format!("{text}.{signature}")
    }

    /// What the token says; `None` if this run did not sign it or it is over.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.0, text.as_bytes(), &signature).ok()?;
        let (_, payload) = text.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        // A lifetime is told in whole seconds: it holds for no less.
        (claims.exp >= Timestamp::now().as_second()).then_some(claims)
    }

    /// A refresh token for this user: the same shape with nothing in its access list.
    pub(crate) fn refresh(&self, user: &str) -> String {
        let now = Timestamp::now().as_second();
        self.sign(&Claims {
            iss: "testkit".to_owned(),
            sub: user.to_owned(),
            aud: "refresh".to_owned(),
            exp: now + 24 * 3600,
            nbf: now,
            iat: now,
            access: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_may_hold_a_port() {
        let read = Access::read("repository:mirror:5000/team/app:pull,push").unwrap();
        assert_eq!((read.name.as_str(), read.actions.len()), ("mirror:5000/team/app", 2));
    }

    #[test]
    fn a_token_of_another_run_is_worthless() {
        let (ours, theirs) = (Signer::new().unwrap(), Signer::new().unwrap());
        let token = ours.refresh("ann");
        assert_eq!(ours.read(&token).unwrap().sub, "ann");
        assert_eq!(theirs.read(&token), None);
    }
}
