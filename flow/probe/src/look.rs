//! Everything that a case and its transcript show, and what to ask next.

use pullmedic_model::probe::{Record, Role};

use crate::inquiry::Inquiry;
use crate::replay::{Reach, Replay, reach, replay};
use crate::seen::{Notes, Seen, absent, content, login, outcome, route, secret, with_login};
use crate::table::{Family, Kind};
use crate::testimony::{Ground, Testimony};

/// What a case and its transcript show.
pub(crate) struct Looked<'a> {
    pub(crate) inquiry: Inquiry<'a>,
    pub(crate) replay: Replay<'a>,
    /// How far what was asked is comparable with the words.
    pub(crate) reach: Reach,
    /// What the verdict is about: the words, or what stands in for them.
    pub(crate) testimony: Option<Testimony>,
    /// The refusal that stands for it.
    pub(crate) base: Option<&'a Record>,
    pub(crate) notes: Notes,
}

/// Looks at everything.
pub(crate) fn look<'a>(inquiry: Inquiry<'a>) -> Looked<'a> {
    let mut notes = Notes::default();
    secret::look(&inquiry, &mut notes);
    if is_settled_by_words(&inquiry) {
        route::look(&inquiry, &[], &mut notes);
        let replay = Replay {
            reach: Reach::Unasked(String::new()),
            record: None,
            refused: Vec::new(),
            passed: None,
            next: None,
        };
        let reach = replay.reach.clone();
        let testimony = inquiry.words.clone();
        return Looked { inquiry, replay, reach, testimony, base: None, notes };
    }
    let mut replay = replay(&inquiry);
    route::look(&inquiry, &replay.refused, &mut notes);
    if let Some(ask) = replay.next.take() {
        notes.want(ask);
    }
    let mut looked = Looked {
        reach: replay.reach.clone(),
        testimony: inquiry.words.clone(),
        base: None,
        inquiry,
        replay,
        notes,
    };
    if looked.notes.want.is_empty() {
        looked.follow();
    }
    looked
}

/// Whether words leave nothing to ask: their speaker speaks of itself, or of what only a node can see.
fn is_settled_by_words(inquiry: &Inquiry<'_>) -> bool {
    let of_itself = inquiry.case.words.as_ref().is_some_and(|words| words.of_itself);
    let node_only = inquiry.words.as_ref().is_some_and(|words| matches!(words.family, Family::Node(_)));
    (of_itself && !inquiry.history) || node_only || inquiry.reference.is_none()
}

impl<'a> Looked<'a> {
    fn follow(&mut self) {
        if self.reach == Reach::Passed {
            self.read_on();
        }
        match self.reach {
            Reach::Reproduced => {
                self.base = self.base.or(self.replay.record);
                self.behind_a_mirror();
            }
            Reach::Different | Reach::Further | Reach::Stopped if self.inquiry.words.is_none() => {
                self.base = self.base.or_else(|| origin_refusal(&self.replay.refused));
                self.testimony = self.base.and_then(|base| Testimony::of_record(base, Ground::Replay));
            }
            Reach::Different
            | Reach::Further
            | Reach::Stopped
            | Reach::Passed
            | Reach::NotFromHere(_)
            | Reach::Unasked(_) => {}
        }
        if let Some(base) = self.base {
            self.about(base);
        } else {
            self.note_replay();
        }
    }

    /// The manifest was resolved: reads on, as far as the words reach.
    fn read_on(&mut self) {
        let Some(resolved) = self.replay.passed else { return };
        match content::look(&self.inquiry, self.inquiry.words.as_ref(), resolved, &mut self.notes) {
            content::End::Open => self.reach = Reach::Unasked(self.notes.unasked.join("; ")),
            content::End::Whole => self.notes.passed_whole = true,
            content::End::Defect => self.reach = Reach::Reproduced,
            content::End::Refused(record) => {
                self.base = Some(record);
                self.reach = match &self.inquiry.words {
                    Some(words) => reach(&self.inquiry, words, record),
                    None => Reach::Different,
                };
                if self.reach != Reach::Reproduced && self.inquiry.words.is_some() {
                    self.base = None;
                }
            }
        }
        // What was read as a defect stands for itself.
        if self.reach == Reach::Reproduced && self.base.is_none() {
            self.base = Some(resolved);
        }
    }

    /// Rule 14: the words tell of a mirror, and the origin, asked after it, refuses as well. The mirror's fault is one
    /// beside; the runtime would have fallen through to the origin.
    fn behind_a_mirror(&mut self) {
        let Some(base) = self.base.filter(|base| route::is_fault_of_mirror(base)) else { return };
        let origin = self.replay.refused.iter().copied().find(|record| record.ask.host.role == Role::Origin);
        if let Some(origin) = origin.filter(|origin| origin.ask != base.ask) {
            self.testimony = Testimony::of_record(origin, Ground::Origin);
            self.base = Some(origin);
        }
    }

    /// What a refusal is about, and what changes it.
    fn about(&mut self, base: &'a Record) {
        let Some(testimony) = &self.testimony else {
            self.note_replay();
            return;
        };
        let family = testimony.family;
        if base.refused().is_some() {
            let again = if testimony.ground == Ground::Words { "asked again" } else { "asked" };
            let text = format!("{again} {}: {}", with_login(&base.ask), outcome(base));
            self.notes.see(Seen::probe(Kind::Reproduced(family), base, text));
        }
        match family {
            Family::Unauthorized | Family::Denied | Family::OddStatus => {
                absent::marks(&self.inquiry, base, &mut self.notes);
                login::look(&self.inquiry, base, family, &mut self.notes);
            }
            Family::Absent => {
                absent::marks(&self.inquiry, base, &mut self.notes);
                absent::look(&self.inquiry, base, &mut self.notes);
            }
            Family::ServerError
            | Family::NotARegistry
            | Family::Limited
            | Family::Blocked
            | Family::BlobAbsent
            | Family::Content
            | Family::Platform
            | Family::Reset
            | Family::AnswerTimeout => absent::marks(&self.inquiry, base, &mut self.notes),
            Family::Name
            | Family::Refused
            | Family::Unreachable
            | Family::ConnectTimeout
            | Family::TlsTimeout
            | Family::Authority
            | Family::Hostname
            | Family::Expired
            | Family::Handshake
            | Family::ClientCertificate
            | Family::PlainHttp
            | Family::Proxy
            | Family::ManifestKind
            | Family::Node(_) => {}
        }
    }

    /// What was seen where nothing was reproduced.
    fn note_replay(&mut self) {
        if let Some(record) = self.replay.record {
            let text = format!("asked again {}: {}", with_login(&record.ask), outcome(record));
            self.notes.see(Seen::probe(Kind::Unsettled, record, text));
        }
    }
}

/// The refusal of the origin; where the route has none, the last of the mirrors'.
fn origin_refusal<'a>(refused: &[&'a Record]) -> Option<&'a Record> {
    let origin = refused.iter().copied().find(|record| record.ask.host.role == Role::Origin);
    origin.or_else(|| refused.last().copied())
}
