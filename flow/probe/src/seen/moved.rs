//! Whether a tag still points to what runs (`stale-image`): no words, only the origin's own state.

use pullmedic_model::probe::manifest::Manifest;
use pullmedic_model::probe::{Ask, Ended, Got, Record, Role, What};

use super::{Notes, Seen};
use crate::inquiry::{Inquiry, not_asked};
use crate::table::Kind;

/// Compares the digest that runs with the one that the tag has now.
pub(crate) fn look(inquiry: &Inquiry<'_>, runs: &str, resolved: &Record, notes: &mut Notes) {
    let Some(Got::Manifest { digest: Some(now), .. }) = resolved.got() else { return };
    if now == runs || inquiry.by_digest() || resolved.ask.host.role != Role::Origin {
        return;
    }
    // Some runtimes report the digest of the platform's own manifest, which stands in the index.
    let ask = Ask { what: What::Manifest(now.clone()), ..resolved.ask.clone() };
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        return;
    };
    match &record.ended {
        Ended::Got(Got::Manifest { manifest: Some(Manifest::Index(entries)), .. })
            if entries.iter().any(|entry| entry.manifest.digest == runs) => {}
        Ended::Got(_) => {
            notes.evidence.digest_now = Some(now.clone());
            let text = format!("{} points to {now} now, and {runs} runs", inquiry.wanted);
            notes.see(Seen::probe(Kind::TagMoved, resolved, text));
        }
        Ended::Refused { .. } => notes.unasked.push("what the tag points to could not be read".to_owned()),
        Ended::NotAsked(_) => notes.unasked.extend(not_asked(record)),
    }
}
