//! The API server: what it holds, who may do what there, the stand-in for a kubelet, and what it was asked.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use serde_json::{Value, json};
use testkit_apiserver::{ApiServer, Options, Request, Running, User};

/// The controller's rights, as they are installed in a real cluster.
const RIGHTS: [&str; 5] = [
    include_str!("../../deploy/rbac/account.yaml"),
    include_str!("../../deploy/rbac/controller.yaml"),
    include_str!("../../deploy/rbac/leader.yaml"),
    include_str!("../../deploy/rbac/pull-secrets.yaml"),
    include_str!("../../deploy/rbac/view.yaml"),
];

/// The kinds that incidents are written as.
const KINDS: [&str; 3] = [
    include_str!("../../deploy/crds/clusterpullincidents.pullmedic.dev.yaml"),
    include_str!("../../deploy/crds/pullincidents.pullmedic.dev.yaml"),
    include_str!("../../deploy/crds/registryprofiles.pullmedic.dev.yaml"),
];

/// The ServiceAccount of `deploy/rbac`, in the namespace of the same name.
const ACCOUNT: &str = "pullmedic";
/// As the API server writes it down.
const CONTROLLER: &str = "system:serviceaccount:pullmedic:pullmedic";
/// Its token, which is worth something at this server only.
const TOKEN: &str = "playground-controller";

/// The API server of a run.
#[derive(Debug)]
pub(crate) struct Api {
    running: Running,
}

/// What the controller asked of the API server, by its audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// How many requests of each verb.
    pub by_verb: BTreeMap<String, usize>,
    /// Lists of what had been listed before: a watch that was lost, or a controller that polls.
    pub lists_after_the_start: usize,
    /// Requests that were refused for want of a right.
    pub refused: usize,
    /// Writes.
    pub writes: usize,
}

impl Api {
    /// Listens, and holds the rights, the kinds, and these objects. The namespaces `opted_in` allow the controller their
    /// pull secrets.
    ///
    /// # Errors
    /// When loopback cannot be listened at, or an object is refused, which is a mistake of this crate.
    pub(crate) async fn start(objects: Vec<Value>, opted_in: &[&str]) -> anyhow::Result<Api> {
        let running = ApiServer::start(Options::default()).await.context("start the API server")?;
        let refused = |refusal: testkit_apiserver::Refusal| anyhow!("{}", refusal.message);
        for text in RIGHTS.into_iter().chain(KINDS).flat_map(|text| text.split("\n---\n")) {
            let object: Value = serde_saphyr::from_str(text).context("read deploy/")?;
            running.create(object).map_err(refused).context("install deploy/ in the API server")?;
        }
        for namespace in opted_in {
            let opened = objects.iter().any(|object| object["metadata"]["name"] == *namespace);
            debug_assert!(opened, "{namespace} is a namespace of the run");
        }
        for object in objects {
            running.put(object).map_err(refused).context("put the workloads into the API server")?;
        }
        for namespace in opted_in {
            running.create(binding(namespace)).map_err(refused).context("allow pull secrets")?;
        }
        running.add_token(TOKEN, User::service_account(ACCOUNT, ACCOUNT));
        Ok(Api { running })
    }

    /// `http://127.0.0.1:40001`
    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    /// For whoever runs the cluster.
    pub(crate) fn admin(&self) -> String {
        self.running.kubeconfig(self.running.admin_token())
    }

    /// For the controller.
    pub(crate) fn controller(&self) -> String {
        self.running.kubeconfig(TOKEN)
    }

    /// The stand-in for a kubelet whose next try succeeds: the image was pulled, and the container runs.
    pub(crate) fn pulled(&self, namespace: &str, pod: &str, digest: &str) -> bool {
        let changed = self.running.change("pods", namespace, pod, |pod| {
            let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            pod["status"]["phase"] = "Running".into();
            let statuses = pod["status"]["containerStatuses"].as_array_mut();
            for status in statuses.into_iter().flatten() {
                let image = status["image"].as_str().unwrap_or_default();
                let repository = image.rsplit_once(':').map_or(image, |(repository, _)| repository);
                status["imageID"] = format!("{repository}@{digest}").into();
                status["ready"] = true.into();
                status["state"] = json!({"running": {"startedAt": now}});
            }
        });
        changed.is_some()
    }

    /// What the controller asked so far.
    pub(crate) fn audit(&self) -> Audit {
        audit(&self.running.requests())
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

/// What deploy/rbac/pull-secrets.yaml tells the owner of a namespace to do.
fn binding(namespace: &str) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"namespace": namespace, "name": "pullmedic-pull-secrets"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
            "name": "pullmedic-pull-secrets"},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": ACCOUNT}]})
}

fn audit(requests: &[Request]) -> Audit {
    let mut audit = Audit { by_verb: BTreeMap::new(), lists_after_the_start: 0, refused: 0, writes: 0 };
    let mut listed = Vec::new();
    for request in requests.iter().filter(|request| request.user == CONTROLLER) {
        // Where the verb is a method, the path is of no resource: versions and discovery.
        let verb = if request.resource.starts_with('/') { "discovery" } else { &request.verb };
        *audit.by_verb.entry(verb.to_owned()).or_default() += 1;
        audit.refused += usize::from(request.code == Some(403));
        audit.writes += usize::from(request.writes());
        // A further page is of the same list, and what selects other fields is another.
        let of = |key: &str| request.query.split('&').find(|pair| pair.starts_with(key));
        if request.lists() && of("continue=").is_none() {
            let place = (&request.group, &request.resource, &request.namespace);
            let what = (place, of("fieldSelector="), of("labelSelector="));
            audit.lists_after_the_start += usize::from(listed.contains(&what));
            listed.push(what);
        }
    }
    audit
}
