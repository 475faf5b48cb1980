//! The table of what must come out: `expected.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use testkit_registry::Dialect;

/// One fault and what it must prove under each dialect.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Its name; a `-candidate` at the end says that another workload names a secret that works.
    pub(crate) fault: String,
    /// The cause that was really injected.
    pub(crate) injected: String,
    /// What was done, in a clause.
    pub(crate) about: String,
    /// By which rules the row was derived.
    pub(crate) why: String,
    /// By dialect.
    pub(crate) cells: BTreeMap<String, Cell>,
}

/// What one fault must prove under one dialect: exactly one of `proven`, `likely`, `undecided` and `none`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cell {
    /// This cause, proven.
    pub(crate) proven: Option<String>,
    /// This cause, likely.
    pub(crate) likely: Option<String>,
    /// These causes must be left.
    pub(crate) undecided: Option<Vec<String>>,
    /// There is no such cell, and why.
    pub(crate) none: Option<String>,
    /// Causes that may be left beside those that must.
    pub(crate) maybe: Vec<String>,
    /// Why it is not proven: rules of the verdict, or a section of the facts.
    pub(crate) rule: String,
    /// What this registry says.
    pub(crate) note: String,
    /// The issue of a known fault of the product that makes this cell fail; empty: none.
    pub(crate) known: String,
    /// Why the cell is not as it was written before the first run; empty: it is.
    pub(crate) changed: String,
}

/// How sure a cell wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Proven(String),
    Likely(String),
    Undecided(Vec<String>),
}

impl Cell {
    /// What is wanted; `None` where there is no such cell.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        match (&self.proven, &self.likely, &self.undecided, &self.none) {
            (Some(cause), None, None, None) => Some(Wanted::Proven(cause.clone())),
            (None, Some(cause), None, None) => Some(Wanted::Likely(cause.clone())),
            (None, None, Some(causes), None) => Some(Wanted::Undecided(causes.clone())),
            (None, None, None, Some(_)) => None,
            _ => panic!("a cell wants exactly one thing: {self:?}"),
        }
    }
}

/// The name of a dialect in the table.
pub(crate) fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Distribution => "distribution",
        Dialect::DockerHub => "docker-hub",
        Dialect::Ghcr => "ghcr",
        Dialect::Quay => "quay",
        Dialect::Ecr => "ecr",
        Dialect::Harbor => "harbor",
        Dialect::Gar => "gar",
        Dialect::Acr => "acr",
        Dialect::Gitlab => "gitlab",
        Dialect::Artifactory => "artifactory",
        Dialect::Nexus => "nexus",
    }
}

/// The whole table.
pub(crate) fn table() -> Vec<Fault> {
    serde_saphyr::from_str(include_str!("expected.yaml")).expect("the table can be read")
}

#[test]
fn every_fault_has_a_cell_for_every_dialect_and_every_undecided_a_reason() {
    for fault in table() {
        assert!(!fault.why.is_empty() && !fault.about.is_empty(), "{}", fault.fault);
        assert_eq!(fault.cells.len(), Dialect::ALL.len(), "{}", fault.fault);
        for dialect in Dialect::ALL {
            let cell = &fault.cells[name(dialect)];
            let sure = matches!(cell.wanted(), None | Some(Wanted::Proven(_)));
            assert_eq!(cell.rule.is_empty(), sure, "{} at {}: {cell:?}", fault.fault, name(dialect));
        }
    }
}
