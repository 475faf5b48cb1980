//! What to do, exactly as it can be pasted.

use std::io;

use pullmedic_model::finding::{FindingState, Remedy};
use pullmedic_model::{Cause, Finding};

use crate::paper::{DOUBT, FAINT, MARGIN, PASTE, PLAIN, Paper};
use crate::phrase::{team, terms};
use crate::text::Detail;

/// Where something to paste starts.
const INDENT: usize = MARGIN + 2;

/// Said in the place of a command or YAML that a page cannot show exactly.
pub(crate) const LEFT_OUT: &str =
    "left out here: a name in it holds characters that cannot be printed safely; -o json has it escaped";

pub(crate) fn write(paper: &mut Paper<'_>, finding: &Finding, detail: Detail) -> io::Result<()> {
    let remedies = &finding.remedies;
    let shown = detail.cut(remedies.len(), 3);
    for (index, remedy) in remedies[..shown].iter().enumerate() {
        offered(paper, if index == 0 { "Fix" } else { "Or" }, remedy)?;
    }
    if shown < remedies.len() {
        let more = remedies.len() - shown;
        paper.paragraph(MARGIN, &format!("and {more} more (-o wide)"), FAINT)?;
    }
    match finding.state {
        FindingState::Active | FindingState::Unknown if remedies.is_empty() => {
            let who = team(finding.actor);
            paper.labelled("Fix", &format!("none that can be offered from here; {who} must act"), PLAIN)
        }
        FindingState::Active | FindingState::Unknown | FindingState::Over => Ok(()),
    }
}

fn offered(paper: &mut Paper<'_>, label: &str, remedy: &Remedy) -> io::Result<()> {
    paper.edges(label, &remedy.title, &terms(remedy))?;
    if let Some(note) = &remedy.note {
        paper.paragraph(MARGIN, note, PLAIN)?;
    }
    for (what, lines, several) in [("command", &remedy.command, false), ("YAML", &remedy.yaml, true)] {
        if let Some(lines) = lines
            && !paper.paste(INDENT, lines, several)?
        {
            paper.paragraph(INDENT, &format!("the {what} is {LEFT_OUT}"), DOUBT)?;
        }
    }
    Ok(())
}

/// Where to read on.
pub(crate) fn docs(paper: &mut Paper<'_>, cause: Cause) -> io::Result<()> {
    let label = paper.painted(FAINT, "  Docs   ");
    let command = paper.painted(PASTE, &format!("pullmedic explain {}", cause.code()));
    paper.line(&format!("{label}{command}"))
}
