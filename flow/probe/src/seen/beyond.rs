//! Past a mirror whose content is found wanting (rule 14): whether the origin alone would do. A runtime takes what the first
//! host of its list resolves, so that an old or damaged copy at a mirror fails a pull that the origin would serve.

use pullmedic_model::probe::{Ended, Record, Role};

use super::content::{self, End};
use super::{Notes, Seen, outcome, with_login};
use crate::inquiry::{Inquiry, not_asked};
use crate::table::Kind;
use crate::testimony::Testimony;

/// Looks at the origin where a mirror resolved the image and a defect was read there. Gives back the origin's own record
/// where it has the same fault: then the fault is the origin's, and it is proven there.
pub(crate) fn look<'a>(
    inquiry: &Inquiry<'a>,
    words: Option<&Testimony>,
    at_mirror: &Record,
    notes: &mut Notes,
) -> Option<&'a Record> {
    let is_mirror = matches!(at_mirror.ask.host.role, Role::Mirror(_));
    if !is_mirror || !notes.seen.iter().any(|seen| is_defect(seen.kind)) {
        return None;
    }
    let mirror = &at_mirror.ask.host.endpoint;
    let Some(origin) = inquiry.origin() else {
        only_seen_at(notes, format!("{mirror} is a mirror, and the node's files leave the origin out"));
        return None;
    };
    let host = &origin.endpoint;
    let login = at_mirror.ask.login.as_ref().or_else(|| inquiry.identities.iter().flatten().next());
    let ask = inquiry.unchanged(origin, login);
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        only_seen_at(notes, format!("{mirror} is a mirror, and {host} was not asked"));
        return None;
    };
    if let Ended::NotAsked(_) = &record.ended {
        notes.unasked.extend(not_asked(record));
    }
    let met = || format!("{host}, asked {} in the mirror's place: {}", with_login(&ask), outcome(record));
    if record.got().is_none() {
        notes.see(Seen::probe(Kind::Unsettled, record, met()));
        only_seen_at(notes, format!("{mirror} is a mirror, and what {host} has could not be seen"));
        return None;
    }
    let mut own = Notes::default();
    match content::look(inquiry, words, record, &mut own) {
        End::Whole => {
            let text = format!("{}, and it is whole there, as far as the words reach", met());
            notes.see(Seen::probe(Kind::OriginAlonePasses, record, text));
            None
        }
        End::Defect => {
            notes.seen.retain(|seen| !is_defect(seen.kind));
            notes.seen.extend(own.seen);
            notes.evidence.platforms = own.evidence.platforms;
            notes.evidence.wanted = own.evidence.wanted;
            notes.evidence.damaged = own.evidence.damaged;
            Some(record)
        }
        End::Open | End::Refused(_) => {
            if notes.want.is_empty() {
                notes.want = own.want;
            }
            notes.unasked.extend(own.unasked);
            notes.see(Seen::probe(Kind::Unsettled, record, met()));
            only_seen_at(notes, format!("{mirror} is a mirror, and {host} was not read to the end"));
            None
        }
    }
}

fn only_seen_at(notes: &mut Notes, why: String) {
    notes.doubt.get_or_insert(why);
}

/// A defect of what was read, as it is at one host.
const fn is_defect(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::PlatformNotInIndex
            | Kind::ConfigForOtherPlatform
            | Kind::NotAnImage
            | Kind::BlobGone
            | Kind::BlobDamaged
    )
}
