//! The page of a cause, for a terminal.

use std::io;

use pullmedic_model::cause::Page;
use pullmedic_model::{Cause, Clears};

use crate::Look;
use crate::paper::{FAINT, PASTE, PLAIN, Paper, STRONG};
use crate::phrase::team;

/// The headings of a page, the same in every form.
pub(crate) const MEANING: &str = "What it means";
/// See [`MEANING`].
pub(crate) const SHOWS: &str = "How Kubernetes shows it";
/// See [`MEANING`].
pub(crate) const PROOF: &str = "What proves it";
/// See [`MEANING`].
pub(crate) const LOOKALIKES: &str = "What looks like it and is not";
/// See [`MEANING`].
pub(crate) const MEND: &str = "How it is mended";
/// See [`MEANING`].
pub(crate) const PREVENT: &str = "How to prevent it";

/// Whether a cause clears by itself, in words.
pub(crate) fn clears(cause: Cause) -> &'static str {
    match cause.clears() {
        Some(Clears::Transient) => "may clear by itself",
        Some(Clears::Permanent) => "stays until somebody acts",
        None => "clears by itself or stays, by the case",
    }
}

/// Writes what `pullmedic explain CODE` prints.
///
/// # Errors
/// Those of `out`.
pub fn write_page_text(cause: Cause, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    let Page { meaning, shows, proof, lookalikes, mend, prevent } = cause.page();
    let code = paper.painted(STRONG, cause.code());
    paper.line(&code)?;
    paper.paragraph(2, cause.title(), PLAIN)?;
    let facts = format!(
        "{} / stage {} / {} / usually {} acts",
        cause.group().title(),
        cause.usual_stage(),
        clears(cause),
        team(cause.actor())
    );
    paper.paragraph(2, &facts, FAINT)?;
    section(paper, MEANING, meaning)?;
    if !shows.is_empty() {
        heading(paper, SHOWS)?;
        for shown in *shows {
            paper.paragraph(2, &format!("{}:", shown.by), FAINT)?;
            paper.paragraph(4, shown.text, PLAIN)?;
        }
    }
    section(paper, PROOF, proof)?;
    if !lookalikes.is_empty() {
        heading(paper, LOOKALIKES)?;
        for (other, difference) in *lookalikes {
            paper.titled(&format!("{}:", other.code()), 4, difference)?;
        }
    }
    if !mend.is_empty() {
        heading(paper, MEND)?;
        for (index, step) in mend.iter().enumerate() {
            write_step(paper, index + 1, step)?;
        }
    }
    section(paper, PREVENT, prevent)
}

/// A step. A command in it, which is a code span of several words, gets a line of its own that is never broken.
fn write_step(paper: &mut Paper<'_>, number: usize, step: &str) -> io::Result<()> {
    let mut label = format!("{number}.");
    let mut sentence = String::new();
    for (index, part) in step.split('`').enumerate() {
        let code = index % 2 == 1;
        if !code {
            sentence.push_str(part);
        } else if !part.contains(' ') {
            sentence.push_str(&format!("`{part}`"));
        } else {
            paper.titled(&label, 5, sentence.trim_matches(' '))?;
            let command = paper.painted(PASTE, &paper.words(part));
            paper.line(&format!("       {command}"))?;
            // The words after a command go on below the first.
            label = "  ".to_owned();
            sentence.clear();
        }
    }
    match sentence.trim_matches([' ', '.']) {
        "" => Ok(()),
        _ => paper.titled(&label, 5, sentence.trim_start_matches([' ', '.'])),
    }
}

pub(crate) fn heading(paper: &mut Paper<'_>, title: &str) -> io::Result<()> {
    paper.gap()?;
    let title = paper.painted(STRONG, title);
    paper.line(&title)
}

fn section(paper: &mut Paper<'_>, title: &str, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    heading(paper, title)?;
    paper.paragraph(2, text, PLAIN)
}
