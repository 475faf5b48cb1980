//! The command line.

use std::cell::Cell;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use pullmedic_app::{Failure, ScreenArguments};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::keep;
use crate::play::{Played, play};
use crate::product;
use crate::told::{write_json, write_text};

/// What a shell says of a process that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Breaks workloads on this machine, each in another way, and has pullmedic say why they cannot pull their image.
///
/// Registries with a fault each and an API server listen on free ports of 127.0.0.1; nothing leaves this machine, and nothing
/// is written but a folder for temporary files, which goes at the end.
#[derive(Debug, Parser)]
#[command(
    name = "playground",
    version,
    max_term_width = 110,
    after_help = "Examples:\n  \
        cargo run --release -p playground              break, diagnose, watch, compare, heal\n  \
        cargo run --release -p playground -- --keep    and leave all of it up, with what to try\n  \
        cargo run --release -p playground -- -o json   report, incidents and comparison, as JSON\n\n\
        Exit status: 0 all is as planned, 1 something is not, 2 the playground itself failed."
)]
pub struct Command {
    /// Leave registries, API server and controller up until Ctrl-C, and say what to try
    #[arg(long)]
    keep: bool,
    /// How to write
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
    #[command(flatten)]
    screen: ScreenArguments,
}

/// How a run is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// The comparison, the report and the incidents, as JSON
    Json,
}

/// Runs one command line.
///
/// # Errors
/// When the playground could not do its work; a verdict that is not as planned is exit status 1.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(anyhow::Error::new(error).context("start")))?;
    runtime.block_on(async {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        // With `--keep`, Ctrl-C is how it ends.
        let told = Cell::new(ExitCode::from(INTERRUPTED));
        // Whichever ends first, what the other holds is dropped: listeners close, the folder is removed.
        tokio::select! {
            ended = played(command, &told) => ended?,
            _ = interrupted.recv() => {}
            () = told_to_end(&mut terminated) => {}
        }
        Ok(told.get())
    })
}

/// Waits for a SIGTERM that is not the controller's.
async fn told_to_end(terminated: &mut Signal) {
    while terminated.recv().await.is_some() {
        if product::is_told_to_end() {
            return;
        }
    }
}

async fn played(command: &Command, told: &Cell<ExitCode>) -> Result<(), Failure> {
    // Talk: nothing depends on whether somebody reads it.
    let progress = |what: &str| drop(writeln!(std::io::stderr(), "{what}"));
    let played = play(&progress).await?;
    tell(command, &played)?;
    told.set(ExitCode::from(u8::from(!played.is_right())));
    if command.keep {
        std::future::pending::<()>().await;
    }
    played.end().await
}

fn tell(command: &Command, played: &Played) -> Result<(), Failure> {
    let screen = command.screen.screen();
    let mut out = screen.out();
    let look = screen.look(None);
    match command.output {
        Output::Text => write_text(played, &look, &mut out)?,
        Output::Json => write_json(played, &mut out)?,
    }
    if !command.keep && command.output == Output::Text {
        writeln!(out, "\n--keep leaves all of it up, for tries of your own.")?;
    }
    if command.keep {
        // Beside JSON, what is for people goes where people look.
        match command.output {
            Output::Text => keep::write(played, &mut out)?,
            Output::Json => keep::write(played, &mut std::io::stderr())?,
        }
    }
    out.flush()?;
    Ok(())
}
