//! Which files of a folder count.

use std::path::{Path, PathBuf};

use crate::ReadError;

/// How deep folders are followed: `kubectl cluster-info dump` makes two levels, and a link may make a loop.
const DEEPEST: usize = 16;

/// The `.json`, `.yaml` and `.yml` files below `root`, in order of name. Hidden files and folders are passed over; a
/// dump's logs (`logs.txt`) have another ending.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut found = Vec::new();
    walk(root, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    let failed = |source| ReadError::Io { what: folder.display().to_string(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        if path.is_dir() {
            if depth < DEEPEST {
                walk(&path, depth + 1, found)?;
            }
        } else if path
            .extension()
            .is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
    Ok(())
}
