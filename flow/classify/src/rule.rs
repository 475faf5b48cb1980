//! One row of the classify table, and the words that build it.

use pullmedic_model::{Cause, Confidence, Stage};

/// How deep in an error the words of a row usually stand. The deepest row that fits decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// A wrapper: it speaks only when nothing inside it does.
    Frame,
    /// What a server or a library says of a failure, where a more exact reason may follow.
    Said,
    /// The reason itself.
    Reason,
    /// A reason that stands whatever else the text holds: a full disk, a policy, the kubelet's word on
    /// itself.
    Verdict,
    /// The text is not about a pull, whatever its words would mean in one.
    Aside,
}

/// What the failing request asked for, as its URL shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Request {
    /// `/v2/`, or version 1's `/_ping`.
    Ping,
    /// A token service.
    Token,
    /// `…/manifests/…`, or version 1's image list.
    Manifest,
    /// `…/blobs/…`, or the storage a blob is redirected to.
    Blob,
    /// Any other URL that a request was sent to.
    Other,
}

/// One row: words that upstream prints, and the causes they mean.
#[derive(Debug)]
pub struct Rule {
    pub(crate) id: &'static str,
    pub(crate) any: &'static [&'static str],
    pub(crate) words: &'static [&'static str],
    pub(crate) unless: &'static [&'static str],
    pub(crate) status: Option<(u16, u16)>,
    pub(crate) request: &'static [Request],
    pub(crate) mirror: Option<bool>,
    pub(crate) digest: Option<bool>,
    pub(crate) bare: bool,
    pub(crate) alone: bool,
    pub(crate) within: Option<Stage>,
    pub(crate) depth: Depth,
    pub(crate) cause: Cause,
    pub(crate) confidence: Confidence,
    pub(crate) rivals: &'static [Cause],
    pub(crate) stage: Option<Stage>,
    pub(crate) source: &'static str,
}

impl Rule {
    /// A row that fires when every one of `words` stands in the text, whatever their case. A word may hold
    /// alternatives, parted by `|`. Words are never sought inside names, addresses, URLs and digests.
    pub(crate) const fn says(id: &'static str, words: &'static [&'static str]) -> Rule {
        Rule {
            id,
            any: &[],
            words,
            unless: &[],
            status: None,
            request: &[],
            mirror: None,
            digest: None,
            bare: false,
            alone: false,
            within: None,
            depth: Depth::Reason,
            cause: Cause::Unknown,
            confidence: Confidence::Weak,
            rivals: &[],
            stage: None,
            source: "",
        }
    }

    /// A row that fires when one of `any` stands in the text; see [`Rule::says`].
    pub(crate) const fn any(id: &'static str, any: &'static [&'static str]) -> Rule {
        let mut row = Rule::says(id, &[]);
        row.any = any;
        row
    }

    /// A request's URL is followed by nothing but the text of an HTTP status, as Go prints a proxy's answer
    /// to CONNECT.
    pub(crate) const fn bare_status(mut self) -> Rule {
        self.bare = true;
        self
    }

    /// The cause, and no other, prints this.
    pub(crate) const fn certain(mut self, cause: Cause) -> Rule {
        self.cause = cause;
        self.confidence = Confidence::Certain;
        self
    }

    /// The cause leads.
    pub(crate) const fn strong(mut self, cause: Cause) -> Rule {
        self.cause = cause;
        self.confidence = Confidence::Strong;
        self
    }

    /// The cause is a guess.
    pub(crate) const fn weak(mut self, cause: Cause) -> Rule {
        self.cause = cause;
        self.confidence = Confidence::Weak;
        self
    }

    /// The causes the words leave open, best first. With a certain cause: what may stand behind it.
    pub(crate) const fn or(mut self, rivals: &'static [Cause]) -> Rule {
        self.rivals = rivals;
        self
    }

    /// The stage these words name; without it the stage is read off the envelope.
    pub(crate) const fn at(mut self, stage: Stage) -> Rule {
        self.stage = Some(stage);
        self
    }

    /// Where upstream prints it: `owner/repo@tag:path`, `owner/repo#issue` or an address.
    pub(crate) const fn from(mut self, source: &'static str) -> Rule {
        self.source = source;
        self
    }

    /// None of these words may stand in the text.
    pub(crate) const fn unless(mut self, words: &'static [&'static str]) -> Rule {
        self.unless = words;
        self
    }

    /// The HTTP status is this one.
    pub(crate) const fn status(self, status: u16) -> Rule {
        self.statuses(status, status)
    }

    /// The HTTP status lies between these two, both included.
    pub(crate) const fn statuses(mut self, first: u16, last: u16) -> Rule {
        self.status = Some((first, last));
        self
    }

    /// The text names no HTTP status.
    pub(crate) const fn without_status(self) -> Rule {
        self.statuses(0, 0)
    }

    /// The failing request was one of these.
    pub(crate) const fn on(mut self, request: &'static [Request]) -> Rule {
        self.request = request;
        self
    }

    /// The request went to a mirror, as containerd's `?ns=` shows.
    pub(crate) const fn mirrored(mut self) -> Rule {
        self.mirror = Some(true);
        self
    }

    /// The image was asked for by digest.
    pub(crate) const fn by_digest(mut self) -> Rule {
        self.digest = Some(true);
        self
    }

    /// The envelope puts the failure at this stage.
    pub(crate) const fn within(mut self, stage: Stage) -> Rule {
        self.within = Some(stage);
        self
    }

    /// No further words follow the row's own.
    pub(crate) const fn alone(mut self) -> Rule {
        self.alone = true;
        self
    }

    /// A wrapper: see [`Depth::Frame`].
    pub(crate) const fn frame(mut self) -> Rule {
        self.depth = Depth::Frame;
        self
    }

    /// See [`Depth::Said`].
    pub(crate) const fn said(mut self) -> Rule {
        self.depth = Depth::Said;
        self
    }

    /// See [`Depth::Verdict`].
    pub(crate) const fn verdict(mut self) -> Rule {
        self.depth = Depth::Verdict;
        self
    }

    /// See [`Depth::Aside`].
    pub(crate) const fn aside(mut self) -> Rule {
        self.depth = Depth::Aside;
        self
    }

    /// The row's name: family, then what is said.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Words of which one must stand in the text; empty when the row asks for none of that kind.
    pub fn any_words(&self) -> &'static [&'static str] {
        self.any
    }

    /// The words, all of which must stand in the text; alternatives are parted by `|`.
    pub fn words(&self) -> &'static [&'static str] {
        self.words
    }

    /// The words none of which may stand in the text.
    pub fn excluded_words(&self) -> &'static [&'static str] {
        self.unless
    }

    /// The HTTP statuses it needs, first and last; `None` when any or none will do, and `(0, 0)` when the
    /// text may name none.
    pub fn http_status(&self) -> Option<(u16, u16)> {
        self.status
    }

    /// The requests of which the failing one must be; empty when any will do.
    pub fn requests(&self) -> &'static [Request] {
        self.request
    }

    /// How deep the words usually stand.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The cause it means.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// How far the words alone support the cause.
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// The causes left open, best first.
    pub fn rivals(&self) -> &'static [Cause] {
        self.rivals
    }

    /// The stage the words name; `None` when the envelope tells it.
    pub fn stage(&self) -> Option<Stage> {
        self.stage
    }

    /// Where upstream prints the words.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// How much the conditions beside the words add to a row's exactness, in bytes of words.
    pub(crate) fn conditions(&self) -> u32 {
        let conditions = u32::from(self.status.is_some_and(|(first, last)| first == last))
            + u32::from(self.status.is_some())
            + u32::from(!self.request.is_empty())
            + u32::from(self.mirror.is_some())
            + u32::from(self.digest.is_some())
            + u32::from(self.bare)
            + u32::from(self.alone)
            + u32::from(self.within.is_some());
        4 * conditions
    }
}
