//! What is written to a cluster: incidents, events on owners, and the Lease that says who writes.
//!
//! - `plan`: which objects are to be written, and when; `queue`: which of them next; `judge`: what an answer means;
//!   `owner_event`: what owners are told; `election`: who leads. All of it pure.
//! - `writer`, `lead`: the tasks that send. `stand`: what stands in the cluster already.

mod election;
mod judge;
mod lead;
mod owner_event;
mod plan;
#[cfg(test)]
mod plan_tests;
mod queue;
mod stand;
mod writer;

pub use election::Terms;
pub use lead::{Candidate, Leadership, LeaseNews};
pub use stand::Standing;
pub use writer::{Waiting, WriteSettings, WriteTask, Writer, Wrote};
