//! Certificates and handshakes: Go's `crypto/x509` and `crypto/tls`.

use pullmedic_model::Cause::{
    ClientCertificateRequired, ClockSkew, MirrorMisconfigured, Proxy, TlsExpired, TlsHostnameMismatch,
    TlsProtocol, TlsUnknownAuthority,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any(
        "x509/unknown-authority",
        &["certificate signed by unknown authority", "certificate signed by an unknown authority"],
    )
    .certain(TlsUnknownAuthority)
    .or(&[Proxy])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    Rule::any(
        "x509/not-trusted-elsewhere",
        &[
            "certificate is not trusted",
            "unable to get local issuer certificate",
            "self-signed certificate",
            "self signed certificate",
            "certificate chain processed, but terminated in a root certificate which is not trusted",
        ],
    )
    .certain(TlsUnknownAuthority)
    .or(&[Proxy])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/x509/root_windows.go"),
    Rule::any(
        "x509/not-authorized-to-sign",
        &[
            "certificate is not authorized to sign other certificates",
            "too many intermediates for path length constraint",
            "certificate specifies an incompatible key usage",
            "unhandled critical extension",
            "x509: failed to load system roots",
        ],
    )
    .strong(TlsUnknownAuthority)
    .or(&[TlsProtocol])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    Rule::says("x509/valid-for-others", &["certificate is valid for "])
        .certain(TlsHostnameMismatch)
        .or(&[Proxy])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    Rule::says("x509/not-valid-for-any", &["certificate is not valid for any names"])
        .certain(TlsHostnameMismatch)
        .or(&[Proxy])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    Rule::says("x509/no-ip-sans", &["doesn't contain any ip sans"])
        .certain(TlsHostnameMismatch)
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    Rule::says("x509/legacy-common-name", &["certificate relies on legacy common name"])
        .certain(TlsProtocol)
        .or(&[TlsHostnameMismatch])
        .at(Stage::Tls)
        .from("golang/go@go1.17.0:src/crypto/x509/verify.go"),
    Rule::any("x509/expired", &["certificate has expired", "certificate is not yet valid"])
        .certain(TlsExpired)
        .or(&[ClockSkew])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    // Before its time: issued a moment ago, or a clock that is behind.
    Rule::says("x509/not-yet-valid", &["certificate has expired", "current time ", " is before "])
        .strong(TlsExpired)
        .or(&[ClockSkew])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    // A clock from before Kubernetes is one that was never set.
    Rule::says(
        "x509/clock-never-set",
        &[
            "certificate has expired",
            "current time 0|current time 19|current time 200|current time 2010|current time 2011|\
             current time 2012|current time 2013|current time 2014",
            " is before ",
        ],
    )
    .strong(ClockSkew)
    .or(&[TlsExpired])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/x509/verify.go"),
    Rule::any(
        "tls/client-certificate",
        &[
            "tls: bad certificate",
            "tls: certificate required",
            "bad_certificate",
            "no required ssl certificate was sent",
            "ssl certificate error",
        ],
    )
    .strong(ClientCertificateRequired)
    .or(&[TlsProtocol])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/tls/alert.go"),
    Rule::any(
        "tls/client-certificate-expired",
        &[
            "remote error: tls: expired certificate",
            "remote error: tls: revoked certificate",
            "remote error: tls: unknown certificate",
            "remote error: tls: unsupported certificate",
        ],
    )
    .strong(ClientCertificateRequired)
    .or(&[TlsProtocol])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/tls/alert.go"),
    Rule::says("tls/handshake-failure", &["tls: handshake failure"])
        .strong(TlsProtocol)
        .or(&[ClientCertificateRequired, Proxy, pullmedic_model::Cause::Unknown])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/tls/alert.go"),
    Rule::any(
        "tls/protocol-version",
        &[
            "protocol version not supported",
            "tls: server selected unsupported protocol version",
            "no supported versions satisfy",
            "unsupported versions",
        ],
    )
    .certain(TlsProtocol)
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/tls/alert.go"),
    Rule::says("tls/unrecognized-name", &["tls: unrecognized name"])
        .strong(TlsProtocol)
        .or(&[TlsHostnameMismatch, MirrorMisconfigured])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/tls/alert.go"),
    Rule::says("tls/remote-alert", &["remote error: tls: "])
        .said()
        .strong(TlsProtocol)
        .or(&[ClientCertificateRequired, Proxy])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/crypto/tls/alert.go"),
    Rule::any(
        "tls/local",
        &[
            "local error: tls: ",
            "tls: server chose an unconfigured cipher suite",
            "tls: invalid signature",
            "tls: received unexpected handshake message",
            "tls: unsupported",
            "tls: failed to parse certificate",
            "bad record mac",
            "illegal parameter",
        ],
    )
    .said()
    .strong(TlsProtocol)
    .or(&[Proxy])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/tls/handshake_client.go"),
    Rule::any(
        "x509/malformed",
        &[
            "x509: malformed",
            "x509: negative serial number",
            "x509: invalid",
            "x509: unsupported",
            "x509: certificate contains",
            "x509: cannot parse",
            "x509: cannot verify signature",
            "x509: failed to parse",
            "asn1: structure error",
        ],
    )
    .said()
    .certain(TlsProtocol)
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/x509/parser.go"),
    Rule::any(
        "containerd/ca-unreadable",
        &[
            "unable to read ca cert",
            "unable to load ca cert",
            "failed to load ca file",
            "unable to load client ca",
        ],
    )
    .verdict()
    .certain(MirrorMisconfigured)
    .at(Stage::Tls)
    .from("containerd/containerd@v1.7.0:remotes/docker/config/hosts.go"),
];
