//! The custom resources of the group `pullmedic.dev`, as plain data: no client, no cluster.
//!
//! - [`PullIncident`]: an incident as one namespace sees it, for those who may read pods there.
//! - [`ClusterPullIncident`]: the same incident as a whole, with nothing of any namespace in it.
//! - [`pull_incident`], [`cluster_pull_incident`]: an [`Incident`](crate::Incident) written as these; [`restored`] is the way
//!   back, for a controller that takes over.
//! - [`RegistryProfile`], [`Profile`]: what those who run the cluster say about a registry, and the same once checked.
//! - [`Metadata`], [`Labels`](Metadata::labels): what the objects are called and found by.
//!
//! `cargo xtask documents` writes the definitions in `deploy/crds/` from these types. Absent fields are left out, never
//! null, because server-side apply takes a field that is left out away again.

mod incident;
mod parts;
mod profile;
mod restore;
mod schema;
mod size;
mod text;
mod write;

pub use incident::{ClusterPullIncident, ClusterStatus, Metadata, PullIncident, Status};
pub use parts::{
    Condition, ConditionStatus, Evidence, Fix, OwnerName, TimelineEntry, Times, Verdict, WaitingContainer,
    WhyNot,
};
pub use profile::{BadProfile, HostPattern, Mirror, Profile, RateBudget, Realm, RegistryProfile, Spec};
pub use restore::{of_one_namespace, restored};
pub use size::OBJECT_CAP;
pub use write::{CAUSE_LABEL, MANAGED_BY_LABEL, PHASE_LABEL, cluster_pull_incident, pull_incident};

/// The API group.
pub const GROUP: &str = "pullmedic.dev";
/// Its version.
pub const VERSION: &str = "v1alpha1";
/// Group and version, as objects write them.
pub const API_VERSION: &str = "pullmedic.dev/v1alpha1";
