//! One run.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use pullmedic_app::Failure;
use serde::Serialize;
use serde_json::Value;
use testkit_registry::Running;

use crate::api::{Api, Audit};
use crate::cluster::{objects, pods};
use crate::comparison::{self, Row, rows};
use crate::node::Folder;
use crate::product::{self, text};
use crate::registries::{self, Passwords, SHOP};
use crate::workloads::{HEALED, Places, Workload, broken, healthy};

/// Namespaces whose owner lets the controller read pull secrets.
const OPTED_IN: [&str; 1] = ["payments"];

/// By which of several controllers one writes.
const LEASE: &str = "pullmedic/pullmedic-controller";

/// How long the controller's verdicts are waited for, and the end of an incident.
const LONGEST: Duration = Duration::from_secs(30);

/// How often is looked.
const LOOK: Duration = Duration::from_millis(250);

/// What the product wrote.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// `pullmedic diagnose`
    pub diagnose: String,
    /// `pullmedic incidents`
    pub incidents: String,
    /// `pullmedic incidents show` of the one that is healed afterwards.
    pub show: String,
    /// `pullmedic incidents` of its namespace when it was over.
    pub over: String,
}

/// The workload that was healed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Healed {
    /// `deploy/storefront`
    pub workload: String,
    /// Its namespace.
    pub namespace: String,
    /// Its incident.
    pub incident: String,
    /// From the pod's running to the incident's end, in seconds; null: it did not end.
    pub resolved_after: Option<f64>,
}

/// What a run gave. Registries, API server and controller are up and the folder is there until it is dropped.
#[derive(Debug)]
pub struct Played {
    /// `diagnose -o json`
    pub report: Value,
    /// `incidents -o json`, before anything was healed.
    pub incidents: Value,
    /// Injected against said, workload by workload.
    pub rows: Vec<Row>,
    /// The workload that was healed.
    pub healed: Healed,
    /// What the controller asked of the API server.
    pub audit: Audit,
    /// What the product wrote.
    pub pages: Pages,
    /// How long `diagnose` took, and the controller from its start to its last verdict.
    pub took: (Duration, Duration),
    // In the order in which they end.
    controller: product::Running,
    pub(crate) folder: Folder,
    pub(crate) api: Api,
    pub(crate) running: Running,
    passwords: Vec<String>,
}

impl Played {
    /// The passwords of the secrets: random, and never to be found in any output.
    #[must_use]
    pub fn passwords(&self) -> &[String] {
        &self.passwords
    }

    /// What was kept on disk beside the node's files: state, history, transcript, kubeconfigs.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn kept(&self) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path)?;
                    files.push((path, bytes));
                }
            }
        }
        Ok(files)
    }

    /// The names that were looked up, all of them at the playground's own name server.
    #[must_use]
    pub fn names(&self) -> std::collections::BTreeSet<String> {
        self.running.questions().into_iter().map(|question| question.name).collect()
    }

    /// Whether every verdict is as planned, the healed incident is over, and the controller asked for nothing needless.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.rows.iter().all(Row::is_right)
            && self.healed.resolved_after.is_some()
            && self.audit.lists_after_the_start == 0
            && self.audit.refused == 0
    }

    /// Ends the controller, stops all servers, and removes the folder.
    ///
    /// # Errors
    /// Those of the controller.
    pub async fn end(self) -> Result<(), Failure> {
        let Played { controller, folder, api, running, .. } = self;
        let ended = controller.end().await;
        drop(folder);
        api.stop().await;
        running.stop().await;
        ended
    }
}

/// Starts registries and API server, breaks the workloads, has the product look, and heals one. `progress` is told what
/// is under way. One at a time in a process: the controller is ended by a signal to it.
///
/// # Errors
/// When loopback cannot be listened at, or the folder for temporary files cannot be written.
pub async fn play(progress: &(dyn Fn(&str) + Sync)) -> Result<Played, Failure> {
    progress("starting registries that fail, and an API server");
    let passwords = Passwords::draw().context("draw passwords").map_err(Failure::new)?;
    let running =
        registries::start(&passwords).await.context("start the registries").map_err(Failure::new)?;
    let places = Places::of(&running);
    let (broken, healthy) = (broken(&places), healthy(&places));
    let held = objects(&broken, &healthy, &places, &passwords);
    let api = Api::start(held, &OPTED_IN).await.map_err(Failure::new)?;
    let folder = Folder::new(&running, &api).context("write the node's files").map_err(Failure::new)?;
    progress("starting pullmedic controller, under the rights of deploy/rbac");
    let begun = Instant::now();
    let mut controller = product::begin(&folder, &words(&controller_line(&folder, &running)))?;
    progress("running pullmedic diagnose");
    let mut pages = Pages::default();
    let report = diagnosed(&folder, &mut pages).await?;
    let took = begun.elapsed();
    let incidents = told(&folder, &broken, &mut controller, progress).await?;
    let took = (took, begun.elapsed());
    let transcript = std::fs::read_to_string(folder.transcript())
        .map_err(anyhow::Error::new)
        .and_then(|text| Ok(serde_json::from_str(&text)?))
        .context("read the transcript of the run")
        .map_err(Failure::new)?;
    let rows = rows(&broken, &report, &incidents, &transcript);
    pages.incidents = incidents_page(&folder, &["-A"]).await?;
    let healed = heal(&folder, &api, &running, &broken, &rows, &mut pages, progress).await?;
    let passwords = passwords.all().map(str::to_owned).into();
    let audit = api.audit();
    Ok(Played {
        report,
        incidents,
        rows,
        healed,
        audit,
        pages,
        took,
        controller,
        folder,
        api,
        running,
        passwords,
    })
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

/// The controller's command line. It stands in no node's place, so it is told where the registries are.
fn controller_line(folder: &Folder, running: &Running) -> Vec<String> {
    let (_, kubeconfig) = folder.kubeconfigs();
    let resolv_conf = folder.etc().join("resolv.conf");
    let pairs = [
        ("--kubeconfig", text(&kubeconfig)),
        ("--state-dir", text(&folder.kept())),
        ("--resolv-conf", text(&resolv_conf)),
        ("--lease", LEASE.to_owned()),
        ("--log-level", "error".to_owned()),
        ("--listen", String::new()),
    ];
    let mut line = vec!["controller".to_owned()];
    line.extend(pairs.into_iter().flat_map(|(option, value)| [option.to_owned(), value]));
    for (name, address) in running.addresses() {
        line.push(format!("--resolve={name}:{}:{}", address.port(), address.ip()));
    }
    line
}

/// Runs `diagnose`, and reads what it kept once more as a document.
async fn diagnosed(folder: &Folder, pages: &mut Pages) -> Result<Value, Failure> {
    let (kubeconfig, _) = folder.kubeconfigs();
    let (kubeconfig, etc, kept) = (text(&kubeconfig), text(&folder.etc()), text(&folder.transcript()));
    let line = ["diagnose", "-A", "--kubeconfig", &kubeconfig, "--node-config", &etc, "--transcript", &kept];
    pages.diagnose = product::run(folder, &line).await?;
    document(&product::run(folder, &["diagnose", "--from-transcript", &kept, "-o", "json"]).await?)
}

fn document(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).context("read the product's own JSON").map_err(Failure::new)
}

/// `pullmedic incidents`, of what the controller wrote into the cluster.
async fn incidents_page(folder: &Folder, words: &[&str]) -> Result<String, Failure> {
    let (kubeconfig, _) = folder.kubeconfigs();
    let kubeconfig = text(&kubeconfig);
    let line: Vec<&str> = ["incidents", "--kubeconfig", &kubeconfig].iter().chain(words).copied().collect();
    product::run(folder, &line).await
}

/// Waits until the controller has said of every workload what was planned, or for too long.
async fn told(
    folder: &Folder,
    broken: &[Workload],
    controller: &mut product::Running,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Value, Failure> {
    let begun = Instant::now();
    let mut before = None;
    let mut incidents = Value::Null;
    while begun.elapsed() < LONGEST {
        if controller.has_ended() {
            let (ended, _) = controller.taken()?;
            ended?;
            return Err(Failure::new(anyhow!("keep the controller running")));
        }
        incidents = document(&incidents_page(folder, &["-A", "-o", "json"]).await?)?;
        let count = comparison::told(broken, &incidents);
        if before.replace(count) != Some(count) {
            progress(&format!("the controller has its verdict on {count} of {} workloads", broken.len()));
        }
        if count == broken.len() {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(incidents)
}

/// Heals one workload: the registry is given the tag, and once it has it, the kubelet's next try succeeds.
async fn heal(
    folder: &Folder,
    api: &Api,
    running: &Running,
    broken: &[Workload],
    rows: &[Row],
    pages: &mut Pages,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Healed, Failure> {
    let found = broken.iter().zip(rows).find(|(workload, _)| workload.name == HEALED.name);
    let (workload, row) = found.ok_or_else(|| Failure::new(anyhow!("find the workload to heal")))?;
    let id = row.incident.said.first().map(|said| said.id.clone()).unwrap_or_default();
    let mut healed = Healed {
        workload: row.workload.clone(),
        namespace: row.namespace.clone(),
        incident: id,
        resolved_after: None,
    };
    if healed.incident.is_empty() {
        return Ok(healed);
    }
    let id = healed.incident.clone();
    pages.show = incidents_page(folder, &["show", &id, "-n", workload.namespace]).await?;
    progress(&format!("healing {}: {SHOP} is given the tag {}", row.workload, HEALED.tag));
    running
        .set_images(SHOP, &registries::of_shop(&["1.9.0", "1.9.1", "1.9.2", HEALED.tag]))
        .context("push a tag")
        .map_err(Failure::new)?;
    // As a kubelet's next try: the registry is really asked.
    let line = ["probe", &workload.image, "--node-config", &text(&folder.etc())];
    let serves = product::is_healthy(folder, &line).await?;
    let digest = running.digest(SHOP, HEALED.repository, HEALED.tag);
    let runs = serves && pods(workload).iter().all(|pod| api.pulled(workload.namespace, pod, &digest));
    let begun = Instant::now();
    while runs && begun.elapsed() < LONGEST {
        let incident =
            document(&incidents_page(folder, &["show", &id, "-n", workload.namespace, "-o", "json"]).await?)?;
        if incident["phase"] == "resolved" {
            healed.resolved_after = Some(begun.elapsed().as_secs_f64());
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    pages.over = incidents_page(folder, &["-n", workload.namespace]).await?;
    Ok(healed)
}
