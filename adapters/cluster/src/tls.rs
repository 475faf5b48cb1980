//! What goes wrong before the first byte of HTTP, read out of the error chains of hyper and rustls.

use std::error::Error;
use std::io;

use hyper_util::client::legacy::Error as ClientError;
use kube::client::AuthError;
use rustls::{AlertDescription, CertificateError};

use crate::credential;
use crate::failure::{Cause, Failure};

/// Why there is no TLS session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsProblem {
    #[error("its certificate is signed by an authority that neither the kubeconfig nor this machine knows")]
    UnknownAuthority,
    #[error("its certificate has expired, or this machine's clock is wrong")]
    Expired,
    #[error("its certificate is not valid yet, or this machine's clock is wrong")]
    NotYetValid,
    #[error("{0}")]
    OtherName(String),
    #[error("it refuses our client certificate as expired")]
    OurCertificateExpired,
    #[error("it refuses our client certificate")]
    OurCertificateRefused,
    #[error("it does not speak TLS")]
    NotTls,
    #[error("{0}")]
    Other(String),
}

impl TlsProblem {
    fn of(error: &rustls::Error) -> TlsProblem {
        match error {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::UnknownIssuer => TlsProblem::UnknownAuthority,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    TlsProblem::NotYetValid
                }
                other @ (CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. }) => {
                    TlsProblem::OtherName(other.to_string())
                }
                other => TlsProblem::Other(other.to_string()),
            },
            rustls::Error::AlertReceived(AlertDescription::CertificateExpired) => {
                TlsProblem::OurCertificateExpired
            }
            rustls::Error::AlertReceived(
                AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateRequired
                | AlertDescription::UnknownCA,
            ) => TlsProblem::OurCertificateRefused,
            rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
            other => TlsProblem::Other(other.to_string()),
        }
    }
}

/// What an error of the client means, `server` being whom it called.
pub(crate) fn failure_of(error: &(dyn Error + 'static), server: &str) -> Failure {
    let server = server.to_owned();
    let mut connecting = false;
    let mut innermost = error.to_string();
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(auth) = error.downcast_ref::<AuthError>() {
            return Failure::Credentials { cause: Cause(credential::renewal_words(auth)) };
        }
        if let Some(tls) = tls_error(error) {
            return Failure::Tls { server, cause: TlsProblem::of(tls) };
        }
        connecting |= error.downcast_ref::<ClientError>().is_some_and(ClientError::is_connect);
        innermost = words(error);
        next = error.source();
    }
    let cause = Cause(innermost);
    if connecting {
        Failure::Unreachable { server, cause }
    } else {
        Failure::Broken { server, tries: 1, cause }
    }
}

/// rustls' error, also where tokio-rustls and hyper-rustls hide it in one `io::Error` within another: their `source`
/// skips what they wrap.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => error.downcast_ref(),
    }
}

fn words(error: &(dyn Error + 'static)) -> String {
    let Some(io) = error.downcast_ref::<io::Error>() else {
        return error.to_string();
    };
    match io.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused: nothing listens there".into(),
        io::ErrorKind::ConnectionReset => "connection reset by the other side".into(),
        io::ErrorKind::TimedOut => "no answer to the attempt to connect".into(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no route to it from here".into()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_error_inside_io_errors_is_found() {
        let inner = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let outer = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, inner));
        let Failure::Tls { cause, .. } = failure_of(&outer, "https://a.test") else { panic!() };
        assert_eq!(cause, TlsProblem::UnknownAuthority);
    }

    #[test]
    fn a_reset_outside_of_connecting_broke_off() {
        let error = io::Error::from(io::ErrorKind::ConnectionReset);
        let text = failure_of(&error, "https://a.test").in_one_line();
        assert_eq!(text, "the connection to https://a.test broke off: connection reset by the other side");
    }
}
