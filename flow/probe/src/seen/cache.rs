//! Marks of caches and virtual repositories.

use pullmedic_model::Stage;
use pullmedic_model::probe::Record;

use super::{Notes, Seen};
use crate::dialect;
use crate::inquiry::Inquiry;
use crate::table::Kind;

/// Rule 8: a mark of a cache makes its upstream a rival.
pub(crate) fn marks(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    let host = &base.ask.host;
    // A token service is no cache of anything.
    if matches!(base.refused(), Some((Stage::Token, _, _))) {
        return;
    }
    if let Some(dialect) = inquiry.dialect(host).filter(|dialect| dialect.caches) {
        let text = format!(
            "{} is {}, where nothing tells a cache from a repository of its own",
            host.endpoint, dialect.name
        );
        notes.see(Seen::probe(Kind::MarkOfACache, base, text));
        return;
    }
    let mut answered = None;
    for record in inquiry.records().into_iter().filter(|record| record.ask.host.endpoint == host.endpoint) {
        for step in record.steps.iter().filter(|step| step.endpoint == host.endpoint) {
            let Some(answer) = &step.answer else { continue };
            answered = Some(record);
            if let Some(mark) = dialect::cache_mark(&record.ask.repository, Some(answer)) {
                let text = format!("{} answers as a cache or virtual repository: {mark}", host.endpoint);
                notes.see(Seen::probe(Kind::MarkOfACache, record, text));
                return;
            }
        }
    }
    if let Some(record) = answered {
        let text = format!("no answer of {} carries the mark of a cache", host.endpoint);
        notes.see(Seen::probe(Kind::NoMarkOfACache, record, text));
    }
}
