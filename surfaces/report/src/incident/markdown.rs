//! An incident as a ticket that can be pasted, and a list of them as a table.

use std::io;

use pullmedic_model::incident::Detail as Verdict;
use pullmedic_model::{Certainty, Incident};

use super::show::{cost, life, scope, still, summary, unproven, verdicts};
use super::table::Table;
use super::timeline::{after, event};
use super::whom::{is_over, sample_phrase, touched_phrase, whom};
use crate::Look;
use crate::inline::cell;
use crate::markdown::Ticket;
use crate::phrase::{rule, team};

/// Namespaces and moments that are spelled out.
const ENTRIES: usize = 32;

/// Writes a table of incidents and the line that counts them.
pub(super) fn write_table(
    table: &Table,
    closing: &str,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut ticket = Ticket { look, text: String::new() };
    if table.rows() > 0 {
        let heads: Vec<&str> = table.columns.iter().map(|column| column.head).collect();
        ticket.push(&format!("| {} |", heads.join(" | ")));
        ticket.push(&format!("|{}", "---|".repeat(heads.len())));
        for row in 0..table.rows() {
            let cells = table.columns.iter().filter_map(|column| column.cells.get(row));
            let cells: Vec<String> = cells.map(|each| cell(&ticket.code(&each.text)).into_owned()).collect();
            ticket.push(&format!("| {} |", cells.join(" | ")));
        }
        ticket.push("");
    }
    let closing = ticket.prose(closing);
    ticket.push(&closing);
    out.write_all(ticket.text.as_bytes())
}

/// Writes one incident whole.
pub(super) fn write(incident: &Incident, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let mut ticket = Ticket { look, text: String::new() };
    let verdicts = verdicts(incident);
    let place = ticket.prose(&whom(incident));
    let (cause, certainty) = (incident.cause.code(), incident.certainty.code());
    ticket.paragraph(&format!("# {cause}: {place} ({certainty})"));
    let sentence = ticket.prose(summary(incident, &verdicts));
    ticket.paragraph(&sentence);
    facts(&mut ticket, incident, &verdicts);
    for (namespace, verdict) in &verdicts {
        let namespace = ticket.code(namespace);
        ticket.paragraph(&format!("## In {namespace}"));
        let sentence = ticket.prose(&verdict.summary);
        ticket.paragraph(&sentence);
        if incident.certainty == Certainty::Undecided {
            ticket.missing(incident.certainty, verdict.missing.as_deref());
        }
        if !verdict.proof.is_empty() {
            ticket.paragraph("### Proof");
            ticket.observations(&verdict.proof);
        }
        ticket.doubt(incident.certainty, &verdict.rivals, verdict.missing.as_deref());
        if !is_over(incident) {
            ticket.remedies(&verdict.remedies, incident.cause.actor());
        }
        for thing in verdict.not_looked_at.iter().take(ENTRIES) {
            ticket.fact("Not looked at", thing);
        }
        ticket.push("");
    }
    timeline(&mut ticket, incident);
    touched(&mut ticket, incident);
    let text = ticket.text.trim_end_matches('\n');
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")
}

fn facts(ticket: &mut Ticket<'_>, incident: &Incident, verdicts: &[(&String, &Verdict)]) {
    // A ticket is read later: what is true by now means nothing in it.
    let look = ticket.look;
    let timeless = Look { now: None, ..look.clone() };
    let life = life(incident, &timeless, |at| look.time_to_paste(at));
    ticket.push(&format!("- Incident: {life}"));
    if let Some(other) = &incident.merged_into {
        ticket.fact("Now part of", other.as_str());
    }
    ticket.fact("Certainty", &format!("{}: {}", incident.certainty.code(), rule(incident.certainty)));
    let inside = incident.inner.iter().map(|inner| ("Inside", inner));
    for (name, cause) in inside.chain(incident.also.iter().map(|also| ("Also", also))) {
        ticket.fact(name, &format!("{}: {}", cause.code(), cause.title()));
    }
    let times = [
        ("Since", incident.since),
        ("First seen", Some(incident.seen_at)),
        ("Proven", incident.proven_at),
        ("Resolved", incident.resolved_at),
    ];
    for (name, at) in times {
        if let Some(at) = at {
            ticket.push(&format!("- {name}: {}", ticket.look.time_to_paste(at)));
        }
    }
    ticket.fact("Scope", scope(incident.scope));
    if let Some(stage) = incident.stage {
        ticket.fact("Stage", stage.code());
    }
    let names = [
        ("Endpoint", incident.endpoint.as_ref().map(|endpoint| endpoint.as_str())),
        ("Image", incident.image.as_deref()),
        ("Node", incident.node.as_deref()),
    ];
    for (name, text) in names {
        if let Some(text) = text {
            let text = ticket.code(text);
            ticket.push(&format!("- {name}: {text}"));
        }
    }
    ticket.fact("Acts", team(incident.cause.actor()));
    for clause in still(incident, look, |at| look.time_to_paste(at)) {
        ticket.push(&format!("- Still: {clause}"));
    }
    if verdicts.is_empty() {
        ticket.fact("Proof", unproven(incident));
    }
    ticket.fact("Cost", &cost(incident));
    ticket.push(&format!("- Read on: `pullmedic explain {}`", incident.cause.code()));
    ticket.push("");
}

fn timeline(ticket: &mut Ticket<'_>, incident: &Incident) {
    if incident.timeline.is_empty() {
        return;
    }
    ticket.paragraph("## Timeline");
    ticket.push("| When | After | What | Note |");
    ticket.push("|---|---|---|---|");
    for moment in incident.timeline.iter().take(ENTRIES) {
        let note = moment.note.as_deref().map(|note| ticket.prose(note)).unwrap_or_default();
        let (at, note) = (ticket.look.time_to_paste(moment.at), cell(&note).into_owned());
        let row = format!("| {at} | {} | {} | {note} |", after(incident, moment), event(moment.what));
        ticket.push(&row);
    }
    ticket.push("");
    ticket.more(incident.timeline.len(), ENTRIES);
}

fn touched(ticket: &mut Ticket<'_>, incident: &Incident) {
    if incident.touched.is_empty() {
        return;
    }
    ticket.paragraph(if is_over(incident) { "## Touched last" } else { "## Touches" });
    for (namespace, touched) in incident.touched.iter().take(ENTRIES) {
        let (namespace, phrase) = (ticket.code(namespace), ticket.prose(&touched_phrase(touched)));
        ticket.push(&format!("- {namespace}: {phrase}"));
        for sample in &touched.samples {
            let phrase = ticket.prose(&sample_phrase(sample));
            ticket.push(&format!("  - {phrase}"));
        }
    }
    ticket.push("");
    ticket.more(incident.touched.len(), ENTRIES);
}
