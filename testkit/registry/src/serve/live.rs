//! Endpoints while they run.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::login::Identity;
use super::route::Target;
use super::token::Signer;
use crate::authority::Authority;
use crate::configuration::{Endpoint, Login, Quota, Realm, Route, Rule, Then, Transport, User, When};
use crate::content::{Built, Store};
use crate::glob::fits;
use crate::log::{Log, OnRequest};

/// All of a run.
pub(crate) struct Run {
    pub(crate) endpoints: Vec<Live>,
    pub(crate) log: Log,
    pub(crate) signer: Signer,
    pub(crate) authority: Authority,
    /// Told of each request when it was answered.
    pub(crate) on_request: Option<OnRequest>,
}

/// One endpoint.
pub(crate) struct Live {
    pub(crate) endpoint: Endpoint,
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
}

struct State {
    rules: Vec<(Rule, u64)>,
    since: Instant,
    transport: Transport,
    acceptor: Option<TlsAcceptor>,
    store: Arc<Store>,
    built: Vec<Built>,
    users: Vec<User>,
    public: Vec<String>,
    spent: BTreeMap<Option<String>, u64>,
}

/// Which endpoints a text in a rule may name.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) scheme: &'static str,
    pub(crate) authority: String,
}

impl Live {
    pub(crate) fn new(endpoint: Endpoint, address: SocketAddr, acceptor: Option<TlsAcceptor>) -> Self {
        let state = State {
            rules: counted(endpoint.rules.clone()),
            since: Instant::now(),
            transport: endpoint.transport.clone(),
            acceptor,
            store: Arc::default(),
            built: Vec::new(),
            users: endpoint.users.clone(),
            public: endpoint.public.clone(),
            spent: BTreeMap::new(),
        };
        Self { endpoint, address, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store(&self) -> Arc<Store> {
        Arc::clone(&self.state().store)
    }

    pub(crate) fn built(&self) -> Vec<Built> {
        self.state().built.clone()
    }

    pub(crate) fn put(&self, store: Store, built: Vec<Built>) {
        let mut state = self.state();
        state.store = Arc::new(store);
        state.built = built;
    }

    pub(crate) fn users(&self) -> Vec<User> {
        self.state().users.clone()
    }

    pub(crate) fn is_public(&self, repository: &str) -> bool {
        self.state().public.iter().any(|glob| fits(glob, repository))
    }

    /// Replaces who may log in and what needs no login; what was spent of quotas is forgotten.
    pub(crate) fn set_users(&self, users: Vec<User>, public: Option<Vec<String>>) {
        let mut state = self.state();
        state.users = users;
        state.public = public.unwrap_or(std::mem::take(&mut state.public));
        state.spent.clear();
    }

    pub(crate) fn set_rules(&self, rules: Vec<Rule>) {
        let mut state = self.state();
        state.rules = counted(rules);
        state.since = Instant::now();
    }

    pub(crate) fn set_transport(&self, transport: Transport, acceptor: Option<TlsAcceptor>) {
        let mut state = self.state();
        state.transport = transport;
        state.acceptor = acceptor;
    }

    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.state().acceptor.clone()
    }

    pub(crate) fn place(&self) -> Place {
        let tls = matches!(self.state().transport, Transport::Tls(_));
        let authority = match &self.endpoint.host {
            Some(host) => format!("{host}:{}", self.address.port()),
            None => self.address.to_string(),
        };
        Place { name: self.endpoint.name.clone(), scheme: if tls { "https" } else { "http" }, authority }
    }

    /// The quota of this identity and what is left of it; `None` where it has none.
    pub(crate) fn quota(&self, identity: &Identity, users: &[User]) -> Option<(Quota, u64)> {
        let quota = match identity.name() {
            Some(name) => users.iter().find(|user| user.name == name).and_then(|user| user.quota),
            None => self.endpoint.anonymous_quota,
        }?;
        let spent = self.state().spent.get(&identity.name().map(str::to_owned)).copied().unwrap_or(0);
        Some((quota, quota.pulls.saturating_sub(spent)))
    }

    /// Counts one pull of this identity.
    pub(crate) fn spend(&self, identity: &Identity) {
        *self.state().spent.entry(identity.name().map(str::to_owned)).or_default() += 1;
    }

    /// The first rule for connections that fits now.
    pub(crate) fn rule_of_connection(&self) -> Option<(usize, Then)> {
        self.first(|when| when.route == Some(Route::Connection))
    }

    /// The first rule that fits this request.
    pub(crate) fn rule_of_request(
        &self,
        method: &str,
        target: &Target,
        repositories: &[String],
        names: &[String],
        user: Option<&str>,
    ) -> Option<(usize, Then)> {
        self.first(|when| {
            when.route.is_none_or(|route| route == target.route)
                && when.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && when
                    .repository
                    .as_deref()
                    .is_none_or(|glob| repositories.iter().any(|name| fits(glob, name)))
                && when.reference.as_deref().is_none_or(|glob| names.iter().any(|name| fits(glob, name)))
                && when.user.as_deref().is_none_or(|wanted| match user {
                    None => wanted == "anonymous",
                    Some(name) => fits(wanted, name),
                })
        })
    }

    fn first(&self, fits: impl Fn(&When) -> bool) -> Option<(usize, Then)> {
        let mut state = self.state();
        let age = state.since.elapsed();
        for (index, (rule, count)) in state.rules.iter_mut().enumerate() {
            let when = &rule.when;
            let now = when.from.is_none_or(|from| age >= from) && when.until.is_none_or(|until| age < until);
            if !now || !fits(when) {
                continue;
            }
            *count += 1;
            if when.nth.is_none_or(|nth| nth.fits(*count)) {
                return Some((index, rule.then.clone()));
            }
        }
        None
    }
}

fn counted(rules: Vec<Rule>) -> Vec<(Rule, u64)> {
    rules.into_iter().map(|rule| (rule, 0)).collect()
}

impl Run {
    /// The endpoints whose tokens the token service of this one gives out: those that name it as their realm, and
    /// itself.
    pub(crate) fn served_by(&self, index: usize) -> Vec<&Live> {
        let own = &self.endpoints[index];
        let points = |live: &&Live| matches!(&live.endpoint.login, Login::Bearer(token) if token.realm == Realm::Endpoint(own.endpoint.name.clone()));
        let mut served: Vec<&Live> = self.endpoints.iter().filter(points).collect();
        if !served.iter().any(|live| std::ptr::eq(*live, own)) {
            served.push(own);
        }
        served
    }

    /// The users that count at this endpoint: its own and those of its realm.
    pub(crate) fn users(&self, index: usize) -> Vec<User> {
        let own = &self.endpoints[index];
        let mut users = own.users();
        if let Login::Bearer(token) = &own.endpoint.login
            && let Realm::Endpoint(realm) = &token.realm
        {
            let others = self.endpoints.iter().filter(|live| live.endpoint.name == *realm);
            users.extend(others.flat_map(Live::users));
        }
        users
    }

    pub(crate) fn places(&self) -> Vec<Place> {
        self.endpoints.iter().map(Live::place).collect()
    }
}

/// Replaces `{url:NAME}` and `{address:NAME}`.
pub(crate) fn fill(text: &str, places: &[Place]) -> String {
    let mut text = text.to_owned();
    if !text.contains('{') {
        return text;
    }
    for place in places {
        text = text
            .replace(&format!("{{url:{}}}", place.name), &format!("{}://{}", place.scheme, place.authority))
            .replace(&format!("{{address:{}}}", place.name), &place.authority);
    }
    text
}
