//! Errors of our own, and what the process exits with.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use pullmedic_report::shown;

/// What the process exits with (design decision 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was read, and nothing was found.
    Healthy,
    /// Something was found.
    Findings,
    /// Nothing was found, and something could not be read; or we failed ourselves.
    Incomplete,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Healthy => 0,
            Exit::Findings => 1,
            Exit::Incomplete => 2,
        })
    }
}

/// Our own failure: what, why, and what to do next.
#[derive(Debug)]
pub struct Failure {
    error: anyhow::Error,
    next: Option<String>,
}

impl Failure {
    /// A failure with its chain of causes. The first line should read well after `error: failed to`.
    pub fn new(error: impl Into<anyhow::Error>) -> Failure {
        Failure { error: error.into(), next: None }
    }

    /// Says what to do next.
    pub fn next(mut self, next: impl Into<Option<String>>) -> Failure {
        self.next = next.into();
        self
    }

    /// Whether the reader of our output went away, which is no failure: `pullmedic … | head`.
    pub fn is_closed_pipe(&self) -> bool {
        self.error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// The exit of a process that ends so.
    pub fn exit(&self) -> Exit {
        if self.is_closed_pipe() { Exit::Healthy } else { Exit::Incomplete }
    }

    /// The lines for standard error. Names in them come from outside, so they are shown escaped.
    pub fn text(&self) -> String {
        let mut chain = self.error.chain().map(|cause| shown(&cause.to_string()).into_owned());
        let mut text = format!("error: failed to {}", chain.next().unwrap_or_default());
        for cause in chain {
            let _ = write!(text, "\n  because: {cause}");
        }
        if let Some(next) = &self.next {
            let _ = write!(text, "\n  next: {}", shown(next));
        }
        text
    }

    /// Writes the failure to standard error, unless the reader of our output merely went away.
    pub fn tell(&self) {
        if !self.is_closed_pipe() {
            // Nobody is left to tell when standard error is closed too.
            let _ = writeln!(std::io::stderr(), "{}", self.text());
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(anyhow::Error::new(error).context("write the output"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_why_and_what_next_and_escapes_names() {
        let error = anyhow::anyhow!("no such \u{1b}[2J file").context("read x");
        let text = Failure::new(error).next("look there".to_owned()).text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "error: failed to read x");
        assert!(lines[1].starts_with("  because: no such ") && !text.contains('\u{1b}'));
        assert_eq!(lines[2], "  next: look there");
    }
}
