//! What happened to an incident, moment by moment.

use std::io;

use pullmedic_model::Incident;
use pullmedic_model::incident::{Event, Moment};

use super::span::words;
use crate::paper::{FAINT, Paper};
use crate::text::Detail;
use crate::wrap::columns;

/// Of a longer timeline a short page shows so many from its start and from its end.
const ENDS: (usize, usize) = (4, 6);

/// Columns that a note needs beside its moment; on a narrower page it follows like a sentence.
const NOTE: usize = 20;
/// Columns more that it needs to stay there when it is long: for the words that say how many lines were left out.
const LEFT_OUT: usize = 12;

/// What an event is called on a page.
pub(super) fn event(event: Event) -> &'static str {
    match event {
        Event::Seen => "seen",
        Event::Opened => "opened",
        Event::Judged => "judged",
        Event::Proven => "proven",
        Event::Split => "split",
        Event::Merged => "merged",
        Event::Told => "owners told",
        Event::Flapped => "flapped",
        Event::Resolved => "resolved",
        Event::Reopened => "reopened",
    }
}

/// Columns of the longest of them.
pub(super) const LONGEST: usize = 11;

/// How long after it was first seen: `+13 s`. Empty for the first moment itself.
pub(super) fn after(incident: &Incident, moment: &Moment) -> String {
    let span = moment.at.duration_since(incident.seen_at);
    if span.as_secs() < 1 { String::new() } else { format!("+{}", words(span)) }
}

pub(super) fn write(paper: &mut Paper<'_>, incident: &Incident, detail: Detail) -> io::Result<()> {
    if incident.timeline.is_empty() {
        return Ok(());
    }
    paper.line(&paper.painted(FAINT, "  Timeline:"))?;
    let all: Vec<&Moment> = incident.timeline.iter().collect();
    let shown = detail.cut(all.len(), ENDS.0 + ENDS.1);
    let (head, tail) = if shown < all.len() { ENDS } else { (all.len(), 0) };
    let time = |moment: &Moment| paper.look.time_with_seconds(moment.at);
    let times = all.iter().map(|moment| columns(&time(moment))).max().unwrap_or_default();
    let spans = all.iter().map(|moment| columns(&after(incident, moment))).max().unwrap_or_default();
    let rows: Vec<(String, &Moment)> = all
        .iter()
        .map(|moment| (format!("    {:<times$}  {:<spans$}", time(moment), after(incident, moment)), *moment))
        .collect();
    for (lead, moment) in &rows[..head] {
        write_moment(paper, lead, moment)?;
    }
    if tail > 0 {
        let between = all.len() - head - tail;
        paper.paragraph(4, &format!("and {between} more (--why)"), FAINT)?;
    }
    rows[all.len() - tail..].iter().try_for_each(|(lead, moment)| write_moment(paper, lead, moment))
}

fn write_moment(paper: &mut Paper<'_>, lead: &str, moment: &Moment) -> io::Result<()> {
    let what = event(moment.what);
    let note = moment.note.as_deref().unwrap_or_default();
    let first = columns(lead) + 2 + LONGEST + 2;
    if first + NOTE > paper.look.columns() {
        let lead: Vec<&str> = lead.split(' ').filter(|part| !part.is_empty()).collect();
        return paper.hanging_at(4, 6, &format!("{} {what} {note}", lead.join(" ")));
    }
    let lead = format!("{}  {what:<LONGEST$}  ", paper.painted(FAINT, lead));
    let rest = if first + NOTE + LEFT_OUT > paper.look.columns() { 6 } else { first };
    paper.after(&lead, first, rest, note)
}
