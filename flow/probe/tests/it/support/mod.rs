//! A scripted world: a case as a table row, a registry as a closure, and what came of asking it.

mod case;
mod registry;
mod world;

pub(crate) use case::{Build, at, case, host, login, named};
pub(crate) use registry::{Registry, part};
pub(crate) use world::{Run, answered, challenged, got, not_asked, refused, run, run_with, with_header};
