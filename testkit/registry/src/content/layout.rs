//! Folders in OCI layout.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Manifest, Repository};

/// Loads what `reference` names (or the first entry), with everything below it.
pub(super) fn load(
    repository: &mut Repository,
    folder: &Path,
    reference: Option<&str>,
) -> Result<Manifest, String> {
    let index = folder.join("index.json");
    let text = fs::read(&index).map_err(|error| format!("{}: {error}", index.display()))?;
    let index: Value = serde_json::from_slice(&text).map_err(|error| format!("index.json: {error}"))?;
    let entries = index["manifests"].as_array().ok_or("index.json has no manifests")?;
    let named = |entry: &&Value| {
        reference.is_none_or(|wanted| {
            entry["annotations"]["org.opencontainers.image.ref.name"].as_str() == Some(wanted)
        })
    };
    let entry = entries.iter().find(named).ok_or("index.json names no such reference")?;
    below(repository, folder, entry)
}

fn below(repository: &mut Repository, folder: &Path, descriptor: &Value) -> Result<Manifest, String> {
    let digest = descriptor["digest"].as_str().ok_or("a descriptor without digest")?;
    let body = blob(folder, digest)?;
    let read: Value = serde_json::from_slice(&body).map_err(|error| format!("{digest}: {error}"))?;
    let media_type = read["mediaType"].as_str().or(descriptor["mediaType"].as_str()).unwrap_or_default();
    for child in read["manifests"].as_array().into_iter().flatten() {
        // A layout may hold one platform of an index only.
        if child["digest"]
            .as_str()
            .is_some_and(|digest| path(folder, digest).is_some_and(|path| path.exists()))
        {
            below(repository, folder, child)?;
        }
    }
    let mut blobs: Vec<(String, &Value)> = Vec::new();
    if read["config"].is_object() {
        blobs.push(("config".to_owned(), &read["config"]));
    }
    for (at, layer) in read["layers"].as_array().into_iter().flatten().enumerate() {
        blobs.push((format!("layer:{at}"), layer));
    }
    for (place, descriptor) in blobs {
        let digest = descriptor["digest"].as_str().ok_or("a descriptor without digest")?;
        repository.put_blob(blob(folder, digest)?, &place);
    }
    Ok(repository.put(media_type, body))
}

fn path(folder: &Path, digest: &str) -> Option<std::path::PathBuf> {
    let (algorithm, hex) = digest.split_once(':')?;
    let plain = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    (plain && algorithm == "sha256").then(|| folder.join("blobs").join(algorithm).join(hex))
}

fn blob(folder: &Path, digest: &str) -> Result<Vec<u8>, String> {
    let path = path(folder, digest).ok_or_else(|| format!("{digest:?} is no digest"))?;
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}
