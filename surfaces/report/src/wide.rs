//! What only the longer forms show: the grounds of a verdict, which are every rival and observation and what the
//! certainty rests on; and every place.

use std::io;

use pullmedic_model::Finding;
use pullmedic_model::finding::{Rival, Standing};
use pullmedic_model::sighting::Place;

use crate::paper::{DOUBT, FAINT, PLAIN, Paper};
use crate::phrase::{asked, rule};
use crate::proof::observed;
use crate::wrap::columns;

/// A cell longer than this pushes only its own row, so that one absurd name does not pad every other.
const WIDEST: usize = 64;

/// The grounds of a verdict, and every place.
pub(crate) fn write(paper: &mut Paper<'_>, finding: &Finding) -> io::Result<()> {
    grounds(paper, finding)?;
    write_places(paper, &finding.sightings)
}

/// Where it failed, why the rivals are out or still open, what else was seen, and what it took to find out.
pub(crate) fn grounds(paper: &mut Paper<'_>, finding: &Finding) -> io::Result<()> {
    let mut at = Vec::new();
    at.extend(finding.stage.map(|stage| format!("stage {stage}")));
    at.extend(finding.endpoint.as_ref().map(|endpoint| format!("endpoint {endpoint}")));
    at.extend(finding.image.as_ref().map(|image| format!("image {image}")));
    if !at.is_empty() {
        paper.labelled("At", &at.join(", "), PLAIN)?;
    }
    if let Some(scope) = &finding.scope {
        paper.labelled("Scope", scope, PLAIN)?;
    }
    let code = finding.certainty.code();
    paper.labelled("Rule", &format!("{code}: {} (docs/certainty.md)", rule(finding.certainty)), PLAIN)?;
    write_rivals(paper, &finding.rivals)?;
    let further = finding.observations.iter().filter(|seen| !finding.proof.contains(seen));
    for (index, observation) in further.enumerate() {
        observed(paper, if index == 0 { "Seen" } else { "" }, observation)?;
    }
    match finding.requests {
        0 => Ok(()),
        requests => paper.labelled("Cost", &asked(requests), PLAIN),
    }
}

/// A paragraph a rival, open ones first, each with why it stands so.
pub(crate) fn write_rivals(paper: &mut Paper<'_>, rivals: &[Rival]) -> io::Result<()> {
    if rivals.is_empty() {
        return Ok(());
    }
    paper.line(&paper.painted(FAINT, "  Rivals:"))?;
    for standing in [Standing::Open, Standing::Excluded] {
        let (word, style) = match standing {
            Standing::Open => ("open", DOUBT),
            Standing::Excluded => ("out ", FAINT),
        };
        for rival in rivals.iter().filter(|rival| rival.standing == standing) {
            let label = format!("    {}  ", paper.painted(style, word));
            paper.after(&label, 10, 10, &format!("{}: {}", rival.code.code(), rival.because))?;
        }
    }
    Ok(())
}

/// A table by kubectl's habits: upper-case heads, columns by spaces, `<none>` for nothing, never cut.
fn write_places(paper: &mut Paper<'_>, places: &[Place]) -> io::Result<()> {
    let rows: Vec<[String; 6]> = places
        .iter()
        .map(|place| {
            let owner = place.owner.as_ref().map(ToString::to_string);
            [
                Some(place.namespace.as_str()),
                place.pod.as_deref(),
                Some(place.container.as_str()),
                Some(place.kind.code()),
                place.node.as_deref(),
                owner.as_deref(),
            ]
            .map(|cell| match cell {
                Some(cell) if !cell.is_empty() => paper.words(cell).into_owned(),
                Some(_) | None => "<none>".to_owned(),
            })
        })
        .collect();
    let heads = ["NAMESPACE", "POD", "CONTAINER", "KIND", "NODE", "OWNER"].map(str::to_owned);
    let mut widths = [0; 6];
    for row in rows.iter().chain([&heads]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = columns(cell).min(WIDEST).max(*width);
        }
    }
    for (index, row) in [&heads].into_iter().chain(&rows).enumerate() {
        let mut line = String::from("  ");
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(columns(cell)) + 3));
        }
        let line = line.trim_end_matches(' ');
        paper.line(&if index == 0 { paper.painted(FAINT, line) } else { line.to_owned() })?;
    }
    Ok(())
}
