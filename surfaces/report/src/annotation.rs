//! GitHub's workflow commands: `::error file=…,line=…,title=…::…`.
//!
//! Values are escaped as the runner reads them back (`escapeData` and `escapeProperty` of `actions/toolkit`,
//! `packages/core/src/command.ts`): a percent sign and line ends everywhere, a colon and a comma in properties too. So every
//! line of the output is one command of ours.

use std::io;

use pullmedic_model::Certainty;
use pullmedic_model::check::{AskedBy, CheckEntry, CheckReport, CheckVerdict};

use crate::Look;
use crate::check::{asker, clauses, code, cost, summary};
use crate::paper::safe;

/// How GitHub ranks an annotation.
#[derive(Debug, Clone, Copy)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        }
    }
}

/// What is said after the two colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// One annotation for each place that asks for an image, one for an image that none does; then what was not read, and
/// the whole as a notice. What is in order is not annotated.
pub(crate) fn write(report: &CheckReport, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    for entry in &report.entries {
        let level = match (entry.verdict, entry.certainty) {
            (CheckVerdict::Ok, _) => continue,
            // An image that may well be there fails no build by itself.
            (CheckVerdict::Finding(_), Some(Certainty::Undecided)) => Level::Warning,
            (CheckVerdict::Finding(_), _) => Level::Error,
            (CheckVerdict::Note(_), _) => Level::Warning,
            (CheckVerdict::NotChecked, _) => Level::Notice,
        };
        match entry.by.as_slice() {
            [] => one(level, entry, None, look, out)?,
            all => all.iter().try_for_each(|by| one(level, entry, Some(by), look, out))?,
        }
    }
    for entry in &report.skipped {
        let mut lines = vec![format!("{}: {}", entry.what, entry.reason)];
        lines.extend(entry.needs.iter().map(|needs| format!("needs: {needs}")));
        lines.extend(entry.next.iter().map(|next| format!("next: {next}")));
        command(Level::Warning, None, "not read", &lines, look, out)?;
    }
    let whole = format!("{} ({})", summary(report), cost(report));
    command(Level::Notice, None, "pullmedic check", &[whole], look, out)
}

fn one(
    level: Level,
    entry: &CheckEntry,
    by: Option<&AskedBy>,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut title = code(entry.verdict).to_owned();
    if let (CheckVerdict::Finding(_), Some(certainty)) = (entry.verdict, entry.certainty) {
        title.push_str(&format!(" ({})", certainty.code()));
    }
    let mut first = entry.image.clone();
    // The annotation stands at the file and line.
    let bare = by.map(|by| asker(&AskedBy { file: None, line: None, ..by.clone() }));
    first.extend(bare.iter().map(|by| format!(", asked for by {by}")));
    let mut lines = vec![first];
    lines.extend(clauses(entry, look));
    command(level, by, &title, &lines, look, out)
}

fn command(
    level: Level,
    by: Option<&AskedBy>,
    title: &str,
    lines: &[String],
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut properties = Vec::new();
    if let Some(AskedBy { file: Some(file), line, .. }) = by {
        properties.push(format!("file={}", property(&safe(file, look.ascii))));
        properties.extend(line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(&safe(title, look.ascii))));
    // Each line is made safe on its own, so that the only line feeds are ours.
    let words: Vec<_> = lines.iter().map(|line| safe(line, look.ascii)).collect();
    writeln!(out, "::{} {}::{}", level.word(), properties.join(","), data(&words.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_ends_its_place() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }
}
