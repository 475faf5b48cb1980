//! What is really done to a registry and to a pod for each fault of the table.

use std::fmt::Write as _;
use std::time::Duration;

use testkit_registry::{
    Answer, Case, Certificate, Dialect, Endpoint, Entry, Form, Image, Layer, Quota, Route, Rule, User,
};

/// A user name and a password.
pub(crate) type Login = (String, String);

/// One registry, one pod.
pub(crate) struct Setting {
    pub(crate) endpoint: Endpoint,
    pub(crate) repository: &'static str,
    /// With its sign: `:1.0`, `@sha256:…`.
    pub(crate) reference: String,
    /// What the pod's own secret holds; `None`: it names none.
    pub(crate) login: Option<Login>,
    /// What the secret of another workload holds.
    pub(crate) candidate: Option<Login>,
}

/// The host that images of this dialect name, and the host that the runtime asks for it.
pub(crate) fn hosts(dialect: Dialect) -> (&'static str, &'static str) {
    let one = |host| (host, host);
    match dialect {
        Dialect::Distribution => one("registry.acme.test"),
        Dialect::DockerHub => ("docker.io", "registry-1.docker.io"),
        Dialect::Ghcr => one("ghcr.io"),
        Dialect::Quay => one("quay.io"),
        Dialect::Ecr => one("123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        Dialect::Harbor => one("harbor.acme.test"),
        Dialect::Gar => one("europe-docker.pkg.dev"),
        Dialect::Acr => one("acme.azurecr.io"),
        Dialect::Gitlab => one("registry.gitlab.com"),
        Dialect::Artifactory => one("acme.jfrog.io"),
        Dialect::Nexus => one("nexus.acme.test"),
    }
}

/// Random text that stands nowhere else.
pub(crate) fn canary() -> String {
    use std::io::Read as _;
    let mut bytes = [0; 12];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .expect("there are random bytes");
    bytes.iter().fold(String::from("canary"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is done for a fault of the table under a dialect.
pub(crate) fn setting(fault: &str, dialect: Dialect) -> Setting {
    let working = || (String::from("robot-shop"), canary());
    let other = (String::from("robot-other"), canary());
    let (kind, candidate) = match fault.strip_suffix("-candidate") {
        Some(kind) => (kind, Some(other.clone())),
        None => (fault, None),
    };
    let small = |repository, tag| Image::small(repository, tag);
    let mut endpoint = Endpoint::named("registry")
        .dialect(dialect)
        .tls(Certificate::Trusted)
        .user(User::new(&other.0, &other.1, "*"))
        .image(small("team/app", "1.1"))
        .image(small("team/base", "1.0"));
    endpoint.host = Some(hosts(dialect).1.to_owned());
    let (mut repository, mut reference, mut login) = ("team/app", String::from(":1.0"), None);
    let mut platforms = vec!["amd64"];
    let mut may_pull = |endpoint: Endpoint, change: &dyn Fn(User) -> User| {
        let (name, password) = working();
        login = Some((name.clone(), password.clone()));
        endpoint.user(change(User::new(&name, &password, "*")))
    };
    let same: &dyn Fn(User) -> User = &|user| user;
    let any_login = |rule: Rule| rule.user("*");
    endpoint = match kind {
        "missing-repository-login" => {
            repository = "team/absent";
            may_pull(endpoint, same)
        }
        "missing-repository-public" => {
            repository = "team/absent";
            endpoint.public("team/*")
        }
        "missing-repository-no-login" => {
            repository = "team/absent";
            endpoint
        }
        "missing-tag-public" => {
            reference = String::from(":9.9");
            endpoint.public("team/*")
        }
        "missing-tag-login" => {
            reference = String::from(":9.9");
            may_pull(endpoint, same)
        }
        "missing-digest-login" => {
            reference = format!("@sha256:{}", "0123456789abcdef".repeat(4));
            may_pull(endpoint, same)
        }
        "private-no-login" => endpoint,
        "wrong-password" => may_pull(endpoint, &|user| User { password: canary(), ..user }),
        "expired-login" => may_pull(endpoint, &|user| User { expired: true, ..user }),
        "forbidden" => may_pull(endpoint, &|user| User { repositories: vec!["hers/*".into()], ..user }),
        // Docker Hub counts fetches only, so that its HEAD passes (pull-facts 4.4); of others no such thing is known.
        "rate-limited" if dialect == Dialect::DockerHub => {
            let quota = Quota { pulls: 0, window: Duration::from_secs(6 * 3600) };
            may_pull(endpoint, &|user| User { quota: Some(quota), ..user })
        }
        "rate-limited" => may_pull(endpoint, same)
            .rule(any_login(Rule::on(Route::Manifest)).answer(Answer::Refusal(Case::Limited))),
        "token-down" => may_pull(endpoint, same).rule(Rule::on(Route::Token).status(503)),
        "manifest-5xx" => may_pull(endpoint, same).rule(Rule::on(Route::Manifest).status(503)),
        "blob-missing" => may_pull(endpoint, same).rule(
            any_login(Rule::on(Route::Blob).reference("layer:0")).answer(Answer::Error {
                status: 404,
                code: "BLOB_UNKNOWN".into(),
                message: "blob unknown to registry".into(),
            }),
        ),
        "platform-missing" => {
            platforms = vec!["arm64", "s390x"];
            may_pull(endpoint, same)
        }
        other => panic!("nothing is known of the fault {other:?}"),
    };
    let entries = platforms.iter().map(|architecture| {
        Entry::linux(architecture, vec![Layer::Random { bytes: 900, seed: architecture.len() as u64 }])
    });
    let form = Form::Index { entries: entries.collect(), attestations: false };
    Setting {
        endpoint: endpoint.image(Image::of("team/app", "1.0", form)),
        repository,
        reference,
        login,
        candidate,
    }
}
