//! What decides, in the words of who said it, and where they were found.

use std::io;

use pullmedic_model::Finding;
use pullmedic_model::finding::{Observation, Witness};

use crate::paper::{FAINT, MARGIN, PLAIN, Paper};
use crate::phrase::{in_reading_order, speaker};
use crate::text::Detail;

/// Of long words this many lines are kept from the start and from the end: the innermost error stands last.
const LINES: (usize, usize) = (2, 5);

/// Observations of a short report. Words repeat each other, answers to our questions do not.
const WORDS: usize = 2;
/// See [`WORDS`].
const ANSWERS: usize = 4;

pub(crate) fn write(paper: &mut Paper<'_>, finding: &Finding, detail: Detail) -> io::Result<()> {
    write_all(paper, &finding.proof, finding.ladder.is_some(), detail)
}

/// What decides. `asked`: a ladder above says from where and when we asked.
pub(crate) fn write_all(
    paper: &mut Paper<'_>,
    proof: &[Observation],
    asked: bool,
    detail: Detail,
) -> io::Result<()> {
    let proof = in_reading_order(proof);
    let few = if asked { ANSWERS } else { WORDS };
    let shown = detail.cut(proof.len(), few);
    for (index, observation) in proof[..shown].iter().enumerate() {
        let label = if index == 0 { "Proof" } else { "" };
        match (observation.by, detail) {
            // The ladder says from where and when.
            (Witness::Probe, Detail::Short) if asked => said(paper, label, observation)?,
            (Witness::Probe | Witness::Object | Witness::Kubelet | Witness::ApiServer, _) => {
                observed(paper, label, observation)?;
            }
        }
    }
    if shown < proof.len() {
        let (more, alike) = (proof.len() - shown, proof.iter().all(|seen| seen.by == proof[0].by));
        let alike = if alike { " alike" } else { "" };
        paper.paragraph(MARGIN, &format!("and {more} more{alike} (--why)"), FAINT)?;
    }
    Ok(())
}

/// One observation under a label, and who said it.
pub(crate) fn observed(paper: &mut Paper<'_>, label: &str, observation: &Observation) -> io::Result<()> {
    said(paper, label, observation)?;
    let dash = paper.glyph("—", "--");
    let at = observation.at.map(|at| match observation.by {
        Witness::Probe => format!(" at {}", paper.look.time_with_seconds(at)),
        Witness::Kubelet | Witness::ApiServer | Witness::Object => format!(" at {}", paper.look.time(at)),
    });
    let mut source = speaker(observation);
    source.push_str(&at.unwrap_or_default());
    if !observation.source.is_empty() {
        source.push_str(match observation.by {
            Witness::Probe => ": ",
            Witness::Kubelet | Witness::ApiServer | Witness::Object => ", in ",
        });
        source.push_str(&observation.source);
    }
    paper.signed(dash, &source)
}

fn said(paper: &mut Paper<'_>, label: &str, observation: &Observation) -> io::Result<()> {
    let others = paper.keep;
    paper.keep = others.map(|_| LINES);
    paper.labelled(label, observation.text.as_str(), PLAIN)?;
    paper.keep = others;
    Ok(())
}
