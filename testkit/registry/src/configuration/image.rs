use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Content under tags of a repository. Built in memory; the same data gives the same digests everywhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Without the host: `team/app`.
    pub repository: String,
    /// None at all: it is to be had by digest only.
    #[serde(default)]
    pub tags: Vec<String>,
    /// OCI or Docker media types.
    #[serde(default)]
    pub media: Media,
    /// What it is made of.
    pub form: Form,
    /// Artifacts that refer to it (signatures, SBOMs).
    #[serde(default)]
    pub attached: Vec<Attached>,
}

impl Image {
    /// A small linux/amd64 image of one layer whose bytes depend on the name only.
    #[must_use]
    pub fn small(repository: &str, tag: &str) -> Self {
        let seed = format!("{repository}:{tag}")
            .bytes()
            .fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self::of(
            repository,
            tag,
            Form::Image(Entry::linux("amd64", vec![Layer::Random { bytes: 2048, seed }])),
        )
    }

    /// This form under one tag.
    #[must_use]
    pub fn of(repository: &str, tag: &str, form: Form) -> Self {
        Self {
            repository: repository.to_owned(),
            tags: vec![tag.to_owned()],
            media: Media::Oci,
            form,
            attached: Vec::new(),
        }
    }

    /// A runnable image: one static executable at `/run`, started without arguments.
    #[must_use]
    pub fn executable(repository: &str, tag: &str, architecture: &str, program: Vec<u8>) -> Self {
        let file = File { content: FileContent::Bytes(program), mode: 0o755 };
        let mut entry =
            Entry::linux(architecture, vec![Layer::Files(BTreeMap::from([("run".into(), file)]))]);
        entry.entrypoint = vec!["/run".to_owned()];
        Self::of(repository, tag, Form::Image(entry))
    }

    /// With Docker's media types.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.media = Media::Docker;
        self
    }
}

/// Which family of media types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// `application/vnd.oci.image.*`
    #[default]
    Oci,
    /// `application/vnd.docker.*`
    Docker,
}

/// What stands under the tags.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A manifest, its config and its layers.
    Image(Entry),
    /// An index over several.
    Index {
        /// One manifest each.
        entries: Vec<Entry>,
        /// Adds a BuildKit attestation manifest (`unknown/unknown`) for each entry, and one if there is no entry.
        #[serde(default)]
        attestations: bool,
    },
    /// An index of so many manifests that are not there.
    IndexOfMany(u64),
    /// An index that names a digest under which it is itself served.
    IndexOfItself,
    /// A manifest padded to at least so many bytes.
    Large(u64),
    /// One of the forms that a runtime cannot run.
    ReadyMade(ReadyMade),
    /// Exactly this text.
    Literal {
        /// Its `Content-Type`.
        media_type: String,
        /// The manifest's text.
        body: String,
    },
    /// A manifest or index of a folder in OCI layout, with everything below it.
    Layout {
        /// The folder with `oci-layout`, `index.json` and `blobs/`.
        path: PathBuf,
        /// The `org.opencontainers.image.ref.name` wanted; `None` means the first in `index.json`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
}

/// Forms that a runtime cannot run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadyMade {
    /// A signed Docker schema 1 manifest.
    Schema1,
    /// A Helm chart.
    HelmChart,
    /// An artifact with an empty config.
    Artifact,
}

/// One image for one platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `linux` unless given.
    #[serde(default = "linux")]
    pub os: String,
    /// `amd64` unless given.
    #[serde(default = "amd64")]
    pub architecture: String,
    /// `v7`, `v8`; `None` leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Lowest first.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// What is started.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// `NAME=VALUE`.
    #[serde(default)]
    pub environment: Vec<String>,
}

impl Entry {
    /// A linux image of these layers.
    #[must_use]
    pub fn linux(architecture: &str, layers: Vec<Layer>) -> Self {
        Self { architecture: architecture.to_owned(), layers, ..Self::default() }
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            os: linux(),
            architecture: amd64(),
            variant: None,
            layers: Vec::new(),
            entrypoint: Vec::new(),
            environment: Vec::new(),
        }
    }
}

fn linux() -> String {
    "linux".to_owned()
}

fn amd64() -> String {
    "amd64".to_owned()
}

/// One layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// A tar.gz of these files, by path within the image.
    Files(BTreeMap<String, File>),
    /// A tar.gz of one file of so many bytes, drawn from the seed.
    Random {
        /// Size of the file, before the tar.
        bytes: u64,
        /// Other seeds give other bytes.
        #[serde(default)]
        seed: u64,
    },
    /// Only named, not there: a foreign layer, an odd digest, a layer that went missing.
    Described {
        /// As it shall stand in the manifest, however odd.
        digest: String,
        /// Its claimed size.
        #[serde(default)]
        size: u64,
        /// `None` means a gzipped layer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
        /// Where else it is claimed to be (`{url:NAME}` is an endpoint).
        #[serde(default)]
        urls: Vec<String>,
    },
}

/// One file of a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its bytes.
    pub content: FileContent,
    /// Its mode; 0644 unless given.
    #[serde(default = "readable")]
    pub mode: u32,
}

fn readable() -> u32 {
    0o644
}

/// The bytes of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileContent {
    /// This text.
    Text(String),
    /// These bytes, in base64.
    Base64(String),
    /// Read from this file when the run starts.
    Path(PathBuf),
    /// These bytes; in Rust only.
    #[serde(skip)]
    Bytes(Vec<u8>),
}

/// An artifact that refers to an image by `subject`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// Its `artifactType`.
    pub artifact_type: String,
    /// Its one layer.
    #[serde(default)]
    pub text: String,
}
