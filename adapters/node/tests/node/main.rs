//! Copies of a node's `/etc`, and what containerd of each release makes of them.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

mod config;
mod fixture;
mod hostile;
mod hosts_toml;
mod view;
