//! An API server on loopback that has one waiting pod, what it names and nothing else. It answers GETs by path.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fault::Login;

/// The namespace of everything.
pub(crate) const NAMESPACE: &str = "shop";

/// What the cluster has.
pub(crate) struct Objects<'a> {
    pub(crate) image: &'a str,
    /// What the runtime says of it.
    pub(crate) words: &'a str,
    /// The key of the secrets' logins.
    pub(crate) key: &'a str,
    /// The login in the pod's own secret; `None`: it names none.
    pub(crate) login: Option<&'a Login>,
    /// The login in the secret of another workload.
    pub(crate) candidate: Option<&'a Login>,
    pub(crate) architecture: &'a str,
}

/// The server, until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, so that it sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

impl Server {
    pub(crate) fn start(objects: &Objects<'_>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened at");
        let address = listener.local_addr().expect("it listens");
        let over = Arc::new(AtomicBool::new(false));
        let (store, ended) = (Arc::new(store(objects)), Arc::clone(&over));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let store = Arc::clone(&store);
                thread::spawn(move || serve(&stream, &store));
            }
        });
        Server { address, over }
    }

    /// A kubeconfig for it.
    pub(crate) fn kubeconfig(&self) -> String {
        let server = format!("http://{}", self.address);
        json!({"apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "local", "user": "dev", "namespace": NAMESPACE}}],
            "clusters": [{"name": "local", "cluster": {"server": server}}],
            "users": [{"name": "dev", "user": {}}]})
        .to_string()
    }
}

/// Collection, kind, object.
type Store = Vec<(&'static str, &'static str, Value)>;

fn store(objects: &Objects<'_>) -> Store {
    let ago = |minutes: i64| {
        (Timestamp::now() - SignedDuration::from_mins(minutes)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let meta = |name: &str, owner: Option<(&str, &str)>| {
        let mut meta = json!({"namespace": NAMESPACE, "name": name, "uid": format!("uid-{name}"),
            "resourceVersion": "10", "creationTimestamp": ago(120), "labels": {"app": name}});
        if let Some((kind, name)) = owner {
            meta["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind, "name": name,
                "uid": format!("uid-{name}"), "controller": true}]);
        }
        meta
    };
    let named = |secret: Option<&str>| -> Value { secret.iter().map(|name| json!({"name": name})).collect() };
    let spec = |image: &str, secret: Option<&str>| {
        json!({"nodeName": "n1", "serviceAccountName": "default", "imagePullSecrets": named(secret),
            "containers": [{"name": "app", "image": image, "imagePullPolicy": "IfNotPresent"}]})
    };
    let own = objects.login.map(|_| "cart-pull");
    let others = objects.candidate.map(|_| "other-pull");
    let image = objects.image;
    let said = format!("Failed to pull image \"{image}\": {}", objects.words);
    let waiting = format!("Back-off pulling image \"{image}\": ErrImagePull: {}", objects.words);
    let event = |name: &str, kind: &str, reason: &str, message: &str| {
        json!({"metadata": {"namespace": NAMESPACE, "name": name, "resourceVersion": "10"}, "type": kind,
            "reason": reason, "message": message, "count": 9, "firstTimestamp": ago(60), "lastTimestamp": ago(1),
            "source": {"component": "kubelet", "host": "n1"},
            "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": "cart-5d-x", "uid": "uid-cart-5d-x",
                "fieldPath": "spec.containers{app}"}})
    };
    let status = |name: &str, image: &str, state: Value, ready: bool| json!({"name": name, "image": image, "imageID": "", "ready": ready, "restartCount": 0, "state": state});
    let template = |name: &str, image: &str, secret: Option<&str>| json!({"metadata": {"labels": {"app": name}}, "spec": spec(image, secret)});
    let deployment = |name: &str, image: &str, secret: Option<&str>| {
        json!({"metadata": meta(name, None), "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": template(name, image, secret)}, "status": {"readyReplicas": 0}})
    };
    let set = |name: &str, owner: &str, image: &str, secret: Option<&str>| {
        json!({"metadata": meta(name, Some(("Deployment", owner))), "spec": {"replicas": 1,
            "selector": {"matchLabels": {"app": owner}}, "template": template(owner, image, secret)}, "status": {}})
    };
    let secret = |name: &str, (user, password): &Login| {
        let auth = STANDARD.encode(format!("{user}:{password}"));
        let config = json!({"auths": {objects.key: {"username": user, "password": password, "auth": auth}}});
        json!({"metadata": meta(name, None), "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": STANDARD.encode(config.to_string())}})
    };
    let waits = json!({"waiting": {"reason": "ImagePullBackOff", "message": waiting}});
    let runs = json!({"running": {"startedAt": ago(100)}});
    let busybox = "registry.k8s.io/pause:3.10";
    let mut store = vec![
        (
            "pods",
            "Pod",
            json!({"metadata": meta("cart-5d-x", Some(("ReplicaSet", "cart-5d"))), "spec": spec(image, own),
            "status": {"phase": "Pending", "startTime": ago(120),
                "containerStatuses": [status("app", image, waits, false)]}}),
        ),
        ("events", "Event", event("e1", "Warning", "Failed", &said)),
        ("events", "Event", event("e2", "Normal", "BackOff", &format!("Back-off pulling image \"{image}\""))),
        ("replicasets", "ReplicaSet", set("cart-5d", "cart", image, own)),
        ("deployments", "Deployment", deployment("cart", image, own)),
        ("serviceaccounts", "ServiceAccount", json!({"metadata": meta("default", None)})),
        (
            "nodes",
            "Node",
            json!({"metadata": {"name": "n1", "resourceVersion": "10",
                "labels": {"kubernetes.io/arch": objects.architecture, "kubernetes.io/os": "linux"}},
            "spec": {}, "status": {"nodeInfo": {"architecture": objects.architecture, "operatingSystem": "linux",
                "bootID": "11111111-2222-3333-4444-555555555555", "kubeletVersion": "v1.35.0",
                "containerRuntimeVersion": "containerd://2.3.7"},
                "conditions": [{"type": "Ready", "status": "True"}]}}),
        ),
    ];
    store.extend(objects.login.map(|login| ("secrets", "Secret", secret("cart-pull", login))));
    if let Some(login) = objects.candidate {
        store.push(("secrets", "Secret", secret("other-pull", login)));
        store.push(("deployments", "Deployment", deployment("other", busybox, others)));
        store.push(("replicasets", "ReplicaSet", set("other-7f", "other", busybox, others)));
        store.push((
            "pods",
            "Pod",
            json!({"metadata": meta("other-7f-y", Some(("ReplicaSet", "other-7f"))),
            "spec": spec(busybox, others), "status": {"phase": "Running",
                "containerStatuses": [status("app", busybox, runs, true)]}}),
        ));
    }
    store
}

fn serve(stream: &TcpStream, store: &Store) {
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
    let (status, body) = match method {
        "GET" => answer(target.split('?').next().unwrap_or_default(), store),
        _ => (405, refusal(405)),
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    // A client that left is no fault of the server.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn refusal(code: u16) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "scripted", "code": code})
}

fn answer(path: &str, store: &Store) -> (u16, Value) {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ((*version).to_owned(), rest),
        ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
        _ => return (404, refusal(404)),
    };
    let rest = match rest {
        ["namespaces", namespace, below @ ..] if !below.is_empty() => {
            if *namespace != NAMESPACE {
                return (404, refusal(404));
            }
            below
        }
        rest => rest,
    };
    let whole = |kind: &str, object: &Value| {
        let mut object = object.clone();
        object["apiVersion"] = json!(version);
        object["kind"] = json!(kind);
        object
    };
    let of =
        |collection: &str| store.iter().filter(move |(known, ..)| *known == collection).collect::<Vec<_>>();
    match rest {
        [collection] => {
            let items: Vec<Value> =
                of(collection).iter().map(|(_, kind, object)| whole(kind, object)).collect();
            (
                200,
                json!({"kind": "List", "apiVersion": version, "metadata": {"resourceVersion": "10"}, "items": items}),
            )
        }
        [collection, name] => {
            match of(collection).iter().find(|(.., object)| object["metadata"]["name"] == *name) {
                Some((_, kind, object)) => (200, whole(kind, object)),
                None => (404, refusal(404)),
            }
        }
        _ => (404, refusal(404)),
    }
}
