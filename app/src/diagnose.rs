//! `pullmedic diagnose`: from a live cluster or from saved objects to a report.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use pullmedic_cluster::{Cluster, Scope};
use pullmedic_files::Source;
use pullmedic_model::Report;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::Objects;
use pullmedic_model::report::ApiVersion;
use pullmedic_report::{Form, Look, write_report};
use pullmedic_sight::Seen;

use crate::access::AccessArguments;
use crate::assemble::{self, Ground};
use crate::failure::{Exit, Failure};
use crate::follow;
use crate::output::Screen;
use crate::patches;
use crate::prove::{self, ProofArguments, Prover, SecretSource, Transcript};
use crate::select::{self, Selector, Target};

/// Arguments of `diagnose`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pullmedic diagnose                            the context's namespace\n  \
    pullmedic diagnose -A -o wide                 every namespace, every pod by name\n  \
    pullmedic diagnose -n shop deploy/cart        one owner\n  \
    pullmedic diagnose -n shop --watch            and again at every change\n  \
    pullmedic diagnose -n shop --why              and why it is none of the other causes\n  \
    pullmedic diagnose -n shop --node-config etc  with a node's eyes: etc is a copy of its /etc\n  \
    pullmedic diagnose -n shop --transcript t     and keep all that was read and asked;\n  \
    pullmedic diagnose --from-transcript t        gives the same verdict again, anywhere\n  \
    kubectl get pods,events -o yaml | pullmedic diagnose -f -\n  \
    kubectl cluster-info dump --output-directory=dump -A; pullmedic diagnose -f dump\n\n\
    Exit status: 0 all was read and healthy, 1 something was found, 2 nothing was found but something could not be read.")]
pub(crate) struct Arguments {
    /// Pods, or owners as KIND/NAME; without one, everything in the namespace
    #[arg(value_name = "POD|KIND/NAME")]
    targets: Vec<Target>,
    /// Read saved objects from a file, a folder, or - for standard input; nothing is dialled
    #[arg(short, long, value_name = "FILE|DIR|-", conflicts_with_all = ["context", "kubeconfig", "cluster", "user", "impersonate", "groups", "request_timeout", "watch"])]
    filename: Vec<PathBuf>,
    /// The namespace [default: the context's; with -f: all]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// Every namespace
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// Only pods with these labels: KEY=VALUE, KEY in (A,B), !KEY, …
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,
    /// The verdict of a file that --transcript wrote; nothing is read or dialled
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filename", "context", "kubeconfig", "cluster", "user", "impersonate", "groups", "request_timeout", "watch", "transcript", "no_probe", "all_namespaces", "selector"])]
    from_transcript: Option<PathBuf>,
    /// Follow changes until interrupted
    #[arg(short, long)]
    watch: bool,
    /// How to write
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
    /// How long a pull may go on before it counts as stalled
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m")]
    stalled_after: SignedDuration,
    /// Exit 0 also when something was found
    #[arg(long)]
    exit_zero: bool,
    #[command(flatten)]
    access: AccessArguments,
    #[command(flatten)]
    pub(crate) proof: ProofArguments,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// For people, with every pod and every rival
    Wide,
    /// The public format, as JSON
    Json,
    /// The public format, as YAML
    Yaml,
    /// A ticket to paste
    Markdown,
}

impl Output {
    pub(crate) fn form(self) -> Form {
        match self {
            Output::Text => Form::Text,
            Output::Wide => Form::Wide,
            Output::Json => Form::Json,
            Output::Yaml => Form::Yaml,
            Output::Markdown => Form::Markdown,
        }
    }
}

/// `1m30s`, `90s`, `500ms`; a bare number is seconds, as kubectl reads it.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let parsed = match text.parse::<u32>() {
        Ok(seconds) => Ok(SignedDuration::from_secs(i64::from(seconds))),
        Err(_) => {
            text.parse::<SignedDuration>().map_err(|_| "write a duration such as 30s, 5m or 1h".to_owned())
        }
    }?;
    if parsed.is_negative() { Err("a duration cannot be negative".into()) } else { Ok(parsed) }
}

pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    // Before anything is asked: what the asking costs would be lost.
    if let Some(folder) = &arguments.proof.patch_dir {
        patches::make(folder)?;
    }
    if let Some(path) = &arguments.from_transcript {
        let report = recalled(arguments, path)?;
        return told(&report, arguments, screen);
    }
    if !arguments.filename.is_empty() && !arguments.proof.probe {
        if let Some(option) = arguments.proof.only_asking() {
            let error = anyhow!("use {option}: with -f no registry is asked");
            return Err(Failure::new(error).next(format!("add --probe, or leave {option} out")));
        }
        let (objects, ground) = saved(arguments)?;
        let seen = arguments.seen(&objects, &ground);
        return told(&assemble::report(&objects, &seen, &ground), arguments, screen);
    }
    if arguments.filename.is_empty() {
        crate::waited(live(arguments, screen))
    } else {
        crate::waited(saved_and_asked(arguments, screen))
    }
}

/// Writes the report and what was asked for beside it.
fn told(report: &Report, arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    write(report, arguments, screen)?;
    if let Some(folder) = &arguments.proof.patch_dir {
        patches::write(report, folder)?;
    }
    Ok(arguments.exit(report))
}

impl Arguments {
    pub(crate) fn exit(&self, report: &Report) -> Exit {
        match (report.findings.is_empty(), report.skipped.is_empty()) {
            (false, _) if self.exit_zero => Exit::Healthy,
            (false, _) => Exit::Findings,
            (true, true) => Exit::Healthy,
            (true, false) => Exit::Incomplete,
        }
    }

    pub(crate) fn form(&self) -> Form {
        self.output.form()
    }

    /// An error when something was asked for by name that is not there. Where something could not be read, it may be.
    fn check_targets(&self, objects: &Objects) -> Result<(), Failure> {
        let Some(absent) = self.absent(objects) else {
            return Ok(());
        };
        let next =
            "check the name and the namespace (-n); without a name, everything in the namespace is looked at";
        Err(Failure::new(anyhow!("find {absent}")).next(next.to_owned()))
    }

    /// What was asked for by name and is not there, with its place.
    pub(crate) fn absent(&self, objects: &Objects) -> Option<String> {
        let absent = select::absent(&self.targets, objects).filter(|_| objects.skipped.is_empty())?;
        let place =
            self.namespace.as_ref().map_or_else(String::new, |name| format!(" in namespace {name:?}"));
        Some(format!("{absent}{place}"))
    }

    /// What was seen of that which was asked for; no verdict yet.
    pub(crate) fn seen(&self, objects: &Objects, ground: &Ground) -> Vec<Seen> {
        let mut sightings = assemble::sight(objects, ground);
        select::keep(&mut sightings, &self.targets, objects);
        // The API server understood the selector of a live read; where we do not, all refused owners stay.
        if let Some(selector) = self.selector.as_deref().and_then(|selector| selector.parse().ok()) {
            select::keep_refused(&mut sightings, &selector, objects);
        }
        assemble::classified(sightings)
    }
}

pub(crate) fn write(report: &Report, arguments: &Arguments, screen: &Screen) -> Result<(), Failure> {
    let mut out = screen.out();
    let now = match report.vantage {
        Vantage::Workstation | Vantage::Controller => report.observed_at,
        Vantage::Recording => Some(Timestamp::now()),
    };
    let look = Look { why: arguments.proof.why, ..screen.look(now) };
    write_report(report, arguments.form(), &look, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Saved objects. Their newest time stands for the present.
fn saved(arguments: &Arguments) -> Result<(Objects, Ground), Failure> {
    let mut objects = Objects::default();
    for path in &arguments.filename {
        let source = if path.as_os_str() == "-" { Source::StandardInput } else { Source::Path(path.clone()) };
        let hint = "give a file or folder of saved objects: kubectl get pods,events -A -o yaml > saved.yaml";
        objects.extend(
            pullmedic_files::read(&source).map_err(|error| Failure::new(error).next(hint.to_owned()))?,
        );
    }
    objects.deduplicate();
    let now = objects.newest();
    if let Some(namespace) = &arguments.namespace {
        objects.pods.retain(|pod| &pod.metadata.namespace == namespace);
        objects.events.retain(|event| &event.metadata.namespace == namespace);
        objects.workloads.retain(|workload| &workload.metadata.namespace == namespace);
    }
    if let Some(selector) = &arguments.selector {
        let selector: Selector = selector
            .parse()
            .map_err(|error| Failure::new(anyhow!("{error}").context("read the selector")))?;
        objects.pods.retain(|pod| selector.selects(&pod.metadata.labels));
    }
    let ground =
        Ground { cluster: None, vantage: Vantage::Recording, now, stalled_after: arguments.stalled_after };
    arguments.check_targets(&objects)?;
    Ok((objects, ground))
}

/// Saved objects, and registries asked about them without any login: a dump is not to send what somebody put into it.
async fn saved_and_asked(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let (objects, mut ground) = saved(arguments)?;
    let mut seen = arguments.seen(&objects, &ground);
    // What is asked is asked now; how old the words are shows in their own times.
    ground.vantage = Vantage::Workstation;
    ground.now = Some(Timestamp::now());
    let mut prover = Prover::new(&arguments.proof, SecretSource::Nowhere, ground.vantage)?;
    proved(&mut prover, &mut seen, &objects, &ground, arguments).await?;
    told(&assemble::report(&objects, &seen, &ground), arguments, screen)
}

/// What a transcript gives.
fn recalled(arguments: &Arguments, path: &Path) -> Result<Report, Failure> {
    let refused = |error| {
        Failure::new(error).next("give a file that pullmedic diagnose --transcript FILE wrote".to_owned())
    };
    let transcript = Transcript::read(path).map_err(refused)?;
    let objects = transcript.objects().map_err(refused)?;
    let ground = Ground {
        cluster: transcript.cluster.clone(),
        vantage: transcript.vantage,
        now: Some(transcript.now),
        stalled_after: arguments.stalled_after,
    };
    arguments.check_targets(&objects)?;
    let mut seen = arguments.seen(&objects, &ground);
    prove::recall(&mut seen, &objects, &transcript.proofs, &arguments.proof);
    Ok(assemble::report(&objects, &seen, &ground))
}

/// Proves what was seen, and keeps the transcript where one is wanted.
pub(crate) async fn proved(
    prover: &mut Prover<'_>,
    seen: &mut [Seen],
    objects: &Objects,
    ground: &Ground,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let now = ground.now.unwrap_or_else(Timestamp::now);
    let proofs = prover.prove(seen, objects, ground.vantage, now).await;
    let Some(path) = &arguments.proof.transcript else { return Ok(()) };
    let mut read = prove::objects_of(objects);
    prover.leave_out(&mut read);
    let transcript = Transcript {
        api_version: ApiVersion::V1Alpha1,
        kind: prove::Kind::Transcript,
        vantage: ground.vantage,
        now,
        cluster: ground.cluster.clone(),
        objects: read,
        skipped: objects.skipped.clone(),
        proofs,
    };
    transcript.write(path).map_err(Failure::new)
}

async fn live(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let cluster = arguments.access.connect().await?;
    let namespace = (!arguments.all_namespaces)
        .then(|| arguments.namespace.clone().unwrap_or_else(|| cluster.default_namespace().to_owned()));
    let scope = Scope { namespace, selector: arguments.selector.clone() };
    let mut prover = (!arguments.proof.no_probe)
        .then(|| Prover::new(&arguments.proof, SecretSource::Cluster(&cluster), Vantage::Workstation))
        .transpose()?;
    if arguments.watch {
        return follow::run(arguments, &cluster, &scope, prover, screen).await;
    }
    let first = cluster.pods_and_events(&scope);
    let mut objects = announced(first, &cluster).await.map_err(|error| {
        let next = error.hint();
        Failure::new(error).next(next)
    })?;
    let mut ground = ground(arguments, &cluster);
    objects.extend(Around::of(&objects, &scope, &ground, prover.is_some()).read(&cluster).await);
    ground.now = Some(Timestamp::now());
    arguments.check_targets(&objects)?;
    let mut seen = arguments.seen(&objects, &ground);
    if let Some(prover) = &mut prover {
        proved(prover, &mut seen, &objects, &ground, arguments).await?;
        for remark in prover.remarks().into_iter().filter(|_| arguments.proof.why) {
            // Talk: what it costs a verdict is said under "Not looked at" there.
            let _ =
                writeln!(std::io::stderr(), "note: the node's files: {}", pullmedic_report::shown(remark));
        }
    }
    told(&assemble::report(&objects, &seen, &ground), arguments, screen)
}

pub(crate) fn ground(arguments: &Arguments, cluster: &Cluster) -> Ground {
    Ground {
        cluster: Some(cluster.identity()),
        vantage: Vantage::Workstation,
        now: Some(Timestamp::now()),
        stalled_after: arguments.stalled_after,
    }
}

/// What to read around sightings, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// Whose owners are read: those where something waits.
    pub(crate) namespaces: BTreeSet<String>,
    /// Nodes whose version or platform decides.
    pub(crate) nodes: BTreeSet<String>,
    /// Whether ServiceAccounts are read too: they name pull secrets that may work.
    pub(crate) accounts: bool,
}

impl Around {
    pub(crate) fn of(objects: &Objects, scope: &Scope, ground: &Ground, proof: bool) -> Around {
        let sightings = assemble::sight(objects, ground);
        let mut namespaces: BTreeSet<String> = sightings.iter().map(|s| s.place.namespace.clone()).collect();
        // An owner that is refused its pods leaves no pod to be seen, and its events may be gone or unreadable.
        namespaces.extend(scope.namespace.clone());
        // A replay asks as the node's runtime does, for the node's platform; of words, only those of policy Never
        // depend on the node's version.
        let wanted =
            sightings.iter().filter(|sighting| proof || sighting.reason.as_str() == "ErrImageNeverPull");
        let nodes = wanted.filter_map(|sighting| sighting.place.node.clone()).collect();
        Around { namespaces, nodes, accounts: proof && !sightings.is_empty() }
    }

    /// Whether what was read around `self` holds all that is wanted around `other`.
    pub(crate) fn covers(&self, other: &Around) -> bool {
        self.namespaces.is_superset(&other.namespaces)
            && self.nodes.is_superset(&other.nodes)
            && (self.accounts || !other.accounts)
    }

    pub(crate) async fn read(&self, cluster: &Cluster) -> Objects {
        let mut objects = Objects::default();
        if !self.namespaces.is_empty() {
            objects.extend(cluster.owners(&self.namespaces).await);
        }
        if self.accounts {
            objects.extend(cluster.accounts(&self.namespaces).await);
        }
        if !self.nodes.is_empty() {
            objects.extend(cluster.nodes(&self.nodes).await);
        }
        objects
    }
}

/// Says what is going on when it takes more than a second.
async fn announced<T>(work: impl Future<Output = T>, cluster: &Cluster) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    if std::io::stderr().is_terminal() {
        let server = cluster.identity().server;
        // Talk only: the report does not depend on it.
        let _ =
            writeln!(std::io::stderr(), "reading pods and events from {}", pullmedic_report::shown(&server));
    }
    work.await
}

#[cfg(test)]
mod tests {
    use pullmedic_sight::STALLED_AFTER;

    use super::*;

    #[test]
    fn durations_are_read_as_kubectl_reads_them() {
        assert_eq!(duration("90"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(duration("1m30s"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(duration("0"), Ok(SignedDuration::ZERO));
        assert_eq!(duration("5m"), Ok(STALLED_AFTER));
        for text in ["", "soon", "-5s", "5 parsecs", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
