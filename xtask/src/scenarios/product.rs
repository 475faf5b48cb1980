//! Running the product as a user would, once by the words alone and once with a replay of the pull.
//!
//! The replay stands on the machine itself, which is on the cluster's bridge. It is told what a workstation in such a
//! network is configured with: the name server, the authority of the house, and, where a scenario says so, what somebody
//! copied from the node.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::expect::Said;
use super::judge::{Answer, judge};
use super::objects::Case;
use crate::cluster::Cluster;
use crate::cluster::components::get;
use crate::cluster::configuration::write;
use crate::cluster::layout::{NAMES_ADDRESS, NODES, Node, kubeconfig, pki, root};
use crate::cluster::pki::TRUSTED;
use crate::command::{command, output, read};

/// Cases looked at together. Most of a replay is waiting.
const SIDE_BY_SIDE: usize = 4;

/// Seconds that one run may take, far beyond the product's own limit.
const LIMIT: &str = "240";

/// A build of pullmedic and what it is told of this network.
pub(crate) struct Product {
    pub(crate) binary: PathBuf,
    /// Whether it replays pulls.
    pub(crate) replays: bool,
    /// Whether it checks what has not failed.
    checks: bool,
    /// Whether it watches a cluster.
    pub(crate) controls: bool,
    pub(crate) resolver: PathBuf,
    /// Of each node in turn: its runtime with version, and the copy of its /etc.
    views: Vec<(String, PathBuf)>,
}

/// What came of one run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// How its report compares.
    pub(crate) answer: Answer,
    /// The report.
    pub(crate) report: String,
    /// Seconds.
    pub(crate) took: f64,
}

/// Both runs of a case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    /// By the words; `None` where they have nothing to say.
    pub(crate) words: Option<Run>,
    /// With a replay; `None` where the product has none, or nothing is expected of it yet.
    pub(crate) replay: Option<Run>,
}

impl Product {
    /// Looks at what the binary can, and prepares what it is told.
    pub(crate) fn prepare(cluster: &Cluster, binary: &Path) -> Result<Self> {
        let all = read(&mut command(binary, &["--help"]))?;
        let help = read(&mut command(binary, &["diagnose", "--help"]))?;
        let resolver = root().join("workstation-resolv.conf");
        write(&resolver, &format!("nameserver {NAMES_ADDRESS}\noptions timeout:2 attempts:1\n"))?;
        let nodes = get(&cluster.programs, &["nodes"])?;
        let views =
            NODES.map(|node| (runtime_of(&nodes, &node), root().join(format!("view-of-{}", node.name))));
        Ok(Self {
            binary: binary.to_owned(),
            replays: help.contains("--no-probe"),
            checks: all.lines().any(|line| line.trim_start().starts_with("check ")),
            controls: all.lines().any(|line| line.trim_start().starts_with("controller ")),
            resolver,
            views: views.to_vec(),
        })
    }

    /// Copies the nodes' /etc as it is now.
    pub(crate) fn look_at_nodes(&self) -> Result<()> {
        for (node, (_, view)) in NODES.iter().zip(&self.views) {
            let _ = fs::remove_dir_all(view);
            copy(&node.etc(), view).with_context(|| format!("could not copy {}", node.etc().display()))?;
        }
        Ok(())
    }

    /// `pullmedic diagnose` by the words alone.
    pub(crate) fn by_words(&self, arguments: &[&str]) -> Command {
        let mut line = self.line("diagnose", arguments);
        if self.replays {
            line.arg("--no-probe");
        }
        line
    }

    /// `pullmedic diagnose` with a replay, as this network wants it.
    pub(crate) fn with_replay(&self, case: &Case<'_>, arguments: &[&str]) -> Command {
        // All namespaces at once (-A) would ask for every other scenario's images, too.
        let mut line = self.line(if case.scenario.check { "check" } else { "diagnose" }, arguments);
        line.arg("--resolv-conf").arg(&self.resolver);
        line.env("SSL_CERT_FILE", pki(&format!("{TRUSTED}.crt")));
        // The product remembers which logins were refused, and the scenarios share users: each stands for a house of its own.
        line.env("XDG_STATE_HOME", state_of(case));
        if case.scenario.node_view {
            let place = NODES.iter().position(|node| node.name == case.node.name).unwrap_or_default();
            let (runtime, view) = &self.views[place];
            line.arg("--node-config").arg(view).arg("--runtime").arg(runtime);
        }
        line.args(&case.scenario.arguments);
        line
    }

    fn line(&self, what: &str, arguments: &[&str]) -> Command {
        let mut line = command("timeout", &["--kill-after=5", LIMIT]);
        line.arg(&self.binary).args([what, "--output", "json", "--kubeconfig"]).arg(kubeconfig());
        line.args(arguments);
        // Nothing of the caller's may decide what is asked.
        let proxy = |name: &OsString| name.to_string_lossy().to_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars_os().filter(|(name, _)| proxy(name)) {
            line.env_remove(name);
        }
        line
    }

    /// Looks at all cases, several side by side; answers in their order. A case whose sign never came is not looked at.
    pub(crate) fn look_at(&self, cases: &[(&Case<'_>, bool)]) -> Result<Vec<Runs>> {
        self.look_at_nodes()?;
        for (case, _) in cases {
            let _ = fs::remove_dir_all(state_of(case));
        }
        let next = AtomicUsize::new(0);
        let outcome: Mutex<Vec<Option<Result<Runs>>>> = Mutex::new(cases.iter().map(|_| None).collect());
        thread::scope(|scope| {
            for _ in 0..SIDE_BY_SIDE {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some((case, shown)) = cases.get(number) else { return };
                        let runs = self.look(case, *shown);
                        if let Ok(mut all) = outcome.lock() {
                            all[number] = Some(runs);
                        }
                    }
                });
            }
        });
        let all = outcome.into_inner().map_err(|_| anyhow::anyhow!("a look at a case broke off"))?;
        all.into_iter().map(|runs| runs.context("a case was left out")?).collect()
    }

    fn look(&self, case: &Case<'_>, shown: bool) -> Result<Runs> {
        let expect = &case.scenario.expect;
        let said = |said: &Option<Said>| said.as_ref().map(|said| said.on(case.node.name).clone());
        let mut arguments = vec!["--namespace", case.namespace.as_str()];
        arguments.extend(case.scenario.diagnose.iter().map(String::as_str));
        let form = if case.scenario.check { findings_of_check } else { str::to_owned };
        let run = |expected: Option<Said>, line: &dyn Fn() -> Command| match (expected, shown) {
            (None, _) => Ok(None),
            (Some(_), false) => {
                let answer = Answer::none("the cluster never showed the fault".to_owned());
                Ok(Some(Run { answer, report: String::new(), took: 0.0 }))
            }
            (Some(expected), true) => one(line(), &expected, form).map(Some),
        };
        let replay = said(&expect.probe).filter(|_| self.replays);
        let mut runs = Runs {
            words: run(said(&expect.text), &|| self.by_words(&arguments))?,
            replay: run(replay, &|| self.with_replay(case, &arguments))?,
        };
        if let Some(run) = runs.replay.as_mut().filter(|_| case.scenario.check && !self.checks) {
            run.answer = Answer::none("the product has no `check`".to_owned());
        }
        for run in [&mut runs.words, &mut runs.replay].into_iter().flatten() {
            if case.scenario.secrets().iter().any(|secret| run.report.contains(secret)) {
                run.answer.differs.push("it shows a login".to_owned());
            }
        }
        Ok(runs)
    }
}

/// What the product keeps from one run to the next.
fn state_of(case: &Case<'_>) -> PathBuf {
    root().join("state").join(&case.namespace)
}

/// The findings of a check in the form that a diagnosis has.
fn findings_of_check(report: &str) -> String {
    let Ok(report) = serde_json::from_str::<Value>(report) else { return String::new() };
    let entries = report["entries"].as_array().cloned().unwrap_or_default();
    let finding = |entry: &Value| {
        let (kind, name) = entry["by"][0]["owner"].as_str()?.split_once('/')?;
        Some(json!({
            "cause": entry["verdict"]["code"], "certainty": entry["certainty"], "endpoint": entry["endpoint"],
            "summary": entry["detail"], "proof": [{"text": entry["detail"]}],
            "sightings": [{"owner": {"kind": kind, "name": name}}],
        }))
    };
    let found = entries.iter().filter(|entry| entry["verdict"]["is"] == "finding");
    let findings: Vec<Value> = found.filter_map(finding).collect();
    json!({"findings": findings, "skipped": report["skipped"]}).to_string()
}

fn one(mut line: Command, expected: &Said, form: fn(&str) -> String) -> Result<Run> {
    let began = Instant::now();
    let said = output(&mut line, None)?;
    let took = began.elapsed().as_secs_f64();
    let report = String::from_utf8_lossy(&said.stdout).into_owned();
    let talk = String::from_utf8_lossy(&said.stderr).trim().to_owned();
    let mut answer = judge(&form(&report), expected).unwrap_or_else(|error| {
        Answer::none(if talk.is_empty() { format!("{error:#}") } else { talk.clone() })
    });
    // 1 means findings; 2 comes with a report too, when something could not be read.
    if said.status.code() != Some(1) {
        answer.differs.push(format!("it ended with {}, not with exit code 1", said.status));
    }
    Ok(Run { answer, report, took })
}

/// `containerd@1.6.20`, from what the node says of itself.
fn runtime_of(nodes: &Value, node: &Node) -> String {
    let items = nodes["items"].as_array().cloned().unwrap_or_default();
    let found = items.iter().find(|item| item["metadata"]["name"] == node.name);
    let version = found.and_then(|item| item["status"]["nodeInfo"]["containerRuntimeVersion"].as_str());
    version.unwrap_or_default().replace("://", "@")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_of_a_check_reads_like_one_of_a_diagnosis() {
        let report = json!({"entries": [
            {"verdict": {"is": "ok"}, "by": [{"owner": "Deployment/cart"}]},
            {"verdict": {"is": "finding", "code": "stale-image"}, "certainty": "proven", "by": [{"owner": "Deployment/web"}]},
        ]});
        let expected =
            Said { cause: "stale-image".to_owned(), certainty: vec!["proven".to_owned()], ..Said::default() };
        let expected = Said { owner: Some("Deployment/web".to_owned()), ..expected };
        let answer = judge(&findings_of_check(&report.to_string()), &expected).unwrap();
        assert_eq!(answer.differs, Vec::<String>::new());
    }

    #[test]
    fn runtime_is_read_from_the_node_itself() {
        let nodes = json!({"items": [
            {"metadata": {"name": "node-b"}, "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://v2.3.7"}}},
            {"metadata": {"name": "node-a"}, "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://1.6.20~ds1"}}},
        ]});
        assert_eq!(runtime_of(&nodes, &NODES[0]), "containerd@1.6.20~ds1");
    }

    #[test]
    fn copy_of_a_folder_keeps_places() {
        let from = tempfile::tempdir().unwrap();
        fs::create_dir_all(from.path().join("containerd/certs.d")).unwrap();
        fs::write(from.path().join("containerd/certs.d/hosts.toml"), "x").unwrap();
        let to = tempfile::tempdir().unwrap();
        copy(from.path(), to.path()).unwrap();
        assert_eq!(fs::read_to_string(to.path().join("containerd/certs.d/hosts.toml")).unwrap(), "x");
    }
}
