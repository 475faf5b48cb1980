//! What the table of causes says of one cause: `pullmedic explain CODE --why`.

use std::io;

use pullmedic_model::verdict::Why;

use crate::Look;
use crate::page::heading;
use crate::paper::{PLAIN, Paper, STRONG};

/// Writes what proves and what excludes a cause, and what tells its rivals from it.
///
/// # Errors
/// Those of `out`.
pub fn write_why(why: &Why, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let Why { cause, proves, excludes, rivals, explained_by, inseparable } = why;
    let paper = &mut Paper::new(look, out);
    let code = paper.painted(STRONG, cause.code());
    paper.line(&code)?;
    paper.paragraph(2, cause.title(), PLAIN)?;
    heading(paper, "What proves it")?;
    if proves.is_empty() {
        paper.paragraph(2, "nothing that can be seen from outside the node", PLAIN)?;
    }
    list(paper, proves)?;
    if !excludes.is_empty() {
        heading(paper, "What excludes it")?;
        list(paper, excludes)?;
    }
    if !rivals.is_empty() {
        heading(paper, "Its rivals, and what tells them from it")?;
        for (rival, difference) in rivals {
            paper.titled(&format!("{}:", rival.code()), 4, difference)?;
        }
    }
    if !explained_by.is_empty() {
        heading(paper, "What explains it")?;
        let codes: Vec<&str> = explained_by.iter().map(|cause| cause.code()).collect();
        let text = format!("{}: each takes the place of {cause} once it was seen itself", codes.join(", "));
        paper.paragraph(2, &text, PLAIN)?;
    }
    if !inseparable.is_empty() {
        heading(paper, "What nothing tells from it")?;
        for (other, reason) in inseparable {
            paper.titled(&format!("{}:", other.code()), 4, reason)?;
        }
    }
    Ok(())
}

fn list(paper: &mut Paper<'_>, clauses: &[String]) -> io::Result<()> {
    clauses.iter().try_for_each(|clause| paper.after("  - ", 4, 4, clause))
}
