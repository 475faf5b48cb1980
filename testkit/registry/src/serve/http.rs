//! Requests of HTTP/1.1, read by hand: a server that fails on purpose needs each byte of its answers.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A head longer than this is refused; Go's server takes 1 MiB.
const LONGEST_HEAD: usize = 1 << 20;
/// A body longer than this is cut: only token forms have one.
const LONGEST_BODY: usize = 64 << 10;

#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) keep_alive: bool,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of a header, joined as one list.
    pub(crate) fn list(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// What came instead of a request.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The client closed.
    Closed,
    /// Bytes that are no HTTP: a ClientHello for example.
    NotHttp,
}

/// Reads the next request; `buffer` keeps what came behind it.
pub(crate) async fn read(
    wire: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<Result<Asked, NoRequest>> {
    let (mut asked, length) = loop {
        match head(buffer) {
            Head::Whole(asked, length) => break (asked, length),
            Head::NotHttp => return Ok(Err(NoRequest::NotHttp)),
            Head::Part if buffer.len() > LONGEST_HEAD => return Ok(Err(NoRequest::NotHttp)),
            Head::Part => {
                if wire.read_buf(buffer).await? == 0 {
                    return Ok(Err(NoRequest::Closed));
                }
            }
        }
    };
    buffer.drain(..length);
    let length =
        asked.header("content-length").and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(0);
    // What is not read of a body would be taken for the next request.
    asked.keep_alive &= length <= LONGEST_BODY && asked.header("transfer-encoding").is_none();
    let length = length.min(LONGEST_BODY);
    while buffer.len() < length {
        if wire.read_buf(buffer).await? == 0 {
            return Ok(Err(NoRequest::Closed));
        }
    }
    asked.body = String::from_utf8_lossy(&buffer.drain(..length).collect::<Vec<u8>>()).into_owned();
    Ok(Ok(asked))
}

enum Head {
    Whole(Asked, usize),
    Part,
    NotHttp,
}

fn head(buffer: &[u8]) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Head::Part,
        Err(_) => return Head::NotHttp,
    };
    let headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let mut asked = Asked {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        headers,
        body: String::new(),
        keep_alive: request.version == Some(1),
    };
    if let Some(wish) = asked.header("connection") {
        asked.keep_alive = asked.keep_alive && !wish.eq_ignore_ascii_case("close");
    }
    Head::Whole(asked, length)
}
