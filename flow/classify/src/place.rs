//! Where an error stands: its stage, the host that it speaks of, the image, and its innermost words.

use std::ops::Range;

use pullmedic_model::{Cause, Endpoint, Stage};

use crate::choice::Reading;
use crate::envelope::Peer;
use crate::name;
use crate::rule::{Request, Rule};
use crate::words::{Compiled, MOST_WORDS};

/// The longest leaf, in bytes.
const LONGEST_LEAF: usize = 400;

impl Reading<'_> {
    /// Where the leaf begins: after the request that failed, else at the `: `-parted piece that holds the
    /// deciding words. Of a row with several words the last one decides.
    pub(crate) fn start(&self, row: &Compiled, seen: &[u32; MOST_WORDS], span: &Range<usize>) -> usize {
        let worded = row.groups.last().and_then(|group| {
            let ends =
                group.iter().map(|&word| (seen[usize::from(word)], self.words.lengths[usize::from(word)]));
            ends.filter(|&(end, _)| end != 0).map(|(end, length)| (end - length) as usize).max()
        });
        let mut statuses = self.envelope.statuses.iter().filter(|(at, _)| span.contains(at));
        // A status may be found twice, by the words before it and by its own; the former read better.
        let status = statuses.clone().next_back().and_then(|last| statuses.find(|first| first.1 == last.1));
        let status = status.map(|&(at, _)| at);
        let bare = self.envelope.bare_status.filter(|at| span.contains(at));
        let Some(at) = worded.or(bare).or(status) else { return span.start };
        let requested = self.envelope.peers.iter().rev().find_map(|peer| match peer {
            Peer::Url { end, .. } => (span.start <= *end && *end <= at).then_some(*end),
            Peer::Lookup(_) | Peer::Dial(_) | Peer::Host(_) => None,
        });
        let window = at.saturating_sub(LONGEST_LEAF / 2).max(span.start);
        let piece = memchr::memmem::rfind(&self.text[window..at], b": ").map(|colon| window + colon + 2);
        let piece = piece.unwrap_or(if window == span.start { window } else { at });
        match requested {
            Some(end) if at - end < LONGEST_LEAF / 2 => {
                end + self.text[end..at].iter().take_while(|byte| matches!(byte, b'"' | b':' | b' ')).count()
            }
            Some(_) | None => piece,
        }
    }

    /// The stage that the envelope names: that of the failing request, else the last that the words name.
    pub(crate) fn stage(&self, span: &Range<usize>) -> Option<Stage> {
        let worded =
            self.envelope.stages.iter().rev().find(|(at, _)| span.contains(at)).map(|&(_, stage)| stage);
        let requested = self.envelope.peers.iter().rev().find_map(|peer| match peer {
            Peer::Url { host, request, .. } if span.contains(&host.start) => match request {
                Request::Ping => Some(Stage::Ping),
                Request::Token => Some(Stage::Token),
                // The manifest of a platform is fetched like a blob, and its URL tells them apart.
                Request::Manifest => Some(Stage::Manifest),
                Request::Blob => Some(Stage::Blob),
                Request::Other => None,
            },
            Peer::Url { .. } | Peer::Lookup(_) | Peer::Dial(_) | Peer::Host(_) => None,
        });
        match (requested, worded) {
            // A configuration is a blob to the registry, and what reads it knows better.
            (Some(Stage::Blob), Some(Stage::Config)) => Some(Stage::Config),
            (Some(Stage::Manifest), Some(Stage::Token | Stage::Unpack)) => worded,
            (Some(stage), _) => Some(stage),
            (None, _) => worded,
        }
    }

    /// The host that the failing stage spoke to, if that stage speaks to one.
    pub(crate) fn endpoint(
        &self,
        stage: Option<Stage>,
        rule: &Rule,
        span: &Range<usize>,
    ) -> Option<Endpoint> {
        let stage = stage.unwrap_or(rule.cause.usual_stage());
        match stage {
            Stage::Reference
            | Stage::Policy
            | Stage::Secret
            | Stage::Queue
            | Stage::Unpack
            | Stage::Sandbox
            | Stage::Start => None,
            Stage::Connect | Stage::Name if rule.cause == Cause::Proxy => {
                self.dialled(span).or_else(|| self.peer(span)).and_then(|peer| self.endpoint_at(peer))
            }
            Stage::Name | Stage::Connect | Stage::Tls | Stage::Ping => {
                self.peer(span).and_then(|peer| self.endpoint_at(peer))
            }
            Stage::Token => self.peer(span).and_then(|peer| self.endpoint_at(peer)),
            Stage::Manifest | Stage::Platform | Stage::Config | Stage::Blob => {
                let spoken = self.peer(span).and_then(|peer| self.endpoint_at(peer));
                spoken.or_else(|| self.origin(span))
            }
        }
    }

    /// What was spoken to last: a URL before a bare host, a host before an address.
    pub(crate) fn peer(&self, span: &Range<usize>) -> Option<&Peer> {
        let weight = |peer: &Peer| match peer {
            Peer::Url { .. } => 3,
            Peer::Host(_) => 2,
            Peer::Lookup(_) => 1,
            Peer::Dial(_) => 0,
        };
        let inside = |peer: &&Peer| {
            let (Peer::Url { host: at, .. } | Peer::Host(at) | Peer::Lookup(at) | Peer::Dial(at)) = peer;
            span.contains(&at.start) && self.endpoint_at(peer).is_some()
        };
        self.envelope.peers.iter().filter(inside).max_by_key(|peer| weight(peer))
    }

    /// The address or name that was dialled, where that is the proxy's.
    pub(crate) fn dialled(&self, span: &Range<usize>) -> Option<&Peer> {
        self.envelope.peers.iter().rev().find(|peer| match peer {
            Peer::Dial(at) | Peer::Lookup(at) => span.contains(&at.start) && self.endpoint_at(peer).is_some(),
            Peer::Url { .. } | Peer::Host(_) => false,
        })
    }

    pub(crate) fn endpoint_at(&self, peer: &Peer) -> Option<Endpoint> {
        let (Peer::Url { host: at, .. } | Peer::Host(at) | Peer::Lookup(at) | Peer::Dial(at)) = peer;
        Endpoint::parse(std::str::from_utf8(&self.text[at.clone()]).ok()?).ok()
    }

    /// The host in the name of the image that the words speak of last.
    pub(crate) fn origin(&self, span: &Range<usize>) -> Option<Endpoint> {
        let spoken = self.envelope.images.iter().rev().find(|image| span.contains(&image.name.start));
        let host = name::host(&self.text[spoken?.name.clone()]);
        Endpoint::parse(std::str::from_utf8(host).ok()?).ok()
    }

    /// Whether the text is the kubelet's word that a pull begins, which tells of no failure. Its back-off and
    /// the runtimes' errors have words before these, and a small letter.
    /// <https://github.com/kubernetes/kubernetes/blob/v1.30.0/pkg/kubelet/images/image_manager.go>
    pub(crate) fn begins(&self) -> bool {
        const WORDS: &[u8] = b"Pulling image \"";
        self.envelope.images.last().is_some_and(|image| {
            let before = &self.text[..image.name.start];
            let after = &self.text[image.name.end..];
            (before.ends_with(WORDS) || before.eq_ignore_ascii_case(WORDS)) && matches!(after, b"" | b"\"")
        })
    }

    pub(crate) fn image(&self) -> Option<String> {
        let image = self.envelope.images.first()?;
        let mut name = String::from_utf8_lossy(&self.text[image.name.clone()]).into_owned();
        if let Some(version) = &image.version {
            let version = String::from_utf8_lossy(&self.text[version.clone()]);
            name.push(if version.starts_with("sha256:") { '@' } else { ':' });
            name.push_str(&version);
        }
        Some(name)
    }

    /// The words from `start` on, without what closes the envelope.
    pub(crate) fn leaf(&self, start: usize, end: usize) -> String {
        let words = &self.text[start..end.min(start + LONGEST_LEAF)];
        let words = String::from_utf8_lossy(words);
        words.trim_end_matches(['"', ']', '}', ',', ';', ' ', '\u{fffd}']).to_owned()
    }
}
