//! The documents that code writes: the pages of the causes, the schema of a report, the definitions of custom resources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pullmedic_model::Cause;
use pullmedic_report::{causes_index_markdown, check_schema, incident_schema, page_markdown, schema};

use crate::definitions::definitions;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing: fail if a document is not as the code would write it
    #[arg(long)]
    check: bool,
}

/// Writes or checks them.
pub(crate) fn documents(arguments: &Arguments) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the repository")?;
    let wanted = wanted()?;
    let mut stale: Vec<PathBuf> = Vec::new();
    for (path, text) in &wanted {
        let place = root.join(path);
        if fs::read_to_string(&place).is_ok_and(|found| found == *text) {
            continue;
        }
        stale.push(path.clone());
        if !arguments.check {
            fs::create_dir_all(place.parent().unwrap_or(root))?;
            fs::write(&place, text).with_context(|| format!("write {}", place.display()))?;
        }
    }
    for folder in ["docs/causes", "deploy/crds"] {
        for entry in fs::read_dir(root.join(folder))? {
            let path = Path::new(folder).join(entry?.file_name());
            if !wanted.contains_key(&path) {
                if !arguments.check {
                    fs::remove_file(root.join(&path))?;
                }
                stale.push(path);
            }
        }
    }
    for path in &stale {
        println!("{} {}", if arguments.check { "stale" } else { "wrote" }, path.display());
    }
    if arguments.check && !stale.is_empty() {
        bail!("{} documents are stale: run cargo xtask documents", stale.len());
    }
    println!("{} documents are as the code writes them", wanted.len());
    Ok(())
}

fn wanted() -> Result<BTreeMap<PathBuf, String>> {
    let page = |cause: &Cause| (PathBuf::from(cause.docs_path()), page_markdown(*cause));
    let mut wanted: BTreeMap<PathBuf, String> = Cause::ALL.iter().map(page).collect();
    wanted.insert("docs/causes/README.md".into(), causes_index_markdown());
    wanted.insert("docs/check.schema.json".into(), serde_json::to_string_pretty(&check_schema())? + "\n");
    wanted
        .insert("docs/incident.schema.json".into(), serde_json::to_string_pretty(&incident_schema())? + "\n");
    wanted.insert("docs/report.schema.json".into(), serde_json::to_string_pretty(&schema())? + "\n");
    wanted.extend(definitions()?);
    Ok(wanted)
}
