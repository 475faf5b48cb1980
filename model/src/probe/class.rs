//! The kinds of refusal that are compared.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, at the grain at which two refusals count as the same (`verdict.md`: the exact code for 4xx, 5xx as
/// one; below HTTP the kind).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The name does not exist (NXDOMAIN).
    NoSuchName,
    /// The name exists and has no address (NODATA).
    NoAddress,
    /// The name server failed or refused to answer (SERVFAIL, REFUSED).
    NameServerFailed,
    /// No name server answered.
    NameServerSilent,
    /// Nothing listens.
    Refused,
    /// No route to the address.
    Unreachable,
    /// No answer to the opening of the connection.
    ConnectTimeout,
    /// The connection broke off: reset, or ended in the middle.
    Reset,
    /// The TLS handshake got no answer.
    TlsTimeout,
    /// The chain ends at an authority that is not trusted, or does not reach one.
    UnknownAuthority,
    /// The certificate is for other names.
    HostnameMismatch,
    /// The certificate is past its time.
    CertificateExpired,
    /// The certificate's time has not begun.
    CertificateNotYetValid,
    /// The certificate is refused for another reason: a legacy common name, a key too weak, a constraint.
    CertificateRefused,
    /// The server wants a client certificate.
    ClientCertificateWanted,
    /// No common TLS version or cipher, or another alert.
    TlsProtocol,
    /// Our TLS library refuses what Go's accepts: our limit, not a cause.
    OurTlsLimit,
    /// TLS was spoken to a port that speaks plain HTTP.
    PlainHttpOnTlsPort,
    /// Plain HTTP was spoken to a port that speaks TLS.
    TlsOnPlainPort,
    /// The request got no answer in time.
    AnswerTimeout,
    /// The proxy refused the connection, or could not be reached.
    Proxy,
    /// A 4xx status, exact.
    Status(u16),
    /// A 5xx status; they compare as one through [`Class::same`].
    ServerError(u16),
    /// A redirect where none may be followed, or one too many.
    Redirect,
    /// An answer that is not a registry's: a web page, a login page, no JSON where JSON must be.
    NotARegistry,
    /// A status of success with content that contradicts itself: wrong digest or length.
    WrongContent,
    /// A body that ended before its length.
    Truncated,
    /// A body or list over its cap.
    TooBig,
    /// The body came too slowly, or stopped.
    Stalled,
}

impl Class {
    /// Whether two refusals count as the same: server errors are one, all else is exact.
    pub const fn same(self, other: Class) -> bool {
        match (self, other) {
            (Class::ServerError(_), Class::ServerError(_)) => true,
            (Class::Status(a), Class::Status(b)) => a == b,
            (Class::Status(_), _) | (_, Class::Status(_)) => false,
            (a, b) => a.rank() == b.rank(),
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Class::NoSuchName => 0,
            Class::NoAddress => 1,
            Class::NameServerFailed => 2,
            Class::NameServerSilent => 3,
            Class::Refused => 4,
            Class::Unreachable => 5,
            Class::ConnectTimeout => 6,
            Class::Reset => 7,
            Class::TlsTimeout => 8,
            Class::UnknownAuthority => 9,
            Class::HostnameMismatch => 10,
            Class::CertificateExpired => 11,
            Class::CertificateNotYetValid => 12,
            Class::CertificateRefused => 13,
            Class::ClientCertificateWanted => 14,
            Class::TlsProtocol => 15,
            Class::OurTlsLimit => 16,
            Class::PlainHttpOnTlsPort => 17,
            Class::TlsOnPlainPort => 18,
            Class::AnswerTimeout => 19,
            Class::Proxy => 20,
            Class::Status(_) => 21,
            Class::ServerError(_) => 22,
            Class::Redirect => 23,
            Class::NotARegistry => 24,
            Class::WrongContent => 25,
            Class::Truncated => 26,
            Class::TooBig => 27,
            Class::Stalled => 28,
        }
    }
}

impl fmt::Display for Class {
    /// The few words that stand on a ladder: `401`, `no such name`, `refused`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Class::Status(code) | Class::ServerError(code) => return write!(f, "{code}"),
            Class::NoSuchName => "no such name (NXDOMAIN)",
            Class::NoAddress => "no address",
            Class::NameServerFailed => "name server failed (SERVFAIL)",
            Class::NameServerSilent => "no name server answers",
            Class::Refused => "refused",
            Class::Unreachable => "no route",
            Class::ConnectTimeout => "no answer",
            Class::Reset => "reset",
            Class::TlsTimeout => "handshake unanswered",
            Class::UnknownAuthority => "unknown authority",
            Class::HostnameMismatch => "certificate for other names",
            Class::CertificateExpired => "certificate expired",
            Class::CertificateNotYetValid => "certificate not yet valid",
            Class::CertificateRefused => "certificate refused",
            Class::ClientCertificateWanted => "client certificate wanted",
            Class::TlsProtocol => "no common protocol",
            Class::OurTlsLimit => "our own TLS limit",
            Class::PlainHttpOnTlsPort => "plain HTTP answered",
            Class::TlsOnPlainPort => "TLS wanted",
            Class::AnswerTimeout => "no answer in time",
            Class::Proxy => "proxy refused",
            Class::Redirect => "redirect refused",
            Class::NotARegistry => "not a registry's answer",
            Class::WrongContent => "wrong content",
            Class::Truncated => "broke off",
            Class::TooBig => "too big",
            Class::Stalled => "stalled",
        };
        f.pad(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_errors_are_one_class_and_refusals_are_exact() {
        assert!(Class::ServerError(500).same(Class::ServerError(503)));
        assert!(!Class::Status(401).same(Class::Status(403)));
        assert!(Class::Refused.same(Class::Refused));
        assert!(!Class::Refused.same(Class::Reset));
        assert!(!Class::Status(404).same(Class::ServerError(500)));
    }
}
