//! What was, a row an incident.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::io;

use pullmedic_model::Incident;

use super::list::{
    Row, endpoint_column, first_columns, more_columns, namespaces_cell, state, states, write_page,
};
use super::span::{began, lasted, short};
use super::table::Table;
use super::{Incidents, View};
use crate::Look;
use crate::paper::Paper;
use crate::phrase::counted;
use crate::text::Detail;

/// The newest first, by when it ended or last changed.
pub(super) fn in_order<'a>(visible: &'a [Cow<'_, Incident>]) -> Vec<&'a Incident> {
    let mut incidents: Vec<&Incident> = visible.iter().map(AsRef::as_ref).collect();
    incidents
        .sort_by_key(|incident| (Reverse(incident.resolved_at.unwrap_or(incident.changed_at)), &incident.id));
    incidents
}

/// How it ended: `resolved`, `part of pi-k7m2qx`; one that still lasts says its phase.
pub(super) fn ended(incident: &Incident) -> String {
    match &incident.merged_into {
        Some(other) => format!("part of {other}"),
        None => state(incident).0.to_owned(),
    }
}

/// The table of incidents in this order.
pub(super) fn table(view: View<'_>, incidents: &[&Incident], detail: Detail, look: &Look) -> Table {
    let rows: Vec<Row<'_>> = incidents
        .iter()
        .map(|&incident| {
            let namespace = match view {
                View::Namespace(_) => None,
                View::Namespaces | View::Cluster => Some(namespaces_cell(incident)),
            };
            Row { incident, namespace, pods: incident.most_pods }
        })
        .collect();
    let whole = match detail {
        Detail::Short => false,
        Detail::Why | Detail::Whole => true,
    };
    let mut table = Table::new(whole, look.ascii);
    first_columns(&mut table, view, &rows);
    table.column("PEAK", rows.iter().map(|row| Some(row.pods.to_string())));
    endpoint_column(&mut table, &rows);
    table
        .column("BEGAN", rows.iter().map(|row| Some(look.time(began(row.incident)))))
        .brief_cells(rows.iter().map(|row| look.day_or_time(began(row.incident))));
    table.column("LASTED", rows.iter().map(|row| lasted(row.incident, look).map(short))).brief("FOR");
    table
        .column("ENDED", rows.iter().map(|row| Some(ended(row.incident))))
        .brief_cells(rows.iter().map(|row| Some(state(row.incident).0.to_owned())))
        .styled(rows.iter().map(|row| state(row.incident).1));
    if whole {
        table.column("REOPENED", rows.iter().map(|row| Some(row.incident.reopened.to_string())));
        more_columns(&mut table, &rows);
    }
    table
}

/// `12 past incidents: 11 resolved, 1 merged.`
pub(super) fn closing(listed: &Incidents<'_>, visible: &[Cow<'_, Incident>]) -> String {
    if visible.is_empty() {
        return format!("no incidents are remembered{}", listed.whereabouts());
    }
    format!("{}{}: {}.", counted(visible.len(), "incident"), listed.whereabouts(), states(visible))
}

/// The table, its counts, and what could not be read.
pub(super) fn write(
    listed: &Incidents<'_>,
    visible: &[Cow<'_, Incident>],
    detail: Detail,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    let table = table(listed.view, &in_order(visible), detail, look);
    write_page(paper, listed, &table, &closing(listed, visible), detail)
}
