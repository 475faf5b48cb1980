//! Images as bytes: what is served, built in memory from [`configuration`](crate::configuration).

mod build;
mod layer;
mod layout;

pub use build::Built;
pub(crate) use build::build;
pub(crate) use layer::random;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::digest::SHA256;

/// `sha256:` and the hash of these bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in aws_lc_rs::digest::digest(&SHA256, bytes).as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A manifest or an index as it is served.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) media_type: String,
    pub(crate) body: Arc<[u8]>,
    pub(crate) digest: String,
}

/// A repository.
#[derive(Debug, Default)]
pub(crate) struct Repository {
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) manifests: BTreeMap<String, Manifest>,
    pub(crate) blobs: BTreeMap<String, Arc<[u8]>>,
    /// Blob digest to its places: `config`, `layer:0`.
    pub(crate) places: BTreeMap<String, BTreeSet<String>>,
    /// Subject digest to the descriptors of what refers to it.
    pub(crate) referrers: BTreeMap<String, Vec<serde_json::Value>>,
}

impl Repository {
    pub(crate) fn put(&mut self, media_type: &str, body: Vec<u8>) -> Manifest {
        let digest = digest(&body);
        self.put_as(&digest, media_type, body)
    }

    pub(crate) fn put_as(&mut self, digest: &str, media_type: &str, body: Vec<u8>) -> Manifest {
        let manifest =
            Manifest { media_type: media_type.to_owned(), body: body.into(), digest: digest.to_owned() };
        self.manifests.insert(manifest.digest.clone(), manifest.clone());
        manifest
    }

    pub(crate) fn put_blob(&mut self, bytes: Vec<u8>, place: &str) -> (String, usize) {
        let (digest, size) = (digest(&bytes), bytes.len());
        self.blobs.insert(digest.clone(), bytes.into());
        self.places.entry(digest.clone()).or_default().insert(place.to_owned());
        (digest, size)
    }

    pub(crate) fn manifest(&self, reference: &str) -> Option<&Manifest> {
        self.manifests.get(self.tags.get(reference).map_or(reference, String::as_str))
    }
}

/// Everything an endpoint holds, by repository.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) repositories: BTreeMap<String, Repository>,
}
