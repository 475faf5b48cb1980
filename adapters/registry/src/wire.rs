//! One HTTP/1.1 connection: a request out, an answer in, a body under its caps.
//!
//! HTTP/1.1 without ALPN is what containerd speaks: a Go transport with a `TLSClientConfig` and a `DialContext` of its own
//! and without `ForceAttemptHTTP2` offers nothing else
//! ([`DefaultHTTPTransport`](https://github.com/containerd/containerd/blob/main/core/remotes/docker/registry.go)).

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use pullmedic_model::probe::Class;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};

use crate::digest::{Digest, Hasher};
use crate::handshake::{ClientAsked, classify_tls, tls_error};
use crate::peek::{Came, Counted, FirstBytes};

/// Anything that bytes go through.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
/// A connection, whatever it is made of.
pub(crate) type BoxedIo = Box<dyn Io>;

/// The head of an answer and its buffers; headers beyond it are refused.
const HEAD: usize = 64 * 1024;

/// A turn of the connection's task, on a busy machine.
const READY: Duration = Duration::from_millis(100);

/// An open connection. Dropping it closes the socket.
pub(crate) struct Open {
    sender: SendRequest<Full<Bytes>>,
    task: tokio::task::JoinHandle<()>,
    first: FirstBytes,
    came: Came,
    client: Option<Arc<ClientAsked>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why no answer came.
pub(crate) struct NoAnswer {
    pub(crate) class: Class,
    pub(crate) why: String,
    /// Whether it was refused at TLS, after our side held the handshake for done (TLS 1.3 client certificates).
    pub(crate) at_tls: bool,
    /// How far it got.
    pub(crate) far: Far,
}

/// How far a request got before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Far {
    /// None of it was written.
    Unsent,
    /// It may have been read; nothing came back.
    Unanswered,
    /// Something came back, if only the remains of an earlier answer.
    Begun,
}

impl Open {
    /// Opens HTTP over a connection; nothing is sent yet.
    pub(crate) async fn new(
        io: BoxedIo,
        first: FirstBytes,
        client: Option<Arc<ClientAsked>>,
    ) -> Result<Open, NoAnswer> {
        let io = Counted::new(io);
        let came = io.came();
        let opened = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(io)).await;
        let (sender, connection) = opened.map_err(|error| NoAnswer {
            class: Class::Reset,
            why: error.to_string(),
            at_tls: false,
            far: Far::Unsent,
        })?;
        // The error of the connection is told by the request, too.
        let task = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Open { sender, task, first, came, client })
    }

    /// Whether another request may be sent on it. It is ready as soon as its task had a turn, or never.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        !self.sender.is_closed() && matches!(timeout(READY, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let before = self.came.bytes();
        let far = |came: &Came| if came.bytes() == before { Far::Unanswered } else { Far::Begun };
        match timeout(limit, self.sender.try_send_request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(mut error)) => {
                let far = if error.take_message().is_some() { Far::Unsent } else { far(&self.came) };
                let (class, why, at_tls) = self.classify(&error.into_error());
                Err(NoAnswer { class, why, at_tls, far })
            }
            Err(_) => Err(NoAnswer {
                class: Class::AnswerTimeout,
                why: format!("no answer within {} s", limit.as_secs_f32()),
                at_tls: false,
                far: far(&self.came),
            }),
        }
    }

    /// The class of an error, words for it, and whether it was at TLS.
    fn classify(&self, error: &hyper::Error) -> (Class, String, bool) {
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        let wanted = self.client.as_ref().filter(|client| client.in_vain());
        if let (Some(tls), Some(client)) = (io.and_then(tls_error), &self.client) {
            let (class, why) = classify_tls(tls, client);
            return (class, why, true);
        }
        if self.client.is_none() && self.first.is_tls() {
            let why = "the port answered in TLS".to_owned();
            return (Class::TlsOnPlainPort, why, false);
        }
        let broke = io.is_some() || error.is_incomplete_message() || error.is_closed() || error.is_canceled();
        if broke && wanted.is_some() {
            let why = format!("a client certificate was asked for, then: {error}");
            return (Class::ClientCertificateWanted, why, true);
        }
        let class = if error.is_parse() && error.to_string().contains("too large") {
            Class::TooBig
        } else if error.is_parse() {
            Class::NotARegistry
        } else {
            Class::Reset
        };
        let why = match io {
            Some(io) => format!("the connection broke off: {io}"),
            None if self.first.is_empty() => format!("the connection was closed without an answer: {error}"),
            None => format!("no HTTP answer: {error}"),
        };
        (class, why, false)
    }
}

/// How much of a body is read, and how fast it must come.
pub(crate) struct Reading {
    /// Bytes at most.
    pub(crate) cap: u64,
    /// In all.
    pub(crate) time: Duration,
    /// Between two pieces.
    pub(crate) stall: Duration,
    /// Hashed and thrown away, or kept.
    pub(crate) hash: Option<Hasher>,
}

/// What was read.
pub(crate) struct Read {
    /// Empty where it was hashed.
    pub(crate) bytes: Vec<u8>,
    pub(crate) length: u64,
    /// Only of a whole body.
    pub(crate) digest: Option<Digest>,
    /// Why it is not whole.
    pub(crate) fault: Option<Class>,
}

/// Reads a body.
pub(crate) async fn read(mut body: Incoming, mut reading: Reading) -> Read {
    let mut read = Read { bytes: Vec::new(), length: 0, digest: None, fault: None };
    let end = Instant::now() + reading.time;
    loop {
        let next = Instant::now() + reading.stall;
        let frame = match timeout_at(next.min(end), body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => {
                let is_reset = error
                    .source()
                    .and_then(|source| source.downcast_ref::<io::Error>())
                    .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
                read.fault = Some(if is_reset { Class::Reset } else { Class::Truncated });
                return read;
            }
            Err(_) => {
                read.fault = Some(Class::Stalled);
                return read;
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        read.length += data.len() as u64;
        if read.length > reading.cap {
            read.fault = Some(Class::TooBig);
            return read;
        }
        match &mut reading.hash {
            Some(hasher) => hasher.update(&data),
            None => read.bytes.extend_from_slice(&data),
        }
    }
    read.digest = reading.hash.map(Hasher::finish);
    read
}

/// The one value of a header, if it is text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
