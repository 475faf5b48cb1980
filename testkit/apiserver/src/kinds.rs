//! The kinds that are served: those our client asks for, and what CustomResourceDefinitions add.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::status::{grouped, named};

/// A kind, in one version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) list: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short: Vec<String>,
    pub(crate) namespaced: bool,
    /// Whether it has the subresource `status`.
    pub(crate) status: bool,
    /// What the server is asked for with it but does not keep: reviews.
    pub(crate) virtual_only: bool,
    /// Its OpenAPI schema, for a custom resource; `None` for a kind of Kubernetes' own.
    pub(crate) schema: Option<Arc<Value>>,
}

/// Group, version, kind, plural, namespaced, status, short names.
type Row = (&'static str, &'static str, &'static str, &'static str, bool, bool, &'static [&'static str]);

const BUILT_IN: &[Row] = &[
    ("", "v1", "ConfigMap", "configmaps", true, false, &["cm"]),
    ("", "v1", "Event", "events", true, false, &["ev"]),
    ("", "v1", "Namespace", "namespaces", false, true, &["ns"]),
    ("", "v1", "Node", "nodes", false, true, &["no"]),
    ("", "v1", "Pod", "pods", true, true, &["po"]),
    ("", "v1", "ReplicationController", "replicationcontrollers", true, true, &["rc"]),
    ("", "v1", "Secret", "secrets", true, false, &[]),
    ("", "v1", "Service", "services", true, true, &["svc"]),
    ("", "v1", "ServiceAccount", "serviceaccounts", true, false, &["sa"]),
    ("apps", "v1", "DaemonSet", "daemonsets", true, true, &["ds"]),
    ("apps", "v1", "Deployment", "deployments", true, true, &["deploy"]),
    ("apps", "v1", "ReplicaSet", "replicasets", true, true, &["rs"]),
    ("apps", "v1", "StatefulSet", "statefulsets", true, true, &["sts"]),
    ("batch", "v1", "CronJob", "cronjobs", true, true, &["cj"]),
    ("batch", "v1", "Job", "jobs", true, true, &[]),
    ("coordination.k8s.io", "v1", "Lease", "leases", true, false, &[]),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", CRDS, false, true, &["crd", "crds"]),
    (RBAC, "v1", "ClusterRole", "clusterroles", false, false, &[]),
    (RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", false, false, &[]),
    (RBAC, "v1", "Role", "roles", true, false, &[]),
    (RBAC, "v1", "RoleBinding", "rolebindings", true, false, &[]),
];

/// Kinds that are answered and not kept.
const REVIEWS: &[Row] = &[
    (AUTHORIZATION, "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", false, false, &[]),
    (AUTHORIZATION, "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", false, false, &[]),
    (AUTHORIZATION, "v1", "SubjectAccessReview", "subjectaccessreviews", false, false, &[]),
    ("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", false, false, &[]),
];

pub(crate) const CRDS: &str = "customresourcedefinitions";
pub(crate) const RBAC: &str = "rbac.authorization.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

/// All that Kubernetes itself serves here.
pub(crate) fn built_in() -> Vec<Arc<Kind>> {
    let kept = BUILT_IN.iter().map(|row| (row, false));
    let reviews = REVIEWS.iter().map(|row| (row, true));
    kept.chain(reviews)
        .map(|((group, version, kind, plural, namespaced, status, short), virtual_only)| {
            Arc::new(Kind {
                group: (*group).to_owned(),
                version: (*version).to_owned(),
                kind: (*kind).to_owned(),
                list: format!("{kind}List"),
                plural: (*plural).to_owned(),
                singular: kind.to_lowercase(),
                short: short.iter().map(|&short| short.to_owned()).collect(),
                namespaced: *namespaced,
                status: *status,
                virtual_only,
                schema: None,
            })
        })
        .collect()
}

impl Kind {
    /// The kinds that a CustomResourceDefinition makes served, one a version.
    pub(crate) fn of_definition(definition: &Value) -> Vec<Arc<Kind>> {
        let spec = &definition["spec"];
        let names = &spec["names"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let served = versions.iter().filter(|version| version["served"].as_bool().unwrap_or(false));
        served
            .map(|version| {
                let kind = text(&names["kind"]);
                let list = names["listKind"].as_str().map_or_else(|| format!("{kind}List"), str::to_owned);
                let singular = names["singular"].as_str().map_or_else(|| kind.to_lowercase(), str::to_owned);
                let short = names["shortNames"].as_array().map(Vec::as_slice).unwrap_or_default();
                Arc::new(Kind {
                    group: text(&spec["group"]),
                    version: text(&version["name"]),
                    list,
                    plural: text(&names["plural"]),
                    singular,
                    short: short.iter().map(text).collect(),
                    namespaced: spec["scope"] == "Namespaced",
                    status: version["subresources"]["status"].is_object(),
                    virtual_only: false,
                    schema: Some(Arc::new(version["schema"]["openAPIV3Schema"].clone())),
                    kind,
                })
            })
            .collect()
    }

    /// `v1`, `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods`, `deployments.apps`.
    pub(crate) fn right(&self) -> String {
        grouped(&self.plural, &self.group)
    }

    pub(crate) fn details(&self, name: &str) -> Value {
        named(name, &self.group, &self.plural)
    }

    /// Where its objects are kept: all versions of a resource share one place.
    pub(crate) fn place(&self) -> (String, String) {
        (self.group.clone(), self.plural.clone())
    }

    /// Whether `metadata.generation` counts changes of its spec.
    pub(crate) fn has_generation(&self) -> bool {
        self.schema.is_some()
            || matches!(self.group.as_str(), "apps" | "batch" | "apiextensions.k8s.io")
            || self.kind == "Pod"
    }

    /// Its row in an `APIResourceList`, and that of its status.
    pub(crate) fn discovered(&self) -> Vec<Value> {
        let verbs: &[&str] = if self.virtual_only {
            &["create"]
        } else {
            &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        };
        let mut row = json!({
            "name": self.plural, "singularName": self.singular, "namespaced": self.namespaced,
            "kind": self.kind, "verbs": verbs,
        });
        if !self.short.is_empty() {
            row["shortNames"] = json!(self.short);
        }
        let mut rows = vec![row];
        if self.status {
            rows.push(json!({
                "name": format!("{}/status", self.plural), "singularName": "", "namespaced": self.namespaced,
                "kind": self.kind, "verbs": ["get", "patch", "update"],
            }));
        }
        rows
    }
}
