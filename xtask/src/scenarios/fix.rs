//! Doing what the report advises, and seeing whether the pods then run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::objects::Case;
use super::product::Product;
use super::table::Row;
use super::{faults, inject};
use crate::cluster::Cluster;
use crate::cluster::components::{ctr, get, kubectl};
use crate::cluster::configuration::write;
use crate::cluster::layout::{CERTS, kubeconfig, pki};
use crate::cluster::pki::UNTRUSTED;
use crate::command::{command, output, run};

/// How long pods may take to run once all that was advised is done. The kubelet backs off for up to five minutes, but pods
/// that wait are made anew.
const LIMIT: Duration = Duration::from_secs(180);

/// How long a controller may take to make new pods by itself before those that wait are made anew.
const OWN_ACCORD: Duration = Duration::from_secs(6);

/// How often the pods are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What must make the pods run.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fix {
    /// Part of the title of the remedy; the first that has it is taken. Empty for [`How::Itself`].
    #[serde(default)]
    pub(crate) remedy: String,
    /// What is done with it.
    #[serde(default)]
    pub(crate) how: How,
    /// What a person would fill in for the words in capitals of a command.
    #[serde(default)]
    pub(crate) fill: BTreeMap<String, String>,
    /// Of a change on the node: the folder of certs.d, or the image.
    #[serde(default)]
    pub(crate) of: String,
}

/// What is done with a remedy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum How {
    /// Its command is run in a shell; without one, its patch is sent.
    #[default]
    Command,
    /// The file that it shows becomes hosts.toml of the host `of`.
    HostsFile,
    /// The authority that it names is put beside hosts.toml of the host `of`.
    Authority,
    /// The image `of` is pulled on the node.
    PullOnNode,
    /// Nothing: the registry gets well.
    Itself,
}

/// What came of a fix.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    /// Whether the pods run.
    pub(crate) runs: bool,
    /// What was done and what came of it, or why it could not be done.
    pub(crate) words: String,
}

/// A fix under way.
struct Pending {
    /// When it was done.
    since: Timestamp,
    /// By the clock that only goes forward.
    began: Instant,
    /// The remedy's title.
    title: String,
    /// Pods that were made anew.
    anew: Option<Vec<String>>,
}

/// A case that is to be mended, with what the product found.
pub(crate) struct Wanted<'a> {
    case: Case<'a>,
    fix: &'a Fix,
    finding: Option<Value>,
}

impl<'a> Wanted<'a> {
    /// By the replay's report, or by that of the words where there is none.
    pub(crate) fn of(row: &Row<'a>) -> Option<Self> {
        let run = row.runs.replay.as_ref().or(row.runs.words.as_ref());
        let finding = run.and_then(|run| run.answer.finding.clone());
        Some(Self { case: row.case.clone(), fix: row.case.scenario.fix.as_ref()?, finding })
    }
}

/// Does what each report advises, and waits until the pods run. Answers, for each case in turn, what came of it.
pub(crate) fn apply_all(cluster: &Cluster, product: &Product, cases: &[Wanted<'_>]) -> Result<Vec<Fixed>> {
    let mut outcome: Vec<Option<Fixed>> = Vec::new();
    let mut pending: Vec<Option<Pending>> = Vec::new();
    for Wanted { case, fix, finding } in cases {
        let done = apply(cluster, case, fix, finding.as_ref());
        let (fixed, waits) = match done {
            Ok(title) => {
                let now = Timestamp::now();
                (None, Some(Pending { since: now, began: Instant::now(), title, anew: None }))
            }
            Err(error) => (Some(Fixed { runs: false, words: format!("{error:#}") }), None),
        };
        outcome.push(fixed);
        pending.push(waits);
    }
    let began = Instant::now();
    while outcome.iter().any(Option::is_none) {
        let all = get(&cluster.programs, &["pods,deployments", "--all-namespaces"])?;
        let all = all["items"].as_array().cloned().unwrap_or_default();
        for ((Wanted { case, fix, .. }, fixed), waits) in cases.iter().zip(&mut outcome).zip(&mut pending) {
            let (None, Some(pending)) = (&fixed, waits) else { continue };
            let own: Vec<&Value> = all
                .iter()
                .filter(|object| object["metadata"]["namespace"] == case.namespace.as_str())
                .collect();
            let took = pending.began.elapsed();
            if runs(&own) {
                *fixed = Some(Fixed { runs: true, words: told(pending, took) });
            } else if took > LIMIT || began.elapsed() > LIMIT + OWN_ACCORD {
                let words =
                    format!("{}: not Running after {} s: {}", pending.title, took.as_secs(), why(&own));
                *fixed = Some(Fixed { runs: false, words });
            } else if pending.anew.is_none() && took > OWN_ACCORD && fix.how != How::PullOnNode {
                pending.anew = Some(make_anew(cluster, case, &own, pending.since)?);
            }
        }
        thread::sleep(LOOK_AGAIN);
    }
    let mut outcome: Vec<Fixed> = outcome.into_iter().flatten().collect();
    for (Wanted { case, fix, .. }, fixed) in cases.iter().zip(&mut outcome) {
        if fix.how == How::Itself && fixed.runs {
            look_again(product, case, fixed)?;
        }
    }
    Ok(outcome)
}

/// A fault that went by itself must be over for the product, too.
fn look_again(product: &Product, case: &Case<'_>, fixed: &mut Fixed) -> Result<()> {
    let arguments = ["--namespace", case.namespace.as_str()];
    let mut line =
        if product.replays { product.with_replay(case, &arguments) } else { product.by_words(&arguments) };
    let report = String::from_utf8_lossy(&output(&mut line, None)?.stdout).into_owned();
    if is_over(&report) {
        fixed.words.push_str(", and the report says so");
    } else {
        *fixed =
            Fixed { runs: false, words: format!("{}, but a report says otherwise: {report}", fixed.words) };
    }
    Ok(())
}

fn told(pending: &Pending, took: Duration) -> String {
    let anew = match pending.anew.as_deref() {
        None | Some([]) => String::new(),
        Some(names) => format!(", made anew: {}", names.join(" ")),
    };
    let title = &pending.title;
    format!("Running {} s after \"{title}\"{anew}", took.as_secs())
}

/// Does it and answers the title of what was done.
fn apply(cluster: &Cluster, case: &Case<'_>, fix: &Fix, finding: Option<&Value>) -> Result<String> {
    if fix.how == How::Itself {
        faults::get_well(cluster, case.scenario)?;
        return Ok("the registry got well".to_owned());
    }
    let remedies = finding.and_then(|finding| finding["remedies"].as_array()).cloned().unwrap_or_default();
    let title = |remedy: &Value| remedy["title"].as_str().unwrap_or_default().to_owned();
    let Some(remedy) = remedies.iter().find(|remedy| title(remedy).contains(&fix.remedy)) else {
        let offered: Vec<String> = remedies.iter().map(title).collect();
        bail!("no remedy {:?}; it offers: {}", fix.remedy, offered.join(" · "));
    };
    match fix.how {
        How::Command if remedy["command"].is_null() => send_patch(cluster, &remedy["patch"])?,
        How::Command => run_command(cluster, fix, remedy)?,
        How::HostsFile => {
            let text = remedy["yaml"].as_str().context("the remedy shows no file")?;
            let folder = case.node.certs().join(&fix.of);
            fs::create_dir_all(&folder)?;
            write(&folder.join("hosts.toml"), text)?;
        }
        How::Authority => {
            let told = remedy.to_string();
            let place = format!("{CERTS}/{}", fix.of);
            if !told.contains("certs.d") {
                bail!("the remedy does not name certs.d, as {place}: {told}");
            }
            let folder = case.node.certs().join(&fix.of);
            fs::create_dir_all(&folder)?;
            fs::copy(pki(&format!("{UNTRUSTED}.crt")), folder.join("ca.crt"))?;
        }
        How::PullOnNode => pull_on_node(cluster, case, &fix.of)?,
        How::Itself => {}
    }
    Ok(title(remedy))
}

fn run_command(cluster: &Cluster, fix: &Fix, remedy: &Value) -> Result<()> {
    let mut line = remedy["command"].as_str().context("the remedy has no command")?.to_owned();
    for (word, value) in &fix.fill {
        line = line.replace(word, value);
    }
    if let Some(word) = left_to_fill_in(&line) {
        bail!("the command leaves {word} to be filled in: {line}");
    }
    let kubectl = cluster.programs.ours("kubectl");
    let folder = kubectl.parent().unwrap_or(Path::new("/"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = command("sh", &["-eu", "-c", &line]);
    shell.env("PATH", format!("{}:{path}", folder.display())).env("KUBECONFIG", kubeconfig());
    run(&mut shell).with_context(|| format!("the command {line:?}"))
}

/// A word in capitals that stands for something, as `TAG`, `PASSWORD` or `HOST:PORT`.
fn left_to_fill_in(line: &str) -> Option<&str> {
    let words = line.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_".contains(letter)));
    let known = ["JSON", "YAML"];
    words.into_iter().find(|word| {
        word.len() > 2
            && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
            && !known.contains(word)
    })
}

fn send_patch(cluster: &Cluster, patch: &Value) -> Result<()> {
    let text = |key: &str| patch[key].as_str().unwrap_or_default().to_owned();
    if !patch.is_object() {
        bail!("the remedy has neither command nor patch");
    }
    let version = text("apiVersion");
    let group = version.split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
    let operations = patch["operations"].to_string();
    let kind = format!("{}{group}", text("kind").to_lowercase());
    let (name, namespace) = (text("name"), text("namespace"));
    let line = ["patch", &kind, &name, "--namespace", &namespace, "--type=json", "--patch", &operations];
    run(&mut kubectl(&cluster.programs, &line))
}

/// As somebody on the node would; `ctr` stands for whatever tool they have.
fn pull_on_node(cluster: &Cluster, case: &Case<'_>, image: &str) -> Result<()> {
    let holder = cluster.spaces.of(&case.node);
    let pull = ctr(&cluster.programs, &case.node, &["images", "pull", image]);
    let mut line = command("nsenter", &["--target", &holder.pid.to_string(), "--net", "--mount", "--"]);
    line.arg(pull.get_program()).args(pull.get_args());
    run(&mut line)
}

/// Whether everything of a namespace runs, and nothing old is left.
fn runs(objects: &[&Value]) -> bool {
    let pods: Vec<&&Value> = objects
        .iter()
        .filter(|object| object["kind"] == "Pod" && object["metadata"]["deletionTimestamp"].is_null())
        .collect();
    let rolled_out = |deployment: &Value| {
        let (spec, status) = (&deployment["spec"], &deployment["status"]);
        let count = |name: &str| status[name].as_i64().unwrap_or_default();
        let wanted = spec["replicas"].as_i64().unwrap_or(1);
        count("observedGeneration") >= deployment["metadata"]["generation"].as_i64().unwrap_or_default()
            && [count("replicas"), count("updatedReplicas"), count("availableReplicas")] == [wanted; 3]
    };
    !pods.is_empty()
        && pods.iter().all(|pod| pod_runs(pod))
        && objects.iter().filter(|object| object["kind"] == "Deployment").all(|object| rolled_out(object))
}

fn pod_runs(pod: &Value) -> bool {
    let statuses = pod["status"]["containerStatuses"].as_array();
    pod["status"]["phase"] == "Succeeded"
        || (pod["status"]["phase"] == "Running"
            && statuses.is_some_and(|all| all.iter().all(|status| status["ready"] == true)))
}

fn why(objects: &[&Value]) -> String {
    let pods = objects.iter().filter(|object| object["kind"] == "Pod");
    let lists = ["initContainerStatuses", "containerStatuses"];
    let waiting = |pod: &Value| {
        let all = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
        let words = all.map(|status| &status["state"]["waiting"]).find(|waiting| waiting.is_object());
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        words.map(|words| format!("{name}: {words}"))
    };
    pods.filter_map(|pod| waiting(pod)).next().unwrap_or_else(|| "no pod waits".to_owned())
}

/// Takes pods that wait since before the fix away, so that the kubelet asks again at once; their owners make new ones. A
/// pod without an owner is made anew by us. Answers their names.
fn make_anew(
    cluster: &Cluster,
    case: &Case<'_>,
    objects: &[&Value],
    since: Timestamp,
) -> Result<Vec<String>> {
    let made = |pod: &Value| {
        let time =
            pod["metadata"]["creationTimestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        time.is_some_and(|time| time.as_second() >= since.as_second())
    };
    let pods: Vec<&&Value> = objects
        .iter()
        .filter(|object| object["kind"] == "Pod" && !pod_runs(object) && !made(object))
        .collect();
    let mut names = Vec::new();
    for pod in &pods {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let line =
            ["delete", "pod", name, "--namespace", &case.namespace, "--grace-period=1", "--ignore-not-found"];
        run(&mut kubectl(&cluster.programs, &line))?;
        names.push(name.to_owned());
    }
    let unowned = pods.iter().filter(|pod| pod["metadata"]["ownerReferences"].is_null());
    let anew: Vec<Value> = unowned.map(|pod| as_it_was_asked_for(pod)).collect();
    if !anew.is_empty() {
        inject::apply(cluster, &anew)?;
    }
    Ok(names)
}

/// A pod as its author would write it now, with what was changed of it since.
fn as_it_was_asked_for(pod: &Value) -> Value {
    let meta = &pod["metadata"];
    let mut spec = pod["spec"].clone();
    spec["nodeName"] = Value::Null;
    json!({
        "apiVersion": "v1", "kind": "Pod", "spec": spec,
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "labels": meta["labels"]},
    })
}

/// Whether the product sees no fault (any more) in the namespace, or only one that is over.
fn is_over(report: &str) -> bool {
    let Ok(report) = serde_json::from_str::<Value>(report) else { return false };
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().all(|finding| finding["state"] == "over")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_with_a_word_to_fill_in_is_not_run() {
        assert_eq!(left_to_fill_in("kubectl set image deployment/web app=acme.test/web:TAG"), Some("TAG"));
        assert_eq!(left_to_fill_in("kubectl create secret --docker-password=PASSWORD"), Some("PASSWORD"));
        assert_eq!(left_to_fill_in("kubectl -n s01-a rollout undo deployment/web --type=json"), None);
    }

    #[test]
    fn rollout_that_still_has_an_old_pod_does_not_run() {
        let pod = |phase: &str| json!({"kind": "Pod", "metadata": {}, "status": {"phase": phase, "containerStatuses": [{"ready": phase == "Running"}]}});
        let deployment = |replicas: i64| {
            json!({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 1},
                "status": {"observedGeneration": 2, "replicas": replicas, "updatedReplicas": 1, "availableReplicas": 1}})
        };
        assert!(runs(&[&pod("Running"), &deployment(1)]));
        assert!(!runs(&[&pod("Running"), &deployment(2)]));
        assert!(!runs(&[&pod("Running"), &pod("Pending"), &deployment(1)]));
        assert!(!runs(&[]));
    }

    #[test]
    fn only_a_report_of_what_is_over_is_over() {
        assert!(is_over(r#"{"findings": []}"#));
        assert!(is_over(r#"{"findings": [{"state": "over"}]}"#));
        assert!(!is_over(r#"{"findings": [{"state": "over"}, {"state": "active"}]}"#));
        assert!(!is_over("no report"));
    }
}
