//! A credential by name. Its values live in the adapter that sends it and are never part of these types.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verdict::SecretDefect;

/// Names one login: the secret it stands in, and which key of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginName {
    /// The secret's namespace; empty for a login given by hand.
    pub namespace: String,
    /// The secret's name.
    pub secret: String,
    /// The key in `auths`, as written, redacted.
    pub key: String,
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.secret)
    }
}

/// A login without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// Its name.
    pub name: LoginName,
    /// The user name; `None` when it is empty or looks like a secret itself.
    pub user: Option<String>,
    /// Whether it may be sent to mirrors of a supplied node view: only what the kubelet itself would use.
    pub of_the_pod: bool,
    /// Who else uses the secret, as `Deployment/web`; for a candidate.
    pub used_by: Option<String>,
    /// The `exp` of a password that is a JWT; `None` when it is none.
    pub expires: Option<Timestamp>,
    /// An opaque mark that is the same for the same host, user and password: an HMAC under an install key.
    pub identity: String,
}

/// How a pull secret that somebody names stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedSecret {
    /// Its name.
    pub name: String,
    /// What is known of it.
    pub state: SecretState,
    /// When it was last changed (newest `managedFields` time, else its creation); `None` when unknown.
    pub changed: Option<Timestamp>,
}

/// What is known of a pull secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretState {
    /// It does not exist in the namespace of the pod.
    Absent,
    /// It exists and we may not read it, or reading failed; what would buy it.
    Unread {
        /// The right that would buy it, or what went wrong.
        needs: String,
    },
    /// Its type is not one that the kubelet reads; it is ignored in silence.
    OtherType(String),
    /// As [`SecretState::OtherType`], and under the right type one of its keys would match the image.
    MatchesUnderOtherType(String),
    /// It does not decode; the place and the defect, never a value.
    Malformed {
        /// A JSON path: `auths["registry.acme.test"].auth`, or the data key.
        path: String,
        /// What is wrong there.
        defect: String,
        /// The defect, where it is the only one and can be mended without knowing a value; `None`: it cannot.
        #[serde(default)]
        mend: Option<SecretDefect>,
    },
    /// It decodes and one of its keys matches the image.
    Matches(Vec<LoginName>),
    /// It decodes, and a key names the image's host in a form that the kubelet does not match.
    Near(Vec<NearKey>),
    /// It decodes and names other hosts only (no key at all is the same).
    OtherHosts,
}

/// A key that names the image's host in a form that the kubelet does not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NearKey {
    /// The login under it.
    pub login: LoginName,
    /// Where it differs.
    pub differs: KeyDiffers,
    /// The key that would match.
    pub should_be: String,
}

/// Where a key fails to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyDiffers {
    /// Its path, such as `/v1` without the closing slash.
    Path,
    /// Its port.
    Port,
    /// It is another name of the same registry (`registry-1.docker.io` for `docker.io`).
    Alias,
    /// Its pattern spans another number of labels, or does not match.
    Glob,
    /// Its spelling: upper case, white space, or a scheme other than `http` and `https`.
    Spelling,
}
