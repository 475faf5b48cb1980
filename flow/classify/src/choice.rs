//! Asks the table what the words of an envelope mean, and puts the answer into a [`Hypothesis`].

use std::ops::Range;

use pullmedic_model::{Cause, Confidence, Hypothesis, Stage};

use crate::envelope::{self, Envelope, Peer};
use crate::name;
use crate::rule::{Depth, Request, Rule};
use crate::text;
use crate::words::{Compiled, Hit, MOST_WORDS, Words};

/// What the caller knows beside the text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The image of the container, as the pod has it; `None` when the caller does not know it. It is kept
    /// from voting, like every image that the text names.
    pub image: Option<&'a str>,
    /// The waiting reason, or the reason of the event; `None` when there is none. It speaks only when the
    /// text does not, and [`SANDBOX_REASON`] makes the verdict that of the pause image.
    pub reason: Option<&'a str>,
}

/// The reason of the kubelet's event for a sandbox that it could not make. With it, the cause that the words
/// name is told as the one inside [`Cause::SandboxImage`]. Without it the innermost error alone speaks, also
/// of a pause image: wrappers do not, by the reading conventions of the vocabulary.
pub const SANDBOX_REASON: &str = "FailedCreatePodSandBox";

/// What the text of a failed pull suggests.
///
/// Any bytes are accepted and none makes it panic. Time is linear in the length, and of a message longer than
/// [`crate::WHOLE`] and [`crate::TAIL`] together only the head and the tail are read. Text without a known
/// cause is [`Cause::Unknown`].
pub fn classify(message: &[u8], context: Context<'_>) -> Hypothesis {
    let text = text::plain(message);
    let words = Words::get();
    let hits = words.find(&text);
    let envelope = envelope::read(&text, &hits, context.image.map(str::as_bytes));
    let wrapped = envelope.sandbox && context.reason == Some(SANDBOX_REASON);
    let reading = Reading { words, text: &text, hits: &hits, envelope: &envelope, wrapped };
    let mut decided = None;
    let mut also = Vec::new();
    for attempt in &envelope.attempts {
        if let Some(choice) = reading.choose(attempt) {
            match &decided {
                None => decided = Some((choice, attempt.clone())),
                Some((first, _)) => further(first.rule, choice.rule, &mut also),
            }
        }
    }
    if let Some(choice) = envelope.mirrors.as_ref().and_then(|mirrors| reading.choose(mirrors)) {
        match &decided {
            None => decided = Some((choice, 0..text.len())),
            Some((first, _)) => further(first.rule, choice.rule, &mut also),
        }
    }
    let hypothesis = match decided {
        Some((choice, span)) => reading.hypothesis(&choice, &span, also),
        None => reading.undecided(),
    };
    match context.reason {
        Some(reason) if hypothesis.rule.is_none() => by_reason(hypothesis, reason),
        Some(_) | None => hypothesis,
    }
}

/// A reason beside a text without a known cause: some reasons name the cause themselves.
fn by_reason(silent: Hypothesis, reason: &str) -> Hypothesis {
    let spoken = classify(reason.as_bytes(), Context::default());
    if spoken.rule.is_none() {
        return silent;
    }
    Hypothesis {
        image: silent.image,
        endpoint: silent.endpoint,
        stage: spoken.stage.or(silent.stage),
        ..spoken
    }
}

/// Notes the cause of a further attempt, unless it is only another reading of the first one's words.
fn further(first: &Rule, other: &Rule, also: &mut Vec<Cause>) {
    let cause = other.cause;
    if cause != first.cause
        && cause != Cause::Unknown
        && !first.rivals.contains(&cause)
        && !also.contains(&cause)
    {
        also.push(cause);
    }
}

/// The row that decided, and where its words stand.
struct Choice {
    rule: &'static Rule,
    status: Option<u16>,
    start: usize,
}

pub(crate) struct Reading<'a> {
    pub(crate) words: &'static Words,
    pub(crate) text: &'a [u8],
    pub(crate) hits: &'a [Hit],
    pub(crate) envelope: &'a Envelope,
    /// Whether the cause is told as the one inside [`Cause::SandboxImage`].
    pub(crate) wrapped: bool,
}

/// What a part of the text says beside its words.
struct Facts {
    status: Option<u16>,
    request: Option<Request>,
    mirror: bool,
    digest: bool,
    bare: bool,
    stage: Option<Stage>,
}

impl Reading<'_> {
    /// The row that fits the words of `span` best: the deepest, then the most exact, then the last in the
    /// text.
    fn choose(&self, span: &Range<usize>) -> Option<Choice> {
        let mut seen = [0_u32; MOST_WORDS];
        let mut order: Vec<u16> = Vec::with_capacity(32);
        let mut blanks = self.envelope.blanks.iter().peekable();
        for hit in self.hits {
            let (start, end) = (hit.start as usize, hit.end as usize);
            if hit.anchor().is_some() || start < span.start || end > span.end {
                continue;
            }
            // Hits come by their end, so blanks that end before a hit's longest possible start are done with.
            while blanks.peek().is_some_and(|blank| blank.end + crate::words::LONGEST_WORD <= end) {
                blanks.next();
            }
            if blanks.clone().take_while(|blank| blank.start < end).any(|blank| blank.end > start) {
                continue;
            }
            let slot = &mut seen[usize::from(hit.word)];
            if *slot == 0 {
                order.push(hit.word);
            }
            *slot = hit.end;
        }
        let facts = self.facts(span);
        let mut best: Option<(Depth, u32, u32, &Compiled)> = None;
        let keyed = order.iter().flat_map(|&word| self.words.keyed[usize::from(word)].iter());
        let wordless = self.words.wordless.iter().filter(|_| facts.status.is_some() || facts.bare);
        for &row in keyed.chain(wordless) {
            let row = &self.words.rows[usize::from(row)];
            if let Some((exactness, last)) = fits(row, self.words, &seen, &facts) {
                if row.rule.alone && goes_on(&self.text[last as usize..span.end]) {
                    continue;
                }
                let key = (row.rule.depth, exactness, last);
                if best.as_ref().is_none_or(|&(depth, exactness, at, _)| key > (depth, exactness, at)) {
                    best = Some((key.0, key.1, key.2, row));
                }
            }
        }
        best.map(|(_, _, _, row)| Choice {
            rule: row.rule,
            status: facts.status,
            start: self.start(row, &seen, span),
        })
    }

    fn facts(&self, span: &Range<usize>) -> Facts {
        let last_url = self.envelope.peers.iter().rev().find_map(|peer| match peer {
            Peer::Url { host, request, mirror, .. } if span.contains(&host.start) => {
                Some((*request, *mirror))
            }
            Peer::Url { .. } | Peer::Lookup(_) | Peer::Dial(_) | Peer::Host(_) => None,
        });
        let status =
            self.envelope.statuses.iter().rev().find(|(at, _)| span.contains(at)).map(|&(_, status)| status);
        let named = self.envelope.images.iter().any(|image| match &image.version {
            Some(version) => self.text[version.clone()].starts_with(b"sha256:"),
            None => name::by_digest(&self.text[image.name.clone()]),
        });
        Facts {
            status,
            request: last_url.map(|(request, _)| request),
            mirror: last_url.is_some_and(|(_, mirror)| mirror),
            digest: self.envelope.digest || named,
            bare: self.envelope.bare_status.is_some_and(|at| span.contains(&at)),
            stage: self.stage(span),
        }
    }

    fn hypothesis(&self, choice: &Choice, span: &Range<usize>, also: Vec<Cause>) -> Hypothesis {
        let rule = choice.rule;
        let stage = rule.stage.or_else(|| self.stage(span));
        let inner = self.wrapped.then_some(rule.cause).filter(|&cause| cause != Cause::SandboxImage);
        let cause = if inner.is_some() { Cause::SandboxImage } else { rule.cause };
        Hypothesis {
            cause,
            confidence: rule.confidence,
            rivals: rule.rivals.to_vec(),
            stage,
            endpoint: self.endpoint(stage, rule, span),
            image: self.image(),
            clears: rule.cause.clears(),
            inner,
            status: choice.status,
            also,
            leaf: self.leaf(choice.start, span.end),
            rule: Some(rule.id),
        }
    }

    /// No row knows the text.
    fn undecided(&self) -> Hypothesis {
        let all = 0..self.text.len();
        let span = self.envelope.attempts.first().unwrap_or(&all);
        let stage = self.stage(span);
        let rivals: &[Cause] = match stage {
            Some(Stage::Token) => &[Cause::NoCredentials, Cause::BadCredentials, Cause::RegistryUnavailable],
            Some(Stage::Ping | Stage::Name | Stage::Connect | Stage::Tls) => {
                &[Cause::ConnectTimeout, Cause::Dns, Cause::TlsUnknownAuthority]
            }
            Some(Stage::Manifest) => &[Cause::NoCredentials, Cause::Forbidden, Cause::TagNotFound],
            Some(Stage::Config | Stage::Blob) => {
                &[Cause::ConnectionReset, Cause::ConnectTimeout, Cause::Forbidden]
            }
            Some(Stage::Unpack) => &[Cause::UnpackFailed, Cause::NodeStoreDamaged, Cause::DiskFull],
            // A bare `Back-off pulling image`: what pulls fail of most.
            None if self.envelope.pull && !self.begins() => {
                &[Cause::NoCredentials, Cause::Forbidden, Cause::TagNotFound]
            }
            None => &[],
            Some(
                Stage::Reference
                | Stage::Policy
                | Stage::Secret
                | Stage::Queue
                | Stage::Platform
                | Stage::Sandbox
                | Stage::Start,
            ) => &[],
        };
        Hypothesis {
            cause: if self.envelope.sandbox { Cause::SandboxImage } else { Cause::Unknown },
            confidence: Confidence::Weak,
            rivals: rivals.to_vec(),
            stage,
            endpoint: self.peer(span).and_then(|peer| self.endpoint_at(peer)),
            image: self.image(),
            clears: None,
            inner: self.envelope.sandbox.then_some(Cause::Unknown),
            status: self
                .envelope
                .statuses
                .iter()
                .rev()
                .find(|(at, _)| span.contains(at))
                .map(|&(_, status)| status),
            also: Vec::new(),
            leaf: String::new(),
            rule: None,
        }
    }
}

/// The longest run of letters that is a word.
const LONGEST_SPOKEN: usize = 32;

/// Whether a sentence goes on in `rest`: with a word in lower case, or with any word after a colon, comma or
/// the like. What closes an envelope, and the next event of a pasted list, are no part of it.
fn goes_on(rest: &[u8]) -> bool {
    let gap = rest.iter().take_while(|byte| b" :;,.-(".contains(byte)).count();
    let (gap, next) = rest.split_at(gap);
    let letters = next.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let apart = gap.iter().all(|&byte| byte == b' ') && next.first().is_some_and(u8::is_ascii_uppercase);
    !gap.is_empty() && (2..=LONGEST_SPOKEN).contains(&letters) && !apart
}

/// How exactly a row fits, and where the last of its words ends; `None` when it does not fit.
fn fits(row: &Compiled, words: &Words, seen: &[u32; MOST_WORDS], facts: &Facts) -> Option<(u32, u32)> {
    let rule = row.rule;
    if let Some((first, last)) = rule.status
        && !(first..=last).contains(&facts.status.unwrap_or_default())
    {
        return None;
    }
    if !rule.request.is_empty() && !facts.request.is_some_and(|request| rule.request.contains(&request))
        || rule.mirror.is_some_and(|mirror| mirror != facts.mirror)
        || rule.digest.is_some_and(|digest| digest != facts.digest)
        || rule.bare && !facts.bare
        || rule.within.is_some() && rule.within != facts.stage
        || row.unless.iter().any(|&word| seen[usize::from(word)] != 0)
    {
        return None;
    }
    let (mut exactness, mut last) = (row.conditions, 0);
    for group in &row.groups {
        let found = group.iter().filter(|&&word| seen[usize::from(word)] != 0);
        let longest = found.max_by_key(|&&word| words.lengths[usize::from(word)])?;
        exactness += words.lengths[usize::from(*longest)];
        last = last.max(seen[usize::from(*longest)]);
    }
    Some((exactness, last))
}
