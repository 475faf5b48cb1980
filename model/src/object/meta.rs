//! Object metadata.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lenient;

/// `metadata` of any object.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The object's name; empty for one that has none yet.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// The object's namespace; empty for a cluster-wide object.
    #[serde(default, deserialize_with = "lenient::null")]
    pub namespace: String,
    /// The object's identity; empty in hand-written files.
    #[serde(default, deserialize_with = "lenient::null")]
    pub uid: String,
    /// The object's version, opaque but for order (<https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>);
    /// empty in hand-written files.
    #[serde(default, deserialize_with = "lenient::null", skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
    /// When the object was made; `None` in hand-written files.
    #[serde(default, deserialize_with = "lenient::time")]
    pub creation_timestamp: Option<Timestamp>,
    /// When deletion was asked for; `None` while it was not.
    #[serde(default, deserialize_with = "lenient::time")]
    pub deletion_timestamp: Option<Timestamp>,
    /// Labels.
    #[serde(default, deserialize_with = "lenient::null")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; a value past 256 bytes is left empty.
    #[serde(default, deserialize_with = "lenient::annotations")]
    pub annotations: BTreeMap<String, String>,
    /// Owners; the one with `controller: true` made the object.
    #[serde(default, deserialize_with = "lenient::null")]
    pub owner_references: Vec<OwnerReference>,
    /// When the object itself was last changed, its subresources aside: the newest time of `managedFields`. `None` where they
    /// were left out, as `kubectl get -o yaml` does.
    #[serde(default, rename = "managedFields", with = "lenient::changed")]
    pub changed: Option<Timestamp>,
}

impl Meta {
    /// The owner that controls the object, else its first owner.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller).or_else(|| self.owner_references.first())
    }
}

/// One entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    /// API group and version of the owner.
    #[serde(default, deserialize_with = "lenient::null")]
    pub api_version: String,
    /// Kind of the owner.
    #[serde(default, deserialize_with = "lenient::null")]
    pub kind: String,
    /// Name of the owner, in the object's namespace or cluster-wide.
    #[serde(default, deserialize_with = "lenient::null")]
    pub name: String,
    /// Identity of the owner.
    #[serde(default, deserialize_with = "lenient::null")]
    pub uid: String,
    /// Whether the owner controls the object.
    #[serde(default, deserialize_with = "lenient::null")]
    pub controller: bool,
}
