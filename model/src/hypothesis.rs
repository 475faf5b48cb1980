//! What a text suggests.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Cause, Clears, Endpoint, Stage};

/// How far a text alone supports its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// A guess.
    Weak,
    /// One cause leads.
    Strong,
    /// No other cause produces this text upstream.
    Certain,
}

impl Confidence {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Confidence::Weak => "weak",
            Confidence::Strong => "strong",
            Confidence::Certain => "certain",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The causes that a text leaves, best first. This is what `pullmedic classify` prints of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hypothesis {
    /// The cause that fits the text best; [`Cause::Unknown`] when no rule knows the text.
    pub cause: Cause,
    /// How far the text alone supports it.
    pub confidence: Confidence,
    /// The other causes that the text leaves open, best first.
    pub rivals: Vec<Cause>,
    /// Where the pull stopped; `None` when the text does not say.
    pub stage: Option<Stage>,
    /// The host and port that the failing stage spoke to; `None` when no word names it.
    pub endpoint: Option<Endpoint>,
    /// The image that the text names; `None` when it names none.
    pub image: Option<String>,
    /// Whether the fault clears by itself; `None` when that depends on the case.
    pub clears: Option<Clears>,
    /// The cause inside [`Cause::SandboxImage`]; `None` for every other cause.
    pub inner: Option<Cause>,
    /// The HTTP status that the text names; `None` when it names none.
    pub status: Option<u16>,
    /// Further faults in the same text (a mirror and its origin fail differently).
    pub also: Vec<Cause>,
    /// The decisive words, cut from the message (its last, innermost error); empty when nothing is known.
    pub leaf: String,
    /// The rule of the classify table that decided; `None` for [`Cause::Unknown`] without a rule.
    pub rule: Option<&'static str>,
}
