//! One report in many forms. Pure: values in, text out. Whoever calls looks at the terminal, the clock and the locale and
//! says what it saw in a [`Look`].
//!
//! - [`write_report`]: what was found, in each [`Form`]; with [`Look::why`], why the rivals are out.
//! - [`write_check`]: what a check before a deploy found, in each [`CheckForm`].
//! - [`write_incidents`], [`write_incident`], [`write_incident_history`], [`write_change`]: incidents, in each [`Form`];
//!   [`of_namespaces`]: what of one may be told to whom.
//! - [`write_record`]: a probe by hand, request by request.
//! - [`write_hypothesis_text`], [`hypothesis_json`]: what a single message suggests.
//! - [`write_page_text`], [`page_markdown()`], [`causes_index_markdown`]: the page of a cause; [`write_why`]: what tells it
//!   from its rivals.
//! - [`schema`], [`check_schema`], [`incident_schema`]: the JSON Schemas of the machine-readable forms.
//! - [`shown`]: text from outside with every character escaped that a reader could not see (threat 18).
//!
//! Inside: `look` (width, colour, time), `paper` and `wrap` (lines of text), `invisible` (what is escaped), `whom` and
//! `phrase` (words that several forms share), `text`, `ladder`, `proof`, `remedy`, `wide` and `tail` (the parts of the text
//! form), `markdown` and `inline` (the ticket), `json` and `yaml` (the public format), `check` and `annotation` (a check),
//! `record` and `answer` (a probe), `incident` (incidents), `page`, `page_markdown` and `why` (a cause), `hypothesis`.

mod annotation;
mod answer;
mod check;
mod hypothesis;
mod incident;
mod inline;
mod invisible;
mod json;
mod ladder;
mod look;
mod markdown;
mod page;
mod page_markdown;
mod paper;
mod phrase;
mod proof;
mod record;
mod remedy;
mod tail;
mod text;
mod whom;
mod why;
mod wide;
mod wrap;
mod yaml;

use std::io;

use pullmedic_model::Report;

pub use check::{CheckForm, check_schema, write_check};
pub use hypothesis::{hypothesis_json, write_hypothesis_text};
pub use incident::{
    Changed, Incidents, View, change_json, incident_schema, of_namespaces, write_change, write_incident,
    write_incident_history, write_incidents,
};
pub use invisible::shown;
pub use look::Look;
pub use page::write_page_text;
pub use page_markdown::{causes_index_markdown, page_markdown};
pub use record::write_record;
pub use why::write_why;

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a person: one paragraph a finding.
    Text,
    /// As `Text`, with every sighting, observation and rival.
    Wide,
    /// The public format, indented.
    Json,
    /// The public format as YAML.
    Yaml,
    /// A ticket that can be pasted.
    Markdown,
}

/// Writes `report` in one form.
///
/// # Errors
/// Those of `out`.
pub fn write_report(report: &Report, form: Form, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    match form {
        Form::Text if look.why => text::write(report, text::Detail::Why, look, out),
        Form::Text => text::write(report, text::Detail::Short, look, out),
        Form::Wide => text::write(report, text::Detail::Whole, look, out),
        Form::Json => json::write(report, look.ascii, out),
        Form::Yaml => yaml::write(report, look.ascii, out),
        Form::Markdown => markdown::write(report, look, out),
    }
}

/// Writes any document of ours as JSON, indented, with every character escaped that a reader could not see.
///
/// # Errors
/// Those of `out`.
pub fn write_json(value: &impl serde::Serialize, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    json::write(value, look.ascii, out)
}

/// The JSON Schema of what [`Form::Json`] and [`Form::Yaml`] write.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
