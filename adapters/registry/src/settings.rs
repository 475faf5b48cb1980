//! What a [`crate::Prober`] is told before it asks anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use pullmedic_model::Endpoint;
use pullmedic_model::finding::Vantage;
use pullmedic_model::probe::Login;
use secrecy::SecretString;

use crate::proxy::Proxies;

/// Everything that decides how requests are made, but for the credentials.
#[derive(Debug)]
pub struct Settings {
    /// From where we look.
    pub vantage: Vantage,
    /// Addresses given by hand (`--resolve HOST:PORT:ADDR`); they come before everything else.
    pub resolve: Vec<Pinned>,
    /// A resolver configuration to use in place of this machine's (`--resolv-conf FILE`); hickory alone decides then.
    pub resolv_conf: Option<PathBuf>,
    /// A hosts file of a node view; asked before the resolver. `None`: the machine's own rules.
    pub hosts_file: Option<PathBuf>,
    /// Trust settings by the name that `Host.trust` bears; a name that is not listed is the system's.
    pub trusts: BTreeMap<String, Trust>,
    /// The proxies.
    pub proxies: Proxies,
    /// Token services that the user allows beyond the built-in rules (`--allow-realm REGISTRY=REALM`).
    pub allow_realms: Vec<AllowedRealm>,
    /// Registries, as `host` or `host:port`, that may be spoken to without TLS though their host says `https`
    /// (`--allow-plain-http`): TLS first, then plain HTTP where the port answers plainly.
    pub allow_plain_http: BTreeSet<String>,
    /// Caps and times.
    pub limits: Limits,
    /// The file in which refused logins are kept between runs; `None`: in memory only.
    pub state: Option<PathBuf>,
}

impl Default for Settings {
    /// This machine's own view, without any hand-given setting, and without proxies.
    fn default() -> Self {
        Settings {
            vantage: Vantage::Workstation,
            resolve: Vec::new(),
            resolv_conf: None,
            hosts_file: None,
            trusts: BTreeMap::new(),
            proxies: Proxies::none(),
            allow_realms: Vec::new(),
            allow_plain_http: BTreeSet::new(),
            limits: Limits::default(),
            state: None,
        }
    }
}

/// Whom to trust at a host, and what to show it.
#[derive(Debug, Default)]
pub struct Trust {
    /// Bundles of authorities, PEM.
    pub authorities: Vec<Vec<u8>>,
    /// The certificate shown where one is asked for; `None`: none.
    pub client: Option<ClientCertificate>,
    /// Headers sent with every request to this very host and port; their values are secret.
    pub headers: Vec<(String, SecretString)>,
    /// Whether the authorities take the place of the system's, or join them (containerd's `ca` joins).
    pub replaces_system: bool,
}

/// A certificate of our own and its key.
pub struct ClientCertificate {
    /// The chain, PEM, own certificate first.
    pub chain: Vec<u8>,
    /// The private key, PEM.
    pub key: SecretString,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// A login with its values, and where it may go.
#[derive(Debug)]
pub struct Credential {
    /// Its name, and what may be told of it.
    pub login: Login,
    /// The user name; empty for a bare refresh token.
    pub user: SecretString,
    /// The password or token. An empty one is no credential: the runtime then asks anonymously.
    pub password: SecretString,
    /// The registries it may be sent to, with the token services allowed for them. `docker.io`, `index.docker.io` and
    /// `registry-1.docker.io` count as one.
    pub hosts: Vec<Endpoint>,
    /// Whether the password is a refresh token (`identitytoken`) even though a user name is given. The kubelet ignores
    /// such keys, so this is for logins given by hand.
    pub identity_token: bool,
}

/// An address given by hand for a host and port, as curl's `--resolve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The host, lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address that stands for the name.
    pub address: IpAddr,
}

/// The text is not what an option takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not of the form {form}")]
pub struct NotOfForm {
    /// The form.
    pub form: &'static str,
}

impl Pinned {
    /// Reads `HOST:PORT:ADDR`; an IPv6 address may stand in brackets.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Pinned, NotOfForm> {
        let wrong = NotOfForm { form: "HOST:PORT:ADDRESS" };
        let (host, rest) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once("]:").ok_or_else(|| wrong.clone())?;
                (host, rest)
            }
            None => text.split_once(':').ok_or_else(|| wrong.clone())?,
        };
        let (port, address) = rest.split_once(':').ok_or_else(|| wrong.clone())?;
        let address = address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(address);
        match (port.parse(), address.parse()) {
            (Ok(port), Ok(address)) if !host.is_empty() => {
                Ok(Pinned { host: host.to_ascii_lowercase(), port, address })
            }
            _ => Err(wrong),
        }
    }
}

/// A token service that the user allows for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedRealm {
    /// The registry.
    pub registry: Endpoint,
    /// The token service's host and port.
    pub realm: Endpoint,
}

impl AllowedRealm {
    /// Reads `REGISTRY=REALM`; the realm may be a host with an optional port, or an `https` URL of which the rest is
    /// left out.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<AllowedRealm, NotOfForm> {
        let wrong = NotOfForm { form: "REGISTRY=REALM" };
        let (registry, realm) = text.split_once('=').ok_or_else(|| wrong.clone())?;
        let (realm, plain) = match (realm.strip_prefix("https://"), realm.strip_prefix("http://")) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => (realm, false),
        };
        let realm = realm.split(['/', '?']).next().unwrap_or_default();
        // An endpoint without a port means 443.
        let has_port =
            realm.rsplit_once(':').is_some_and(|(host, _)| !host.is_empty() && !realm.ends_with(']'));
        let realm = if plain && !has_port { format!("{realm}:80") } else { realm.to_owned() };
        match (Endpoint::parse(registry), Endpoint::parse(&realm)) {
            (Ok(registry), Ok(realm)) => Ok(AllowedRealm { registry, realm }),
            _ => Err(wrong),
        }
    }
}

/// Caps and times. A count is of one [`crate::Prober`], which serves one diagnosis or one check.
#[derive(Debug, Clone)]
pub struct Limits {
    /// HTTP requests in all, token calls among them.
    pub requests: u32,
    /// Requests per second and host, once the burst is used up.
    pub rate: f64,
    /// Requests to one host that may follow each other at once.
    pub burst: u32,
    /// Bytes of a manifest or config.
    pub manifest: usize,
    /// Bytes of the body of a refusal or of a token answer.
    pub error: usize,
    /// Bytes of a blob.
    pub blob: u64,
    /// Names of a list.
    pub names: usize,
    /// Pages of a list.
    pub pages: u32,
    /// How long an answer may take to begin where the host sets no time of its own.
    pub answer: Duration,
    /// How long a body may take in all, a blob's excepted.
    pub body: Duration,
    /// How long a blob's body may take in all.
    pub blob_time: Duration,
    /// How long a body may stand still.
    pub stall: Duration,
    /// How long one ask may take in all; one for a blob may take [`Limits::blob_time`] more.
    pub ask: Duration,
    /// How long all asks may take, from the making of the prober; `None`: no limit.
    pub deadline: Option<Duration>,
    /// For how long an answer is reused for the same ask with the same credential.
    pub reuse: Duration,
    /// For how long an answer about a tag or a list, which may move, is reused.
    pub reuse_tag: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            requests: 200,
            rate: 20.0,
            burst: 40,
            manifest: 4 * 1024 * 1024,
            error: 64 * 1024,
            blob: 512 * 1024 * 1024,
            names: 10_000,
            pages: 10,
            // containerd 2.3's ResponseHeaderTimeout; earlier ones wait without limit.
            answer: Duration::from_secs(30),
            body: Duration::from_secs(30),
            blob_time: Duration::from_secs(300),
            stall: Duration::from_secs(15),
            ask: Duration::from_secs(120),
            deadline: None,
            reuse: Duration::from_secs(600),
            reuse_tag: Duration::from_secs(60),
        }
    }
}

/// Why a prober cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A file that was named cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A resolver configuration names no name server.
    #[error("find a name server in {}", path.display())]
    NoNameServer {
        /// The file.
        path: PathBuf,
    },
    /// A resolver configuration cannot be used.
    #[error("use the resolver configuration {}", path.display())]
    Resolver {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Trust settings do not hold what they should.
    #[error("use the trust settings {name:?}: {defect}")]
    Trust {
        /// Their name.
        name: String,
        /// What is wrong; never a value.
        defect: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_an_address_given_by_hand() {
        for (text, expected) in [
            ("R.test:443:10.0.0.1", Some("r.test 443 10.0.0.1")),
            ("r.test:443:fd00::1", Some("r.test 443 fd00::1")),
            ("r.test:443:[fd00::1]", Some("r.test 443 fd00::1")),
            ("[fd00::2]:443:10.0.0.1", Some("fd00::2 443 10.0.0.1")),
            ("r.test:443", None),
            ("r.test:x:10.0.0.1", None),
            ("r.test:443:other.test", None),
            (":443:10.0.0.1", None),
            ("[fd00::2:443:10.0.0.1", None),
            ("", None),
        ] {
            let read = Pinned::parse(text).ok().map(|p| format!("{} {} {}", p.host, p.port, p.address));
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn reads_an_allowed_realm() {
        for (text, expected) in [
            ("r.test=sso.test", Some("r.test sso.test")),
            ("r.test:5000=sso.test:8443", Some("r.test:5000 sso.test:8443")),
            ("r.test=https://sso.test/token?x=1", Some("r.test sso.test")),
            ("r.test=http://sso.test/token", Some("r.test sso.test:80")),
            ("r.test=http://sso.test:8080/token", Some("r.test sso.test:8080")),
            ("r.test=http://[fd00::1]/token", Some("r.test [fd00::1]:80")),
            ("r.test", None),
            ("=sso.test", None),
            ("r.test=", None),
            ("r.test=user@sso.test", None),
        ] {
            let read = AllowedRealm::parse(text).ok().map(|a| format!("{} {}", a.registry, a.realm));
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_option_is_read_or_refused(text in "[a-z0-9.:=/@\\[\\]é]{0,40}") {
            let _ = Pinned::parse(&text);
            let _ = AllowedRealm::parse(&text);
            let proxies = Proxies::from_values(&text, &text, &text);
            let _ = proxies.way(true, &text, 443);
        }
    }
}
