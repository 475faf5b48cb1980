//! The `playground` binary.

use std::process::ExitCode;

use clap::Parser as _;
use playground::{Command, run};

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(code) => code,
        Err(failure) => {
            failure.tell();
            failure.exit().into()
        }
    }
}
