//! What is observed, and which part of it.

use pullmedic_model::object::{self, WorkloadKind};

use crate::resource::{ACCOUNTS, EVENTS, NODES, PODS, Resource, owner};

/// One kind of what is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Pods.
    Pod,
    /// Events on pods, but for the commonest that say nothing of an image.
    PodEvent,
    /// `FailedCreate` events on whatever makes pods: it is refused one.
    OwnerEvent,
    /// Nodes: metadata only, as all that follow.
    Node,
    /// ServiceAccounts.
    ServiceAccount,
    /// ReplicaSets.
    ReplicaSet,
    /// Deployments.
    Deployment,
    /// StatefulSets.
    StatefulSet,
    /// DaemonSets.
    DaemonSet,
    /// Jobs.
    Job,
    /// CronJobs.
    CronJob,
}

/// What is sent of each object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Metadata,
}

/// Events on pods. A field selector knows no "or", so what is of no interest is left out by name: what pods tell
/// most, and what tells nothing of an image. Reasons are those of
/// <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/events/event.go> and of the scheduler.
const ON_PODS: &str = "involvedObject.kind=Pod,reason!=Scheduled,reason!=Created,reason!=Started,reason!=Killing,\
    reason!=Unhealthy,reason!=FailedScheduling,reason!=FailedMount,reason!=FailedAttachVolume,\
    reason!=SuccessfulAttachVolume,reason!=NotTriggerScaleUp,reason!=TriggeredScaleUp,reason!=TaintManagerEviction";

/// Events on owners: that they were refused a pod is all that is read of them.
const ON_OWNERS: &str = "involvedObject.kind!=Pod,reason=FailedCreate";

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 11] = [
        Kind::Pod,
        Kind::PodEvent,
        Kind::OwnerEvent,
        Kind::Node,
        Kind::ServiceAccount,
        Kind::ReplicaSet,
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::Job,
        Kind::CronJob,
    ];

    /// The name that Kubernetes has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Pod => "Pod",
            Kind::PodEvent | Kind::OwnerEvent => "Event",
            Kind::Node => "Node",
            Kind::ServiceAccount => "ServiceAccount",
            Kind::ReplicaSet => "ReplicaSet",
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
            Kind::DaemonSet => "DaemonSet",
            Kind::Job => "Job",
            Kind::CronJob => "CronJob",
        }
    }

    pub(super) fn resource(self) -> Resource {
        match self {
            Kind::Pod => PODS,
            Kind::PodEvent | Kind::OwnerEvent => EVENTS,
            Kind::Node => NODES,
            Kind::ServiceAccount => ACCOUNTS,
            Kind::ReplicaSet => owner(WorkloadKind::ReplicaSet),
            Kind::Deployment => owner(WorkloadKind::Deployment),
            Kind::StatefulSet => owner(WorkloadKind::StatefulSet),
            Kind::DaemonSet => owner(WorkloadKind::DaemonSet),
            Kind::Job => owner(WorkloadKind::Job),
            Kind::CronJob => owner(WorkloadKind::CronJob),
        }
    }

    /// Which of them, as a field selector; `None`: all.
    pub(super) const fn fields(self) -> Option<&'static str> {
        match self {
            Kind::PodEvent => Some(ON_PODS),
            Kind::OwnerEvent => Some(ON_OWNERS),
            Kind::Pod
            | Kind::Node
            | Kind::ServiceAccount
            | Kind::ReplicaSet
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob => None,
        }
    }

    pub(super) const fn part(self) -> Part {
        match self {
            Kind::Pod | Kind::PodEvent | Kind::OwnerEvent => Part::Whole,
            Kind::Node
            | Kind::ServiceAccount
            | Kind::ReplicaSet
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob => Part::Metadata,
        }
    }

    /// Whether the server sends bookmarks of it by and by, and not only at the end of a streaming list. It does so from
    /// its watch cache, which it keeps of everything but events
    /// (<https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubeapiserver/default_storage_factory_builder.go>).
    pub(super) const fn has_bookmarks(self) -> bool {
        !matches!(self, Kind::PodEvent | Kind::OwnerEvent)
    }

    /// Whether there is one list of them for the whole cluster and none a namespace.
    pub(super) const fn is_of_cluster(self) -> bool {
        matches!(self, Kind::Node)
    }

    /// As the model's decoder names it.
    pub(super) fn decoded(self) -> object::Kind {
        object::Kind { api_version: self.resource().api_version.to_owned(), kind: self.name().to_owned() }
    }
}
