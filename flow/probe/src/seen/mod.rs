//! A transcript and objects to observations, and to the requests that would give the next ones.
//!
//! - [`secret`]: the pod's secrets, read as objects.
//! - [`login`]: the same request with another login, or none.
//! - [`body`]: a registry's own words for its refusal.
//! - [`absent`]: tags and repositories.
//! - [`behind`]: a second fault, seen with a login that is let in.
//! - [`beyond`]: the origin, past a mirror whose content is found wanting.
//! - [`cache`]: marks of caches.
//! - [`content`], [`part`]: manifests, platforms, limits; config and layers.
//! - [`elsewhere`]: other hosts that hold the same content.
//! - [`moved`]: tags that point elsewhere by now.
//! - [`route`]: mirrors and the node's files.

pub(crate) mod absent;
pub(crate) mod behind;
pub(crate) mod beyond;
mod body;
pub(crate) mod cache;
pub(crate) mod content;
pub(crate) mod elsewhere;
pub(crate) mod login;
pub(crate) mod moved;
mod part;
pub(crate) mod route;
pub(crate) mod secret;

use jiff::Timestamp;
use pullmedic_model::Captured;
use pullmedic_model::finding::{Observation, Vantage, Witness};
use pullmedic_model::probe::{Ask, Case, Record, What};
use pullmedic_model::verdict::Evidence;

use crate::table::Kind;

/// One thing seen, and what kind of observation it is.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) by: Witness,
    pub(crate) source: String,
    pub(crate) at: Option<Timestamp>,
}

impl Seen {
    /// Read in an object or file.
    pub(crate) fn object(kind: Kind, source: impl Into<String>, text: impl Into<String>) -> Seen {
        Seen { kind, text: text.into(), by: Witness::Object, source: source.into(), at: None }
    }

    /// Seen by asking.
    pub(crate) fn probe(kind: Kind, record: &Record, text: impl Into<String>) -> Seen {
        Seen { kind, text: text.into(), by: Witness::Probe, source: target(&record.ask), at: Some(record.at) }
    }

    /// As a report tells it.
    pub(crate) fn observation(&self, case: &Case) -> Observation {
        let vantage = match (self.by, case.vantage) {
            (Witness::Probe, vantage) => Some(vantage.code().to_owned()),
            (
                Witness::Object | Witness::Kubelet | Witness::ApiServer,
                Vantage::Workstation | Vantage::Controller | Vantage::Recording,
            ) => None,
        };
        Observation {
            text: Captured::new(&self.text),
            by: self.by,
            source: self.source.clone(),
            vantage,
            at: self.at,
        }
    }
}

/// What was gathered so far.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) seen: Vec<Seen>,
    pub(crate) evidence: Evidence,
    /// Requests that would tell more, the next cheapest first; asked together.
    pub(crate) want: Vec<Ask>,
    /// Why something could not be asked.
    pub(crate) unasked: Vec<String>,
    /// A secret whose login is let in and finds no repository of that name.
    pub(crate) finds_nothing: Option<String>,
    /// When the login that is refused was good until, by what it says itself.
    pub(crate) expired: Option<Timestamp>,
    /// What was seen that does not hold together: a registry that changes its mind.
    pub(crate) contradiction: Option<String>,
    /// Why nothing that is left may be more than likely.
    pub(crate) doubt: Option<String>,
    /// The request that decided, for the ladder.
    pub(crate) passed_whole: bool,
}

impl Notes {
    pub(crate) fn see(&mut self, seen: Seen) {
        self.seen.push(seen);
    }

    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.seen.iter().any(|seen| seen.kind == kind)
    }

    /// Wants one request, unless something is wanted already: what its answer is may make others needless.
    pub(crate) fn want(&mut self, ask: Ask) {
        if self.want.is_empty() {
            self.want.push(ask);
        }
    }
}

/// A request as a source: `HEAD registry.acme.test/v2/shop/cart/manifests/4.1`.
pub(crate) fn target(ask: &Ask) -> String {
    let Ask { host, repository, what, .. } = ask;
    let endpoint = &host.endpoint;
    let path = &host.path;
    match what {
        What::Name => format!("name of {endpoint}"),
        What::Ping => format!("GET {endpoint}{path}/"),
        What::ManifestHead(reference) => format!("HEAD {endpoint}{path}/{repository}/manifests/{reference}"),
        What::Manifest(reference) => format!("GET {endpoint}{path}/{repository}/manifests/{reference}"),
        What::Config(digest) | What::Blob(digest) => {
            format!("GET {endpoint}{path}/{repository}/blobs/{digest}")
        }
        What::BlobHead(digest) => format!("HEAD {endpoint}{path}/{repository}/blobs/{digest}"),
        What::Tags => format!("GET {endpoint}{path}/{repository}/tags/list"),
        What::Catalog => format!("GET {endpoint}{path}/_catalog"),
        What::Referrers(digest) => format!("GET {endpoint}{path}/{repository}/referrers/{digest}"),
    }
}

/// How a request was made, in words: `without a login`, `with secret regcred`.
pub(crate) fn with_login(ask: &Ask) -> String {
    ask.login.as_ref().map_or_else(|| "without a login".to_owned(), |login| format!("with secret {login}"))
}

/// How a request ended, in a few words: `401 at token`, `passed`.
pub(crate) fn outcome(record: &Record) -> String {
    match record.refused() {
        Some((stage, endpoint, class)) => format!("{class} at {stage}, from {endpoint}"),
        None if record.got().is_some() => "passed".to_owned(),
        None => "not asked".to_owned(),
    }
}
