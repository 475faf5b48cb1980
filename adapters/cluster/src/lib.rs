//! Reads a live cluster, and writes our own objects to it where a [`Writer`] is asked for. All else sends GETs, and the one
//! question about our own rights that takes a POST and changes nothing.
//! Secrets are read by name; listed only on the user's wish.
//!
//! - [`Access`], [`Cluster::connect`]: from a kubeconfig, or from inside a pod, to a client.
//! - [`Cluster`]: one reading of pods and events, their owners, their nodes.
//! - [`Cluster::survey`]: everything that asks for images.
//! - [`Cluster::watch`], [`Change`]: pods and events as they change.
//! - [`Cluster::observe`], [`News`]: for a controller, every kind that matters as it changes, with no list after the start.
//! - [`Cluster::may`]: whether we have a right; [`Cluster::read_owner`], `read_node`, `read_account`: single objects;
//!   [`Cluster::requests`]: how much was asked.
//! - [`Cluster::writer`], [`Writer`], [`WriteTask`]: incidents as custom resources, and events on owners.
//!   [`Cluster::standing`], [`Cluster::registry_profiles`]: what of that stands in the cluster already.
//! - [`Cluster::stand`], [`Leadership`]: which of several replicas writes.
//! - [`ConnectError`], [`ReadError`]: when nothing can be read at all. What can be read in part is an
//!   [`Objects`](pullmedic_model::object::Objects) whose `skipped` names the rest and the right that would buy it.
//!
//! Bodies are taken as text, capped, and decoded by the model, object by object: kube-client's own decoding logs the
//! whole body when it fails (threat 29), and one bad object must not cost the others (threat 17).

mod access;
mod client;
mod cluster;
mod connect_error;
mod counts;
mod credential;
mod failure;
mod identity;
mod in_pod;
mod kubeconfig;
mod lines;
mod list;
mod login;
mod named;
mod near;
mod observe;
mod partial;
mod proxy;
mod read_error;
mod request;
mod resource;
mod rights;
mod secrets;
mod selection;
mod survey;
mod tls;
mod token;
mod watch;
mod write;

pub use access::{Access, Scope};
pub use cluster::Cluster;
pub use connect_error::ConnectError;
pub use counts::ApiCounts;
pub use named::Named;
pub use observe::{Kind, News, Observe};
pub use read_error::ReadError;
pub use secrets::SecretRead;
pub use watch::Change;
pub use write::{
    Candidate, Leadership, LeaseNews, Standing, Terms, Waiting, WriteSettings, WriteTask, Writer, Wrote,
};
