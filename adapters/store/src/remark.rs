//! What a person should be told of a history that works all the same.

use std::fmt;
use std::path::PathBuf;

/// What happened to a history without keeping it from working.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// The file was broken; it was renamed and a fresh one begun.
    SetAside {
        /// The file.
        path: PathBuf,
        /// What it is called now.
        to: PathBuf,
        /// What SQLite found, shortened.
        why: String,
    },
    /// So many broken files were set aside before that the oldest was removed.
    Removed(PathBuf),
    /// An older program's file was brought to this one's layout.
    Migrated {
        /// The layout's version before.
        from: u32,
        /// The layout's version now.
        to: usize,
    },
    /// A row could not be read; the others were.
    Unreadable {
        /// The incident's id as the row has it.
        id: String,
        /// Why, shortened.
        why: String,
    },
    /// More was kept than there is room for; the longest resolved were forgotten before their time.
    Crowded {
        /// How many.
        forgotten: usize,
    },
    /// What is beyond the room for it could not be forgotten.
    Cramped {
        /// Why, shortened.
        why: String,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::SetAside { path, to, why } => write!(
                f,
                "the history {} was broken ({why}): it was set aside as {}, and a fresh one begun",
                path.display(),
                to.display()
            ),
            Remark::Removed(path) => {
                write!(f, "{}, a broken history of an earlier time, was removed", path.display())
            }
            Remark::Migrated { from, to } => {
                write!(f, "the history was brought from layout {from} to layout {to}")
            }
            Remark::Unreadable { id, why } => write!(f, "incident {id} of the history cannot be read: {why}"),
            Remark::Crowded { forgotten } => {
                write!(
                    f,
                    "the history is full: {forgotten} resolved incidents were forgotten before their time"
                )
            }
            Remark::Cramped { why } => {
                write!(f, "the history is full, and nothing could be forgotten: {why}")
            }
        }
    }
}

/// Text of a machine, cut to what a line holds.
pub(crate) fn short(text: impl fmt::Display) -> String {
    const LONGEST: usize = 200;
    let text = text.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
