//! A run, from its start to its stop.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::configuration::{
    Configuration, ConfigurationError, Endpoint, Image, Record, Route, Rule, Tls, Transport, User, check,
};
use crate::content::{Built, build};
use crate::log::{Connection, Log, OnRequest, Question, Request};
use crate::names::NameServer;
use crate::serve::connection::accept;
use crate::serve::live::{Live, Run, fill};
use crate::serve::token::Signer;

/// Starts runs.
#[derive(Debug, Clone, Copy)]
pub struct Registry;

impl Registry {
    /// Listens at every endpoint and serves until [`Running`] is stopped or dropped.
    ///
    /// # Errors
    /// When an address cannot be listened at, or the configuration cannot be served: then the error holds a
    /// [`ConfigurationError`].
    pub async fn start(configuration: Configuration) -> io::Result<Running> {
        Self::start_and_tell(configuration, None).await
    }

    /// The same, and tells of every request when it was answered.
    ///
    /// # Errors
    /// As [`Registry::start`].
    pub async fn start_and_tell(
        configuration: Configuration,
        on_request: Option<OnRequest>,
    ) -> io::Result<Running> {
        configuration.check().map_err(io::Error::other)?;
        let authority = Authority::new().map_err(io::Error::other)?;
        let signer = Signer::new().map_err(|_| io::Error::other("draw a key for tokens"))?;
        let log = Log::default();
        let (mut listeners, mut endpoints) = (Vec::new(), Vec::new());
        for endpoint in configuration.endpoints {
            let listener = TcpListener::bind(endpoint.listen).await.map_err(|error| {
                io::Error::new(error.kind(), format!("listen at {}: {error}", endpoint.listen))
            })?;
            let address = listener.local_addr()?;
            let acceptor =
                acceptor(&authority, &endpoint, address, &endpoint.transport).map_err(io::Error::other)?;
            listeners.push((endpoint.transport != Transport::Refused).then_some(listener));
            endpoints.push(Live::new(endpoint, address, acceptor));
        }
        let run = Run { endpoints, log: log.clone(), signer, authority, on_request };
        let places = run.places();
        for live in &run.endpoints {
            let (store, built) =
                build(&live.endpoint.images, &|text| fill(text, &places)).map_err(io::Error::other)?;
            live.put(store, built);
        }
        let run = Arc::new(run);
        let mut tasks = Vec::new();
        for (index, listener) in listeners.into_iter().enumerate() {
            tasks.push(listener.map(|listener| tokio::spawn(accept(Arc::clone(&run), index, listener))));
        }
        let names = match configuration.names {
            Some(names) => Some(NameServer::start(names, log).await?),
            None => None,
        };
        Ok(Running { run, tasks, names })
    }
}

/// A run. Dropping it ends it.
pub struct Running {
    run: Arc<Run>,
    tasks: Vec<Option<JoinHandle<()>>>,
    names: Option<NameServer>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("endpoints", &self.addresses()).finish_non_exhaustive()
    }
}

impl Running {
    fn find(&self, name: &str) -> &Live {
        let found = self.run.endpoints.iter().find(|live| live.endpoint.name == name);
        found.unwrap_or_else(|| panic!("there is an endpoint {name:?}: {:?}", self.addresses()))
    }

    /// Where an endpoint listens.
    ///
    /// # Panics
    /// As everything here that takes a name: when there is no such endpoint, which is the test's own mistake.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> SocketAddr {
        self.find(name).address
    }

    /// `http://127.0.0.1:40001`, or with its `host` where it has one.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        let place = self.find(name).place();
        format!("{}://{}", place.scheme, place.authority)
    }

    /// All endpoints by name.
    #[must_use]
    pub fn addresses(&self) -> Vec<(String, SocketAddr)> {
        self.run.endpoints.iter().map(|live| (live.endpoint.name.clone(), live.address)).collect()
    }

    /// The authority of [`Certificate::Trusted`](crate::Certificate::Trusted), in PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.run.authority.pem()
    }

    /// A client certificate that [`Tls::client_certificate`] takes, and its key, in PEM.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn client_certificate(&self, name: &str) -> io::Result<(String, String)> {
        self.run.authority.client(name).map_err(io::Error::other)
    }

    /// What the endpoint's images became, in their order.
    #[must_use]
    pub fn images(&self, name: &str) -> Vec<Built> {
        self.find(name).built()
    }

    /// The digest of what stands under this tag.
    ///
    /// # Panics
    /// When nothing does.
    #[must_use]
    pub fn digest(&self, name: &str, repository: &str, tag: &str) -> String {
        let store = self.find(name).store();
        let found =
            store.repositories.get(repository).and_then(|repository| repository.tags.get(tag)).cloned();
        found.unwrap_or_else(|| panic!("{name} holds {repository}:{tag}"))
    }

    /// Every request since the start or the last [`Running::clear`], in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.run.log.requests()
    }

    /// The requests at one endpoint.
    #[must_use]
    pub fn requests_at(&self, name: &str) -> Vec<Request> {
        let name = &self.find(name).endpoint.name;
        self.requests().into_iter().filter(|request| request.endpoint == *name).collect()
    }

    /// Every accepted connection, also of those that never asked anything.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.run.log.connections()
    }

    /// Every question to the name server.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        self.run.log.questions()
    }

    /// The names of the endpoints that got a request holding this text: where a canary went.
    #[must_use]
    pub fn seen_at(&self, canary: &str) -> BTreeSet<String> {
        self.requests()
            .into_iter()
            .filter(|request| request.holds(canary))
            .map(|request| request.endpoint)
            .collect()
    }

    /// How many requests of this route an endpoint got.
    #[must_use]
    pub fn count(&self, name: &str, route: Route) -> usize {
        self.requests_at(name).iter().filter(|request| request.route == route).count()
    }

    /// Forgets requests, connections and questions.
    pub fn clear(&self) {
        self.run.log.clear();
    }

    /// Replaces an endpoint's rules; their counts and clocks begin anew.
    pub fn set_rules(&self, name: &str, rules: Vec<Rule>) {
        let checked = check(name, &rules);
        assert!(checked.is_ok(), "the rules can be used: {checked:?}");
        self.find(name).set_rules(rules);
    }

    /// Replaces who may log in at an endpoint: passwords change. Tokens given out before still hold.
    pub fn set_users(&self, name: &str, users: Vec<User>) {
        self.find(name).set_users(users, None);
    }

    /// Takes over rules, users, public repositories, images, transports and name records of endpoints that run;
    /// where they listen, their logins and dialects stay as they are.
    ///
    /// # Errors
    /// When something cannot be used, or an endpoint is not running; then nothing changes.
    pub fn replace(&self, configuration: &Configuration) -> Result<(), ConfigurationError> {
        configuration.check()?;
        let places = self.run.places();
        let mut changes = Vec::new();
        for endpoint in &configuration.endpoints {
            let live = self.run.endpoints.iter().find(|live| live.endpoint.name == endpoint.name);
            let live = live.ok_or_else(|| ConfigurationError::NoEndpoint {
                wanted: endpoint.name.clone(),
                by: "the new configuration".to_owned(),
            })?;
            let acceptor = acceptor(&self.run.authority, &live.endpoint, live.address, &endpoint.transport)?;
            changes.push((live, endpoint, acceptor, build(&endpoint.images, &|text| fill(text, &places))?));
        }
        for (live, endpoint, acceptor, (store, built)) in changes {
            live.set_transport(endpoint.transport.clone(), acceptor);
            live.put(store, built);
            live.set_users(endpoint.users.clone(), Some(endpoint.public.clone()));
            live.set_rules(endpoint.rules.clone());
        }
        if let (Some(server), Some(names)) = (&self.names, &configuration.names) {
            server.set(names.records.clone());
        }
        Ok(())
    }

    /// Replaces what an endpoint holds: tags move.
    ///
    /// # Errors
    /// When an image cannot be built; then nothing changes.
    pub fn set_images(&self, name: &str, images: &[Image]) -> Result<(), ConfigurationError> {
        let places = self.run.places();
        let (store, built) = build(images, &|text| fill(text, &places))?;
        self.find(name).put(store, built);
        Ok(())
    }

    /// Replaces how an endpoint speaks, from the next connection on. A port that was [`Transport::Refused`] at the
    /// start stays so, and `Refused` given here closes nothing: use a rule for that.
    ///
    /// # Errors
    /// When the certificate cannot be made or read.
    pub fn set_transport(&self, name: &str, transport: Transport) -> Result<(), ConfigurationError> {
        let live = self.find(name);
        let acceptor = acceptor(&self.run.authority, &live.endpoint, live.address, &transport)?;
        live.set_transport(transport, acceptor);
        Ok(())
    }

    /// Replaces the records of the name server; what was asked is counted anew.
    ///
    /// # Panics
    /// When the configuration had no `names`.
    pub fn set_records(&self, records: Vec<Record>) {
        self.names.as_ref().expect("the configuration has `names`").set(records);
    }

    /// Where the name server listens, over UDP and TCP.
    ///
    /// # Panics
    /// When the configuration had no `names`.
    #[must_use]
    pub fn dns(&self) -> SocketAddr {
        self.names.as_ref().map(NameServer::address).expect("the configuration has `names`")
    }

    /// Where the name server listens; `None` if there is none.
    #[must_use]
    pub fn dns_if_any(&self) -> Option<SocketAddr> {
        self.names.as_ref().map(NameServer::address)
    }

    /// Ends it: listeners and connections are gone when this returns.
    pub async fn stop(mut self) {
        for task in self.tasks.drain(..).flatten() {
            task.abort();
            // It ends by being aborted, which is an error of its handle.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in self.tasks.iter().flatten() {
            task.abort();
        }
    }
}

fn acceptor(
    authority: &Authority,
    endpoint: &Endpoint,
    address: SocketAddr,
    transport: &Transport,
) -> Result<Option<TlsAcceptor>, ConfigurationError> {
    let Transport::Tls(tls) = transport else { return Ok(None) };
    let config = authority
        .server(tls, &names(endpoint, address, tls))
        .map_err(|reason| ConfigurationError::Certificate { endpoint: endpoint.name.clone(), reason })?;
    Ok(Some(TlsAcceptor::from(config)))
}

fn names(endpoint: &Endpoint, address: SocketAddr, tls: &Tls) -> Vec<String> {
    let mut names: Vec<String> = endpoint.host.iter().chain(&tls.names).cloned().collect();
    for name in ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), address.ip().to_string()] {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
