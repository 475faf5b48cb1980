//! What proves and what excludes a cause, from the table.

use pullmedic_model::Cause;
use pullmedic_model::verdict::Why;

use crate::table::relation::{EXPLAINS, INSEPARABLE, WRAPPERS, explains};
use crate::table::{Cell, Row, Weight, rows};

/// What proves and what excludes a cause, read from the same table that decides: for `explain CODE --why`.
pub fn why(cause: Cause) -> Why {
    let says = |row: &Row| row.says.to_owned();
    let proves = rows().filter(|row| {
        row.weight == Weight::Decides && row.cell(cause) == Cell::Predicts && !row.is_shared_refusal()
    });
    let excludes = rows().filter(|row| row.excludes_by_name(cause));
    Why {
        cause,
        proves: proves.map(says).collect(),
        excludes: excludes.map(says).collect(),
        rivals: rivals(cause),
        explained_by: EXPLAINS.iter().filter(|(_, what)| what.contains(&cause)).map(|(by, _)| *by).collect(),
        inseparable: inseparable(cause),
    }
}

/// Causes that the same words leave, with the observation that tells each from `cause`.
fn rivals(cause: Cause) -> Vec<(Cause, String)> {
    let share = |other: Cause| {
        rows().any(|row| {
            row.is_testimony() && row.cell(cause) == Cell::Predicts && row.cell(other) != Cell::Excludes
        })
    };
    let splits = |row: &Row, other: Cause| {
        !row.is_testimony() && row.cell(other) == Cell::Excludes && row.cell(cause) != Cell::Excludes
    };
    // Best what the cause itself makes us expect.
    let tells = |other: Cause| {
        let predicted = rows().find(|row| splits(row, other) && row.cell(cause) == Cell::Predicts);
        predicted.or_else(|| rows().find(|row| splits(row, other)))
    };
    Cause::ALL
        .iter()
        .copied()
        .filter(|&other| other != cause && !WRAPPERS.iter().any(|(wrapper, _)| *wrapper == other))
        .filter(|&other| share(other) && !explains(other, cause))
        .filter_map(|other| tells(other).map(|row| (other, row.says.to_owned())))
        .collect()
}

fn inseparable(cause: Cause) -> Vec<(Cause, String)> {
    let pairs = INSEPARABLE.iter().filter_map(|(a, b, why)| {
        let other = if *a == cause {
            *b
        } else if *b == cause {
            *a
        } else {
            return None;
        };
        Some((other, (*why).to_owned()))
    });
    let wraps =
        WRAPPERS.iter().filter(|(wrapper, _)| *wrapper == cause).map(|(_, why)| (cause, (*why).to_owned()));
    pairs.chain(wraps).collect()
}
