//! How long things take: debounce, quiet, reopening, and how much is kept.

use jiff::SignedDuration;
use pullmedic_model::{Cause, Clears};

use crate::cause::{Patience, clears, row};

/// How long an incident is waited for, kept, and asked about, and how many there may be.
///
/// | it clears | open after | resolved when quiet for |
/// |---|---|---|
/// | permanent | at once | [`Settings::settle`] |
/// | depends on the case | [`Settings::debounce_unsure`] | [`Settings::quiet_unsure`] |
/// | transient | [`Settings::debounce_transient`] | [`Settings::quiet_transient`] |
/// | by turns: `local-qps-limited`, `pull-queued`, `pull-cancelled` | [`Settings::debounce_long`] | [`Settings::quiet_transient`] |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a transient fault must last before its incident opens.
    pub debounce_transient: SignedDuration,
    /// The same for a fault that may be either.
    pub debounce_unsure: SignedDuration,
    /// The same for what is normal for some minutes: a queue on the node.
    pub debounce_long: SignedDuration,
    /// How long no container must wait before a transient fault is over, so that flapping is one incident.
    pub quiet_transient: SignedDuration,
    /// The same for a fault that may be either.
    pub quiet_unsure: SignedDuration,
    /// The same for a permanent one: long enough that what happens at one moment is one change.
    pub settle: SignedDuration,
    /// How long a deleted or finished pod with an owner may be followed by another before it counts as gone.
    pub replaced_within: SignedDuration,
    /// How long after it was resolved an incident comes back under its own name; later a new one begins.
    pub reopen_within: SignedDuration,
    /// How long a resolved incident stays here at most; never shorter than `reopen_within`.
    pub forget_after: SignedDuration,
    /// Incidents that are not resolved, at most; what goes beyond is one aggregate a namespace.
    pub most_incidents: usize,
    /// Of these, begun by containers of one namespace.
    pub most_of_namespace: usize,
    /// Resolved incidents kept, at most; the longest resolved goes first.
    pub most_resolved: usize,
    /// Waiting containers kept, at most; what goes beyond is counted only.
    pub most_containers: usize,
    /// Proofs wanted for the sake of one further namespace's remedies, at most for one incident.
    pub most_parts: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            // A kubelet tries again after 10, 20, 40 seconds: a transient fault gets three tries.
            debounce_transient: SignedDuration::from_secs(60),
            debounce_unsure: SignedDuration::from_secs(30),
            debounce_long: SignedDuration::from_mins(5),
            // A kubelet's first tries come 10, 20, 40 and 80 seconds apart, so what flaps among these is one incident. On
            // call nobody should wait for the longest back-off: what comes back later is reopened, and is no new incident.
            quiet_transient: SignedDuration::from_secs(90),
            quiet_unsure: SignedDuration::from_secs(60),
            settle: SignedDuration::from_secs(5),
            // A ReplicaSet makes the next pod within seconds; a Job waits 10 seconds before its first next one.
            replaced_within: SignedDuration::from_secs(30),
            reopen_within: SignedDuration::from_hours(1),
            forget_after: SignedDuration::from_hours(6),
            most_incidents: 2_000,
            most_of_namespace: 100,
            most_resolved: 1_000,
            most_containers: 60_000,
            // With the first one three proofs of some three requests: ten requests for a storm in fifty namespaces.
            most_parts: 2,
        }
    }
}

impl Settings {
    /// How long a fault of this cause must last before its incident opens. `judged` is what words or a proof say of it.
    pub fn debounce(&self, cause: Cause, judged: Option<Clears>) -> SignedDuration {
        match (row(cause).patience, clears(cause, judged)) {
            (Patience::Long, Some(Clears::Permanent)) | (Patience::ByClears, Some(Clears::Permanent)) => {
                SignedDuration::ZERO
            }
            (Patience::Long, Some(Clears::Transient) | None) => self.debounce_long,
            (Patience::ByClears, Some(Clears::Transient)) => self.debounce_transient,
            (Patience::ByClears, None) => self.debounce_unsure,
        }
    }

    /// How long no container must wait before a fault of this cause is over.
    pub fn quiet(&self, cause: Cause, judged: Option<Clears>) -> SignedDuration {
        match clears(cause, judged) {
            Some(Clears::Permanent) => self.settle,
            Some(Clears::Transient) => self.quiet_transient,
            None => self.quiet_unsure,
        }
    }
}
