//! A manifest as far as we read it. Broken ones are our subject, so nothing here insists.

use serde::{Deserialize, Serialize};

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manifest {
    /// A list of manifests by platform.
    Index(Vec<Entry>),
    /// An image of one platform.
    Image {
        /// Its config.
        config: Descriptor,
        /// Its layers, bottom first.
        layers: Vec<Descriptor>,
    },
    /// Docker schema 1, which runtimes no longer read.
    Schema1,
    /// A manifest that holds something else than an image: its artifact or config media type.
    Artifact(String),
    /// A media type that runtimes do not know.
    Other(String),
}

/// A pointer to content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// `sha256:…`, checked for form.
    pub digest: String,
    /// Bytes; negative or absent sizes read as `None`.
    pub size: Option<u64>,
    /// Media type; empty when absent.
    pub media_type: String,
    /// Whether the layer names other places (`urls`), which are never fetched.
    pub foreign: bool,
}

/// An entry of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Where it points.
    pub manifest: Descriptor,
    /// Its platform; `None` when the entry names none.
    pub platform: Option<Platform>,
    /// Whether it is an attestation (`vnd.docker.reference.type`), not an image.
    pub attestation: bool,
}

/// An operating system and architecture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`.
    pub architecture: String,
    /// `v7`; empty when none is given.
    pub variant: String,
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}
