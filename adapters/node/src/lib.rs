//! The view of a node, read from a copy of its `/etc`: which hosts its runtime asks for an image, what it trusts there,
//! and what is wrong with the files that say so.
//!
//! Nothing is dialled and nothing outside the copy is read. All files are read once, by [`read`]; [`View::route`] and
//! [`View::trusts`] answer from memory. containerd 1.6 to 2.x is followed release by release, from its source; CRI-O
//! and Docker are refused by name.
//!
//! - `copy`: the folder, its caps, and links that lead out of it.
//! - `behaviour`: what differs between containerd's releases.
//! - `address`: addresses and durations as Go reads them.
//! - `assumed`: the route when no file of the node is known.

mod address;
mod assumed;
mod behaviour;
mod copy;
mod trust;
mod view;

pub use assumed::assumed_route;
pub use trust::{NodeLogin, TrustFiles};
pub use view::{View, ViewError, read};
