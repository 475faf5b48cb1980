//! A scripted API server on loopback, and kubeconfigs for it.

#![expect(dead_code, reason = "each test binary uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use pullmedic_cluster::{Access, Cluster};

/// A token that must never be seen anywhere but in the Authorization header of the one server.
pub(crate) const CANARY: &str = "canary-7f3a9c";

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Whether this asks which rights we have.
    pub(crate) fn is_review(&self) -> bool {
        self.path() == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    }

    pub(crate) fn asks(&self, part: &str) -> bool {
        self.target.contains(part)
    }
}

/// What the server does with a request.
pub(crate) enum Answer {
    /// Answers, and closes the connection.
    Whole { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Promises more than it sends.
    Short { promised: usize, body: Vec<u8> },
    /// Sends these lines, then closes, or holds the connection open for as long as it lives.
    Lines { lines: Vec<String>, hold: bool },
    /// Never answers.
    Silence,
    /// Closes the connection.
    Hangup,
}

pub(crate) fn ok(body: impl Into<String>) -> Answer {
    status(200, body)
}

pub(crate) fn status(status: u16, body: impl Into<String>) -> Answer {
    let headers = vec![("content-type", "application/json".to_owned())];
    Answer::Whole { status, headers, body: body.into().into_bytes() }
}

pub(crate) fn busy(code: u16, retry_after: &str) -> Answer {
    let headers = vec![("retry-after", retry_after.to_owned())];
    Answer::Whole { status: code, headers, body: refusal(code, "slow down").into_bytes() }
}

/// A `metav1.Status`.
pub(crate) fn refusal(code: u16, message: &str) -> String {
    serde_json::json!({"kind":"Status","apiVersion":"v1","status":"Failure","message":message,"code":code})
        .to_string()
}

pub(crate) fn forbidden(resource: &str) -> Answer {
    let message = format!(
        r#"{resource} is forbidden: User "dev" cannot list resource "{resource}" in API group "" in the namespace "shop""#
    );
    status(403, refusal(403, &message))
}

/// A list of a kind; items are JSON.
pub(crate) fn list(kind: &str, items: &[String], next: &str) -> String {
    let version =
        if ["Pod", "Event", "Node", "ReplicationController"].contains(&kind) { "v1" } else { "apps/v1" };
    format!(
        r#"{{"kind":"{kind}List","apiVersion":"{version}","metadata":{{"resourceVersion":"10","continue":"{next}"}},"items":[{}]}}"#,
        items.join(",")
    )
}

pub(crate) fn item(namespace: &str, name: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}","resourceVersion":"10"}}}}"#)
}

pub(crate) fn empty(request: &Request) -> Answer {
    let kind = match request.path().rsplit('/').next().unwrap_or_default() {
        "pods" => "Pod",
        "events" => "Event",
        "nodes" => "Node",
        _ => "Deployment",
    };
    ok(list(kind, &[], ""))
}

/// The answer to a question about our rights.
pub(crate) fn review(allowed: bool) -> Answer {
    let review = serde_json::json!({"kind":"SelfSubjectAccessReview","status":{"allowed":allowed}});
    status(201, review.to_string())
}

/// The server; its drop asserts what holds in every test: GETs and questions about our rights only, and never a Secret.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    /// Whether secrets may be asked for in this test.
    secrets: bool,
}

type Script = dyn FnMut(&Request) -> Answer + Send;

impl Server {
    pub(crate) fn start(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Box<Script>>> = Arc::new(Mutex::new(Box::new(script)));
        let held = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, all, held) = (Arc::clone(&script), Arc::clone(&all), Arc::clone(&held));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    all.lock().unwrap().push(request.clone());
                    let answer = (script.lock().unwrap())(&request);
                    if let Some(stream) = write(stream, answer) {
                        held.lock().unwrap().push(stream);
                    }
                });
            }
        });
        Server { address, seen, secrets: false }
    }

    /// As [`Server::start`], for a test that reads secrets: all others must not.
    pub(crate) fn of_secrets(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Server {
        let mut server = Server::start(script);
        server.secrets = true;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn access(&self) -> Setup {
        Setup::new(&self.url())
    }

    pub(crate) async fn cluster(&self) -> Cluster {
        Cluster::connect(&self.access().access).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        for request in self.seen() {
            let expected = if request.is_review() { "POST" } else { "GET" };
            assert_eq!(request.method, expected, "{request:?}");
            assert!(self.secrets || !request.path().contains("secrets"), "{request:?}");
        }
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    let mut body = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            body = value.parse().ok()?;
        }
        headers.push((name, value));
    }
    let mut sent = String::new();
    reader.take(body).read_to_string(&mut sent).ok()?;
    Some(Request { method, target, headers, body: sent })
}

/// Sends the answer; the stream when it is to be held open.
fn write(mut stream: TcpStream, answer: Answer) -> Option<TcpStream> {
    let mut send = |head: String, body: &[u8]| {
        // A client that left is no fault of the server.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let _ = stream.flush();
    };
    let length = |status: u16, length: usize| {
        format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\ncontent-length: {length}\r\n")
    };
    match answer {
        Answer::Whole { status, headers, body } => {
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            send(format!("{}{headers}\r\n", length(status, body.len())), &body);
            None
        }
        Answer::Short { promised, body } => {
            send(format!("{}\r\n", length(200, promised)), &body);
            None
        }
        Answer::Lines { lines, hold } => {
            let body: String =
                lines.iter().map(|line| format!("{:x}\r\n{line}\n\r\n", line.len() + 1)).collect();
            let end = if hold { "" } else { "0\r\n\r\n" };
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
            send(head.to_owned(), format!("{body}{end}").as_bytes());
            hold.then_some(stream)
        }
        Answer::Silence => Some(stream),
        Answer::Hangup => None,
    }
}

/// A kubeconfig on disk and the access that names it.
pub(crate) struct Setup {
    pub(crate) access: Access,
    pub(crate) folder: tempfile::TempDir,
}

impl Setup {
    pub(crate) fn new(server: &str) -> Setup {
        Setup::written(&format!(
            "apiVersion: v1
kind: Config
current-context: test
contexts:
- {{name: test, context: {{cluster: local, user: dev, namespace: shop}}}}
clusters:
- {{name: local, cluster: {{server: '{server}'}}}}
users:
- {{name: dev, user: {{token: {CANARY}}}}}
"
        ))
    }

    pub(crate) fn written(yaml: &str) -> Setup {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            access: Access {
                kubeconfig: Some(folder.path().join("config")),
                // Enough for a machine that is busy with other tests.
                request_timeout: Some(Duration::from_secs(20)),
                ..Access::default()
            },
            folder,
        };
        std::fs::write(setup.path(), yaml).unwrap();
        setup
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// The error of connecting, cause by cause, and its hint. Asserts that no credential is in it.
    pub(crate) async fn refused(&self) -> (String, Option<String>) {
        let Err(error) = Cluster::connect(&self.access).await else { panic!("connected") };
        let hint = error.hint();
        let said = chain(&error);
        let all = format!("{said} {hint:?} {error:?}");
        assert!(!all.contains(CANARY), "{all}");
        (said.replace(&self.folder.path().display().to_string(), "DIR"), hint)
    }
}

/// An error and its causes, as the app prints them.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        said = format!("{said}: {cause}");
        next = cause.source();
    }
    said
}
