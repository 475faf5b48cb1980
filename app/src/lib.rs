//! The subcommands of `pullmedic` and their wiring. What a cause is, how certain, and how it reads is decided elsewhere;
//! here files and clusters are read, the pure parts are called, and the result is written.
//!
//! - `command`: the command line. [`run`] dispatches it.
//! - `classify`, `diagnose`, `check`, `probe`, `explain`, `controller`, `incidents`: one module a subcommand.
//! - `assemble`: objects to a report. `select`: which pods were asked for. `follow`: `--watch`.
//! - `output`: the terminal. `failure`: errors of our own and exit codes.

mod access;
mod assemble;
mod check;
mod classify;
mod command;
mod controller;
mod diagnose;
mod explain;
mod failure;
mod follow;
mod held;
mod incidents;
mod output;
mod patches;
mod probe;
mod prove;
mod select;

pub use command::Command;
pub use failure::{Exit, Failure};
pub use held::{Inside, run_inside};
pub use output::{Colour, Screen, ScreenArguments};

use command::Subcommand;

/// Runs one command line. Data goes to standard output, talk to standard error.
///
/// # Errors
/// When the command could not do its work; a fault it found in the cluster is no error.
pub fn run(command: Command) -> Result<Exit, Failure> {
    let screen = command.screen.screen();
    match command.subcommand {
        Subcommand::Classify(arguments) => classify::run(&arguments, &screen),
        Subcommand::Diagnose(arguments) => diagnose::run(&arguments, &screen),
        Subcommand::Controller(arguments) => controller::run(&arguments, &screen),
        Subcommand::Incidents(arguments) => incidents::run(&arguments, &screen),
        Subcommand::Probe(arguments) => probe::run(&arguments, &screen),
        Subcommand::Check(arguments) => check::run(&arguments, &screen),
        Subcommand::Explain(arguments) => explain::run(&arguments, &screen),
        Subcommand::Completion(arguments) => command::complete(arguments.shell, &screen),
    }
}

/// Waits for `work` on one thread.
fn waited<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(anyhow::Error::new(error).context("start")))?;
    runtime.block_on(work)
}
