//! When nothing can be read at all.

use crate::failure::{Failure, shown};
use crate::tls::TlsProblem;

/// Nothing of the cluster can be read: no connection, no login, no API server. Partial rights are no error.
///
/// Displays as a fragment that fits after "failed to"; the reason is its source, what to do is its [hint](Self::hint).
#[derive(Debug, thiserror::Error)]
#[error("read {what}")]
pub struct ReadError {
    what: String,
    flags: String,
    #[source]
    failure: Failure,
}

impl ReadError {
    /// `what` is what was asked for; `flags` are kubectl's for the same cluster.
    pub(crate) fn new(what: String, flags: &str, failure: Failure) -> ReadError {
        ReadError { what, flags: flags.to_owned(), failure }
    }

    /// What to do next; `None` where the reason says it all.
    pub fn hint(&self) -> Option<String> {
        let flags = &self.flags;
        Some(match &self.failure {
            Failure::Unauthorized { credential } => match credential.kind {
                Some("plugin's credential" | "auth provider's token") => {
                    format!("log in again, as kubectl would ask you to: kubectl{flags} get pods")
                }
                Some(_) => format!("get a fresh kubeconfig from whoever runs the cluster, then: kubectl{flags} auth whoami"),
                None => format!("see which user the context takes: kubectl{flags} config view --minify"),
            },
            Failure::Unreachable { .. } | Failure::Broken { .. } => {
                format!("is the cluster up, and is a VPN, tunnel or proxy needed? Same address, other client: kubectl{flags} version")
            }
            Failure::Silent { limit, .. } => format!(
                "allow it more time with --request-timeout {}s, or read one namespace with -n",
                (limit.as_secs() * 4).max(60)
            ),
            Failure::Tls { cause, .. } => match cause {
                TlsProblem::UnknownAuthority | TlsProblem::OtherName(_) => {
                    "compare certificate-authority and tls-server-name of the kubeconfig with the server's certificate; a proxy in between has one of its own".into()
                }
                TlsProblem::NotTls => "the kubeconfig says https: compare server and port with the cluster's".into(),
                TlsProblem::Expired | TlsProblem::NotYetValid => {
                    "compare the clocks; if they agree, whoever runs the cluster must renew its certificates (kubeadm certs check-expiration)".into()
                }
                TlsProblem::OurCertificateExpired | TlsProblem::OurCertificateRefused => {
                    "get a fresh kubeconfig from whoever runs the cluster".into()
                }
                TlsProblem::Other(_) => format!("see if another client fares better: kubectl{flags} version"),
            },
            Failure::Unexpected { said: Some(said), .. } if said.contains("HTTP request to an HTTPS server") => {
                "the kubeconfig says http: write https in its server".into()
            }
            Failure::NotFound | Failure::Undecodable { .. } => {
                "does the kubeconfig's server point at an API server, and not at a web page or an ingress?".into()
            }
            Failure::NotAllowedToImpersonate { .. } => "leave out --as, or ask for the right: kubectl auth can-i impersonate users".into(),
            Failure::Busy { wait: Some(wait), .. } => format!("the server asks to wait {}; run it again then", shown(*wait)),
            Failure::Busy { wait: None, .. } => format!("try again in a minute; how the server sees itself: kubectl{flags} get --raw /readyz?verbose"),
            Failure::Credentials { .. } => format!("see what the plugin says: kubectl{flags} get pods"),
            Failure::TooLarge { .. } | Failure::Expired => "read one namespace with -n".into(),
            Failure::Forbidden { .. } | Failure::Unexpected { .. } | Failure::BadName { .. } => return None,
        })
    }
}
