//! The TLS handshake, and the class of its failure.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pullmedic_model::probe::Class;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, ClientConfig, Error, PeerIncompatible, SignatureScheme};
use tokio_rustls::TlsConnector;

use crate::chain::{self, Leaf};
use crate::peek::{FirstBytes, Peek};
use crate::target::Target;
use crate::trust::Trusts;
use crate::verify::Recorder;
use crate::wire::BoxedIo;

/// What a handshake told, whether or not it passed.
pub(crate) struct Told {
    pub(crate) leaf: Option<Leaf>,
    pub(crate) detail: String,
}

/// Whether the server asked for a certificate of ours, and whether we had one.
#[derive(Debug, Default)]
pub(crate) struct ClientAsked {
    asked: AtomicBool,
    had: bool,
}

impl ClientAsked {
    /// Whether it asked and got none.
    pub(crate) fn in_vain(&self) -> bool {
        self.asked.load(Ordering::Relaxed) && !self.had
    }

    fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

struct Own {
    key: Option<Arc<CertifiedKey>>,
    asked: Arc<ClientAsked>,
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Own").finish_non_exhaustive()
    }
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        // rustls tells an empty resolver nothing of the server's request, and the request is what we want to know of.
        true
    }
}

/// A passed handshake.
pub(crate) struct Shaken {
    pub(crate) io: BoxedIo,
    pub(crate) told: Told,
    pub(crate) client: Arc<ClientAsked>,
}

/// Shakes hands over `io`; the caller sets the time limit.
///
/// # Errors
/// The class of the failure, and what the handshake told before.
pub(crate) async fn shake(
    io: Peek,
    target: &Target,
    trusts: &Trusts,
    trust: &str,
    skip_verify: bool,
) -> Result<Shaken, (Class, Told)> {
    let trusted = trusts.get(trust);
    let client = Arc::new(ClientAsked { asked: AtomicBool::new(false), had: trusted.client.is_some() });
    let own = Own { key: trusted.client.clone(), asked: Arc::clone(&client) };
    let algorithms = trusts.provider.signature_verification_algorithms;
    let recorder = Arc::new(Recorder::new(trusted, algorithms, skip_verify, target.host.clone()));
    let first = io.first();
    let failed = |class, why: String| {
        let leaf = chain::leaf(&recorder.seen().chain);
        (class, told(leaf, &why))
    };
    let Ok(server) = ServerName::try_from(target.host.clone()) else {
        return Err(failed(Class::OurTlsLimit, "our TLS library takes no such name".to_owned()));
    };
    let config = ClientConfig::builder_with_provider(Arc::clone(&trusts.provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(Class::OurTlsLimit, error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&recorder) as Arc<_>);
    let mut config = config.with_client_cert_resolver(Arc::new(own));
    // Each handshake must show the certificate.
    config.resumption = Resumption::disabled();
    match TlsConnector::from(Arc::new(config)).connect(server, io).await {
        Ok(stream) => {
            let (_, session) = stream.get_ref();
            let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
            let suite = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
            let leaf = chain::leaf(&recorder.seen().chain);
            let skipped = if skip_verify { ", certificate not checked" } else { "" };
            let told = told(leaf, &format!("{version} {}{skipped}", suite.unwrap_or_default()));
            Ok(Shaken { io: Box::new(stream), told, client })
        }
        Err(error) => {
            let (class, why) = match recorder.seen().refused {
                Some((class, why)) => (class, format!("the certificate is refused: {why}")),
                None => classify(&error, &first, &client),
            };
            Err(failed(class, why))
        }
    }
}

fn told(leaf: Option<Leaf>, what: &str) -> Told {
    let detail = match &leaf {
        Some(leaf) => format!("{what}; {}", leaf.line()),
        None => what.to_owned(),
    };
    Told { leaf, detail }
}

/// The rustls error within an I/O error.
pub(crate) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref::<Error>()
}

fn classify(error: &io::Error, first: &FirstBytes, client: &ClientAsked) -> (Class, String) {
    if first.is_http() {
        return (Class::PlainHttpOnTlsPort, "the port answered in plain HTTP".to_owned());
    }
    if let Some(error) = tls_error(error) {
        return classify_tls(error, client);
    }
    let gone = matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe
    );
    if gone && client.in_vain() {
        return (
            Class::ClientCertificateWanted,
            format!("a client certificate was asked for, then: {error}"),
        );
    }
    if gone {
        return (Class::Reset, format!("the connection broke off in the handshake: {error}"));
    }
    (Class::TlsProtocol, error.to_string())
}

/// The class of a TLS failure that is not about the server's certificate.
pub(crate) fn classify_tls(error: &Error, client: &ClientAsked) -> (Class, String) {
    let class = match error {
        Error::AlertReceived(AlertDescription::CertificateRequired) => Class::ClientCertificateWanted,
        // Servers of TLS 1.2 say only this; it is about our certificate where one was asked for.
        Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate
            | AlertDescription::NoCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) if client.asked() => Class::ClientCertificateWanted,
        Error::AlertReceived(_) => Class::TlsProtocol,
        // What Go's client would refuse too: no version of TLS in common, or no TLS at all.
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::NoCipherSuitesInCommon,
        )
        | Error::InvalidMessage(_)
        | Error::DecryptError => Class::TlsProtocol,
        _ => Class::OurTlsLimit,
    };
    let ours = match error {
        Error::AlertReceived(AlertDescription::HandshakeFailure) if class == Class::TlsProtocol => {
            " (we offer ECDHE with AEAD ciphers only; Go offers CBC too, older Go also RSA key exchange)"
        }
        _ => "",
    };
    (class, format!("{error}{ours}"))
}
