//! One exchange over plain HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// `401`
    pub(crate) status: u16,
    /// `401 Unauthorized`, as Go's `Response.Status`.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Asks, and reads the answer to its end.
pub(crate) fn ask(
    address: SocketAddr,
    host: &str,
    method: &str,
    target: &str,
    headers: &[(&str, String)],
    body: &str,
) -> Reply {
    let mut stream = TcpStream::connect(address).expect("the registry listens");
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).expect("the registry reads");
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).expect("the registry answers");
        line.trim_end().to_owned()
    };
    let status_line = line();
    let status_line = status_line.split_once(' ').expect("a status line").1.to_owned();
    let mut headers = Vec::new();
    while let Some((name, value)) = line().split_once(':') {
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut reply = Reply {
        status: status_line[..3].parse().expect("a status"),
        line: status_line,
        headers,
        body: Vec::new(),
    };
    let length = reply.header("content-length").and_then(|text| text.parse().ok());
    if method != "HEAD" {
        let mut body = reader.take(length.unwrap_or(u64::MAX));
        body.read_to_end(&mut reply.body).expect("the registry sends the whole body");
    }
    reply
}
