//! The controller between an API server and registries, all on loopback.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use pullmedic_model::Incident;
use pullmedic_model::incident::{History as _, Query};
use serde_json::{Value, json};
use testkit_apiserver::{ApiServer, Options, Running};

use crate::stage::Stage;
use crate::world::World;

/// No condition is waited for longer.
const LONGEST: Duration = Duration::from_secs(120);

/// Registries and an API server.
pub(super) struct Play {
    pub(super) stage: Stage,
    pub(super) api: Option<Running>,
}

impl Play {
    /// An API server that holds these objects.
    pub(super) fn of(stage: Stage, world: &World) -> Play {
        Play::with(stage, world, Options::default())
    }

    pub(super) fn with(stage: Stage, world: &World, options: Options) -> Play {
        let api = stage.runtime.block_on(ApiServer::start(options)).unwrap();
        let play = Play { stage, api: Some(api) };
        play.put_all(world);
        play.stage.save("kubeconfig", play.api().kubeconfig(play.api().admin_token()));
        play
    }

    pub(super) fn api(&self) -> &Running {
        self.api.as_ref().unwrap()
    }

    pub(super) fn put_all(&self, world: &World) {
        let saved: Value = serde_json::from_str(&world.saved()).unwrap();
        for item in saved["items"].as_array().unwrap() {
            let mut object = item.clone();
            object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
            self.api().put(object).unwrap();
        }
    }

    /// The pod's container runs from now on.
    pub(super) fn runs(&self, namespace: &str, pod: &str) {
        let changed = self.api().change("pods", namespace, pod, |pod| {
            pod["status"]["phase"] = json!("Running");
            let status = &mut pod["status"]["containerStatuses"][0];
            status["state"] = json!({"running": {"startedAt": "2026-11-22T16:00:00Z"}});
            status["imageID"] = json!("sha256:00");
        });
        assert!(changed.is_some(), "{namespace}/{pod} is not there");
    }

    /// `pullmedic controller` with the ways to all of it; nothing is written into the cluster.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.stage.command("controller", &["--no-write"]);
        command
            .args(["--kubeconfig", &self.stage.path("kubeconfig"), "--state-dir", &self.stage.path("kept")])
            .env("PULLMEDIC_LOG_LEVEL", "debug")
            .env("PULLMEDIC_LISTEN", "")
            .args(["--log-format", "json"])
            .args(arguments);
        command
    }

    pub(super) fn start(&self, arguments: &[&str]) -> Controller {
        Controller::of(self.command(arguments))
    }

    /// What the history holds, newest first; read while a controller writes it or after.
    pub(super) fn history(&self) -> Vec<Incident> {
        let store = match pullmedic_store::Store::read_only(self.stage.path("kept/history.db")) {
            Ok(store) => store,
            Err(pullmedic_store::StoreError::Absent(_)) => return Vec::new(),
            Err(error) => panic!("{error}"),
        };
        store.past(&Query::default()).unwrap().into_iter().map(|past| past.incident).collect()
    }

    /// Waits until the history is so.
    pub(super) fn history_when(&self, what: &str, is: impl Fn(&[Incident]) -> bool) -> Vec<Incident> {
        let begun = Instant::now();
        loop {
            let history = self.history();
            if is(&history) {
                return history;
            }
            assert!(begun.elapsed() < LONGEST, "not {what}: {history:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A controller that runs; killed when it is dropped.
pub(super) struct Controller {
    child: Child,
    lines: Receiver<String>,
    /// Every line of its log so far.
    pub(super) log: Vec<String>,
}

impl Controller {
    pub(super) fn of(mut command: Command) -> Controller {
        let mut child = command.spawn().unwrap();
        let (send, lines) = channel();
        let stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).all(|line| send.send(line).is_ok());
        });
        Controller { child, lines, log: Vec::new() }
    }

    /// A line of the log; it is waited for where it did not come yet.
    pub(super) fn says(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let read = |line: &String| serde_json::from_str(line).unwrap_or(Value::Null);
        if let Some(said) = self.log.iter().map(read).find(&is) {
            return said;
        }
        let begun = Instant::now();
        loop {
            let left = LONGEST.checked_sub(begun.elapsed()).unwrap_or_default();
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let value = read(&line);
                    self.log.push(line);
                    if is(&value) {
                        return value;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("it never said {what}:\n{}", self.log.join("\n"))
                }
            }
        }
    }

    /// Waits for a turn in an incident's life.
    pub(super) fn tells(&mut self, what: &str) -> Value {
        self.says(what, |line| line["message"] == "incident" && line["what"] == what)
    }

    /// Asks it to end, and waits until it has; with the rest of its log.
    pub(super) fn ended(mut self) -> (ExitStatus, String) {
        self.signal("-TERM");
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < LONGEST, "it does not end:\n{}", self.log.join("\n"));
            std::thread::sleep(Duration::from_millis(10));
        };
        let rest: Vec<String> = self.lines.iter().collect();
        self.log.extend(rest);
        (status, self.log.join("\n"))
    }

    /// Ends it at once, as a lost machine does.
    pub(super) fn killed(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // One that has ended is killed no more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
