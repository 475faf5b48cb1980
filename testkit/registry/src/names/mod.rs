//! A small name server.

mod message;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::{JoinHandle, JoinSet};

use crate::configuration::{NameAnswer, Names, Record};
use crate::glob::fits;
use crate::log::{Log, Question};
use message::{Asked, read, write};

/// A running name server.
#[derive(Debug)]
pub(crate) struct NameServer {
    address: SocketAddr,
    zone: Arc<Zone>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Zone {
    names: Mutex<Names>,
    /// How often each name and type was asked for.
    counts: Mutex<BTreeMap<(String, u16), usize>>,
    log: Log,
}

impl NameServer {
    pub(crate) async fn start(names: Names, log: Log) -> io::Result<Self> {
        let (udp, tcp) = both(names.listen).await?;
        let address = udp.local_addr()?;
        let zone = Arc::new(Zone { names: Mutex::new(names), counts: Mutex::default(), log });
        let tasks = vec![
            tokio::spawn(over_udp(Arc::clone(&zone), udp)),
            tokio::spawn(over_tcp(Arc::clone(&zone), tcp)),
        ];
        Ok(Self { address, zone, tasks })
    }

    /// Replaces the records; questions are counted anew.
    pub(crate) fn set(&self, records: Vec<Record>) {
        lock(&self.zone.names).records = records;
        lock(&self.zone.counts).clear();
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// One port for both; a free one of UDP may be taken for TCP, then the next is tried.
async fn both(listen: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = None;
    for _ in 0..16 {
        let udp = UdpSocket::bind(listen).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::other("no port is free for UDP and TCP")))
}

async fn over_udp(zone: Arc<Zone>, socket: UdpSocket) {
    let mut bytes = [0; 4096];
    loop {
        // An ICMP answer to one of ours comes as an error here; the next client is not to suffer from it.
        let Ok((length, peer)) = socket.recv_from(&mut bytes).await else { continue };
        if let Some(answer) = zone.answer(&bytes[..length], peer, false) {
            let _ = socket.send_to(&answer, peer).await;
        }
    }
}

async fn over_tcp(zone: Arc<Zone>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, peer)) = accepted else { continue };
                let zone = Arc::clone(&zone);
                connections.spawn(async move {
                    let _ = zone.serve(tcp, peer).await;
                });
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

impl Zone {
    async fn serve(&self, mut tcp: TcpStream, peer: SocketAddr) -> io::Result<()> {
        loop {
            let length = usize::from(tcp.read_u16().await?);
            let mut bytes = vec![0; length];
            tcp.read_exact(&mut bytes).await?;
            match self.answer(&bytes, peer, true) {
                Some(answer) => {
                    tcp.write_u16(u16::try_from(answer.len()).unwrap_or(u16::MAX)).await?;
                    tcp.write_all(&answer).await?;
                }
                None => tokio::time::sleep(Duration::from_secs(3600)).await,
            }
        }
    }

    /// The bytes of the answer; `None` for silence.
    fn answer(&self, bytes: &[u8], peer: SocketAddr, tcp: bool) -> Option<Vec<u8>> {
        let asked = read(bytes)?;
        let answer = self.choose(&asked);
        self.log.questioned(Question {
            time: Timestamp::now(),
            peer,
            tcp,
            name: asked.name.clone(),
            kind: asked.kind,
            answer: word(&answer).to_owned(),
        });
        let resolve = |name: &str| match self.record(name).and_then(|mut record| record.answers.pop()) {
            Some(NameAnswer::Addresses(addresses) | NameAnswer::OverTcp(addresses)) => addresses,
            _ => Vec::new(),
        };
        write(&asked, &answer, tcp, &resolve)
    }

    fn record(&self, name: &str) -> Option<Record> {
        let name = name.to_ascii_lowercase();
        let fitting = |record: &&Record| fits(&record.name.to_ascii_lowercase(), &name);
        lock(&self.names).records.iter().find(fitting).cloned()
    }

    fn choose(&self, asked: &Asked) -> NameAnswer {
        let Some(record) = self.record(&asked.name) else { return lock(&self.names).otherwise.clone() };
        let mut counts = lock(&self.counts);
        let count = counts.entry((asked.name.to_ascii_lowercase(), asked.kind)).or_default();
        let at = (*count).min(record.answers.len().saturating_sub(1));
        *count += 1;
        record.answers.get(at).cloned().unwrap_or(NameAnswer::NoData)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn word(answer: &NameAnswer) -> &'static str {
    match answer {
        NameAnswer::Addresses(_) => "addresses",
        NameAnswer::Alias(_) => "alias",
        NameAnswer::Chain(_) => "chain",
        NameAnswer::Nxdomain => "nxdomain",
        NameAnswer::Servfail => "servfail",
        NameAnswer::Refused => "refused",
        NameAnswer::NoData => "no_data",
        NameAnswer::Silent => "silent",
        NameAnswer::OverTcp(_) => "over_tcp",
        NameAnswer::Garbage => "garbage",
    }
}
