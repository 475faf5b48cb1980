//! Verdicts to graded remedies, as exact changes. Pure.
//!
//! - [`remedies`] answers what to do about a finding, best first, filled in from objects and from what a replay saw.
//!
//! Inside: `choice` (which remedies a cause has), `workload` and `node` (the remedies), `target` (the object a change goes
//! to, and how the change is written for it).

mod choice;
mod node;
mod target;
mod workload;

pub use choice::remedies;
