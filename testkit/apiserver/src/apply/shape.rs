//! How a list or map of a kind is merged: whole, as a set, or item by item.
//!
//! Custom resources say it in their schema; of Kubernetes' own kinds the fields that our client or kubectl's `apply`
//! touches are in the table: <https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>.

use serde_json::Value;

use crate::kinds::Kind;

/// How a list is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listing {
    /// As one value.
    Atomic,
    /// Value by value.
    Set,
    /// Item by item, by these fields.
    Map(Vec<String>),
}

/// A place within an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    /// The schema of this place; `None` for a kind of Kubernetes' own, and for metadata.
    schema: Option<&'a Value>,
    /// The name of the field.
    field: &'a str,
    root: bool,
}

/// Lists merged item by item, and by what.
const LISTS: [(&str, &[&str]); 14] = [
    ("ownerReferences", &["uid"]),
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("secrets", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("ports", &["containerPort", "protocol"]),
    ("conditions", &["type"]),
    ("podIPs", &["ip"]),
    ("hostIPs", &["ip"]),
];

/// Maps that are one value.
const ATOMIC: [&str; 10] = [
    "selector",
    "nodeSelector",
    "involvedObject",
    "related",
    "fieldRef",
    "resourceFieldRef",
    "secretKeyRef",
    "configMapKeyRef",
    "roleRef",
    "targetRef",
];

impl<'a> Shape<'a> {
    pub(crate) fn of(kind: &'a Kind) -> Shape<'a> {
        Shape { schema: kind.schema.as_deref(), field: "", root: true }
    }

    pub(crate) fn field(self, name: &'a str) -> Shape<'a> {
        let schema = match self.schema {
            // Metadata is Kubernetes' own in every kind.
            Some(_) if self.root && name == "metadata" => None,
            Some(schema) => Some(schema["properties"].get(name).unwrap_or(&schema["additionalProperties"])),
            None => None,
        };
        Shape { schema, field: name, root: false }
    }

    pub(crate) fn item(self) -> Shape<'a> {
        Shape { schema: self.schema.map(|schema| &schema["items"]), field: "", root: false }
    }

    pub(crate) fn listing(self) -> Listing {
        match self.schema {
            Some(schema) => match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => Listing::Set,
                Some("map") => {
                    let keys = schema["x-kubernetes-list-map-keys"].as_array();
                    let keys = keys.map(Vec::as_slice).unwrap_or_default();
                    Listing::Map(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                }
                _ => Listing::Atomic,
            },
            None if self.field == "finalizers" => Listing::Set,
            None => {
                LISTS.iter().find(|(field, _)| *field == self.field).map_or(Listing::Atomic, |(_, keys)| {
                    Listing::Map(keys.iter().map(|&key| key.to_owned()).collect())
                })
            }
        }
    }

    /// Whether a map here is one value.
    pub(crate) fn is_atomic(self) -> bool {
        match self.schema {
            Some(schema) => schema["x-kubernetes-map-type"] == "atomic",
            None => ATOMIC.contains(&self.field),
        }
    }

    /// Whether who makes the map owns it beside what is in it: all but the structs of Kubernetes' own kinds, which are
    /// there from the start.
    pub(crate) fn owns_map(self) -> bool {
        let maps = ["labels", "annotations", "data", "binaryData", "limits", "requests", "matchLabels"];
        !self.root && (self.schema.is_some() || maps.contains(&self.field))
    }
}
