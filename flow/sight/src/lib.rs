//! A pod's status and events to sightings, and sightings of one cause to findings. Pure: `now` is a value.
//!
//! - [`sightings`] finds every container that waits for an image: status first, events second.
//! - [`findings`] joins sightings of one cause, by the verdict of a replay where there is one, else by what their words
//!   suggest; remedies are `flow/advise`'s, which gets a [`Subject`](pullmedic_model::Subject) beside each finding.
//!
//! Inside: `index` (look-ups over what was read), `pod` and `refused` (where sightings come from), `words` (which event
//! texts are about an image), `backoff` (when the kubelet tries next), `owner`, `managed`, `injected` (around the pod),
//! `group` and `said` (sightings to findings), `verdict` and `sentence` (how sure, and in which words), `subject` (what a remedy
//! needs to know).

mod backoff;
mod group;
mod index;
mod injected;
mod managed;
mod owner;
mod pod;
mod refused;
mod said;
mod sentence;
mod subject;
mod verdict;
mod words;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Sighting;
use pullmedic_model::object::Objects;

pub use group::{Found, Seen, findings};
pub use verdict::speaks_of_itself;

/// How long a `Pulling` may last before it counts as stalled, unless the caller says otherwise. containerd gives up
/// after five minutes without a byte (`image_pull_progress_timeout`), so a healthy slow pull is rarely called stalled.
pub const STALLED_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// What a search for sightings needs beside the objects.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The time of looking; for a recording its newest time. `None`: no pull can be called stalled.
    pub now: Option<Timestamp>,
    /// How long a `Pulling` may last.
    pub stalled_after: SignedDuration,
}

/// Every container that waits for an image, every sandbox that waits for its pause image, and every owner that is
/// refused pods because of an image; in the order of the objects.
pub fn sightings(objects: &Objects, settings: &Settings) -> Vec<Sighting> {
    let index = index::Index::new(objects);
    let mut found = Vec::new();
    for pod in &objects.pods {
        pod::look(pod, &index, settings, &mut found);
    }
    refused::look(objects, &index, &mut found);
    found
}
