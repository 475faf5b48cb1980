//! What a test plays on: registries, a cluster, a folder, and the binary run between them under a time limit.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use testkit_registry::{Certificate, Configuration, Endpoint, Image, Names, Registry, Request, Running};
use tokio::runtime::Runtime;

use super::words::{Said, words};
use super::world::{NAMESPACE, Server, Waiting, World};

/// No run of these tests may take longer, on a machine that others use too.
const LONGEST: Duration = Duration::from_secs(60);

/// What one run gave.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one finding of a report.
    pub(crate) fn finding(&self) -> Value {
        let findings = self.json()["findings"].as_array().cloned().unwrap_or_default();
        assert_eq!(findings.len(), 1, "{}", self.out);
        findings.into_iter().next().unwrap()
    }

    /// A clear word about the command line or an input: exit 2, something on standard error, no panic.
    pub(crate) fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert!(self.err.starts_with("error: ") && !self.err.contains("panicked"), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in: {self:?}");
        }
    }
}

/// The binary, copied: a build by somebody else meanwhile must not replace it under the tests.
fn binary() -> &'static Path {
    static COPY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = COPY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pullmedic");
        fs::copy(env!("CARGO_BIN_EXE_pullmedic"), &path).unwrap();
        (folder, path)
    });
    path
}

/// The binary with an environment and a home of its own.
pub(crate) fn pullmedic(home: &Path) -> Command {
    let mut command = Command::new(binary());
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_STATE_HOME", home.join("state"))
        .env("TMPDIR", home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for its end, and kills what does not end.
pub(crate) fn ended(mut child: Child, begun: Instant) -> Told {
    fn all(mut stream: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What came before a kill is told too.
            let _ = stream.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }
    let (out, err) = (all(child.stdout.take().unwrap()), all(child.stderr.take().unwrap()));
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begun.elapsed() > LONGEST {
            child.kill().unwrap();
            panic!("it hangs: {}", err.join().unwrap());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Told { code, out: out.join().unwrap(), err: err.join().unwrap(), took: begun.elapsed() }
}

pub(crate) fn run(mut command: Command) -> Told {
    let begun = Instant::now();
    ended(command.spawn().unwrap(), begun)
}

/// Random text that stands nowhere else.
pub(crate) fn canary() -> String {
    let mut bytes = [0; 12];
    fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).unwrap();
    bytes.iter().fold(String::from("canary"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An endpoint over TLS at a name of its own that has `team/app:1.0` and `team/app:1.1`.
pub(crate) fn registry(name: &str) -> Endpoint {
    let mut endpoint = Endpoint::named(name)
        .tls(Certificate::Trusted)
        .image(Image::small("team/app", "1.0"))
        .image(Image::small("team/app", "1.1"));
    endpoint.host = Some(format!("{name}.acme.test"));
    endpoint
}

pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) running: Option<Running>,
    pub(crate) server: Option<Server>,
    pub(crate) folder: TempDir,
    /// `--resolve` of every endpoint.
    resolve: Vec<String>,
}

impl Stage {
    /// Starts the endpoints.
    pub(crate) fn of(endpoints: Vec<Endpoint>) -> Stage {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let names: Vec<String> = endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
        let configuration = Configuration { endpoints, names: Some(Names::default()) };
        let running = runtime.block_on(Registry::start(configuration)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let resolve = names
            .iter()
            .map(|name| {
                let address = running.endpoint(name);
                format!("{name}.acme.test:{}:{}", address.port(), address.ip())
            })
            .collect();
        let stage = Stage { runtime, running: Some(running), server: None, folder, resolve };
        stage.save("ca.pem", stage.running().ca_pem());
        stage.save("resolv.conf", format!("nameserver {}\n", stage.running().dns()));
        stage.node(&names);
        stage
    }

    /// The node's `/etc`: its runtime asks each registry directly and trusts its authority.
    fn node(&self, names: &[String]) {
        for name in names {
            let host = self.host(name);
            fs::create_dir_all(self.folder.path().join("etc/containerd/certs.d").join(&host)).unwrap();
            let within = |file: &str| format!("etc/containerd/certs.d/{host}/{file}");
            self.save(&within("ca.crt"), self.running().ca_pem());
            let hosts =
                format!("server = \"https://{host}\"\nca = \"/etc/containerd/certs.d/{host}/ca.crt\"\n");
            self.save(&within("hosts.toml"), hosts);
        }
        self.save(
            "etc/containerd/config.toml",
            "version = 3\n\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n",
        );
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn save(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::write(self.folder.path().join(name), text).unwrap();
        self.path(name)
    }

    /// Host and port, as an image names them.
    pub(crate) fn host(&self, name: &str) -> String {
        format!("{name}.acme.test:{}", self.running().endpoint(name).port())
    }

    pub(crate) fn image(&self, name: &str, rest: &str) -> String {
        format!("{}/{rest}", self.host(name))
    }

    /// What the runtime says of `team/app` at this registry.
    pub(crate) fn words(&self, name: &str, reference: &str, said: Said) -> String {
        words(said, &self.host(name), reference)
    }

    /// The cluster, from now on.
    pub(crate) fn serve(&mut self, world: &World) {
        let server = Server::start(world.clone());
        self.save("kubeconfig", server.kubeconfig());
        self.server = Some(server);
    }

    /// A cluster of one waiting pod of `team/app` with these secrets; more may be put into it before it is served.
    pub(crate) fn one_pod(&self, name: &str, reference: &str, said: Said, secrets: &[&str]) -> World {
        let words = self.words(name, reference, said);
        self.one_pod_that_says(name, reference, &words, secrets)
    }

    pub(crate) fn one_pod_that_says(
        &self,
        name: &str,
        reference: &str,
        words: &str,
        secrets: &[&str],
    ) -> World {
        let image = self.image(name, &format!("team/app{reference}"));
        let mut world = World::new();
        world.waiting(&Waiting {
            namespace: NAMESPACE,
            name: "cart-5d-x",
            image: &image,
            words,
            secrets,
            owner: "cart",
        });
        world
    }

    /// `pullmedic SUBCOMMAND` with the ways to the registries.
    pub(crate) fn command(&self, subcommand: &str, arguments: &[&str]) -> Command {
        let mut command = pullmedic(self.folder.path());
        command.env("SSL_CERT_FILE", self.path("ca.pem")).arg(subcommand);
        for pin in &self.resolve {
            command.args(["--resolve", pin]);
        }
        command.args(["--resolv-conf", &self.path("resolv.conf")]).args(arguments);
        command
    }

    /// `pullmedic diagnose` of the cluster.
    pub(crate) fn diagnose(&self, arguments: &[&str]) -> Told {
        run(self.diagnosing(arguments))
    }

    pub(crate) fn diagnosing(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("diagnose", &["--kubeconfig", &self.path("kubeconfig")]);
        command.args(arguments);
        command
    }

    /// The same with the node's files.
    pub(crate) fn prove(&self, arguments: &[&str]) -> Told {
        run(self.proving(arguments))
    }

    pub(crate) fn proving(&self, arguments: &[&str]) -> Command {
        let mut command = self.diagnosing(&["--node-config", &self.path("etc")]);
        command.args(arguments);
        command
    }

    pub(crate) fn probe(&self, arguments: &[&str]) -> Told {
        run(self.command("probe", arguments))
    }

    /// Requests at an endpoint.
    pub(crate) fn requests(&self, name: &str) -> Vec<Request> {
        self.running().requests_at(name)
    }

    /// `GET /v2/` of the requests at an endpoint.
    pub(crate) fn asked(&self, name: &str) -> Vec<String> {
        self.requests(name).iter().map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    /// Registries and cluster are gone.
    pub(crate) fn stop(&mut self) {
        self.server = None;
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// Every file below a folder of the stage, by its path in it.
    pub(crate) fn files(&self, below: &str) -> Vec<(String, Vec<u8>)> {
        fn walk(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, found);
                } else {
                    found.push((path.to_string_lossy().into_owned(), fs::read(&path).unwrap()));
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.folder.path().join(below), &mut found);
        found.sort();
        found
    }
}

/// What a finding says, short enough for the message of an assertion.
pub(crate) fn brief(finding: &Value) -> String {
    let mut short = Value::Null;
    for field in [
        "cause",
        "certainty",
        "rivals",
        "missing",
        "unknown",
        "next",
        "notLookedAt",
        "requests",
        "explanation",
        "summary",
    ] {
        short[field] = finding[field].clone();
    }
    let texts = finding["observations"].as_array().into_iter().flatten();
    short["observations"] = texts.map(|seen| seen["text"].clone()).collect();
    let titles = finding["remedies"].as_array().into_iter().flatten();
    short["remedies"] = titles.map(|remedy| remedy["title"].clone()).collect();
    format!("{short:#}")
}
