//! The chores of this repository that need more than a shell line: `cargo xtask cluster …` runs a real Kubernetes
//! cluster on this machine, `cargo xtask scenarios …` breaks it in known ways and compares what the product says.

#![expect(clippy::print_stdout, reason = "a chore talks to the person who started it")]

mod accuracy;
mod cluster;
mod command;
mod definitions;
mod documents;
mod scenarios;
mod steps;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "pullmedic's own chores")]
enum Chore {
    /// A real Kubernetes cluster with two nodes on this machine
    #[command(subcommand)]
    Cluster(cluster::Action),
    /// Inject faults into the cluster and compare what pullmedic says about them
    Scenarios(scenarios::Arguments),
    /// Write the documents that code writes: pages of the causes, schema of a report, definitions of custom resources
    Documents(documents::Arguments),
    /// Measure how well the words alone are read, on labelled messages
    Accuracy(accuracy::Arguments),
    /// Run the test kit's registry, which fails as it is told: `cargo xtask registry serve --config FILE`
    Registry(Registry),
}

#[derive(clap::Args)]
struct Registry {
    /// Its own arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Cluster(action) => cluster::run(action),
        Chore::Documents(arguments) => documents::documents(&arguments),
        Chore::Accuracy(arguments) => accuracy::accuracy(&arguments),
        Chore::Registry(registry) => cluster::testkit::forward(&registry.arguments),
        Chore::Scenarios(arguments) => scenarios::scenarios(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
