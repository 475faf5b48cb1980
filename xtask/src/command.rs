//! Running other programs to their end: what they said on stderr becomes the error.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// A command from a program and its arguments. It dies with us: whoever is killed cannot clean up after a helper that
/// lives on.
pub(crate) fn command<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[A]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(arguments);
    command
}

/// Runs to the end and returns stdout as text; a failing exit is an error that quotes stderr.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = output(command, None)?;
    check(command, &output)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Like [`read`], with `input` on stdin.
pub(crate) fn read_with(command: &mut Command, input: &str) -> Result<String> {
    let output = output(command, Some(input))?;
    check(command, &output)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs to the end; a failing exit is an error that quotes stderr.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    read(command).map(drop)
}

/// Runs to the end with both streams captured; only a program that cannot be started is an error.
pub(crate) fn output(command: &mut Command, input: Option<&str>) -> Result<Output> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("could not start {}", line_of(command)))?;
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        // A program that ends before it has read all tells why on stderr, so a closed pipe is not our error.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait_with_output().with_context(|| format!("lost {}", line_of(command)))
}

fn check(command: &Command, output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.trim();
    let tail: Vec<&str> = words.lines().rev().take(12).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    bail!("{} ended with {}: {}", line_of(command), output.status, tail.join("\n"))
}

/// The line without what [`command`] put before it.
fn line_of(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    arguments.skip(3).collect::<Vec<_>>().join(" ")
}
