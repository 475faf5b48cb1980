//! Incidents: a list, one of them whole, past ones, and what happens to them while somebody watches.
//!
//! `list` and `history` fill a `table`, which a narrow page shrinks without ever breaking a column; `show` with
//! `timeline` and `whom` reads like a short report, `markdown` is the same as a ticket; `change` is a line for each thing
//! that happens; `document` is the public format; `reduced` leaves of an incident what may be told to those who read some
//! namespaces only; `span` says how long something took.

mod change;
mod document;
mod history;
mod list;
mod markdown;
mod reduced;
mod show;
mod span;
mod table;
mod timeline;
mod whom;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;

use pullmedic_model::Incident;
use pullmedic_model::report::Skipped;

use crate::text::Detail;
use crate::{Form, Look, json, yaml};

pub use change::{Changed, change_json, write_change};
pub use document::incident_schema;
pub use reduced::of_namespaces;

/// How much of a cluster a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View<'a> {
    /// One namespace, and nothing of another: each incident is reduced to it ([`of_namespaces`]) before it is written.
    Namespace(&'a str),
    /// All namespaces, a row for each that an incident touches: as `kubectl get pullincidents -A`.
    Namespaces,
    /// The cluster, a row for each incident.
    Cluster,
}

/// Incidents to be listed.
#[derive(Debug, Clone, Copy)]
pub struct Incidents<'a> {
    /// Of how much.
    pub view: View<'a>,
    /// In any order: the page has its own.
    pub incidents: &'a [Incident],
    /// What could not be read, so that nothing found is not taken for nothing there.
    pub skipped: &'a [Skipped],
}

impl<'a> Incidents<'a> {
    /// Those that this view may show, as much of them as it may.
    fn visible(&self) -> Vec<Cow<'a, Incident>> {
        match self.view {
            View::Namespace(namespace) => {
                let only = BTreeSet::from([namespace.to_owned()]);
                let reduced = self.incidents.iter().filter_map(|incident| of_namespaces(incident, &only));
                reduced.map(Cow::Owned).collect()
            }
            View::Namespaces | View::Cluster => self.incidents.iter().map(Cow::Borrowed).collect(),
        }
    }

    /// ` in namespace shop`, where it is of one. Not escaped.
    fn whereabouts(&self) -> String {
        match self.view {
            View::Namespace(namespace) => format!(" in namespace {namespace}"),
            View::Namespaces | View::Cluster => String::new(),
        }
    }
}

/// Writes what `pullmedic incidents list` prints: open ones first, the widest first.
///
/// # Errors
/// Those of `out`.
pub fn write_incidents(
    listed: &Incidents<'_>,
    form: Form,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let visible = listed.visible();
    match form {
        Form::Text => list::write(listed, &visible, Detail::Short, look, out),
        Form::Wide => list::write(listed, &visible, Detail::Whole, look, out),
        Form::Json => json::write(&document::list(&visible, listed.skipped), look.ascii, out),
        Form::Yaml => yaml::write(&document::list(&visible, listed.skipped), look.ascii, out),
        Form::Markdown => {
            let table = list::table(listed.view, &list::in_order(&visible), Detail::Whole, look);
            markdown::write_table(&table, &list::closing(listed, &visible), look, out)
        }
    }
}

/// Writes what `pullmedic incidents history` prints: past ones, the newest first. One that still lasts is written as such.
///
/// # Errors
/// Those of `out`.
pub fn write_incident_history(
    listed: &Incidents<'_>,
    form: Form,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let visible = listed.visible();
    match form {
        Form::Text => history::write(listed, &visible, Detail::Short, look, out),
        Form::Wide => history::write(listed, &visible, Detail::Whole, look, out),
        Form::Json => json::write(&document::list(&visible, listed.skipped), look.ascii, out),
        Form::Yaml => yaml::write(&document::list(&visible, listed.skipped), look.ascii, out),
        Form::Markdown => {
            let table = history::table(listed.view, &history::in_order(&visible), Detail::Whole, look);
            markdown::write_table(&table, &history::closing(listed, &visible), look, out)
        }
    }
}

/// Writes what `pullmedic incidents show ID` prints. With [`Look::why`] or as [`Form::Wide`] it has every verdict, rival
/// and moment.
///
/// # Errors
/// Those of `out`.
pub fn write_incident(
    incident: &Incident,
    form: Form,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match form {
        Form::Text if look.why => show::write(incident, Detail::Why, look, out),
        Form::Text => show::write(incident, Detail::Short, look, out),
        Form::Wide => show::write(incident, Detail::Whole, look, out),
        Form::Json => json::write(&document::one(incident), look.ascii, out),
        Form::Yaml => yaml::write(&document::one(incident), look.ascii, out),
        Form::Markdown => markdown::write(incident, look, out),
    }
}
