//! Every fault of the registry under every dialect, against the binary: what each must prove is written down in
//! `expected.yaml`, and `docs/dialects.md` says what came.
//!
//! - `expected`: the table. It was committed before the first run; a cell that changed since says why.
//! - `fault`: what is done to the registry and the pod.
//! - `containerd`, `http`: what the node's runtime says of it, in upstream's formats.
//! - `cluster`: an API server that has the waiting pod.
//! - `cell`: one run of the binary. `judge`: wanted against said. `document`: the page.
//!
//! Variables: `DIALECTS_ONLY=TEXT` runs the cells whose `fault at dialect` holds the text, and shows each whole;
//! `DIALECTS_WRITE=1` writes the page.

mod cell;
mod cluster;
mod containerd;
mod document;
mod expected;
mod fault;
mod http;
mod judge;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use testkit_registry::Dialect;
use tokio::task::JoinSet;

use cell::Outcome;
use expected::{Fault, Wanted, name};
use judge::{Ended, Said};

/// Runs at one time: the machine's cores are other tests' too.
const AT_ONCE: usize = 3;

/// Registry requests that a proof may take (issue 4).
const MOST_REQUESTS: usize = 20;

/// A cell that was run.
pub(crate) struct Ran {
    pub(crate) row: usize,
    pub(crate) dialect: Dialect,
    pub(crate) wanted: Wanted,
    pub(crate) said: Said,
    pub(crate) ended: Ended,
    pub(crate) outcome: Outcome,
}

fn tell(text: &str) {
    // A reader that left is no fault of the test.
    let _ = writeln!(std::io::stderr(), "{text}");
}

async fn run_all(table: &[Fault], only: Option<&str>, binary: &Arc<Path>) -> Vec<Ran> {
    let mut left: Vec<(usize, Dialect, Wanted)> = Vec::new();
    for (row, fault) in table.iter().enumerate() {
        for dialect in Dialect::ALL {
            let called = format!("{} at {}", fault.fault, name(dialect));
            let wanted = fault.cells[name(dialect)].wanted();
            left.extend(
                wanted
                    .filter(|_| only.is_none_or(|only| called.contains(only)))
                    .map(|wanted| (row, dialect, wanted)),
            );
        }
    }
    let (mut running, mut ran) = (JoinSet::new(), Vec::new());
    left.reverse();
    loop {
        while running.len() < AT_ONCE
            && let Some((row, dialect, wanted)) = left.pop()
        {
            let (fault, binary) = (table[row].fault.clone(), Arc::clone(binary));
            running.spawn(async move { (row, dialect, wanted, cell::run(&fault, dialect, &binary).await) });
        }
        let Some(done) = running.join_next().await else { break };
        let (row, dialect, wanted, outcome) = done.expect("the cell ran");
        let said = Said::of(&outcome.finding);
        let cell = &table[row].cells[name(dialect)];
        let ended = match judge::judge(&wanted, cell, &table[row].injected, &said) {
            Ended::Wrong if !cell.known.is_empty() => Ended::KnownWrong,
            ended if !ended.passes() && !cell.known.is_empty() => Ended::Known,
            ended => ended,
        };
        ran.push(Ran { row, dialect, wanted, said, ended, outcome });
    }
    ran.sort_by_key(|ran| (ran.row, ran.dialect as usize));
    ran
}

pub(crate) fn median(mut numbers: Vec<u128>) -> u128 {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_each_dialect_proves_what_was_written_before_the_first_run() {
    if !cell::may_listen() {
        tell(
            "not run: nobody but root may listen at port 443 of a loopback address here \
             (sysctl net.ipv4.ip_unprivileged_port_start=443 changes that)",
        );
        return;
    }
    let table = expected::table();
    let only = std::env::var("DIALECTS_ONLY").ok();
    // A copy: a build by somebody else meanwhile must not replace it under the cells.
    let folder = tempfile::tempdir().unwrap();
    let binary: Arc<Path> = folder.path().join("pullmedic").into();
    std::fs::copy(env!("CARGO_BIN_EXE_pullmedic"), &binary).unwrap();
    let ran = run_all(&table, only.as_deref(), &binary).await;
    assert!(!ran.is_empty(), "no cell is called {only:?}");
    let (mut faults, mut known) = (Vec::new(), Vec::new());
    for Ran { row, dialect, wanted, said, ended, outcome } in &ran {
        let called = format!("{} at {}", table[*row].fault, name(*dialect));
        if only.is_some() {
            tell(&format!(
                "{called}\n{}\n{}\n{:#}",
                outcome.words,
                outcome.asked.join("\n"),
                outcome.finding
            ));
        }
        let line = format!("{}: {called}: {}; wanted {wanted:?}", ended.word(), said.words());
        match (ended, table[*row].cells[name(*dialect)].known.as_str()) {
            (Ended::Known | Ended::KnownWrong, why) => known.push(format!("{line}; {why}")),
            (ended, _) if !ended.passes() => faults.push(line),
            (_, "") => {}
            (_, why) => known.push(format!("mended: {called}: no longer {why}")),
        }
        faults.extend(outcome.leaks.iter().map(|leak| format!("LEAK: {called}: {leak}")));
        if outcome.asked.len() > MOST_REQUESTS {
            faults.push(format!("{} requests: {called}: {:?}", outcome.asked.len(), outcome.asked));
        }
    }
    known.sort();
    tell(&known.join("\n"));
    tell(&document::figures(&ran));
    if std::env::var_os("DIALECTS_WRITE").is_some() && only.is_none() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dialects.md");
        std::fs::write(path, document::page(&table, &ran)).unwrap();
    }
    faults.sort();
    assert!(faults.is_empty(), "{} of {} cells:\n{}", faults.len(), ran.len(), faults.join("\n"));
}
