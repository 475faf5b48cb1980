//! The envelope of a message: which part speaks, which bytes are names, and what request failed.

use std::ops::Range;

use memchr::memmem;
use pullmedic_model::Stage;

use crate::anchor::Anchor;
use crate::name;
use crate::rule::Request;
use crate::status;
use crate::words::Hit;

/// Attempts read of a list: the kubelet makes one for each credential, and prints each different error once.
const MOST_ATTEMPTS: usize = 6;

/// Brackets tried as the opening of a list. A real message has one list; each try looks through the rest of
/// the text.
const MOST_LISTS: usize = 4;

/// Image names read of a message. A message speaks of one image, spelled two or three ways.
const MOST_IMAGES: usize = 8;

/// An image name: where it stands, and its tag or digest where that stands apart (`reading manifest TAG in
/// REPOSITORY`).
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) name: Range<usize>,
    pub(crate) version: Option<Range<usize>>,
}

/// Something the failing side spoke to.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    /// The host of a request's URL.
    Url { host: Range<usize>, end: usize, request: Request, mirror: bool },
    /// A name that was looked up.
    Lookup(Range<usize>),
    /// An address that was dialled.
    Dial(Range<usize>),
    /// A registry named without a URL.
    Host(Range<usize>),
}

/// What the grammar found. Positions are in the plain text.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    /// The parts that speak, the decisive one first: several when the message lists several attempts.
    pub(crate) attempts: Vec<Range<usize>>,
    /// What mirrors said before the origin spoke.
    pub(crate) mirrors: Option<Range<usize>>,
    /// Bytes that never vote, sorted and apart.
    pub(crate) blanks: Vec<Range<usize>>,
    pub(crate) images: Vec<Image>,
    /// Whether a name that is not a whole image name asks for a digest.
    pub(crate) digest: bool,
    pub(crate) peers: Vec<Peer>,
    pub(crate) statuses: Vec<(usize, u16)>,
    /// Where a request's URL is followed by the bare text of a status.
    pub(crate) bare_status: Option<usize>,
    pub(crate) stages: Vec<(usize, Stage)>,
    /// Whether the pull is that of the pause image.
    pub(crate) sandbox: bool,
    /// Whether a pull or an image is spoken of at all.
    pub(crate) pull: bool,
}

/// Reads the envelope of `text`, whose words are `hits`; `image` is the image the caller knows of.
pub(crate) fn read(text: &[u8], hits: &[Hit], image: Option<&[u8]>) -> Envelope {
    let mut envelope = Envelope::default();
    let mut reader = Reader {
        text,
        envelope: &mut envelope,
        blanked: 0,
        statuses: Vec::new(),
        whole: 0..text.len(),
        lists: 0,
        sandbox: false,
        pull: false,
        pause: false,
    };
    if text.first() == Some(&b'[') {
        reader.list(1);
    }
    for hit in hits {
        if let Some(anchor) = hit.anchor()
            && reader.blanked <= hit.start as usize
        {
            reader.step(anchor, hit.start as usize, hit.end as usize);
        }
    }
    reader.finish(image);
    envelope
}

struct Reader<'a> {
    text: &'a [u8],
    envelope: &'a mut Envelope,
    /// Everything before is read; an anchor that starts earlier stands inside a name.
    blanked: usize,
    /// Where a status may follow.
    statuses: Vec<usize>,
    /// What is left when the artifact's half and the mirrors' part are cut off.
    whole: Range<usize>,
    /// Lists looked at so far.
    lists: usize,
    sandbox: bool,
    pull: bool,
    pause: bool,
}

impl Reader<'_> {
    fn step(&mut self, anchor: Anchor, start: usize, end: usize) {
        match anchor {
            Anchor::QuotedImage => {
                // The API server quotes an image that begins with white space, since that is what it refuses.
                let end = end + usize::from(self.text.get(end) == Some(&b' '));
                let name = name::token(self.text, end, Some(b'"'));
                self.image(name, None);
            }
            Anchor::QuotedName => {
                let name = name::token(self.text, end, Some(b'"'));
                self.blank(name);
            }
            Anchor::BareImage | Anchor::NamedImage => {
                let name = name::token(self.text, end, None);
                if anchor == Anchor::NamedImage || name::looks_like_image(&self.text[name.clone()]) {
                    self.image(name, None);
                }
            }
            Anchor::ManifestIn => self.manifest_in(end),
            Anchor::Url => self.url(start, end),
            Anchor::Digest => {
                let hex =
                    self.text[end..].iter().take(128).take_while(|byte| byte.is_ascii_alphanumeric()).count();
                self.blank(start..end + hex);
            }
            Anchor::Bracketed => {
                let name = name::token(self.text, end, Some(b']'));
                self.blank(name);
            }
            Anchor::Lookup => {
                let name = name::token(self.text, end, None);
                self.envelope.peers.push(Peer::Lookup(name.clone()));
                self.blank(name);
            }
            Anchor::Dial => {
                let address = name::token(self.text, end, None);
                // `dial tcp: lookup …` has no address; the anchor's blank keeps it out.
                self.envelope.peers.push(Peer::Dial(address.clone()));
                self.blank(address);
            }
            Anchor::Host => {
                let host = name::token(self.text, end, None);
                if !self.text[host.clone()].is_empty()
                    && !self.text[end..].starts_with(b"container ")
                    && !self.text[end..].starts_with(b"docker ")
                {
                    self.envelope.peers.push(Peer::Host(host.clone()));
                    self.blank(host);
                }
            }
            Anchor::Status => self.statuses.push(end),
            Anchor::StatusWords(status) => self.envelope.statuses.push((start, status)),
            Anchor::BareName => {
                let name = name::token(self.text, end, None);
                self.envelope.digest |= name::by_digest(&self.text[name.clone()]);
                self.blank(name);
            }
            Anchor::List => self.list(end),
            Anchor::Mirrors => self.mirrors(end),
            Anchor::Artifact => {
                if start < self.whole.end {
                    self.whole.end = start;
                }
            }
            Anchor::PauseImage => self.pause = true,
            Anchor::Sandbox => self.sandbox = true,
            Anchor::Pull => self.pull = true,
            Anchor::At(stage) => self.envelope.stages.push((start, stage)),
        }
    }

    fn blank(&mut self, span: Range<usize>) {
        if !span.is_empty() {
            self.blanked = self.blanked.max(span.end);
            self.envelope.blanks.push(span);
        }
    }

    fn image(&mut self, name: Range<usize>, version: Option<Range<usize>>) {
        if name.is_empty() {
            return;
        }
        self.blank(name.clone());
        if let Some(version) = &version {
            self.blank(version.clone());
        }
        if self.envelope.images.len() < MOST_IMAGES {
            self.envelope.images.push(Image { name, version });
        }
    }

    /// `reading manifest TAG in REPOSITORY: …`; newer texts name the repository only.
    fn manifest_in(&mut self, from: usize) {
        let version = name::token(self.text, from, None);
        match self.text[version.end..].strip_prefix(b" in ") {
            Some(rest) => {
                let repository = name::token(self.text, self.text.len() - rest.len(), None);
                self.image(repository, Some(version));
            }
            None => self.blank(version),
        }
    }

    fn url(&mut self, colon: usize, authority: usize) {
        let url = name::url(self.text, self.blanked.min(colon), colon, authority);
        if url.is_image {
            self.image(authority..url.span.end, None);
            return;
        }
        if let Some(request) = url.request {
            if status::bare(&self.text[url.span.end..]) {
                self.envelope.bare_status = Some(url.span.end);
            }
            self.envelope.peers.push(Peer::Url {
                host: url.host,
                end: url.span.end,
                request,
                mirror: url.mirror,
            });
        }
        self.blank(url.span);
    }

    /// `[err1, err2]`: the kubelet's attempts with one credential each, the first one first.
    fn list(&mut self, from: usize) {
        if !self.envelope.attempts.is_empty() || self.lists == MOST_LISTS {
            return;
        }
        self.lists += 1;
        let from = from + self.text[from..].iter().take_while(|&&byte| byte == b' ').count();
        let members = &self.text[from..];
        // Members of one list begin alike: all come from the same call.
        let mut opening = [b','; 18];
        opening[1] = b' ';
        let length = members.len().min(opening.len() - 2);
        opening[2..2 + length].copy_from_slice(&members[..length]);
        if length < opening.len() - 2 || !members[..length].contains(&b' ') || members.starts_with(b"[") {
            return;
        }
        let rpc: &[u8] = b", rpc error: code";
        let mut starts = vec![from];
        let mut cuts = Vec::new();
        let mut at = 0;
        let (same, rpc_error) = (memmem::Finder::new(&opening[..]), memmem::Finder::new(rpc));
        while starts.len() < MOST_ATTEMPTS {
            let next = match (same.find(&members[at..]), rpc_error.find(&members[at..])) {
                (Some(a), Some(b)) => a.min(b),
                (Some(a), None) | (None, Some(a)) => a,
                (None, None) => break,
            };
            cuts.push(from + at + next);
            starts.push(from + at + next + 2);
            at += next + 2;
        }
        if starts.len() < 2 {
            return;
        }
        cuts.push(self.text.len());
        self.envelope.attempts = starts.into_iter().zip(cuts).map(|(start, end)| start..end).collect();
    }

    /// `(Mirrors also failed: [REF: err] [REF: err]): REF: err`: the origin's own error is the last.
    fn mirrors(&mut self, from: usize) {
        if let Some(close) = memmem::find(&self.text[from..], b"]): ") {
            self.envelope.mirrors = Some(from..from + close);
            self.whole.start = from + close + 4;
        }
    }

    fn finish(self, image: Option<&[u8]>) {
        let (text, envelope) = (self.text, self.envelope);
        envelope.sandbox = self.pause || (self.sandbox && self.pull);
        envelope.pull = self.pull || !envelope.images.is_empty();
        let own = envelope.images.iter().filter_map(|image| name::telling_part(&text[image.name.clone()]));
        let mut parts: Vec<&[u8]> = image.and_then(name::telling_part).into_iter().chain(own).collect();
        parts.sort_unstable_by_key(|part| part.len());
        parts.dedup();
        let mut kept: Vec<&[u8]> = Vec::with_capacity(2);
        for part in parts {
            if !kept.iter().any(|shorter| memmem::find(part, shorter).is_some()) {
                kept.push(part);
            }
        }
        let mut found = Vec::new();
        for part in kept {
            everywhere(text, part, &mut found);
        }
        envelope.blanks.append(&mut found);
        envelope.blanks.sort_unstable_by_key(|blank| blank.start);
        merge(&mut envelope.blanks);
        for from in self.statuses {
            if let Some(status) = status::after(text, from, &envelope.blanks) {
                envelope.statuses.push((from, status));
            }
        }
        envelope.statuses.sort_unstable();
        if self.whole.start >= self.whole.end {
            // Cut off before the origin spoke: what the mirrors said is all there is.
            envelope.attempts.push(0..text.len());
        } else if envelope.attempts.is_empty() {
            envelope.attempts.push(self.whole);
        } else {
            for attempt in &mut envelope.attempts {
                if attempt.end > self.whole.end && attempt.start < self.whole.end {
                    attempt.end = self.whole.end;
                }
            }
        }
    }
}

/// Every place where `part` stands as a name of its own, with the name bytes around it.
fn everywhere(text: &[u8], part: &[u8], found: &mut Vec<Range<usize>>) {
    let mut floor = 0;
    for at in memmem::find_iter(text, part) {
        let end = at + part.len();
        if at < floor
            || (at > 0 && text[at - 1].is_ascii_alphanumeric())
            || text.get(end).is_some_and(u8::is_ascii_alphanumeric)
        {
            continue;
        }
        let start = text[floor..at]
            .iter()
            .rposition(|&byte| !name::is_name_byte(byte))
            .map_or(floor, |before| floor + before + 1);
        let mut stop =
            end + text[end..].iter().position(|&byte| !name::is_name_byte(byte)).unwrap_or(text.len() - end);
        while stop > end && matches!(text[stop - 1], b':' | b'.') {
            stop -= 1;
        }
        found.push(start..stop);
        floor = stop;
    }
}

fn merge(blanks: &mut Vec<Range<usize>>) {
    blanks.dedup_by(|next, kept| {
        let touches = next.start <= kept.end;
        if touches {
            kept.end = kept.end.max(next.end);
        }
        touches
    });
}
