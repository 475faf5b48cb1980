//! The table is whole: every kind has one row, and every pair of causes is separated, related or declared inseparable.

use std::collections::BTreeSet;

use super::relation::{INSEPARABLE, WRAPPERS, explains, inseparable, is_explaining};
use super::*;

#[test]
fn every_kind_of_observation_has_exactly_one_row() {
    for kind in Kind::all() {
        assert_eq!(rows().filter(|row| row.kind == kind).count(), 1, "{kind:?}");
        assert!(!row(kind).says.is_empty(), "{kind:?}");
    }
    let listed: BTreeSet<Kind> = Kind::all().collect();
    for row in rows() {
        assert!(listed.contains(&row.kind), "{:?} is a row that nothing lists", row.kind);
    }
}

#[test]
fn no_row_says_two_things_of_one_cause() {
    for row in rows() {
        for cause in row.predicts {
            assert!(!row.excludes.contains(cause) && !row.allows.contains(cause), "{:?} {cause}", row.kind);
        }
        assert!(!row.predicts.contains(&Cause::Unknown), "{:?} predicts unknown", row.kind);
    }
}

#[test]
fn every_pair_of_causes_is_separated_or_explained_or_declared_inseparable() {
    let real: Vec<Cause> = Cause::ALL
        .iter()
        .copied()
        .filter(|cause| !WRAPPERS.iter().any(|(wrapper, _)| wrapper == cause))
        .collect();
    for (at, &a) in real.iter().enumerate() {
        for &b in &real[at + 1..] {
            let separated = rows().any(|row| {
                (row.cell(a) == Cell::Excludes) != (row.cell(b) == Cell::Excludes)
                    // Words separate only what they predict from what they cannot mean.
                    && (!row.is_testimony() || row.cell(a) == Cell::Predicts || row.cell(b) == Cell::Predicts)
            });
            // An explaining cause counts only once its own mechanism was seen, which is a row that predicts it.
            let by_mechanism = (is_explaining(a) || is_explaining(b))
                && rows().any(|row| {
                    !row.is_testimony() && (row.cell(a) == Cell::Predicts) != (row.cell(b) == Cell::Predicts)
                });
            let related = by_mechanism || explains(a, b) || explains(b, a) || inseparable(a, b).is_some();
            assert!(separated || related, "nothing separates {a} and {b}");
        }
    }
}

#[test]
fn what_is_declared_inseparable_is_not_separated_by_testimony_alone() {
    for (a, b, why) in INSEPARABLE {
        assert!(!why.is_empty());
        for row in rows().filter(|row| row.cell(*a) == Cell::Predicts && row.cell(*b) == Cell::Excludes) {
            assert!(row.weight == Weight::Decides, "{:?} separates {a} from {b}", row.kind);
        }
    }
}

#[test]
fn only_what_decides_excludes_unknown() {
    for row in rows() {
        assert_eq!(
            row.cell(Cause::Unknown) == Cell::Excludes,
            row.weight == Weight::Decides,
            "{:?}",
            row.kind
        );
    }
}
