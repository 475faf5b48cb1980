//! What is to be served, as data: in Rust as these types, in a file as YAML of the same names.

mod endpoint;
mod image;
mod names;
mod rule;

pub use endpoint::{Certificate, Endpoint, Login, Quota, Realm, Tls, Token, Transport, User};
pub use image::{Attached, Entry, File, FileContent, Form, Image, Layer, Media, ReadyMade};
pub use names::{NameAnswer, Names, Record};
pub use rule::{Answer, Body, ConnectionFault, Delivery, LimitStyle, Limited, Nth, Route, Rule, Then, When};

use serde::{Deserialize, Serialize};

/// Everything one run serves: any number of endpoints, and a name server if wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The listeners; their names must differ.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// The name server; `None` means that none runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The text is not YAML of this form; the message names line and column.
    #[error("read the configuration: {0}")]
    Form(String),
    /// Two endpoints have one name.
    #[error("tell endpoints apart: two are named {0:?}")]
    SameName(String),
    /// Something names an endpoint that is not there.
    #[error("find the endpoint {wanted:?} that {by} names")]
    NoEndpoint {
        /// The name that was given.
        wanted: String,
        /// What gave it.
        by: String,
    },
    /// A rule can never do what it says.
    #[error("use rule {rule} of endpoint {endpoint:?}: {reason}")]
    Rule {
        /// The endpoint's name.
        endpoint: String,
        /// Which one, from 0.
        rule: usize,
        /// Why not.
        reason: &'static str,
    },
    /// An image cannot be built.
    #[error("build the image {image}: {reason}")]
    Image {
        /// Its repository and first tag.
        image: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate cannot be made or read.
    #[error("prepare the certificate of endpoint {endpoint:?}: {reason}")]
    Certificate {
        /// The endpoint's name.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Configuration {
    /// Reads the file form.
    ///
    /// # Errors
    /// When the text is not of this form, or two endpoints share a name.
    pub fn from_yaml(text: &str) -> Result<Self, ConfigurationError> {
        let read: Self =
            serde_saphyr::from_str(text).map_err(|error| ConfigurationError::Form(error.to_string()))?;
        read.check()?;
        Ok(read)
    }

    /// One endpoint and no name server.
    #[must_use]
    pub fn of(endpoint: Endpoint) -> Self {
        Self { endpoints: vec![endpoint], names: None }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigurationError> {
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            if self.endpoints[..index].iter().any(|earlier| earlier.name == endpoint.name) {
                return Err(ConfigurationError::SameName(endpoint.name.clone()));
            }
            check(&endpoint.name, &endpoint.rules)?;
            if let Login::Bearer(Token { realm: Realm::Endpoint(wanted), .. }) = &endpoint.login
                && !self.endpoints.iter().any(|other| other.name == *wanted)
            {
                return Err(ConfigurationError::NoEndpoint {
                    wanted: wanted.clone(),
                    by: format!("the realm of endpoint {:?}", endpoint.name),
                });
            }
        }
        Ok(())
    }
}

/// Whether each rule can do what it says.
pub(crate) fn check(endpoint: &str, rules: &[Rule]) -> Result<(), ConfigurationError> {
    for (rule, Rule { when, then }) in rules.iter().enumerate() {
        let http = then.answer.is_some()
            || then.status.is_some()
            || then.body.is_some()
            || then.delivery.is_some()
            || !then.headers.is_empty()
            || !then.without.is_empty();
        let narrow = when.method.is_some()
            || when.repository.is_some()
            || when.reference.is_some()
            || when.user.is_some();
        let reason = match (when.route == Some(Route::Connection), then.connection) {
            (true, _) if http => "a connection has no answer: only `connection` and `delay` work",
            (true, _) if narrow => "a connection has no method, repository, reference or user yet",
            (false, Some(_)) => "`connection` works with `route: connection` only",
            (true, _) | (false, None) if !then.status.is_none_or(|status| (100..1000).contains(&status)) => {
                "a status has three digits"
            }
            (true, _) | (false, None) => continue,
        };
        return Err(ConfigurationError::Rule { endpoint: endpoint.to_owned(), rule, reason });
    }
    Ok(())
}
