//! `diagnose` of what is held in memory: for the playground, which has no cluster.

use std::path::Path;

use jiff::Timestamp;
use pullmedic_model::Report;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::{Objects, Secret};

use clap::FromArgMatches as _;

use crate::assemble::{self, Ground};
use crate::diagnose::{self, Arguments};
use crate::failure::Failure;
use crate::prove::{Prover, SecretSource};

/// Where such a run takes place.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    /// The folder for what is kept between runs; nothing of the user's is read or written.
    pub state: &'a Path,
    /// The boot id of this machine, as nodes in memory that are this machine tell it in `status.nodeInfo.bootID`: what
    /// stands on loopback may then be asked in their place.
    pub boot_id: &'a str,
}

/// Diagnoses objects and secrets in memory: registries are asked as in a live run, with `options` as `pullmedic
/// diagnose` takes them (`--resolv-conf FILE`, `--node-config DIR`, …), but never through a proxy.
///
/// # Errors
/// When an option is wrong.
pub async fn report_on(
    objects: &Objects,
    secrets: &[Secret],
    options: &[&str],
    ours: Ours<'_>,
) -> Result<Report, Failure> {
    let definition = <Arguments as clap::Args>::augment_args(clap::Command::new("diagnose"));
    let words = std::iter::once("diagnose").chain(options.iter().copied());
    let arguments = definition
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| Failure::new(anyhow::anyhow!("{}", error.to_string().trim_end())))?;
    let ground = Ground {
        cluster: None,
        vantage: Vantage::Workstation,
        now: Some(Timestamp::now()),
        stalled_after: arguments.stalled_after(),
    };
    let mut seen = arguments.seen(objects, &ground);
    let mut prover =
        Prover::of_memory(&arguments.proof, SecretSource::Memory(secrets), ground.vantage, ours)?;
    diagnose::proved(&mut prover, &mut seen, objects, &ground, &arguments).await?;
    Ok(assemble::report(objects, &seen, &ground))
}
