//! The controller as a process.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use serde_json::Value;

/// No condition is waited for longer, on a machine that others use too.
const LONGEST: Duration = Duration::from_secs(240);

/// Waits until `look` finds it; what it lacks is told where that never comes.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Result<T, String>) -> T {
    within(LONGEST, what, look)
}

/// The same for what takes longer by its nature.
pub(crate) fn within<T>(longest: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(lacks) => assert!(begun.elapsed() < longest, "not {what}: {lacks}"),
        }
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// A controller that runs; it is killed by its id when this is dropped, also by a panic, and then its log is shown.
pub(crate) struct Controller {
    child: Child,
    log: PathBuf,
}

impl Controller {
    /// Starts it; its log goes to a file.
    pub(crate) fn start(mut command: Command, log: &Path) -> Controller {
        let out = File::create(log.with_extension("out")).unwrap();
        let child = command.stdout(out).stderr(File::create(log).unwrap()).spawn().unwrap();
        Controller { child, log: log.to_owned() }
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// The lines of its log that fit.
    pub(crate) fn said(&self, is: impl Fn(&Value) -> bool) -> Vec<Value> {
        let log = self.log();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(|line| is(line)).collect()
    }

    /// The first line of its log that fits; it is waited for.
    pub(crate) fn says(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        until(what, || {
            let first = self.said(&is).into_iter().next();
            match (first, self.child.try_wait().unwrap()) {
                (Some(line), _) => Ok(line),
                (None, None) => Err("it was not said".to_owned()),
                (None, Some(status)) => panic!("it ended, {status}, and did not say {what}"),
            }
        })
    }

    /// Waits until it leads.
    pub(crate) fn leads(&mut self) {
        self.says("that it leads", |line| line["message"] == "leads");
    }

    /// Waits until it leads and knows all pods.
    pub(crate) fn ready(&mut self) {
        self.leads();
        self.says("all pods are known", |line| line["message"] == "all pods are known");
    }

    /// Whether it runs still.
    pub(crate) fn assert_alive(&mut self) {
        let status = self.child.try_wait().unwrap();
        assert!(status.is_none(), "it ended: {status:?}");
    }

    /// What it was told to say of turns in incidents' lives: `opened`, `proven`, ….
    pub(crate) fn turns(&self, what: &str) -> usize {
        self.said(|line| line["message"] == "incident" && line["what"] == what).len()
    }

    /// Asks it to end, and waits until it has, well; with its log.
    pub(crate) fn ended(self) -> String {
        let (status, log) = self.told_to_end();
        assert!(status.success(), "{status}: {}", tail(&log));
        assert!(!log.contains("panicked"), "{log}");
        log
    }

    /// The same however it ends.
    pub(crate) fn told_to_end(mut self) -> (ExitStatus, String) {
        self.signal("-TERM");
        let status = until("its end", || self.child.try_wait().unwrap().ok_or_else(|| "it runs".to_owned()));
        (status, self.log())
    }

    /// Ends it at once, as a lost machine does.
    pub(crate) fn killed(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // One that has ended is killed no more.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let shown = format!("the log of {}:\n{}\n", self.log.display(), tail(&self.log()));
            // Nobody is told of a failure to tell.
            let _ = std::io::stderr().write_all(shown.as_bytes());
        }
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
