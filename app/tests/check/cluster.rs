//! An API server on loopback that has a list of objects and answers GETs for them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Collection and object, which has `metadata.namespace` unless it is of the whole cluster.
pub(crate) type Store = Vec<(&'static str, Value)>;

/// The server, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
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
    pub(crate) fn start(store: Store) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (ended, noted, store) = (Arc::clone(&over), Arc::clone(&asked), Arc::new(store));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (store, noted) = (Arc::clone(&store), Arc::clone(&noted));
                thread::spawn(move || serve(&stream, &store, &noted));
            }
        });
        Server { address, over, asked }
    }

    /// The paths that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A kubeconfig for it, in a folder of its own.
    pub(crate) fn kubeconfig(&self) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "local", "user": "dev", "namespace": "shop"}}],
            "clusters": [{"name": "local", "cluster": {"server": format!("http://{}", self.address)}}],
            "users": [{"name": "dev", "user": {}}]});
        std::fs::write(&path, config.to_string()).unwrap();
        let path = path.display().to_string();
        (folder, path)
    }
}

fn serve(stream: &TcpStream, store: &Store, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() {
        return;
    }
    let mut header = String::new();
    while reader.read_line(&mut header).is_ok_and(|read| read > 2) {
        header.clear();
    }
    let target = line.split(' ').nth(1).unwrap_or_default();
    asked.lock().unwrap().push(target.to_owned());
    let (status, body) = answer(target.split('?').next().unwrap_or_default(), store);
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    // A client that left is no fault of the server.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn answer(path: &str, store: &Store) -> (u16, Value) {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let rest = match parts.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        _ => &[],
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, below @ ..] if !below.is_empty() => (Some(*namespace), below),
        rest => (None, rest),
    };
    let of = |collection: &str| {
        let is_of = move |object: &Value| {
            namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace)
        };
        store
            .iter()
            .filter(|(known, _)| *known == collection)
            .map(|(_, object)| object)
            .filter(|object| is_of(object))
            .collect::<Vec<_>>()
    };
    let refusal = || (404, json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}));
    match rest {
        [collection] => (
            200,
            json!({"kind": kind(collection) + "List", "apiVersion": "v1",
            "metadata": {"resourceVersion": "10"}, "items": of(collection)}),
        ),
        [collection, name] => {
            match of(collection).into_iter().find(|object| object["metadata"]["name"] == *name) {
                Some(object) => (200, object.clone()),
                None => refusal(),
            }
        }
        _ => refusal(),
    }
}

fn kind(collection: &str) -> String {
    let kinds = [
        ("pods", "Pod"),
        ("deployments", "Deployment"),
        ("replicasets", "ReplicaSet"),
        ("nodes", "Node"),
        ("secrets", "Secret"),
        ("serviceaccounts", "ServiceAccount"),
    ];
    kinds.iter().find(|(known, _)| *known == collection).map_or("Thing", |(_, kind)| kind).to_owned()
}

/// A pull secret with one login.
pub(crate) fn secret(name: &str, host: &str, user: &str, password: &str) -> (&'static str, Value) {
    let config = json!({"auths": {host: {"username": user, "password": password}}});
    (
        "secrets",
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "shop", "name": name},
        "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": STANDARD.encode(config.to_string())}}),
    )
}

/// A ServiceAccount `default` with these pull secrets.
pub(crate) fn account(secrets: &[&str]) -> (&'static str, Value) {
    let secrets: Vec<Value> = secrets.iter().map(|name| json!({"name": name})).collect();
    (
        "serviceaccounts",
        json!({"metadata": {"namespace": "shop", "name": "default"}, "imagePullSecrets": secrets}),
    )
}

/// A node.
pub(crate) fn node(name: &str, architecture: &str) -> (&'static str, Value) {
    (
        "nodes",
        json!({"metadata": {"name": name}, "status": {"nodeInfo": {"architecture": architecture,
        "operatingSystem": "linux", "containerRuntimeVersion": "containerd://2.3.7"}}}),
    )
}

/// A Deployment of one container.
pub(crate) fn deployment(name: &str, image: &str) -> (&'static str, Value) {
    (
        "deployments",
        json!({"metadata": {"namespace": "shop", "name": name},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}}),
    )
}

/// A running pod of one container.
pub(crate) fn pod(name: &str, image: &str, image_id: &str) -> (&'static str, Value) {
    pod_in(name, image, image_id, json!({"running": {"startedAt": "2026-11-01T00:00:00Z"}}))
}

/// A pod of one container in this state.
pub(crate) fn pod_in(name: &str, image: &str, image_id: &str, state: Value) -> (&'static str, Value) {
    (
        "pods",
        json!({"metadata": {"namespace": "shop", "name": name},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "app", "image": image, "imageID": image_id,
            "state": state}]}}),
    )
}
