//! The prober: what all asks share, and the way into one.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::Timestamp;
use pullmedic_model::finding::Vantage;
use pullmedic_model::probe::login::LoginName;
use pullmedic_model::probe::record::{Ended, NotAsked, Record};
use pullmedic_model::probe::route::{Host, Role, Runtime};
use pullmedic_model::probe::{Ask, What};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::budget::Budget;
use crate::lockout::LockOut;
use crate::names::Names;
use crate::pool::Pool;
use crate::proxy::Proxies;
use crate::scrub::Scrub;
use crate::settings::{AllowedRealm, Credential, Limits, Settings, SetupError};
use crate::target;
use crate::tokens::{Habits, Tokens};
use crate::trust::Trusts;
use crate::walk::{Connection, Stop, Walk};

/// What is sent where no runtime is known.
const AGENT: &str = concat!("pullmedic/", env!("CARGO_PKG_VERSION"));

/// Answers kept for reuse; beyond it the old ones are dropped.
const KEPT: usize = 10_000;

/// A credential as it is held.
pub(crate) struct Held {
    pub(crate) user: SecretString,
    pub(crate) password: SecretString,
    pub(crate) identity_token: bool,
    /// The same for the same user and password, and for nothing else; of this process only.
    pub(crate) identity: String,
    hosts: Vec<String>,
    of_the_pod: bool,
}

/// What all asks share.
pub(crate) struct Shared {
    pub(crate) names: Names,
    pub(crate) trusts: Trusts,
    pub(crate) proxies: Proxies,
    pub(crate) allow_realms: Vec<AllowedRealm>,
    pub(crate) allow_plain_http: BTreeSet<String>,
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
    pub(crate) lockout: LockOut,
    pub(crate) tokens: Tokens,
    pub(crate) habits: Habits,
    pub(crate) pool: Pool<Connection>,
    pub(crate) scrub: Scrub,
}

/// Executes asks. It is shared by reference between concurrent asks; a future that is dropped closes its sockets. An ask
/// that ends leaves its idle connections to the next one, for some seconds; the first ask of a host always dials.
pub struct Prober {
    shared: Shared,
    vantage: Vantage,
    key: hmac::Key,
    credentials: RwLock<HashMap<LoginName, Arc<Held>>>,
    answers: Mutex<HashMap<Question, Answered>>,
    end: Option<Instant>,
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prober").field("requests", &self.requests()).finish_non_exhaustive()
    }
}

/// What makes two asks the same: all of them but the name of the login, in whose place its identity stands. One that is
/// made once more is another.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    host: Host,
    repository: String,
    what: What,
    /// Empty: anonymous.
    identity: String,
    agent: String,
    again: u8,
}

struct Answered {
    since: Instant,
    cell: Arc<OnceCell<Record>>,
}

impl Prober {
    /// Makes a prober; its deadline begins now.
    ///
    /// # Errors
    /// When a file that the settings name cannot be read or used.
    pub fn new(settings: Settings) -> Result<Prober, SetupError> {
        let names =
            Names::new(settings.resolve, settings.hosts_file.as_deref(), settings.resolv_conf.as_deref())?;
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key).expect("the system's randomness does not fail");
        let end = settings.limits.deadline.and_then(|limit| Instant::now().checked_add(limit));
        Ok(Prober {
            shared: Shared {
                scrub: Scrub::default(),
                names,
                trusts: Trusts::new(settings.trusts)?,
                proxies: settings.proxies,
                allow_realms: settings.allow_realms,
                allow_plain_http: settings.allow_plain_http.iter().map(|host| one_form(host)).collect(),
                budget: Budget::new(&settings.limits),
                limits: settings.limits,
                lockout: LockOut::new(settings.state),
                tokens: Tokens::default(),
                habits: Habits::default(),
                pool: Pool::default(),
            },
            vantage: settings.vantage,
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            credentials: RwLock::default(),
            answers: Mutex::default(),
            end,
        })
    }

    /// From where it looks.
    pub fn vantage(&self) -> Vantage {
        self.vantage
    }

    /// HTTP requests sent so far, by all asks.
    pub fn requests(&self) -> u32 {
        self.shared.budget.sent()
    }

    /// Adds credentials; one of the same name is replaced.
    pub fn add_credentials(&self, credentials: Vec<Credential>) {
        let mut held = self.credentials.write().unwrap_or_else(PoisonError::into_inner);
        for credential in credentials {
            let mut context = hmac::Context::with_key(&self.key);
            for part in [credential.user.expose_secret(), credential.password.expose_secret()] {
                context.update(&(part.len() as u64).to_le_bytes());
                context.update(part.as_bytes());
            }
            let identity = context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            held.insert(
                credential.login.name.clone(),
                Arc::new(Held {
                    user: credential.user,
                    password: credential.password,
                    identity_token: credential.identity_token,
                    identity,
                    hosts: credential.hosts.iter().map(|host| one_name(host.as_str())).collect(),
                    of_the_pod: credential.login.of_the_pod,
                }),
            );
        }
    }

    /// Executes one ask. It never fails: what is no answer of the registry is [`Ended::NotAsked`]. The same ask with the
    /// same credential is sent once, and its answer is reused for as long as the limits say, with the time at which it
    /// was got.
    pub async fn ask(&self, ask: &Ask, runtime: Option<&Runtime>) -> Record {
        let held = match self.held(ask) {
            Ok(held) => held,
            Err(reason) => return not_asked(ask, reason),
        };
        let question = Question {
            host: ask.host.clone(),
            repository: ask.repository.clone(),
            what: ask.what.clone(),
            identity: held.as_ref().map(|held| held.identity.clone()).unwrap_or_default(),
            agent: agent(runtime),
            again: ask.again,
        };
        let cell = self.cell(&question);
        let mut is_fresh = false;
        let answered = cell
            .get_or_try_init(|| async {
                is_fresh = true;
                let record = self.walk(ask, held, runtime).await;
                if may_be_reused(&record.ended) { Ok(record) } else { Err(record) }
            })
            .await;
        match answered {
            Ok(record) if is_fresh => record.clone(),
            Ok(record) => reused(record, ask),
            Err(record) => record,
        }
    }

    /// The credential of an ask, if it may go to the host.
    fn held(&self, ask: &Ask) -> Result<Option<Arc<Held>>, NotAsked> {
        let Some(name) = &ask.login else { return Ok(None) };
        let credentials = self.credentials.read().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = credentials.get(name) else {
            return Err(NotAsked::Ours("the login was not given to the prober".to_owned()));
        };
        let may_go = match ask.host.role {
            Role::Origin => held.hosts.contains(&one_name(ask.host.endpoint.as_str())),
            Role::Mirror(_) => held.of_the_pod,
        };
        if may_go { Ok(Some(Arc::clone(held))) } else { Err(NotAsked::NotForHost) }
    }

    /// The place of the answer to a question: one that is kept, or a new one.
    fn cell(&self, question: &Question) -> Arc<OnceCell<Record>> {
        let limits = &self.shared.limits;
        let now = Instant::now();
        let is_young = |question: &Question, answered: &Answered| {
            let age = now.saturating_duration_since(answered.since);
            age < if may_move(&question.what) { limits.reuse_tag } else { limits.reuse }
        };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= KEPT {
            answers.retain(|question, answered| is_young(question, answered));
            if answers.len() >= KEPT {
                answers.clear();
            }
        }
        if let Some(answered) = answers.get(question).filter(|answered| is_young(question, answered)) {
            return Arc::clone(&answered.cell);
        }
        let cell = Arc::new(OnceCell::new());
        answers.insert(question.clone(), Answered { since: now, cell: Arc::clone(&cell) });
        cell
    }

    async fn walk(&self, ask: &Ask, held: Option<Arc<Held>>, runtime: Option<&Runtime>) -> Record {
        let at = Timestamp::now();
        if let Some(limited) = self.shared.budget.limited(&ask.host.endpoint) {
            return Record { at, ..not_asked(ask, limited) };
        }
        let mut walk = Walk::new(&self.shared, ask, held, runtime);
        let limits = &self.shared.limits;
        let most = if matches!(ask.what, What::Blob(_)) { limits.ask + limits.blob_time } else { limits.ask };
        let end = Instant::now() + most;
        let end = self.end.map_or(end, |all| all.min(end));
        let ended = match tokio::time::timeout_at(end, walk.run()).await {
            Ok(Ok(got)) => Ended::Got(got),
            Ok(Err(Stop::Refused { stage, endpoint, class })) => Ended::Refused { stage, endpoint, class },
            Ok(Err(Stop::NotAsked(reason))) => Ended::NotAsked(reason),
            Err(_) => Ended::NotAsked(NotAsked::Cancelled),
        };
        walk.leave();
        Record {
            ask: ask.clone(),
            at,
            steps: std::mem::take(&mut walk.steps),
            ended,
            requests: walk.requests,
        }
    }
}

/// Whether what is asked for may change while nothing of the question does.
fn may_move(what: &What) -> bool {
    match what {
        What::Name | What::Ping | What::Tags | What::Catalog | What::Referrers(_) => true,
        What::ManifestHead(wanted) | What::Manifest(wanted) => !wanted.contains(':'),
        What::Config(_) | What::BlobHead(_) | What::Blob(_) => false,
    }
}

/// Whether the end of an ask tells something of the registry.
fn may_be_reused(ended: &Ended) -> bool {
    match ended {
        Ended::Got(_) | Ended::Refused { .. } => true,
        Ended::NotAsked(_) => false,
    }
}

/// A kept answer for another ask: its login may bear another name of the same identity.
fn reused(record: &Record, ask: &Ask) -> Record {
    let mut record = Record { ask: ask.clone(), requests: 0, ..record.clone() };
    for step in &mut record.steps {
        if step.login.is_some() {
            step.login.clone_from(&ask.login);
        }
    }
    record
}

fn not_asked(ask: &Ask, reason: NotAsked) -> Record {
    Record {
        ask: ask.clone(),
        at: Timestamp::now(),
        steps: Vec::new(),
        ended: Ended::NotAsked(reason),
        requests: 0,
    }
}

/// The name that is sent as `User-Agent`: registries answer by it.
pub(crate) fn agent(runtime: Option<&Runtime>) -> String {
    match runtime {
        Some(Runtime { name, version: (major, minor, patch) }) => format!("{name}/{major}.{minor}.{patch}"),
        None => AGENT.to_owned(),
    }
}

/// A host as an endpoint writes it; a text that is none matches nothing.
fn one_form(host: &str) -> String {
    pullmedic_model::Endpoint::parse(host).map_or_else(|_| host.to_owned(), |endpoint| endpoint.to_string())
}

/// One name for the names of Docker Hub (`docker.io` is what a credential's key says, `registry-1.docker.io` is dialled).
fn one_name(endpoint: &str) -> String {
    match target::split(endpoint) {
        ("docker.io" | "index.docker.io" | "registry-1.docker.io", None) => "docker.io".to_owned(),
        _ => endpoint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_hub_has_one_name_and_other_hosts_their_own() {
        for name in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            assert_eq!(one_name(name), "docker.io");
        }
        for name in ["docker.io:5000", "auth.docker.io", "evil-docker.io", "ghcr.io"] {
            assert_eq!(one_name(name), name);
        }
    }

    #[test]
    fn only_what_a_digest_names_does_not_move() {
        assert!(may_move(&What::Manifest("1.0".to_owned())) && may_move(&What::Tags));
        assert!(!may_move(&What::Manifest("sha256:00".to_owned())));
    }
}
