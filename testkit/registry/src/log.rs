//! Who asked for what.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::configuration::{ConnectionFault, Route};

/// One HTTP request, written down when its head was read and completed when it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// When its head was read.
    pub time: Timestamp,
    /// The endpoint's name.
    pub endpoint: String,
    /// The connection it came on: [`Connection::number`].
    pub connection: u64,
    /// Who asked.
    pub peer: SocketAddr,
    /// The name the client asked for in TLS; `None` without TLS or for an address.
    pub sni: Option<String>,
    /// `GET`
    pub method: String,
    /// Path and query as they came.
    pub target: String,
    /// As they came, in order, `Authorization` included.
    pub headers: Vec<(String, String)>,
    /// The body, of a token request by form for example; capped at 64 KiB.
    pub body: String,
    /// What it was taken for.
    pub route: Route,
    /// The login it came with; `None` for a client without one, or with one that is not right.
    pub user: Option<String>,
    /// Which rule fitted, from 0; `None` means that it was answered well.
    pub rule: Option<usize>,
    /// What it was answered with; `None` while it is not answered, for ever where the fault is silence.
    pub status: Option<u16>,
}

impl Request {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether this text stands anywhere in the request, also where it is percent-encoded: for canaries.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        let encoded = |form: &str| {
            form_urlencoded::parse(form.as_bytes())
                .any(|(name, value)| name.contains(text) || value.contains(text))
        };
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        path.contains(text)
            || query.contains(text)
            || self.body.contains(text)
            || encoded(query)
            || encoded(&self.body)
            || self.headers.iter().any(|(name, value)| name.contains(text) || value.contains(text))
            || self.basic().is_some_and(|(name, password)| name.contains(text) || password.contains(text))
    }

    /// Name and password of its Basic login, in clear; `None` if it has none.
    #[must_use]
    pub fn basic(&self) -> Option<(String, String)> {
        crate::serve::login::basic(self.header("authorization")?)
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// What is told of every answered request, as it is answered.
pub type OnRequest = Box<dyn Fn(&Request) + Send + Sync>;

/// One accepted connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// When it was accepted.
    pub time: Timestamp,
    /// The endpoint's name.
    pub endpoint: String,
    /// Counted over all endpoints of a run, from 1.
    pub number: u64,
    /// Who connected.
    pub peer: SocketAddr,
    /// What was done to it below HTTP.
    pub fault: Option<ConnectionFault>,
    /// How the TLS handshake ended, if there was one: `ok`, or the server's view of why not.
    pub handshake: Option<String>,
}

/// A question to the name server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// When it came.
    pub time: Timestamp,
    /// Who asked.
    pub peer: SocketAddr,
    /// Whether it came over TCP.
    pub tcp: bool,
    /// As it came, without the last dot.
    pub name: String,
    /// The number of its type: 1 for A, 28 for AAAA.
    pub kind: u16,
    /// The name of the answer: `addresses`, `nxdomain`, ….
    pub answer: String,
}

#[derive(Debug, Default)]
struct Entries {
    requests: Vec<(u64, Request)>,
    connections: Vec<Connection>,
    questions: Vec<Question>,
    next_connection: u64,
    next_request: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Entries>>);

impl Log {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connected(&self, endpoint: &str, peer: SocketAddr) -> u64 {
        let mut entries = self.entries();
        entries.next_connection += 1;
        let number = entries.next_connection;
        entries.connections.push(Connection {
            time: Timestamp::now(),
            endpoint: endpoint.to_owned(),
            number,
            peer,
            fault: None,
            handshake: None,
        });
        number
    }

    pub(crate) fn change(&self, number: u64, change: impl FnOnce(&mut Connection)) {
        let mut entries = self.entries();
        if let Some(entry) = entries.connections.iter_mut().rev().find(|entry| entry.number == number) {
            change(entry);
        }
    }

    pub(crate) fn asked(&self, request: Request) -> u64 {
        let mut entries = self.entries();
        entries.next_request += 1;
        let number = entries.next_request;
        entries.requests.push((number, request));
        number
    }

    pub(crate) fn answered(&self, number: u64, change: impl FnOnce(&mut Request)) -> Option<Request> {
        let mut entries = self.entries();
        let (_, entry) = entries.requests.iter_mut().rev().find(|(known, _)| *known == number)?;
        change(entry);
        Some(entry.clone())
    }

    pub(crate) fn questioned(&self, question: Question) {
        self.entries().questions.push(question);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.entries().requests.iter().map(|(_, request)| request.clone()).collect()
    }

    pub(crate) fn connections(&self) -> Vec<Connection> {
        self.entries().connections.clone()
    }

    pub(crate) fn questions(&self) -> Vec<Question> {
        self.entries().questions.clone()
    }

    pub(crate) fn clear(&self) {
        let mut entries = self.entries();
        entries.requests.clear();
        entries.connections.clear();
        entries.questions.clear();
    }
}
