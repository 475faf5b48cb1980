//! The command line.

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::failure::{Exit, Failure};
use crate::output::{Screen, ScreenArguments};
use crate::{check, classify, controller, diagnose, explain, incidents, probe};

/// Finds out why Kubernetes cannot pull an image, and says what to do.
#[derive(Debug, Parser)]
#[command(
    name = "pullmedic",
    version,
    max_term_width = 110,
    after_help = "Examples:\n  \
        pullmedic diagnose -n shop                    what in a namespace waits for an image, and why\n  \
        pullmedic diagnose -f dump/                   the same of saved objects; nothing is dialled\n  \
        kustomize build . | pullmedic check -f -      which images of a deploy could not be pulled\n  \
        pullmedic classify -m 'Failed to pull …'      what one message suggests\n  \
        pullmedic explain tag-not-found               what a cause means and how it is mended\n\n\
        Exit status: 0 all was read and healthy, 1 something was found, 2 something could not be read."
)]
pub struct Command {
    #[command(flatten)]
    pub(crate) screen: ScreenArguments,
    #[command(subcommand)]
    pub(crate) subcommand: Subcommand,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Find every container that waits for an image, and say why
    Diagnose(Box<diagnose::Arguments>),
    /// Find images that cannot be pulled before anything fails: of manifests, or of a cluster
    Check(Box<check::Arguments>),
    /// Watch a cluster: every pull failure becomes part of an incident, is proven, and kept until it is over
    Controller(Box<controller::Arguments>),
    /// Show incidents: those that last, one of them, those that are over
    Incidents(Box<incidents::Arguments>),
    /// Pull one image by hand, all but its bytes, and show every answer
    Probe(Box<probe::Arguments>),
    /// Say what a message of a kubelet or runtime suggests
    Classify(classify::Arguments),
    /// Show the page of a cause
    Explain(explain::Arguments),
    /// Write a completion script for a shell
    #[command(
        after_help = "Examples:\n  source <(pullmedic completion bash)\n  pullmedic completion zsh > \"${fpath[1]}/_pullmedic\""
    )]
    Completion(CompletionArguments),
}

/// Arguments of `completion`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionArguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// The name under which kubectl finds a plugin: <https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/>.
const PLUGIN: &str = "kubectl-pullmedic";

impl Command {
    /// Reads the process's arguments. Help, version and a wrong command line end the process, the last with 2.
    pub fn read() -> Command {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        let mut definition = <Command as CommandFactory>::command();
        if arguments.first().is_some_and(is_plugin) {
            definition = definition.bin_name("kubectl pullmedic");
        }
        let matches = definition.get_matches_from(arguments);
        // The matches were made by this very definition.
        Command::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

fn is_plugin(name: &OsString) -> bool {
    Path::new(name).file_stem().is_some_and(|name| name == PLUGIN)
}

/// Writes the completion script of a shell.
pub(crate) fn complete(shell: clap_complete::Shell, screen: &Screen) -> Result<Exit, Failure> {
    use std::io::Write as _;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut <Command as CommandFactory>::command(), "pullmedic", &mut script);
    let mut out = screen.out();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Healthy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        <Command as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn kubectl_calls_it_by_the_plugins_name() {
        assert!(is_plugin(&"/usr/local/bin/kubectl-pullmedic".into()));
        assert!(!is_plugin(&"pullmedic".into()));
    }
}
