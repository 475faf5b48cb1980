//! `docs/dialects.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use testkit_registry::Dialect;

use super::expected::{Cell, Fault, Wanted, name};
use super::judge::Ended;
use super::{Ran, median};

/// One line: how many cells ended how, and what they took.
pub(crate) fn figures(ran: &[Ran]) -> String {
    let mut counts: BTreeMap<Ended, usize> = BTreeMap::new();
    for ran in ran {
        *counts.entry(ran.ended).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.iter().map(|(ended, count)| format!("{count} {}", ended.word())).collect();
    let requests = || ran.iter().map(|ran| ran.outcome.asked.len() as u128);
    format!(
        "{} cells: {}; registry requests: median {}, most {}; time of a run: median {} ms",
        ran.len(),
        counts.join(", "),
        median(requests().collect()),
        requests().max().unwrap_or_default(),
        median(ran.iter().map(|ran| ran.outcome.took.as_millis()).collect()),
    )
}

fn short(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Proven(cause) => format!("**{cause}**"),
        Wanted::Likely(cause) => format!("likely {cause}"),
        Wanted::Undecided(causes) => format!("? {}", causes.join(", ")),
    }
}

/// The page.
pub(crate) fn page(table: &[Fault], ran: &[Ran]) -> String {
    let mut page = String::from(
        "# Faults under every dialect

Registries say the same thing in different ways: a private repository is a 401 of the registry at one, a 403 of the token
service at another, and some answer alike for what is private and what is absent. This page is what `pullmedic diagnose`
says of each fault in each vendor's manner, against a registry of our own that speaks in that manner, under the vendor's
host name. Written by `DIALECTS_WRITE=1 cargo test -p pullmedic-app --test dialects`; do not edit.

What must come out stands in [`expected.yaml`](../app/tests/dialects/expected.yaml), with the rule it follows from. It was
committed before the product was first run on any cell. Bold is proven; `?` is undecided between these causes, for a reason
that is written down: no observation that can be had from outside the node and the registry tells them apart. A cell is
wrong when it is sure (proven or likely) of a cause that was not injected.

The vendors' manners are [rows of the test registry](../testkit/registry/src/dialect/rows.rs), read from sources and
documents; nothing here was measured at a vendor. The words of the runtime are composed in containerd 2.3.7's formats from
what that registry really answered. The binary stands on a workstation and has the node's files.

",
    );
    let _ = writeln!(page, "{}.\n", figures(ran));
    for (row, fault) in table.iter().enumerate() {
        let _ = writeln!(page, "## {}\n\nInjected: {}. {}\n", fault.fault, fault.about, fault.why);
        page.push_str(
            "| dialect | said | as written | requests | what this registry says |\n|---|---|---|---|---|\n",
        );
        for dialect in Dialect::ALL {
            let cell = &fault.cells[name(dialect)];
            if let Some(why) = &cell.none {
                let _ = writeln!(page, "| {} | – | – | – | {why} |", name(dialect));
                continue;
            }
            let Some(ran) = ran.iter().find(|ran| ran.row == row && ran.dialect == dialect) else { continue };
            let left: Vec<String> = ran.said.left.iter().cloned().collect();
            let said = match ran.said.certainty.as_str() {
                "proven" => short(&Wanted::Proven(ran.said.cause.clone())),
                "likely" => short(&Wanted::Likely(ran.said.cause.clone())),
                _ => short(&Wanted::Undecided(left)),
            };
            let (written, rule) = (ran.ended.word(), &cell.rule);
            let notes = [
                (!rule.is_empty()).then(|| format!("rule {rule}")),
                (!cell.note.is_empty()).then(|| cell.note.clone()),
            ];
            let notes: Vec<String> = notes.into_iter().flatten().collect();
            let asked = ran.outcome.asked.len();
            let _ =
                writeln!(page, "| {} | {said} | {written} | {asked} | {} |", name(dialect), notes.join(": "));
        }
        page.push('\n');
    }
    page.push_str("## Known faults of the product\n\n");
    let mended = |row: usize, dialect| {
        ran.iter().any(|ran| ran.row == row && ran.dialect == dialect && ran.ended < Ended::Known)
    };
    by_reason(&mut page, table, |row, dialect, cell| match cell.known.as_str() {
        why if !why.is_empty() && mended(row, dialect) => format!("mended since: {why}"),
        why => why.to_owned(),
    });
    page.push_str(FIRST_RUN);
    by_reason(&mut page, table, |_, _, cell| cell.changed.clone());
    page
}

/// What the table said before anything was changed in it.
const FIRST_RUN: &str = "
## The first run

The table was committed in 109df41. The first run was against the product of b45218a: of 210 cells 113 right, 16 undecided
as planned, 1 wrong (forbidden-candidate at acr: likely bad-credentials), 15 unplanned undecided, 38 undecided between other
causes than written, 4 less sure and 23 surer than written. Before it the test had its registries at other ports than 443,
which makes a registry somebody else's mirror (containerd asks it with `?ns=`); what came of that told of the test. That
run had one change that main lacked then: an address given with `--resolve` was one given by hand (`Case::pinned`), without which a loopback address rightly proves nothing.

## Changed after the first run

";

/// A list of reasons, each with the cells that have it.
fn by_reason(page: &mut String, table: &[Fault], reason: impl Fn(usize, Dialect, &Cell) -> String) {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (row, fault) in table.iter().enumerate() {
        for dialect in Dialect::ALL {
            let why = reason(row, dialect, &fault.cells[name(dialect)]);
            if !why.is_empty() {
                reasons.entry(why).or_default().push(format!("{} at {}", fault.fault, name(dialect)));
            }
        }
    }
    if reasons.is_empty() {
        page.push_str("None.\n");
    }
    for (why, cells) in reasons {
        let _ = writeln!(page, "- {}: {why}.", cells.join(", "));
    }
}
