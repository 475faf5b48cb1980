//! `pullmedic check` as a black box: the binary against registries and an API server on loopback.
//!
//! - `support`: how it is run. `cluster`: an API server that answers GETs from a list of objects.
//! - `manifests`: what is read, and where it stands. `pulls`: what is said of an image. `live`: of a cluster.
//! - `hostile`: bad input, budgets, and credentials that nobody may see.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod cluster;
mod hostile;
mod live;
mod manifests;
mod pulls;
mod support;
