//! The history of incidents in one SQLite file: [`Store`] is the model's `History`.
//!
//! - [`Store::open`] for the one writer, [`Store::read_only`] for anybody beside it.
//! - [`Limits`], [`Size`]: how much is held. [`Remark`]: what is worth telling of a history that works. [`StoreError`]:
//!   why one does not.
//! - `open`: from a path to a connection that can be relied on. `file`: the lock and the files set aside. `schema`: the
//!   layout and its versions. `question`: what is asked, in SQL. `room`: what goes when there is too much.
//!
//! # What holds
//! What `keep` acknowledged is there after the process was killed, at any moment, and after a power cut as far as the
//! disk keeps what it said it wrote (`fsync`). One `keep` is there as a whole or not at all. A full disk or a lock of
//! another program makes `keep` fail as *passing*, and what was kept before stands. The file is to lie on a disk of this
//! machine: SQLite's log needs memory that all who open it share (<https://sqlite.org/wal.html>).
//!
//! An incident is found by every namespace that it ever touched, also once it no longer does.

mod error;
mod file;
mod open;
mod question;
mod remark;
mod room;
mod schema;
mod store;

pub use error::StoreError;
pub use remark::Remark;
pub use room::{Limits, Size};
pub use store::Store;
