//! Who asks for which images: read from pods, templates and custom resources.

use std::collections::{BTreeMap, HashMap};

use pullmedic_model::check::AskedBy;
use pullmedic_model::object::{Container, Pod, PodSpec, Workload};
use serde::Deserialize as _;
use serde_json::Value;

use crate::path::ImagePath;

/// One place that asks for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The image as it is written.
    pub image: String,
    /// Who asks, and where that is written.
    pub by: AskedBy,
    /// `Always`, `IfNotPresent`, `Never`; empty where nobody set it.
    pub policy: String,
    /// The pull secrets that the template itself names.
    pub secrets: Vec<String>,
    /// Whose pull secrets a pod without its own gets.
    pub account: Account,
    /// What a node must have: labels of `nodeSelector`.
    pub selector: BTreeMap<String, String>,
    /// The node that the pod runs on; `None` for a template.
    pub node: Option<String>,
    /// What the runtime says that it runs (`imageID`); `None` where nothing runs.
    pub runs: Option<String>,
    /// Whether a container runs it now.
    pub is_running: bool,
}

/// Whose pull secrets count where a template names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// Those of the ServiceAccount of this name.
    Named(String),
    /// Nobody's: the list of a pod that exists is final.
    Settled,
    /// Nothing tells: a custom resource makes its pods as it likes.
    Unknown,
}

/// Kinds with a pod template, and the JSON pointer of its pod spec.
const TEMPLATES: [(&str, &str); 9] = [
    ("Pod", "/spec"),
    ("Deployment", "/spec/template/spec"),
    ("ReplicaSet", "/spec/template/spec"),
    ("StatefulSet", "/spec/template/spec"),
    ("DaemonSet", "/spec/template/spec"),
    ("Job", "/spec/template/spec"),
    ("ReplicationController", "/spec/template/spec"),
    ("CronJob", "/spec/jobTemplate/spec/template/spec"),
    ("PodTemplate", "/template/spec"),
];

/// Who asks for images, in general: what all containers of a pod share.
struct Owner<'a> {
    by: AskedBy,
    spec: &'a PodSpec,
    node: Option<&'a str>,
}

impl Owner<'_> {
    fn asked(&self, container: &str, image: &str, policy: &str) -> Asked {
        let container = Some(container).filter(|name| !name.is_empty()).map(str::to_owned);
        let account = match self.spec.service_account_name.as_str() {
            "" => "default",
            named => named,
        };
        Asked {
            image: image.to_owned(),
            by: AskedBy { container, ..self.by.clone() },
            policy: policy.to_owned(),
            secrets: self.spec.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect(),
            account: Account::Named(account.to_owned()),
            selector: self.spec.node_selector.clone().unwrap_or_default(),
            node: self.node.map(str::to_owned),
            runs: None,
            is_running: false,
        }
    }

    /// Every image of the spec with its pointer below it.
    fn all(&self) -> Vec<(String, Asked)> {
        let lists: [(&str, &[Container]); 3] = [
            ("initContainers", &self.spec.init_containers),
            ("containers", &self.spec.containers),
            ("ephemeralContainers", &self.spec.ephemeral_containers),
        ];
        let mut found = Vec::new();
        for (field, containers) in lists {
            for (index, it) in containers.iter().enumerate() {
                let pointer = format!("/{field}/{index}/image");
                found.push((pointer, self.asked(&it.name, &it.image, &it.image_pull_policy)));
            }
        }
        for (index, volume) in self.spec.volumes.iter().enumerate() {
            if let Some(image) = &volume.image {
                let pointer = format!("/volumes/{index}/image/reference");
                let named = format!("volume {}", volume.name);
                found.push((pointer, self.asked(&named, &image.reference, &image.pull_policy)));
            }
        }
        found
    }
}

/// The images of one object of a manifest: of a built-in kind with a pod template, or at `paths`. Any other kind asks
/// for none. `file` and `line` (by JSON pointer) tell where.
///
/// # Errors
/// Which field has the wrong type, or that the template has no containers; never a value.
pub fn in_manifest(
    value: &Value,
    file: Option<&str>,
    line: &dyn Fn(&str) -> Option<usize>,
    paths: &[ImagePath],
) -> Result<Vec<Asked>, String> {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let meta = |key: &str| {
        let text = value.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let name = meta("name").or_else(|| meta("generateName")).unwrap_or_default();
    let by = AskedBy {
        owner: if name.is_empty() { kind.to_owned() } else { format!("{kind}/{name}") },
        namespace: meta("namespace"),
        container: None,
        file: file.map(str::to_owned),
        line: None,
    };
    let mut found = Vec::new();
    if let Some((_, pointer)) = TEMPLATES.iter().find(|(known, _)| *known == kind) {
        let spec = value.pointer(pointer).filter(|spec| !spec.is_null());
        let spec = spec.ok_or_else(|| format!("it has no pod template at {}", dotted(pointer)))?;
        let spec =
            pod_spec(spec).map_err(|field| format!("{}.{field} has the wrong type", dotted(pointer)))?;
        let owner = Owner { by: by.clone(), spec: &spec, node: None };
        let all = owner.all();
        if all.is_empty() {
            return Err(format!("{} names no container", dotted(pointer)));
        }
        found.extend(all.into_iter().map(|(below, mut asked)| {
            asked.by.line = line(&format!("{pointer}{below}"));
            asked
        }));
    }
    for path in paths.iter().filter(|path| path.kind == kind) {
        let images = path.texts(value);
        if images.is_empty() {
            return Err(format!("it has no text at {path}"));
        }
        let spec = PodSpec::default();
        let owner = Owner { by: by.clone(), spec: &spec, node: None };
        found.extend(images.into_iter().map(|(pointer, image)| {
            let mut asked = owner.asked("", image, "");
            (asked.by.line, asked.account) = (line(&pointer), Account::Unknown);
            asked
        }));
    }
    Ok(found)
}

/// `/spec/template` as `spec.template`.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn pod_spec(value: &Value) -> Result<PodSpec, String> {
    if !value.is_object() {
        return Err("the pod spec".to_owned());
    }
    // The decoder's own words may quote a value; the path does not.
    serde_path_to_error::deserialize(value).map_err(|error| error.path().to_string())
}

/// The ServiceAccounts of a manifest: namespace (empty: none is written), name, pull secrets. `None` for other kinds.
pub fn account_in_manifest(value: &Value) -> Option<(String, String, Vec<String>)> {
    if value.get("kind").and_then(Value::as_str) != Some("ServiceAccount") {
        return None;
    }
    let account = pullmedic_model::object::ServiceAccount::deserialize(value).ok()?;
    let secrets = account.image_pull_secrets.into_iter().map(|secret| secret.name).collect();
    Some((account.metadata.namespace, account.metadata.name, secrets))
}

/// The images of a workload's template.
pub fn in_workload(workload: &Workload) -> Vec<Asked> {
    let Some(template) = workload.template() else { return Vec::new() };
    let by = AskedBy {
        owner: format!("{}/{}", workload.kind, workload.metadata.name),
        namespace: Some(workload.metadata.namespace.clone()),
        container: None,
        file: None,
        line: None,
    };
    let owner = Owner { by, spec: &template.spec, node: None };
    owner.all().into_iter().map(|(_, asked)| asked).collect()
}

/// The images of a pod that is there, with what its containers run; `owner` is what asks for the pod, as
/// `Deployment/cart`. What has ended for good, or is about to go, asks for nothing.
pub fn in_pod(pod: &Pod, owner: String) -> Vec<Asked> {
    if pod.metadata.deletion_timestamp.is_some()
        || matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
    {
        return Vec::new();
    }
    let by = AskedBy {
        owner,
        namespace: Some(pod.metadata.namespace.clone()),
        container: None,
        file: None,
        line: None,
    };
    let node = Some(pod.spec.node_name.as_str()).filter(|node| !node.is_empty());
    let owner = Owner { by, spec: &pod.spec, node };
    let mut found: Vec<Asked> = owner.all().into_iter().map(|(_, asked)| asked).collect();
    // `containers` goes in the same order: init, main, ephemeral.
    for (asked, (_, _, status)) in found.iter_mut().zip(pod.containers()) {
        let running = status.filter(|status| status.state.running.is_some());
        asked.is_running = running.is_some();
        asked.runs = running.map(|status| status.image_id.clone()).filter(|id| !id.is_empty());
    }
    // A pod's own list of secrets is final: admission copied its account's when the pod was made.
    found.iter_mut().for_each(|asked| asked.account = Account::Settled);
    found
}

/// What asks for a pod in the end: the owner of its owner, as far as these were read, else its owner, else itself.
pub fn owner_of(pod: &Pod, workloads: &HashMap<(&str, &str, &str), &Workload>) -> String {
    let Some(first) = pod.metadata.controller() else { return format!("Pod/{}", pod.metadata.name) };
    let key = (pod.metadata.namespace.as_str(), first.kind.as_str(), first.name.as_str());
    let above = workloads.get(&key).and_then(|workload| workload.metadata.controller());
    let owner = above.unwrap_or(first);
    format!("{}/{}", owner.kind, owner.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn images(value: &Value) -> Vec<String> {
        let line = |pointer: &str| Some(pointer.len());
        let paths = [ImagePath::parse("Widget=.spec.parts[*].image").unwrap()];
        let found = in_manifest(value, Some("a.yaml"), &line, &paths).unwrap();
        found.into_iter().map(|asked| format!("{} {}", asked.by.owner, asked.image)).collect()
    }

    #[test]
    fn every_kind_with_a_template_asks_for_its_images() {
        let spec = json!({"initContainers": [{"name": "i", "image": "x/i:1"}], "containers": [{"image": "x/c:1"}],
            "ephemeralContainers": [{"image": "x/e:1"}],
            "volumes": [{"name": "data", "image": {"reference": "x/v:1"}}, {"name": "tmp", "emptyDir": {}}]});
        for (kind, pointer) in TEMPLATES {
            let mut value = spec.clone();
            for part in pointer.split('/').skip(1).collect::<Vec<_>>().into_iter().rev() {
                value = json!({part: value});
            }
            value["kind"] = kind.into();
            value["metadata"] = json!({"name": "n"});
            let expected = ["i", "c", "e", "v"].map(|name| format!("{kind}/n x/{name}:1"));
            assert_eq!(images(&value), expected, "{kind}");
        }
    }

    #[test]
    fn a_custom_resource_asks_where_it_is_said_to() {
        let value =
            json!({"kind": "Widget", "spec": {"parts": [{"image": "x/a:1"}, {}, {"image": "x/b:1"}]}});
        assert_eq!(images(&value), ["Widget x/a:1", "Widget x/b:1"]);
        assert_eq!(images(&json!({"kind": "Gadget"})), Vec::<String>::new());
    }

    #[test]
    fn a_template_that_is_none_is_told_by_place_and_never_by_value() {
        let paths = [ImagePath::parse("Widget=.spec.image").unwrap()];
        for (value, told) in [
            (json!({"kind": "Deployment"}), "it has no pod template at spec.template.spec"),
            (json!({"kind": "Pod", "spec": {}}), "spec names no container"),
            (json!({"kind": "Pod", "spec": "canary"}), "spec.the pod spec has the wrong type"),
            (
                json!({"kind": "Pod", "spec": {"containers": [{"image": {"canary": 1}}]}}),
                "spec.containers[0].image has the wrong type",
            ),
            (json!({"kind": "Widget", "spec": {"image": 7}}), "it has no text at .spec.image"),
        ] {
            assert_eq!(in_manifest(&value, None, &|_| None, &paths), Err(told.to_owned()));
        }
    }

    #[test]
    fn a_pod_that_ended_asks_for_nothing_and_one_that_runs_says_what() {
        let mut pod: Pod = serde_json::from_value(json!({"metadata": {"name": "a", "namespace": "shop"},
            "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "x/c:1"}, {"name": "w", "image": "x/w:1"}]},
            "status": {"phase": "Running", "containerStatuses": [
                {"name": "w", "imageID": "", "state": {"waiting": {}}},
                {"name": "c", "imageID": "x/c@sha256:1", "state": {"running": {}}}]}}))
        .unwrap();
        let found = |pod: &Pod| {
            let all = in_pod(pod, "Deployment/d".into()).into_iter();
            all.map(|asked| (asked.is_running, asked.runs)).collect::<Vec<_>>()
        };
        assert_eq!(found(&pod), [(true, Some("x/c@sha256:1".to_owned())), (false, None)]);
        pod.status.container_statuses[1].image_id.clear();
        assert_eq!(
            found(&pod),
            [(true, None), (false, None)],
            "a runtime that tells no digest runs it all the same"
        );
        pod.status.phase = "Succeeded".into();
        assert_eq!(in_pod(&pod, "Deployment/d".into()), []);
    }
}
