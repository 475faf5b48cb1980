//! Making the faults of a run and taking them away.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::file::{Scenario, Then};
use super::objects::{Case, LABEL};
use super::{Shown, faults, waiting};
use crate::cluster::Cluster;
use crate::cluster::components::{get, kubectl};
use crate::command::{read, read_with, run};
use crate::steps::{Steps, wait_for};

/// What all rounds need: endpoints, names, images and namespaces.
pub(super) fn prepare_all(
    cluster: &Cluster,
    steps: &Steps,
    scenarios: &[Scenario],
    cases: &[Case<'_>],
) -> Result<()> {
    steps.step("endpoints, names and images", || faults::inject(cluster, scenarios))?;
    steps.step("namespaces", || make_namespaces(cluster, cases))
}

/// Injects the faults of one round and waits for their signs.
pub(super) fn inject<'a>(cluster: &Cluster, steps: &Steps, cases: &[&'a Case<'a>]) -> Result<Vec<Shown<'a>>> {
    for case in cases {
        faults::disturb_runtime(cluster, case.scenario)?;
    }
    steps.step("what must be well before", || prepare(cluster, cases))?;
    let began = Instant::now();
    steps.step("faults", || apply_faults(cluster, cases))?;
    let signs = steps.step(&format!("signs of {} faults", cases.len()), || {
        waiting::wait_for_signs(cluster, cases, began)
    })?;
    let mut slowest: Vec<_> =
        cases.iter().zip(&signs).map(|(case, sign)| (sign.unwrap_or(f64::MAX), case)).collect();
    slowest.sort_by(|left, right| right.0.total_cmp(&left.0));
    let named = slowest.iter().take(3).map(|(sign, case)| match *sign {
        f64::MAX => format!("{} never", case.namespace),
        sign => format!("{} {sign:.0} s", case.namespace),
    });
    println!("           last: {}", named.collect::<Vec<_>>().join(", "));
    Ok(cases.iter().copied().zip(signs).collect())
}

fn make_namespaces(cluster: &Cluster, cases: &[Case<'_>]) -> Result<()> {
    let namespaces: Vec<Value> = cases.iter().flat_map(Case::namespace_objects).collect();
    apply(cluster, &namespaces)?;
    wait_for(
        "a ServiceAccount in each namespace",
        Duration::from_secs(60),
        || {
            let accounts = get(&cluster.programs, &["serviceaccounts", "--all-namespaces"])?;
            let accounts = accounts["items"].as_array().cloned().unwrap_or_default();
            let has = |name: String| accounts.iter().any(|it| it["metadata"]["namespace"] == name.as_str());
            Ok(cases.iter().flat_map(Case::namespaces).all(has).then_some(()))
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
        for then in &case.scenario.then {
            let debug = match then {
                Then::Debug(debug) => debug,
                Then::MoveTag(name) => {
                    faults::move_tag(cluster, name)?;
                    continue;
                }
            };
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
pub(super) fn apply(cluster: &Cluster, objects: &[Value]) -> Result<()> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let line = ["apply", "--server-side", "--force-conflicts", "--filename=-"];
    read_with(&mut kubectl(&cluster.programs, &line), &list.to_string()).map(drop)
}

/// Takes away all that runs of scenarios left.
pub(super) fn clear(cluster: &Cluster) -> Result<()> {
    faults::clear(cluster)?;
    let of_the_cluster = "mutatingadmissionpolicybindings,mutatingadmissionpolicies";
    let line = ["delete", of_the_cluster, "--selector", LABEL, "--ignore-not-found"];
    run(&mut kubectl(&cluster.programs, &line))?;
    let line = ["delete", "namespaces", "--selector", LABEL, "--ignore-not-found", "--timeout=180s"];
    read(&mut kubectl(&cluster.programs, &line))?;
    faults::clear_nodes(cluster)
}
