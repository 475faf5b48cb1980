//! Nodes.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::meta::Meta;

/// A node, as far as image pulls concern it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Node {
    /// Name.
    #[serde(default, deserialize_with = "lenient::null")]
    pub metadata: Meta,
    /// What the kubelet says.
    #[serde(default, deserialize_with = "lenient::null")]
    pub status: NodeStatus,
}

/// `status` of a node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Versions and platform.
    #[serde(default, deserialize_with = "lenient::null")]
    pub node_info: NodeInfo,
}

/// `status.nodeInfo`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    /// `amd64`, `arm64`, …
    #[serde(default, deserialize_with = "lenient::null")]
    pub architecture: String,
    /// `linux` or `windows`.
    #[serde(default, deserialize_with = "lenient::null")]
    pub operating_system: String,
    /// `v1.37.2` and its like.
    #[serde(default, deserialize_with = "lenient::null")]
    pub kubelet_version: String,
    /// Changes with each boot of the node; equal to ours when we stand on it.
    #[serde(default, rename = "bootID", deserialize_with = "lenient::null")]
    pub boot_id: String,
    /// `containerd://2.3.7` and its like.
    #[serde(default, deserialize_with = "lenient::null")]
    pub container_runtime_version: String,
}

impl Node {
    /// The kubelet's minor version; `None` when the text is no version of Kubernetes 1.
    pub fn kubelet_minor(&self) -> Option<u32> {
        let version = self.status.node_info.kubelet_version.strip_prefix("v1.")?;
        version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}
