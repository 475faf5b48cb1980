//! The playground: registries that fail and an API server on loopback, broken workloads in it, and what the product says of
//! each, asked once (`diagnose`) and watching (`controller`, `incidents`).
//!
//! Simulated are the API server, the kubelet and its words, and the name server. Real are the registries, their TLS, logins
//! and tokens, every request, every verdict, and the controller: the product runs its own command lines, and is given what
//! a live cluster would have given it, and no more.
//!
//! - [`play()`]: one run, from the registries' start to the [`Played`] comparison. [`Command`]: the command line.
//! - `registries`: who listens and what goes wrong there. `workloads`: the table of broken workloads, what was injected
//!   into each and what must be said of it. `words`: what the node's runtime says of each fault.
//! - `cluster`: the workloads as objects of Kubernetes. `api`: the server that holds them, the controller's rights in it,
//!   the stand-in for a kubelet, and the audit. `node`: the node's `/etc`, in a folder of the run.
//! - `product`: the product's command lines in threads, and how a controller is ended.
//! - `comparison`: injected against said. `told`: the pages; `keep`: what to try by hand.

mod api;
mod cluster;
mod command;
mod comparison;
mod keep;
mod node;
mod play;
mod product;
mod registries;
mod told;
mod words;
mod workloads;

pub use api::Audit;
pub use command::{Command, run};
pub use comparison::{Answer, Judgement, Row, Said};
pub use play::{Healed, Pages, Played, play};
pub use told::{write_json, write_text};
