//! Mirrors and the node's files.

use pullmedic_model::probe::{Record, Role};

use super::{Notes, Seen, outcome};
use crate::inquiry::Inquiry;
use crate::table::{Family, Kind};

/// Reads defects in the node's files and failures of its mirrors.
pub(crate) fn look(inquiry: &Inquiry<'_>, refused: &[&Record], notes: &mut Notes) {
    for defect in &inquiry.case.route.defects {
        let text = format!("{}: {}", defect.file, defect.detail);
        notes.see(Seen::object(Kind::FileDefect, defect.file.clone(), text));
        if let (None, Some(corrected)) = (&notes.evidence.corrected_file, &defect.corrected) {
            notes.evidence.corrected_file = Some((defect.file.clone(), corrected.clone()));
        }
    }
    if !inquiry.case.route.of_node {
        return;
    }
    for record in refused {
        if is_fault_of_mirror(record) {
            let text = format!("mirror {}: {}", record.ask.host.endpoint, outcome(record));
            notes.see(Seen::probe(Kind::MirrorFails, record, text));
        }
    }
}

/// Whether a mirror fails as no mirror should: below HTTP, or not as a registry. Absence at a mirror is its right.
pub(crate) fn is_fault_of_mirror(record: &Record) -> bool {
    let Some((stage, _, class)) = record.refused() else { return false };
    matches!(record.ask.host.role, Role::Mirror(_))
        && Family::of_class(class, stage).is_some_and(|family| {
            family.is_below_http()
                || matches!(family, Family::ServerError | Family::NotARegistry | Family::AnswerTimeout)
        })
}
