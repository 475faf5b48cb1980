//! Faults injected into the real cluster, and what the product says about each: `cargo xtask scenarios [ID…]`.
//!
//! All faults stand side by side, a namespace for each scenario and node; those that would disturb others come last.
//! The product is run as a user would run it, once for each namespace.

mod faults;
mod file;
mod judge;
mod objects;
mod record;
mod rights;
mod table;
mod waiting;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use self::file::{Scenario, Then};
use self::judge::{Answer, judge};
use self::objects::{Case, LABEL};
use self::table::Row;
use crate::cluster::Cluster;
use crate::cluster::components::{get, kubectl};
use crate::cluster::layout::{checkout, kubeconfig};
use crate::command::{command, output, read, read_with, run};
use crate::steps::{Steps, wait_for};

/// Which scenarios, with which product.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Scenarios to run, as `S01`, or `S11` for all of its faults; without any, all
    ids: Vec<String>,
    /// The product to try; built from this checkout by default
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Leave the faults standing
    #[arg(long)]
    keep: bool,
    /// Take the faults that an earlier run with --keep left standing, instead of injecting them anew
    #[arg(long)]
    standing: bool,
    /// Save what the cluster shows while all faults stand, without Secrets, into this folder
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Inject and wait, but do not run the product
    #[arg(long)]
    no_diagnose: bool,
    /// Only remove what an earlier run left standing
    #[arg(long)]
    clear: bool,
}

/// Runs them.
pub(crate) fn scenarios(arguments: &Arguments) -> Result<()> {
    let scenarios = file::read(&checkout().join("scenarios"), &arguments.ids)?;
    let cluster = crate::cluster::up()?;
    let steps = Steps::start();
    if !arguments.standing {
        steps.step("clear what an earlier run left", || clear(&cluster))?;
    }
    if arguments.clear {
        return Ok(());
    }
    let binary = match (&arguments.binary, arguments.no_diagnose) {
        (_, true) => None,
        (Some(binary), false) => {
            Some(fs::canonicalize(binary).with_context(|| format!("no {}", binary.display()))?)
        }
        (None, false) => Some(steps.step("build pullmedic", build_product)?),
    };

    let cases = Case::all(&scenarios);
    let shown = if arguments.standing {
        let all: Vec<&Case<'_>> = cases.iter().collect();
        steps.step("signs", || waiting::wait_for_signs(&cluster, &all, Instant::now()))?
    } else {
        inject_all(&cluster, &steps, &scenarios, &cases)?
    };
    if let Some(folder) = &arguments.record {
        steps.step("record", || record::record(&cluster, folder))?;
    }
    let rows = match &binary {
        Some(binary) => steps.step("diagnose", || diagnose_all(binary, &cases, &shown))?,
        None => Vec::new(),
    };
    let tried = match &binary {
        Some(binary) if arguments.ids.is_empty() => {
            steps.step("partial rights", || rights::check(&cluster, binary, &cases))?
        }
        Some(_) | None => Vec::new(),
    };
    if !arguments.keep && !arguments.standing {
        steps.step("clear", || clear(&cluster))?;
    }
    if binary.is_none() {
        return not_shown(&cases, &shown);
    }
    report(arguments, &rows, &tried)
}

/// Injects all faults and answers, for each case in turn, how long its sign took.
fn inject_all(
    cluster: &Cluster,
    steps: &Steps,
    scenarios: &[Scenario],
    cases: &[Case<'_>],
) -> Result<Vec<Option<f64>>> {
    steps.step("endpoints, names and images", || faults::inject(cluster, scenarios))?;
    steps.step("namespaces", || make_namespaces(cluster, cases))?;
    let (last, first): (Vec<&Case<'_>>, Vec<&Case<'_>>) = cases.iter().partition(|case| case.scenario.last);
    let mut shown = Vec::new();
    for group in [first, last] {
        if group.is_empty() {
            continue;
        }
        steps.step("what must be well before", || prepare(cluster, &group))?;
        let began = Instant::now();
        let names: Vec<&str> = group.iter().map(|case| case.namespace.as_str()).collect();
        steps.step("faults", || apply_faults(cluster, &group))?;
        let signs = steps.step(&format!("signs of {}", names.join(" ")), || {
            waiting::wait_for_signs(cluster, &group, began)
        })?;
        shown.extend(group.iter().map(|case| case.namespace.clone()).zip(signs));
    }
    Ok(cases
        .iter()
        .map(|case| {
            shown.iter().find(|(namespace, _)| *namespace == case.namespace).and_then(|(_, sign)| *sign)
        })
        .collect())
}

fn make_namespaces(cluster: &Cluster, cases: &[Case<'_>]) -> Result<()> {
    let namespaces: Vec<Value> = cases.iter().map(Case::namespace_object).collect();
    apply(cluster, &namespaces)?;
    wait_for(
        "a ServiceAccount in each namespace",
        Duration::from_secs(60),
        || {
            let accounts = get(&cluster.programs, &["serviceaccounts", "--all-namespaces"])?;
            let accounts = accounts["items"].as_array().cloned().unwrap_or_default();
            let has = |case: &Case<'_>| {
                accounts.iter().any(|it| it["metadata"]["namespace"] == case.namespace.as_str())
            };
            Ok(cases.iter().all(has).then_some(()))
        },
        || "the controllers are slow".to_owned(),
    )
}

fn prepare(cluster: &Cluster, cases: &[&Case<'_>]) -> Result<()> {
    let mut before = Vec::new();
    for case in cases {
        before.extend(case.place(&case.scenario.before)?);
    }
    if before.is_empty() {
        return Ok(());
    }
    apply(cluster, &before)?;
    for case in
        cases.iter().filter(|case| case.scenario.before.iter().any(|object| object["kind"] == "Deployment"))
    {
        let available =
            ["wait", "--for=condition=Available", "deployments", "--all", "--timeout=90s", "--namespace"];
        run(kubectl(&cluster.programs, &available).arg(&case.namespace))?;
    }
    for case in cases {
        if let Some(container) = &case.scenario.injects {
            wait_for_injection(cluster, case, container)?;
        }
    }
    Ok(())
}

/// Asks admission, without making anything, what it would do to a pod.
fn wait_for_injection(cluster: &Cluster, case: &Case<'_>, container: &str) -> Result<()> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial", "namespace": case.namespace},
        "spec": {"containers": [{"name": "trial", "image": "trial"}]},
    });
    wait_for(
        "the injection",
        Duration::from_secs(30),
        || {
            let line = ["create", "--dry-run=server", "--output=json", "--filename=-"];
            let made: Value =
                serde_json::from_str(&read_with(&mut kubectl(&cluster.programs, &line), &pod.to_string())?)?;
            let containers = made["spec"]["containers"].as_array().cloned().unwrap_or_default();
            Ok(containers.iter().any(|it| it["name"] == container).then_some(()))
        },
        || format!("pods of {} get no container {container}", case.namespace),
    )
}

fn apply_faults(cluster: &Cluster, cases: &[&Case<'_>]) -> Result<()> {
    let mut objects = Vec::new();
    for case in cases {
        faults::disturb_pause_image(cluster, case.scenario)?;
        objects.extend(case.place(&case.scenario.objects)?);
    }
    if !objects.is_empty() {
        apply(cluster, &objects)?;
    }
    for case in cases {
        for Then::Debug(debug) in &case.scenario.then {
            let selector = format!("app={}", debug.app);
            let pods =
                get(&cluster.programs, &["pods", "--namespace", &case.namespace, "--selector", &selector])?;
            let pod = pods["items"][0]["metadata"]["name"].as_str().context("no pod to debug")?.to_owned();
            let line =
                ["debug", "--quiet", "--attach=false", "--profile=general", "--namespace", &case.namespace];
            let mut line = kubectl(&cluster.programs, &line);
            line.arg(format!("--image={}", debug.image)).arg(format!("--container={}", debug.container));
            run(line.arg(pod))?;
        }
    }
    Ok(())
}

/// Applies as a controller would, so that no copy of the object stays in an annotation.
fn apply(cluster: &Cluster, objects: &[Value]) -> Result<()> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let line = ["apply", "--server-side", "--force-conflicts", "--filename=-"];
    read_with(&mut kubectl(&cluster.programs, &line), &list.to_string()).map(drop)
}

/// Builds pullmedic from this checkout and answers where it is.
pub(crate) fn build_product() -> Result<PathBuf> {
    let mut build = command("cargo", &["build", "--quiet", "--package", "pullmedic-app"]);
    run(build.current_dir(checkout()))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from);
    Ok(target.join("debug/pullmedic"))
}

fn diagnose_all<'a>(binary: &Path, cases: &[Case<'a>], shown: &[Option<f64>]) -> Result<Vec<Row<'a>>> {
    let mut rows = Vec::new();
    for (case, shown) in cases.iter().zip(shown) {
        let began = Instant::now();
        let answer = match shown {
            Some(_) => diagnose(binary, case)?,
            None => Answer::none("the cluster never showed the fault".to_owned()),
        };
        rows.push(Row { case: case.clone(), shown: *shown, took: began.elapsed().as_secs_f64(), answer });
    }
    Ok(rows)
}

fn diagnose(binary: &Path, case: &Case<'_>) -> Result<Answer> {
    let mut line =
        command(binary, &["diagnose", "--namespace", &case.namespace, "--output", "json", "--kubeconfig"]);
    line.arg(kubeconfig()).args(&case.scenario.diagnose);
    let said = output(&mut line, None)?;
    let report = String::from_utf8_lossy(&said.stdout);
    // 1 means findings; 2 comes with a report too, when something could not be read.
    if said.status.code() != Some(1) {
        let talk = String::from_utf8_lossy(&said.stderr);
        let talk = talk.trim();
        let mut answer = judge(&report, case.scenario.expect.text.on(case.node.name))
            .unwrap_or_else(|_| Answer::none(talk.to_owned()));
        answer.differs.push(format!("it ended with {}, not with exit code 1", said.status));
        return Ok(answer);
    }
    Ok(judge(&report, case.scenario.expect.text.on(case.node.name))
        .unwrap_or_else(|error| Answer::none(format!("{error:#}"))))
}

fn clear(cluster: &Cluster) -> Result<()> {
    faults::clear(cluster)?;
    let of_the_cluster = "mutatingadmissionpolicybindings,mutatingadmissionpolicies";
    let line = ["delete", of_the_cluster, "--selector", LABEL, "--ignore-not-found"];
    run(&mut kubectl(&cluster.programs, &line))?;
    let line = ["delete", "namespaces", "--selector", LABEL, "--ignore-not-found", "--timeout=180s"];
    read(&mut kubectl(&cluster.programs, &line)).map(drop)
}

/// Without the product there is only one thing that can fail.
fn not_shown(cases: &[Case<'_>], shown: &[Option<f64>]) -> Result<()> {
    let missing: Vec<&str> = cases
        .iter()
        .zip(shown)
        .filter(|(_, sign)| sign.is_none())
        .map(|(case, _)| case.namespace.as_str())
        .collect();
    if missing.is_empty() {
        println!("{} faults stand", cases.len());
        return Ok(());
    }
    bail!("the cluster never showed the fault of {}", missing.join(", "))
}

fn report(arguments: &Arguments, rows: &[Row<'_>], tried: &[rights::Tried]) -> Result<()> {
    for row in rows {
        let verdict = if row.answer.differs.is_empty() { "passed" } else { "FAILED" };
        let name = format!("{} {}", row.case.scenario.id, row.case.node.runtime.name());
        println!("{verdict}  {name:<22} {} ({})", row.answer.cause, row.answer.certainty);
        for difference in &row.answer.differs {
            println!("        {difference}");
        }
    }
    for rights::Tried { name, differs } in tried {
        println!("{}  {name}", if differs.is_empty() { "passed" } else { "FAILED" });
        for difference in differs {
            println!("        {difference}");
        }
    }
    if arguments.ids.is_empty() && !arguments.standing {
        // A part of the table would hide the rest, and faults found standing have no time of injection.
        let page = checkout().join("docs/accuracy.md");
        fs::write(&page, table::page(rows)).with_context(|| format!("could not write {}", page.display()))?;
    }
    let all = rows.len() + tried.len();
    let failed = rows.iter().filter(|row| !row.answer.differs.is_empty()).count()
        + tried.iter().filter(|tried| !tried.differs.is_empty()).count();
    println!("{} passed, {failed} failed", all - failed);
    if failed > 0 {
        bail!("{failed} of {all} cases are not as expected");
    }
    Ok(())
}
