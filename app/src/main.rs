//! The `pullmedic` binary; as `kubectl-pullmedic` in the PATH it is `kubectl pullmedic`.

use std::process::ExitCode;

use pullmedic_app::{Command, run};

fn main() -> ExitCode {
    match run(Command::read()) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.tell();
            failure.exit().into()
        }
    }
}
