//! `incidents replay`: the same correlation over what a controller was told. Time is the recording's.

use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use pullmedic_correlate::{Change, Correlator, Settings, Weight, recording};
use pullmedic_model::Incident;
use pullmedic_report::{Changed, Incidents, shown};

use super::Arguments;
use crate::failure::{Exit, Failure};
use crate::output::Screen;

/// The longest recording that is read.
const LONGEST: u64 = 4 << 30;
/// Lines that cannot be read and are named one by one.
const NAMED: usize = 5;

pub(super) fn run(file: &Path, arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let text = read(file)?;
    let (inputs, bad) = recording::read(&text);
    drop(text);
    for error in bad.iter().take(NAMED) {
        let why = std::error::Error::source(error).map_or_else(String::new, |why| format!(": {why}"));
        // Talk: what could be read is shown all the same.
        let _ = writeln!(std::io::stderr(), "note: failed to {error}{}", shown(&why));
    }
    if bad.len() > NAMED {
        let _ = writeln!(std::io::stderr(), "note: and {} more lines", bad.len() - NAMED);
    }
    let end = inputs.iter().map(|input| input.at).max();
    let mut correlator = Correlator::new(Settings::default());
    let mut out = screen.out();
    for input in &inputs {
        for change in correlator.take(input) {
            if let Some(incident) = correlator.incident(&change.incident).filter(|_| arguments.watch) {
                tell(&change, incident, input.at, arguments, screen, &mut out)?;
            }
        }
    }
    if arguments.watch {
        out.flush()?;
    } else {
        let found: Vec<Incident> = correlator.incidents().cloned().collect();
        let incidents = Incidents { view: arguments.view(), incidents: &found, skipped: &[] };
        let look = screen.look(end);
        pullmedic_report::write_incidents(&incidents, arguments.output.form(), &look, &mut out)?;
        out.flush()?;
    }
    Ok(if bad.is_empty() { Exit::Healthy } else { Exit::Incomplete })
}

/// Writes a turn in an incident's life as a line.
fn tell(
    change: &Change,
    incident: &Incident,
    at: Timestamp,
    arguments: &Arguments,
    screen: &Screen,
    out: &mut impl std::io::Write,
) -> Result<(), Failure> {
    let Some(incident) = arguments.visible(incident.clone()).filter(|_| change.weight == Weight::Life) else {
        return Ok(());
    };
    let last = incident.timeline.iter().rev().find(|moment| moment.what == change.what);
    let note = last.and_then(|moment| moment.note.clone());
    let changed = Changed { at, what: Some(change.what), note: note.as_deref(), incident: &incident };
    super::watch::write(&changed, arguments, screen, Some(at), out)
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let outcome = if file == Path::new("-") {
        std::io::stdin().lock().take(LONGEST).read_to_string(&mut text).map(drop)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text).map(drop))
    };
    outcome.with_context(|| format!("read {}", file.display())).map_err(|error| {
        Failure::new(error).next("give a file that controller --record FILE wrote".to_owned())
    })?;
    Ok(text)
}
