//! Built reports in every form.

#![expect(clippy::unwrap_used, reason = "an input that cannot be built fails its test")]

mod built;
mod built_incident;

mod check;
mod hostile;
mod incident;
mod incident_changes;
mod incident_format;
mod incident_hostile;
mod incident_reduced;
mod markdown;
mod messages;
mod proof;
mod record;
mod text;

mod public_format;

use pullmedic_model::Report;
use pullmedic_report::{Form, Look, write_report};

/// 80 columns at the time of the built reports, in UTC.
fn look() -> Look {
    Look { now: Some(built::NOW.parse().unwrap()), ..Look::default() }
}

fn written(report: &Report, form: Form, look: &Look) -> String {
    let mut out = Vec::new();
    write_report(report, form, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
