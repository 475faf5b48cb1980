//! `pullmedic controller`: every pull failure of a cluster becomes part of an incident, is proven by the same replay as
//! `diagnose` makes, and is kept until it is over and after.
//!
//! - `settings`: flags, environment, file. `logs`, `status`: what is said of it.
//! - `engine`: the loop. `clock`: its time. `record`: what it was told, as a file. `keep`: the history.
//! - `world`: what is kept of the cluster; `kept`: which pods; `digest`, `early`, `around`: of pods that were dropped, of
//!   events before their pod, of owners, nodes and accounts. `told`: sightings and verdicts for the correlation.
//! - `writes`: who leads, and what is written into the cluster.
//! - `proof`: the proof of one container; `dial`: which hosts it may ask.

mod around;
#[cfg(test)]
mod built;
mod clock;
mod dial;
mod digest;
mod early;
mod engine;
mod keep;
mod kept;
mod logs;
mod proof;
mod record;
mod settings;
mod status;
mod told;
mod world;
#[cfg(test)]
mod world_tests;
mod writes;

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use pullmedic_cluster::{Cluster, Observe};
use pullmedic_console::Server;
use pullmedic_correlate::Limits;
use pullmedic_model::Endpoint;
use pullmedic_model::report::Skipped;
use pullmedic_model::resource::{self, HostPattern, Profile, RegistryProfile};

use crate::failure::{Exit, Failure};
use crate::output::Screen;
use crate::prove::ClientArguments;
use dial::Dialling;
use engine::{Engine, Parts};
use keep::Keeper;
use proof::Prover;
use record::Recorder;
use settings::Settings;
use status::Status;
use world::World;
use writes::Writes;

pub(crate) use settings::Arguments;

/// Runs until it is told to end.
pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let settings = Settings::of(arguments)?;
    if arguments.given.print_config {
        let mut out = screen.out();
        out.write_all(settings.printed.as_bytes())?;
        out.flush()?;
        return Ok(Exit::Healthy);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(anyhow::Error::new(error).context("start")))?;
    let outcome = runtime.block_on(work(arguments, &settings));
    // A proof that hangs in a name look-up of the system's would keep the process.
    runtime.shutdown_background();
    outcome
}

async fn work(arguments: &Arguments, settings: &Settings) -> Result<Exit, Failure> {
    let cluster = arguments.given.access.connect().await?;
    let stop = stopped()?;
    std::fs::create_dir_all(&settings.state_dir)
        .with_context(|| format!("make the folder {}", settings.state_dir.display()))
        .map_err(|error| Failure::new(error).next("name another with --state-dir".to_owned()))?;
    logs::begin(settings.log_format, settings.log_level);
    let rules = pullmedic_correlate::Settings::default();
    let since = Timestamp::now().checked_sub(rules.reopen_within).unwrap_or(Timestamp::MIN);
    let status = Status::new(env!("CARGO_PKG_VERSION"));
    let file = settings.state_dir.join("history.db");
    let (keeper, unfinished) = Keeper::open(&file, since, settings.keep, status.metrics.clone())?;
    let server = cluster.identity().server;
    let mut dialling = Dialling::new(settings.allow_hosts.iter().map(String::as_str), &server);
    let profiles = profiles(&cluster).await;
    dialling.heed(&profiles);
    status.metrics.profiled(profiles.iter().flat_map(|profile| &profile.hosts).filter_map(exactly));
    let client = with_profiles(&settings.client, &profiles);
    let prover = Prover::new(&client, cluster.clone(), dialling, &settings.state_dir)?;
    let recorder = settings.record.as_deref().map(|path| {
        Recorder::begin(path, settings.record_max).map_err(|error| {
            Failure::new(anyhow::Error::new(error).context(format!("begin {}", path.display())))
        })
    });
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = match settings.listen {
        Some(address) => Some(served(address, &status, ended).await?),
        None => None,
    };
    tracing::info!(
        target: logs::TARGET,
        version = env!("CARGO_PKG_VERSION"),
        server,
        state = %settings.state_dir.display(),
        restored = unfinished.len(),
        "begins"
    );
    let (writes, writer, wrote) = Writes::begin(&cluster, settings)?;
    let mut engine = Engine::new(Parts {
        world: World::new(settings.stalled_after),
        rules,
        unfinished,
        limits: Limits { at_once: settings.proofs, ..Limits::default() },
        prover: Arc::new(prover),
        probe: !settings.no_probe,
        keeper,
        recorder: recorder.transpose()?,
        status,
        leadership: writes.leadership(),
        writer,
        wrote,
    });
    let news = cluster.observe(Observe { namespaces: settings.namespaces.clone() });
    engine.run(Box::pin(news), stop).await;
    engine.status.health.stopping();
    // First what others read, then what we keep, then the Lease: whoever takes it finds all of it.
    writes.end_writing().await;
    let whole = engine.end().await;
    writes.end().await;
    // Answered until all is done: who waits for us to end sees that we do.
    drop(end);
    if let Some(serving) = serving {
        // How it ended is nothing to us.
        let _ = serving.await;
    }
    tracing::info!(target: logs::TARGET, history = whole, "ended");
    if whole {
        Ok(Exit::Healthy)
    } else {
        let error = anyhow!("keep the last of the history in {}", settings.state_dir.display());
        Err(Failure::new(error).next("the log says why".to_owned()))
    }
}

/// What those who run the cluster say of registries, as of the start; nothing where we may not read it.
async fn profiles(cluster: &Cluster) -> Vec<Profile> {
    let may = cluster.may("list", resource::GROUP, RegistryProfile::PLURAL, None).await;
    if !may.unwrap_or(false) {
        return Vec::new();
    }
    let (profiles, skipped) = match cluster.registry_profiles().await {
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(target: logs::TARGET, %error, "RegistryProfiles cannot be read");
            return Vec::new();
        }
    };
    for Skipped { what, reason, next, .. } in skipped {
        tracing::warn!(target: logs::TARGET, what, reason, next, "RegistryProfile: passed over");
    }
    for profile in &profiles {
        let unused = [
            ("certificateAuthorities", profile.certificate_authorities.is_some()),
            ("mirrors", !profile.mirrors.is_empty()),
            ("rate", profile.rate.is_some()),
        ];
        for (field, _) in unused.into_iter().filter(|(_, said)| *said) {
            let profile = &profile.name;
            tracing::warn!(target: logs::TARGET, profile, field, "RegistryProfile: this version does not use it");
        }
    }
    profiles
}

fn exactly(host: &HostPattern) -> Option<&Endpoint> {
    match host {
        HostPattern::Exactly(endpoint) => Some(endpoint),
        HostPattern::Below(_) => None,
    }
}

/// The options with what profiles allow beside them.
fn with_profiles(options: &ClientArguments, profiles: &[Profile]) -> ClientArguments {
    let mut options = options.clone();
    for profile in profiles {
        for host in profile.hosts.iter().filter_map(exactly) {
            options.realms.extend(profile.realms.iter().map(|realm| format!("{host}={}", realm.0)));
            options.plain_http.extend(profile.plain_http.then(|| host.to_string()));
        }
    }
    options
}

/// Serves health and metrics until `ended` is dropped or sent to.
async fn served(
    address: std::net::SocketAddr,
    status: &Status,
    ended: tokio::sync::oneshot::Receiver<()>,
) -> Result<tokio::task::JoinHandle<()>, Failure> {
    let server =
        Server::bind(address, status.health.clone(), status.metrics.clone()).await.map_err(|error| {
            Failure::new(error)
                .next("give another address with --listen, or an empty one for none".to_owned())
        })?;
    tracing::info!(target: logs::TARGET, address = %server.address(), "serves health and metrics");
    Ok(tokio::spawn(server.run(async move {
        let _ = ended.await;
    })))
}

/// Waits until the process is told to end.
fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).context("listen for signals").map_err(Failure::new);
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
