//! `cluster load`.

use std::path::Path;

use anyhow::{Result, bail};

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
    // ctr reads archives only; skopeo turns a layout into one.
    let archive = root().join("images/load.tar");
    let path = if path.is_dir() {
        let _ = std::fs::remove_file(&archive);
        let mut copy = command("skopeo", &["copy", "--quiet"]);
        copy.arg(format!("oci:{}", path.display())).arg(format!("oci-archive:{}", archive.display()));
        run(&mut copy)?;
        &archive
    } else {
        path
    };
    for node in NODES {
        run(ctr(programs, &node, &["images", "import"]).arg(path))?;
    }
    Ok(())
}
