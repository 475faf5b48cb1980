//! `--patch-dir`: a folder a finding, each fix in it as a file, and a kustomization that applies them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use pullmedic_model::Report;

use crate::failure::Failure;

/// Makes the folder where it is missing; one that holds anything is refused, so that nothing of the user's is written
/// over.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| refused(error, "make the folder", folder))?;
    let taken =
        fs::read_dir(folder).map_err(|error| refused(error, "read the folder", folder))?.next().is_some();
    if taken {
        let error = anyhow::anyhow!("write patches into {}: the folder is not empty", folder.display());
        return Err(Failure::new(error).next("give a new folder with --patch-dir".to_owned()));
    }
    Ok(())
}

fn refused(error: std::io::Error, what: &str, folder: &Path) -> Failure {
    Failure::new(anyhow::Error::new(error).context(format!("{what} {}", folder.display())))
}

/// Writes the patches of a report into a folder that [`make`] made.
pub(crate) fn write(report: &Report, folder: &Path) -> Result<(), Failure> {
    for finding in &report.findings {
        let files = pullmedic_advise::patch_files(finding);
        if files.is_empty() {
            continue;
        }
        // Fixes of one finding go together; which of several findings to mend is the user's choice.
        let place = folder.join(&finding.id);
        fs::create_dir(&place).map_err(|error| refused(error, "make a folder in", folder))?;
        for (name, content) in files {
            let path = place.join(&name);
            fs::write(&path, content)
                .with_context(|| format!("write {}", path.display()))
                .map_err(Failure::new)?;
        }
    }
    Ok(())
}
