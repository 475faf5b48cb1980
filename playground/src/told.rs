//! What is written of a run.

use std::io::{self, Write};

use pullmedic_model::Report;
use pullmedic_report::{Form, Look, write_report};
use serde::Serialize;

use crate::comparison::Row;
use crate::play::Played;

/// What it does and what is simulated, the report as `pullmedic diagnose` writes it, and the comparison.
///
/// # Errors
/// Those of `out`.
pub fn write_text(played: &Played, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let pods: usize = played.rows.iter().map(|row| row.pods).sum();
    let registries = played.running.addresses().len();
    write!(
        out,
        "playground: {} workloads ({pods} pods) that cannot pull their image, each in\n\
         another way, from {registries} registries on loopback. pullmedic is asked why.\n\n  \
         simulated: the cluster's objects (its nodes are this machine) and the\n             \
         kubelet's words\n  \
         real:      the registries, TLS, tokens, every request and every verdict\n\n\
         $ pullmedic diagnose -A --node-config etc\n\n",
        played.rows.len(),
    )?;
    write_report(&played.report, Form::Text, look, out)?;
    writeln!(out, "\nWhat was injected, and what was said of it:\n")?;
    table(&played.rows, look, out)?;
    writeln!(out, "\n{}", closing(played))
}

/// The document of `-o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    kind: &'static str,
    /// What of it is made up.
    simulated: [&'static str; 2],
    right: bool,
    took_ms: f64,
    comparison: &'a [Row],
    report: &'a Report,
}

/// The comparison and the report as JSON.
///
/// # Errors
/// Those of `out`.
pub fn write_json(played: &Played, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        kind: "Playground",
        simulated: ["the cluster's objects, whose nodes are this machine", "the kubelet's words"],
        right: played.is_right(),
        took_ms: played.took.as_secs_f64() * 1000.0,
        comparison: &played.rows,
        report: &played.report,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn closing(played: &Played) -> String {
    let count = |wanted: &dyn Fn(&Row) -> bool| played.rows.iter().filter(|row| wanted(row)).count();
    let planned = count(&|row| row.planned.is_some() && row.judgement.is_right());
    let right = count(&|row| row.judgement.is_right()) - planned;
    let not = played.rows.len() - right - planned;
    let requests: u32 = played.rows.iter().map(|row| row.requests).sum();
    let mut text = format!("{right} proven right, {planned} undecided as planned");
    if not > 0 {
        text.push_str(&format!(", {not} not as planned"));
    }
    text.push_str(&format!(
        "; {} findings, {requests} requests, {:.1} s.",
        played.report.findings.len(),
        played.took.as_secs_f64()
    ));
    for row in played.rows.iter().filter(|row| row.judgement.is_right()) {
        if let Some(why) = row.planned {
            text.push_str(&format!("\n{} is undecided as it must be: {why}.", row.workload));
        }
    }
    text
}

/// The column of what was said.
const SAID: usize = 3;

fn table(rows: &[Row], look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mark = |row: &Row| match (row.judgement.is_right(), look.ascii) {
        (true, false) => "✓",
        (true, true) => "+",
        (false, false) => "✗",
        (false, true) => "x",
    };
    let head = ["", "workload", "injected", "said", "certainty", "asked", "ms", ""].map(str::to_owned);
    let mut lines = vec![head];
    for row in rows {
        let said = row.said.map_or("nothing", |said| if said == row.injected { "same" } else { said.code() });
        let times = if row.pods > 1 { format!(" x{}", row.pods) } else { String::new() };
        lines.push([
            mark(row).to_owned(),
            format!("{}{times}", row.workload),
            row.injected.code().to_owned(),
            said.to_owned(),
            row.certainty.map_or("", |certainty| certainty.code()).to_owned(),
            row.requests.to_string(),
            format!("{:.0}", row.ms),
            row.judgement.word().to_owned(),
        ]);
    }
    let widths = |lines: &[[String; 8]]| -> Vec<usize> {
        (0..8).map(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or_default()).collect()
    };
    let narrow = widths(&lines).iter().sum::<usize>() + 7 > look.width;
    // Where there is no room for another cause than the injected one, it stands below its row.
    let below: Vec<Option<String>> = lines
        .iter_mut()
        .map(|line| {
            let folds = narrow && line[SAID].chars().count() > "said".len();
            let dots = if look.ascii { "..." } else { "…" };
            folds.then(|| std::mem::replace(&mut line[SAID], dots.to_owned()))
        })
        .collect();
    let widths = widths(&lines);
    for (line, below) in lines.iter().zip(below) {
        let cells = line.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
            // Numbers stand to the right.
            if matches!(at, 5 | 6) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        let text = cells.collect::<Vec<_>>().join(" ");
        writeln!(out, "{}", text.trim_end())?;
        if let Some(said) = below {
            writeln!(out, "{:indent$}said: {said}", "", indent = widths[0] + widths[1] + 2)?;
        }
    }
    Ok(())
}
