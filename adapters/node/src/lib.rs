//! The view of a node, read from a copy of its `/etc`: which hosts its runtime asks for an image, what it trusts there,
//! and what is wrong with the files that say so.
//!
//! Nothing is dialled and nothing outside the copy is read. All files are read once, by [`read`]; [`View::route`] and
//! [`View::trusts`] answer from memory. containerd 1.6 to 2.x is followed release by release, from its source; CRI-O
//! and Docker are refused by name.
//!
//! - `copy`: the folder, its caps, and links that lead out of it.
//! - `behaviour`: what differs between containerd's releases.
//! - `config`: `config.toml`, its versions and imports.
//! - `hosts_file`, `directory`: one `hosts.toml`, and the folder it stands in with certificates of Docker's layout.
//! - `mirrors`: the old `mirrors` and `configs` tables.
//! - `correction`: a file as it should be, where that is certain.
//! - `address`: addresses and durations as Go reads them.
//! - `assumed`: the route when no file of the node is known.

mod address;
mod assumed;
mod behaviour;
mod config;
mod copy;
mod correction;
mod directory;
mod fields;
mod hosts_file;
mod mirrors;
mod trust;
mod view;

pub use assumed::assumed_route;
pub use trust::{NodeLogin, TrustFiles};
pub use view::{View, ViewError, read};
