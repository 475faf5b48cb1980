//! Names and passwords.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::configuration::User;

/// Name and password of an `Authorization: Basic`.
pub(crate) fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    let decoded = STANDARD.decode(value.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8_lossy(&decoded).into_owned();
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

/// Who somebody is found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    Anonymous,
    User(String),
    /// The name is right, the password was right once.
    Expired,
    Wrong,
}

impl Identity {
    pub(crate) fn of(users: &[User], name: &str, password: &str) -> Self {
        match users.iter().find(|user| user.name == name && user.password == password) {
            Some(user) if user.expired => Self::Expired,
            Some(user) => Self::User(user.name.clone()),
            None => Self::Wrong,
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::User(name) => Some(name),
            Self::Anonymous | Self::Expired | Self::Wrong => None,
        }
    }
}
