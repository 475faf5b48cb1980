//! What decides, in the words of who said it, and where they were found.

use std::io;

use pullmedic_model::finding::Observation;

use crate::paper::{FAINT, MARGIN, PLAIN, Paper};
use crate::phrase::speaker;
use crate::text::Detail;

/// Of long words this many lines are kept from the start and from the end: the innermost error stands last.
const LINES: (usize, usize) = (2, 5);

pub(crate) fn write(paper: &mut Paper<'_>, observations: &[Observation], detail: Detail) -> io::Result<()> {
    let shown = detail.cut(observations.len(), 2);
    for (index, observation) in observations[..shown].iter().enumerate() {
        observed(paper, if index == 0 { "Proof" } else { "" }, observation)?;
    }
    if shown < observations.len() {
        let more = observations.len() - shown;
        paper.paragraph(MARGIN, &format!("and {more} more alike (-o wide)"), FAINT)?;
    }
    Ok(())
}

/// One observation under a label.
pub(crate) fn observed(paper: &mut Paper<'_>, label: &str, observation: &Observation) -> io::Result<()> {
    let others = paper.keep;
    paper.keep = others.map(|_| LINES);
    paper.labelled(label, observation.text.as_str(), PLAIN)?;
    paper.keep = others;
    let dash = paper.glyph("—", "--");
    let at = observation.at.map(|at| format!(" at {}", paper.look.time(at))).unwrap_or_default();
    let source = format!("{}{at}, in {}", speaker(observation), observation.source);
    paper.signed(dash, &source)
}
