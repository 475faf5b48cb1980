//! A prober in front of the test registry.

#![expect(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::time::Duration;

use pullmedic_model::Endpoint as Place;
use pullmedic_model::probe::record::{Ended, NotAsked, Record};
use pullmedic_model::probe::route::{Host, Role, Scheme};
use pullmedic_model::probe::{Ask, Class, Login, LoginName, What};
use pullmedic_registry::{Credential, Limits, Prober, Settings, Trust};
use testkit_registry::{Configuration, Endpoint, Names, Record as NameRecord, Registry, Running};

/// What is planted wherever it must not come out again.
pub(crate) const CANARY: &str = "CANARY7fb1c0de";

/// A registry that runs, and a prober that resolves names by its name server and trusts its authority.
pub(crate) struct Bench {
    pub(crate) running: Running,
    pub(crate) prober: Prober,
    folder: tempfile::TempDir,
}

/// Times short enough for a test.
pub(crate) fn limits() -> Limits {
    Limits {
        answer: Duration::from_millis(700),
        body: Duration::from_millis(1500),
        blob_time: Duration::from_millis(1500),
        stall: Duration::from_millis(500),
        ask: Duration::from_secs(15),
        rate: 1000.0,
        burst: 1000,
        ..Limits::default()
    }
}

/// Starts both; every `*.test` name is 127.0.0.1 unless a record says otherwise.
pub(crate) async fn bench(endpoints: Vec<Endpoint>, change: impl FnOnce(&Running, &mut Settings)) -> Bench {
    bench_with(endpoints, Vec::new(), change).await
}

pub(crate) async fn bench_with(
    endpoints: Vec<Endpoint>,
    mut records: Vec<NameRecord>,
    change: impl FnOnce(&Running, &mut Settings),
) -> Bench {
    records.push(NameRecord::addresses("*.test", &["127.0.0.1".parse().expect("an address")]));
    let mut configuration = Configuration { endpoints, ..Configuration::default() };
    configuration.names = Some(Names { records, ..Names::default() });
    let running = Registry::start(configuration).await.expect("the registry starts");
    let folder = tempfile::tempdir().expect("a folder");
    let resolv_conf = folder.path().join("resolv.conf");
    let text = format!("nameserver {}\noptions timeout:1 attempts:1\n", running.dns());
    std::fs::write(&resolv_conf, text).expect("written");
    let trust =
        Trust { authorities: vec![running.ca_pem().into_bytes()], replaces_system: true, ..Trust::default() };
    let mut settings = Settings {
        resolv_conf: Some(resolv_conf),
        trusts: [(String::new(), trust)].into(),
        limits: limits(),
        ..Settings::default()
    };
    change(&running, &mut settings);
    Bench { prober: Prober::new(settings).expect("a prober"), running, folder }
}

impl Bench {
    /// A host of the endpoint, under a name.
    pub(crate) fn host(&self, endpoint: &str, name: &str, scheme: Scheme) -> Host {
        host(&format!("{name}:{}", self.running.endpoint(endpoint).port()), scheme)
    }

    /// Asks the endpoint over plain HTTP under its own address.
    pub(crate) async fn ask(&self, endpoint: &str, repository: &str, what: What) -> Record {
        let address: SocketAddr = self.running.endpoint(endpoint);
        let ask = ask(host(&address.to_string(), Scheme::Http), repository, what);
        self.prober.ask(&ask, None).await
    }

    /// The same with a login.
    pub(crate) async fn ask_as(
        &self,
        login: &LoginName,
        endpoint: &str,
        repository: &str,
        what: What,
    ) -> Record {
        let address = self.running.endpoint(endpoint);
        let mut ask = ask(host(&address.to_string(), Scheme::Http), repository, what);
        ask.login = Some(login.clone());
        self.prober.ask(&ask, None).await
    }

    /// Adds a login that may go to the endpoint's address.
    pub(crate) fn login(&self, endpoint: &str, secret: &str, user: &str, password: &str) -> LoginName {
        let address = self.running.endpoint(endpoint).to_string();
        let credential = credential(secret, user, password, &[&address]);
        let name = credential.login.name.clone();
        self.prober.add_credentials(vec![credential]);
        name
    }
}

pub(crate) fn host(endpoint: &str, scheme: Scheme) -> Host {
    Host {
        endpoint: Place::parse(endpoint).expect("an endpoint"),
        scheme,
        path: "/v2".to_owned(),
        namespace: None,
        role: Role::Origin,
        resolve: true,
        trust: String::new(),
        skip_verify: false,
        dial_timeout_ms: 2000,
        answer_timeout_ms: None,
    }
}

pub(crate) fn ask(host: Host, repository: &str, what: What) -> Ask {
    Ask { host, repository: repository.to_owned(), what, login: None, again: 0 }
}

pub(crate) fn credential(secret: &str, user: &str, password: &str, hosts: &[&str]) -> Credential {
    let name =
        LoginName { namespace: "shop".to_owned(), secret: secret.to_owned(), key: "registry".to_owned() };
    Credential {
        login: Login {
            name,
            user: Some(user.to_owned()),
            of_the_pod: true,
            used_by: None,
            expires: None,
            identity: secret.to_owned(),
        },
        user: user.to_owned().into(),
        password: password.to_owned().into(),
        hosts: hosts.iter().map(|host| Place::parse(host).expect("an endpoint")).collect(),
        identity_token: false,
    }
}

/// The end of a record in a few words: `got manifest`, `manifest 404`, `not asked: realm https://…`.
pub(crate) fn end(record: &Record) -> String {
    match &record.ended {
        Ended::Got(got) => {
            let text = format!("{got:?}");
            let word = text.split([' ', '(', '{']).next().unwrap_or_default().to_ascii_lowercase();
            format!("got {word}")
        }
        Ended::Refused { stage, class: class @ (Class::Status(_) | Class::ServerError(_)), .. } => {
            format!("{stage} {class}")
        }
        Ended::Refused { stage, class, .. } => format!("{stage} {class:?}"),
        Ended::NotAsked(NotAsked::Realm { realm }) => format!("not asked: realm {realm}"),
        Ended::NotAsked(reason) => format!("not asked: {reason:?}"),
    }
}

/// The stages of a record: `name connect manifest!401 token manifest`.
pub(crate) fn stages(record: &Record) -> String {
    let step = |step: &pullmedic_model::probe::Step| match step.failed {
        Some(Class::Status(code) | Class::ServerError(code)) => format!("{}!{code}", step.stage),
        Some(class) => format!("{}!{class:?}", step.stage),
        None => step.stage.to_string(),
    };
    record.steps.iter().map(step).collect::<Vec<_>>().join(" ")
}

/// All that a record says, as it would be written to a file.
pub(crate) fn written(record: &Record) -> String {
    format!("{}\n{record:?}", serde_json::to_string(record).expect("a record is written"))
}

pub(crate) fn head(wanted: &str) -> What {
    What::ManifestHead(wanted.to_owned())
}

pub(crate) fn get(wanted: &str) -> What {
    What::Manifest(wanted.to_owned())
}
