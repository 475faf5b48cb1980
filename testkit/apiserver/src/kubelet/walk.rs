//! One pod on its way to running, or not.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::kinds::Kind;
use crate::kubelet::Kubelet;
use crate::kubelet::recording::{Words, instead};
use crate::object::text;
use crate::serve::Server;
use crate::serve::write::{Writer, now};
use crate::store::{Store, key};

/// The first wait after a failed pull, and the longest.
const BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);

/// How long after a failed pull the kubelet looks again and says that it backs off.
const SOON: Duration = Duration::from_secs(1);

/// How often it says so while it waits.
const SYNC: Duration = Duration::from_secs(12);

/// One pod in our care.
pub(super) struct Walk {
    server: Arc<Server>,
    pods: Arc<Kind>,
    kubelet: Kubelet,
    namespace: String,
    name: String,
    uid: String,
    node: String,
    /// Name and image of each container.
    containers: Vec<(String, String)>,
    /// The events told so far: what was said, the event's name, how often.
    told: Vec<(String, String, u64)>,
}

/// The pod is gone.
struct Gone;

impl Walk {
    pub(super) fn new(
        server: &Arc<Server>,
        pods: &Arc<Kind>,
        kubelet: &Kubelet,
        pod: &Value,
        node: String,
    ) -> Walk {
        let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let bound = text(pod, "/spec/nodeName");
        Walk {
            server: Arc::clone(server),
            pods: Arc::clone(pods),
            kubelet: kubelet.clone(),
            namespace: text(pod, "/metadata/namespace").to_owned(),
            name: text(pod, "/metadata/name").to_owned(),
            uid: text(pod, "/metadata/uid").to_owned(),
            node: if bound.is_empty() { node } else { bound.to_owned() },
            containers: containers
                .iter()
                .map(|container| (text(container, "/name").to_owned(), text(container, "/image").to_owned()))
                .collect(),
            told: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) {
        // However it ended, the pod needs us no more.
        let _ = self.walk().await;
    }

    async fn walk(&mut self) -> Result<(), Gone> {
        let node = self.node.clone();
        self.change("kube-scheduler", |pod| pod["spec"]["nodeName"] = node.into())?;
        let assigned = format!("Successfully assigned {}/{} to {}", self.namespace, self.name, self.node);
        self.event("default-scheduler", None, "Normal", "Scheduled", &assigned);
        let mut states: Vec<Value> =
            vec![json!({"waiting": {"reason": "ContainerCreating"}}); self.containers.len()];
        self.status(&states)?;
        let mut wait = BACK_OFF;
        let mut running = vec![false; self.containers.len()];
        loop {
            let mut failed = Vec::new();
            for at in 0..self.containers.len() {
                if running[at] {
                    continue;
                }
                let (container, image) = self.containers[at].clone();
                match self.start(&container, &image).await? {
                    Outcome::Runs => {
                        running[at] = true;
                        states[at] = json!({"running": {"startedAt": now()}});
                    }
                    Outcome::Waits(state, error) => {
                        states[at] = state;
                        failed.extend(error.map(|error| (at, container, image, error)));
                    }
                }
                self.status(&states)?;
            }
            if failed.is_empty() {
                return Ok(());
            }
            self.back_off(&failed, &mut states, wait).await?;
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// Tries to start one container.
    async fn start(&mut self, container: &str, image: &str) -> Result<Outcome, Gone> {
        let pod = self.pod_of(&self.server.store())?;
        let words = (self.kubelet.says)(&pod, image);
        if let Some(words) = words.as_ref().filter(|words| !words.pulls()) {
            return Ok(self.refuse(container, image, words));
        }
        self.event("kubelet", Some(container), "Normal", "Pulling", &format!("Pulling image \"{image}\""));
        if (self.kubelet.can_pull)(image.to_owned()).await {
            if let Some((recorded, message)) = self.kubelet.pulled.clone() {
                self.event(
                    "kubelet",
                    Some(container),
                    "Normal",
                    "Pulled",
                    &instead(&message, &recorded, image),
                );
            }
            self.event("kubelet", Some(container), "Normal", "Created", "Container created");
            self.event("kubelet", Some(container), "Normal", "Started", "Container started");
            return Ok(Outcome::Runs);
        }
        let Some(words) = words else {
            return Ok(Outcome::Waits(json!({"waiting": {"reason": "ContainerCreating"}}), None));
        };
        let error = words.error_of(image);
        self.event(
            "kubelet",
            Some(container),
            "Warning",
            "Failed",
            &format!("Failed to pull image \"{image}\": {error}"),
        );
        self.event("kubelet", Some(container), "Warning", "Failed", "Error: ErrImagePull");
        Ok(Outcome::Waits(json!({"waiting": {"reason": "ErrImagePull", "message": error}}), Some(error)))
    }

    /// What is refused before any pull: said once, as it was recorded.
    fn refuse(&mut self, container: &str, image: &str, words: &Words) -> Outcome {
        for (reason, message) in &words.warnings {
            self.event("kubelet", Some(container), "Warning", reason, &instead(message, &words.image, image));
        }
        let state = json!({"waiting": {"reason": words.reason, "message": words.error_of(image)}});
        Outcome::Waits(state, None)
    }

    /// Waits until the next try, and says so.
    async fn back_off(
        &mut self,
        failed: &[(usize, String, String, String)],
        states: &mut [Value],
        wait: Duration,
    ) -> Result<(), Gone> {
        sleep(self.kubelet.time(SOON)).await;
        let mut left = wait.saturating_sub(SOON);
        loop {
            for (at, container, image, error) in failed {
                let backs_off = format!("Back-off pulling image \"{image}\"");
                self.event("kubelet", Some(container), "Normal", "BackOff", &backs_off);
                self.event("kubelet", Some(container), "Warning", "Failed", "Error: ImagePullBackOff");
                let message = format!("{backs_off}: ErrImagePull: {error}");
                states[*at] = json!({"waiting": {"reason": "ImagePullBackOff", "message": message}});
            }
            self.status(states)?;
            if left.is_zero() {
                return Ok(());
            }
            let next = left.min(SYNC);
            sleep(self.kubelet.time(next)).await;
            left -= next;
            if left.is_zero() {
                return Ok(());
            }
        }
    }

    fn pod_of(&self, store: &Store) -> Result<Arc<Value>, Gone> {
        let pod = store.get(&self.pods, &self.namespace, &self.name).ok_or(Gone)?.value();
        if text(&pod, "/metadata/uid") == self.uid { Ok(pod) } else { Err(Gone) }
    }

    /// Changes the pod, if that changes anything.
    fn change(&self, manager: &str, change: impl FnOnce(&mut Value)) -> Result<(), Gone> {
        let mut store = self.server.store();
        let before = self.pod_of(&store)?;
        let mut pod = Value::clone(&before);
        change(&mut pod);
        if pod == *before {
            return Ok(());
        }
        let writer = Writer::part(manager, if manager == "kubelet" { "status" } else { "" });
        crate::apply::track(&self.pods, Some(&before), &mut pod, &writer);
        store.put_value(&self.pods, key(&self.namespace, &self.name), pod);
        Ok(())
    }

    fn status(&self, states: &[Value]) -> Result<(), Gone> {
        let runs = |state: &Value| state["running"].is_object();
        let all = states.iter().all(runs);
        let unready: Vec<&str> = self
            .containers
            .iter()
            .zip(states)
            .filter(|(_, state)| !runs(state))
            .map(|((name, _), _)| name.as_str())
            .collect();
        let condition = |kind: &str, is: bool| {
            let mut condition = json!({
                "type": kind, "status": if is { "True" } else { "False" }, "lastProbeTime": null,
                "lastTransitionTime": now(),
            });
            if !is {
                condition["reason"] = "ContainersNotReady".into();
                condition["message"] =
                    format!("containers with unready status: [{}]", unready.join(" ")).into();
            }
            condition
        };
        let statuses: Vec<Value> = self
            .containers
            .iter()
            .zip(states)
            .map(|((name, image), state)| {
                json!({
                    "name": name, "image": image, "imageID": "", "ready": runs(state), "started": runs(state),
                    "restartCount": 0, "lastState": {}, "state": state,
                })
            })
            .collect();
        let conditions = json!([
            condition("PodReadyToStartContainers", true),
            condition("Initialized", true),
            condition("Ready", all),
            condition("ContainersReady", all),
            condition("PodScheduled", true),
        ]);
        self.change("kubelet", |pod| {
            let status = &mut pod["status"];
            status["phase"] = if all { "Running" } else { "Pending" }.into();
            if status["startTime"].is_null() {
                status["startTime"] = now().into();
            }
            let kept = status["conditions"].clone();
            status["conditions"] = conditions;
            keep_times(&kept, &mut status["conditions"]);
            status["containerStatuses"] = statuses.into();
        })
    }

    /// Writes an event, or counts one that was said before, as client-go's recorder does.
    fn event(&mut self, from: &str, container: Option<&str>, kind: &str, reason: &str, message: &str) {
        let what = format!("{reason} {} {message}", container.unwrap_or_default());
        let at = now();
        let mut store = self.server.store();
        let Some(events) = store.kind("", "v1", "events") else { return };
        if let Some((_, name, count)) = self.told.iter_mut().find(|(known, _, _)| *known == what) {
            *count += 1;
            let Some(event) = store.get(&events, &self.namespace, name) else { return };
            let mut event = Value::clone(&event.value());
            event["count"] = (*count).into();
            event["lastTimestamp"] = at.into();
            store.put_value(&events, key(&self.namespace, name), event);
            return;
        }
        // Unique within the pod, however many are said in one nanosecond.
        let nanoseconds = Timestamp::now().as_nanosecond() + self.told.len() as i128;
        let name = format!("{}.{nanoseconds:x}", self.name);
        let mut object = json!({
            "apiVersion": "v1", "kind": "Pod", "namespace": self.namespace, "name": self.name, "uid": self.uid,
            "resourceVersion": store.version.to_string(),
        });
        if let Some(container) = container {
            object["fieldPath"] = format!("spec.containers{{{container}}}").into();
        }
        let uid = store.uid();
        let source =
            if from == "kubelet" { json!({"component": from, "host": self.node}) } else { json!({}) };
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"namespace": self.namespace, "name": name, "uid": uid, "creationTimestamp": at},
            "involvedObject": object, "type": kind, "reason": reason, "message": message, "count": 1,
            "firstTimestamp": at, "lastTimestamp": at, "eventTime": null, "source": source,
            "reportingComponent": from, "reportingInstance": if from == "kubelet" { &*self.node } else { "" },
        });
        store.put_value(&events, key(&self.namespace, &name), event);
        self.told.push((what, name, 1));
    }
}

/// What became of a container.
enum Outcome {
    Runs,
    /// Its state, and the error where a pull failed that is tried again.
    Waits(Value, Option<String>),
}

/// A condition that is as it was keeps its time.
fn keep_times(before: &Value, after: &mut Value) {
    let before = before.as_array().map(Vec::as_slice).unwrap_or_default();
    for condition in after.as_array_mut().into_iter().flatten() {
        let same = before
            .iter()
            .find(|known| known["type"] == condition["type"] && known["status"] == condition["status"]);
        if let Some(same) = same {
            condition["lastTransitionTime"] = same["lastTransitionTime"].clone();
        }
    }
}
