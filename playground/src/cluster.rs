//! The workloads as objects of Kubernetes, for the API server.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::registries::{BILLING, Passwords, REGISTRY};
use crate::workloads::{Healthy, Kind, Places, Workload};

/// Nodes of the cluster. All of them are this machine, so that loopback is theirs too.
const NODES: usize = 4;

/// By which they are known to be this machine, where the system tells it.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// And where it tells none.
const NO_BOOT_ID: &str = "7e0c1f5a-0000-4000-8000-706c61796772";

/// What the nodes run.
const ARCHITECTURE: &str = "amd64";

/// Of the version that cannot be pulled.
const HASH: &str = "7c9f8d5b6";

/// How long ago the pods were made.
const AGE: SignedDuration = SignedDuration::from_mins(25);

/// The boot id of this machine, and of its nodes.
pub(crate) fn boot_id() -> String {
    let told = std::fs::read_to_string(BOOT_ID).unwrap_or_default();
    let told = told.trim();
    if told.is_empty() { NO_BOOT_ID.to_owned() } else { told.to_owned() }
}

/// Everything that waits, what is around it, and the secrets.
pub(crate) fn objects(
    broken: &[Workload],
    healthy: &[Healthy],
    places: &Places<'_>,
    passwords: &Passwords,
) -> Vec<Value> {
    let builder = Builder { now: Timestamp::now() };
    let namespaces = broken.iter().map(|workload| workload.namespace);
    let namespaces: BTreeSet<&str> =
        namespaces.chain(healthy.iter().map(|workload| workload.namespace)).collect();
    let mut values: Vec<Value> = namespaces.iter().flat_map(|name| Builder::namespace(name)).collect();
    values.extend((1..=NODES).map(Builder::node));
    values.extend(builder.secrets(places, passwords));
    broken.iter().for_each(|workload| values.extend(builder.broken(workload)));
    healthy.iter().for_each(|workload| values.extend(builder.healthy(workload)));
    values
}

/// The pods of a workload that wait, by name.
pub(crate) fn pods(workload: &Workload) -> Vec<String> {
    let maker = maker(workload);
    (0..workload.pods)
        .map(|number| match workload.kind {
            Kind::StatefulSet => format!("{}-{number}", workload.name),
            Kind::Deployment | Kind::DaemonSet | Kind::Job | Kind::CronJob => {
                format!("{maker}-{}", suffix(number))
            }
        })
        .collect()
}

/// The labels of its pods, with the hash that the name of a Deployment's ReplicaSet ends in.
fn labels(workload: &Workload) -> Value {
    let mut labels = json!({"app": workload.name});
    if workload.kind == Kind::Deployment {
        labels["pod-template-hash"] = HASH.into();
    }
    labels
}

/// What makes the pods of a workload, by name.
pub(crate) fn maker(workload: &Workload) -> String {
    let name = workload.name;
    match workload.kind {
        Kind::Deployment => format!("{name}-{HASH}"),
        Kind::CronJob => format!("{name}-29383680"),
        Kind::StatefulSet | Kind::DaemonSet | Kind::Job => name.to_owned(),
    }
}

struct Builder {
    now: Timestamp,
}

impl Builder {
    fn ago(&self, past: SignedDuration) -> String {
        (self.now - past).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// A namespace, and the account that its pods have.
    fn namespace(name: &str) -> [Value; 2] {
        [
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"namespace": name, "name": "default"}}),
        ]
    }

    fn node(number: usize) -> Value {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node_name(number)}, "status": {
            "nodeInfo": {"architecture": ARCHITECTURE, "operatingSystem": "linux", "bootID": boot_id(),
                "kubeletVersion": "v1.35.6", "containerRuntimeVersion": "containerd://2.3.7"}}})
    }

    fn meta(&self, namespace: &str, name: &str, owner: Option<(&str, &str)>, age: SignedDuration) -> Value {
        let mut meta = json!({"namespace": namespace, "name": name, "uid": format!("uid-{namespace}-{name}"),
            "creationTimestamp": self.ago(age)});
        if let Some((kind, name)) = owner {
            let group = if matches!(kind, "Job" | "CronJob") { "batch/v1" } else { "apps/v1" };
            meta["ownerReferences"] = json!([{"apiVersion": group, "kind": kind, "name": name,
                "uid": format!("uid-{namespace}-{name}"), "controller": true}]);
        }
        meta
    }

    /// The owners of a broken workload, its pods, and their events.
    fn broken(&self, workload: &Workload) -> Vec<Value> {
        let Workload { kind, namespace, name, pods, .. } = workload;
        let spec = pod_spec(workload);
        let template = json!({"metadata": {"labels": labels(workload)}, "spec": spec});
        let selector = json!({"matchLabels": {"app": name}});
        let ready = if workload.before.is_some() { 3 } else { 0 };
        let owner = |kind: &str, name: &str, by: Option<(&str, &str)>, spec: Value, status: Value| {
            let group = if matches!(kind, "Job" | "CronJob") { "batch/v1" } else { "apps/v1" };
            json!({"apiVersion": group, "kind": kind, "metadata": self.meta(namespace, name, by, AGE),
                "spec": spec, "status": status})
        };
        let replicated = json!({"replicas": pods, "selector": selector, "template": template});
        let mut objects = Vec::new();
        let controller = match kind {
            Kind::Deployment => {
                let set = maker(workload);
                let replicas =
                    json!({"replicas": pods.max(&ready), "selector": selector, "template": template});
                let status = json!({"replicas": pods + ready, "readyReplicas": ready});
                objects.push(owner("Deployment", name, None, replicas, status));
                let by = Some(("Deployment", *name));
                objects.push(owner("ReplicaSet", &set, by, replicated, json!({"replicas": pods})));
                if let Some(image) = &workload.before {
                    objects.push(self.before(workload, image, ready));
                }
                ("ReplicaSet", set)
            }
            Kind::StatefulSet | Kind::DaemonSet => {
                let status =
                    json!({"replicas": pods, "currentNumberScheduled": pods, "desiredNumberScheduled": pods});
                objects.push(owner(kind.name(), name, None, replicated, status));
                (kind.name(), (*name).to_owned())
            }
            Kind::Job => {
                objects.push(owner("Job", name, None, json!({"template": template}), json!({"active": 1})));
                ("Job", (*name).to_owned())
            }
            Kind::CronJob => {
                let job = maker(workload);
                let made = json!({"jobTemplate": {"spec": {"template": template}}});
                objects.push(owner("CronJob", name, None, made, json!({})));
                let by = Some(("CronJob", *name));
                objects.push(owner("Job", &job, by, json!({"template": template}), json!({"active": 1})));
                ("Job", job)
            }
        };
        for (number, pod) in self::pods(workload).iter().enumerate() {
            objects.extend(self.pod(workload, pod, (controller.0, &controller.1), number));
        }
        objects
    }

    /// The ReplicaSet of the version before.
    fn before(&self, workload: &Workload, image: &str, ready: usize) -> Value {
        let Workload { namespace, name, .. } = workload;
        let set = format!("{name}-5776978978");
        let by = Some(("Deployment", *name));
        let spec = json!({"containers": [{"name": "app", "image": image}]});
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": self.meta(namespace, &set, by, SignedDuration::from_hours(240)),
            "spec": {"replicas": ready, "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec}},
            "status": {"replicas": ready, "readyReplicas": ready}})
    }

    fn pod(&self, workload: &Workload, pod: &str, by: (&str, &str), number: usize) -> Vec<Value> {
        let Workload { namespace, image, waiting, .. } = workload;
        let waits = json!({"waiting": {"reason": waiting.reason, "message": waiting.message}});
        let status = |name: &str, state: &Value| json!({"name": name, "image": image, "imageID": "", "ready": false, "restartCount": 0, "state": state});
        let mut spec = pod_spec(workload);
        spec["nodeName"] = node_name(1 + number % NODES).into();
        let mut statuses = json!({"phase": "Pending", "startTime": self.ago(AGE)});
        let (field, container) = if workload.init {
            statuses["initContainerStatuses"] = json!([status("warm-up", &waits)]);
            statuses["containerStatuses"] =
                json!([status("app", &json!({"waiting": {"reason": "PodInitializing"}}))]);
            ("initContainers", "warm-up")
        } else {
            statuses["containerStatuses"] = json!([status("app", &waits)]);
            ("containers", "app")
        };
        let event = |which: &str, kind: &str, reason: &str, message: &str| {
            json!({"apiVersion": "v1", "kind": "Event",
                "metadata": {"namespace": namespace, "name": format!("{pod}.{which}")}, "type": kind,
                "reason": reason, "message": message, "count": 6, "firstTimestamp": self.ago(AGE),
                "lastTimestamp": self.ago(SignedDuration::from_secs(90)),
                "source": {"component": "kubelet", "host": node_name(1 + number % NODES)},
                "involvedObject": {"kind": "Pod", "namespace": namespace, "name": pod,
                    "uid": format!("uid-{namespace}-{pod}"), "fieldPath": format!("spec.{field}{{{container}}}")}})
        };
        let mut meta = self.meta(namespace, pod, Some(by), AGE);
        meta["labels"] = labels(workload);
        let mut objects = vec![
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": statuses}),
            event("failed", "Warning", "Failed", &waiting.event),
        ];
        if waiting.reason == "ImagePullBackOff" {
            let words = format!("Back-off pulling image \"{image}\"");
            objects.push(event("backoff", "Normal", "BackOff", &words));
        }
        objects
    }

    fn healthy(&self, workload: &Healthy) -> Vec<Value> {
        let Healthy { namespace, name, image, secret } = workload;
        let spec = json!({"nodeName": node_name(1), "imagePullSecrets": named(*secret),
            "containers": [{"name": "app", "image": image}]});
        let set = format!("{name}-6b4c7d9f5");
        let age = SignedDuration::from_hours(240);
        let replicated = json!({"replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec}});
        let owner = |kind: &str, name: &str, by: Option<(&str, &str)>| {
            json!({"apiVersion": "apps/v1", "kind": kind, "metadata": self.meta(namespace, name, by, age),
                "spec": replicated, "status": {"replicas": 1, "readyReplicas": 1}})
        };
        let pod = format!("{set}-x7k2p");
        let mut meta = self.meta(namespace, &pod, Some(("ReplicaSet", &set)), age);
        meta["labels"] = json!({"app": name, "pod-template-hash": "6b4c7d9f5"});
        vec![
            owner("Deployment", name, None),
            owner("ReplicaSet", &set, Some(("Deployment", name))),
            json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": meta, "spec": spec,
                "status": {"phase": "Running", "containerStatuses": [{"name": "app", "image": image, "imageID": "",
                    "ready": true, "restartCount": 0, "state": {"running": {"startedAt": self.ago(age)}}}]}}),
        ]
    }

    fn secrets(&self, places: &Places<'_>, passwords: &Passwords) -> Vec<Value> {
        let (host, billing) = (places.host(REGISTRY), places.host(BILLING));
        let pair = |user: &str, password: &str| STANDARD.encode(format!("{user}:{password}"));
        let secret = |name: &str, keys: &[&str], auth: String| {
            let auths: BTreeMap<&str, Value> = keys.iter().map(|key| (*key, json!({"auth": auth}))).collect();
            let config = json!({"auths": auths}).to_string();
            json!({"apiVersion": "v1", "kind": "Secret",
                "metadata": self.meta("payments", name, None, SignedDuration::from_hours(240)),
                "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": STANDARD.encode(config)}})
        };
        vec![
            secret("regcred", &[&host, &billing], pair("robot-payments", &passwords.payments)),
            secret("invoices-pull", &[&billing], pair("robot-invoices", &passwords.invoices_before)),
            // Without the port, which the kubelet compares too.
            secret("settlement-pull", &[BILLING], pair("robot-settlement", &passwords.settlement)),
            secret("fraud-pull", &[&host], format!("robot:{}", passwords.fraud)),
        ]
    }
}

fn node_name(number: usize) -> String {
    format!("node-{number}")
}

fn named(secret: Option<&str>) -> Value {
    secret.iter().map(|name| json!({"name": name})).collect()
}

fn pod_spec(workload: &Workload) -> Value {
    let container =
        |name: &str| json!({"name": name, "image": workload.image, "imagePullPolicy": "IfNotPresent"});
    let mut spec = json!({"imagePullSecrets": named(workload.secret), "containers": [container("app")]});
    if workload.init {
        spec["initContainers"] = json!([container("warm-up")]);
        spec["containers"] = json!([{"name": "app", "image": "registry.k8s.io/pause:3.10"}]);
    }
    spec
}

/// Five letters as Kubernetes draws them, but the same in every run.
fn suffix(number: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut left = 7919 * (number + 1);
    (0..5)
        .map(|_| {
            left = left * 31 + 17;
            char::from(LETTERS[left / 7 % LETTERS.len()])
        })
        .collect()
}
