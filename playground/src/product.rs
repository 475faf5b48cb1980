//! The product's own command lines, each on a thread of its own.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::anyhow;
use clap::Parser as _;
use pullmedic_app::{Command, Exit, Failure, Inside, run_inside};
use rustix::process::{Signal, getpid, kill_process};

use crate::cluster::boot_id;
use crate::node::Folder;

/// How often is looked whether a thread has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Whether we ourselves told the process to end, as a way to end its controller.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Whether a SIGTERM is from somebody else.
pub(crate) fn is_told_to_end() -> bool {
    !ENDING.load(Ordering::SeqCst)
}

/// How a command ended, and what it wrote.
pub(crate) type Ended = (Result<Exit, Failure>, Vec<u8>);

/// A command line that runs; it is waited for where this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    thread: Option<JoinHandle<Ended>>,
    is_controller: bool,
}

/// Begins a command line: `["incidents", "list"]`.
///
/// # Errors
/// When it is none, which is a mistake of this crate, or no thread can be made.
pub(crate) fn begin(folder: &Folder, words: &[&str]) -> Result<Running, Failure> {
    let command = Command::try_parse_from(std::iter::once(&"pullmedic").chain(words))
        .map_err(|error| Failure::new(anyhow!("{}", error.to_string().trim_end())))?;
    let inside = Inside {
        state: folder.state(),
        boot_id: boot_id(),
        authorities: folder.authorities().map_err(Failure::new)?,
    };
    let thread = std::thread::Builder::new()
        .name("pullmedic".to_owned())
        .spawn(move || run_inside(command, inside))
        .map_err(|error| Failure::new(anyhow::Error::new(error).context("start a thread")))?;
    Ok(Running { thread: Some(thread), is_controller: words.first() == Some(&"controller") })
}

/// Runs a command line to its end, and gives what it wrote.
///
/// # Errors
/// When it could not do its work.
pub(crate) async fn run(folder: &Folder, words: &[&str]) -> Result<String, Failure> {
    let (ended, out) = ended(folder, words).await?;
    ended?;
    String::from_utf8(out).map_err(Failure::new)
}

/// Runs a command line to its end: whether all was read, and nothing found.
///
/// # Errors
/// When it could not do its work.
pub(crate) async fn is_healthy(folder: &Folder, words: &[&str]) -> Result<bool, Failure> {
    Ok(ended(folder, words).await?.0? == Exit::Healthy)
}

async fn ended(folder: &Folder, words: &[&str]) -> Result<Ended, Failure> {
    let mut running = begin(folder, words)?;
    while !running.has_ended() {
        tokio::time::sleep(LOOK).await;
    }
    running.taken()
}

impl Running {
    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// How it ended; waits for it.
    ///
    /// # Errors
    /// When it panicked.
    pub(crate) fn taken(&mut self) -> Result<Ended, Failure> {
        let thread = self.thread.take().ok_or_else(|| Failure::new(anyhow!("wait for a command twice")))?;
        thread.join().map_err(|_| Failure::new(anyhow!("run a command: it panicked")))
    }

    /// Tells a controller to end, as a kubelet would, and waits for it.
    ///
    /// # Errors
    /// Those of the controller.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        while !self.has_ended() {
            terminate();
            tokio::time::sleep(10 * LOOK).await;
        }
        self.taken()?.0.map(drop)
    }
}

/// SIGTERM to the process, which listens for it: the controller does, and whoever runs [`crate::play()`].
fn terminate() {
    ENDING.store(true, Ordering::SeqCst);
    // It can fail for a process that is not there only.
    let _ = kill_process(getpid(), Signal::TERM);
}

impl Drop for Running {
    fn drop(&mut self) {
        while self.is_controller && !self.has_ended() {
            terminate();
            std::thread::sleep(10 * LOOK);
        }
        if let Some(thread) = self.thread.take() {
            // How it ended is of no interest any more.
            let _ = thread.join();
        }
    }
}

/// As an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
