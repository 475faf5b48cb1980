//! Pods.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient;
use super::meta::Meta;

/// A pod, as far as image pulls concern it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// The ServiceAccount whose pull secrets a pod without its own is given at admission; empty: `default`.
    #[serde(default, deserialize_with = "lenient::null")]
    pub service_account_name: String,
    /// Labels that a node must have; `None` when the spec has no such field.
    #[serde(default)]
    pub node_selector: Option<BTreeMap<String, String>>,
}

/// One container of a pod's spec.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// The container's name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// The image as written.
    #[serde(default, deserialize_with = "lenient::null")]
    pub image: String,
    /// `Always`, `IfNotPresent` or `Never`; empty where nobody set it yet.
    #[serde(default, deserialize_with = "lenient::null")]
    pub image_pull_policy: String,
    /// The volumes it mounts, by name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub volume_mounts: Vec<LocalReference>,
}

/// A `{name: …}` object.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LocalReference {
    /// The name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
}

/// A volume of a pod.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Volume {
    /// The volume's name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// Set for an image volume (KEP-4639).
    #[serde(default)]
    pub image: Option<ImageVolume>,
}

/// `volumes[].image`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageVolume {
    /// The image as written.
    #[serde(default, deserialize_with = "lenient::null")]
    pub reference: String,
    /// As a container's.
    #[serde(default, deserialize_with = "lenient::null")]
    pub pull_policy: String,
}

/// `status` of a pod.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub last_transition_time: Option<Timestamp>,
}

/// A condition of a workload.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// How it is now.
    #[serde(default, deserialize_with = "lenient::null")]
    pub state: State,
    /// How it was before its last restart.
    #[serde(default, deserialize_with = "lenient::null")]
    pub last_state: State,
}

/// The state of a container: at most one of the three is set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Waiting {
    /// A word, or, from Kubernetes 1.33 on, any error text.
    #[serde(default, deserialize_with = "lenient::null")]
    pub reason: String,
    /// A sentence.
    #[serde(default, deserialize_with = "lenient::null")]
    pub message: String,
}

/// `state.running`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Since when.
    #[serde(default, deserialize_with = "lenient::time")]
    pub started_at: Option<Timestamp>,
}

/// `state.terminated`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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

/// Past how many statuses a map of their names is worth its price: pods hold a few, a hostile file a hundred thousand.
const MANY: usize = 32;

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
            let mut known: Option<HashSet<String>> = (statuses.len() > MANY)
                .then(|| containers.iter().map(|container| container.name.clone()).collect());
            for status in statuses {
                let is_new = match &mut known {
                    Some(known) => known.insert(status.name.clone()),
                    None => !containers.iter().any(|container| container.name == status.name),
                };
                if is_new {
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
            // Of two statuses with one name the first counts, so it is put in last.
            let by_name: Option<HashMap<&str, &ContainerStatus>> = (statuses.len() > MANY)
                .then(|| statuses.iter().rev().map(|status| (status.name.as_str(), status)).collect());
            containers.iter().map(move |container| {
                let status = match &by_name {
                    Some(by_name) => by_name.get(container.name.as_str()).copied(),
                    None => statuses.iter().find(|status| status.name == container.name),
                };
                (kind, container, status)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` statuses `c0`, `c1`, … and a second one of `c0`; of the containers only `c0` is in the spec.
    fn pod(count: usize) -> Pod {
        let named = |name: String, image: &str| ContainerStatus {
            name,
            image: image.to_owned(),
            ..ContainerStatus::default()
        };
        let mut pod = Pod::default();
        pod.spec.containers.push(Container {
            name: "c0".into(),
            image: "spec".into(),
            ..Container::default()
        });
        pod.status.container_statuses = (0..count).map(|n| named(format!("c{n}"), "first")).collect();
        pod.status.container_statuses.push(named("c0".into(), "second"));
        pod.complete();
        pod
    }

    #[test]
    fn many_containers_are_matched_as_few_are_and_in_linear_time() {
        // 200,000 would take minutes if each were looked for among all.
        for count in [3, MANY, MANY + 1, 200_000] {
            let pod = pod(count);
            assert_eq!(pod.containers().count(), count);
            for (index, (kind, container, status)) in pod.containers().enumerate() {
                assert_eq!(
                    (kind, container.name.as_str()),
                    (ContainerKind::Main, format!("c{index}").as_str())
                );
                assert_eq!(container.image, if index == 0 { "spec" } else { "first" });
                assert!(
                    status.is_some_and(|status| status.name == container.name && status.image == "first")
                );
            }
        }
    }
}
