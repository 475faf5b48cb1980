//! A stand-in for the kubelets, the scheduler and the runtime: it walks pods to where a real kubelet would, with words
//! that real ones said.
//!
//! The order of states and events, and the back-off from 10 s doubling to 300 s:
//! <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/images/image_manager.go>.

mod recording;
mod walk;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};

use crate::object::{Object, text};
use crate::running::Running;
pub use recording::{Recording, Words};
use walk::Walk;

type Pulls = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;
type Says = Arc<dyn Fn(&Value, &str) -> Option<Words> + Send + Sync>;

/// Kubelets of all nodes.
///
/// ```no_run
/// # async fn f(api: &testkit_apiserver::Running) -> std::io::Result<()> {
/// use testkit_apiserver::{Kubelet, Recording};
///
/// let recording = Recording::read("examples/broken-cluster".as_ref())?;
/// let missing = recording.of_namespace("s01-a").cloned();
/// let kubelet = Kubelet::new(&recording)
///     .clock(20.0)
///     .says(move |_pod, _image| missing.clone())
///     .can_pull(|image| async move { image.ends_with(":1.0") })
///     .start(api);
/// // … create pods …
/// kubelet.stop();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Kubelet {
    nodes: Vec<String>,
    clock: f64,
    pulled: Option<(String, String)>,
    says: Says,
    can_pull: Pulls,
}

impl std::fmt::Debug for Kubelet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kubelet")
            .field("nodes", &self.nodes)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl Kubelet {
    /// On `node-a` and `node-b`, in real time; nothing can be pulled, and of everything the recording's first words
    /// are said.
    #[must_use]
    pub fn new(recording: &Recording) -> Kubelet {
        let first = recording.all().first().cloned();
        Kubelet {
            nodes: vec!["node-a".to_owned(), "node-b".to_owned()],
            clock: 1.0,
            pulled: recording.pulled.clone(),
            says: Arc::new(move |_, _| first.clone()),
            can_pull: Arc::new(|_| Box::pin(std::future::ready(false))),
        }
    }

    /// The nodes that pods without one are put on, in turn.
    #[must_use]
    pub fn nodes(mut self, nodes: &[&str]) -> Kubelet {
        self.nodes = nodes.iter().map(|&node| node.to_owned()).collect();
        self
    }

    /// How many times faster than a real one it is.
    #[must_use]
    pub fn clock(mut self, factor: f64) -> Kubelet {
        self.clock = factor.clamp(0.001, 1_000.0);
        self
    }

    /// Which recorded words are said of a pod and its image that cannot be pulled; `None` leaves the pod in
    /// ContainerCreating. Words of a pod that was never pulled ([`Words::pulls`]) are said without asking whether it
    /// can be.
    #[must_use]
    pub fn says(mut self, says: impl Fn(&Value, &str) -> Option<Words> + Send + Sync + 'static) -> Kubelet {
        self.says = Arc::new(says);
        self
    }

    /// Whether an image can really be pulled now, by who asks the registry.
    #[must_use]
    pub fn can_pull<F, Answer>(mut self, can_pull: F) -> Kubelet
    where
        F: Fn(String) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = bool> + Send + 'static,
    {
        self.can_pull = Arc::new(move |image| Box::pin(can_pull(image)));
        self
    }

    /// Takes care of every pod that is there or comes, but of populations.
    #[must_use]
    pub fn start(self, api: &Running) -> Kubelets {
        let server = Arc::clone(&api.server);
        let task = tokio::spawn(async move {
            let mut walks = JoinSet::new();
            let mut known: BTreeSet<String> = BTreeSet::new();
            let Some(pods) = server.store().kind("", "v1", "pods") else { return };
            let mut bell = server.store().table(&pods).bell();
            let mut version = None;
            let mut turn = 0_usize;
            loop {
                bell.mark_unchanged();
                let new: Vec<Arc<Value>> = {
                    let mut store = server.store();
                    let now = store.version;
                    let table = store.table(&pods);
                    let since = version.and_then(|version| table.since(version, usize::MAX));
                    version = Some(now);
                    let plain = |object: &Object| match object {
                        Object::Plain { value, .. } => Some(Arc::clone(value)),
                        Object::Row(_) => None,
                    };
                    match since {
                        Some(changes) => changes.iter().filter_map(|change| plain(&change.object)).collect(),
                        None => table.objects.values().filter_map(plain).collect(),
                    }
                };
                for pod in new {
                    let uid = text(&pod, "/metadata/uid").to_owned();
                    // Only what waits to be started: a pod that was put there with its state is left as it is.
                    let decodes =
                        pod["spec"].is_object() && (pod["status"].is_object() || pod["status"].is_null());
                    let fresh = decodes
                        && pod["status"]["containerStatuses"].is_null()
                        && pod["metadata"]["deletionTimestamp"].is_null();
                    if fresh && known.insert(uid) {
                        turn += 1;
                        let node = self.nodes.get(turn % self.nodes.len().max(1)).cloned();
                        let walk = Walk::new(&server, &pods, &self, &pod, node.unwrap_or_default());
                        walks.spawn(walk.run());
                    }
                }
                tokio::select! {
                    changed = bell.changed() => if changed.is_err() { return },
                    Some(_) = walks.join_next(), if !walks.is_empty() => {}
                }
            }
        });
        Kubelets { task }
    }

    /// Real time as this clock runs it.
    fn time(&self, real: Duration) -> Duration {
        real.div_f64(self.clock)
    }
}

/// Kubelets that run until this is stopped or dropped.
#[derive(Debug)]
pub struct Kubelets {
    task: JoinHandle<()>,
}

impl Kubelets {
    /// Ends them; pods stay as they are.
    pub fn stop(self) {}
}

impl Drop for Kubelets {
    fn drop(&mut self) {
        self.task.abort();
    }
}
