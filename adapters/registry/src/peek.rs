//! A connection that remembers its first bytes: they tell plain HTTP on a TLS port, and the reverse. And one that counts
//! what comes: whether an answer had begun.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The first bytes that came.
#[derive(Debug, Default, Clone)]
pub(crate) struct FirstBytes(Arc<Mutex<Vec<u8>>>);

/// Enough for `HTTP/`, and for the head of a TLS record.
const KEPT: usize = 5;

impl FirstBytes {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT.saturating_sub(kept.len());
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn is(&self, test: impl Fn(&[u8]) -> bool) -> bool {
        test(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it answered in HTTP/1.
    pub(crate) fn is_http(&self) -> bool {
        self.is(|bytes| bytes == b"HTTP/")
    }

    /// Whether it answered with a TLS alert or handshake record.
    pub(crate) fn is_tls(&self) -> bool {
        self.is(|bytes| matches!(bytes, [0x15 | 0x16, 3, 0..=4, ..]))
    }

    /// Whether nothing came.
    pub(crate) fn is_empty(&self) -> bool {
        self.is(<[u8]>::is_empty)
    }
}

/// A TCP connection that remembers its first bytes.
pub(crate) struct Peek {
    stream: TcpStream,
    first: FirstBytes,
}

impl Peek {
    pub(crate) fn new(stream: TcpStream) -> Peek {
        Peek { stream, first: FirstBytes::default() }
    }

    pub(crate) fn first(&self) -> FirstBytes {
        self.first.clone()
    }
}

impl AsyncRead for Peek {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if matches!(polled, Poll::Ready(Ok(()))) {
            self.first.push(&buf.filled()[before..]);
        }
        polled
    }
}

impl AsyncWrite for Peek {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// How many bytes came so far; above TLS, where there is TLS.
#[derive(Debug, Default, Clone)]
pub(crate) struct Came(Arc<AtomicU64>);

impl Came {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection that counts what comes.
pub(crate) struct Counted<T> {
    io: T,
    came: Came,
}

impl<T> Counted<T> {
    pub(crate) fn new(io: T) -> Counted<T> {
        Counted { io, came: Came::default() }
    }

    pub(crate) fn came(&self) -> Came {
        self.came.clone()
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        self.came.0.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
