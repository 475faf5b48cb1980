//! A running console, and a client that speaks no more HTTP than it needs.

use std::net::SocketAddr;
use std::time::Duration;

use pullmedic_console::{Health, Metrics, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

pub(crate) async fn console() -> Running {
    let health = Health::new(Duration::from_secs(3600));
    let metrics = Metrics::new("0.1.0");
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), health.clone(), metrics.clone()).await.unwrap();
    let address = server.address();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(server.run(async {
        // Also when the test ends without a word.
        let _ = stopped.await;
    }));
    Running { address, health, metrics, stop, server }
}

impl Running {
    /// Stops it, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.server).await.unwrap().unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: console\r\nConnection: close\r\n\r\n")).await
    }

    /// Sends this, and reads until the other side closes.
    pub(crate) async fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Who is cut off in the middle of sending sees a reset.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        Answer::read(&String::from_utf8(answer).unwrap())
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 when none came.
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn read(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).map_or(0, |code| code.parse().unwrap());
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Answer { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}
