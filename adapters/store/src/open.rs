//! From a path to a connection that can be relied on.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::broken;
use crate::remark::short;
use crate::schema::{self, STEPS, Standing};
use crate::{Limits, Remark, StoreError, file};

/// How long a lock of another connection is waited for. Readers hold none that a writer meets, so only a person's
/// `sqlite3` or a backup does.
const BUSY: Duration = Duration::from_secs(5);

/// What the log is cut back to once it was written back, in bytes. SQLite writes it back at 4 MiB; only one large
/// transaction, or a reader that stays, makes it longer.
const LOG: i64 = 16 << 20;

/// Why a file cannot be used.
enum Unusable {
    /// Its content is broken.
    Broken(String),
    /// It is left as it is.
    Refused(StoreError),
}

/// Opens for writing; sets a broken file aside and begins a fresh one.
pub(crate) fn for_writing(path: &Path, limits: Limits) -> Result<(Connection, Vec<Remark>), StoreError> {
    let mut remarks = Vec::new();
    let why = match sound(path, limits, &mut remarks) {
        Ok(connection) => return Ok((connection, remarks)),
        Err(Unusable::Refused(error)) => return Err(error),
        Err(Unusable::Broken(why)) => why,
    };
    let (to, removed) = file::set_aside(path, Timestamp::now())?;
    remarks.push(Remark::SetAside { path: path.to_owned(), to, why });
    remarks.extend(removed.into_iter().map(Remark::Removed));
    match sound(path, limits, &mut remarks) {
        Ok(connection) => Ok((connection, remarks)),
        Err(Unusable::Refused(error)) => Err(error),
        // A fresh file that reads back broken is a broken disk.
        Err(Unusable::Broken(why)) => Err(StoreError::Io {
            what: format!("begin {}", path.display()),
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, why),
        }),
    }
}

fn sound(path: &Path, limits: Limits, remarks: &mut Vec<Remark>) -> Result<Connection, Unusable> {
    file::begin(path).map_err(Unusable::Refused)?;
    let judged = |error: rusqlite::Error| match broken(&error) {
        true => Unusable::Broken(short(&error)),
        false => Unusable::Refused(StoreError::sqlite(path, error)),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(judged)?;
    connection.busy_timeout(BUSY).map_err(judged)?;
    // Until we know whose it is, not even its log is written back.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(judged)?;
    let standing = schema::standing(&connection).map_err(judged)?;
    let version = known(standing, path).map_err(Unusable::Refused)?;
    if standing != Standing::Fresh {
        let first: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(judged)?;
        if first != "ok" {
            return Err(Unusable::Broken(short(first)));
        }
    }
    settle(&mut connection, limits, version, remarks).map_err(judged)?;
    Ok(connection)
}

/// The version to go on from: 0 for a fresh file.
fn known(standing: Standing, path: &Path) -> Result<u32, StoreError> {
    let path = path.to_owned();
    match standing {
        Standing::Fresh => Ok(0),
        Standing::Ours(version) => Ok(version),
        Standing::Newer(found) => Err(StoreError::Newer { path, found, known: STEPS.len() }),
        Standing::Foreign => Err(StoreError::Foreign(path)),
    }
}

fn settle(
    connection: &mut Connection,
    limits: Limits,
    version: u32,
    remarks: &mut Vec<Remark>,
) -> rusqlite::Result<()> {
    if version == 0 {
        // Only has an effect before the first table is made.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: the log is on the disk before `keep` returns. NORMAL would be enough for a killed process, as the kernel has
    // the pages then; a power cut would take the last seconds, and after it an incident that was acknowledged, written to
    // the cluster and told to its owners would be opened a second time. It costs one fsync per `keep`, of which there are
    // few: https://sqlite.org/pragma.html#pragma_synchronous
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    if (version as usize) < STEPS.len() {
        schema::migrate(connection, version, STEPS)?;
        if version > 0 {
            remarks.push(Remark::Migrated { from: version, to: STEPS.len() });
        }
    }
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let most = (limits.bytes.saturating_mul(2) / page.max(512) as u64).clamp(64, u64::from(u32::MAX - 1));
    connection.pragma_update(None, "max_page_count", most as i64)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Opens for reading, beside a writer or without one.
pub(crate) fn for_reading(path: &Path) -> Result<Connection, StoreError> {
    if !file::there(path)? {
        return Err(StoreError::Absent(path.to_owned()));
    }
    let failed = |error| StoreError::sqlite(path, error);
    let (connection, standing) = match readable(path, OpenFlags::empty()) {
        // Without a writer and without the right to write, SQLite can keep no account of readers; then nobody writes, and
        // the file may be read as one that does not change: https://sqlite.org/wal.html#read_only_databases
        Err(error) if unaccounted(&error) && !file::there(&file::beside(path, "-wal"))? => {
            readable(unchanging(path), OpenFlags::SQLITE_OPEN_URI).map_err(failed)?
        }
        opened => opened.map_err(failed)?,
    };
    match known(standing, path)? {
        0 => Err(StoreError::Absent(path.to_owned())),
        version if version as usize == STEPS.len() => Ok(connection),
        found => Err(StoreError::Older { path: path.to_owned(), found, known: STEPS.len() }),
    }
}

fn readable(path: impl AsRef<Path>, more: OpenFlags) -> rusqlite::Result<(Connection, Standing)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    let standing = schema::standing(&connection)?;
    Ok((connection, standing))
}

fn unaccounted(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// The absolute path as a `file:` address whose content SQLite takes for unchanging.
fn unchanging(path: &Path) -> String {
    let mut address = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => address.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address.push_str("?immutable=1");
    address
}
