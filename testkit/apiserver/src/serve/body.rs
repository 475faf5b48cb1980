//! The body of an answer: whole, or piece by piece.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body::Frame;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::status::Refusal;

/// Pieces on their way; an error breaks the connection off.
pub(crate) type Pieces = mpsc::Sender<Result<Bytes, io::Error>>;

/// How many pieces wait for a client that reads slowly.
const AHEAD: usize = 4;

#[derive(Debug)]
pub(crate) enum Body {
    Whole(Option<Bytes>),
    Pieces(mpsc::Receiver<Result<Bytes, io::Error>>),
}

impl Body {
    pub(crate) fn pieces() -> (Pieces, Body) {
        let (pieces, body) = mpsc::channel(AHEAD);
        (pieces, Body::Pieces(body))
    }

    /// Its length, where it is whole.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Body::Whole(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Body::Pieces(_) => None,
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Body::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Pieces(pieces) => {
                pieces.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Whole(None))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.len().map_or_else(http_body::SizeHint::default, http_body::SizeHint::with_exact)
    }
}

/// An answer in JSON.
pub(crate) fn json(code: u16, value: &Value) -> Response<Body> {
    bytes(code, value.to_string().into_bytes())
}

/// An answer of bytes that are JSON.
pub(crate) fn bytes(code: u16, bytes: Vec<u8>) -> Response<Body> {
    with(code, "application/json", Body::Whole(Some(bytes.into())))
}

/// An answer in plain words.
pub(crate) fn words(code: u16, words: &str) -> Response<Body> {
    with(code, "text/plain; charset=utf-8", Body::Whole(Some(words.to_owned().into())))
}

pub(crate) fn with(code: u16, media: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

pub(crate) fn refused(refusal: &Refusal) -> Response<Body> {
    let mut response = json(refusal.code, &refusal.to_value());
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
