//! Black-box runs of the binary where it proves: `diagnose`, `probe` and transcripts, against registries and a cluster on
//! loopback.
//!
//! - `controller`: `pullmedic controller`, against an API server of the test kit.
//! - `stage`: registries, a cluster and a folder, and the binary between them. `world`: the scripted API server.
//! - `words`: what the node's runtime says.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod canaries;
mod controller;
mod dials;
mod faults;
mod figures;
mod hand;
mod lockout;
mod once;
mod patches;
mod recall;
mod rights;
mod stage;
mod words;
mod world;
