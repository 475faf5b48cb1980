//! Faults before the first byte of HTTP, seen from outside.

mod support;

use std::io;
use std::time::Duration;

use support::{End, WATCH, ask, get, handshake, request, run, talk};
use testkit_registry::{Certificate, ConnectionFault, Endpoint, Nth, Rule, Tls, Transport};
use tokio::net::TcpStream;

async fn under(fault: ConnectionFault) -> (testkit_registry::Running, std::net::SocketAddr) {
    let running = run([Endpoint::named("r").tls(Certificate::Trusted).rule(Rule::connection(fault))]).await;
    let address = running.endpoint("r");
    (running, address)
}

#[tokio::test]
async fn nothing_listens_where_the_transport_is_refused() {
    let mut endpoint = Endpoint::named("r");
    endpoint.transport = Transport::Refused;
    let running = run([endpoint]).await;
    let error = TcpStream::connect(running.endpoint("r")).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn each_fault_ends_a_connection_in_its_own_way() {
    for (fault, first_bytes, ends) in [
        (ConnectionFault::Silent, &b""[..], &[End::Open][..]),
        // Our close comes before the client's request: its write may be answered with a reset.
        (ConnectionFault::Close, b"", &[End::Closed, End::Reset]),
        (ConnectionFault::Reset, b"", &[End::Reset]),
        (ConnectionFault::ResetAfter(20), b"", &[End::Reset]),
        (ConnectionFault::HandshakeStall, b"", &[End::Open]),
        (ConnectionFault::ProtocolAlert, b"\x15\x03\x01\x00\x02\x02\x46", &[End::Closed]),
        (ConnectionFault::HandshakeFailure, b"\x15\x03\x03\x00\x02\x02\x28", &[End::Closed]),
        (ConnectionFault::OldProtocol, b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01", &[End::Closed]),
        (ConnectionFault::Garbage, b"SSH-2.0-", &[End::Closed]),
        (ConnectionFault::PlainHttp, b"HTTP/1.1 200 OK\r\n", &[End::Closed]),
    ] {
        let (running, address) = under(fault).await;
        let wire = TcpStream::connect(address).await.unwrap();
        let came = talk(wire, request("GET", "/v2/", &[], "").as_bytes(), WATCH).await;
        assert!(came.raw.starts_with(first_bytes), "{fault:?}: {:?}", came.raw);
        assert_eq!(came.raw.is_empty(), first_bytes.is_empty(), "{fault:?}: {:?}", came.raw);
        assert!(ends.contains(&came.end), "{fault:?}: {:?}", came.end);
        assert_eq!(running.connections()[0].fault, Some(fault));
    }
}

#[tokio::test]
async fn a_tls_client_tells_these_faults_apart() {
    for (fault, words) in [
        (ConnectionFault::HandshakeStall, "still waiting"),
        (ConnectionFault::ProtocolAlert, "ProtocolVersion"),
        (ConnectionFault::HandshakeFailure, "HandshakeFailure"),
        (ConnectionFault::OldProtocol, "peer is incompatible"),
        (ConnectionFault::PlainHttp, "corrupt message"),
        (ConnectionFault::Garbage, "corrupt message"),
        (ConnectionFault::ResetAfter(10), "reset"),
    ] {
        let (running, address) = under(fault).await;
        let said = handshake(address, "localhost", &running.ca_pem(), None).await.map(drop).unwrap_err();
        assert!(said.to_lowercase().contains(&words.to_lowercase()), "{fault:?}: {said}");
    }
}

#[tokio::test]
async fn each_certificate_is_refused_for_its_own_reason() {
    for (certificate, words) in [
        (Certificate::Trusted, Ok(())),
        (Certificate::WithIntermediate, Ok(())),
        (Certificate::UnknownAuthority, Err("UnknownIssuer")),
        (Certificate::MissingIntermediate, Err("UnknownIssuer")),
        (Certificate::Expired, Err("certificate expired")),
        (Certificate::NotYetValid, Err("certificate not valid yet")),
        (Certificate::OtherNames, Err("not valid for name")),
        (Certificate::SelfSigned, Err("UnknownIssuer")),
        (Certificate::CommonNameOnly, Err("not valid for name")),
    ] {
        let running = run([Endpoint::named("r").tls(certificate.clone())]).await;
        let tried = handshake(running.endpoint("r"), "localhost", &running.ca_pem(), None).await.map(drop);
        match (words, tried) {
            (Ok(()), Ok(())) => {}
            (Err(words), Err(said)) => assert!(said.contains(words), "{certificate:?}: {said}"),
            (expected, seen) => panic!("{certificate:?}: {expected:?} {seen:?}"),
        }
    }
}

#[tokio::test]
async fn certificates_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let other = run([]).await;
    let (certificate, key) = other.client_certificate("files.test").unwrap();
    let (cert, key_file) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&cert, certificate).unwrap();
    std::fs::write(&key_file, key).unwrap();
    let running = run([Endpoint::named("r").tls(Certificate::Files { cert, key: key_file })]).await;
    let said =
        handshake(running.endpoint("r"), "files.test", &running.ca_pem(), None).await.map(drop).unwrap_err();
    assert!(said.contains("allows client authentication"), "it is the one given, for clients: {said}");
}

#[tokio::test]
async fn a_client_certificate_is_demanded() {
    let mut endpoint = Endpoint::named("r");
    endpoint.transport = Transport::Tls(Tls { client_certificate: true, ..Tls::default() });
    let running = run([endpoint]).await;
    let (address, ca) = (running.endpoint("r"), running.ca_pem());
    let ping = request("GET", "/v2/", &[], "");
    // In TLS 1.3 the client's handshake is over before the server has looked at its certificate.
    let without = match handshake(address, "localhost", &ca, None).await {
        Ok(wire) => talk(wire, ping.as_bytes(), Duration::from_secs(2)).await.status,
        Err(_) => 0,
    };
    assert_eq!(without, 0);
    let client = running.client_certificate("node").unwrap();
    let wire = handshake(address, "localhost", &ca, Some(client)).await.unwrap();
    assert_eq!(talk(wire, ping.as_bytes(), Duration::from_secs(2)).await.status, 200);
    let handshakes: Vec<bool> =
        running.connections().iter().map(|one| one.handshake.as_deref() == Some("ok")).collect();
    assert_eq!(handshakes, [false, true]);
}

#[tokio::test]
async fn clear_http_on_the_tls_port_and_the_reverse_are_told() {
    let running = run([Endpoint::named("tls").tls(Certificate::Trusted), Endpoint::named("plain")]).await;
    let clear = get(running.endpoint("tls"), "/v2/").await;
    assert_eq!(clear.status, 400);
    assert_eq!(clear.text(), "Client sent an HTTP request to an HTTPS server.\n");
    let said = handshake(running.endpoint("plain"), "localhost", &running.ca_pem(), None).await.map(drop);
    assert!(said.clone().unwrap_err().contains("corrupt message"), "{said:?}");
    assert!(running.requests().is_empty(), "neither was a request");
}

#[tokio::test]
async fn the_name_asked_for_in_tls_is_written_down() {
    let mut endpoint = Endpoint::named("r").tls(Certificate::Trusted);
    endpoint.host = Some("registry.test".to_owned());
    let running = run([endpoint]).await;
    let wire = handshake(running.endpoint("r"), "registry.test", &running.ca_pem(), None).await.unwrap();
    talk(wire, request("GET", "/v2/", &[], "").as_bytes(), Duration::from_secs(2)).await;
    assert_eq!(running.requests()[0].sni.as_deref(), Some("registry.test"));
    assert_eq!(running.url("r"), format!("https://registry.test:{}", running.endpoint("r").port()));
}

#[tokio::test]
async fn connections_flap_by_count_and_mend() {
    let rule = Rule::connection(ConnectionFault::Reset).nth(Nth::First(2));
    let running = run([Endpoint::named("r").rule(rule)]).await;
    let address = running.endpoint("r");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(address, "GET", "/v2/", &[]).await.status);
    }
    assert_eq!(statuses, [0, 0, 200]);
    running.set_rules("r", vec![Rule::connection(ConnectionFault::Close)]);
    assert_eq!(ask(address, "GET", "/v2/", &[]).await.status, 0);
    running.set_rules("r", vec![]);
    assert_eq!(ask(address, "GET", "/v2/", &[]).await.status, 200);
}

#[tokio::test]
async fn a_certificate_is_renewed_while_it_runs() {
    let running = run([Endpoint::named("r").tls(Certificate::Expired)]).await;
    let (address, ca) = (running.endpoint("r"), running.ca_pem());
    assert!(handshake(address, "localhost", &ca, None).await.is_err());
    running.set_transport("r", Transport::Tls(Tls::default())).unwrap();
    assert!(handshake(address, "localhost", &ca, None).await.is_ok());
}

#[tokio::test]
async fn a_stopped_run_listens_no_more() {
    let running = run([Endpoint::named("r")]).await;
    let address = running.endpoint("r");
    let idle = TcpStream::connect(address).await.unwrap();
    running.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
    let came = talk(idle, b"", Duration::from_secs(2)).await;
    assert_ne!(came.end, End::Open, "open connections are gone, too");
}
