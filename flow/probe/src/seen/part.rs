//! The parts of an image: config and layers, asked for by digest.

use pullmedic_model::probe::manifest::Descriptor;
use pullmedic_model::probe::{Ask, Class, Ended, Got, Record, Role, What};

use super::content::End;
use super::{Notes, Seen, outcome};
use crate::inquiry::{Inquiry, not_asked};
use crate::table::Kind;

/// Layers that are asked for where the words name none.
const LAYERS: usize = 8;

/// The first of many parts, and a word on how many were left out.
pub(super) fn some<'a>(
    inquiry: &Inquiry<'a>,
    record: &Record,
    own: &[&Descriptor],
    notes: &mut Notes,
) -> End<'a> {
    let end = parts(inquiry, record, &own[..own.len().min(LAYERS + 1)], notes);
    if own.len() > LAYERS + 1 && matches!(end, End::Whole) {
        notes.unasked.push(format!("{} of the image's {} parts were asked for", LAYERS + 1, own.len()));
        return End::Open;
    }
    end
}

/// `HEAD` of the parts, together.
pub(super) fn parts<'a>(
    inquiry: &Inquiry<'a>,
    record: &Record,
    parts: &[&Descriptor],
    notes: &mut Notes,
) -> End<'a> {
    let mut wants = Vec::new();
    let mut refused = None;
    let mut open = false;
    for part in parts {
        let ask = Ask { what: What::BlobHead(part.digest.clone()), ..record.ask.clone() };
        match inquiry.record(&ask) {
            None if !wants.contains(&ask) => wants.push(ask),
            None => {}
            Some(found) => match &found.ended {
                Ended::Got(_) => {}
                Ended::Refused { class: Class::Status(404), .. } => {
                    return gone(inquiry, found, &part.digest, "a layer or config", notes);
                }
                Ended::Refused { .. } => refused = refused.or(Some(found)),
                Ended::NotAsked(_) => {
                    open = true;
                    notes.unasked.extend(not_asked(found));
                }
            },
        }
    }
    if let Some(found) = refused {
        return End::Refused(found);
    }
    if wants.is_empty() {
        return if open { End::Open } else { End::Whole };
    }
    if notes.want.is_empty() {
        notes.want = wants;
    }
    End::Open
}

/// `GET` of the one part that the words name.
pub(super) fn blob<'a>(
    inquiry: &Inquiry<'a>,
    record: &Record,
    part: &Descriptor,
    notes: &mut Notes,
) -> End<'a> {
    let ask = Ask { what: What::Blob(part.digest.clone()), ..record.ask.clone() };
    let Some(read) = inquiry.record(&ask) else {
        notes.want(ask);
        return End::Open;
    };
    match &read.ended {
        Ended::Got(Got::Blob { whole: Some(false), .. })
        | Ended::Refused { class: Class::WrongContent, .. } => damaged(read, &part.digest, notes),
        Ended::Got(Got::Blob { whole: None, .. }) => {
            notes.unasked.push(format!("{} is past the cap for reading whole", part.digest));
            End::Open
        }
        Ended::Got(_) => End::Whole,
        Ended::Refused { class: Class::Status(404), .. } => {
            gone(inquiry, read, &part.digest, "the part", notes)
        }
        Ended::Refused { .. } => End::Refused(read),
        Ended::NotAsked(_) => {
            notes.unasked.extend(not_asked(read));
            End::Open
        }
    }
}

/// A part is gone when no host of the route has it: the runtime asks all of them, one after the other.
pub(super) fn gone<'a>(
    inquiry: &Inquiry<'_>,
    record: &Record,
    digest: &str,
    what: &str,
    notes: &mut Notes,
) -> End<'a> {
    if let (Role::Mirror(_), Some(origin)) = (record.ask.host.role, inquiry.origin()) {
        let ask = Ask { host: origin.clone(), ..record.ask.clone() };
        match inquiry.record(&ask).map(|record| &record.ended) {
            None => {
                notes.want(ask);
                return End::Open;
            }
            Some(Ended::Refused { class: Class::Status(404), .. }) => {}
            Some(Ended::Got(_)) => return End::Whole,
            Some(Ended::Refused { .. } | Ended::NotAsked(_)) => {
                notes.unasked.push(format!("whether {} has {digest} could not be seen", origin.endpoint));
                return End::Open;
            }
        }
    }
    notes.evidence.damaged = Some(digest.to_owned());
    let text = format!("{what} {digest} is named by the manifest, and asked for it: {}", outcome(record));
    notes.see(Seen::probe(Kind::BlobGone, record, text));
    End::Defect
}

pub(super) fn damaged<'a>(record: &Record, digest: &str, notes: &mut Notes) -> End<'a> {
    notes.evidence.damaged = Some(digest.to_owned());
    let text =
        format!("{digest} was read whole from {}: its bytes have another digest", record.ask.host.endpoint);
    notes.see(Seen::probe(Kind::BlobDamaged, record, text));
    End::Defect
}
