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

impl Platform {
    /// Whether a node of this platform runs an image that is made for `image`, by the rule of containerd's matcher, which
    /// of all runtimes takes the most: `amd64` takes its variant and older ones (none: `v1`) and `386`; `arm` what is
    /// older down to `v5` (none: `v7`); `arm64` older ones of its kind and `arm` from `v8` down; every other platform only
    /// itself. An image that names no operating system counts as one for the node's.
    ///
    /// What it takes:
    /// <https://github.com/containerd/platforms/blob/09756f59cb1d6b3fb368f371043d36e634789537/compare.go#L64-L153>;
    /// how names are read:
    /// <https://github.com/containerd/platforms/blob/09756f59cb1d6b3fb368f371043d36e634789537/database.go#L62-L111>.
    pub fn runs(&self, image: &Platform) -> bool {
        let (node, image) = (self.normal(), image.normal());
        if !image.os.is_empty() && image.os != node.os {
            return false;
        }
        let variants = (node.variant.as_str(), image.variant.as_str());
        match (node.architecture.as_str(), image.architecture.as_str()) {
            ("amd64", "386") => image.variant.is_empty(),
            ("amd64", "amd64") => {
                variants.0 == variants.1
                    || number(variants.1, 1).is_some_and(|image| {
                        image >= 1 && number(variants.0, 1).is_some_and(|node| image <= node)
                    })
            }
            ("arm", "arm") => variants.0 == variants.1 || takes_arm(number(variants.0, 7), variants.1),
            ("arm64", "arm64") => variants.0 == variants.1 || takes_arm64(variants.0, variants.1),
            // There is no 32-bit ARM v9: a v9 takes what a v8 does.
            ("arm64", "arm") => {
                let major = number(variants.0.split('.').next().unwrap_or_default(), 8);
                takes_arm(major.map(|major| major.min(8)), variants.1)
            }
            (node, image) => node == image && variants.0 == variants.1,
        }
    }

    /// The same platform by its usual names, a variant that is implied left out.
    pub fn normal(&self) -> Platform {
        let lower = |text: &str| text.to_ascii_lowercase();
        let (os, architecture, variant) = (lower(&self.os), lower(&self.architecture), lower(&self.variant));
        let os = if os == "macos" { "darwin".to_owned() } else { os };
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("i386", _) => ("386", ""),
            ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
            ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
            ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
            ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
            ("aarch64" | "arm64", variant) => ("arm64", variant),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            (architecture, variant) => (architecture, variant),
        };
        Platform { os, architecture: architecture.to_owned(), variant: variant.to_owned() }
    }
}

/// The number of `v3`; that of no variant is `unnamed`, and other words have none.
fn number(variant: &str, unnamed: u32) -> Option<u32> {
    if variant.is_empty() { Some(unnamed) } else { variant.strip_prefix('v')?.parse().ok() }
}

/// Whether a 32-bit ARM of this version takes an image of this variant.
fn takes_arm(node: Option<u32>, image: &str) -> bool {
    node.zip(number(image, 7)).is_some_and(|(node, image)| (5..=node).contains(&image))
}

/// `v8.3` takes `v8` to `v8.3`; `v9.3` also `v8` to `v8.8`: each v9 holds the v8 of five more.
fn takes_arm64(node: &str, image: &str) -> bool {
    let version = |variant: &str| -> Option<(u32, u32)> {
        let numbers = if variant.is_empty() { "8" } else { variant.strip_prefix('v')? };
        let (major, minor) = numbers.split_once('.').unwrap_or((numbers, "0"));
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    match (version(node), version(image)) {
        (Some((8, node)), Some((8, image))) | (Some((9, node)), Some((9, image))) => image <= node,
        (Some((9, node)), Some((8, image))) => image <= node.saturating_add(5),
        (Some(_) | None, Some(_) | None) => false,
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        let mut parts = text.split('/').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Platform { os: next(), architecture: next(), variant: next() }
    }

    #[test]
    fn a_node_runs_what_the_matcher_of_containerd_takes() {
        for (node, runs, not) in [
            (
                "linux/amd64",
                "linux/amd64 linux/amd64/v1 linux/386 linux/i386 linux/x86_64 Linux/AMD64 /amd64",
                "linux/amd64/v2 linux/amd64/v3 windows/amd64 linux/arm64 linux/386/v1 unknown/unknown linux/ linux",
            ),
            (
                "linux/amd64/v3",
                "linux/amd64 linux/amd64/v1 linux/amd64/v2 linux/amd64/v3 linux/386",
                "linux/amd64/v4 linux/amd64/v0",
            ),
            ("linux/amd64/v1", "linux/amd64 linux/386", "linux/amd64/v2"),
            ("linux/386", "linux/386", "linux/amd64"),
            (
                "linux/arm64",
                "linux/arm64 linux/arm64/v8 linux/aarch64 linux/arm64/8 linux/arm linux/arm/v8 linux/arm/v7 linux/arm/v5
                 linux/armhf linux/armel",
                "linux/arm64/v9 linux/arm64/v8.1 linux/arm/v4 linux/amd64 linux/arm64/v7",
            ),
            ("linux/arm64/v8", "linux/arm64 linux/arm/v8 linux/arm/v6", "linux/arm64/v8.1"),
            (
                "linux/arm64/v8.2",
                "linux/arm64 linux/arm64/v8.1 linux/arm64/v8.2 linux/arm/v8",
                "linux/arm64/v8.3 linux/arm64/v9",
            ),
            (
                "linux/arm64/v9.1",
                "linux/arm64/v9 linux/arm64/v9.1 linux/arm64 linux/arm64/v8.6 linux/arm/v8 linux/arm",
                "linux/arm64/v9.2 linux/arm64/v8.7 linux/arm/v9",
            ),
            ("linux/arm", "linux/arm linux/arm/v7 linux/arm/v6 linux/arm/v5", "linux/arm/v8 linux/arm64"),
            ("linux/arm/v6", "linux/arm/v6 linux/arm/v5", "linux/arm linux/arm/v7"),
            ("linux/arm/v8", "linux/arm/v8 linux/arm", "linux/arm/v9 linux/arm64"),
            ("linux/s390x", "linux/s390x", "linux/amd64 linux/s390x/z13"),
            ("windows/amd64", "windows/amd64", "linux/amd64"),
        ] {
            for image in runs.split_whitespace() {
                assert!(platform(node).runs(&platform(image)), "{node} runs {image}");
            }
            for image in not.split_whitespace() {
                assert!(!platform(node).runs(&platform(image)), "{node} does not run {image}");
            }
        }
    }
}
