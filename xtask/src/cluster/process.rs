//! Long-running processes of the cluster: started into our cgroup, remembered by number and start time, found alive or
//! dead, stopped by number after their identity was checked.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::cgroups;
use super::layout::{SYSTEM_PATH, log, root};
use crate::steps::wait_for;

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Daemon {
    /// Name of its record and log.
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) line: Vec<String>,
    /// The whole environment besides PATH: nothing of the caller's (a proxy, say) gets in.
    pub(crate) environment: Vec<(String, String)>,
    /// Folders before [`SYSTEM_PATH`].
    pub(crate) path_first: Option<PathBuf>,
    /// The namespaces to join.
    pub(crate) inside: Option<Running>,
    /// Restarted when this changes, as the hash of a configuration file.
    pub(crate) configuration: String,
}

impl Daemon {
    /// A daemon in the machine's own namespaces, without environment.
    pub(crate) fn new(name: impl Into<String>, line: Vec<String>) -> Self {
        Self {
            name: name.into(),
            line,
            environment: Vec::new(),
            path_first: None,
            inside: None,
            configuration: String::new(),
        }
    }

    /// Makes it join the namespaces that `holder` holds.
    pub(crate) fn inside(mut self, holder: &Running) -> Self {
        self.inside = Some(holder.clone());
        self
    }

    /// The process, if it runs as it should.
    pub(crate) fn stands(&self) -> Option<Running> {
        let record = Record::read(&self.name)?;
        (record.daemon == self.wanted() && record.running.alive()).then_some(record.running)
    }

    /// Leaves it alone if it runs as it should, else starts it (anew).
    pub(crate) fn ensure(&self) -> Result<Running> {
        if let Some(running) = self.stands() {
            return Ok(running);
        }
        if let Some(record) = Record::read(&self.name) {
            record.running.stop(Duration::from_secs(5))?;
        }
        self.start(self.wanted())
    }

    /// Changes with anything that would make it another process.
    fn wanted(&self) -> String {
        format!("{self:?}")
    }

    fn start(&self, wanted: String) -> Result<Running> {
        let path = log(&self.name);
        let output = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("could not open {}", path.display()))?;
        let mut arguments = Vec::new();
        if let Some(holder) = &self.inside {
            let target = holder.pid.to_string();
            arguments.extend(["nsenter", "--target", &target, "--net", "--mount", "--"].map(str::to_owned));
        }
        arguments.extend(self.line.iter().cloned());
        let search = match &self.path_first {
            Some(folder) => format!("{}:{SYSTEM_PATH}", folder.display()),
            None => SYSTEM_PATH.to_owned(),
        };
        // The shell joins the cgroup before the program exists, so that no fork of it is born outside. setsid keeps a
        // Ctrl-C in our terminal from reaching it; nsenter, setsid and the shell all keep the process number.
        let entrances: String = cgroups::entrances()?
            .iter()
            .map(|file| format!("echo 0 >{} || exit 1; ", file.display()))
            .collect();
        let child = Command::new("/bin/sh")
            .args(["-c", &format!("{entrances} exec setsid \"$@\""), "sh"])
            .args(&arguments)
            .env_clear()
            .env("PATH", search)
            .envs(self.environment.iter().cloned())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("could not start {}", self.name))?;
        let pid = i32::try_from(child.id()).context("a process number beyond 31 bits")?;
        let running = Running { pid, started: start_time(pid).context("ended at once")? };
        Record { daemon: wanted, running: running.clone() }.write(&self.name)?;
        Ok(running)
    }
}

/// A process, told apart from a later one of the same number by its start time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Process number.
    pub(crate) pid: i32,
    /// Clock ticks from boot to its start.
    pub(crate) started: u64,
}

impl Running {
    /// Whether it still runs; one that ended and waits to be reaped does not.
    pub(crate) fn alive(&self) -> bool {
        start_time(self.pid) == Some(self.started) && cgroups::holds(self.pid)
    }

    /// Asks it to end, then ends it. One that is gone already is fine.
    pub(crate) fn stop(&self, patience: Duration) -> Result<()> {
        if !self.alive() {
            return Ok(());
        }
        signal(self.pid, Signal::TERM, |_| self.alive());
        let ended = wait_for("its end", patience, || Ok((!self.alive()).then_some(())), String::new);
        if ended.is_err() {
            signal(self.pid, Signal::KILL, |_| self.alive());
            wait_for(
                "its end",
                patience,
                || Ok((!self.alive()).then_some(())),
                || format!("process {}", self.pid),
            )?;
        }
        Ok(())
    }
}

/// Signals a process if `is_it` still holds once its number is pinned by a descriptor: between look and signal the
/// number cannot go to another.
pub(crate) fn signal(number: i32, signal: Signal, is_it: impl FnOnce(i32) -> bool) {
    let Some(pid) = Pid::from_raw(number) else { return };
    let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if is_it(number) {
        // A process that ended in between is what we wanted.
        let _ = pidfd_send_signal(descriptor, signal);
    }
}

/// Start time in clock ticks since boot; `None` if it does not run (any more).
pub(crate) fn start_time(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything, so count from its end.
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// What is remembered of a started daemon.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    daemon: String,
    /// The process.
    pub(crate) running: Running,
}

impl Record {
    /// `None` if it was never started or the record cannot be read: the cgroup still knows the process.
    pub(crate) fn read(name: &str) -> Option<Self> {
        let text = fs::read_to_string(path(name)).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn write(&self, name: &str) -> Result<()> {
        fs::write(path(name), serde_json::to_string(self)?)
            .with_context(|| format!("could not record {name}"))
    }

    /// All records, by name.
    pub(crate) fn all() -> Vec<(String, Self)> {
        let Ok(entries) = fs::read_dir(root().join("processes")) else { return Vec::new() };
        let mut all: Vec<_> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.path().file_stem()?.to_str()?.to_owned();
                Some((name.clone(), Self::read(&name)?))
            })
            .collect();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all
    }

    /// Forgets a daemon that was stopped for good.
    pub(crate) fn forget(name: &str) {
        // A record without a process is harmless.
        let _ = fs::remove_file(path(name));
    }
}

fn path(name: &str) -> PathBuf {
    root().join("processes").join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_has_one_start_time() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(start_time(pid).is_some_and(|ticks| ticks > 0));
        assert_eq!(start_time(pid), start_time(pid));
    }

    #[test]
    fn process_that_ended_and_was_not_reaped_does_not_run() {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let ended = wait_for(
            "its end",
            Duration::from_secs(10),
            || Ok(start_time(pid).is_none().then_some(())),
            String::new,
        );
        assert!(ended.is_ok() && fs::exists(format!("/proc/{pid}/stat")).unwrap(), "it was reaped too early");
        child.wait().unwrap();
    }

    #[test]
    fn signal_spares_a_process_that_is_not_the_one_meant() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        signal(pid, Signal::KILL, |_| false);
        assert!(child.try_wait().unwrap().is_none());
        signal(pid, Signal::KILL, |number| number == pid);
        assert!(!child.wait().unwrap().success());
    }
}
