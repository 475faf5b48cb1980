//! The server's own time: what a list takes when nobody does anything with it.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::running::Running;

/// What is at the end of a streaming list, as the server writes it.
const END: &[u8] = b"k8s.io/initial-events-end";

/// What was served to a client that does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// From the request to the end of the list.
    pub elapsed: Duration,
    /// All bytes, framing included.
    pub bytes: u64,
}

impl Running {
    /// Asks for a streaming list over a connection of its own and throws away what comes: its time is the server's
    /// and the network's own, so that what a client takes beyond it is the client's. It is in the log, as every
    /// request.
    ///
    /// # Errors
    /// When the connection cannot be made, or ends before the list does.
    pub async fn measure_streaming_list(&self, resource: &str) -> io::Result<Served> {
        let request = format!(
            "GET /api/v1/{resource}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\naccept: application/json\r\nuser-agent: measure\r\n\r\n",
            self.address(),
            self.admin_token()
        );
        let start = Instant::now();
        let mut stream = TcpStream::connect(self.address()).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = 0;
        let mut buffer = vec![0; 1024 * 1024];
        // How much of the last read is kept in front of the next: the end may lie across two.
        let mut kept = 0;
        loop {
            let read = stream.read(&mut buffer[kept..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes += read as u64;
            let held = kept + read;
            if memchr::memmem::find(&buffer[..held], END).is_some() {
                return Ok(Served { elapsed: start.elapsed(), bytes });
            }
            kept = held.min(END.len());
            buffer.copy_within(held - kept..held, 0);
        }
    }
}
