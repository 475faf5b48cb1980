//! The registries: who listens, who may log in, what they hold, and what goes wrong.

use std::time::Duration;

use testkit_registry::{
    Answer, Certificate, Configuration, Dialect, Endpoint, Entry, Form, Image, Layer, Login, Names, Quota,
    Record, Registry, Route, Rule, Running, Transport, User,
};

/// The registry of the company: the faults of pull secrets.
pub(crate) const REGISTRY: &str = "registry.acme.test";
/// Of one team, open to all without a login: faults that stand in its answers. Each team has one, because the controller
/// spares a registry: after twenty requests it sends it one in three seconds.
pub(crate) const SHOP: &str = "shop.acme.test";
/// Of another.
pub(crate) const PLATFORM: &str = "platform.acme.test";
/// And of a third, with logins of its own.
pub(crate) const BILLING: &str = "billing.acme.test";
/// Like Docker Hub, with nothing left of its limit.
pub(crate) const HUB: &str = "hub.acme.test";
/// Like Quay, which hides what is absent.
pub(crate) const QUAY: &str = "quay.acme.test";
/// With a certificate of an authority that the node does not know.
pub(crate) const VAULT: &str = "vault.acme.test";
/// With a certificate that ended.
pub(crate) const METRICS: &str = "metrics.acme.test";
/// Speaks plain HTTP.
pub(crate) const LEGACY: &str = "legacy.acme.test";
/// Nothing listens there.
pub(crate) const EDGE: &str = "edge.acme.test";
/// A name that is in no name server.
pub(crate) const MISSPELT: &str = "registry.amce.test";

/// When the certificate of [`METRICS`] ended.
pub(crate) const ENDED: &str = "2021-01-01T00:00:00Z";

/// The logins of the run: random, so that a leak of one can be searched for.
#[derive(Clone)]
pub(crate) struct Passwords {
    /// Of `robot-payments`, which may pull the private repositories.
    pub(crate) payments: String,
    /// Of `robot-invoices`, as the registry has it.
    pub(crate) invoices: String,
    /// Of `robot-invoices`, as the pull secret still has it.
    pub(crate) invoices_before: String,
    /// Of `robot-settlement`.
    pub(crate) settlement: String,
    /// Of `robot`.
    pub(crate) fraud: String,
}

impl Passwords {
    /// Draws them.
    pub(crate) fn draw() -> std::io::Result<Passwords> {
        Ok(Passwords {
            payments: canary()?,
            invoices: canary()?,
            invoices_before: canary()?,
            settlement: canary()?,
            fraud: canary()?,
        })
    }

    /// All of them: none may stand in any output.
    pub(crate) fn all(&self) -> [&str; 5] {
        [&self.payments, &self.invoices, &self.invoices_before, &self.settlement, &self.fraud]
    }
}

fn canary() -> std::io::Result<String> {
    use std::fmt::Write as _;
    use std::io::Read as _;
    let mut bytes = [0; 12];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::from("canary"), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Starts all of them on free ports of loopback, with a name server that knows their names.
pub(crate) async fn start(passwords: &Passwords) -> std::io::Result<Running> {
    let loopback = std::net::IpAddr::from([127, 0, 0, 1]);
    let endpoints = vec![
        registry(passwords),
        shop(),
        platform(),
        billing(passwords),
        hub(),
        named(QUAY, Dialect::Quay).tls(Certificate::Trusted).image(Image::small("ml/features", "2")),
        named(VAULT, Dialect::Distribution)
            .tls(Certificate::UnknownAuthority)
            .public("*")
            .image(Image::small("security/scanner", "4.0")),
        named(METRICS, Dialect::Distribution)
            .tls(Certificate::Expired)
            .public("*")
            .image(Image::small("monitoring/dashboards", "11.2")),
        named(LEGACY, Dialect::Distribution).public("*").image(Image::small("shop/printing", "0.8")),
        Endpoint { transport: Transport::Refused, ..named(EDGE, Dialect::Distribution) },
    ];
    let records = endpoints.iter().map(|endpoint| Record::addresses(&endpoint.name, &[loopback])).collect();
    let names = Some(Names { records, ..Names::default() });
    Registry::start(Configuration { endpoints, names }).await
}

fn named(host: &str, dialect: Dialect) -> Endpoint {
    Endpoint { host: Some(host.to_owned()), ..Endpoint::named(host).dialect(dialect) }
}

fn registry(passwords: &Passwords) -> Endpoint {
    let endpoint = named(REGISTRY, Dialect::Distribution)
        .tls(Certificate::Trusted)
        .user(User::new("robot-payments", &passwords.payments, "payments/*"))
        .user(User::new("robot", &passwords.fraud, "payments/*"));
    let tags = [("checkout", "4.1"), ("ledger", "7.0"), ("refunds", "2.0"), ("fraud", "0.4")];
    tags.into_iter().fold(endpoint, |endpoint, (repository, tag)| {
        endpoint.image(Image::small(&format!("payments/{repository}"), tag))
    })
}

fn billing(passwords: &Passwords) -> Endpoint {
    named(BILLING, Dialect::Distribution)
        .tls(Certificate::Trusted)
        .user(User::new("robot-payments", &passwords.payments, "payments/*"))
        .user(User::new("robot-invoices", &passwords.invoices, "payments/*"))
        .user(User::new("robot-settlement", &passwords.settlement, "payments/*"))
        .image(Image::small("payments/invoices", "5.2"))
        .image(Image::small("payments/settlement", "1.8"))
}

fn shop() -> Endpoint {
    let gone = Answer::Error {
        status: 404,
        code: "BLOB_UNKNOWN".to_owned(),
        message: "blob unknown to registry".to_owned(),
    };
    let endpoint = named(SHOP, Dialect::Distribution)
        .tls(Certificate::Trusted)
        .login(Login::Open)
        .rule(Rule::on(Route::Blob).repository("shop/search").reference("layer:0").answer(gone));
    of_shop(&["1.9.0", "1.9.1", "1.9.2"]).into_iter().fold(endpoint, Endpoint::image)
}

/// What the registry of the shop holds; `storefront` are the tags of that repository.
pub(crate) fn of_shop(storefront: &[&str]) -> Vec<Image> {
    let rest = [("shop/migrator", "5.0"), ("shop/catalog", "2.0"), ("shop/search", "3.0")];
    let storefront = storefront.iter().map(|tag| Image::small("shop/storefront", tag));
    storefront.chain(rest.map(|(repository, tag)| Image::small(repository, tag))).collect()
}

fn platform() -> Endpoint {
    let platforms = ["arm64", "s390x"].map(|architecture| {
        Entry::linux(architecture, vec![Layer::Random { bytes: 4096, seed: architecture.len() as u64 }])
    });
    let form = Form::Index { entries: platforms.into(), attestations: false };
    named(PLATFORM, Dialect::Distribution)
        .tls(Certificate::Trusted)
        .public("*")
        .image(Image::of("ml/trainer", "1.3", form))
        .image(Image::small("platform/gateway", "2.3.0"))
        .image(Image::small("platform/gateway", "2.3.1"))
}

fn hub() -> Endpoint {
    let spent = Quota { pulls: 0, window: Duration::from_secs(6 * 3600) };
    let mut endpoint = named(HUB, Dialect::DockerHub)
        .tls(Certificate::Trusted)
        .public("library/*")
        .image(Image::small("library/redis", "7.4"));
    endpoint.anonymous_quota = Some(spent);
    endpoint
}
