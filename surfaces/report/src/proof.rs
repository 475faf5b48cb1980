//! What decides, in the words of who said it, and where they were found.

use std::io;

use pullmedic_model::finding::Observation;

use crate::paper::{FAINT, MARGIN, PLAIN, Paper};
use crate::phrase::{both_ends, speaker};
use crate::text::Detail;

/// Of long words this many lines are kept from the start and from the end: the innermost error stands last.
const LINES: (usize, usize) = (2, 4);

pub(crate) fn write(paper: &mut Paper<'_>, observations: &[Observation], detail: Detail) -> io::Result<()> {
    let shown = detail.cut(observations.len(), 2);
    for (index, observation) in observations[..shown].iter().enumerate() {
        observed(paper, if index == 0 { "Proof" } else { "" }, observation, detail)?;
    }
    if shown < observations.len() {
        let more = observations.len() - shown;
        paper.paragraph(MARGIN, &format!("and {more} more alike (-o wide)"), FAINT)?;
    }
    Ok(())
}

/// One observation under a label.
pub(crate) fn observed(
    paper: &mut Paper<'_>,
    label: &str,
    observation: &Observation,
    detail: Detail,
) -> io::Result<()> {
    let text = observation.text.as_str();
    let room = paper.look.columns() - MARGIN;
    let ends = match detail {
        Detail::Short => both_ends(text, LINES.0 * room, LINES.1 * room),
        Detail::Whole => None,
    };
    match ends {
        Some((head, left_out, tail)) => {
            paper.labelled(label, head, PLAIN)?;
            let gap = paper.glyph("…", "...");
            let note = format!("{left_out} characters left out, whole in -o wide");
            let note = paper.painted(FAINT, &format!("{gap} {note}"));
            paper.line(&format!("{}{note}", " ".repeat(MARGIN)))?;
            paper.paragraph(MARGIN, tail, PLAIN)?;
        }
        None => paper.labelled(label, text, PLAIN)?,
    }
    let mut source = format!("-- {}: {}", speaker(observation), observation.source);
    if let Some(at) = observation.at {
        source.push_str(&format!(", {}", paper.look.time(at)));
    }
    paper.paragraph(MARGIN, &source, FAINT)
}
