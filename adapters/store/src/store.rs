//! The history itself.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pullmedic_model::incident::{History, HistoryError, Incident, IncidentId, Past, Phase, Query};
use rusqlite::types::Value;
use rusqlite::{
    CachedStatement, Connection, OptionalExtension, Transaction, TransactionBehavior, params,
    params_from_iter,
};

use crate::error::passing;
use crate::file::Writer;
use crate::question::{UNFINISHED, asked};
use crate::remark::short;
use crate::{Limits, Remark, Size, StoreError, file, open, room};

/// Remarks that are held until they are taken.
const REMARKS: usize = 64;

/// A history in a SQLite file. Every call blocks, for a few milliseconds as a rule and for five seconds at most where
/// another program holds the file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Connection,
    pub(crate) limits: Limits,
    rows: u64,
    remarks: RefCell<Vec<Remark>>,
    // After the connection, so that the right to write outlives the last write.
    _writer: Option<Writer>,
}

impl Store {
    /// Opens the history in this file for writing, and begins it where there is none. The folder must be there.
    ///
    /// A file whose content is broken is renamed to `NAME.broken-TIME` and a fresh one begun; that and other things worth
    /// telling come back beside the store.
    ///
    /// # Errors
    /// When another process writes to it, when a newer or another program wrote it, or when it cannot be read or written:
    /// then it is as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<(Store, Vec<Remark>), StoreError> {
        Store::open_within(path, Limits::default())
    }

    /// As [`Store::open`], with room for so much.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_within(path: impl AsRef<Path>, limits: Limits) -> Result<(Store, Vec<Remark>), StoreError> {
        let path = &file::absolute(path.as_ref())?;
        file::there(path)?;
        let writer = Writer::claim(path)?;
        let (connection, remarks) = open::for_writing(path, limits)?;
        Ok((Store::over(path, connection, limits, Some(writer))?, remarks))
    }

    /// Opens the history in this file for reading, also while another process writes to it. What would write to it
    /// fails.
    ///
    /// # Errors
    /// When it is not there, when a newer, an older or another program wrote it, or when it cannot be read.
    pub fn read_only(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let path = &file::absolute(path.as_ref())?;
        Store::over(path, open::for_reading(path)?, Limits::default(), None)
    }

    fn over(
        path: &Path,
        connection: Connection,
        limits: Limits,
        writer: Option<Writer>,
    ) -> Result<Store, StoreError> {
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM incident", [], |row| row.get(0))
            .map_err(|source| StoreError::sqlite(path, source))?;
        let rows = rows.max(0) as u64;
        let path = path.to_owned();
        Ok(Store { path, connection, limits, rows, remarks: RefCell::default(), _writer: writer })
    }

    /// How much it holds.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn size(&self) -> Result<Size, HistoryError> {
        room::size(&self.connection, self.rows)
            .map_err(|source| self.failed("measure the history".into(), source))
    }

    /// What came up since this was last asked that is worth telling. At most 64 are held.
    pub fn remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }

    fn remark(&self, remark: Remark) {
        let mut remarks = self.remarks.borrow_mut();
        let more = |held: &mut Remark| match (held, &remark) {
            (Remark::Crowded { forgotten }, Remark::Crowded { forgotten: more }) => {
                *forgotten += more;
                true
            }
            (held, remark) => held == remark,
        };
        if !remarks.iter_mut().any(more) && remarks.len() < REMARKS {
            remarks.push(remark);
        }
    }

    fn failed(&self, what: String, source: impl Into<Failure>) -> HistoryError {
        let Failure { passing, source } = source.into();
        HistoryError { what: format!("{what} in {}", self.path.display()), passing, source }
    }

    /// Forgets what there is no room for. What was kept is kept: what fails here is told, and tried at the next `keep`.
    fn make_room(&mut self) {
        match room::make(&mut self.connection, self.limits, self.rows) {
            Ok(0) => {}
            Ok(forgotten) => {
                self.rows = self.rows.saturating_sub(forgotten as u64);
                self.remark(Remark::Crowded { forgotten });
            }
            Err(error) => self.remark(Remark::Cramped { why: short(error) }),
        }
    }

    /// Those of the numbers, in their order, that `wanted` takes, until `limit`.
    fn read(
        &self,
        numbers: &[i64],
        limit: usize,
        wanted: impl Fn(&Incident) -> bool,
    ) -> rusqlite::Result<Vec<Incident>> {
        let mut document =
            self.connection.prepare_cached("SELECT id, document FROM incident WHERE number = ?1")?;
        let mut incidents = Vec::new();
        for number in numbers {
            if incidents.len() >= limit {
                break;
            }
            let incident = self.decode(&mut document, params![number])?;
            incidents.extend(incident.filter(&wanted));
        }
        Ok(incidents)
    }

    /// The incident of a row; `None` when there is none, or when its document cannot be read: then that is told.
    fn decode(
        &self,
        document: &mut CachedStatement<'_>,
        by: impl rusqlite::Params,
    ) -> rusqlite::Result<Option<Incident>> {
        let row: Option<(String, String)> =
            document.query_row(by, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((id, text)) = row else { return Ok(None) };
        match serde_json::from_str(&text) {
            Ok(incident) => Ok(Some(incident)),
            Err(error) => {
                self.remark(Remark::Unreadable { id, why: short(error) });
                Ok(None)
            }
        }
    }

    fn numbers(&self, sql: &str, values: Vec<Value>) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map(params_from_iter(values), |row| row.get(0))?.collect()
    }
}

impl History for Store {
    fn keep(&mut self, incidents: &[&Incident]) -> Result<(), HistoryError> {
        let what = || match incidents {
            [one] => format!("keep {}", one.id),
            several => format!("keep {} incidents", several.len()),
        };
        if incidents.is_empty() {
            return Ok(());
        }
        let documents: Result<Vec<_>, _> =
            incidents.iter().map(|incident| Ok((*incident, serde_json::to_string(incident)?))).collect();
        let documents = documents.map_err(|source: serde_json::Error| self.failed(what(), source))?;
        let added = write(&mut self.connection, &documents).map_err(|source| self.failed(what(), source))?;
        self.rows += added;
        self.make_room();
        Ok(())
    }

    fn unfinished(&self, resolved_since: Timestamp) -> Result<Vec<Incident>, HistoryError> {
        let wanted = |incident: &Incident| match incident.phase {
            Phase::Suspected | Phase::Open => true,
            Phase::Resolved => ended(incident) >= resolved_since,
        };
        let read = || {
            let _steady = self.connection.unchecked_transaction()?;
            let numbers = self.numbers(UNFINISHED, vec![resolved_since.as_microsecond().into()])?;
            self.read(&numbers, usize::MAX, wanted)
        };
        read().map_err(|source| self.failed("read the unfinished incidents".into(), source))
    }

    fn past(&self, query: &Query) -> Result<Vec<Past>, HistoryError> {
        let (sql, values) = asked(query);
        // The columns are cut to microseconds; the document decides.
        let wanted = |incident: &Incident| query.since.is_none_or(|since| incident.changed_at >= since);
        let read = || {
            let _steady = self.connection.unchecked_transaction()?;
            let numbers = self.numbers(&sql, values)?;
            self.read(&numbers, query.limit.unwrap_or(usize::MAX), wanted)
        };
        let incidents = read().map_err(|source| self.failed("read past incidents".into(), source))?;
        Ok(incidents.into_iter().map(|incident| Past { incident }).collect())
    }

    fn one(&self, id: &IncidentId) -> Result<Option<Past>, HistoryError> {
        let read = || {
            let sql = "SELECT id, document FROM incident WHERE id = ?1";
            self.decode(&mut self.connection.prepare_cached(sql)?, params![id.as_str()])
        };
        let incident = read().map_err(|source| self.failed(format!("read {id}"), source))?;
        Ok(incident.map(|incident| Past { incident }))
    }

    fn forget(&mut self, resolved_before: Timestamp) -> Result<usize, HistoryError> {
        let before = resolved_before.as_microsecond();
        let forgotten = room::forget(&mut self.connection, before, &mut self.rows)
            .map_err(|source| self.failed("forget past incidents".into(), source))?;
        Ok(forgotten)
    }
}

/// Why something failed, and whether it may pass.
struct Failure {
    passing: bool,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl From<rusqlite::Error> for Failure {
    fn from(source: rusqlite::Error) -> Failure {
        Failure { passing: passing(&source), source: Box::new(source) }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(source: serde_json::Error) -> Failure {
        Failure { passing: false, source: Box::new(source) }
    }
}

/// When it ended, of one that did.
fn ended(incident: &Incident) -> Timestamp {
    incident.resolved_at.unwrap_or(incident.changed_at)
}

/// Writes all or none; gives how many were not there before.
fn write(connection: &mut Connection, documents: &[(&Incident, String)]) -> rusqlite::Result<u64> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let mut added = 0;
    {
        let mut find = transaction.prepare_cached("SELECT number FROM incident WHERE id = ?1")?;
        let mut add = transaction.prepare_cached(
            "INSERT INTO incident (id, cause, seen_at, changed_at, ended_at, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let mut change = transaction.prepare_cached(
            "UPDATE incident SET id = ?1, cause = ?2, seen_at = ?3, changed_at = ?4, ended_at = ?5, document = ?6 \
             WHERE number = ?7",
        )?;
        let mut touch = transaction.prepare_cached("INSERT OR IGNORE INTO touched VALUES (?1, ?2)")?;
        for (incident, document) in documents {
            let id = incident.id.as_str();
            let cause = incident.cause.code();
            let seen = incident.seen_at.as_microsecond();
            let changed = incident.changed_at.as_microsecond();
            let end = match incident.phase {
                Phase::Suspected | Phase::Open => None,
                Phase::Resolved => Some(ended(incident).as_microsecond()),
            };
            let number: Option<i64> = find.query_row([id], |row| row.get(0)).optional()?;
            let number = match number {
                Some(number) => {
                    change.execute(params![id, cause, seen, changed, end, document, number])?;
                    number
                }
                None => {
                    added += 1;
                    add.insert(params![id, cause, seen, changed, end, document])?
                }
            };
            for namespace in incident.touched.keys() {
                touch.execute(params![namespace, number])?;
            }
        }
    }
    transaction.commit()?;
    Ok(added)
}
