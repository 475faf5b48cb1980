//! One cell run: a registry, a cluster and a node's files are set up, and the binary is asked.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit_registry::{Configuration, Dialect, Names, Registry, Transport};

use super::cluster::{NAMESPACE, Objects, Server};
use super::containerd::{Pull, words};
use super::fault::{Setting, hosts, setting};

/// Where registries listen whose address says nothing else: another port would make them somebody else's mirror.
const PORT: u16 = 443;

/// Each cell's own loopback address, so that all can have the same port. Other runs of the test have others.
fn address() -> Ipv4Addr {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let of_run = u8::try_from(std::process::id() % 120).expect("it is below 120");
    Ipv4Addr::new(127, 100 + of_run, high, low)
}

/// Whether we may listen at that port at all.
pub(crate) fn may_listen() -> bool {
    std::net::TcpListener::bind((address(), PORT)).is_ok()
}

/// What the node runs.
const ARCHITECTURE: &str = "amd64";

/// What came of a cell.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What the runtime said.
    pub(crate) words: String,
    /// The one finding of the report.
    pub(crate) finding: Value,
    /// Registry requests that were counted at the registry.
    pub(crate) asked: Vec<String>,
    /// How long the binary took.
    pub(crate) took: Duration,
    /// What must never happen and did.
    pub(crate) leaks: Vec<String>,
}

/// Runs a cell.
pub(crate) async fn run(fault: &str, dialect: Dialect, binary: &Path) -> Outcome {
    let binary = binary.to_owned();
    let Setting { mut endpoint, repository, reference, login, candidate } = setting(fault, dialect);
    let (named, served) = hosts(dialect);
    let address = address();
    endpoint.listen = SocketAddr::from((address, PORT));
    let mut twin = endpoint.clone();
    twin.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    (twin.name, twin.transport, twin.host) = ("twin".to_owned(), Transport::Plain, None);
    let configuration = Configuration { endpoints: vec![endpoint, twin], names: Some(Names::default()) };
    let running = Registry::start(configuration).await.expect("the registry starts");
    let (twin, dns, authority) = (running.endpoint("twin"), running.dns(), running.ca_pem());
    let folder = tempfile::tempdir().expect("a folder of our own");
    let place = folder.path().to_owned();
    let secrets: Vec<String> =
        [&login, &candidate].into_iter().flatten().map(|(_, password)| password.clone()).collect();
    let work = tokio::task::spawn_blocking(move || {
        let pull = Pull {
            twin,
            endpoint: served,
            namespace: named,
            repository,
            reference: &reference,
            login: login.as_ref(),
            architecture: ARCHITECTURE,
        };
        let words = words(&pull).expect("the fault makes the pull fail");
        let image = format!("{named}/{repository}{reference}");
        let server = Server::start(&Objects {
            image: &image,
            words: &words,
            key: named,
            login: login.as_ref(),
            candidate: candidate.as_ref(),
            architecture: ARCHITECTURE,
        });
        node(&place, named, served, &authority);
        let write = |name: &str, text: &str| fs::write(place.join(name), text).expect("the folder is ours");
        write("kubeconfig", &server.kubeconfig());
        write("resolv.conf", &format!("nameserver {dns}\n"));
        let begun = Instant::now();
        let output = Command::new(&binary)
            .env_clear()
            .env("HOME", &place)
            .env("XDG_STATE_HOME", place.join("state"))
            .args(["diagnose", "-n", NAMESPACE, "-o", "json", "--runtime", "containerd@2.3.7"])
            .args(["--resolve", &format!("{served}:{PORT}:{address}")])
            .args(["--node-config", &place.join("etc").to_string_lossy()])
            .args(["--resolv-conf", &place.join("resolv.conf").to_string_lossy()])
            .args(["--kubeconfig", &place.join("kubeconfig").to_string_lossy()])
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        (words, output, begun.elapsed())
    });
    let (words, output, took) = work.await.expect("the run ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let report: Value = serde_json::from_str(&out)
        .unwrap_or_else(|error| panic!("{fault}, {dialect:?}: {error}: {out}{err}"));
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    assert_eq!(findings.len(), 1, "{fault}, {dialect:?}: {out}{err}");
    let asked = running.requests_at("registry");
    let outcome = Outcome {
        words,
        finding: findings.into_iter().next().expect("there is one"),
        asked: asked.iter().map(|request| format!("{} {}", request.method, request.path())).collect(),
        took,
        leaks: leaks(&secrets, &(out + &err)),
    };
    running.stop().await;
    outcome
}

/// Passwords, in clear or inside a Basic login, and tokens that stand in the output.
fn leaks(secrets: &[String], told: &str) -> Vec<String> {
    use base64::Engine as _;
    let mut found = Vec::new();
    for secret in secrets {
        // Whatever stands before it, one of three shifts of base64 holds its middle.
        let encoded = (0..3).map(|shift| {
            let text = base64::engine::general_purpose::STANDARD_NO_PAD
                .encode(format!("{}{secret}", "x".repeat(shift)));
            text[4..text.len() - 4].to_owned()
        });
        if told.contains(secret.as_str()) || encoded.into_iter().any(|part| told.contains(&part)) {
            found.push("a password".to_owned());
        }
    }
    // How every token of the registry begins: `{"alg":"HS256"`.
    if told.contains("eyJhbGciOiJIUzI1NiI") {
        found.push("a token".to_owned());
    }
    found
}

/// The node's `/etc`: its runtime asks the endpoint for this host and trusts its authority.
fn node(place: &Path, named: &str, endpoint: &str, authority: &str) {
    let certs = place.join("etc/containerd/certs.d").join(named);
    fs::create_dir_all(&certs).expect("the folder is ours");
    let write = |path: &Path, text: &str| fs::write(path, text).expect("the folder is ours");
    write(
        &place.join("etc/containerd/config.toml"),
        "version = 3\n\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n",
    );
    write(&certs.join("ca.crt"), authority);
    write(
        &certs.join("hosts.toml"),
        &format!("server = \"https://{endpoint}\"\nca = \"/etc/containerd/certs.d/{named}/ca.crt\"\n"),
    );
}
