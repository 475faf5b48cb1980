//! Why a history could not be opened.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

/// A history could not be opened. Nothing was changed in the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process writes to it.
    #[error("open {}: another process has it open for writing", .0.display())]
    Locked(PathBuf),
    /// A newer program wrote it.
    #[error("open {}: its layout is version {found}, and this program knows {known} at most", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known.
        known: usize,
    },
    /// An older program wrote it, and it was opened for reading only.
    #[error("read {}: its layout is version {found}, and only a writer brings it to {known}", .path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is read.
        known: usize,
    },
    /// It is a SQLite file of another program.
    #[error("open {}: it is a database of another program", .0.display())]
    Foreign(PathBuf),
    /// It is a folder, a device or a pipe.
    #[error("open {}: it is no regular file", .0.display())]
    NotAFile(PathBuf),
    /// It is not there, or nothing was ever written to it, and it was opened for reading only.
    #[error("read {}: no history is there", .0.display())]
    Absent(PathBuf),
    /// The file, or its folder, cannot be read or written.
    #[error("{what}")]
    Io {
        /// What was tried, with the file, as a fragment.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// SQLite refused it.
    #[error("open {}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether trying again may help: the other writer ends, the disk has space again.
    pub fn passing(&self) -> bool {
        match self {
            StoreError::Locked(_) => true,
            StoreError::Io { source, .. } => {
                use std::io::ErrorKind::{Interrupted, OutOfMemory, QuotaExceeded, StorageFull, TimedOut};
                matches!(source.kind(), Interrupted | OutOfMemory | QuotaExceeded | StorageFull | TimedOut)
            }
            StoreError::Sqlite { source, .. } => passing(source),
            StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::Foreign(_)
            | StoreError::NotAFile(_)
            | StoreError::Absent(_) => false,
        }
    }

    /// What a person may do about it, as one sentence; `None` when the message says all that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            StoreError::Locked(_) => {
                Some("One controller writes to a history: end the other, or wait for it.")
            }
            StoreError::Newer { .. } => Some("Run the newer program again, or name another file."),
            StoreError::Older { .. } => Some("Start the controller of this version once on it."),
            StoreError::Foreign(_) | StoreError::NotAFile(_) => Some("Name another file."),
            StoreError::Absent(_) => Some("A controller begins it when it starts."),
            StoreError::Io { .. } => Some("The file and its folder must be writable."),
            StoreError::Sqlite { .. } => None,
        }
    }

    pub(crate) fn sqlite(path: &std::path::Path, source: rusqlite::Error) -> StoreError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked(path),
            _ => StoreError::Sqlite { path, source },
        }
    }
}

/// Whether what SQLite could not do may be done later. A full disk is; a disk that refuses a read or a write may be, as
/// network volumes come back; broken content never is.
pub(crate) fn passing(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

/// Whether SQLite found the content itself broken.
pub(crate) fn broken(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
