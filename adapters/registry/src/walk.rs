//! One ask on its way: the stages it has walked, and the connections it holds.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use pullmedic_model::probe::record::{Answer, NotAsked, Step};
use pullmedic_model::probe::route::Runtime;
use pullmedic_model::probe::{Ask, Class, LoginName};
use pullmedic_model::{Endpoint, Stage};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::answer;
use crate::connect::Reach;
use crate::digest::{Digest, Hasher};
use crate::pool::Key;
use crate::prober::{Held, Shared, agent};
use crate::scrub::Scrub;
use crate::target::Target;
use crate::wire::{self, Far, NoAnswer, Open, Reading, header};

/// Why an ask ended before it got what it wanted.
#[derive(Debug)]
pub(crate) enum Stop {
    Refused { stage: Stage, endpoint: Endpoint, class: Class },
    NotAsked(NotAsked),
}

impl From<NotAsked> for Stop {
    fn from(reason: NotAsked) -> Stop {
        Stop::NotAsked(reason)
    }
}

/// What is read of a body of success.
pub(crate) enum Take {
    /// All of it, to this many bytes.
    Whole(usize),
    /// Its digest.
    Hash(Hasher),
}

/// One request.
pub(crate) struct Sending<'s> {
    pub(crate) target: &'s Target,
    pub(crate) stage: Stage,
    pub(crate) method: Method,
    /// With query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) accept: &'s str,
    pub(crate) authorization: Option<&'s SecretString>,
    /// The login whose value, or whose token, is sent.
    pub(crate) login: Option<LoginName>,
    pub(crate) body: Option<SecretString>,
    pub(crate) take: Take,
    pub(crate) reach: Reach,
}

/// An answer and its body.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Bytes that came.
    pub(crate) length: u64,
    pub(crate) digest: Option<Digest>,
    /// What is wrong with the body.
    pub(crate) fault: Option<Class>,
    pub(crate) endpoint: Endpoint,
    /// Its step.
    pub(crate) step: usize,
}

pub(crate) struct Connection {
    pub(crate) target: Target,
    /// Under which it was dialled.
    pub(crate) reach: Reach,
    /// Under which another ask may have it; `None`: none may.
    pub(crate) key: Option<Key>,
    /// When its name was asked for.
    pub(crate) dialled: Instant,
    /// The steps of its making, as an ask that uses it again tells them.
    pub(crate) made: Vec<Step>,
    /// Whether it carried an answer before.
    pub(crate) has_answered: bool,
    pub(crate) open: Open,
    pub(crate) address: Option<IpAddr>,
    /// A plain request through a proxy names the whole URL, and the proxy's own login.
    pub(crate) proxy_authorization: Option<SecretString>,
    pub(crate) whole_url: bool,
}

/// One ask on its way.
pub(crate) struct Walk<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) ask: &'a Ask,
    pub(crate) held: Option<Arc<Held>>,
    pub(crate) agent: String,
    /// Whether the runtime is containerd; also where none is known.
    pub(crate) is_containerd: bool,
    pub(crate) steps: Vec<Step>,
    pub(crate) requests: u32,
    pub(crate) scrub: &'a Scrub,
    /// Whether the host turned out to speak plain HTTP.
    pub(crate) plain: bool,
    connections: Vec<Connection>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        ask: &'a Ask,
        held: Option<Arc<Held>>,
        runtime: Option<&Runtime>,
    ) -> Walk<'a> {
        let is_containerd = runtime.is_none_or(|runtime| runtime.name == "containerd");
        let agent = agent(runtime);
        if let Some(held) = &held {
            shared.scrub.add(&held.user, &held.password);
        }
        let (steps, connections) = (Vec::new(), Vec::new());
        Walk {
            shared,
            ask,
            held,
            agent,
            is_containerd,
            steps,
            requests: 0,
            scrub: &shared.scrub,
            plain: false,
            connections,
        }
    }

    /// Where the ask goes, by what is known so far.
    pub(crate) fn target(&self) -> Target {
        let https = self.ask.host.scheme != pullmedic_model::probe::route::Scheme::Http && !self.plain;
        Target::of_host(&self.ask.host, https)
    }

    /// A refusal.
    pub(crate) fn refused(&self, stage: Stage, endpoint: &Endpoint, class: Class) -> Stop {
        Stop::Refused { stage, endpoint: endpoint.clone(), class }
    }

    /// Marks a step as refused and says why; the stop for it.
    pub(crate) fn refuse(&mut self, step: usize, class: Class, why: &str) -> Stop {
        let detail = self.scrub.captured(why);
        let step = &mut self.steps[step];
        step.failed = Some(class);
        if !detail.is_empty() {
            step.detail = detail;
        }
        Stop::Refused { stage: step.stage, endpoint: step.endpoint.clone(), class }
    }

    /// Notes a step below HTTP.
    pub(crate) fn note(
        &mut self,
        stage: Stage,
        endpoint: &Endpoint,
        began: Instant,
        address: Option<IpAddr>,
        detail: &str,
        failed: Option<Class>,
    ) -> usize {
        self.steps.push(Step {
            stage,
            endpoint: endpoint.clone(),
            address,
            sent: String::new(),
            login: None,
            took_us: micros(began),
            detail: self.scrub.captured(detail),
            failed,
            answer: None,
            certificate: None,
        });
        self.steps.len() - 1
    }

    #[expect(clippy::too_many_arguments, reason = "all of a step's parts, once")]
    pub(crate) fn no_answer(
        &mut self,
        target: &Target,
        address: Option<IpAddr>,
        began: Instant,
        sent: String,
        login: Option<LoginName>,
        stage: Stage,
        error: &NoAnswer,
    ) -> Stop {
        let stage = if error.at_tls { Stage::Tls } else { stage };
        let step = self.note(stage, &target.endpoint, began, address, &error.why, Some(error.class));
        if !error.at_tls {
            self.steps[step].sent = sent;
            self.steps[step].login = login;
        }
        self.refused(stage, &target.endpoint, error.class)
    }

    /// Leaves the connections that are still good to the asks that follow.
    pub(crate) fn leave(&mut self) {
        for connection in self.connections.drain(..) {
            if let Some(key) = connection.key.clone() {
                let dialled = connection.dialled;
                self.shared.pool.put(key, connection, dialled);
            }
        }
    }

    /// A connection of this ask that may carry another request.
    async fn kept(&mut self, sending: &Sending<'_>) -> Option<Connection> {
        let own = self.target();
        let at = self.connections.iter().position(|kept| {
            kept.target == *sending.target && (kept.reach == sending.reach || kept.target == own)
        })?;
        let mut connection = self.connections.swap_remove(at);
        connection.open.is_reusable().await.then_some(connection)
    }

    /// The connection for a request: this ask's own, one that an earlier ask left, or a new one. What may do something
    /// is not sent where the host may just be closing: a form with a login would be lost, and could not be sent again.
    async fn connection(&mut self, sending: &Sending<'_>) -> Result<Connection, Stop> {
        if let Some(connection) = self.kept(sending).await {
            return Ok(connection);
        }
        if sending.method != Method::POST
            && let Some(connection) = self.reuse(sending.target, sending.reach).await
        {
            return Ok(connection);
        }
        self.connect(sending.target, sending.reach).await
    }

    /// Sends one request and reads its answer. A connection that is still open is used again.
    pub(crate) async fn exchange(&mut self, sending: Sending<'_>) -> Result<Reply, Stop> {
        let before = self.steps.len();
        let mut connection = self.connection(&sending).await?;
        let limit = match self.ask.host.answer_timeout_ms {
            Some(limit) => Duration::from_millis(limit.clamp(1, 600_000)),
            None => self.shared.limits.answer,
        };
        let sent = self.sent(&sending);
        loop {
            let request = self.request(&sending, &connection)?;
            self.shared.budget.take(&sending.target.endpoint).await?;
            self.requests += 1;
            let began = Instant::now();
            let mut error = match connection.open.send(request, limit).await {
                Ok(response) => return Ok(self.reply(sending, connection, sent, began, response).await),
                Err(error) => error,
            };
            if error.class == Class::AnswerTimeout && self.ask.host.answer_timeout_ms.is_none() {
                error.why.push_str(", which is our own limit: the runtime sets none");
            }
            if connection.has_answered {
                if may_be_sent_again(&error, &sending.method) {
                    // What is told is the new connection, not the one that was over.
                    self.steps.truncate(before);
                    connection = self.connect(sending.target, sending.reach).await?;
                    continue;
                }
                // Its handshake was passed long ago.
                if error.at_tls {
                    (error.at_tls, error.class) = (false, Class::Reset);
                }
            }
            let Sending { target, login, stage, .. } = sending;
            return Err(self.no_answer(target, connection.address, began, sent, login, stage, &error));
        }
    }

    /// What is shown of a request.
    fn sent(&self, sending: &Sending<'_>) -> String {
        self.scrub.captured(&format!("{} {}", sending.method, sending.path)).to_string()
    }

    fn request(&self, sending: &Sending<'_>, connection: &Connection) -> Result<Request<Full<Bytes>>, Stop> {
        let ours = |what: &str| Stop::NotAsked(NotAsked::Ours(what.to_owned()));
        let target = sending.target;
        let uri = if connection.whole_url {
            format!("{}://{}{}", target.scheme(), target.authority(), sending.path)
        } else {
            sending.path.clone()
        };
        let body = sending.body.as_ref().map(|body| Bytes::copy_from_slice(body.expose_secret().as_bytes()));
        let mut request = Request::builder()
            .method(sending.method.clone())
            .uri(uri)
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|_| ours("the request cannot be written as HTTP"))?;
        let headers = request.headers_mut();
        let mut put = |name: HeaderName, value: &str, is_secret: bool| -> Result<(), Stop> {
            let mut value =
                HeaderValue::from_str(value).map_err(|_| ours("a header holds what HTTP cannot carry"))?;
            value.set_sensitive(is_secret);
            headers.append(name, value);
            Ok(())
        };
        put(HOST, &target.authority(), false)?;
        put(USER_AGENT, &self.agent, false)?;
        if !sending.accept.is_empty() {
            put(ACCEPT, sending.accept, false)?;
        }
        for (name, value) in &sending.headers {
            put(name.clone(), value, false)?;
        }
        if target.is_same_place(&self.target()) {
            for (name, value) in &self.shared.trusts.get(&self.ask.host.trust).headers {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| ours("a header of the trust settings has a name that HTTP cannot carry"))?;
                put(name, value.expose_secret(), true)?;
            }
        }
        if let Some(authorization) = sending.authorization {
            put(AUTHORIZATION, authorization.expose_secret(), true)?;
        }
        if let Some(authorization) = &connection.proxy_authorization {
            put(http::header::PROXY_AUTHORIZATION, authorization.expose_secret(), true)?;
        }
        Ok(request)
    }

    async fn reply(
        &mut self,
        sending: Sending<'_>,
        mut connection: Connection,
        sent: String,
        began: Instant,
        response: http::Response<hyper::body::Incoming>,
    ) -> Reply {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let limits = &self.shared.limits;
        let good = (200..300).contains(&status);
        let (cap, time, hash) = match sending.take {
            _ if !good => (limits.error as u64, limits.body, None),
            Take::Whole(cap) => (cap as u64, limits.body, None),
            Take::Hash(hasher) => (limits.blob, limits.blob_time, Some(hasher)),
        };
        let encoded = header(&head.headers, "content-encoding")
            .is_some_and(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity"));
        let mut read = wire::read(body, Reading { cap, time, stall: limits.stall, hash }).await;
        let mut fault = read.fault;
        if encoded && fault.is_none() && good && sending.method != Method::HEAD {
            // We accept no encoding, so that caps count what is really there.
            fault = Some(Class::WrongContent);
        }
        if encoded {
            read.bytes.clear();
        }
        if status == 429 {
            self.shared.budget.told_to_wait(&sending.target.endpoint, header(&head.headers, "retry-after"));
        }
        let answer: Answer = answer::of(status, &head.headers, &read.bytes, self.scrub);
        self.steps.push(Step {
            stage: sending.stage,
            endpoint: sending.target.endpoint.clone(),
            address: connection.address,
            sent,
            login: sending.login,
            took_us: micros(began),
            detail: self.scrub.captured(if encoded {
                "the body is encoded though no encoding was accepted"
            } else {
                ""
            }),
            failed: None,
            answer: Some(answer),
            certificate: None,
        });
        if read.fault.is_none() {
            connection.has_answered = true;
            self.connections.push(connection);
        }
        Reply {
            status,
            headers: head.headers,
            body: read.bytes,
            length: read.length,
            digest: read.digest,
            fault,
            endpoint: sending.target.endpoint.clone(),
            step: self.steps.len() - 1,
        }
    }
}

/// Whether a request that got no answer on a connection which had answered before is sent on a new one: the host may have
/// closed it before it saw the request. Go opens a new one, too (`persistConn.shouldRetryRequest`), unless the request may
/// have done something. Silence is no such sign: who closes a connection says so.
fn may_be_sent_again(error: &NoAnswer, method: &Method) -> bool {
    let is_over = match error.far {
        Far::Unsent => return true,
        Far::Unanswered => error.class != Class::AnswerTimeout,
        // No HTTP: what came may be the remains of the last answer.
        Far::Begun => error.class == Class::NotARegistry,
    };
    is_over && *method != Method::POST
}

/// Microseconds since.
fn micros(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The class of a status that is no success.
pub(crate) const fn class_of_status(status: u16) -> Class {
    match status {
        300..400 => Class::Redirect,
        400..500 => Class::Status(status),
        500..600 => Class::ServerError(status),
        _ => Class::NotARegistry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_host_cannot_have_acted_on_is_sent_again() {
        let table = [
            (Far::Unsent, Class::Reset, true, true),
            (Far::Unanswered, Class::Reset, true, false),
            (Far::Unanswered, Class::TlsProtocol, true, false),
            (Far::Unanswered, Class::AnswerTimeout, false, false),
            (Far::Begun, Class::NotARegistry, true, false),
            (Far::Begun, Class::Reset, false, false),
            (Far::Begun, Class::TooBig, false, false),
            (Far::Begun, Class::AnswerTimeout, false, false),
        ];
        for (far, class, get, post) in table {
            let error = NoAnswer { class, why: String::new(), at_tls: false, far };
            for (method, expected) in [(Method::GET, get), (Method::HEAD, get), (Method::POST, post)] {
                assert_eq!(may_be_sent_again(&error, &method), expected, "{far:?} {class:?} {method}");
            }
        }
    }
}
