//! A Kubernetes API in one process, for tests, for the playground and for runs at the scale of a large cluster: only
//! the verbs that our client calls, worded as the real server words them, and able to fail as one.
//!
//! - [`ApiServer::start`], [`Options`], [`Running`]: address, kubeconfig, objects, what was asked, faults.
//! - [`User`], [`Rule`]: who a bearer token stands for and what they may; Role and ClusterRole objects count, too.
//! - [`Request`]: one line of the audit log.
//! - [`Population`], [`Crowd`]: the pods of a large cluster, from one that was recorded.
//! - [`Kubelet`], [`Recording`]: pods that wait for an image and run once it can be pulled, in recorded words.
//! - [`When`], [`Then`], [`WatchFault`], [`Refusal`]: what goes wrong.
//!
//! ```
//! use serde_json::json;
//! use testkit_apiserver::{ApiServer, Options, Refusal, Request, Rule, Then, User, When};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let api = ApiServer::start(Options::default()).await?;
//! api.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})).unwrap();
//! api.add_token("ann-token", User::named("ann"));
//! api.set_rules("ann", vec![Rule::on("", &["pods"], &["list", "watch"])]);
//! let kubeconfig = api.kubeconfig("ann-token");
//! // … a client runs with that kubeconfig …
//! api.fault(When::on("watch", "pods").times(1), Then::Refuse(Refusal::too_many(2)));
//! assert_eq!(api.count(Request::lists), 0, "nobody asked yet");
//! api.stop().await;
//! # let _ = kubeconfig;
//! # Ok(())
//! # }
//! ```
//!
//! It speaks HTTP/1.1 without TLS on loopback, and never dials. Where it differs from the real server is listed in
//! its README, which the conformance suite keeps.

mod access;
mod apply;
mod audit;
mod fault;
mod kinds;
mod kubelet;
mod object;
mod population;
mod running;
mod schema;
mod selector;
mod serve;
mod status;
mod store;

pub use access::{Rule, User};
pub use audit::Request;
pub use fault::{FaultId, Then, WatchFault, When};
pub use kubelet::{Kubelet, Kubelets, Recording, Words};
pub use population::{Changes, Crowd, Population, Served, recorded_failures};
pub use running::{ApiServer, Options, Running, Versions, Watches};
pub use status::Refusal;
