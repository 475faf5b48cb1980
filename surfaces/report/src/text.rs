//! The text forms: one paragraph a finding, then what was and was not read.

use std::collections::BTreeSet;
use std::io;

use anstyle::Style;
use pullmedic_model::finding::{FindingState, Rival, Vantage};
use pullmedic_model::{Cause, Certainty, Finding, Report};

use crate::Look;
use crate::paper::{DOUBT, FAINT, FAULT, GOOD, PLAIN, Paper, STRONG};
use crate::phrase::{injected, lasts, managed, next_attempt, open_rivals, served, serving_where, would};
use crate::whom::whom;
use crate::wrap::columns;
use crate::{ladder, proof, remedy, tail, wide};

/// How much of a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What a person on call reads.
    Short,
    /// As `Short`, with every rival and all that was seen: what convinces a colleague.
    Why,
    /// Everything.
    Whole,
}

impl Detail {
    /// How many of `total` things to show when a short report shows `few`. A single one too many is no saving.
    pub(crate) fn cut(self, total: usize, few: usize) -> usize {
        match self {
            Detail::Short if total > few + 1 => few,
            Detail::Short | Detail::Why | Detail::Whole => total,
        }
    }

    /// Whether the grounds of a verdict are shown.
    pub(crate) fn says_why(self) -> bool {
        match self {
            Detail::Short => false,
            Detail::Why | Detail::Whole => true,
        }
    }
}

/// Of a paragraph longer than any sentence of ours this many lines are kept from its start and from its end.
const LINES: (usize, usize) = (8, 3);

pub(crate) fn write(report: &Report, detail: Detail, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    paper.keep = match detail {
        Detail::Short => Some(LINES),
        Detail::Why | Detail::Whole => None,
    };
    let name_namespace = names_namespaces(report);
    for finding in &report.findings {
        write_finding(paper, finding, detail, name_namespace)?;
        paper.gap()?;
    }
    tail::write(paper, report, detail)
}

/// Whether a finding must say its namespace: not where only one was looked at.
pub(crate) fn names_namespaces(report: &Report) -> bool {
    let touched: BTreeSet<&str> = report
        .findings
        .iter()
        .flat_map(|finding| &finding.sightings)
        .map(|place| place.namespace.as_str())
        .collect();
    report.read.namespaces > 1 || touched.len() > 1
}

fn write_finding(
    paper: &mut Paper<'_>,
    finding: &Finding,
    detail: Detail,
    name_namespace: bool,
) -> io::Result<()> {
    write_heading(paper, finding, name_namespace)?;
    paper.paragraph(2, &finding.summary, PLAIN)?;
    match finding.certainty {
        // Nothing else helps a reader of a verdict that is none.
        Certainty::Undecided => missing(paper, finding.certainty, finding.missing.as_deref())?,
        Certainty::Likely | Certainty::Proven => {}
    }
    if let Some(ladder) = &finding.ladder {
        paper.gap()?;
        ladder::write(paper, ladder)?;
        paper.gap()?;
    }
    if let Some(inner) = finding.inner {
        paper.labelled("Inside", &format!("{}: {}", inner.code(), inner.title()), PLAIN)?;
    }
    for also in &finding.also {
        paper.labelled("Also", &format!("{}: {}", also.code(), also.title()), PLAIN)?;
    }
    if finding.images.len() > 1 {
        let shown = detail.cut(finding.images.len(), 3);
        let mut images = finding.images[..shown].join(", ");
        if shown < finding.images.len() {
            images.push_str(&format!(" and {} more", finding.images.len() - shown));
        }
        paper.labelled("Images", &images, PLAIN)?;
    }
    proof::write(paper, finding, detail)?;
    doubt(paper, finding.certainty, &finding.rivals, finding.missing.as_deref(), detail)?;
    for image in capped(&finding.injected_by, detail) {
        paper.labelled("Origin", &injected(image), PLAIN)?;
    }
    // The same release in several namespaces has the same place to change.
    let mut places: Vec<String> = finding.managed_by.iter().map(managed).collect();
    places.dedup();
    for place in capped(&places, detail) {
        paper.labelled("Change", place, PLAIN)?;
    }
    remedy::write(paper, finding, detail)?;
    let mut still = match detail {
        Detail::Short | Detail::Why => served(&finding.serving),
        Detail::Whole => finding.serving.iter().map(serving_where).collect(),
    };
    let recorded = match finding.vantage {
        Vantage::Recording => true,
        Vantage::Workstation | Vantage::Controller => false,
    };
    still.extend(next_attempt(finding).map(|at| paper.look.next_attempt(at, recorded)));
    still.extend(lasts(finding).map(str::to_owned));
    if !still.is_empty() {
        paper.labelled("Still", &still.join("; "), PLAIN)?;
    }
    not_looked_at(paper, &finding.not_looked_at, detail)?;
    match detail {
        Detail::Short => {}
        Detail::Why => wide::grounds(paper, finding)?,
        Detail::Whole => wide::write(paper, finding)?,
    }
    remedy::docs(paper, finding.cause)
}

fn capped<T>(all: &[T], detail: Detail) -> &[T] {
    &all[..detail.cut(all.len(), 3)]
}

/// Mark, code, whom it touches, since when; certainty at the right edge.
fn write_heading(paper: &mut Paper<'_>, finding: &Finding, name_namespace: bool) -> io::Result<()> {
    let (mark, style) = match (finding.state, finding.certainty) {
        (FindingState::Over, _) => (paper.glyph("✓", "+"), GOOD),
        (_, Certainty::Proven | Certainty::Likely) => (paper.glyph("✗", "x"), FAULT),
        (_, Certainty::Undecided) => ("?", DOUBT),
    };
    let mut place = whom(finding, name_namespace);
    match (finding.state, finding.since) {
        (FindingState::Over, _) => place.push_str(", over"),
        (_, Some(since)) => place.push_str(&format!(", since {}", paper.look.time(since))),
        (_, None) => {}
    }
    heading(paper, (mark, style), finding.cause, &place, finding.certainty)
}

/// Mark and code at the left edge, certainty at the right, and the place between them or, where it is long, below.
pub(crate) fn heading(
    paper: &mut Paper<'_>,
    (mark, style): (&str, Style),
    cause: Cause,
    place: &str,
    certainty: Certainty,
) -> io::Result<()> {
    let place = paper.words(place).into_owned();
    let (code, certainty) = (cause.code(), certainty.code());
    let width = paper.look.columns();
    let head = format!("{} {}", paper.painted(style, mark), paper.painted(STRONG, code));
    let right = paper.painted(style, certainty);
    let edges = 2 + code.len() + certainty.len();
    let together = edges + 3 + columns(&place) + 2;
    if together <= width {
        return paper.line(&format!("{head}   {place}{}{right}", " ".repeat(width - together + 2)));
    }
    paper.line(&format!("{head}{}{right}", " ".repeat(width.saturating_sub(edges).max(1))))?;
    paper.paragraph(2, &place, FAINT)
}

/// What is still open, and what would settle it.
pub(crate) fn doubt(
    paper: &mut Paper<'_>,
    certainty: Certainty,
    rivals: &[Rival],
    decides: Option<&str>,
    detail: Detail,
) -> io::Result<()> {
    match certainty {
        Certainty::Proven => return Ok(()),
        Certainty::Likely | Certainty::Undecided => {}
    }
    let rivals: Vec<_> = open_rivals(rivals).collect();
    // With its grounds, a finding has every rival in one place below.
    if !rivals.is_empty() && !detail.says_why() {
        paper.line(&paper.painted(FAINT, "  Not yet excluded:"))?;
        let shown = detail.cut(rivals.len(), 3);
        for rival in &rivals[..shown] {
            paper.paragraph(4, &format!("{}: {}", rival.code.code(), rival.because), PLAIN)?;
        }
        if shown < rivals.len() {
            let rest: Vec<&str> = rivals[shown..].iter().map(|rival| rival.code.code()).collect();
            paper.paragraph(4, &format!("and {} (why: --why)", rest.join(", ")), FAINT)?;
        }
    }
    match certainty {
        Certainty::Likely => missing(paper, certainty, decides),
        Certainty::Undecided | Certainty::Proven => Ok(()),
    }
}

/// The observation that would settle it.
pub(crate) fn missing(paper: &mut Paper<'_>, certainty: Certainty, decides: Option<&str>) -> io::Result<()> {
    match decides {
        Some(decides) => paper.titled(would(certainty), 4, decides),
        None => Ok(()),
    }
}

/// What nobody looked at, with what would buy it.
pub(crate) fn not_looked_at(paper: &mut Paper<'_>, things: &[String], detail: Detail) -> io::Result<()> {
    if things.is_empty() {
        return Ok(());
    }
    let shown = detail.cut(things.len(), 3);
    let mut list = things[..shown].join("; ");
    if shown < things.len() {
        list.push_str(&format!("; and {} more (--why)", things.len() - shown));
    }
    paper.titled("Not looked at:", 4, &list)
}
