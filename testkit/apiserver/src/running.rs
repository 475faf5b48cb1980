//! A run, from its start to its stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::access::{Rule, User};
use crate::audit::Request;
use crate::fault::{FaultId, Then, WatchFault, When};
use crate::object::{Key, Object, text};
use crate::serve::Server;
use crate::serve::delete::take;
use crate::serve::watch::Order;
use crate::serve::write::{Writer, add};
use crate::status::Refusal;
use crate::store::key;

/// How a server is.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
    /// How many changes a resource keeps for watches that resume; older versions are answered 410.
    pub history: usize,
    /// How often a watch that takes bookmarks gets one: a minute on the real server.
    pub bookmark_every: Duration,
    /// How long a version of the future is waited for: 3 s on the real server.
    pub future_wait: Duration,
    /// Whether it knows streaming lists (`sendInitialEvents`); servers before 1.32 do not.
    pub streaming_lists: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            history: 20_000,
            bookmark_every: Duration::from_secs(60),
            future_wait: Duration::from_millis(200),
            streaming_lists: true,
        }
    }
}

/// Starts runs.
#[derive(Debug, Clone, Copy)]
pub struct ApiServer;

/// The token that [`Running::admin_token`] names.
const ADMIN_TOKEN: &str = "testkit-admin";

impl ApiServer {
    /// Listens and serves until [`Running`] is stopped or dropped. It begins with the namespaces `default` and
    /// `kube-system`, the ClusterRole `cluster-admin`, and one user who may do all.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub async fn start(options: Options) -> io::Result<Running> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let server = Arc::new(Server::new(options, address));
        server.access().tokens.insert(ADMIN_TOKEN.to_owned(), User::admin());
        let running = Running { listening: Mutex::new(Some(listen(&server, listener))), server, address };
        for object in beginnings() {
            running.create(object).map_err(|refusal| io::Error::other(refusal.message))?;
        }
        Ok(running)
    }
}

fn beginnings() -> Vec<Value> {
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "cluster-admin"}, "rules": everything,
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"},
            "aggregationRule": {"clusterRoleSelectors": [
                {"matchLabels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
            ]},
            "rules": [],
        }),
    ]
}

/// What listens, and how it is told to stop.
#[derive(Debug)]
struct Listening {
    /// Closed when all connections shall break.
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

fn listen(server: &Arc<Server>, listener: TcpListener) -> Listening {
    let (stop, stopped) = watch::channel(false);
    let server = Arc::clone(server);
    let task = tokio::spawn(async move {
        let mut ending = stopped.clone();
        loop {
            let accepted = tokio::select! {
                _ = ending.wait_for(|stop| *stop) => None,
                accepted = listener.accept() => Some(accepted),
            };
            match accepted {
                None => return,
                Some(Ok((stream, _))) => {
                    tokio::spawn(connection(Arc::clone(&server), stream, stopped.clone()));
                }
                // Out of descriptors, for example; the next may go.
                Some(Err(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    Listening { stop, task }
}

async fn connection(server: Arc<Server>, stream: TcpStream, mut stopped: watch::Receiver<bool>) {
    // Where it cannot be set, small answers are only slower.
    let _ = stream.set_nodelay(true);
    let serve = service_fn(move |request| Arc::clone(&server).answer(request));
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), serve);
    tokio::select! {
        // How a connection ended is the client's to judge.
        _ = connection => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// What happens to versions while a server is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// They go on: a restart. Watches resume.
    Kept,
    /// They begin anew: a backup that was brought back. Old versions are of the future, or too old.
    Reset,
}

/// Which open watches are meant: all whose words fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watches {
    /// `pods`; `None` for all.
    pub resource: Option<String>,
    /// `None` for all, empty for those of all namespaces.
    pub namespace: Option<String>,
    /// `None` for all.
    pub user: Option<String>,
}

impl Watches {
    /// Those of one resource.
    #[must_use]
    pub fn of(resource: &str) -> Watches {
        Watches { resource: Some(resource.to_owned()), ..Watches::default() }
    }
}

/// A server that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    pub(crate) server: Arc<Server>,
    address: SocketAddr,
    listening: Mutex<Option<Listening>>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:40001`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token of the one user who may do all.
    #[must_use]
    pub fn admin_token(&self) -> &'static str {
        ADMIN_TOKEN
    }

    /// A kubeconfig for a token, as JSON, which is YAML.
    #[must_use]
    pub fn kubeconfig(&self, token: &str) -> String {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "testkit",
            "contexts": [{"name": "testkit", "context": {"cluster": "testkit", "user": "testkit"}}],
            "clusters": [{"name": "testkit", "cluster": {"server": self.url()}}],
            "users": [{"name": "testkit", "user": {"token": token}}],
        })
        .to_string()
    }

    /// A kubeconfig whose token is in a file, which may be written anew: for tokens that are rotated.
    #[must_use]
    pub fn kubeconfig_of_file(&self, token: &std::path::Path) -> String {
        let mut kubeconfig: Value = serde_json::from_str(&self.kubeconfig("")).unwrap_or_default();
        kubeconfig["users"][0]["user"] = json!({"tokenFile": token});
        kubeconfig.to_string()
    }

    /// Lets a token stand for a user.
    pub fn add_token(&self, token: &str, user: User) {
        self.server.access().tokens.insert(token.to_owned(), user);
    }

    /// Lets a token expire: it is answered 401 from now on. Watches that are open stay so, as on the real server.
    pub fn revoke_token(&self, token: &str) {
        self.server.access().tokens.remove(token);
    }

    /// Sets what a user may do, in place of the rules set before; what RBAC objects bind comes on top.
    pub fn set_rules(&self, user: &str, rules: Vec<Rule>) {
        self.server.access().rules.insert(user.to_owned(), rules);
    }

    /// Takes rights away, whatever grants them; an empty list gives all back.
    pub fn deny(&self, user: &str, rights: Vec<Rule>) {
        self.server.access().denied.insert(user.to_owned(), rights);
    }

    /// Adds an object as a client would who may do all; its namespace must exist.
    ///
    /// # Errors
    /// What a client would be told.
    pub fn create(&self, object: Value) -> Result<Value, Refusal> {
        let mut store = self.server.store();
        let Some(kind) = store.kind_of(&object) else { return Err(Refusal::no_resource()) };
        let namespace = text(&object, "/metadata/namespace").to_owned();
        let made = add(&mut store, &kind, &namespace, object, &Writer::part("testkit", ""))?;
        Ok(Value::clone(&made.value()))
    }

    /// Puts an object there as it stands, status and all, whether it is valid or not: for the state of a cluster, and
    /// for objects that do not decode. Only kind, API version and name must be right; uid, creation time and version
    /// are filled in.
    ///
    /// # Errors
    /// When its kind is not served.
    pub fn put(&self, mut object: Value) -> Result<Value, Refusal> {
        let mut store = self.server.store();
        let Some(kind) = store.kind_of(&object) else { return Err(Refusal::no_resource()) };
        if !object["metadata"].is_object() {
            return Err(Refusal::bad_request("metadata is no object"));
        }
        let place = key(text(&object, "/metadata/namespace"), text(&object, "/metadata/name"));
        let before = store.get(&kind, &place.0, &place.1).map(Object::value);
        let meta = |field: &str| before.as_ref().map(|before| before["metadata"][field].clone());
        if object["metadata"]["uid"].is_null() {
            let uid = meta("uid").unwrap_or_else(|| store.uid().into());
            object["metadata"]["uid"] = uid;
        }
        if object["metadata"]["creationTimestamp"].is_null() {
            let time = meta("creationTimestamp").unwrap_or_else(|| crate::serve::write::now().into());
            object["metadata"]["creationTimestamp"] = time;
        }
        Ok(Value::clone(&store.put_value(&kind, place, object).value()))
    }

    /// Changes an object in place, without any rule; `None` when it is not there. A pod of a population is an object of
    /// its own from then on.
    ///
    /// # Panics
    /// When `change` makes its metadata something else than an object, which is the test's own mistake.
    pub fn change(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Option<Value> {
        let mut store = self.server.store();
        let kind = store.kinds().iter().find(|kind| kind.plural == resource).cloned()?;
        let mut value = Value::clone(&store.get(&kind, namespace, name)?.value());
        change(&mut value);
        Some(Value::clone(&store.put_value(&kind, key(namespace, name), value).value()))
    }

    /// Deletes an object; whether it was there.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) -> bool {
        let mut store = self.server.store();
        let Some(kind) = store.kinds().iter().find(|kind| kind.plural == resource).cloned() else {
            return false;
        };
        let was = store.get(&kind, namespace, name).is_some();
        take(&mut store, &kind, &key(namespace, name));
        was
    }

    /// An object as it is now; `None` when it is not there.
    #[must_use]
    pub fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let store = self.server.store();
        let kind = store.kinds().iter().find(|kind| kind.plural == resource)?;
        Some(Value::clone(&store.get(kind, namespace, name)?.value()))
    }

    /// All objects of a resource, by namespace and name.
    #[must_use]
    pub fn objects(&self, resource: &str) -> Vec<Value> {
        let store = self.server.store();
        let Some(kind) = store.kinds().iter().find(|kind| kind.plural == resource) else { return Vec::new() };
        let Some(table) = store.table_of(kind) else { return Vec::new() };
        table.range(None).map(|(_, object)| Value::clone(&object.value())).collect()
    }

    /// The version of the last write.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.server.store().version
    }

    /// All requests since the start, or since the log was cleared.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.server.log.requests()
    }

    /// How many requests fit.
    pub fn count(&self, fits: impl Fn(&Request) -> bool) -> usize {
        self.server.log.count(fits)
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.server.log.clear();
    }

    /// Lets something go wrong from now on.
    pub fn fault(&self, when: When, then: Then) -> FaultId {
        self.server.faults.add(when, then)
    }

    /// Ends one fault.
    pub fn heal(&self, fault: FaultId) {
        self.server.faults.heal(Some(fault));
    }

    /// Ends all faults; a watch that is ill stays so until it ends.
    pub fn heal_all(&self) {
        self.server.faults.heal(None);
    }

    /// Lets something happen to watches that are open now; how many it met.
    pub fn disturb(&self, watches: &Watches, fault: WatchFault) -> usize {
        self.order(watches, &Order::Fault(fault))
    }

    /// Sends a bookmark to every open watch that takes them.
    pub fn bookmark(&self) -> usize {
        self.order(&Watches::default(), &Order::Bookmark)
    }

    /// How many watches are open.
    #[must_use]
    pub fn open_watches(&self, watches: &Watches) -> usize {
        self.server.watches().iter().filter(|open| fits(watches, open)).count()
    }

    fn order(&self, watches: &Watches, order: &Order) -> usize {
        let open = self.server.watches();
        // One that ends just now needs no order.
        open.iter().filter(|open| fits(watches, open) && open.orders.send(order.clone()).is_ok()).count()
    }

    /// Forgets the past: watches from older versions and pages of older lists are answered 410 from now on.
    pub fn compact(&self) {
        self.server.store().compact();
    }

    /// Goes away: nothing listens and every connection breaks.
    pub async fn down(&self) {
        if let Some(listening) = self.listening.lock().await.take() {
            listening.stop.send_replace(true);
            // The port is free once the task has ended; if it panicked it has ended, too.
            let _ = listening.task.await;
        }
        self.server.watches().clear();
    }

    /// Comes back at the same address.
    ///
    /// # Errors
    /// When somebody else took the address meanwhile.
    pub async fn up(&self, versions: Versions) -> io::Result<()> {
        let mut listening = self.listening.lock().await;
        if listening.is_none() {
            if versions == Versions::Reset {
                self.server.store().reset_versions();
            }
            let listener = TcpListener::bind(self.address).await?;
            *listening = Some(listen(&self.server, listener));
        }
        Ok(())
    }

    /// Ends it.
    pub async fn stop(self) {
        self.down().await;
    }

    /// The objects of a population, or any others, as if they had been there before anybody watched.
    pub(crate) fn fill(&self, resource: &str, objects: impl IntoIterator<Item = (Key, Object)>) {
        let mut store = self.server.store();
        if let Some(kind) = store.kinds().iter().find(|kind| kind.plural == resource).cloned() {
            store.fill(&kind, objects);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get_mut().take() {
            listening.stop.send_replace(true);
            listening.task.abort();
        }
    }
}

fn fits(watches: &Watches, open: &crate::serve::watch::Open) -> bool {
    let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
    same(&watches.resource, &open.resource)
        && same(&watches.namespace, &open.namespace)
        && same(&watches.user, &open.user)
}
