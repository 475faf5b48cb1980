//! What is written to a cluster: incidents, events on owners, and the Lease that says who writes.

mod election;
mod lead;

pub use election::Terms;
pub use lead::{Candidate, Leadership, LeaseNews};
