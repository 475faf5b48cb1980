//! The labels of the series. Every one is of a closed set, but for the registry host, which `hosts` bounds.

use prometheus_client::encoding::EncodeLabelSet;
use pullmedic_model::incident::Event;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
pub(super) struct IncidentLabels {
    pub(super) cause: &'static str,
    pub(super) certainty: &'static str,
    pub(super) phase: &'static str,
    pub(super) scope: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct EventLabel {
    pub(super) event: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) host: String,
    pub(super) class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct HostLabel {
    pub(super) host: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct GuardLabel {
    pub(super) guard: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KindLabel {
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct VerbLabel {
    pub(super) verb: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct WriteLabels {
    pub(super) kind: &'static str,
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CallLabel {
    pub(super) call: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct BuildLabels {
    pub(super) version: String,
}

macro_rules! closed {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $code:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The value of the label.
            pub const fn code(self) -> &'static str {
                match self {
                    $($name::$variant => $code,)*
                }
            }
        }
    };
}

closed! {
    /// What came of a proof.
    ProofOutcome {
        /// The cause was proven.
        Proven "proven",
        /// One cause leads.
        Likely "likely",
        /// More than one is left.
        Undecided "undecided",
        /// The fault no longer stood.
        Over "over",
        /// It could not be run: a right, a budget or an object was missing.
        NotRun "not-run",
    }
}

closed! {
    /// What came of a request to a registry.
    RequestClass {
        /// An answer 1xx or 2xx.
        Success "2xx",
        /// An answer 3xx.
        Redirect "3xx",
        /// An answer 401 or 403.
        Denied "denied",
        /// An answer 404.
        NotFound "404",
        /// An answer 429.
        Limited "429",
        /// Another answer 4xx.
        Client "4xx",
        /// An answer 5xx.
        Server "5xx",
        /// No answer.
        Unanswered "none",
    }
}

impl RequestClass {
    /// The class of an HTTP status; `None` when there was no answer.
    pub const fn of(status: Option<u16>) -> RequestClass {
        match status {
            Some(100..=299) => RequestClass::Success,
            Some(300..=399) => RequestClass::Redirect,
            Some(401 | 403) => RequestClass::Denied,
            Some(404) => RequestClass::NotFound,
            Some(429) => RequestClass::Limited,
            Some(400..=499) => RequestClass::Client,
            Some(_) => RequestClass::Server,
            None => RequestClass::Unanswered,
        }
    }
}

closed! {
    /// What came of a write to the cluster.
    WriteOutcome {
        /// It was written.
        Written "written",
        /// Somebody else had changed it.
        Conflict "conflict",
        /// The right is missing.
        Refused "refused",
        /// The server has no such kind, or not this version of it.
        Unknown "unknown-kind",
        /// No longer the leader: it was not sent.
        Deposed "deposed",
        /// It failed otherwise.
        Failed "failed",
    }
}

closed! {
    /// What was asked of the history.
    HistoryCall {
        /// To keep.
        Keep "keep",
        /// To read.
        Read "read",
        /// To forget.
        Forget "forget",
    }
}

/// The events of incidents, so that each series is there from the start.
pub(super) const EVENTS: [Event; 10] = [
    Event::Seen,
    Event::Opened,
    Event::Judged,
    Event::Proven,
    Event::Split,
    Event::Merged,
    Event::Told,
    Event::Flapped,
    Event::Resolved,
    Event::Reopened,
];

pub(super) const fn event_code(event: Event) -> &'static str {
    match event {
        Event::Seen => "seen",
        Event::Opened => "opened",
        Event::Judged => "judged",
        Event::Proven => "proven",
        Event::Split => "split",
        Event::Merged => "merged",
        Event::Told => "told",
        Event::Flapped => "flapped",
        Event::Resolved => "resolved",
        Event::Reopened => "reopened",
    }
}
