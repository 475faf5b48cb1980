//! The elimination table: what each kind of observation means for each cause.
//!
//! A row is a kind of observation, a column a cause, a cell one of *predicts*, *allows*, *excludes*. A row names the
//! causes that it predicts and excludes; for every other cause the cell is *allows*, except in the rows of testimony:
//! a node that wrote `401` did not run out of disk, so there the causes that are not named are excluded.
//!
//! - [`said`]: the node's own words.
//! - [`asked`]: the unchanged request, asked again.
//! - [`login`]: pull secrets, and the same request with another login.
//! - [`absent`]: tags, repositories, caches.
//! - [`content`]: manifests, platforms, layers, limits.
//! - [`relation`]: which cause explains which, and which pairs nothing can separate.

mod absent;
mod asked;
mod content;
mod family;
mod kind;
mod login;
pub(crate) mod relation;
mod said;

pub(crate) use family::{Family, NodeFamily};
pub(crate) use kind::Kind;
use pullmedic_model::Cause;

/// What an observation means for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// The cause makes us expect it.
    Predicts,
    /// It fits.
    Allows,
    /// It cannot be so with this cause.
    Excludes,
}

/// What an observation weighs towards `proven`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Words, an object beside, a control: it excludes rivals and proves nothing alone.
    Context,
    /// A directly seen mechanism or a repair: with it, "none of the known causes" is out.
    Decides,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    /// What was seen, as `explain --why` prints it.
    pub(crate) says: &'static str,
    pub(crate) weight: Weight,
    predicts: &'static [Cause],
    allows: &'static [Cause],
    excludes: &'static [Cause],
    others: Cell,
}

impl Row {
    const fn context(kind: Kind, says: &'static str) -> Row {
        let (predicts, allows, excludes) = (&[], &[], &[]);
        Row { kind, says, weight: Weight::Context, predicts, allows, excludes, others: Cell::Allows }
    }

    /// A row that decides. `unknown` is out where something was seen that a known cause predicts.
    const fn decides(kind: Kind, says: &'static str) -> Row {
        Row { weight: Weight::Decides, ..Row::context(kind, says) }
    }

    const fn predicts(self, predicts: &'static [Cause]) -> Row {
        Row { predicts, ..self }
    }

    const fn excludes(self, excludes: &'static [Cause]) -> Row {
        Row { excludes, ..self }
    }

    /// The causes beside the predicted that it leaves; all others are out.
    const fn only_allows(self, allows: &'static [Cause]) -> Row {
        Row { allows, others: Cell::Excludes, ..self }
    }

    /// Whether it is a row of testimony.
    pub(crate) const fn is_testimony(&self) -> bool {
        matches!(self.kind, Kind::Said(_))
    }

    /// Whether it is a refusal that several causes share, which proves none of them by itself.
    pub(crate) const fn is_shared_refusal(&self) -> bool {
        matches!(self.kind, Kind::Reproduced(_)) && self.predicts.len() > 1
    }

    /// Whether it names the cause among those that it excludes.
    pub(crate) fn excludes_by_name(&self, cause: Cause) -> bool {
        self.excludes.contains(&cause)
    }

    /// The cell of a cause.
    pub(crate) fn cell(&self, cause: Cause) -> Cell {
        if cause == Cause::Unknown {
            // `unknown` is always a rival, until something decides.
            return match self.weight {
                Weight::Context => Cell::Allows,
                Weight::Decides => Cell::Excludes,
            };
        }
        if self.predicts.contains(&cause) {
            Cell::Predicts
        } else if self.allows.contains(&cause) {
            Cell::Allows
        } else if self.excludes.contains(&cause) {
            Cell::Excludes
        } else {
            self.others
        }
    }
}

const PARTS: [&[Row]; 5] = [said::ROWS, asked::ROWS, login::ROWS, absent::ROWS, content::ROWS];

/// Every row.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    PARTS.into_iter().flatten()
}

/// The row of a kind of observation. Every kind has one; a test walks them.
pub(crate) fn row(kind: Kind) -> &'static Row {
    rows().find(|row| row.kind == kind).unwrap_or(&UNLISTED)
}

/// Stands in for a kind without a row: it allows everything and so can prove nothing.
static UNLISTED: Row = Row::context(Kind::Unsettled, "");

#[cfg(test)]
mod tests;
