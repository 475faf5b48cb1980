//! What is written of a run.

use std::io::{self, Write};

use pullmedic_report::Look;
use serde::Serialize;
use serde_json::Value;

use crate::api::Audit;
use crate::comparison::{Answer, Judgement, Row};
use crate::play::{Healed, Played};

/// What of a run is made up.
const SIMULATED: [&str; 3] = [
    "the API server and its objects, whose nodes are this machine",
    "the kubelet and its words",
    "the name server",
];

/// What it does and what is simulated, what the product writes, and the comparison.
///
/// # Errors
/// Those of `out`.
pub fn write_text(played: &Played, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let pods: usize = played.rows.iter().map(|row| row.pods).sum();
    let registries = played.running.addresses().len();
    let pages = &played.pages;
    write!(
        out,
        "playground: {} workloads ({pods} pods) that cannot pull their image, each in\n\
         another way, from {registries} registries on loopback. pullmedic is asked why, and\n\
         its controller watches.\n\n  \
         simulated: the API server and its objects (its nodes are this machine), the\n             \
         kubelet and its words, the name server\n  \
         real:      the registries, TLS, tokens, every request and every verdict; the\n             \
         controller, under the rights of deploy/rbac, with the pull secrets of\n             \
         one namespace\n\n\
         $ pullmedic diagnose -A --node-config etc\n\n{}\n\
         $ pullmedic incidents -A\n\n{}",
        played.rows.len(),
        pages.diagnose,
        pages.incidents,
    )?;
    if !pages.show.is_empty() {
        let Healed { incident, namespace, .. } = &played.healed;
        write!(out, "\n$ pullmedic incidents show {incident} -n {namespace}\n\n{}", pages.show)?;
    }
    writeln!(out, "\nWhat was injected, and what was said of it:\n")?;
    table(&played.rows, look, out)?;
    writeln!(out, "\n{}", closing(played))?;
    healed(played, out)?;
    writeln!(out, "\n{}", audited(&played.audit))
}

fn healed(played: &Played, out: &mut dyn Write) -> io::Result<()> {
    let Healed { workload, namespace, incident, resolved_after } = &played.healed;
    match resolved_after {
        Some(seconds) => write!(
            out,
            "\n{workload} was healed: its registry was given the tag, and its pod runs.\n\
             Its incident {incident} was over {seconds:.0} s later:\n\n\
             $ pullmedic incidents -n {namespace}\n\n{}",
            played.pages.over
        ),
        None => writeln!(out, "\n{workload} was healed, and its incident {incident:?} is NOT OVER."),
    }
}

/// One sentence of the API server's audit log.
fn audited(audit: &Audit) -> String {
    let verbs = audit.by_verb.iter().map(|(verb, count)| format!("{count} {verb}"));
    format!(
        "The API server's audit log of the controller: {}.\nLists after the start: {}, refused: {}, writes: {}.",
        verbs.collect::<Vec<_>>().join(", "),
        audit.lists_after_the_start,
        audit.refused,
        audit.writes
    )
}

/// The document of `-o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    kind: &'static str,
    /// What of it is made up.
    simulated: [&'static str; 3],
    right: bool,
    /// Of `diagnose`.
    took_ms: f64,
    /// Of the controller, from its start to its last verdict.
    controller_ms: f64,
    comparison: &'a [Row],
    healed: &'a Healed,
    audit: &'a Audit,
    report: &'a Value,
    incidents: &'a Value,
}

/// The comparison, the report and the incidents as JSON.
///
/// # Errors
/// Those of `out`.
pub fn write_json(played: &Played, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        kind: "Playground",
        simulated: SIMULATED,
        right: played.is_right(),
        took_ms: played.took.0.as_secs_f64() * 1000.0,
        controller_ms: played.took.1.as_secs_f64() * 1000.0,
        comparison: &played.rows,
        healed: &played.healed,
        audit: &played.audit,
        report: &played.report,
        incidents: &played.incidents,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn closing(played: &Played) -> String {
    let count = |wanted: &dyn Fn(&Row) -> bool| played.rows.iter().filter(|row| wanted(row)).count();
    let planned = count(&|row| row.judgement() == Judgement::AsPlanned);
    let right = count(&Row::is_right) - planned;
    let not = played.rows.len() - right - planned;
    let mut text = format!("{right} proven right by both, {planned} not proven as planned");
    if not > 0 {
        text.push_str(&format!(", {not} not as planned"));
    }
    let requests = |of: &dyn Fn(&Row) -> &Answer| -> u64 {
        played.rows.iter().flat_map(|row| &of(row).said).map(|said| said.requests).sum()
    };
    text.push_str(&format!(
        ".\ndiagnose: {} requests, {:.1} s; controller: {} requests, {:.1} s.",
        requests(&|row| &row.diagnose),
        played.took.0.as_secs_f64(),
        requests(&|row| &row.incident),
        played.took.1.as_secs_f64(),
    ));
    for row in &played.rows {
        let both = [("diagnose", &row.diagnose), ("the controller", &row.incident)];
        let planned = both.map(|(who, answer)| answer.planned.map(|why| (who, why)));
        match planned {
            [None, None] => {}
            [Some((_, why)), Some((_, other))] if why == other => {
                text.push_str(&format!("\n{} cannot be proven: {why}.", row.workload));
            }
            some => some.into_iter().flatten().for_each(|(who, why)| {
                text.push_str(&format!("\n{} cannot be proven by {who}: {why}.", row.workload));
            }),
        }
    }
    text
}

/// The columns of the table.
const COLUMNS: [&str; 7] = ["", "workload", "injected", "diagnose", "controller", "asked", ""];

/// The column of numbers.
const NUMBERS: usize = 5;

fn table(rows: &[Row], look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mark = |row: &Row| match (row.is_right(), look.ascii) {
        (true, false) => "✓",
        (true, true) => "+",
        (false, false) => "✗",
        (false, true) => "x",
    };
    let sure = |answer: &Answer| match &answer.said[..] {
        [] => "nothing".to_owned(),
        [said] => said.certainty.code().to_owned(),
        several => format!("{} times", several.len()),
    };
    let asked = |answer: &Answer| answer.said.iter().map(|said| said.requests).sum::<u64>();
    let mut lines = vec![COLUMNS.map(str::to_owned)];
    for row in rows {
        let times = if row.pods > 1 { format!(" x{}", row.pods) } else { String::new() };
        lines.push([
            mark(row).to_owned(),
            format!("{}{times}", row.workload),
            row.injected.code().to_owned(),
            sure(&row.diagnose),
            sure(&row.incident),
            format!("{} + {}", asked(&row.diagnose), asked(&row.incident)),
            row.judgement().word().to_owned(),
        ]);
    }
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or_default();
    let widths: [usize; 7] = std::array::from_fn(width);
    for (line, row) in lines.iter().zip(std::iter::once(None).chain(rows.iter().map(Some))) {
        let cells = line.iter().zip(widths).enumerate().map(|(at, (cell, width))| {
            // Numbers stand to the right.
            if at == NUMBERS { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        let text = cells.collect::<Vec<_>>().join(" ");
        writeln!(out, "{}", text.trim_end())?;
        let Some(row) = row else { continue };
        for (who, answer) in [("diagnose", &row.diagnose), ("controller", &row.incident)] {
            for said in answer.said.iter().filter(|said| said.cause != row.injected) {
                writeln!(out, "  {who} said: {}", said.cause.code())?;
            }
        }
    }
    Ok(())
}
