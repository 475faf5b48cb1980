//! What a controller tells over HTTP of its own state: `/livez`, `/readyz` and `/metrics`.
//!
//! - [`Server`]: listens, and bounds what a client may cost.
//! - [`Health`]: what decides whether it lives and is ready; [`Condition`] is one part of that.
//! - [`Metrics`]: what is counted, by typed methods; nobody outside chooses the name or the label of a series. `hosts`
//!   keeps the one label that is not from a closed set to a few.

mod answer;
mod health;
mod hosts;
mod metrics;
mod server;

pub use health::{Condition, Health, Standing};
pub use metrics::{HistoryCall, Metrics, ProofOutcome, RequestClass, WriteOutcome};
pub use server::{ConsoleError, Server};
