//! From a request to its answer.

pub(crate) mod ask;
pub(crate) mod body;
pub(crate) mod delete;
pub(crate) mod discovery;
pub(crate) mod list;
pub(crate) mod patch;
pub(crate) mod review;
pub(crate) mod watch;
pub(crate) mod write;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;

use crate::access::{Access, User};
use crate::audit::{Entry, Log, Request};
use crate::fault::{Faults, Then, WatchFault};
use crate::kinds::Kind;
use crate::running::Options;
use crate::serve::ask::{Ask, Target};
use crate::serve::body::Body;
use crate::status::Refusal;
use crate::store::Store;

/// The longest body: the real server's own limit,
/// <https://github.com/kubernetes/kubernetes/blob/v1.35.0/staging/src/k8s.io/apiserver/pkg/server/config.go>.
const BODY_CAP: usize = 3 * 1024 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) options: Options,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    store: Mutex<Store>,
    access: Mutex<Access>,
    watches: Mutex<Vec<watch::Open>>,
    address: Mutex<SocketAddr>,
}

impl Server {
    pub(crate) fn new(options: Options, address: SocketAddr) -> Server {
        Server {
            store: Mutex::new(Store::new(options.history)),
            options,
            faults: Faults::default(),
            log: Log::default(),
            access: Mutex::default(),
            watches: Mutex::default(),
            address: Mutex::new(address),
        }
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    pub(crate) fn access(&self) -> MutexGuard<'_, Access> {
        lock(&self.access)
    }

    pub(crate) fn watches(&self) -> MutexGuard<'_, Vec<watch::Open>> {
        lock(&self.watches)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *lock(&self.address)
    }

    /// Answers a request; an error closes the connection without an answer.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: http::Request<hyper::body::Incoming>,
    ) -> Result<Response<Body>, io::Error> {
        let (parts, incoming) = request.into_parts();
        let ask = Ask::of(&parts);
        let user = self.user(&parts);
        let entry = self.log.begin(written_down(&ask, user.as_ref()));
        let mut seen = written_down(&ask, user.as_ref());
        seen.number = entry.number;
        let fault = self.faults.strike(&seen);
        entry.change(|request| request.faulted = fault.is_some());
        let answer = self.answer_or_fail(&ask, user, incoming, &entry, fault).await;
        match &answer {
            Ok(response) => entry.change(|request| {
                request.code = Some(response.status().as_u16());
                if let Some(length) = response.body().len() {
                    request.bytes = length;
                    request.ended = Some(Timestamp::now());
                }
            }),
            Err(_) => entry.change(|request| request.ended = Some(Timestamp::now())),
        }
        answer
    }

    async fn answer_or_fail(
        self: &Arc<Self>,
        ask: &Ask,
        user: Option<User>,
        incoming: hyper::body::Incoming,
        entry: &Entry,
        fault: Option<Then>,
    ) -> Result<Response<Body>, io::Error> {
        let closed = || io::Error::new(io::ErrorKind::ConnectionReset, "closed by a fault");
        let mut watch_fault = None;
        let mut after = None;
        match fault {
            None => {}
            Some(Then::Delay(by)) => tokio::time::sleep(by).await,
            Some(Then::Hang) => std::future::pending().await,
            Some(Then::Close) => return Err(closed()),
            Some(Then::Refuse(refusal)) => return Ok(body::refused(&refusal)),
            Some(Then::Words(code, words)) => return Ok(body::words(code, &words)),
            Some(Then::Watch(fault)) => watch_fault = Some(fault),
            Some(then @ (Then::LoseAnswer | Then::HangAfter)) => after = Some(then),
        }
        // Read also where it is refused, or the client would see its own write fail.
        let bytes = Limited::new(incoming, BODY_CAP).collect().await;
        let answer = match (user, bytes) {
            (None, _) => Err(Refusal::unauthorized()),
            (Some(_), Err(_)) => Err(Refusal::new(
                413,
                "RequestEntityTooLarge",
                format!("Request entity too large: limit is {BODY_CAP}"),
            )),
            (Some(user), Ok(bytes)) => self.serve(ask, &user, &bytes.to_bytes(), entry, watch_fault).await,
        };
        match after {
            Some(Then::LoseAnswer) => Err(closed()),
            Some(_) => std::future::pending().await,
            None => Ok(answer.unwrap_or_else(|refusal| body::refused(&refusal))),
        }
    }

    fn user(&self, parts: &Parts) -> Option<User> {
        let header = parts.headers.get(http::header::AUTHORIZATION);
        // A header that is no text is nobody's token.
        self.access().user(header.map(|header| header.to_str().unwrap_or_default()))
    }

    async fn serve(
        self: &Arc<Self>,
        ask: &Ask,
        user: &User,
        bytes: &Bytes,
        entry: &Entry,
        fault: Option<WatchFault>,
    ) -> Result<Response<Body>, Refusal> {
        let Some(target) = &ask.target else {
            if !Access::may_path(user, &ask.path) {
                return Err(Refusal::forbidden_path(&user.name, ask.verb, &ask.path));
            }
            let found = discovery::path(self, &ask.path);
            return Ok(found.unwrap_or_else(|| body::words(404, "404 page not found\n")));
        };
        self.authorize(ask, target, user)?;
        let kind = self.store().kind(&target.group, &target.version, &target.plural);
        let Some(kind) = kind else {
            let known = self.store().kinds().iter().any(|kind| kind.group == target.group);
            if known {
                return Err(Refusal::no_resource());
            }
            return Ok(body::words(404, "404 page not found\n"));
        };
        if target.subresource == "token" && kind.kind == "ServiceAccount" && ask.verb == "create" {
            return review::token(self, &target.namespace, &target.name, bytes);
        }
        if !matches!(&*target.subresource, "" | "status") || (target.subresource == "status" && !kind.status)
        {
            return Err(Refusal::no_resource());
        }
        if kind.virtual_only {
            if ask.verb == "create" && target.name.is_empty() {
                return review::review(self, &kind, user, bytes);
            }
            return Err(Refusal::method());
        }
        if kind.namespaced && target.namespace.is_empty() && !matches!(ask.verb, "list" | "watch") {
            // Such a path does not exist for an object of a namespace.
            return Err(if target.name.is_empty() { Refusal::method() } else { Refusal::no_resource() });
        }
        self.dispatch(&kind, ask, target, user, bytes, entry, fault).await
    }

    #[expect(clippy::too_many_arguments, reason = "the one place where all of a request comes together")]
    async fn dispatch(
        self: &Arc<Self>,
        kind: &Arc<Kind>,
        ask: &Ask,
        target: &Target,
        user: &User,
        bytes: &Bytes,
        entry: &Entry,
        fault: Option<WatchFault>,
    ) -> Result<Response<Body>, Refusal> {
        acceptable(ask)?;
        match (ask.verb, target.name.is_empty()) {
            ("watch", _) => watch::open(self, kind, ask, entry, &user.name, fault).await,
            ("list", _) => list::list(self, kind, ask, entry).await,
            ("get", false) => {
                let object = self.store().get(kind, &target.namespace, &target.name).cloned();
                let object = object.ok_or_else(|| Refusal::not_found(kind, &target.name))?;
                Ok(list::one(200, &object, ask))
            }
            ("create", true) => write::create(self, kind, ask, target, bytes),
            ("update", false) => write::update(self, kind, ask, target, bytes),
            ("patch", false) => patch::patch(self, kind, ask, target, bytes),
            ("delete", false) => delete::delete(self, kind, ask, target, bytes),
            ("deletecollection", true) => delete::delete_all(self, kind, ask, target),
            _ => Err(Refusal::method()),
        }
    }

    fn authorize(&self, ask: &Ask, target: &Target, user: &User) -> Result<(), Refusal> {
        let Some(mut asked) = ask.asked() else { return Ok(()) };
        let selected = ask.parameter("fieldSelector");
        let single = selected.strip_prefix("metadata.name=").filter(|name| !name.contains([',', '=']));
        if let (true, Some(name)) = (target.name.is_empty(), single) {
            // Who may list one object by name may do so by a selector of that name.
            asked.name = name;
        }
        // A namespace is asked for in itself.
        if asked.resource == "namespaces" && asked.group.is_empty() && !asked.name.is_empty() {
            asked.namespace = asked.name;
        }
        let store = self.store();
        if self.access().may(&store, user, &asked) {
            return Ok(());
        }
        Err(Refusal::forbidden(&user.name, &asked))
    }
}

/// Whether we can answer in a form that the client accepts.
fn acceptable(ask: &Ask) -> Result<(), Refusal> {
    let accepted = |form: &str| {
        let media = form.split(';').next().unwrap_or_default().trim();
        matches!(media, "" | "*/*" | "application/*" | "application/json")
    };
    if ask.accept.split(',').any(accepted) {
        return Ok(());
    }
    let words =
        "406: Not Acceptable\n\nAvailable representations: application/json, application/json;stream=watch";
    Err(Refusal::new(406, "NotAcceptable", words).with(serde_json::json!({})))
}

fn written_down(ask: &Ask, user: Option<&User>) -> Request {
    let target =
        ask.target.clone().unwrap_or_else(|| Target { plural: ask.path.clone(), ..Target::default() });
    Request {
        number: 0,
        time: Timestamp::now(),
        user: user.map(|user| user.name.clone()).unwrap_or_default(),
        verb: ask.verb.to_owned(),
        group: target.group,
        resource: target.plural,
        subresource: target.subresource,
        namespace: target.namespace,
        name: target.name,
        query: ask.query.clone(),
        agent: ask.agent.clone(),
        code: None,
        faulted: false,
        bytes: 0,
        busy: Duration::ZERO,
        ended: None,
    }
}

/// What a panic elsewhere left behind is still whole: every change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
