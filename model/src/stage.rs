//! The stages of a pull, in the order in which a node passes them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One stage of a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Reading the image string.
    Reference,
    /// Pull policy and signature policy.
    Policy,
    /// Reading the pull secrets.
    Secret,
    /// Waiting for the kubelet's or runtime's turn.
    Queue,
    /// Name resolution.
    Name,
    /// The TCP connection, through a proxy where there is one.
    Connect,
    /// The TLS handshake.
    Tls,
    /// `GET /v2/`.
    Ping,
    /// The token service.
    Token,
    /// The manifest or index.
    Manifest,
    /// The choice of a platform from an index.
    Platform,
    /// The image configuration.
    Config,
    /// Layers.
    Blob,
    /// Extraction on the node.
    Unpack,
    /// The pod sandbox and its pause image.
    Sandbox,
    /// The start of the container.
    Start,
}

impl Stage {
    /// Every stage, first to last.
    pub const ALL: [Stage; 16] = [
        Stage::Reference,
        Stage::Policy,
        Stage::Secret,
        Stage::Queue,
        Stage::Name,
        Stage::Connect,
        Stage::Tls,
        Stage::Ping,
        Stage::Token,
        Stage::Manifest,
        Stage::Platform,
        Stage::Config,
        Stage::Blob,
        Stage::Unpack,
        Stage::Sandbox,
        Stage::Start,
    ];

    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Stage::Reference => "reference",
            Stage::Policy => "policy",
            Stage::Secret => "secret",
            Stage::Queue => "queue",
            Stage::Name => "name",
            Stage::Connect => "connect",
            Stage::Tls => "tls",
            Stage::Ping => "ping",
            Stage::Token => "token",
            Stage::Manifest => "manifest",
            Stage::Platform => "platform",
            Stage::Config => "config",
            Stage::Blob => "blob",
            Stage::Unpack => "unpack",
            Stage::Sandbox => "sandbox",
            Stage::Start => "start",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}
