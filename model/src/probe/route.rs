//! The hosts that a runtime asks for an image, in order.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// One host of a runtime's list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Host and port that are dialled.
    pub endpoint: Endpoint,
    /// How it is spoken to.
    pub scheme: Scheme,
    /// The path before the repository: `/v2`, or what `override_path` leaves. Without a closing slash.
    pub path: String,
    /// The value of `?ns=`; mirrors are sent the host of the image. `None` for an origin.
    pub namespace: Option<String>,
    /// What it is to the image.
    pub role: Role,
    /// Whether tags are looked up here; without it only digests and blobs are asked for.
    pub resolve: bool,
    /// Names the trust settings (authorities, client certificate, headers) that the adapter was given; empty: the
    /// system's.
    pub trust: String,
    /// Whether the certificate is not checked.
    pub skip_verify: bool,
    /// How long opening a connection may take, in milliseconds.
    pub dial_timeout_ms: u64,
    /// How long the first byte of an answer may take, in milliseconds; `None`: without limit, as containerd before 2.x.
    pub answer_timeout_ms: Option<u64>,
}

/// How a host is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// TLS.
    Https,
    /// Plain HTTP.
    Http,
    /// TLS first; plain HTTP where the port answers plainly (containerd's way with loopback names).
    HttpsThenHttp,
}

/// What a host is to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The registry that the image names, or what stands for it.
    Origin,
    /// A mirror of it, by its place in the node's file.
    Mirror(u8),
}

/// The hosts in order, and what is wrong with the files that give them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// In the order in which they are asked.
    pub hosts: Vec<Host>,
    /// Whether it was read from a node's files; `false`: assumed, origin only.
    pub of_node: bool,
    /// What is wrong with the files.
    pub defects: Vec<Defect>,
}

impl Route {
    /// The origin; `None` when the node's files leave it out.
    pub fn origin(&self) -> Option<&Host> {
        self.hosts.iter().find(|host| host.role == Role::Origin)
    }
}

/// Something wrong with a node's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Defect {
    /// The file, as the node names it: `/etc/containerd/certs.d/docker.io/hosts.toml`.
    pub file: String,
    /// What kind.
    pub kind: DefectKind,
    /// What and where, in a sentence: `line 3, column 9: expected a string`.
    pub detail: String,
    /// The file as it should be; `None` when we cannot tell.
    pub corrected: Option<String>,
}

/// What is wrong with a node's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefectKind {
    /// It does not parse, so the runtime logs that and goes on as if it were not there.
    Unparsable,
    /// It is right, and the runtime never reads it: `config_path` with a colon, or unset.
    NeverRead,
    /// It is dropped whole by this version of the runtime.
    Dropped,
    /// A file that it names cannot be read, so every pull of the host fails.
    Unreadable,
    /// Settings that the runtime refuses together.
    Conflict,
}

/// A container runtime of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Runtime {
    /// `containerd`, `cri-o`, `docker`.
    pub name: String,
    /// Major, minor, patch.
    pub version: (u32, u32, u32),
}

impl Runtime {
    /// Reads `containerd://1.6.20~ds1` of a node's status, or `containerd@2.3` of an option.
    pub fn parse(text: &str) -> Option<Runtime> {
        let (name, version) = text.split_once("://").or_else(|| text.split_once('@'))?;
        let mut numbers = version.trim_start_matches('v').split('.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().ok()
        });
        let major = numbers.next().flatten()?;
        let minor = numbers.next().flatten().unwrap_or(0);
        let patch = numbers.next().flatten().unwrap_or(0);
        Some(Runtime { name: name.to_owned(), version: (major, minor, patch) })
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.version;
        write!(f, "{} {major}.{minor}.{patch}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_read_from_a_status_or_an_option() {
        for (text, expected) in [
            ("containerd://1.6.20~ds1", Some("containerd 1.6.20")),
            ("containerd@2.3", Some("containerd 2.3.0")),
            ("containerd://v2.3.7", Some("containerd 2.3.7")),
            ("cri-o://1.34.1", Some("cri-o 1.34.1")),
            ("containerd", None),
            ("containerd://", None),
        ] {
            assert_eq!(Runtime::parse(text).map(|r| r.to_string()), expected.map(str::to_owned), "{text}");
        }
    }
}
