//! `cluster load`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::build::Programs;
use super::components::ctr;
use super::layout::{NODES, REGISTRY, root};
use super::ownership::{Lock, Standing, standing};
use super::registry;
use crate::command::{command, run};
use crate::steps::Steps;

/// Brings images in: a file or folder goes to both nodes as if pulled there, a name becomes a waiting test image in the
/// registry that works.
pub(crate) fn load(images: &[String]) -> Result<()> {
    let steps = Steps::start();
    let _lock = Lock::take()?;
    if !matches!(standing()?, Standing::Ours) {
        bail!("no cluster of this checkout runs; `cargo xtask cluster up` starts one");
    }
    let programs = Programs::locate()?;
    for image in images {
        let path = Path::new(image);
        if path.exists() {
            steps.step(&format!("{image} on both nodes"), || import(&programs, path))?;
        } else {
            let name = image.trim_start_matches(REGISTRY).trim_start_matches('/');
            if !name.contains(':') {
                bail!("{image} is neither a file nor a `repository:tag`");
            }
            steps.step(&format!("{REGISTRY}/{name}"), || registry::standing().push(&programs, name))?;
        }
    }
    Ok(())
}

fn import(programs: &Programs, path: &Path) -> Result<()> {
    if !path.is_dir() {
        return import_archive(programs, path);
    }
    // ctr reads archives only; skopeo turns a layout into one, image by image, and keeps a name only if it is told it.
    let archive = root().join("images/load.tar");
    for name in names_in(path)? {
        // skopeo adds to an archive that is there.
        let _ = fs::remove_file(&archive);
        let mut copy = command("skopeo", &["copy", "--quiet"]);
        copy.arg(format!("oci:{}:{name}", path.display()))
            .arg(format!("oci-archive:{}:{name}", archive.display()));
        run(&mut copy)?;
        import_archive(programs, &archive)?;
    }
    Ok(())
}

fn import_archive(programs: &Programs, archive: &Path) -> Result<()> {
    NODES.iter().try_for_each(|node| run(ctr(programs, node, &["images", "import"]).arg(archive)))
}

/// The names of the images of an OCI layout.
fn names_in(layout: &Path) -> Result<Vec<String>> {
    let file = layout.join("index.json");
    let text = fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
    let index: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))?;
    let manifests = index["manifests"].as_array().cloned().unwrap_or_default();
    let name = |manifest: &Value| {
        manifest["annotations"]["org.opencontainers.image.ref.name"].as_str().map(str::to_owned)
    };
    let names: Vec<String> = manifests.iter().filter_map(name).collect();
    if names.is_empty() {
        bail!("no image of {} has a name, so no pod could ask for it", layout.display());
    }
    Ok(names)
}
