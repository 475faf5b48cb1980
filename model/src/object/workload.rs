//! Whatever makes pods: ReplicaSets, Deployments, Jobs and custom owners of the same shape.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::meta::Meta;
use super::pod::{Condition, PodSpec};

/// The kinds of owner that we know by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkloadKind {
    /// `apps/v1`.
    Deployment,
    /// `apps/v1`.
    ReplicaSet,
    /// `apps/v1`.
    StatefulSet,
    /// `apps/v1`.
    DaemonSet,
    /// `batch/v1`.
    Job,
    /// `batch/v1`.
    CronJob,
    /// `v1`.
    ReplicationController,
}

impl WorkloadKind {
    /// Every kind, with API version and plural as a request writes them.
    pub const ALL: [(WorkloadKind, &'static str, &'static str, &'static str); 7] = [
        (WorkloadKind::Deployment, "Deployment", "apps/v1", "deployments"),
        (WorkloadKind::ReplicaSet, "ReplicaSet", "apps/v1", "replicasets"),
        (WorkloadKind::StatefulSet, "StatefulSet", "apps/v1", "statefulsets"),
        (WorkloadKind::DaemonSet, "DaemonSet", "apps/v1", "daemonsets"),
        (WorkloadKind::Job, "Job", "batch/v1", "jobs"),
        (WorkloadKind::CronJob, "CronJob", "batch/v1", "cronjobs"),
        (WorkloadKind::ReplicationController, "ReplicationController", "v1", "replicationcontrollers"),
    ];

    /// The kind of that name; `None` for any other.
    pub fn from_name(name: &str) -> Option<WorkloadKind> {
        WorkloadKind::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// An object that makes pods.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// API version; set by the decoder where a list leaves it out.
    #[serde(default, deserialize_with = "lenient::null")]
    pub api_version: String,
    /// Kind; set by the decoder where a list leaves it out.
    #[serde(default, deserialize_with = "lenient::null")]
    pub kind: String,
    /// Name, namespace, owners.
    #[serde(default, deserialize_with = "lenient::null")]
    pub metadata: Meta,
    /// What was asked for.
    #[serde(default, deserialize_with = "lenient::null")]
    pub spec: WorkloadSpec,
    /// What its controller says.
    #[serde(default, deserialize_with = "lenient::null")]
    pub status: WorkloadStatus,
}

/// `spec` of an owner.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadSpec {
    /// How many pods were asked for; `None` where the kind has no such number.
    #[serde(default)]
    pub replicas: Option<i64>,
    /// The pod template; `None` for a CronJob.
    #[serde(default)]
    pub template: Option<Template>,
    /// A CronJob's template of Jobs.
    #[serde(default)]
    pub job_template: Option<JobTemplate>,
}

/// `spec.jobTemplate` of a CronJob.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct JobTemplate {
    /// The Job's spec.
    #[serde(default, deserialize_with = "lenient::null")]
    pub spec: JobTemplateSpec,
}

/// `spec.jobTemplate.spec`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct JobTemplateSpec {
    /// The pod template.
    #[serde(default)]
    pub template: Option<Template>,
}

/// A pod template.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Template {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "lenient::null")]
    pub metadata: Meta,
    /// The pod's spec.
    #[serde(default, deserialize_with = "lenient::null")]
    pub spec: PodSpec,
}

/// `status` of an owner.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// Ready pods.
    #[serde(default, deserialize_with = "lenient::null")]
    pub ready_replicas: i64,
    /// All pods.
    #[serde(default, deserialize_with = "lenient::null")]
    pub replicas: i64,
    /// Ready pods of a DaemonSet.
    #[serde(default, deserialize_with = "lenient::null")]
    pub number_ready: i64,
    /// Pods of a DaemonSet that exist.
    #[serde(default, deserialize_with = "lenient::null")]
    pub current_number_scheduled: i64,
    /// Pods of a Job that run or wait.
    #[serde(default, deserialize_with = "lenient::number")]
    pub active: i64,
    /// Pods of a Job that ended well.
    #[serde(default, deserialize_with = "lenient::null")]
    pub succeeded: i64,
    /// Wanted pods of a DaemonSet.
    #[serde(default, deserialize_with = "lenient::null")]
    pub desired_number_scheduled: i64,
    /// Conditions; `ReplicaFailure` holds why no pod was made.
    #[serde(default, deserialize_with = "lenient::null")]
    pub conditions: Vec<Condition>,
}

impl Workload {
    /// The pod template, a CronJob's among them.
    pub fn template(&self) -> Option<&Template> {
        let job = || self.spec.job_template.as_ref().and_then(|job| job.spec.template.as_ref());
        self.spec.template.as_ref().or_else(job)
    }
}
