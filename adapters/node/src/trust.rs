//! What a node trusts at a host, and sends to it.

use std::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::SecretString;

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
