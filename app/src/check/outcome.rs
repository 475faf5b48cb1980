//! What became of an image.

use pullmedic_model::check::Nearest;
use pullmedic_model::{Cause, Certainty, Endpoint};

/// What became of one job.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The judgements; none: all is in order.
    pub(super) said: Vec<Said>,
    /// The host that answered, or was asked in vain.
    pub(super) endpoint: Option<Endpoint>,
    /// The digest that the image has now; `None` when it was not resolved.
    pub(super) digest: Option<String>,
    /// Reads that count as a pull.
    pub(super) metered_pulls: u32,
}

/// One judgement of an image.
#[derive(Debug)]
pub(super) enum Said {
    /// It cannot be pulled as it is asked for.
    Finding { cause: Cause, certainty: Certainty, detail: Option<String>, nearest: Vec<Nearest> },
    /// The tag has moved since these pods pulled it.
    Moved { runs: String, now: String, certainty: Certainty, key: RunsKey },
    /// Something was not checked: what, why, and what would buy it.
    Open(String),
}

/// Which entry of `Job::runs` a judgement is about.
pub(super) type RunsKey = (String, Option<pullmedic_model::probe::manifest::Platform>);
