//! Waiting for the cluster's own sign that a fault shows.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;

use super::objects::Case;
use crate::cluster::Cluster;
use crate::cluster::components::get;

/// How often the whole cluster is read. Each look costs about 0.3 s of one core.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Longer than the slowest sign: a dial limit of 30 s twice, or a CronJob's minute.
const LIMIT: Duration = Duration::from_secs(180);

/// Waits until each case shows its sign. Answers, for each in turn, the seconds since `began`, or `None` for a sign
/// that did not come.
pub(crate) fn wait_for_signs(
    cluster: &Cluster,
    cases: &[&Case<'_>],
    began: Instant,
) -> Result<Vec<Option<f64>>> {
    let mut shown = vec![None; cases.len()];
    let started = Instant::now();
    while shown.iter().any(Option::is_none) && started.elapsed() < LIMIT {
        let list = get(&cluster.programs, &["pods,events", "--all-namespaces"])?;
        let objects = list["items"].as_array().cloned().unwrap_or_default();
        for (case, seconds) in cases.iter().zip(&mut shown) {
            let own =
                || objects.iter().filter(|object| object["metadata"]["namespace"] == case.namespace.as_str());
            if seconds.is_none() && shows(case, &own().collect::<Vec<_>>()) {
                *seconds = Some(began.elapsed().as_secs_f64());
            }
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(shown)
}

fn shows(case: &Case<'_>, objects: &[&Value]) -> bool {
    let waits = case.scenario.waits.on(case.node.name);
    if waits.nothing {
        return true;
    }
    match &waits.event {
        Some(reason) => objects.iter().any(|object| {
            object["kind"] == "Event"
                && object["reason"] == reason.as_str()
                && age(object) >= waits.since.unwrap_or_default()
        }),
        None => objects.iter().any(|object| object["kind"] == "Pod" && waits_with_words(object)),
    }
}

/// Whether a container waits with words of its own; all pods but those without a fault do so some time.
fn waits_with_words(pod: &Value) -> bool {
    let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
    let statuses = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    statuses.map(|status| &status["state"]["waiting"]).any(|waiting| {
        let reason = waiting["reason"].as_str().unwrap_or_default();
        let quiet = ["", "ContainerCreating", "PodInitializing", "CrashLoopBackOff"];
        !quiet.contains(&reason) && waiting["message"].as_str().is_some_and(|words| !words.is_empty())
    })
}

fn age(object: &Value) -> i64 {
    let made =
        object["metadata"]["creationTimestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    made.map_or(0, |time| Timestamp::now().as_second() - time.as_second())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn container_that_is_being_made_shows_nothing_yet() {
        let waiting = |reason: &str, message: &str| json!({"status": {"containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}});
        assert!(!waits_with_words(&waiting("ContainerCreating", "")));
        assert!(!waits_with_words(&json!({"status": {}})));
        assert!(waits_with_words(&waiting("ErrImagePull", "no such host")));
        assert!(waits_with_words(&waiting("illegal base64 data at input byte 5", "unable to retrieve")));
    }
}
