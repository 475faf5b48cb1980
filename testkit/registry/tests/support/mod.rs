//! A client of raw bytes: what stands on the wire, and how it ended.

#![expect(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use testkit_registry::{Configuration, Endpoint, Registry, Running};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Nothing here takes longer; what is still open then is meant to stay open.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a client watches a connection on which nothing is to come.
pub(crate) const WATCH: Duration = Duration::from_millis(150);

pub(crate) async fn run(endpoints: impl IntoIterator<Item = Endpoint>) -> Running {
    Registry::start(Configuration { endpoints: endpoints.into_iter().collect(), names: None }).await.unwrap()
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
    Open,
}

/// What came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) raw: Vec<u8>,
    pub(crate) end: End,
}

impl Came {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn length(&self) -> usize {
        self.header("content-length").unwrap().parse().unwrap()
    }

    /// Its status, first error code and challenge, for tables.
    pub(crate) fn said(&self) -> String {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = json["errors"][0]["code"].as_str().unwrap_or("-");
        let challenge = match self.header("www-authenticate") {
            None => "no challenge",
            Some("") => "empty challenge",
            Some(text) if text.contains("insufficient_scope") => "insufficient_scope",
            Some(text) => text.split(' ').next().unwrap_or_default(),
        };
        format!("{} {code} {challenge}", self.status)
    }
}

fn read(raw: Vec<u8>, end: End) -> Came {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let (status, length) = match response.parse(&raw) {
        Ok(httparse::Status::Complete(length)) => (response.code.unwrap_or(0), length),
        _ => (0, raw.len()),
    };
    let headers = response
        .headers
        .iter()
        .filter(|header| !header.name.is_empty())
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    Came { status, headers, body: raw[length..].to_vec(), raw, end }
}

/// Sends these bytes and reads until the end, or until nothing more comes for `watch`.
pub(crate) async fn talk(
    mut wire: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
    watch: Duration,
) -> Came {
    let mut raw = Vec::new();
    let end = match wire.write_all(bytes).await {
        Ok(()) => loop {
            match tokio::time::timeout(watch, wire.read_buf(&mut raw)).await {
                Err(_) => break End::Open,
                Ok(Ok(0)) => break End::Closed,
                // An endless answer is seen to be one after 8 MiB.
                Ok(Ok(_)) if raw.len() > 8 << 20 => break End::Open,
                Ok(Ok(_)) => {}
                Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => break End::Closed,
                Ok(Err(_)) => break End::Reset,
            }
        },
        Err(_) => End::Reset,
    };
    read(raw, end)
}

/// One request and its answer; the connection is to be closed behind it.
pub(crate) async fn ask(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)]) -> Came {
    let wire = TcpStream::connect(address).await.unwrap();
    talk(wire, request(method, target, headers, "").as_bytes(), LIMIT).await
}

/// The same, watched for a short while only: for answers that do not end.
pub(crate) async fn watch(address: SocketAddr, target: &str) -> Came {
    let wire = TcpStream::connect(address).await.unwrap();
    talk(wire, request("GET", target, &[], "").as_bytes(), WATCH).await
}

pub(crate) async fn get(address: SocketAddr, target: &str) -> Came {
    ask(address, "GET", target, &[]).await
}

pub(crate) async fn post(address: SocketAddr, target: &str, form: &str) -> Came {
    let wire = TcpStream::connect(address).await.unwrap();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    talk(wire, request("POST", target, &headers, form).as_bytes(), LIMIT).await
}

pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: client.test:5000\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text + "\r\n" + body
}

pub(crate) fn basic(name: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}")))
}

/// A token of the service at this address; `login` is an `Authorization`.
pub(crate) async fn token(address: SocketAddr, path: &str, repository: &str, login: Option<&str>) -> Came {
    let target = format!("{path}?service=s&scope=repository:{repository}:pull");
    let headers: Vec<(&str, &str)> = login.map(|login| ("Authorization", login)).into_iter().collect();
    ask(address, "GET", &target, &headers).await
}

/// A handshake for `name` that trusts this PEM only; what went wrong is told in words.
pub(crate) async fn handshake(
    address: SocketAddr,
    name: &str,
    ca: &str,
    client: Option<(String, String)>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connected = TlsConnector::from(Arc::new(config)).connect(name, tcp);
    match tokio::time::timeout(Duration::from_secs(2), connected).await {
        Err(_) => Err("still waiting".to_owned()),
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
    }
}
