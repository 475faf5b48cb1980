//! The last lines: how much was found in how much that was read, and what could not be read.

use std::io;

use pullmedic_model::Report;
use pullmedic_model::finding::Vantage;
use pullmedic_model::report::Skipped;

use crate::paper::{DOUBT, FAINT, GOOD, PASTE, PLAIN, Paper, pasteable};
use crate::phrase::counted;
use crate::text::Detail;
use crate::whom::Touched;

pub(crate) fn write(paper: &mut Paper<'_>, report: &Report, detail: Detail) -> io::Result<()> {
    let read = ground(report);
    if !report.findings.is_empty() {
        paper.paragraph(0, &format!("{}. {read}", found(report)), PLAIN)?;
    } else if report.skipped.is_empty() {
        let mark = paper.painted(GOOD, paper.glyph("✓", "+"));
        paper.line(&format!("{mark} no container waits for an image"))?;
        paper.paragraph(2, &read, PLAIN)?;
    } else {
        let mark = paper.painted(DOUBT, "?");
        paper.line(&format!("{mark} nothing found, but not everything was read"))?;
        paper.paragraph(2, &format!("{read} This is no clean bill of health: see below."), PLAIN)?;
    }
    write_all_skipped(paper, &report.skipped, detail)
}

/// What could not be read, under a heading of its own.
pub(crate) fn write_all_skipped(
    paper: &mut Paper<'_>,
    skipped: &[Skipped],
    detail: Detail,
) -> io::Result<()> {
    if skipped.is_empty() {
        return Ok(());
    }
    paper.gap()?;
    paper.line(&paper.painted(DOUBT, "Not read:"))?;
    let groups = grouped(skipped);
    let shown = detail.cut(groups.len(), 8);
    for group in &groups[..shown] {
        write_skipped(paper, group, detail)?;
    }
    if shown < groups.len() {
        let more: usize = groups[shown..].iter().map(Vec::len).sum();
        paper.paragraph(2, &format!("and {more} more (-o wide)"), FAINT)?;
    }
    Ok(())
}

/// `2 causes behind 4 pods`.
pub(crate) fn found(report: &Report) -> String {
    let touched = Touched::of(report.findings.iter().flat_map(|finding| &finding.sightings));
    let causes = counted(report.findings.len(), "cause");
    match touched.pods.len() {
        0 => causes,
        pods => format!("{causes} behind {}", counted(pods, "pod")),
    }
}

/// What a report stands on: `Read: 120 pods and 4 events in 4 namespaces of context prod.`
pub(crate) fn ground(report: &Report) -> String {
    let read = report.read;
    let mut kinds = vec![counted(read.pods, "pod")];
    kinds.extend((read.events > 0).then(|| counted(read.events, "event")));
    kinds.extend((read.owners > 0).then(|| counted(read.owners, "owner")));
    let last = kinds.pop().unwrap_or_default();
    let kinds = if kinds.is_empty() { last } else { format!("{} and {last}", kinds.join(", ")) };
    let namespaces = counted(read.namespaces, "namespace");
    let origin = match (report.vantage, &report.cluster) {
        (Vantage::Recording, _) => " of a recording".to_owned(),
        (Vantage::Workstation | Vantage::Controller, Some(cluster)) => match &cluster.context {
            Some(context) => format!(" of context {context}"),
            None => format!(" of {}", cluster.server),
        },
        (Vantage::Workstation | Vantage::Controller, None) => String::new(),
    };
    format!("Read: {kinds} in {namespaces}{origin}.")
}

/// Entries with one reason and one right that would help, in the order of their first.
pub(crate) fn grouped(skipped: &[Skipped]) -> Vec<Vec<&Skipped>> {
    let mut groups: Vec<Vec<&Skipped>> = Vec::new();
    let mut index = std::collections::HashMap::new();
    for entry in skipped {
        let at = *index.entry((&entry.reason, &entry.needs)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups
}

fn write_skipped(paper: &mut Paper<'_>, group: &[&Skipped], detail: Detail) -> io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    let shown = detail.cut(group.len(), 3);
    let names: Vec<&str> = group[..shown].iter().map(|entry| entry.what.as_str()).collect();
    let mut what = names.join(", ");
    if shown < group.len() {
        what.push_str(&format!(" and {} more", group.len() - shown));
    }
    paper.paragraph(2, &format!("{what}: {}", first.reason), PLAIN)?;
    if let Some(needs) = &first.needs {
        paper.titled("  needs:", 6, needs)?;
    }
    match &first.next {
        Some(next) if is_command(next) && pasteable(next, paper.look.ascii, false) => {
            let label = paper.painted(FAINT, "    next:");
            let next = paper.painted(PASTE, next.trim_end_matches(' '));
            paper.line(&format!("{label} {next}"))
        }
        Some(next) => paper.titled("  next:", 6, next),
        None => Ok(()),
    }
}

/// Whether a next step is something to paste, which is never broken.
pub(crate) fn is_command(next: &str) -> bool {
    next.starts_with("kubectl ") || next.starts_with("pullmedic ")
}
