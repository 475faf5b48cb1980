//! What happens to incidents while somebody watches, a line each.

use std::io;

use jiff::Timestamp;
use pullmedic_model::incident::Event;
use pullmedic_model::{Cause, Incident};

use super::list::namespaces_cell;
use super::span::{lasted, short};
use super::table::shortened;
use super::whom::{is_over, size};
use super::{document, timeline};
use crate::paper::{DOUBT, FAINT, FAULT, GOOD, PLAIN, Paper, STRONG};
use crate::phrase::counted;
use crate::wrap::columns;
use crate::{Look, json};

/// Something that happened to an incident.
#[derive(Debug, Clone, Copy)]
pub struct Changed<'a> {
    /// When.
    pub at: Timestamp,
    /// What; `None`: its counts or samples changed and nothing else.
    pub what: Option<Event>,
    /// More about it, in a few words; `None` when the event says it all.
    pub note: Option<&'a str>,
    /// The incident as it is since.
    pub incident: &'a Incident,
}

/// Columns of most causes; a longer one pushes its own line only.
const CAUSE: usize = 20;
/// Columns of the longest certainty.
const CERTAINTY: usize = 9;
/// In less room than this a note says nothing.
const NOTE: usize = 10;
/// Columns for the other incident of a split or merge.
const OTHER: usize = 24;

/// Writes one line: time, incident, what happened, cause, certainty, how much it touches, and as much as there is room for
/// of why and where. Only where the page does not hold even the first of these does it go on below.
///
/// # Errors
/// Those of `out`.
pub fn write_change(changed: &Changed<'_>, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    let Changed { at, what, note, incident } = changed;
    let word = what.map_or("counted", timeline::event);
    let style = match what {
        Some(Event::Seen | Event::Judged | Event::Flapped) => DOUBT,
        Some(Event::Opened | Event::Proven | Event::Reopened) => FAULT,
        Some(Event::Resolved) => GOOD,
        Some(Event::Split | Event::Merged | Event::Told) | None => PLAIN,
    };
    // What is over touches nothing, and how long it lasted is worth more.
    let extent = match (further(*what, incident.cause, *note), is_over(incident), lasted(incident, look)) {
        (Note::First(other), _, _) => shortened(&paper.words(other), OTHER, look.ascii),
        (_, true, Some(span)) => format!("after {}", short(span)),
        (_, true, None) | (_, false, _) => counted(size(incident.counts.pods), "pod"),
    };
    let fields = [
        (look.time_with_seconds(*at), FAINT, 0),
        (incident.id.to_string(), PLAIN, 0),
        (word.to_owned(), style, timeline::LONGEST),
        (incident.cause.code().to_owned(), STRONG, CAUSE),
        (incident.certainty.code().to_owned(), PLAIN, CERTAINTY),
        (extent, PLAIN, 0),
    ];
    let needed = |padded: bool| {
        let width = |text: &str, width: usize| columns(text).max(if padded { width } else { 0 });
        2 * (fields.len() - 1) + fields.iter().map(|(text, _, least)| width(text, *least)).sum::<usize>()
    };
    // A long cause on a narrow page costs the columns, of its own line only.
    let padded = needed(true) <= look.columns();
    let needed = needed(padded);
    if needed > look.columns() {
        let fields: Vec<&str> = fields.iter().map(|(text, _, _)| text.as_str()).collect();
        return paper.hanging_at(0, 2, &fields.join("  "));
    }
    let mut line = Vec::new();
    for (text, style, width) in &fields {
        let fill = if padded { width.saturating_sub(columns(text)) } else { 0 };
        line.push(format!("{}{}", paper.painted(*style, text), " ".repeat(fill)));
    }
    let mut room = look.columns() - needed;
    if let Note::Further(note) = further(*what, incident.cause, *note)
        && room >= NOTE + 2
    {
        let note = shortened(&paper.words(note), room - 2, look.ascii);
        room -= columns(&note) + 2;
        line.push(paper.painted(FAINT, &note));
    }
    let places = [
        (incident.counts.namespaces > 0).then(|| format!("in {}", namespaces_cell(incident).0)),
        incident.endpoint.as_ref().map(ToString::to_string),
    ];
    for text in places.into_iter().flatten() {
        let text = paper.words(&text).into_owned();
        if columns(&text) + 2 <= room {
            room -= columns(&text) + 2;
            line.push(text);
        }
    }
    paper.line(&line.join("  "))
}

/// What a note is worth on a line.
enum Note<'a> {
    /// The line says the same.
    Known,
    /// It is the other incident, which is the point of the event.
    First(&'a str),
    /// It comes where there is room for it.
    Further(&'a str),
}

fn further(what: Option<Event>, cause: Cause, note: Option<&str>) -> Note<'_> {
    match (what, note) {
        (_, None) => Note::Known,
        // Cause and certainty, which have columns of their own.
        (Some(Event::Judged | Event::Proven), Some(note)) if note.starts_with(cause.code()) => Note::Known,
        (Some(Event::Split | Event::Merged), Some(other)) => Note::First(other),
        (
            Some(
                Event::Seen
                | Event::Opened
                | Event::Judged
                | Event::Proven
                | Event::Told
                | Event::Flapped
                | Event::Resolved
                | Event::Reopened,
            )
            | None,
            Some(note),
        ) => Note::Further(note),
    }
}

/// The same as a document of the public format, in one line without its line feed.
pub fn change_json(changed: &Changed<'_>, look: &Look) -> String {
    json::line(&document::change(changed), look.ascii)
}
