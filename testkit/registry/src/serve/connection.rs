//! One connection from its acceptance on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::access::Context;
use super::answer;
use super::delivery::{After, deliver, silence};
use super::http::{self, NoRequest};
use super::live::{Live, Run};
use super::reply::Reply;
use super::route::Target;
use super::wire::Wire;
use crate::configuration::ConnectionFault;
use crate::log::Request;

/// The first byte of a TLS record that holds a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 0x16;
/// A fatal alert `protocol_version` in a record of TLS 1.0 (RFC 8446, 6.2).
const ALERT_PROTOCOL_VERSION: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 70];
/// A fatal alert `handshake_failure`.
const ALERT_HANDSHAKE_FAILURE: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];

/// Accepts until it is dropped; with it go all its connections.
pub(crate) async fn accept(run: Arc<Run>, index: usize, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, peer)) = accepted else {
                    // A client that went, or no descriptor left: no reason to end, and none to spin.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let run = Arc::clone(&run);
                connections.spawn(async move {
                    // What breaks a connection is the client's matter: it is what these faults are for.
                    let _ = serve(&run, index, tcp, peer).await;
                });
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn serve(run: &Run, index: usize, mut tcp: TcpStream, peer: SocketAddr) -> io::Result<()> {
    let live = &run.endpoints[index];
    let number = run.log.connected(&live.endpoint.name, peer);
    // An answer that goes out in two writes must not wait for the client's acknowledgement of the first.
    tcp.set_nodelay(true)?;
    let mut fault = None;
    if let Some((_, then)) = live.rule_of_connection() {
        fault = then.connection;
        run.log.change(number, |entry| entry.fault = fault);
        if let Some(delay) = then.delay {
            tokio::time::sleep(delay).await;
        }
    }
    let hello = match fault {
        None | Some(ConnectionFault::Well | ConnectionFault::PlainHttp) => None,
        Some(ConnectionFault::Silent) => {
            std::future::pending::<()>().await;
            None
        }
        Some(ConnectionFault::Close) => return Ok(()),
        Some(ConnectionFault::Reset) => {
            Wire::Plain(tcp).reset();
            return Ok(());
        }
        Some(ConnectionFault::ResetAfter(bytes)) => {
            let mut sink = Vec::new();
            (&mut tcp).take(bytes).read_to_end(&mut sink).await?;
            Wire::Plain(tcp).reset();
            return Ok(());
        }
        Some(ConnectionFault::HandshakeStall) => return silence(Wire::Plain(tcp)).await.map(drop),
        Some(ConnectionFault::ProtocolAlert) => Some(ALERT_PROTOCOL_VERSION.to_vec()),
        Some(ConnectionFault::HandshakeFailure) => Some(ALERT_HANDSHAKE_FAILURE.to_vec()),
        Some(ConnectionFault::OldProtocol) => Some(old_server_hello()),
        Some(ConnectionFault::Garbage) => Some(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
    };
    if let Some(answer) = hello {
        return answered_below(tcp, &answer).await;
    }
    let acceptor = live.acceptor().filter(|_| fault != Some(ConnectionFault::PlainHttp));
    let wire = match acceptor {
        None => Wire::Plain(tcp),
        Some(acceptor) => {
            let mut first = [0];
            if tcp.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
                run.log.change(number, |entry| entry.handshake = Some("clear HTTP".to_owned()));
                // As Go's net/http writes it, word for word.
                let answer =
                    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
                return answered_below(tcp, answer).await;
            }
            let tls = acceptor.accept(tcp).await;
            let outcome = tls.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned());
            run.log.change(number, |entry| entry.handshake = Some(outcome));
            Wire::Tls(Box::new(tls?))
        }
    };
    requests(run, index, wire, peer, number).await
}

/// Reads something, answers these bytes, and closes so that the client can read them.
async fn answered_below(mut tcp: TcpStream, answer: &[u8]) -> io::Result<()> {
    let mut hello = [0; 4096];
    if tcp.read(&mut hello).await? == 0 {
        return Ok(());
    }
    tcp.write_all(answer).await?;
    tcp.shutdown().await?;
    // Closing with unread bytes would reset the connection and take the answer away.
    while tcp.read(&mut hello).await? > 0 {}
    Ok(())
}

/// A ServerHello of TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA (RFC 2246, 7.4.1.3).
fn old_server_hello() -> Vec<u8> {
    let mut body = vec![3, 1];
    body.extend_from_slice(&[0x42; 32]);
    body.extend_from_slice(&[0, 0x00, 0x2f, 0]);
    let mut message = vec![2, 0, 0, 38];
    message.append(&mut body);
    let mut record = vec![HANDSHAKE, 3, 1, 0, 42];
    record.append(&mut message);
    record
}

async fn requests(run: &Run, index: usize, mut wire: Wire, peer: SocketAddr, number: u64) -> io::Result<()> {
    let live: &Live = &run.endpoints[index];
    let mut buffer = Vec::new();
    let (sni, tls) = (wire.sni(), matches!(wire, Wire::Tls(_)));
    loop {
        let asked = match http::read(&mut wire, &mut buffer).await? {
            Ok(asked) => asked,
            Err(NoRequest::Closed) => return Ok(()),
            Err(NoRequest::NotHttp) => {
                // As Go's net/http answers a ClientHello on a port in clear.
                let words = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request";
                wire.write_all(words).await?;
                return wire.shutdown().await;
            }
        };
        let target = Target::read(&asked.target);
        let context = Context::new(run, index, &asked, &target, tls);
        let identity = context.identity();
        let rule = answer::rule(&context, &identity);
        let entry = run.log.asked(Request {
            time: Timestamp::now(),
            endpoint: live.endpoint.name.clone(),
            connection: number,
            peer,
            sni: sni.clone(),
            method: asked.method.clone(),
            target: asked.target.clone(),
            headers: asked.headers.clone(),
            body: asked.body.clone(),
            route: target.route,
            user: identity.name().map(str::to_owned),
            rule: rule.as_ref().map(|(index, _)| *index),
            status: None,
        });
        let then = rule.map(|(_, then)| then);
        if let Some(delay) = then.as_ref().and_then(|then| then.delay) {
            tokio::time::sleep(delay).await;
        }
        let reply: Reply = answer::answer(&context, &identity, then.as_ref());
        let delivery = then.and_then(|then| then.delivery);
        let answered = run.log.answered(entry, |request| request.status = said(&reply, delivery));
        if let (Some(told), Some(request)) = (&run.on_request, answered) {
            told(&request);
        }
        let head_only = asked.method == "HEAD";
        match deliver(wire, &reply, head_only, asked.keep_alive, delivery).await? {
            After::Kept(kept) => wire = kept,
            After::Given => return Ok(()),
        }
    }
}

fn said(reply: &Reply, delivery: Option<crate::configuration::Delivery>) -> Option<u16> {
    use crate::configuration::Delivery::{Close, Garbage, Reset, Silent};
    (!matches!(delivery, Some(Silent | Close | Reset | Garbage))).then_some(reply.status)
}
