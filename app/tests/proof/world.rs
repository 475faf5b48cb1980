//! An API server on loopback: objects by path, and answers that are given word for word in their place.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Where everything is unless a test says otherwise.
pub(crate) const NAMESPACE: &str = "shop";

/// What a cluster has.
#[derive(Clone, Default)]
pub(crate) struct World {
    objects: Vec<(&'static str, Value)>,
    /// By the path's end: what is answered in place of the objects.
    instead: BTreeMap<String, (u16, String)>,
}

/// One pod that waits.
pub(crate) struct Waiting<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) image: &'a str,
    /// What the runtime says.
    pub(crate) words: &'a str,
    pub(crate) secrets: &'a [&'a str],
    /// Its Deployment.
    pub(crate) owner: &'a str,
}

fn ago(minutes: i64) -> String {
    (Timestamp::now() - SignedDuration::from_mins(minutes)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn meta(namespace: &str, name: &str) -> Value {
    json!({"namespace": namespace, "name": name, "uid": format!("uid-{namespace}-{name}"),
        "resourceVersion": "10", "creationTimestamp": ago(120), "labels": {"app": name}})
}

fn owned(mut meta: Value, kind: &str, name: &str) -> Value {
    meta["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind, "name": name,
        "uid": format!("uid-{name}"), "controller": true}]);
    meta
}

fn spec(image: &str, secrets: &[&str]) -> Value {
    let secrets: Vec<Value> = secrets.iter().map(|name| json!({"name": name})).collect();
    json!({"nodeName": "n1", "serviceAccountName": "default", "imagePullSecrets": secrets,
        "containers": [{"name": "app", "image": image, "imagePullPolicy": "IfNotPresent"}]})
}

impl World {
    /// One node, and nothing that waits.
    pub(crate) fn new() -> World {
        let mut world = World::default();
        // The node is the machine of the test: loopback means the same there.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        world.put(
            "nodes",
            json!({"kind": "Node", "metadata": {"name": "n1", "resourceVersion": "10",
                "labels": {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux"}},
            "spec": {}, "status": {"nodeInfo": {"architecture": "amd64", "operatingSystem": "linux",
                "bootID": boot.trim(), "kubeletVersion": "v1.35.0",
                "containerRuntimeVersion": "containerd://2.3.7"},
                "conditions": [{"type": "Ready", "status": "True"}]}}),
        );
        world.put(
            "serviceaccounts",
            json!({"kind": "ServiceAccount", "metadata": meta(NAMESPACE, "default")}),
        );
        world
    }

    pub(crate) fn put(&mut self, collection: &'static str, object: Value) -> &mut World {
        self.objects.push((collection, object));
        self
    }

    /// What is answered where the path ends so, with this status.
    pub(crate) fn instead(&mut self, end: &str, status: u16, body: &str) -> &mut World {
        self.instead.insert(end.to_owned(), (status, body.to_owned()));
        self
    }

    /// Refuses the right, as the API server does.
    pub(crate) fn forbid(&mut self, end: &str) -> &mut World {
        let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
            "message": "forbidden: User \"dev\" cannot do this", "code": 403});
        self.instead(end, 403, &body.to_string())
    }

    /// A pod that waits, and the Deployment it is of.
    pub(crate) fn waiting(&mut self, pod: &Waiting<'_>) -> &mut World {
        let Waiting { namespace, name, image, words, secrets, owner } = *pod;
        let set = format!("{owner}-5d");
        let template = json!({"metadata": {"labels": {"app": owner}}, "spec": spec(image, secrets)});
        let selector = json!({"matchLabels": {"app": owner}});
        if !self.objects.iter().any(|(collection, known)| {
            *collection == "deployments"
                && known["metadata"]["name"] == owner
                && known["metadata"]["namespace"] == namespace
        }) {
            self.put(
                "deployments",
                json!({"kind": "Deployment", "metadata": meta(namespace, owner),
                    "spec": {"replicas": 1, "selector": selector, "template": template}, "status": {}}),
            );
            self.put(
                "replicasets",
                json!({"kind": "ReplicaSet", "metadata": owned(meta(namespace, &set), "Deployment", owner),
                    "spec": {"replicas": 1, "selector": selector, "template": template}, "status": {}}),
            );
        }
        let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {words}");
        self.put(
            "pods",
            json!({"kind": "Pod", "metadata": owned(meta(namespace, name), "ReplicaSet", &set),
                "spec": spec(image, secrets),
                "status": {"phase": "Pending", "startTime": ago(120), "containerStatuses": [{"name": "app",
                    "image": image, "imageID": "", "ready": false, "restartCount": 0,
                    "state": {"waiting": {"reason": "ImagePullBackOff", "message": message}}}]}}),
        );
        self.put(
            "events",
            json!({"kind": "Event", "metadata": {"namespace": namespace, "name": format!("{name}.1"),
                "resourceVersion": "10"}, "type": "Warning", "reason": "Failed",
                "message": format!("Failed to pull image \"{image}\": {words}"), "count": 9,
                "firstTimestamp": ago(60), "lastTimestamp": ago(1),
                "source": {"component": "kubelet", "host": "n1"},
                "involvedObject": {"kind": "Pod", "namespace": namespace, "name": name,
                    "uid": format!("uid-{namespace}-{name}"), "fieldPath": "spec.containers{app}"}}),
        )
    }

    /// A Deployment that runs well elsewhere and names a pull secret: the secret is a candidate.
    pub(crate) fn user_of(&mut self, secret: &str) -> &mut World {
        let name = format!("of-{secret}");
        let spec = spec("registry.k8s.io/pause:3.10", &[secret]);
        self.put(
            "deployments",
            json!({"kind": "Deployment", "metadata": meta(NAMESPACE, &name), "spec": {"replicas": 1,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec}},
                "status": {"readyReplicas": 1}}),
        )
    }

    /// A pull secret with this text as its value.
    pub(crate) fn secret_of(&mut self, namespace: &str, name: &str, config: &str) -> &mut World {
        self.put(
            "secrets",
            json!({"kind": "Secret", "metadata": meta(namespace, name), "type": "kubernetes.io/dockerconfigjson",
                "data": {".dockerconfigjson": STANDARD.encode(config)}}),
        )
    }

    /// A pull secret with one login.
    pub(crate) fn secret(
        &mut self,
        namespace: &str,
        name: &str,
        key: &str,
        user: &str,
        password: &str,
    ) -> &mut World {
        self.secret_of(namespace, name, &login(key, user, password).to_string())
    }

    /// All of it as `kubectl get -o json` saves it.
    pub(crate) fn saved(&self) -> String {
        let items: Vec<Value> =
            self.objects.iter().map(|(collection, object)| whole(collection, object)).collect();
        json!({"kind": "List", "apiVersion": "v1", "items": items}).to_string()
    }
}

/// A docker config with one login.
pub(crate) fn login(key: &str, user: &str, password: &str) -> Value {
    let auth = STANDARD.encode(format!("{user}:{password}"));
    json!({"auths": {key: {"username": user, "password": password, "auth": auth}}})
}

fn whole(collection: &str, object: &Value) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = match collection {
        "deployments" | "replicasets" => json!("apps/v1"),
        _ => json!("v1"),
    };
    object
}

/// A server, until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    over: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, so that it sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

impl Server {
    pub(crate) fn start(world: World) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (world, ended, heard) = (Arc::new(world), Arc::clone(&over), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (world, heard) = (Arc::clone(&world), Arc::clone(&heard));
                thread::spawn(move || serve(&stream, &world, &heard));
            }
        });
        Server { address, over, asked }
    }

    /// The targets that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn kubeconfig(&self) -> String {
        let server = format!("http://{}", self.address);
        json!({"apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "local", "user": "dev", "namespace": NAMESPACE}}],
            "clusters": [{"name": "local", "cluster": {"server": server}}],
            "users": [{"name": "dev", "user": {}}]})
        .to_string()
    }
}

fn serve(mut stream: &TcpStream, world: &World, heard: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() {
        return;
    }
    let mut header = String::new();
    while reader.read_line(&mut header).is_ok_and(|read| read > 2) {
        header.clear();
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(target.to_owned());
    let (status, body) = match method {
        "GET" => answer(target, world),
        _ => (405, String::new()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    // A client that left is no fault of the server.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn answer(target: &str, world: &World) -> (u16, String) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Some((_, instead)) = world.instead.iter().find(|(end, _)| path.ends_with(end.as_str())) {
        return instead.clone();
    }
    let absent = || {
        (404, json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}).to_string())
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let rest = match parts.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        _ => return absent(),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, below @ ..] if !below.is_empty() => (Some(*namespace), below),
        rest => (None, rest),
    };
    let of = |wanted: &str| -> Vec<&(&'static str, Value)> {
        let here =
            |object: &Value| namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace);
        world.objects.iter().filter(|(collection, object)| *collection == wanted && here(object)).collect()
    };
    match rest {
        [collection] => {
            let kinds = query.contains("fieldSelector=type%3Dkubernetes.io/dockercfg");
            let items: Vec<Value> = of(collection)
                .into_iter()
                .filter(|(_, object)| !kinds || object["type"] == "kubernetes.io/dockercfg")
                .map(|(collection, object)| whole(collection, object))
                .collect();
            (200, json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "10"}, "items": items}).to_string())
        }
        [collection, name] => of(collection)
            .into_iter()
            .find(|(_, object)| object["metadata"]["name"] == *name)
            .map_or_else(absent, |(collection, object)| (200, whole(collection, object).to_string())),
        _ => absent(),
    }
}
