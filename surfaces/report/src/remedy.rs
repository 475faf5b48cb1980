//! What to do, exactly as it can be pasted.

use std::io;

use pullmedic_model::finding::{FindingState, Remedy};
use pullmedic_model::{Actor, Cause, Finding};

use crate::json;
use crate::paper::{DOUBT, FAINT, MARGIN, PASTE, PLAIN, Paper};
use crate::phrase::{patched, team, terms};
use crate::text::Detail;

/// Where something to paste starts.
const INDENT: usize = MARGIN + 2;

/// Said in the place of a command or YAML that a page cannot show exactly.
pub(crate) const LEFT_OUT: &str =
    "left out here: a name in it holds characters that cannot be printed safely; -o json has it escaped";

pub(crate) fn write(paper: &mut Paper<'_>, finding: &Finding, detail: Detail) -> io::Result<()> {
    let over = match finding.state {
        FindingState::Over => true,
        FindingState::Active | FindingState::Unknown => false,
    };
    offers(paper, &finding.remedies, finding.actor, over, detail)
}

/// The remedies of one fault; where there is none and it is not over, who must act.
pub(crate) fn offers(
    paper: &mut Paper<'_>,
    remedies: &[Remedy],
    actor: Actor,
    over: bool,
    detail: Detail,
) -> io::Result<()> {
    let shown = detail.cut(remedies.len(), 3);
    for (index, remedy) in remedies[..shown].iter().enumerate() {
        offered(paper, if index == 0 { "Fix" } else { "Or" }, remedy, detail)?;
    }
    if shown < remedies.len() {
        let more = remedies.len() - shown;
        paper.paragraph(MARGIN, &format!("and {more} more (--why)"), FAINT)?;
    }
    if remedies.is_empty() && !over {
        let who = team(actor);
        paper.labelled("Fix", &format!("none that can be offered from here; {who} must act"), PLAIN)?;
    }
    Ok(())
}

fn offered(paper: &mut Paper<'_>, label: &str, remedy: &Remedy, detail: Detail) -> io::Result<()> {
    let Remedy { title, command, yaml, note, tried_how, changes, undo, patch, .. } = remedy;
    paper.edges(label, title, &terms(remedy))?;
    if let Some(note) = note {
        paper.paragraph(MARGIN, note, PLAIN)?;
    }
    pasted(paper, "command", command.as_deref(), false)?;
    pasted(paper, "YAML", yaml.as_deref(), true)?;
    if let Some(patch) = patch
        && command.is_none()
    {
        // Escaped as JSON, so that it pastes exactly whatever names it holds.
        aside(paper, "patch", &patched(patch))?;
        pasted(paper, "patch", Some(&json::line(&patch.operations, paper.look.ascii)), false)?;
    }
    if let Some(how) = tried_how {
        aside(paper, "tried", how)?;
    }
    if let Some(changes) = changes {
        aside(paper, "changes", changes)?;
    }
    if let Some(undo) = undo
        && detail.says_why()
    {
        paper.paragraph(MARGIN, "undo:", FAINT)?;
        pasted(paper, "undo", Some(undo), false)?;
    }
    Ok(())
}

/// Lines to paste, or why they are not there.
fn pasted(paper: &mut Paper<'_>, what: &str, lines: Option<&str>, several: bool) -> io::Result<()> {
    match lines {
        Some(lines) if !paper.paste(INDENT, lines, several)? => {
            paper.paragraph(INDENT, &format!("the {what} is {LEFT_OUT}"), DOUBT)
        }
        Some(_) | None => Ok(()),
    }
}

/// What there is to say of a remedy beside what is pasted.
fn aside(paper: &mut Paper<'_>, label: &str, text: &str) -> io::Result<()> {
    let lead = format!("{}{} ", " ".repeat(MARGIN), paper.painted(FAINT, &format!("{label}:")));
    paper.after(&lead, MARGIN + label.len() + 2, INDENT, text)
}

/// Where to read on.
pub(crate) fn docs(paper: &mut Paper<'_>, cause: Cause) -> io::Result<()> {
    let label = paper.painted(FAINT, "  Docs   ");
    let command = paper.painted(PASTE, &format!("pullmedic explain {}", cause.code()));
    paper.line(&format!("{label}{command}"))
}
