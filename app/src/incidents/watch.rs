//! `incidents --watch`: a line for each thing that happens to an incident, until interrupted.

use std::collections::BTreeMap;
use std::io::Write as _;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Incident;
use pullmedic_model::incident::{IncidentId, Moment, Query};
use pullmedic_report::{Changed, Form};

use super::Arguments;
use super::source::Source;
use crate::failure::{Exit, Failure};
use crate::output::Screen;

/// How far back is looked: a controller keeps what changed some seconds later.
const BACK: SignedDuration = SignedDuration::from_secs(60);

/// What was told of an incident: how far its timeline was written.
type Told = BTreeMap<IncidentId, Option<Moment>>;

pub(super) fn run(source: &Source, arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let begun = Timestamp::now().checked_sub(BACK).unwrap_or(Timestamp::MIN);
    let mut told: Told = source
        .unfinished(begun)?
        .incidents
        .into_iter()
        .map(|incident| (incident.id.clone(), incident.timeline.last().cloned()))
        .collect();
    loop {
        std::thread::sleep(source.pace());
        let now = Timestamp::now();
        let query = Query {
            namespace: arguments.namespace.clone(),
            since: now.checked_sub(BACK).ok().map(|since| since.max(begun)),
            ..Query::default()
        };
        let mut found = source.past(&query)?.incidents;
        found.sort_by_key(|incident| incident.changed_at);
        let mut out = screen.out();
        for incident in found.into_iter().filter_map(|incident| arguments.visible(incident)) {
            let known = told.get(&incident.id).cloned().flatten();
            for moment in since(&incident, known.as_ref()) {
                let changed = Changed {
                    at: moment.at,
                    what: Some(moment.what),
                    note: moment.note.as_deref(),
                    incident: &incident,
                };
                write(&changed, arguments, screen, Some(now), &mut out)?;
            }
            told.insert(incident.id.clone(), incident.timeline.last().cloned());
        }
        out.flush()?;
    }
}

/// What happened since that moment; all of it where the moment is not known, or was cut.
fn since<'a>(incident: &'a Incident, known: Option<&Moment>) -> &'a [Moment] {
    let place = known.and_then(|known| incident.timeline.iter().rposition(|moment| moment == known));
    place.map_or(&incident.timeline[..], |place| &incident.timeline[place + 1..])
}

/// Writes one change: a line, or a document of its own.
pub(super) fn write(
    changed: &Changed<'_>,
    arguments: &Arguments,
    screen: &Screen,
    now: Option<Timestamp>,
    out: &mut impl std::io::Write,
) -> Result<(), Failure> {
    let look = screen.look(now);
    match arguments.output.form() {
        Form::Json | Form::Yaml => {
            // A line each: whoever reads a stream reads it line by line.
            writeln!(out, "{}", pullmedic_report::change_json(changed, &look))?;
        }
        Form::Text | Form::Wide | Form::Markdown => pullmedic_report::write_change(changed, &look, out)?,
    }
    Ok(())
}
