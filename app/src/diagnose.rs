//! `pullmedic diagnose`: from a live cluster or from saved objects to a report.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use pullmedic_cluster::{Access, Cluster, Scope};
use pullmedic_files::Source;
use pullmedic_model::Report;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::Objects;
use pullmedic_report::{Form, write_report};

use crate::assemble::{self, Ground};
use crate::failure::{Exit, Failure};
use crate::follow;
use crate::output::Screen;
use crate::select::{self, Selector, Target};

/// Arguments of `diagnose`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pullmedic diagnose                            the context's namespace\n  \
    pullmedic diagnose -A -o wide                 every namespace, every pod by name\n  \
    pullmedic diagnose -n shop deploy/cart        one owner\n  \
    pullmedic diagnose -n shop --watch            and again at every change\n  \
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
    /// The kubeconfig file [default: KUBECONFIG, else ~/.kube/config, else the pod's own account]
    #[arg(long, value_name = "FILE", help_heading = "Cluster options")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig context
    #[arg(long, value_name = "NAME", help_heading = "Cluster options")]
    context: Option<String>,
    /// The kubeconfig cluster
    #[arg(long, value_name = "NAME", help_heading = "Cluster options")]
    cluster: Option<String>,
    /// The kubeconfig user
    #[arg(long, value_name = "NAME", help_heading = "Cluster options")]
    user: Option<String>,
    /// Act as this user
    #[arg(long = "as", value_name = "USER", help_heading = "Cluster options")]
    impersonate: Option<String>,
    /// Act as a member of this group; may be given several times
    #[arg(long = "as-group", value_name = "GROUP", help_heading = "Cluster options")]
    groups: Vec<String>,
    /// The limit of one request: 10s, 1m, 0 for none [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Cluster options")]
    request_timeout: Option<SignedDuration>,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
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

/// `1m30s`, `90s`, `500ms`; a bare number is seconds, as kubectl reads it.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let parsed = match text.parse::<u32>() {
        Ok(seconds) => Ok(SignedDuration::from_secs(i64::from(seconds))),
        Err(_) => {
            text.parse::<SignedDuration>().map_err(|_| "write a duration such as 30s, 5m or 1h".to_owned())
        }
    }?;
    if parsed.is_negative() { Err("a duration cannot be negative".into()) } else { Ok(parsed) }
}

pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    if !arguments.filename.is_empty() {
        let report = saved(arguments)?;
        write(&report, arguments, screen)?;
        return Ok(arguments.exit(&report));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(anyhow::Error::new(error).context("start")))?;
    runtime.block_on(live(arguments, screen))
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

    fn access(&self) -> Access {
        Access {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.groups.clone(),
            request_timeout: self
                .request_timeout
                .map(|limit| Duration::try_from(limit).unwrap_or(Duration::ZERO)),
        }
    }

    pub(crate) fn form(&self) -> Form {
        match self.output {
            Output::Text => Form::Text,
            Output::Wide => Form::Wide,
            Output::Json => Form::Json,
            Output::Yaml => Form::Yaml,
            Output::Markdown => Form::Markdown,
        }
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

    /// The report of what was read.
    pub(crate) fn judge(&self, objects: &Objects, ground: &Ground) -> Report {
        let mut sightings = assemble::sight(objects, ground);
        select::keep(&mut sightings, &self.targets, objects);
        // The API server understood the selector of a live read; where we do not, all refused owners stay.
        if let Some(selector) = self.selector.as_deref().and_then(|selector| selector.parse().ok()) {
            select::keep_refused(&mut sightings, &selector, objects);
        }
        assemble::report(objects, sightings, ground)
    }
}

pub(crate) fn write(report: &Report, arguments: &Arguments, screen: &Screen) -> Result<(), Failure> {
    let mut out = screen.out();
    let now = match report.vantage {
        Vantage::Workstation => report.observed_at,
        Vantage::Recording => Some(Timestamp::now()),
    };
    write_report(report, arguments.form(), &screen.look(now), &mut out)?;
    out.flush()?;
    Ok(())
}

/// Saved objects. Their newest time stands for the present.
fn saved(arguments: &Arguments) -> Result<Report, Failure> {
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
    Ok(arguments.judge(&objects, &ground))
}

async fn live(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let access = arguments.access();
    let cluster = Cluster::connect(&access).await.map_err(|error| {
        let next = error.hint();
        Failure::new(error).next(next)
    })?;
    let namespace = (!arguments.all_namespaces)
        .then(|| arguments.namespace.clone().unwrap_or_else(|| cluster.default_namespace().to_owned()));
    let scope = Scope { namespace, selector: arguments.selector.clone() };
    if arguments.watch {
        return follow::run(arguments, &cluster, &scope, screen).await;
    }
    let first = cluster.pods_and_events(&scope);
    let mut objects = announced(first, &cluster).await.map_err(|error| {
        let next = error.hint();
        Failure::new(error).next(next)
    })?;
    let mut ground = ground(arguments, &cluster);
    objects.extend(Around::of(&objects, &scope, &ground).read(&cluster).await);
    ground.now = Some(Timestamp::now());
    arguments.check_targets(&objects)?;
    let report = arguments.judge(&objects, &ground);
    write(&report, arguments, screen)?;
    Ok(arguments.exit(&report))
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
    /// Nodes whose version decides.
    pub(crate) nodes: BTreeSet<String>,
}

impl Around {
    pub(crate) fn of(objects: &Objects, scope: &Scope, ground: &Ground) -> Around {
        let sightings = assemble::sight(objects, ground);
        let mut namespaces: BTreeSet<String> = sightings.iter().map(|s| s.place.namespace.clone()).collect();
        // An owner that is refused its pods leaves no pod to be seen, and its events may be gone or unreadable.
        namespaces.extend(scope.namespace.clone());
        let never = sightings.iter().filter(|sighting| sighting.reason.as_str() == "ErrImageNeverPull");
        let nodes = never.filter_map(|sighting| sighting.place.node.clone()).collect();
        Around { namespaces, nodes }
    }

    /// Whether what was read around `self` holds all that is wanted around `other`.
    pub(crate) fn covers(&self, other: &Around) -> bool {
        self.namespaces.is_superset(&other.namespaces) && self.nodes.is_superset(&other.nodes)
    }

    pub(crate) async fn read(&self, cluster: &Cluster) -> Objects {
        let mut objects = Objects::default();
        if !self.namespaces.is_empty() {
            objects.extend(cluster.owners(&self.namespaces).await);
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
