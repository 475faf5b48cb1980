//! What waits now, a row an incident.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io;

use anstyle::Style;
use pullmedic_model::incident::Phase;
use pullmedic_model::{Certainty, Incident};

use super::span::{began, short};
use super::table::Table;
use super::whom::{is_over, size};
use super::{Incidents, View};
use crate::Look;
use crate::paper::{DOUBT, FAULT, GOOD, PLAIN, Paper, STRONG};
use crate::phrase::counted;
use crate::tail::write_all_skipped;
use crate::text::Detail;

/// One row.
pub(super) struct Row<'a> {
    pub(super) incident: &'a Incident,
    /// The namespace as far as there is one to name, and what says it in less room.
    pub(super) namespace: Option<(String, Option<String>)>,
    pub(super) pods: u32,
}

/// Those that last before those that are over, the widest first.
pub(super) fn in_order<'a>(visible: &'a [Cow<'_, Incident>]) -> Vec<&'a Incident> {
    let mut incidents: Vec<&Incident> = visible.iter().map(AsRef::as_ref).collect();
    incidents.sort_by_key(|incident| {
        let phase = match incident.phase {
            Phase::Open => 0,
            Phase::Suspected => 1,
            Phase::Resolved => 2,
        };
        (phase, Reverse(incident.counts.pods), began(incident), &incident.id)
    });
    incidents
}

/// How the namespaces of an incident fit one cell: `shop`, `12 namespaces`.
pub(super) fn namespaces_cell(incident: &Incident) -> (String, Option<String>) {
    match (size(incident.counts.namespaces).max(incident.touched.len()), incident.touched.keys().next()) {
        (1, Some(namespace)) => (namespace.clone(), None),
        // No namespace has such a name.
        (several, _) => (counted(several, "namespace"), Some(format!("<{several}>"))),
    }
}

fn rows<'a>(view: View<'_>, incidents: &[&'a Incident]) -> Vec<Row<'a>> {
    let whole = |incident: &'a Incident, namespace| {
        let pods = if is_over(incident) { 0 } else { incident.counts.pods };
        Row { incident, namespace, pods }
    };
    let mut rows = Vec::new();
    for &incident in incidents {
        match view {
            View::Namespace(_) => rows.push(whole(incident, None)),
            View::Cluster => rows.push(whole(incident, Some(namespaces_cell(incident)))),
            // An aggregate tells of no namespace.
            View::Namespaces if incident.touched.is_empty() => {
                rows.push(whole(incident, Some(namespaces_cell(incident))));
            }
            View::Namespaces => rows.extend(incident.touched.iter().map(|(namespace, touched)| Row {
                incident,
                namespace: Some((namespace.clone(), None)),
                pods: if is_over(incident) { 0 } else { touched.pods },
            })),
        }
    }
    rows
}

/// The columns that a list begins with, and that past ones share: namespace, name, cause and certainty.
pub(super) fn first_columns(table: &mut Table, view: View<'_>, rows: &[Row<'_>]) {
    match view {
        View::Namespace(_) => {}
        View::Namespaces | View::Cluster => {
            table
                .column("NAMESPACE", rows.iter().map(|row| Some(row.namespace.as_ref()?.0.clone())))
                .brief("NS")
                .brief_cells(rows.iter().map(|row| row.namespace.as_ref()?.1.clone()))
                .shrinks([12, 9, 6]);
        }
    }
    table.column("NAME", rows.iter().map(|row| Some(row.incident.id.to_string())));
    table
        .column("CAUSE", rows.iter().map(|row| Some(row.incident.cause.code().to_owned())))
        .styled(rows.iter().map(|_| STRONG))
        // Most codes are no longer, and `pullmedic explain` wants them whole.
        .shrinks([20, 20, 12]);
    table.column("CERTAINTY", rows.iter().map(|row| Some(row.incident.certainty.code().to_owned()))).styled(
        rows.iter().map(|row| match row.incident.certainty {
            Certainty::Undecided => DOUBT,
            Certainty::Likely | Certainty::Proven => PLAIN,
        }),
    );
}

/// The host and port.
pub(super) fn endpoint_column(table: &mut Table, rows: &[Row<'_>]) {
    table
        .column("ENDPOINT", rows.iter().map(|row| row.incident.endpoint.as_ref().map(ToString::to_string)))
        .shrinks([18, 12, 8]);
}

/// The columns of the wide form.
pub(super) fn more_columns(table: &mut Table, rows: &[Row<'_>]) {
    table.column("SCOPE", rows.iter().map(|row| Some(row.incident.scope.code().to_owned())));
    table.column("STAGE", rows.iter().map(|row| row.incident.stage.map(|stage| stage.code().to_owned())));
    table.column("IMAGE", rows.iter().map(|row| row.incident.image.clone()));
    table.column("NODE", rows.iter().map(|row| row.incident.node.clone()));
    table.column("REQUESTS", rows.iter().map(|row| Some(row.incident.cost.requests.to_string())));
}

/// How it stands: its phase, or that it was found to be part of another.
pub(super) fn state(incident: &Incident) -> (&'static str, Style) {
    match (&incident.merged_into, incident.phase) {
        (Some(_), _) => ("merged", PLAIN),
        (None, Phase::Suspected) => (Phase::Suspected.code(), DOUBT),
        (None, Phase::Open) => (Phase::Open.code(), FAULT),
        (None, Phase::Resolved) => (Phase::Resolved.code(), GOOD),
    }
}

/// The table of incidents in this order.
pub(super) fn table(view: View<'_>, incidents: &[&Incident], detail: Detail, look: &Look) -> Table {
    let rows = rows(view, incidents);
    let whole = match detail {
        Detail::Short => false,
        Detail::Why | Detail::Whole => true,
    };
    let mut table = Table::new(whole, look.ascii);
    first_columns(&mut table, view, &rows);
    table.column("PODS", rows.iter().map(|row| Some(row.pods.to_string())));
    endpoint_column(&mut table, &rows);
    let since = rows.iter().map(|row| {
        let began = began(row.incident);
        Some(look.now.map_or_else(|| look.time(began), |now| short(now.duration_since(began))))
    });
    table.column("SINCE", since).brief("AGE");
    table
        .column("STATE", rows.iter().map(|row| Some(state(row.incident).0.to_owned())))
        .styled(rows.iter().map(|row| state(row.incident).1));
    if whole {
        more_columns(&mut table, &rows);
    }
    table
}

/// `2 incidents, 15 pods in 2 namespaces: 1 open, 1 suspected.` A pod of two incidents counts in both, as in the table.
pub(super) fn closing(listed: &Incidents<'_>, visible: &[Cow<'_, Incident>]) -> String {
    if visible.is_empty() {
        return format!("no incidents{}", listed.whereabouts());
    }
    let waiting = visible.iter().filter(|incident| !is_over(incident));
    let pods = waiting.map(|incident| u64::from(incident.counts.pods)).sum::<u64>();
    let pods = counted(usize::try_from(pods).unwrap_or(usize::MAX), "pod");
    let namespaces: BTreeSet<&String> = visible.iter().flat_map(|incident| incident.touched.keys()).collect();
    let known = visible.iter().all(|incident| size(incident.counts.namespaces) <= incident.touched.len());
    let spread = match listed.view {
        View::Namespace(namespace) => format!(" in {namespace}"),
        View::Namespaces | View::Cluster if known => {
            format!(" in {}", counted(namespaces.len(), "namespace"))
        }
        View::Namespaces | View::Cluster => String::new(),
    };
    format!("{}, {pods}{spread}: {}.", counted(visible.len(), "incident"), states(visible))
}

/// `2 open, 1 suspected`.
pub(super) fn states(visible: &[Cow<'_, Incident>]) -> String {
    let parts = ["open", "suspected", "resolved", "merged"].into_iter().filter_map(|word| {
        match visible.iter().filter(|incident| state(incident).0 == word).count() {
            0 => None,
            count => Some(format!("{count} {word}")),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The table, its counts, and what could not be read; where there is nothing to list, a sentence that says so.
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

/// A table of incidents and what stands below it.
pub(super) fn write_page(
    paper: &mut Paper<'_>,
    listed: &Incidents<'_>,
    table: &Table,
    closing: &str,
    detail: Detail,
) -> io::Result<()> {
    if table.rows() > 0 {
        table.write(paper)?;
        paper.gap()?;
        paper.paragraph(0, closing, PLAIN)?;
    } else if listed.skipped.is_empty() {
        let mark = paper.painted(GOOD, paper.glyph("✓", "+"));
        paper.after(&format!("{mark} "), 2, 2, closing)?;
    } else {
        let mark = paper.painted(DOUBT, "?");
        paper.after(&format!("{mark} "), 2, 2, &format!("{closing}, but not everything was read"))?;
    }
    write_all_skipped(paper, listed.skipped, detail)
}
