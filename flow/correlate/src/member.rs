//! A container that waits, as long as it does.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::input::{ContainerKey, Judgement, Waits};
use pullmedic_model::incident::{Fingerprint, IncidentId, Sample};
use pullmedic_model::{Cause, Reference};

use crate::agenda::sooner;
use crate::cause::{Of, row};
use crate::key::{self, Reach, Verdict};

/// The longest that a kubelet lets pass between two tries, and a minute for the try:
/// <https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet.go> (`imageBackOffPeriod`, 300 s).
pub(crate) const BACK_OFF: SignedDuration = SignedDuration::from_secs(360);

/// A container that waits.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) waits: Waits,
    /// The image as a reference writes it, so that two spellings are one.
    pub(crate) image: String,
    /// A time after which it is known to have tried in vain.
    pub(crate) tried_at: Timestamp,
    /// What a proof made of it; `None`: only its words are known.
    pub(crate) verdict: Option<Arc<Verdict>>,
    /// Its incident by its words alone.
    pub(crate) by_words: Fingerprint,
    /// Its incident.
    pub(crate) incident: IncidentId,
}

impl Member {
    pub(crate) fn new(waits: &Waits, at: Timestamp, incident: IncidentId) -> Member {
        let image = spelt(&waits.image);
        Member {
            tried_at: tried(waits, at),
            verdict: None,
            by_words: key::group(waits, &image, None, false).0,
            incident,
            image,
            waits: waits.clone(),
        }
    }

    /// The container tells again. Whether its words are others now.
    pub(crate) fn tell(&mut self, waits: &Waits, at: Timestamp) -> bool {
        let words = self.waits.words != waits.words;
        let tried_again = words || waits.next_attempt > self.waits.next_attempt;
        let tried_at = if tried_again && self.waits.next_attempt.is_some() { at } else { tried(waits, at) };
        self.tried_at = self.tried_at.max(tried_at);
        if self.waits.image != waits.image {
            self.image = spelt(&waits.image);
        }
        self.by_words = key::group(waits, &self.image, None, false).0;
        self.waits = waits.clone();
        words
    }

    /// What is held of it: of the proof, else of the words.
    pub(crate) fn judgement(&self) -> &Judgement {
        self.verdict.as_ref().map_or(&self.waits.by_words, |verdict| &verdict.judgement)
    }

    /// Whether what a proof made of it was reached with its pull secrets, and says nothing of it with others.
    pub(crate) fn of_secrets(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| match row(verdict.cause()).of {
            Of::Login | Of::Access | Of::Secret => verdict.judgement.cause != Cause::SandboxImage,
            Of::Endpoint | Of::Limit | Of::Image | Of::Node | Of::Rest => false,
        })
    }

    /// The names under which a proof that answers it may be found, widest first.
    pub(crate) fn answers(&self) -> impl Iterator<Item = Fingerprint> {
        Reach::ALL.into_iter().filter_map(|reach| key::answer(&self.waits, &self.image, reach))
    }

    pub(crate) fn sample(&self) -> Sample {
        let waits = &self.waits;
        Sample {
            owner: waits.owner.clone(),
            pod: waits.pod.clone(),
            container: waits.container.container.clone(),
            kind: waits.container.kind,
            node: waits.node.clone(),
            image: waits.image.clone(),
            since: waits.since,
        }
    }
}

/// The least that is known of its last try: it fails since then, and no back-off is longer.
fn tried(waits: &Waits, at: Timestamp) -> Timestamp {
    let least = sooner(at, BACK_OFF);
    waits.since.map_or(least, |since| since.min(at).max(least))
}

/// An image as a reference writes it; what does not parse, as it is.
pub(crate) fn spelt(image: &str) -> String {
    Reference::parse(image).map_or_else(|_| image.to_owned(), |reference| reference.to_string())
}

/// All containers of a pod lie from here on, in the order of their keys.
pub(crate) fn first_of_pod(namespace: &str, pod: &str) -> ContainerKey {
    ContainerKey {
        namespace: namespace.to_owned(),
        pod: pod.to_owned(),
        container: String::new(),
        kind: pullmedic_model::object::ContainerKind::Main,
    }
}
