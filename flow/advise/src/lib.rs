//! Verdicts to graded remedies, as exact changes. Pure.
//!
//! - [`remedies`] answers what to do about a finding, best first, filled in from objects and from what a replay saw.
//! - [`patch_files`] writes the changes of a finding as Kustomize reads them.
//!
//! Inside: `choice` (which remedies a cause has), `image`, `login`, `secret` and `node` (the remedies), `target`, `edit`
//! and `change` (the object a change goes to, the change, and its operations), `anew` (pods made again as they are), `tags` and `near` (what was probably meant), `kustomize`
//! and `write` (how it is written).

mod anew;
mod change;
mod choice;
mod edit;
mod image;
mod kustomize;
mod login;
mod near;
mod node;
mod secret;
mod tags;
mod target;
mod write;

pub use choice::remedies;
pub use kustomize::patch_files;
