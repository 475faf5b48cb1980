//! What a node trusts at a host, and sends to it.

use std::fmt;

use pullmedic_model::Captured;
use pullmedic_model::probe::route::{Defect, DefectKind};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;

use crate::copy::{CERTIFICATES, EtcCopy, Missing};

/// What a runtime trusts at a host and sends to it beyond the system's settings.
#[derive(Debug, Clone, Default)]
pub struct TrustFiles {
    /// Files of authorities, PEM, each with at least one certificate.
    pub authorities: Vec<Vec<u8>>,
    /// The client certificate, PEM, and its key, PEM. Of several pairs the first: Go sends the first that the server's
    /// list of authorities allows.
    pub client: Option<(Vec<u8>, SecretString)>,
    /// Headers that are sent with each request, name and value. Their values may be credentials.
    pub headers: Vec<(String, SecretString)>,
    /// Whether `authorities` stand in place of the system's; containerd adds them to the system's.
    pub replaces_system: bool,
    /// Files that are named and not in the copy, as the node names them. While there are any, a refusal by TLS tells
    /// nothing about the node.
    pub missing: Vec<String>,
}

impl TrustFiles {
    /// Whether nothing differs from the system's settings.
    pub(crate) fn is_empty(&self) -> bool {
        self.authorities.is_empty()
            && self.client.is_none()
            && self.headers.is_empty()
            && self.missing.is_empty()
    }
}

/// A login that stands in the node's own config. containerd consults it only if the kubelet sent none.
/// <https://github.com/containerd/containerd/blob/v2.3.4/internal/cri/server/images/image_pull.go#L103-L112>
#[derive(Clone)]
pub struct NodeLogin {
    /// The host that it is for, as the file names it.
    pub host: String,
    /// The user name; empty for an identity token.
    pub user: SecretString,
    /// The password or identity token.
    pub password: SecretString,
}

impl fmt::Debug for NodeLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeLogin").field("host", &self.host).finish_non_exhaustive()
    }
}

/// What comes of reading the files of one host.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) trust: TrustFiles,
    pub(crate) defects: Vec<Defect>,
    pub(crate) remarks: Vec<String>,
}

impl Gathered {
    /// Adds a file of authorities, as `AppendCertsFromPEM` would.
    pub(crate) fn authority(&mut self, copy: &EtcCopy, path: &str) {
        let Some(pem) = self.file(copy, path, "authority") else { return };
        if has_certificate(&pem) {
            self.trust.authorities.push(pem);
        } else {
            self.unusable(path, "holds no certificate (`unable to load CA cert`)");
        }
    }

    /// Adds a client certificate; without a key file the key stands in the certificate's.
    pub(crate) fn client(&mut self, copy: &EtcCopy, certificate: &str, key: Option<&str>) {
        let Some(pem) = self.file(copy, certificate, "client certificate") else { return };
        let key_file = key.unwrap_or(certificate);
        let key_pem = match key {
            Some(key) => self.file(copy, key, "client key"),
            None => Some(pem.clone()),
        };
        let Some(key_pem) = key_pem else { return };
        if !has_certificate(&pem) {
            self.unusable(certificate, "holds no client certificate (`failed to load X509 key pair`)");
        } else if PrivateKeyDer::from_pem_slice(&key_pem).is_err() {
            self.unusable(key_file, "holds no private key (`failed to load X509 key pair`)");
        } else if self.trust.client.is_some() {
            self.remarks.push(format!(
                "{certificate}: one of several client certificates; only the first is replayed"
            ));
        } else if let Ok(key) = String::from_utf8(key_pem) {
            self.trust.client = Some((pem, key.into()));
        }
    }

    fn file(&mut self, copy: &EtcCopy, path: &str, what: &str) -> Option<Vec<u8>> {
        match copy.read(path, CERTIFICATES) {
            Ok(bytes) => Some(bytes),
            Err(Missing::Absent) => {
                self.unusable(path, &format!("{what}: no such file"));
                None
            }
            // What we could not see is nothing that can be held against the node.
            Err(missing) => {
                self.remarks.push(format!("{path}: {what} {}", missing.words()));
                self.trust.missing.push(path.to_owned());
                None
            }
        }
    }

    fn unusable(&mut self, path: &str, what: &str) {
        self.defects.push(Defect {
            file: Captured::new(path).to_string(),
            kind: DefectKind::Unreadable,
            detail: format!("{what}; every pull from the host fails"),
            corrected: None,
        });
    }
}

/// Whether Go finds at least one certificate in it. A block is taken for one when it holds a DER sequence of the
/// length that it claims.
pub(crate) fn has_certificate(pem: &[u8]) -> bool {
    CertificateDer::pem_slice_iter(pem).any(|certificate| certificate.is_ok_and(|der| is_sequence(&der)))
}

fn is_sequence(der: &[u8]) -> bool {
    match der {
        [0x30, length, rest @ ..] if *length < 0x80 => rest.len() == usize::from(*length),
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, 0x82, high, low, rest @ ..] => rest.len() == usize::from(*high) << 8 | usize::from(*low),
        [0x30, 0x83, a, b, c, rest @ ..] => {
            rest.len() == usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)
        }
        _ => false,
    }
}
