//! `pullmedic incidents`: the same incidents on the terminal, from the cluster, from a controller's history, or from a
//! recording.
//!
//! - `source`: where they are read from. `replay`: the correlation again, over a recording. `watch`: as they change.

mod replay;
mod source;
mod watch;

use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr as _;

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Incident;
use pullmedic_model::incident::{IncidentId, Phase, Query};
use pullmedic_model::report::Skipped;
use pullmedic_report::{Incidents, View, of_namespaces};

use crate::access::AccessArguments;
use crate::diagnose::{Output, duration};
use crate::failure::{Exit, Failure};
use crate::output::Screen;
use source::Source;

/// Arguments of `incidents`.
#[derive(Debug, Clone, clap::Args)]
#[command(
    args_conflicts_with_subcommands = false,
    mut_args(|argument| argument.global(true)),
    after_help = "Examples:\n  \
    pullmedic incidents                           what lasts in the context's namespace\n  \
    pullmedic incidents -A                        in every namespace\n  \
    pullmedic incidents show pi-k7m2qx            one, with proof and remedies\n  \
    pullmedic incidents -n shop --watch           a line for each change\n  \
    pullmedic incidents history --history h.db    what a controller kept, from its history.db\n  \
    pullmedic incidents replay r.jsonl            what a recording of controller --record comes to\n\n\
    Exit status of the list: 0 all was read and nothing lasts, 1 something lasts, 2 something could not be read.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Only what touches this namespace, and nothing of another
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// Every namespace, a row for each that an incident touches
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// How to write
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
    /// And again whenever something changes, until interrupted
    #[arg(short, long)]
    watch: bool,
    /// Read a controller's history.db instead of the cluster
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Exit 0 also when something lasts
    #[arg(long)]
    exit_zero: bool,
    #[command(flatten)]
    access: AccessArguments,
}

/// What to show.
#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Those that last, and those that are over since an hour at most; the default
    List,
    /// One, with its proof, its remedies and its life
    Show(ShowArguments),
    /// All that is kept, the newest first
    History(HistoryArguments),
    /// Run the correlation again over a recording, and show what it comes to
    Replay(ReplayArguments),
}

/// Arguments of `show`.
#[derive(Debug, Clone, clap::Args)]
struct ShowArguments {
    /// Its name, as pi-k7m2qx
    #[arg(value_name = "ID")]
    id: String,
    /// Say of each other cause why it is out, or why it is not
    #[arg(long)]
    why: bool,
}

/// Arguments of `history`.
#[derive(Debug, Clone, clap::Args)]
struct HistoryArguments {
    /// Only what changed within this time, such as 24h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    since: Option<SignedDuration>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
}

/// Arguments of `replay`.
#[derive(Debug, Clone, clap::Args)]
struct ReplayArguments {
    /// What controller --record wrote, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// For how long what is over is in the list.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    if let Some(What::Replay(replay)) = &arguments.what {
        return replay::run(&replay.file, arguments, screen);
    }
    let (source, namespace) = Source::open(arguments)?;
    let arguments = &Arguments { namespace: arguments.namespace.clone().or(namespace), ..arguments.clone() };
    if arguments.watch {
        return watch::run(&source, arguments, screen);
    }
    match &arguments.what {
        None | Some(What::List) => {
            let since = Timestamp::now().checked_sub(LATELY).unwrap_or(Timestamp::MIN);
            let found = source.unfinished(since)?;
            listed(&found.incidents, &found.skipped, arguments, screen)
        }
        Some(What::Show(show)) => {
            let id = IncidentId::from_str(&show.id).map_err(|error| {
                Failure::new(error).next("pullmedic incidents lists their names".to_owned())
            })?;
            let incident = source.one(&id)?.and_then(|incident| arguments.visible(incident));
            let Some(incident) = incident else {
                let next = "pullmedic incidents history lists all that are kept".to_owned();
                return Err(Failure::new(anyhow!("find {id}{}", arguments.whereabouts())).next(next));
            };
            let mut out = screen.out();
            let mut look = screen.look(Some(Timestamp::now()));
            look.why = show.why;
            pullmedic_report::write_incident(&incident, arguments.output.form(), &look, &mut out)?;
            out.flush()?;
            Ok(Exit::Healthy)
        }
        Some(What::History(history)) => {
            let since = history.since.and_then(|span| Timestamp::now().checked_sub(span).ok());
            let query = Query {
                namespace: arguments.namespace.clone(),
                cause: None,
                since,
                limit: Some(history.limit),
            };
            let found = source.past(&query)?;
            let incidents =
                Incidents { view: arguments.view(), incidents: &found.incidents, skipped: &found.skipped };
            let mut out = screen.out();
            let look = screen.look(Some(Timestamp::now()));
            pullmedic_report::write_incident_history(&incidents, arguments.output.form(), &look, &mut out)?;
            out.flush()?;
            Ok(Exit::Healthy)
        }
        Some(What::Replay(_)) => Ok(Exit::Healthy),
    }
}

/// Writes a list.
fn listed(
    found: &[Incident],
    skipped: &[Skipped],
    arguments: &Arguments,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let incidents = Incidents { view: arguments.view(), incidents: found, skipped };
    let mut out = screen.out();
    let look = screen.look(Some(Timestamp::now()));
    pullmedic_report::write_incidents(&incidents, arguments.output.form(), &look, &mut out)?;
    out.flush()?;
    let lasts = found.iter().any(|incident| {
        let is_seen = arguments.namespace.as_ref().is_none_or(|name| incident.touched.contains_key(name));
        incident.phase != Phase::Resolved && is_seen
    });
    Ok(match (lasts, skipped.is_empty()) {
        (true, _) if !arguments.exit_zero => Exit::Findings,
        (_, true) => Exit::Healthy,
        (_, false) => Exit::Incomplete,
    })
}

impl Arguments {
    fn view(&self) -> View<'_> {
        match &self.namespace {
            Some(namespace) => View::Namespace(namespace),
            None if self.all_namespaces => View::Namespaces,
            None => View::Cluster,
        }
    }

    /// The incident as far as it may be shown; `None` when it is of other namespaces.
    fn visible(&self, incident: Incident) -> Option<Incident> {
        match &self.namespace {
            Some(namespace) => of_namespaces(&incident, &[namespace.clone()].into()),
            None => Some(incident),
        }
    }

    fn whereabouts(&self) -> String {
        self.namespace.as_ref().map_or_else(String::new, |name| format!(" in namespace {name:?}"))
    }
}
