//! Reads a live cluster. Sends GETs only and writes nothing. Secrets are read by name; listed only on the user's wish.
//!
//! - [`Access`], [`Cluster::connect`]: from a kubeconfig, or from inside a pod, to a client.
//! - [`Cluster`]: one reading of pods and events, their owners, their nodes.
//! - [`Cluster::survey`]: everything that asks for images.
//! - [`Cluster::watch`], [`Change`]: pods and events as they change.
//! - [`ConnectError`], [`ReadError`]: when nothing can be read at all. What can be read in part is an
//!   [`Objects`](pullmedic_model::object::Objects) whose `skipped` names the rest and the right that would buy it.
//!
//! Bodies are taken as text, capped, and decoded by the model, object by object: kube-client's own decoding logs the
//! whole body when it fails (threat 29), and one bad object must not cost the others (threat 17).

mod access;
mod client;
mod cluster;
mod connect_error;
mod credential;
mod failure;
mod identity;
mod kubeconfig;
mod lines;
mod list;
mod login;
mod near;
mod partial;
mod proxy;
mod read_error;
mod request;
mod resource;
mod secrets;
mod selection;
mod survey;
mod tls;
mod watch;

pub use access::{Access, Scope};
pub use cluster::Cluster;
pub use connect_error::ConnectError;
pub use read_error::ReadError;
pub use secrets::SecretRead;
pub use watch::Change;
