//! What a run prints, saves and fails by.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::table::{self, Row};
use super::{Arguments, Shown, rights};
use crate::cluster::layout::checkout;

/// Without the product there is only one thing that can fail.
pub(super) fn not_shown(shown: &[Shown<'_>]) -> Result<()> {
    let missing: Vec<&str> =
        shown.iter().filter(|(_, sign)| sign.is_none()).map(|(case, _)| case.namespace.as_str()).collect();
    if missing.is_empty() {
        println!("{} faults stand", shown.len());
        return Ok(());
    }
    bail!("the cluster never showed the fault of {}", missing.join(", "))
}

/// Prints each case, writes the page of a whole run, and fails if anything is not as expected.
pub(super) fn report(arguments: &Arguments, rows: &[Row<'_>], tried: &[rights::Tried]) -> Result<()> {
    for row in rows {
        print(row);
    }
    for rights::Tried { name, differs } in tried {
        println!("{}  {name}", word(differs.is_empty()));
        for difference in differs {
            println!("        {difference}");
        }
    }
    if let Some(folder) = &arguments.reports {
        save(folder, rows)?;
    }
    let part = arguments.standing || arguments.no_fix || arguments.no_controller;
    let whole = arguments.ids.is_empty() && !part;
    if whole && arguments.record.is_none() {
        // A part of the table would hide the rest, and faults found standing have no time of injection.
        let page = checkout().join("docs/accuracy.md");
        fs::write(&page, table::page(rows)).with_context(|| format!("could not write {}", page.display()))?;
    }
    let all = rows.len() + tried.len();
    let failed = rows.iter().filter(|row| !row.passed()).count()
        + tried.iter().filter(|tried| !tried.differs.is_empty()).count();
    println!("{} passed, {failed} failed", all - failed);
    if failed > 0 {
        bail!("{failed} of {all} cases are not as expected");
    }
    Ok(())
}

fn print(row: &Row<'_>) {
    let name = format!("{} {}", row.case.scenario.id, row.case.node.runtime.name());
    let said = |run: &Option<super::product::Run>| match run {
        Some(run) => format!("{} ({})", run.answer.cause, run.answer.certainty),
        None => "–".to_owned(),
    };
    let (words, replay) = (said(&row.runs.words), said(&row.runs.replay));
    let told =
        row.controller.as_ref().map_or_else(String::new, |told| format!(" · controller: {}", told.words));
    println!("{}  {name:<22} words: {words} · replay: {replay}{told}", word(row.passed()));
    if let Some(less) = row.controller.as_ref().and_then(|told| told.less_sure.as_ref()) {
        println!("        the controller is less sure: {less}");
    }
    for difference in row.differs() {
        println!("        {difference}");
    }
    if let Some(fixed) = row.fixed.as_ref().filter(|fixed| fixed.runs) {
        println!("        {}", fixed.words);
    }
}

fn word(passed: bool) -> &'static str {
    if passed { "passed" } else { "FAILED" }
}

fn save(folder: &Path, rows: &[Row<'_>]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    for row in rows {
        for (kind, run) in [("words", &row.runs.words), ("replay", &row.runs.replay)] {
            if let Some(run) = run {
                fs::write(folder.join(format!("{}.{kind}.json", row.case.namespace)), &run.report)?;
            }
        }
    }
    Ok(())
}
