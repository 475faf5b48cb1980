//! What runs beside the loop where incidents are written into the cluster: the election, and the task that writes.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Read as _;

use anyhow::anyhow;
use pullmedic_cluster::{Cluster, Leadership, LeaseNews, Terms, WriteSettings, Writer, Wrote};
use pullmedic_model::report::Skipped;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::logs::TARGET;
use super::settings::Settings;
use crate::failure::Failure;

/// The Lease, where nothing else is said.
const LEASE: &str = "pullmedic-controller";

/// A task, and what ends it when it is dropped.
type Task = (oneshot::Sender<()>, JoinHandle<()>);

/// The election and the writing.
pub(crate) struct Writes {
    leadership: Leadership,
    election: RefCell<Option<Task>>,
    writing: RefCell<Option<Task>>,
}

impl Writes {
    /// Begins both, where there is anything to write; with the hand that gives work, and what comes of it.
    ///
    /// # Errors
    /// When the Lease cannot be called so.
    pub(crate) fn begin(
        cluster: &Cluster,
        settings: &Settings,
    ) -> Result<(Writes, Option<Writer>, mpsc::UnboundedReceiver<Wrote>), Failure> {
        let (tell, wrote) = mpsc::unbounded_channel();
        let instance = instance();
        let mut election = None;
        let leadership = if settings.no_write || settings.no_lease {
            Leadership::alone()
        } else {
            let own = || {
                let namespace = std::env::var("POD_NAMESPACE").ok().filter(|name| !name.is_empty());
                (namespace.unwrap_or_else(|| cluster.default_namespace().to_owned()), LEASE.to_owned())
            };
            let (namespace, name) = settings.lease.clone().unwrap_or_else(own);
            let identity = format!("{instance}_{}", random());
            let stood = cluster.stand((&namespace, &name), identity, Terms::default());
            let (leadership, candidate) = stood.ok_or_else(|| {
                Failure::new(anyhow!("stand for the Lease {namespace}/{name}: that cannot be a name"))
                    .next("give another with --lease NAMESPACE/NAME".to_owned())
            })?;
            let (stop, stopped) = oneshot::channel();
            let run = candidate.run(
                async move {
                    let _ = stopped.await;
                },
                say,
            );
            election = Some((stop, tokio::spawn(run)));
            leadership
        };
        let mut writing = None;
        let writer = (!settings.no_write).then(|| {
            let settings = WriteSettings { instance, ..WriteSettings::default() };
            let (writer, task) = cluster.writer(settings, leadership.clone());
            let (stop, stopped) = oneshot::channel();
            let run = task.run(
                async move {
                    let _ = stopped.await;
                },
                move |wrote| {
                    // The loop is gone only when we end.
                    let _ = tell.send(wrote);
                },
            );
            writing = Some((stop, tokio::spawn(run)));
            writer
        });
        let writes = Writes { leadership, election: election.into(), writing: writing.into() };
        Ok((writes, writer, wrote))
    }

    /// Whether we lead.
    pub(crate) fn leadership(&self) -> Leadership {
        self.leadership.clone()
    }

    /// Writes what is left, for some seconds at most.
    pub(crate) async fn end_writing(&self) {
        let task = self.writing.borrow_mut().take();
        ended(task).await;
    }

    /// Gives the Lease back.
    pub(crate) async fn end(self) {
        ended(self.writing.into_inner()).await;
        ended(self.election.into_inner()).await;
    }
}

async fn ended(task: Option<Task>) {
    let Some((stop, task)) = task else { return };
    drop(stop);
    // One that panicked has ended, too.
    let _ = task.await;
}

fn say(news: LeaseNews) {
    match news {
        LeaseNews::Leads => tracing::info!(target: TARGET, "the Lease is ours"),
        LeaseNews::StandsBy { holder } => tracing::info!(target: TARGET, holder, "stands by"),
        LeaseNews::Trouble(Skipped { what, reason, needs, .. }) => {
            tracing::warn!(target: TARGET, what, reason, needs, "the Lease cannot be had");
        }
        LeaseNews::Over(Skipped { what, .. }) => {
            tracing::info!(target: TARGET, what, "the Lease can be had again");
        }
    }
}

/// Who we are, for people: the pod's name, else the machine's.
fn instance() -> String {
    let pod = std::env::var("POD_NAME").ok();
    let machine = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = pod.or_else(machine).unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
    if name.is_empty() { "pullmedic".to_owned() } else { name }
}

/// What no other process has.
fn random() -> String {
    let mut bytes = [0; 6];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    if read.is_err() {
        bytes[..4].copy_from_slice(&std::process::id().to_le_bytes());
    }
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
