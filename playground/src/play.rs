//! One run.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use pullmedic_app::{Failure, Ours, report_on};
use pullmedic_model::Report;
use testkit_registry::Running;

use crate::cluster::{BOOT_ID, cluster};
use crate::comparison::{Row, rows};
use crate::node::Folder;
use crate::registries::{self, Passwords};
use crate::workloads::{Places, broken, healthy};

/// What a run gave. The registries listen and the folder is there until it is dropped.
#[derive(Debug)]
pub struct Played {
    /// What the product says.
    pub report: Report,
    /// Injected against said, workload by workload.
    pub rows: Vec<Row>,
    /// How long the product took.
    pub took: Duration,
    pub(crate) running: Running,
    pub(crate) folder: Folder,
    passwords: Vec<String>,
}

impl Played {
    /// The passwords of the simulated secrets: random, and never to be found in any output.
    #[must_use]
    pub fn passwords(&self) -> &[String] {
        &self.passwords
    }

    /// The names that were looked up, all of them at the playground's own name server.
    #[must_use]
    pub fn names(&self) -> std::collections::BTreeSet<String> {
        self.running.questions().into_iter().map(|question| question.name).collect()
    }

    /// Whether every verdict is as planned.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.rows.iter().all(|row| row.judgement.is_right())
    }

    /// Stops the registries and removes the folder.
    pub async fn end(self) {
        self.running.stop().await;
    }
}

/// Starts the registries, breaks the workloads, and has the product look.
///
/// # Errors
/// When loopback cannot be listened at, or the folder for temporary files cannot be written.
pub async fn play() -> Result<Played, Failure> {
    let passwords = Passwords::draw().context("draw passwords").map_err(Failure::new)?;
    let running =
        registries::start(&passwords).await.context("start the registries").map_err(Failure::new)?;
    let folder = Folder::new(&running).context("write the node's files").map_err(Failure::new)?;
    let places = Places::of(&running);
    let (broken, healthy) = (broken(&places), healthy(&places));
    let held = cluster(&broken, &healthy, &places, &passwords).map_err(Failure::new)?;
    let (etc, transcript) = (folder.etc(), folder.transcript());
    let (etc, kept) = (etc.to_string_lossy(), transcript.to_string_lossy());
    let options = ["--node-config", &etc, "--transcript", &kept];
    let ours = Ours { state: &folder.state(), boot_id: BOOT_ID };
    let begun = Instant::now();
    let report = report_on(&held.objects, &held.secrets, &options, ours).await?;
    let took = begun.elapsed();
    let transcript = std::fs::read_to_string(&transcript)
        .map_err(anyhow::Error::new)
        .and_then(|text| Ok(serde_json::from_str(&text)?))
        .context("read the transcript of the run")
        .map_err(Failure::new)?;
    let rows = rows(&broken, &report, &transcript);
    let passwords = passwords.all().map(str::to_owned).into();
    Ok(Played { report, rows, took, running, folder, passwords })
}
