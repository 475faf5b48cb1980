//! The check of a server's certificate: records what was presented, then judges it in the order of Go's `crypto/x509`.
//!
//! The runtimes are written in Go, so a refusal must bear the reason that they would write: dates of the leaf, then its
//! name, then the chain ([`Certificate.Verify`](https://pkg.go.dev/crypto/x509#Certificate.Verify)). The chain itself is
//! checked by webpki. Where webpki refuses what Go takes, that is our limit and never a cause.

use std::sync::{Arc, Mutex, PoisonError};

use pullmedic_model::probe::Class;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::chain::{self, Age, Leaf};
use crate::trust::Trusted;

/// Checks one handshake.
#[derive(Debug)]
pub(crate) struct Recorder {
    trusted: Arc<Trusted>,
    algorithms: WebPkiSupportedAlgorithms,
    skip: bool,
    /// As the request names it; an address without brackets.
    host: String,
    seen: Mutex<Seen>,
}

/// What was presented and how it was judged.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Why it was refused; `None`: it was not.
    pub(crate) refused: Option<(Class, String)>,
}

impl Recorder {
    pub(crate) fn new(
        trusted: Arc<Trusted>,
        algorithms: WebPkiSupportedAlgorithms,
        skip: bool,
        host: String,
    ) -> Recorder {
        Recorder { trusted, algorithms, skip, host, seen: Mutex::default() }
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn refuse(&self, class: Class, why: String, error: Error) -> Result<ServerCertVerified, Error> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).refused = Some((class, why));
        Err(error)
    }
}

/// Judges a chain as Go would, as far as webpki can: the class and the reason of a refusal.
pub(crate) fn judge(
    chain: &[CertificateDer<'_>],
    host: &str,
    trusted: &Trusted,
    algorithms: &WebPkiSupportedAlgorithms,
    now: UnixTime,
) -> Result<(), (Class, String, Error)> {
    let refused = |class, why: &str, error: CertificateError| {
        Err((class, why.to_owned(), Error::InvalidCertificate(error)))
    };
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let Some((end_entity, intermediates)) = chain.split_first() else {
        return refused(Class::OurTlsLimit, "no certificate was presented", CertificateError::BadEncoding);
    };
    if chain::is_beyond_go(end_entity) {
        let why = "it has a critical extension that is not known";
        return refused(Class::CertificateRefused, why, CertificateError::UnhandledCriticalExtension);
    }
    let leaf = chain::leaf(chain);
    match leaf.as_ref().map(|leaf| leaf.age(seconds)) {
        Some(Age::Over) => {
            return refused(Class::CertificateExpired, "it has expired", CertificateError::Expired);
        }
        Some(Age::NotYet) => {
            return refused(
                Class::CertificateNotYetValid,
                "its time has not begun",
                CertificateError::NotValidYet,
            );
        }
        Some(Age::Valid) | None => {}
    }
    let parsed = match ParsedCertificate::try_from(end_entity) {
        Ok(parsed) => parsed,
        Err(error) => {
            return Err((Class::OurTlsLimit, format!("our TLS library cannot read it: {error}"), error));
        }
    };
    name(&parsed, leaf.as_ref(), host)?;

    // A self-signed certificate that was itself made trusted is the common case on premises; webpki takes no CA for a
    // leaf, Go does when it is among the roots.
    if trusted.itself.contains(end_entity.as_ref()) {
        return if leaf.as_ref().is_some_and(Leaf::is_for_servers) {
            Ok(())
        } else {
            refused(Class::CertificateRefused, "it is not for servers", CertificateError::InvalidPurpose)
        };
    }
    let usable: Vec<CertificateDer<'_>> =
        intermediates.iter().filter(|certificate| chain::may_sign(certificate)).cloned().collect();
    verify_server_cert_signed_by_trust_anchor(&parsed, &trusted.roots, &usable, now, algorithms.all).map_err(
        |error| {
            let (class, why) = reason(&error, chain, trusted, seconds);
            (class, why, error)
        },
    )
}

/// The name of the leaf.
fn name(
    parsed: &ParsedCertificate<'_>,
    leaf: Option<&Leaf>,
    host: &str,
) -> Result<(), (Class, String, Error)> {
    let server = ServerName::try_from(host.to_owned()).map_err(|_| {
        (Class::OurTlsLimit, "our TLS library takes no such name".to_owned(), Error::UnsupportedNameType)
    })?;
    let Err(error) = verify_server_name(parsed, &server) else { return Ok(()) };
    let (class, why) = match leaf {
        Some(leaf) if leaf.is_for(host) => (Class::OurTlsLimit, "our TLS library alone refuses the name"),
        Some(leaf) if leaf.is_for_by_common_name_only(host) => {
            (Class::CertificateRefused, "it has the name only in its legacy common name")
        }
        Some(_) => (Class::HostnameMismatch, "it is for other names"),
        None => (Class::OurTlsLimit, "our TLS library cannot read it"),
    };
    Err((class, why.to_owned(), error))
}

/// The class of webpki's refusal of a chain, as Go would name it.
fn reason(error: &Error, chain: &[CertificateDer<'_>], trusted: &Trusted, now: i64) -> (Class, String) {
    let over = chain.iter().skip(1).any(|c| chain::age_of(c, now) == Some(Age::Over));
    let not_yet = chain.iter().skip(1).any(|c| chain::age_of(c, now) == Some(Age::NotYet));
    let ends_at = chain
        .iter()
        .filter_map(chain::raw_issuer)
        .find_map(|issuer| trusted.out_of_time.get(&issuer).copied());
    let is_for_servers = chain::leaf(chain).is_some_and(|leaf| leaf.is_for_servers());
    let (class, why) = match error {
        Error::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer if ends_at == Some(Age::Over) => {
                (Class::CertificateExpired, "the authority that signed it has expired")
            }
            CertificateError::UnknownIssuer if ends_at == Some(Age::NotYet) => {
                (Class::CertificateNotYetValid, "the time of the authority that signed it has not begun")
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                Class::UnknownAuthority,
                "it is signed by an unknown authority, or its chain does not reach one",
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } if over => {
                (Class::CertificateExpired, "a certificate between it and the authority has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } if not_yet => {
                (Class::CertificateNotYetValid, "the time of a certificate above it has not begun")
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                let is_limit = is_for_servers && chain.len() == 1;
                let class = if is_limit { Class::OurTlsLimit } else { Class::CertificateRefused };
                (class, "it, or a certificate above it, is not for servers")
            }
            _ => return limit_or_refusal(error, chain),
        },
        _ => return (Class::OurTlsLimit, format!("our TLS library refuses it: {error}")),
    };
    (class, why.to_owned())
}

/// What webpki alone has a name for; which of them Go refuses too is what the corpus below compares.
fn limit_or_refusal(error: &CertificateError, chain: &[CertificateDer<'_>]) -> (Class, String) {
    let text = format!("{error:?}");
    let is_refused = text.contains("NameConstraintViolation")
        || text.contains("PathLenConstraintViolated")
        || chain.iter().any(chain::is_beyond_go);
    let class = if is_refused { Class::CertificateRefused } else { Class::OurTlsLimit };
    (class, format!("our TLS library refuses it: {error}"))
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<CertificateDer<'static>> =
            std::iter::once(end_entity).chain(intermediates).map(|c| c.clone().into_owned()).collect();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).chain.clone_from(&chain);
        if self.skip {
            return Ok(ServerCertVerified::assertion());
        }
        match judge(&chain, &self.host, &self.trusted, &self.algorithms, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err((class, why, error)) => self.refuse(class, why, error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod corpus;
