use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Image, Rule};
use crate::dialect::Dialect;

/// One listener: where, how it speaks, who may log in, what it holds and what goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// What [`Running`](crate::Running), other endpoints and `{url:NAME}` call it.
    pub name: String,
    /// Address and port; port 0 (the default, on 127.0.0.1) takes a free one.
    #[serde(default = "loopback")]
    pub listen: SocketAddr,
    /// The host name by which others are sent here (`{url:NAME}`, realms); `None` means the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What is spoken on the port.
    #[serde(default)]
    pub transport: Transport,
    /// Whose manner it has: see [`dialect`](crate::dialect).
    #[serde(default)]
    pub dialect: Dialect,
    /// How clients log in.
    #[serde(default)]
    pub login: Login,
    /// Repositories (globs, `*` matches also `/`) that need no login where one is asked for.
    #[serde(default)]
    pub public: Vec<String>,
    /// Who may log in.
    #[serde(default)]
    pub users: Vec<User>,
    /// What a client without a login may pull; `None` means without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_quota: Option<Quota>,
    /// What it holds.
    #[serde(default)]
    pub images: Vec<Image>,
    /// What goes wrong: the first rule that fits a request wins.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

impl Endpoint {
    /// A registry over plain HTTP on a free loopback port that holds nothing and lets anybody in.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            listen: loopback(),
            host: None,
            transport: Transport::Plain,
            dialect: Dialect::Distribution,
            login: Login::Open,
            public: Vec::new(),
            users: Vec::new(),
            anonymous_quota: None,
            images: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// Serves over TLS with this certificate.
    #[must_use]
    pub fn tls(mut self, certificate: Certificate) -> Self {
        self.transport = Transport::Tls(Tls { certificate, ..Tls::default() });
        self
    }

    /// Answers in this vendor's manner, its way of login included.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self.login = Login::Dialect;
        self
    }

    /// Asks for this login.
    #[must_use]
    pub fn login(mut self, login: Login) -> Self {
        self.login = login;
        self
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Lets anybody pull from repositories that match this glob.
    #[must_use]
    pub fn public(mut self, glob: &str) -> Self {
        self.public.push(glob.to_owned());
        self
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.images.push(image);
        self
    }

    /// Adds a rule behind those that are there.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// What is spoken on a port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// HTTP without TLS. A TLS client gets `400 Bad Request` in clear, as from Go's server.
    #[default]
    Plain,
    /// HTTPS. A client that speaks clear HTTP gets 400 and "Client sent an HTTP request to an HTTPS server."
    Tls(Tls),
    /// Nothing listens: the port was free when the run began and was given up again.
    Refused,
}

/// How TLS is spoken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Which certificate is shown.
    #[serde(default)]
    pub certificate: Certificate,
    /// Names and addresses in it, beyond `localhost`, the loopback addresses, the listener's and `host`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Whether a client certificate by the run's own authority is demanded.
    #[serde(default)]
    pub client_certificate: bool,
}

/// Which certificate is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certificate {
    /// By the run's own authority: [`Running::ca_pem`](crate::Running::ca_pem).
    #[default]
    Trusted,
    /// By an authority that nobody is told of.
    UnknownAuthority,
    /// By an intermediate of the run's authority, which is not sent along.
    MissingIntermediate,
    /// By an intermediate of the run's authority, which is sent along: well.
    WithIntermediate,
    /// Its end was in 2021.
    Expired,
    /// Its begin is in 2199.
    NotYetValid,
    /// For `other.invalid` only.
    OtherNames,
    /// Signed by itself.
    SelfSigned,
    /// With its names in the subject's common name only, as before 2017.
    CommonNameOnly,
    /// From PEM files: a cluster has its own authority.
    Files {
        /// The chain, leaf first.
        cert: PathBuf,
        /// The leaf's private key.
        key: PathBuf,
    },
}

/// How clients log in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// Not at all: anybody may pull anything.
    #[default]
    Open,
    /// In the dialect's manner, with its own scheme and token address.
    Dialect,
    /// HTTP Basic, whatever the dialect.
    Basic,
    /// A token service, whatever the dialect.
    Bearer(Token),
}

/// A token service and its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Where tokens are to be had.
    #[serde(default)]
    pub realm: Realm,
    /// The `service` of the challenge; `None` means the dialect's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// How long a token holds; 5 min by default.
    #[serde(
        default = "five_minutes",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub lifetime: Duration,
    /// Leaves `expires_in` and `issued_at` out of the answer.
    #[serde(default)]
    pub without_expires_in: bool,
}

impl Default for Token {
    fn default() -> Self {
        Self { realm: Realm::Own, service: None, lifetime: five_minutes(), without_expires_in: false }
    }
}

fn five_minutes() -> Duration {
    Duration::from_secs(300)
}

/// Where tokens are to be had. Each endpoint has a token service at `/token` and at every dialect's own path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    /// At the host and port that the client asked.
    #[default]
    Own,
    /// At another endpoint of this run, whose users then count.
    Endpoint(String),
    /// Exactly this text, however odd.
    Literal(String),
}

/// Who may log in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The login's name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// Repositories (globs) it may pull; public ones go without saying.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// Whether the password was right once and no longer is.
    #[serde(default)]
    pub expired: bool,
    /// What it may pull; `None` means without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
}

impl User {
    /// A user who may pull from repositories that match the glob.
    #[must_use]
    pub fn new(name: &str, password: &str, glob: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            repositories: vec![glob.to_owned()],
            ..Self::default()
        }
    }
}

/// How many manifests may be fetched (GET; a HEAD is free, as at Docker Hub) before the dialect's 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Fetches until the limit.
    pub pulls: u64,
    /// The window told in `w=`; what was spent never comes back within a run.
    #[serde(
        default = "six_hours",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub window: Duration,
}

fn six_hours() -> Duration {
    Duration::from_secs(6 * 3600)
}
