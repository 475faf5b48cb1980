//! As many pods as a large cluster has, in the memory of a small one.
//!
//! A pod is a number until somebody reads it: its body is a recorded pod with a dozen holes, filled in as it is written.

mod row;
mod serving;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::object::{Key, Object};
use crate::running::Running;
use crate::store::{key, spread};
pub(crate) use row::Row;
use row::{Cast, Template};
pub use serving::Served;

/// The pod that the healthy are made from: recorded in our own cluster, `managedFields` and all.
const RUNNING: &str = include_str!("../../recordings/running-pod.json");

/// The pods of a large cluster.
///
/// ```no_run
/// # async fn f(api: &testkit_apiserver::Running) -> std::io::Result<()> {
/// use testkit_apiserver::{Population, recorded_failures};
///
/// let failures = recorded_failures("examples/broken-cluster/pods.yaml".as_ref(), 20)?;
/// let crowd = Population::new(150_000).nodes(5_000).failing(0.01, failures).settle(api);
/// let changes = crowd.change(200);
/// let served = api.measure_streaming_list("pods").await?;
/// println!("{} bytes in {:?} by the server's own time", served.bytes, served.elapsed);
/// changes.stop();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Population {
    pods: u32,
    nodes: u32,
    namespaces: u32,
    pods_per_owner: u32,
    failing: f64,
    owners: bool,
    running: Value,
    failures: Vec<Value>,
}

impl Population {
    /// So many pods, all well, on a node for every 30 and in 50 namespaces, ten of an owner.
    #[must_use]
    pub fn new(pods: u32) -> Population {
        Population {
            pods,
            nodes: pods.div_ceil(30),
            namespaces: 50,
            pods_per_owner: 10,
            failing: 0.0,
            owners: true,
            // It is ours, and read by a test: if it were no JSON, the pods would be null.
            running: serde_json::from_str(RUNNING).unwrap_or_default(),
            failures: Vec::new(),
        }
    }

    /// On so many nodes.
    #[must_use]
    pub fn nodes(mut self, nodes: u32) -> Population {
        self.nodes = nodes.max(1);
        self
    }

    /// In so many namespaces: `crowd-00`, `crowd-01`, ….
    #[must_use]
    pub fn namespaces(mut self, namespaces: u32) -> Population {
        self.namespaces = namespaces.max(1);
        self
    }

    /// So many pods an owner.
    #[must_use]
    pub fn pods_per_owner(mut self, pods: u32) -> Population {
        self.pods_per_owner = pods.max(1);
        self
    }

    /// Without the ReplicaSets and Deployments that own the pods.
    #[must_use]
    pub fn without_owners(mut self) -> Population {
        self.owners = false;
        self
    }

    /// Made from another recorded pod than ours.
    #[must_use]
    pub fn running(mut self, pod: Value) -> Population {
        self.running = pod;
        self
    }

    /// A share of the pods (0.01 is one in a hundred) fails, in turn as each of these recorded pods does. What a recording
    /// says of owners, and of `managedFields` where it says nothing, is taken from the pod that runs.
    #[must_use]
    pub fn failing(mut self, share: f64, pods: Vec<Value>) -> Population {
        self.failing = share.clamp(0.0, 1.0);
        self.failures = pods;
        self
    }

    /// Puts the pods, their namespaces, nodes and owners there, as if they had been there before anybody watched, in
    /// place of what nodes and owners there were. Watches that are open are not told.
    #[must_use]
    pub fn settle(self, api: &Running) -> Crowd {
        let namespaces: Vec<Arc<str>> =
            (0..self.namespaces).map(|number| Arc::from(format!("crowd-{number:02}"))).collect();
        let mut templates = vec![Template::of(&self.running)];
        for failure in &self.failures {
            let mut pod = failure.clone();
            for field in ["ownerReferences", "generateName", "managedFields"] {
                if field != "managedFields" || pod["metadata"][field].is_null() {
                    pod["metadata"][field] = self.running["metadata"][field].clone();
                }
            }
            templates.push(Template::of(&pod));
        }
        let cast = Arc::new(Cast {
            templates,
            namespaces: namespaces.clone(),
            nodes: self.nodes,
            pods_per_owner: self.pods_per_owner,
        });
        for namespace in &namespaces {
            // One that is there already will do.
            let _ = api
                .create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": &**namespace}}));
        }
        let crowd = Crowd { api: Arc::clone(&api.server), cast, pods: self.pods, failing: self.failing };
        let version = api.version();
        let at = seconds_now();
        let pods = (0..self.pods).map(|number| {
            let row = Row::new(&crowd.cast, number, crowd.template_of(number), version, at);
            (crowd.key(number), Object::Row(row))
        });
        api.fill("pods", pods.collect::<Vec<_>>());
        let nodes = (0..self.nodes).map(|number| {
            let name = format!("node-{number:04}");
            let node = json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {
                    "name": name, "uid": crate::store::uid_of((1 << 42) | u64::from(number)),
                    "resourceVersion": version.to_string(), "labels": {"kubernetes.io/hostname": name},
                },
            });
            (key("", &name), Object::plain(node))
        });
        api.fill("nodes", nodes.collect::<Vec<_>>());
        if self.owners {
            let owners = (0..self.pods).step_by(self.pods_per_owner as usize);
            let owned = owners.map(|number| crowd.cast.owners(number, version));
            let (sets, deployments): (Vec<_>, Vec<_>) = owned.unzip();
            api.fill("replicasets", sets);
            api.fill("deployments", deployments);
        }
        crowd
    }
}

fn seconds_now() -> u32 {
    u32::try_from(Timestamp::now().as_second()).unwrap_or(u32::MAX)
}

/// A population that has settled.
#[derive(Debug, Clone)]
pub struct Crowd {
    api: Arc<crate::serve::Server>,
    cast: Arc<Cast>,
    pods: u32,
    failing: f64,
}

impl Crowd {
    /// How many pods there are.
    #[must_use]
    pub fn pods(&self) -> u32 {
        self.pods
    }

    /// How many of them fail at the start.
    #[must_use]
    pub fn failing(&self) -> usize {
        (0..self.pods).filter(|number| self.template_of(*number) > 0).count()
    }

    /// Namespace and name of a pod, by its number.
    #[must_use]
    pub fn name(&self, number: u32) -> (String, String) {
        (self.cast.namespace(number).to_string(), self.cast.name(number))
    }

    fn key(&self, number: u32) -> Key {
        (Arc::clone(self.cast.namespace(number)), Arc::from(self.cast.name(number)))
    }

    /// What a pod looks like at the start: 0 runs, all else is a failure. Spread evenly, so that every part of a list
    /// has its share.
    fn template_of(&self, number: u32) -> u16 {
        let failures = self.cast.templates.len() - 1;
        let before = (f64::from(number) * self.failing).floor();
        let after = (f64::from(number + 1) * self.failing).floor();
        if failures == 0 || after <= before {
            return 0;
        }
        // At most u16::MAX recordings; more are not used.
        u16::try_from(1 + after as u64 % failures as u64).unwrap_or(1)
    }

    /// Changes one pod: it stays as it is and says so at a new time, as most changes in a cluster are.
    pub fn touch(&self, number: u32) -> u64 {
        self.write(number, None)
    }

    /// Lets a pod fail as the recording of that number (from 0) does, or run again; the version of the change.
    pub fn turn(&self, number: u32, failure: Option<usize>) -> u64 {
        let most = self.cast.templates.len() - 1;
        let template = failure.map_or(0, |failure| 1 + failure.min(most.saturating_sub(1)));
        self.write(number, u16::try_from(template.min(most)).ok())
    }

    fn write(&self, number: u32, template: Option<u16>) -> u64 {
        let key = self.key(number);
        let mut store = self.api.store();
        let Some(kind) = store.kind("", "v1", "pods") else { return 0 };
        let now = match store.get(&kind, &key.0, &key.1) {
            Some(Object::Row(row)) => row.template(),
            _ => self.template_of(number),
        };
        let (cast, at) = (&self.cast, seconds_now());
        let template = template.unwrap_or(now);
        store.put(&kind, key, |version| Object::Row(Row::new(cast, number, template, version, at))).version()
    }

    /// Changes pods at an even rate, one after another all over the cluster, until it is stopped or dropped.
    #[must_use]
    pub fn change(&self, per_second: u32) -> Changes {
        /// How often some are changed: often enough to be even, rarely enough to cost nothing.
        const STEP: Duration = Duration::from_millis(20);
        let crowd = self.clone();
        let task = tokio::spawn(async move {
            let start = tokio::time::Instant::now();
            let mut clock = tokio::time::interval(STEP);
            let mut done: u64 = 0;
            loop {
                clock.tick().await;
                let due = (start.elapsed().as_secs_f64() * f64::from(per_second)) as u64;
                for nth in done..due {
                    let number = spread(nth) % u64::from(crowd.pods.max(1));
                    crowd.touch(u32::try_from(number).unwrap_or(0));
                }
                done = due;
            }
        });
        Changes { task }
    }
}

/// Changes that go on until this is stopped or dropped.
#[derive(Debug)]
pub struct Changes {
    task: JoinHandle<()>,
}

impl Changes {
    /// Ends them.
    pub fn stop(self) {}
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Pods that wait for an image, from a recording (`kubectl get pods -o yaml` or JSON): at most so many, each with
/// another message.
///
/// # Errors
/// When the file cannot be read, or holds no such pod.
pub fn recorded_failures(recording: &Path, most: usize) -> std::io::Result<Vec<Value>> {
    let text = std::fs::read_to_string(recording)?;
    let list: Value = serde_saphyr::from_str(&text).map_err(std::io::Error::other)?;
    let pods = list["items"].as_array().cloned().unwrap_or_default();
    let mut known: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for pod in pods {
        let Some((image, message)) = waiting(&pod) else { continue };
        // Two nodes say the same of the same fault but for the name of the image.
        let message = message.replace(&image, "");
        if found.len() < most && !known.contains(&message) {
            known.push(message);
            found.push(pod);
        }
    }
    if found.is_empty() {
        return Err(std::io::Error::other("no pod of the recording waits for an image"));
    }
    Ok(found)
}

/// The image that a pod waits for, and what the kubelet says of it.
pub(crate) fn waiting(pod: &Value) -> Option<(String, String)> {
    ["initContainerStatuses", "containerStatuses"]
        .iter()
        .filter_map(|which| pod["status"][which].as_array())
        .flatten()
        .find_map(|status| {
            let waiting = &status["state"]["waiting"];
            let message = waiting["message"].as_str()?;
            let reason = waiting["reason"].as_str()?;
            (reason.contains("Image"))
                .then(|| (status["image"].as_str().unwrap_or_default().to_owned(), message.to_owned()))
        })
}
