//! The table of broken workloads: what is wrong with each, and what must be said of it.

use jiff::Timestamp;
use pullmedic_model::Cause;
use testkit_registry::Running;

use crate::registries::{
    BILLING, EDGE, ENDED, HUB, LEGACY, METRICS, MISSPELT, PLATFORM, QUAY, REGISTRY, SHOP, VAULT,
};
use crate::words::{self, Waiting};

/// What makes the pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With a ReplicaSet between.
    Deployment,
    /// By itself.
    StatefulSet,
    /// On every node.
    DaemonSet,
    /// Once.
    Job,
    /// With a Job between.
    CronJob,
}

impl Kind {
    /// As Kubernetes names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
            Kind::DaemonSet => "DaemonSet",
            Kind::Job => "Job",
            Kind::CronJob => "CronJob",
        }
    }

    /// As kubectl abbreviates it.
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Kind::Deployment => "deploy",
            Kind::StatefulSet => "sts",
            Kind::DaemonSet => "ds",
            Kind::Job => "job",
            Kind::CronJob => "cj",
        }
    }
}

/// What must be said of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The injected cause, proven.
    Proven,
    /// The injected cause, likely; why it cannot be proven.
    Likely(&'static str),
    /// No cause, with these left among others; why nobody could tell.
    Undecided(&'static [Cause], &'static str),
}

/// One broken workload.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    pub(crate) kind: Kind,
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    /// How many pods wait.
    pub(crate) pods: usize,
    /// Whether an init container waits, and the main one is well.
    pub(crate) init: bool,
    pub(crate) image: String,
    /// The pull secret that it names.
    pub(crate) secret: Option<&'static str>,
    /// The image of the version that ran before and still serves.
    pub(crate) before: Option<String>,
    pub(crate) waiting: Waiting,
    /// What was really done.
    pub(crate) injected: Cause,
    /// By `diagnose`, which has the node's files and stands on the node.
    pub(crate) wanted: Wanted,
    /// By the controller, which has no node's files and stands elsewhere, where that is something else.
    pub(crate) by_controller: Option<Wanted>,
}

/// A workload that runs well.
pub(crate) struct Healthy {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) image: String,
    pub(crate) secret: Option<&'static str>,
}

/// The workload that gets well at the end.
pub(crate) struct Heal {
    pub(crate) name: &'static str,
    pub(crate) repository: &'static str,
    /// The tag that the registry is given.
    pub(crate) tag: &'static str,
}

/// Its pod asks for that tag.
pub(crate) const HEALED: Heal = Heal { name: "storefront", repository: "shop/storefront", tag: "1.92" };

/// Addresses and digests of what runs, as the table needs them.
pub(crate) struct Places<'a> {
    running: &'a Running,
}

impl<'a> Places<'a> {
    pub(crate) fn of(running: &'a Running) -> Places<'a> {
        Places { running }
    }

    /// Host and port by which images and pull secrets name a registry.
    pub(crate) fn host(&self, name: &str) -> String {
        // The misspelt name is meant for the registry, so that it has its port.
        let meant = if name == MISSPELT { REGISTRY } else { name };
        format!("{name}:{}", self.running.endpoint(meant).port())
    }

    fn image(&self, host: &str, path: &str) -> String {
        format!("{}/{path}", self.host(host))
    }

    fn layer(&self, repository: &str) -> String {
        let images = self.running.images(SHOP);
        let found = images.iter().find(|image| image.repository == repository);
        found.and_then(|image| image.layers.first()).cloned().unwrap_or_default()
    }
}

/// The workloads that run well: one of them names the pull secret that works, another the repository that was meant.
pub(crate) fn healthy(places: &Places<'_>) -> Vec<Healthy> {
    let runs = |namespace, name, image, secret| Healthy { namespace, name, image, secret };
    vec![
        runs("payments", "ledger", places.image(REGISTRY, "payments/ledger:7.0"), Some("regcred")),
        runs("shop", "admin", places.image(SHOP, "shop/migrator:5.0"), None),
    ]
}

/// The workloads that wait, each with a fault of its own.
pub(crate) fn broken(places: &Places<'_>) -> Vec<Workload> {
    let mut all = at_the_manifest(places);
    all.extend(pull_secrets(places));
    all.extend(below_http(places));
    all.extend(of_content(places));
    all
}

fn waits(kind: Kind, namespace: &'static str, name: &'static str, image: String) -> Workload {
    Workload {
        kind,
        namespace,
        name,
        pods: 1,
        init: false,
        waiting: words::not_found(&image),
        image,
        secret: None,
        before: None,
        injected: Cause::Unknown,
        wanted: Wanted::Proven,
        by_controller: None,
    }
}

fn at_the_manifest(places: &Places<'_>) -> Vec<Workload> {
    let image = |path: &str| places.image(SHOP, path);
    let hidden = places.image(QUAY, "ml/weights:2026-10");
    let upper = image("Shop/Catalog:2.0");
    let gone = format!("@sha256:{}", "0123456789abcdef".repeat(4));
    vec![
        Workload {
            before: Some(image("shop/storefront:1.9.1")),
            injected: Cause::TagNotFound,
            ..waits(Kind::Deployment, "shop", "storefront", image("shop/storefront:1.92"))
        },
        Workload {
            injected: Cause::RepositoryNotFound,
            ..waits(Kind::Job, "shop", "migrate", image("shop/migrater:5.0"))
        },
        Workload {
            pods: 40,
            injected: Cause::DigestNotFound,
            ..waits(
                Kind::Deployment,
                "platform",
                "gateway",
                places.image(PLATFORM, &format!("platform/gateway{gone}")),
            )
        },
        Workload {
            init: true,
            waiting: words::invalid_name(&upper, "repository name (Shop/Catalog) must be lowercase"),
            injected: Cause::InvalidReference,
            ..waits(Kind::Deployment, "shop", "catalog", upper)
        },
        Workload {
            waiting: words::unauthorized(&hidden),
            injected: Cause::RepositoryNotFound,
            wanted: Wanted::Undecided(
                &[Cause::RepositoryNotFound, Cause::NoCredentials],
                "Quay answers absent and hidden alike",
            ),
            ..waits(Kind::Job, "ml", "weights", hidden)
        },
    ]
}

fn pull_secrets(places: &Places<'_>) -> Vec<Workload> {
    let of = |kind, name, path: &str, secret, injected, waiting: &dyn Fn(&str) -> Waiting| {
        let host = if matches!(name, "invoices" | "settlement") { BILLING } else { REGISTRY };
        let image = places.image(host, path);
        Workload { secret, injected, waiting: waiting(&image), ..waits(kind, "payments", name, image) }
    };
    let anonymous: &dyn Fn(&str) -> Waiting = &words::insufficient_scope;
    vec![
        of(Kind::Deployment, "checkout", "payments/checkout:4.1", None, Cause::NoCredentials, anonymous),
        of(
            Kind::StatefulSet,
            "invoices",
            "payments/invoices:5.2",
            Some("invoices-pull"),
            Cause::BadCredentials,
            &words::login_refused,
        ),
        of(
            Kind::Deployment,
            "refunds",
            "payments/refunds:2.0",
            Some("regcerd"),
            Cause::PullSecretMissing,
            anonymous,
        ),
        of(
            Kind::CronJob,
            "settlement",
            "payments/settlement:1.8",
            Some("settlement-pull"),
            Cause::PullSecretUnmatched,
            anonymous,
        ),
        of(
            Kind::Deployment,
            "fraud",
            "payments/fraud:0.4",
            Some("fraud-pull"),
            Cause::PullSecretMalformed,
            // The colon of `robot:PASSWORD`, which stands there without base64.
            &|_| words::undecodable_secret("illegal base64 data at input byte 5"),
        ),
    ]
}

fn below_http(places: &Places<'_>) -> Vec<Workload> {
    let of = |kind, namespace, name, host: &str, path: &str, injected, why: &str| {
        let image = places.image(host, path);
        Workload { injected, waiting: words::no_answer(&image, why), ..waits(kind, namespace, name, image) }
    };
    let edge = places.running.endpoint(EDGE);
    let lookup = format!("dial tcp: lookup {MISSPELT} on {}: no such host", places.running.dns());
    let refused = format!("dial tcp {edge}: connect: connection refused");
    let unknown = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let expired = format!(
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time {now} is after {ENDED}"
    );
    let plain = "http: server gave HTTP response to HTTPS client";
    let deployment = Kind::Deployment;
    vec![
        of(Kind::StatefulSet, "data", "postgres", MISSPELT, "data/postgres:16.4", Cause::Dns, &lookup),
        Workload {
            pods: 3,
            ..of(
                Kind::DaemonSet,
                "platform",
                "shipper",
                EDGE,
                "platform/shipper:2.3.1",
                Cause::ConnectionRefused,
                &refused,
            )
        },
        of(
            deployment,
            "platform",
            "scanner",
            VAULT,
            "security/scanner:4.0",
            Cause::TlsUnknownAuthority,
            unknown,
        ),
        of(
            deployment,
            "monitoring",
            "dashboards",
            METRICS,
            "monitoring/dashboards:11.2",
            Cause::TlsExpired,
            &expired,
        ),
        of(deployment, "shop", "printing", LEGACY, "shop/printing:0.8", Cause::HttpOnHttps, plain),
    ]
}

fn of_content(places: &Places<'_>) -> Vec<Workload> {
    let redis = places.image(HUB, "library/redis:7.4");
    let trainer = places.image(PLATFORM, "ml/trainer:1.3");
    let search = places.image(SHOP, "shop/search:3.0");
    let digest = |host: &str, repository: &str, tag: &str| places.running.digest(host, repository, tag);
    vec![
        Workload {
            waiting: words::limited(&redis, &digest(HUB, "library/redis", "7.4")),
            injected: Cause::RateLimited,
            by_controller: Some(Wanted::Likely(
                "the limit that it meets is its own address's, not the node's",
            )),
            ..waits(Kind::StatefulSet, "data", "cache", redis)
        },
        Workload {
            waiting: words::no_platform(&trainer, &digest(PLATFORM, "ml/trainer", "1.3")),
            injected: Cause::PlatformMismatch,
            ..waits(Kind::Job, "ml", "train", trainer)
        },
        Workload {
            waiting: words::no_layer(&search, &places.layer("shop/search")),
            injected: Cause::BlobMissing,
            ..waits(Kind::Deployment, "shop", "search", search)
        },
    ]
}
