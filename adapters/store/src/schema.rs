//! The layout of the file, and how an older one becomes it.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// What `PRAGMA application_id` says of our files: `plmd` in ASCII. `file` and we know by it whose the file is.
pub(crate) const APPLICATION: i32 = 0x706c_6d64;

/// The steps from one version of the layout to the next; a file of version n has had the first n. Steps are added, and
/// never changed once released.
pub(crate) const STEPS: &[&str] = &[include_str!("schema/1.sql")];

/// Whose file it is, and how old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing is in it yet.
    Fresh,
    /// Ours, of this version.
    Ours(u32),
    /// Ours, of a version that only a newer program knows.
    Newer(i64),
    /// Somebody else's.
    Foreign,
}

/// What the head of a file says.
pub(crate) fn standing(connection: &Connection) -> rusqlite::Result<Standing> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(judge(application, version, objects, STEPS.len()))
}

fn judge(application: i32, version: i64, objects: i64, known: usize) -> Standing {
    match (application, u32::try_from(version)) {
        (0, Ok(0)) if objects == 0 => Standing::Fresh,
        (APPLICATION, Ok(version)) if (1..=known).contains(&(version as usize)) => Standing::Ours(version),
        (APPLICATION, _) => Standing::Newer(version),
        (_, _) => Standing::Foreign,
    }
}

/// Brings a file of version `from` to the last of `steps`, all or nothing.
pub(crate) fn migrate(connection: &mut Connection, from: u32, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    for step in steps.iter().skip(from as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", steps.len() as i64)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_file_is_ours_only_by_its_mark() {
        assert_eq!(judge(0, 0, 0, 2), Standing::Fresh);
        assert_eq!(judge(0, 0, 1, 2), Standing::Foreign);
        assert_eq!(judge(0, 1, 1, 2), Standing::Foreign);
        assert_eq!(judge(7, 1, 1, 2), Standing::Foreign);
        assert_eq!(judge(APPLICATION, 1, 1, 2), Standing::Ours(1));
        assert_eq!(judge(APPLICATION, 2, 1, 2), Standing::Ours(2));
        assert_eq!(judge(APPLICATION, 3, 1, 2), Standing::Newer(3));
        assert_eq!(judge(APPLICATION, -1, 1, 2), Standing::Newer(-1));
    }

    #[test]
    fn an_older_layout_becomes_the_newest_and_keeps_its_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0, STEPS).unwrap();
        connection
            .execute("INSERT INTO incident VALUES (1, 'pi-aaaaaa', 'tag-not-found', 1, 2, NULL, '{}')", [])
            .unwrap();
        let steps = [STEPS[0], "ALTER TABLE incident ADD COLUMN more TEXT NOT NULL DEFAULT 'none'"];
        migrate(&mut connection, 1, &steps).unwrap();
        assert_eq!(version(&connection), 2);
        let more: String = connection.query_row("SELECT more FROM incident", [], |row| row.get(0)).unwrap();
        assert_eq!(more, "none");
    }

    #[test]
    fn a_step_that_fails_leaves_the_older_layout_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0, STEPS).unwrap();
        let steps =
            [STEPS[0], "ALTER TABLE incident ADD COLUMN more TEXT", "ALTER TABLE nowhere ADD COLUMN x"];
        migrate(&mut connection, 1, &steps).unwrap_err();
        assert_eq!(version(&connection), 1);
        assert!(connection.prepare("SELECT more FROM incident").is_err());
    }
}
