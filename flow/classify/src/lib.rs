//! A runtime's or kubelet's text to ranked hypotheses.
//!
//! [`classify`] takes the envelope apart (`text`, `anchor`, `envelope`), sets aside every name,
//! address, URL and digest so that they never vote, and asks one table (`table`, its rows are [`Rule`]s)
//! what the words that remain mean (`choice`, `place`).
//!
//! Pure and synchronous: bytes in, a [`Hypothesis`](pullmedic_model::Hypothesis) out; time linear in the
//! input, and the input capped ([`WHOLE`], [`TAIL`]).
//!
//! The text is expected as `pullmedic_model::capture` leaves it, secrets already replaced: nothing is
//! redacted here, and the hypothesis quotes the text (its leaf and image).

mod anchor;
mod choice;
mod envelope;
mod name;
mod place;
mod rule;
mod status;
mod table;
mod text;
mod words;

pub use choice::{Context, SANDBOX_REASON, classify};
pub use rule::{Depth, Request, Rule};
pub use text::{TAIL, WHOLE};

/// Every row of the classify table, family by family.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    table::rows()
}
