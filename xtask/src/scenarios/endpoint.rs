//! The servers that a scenario places.

use serde::Deserialize;
use serde_json::Value;

/// A server with a fault of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// Its name; it gets an address of its own.
    pub(crate) host: String,
    /// Where it listens.
    #[serde(default = "https")]
    pub(crate) port: u16,
    /// What stands there.
    pub(crate) kind: EndpointKind,
    /// A registry's certificate; plain HTTP without.
    #[serde(default)]
    pub(crate) certificate: Option<Certificate>,
    /// A registry's user.
    #[serde(default)]
    pub(crate) login: Option<Login>,
    /// A registry's `repository:tag`.
    #[serde(default)]
    pub(crate) images: Vec<String>,
    /// Of a `fault`: one endpoint of testkit-registry's configuration, handed over as it is; name, address, certificate
    /// and `images` are added.
    #[serde(default)]
    pub(crate) fault: serde_json::Map<String, Value>,
}

fn https() -> u16 {
    443
}

/// What stands at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EndpointKind {
    /// A docker-registry.
    Registry,
    /// The test kit's own registry, which fails as it is told.
    Fault,
    /// A port that accepts and never answers.
    Mute,
    /// An address whose packets are dropped.
    Dropped,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Certificate {
    /// Who signed it.
    pub(crate) authority: Authority,
    /// The names it is for; empty: the host.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    /// Start of its validity relative to now, as Go writes durations.
    #[serde(default = "an_hour_ago")]
    pub(crate) from: String,
    /// End of its validity.
    #[serde(default = "in_a_year")]
    pub(crate) to: String,
}

fn an_hour_ago() -> String {
    "-1h".to_owned()
}

fn in_a_year() -> String {
    "8760h".to_owned()
}

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Authority {
    /// The one that the nodes trust.
    Trusted,
    /// One that they do not know.
    Untrusted,
}

/// A registry's user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// Name.
    pub(crate) user: String,
    /// Password; a test's, not a secret.
    pub(crate) password: String,
}
