//! Connections through a proxy, and the class of a dial that failed.

use std::io;
use std::time::Duration;

use pullmedic_model::probe::Class;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::names::Names;
use crate::proxy::Proxy;
use crate::target::Target;

/// The head of a proxy's answer.
const HEAD: usize = 16 * 1024;

/// Dials the proxy and, for TLS, has it open the way to the target. The caller sets the time limit.
///
/// # Errors
/// Why it did not work, in words.
pub(crate) async fn open(
    names: &Names,
    proxy: &Proxy,
    target: &Target,
    agent: &str,
) -> Result<TcpStream, String> {
    let named = names.resolve(&proxy.host, proxy.port, Duration::from_secs(30)).await;
    let addresses = named.addresses.map_err(|class| format!("its name: {class}, {}", named.detail))?;
    let mut last = String::new();
    for address in addresses {
        match TcpStream::connect((address, proxy.port)).await {
            Ok(stream) if target.https => return ask(stream, proxy, target, agent).await,
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

async fn ask(
    mut stream: TcpStream,
    proxy: &Proxy,
    target: &Target,
    agent: &str,
) -> Result<TcpStream, String> {
    let authorization = proxy
        .authorization
        .as_ref()
        .map(|value| format!("Proxy-Authorization: {}\r\n", value.expose_secret()))
        .unwrap_or_default();
    let place = target.with_port();
    let request =
        format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: {agent}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    // Byte by byte: what follows the head is the target's.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD {
            return Err("its answer to CONNECT is too long".to_owned());
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) => return Err(format!("no answer to CONNECT: {error}")),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let line = head.lines().next().unwrap_or_default();
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split_once(' ')).map(|(_, status)| status);
    match status {
        Some(status) if status.starts_with("200") => Ok(stream),
        Some(status) => {
            Err(format!("it answered CONNECT with {}", status.chars().take(100).collect::<String>()))
        }
        None => Err("its answer to CONNECT is not HTTP".to_owned()),
    }
}

/// The class of a dial that failed.
pub(crate) fn class_of_dial(error: &io::Error) -> Class {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Class::Refused,
        io::ErrorKind::TimedOut => Class::ConnectTimeout,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Class::Reset,
        // No route, no network, no address of that family, or a local firewall (EPERM).
        _ => Class::Unreachable,
    }
}
