//! The file beside the database: who may write, and where a broken one goes.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::StoreError;

/// Broken files of one history that are left lying about: enough to look into, too few to fill a disk.
pub(crate) const BROKEN_KEPT: usize = 3;

/// The right to write, held as long as this lives and no longer than the process.
///
/// A lock of a file of its own and not one inside SQLite: one writer for the whole run is wanted, while readers go on, and
/// SQLite's exclusive mode shuts readers out. The kernel lets it go when the process dies, however it does.
#[derive(Debug)]
pub(crate) struct Writer(#[expect(dead_code, reason = "held for its lock")] File);

impl Writer {
    /// Takes the right to write `path`, or says who cannot have it.
    pub(crate) fn claim(path: &Path) -> Result<Writer, StoreError> {
        let lock = beside(path, ".lock");
        let file = private()
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(|source| failed("write", &lock, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Writer(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed("lock", &lock, source)),
        }
    }
}

/// The path from the root. SQLite reads a meaning into some that are not: `:memory:`.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|source| failed("open", path, source))
}

/// Fails on what is there and no regular file; `false` when nothing is there.
pub(crate) fn there(path: &Path) -> Result<bool, StoreError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(_) => Err(StoreError::NotAFile(path.to_owned())),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(failed("open", path, source)),
    }
}

/// Creates an empty file that only its owner reads, unless it is there; SQLite gives its own files beside it the same
/// mode. It holds what several namespaces may not read of each other.
pub(crate) fn begin(path: &Path) -> Result<(), StoreError> {
    private()
        .create(true)
        .truncate(false)
        .open(path)
        .map(drop)
        .map_err(|source| failed("write", path, source))
}

/// Renames a broken file and its log; gives the new name and what was removed for it.
///
/// The log first: a crash in between leaves a broken file without one, and never a fresh one with the log of another.
pub(crate) fn set_aside(path: &Path, now: Timestamp) -> Result<(PathBuf, Vec<PathBuf>), StoreError> {
    let stem = format!(".broken-{}", now.strftime("%Y%m%dT%H%M%SZ"));
    let free = |nth: &u32| {
        let name = if *nth == 1 { beside(path, &stem) } else { beside(path, &format!("{stem}-{nth}")) };
        (!name.exists()).then_some(name)
    };
    let to = (1..=u32::MAX).find_map(|nth| free(&nth)).expect("a folder holds fewer files than that");
    for end in ["-wal", "-shm", ""] {
        let from = beside(path, end);
        match fs::rename(&from, beside(&to, end)) {
            Ok(()) => {}
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed("rename", &from, source)),
        }
    }
    Ok((to, prune(path)))
}

/// Removes all but the newest of the files that were set aside. One that cannot be removed stays.
fn prune(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name() else { return Vec::new() };
    let mut prefix = name.to_owned();
    prefix.push(".broken-");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let ours = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with(&*prefix.to_string_lossy()) && !name.ends_with("-wal") && !name.ends_with("-shm")
    };
    let mut broken: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).filter(ours).collect();
    // The names carry the time, so they sort by it.
    broken.sort();
    let surplus = broken.len().saturating_sub(BROKEN_KEPT);
    broken.truncate(surplus);
    broken.retain(|old| {
        for end in ["-wal", "-shm"] {
            // Mostly not there.
            let _ = fs::remove_file(beside(old, end));
        }
        fs::remove_file(old).is_ok()
    });
    broken
}

/// The path with `end` added to its name.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn failed(what: &str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { what: format!("{what} {}", path.display()), source }
}
