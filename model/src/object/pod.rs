//! Pods.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient;
use super::meta::Meta;

/// A pod, as far as image pulls concern it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Pod {
    /// Name, namespace, owners.
    #[serde(default, deserialize_with = "lenient::null")]
    pub metadata: Meta,
    /// What was asked for.
    #[serde(default, deserialize_with = "lenient::null")]
    pub spec: PodSpec,
    /// What the kubelet says.
    #[serde(default, deserialize_with = "lenient::null")]
    pub status: PodStatus,
}

/// `spec` of a pod or of a pod template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    /// The node the pod is bound to; empty while it is not.
    #[serde(default, deserialize_with = "lenient::null")]
    pub node_name: String,
    /// Main containers.
    #[serde(default, deserialize_with = "lenient::null")]
    pub containers: Vec<Container>,
    /// Init containers, sidecars among them.
    #[serde(default, deserialize_with = "lenient::null")]
    pub init_containers: Vec<Container>,
    /// Ephemeral containers.
    #[serde(default, deserialize_with = "lenient::null")]
    pub ephemeral_containers: Vec<Container>,
    /// Volumes; only image volumes are kept apart.
    #[serde(default, deserialize_with = "lenient::null")]
    pub volumes: Vec<Volume>,
    /// Pull secrets, by name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub image_pull_secrets: Vec<LocalReference>,
    /// The ServiceAccount; empty in hand-written files, where it means `default`.
    #[serde(default, deserialize_with = "lenient::null")]
    pub service_account_name: String,
}

/// One container of a pod's spec.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// The container's name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// The image as written.
    #[serde(default, deserialize_with = "lenient::null")]
    pub image: String,
    /// `Always`, `IfNotPresent` or `Never`; empty in hand-written files.
    #[serde(default, deserialize_with = "lenient::null")]
    pub image_pull_policy: String,
    /// The volumes it mounts, by name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub volume_mounts: Vec<LocalReference>,
}

/// A `{name: …}` object.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct LocalReference {
    /// The name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
}

/// A volume of a pod.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Volume {
    /// The volume's name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// Set for an image volume (KEP-4639).
    #[serde(default)]
    pub image: Option<ImageVolume>,
}

/// `volumes[].image`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageVolume {
    /// The image as written.
    #[serde(default, deserialize_with = "lenient::null")]
    pub reference: String,
    /// `Always`, `IfNotPresent` or `Never`.
    #[serde(default, deserialize_with = "lenient::null")]
    pub pull_policy: String,
}

/// `status` of a pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// `Pending`, `Running`, …: shown, never selected by.
    #[serde(default, deserialize_with = "lenient::null")]
    pub phase: String,
    /// When the kubelet took the pod on.
    #[serde(default, deserialize_with = "lenient::time")]
    pub start_time: Option<Timestamp>,
    /// Statuses of main containers.
    #[serde(default, deserialize_with = "lenient::null")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Statuses of init containers.
    #[serde(default, deserialize_with = "lenient::null")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Statuses of ephemeral containers.
    #[serde(default, deserialize_with = "lenient::null")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
    /// When conditions last changed; what they say is not read.
    #[serde(default, deserialize_with = "lenient::null")]
    pub conditions: Vec<Change>,
}

/// When a condition last changed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub last_transition_time: Option<Timestamp>,
}

/// A condition of a workload.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Its type.
    #[serde(default, rename = "type", deserialize_with = "lenient::null")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[serde(default, deserialize_with = "lenient::null")]
    pub status: String,
    /// A word.
    #[serde(default, deserialize_with = "lenient::null")]
    pub reason: String,
    /// A sentence.
    #[serde(default, deserialize_with = "lenient::null")]
    pub message: String,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub last_transition_time: Option<Timestamp>,
}

/// The status of one container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerStatus {
    /// The container's name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// The image as the runtime names it, or as written before a pull.
    #[serde(default, deserialize_with = "lenient::null")]
    pub image: String,
    /// The image's identity once it is on the node; empty before.
    #[serde(default, rename = "imageID", deserialize_with = "lenient::null")]
    pub image_id: String,
    /// Whether it is ready.
    #[serde(default, deserialize_with = "lenient::null")]
    pub ready: bool,
    /// How it is now.
    #[serde(default, deserialize_with = "lenient::null")]
    pub state: State,
    /// How it was before its last restart.
    #[serde(default, deserialize_with = "lenient::null")]
    pub last_state: State,
}

/// The state of a container: at most one of the three is set.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct State {
    /// It waits.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// It runs; the value is of no interest here.
    #[serde(default)]
    pub running: Option<Running>,
    /// It ended.
    #[serde(default)]
    pub terminated: Option<Terminated>,
}

/// `state.waiting`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Waiting {
    /// A word, or, from Kubernetes 1.33 on, any error text.
    #[serde(default, deserialize_with = "lenient::null")]
    pub reason: String,
    /// A sentence.
    #[serde(default, deserialize_with = "lenient::null")]
    pub message: String,
}

/// `state.running`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Since when.
    #[serde(default, deserialize_with = "lenient::time")]
    pub started_at: Option<Timestamp>,
}

/// `state.terminated`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terminated {
    /// A word.
    #[serde(default, deserialize_with = "lenient::null")]
    pub reason: String,
    /// A sentence.
    #[serde(default, deserialize_with = "lenient::null")]
    pub message: String,
    /// The exit code.
    #[serde(default, deserialize_with = "lenient::null")]
    pub exit_code: i64,
    /// When it ended.
    #[serde(default, deserialize_with = "lenient::time")]
    pub finished_at: Option<Timestamp>,
}

/// What in a pod waits for the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerKind {
    /// A main container.
    Main,
    /// An init container or sidecar.
    Init,
    /// An ephemeral container.
    Ephemeral,
    /// A container that mounts an image volume which cannot be pulled.
    ImageVolume,
    /// The pod sandbox.
    Sandbox,
    /// No pod exists: the owner was refused one.
    Template,
}

impl ContainerKind {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            ContainerKind::Main => "main",
            ContainerKind::Init => "init",
            ContainerKind::Ephemeral => "ephemeral",
            ContainerKind::ImageVolume => "image-volume",
            ContainerKind::Sandbox => "sandbox",
            ContainerKind::Template => "template",
        }
    }

    /// The field of the pod's spec that holds containers of this kind, as an event's `fieldPath` writes it; `None`
    /// where events are on the bare pod.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            ContainerKind::Main => Some("spec.containers"),
            ContainerKind::Init => Some("spec.initContainers"),
            ContainerKind::Ephemeral => Some("spec.ephemeralContainers"),
            ContainerKind::ImageVolume | ContainerKind::Sandbox | ContainerKind::Template => None,
        }
    }
}

impl Pod {
    /// Adds to the spec what only the status names, since people save and paste pods without their spec; and leaves out
    /// volumes that are no images, which are most of what a healthy pod holds.
    pub(super) fn complete(&mut self) {
        let Pod { spec, status, .. } = self;
        spec.volumes.retain(|volume| volume.image.is_some());
        if spec.volumes.is_empty() {
            spec.volumes = Vec::new();
            for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
                container.volume_mounts = Vec::new();
            }
        }
        for (containers, statuses) in [
            (&mut spec.init_containers, &status.init_container_statuses),
            (&mut spec.containers, &status.container_statuses),
            (&mut spec.ephemeral_containers, &status.ephemeral_container_statuses),
        ] {
            for status in statuses {
                if !containers.iter().any(|container| container.name == status.name) {
                    let (name, image) = (status.name.clone(), status.image.clone());
                    containers.push(Container { name, image, ..Container::default() });
                }
            }
        }
    }

    /// Every container with a status, or without one yet, with its kind: init, main, ephemeral.
    pub fn containers(&self) -> impl Iterator<Item = (ContainerKind, &Container, Option<&ContainerStatus>)> {
        let lists = [
            (ContainerKind::Init, &self.spec.init_containers, &self.status.init_container_statuses),
            (ContainerKind::Main, &self.spec.containers, &self.status.container_statuses),
            (
                ContainerKind::Ephemeral,
                &self.spec.ephemeral_containers,
                &self.status.ephemeral_container_statuses,
            ),
        ];
        lists.into_iter().flat_map(|(kind, containers, statuses)| {
            containers.iter().map(move |c| (kind, c, statuses.iter().find(|s| s.name == c.name)))
        })
    }
}
