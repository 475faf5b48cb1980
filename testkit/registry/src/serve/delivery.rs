//! How an answer goes onto the wire.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::limit::date;
use super::reply::Reply;
use super::wire::Wire;
use crate::configuration::Delivery;

/// What becomes of the connection.
pub(crate) enum After {
    Kept(Wire),
    Given,
}

/// Brings the answer.
pub(crate) async fn deliver(
    mut wire: Wire,
    reply: &Reply,
    head_only: bool,
    keep_alive: bool,
    delivery: Option<Delivery>,
) -> io::Result<After> {
    let length = reply.body.len();
    let body: &[u8] = if head_only { &[] } else { &reply.body };
    let whole = head(reply, &Framing::Length(length as u64), keep_alive);
    let until = |after: Option<u64>| {
        let after = after.and_then(|after| usize::try_from(after).ok()).unwrap_or(length / 2);
        after.min(body.len())
    };
    match delivery {
        None => {
            wire.write_all(whole.as_bytes()).await?;
            wire.write_all(body).await?;
        }
        Some(Delivery::Silent) => return silence(wire).await,
        Some(Delivery::Close) => return Ok(After::Given),
        Some(Delivery::Reset) => {
            wire.reset();
            return Ok(After::Given);
        }
        Some(Delivery::Truncate { after }) => {
            wire.write_all(whole.as_bytes()).await?;
            wire.write_all(&body[..until(after)]).await?;
            wire.flush().await?;
            wire.shutdown().await?;
            return Ok(After::Given);
        }
        Some(Delivery::ResetMidBody { after }) => {
            wire.write_all(whole.as_bytes()).await?;
            wire.write_all(&body[..until(after)]).await?;
            wire.flush().await?;
            wire.reset();
            return Ok(After::Given);
        }
        Some(Delivery::Stall { after }) => {
            wire.write_all(whole.as_bytes()).await?;
            wire.write_all(&body[..until(after)]).await?;
            wire.flush().await?;
            return silence(wire).await;
        }
        Some(Delivery::Pace { bytes, every }) => {
            wire.write_all(whole.as_bytes()).await?;
            wire.flush().await?;
            slowly(&mut wire, body, usize::try_from(bytes).unwrap_or(usize::MAX), every).await?;
        }
        Some(Delivery::PaceAll { every }) => {
            slowly(&mut wire, whole.as_bytes(), 1, every).await?;
            slowly(&mut wire, body, 1, every).await?;
        }
        Some(Delivery::Endless) => {
            wire.write_all(head(reply, &Framing::Chunked, false).as_bytes()).await?;
            if head_only {
                wire.shutdown().await?;
                return Ok(After::Given);
            }
            let part = if body.is_empty() { &[b' '; 4096][..] } else { body };
            // Until the client has had enough: its close makes the write fail.
            loop {
                chunk(&mut wire, part).await?;
            }
        }
        Some(Delivery::Chunked) => {
            wire.write_all(head(reply, &Framing::Chunked, keep_alive).as_bytes()).await?;
            if !head_only {
                for part in body.chunks(16 << 10) {
                    chunk(&mut wire, part).await?;
                }
                wire.write_all(b"0\r\n\r\n").await?;
            }
        }
        Some(Delivery::Length(says)) => {
            wire.write_all(head(reply, &Framing::Length(says), keep_alive).as_bytes()).await?;
            wire.write_all(body).await?;
            wire.flush().await?;
            if says > body.len() as u64 && !head_only {
                return silence(wire).await;
            }
        }
        Some(Delivery::EndlessHeader) => {
            wire.write_all(
                format!("HTTP/1.1 {} {}\r\nX-Endless: ", reply.status, reason(reply.status)).as_bytes(),
            )
            .await?;
            loop {
                wire.write_all(&[b'x'; 4096]).await?;
            }
        }
        Some(Delivery::Garbage) => {
            wire.write_all(b"\x00\x01\x02 this is no answer\r\n\r\n").await?;
            wire.flush().await?;
            wire.shutdown().await?;
            return Ok(After::Given);
        }
    }
    wire.flush().await?;
    if keep_alive {
        return Ok(After::Kept(wire));
    }
    wire.shutdown().await?;
    Ok(After::Given)
}

/// Holds the connection and says nothing until the client goes.
pub(crate) async fn silence(mut wire: Wire) -> io::Result<After> {
    let mut bytes = [0; 1024];
    while wire.read(&mut bytes).await? > 0 {}
    Ok(After::Given)
}

async fn slowly(wire: &mut Wire, bytes: &[u8], at_a_time: usize, every: Duration) -> io::Result<()> {
    for (at, part) in bytes.chunks(at_a_time.max(1)).enumerate() {
        if at > 0 {
            tokio::time::sleep(every).await;
        }
        wire.write_all(part).await?;
        wire.flush().await?;
    }
    Ok(())
}

async fn chunk(wire: &mut Wire, part: &[u8]) -> io::Result<()> {
    wire.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await?;
    wire.write_all(part).await?;
    wire.write_all(b"\r\n").await
}

enum Framing {
    Length(u64),
    Chunked,
}

fn head(reply: &Reply, framing: &Framing, keep_alive: bool) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    // Writing to a String cannot fail.
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !reply.has("Date") {
        let _ = write!(head, "Date: {}\r\n", date(Duration::ZERO));
    }
    match framing {
        Framing::Length(length) if !reply.has("Content-Length") => {
            let _ = write!(head, "Content-Length: {length}\r\n");
        }
        Framing::Length(_) => {}
        Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
    }
    if !keep_alive {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        412 => "Precondition Failed",
        416 => "Requested Range Not Satisfiable",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
