//! The playground: registries that fail on loopback, broken workloads held in memory, and the product's verdict on each.
//!
//! Simulated are the cluster's objects and the kubelet's words. Real are the registries, their TLS, logins and tokens,
//! every request, and every verdict: the product is given what a live cluster would have given it, and no more.
//!
//! - [`play`]: one run, from the registries' start to the [`Played`] comparison. [`Command`]: the command line.
//! - `registries`: who listens and what goes wrong there. `workloads`: the table of broken workloads, what was injected
//!   into each and what must be said of it. `words`: what the node's runtime says of each fault.
//! - `cluster`: the workloads as objects of Kubernetes. `node`: the node's `/etc`, in a folder of the run.
//! - `comparison`: injected against said. `told`: the pages; `keep`: what to try by hand.

mod cluster;
mod command;
mod comparison;
mod keep;
mod node;
mod play;
mod registries;
mod told;
mod words;
mod workloads;

pub use command::{Command, run};
pub use comparison::{Judgement, Row};
pub use play::{Played, play};
pub use told::{write_json, write_text};
