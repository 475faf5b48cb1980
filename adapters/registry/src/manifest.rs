//! Manifests and configs read tolerantly: broken ones are our subject.

use jiff::Timestamp;
use pullmedic_model::probe::manifest::{Descriptor, Entry, Manifest, Platform};
use serde_json::Value;

use crate::digest::Digest;

/// Entries or layers of one manifest. A hundred is much; the cap bounds what a hostile one can make us hold.
const MOST: usize = 10_000;

/// Why a body is no manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not JSON, or no object.
    NotJson,
    /// It has more entries than we read.
    TooMany,
    /// A digest in it is none, and what it points to could never be fetched.
    BadDigest(String),
}

const INDEX: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const IMAGE: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const SCHEMA1: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/// Config media types of images that runtimes run.
const CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// The manifest and its media type: what the body says, else what the header said, else what it looks like.
pub(crate) fn parse(body: &[u8], content_type: &str) -> Result<(String, Manifest), Unreadable> {
    let value: Value = serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
    if !value.is_object() {
        return Err(Unreadable::NotJson);
    }
    let sent = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = |kind: &str| INDEX.contains(&kind) || IMAGE.contains(&kind) || SCHEMA1.contains(&kind);
    let said = text(&value, "mediaType");
    let media_type = if !said.is_empty() {
        said
    } else if known(&sent) {
        sent
    } else if value.get("manifests").is_some() {
        INDEX[0].to_owned()
    } else if value.get("layers").is_some() || value.get("config").is_some() {
        IMAGE[0].to_owned()
    } else if value.get("schemaVersion").and_then(Value::as_u64) == Some(1) {
        SCHEMA1[0].to_owned()
    } else {
        sent
    };
    let manifest = of(&value, &media_type)?;
    Ok((capped(&media_type), manifest))
}

fn of(value: &Value, media_type: &str) -> Result<Manifest, Unreadable> {
    if SCHEMA1.contains(&media_type) {
        return Ok(Manifest::Schema1);
    }
    if INDEX.contains(&media_type) {
        return list(value, "manifests")?
            .iter()
            .enumerate()
            .map(|(at, entry)| {
                Ok(Entry {
                    manifest: descriptor(entry, &format!("manifests[{at}]"))?,
                    platform: entry.get("platform").filter(|p| p.is_object()).map(platform),
                    attestation: is_attestation(entry),
                })
            })
            .collect::<Result<_, _>>()
            .map(Manifest::Index);
    }
    if !IMAGE.contains(&media_type) {
        return Ok(Manifest::Other(capped(media_type)));
    }
    let artifact = text(value, "artifactType");
    let config_type = value.get("config").map(|config| text(config, "mediaType")).unwrap_or_default();
    // An image of BuildKit may bear an artifact type and still have an image's config.
    let says_nothing = config_type.is_empty() && artifact.is_empty();
    if !(says_nothing || CONFIGS.contains(&config_type.as_str())) {
        return Ok(Manifest::Artifact(capped(if artifact.is_empty() { &config_type } else { &artifact })));
    }
    let config = descriptor(value.get("config").unwrap_or(&Value::Null), "config")?;
    let layers = list(value, "layers")?
        .iter()
        .enumerate()
        .map(|(at, layer)| descriptor(layer, &format!("layers[{at}]")))
        .collect::<Result<_, _>>()?;
    Ok(Manifest::Image { config, layers })
}

/// BuildKit marks provenance with an annotation, and gives it the platform `unknown/unknown`
/// (<https://docs.docker.com/build/metadata/attestations/attestation-storage/>).
fn is_attestation(entry: &Value) -> bool {
    entry.get("annotations").is_some_and(|notes| !text(notes, "vnd.docker.reference.type").is_empty())
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], Unreadable> {
    match value.get(name) {
        Some(Value::Array(list)) if list.len() > MOST => Err(Unreadable::TooMany),
        Some(Value::Array(list)) => Ok(list),
        Some(_) | None => Ok(&[]),
    }
}

fn descriptor(value: &Value, place: &str) -> Result<Descriptor, Unreadable> {
    let digest = Digest::parse(&text(value, "digest"))
        .ok_or_else(|| Unreadable::BadDigest(format!("{place}.digest")))?;
    Ok(Descriptor {
        digest: digest.to_string(),
        size: value.get("size").and_then(Value::as_u64),
        media_type: capped(&text(value, "mediaType")),
        foreign: value.get("urls").and_then(Value::as_array).is_some_and(|urls| !urls.is_empty()),
    })
}

fn platform(value: &Value) -> Platform {
    Platform {
        os: capped(&text(value, "os")),
        architecture: capped(&text(value, "architecture")),
        variant: capped(&text(value, "variant")),
    }
}

/// The platform and age of an image config; `None` when it is none.
pub(crate) fn config(body: &[u8]) -> Option<(Platform, Option<Timestamp>)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value.is_object().then(|| (platform(&value), text(&value, "created").parse().ok()))
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn capped(text: &str) -> String {
    pullmedic_model::Captured::new(&text.chars().take(200).collect::<String>()).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn read(body: &str) -> Result<Manifest, Unreadable> {
        parse(body.replace("DIGEST", DIGEST).as_bytes(), "application/json").map(|(_, manifest)| manifest)
    }

    #[test]
    fn reads_what_registries_serve() {
        let index = r#"{"schemaVersion":2,"manifests":[{"digest":"DIGEST","size":-1,"platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
            {"digest":"DIGEST","size":7,"annotations":{"vnd.docker.reference.type":"attestation-manifest"},"platform":{"os":"unknown","architecture":"unknown"}}]}"#;
        let Ok(Manifest::Index(entries)) = read(index) else { panic!("an index") };
        assert_eq!(entries[0].platform.as_ref().map(ToString::to_string), Some("linux/arm64/v8".to_owned()));
        assert_eq!((entries[0].manifest.size, entries[1].manifest.size), (None, Some(7)));
        assert!(!entries[0].attestation && entries[1].attestation);

        let image = r#"{"config":{"digest":"DIGEST","mediaType":"application/vnd.oci.image.config.v1+json"},
            "layers":[{"digest":"DIGEST","urls":["https://evil.test/"]}]}"#;
        let Ok(Manifest::Image { layers, .. }) = read(image) else { panic!("an image") };
        assert!(layers[0].foreign);
    }

    #[test]
    fn what_is_no_image_is_named() {
        for (body, expected) in [
            (r#"{"schemaVersion":1,"fsLayers":[]}"#, Ok(Manifest::Schema1)),
            (
                r#"{"config":{"digest":"DIGEST","mediaType":"application/vnd.cncf.helm.config.v1+json"},"layers":[]}"#,
                Ok(Manifest::Artifact("application/vnd.cncf.helm.config.v1+json".to_owned())),
            ),
            (
                r#"{"artifactType":"application/x","config":{"mediaType":"application/vnd.oci.empty.v1+json"}}"#,
                Ok(Manifest::Artifact("application/x".to_owned())),
            ),
            (r#"{"mediaType":"application/x"}"#, Ok(Manifest::Other("application/x".to_owned()))),
            (
                r#"{"layers":[{"digest":"sha256:../../x"}]}"#,
                Err(Unreadable::BadDigest("config.digest".to_owned())),
            ),
            (
                r#"{"manifests":[{"digest":"SHA256:AB"}]}"#,
                Err(Unreadable::BadDigest("manifests[0].digest".to_owned())),
            ),
            ("[]", Err(Unreadable::NotJson)),
            ("<html>", Err(Unreadable::NotJson)),
            ("", Err(Unreadable::NotJson)),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
        let many = format!("{{\"manifests\":[{}{{}}]}}", "{},".repeat(1_000_000));
        assert_eq!(read(&many), Err(Unreadable::TooMany));
        assert_eq!(read(&"[".repeat(1_000_000)), Err(Unreadable::NotJson), "deep nesting ends in an error");
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300), kind in ".{0,40}") {
            let _ = parse(&body, &kind);
            let _ = config(&body);
        }
    }
}
