//! Everything that a case and its transcript show, and what to ask next.

use pullmedic_model::Stage;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::route::Scheme;
use pullmedic_model::probe::{Class, Record, Role, What};

use crate::inquiry::Inquiry;
use crate::replay::{Reach, Replay, reach, replay};
use crate::seen::{
    Notes, Seen, absent, beyond, cache, content, elsewhere, login, moved, outcome, route, secret, with_login,
};
use crate::table::{Family, Kind};
use crate::testimony::{Ground, Testimony};
use crate::twice;

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
    /// What refused while the content was read, whether or not it stands for the words.
    pub(crate) met: Option<&'a Record>,
    pub(crate) notes: Notes,
}

/// Looks at everything.
pub(crate) fn look<'a>(inquiry: Inquiry<'a>) -> Looked<'a> {
    let mut notes = Notes::default();
    secret::look(&inquiry, &mut notes);
    if inquiry.case.kind == ContainerKind::Sandbox && inquiry.case.image.is_empty() {
        let why = "the node's sandbox image is not known, so nothing was asked (--sandbox-image IMAGE)";
        notes.unasked.push(why.to_owned());
    }
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
        return Looked { inquiry, replay, reach, testimony, base: None, met: None, notes };
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
        met: None,
        inquiry,
        replay,
        notes,
    };
    if looked.notes.want.is_empty() {
        if looked.inquiry.is_pulling() {
            looked.note_beside();
        } else {
            looked.follow();
            twice::look(&mut looked);
        }
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
        if let (Some(runs), Some(resolved)) = (self.inquiry.case.runs.as_deref(), self.replay.passed) {
            cache::marks(&self.inquiry, resolved, &mut self.notes);
            moved::look(&self.inquiry, runs, resolved, &mut self.notes);
            return;
        }
        if self.reach == Reach::Passed && !self.passes_plainly() {
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
        let is_reproduced = self.base.is_some() || matches!(self.reach, Reach::NotFromHere(_));
        if let Some(testimony) = self.testimony.as_ref().filter(|_| is_reproduced) {
            elsewhere::look(&self.inquiry, testimony.family, &mut self.notes);
        }
    }

    /// The TLS port answered plainly, as on the node, and plain HTTP, which was allowed, passes: the fault and its repair
    /// in one request.
    fn passes_plainly(&mut self) -> bool {
        let Some(record) = self.replay.passed else { return false };
        let said = self.inquiry.words.as_ref().is_some_and(|words| words.family == Family::PlainHttp);
        let met = record.steps.iter().find(|step| step.failed == Some(Class::PlainHttpOnTlsPort));
        let (true, Some(met), Scheme::Https) = (said, met, record.ask.host.scheme) else { return false };
        let text = format!("{} answers TLS with plain HTTP, and plain HTTP passes", met.endpoint);
        self.notes.see(Seen::probe(Kind::Reproduced(Family::PlainHttp), record, text));
        self.notes.evidence.plain_http_passes = true;
        self.reach = Reach::Reproduced;
        self.base = Some(record);
        true
    }

    /// Plain HTTP where a TLS port answers plainly, when it may be tried.
    fn try_plainly(&mut self, base: &Record) {
        if !matches!(base.refused(), Some((_, _, Class::PlainHttpOnTlsPort))) {
            return;
        }
        let mut ask = base.ask.clone();
        ask.host.scheme = Scheme::Http;
        // A login is not sent in the clear.
        ask.login = None;
        match self.inquiry.record(&ask) {
            None if self.inquiry.allow_plain_http => self.notes.want(ask),
            None => {}
            Some(record) => {
                let text = format!("asked in plain HTTP: {}", outcome(record));
                self.notes.see(Seen::probe(Kind::Unsettled, record, text));
                self.notes.evidence.plain_http_passes = record.got().is_some();
            }
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
                self.met = Some(record);
                self.reach = match &self.inquiry.words {
                    Some(words) => reach(&self.inquiry, words, record),
                    None => Reach::Different,
                };
                if self.reach != Reach::Reproduced && self.inquiry.words.is_some() {
                    self.base = None;
                }
            }
        }
        // What was read as a defect stands for itself, and for words that are not there.
        if self.reach == Reach::Reproduced && self.base.is_none() {
            let words = self.inquiry.words.as_ref();
            self.base = beyond::look(&self.inquiry, words, resolved, &mut self.notes).or(Some(resolved));
            if self.testimony.is_none() {
                self.testimony =
                    self.notes.seen.iter().find_map(of_defect).map(|(family, stage)| Testimony {
                        ground: Ground::Replay,
                        family,
                        classes: Vec::new(),
                        stage: Some(stage),
                        endpoint: self.base.map(|base| base.ask.host.endpoint.clone()),
                        address: None,
                        digests: Vec::new(),
                        fetches: false,
                    });
            }
        }
    }

    /// Rule 14: the words tell of a mirror, and the origin, asked after it, refuses as well. The mirror's fault is one
    /// beside: where the origin answered, the runtime would have fallen through to it.
    fn behind_a_mirror(&mut self) {
        let Some(base) = self.base.filter(|base| base.ask.host.role != Role::Origin) else { return };
        let origin = self.replay.refused.iter().copied().find(|record| record.ask.host.role == Role::Origin);
        if let Some(origin) = origin.filter(|origin| origin.ask != base.ask) {
            let text = format!("mirror {}: {}", base.ask.host.endpoint, outcome(base));
            if !self.notes.has(Kind::MirrorFails) {
                self.notes.see(Seen::probe(Kind::Unsettled, base, text));
            }
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
                cache::marks(&self.inquiry, base, &mut self.notes);
                login::look(&self.inquiry, base, family, &mut self.notes);
            }
            Family::Absent => {
                cache::marks(&self.inquiry, base, &mut self.notes);
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
            | Family::AnswerTimeout => cache::marks(&self.inquiry, base, &mut self.notes),
            Family::PlainHttp => self.try_plainly(base),
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
            | Family::Proxy
            | Family::ManifestKind
            | Family::Node(_) => {}
        }
    }

    /// A pull that was announced and of which nothing came: what a replay meets stands beside, and decides nothing.
    fn note_beside(&mut self) {
        let Some(record) = self.replay.record else { return };
        let host = &record.ask.host.endpoint;
        let asked = with_login(&record.ask);
        let text = match record.refused() {
            Some((_, _, class)) if is_silence(class) => {
                format!("from here {host} does not answer a request either, asked {asked}: {class}")
            }
            Some(_) => format!("from here, asked {asked}: {}", outcome(record)),
            None => format!("from here {host} answers the same request, asked {asked}"),
        };
        self.notes.see(Seen::probe(Kind::Unsettled, record, text));
    }

    /// What the manifest itself was refused with, where the words tell of a part of the image.
    pub(crate) fn met_at_manifest(&self) -> Option<&'a Record> {
        let words = self.inquiry.words.as_ref()?;
        let record = self.met.or(self.replay.record)?;
        let (stage, _, class) = record.refused()?;
        let not_given = matches!(class, Class::Status(404) | Class::NotARegistry);
        let at_manifest = matches!(record.ask.what, What::ManifestHead(_) | What::Manifest(_));
        (words.family == Family::BlobAbsent && stage == Stage::Manifest && not_given && at_manifest)
            .then_some(record)
    }

    /// What the runtime asks first.
    pub(crate) fn first_ask(&self) -> What {
        What::ManifestHead(self.inquiry.wanted.clone())
    }

    /// What was seen where nothing was reproduced.
    fn note_replay(&mut self) {
        if let Some(record) = self.met.or(self.replay.record) {
            let text = format!("asked again {}: {}", with_login(&record.ask), outcome(record));
            self.notes.see(Seen::probe(Kind::Unsettled, record, text));
        }
    }
}

/// Whether nothing came back.
const fn is_silence(class: Class) -> bool {
    matches!(class, Class::ConnectTimeout | Class::TlsTimeout | Class::AnswerTimeout | Class::Stalled)
}

/// The family and stage at which a defect that was read makes a pull fail.
fn of_defect(seen: &Seen) -> Option<(Family, Stage)> {
    match seen.kind {
        Kind::PlatformNotInIndex | Kind::ConfigForOtherPlatform => Some((Family::Platform, Stage::Platform)),
        Kind::NotAnImage => Some((Family::ManifestKind, Stage::Manifest)),
        Kind::BlobGone => Some((Family::BlobAbsent, Stage::Blob)),
        Kind::BlobDamaged => Some((Family::Content, Stage::Blob)),
        Kind::LimitUsedUp => Some((Family::Limited, Stage::Manifest)),
        _ => None,
    }
}

/// The refusal of the origin; where the route has none, the last of the mirrors'.
fn origin_refusal<'a>(refused: &[&'a Record]) -> Option<&'a Record> {
    let origin = refused.iter().copied().find(|record| record.ask.host.role == Role::Origin);
    origin.or_else(|| refused.last().copied())
}
