//! Listens, and bounds what a client may cost.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::{Health, Metrics, answer};

/// Connections at one time. The kubelet and a few scrapers need a handful; past this the oldest gives way, so that who
/// holds connections open keeps no probe of the kubelet out.
const CONNECTIONS: usize = 256;
/// How long a client has for the head of a request, and may leave a connection without one.
const HEAD: Duration = Duration::from_secs(10);
/// Bytes of a request's head, and lines of it.
const HEAD_BYTES: usize = 16 << 10;
const HEAD_LINES: usize = 64;
/// How long a connection lives. It ends after the answer that is under way, or, where the client does not read it, without
/// it.
const LIFETIME: Duration = Duration::from_secs(120);
/// How long the answer that is under way has at the end.
const GRACE: Duration = Duration::from_secs(5);
/// The pause after the machine had no connection to give.
const PAUSE: Duration = Duration::from_millis(100);

/// The console could not listen.
#[derive(Debug, Error)]
#[error("listen on {address}")]
pub struct ConsoleError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Listens on one address.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

impl Server {
    /// Listens, and answers nobody before [`Server::run`]. Port 0 takes any that is free.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(address: SocketAddr, health: Health, metrics: Metrics) -> Result<Server, ConsoleError> {
        let failed = |source| ConsoleError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { listener, address, router: answer::router(health, metrics) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until then, and then until the answers under way are sent, for five seconds at most.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let Server { listener, router, .. } = self;
        let (stop, stopped) = watch::channel(());
        let mut tasks = JoinSet::new();
        let mut oldest_first: VecDeque<AbortHandle> = VecDeque::new();
        let mut until = pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                // Ended ones are taken, so that nothing of them is left; one that panicked harmed only itself.
                Some(_) = tasks.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        give_way(&mut oldest_first);
                        oldest_first.push_back(tasks.spawn(serve(stream, router.clone(), stopped.clone())));
                    }
                    // The client went away, or the machine has no descriptors left: neither ends the server.
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
            }
        }
        drop(listener);
        drop(stop);
        let all = async { while tasks.join_next().await.is_some() {} };
        // What does not end in time is dropped with its task.
        let _ = tokio::time::timeout(GRACE, all).await;
    }
}

/// Makes room for one more.
fn give_way(oldest_first: &mut VecDeque<AbortHandle>) {
    if oldest_first.len() < CONNECTIONS {
        return;
    }
    oldest_first.retain(|task| !task.is_finished());
    while oldest_first.len() >= CONNECTIONS {
        if let Some(oldest) = oldest_first.pop_front() {
            oldest.abort();
        }
    }
}

async fn serve(stream: TcpStream, router: Router, mut stopped: watch::Receiver<()>) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEAD_LINES)
        .max_header_size(HEAD_BYTES)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    // The client's faults are its own; each path here ends the connection.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = tokio::time::sleep(LIFETIME) => {}
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(GRACE, connection).await;
}
