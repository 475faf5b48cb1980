//! What `pullmedic check` prints: before a deploy, in every form.

use std::io;

use pullmedic_model::check::{AskedBy, CheckEntry, CheckReport, CheckVerdict};

use crate::Look;
use crate::annotation;
use crate::paper::{DOUBT, FAINT, FAULT, GOOD, PLAIN, Paper, STRONG};
use crate::phrase::counted;
use crate::tail::write_all_skipped;
use crate::text::Detail;
use crate::wrap::columns;
use crate::{json, yaml};

/// The forms of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckForm {
    /// For a person: what needs attention, a line or paragraph each.
    Text,
    /// As `Text`, with every image that is in order and everybody who asks for an image.
    Wide,
    /// The public format, indented.
    Json,
    /// The public format as YAML.
    Yaml,
    /// Workflow commands that GitHub shows beside the lines of a change.
    Github,
}

/// Writes a check in one form.
///
/// # Errors
/// Those of `out`.
pub fn write_check(
    report: &CheckReport,
    form: CheckForm,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match form {
        CheckForm::Text => text(report, Detail::Short, look, out),
        CheckForm::Wide => text(report, Detail::Whole, look, out),
        CheckForm::Json => json::write(report, look.ascii, out),
        CheckForm::Yaml => yaml::write(report, look.ascii, out),
        CheckForm::Github => annotation::write(report, look, out),
    }
}

/// The JSON Schema of what [`CheckForm::Json`] and [`CheckForm::Yaml`] write.
pub fn check_schema() -> serde_json::Value {
    schemars::schema_for!(CheckReport).to_value()
}

/// The worst that was found, which is also the mark of the first line.
fn worst(report: &CheckReport) -> CheckVerdict {
    let open = if report.skipped.is_empty() { CheckVerdict::Ok } else { CheckVerdict::NotChecked };
    let rank = |verdict: &CheckVerdict| match verdict {
        CheckVerdict::Finding(_) => 0,
        CheckVerdict::NotChecked => 1,
        CheckVerdict::Note(_) => 2,
        CheckVerdict::Ok => 3,
    };
    report.entries.iter().map(|entry| entry.verdict).chain([open]).min_by_key(rank).unwrap_or(open)
}

/// `14 images of 5 registries: 1 cannot be pulled, 2 notes, 1 not checked`.
pub(crate) fn summary(report: &CheckReport) -> String {
    let (mut findings, mut notes, mut open, mut good) = (0, 0, 0, 0);
    for entry in &report.entries {
        *match entry.verdict {
            CheckVerdict::Finding(_) => &mut findings,
            CheckVerdict::Note(_) => &mut notes,
            CheckVerdict::NotChecked => &mut open,
            CheckVerdict::Ok => &mut good,
        } += 1;
    }
    let registries = match report.registries {
        1 => "1 registry".to_owned(),
        several => format!("{several} registries"),
    };
    let mut parts = Vec::new();
    parts.extend((findings > 0).then(|| counted(findings, "finding")));
    parts.extend((notes > 0).then(|| counted(notes, "note")));
    parts.extend((open > 0).then(|| format!("{open} not checked")));
    parts.extend((!report.skipped.is_empty()).then(|| "not everything was read".to_owned()));
    if parts.is_empty() {
        parts.push(if good > 0 { "all can be pulled".to_owned() } else { "nothing to check".to_owned() });
    }
    format!("{} of {registries}: {}", counted(report.images, "image"), parts.join(", "))
}

/// `0.8 s, no metered pull spent`.
pub(crate) fn cost(report: &CheckReport) -> String {
    let time = crate::ladder::took(report.took_ms.saturating_mul(1000));
    match report.metered_pulls {
        0 => format!("{time}, no metered pull spent"),
        1 => format!("{time}, 1 metered pull spent"),
        several => format!("{time}, {several} metered pulls spent"),
    }
}

/// The code that stands for an entry.
pub(crate) fn code(verdict: CheckVerdict) -> &'static str {
    match verdict {
        CheckVerdict::Finding(cause) => cause.code(),
        CheckVerdict::Note(note) => note.code(),
        CheckVerdict::NotChecked => "not checked",
        CheckVerdict::Ok => "ok",
    }
}

/// Who asks: `Deployment/cart in shop (deploy/cart.yaml:12)`. Not escaped.
pub(crate) fn asker(by: &AskedBy) -> String {
    let AskedBy { owner, namespace, container, file, line } = by;
    let mut text = owner.clone();
    text.extend(namespace.iter().map(|namespace| format!(" in {namespace}")));
    text.extend(container.iter().map(|container| format!(", container {container}")));
    match (file, line) {
        (Some(file), Some(line)) => text.push_str(&format!(" ({file}:{line})")),
        (Some(file), None) => text.push_str(&format!(" ({file})")),
        (None, _) => {}
    }
    text
}

/// What there is to say of an entry beside its code, image and who asks. Not escaped.
pub(crate) fn clauses(entry: &CheckEntry, look: &Look) -> Vec<String> {
    let CheckEntry { verdict, detail, nearest, pin, reason, .. } = entry;
    let mut clauses: Vec<String> = detail.iter().chain(reason).cloned().collect();
    let near: Vec<String> = nearest
        .iter()
        .take(3)
        .map(|near| match near.made {
            Some(made) => format!("{} (made {})", near.name, look.date(made)),
            None => near.name.clone(),
        })
        .collect();
    if !near.is_empty() {
        clauses.push(format!("nearest: {}", near.join(", ")));
    }
    if let Some(pin) = pin {
        clauses.push(format!("pin: {pin}"));
    }
    if clauses.is_empty() {
        clauses.extend(match verdict {
            CheckVerdict::Finding(cause) => Some(cause.title().to_owned()),
            CheckVerdict::Note(_) | CheckVerdict::NotChecked | CheckVerdict::Ok => None,
        });
    }
    clauses
}

fn text(report: &CheckReport, detail: Detail, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    paper.keep = match detail {
        Detail::Short => Some((8, 3)),
        Detail::Why | Detail::Whole => None,
    };
    paper.more = "-o wide";
    let (mark, style) = marked(paper, worst(report));
    let lead = format!("{} ", paper.painted(style, mark));
    paper.after(&lead, columns(mark) + 1, 2, &format!("{} ({})", summary(report), cost(report)))?;
    let entries: Vec<&CheckEntry> = report
        .entries
        .iter()
        .filter(|entry| match (entry.verdict, detail) {
            (CheckVerdict::Ok, Detail::Short) => false,
            (CheckVerdict::Ok, Detail::Why | Detail::Whole) => true,
            (CheckVerdict::Finding(_) | CheckVerdict::Note(_) | CheckVerdict::NotChecked, _) => true,
        })
        .collect();
    if !entries.is_empty() {
        paper.gap()?;
    }
    match table(&entries, look, detail) {
        Some(rows) => {
            for (entry, [image, by, rest]) in entries.iter().zip(rows) {
                let (mark, style) = marked(paper, entry.verdict);
                let width = entries.iter().map(|entry| code(entry.verdict).len()).max().unwrap_or_default();
                let code = code(entry.verdict);
                let fill = " ".repeat(width - code.len());
                let (mark, code) = (paper.painted(style, mark), paper.painted(STRONG, code));
                let rest = paper.painted(FAINT, &rest);
                paper.line(&format!("{mark} {code}{fill}   {image}   {by}   {rest}"))?;
            }
        }
        None => entries.iter().try_for_each(|entry| block(paper, entry, detail))?,
    }
    write_all_skipped(paper, &report.skipped, detail)
}

fn marked(paper: &Paper<'_>, verdict: CheckVerdict) -> (&'static str, anstyle::Style) {
    match verdict {
        CheckVerdict::Finding(_) => (paper.glyph("✗", "x"), FAULT),
        CheckVerdict::Note(_) => ("!", DOUBT),
        CheckVerdict::NotChecked => ("-", DOUBT),
        CheckVerdict::Ok => (paper.glyph("✓", "+"), GOOD),
    }
}

/// Image, who asks and all else of every entry, padded and escaped, if every entry fits one line.
fn table(entries: &[&CheckEntry], look: &Look, detail: Detail) -> Option<Vec<[String; 3]>> {
    let safe = |text: &str| crate::paper::safe(text, look.ascii).into_owned();
    let mut rows: Vec<[String; 3]> = entries
        .iter()
        .map(|entry| {
            let mut rest = clauses(entry, look);
            if let CheckVerdict::Finding(_) = entry.verdict {
                rest.extend(entry.certainty.map(|certainty| certainty.code().to_owned()));
            }
            [safe(&entry.image), safe(&askers(entry, detail)), safe(&rest.join("; "))]
        })
        .collect();
    let code = entries.iter().map(|entry| code(entry.verdict).len()).max()?;
    let widest = |column: usize| rows.iter().map(|row| columns(&row[column])).max().unwrap_or_default();
    let widths = [widest(0), widest(1), widest(2)];
    if 2 + code + 9 + widths.iter().sum::<usize>() > look.columns() {
        return None;
    }
    for row in &mut rows {
        for (cell, width) in row.iter_mut().zip(widths).take(2) {
            cell.push_str(&" ".repeat(width - columns(cell)));
        }
    }
    Some(rows)
}

fn askers(entry: &CheckEntry, detail: Detail) -> String {
    let shown = detail.cut(entry.by.len(), 2);
    let mut text = entry.by[..shown].iter().map(asker).collect::<Vec<_>>().join(", ");
    if shown < entry.by.len() {
        text.push_str(&format!(" and {} more", entry.by.len() - shown));
    }
    text
}

/// An entry whose words do not fit one line: mark, code, image and certainty first, the rest below.
fn block(paper: &mut Paper<'_>, entry: &CheckEntry, detail: Detail) -> io::Result<()> {
    let (mark, style) = marked(paper, entry.verdict);
    let code = code(entry.verdict);
    let image = paper.words(&entry.image).into_owned();
    let certainty = match entry.verdict {
        CheckVerdict::Finding(_) => entry.certainty.map(|certainty| certainty.code()).unwrap_or_default(),
        CheckVerdict::Note(_) | CheckVerdict::NotChecked | CheckVerdict::Ok => "",
    };
    let head = format!("{} {}", paper.painted(style, mark), paper.painted(STRONG, code));
    let right = paper.painted(style, certainty);
    let (edges, width) = (2 + code.len() + certainty.len(), paper.look.columns());
    let together = edges + 3 + columns(&image) + 2;
    if together <= width {
        paper.line(&format!("{head}   {image}{}{right}", " ".repeat(width - together + 2)))?;
    } else {
        paper.line(&format!("{head}{}{right}", " ".repeat(width.saturating_sub(edges).max(1))))?;
        paper.paragraph(2, &entry.image, PLAIN)?;
    }
    if !entry.by.is_empty() {
        paper.paragraph(2, &askers(entry, detail), FAINT)?;
    }
    clauses(entry, paper.look).iter().try_for_each(|clause| paper.paragraph(2, clause, PLAIN))
}
