//! How much is held, and what goes when there is more.

use rusqlite::{Connection, params};

use crate::question::FORGET;

/// How much a history holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Incidents. Past them the longest resolved go; one that is not resolved never does.
    pub rows: u64,
    /// Bytes in use, of incidents and their indexes. Past them the longest resolved go. The file itself is at most a
    /// third larger, and its log some MiB; when nothing resolved is left to go, it ends at twice this, and to keep more
    /// fails as on a full disk.
    pub bytes: u64,
}

impl Default for Limits {
    /// 100,000 incidents and 256 MiB: at some 2 KiB each, what a large cluster sees in a year.
    fn default() -> Limits {
        Limits { rows: 100_000, bytes: 256 << 20 }
    }
}

/// How much a history holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Incidents.
    pub rows: u64,
    /// Bytes in use, of incidents and their indexes.
    pub bytes: u64,
    /// Bytes of the file as it is once its log is written back.
    pub file: u64,
}

/// Rows that go in one transaction, so that the log stays short.
const AT_ONCE: usize = 500;

/// Free pages that are never worth giving back, 1 MiB at a page of 4 KiB.
const SPARE: u64 = 256;

/// Pages that are given back at once, so that no `keep` waits long.
const GIVEN_BACK: u64 = 4096;

struct Pages {
    all: u64,
    free: u64,
    size: u64,
}

fn pages(connection: &Connection) -> rusqlite::Result<Pages> {
    let number = |name: &str| -> rusqlite::Result<u64> {
        let number: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
        Ok(number.max(0) as u64)
    };
    Ok(Pages { all: number("page_count")?, free: number("freelist_count")?, size: number("page_size")? })
}

impl Pages {
    fn in_use(&self) -> u64 {
        self.all.saturating_sub(self.free) * self.size
    }

    /// How many to give back: a quarter of the file may lie free, so that what goes and comes does not move the end of
    /// the file each time; past that, down to an eighth.
    fn surplus(&self) -> u64 {
        if self.free <= SPARE.max(self.all / 4) {
            return 0;
        }
        (self.free - SPARE.max(self.all / 8)).min(GIVEN_BACK)
    }
}

pub(crate) fn size(connection: &Connection, rows: u64) -> rusqlite::Result<Size> {
    let pages = pages(connection)?;
    Ok(Size { rows, bytes: pages.in_use(), file: pages.all * pages.size })
}

/// Forgets the longest resolved while there are more than the limits allow; gives how many.
pub(crate) fn make(connection: &mut Connection, limits: Limits, rows: u64) -> rusqlite::Result<usize> {
    let mut forgotten = 0;
    loop {
        let too_many = (rows - forgotten as u64).saturating_sub(limits.rows);
        let too_large = pages(connection)?.in_use() > limits.bytes;
        let next = match (too_many, too_large) {
            (0, false) => break,
            (0, true) => 32,
            (many, _) => AT_ONCE.min(usize::try_from(many).unwrap_or(AT_ONCE)),
        };
        let gone = oldest(connection, i64::MAX, next)?;
        if gone == 0 {
            break;
        }
        forgotten += gone;
    }
    give_back(connection)?;
    Ok(forgotten)
}

/// Forgets what was resolved before, in microseconds, and counts `rows` down with it.
pub(crate) fn forget(connection: &mut Connection, before: i64, rows: &mut u64) -> rusqlite::Result<usize> {
    let mut forgotten = 0;
    loop {
        let gone = oldest(connection, before, AT_ONCE)?;
        forgotten += gone;
        *rows = rows.saturating_sub(gone as u64);
        if gone < AT_ONCE {
            break;
        }
    }
    while give_back(connection)? {}
    Ok(forgotten)
}

fn oldest(connection: &Connection, before: i64, most: usize) -> rusqlite::Result<usize> {
    connection.prepare_cached(FORGET)?.execute(params![before, most as i64])
}

/// Gives free pages back to the disk; whether there were any.
fn give_back(connection: &Connection) -> rusqlite::Result<bool> {
    let surplus = pages(connection)?.surplus();
    if surplus == 0 {
        return Ok(false);
    }
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({surplus})"))?;
    let mut rows = statement.query([])?;
    // One page a step.
    while rows.next()?.is_some() {}
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_file_may_lie_free_and_no_more() {
        let surplus = |all, free| Pages { all, free, size: 4096 }.surplus();
        assert_eq!(surplus(100, 100), 0, "a small file is left alone");
        assert_eq!(surplus(8000, 2000), 0);
        assert_eq!(surplus(8000, 2001), 1001);
        assert_eq!(surplus(80_000, 70_000), GIVEN_BACK);
    }
}
