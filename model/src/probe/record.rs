//! What became of a request, stage by stage.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::class::Class;
use super::login::LoginName;
use super::manifest::{Manifest, Platform};
use crate::{Captured, Endpoint, Stage};

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// What was asked.
    pub ask: Ask,
    /// When it began. For an answer from a cache: when the answer was got.
    pub at: Timestamp,
    /// The stages walked, in order; one entry for each address tried and each request sent.
    pub steps: Vec<Step>,
    /// How it ended.
    pub ended: Ended,
    /// HTTP requests that were sent for it: 0 for an answer from a cache.
    pub requests: u32,
}

/// One stage of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// Host and port that it spoke to.
    pub endpoint: Endpoint,
    /// The address that was dialled; `None` before connect and through a proxy.
    pub address: Option<IpAddr>,
    /// What was sent, redacted: `HEAD /v2/shop/cart/manifests/4.1`; empty below HTTP.
    pub sent: String,
    /// The login that was sent with it; `None`: none.
    pub login: Option<LoginName>,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// What came back below HTTP, or why it failed: addresses, the certificate's subject and dates. Redacted.
    pub detail: Captured,
    /// What was refused; `None`: the stage was passed.
    pub failed: Option<Class>,
    /// The HTTP answer; `None` below HTTP.
    pub answer: Option<Answer>,
    /// The certificate that the server presented, in a [`Stage::Tls`] step, also when it was refused; `None` elsewhere,
    /// and when none was presented or it does not parse.
    #[serde(default)]
    pub certificate: Option<Certificate>,
}

/// What a server's certificate says of itself. Unverified where the step failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// Its subject, as `CN=registry.acme.test, O=Acme`; redacted and capped.
    pub subject: Captured,
    /// Its issuer, likewise.
    pub issuer: Captured,
    /// The names and addresses it is for, capped.
    pub names: Vec<String>,
    /// When its time begins; `None` when that is no time.
    pub not_before: Option<Timestamp>,
    /// When its time ends; `None` when that is no time.
    pub not_after: Option<Timestamp>,
    /// The issuer of the last certificate that was presented: where the chain would have to go on.
    pub chain_ends_at: Captured,
}

/// An HTTP answer, as far as it is compared. Never a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What `WWW-Authenticate` asked for.
    pub challenges: Vec<Challenge>,
    /// The registry's own words: codes and messages of its error body, capped and redacted.
    pub errors: Vec<RegistryError>,
    /// What kind of body came.
    pub body: Body,
    /// Headers from a fixed list that tell something (rate limits, caches, servers, date), names in lower case,
    /// values redacted and capped.
    pub headers: BTreeMap<String, String>,
    /// For a token: whether its access list grants pull on the repository; `None` when it cannot be read.
    pub grants_pull: Option<bool>,
}

/// What a refusal asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// `basic`, `bearer`, or another scheme, in lower case.
    pub scheme: String,
    /// The realm: for bearer the token service, without its query.
    pub realm: String,
    /// The service.
    pub service: String,
    /// The scope.
    pub scope: String,
    /// The `error` parameter: `insufficient_scope`, `invalid_token`; empty when absent.
    pub error: String,
}

/// One entry of a registry's error body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryError {
    /// `MANIFEST_UNKNOWN`; empty when absent.
    pub code: String,
    /// Its words.
    pub message: Captured,
}

/// What kind of body an answer had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// JSON.
    Json,
    /// A web page.
    Html,
    /// Anything else.
    Other,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// With what was asked for.
    Got(Got),
    /// Refused: by whom, at which stage, how.
    Refused {
        /// The stage.
        stage: Stage,
        /// Who refused: the host itself, its token service, or where it redirected to.
        endpoint: Endpoint,
        /// How.
        class: Class,
    },
    /// Not asked, or not to its end, for a reason of our own: it tells nothing about the registry.
    NotAsked(NotAsked),
}

/// What was asked for, in as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Got {
    /// The name has these addresses.
    Name(Vec<IpAddr>),
    /// The API answered; whether it wanted a login for that.
    Ping,
    /// A manifest is there.
    Manifest {
        /// Its digest, from the header or computed from the body; `None` when neither was there.
        digest: Option<String>,
        /// Its media type.
        media_type: String,
        /// Bytes.
        size: Option<u64>,
        /// What it holds; `None` for a `HEAD`.
        manifest: Option<Manifest>,
    },
    /// The config of an image.
    Config {
        /// Its platform.
        platform: Platform,
        /// When the image was made.
        created: Option<Timestamp>,
    },
    /// A blob is there.
    Blob {
        /// Bytes; `None` when not said.
        size: Option<u64>,
        /// Whether its bytes have the digest; `None` for a `HEAD`, or when the cap was reached.
        whole: Option<bool>,
    },
    /// Tags.
    Tags {
        /// Their names, as listed.
        names: Vec<String>,
        /// Whether these are all.
        complete: bool,
    },
    /// Repositories.
    Catalog {
        /// Their names, as listed.
        names: Vec<String>,
        /// Whether these are all.
        complete: bool,
    },
    /// What refers to a manifest; nothing where the host keeps no such list.
    Referrers {
        /// Of each its artifact type (its media type where it has none), and its digest, checked for form.
        artifacts: Vec<(String, String)>,
        /// Whether these are all.
        complete: bool,
    },
}

/// Why we did not ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotAsked {
    /// The token service is at a place that is not allowed for this registry.
    Realm {
        /// The realm, without query and user information.
        realm: String,
    },
    /// The address is one that is never dialled (link-local, metadata).
    Address(IpAddr),
    /// The login was refused twice for this user at this host within ten minutes; a third might lock the account.
    LockOut {
        /// When it was last refused.
        refused_at: Timestamp,
    },
    /// The login may not go to this host.
    NotForHost,
    /// The budget of this diagnosis or of the host is used up.
    Budget,
    /// The registry told us to wait, until this time.
    Limited {
        /// When it may be asked again.
        until: Option<Timestamp>,
    },
    /// The time for this diagnosis is over, or the user interrupted it.
    Cancelled,
    /// Our own failure; what.
    Ours(String),
    /// Nothing is dialled in this run.
    Offline,
}

impl Record {
    /// The stage, endpoint and class of a refusal; `None` when it was none.
    pub fn refused(&self) -> Option<(Stage, &Endpoint, Class)> {
        match &self.ended {
            Ended::Refused { stage, endpoint, class } => Some((*stage, endpoint, *class)),
            Ended::Got(_) | Ended::NotAsked(_) => None,
        }
    }

    /// What was got; `None` when nothing was.
    pub fn got(&self) -> Option<&Got> {
        match &self.ended {
            Ended::Got(got) => Some(got),
            Ended::Refused { .. } | Ended::NotAsked(_) => None,
        }
    }

    /// The last HTTP answer; `None` when none came.
    pub fn answer(&self) -> Option<&Answer> {
        self.steps.iter().rev().find_map(|step| step.answer.as_ref())
    }
}
