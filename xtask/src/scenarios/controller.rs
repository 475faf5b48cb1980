//! The controller beside `diagnose`: it watches while the faults come, under the rights of its own ServiceAccount, and
//! must say the same of them. What it asked of the API server stands in the audit log.

mod audit;
mod incident;
mod install;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub(crate) use self::incident::Told;
use super::objects::Case;
use super::product::Product;
use crate::cluster::Cluster;
use crate::cluster::components::get;
use crate::cluster::layout::{log, pki, root};
use crate::cluster::pki::TRUSTED;
use crate::command::{command, read};

/// How long it may take from the cluster's own sign to a verdict that stands. Most are there before the sign is looked at;
/// the slowest wait for a dial limit, for the debounce of what may clear by itself, or for their turn to be written: one a second,
/// and here ninety faults begin at once.
const LIMIT: Duration = Duration::from_secs(150);

/// How long a mended incident may take to be resolved: the quiet time after something that comes and goes.
const OVER: Duration = Duration::from_secs(150);

/// How often the resources are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long it may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(20);

/// A controller that runs.
pub(crate) struct Controller {
    child: Child,
    home: PathBuf,
    binary: PathBuf,
}

impl Controller {
    /// Installs what `deploy/` says and starts the binary as that ServiceAccount; `None`: it has no controller.
    pub(crate) fn start(cluster: &Cluster, product: &Product, cases: &[Case<'_>]) -> Result<Option<Self>> {
        if !product.controls {
            return Ok(None);
        }
        let home = root().join("controller");
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home)?;
        audit::forget()?;
        install::install(cluster, cases)?;
        let kubeconfig = install::kubeconfig_of_the_account(cluster, &home)?;
        let output = File::create(log("controller")).context("the controller's log")?;
        let mut line: Command = command(&product.binary, &["controller"]);
        line.arg("--kubeconfig").arg(&kubeconfig);
        line.arg("--state-dir").arg(home.join("state"));
        line.arg("--record").arg(home.join("recording.jsonl"));
        line.args(["--listen", LISTEN, "--log-format", "text"]);
        line.arg("--resolv-conf").arg(&product.resolver);
        line.args(["--stalled-after", STALLED]);
        for host in plain_hosts(cases) {
            line.args(["--allow-plain-http", host]);
        }
        line.env("SSL_CERT_FILE", pki(&format!("{TRUSTED}.crt"))).env_remove("KUBECONFIG");
        let child = line
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("could not start the controller")?;
        let mut controller = Self { child, home, binary: product.binary.clone() };
        controller.wait_until_ready()?;
        Ok(Some(controller))
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < LIMIT {
            if let Some(status) = self.child.try_wait()? {
                bail!("the controller ended with {status}: see {}", log("controller").display());
            }
            if answers(&format!("http://{LISTEN}/readyz")) {
                return Ok(());
            }
            thread::sleep(LOOK_AGAIN);
        }
        bail!("the controller is not ready after {} s: see {}", LIMIT.as_secs(), log("controller").display())
    }

    /// What it says of each case, once that stands.
    pub(crate) fn said(&self, cluster: &Cluster, cases: &[(&Case<'_>, bool)]) -> Result<Vec<Option<Told>>> {
        let began = Instant::now();
        loop {
            let resources = Resources::read(cluster)?;
            let told: Vec<Option<Told>> = cases
                .iter()
                .map(|(case, shown)| {
                    let wanted = *shown && incident::expected(case).is_some();
                    wanted.then(|| incident::judge(case, &resources))
                })
                .collect();
            let all_well =
                told.iter().flatten().all(|told| told.differs.is_empty() && told.less_sure.is_none());
            if all_well || began.elapsed() > LIMIT {
                return Ok(told);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Which of these cases' incidents are not resolved, with what stands there.
    pub(crate) fn still_open(&self, cluster: &Cluster, cases: &[&Case<'_>]) -> Result<Vec<(String, String)>> {
        let began = Instant::now();
        loop {
            let resources = Resources::read(cluster)?;
            let open: Vec<(String, String)> = cases
                .iter()
                .filter_map(|case| Some((case.namespace.clone(), incident::not_resolved(case, &resources)?)))
                .collect();
            if open.is_empty() || began.elapsed() > OVER {
                return Ok(open);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Ends it as a kubelet would, and says what differs from what it must have asked and left.
    pub(crate) fn stop(mut self) -> Result<Vec<String>> {
        let mut differs = Vec::new();
        let number = i32::try_from(self.child.id()).context("a process number beyond 31 bits")?;
        read(&mut command("kill", &["-TERM".to_owned(), number.to_string()]))?;
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if began.elapsed() > PATIENCE {
                self.child.kill()?;
                bail!("the controller did not end within {} s of SIGTERM", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(100));
        };
        if !status.success() {
            differs.push(format!("it ended with {status}"));
        }
        differs.extend(audit::differs()?);
        differs.extend(self.replays()?);
        Ok(differs)
    }

    /// Its recording, replayed, is to name the same incidents.
    fn replays(&self) -> Result<Vec<String>> {
        let recording = self.home.join("recording.jsonl");
        let line = ["incidents", "replay", "-o", "json"];
        let said = read(command(&self.binary, &line).arg(&recording))?;
        let said: Value = serde_json::from_str(&said).context("the replay is no JSON")?;
        let count = said["items"].as_array().map_or(0, Vec::len);
        Ok(if count == 0 { vec!["its recording replays to no incident".to_owned()] } else { Vec::new() })
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // One that was stopped has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As the scenario that waits for it tells `diagnose`.
const STALLED: &str = "1m";

/// Where it answers for its health.
const LISTEN: &str = "127.0.0.1:18080";

/// Hosts that a scenario allows plain HTTP for: a profile would, in a house of its own.
fn plain_hosts<'a>(cases: &'a [Case<'_>]) -> Vec<&'a str> {
    let arguments = cases.iter().map(|case| case.scenario.arguments.as_slice());
    let pairs = arguments.flat_map(|arguments| arguments.windows(2));
    let mut hosts: Vec<&str> =
        pairs.filter(|pair| pair[0] == "--allow-plain-http").map(|pair| pair[1].as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn answers(url: &str) -> bool {
    let line = ["--silent", "--fail", "--max-time", "2", "--output", "/dev/null", url];
    read(&mut command("curl", &line)).is_ok()
}

/// The controller's resources as they stand.
pub(crate) struct Resources {
    /// PullIncidents of all namespaces.
    pub(crate) of_namespaces: Vec<Value>,
    /// ClusterPullIncidents.
    pub(crate) of_cluster: Vec<Value>,
}

impl Resources {
    fn read(cluster: &Cluster) -> Result<Self> {
        let list = |kind: &[&str]| -> Result<Vec<Value>> {
            Ok(get(&cluster.programs, kind)?["items"].as_array().cloned().unwrap_or_default())
        };
        Ok(Self {
            of_namespaces: list(&["pullincidents.pullmedic.dev", "--all-namespaces"])?,
            of_cluster: list(&["clusterpullincidents.pullmedic.dev"])?,
        })
    }
}

/// A file of `deploy/`.
fn deployed(name: &str) -> PathBuf {
    crate::cluster::layout::checkout().join("deploy").join(Path::new(name))
}
