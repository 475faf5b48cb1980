//! `diagnose --watch`: the report again, whenever what it says has changed.

use std::collections::BTreeMap;
use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use pullmedic_cluster::{Change, Cluster, Scope};
use pullmedic_model::Cause;
use pullmedic_model::finding::{Certainty, Finding, Serving};
use pullmedic_model::object::{Event, Object, Objects, Pod};
use pullmedic_model::report::Skipped;
use pullmedic_model::sighting::Place;
use pullmedic_report::Form;
use tokio::time::Instant;

use crate::assemble;
use crate::diagnose::{self, Arguments, Around};
use crate::failure::{Exit, Failure};
use crate::output::Screen;
use crate::prove::Prover;

/// How long changes are gathered before the report is made anew: a rollout changes many pods within a second.
const SETTLE: Duration = Duration::from_millis(700);
/// How long a report stands at most before time alone is looked at again: a `Pulling` becomes stalled without a change.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// How old owners may be in a report: their lists are seven requests a namespace, too many for every change of a rollout.
const OWNERS_STAND: Duration = Duration::from_secs(10);

/// Follows until interrupted. Nothing has to be cleaned up then: nothing was written.
pub(crate) async fn run(
    arguments: &Arguments,
    cluster: &Cluster,
    scope: &Scope,
    mut prover: Option<Prover<'_>>,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let mut changes = pin!(cluster.watch(scope));
    let mut seen = Seen::default();
    let mut surroundings: Option<Surroundings> = None;
    let mut told: Option<Told> = None;
    let mut due: Option<Instant> = None;
    loop {
        let wait = due.unwrap_or_else(|| Instant::now() + LOOK_AGAIN);
        tokio::select! {
            change = changes.next() => match change {
                Some(change) => {
                    seen.take(change);
                    if seen.synced {
                        let settled = Instant::now() + SETTLE;
                        // Another look at the owners may stand further off.
                        due = Some(due.map_or(settled, |due| due.min(settled)));
                    }
                    continue;
                }
                None => return Ok(Exit::Incomplete),
            },
            () = tokio::time::sleep_until(wait) => {}
        }
        if !seen.synced {
            continue;
        }
        due = None;
        let mut objects = seen.objects();
        let mut ground = diagnose::ground(arguments, cluster);
        let wanted = Around::of(&objects, scope, &ground, prover.is_some());
        let last = surroundings.take().filter(|last| last.serve(&wanted, Instant::now()));
        let around = match last {
            Some(last) => {
                due = Some(last.read + OWNERS_STAND);
                last
            }
            None => {
                Surroundings { objects: wanted.read(cluster).await, read: Instant::now(), around: wanted }
            }
        };
        objects.extend(copy(&around.objects));
        surroundings = Some(around);
        ground.now = Some(Timestamp::now());
        let mut found = arguments.seen(&objects, &ground);
        if let Some(prover) = &mut prover {
            diagnose::proved(prover, &mut found, &objects, &ground, arguments).await?;
        }
        let mut report = assemble::report(&objects, &found, &ground);
        report.read.pods = seen.pods.len();
        let now = Told::of(&report.findings, &report.skipped);
        if told.as_ref() == Some(&now) {
            continue;
        }
        if told.is_none() {
            objects.pods = seen.pods.values().cloned().collect();
            note_absent(arguments, &objects);
        } else {
            let mut out = screen.out();
            out.write_all(between(arguments.form()).as_bytes())?;
            out.flush()?;
        }
        diagnose::write(&report, arguments, screen)?;
        told = Some(now);
    }
}

/// What was asked for may still come, so its absence ends nothing.
fn note_absent(arguments: &Arguments, objects: &Objects) {
    if let Some(absent) = arguments.absent(objects) {
        // Talk only: the report does not depend on it.
        let _ = writeln!(
            std::io::stderr(),
            "{} is not there yet; check the name and the namespace (-n)",
            pullmedic_report::shown(&absent)
        );
    }
}

/// What stands between two reports.
fn between(form: Form) -> &'static str {
    match form {
        Form::Text | Form::Wide => "\n",
        // Without it two documents are one with every key twice.
        Form::Yaml => "---\n",
        Form::Json | Form::Markdown => "",
    }
}

/// Owners and nodes as they were read last.
struct Surroundings {
    objects: Objects,
    around: Around,
    read: Instant,
}

impl Surroundings {
    /// Whether they will do once more.
    fn serve(&self, wanted: &Around, now: Instant) -> bool {
        now < self.read + OWNERS_STAND && self.around.covers(wanted)
    }
}

fn copy(around: &Objects) -> Objects {
    Objects {
        workloads: around.workloads.clone(),
        nodes: around.nodes.clone(),
        accounts: around.accounts.clone(),
        skipped: around.skipped.clone(),
        ..Objects::default()
    }
}

/// What of a report is worth another one. Words are not: a kubelet's alternate between attempt and back-off, and hold
/// the port that it called from.
#[derive(Debug, PartialEq)]
struct Told {
    findings: Vec<ToldFinding>,
    skipped: Vec<Skipped>,
}

#[derive(Debug, PartialEq)]
struct ToldFinding {
    id: String,
    cause: Cause,
    certainty: Certainty,
    sightings: Vec<Place>,
    serving: Vec<Serving>,
}

impl Told {
    fn of(findings: &[Finding], skipped: &[Skipped]) -> Told {
        let told = |finding: &Finding| ToldFinding {
            id: finding.id.clone(),
            cause: finding.cause,
            certainty: finding.certainty,
            sightings: finding.sightings.clone(),
            serving: finding.serving.clone(),
        };
        Told { findings: findings.iter().map(told).collect(), skipped: skipped.to_vec() }
    }
}

type Key = (String, String);

/// What the watch has told so far.
#[derive(Default)]
struct Seen {
    pods: BTreeMap<Key, Pod>,
    events: BTreeMap<Key, Event>,
    trouble: Vec<Skipped>,
    synced: bool,
}

impl Seen {
    fn take(&mut self, change: Change) {
        match change {
            Change::Upsert(Object::Pod(pod)) => {
                self.pods.insert((pod.metadata.namespace.clone(), pod.metadata.name.clone()), *pod);
            }
            Change::Upsert(Object::Event(event)) => {
                self.events.insert((event.metadata.namespace.clone(), event.metadata.name.clone()), *event);
            }
            Change::Upsert(
                Object::Workload(_) | Object::Node(_) | Object::ServiceAccount(_) | Object::Other(_),
            ) => {}
            Change::Delete { kind, namespace, name } => match kind {
                "Pod" => drop(self.pods.remove(&(namespace, name))),
                "Event" => drop(self.events.remove(&(namespace, name))),
                _ => {}
            },
            Change::Synced => self.synced = true,
            Change::Trouble(skipped) => {
                if !self.trouble.contains(&skipped) {
                    self.trouble.push(skipped);
                }
            }
            Change::Over(skipped) => self.trouble.retain(|told| *told != skipped),
        }
    }

    /// The objects that a report needs: pods that all run are most pods, and say nothing.
    fn objects(&self) -> Objects {
        let waits = |pod: &&Pod| {
            pod.containers().any(|(_, _, status)| status.is_none_or(|s| s.state.running.is_none()))
        };
        Objects {
            pods: self.pods.values().filter(waits).cloned().collect(),
            events: self.events.values().cloned().collect(),
            skipped: self.trouble.clone(),
            ..Objects::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use pullmedic_model::finding::Vantage;
    use pullmedic_model::object::decode_json;
    use pullmedic_sight::STALLED_AFTER;

    use super::*;
    use crate::assemble::Ground;

    fn trouble(what: &str) -> Skipped {
        Skipped { what: what.into(), reason: "forbidden".into(), needs: None, next: None }
    }

    #[test]
    fn a_trouble_lasts_until_the_watch_says_that_it_is_over() {
        let mut seen = Seen::default();
        let (pods, bad) = (trouble("pods in namespace \"shop\""), trouble("Pod shop/bad"));
        seen.take(Change::Trouble(pods.clone()));
        seen.take(Change::Trouble(bad.clone()));
        seen.take(Change::Upsert(Object::Pod(Box::default())));
        assert_eq!(seen.objects().skipped, [pods.clone(), bad.clone()]);
        seen.take(Change::Over(bad));
        assert_eq!(seen.objects().skipped, std::slice::from_ref(&pods));
        seen.take(Change::Over(pods));
        assert_eq!(seen.objects().skipped, []);
    }

    fn told(reason: &str, words: &str, pods: &[&str]) -> Told {
        let mut objects = Objects::default();
        for name in pods {
            let pod = serde_json::json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"namespace": "shop", "name": name},
                "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "r.example.com/a:1"}]},
                "status": {"containerStatuses": [{"name": "app", "image": "r.example.com/a:1",
                    "state": {"waiting": {"reason": reason, "message": words}}}]}});
            decode_json(&pod.to_string(), &mut |object| objects.add(object.unwrap())).unwrap();
        }
        let ground = Ground {
            cluster: None,
            vantage: Vantage::Workstation,
            now: Some(Timestamp::UNIX_EPOCH),
            stalled_after: STALLED_AFTER,
        };
        let seen = assemble::classified(assemble::sight(&objects, &ground));
        let report = assemble::report(&objects, &seen, &ground);
        Told::of(&report.findings, &report.skipped)
    }

    #[test]
    fn another_attempt_with_the_same_outcome_is_no_other_report() {
        let refused = |port: u16| {
            format!(
                "failed to pull and unpack image \"r.example.com/a:1\": failed to do request: Head \
                 \"https://r.example.com/v2/a/manifests/1\": read tcp 10.0.0.2:{port}->10.0.0.9:443: read: \
                 connection reset by peer"
            )
        };
        let first = told("ErrImagePull", &refused(40_001), &["a"]);
        assert_eq!(first.findings.len(), 1);
        let waits =
            format!("Back-off pulling image \"r.example.com/a:1\": ErrImagePull: {}", refused(40_002));
        assert_eq!(told("ImagePullBackOff", &waits, &["a"]), first);
        assert_ne!(told("ErrImagePull", &refused(40_001), &["a", "b"]), first);
    }

    #[test]
    fn reports_in_yaml_are_documents_of_one_stream() {
        assert_eq!(between(Form::Yaml), "---\n");
        assert_eq!(between(Form::Json), "");
    }

    #[test]
    fn owners_are_read_anew_when_they_are_old_or_more_namespaces_wait() {
        let read = Instant::now();
        let around = |namespaces: &[&str]| Around {
            namespaces: namespaces.iter().map(|&name| name.to_owned()).collect(),
            ..Around::default()
        };
        let last = Surroundings { objects: Objects::default(), around: around(&["a", "b"]), read };
        assert!(last.serve(&around(&["a"]), read + OWNERS_STAND / 2));
        assert!(!last.serve(&around(&["a", "c"]), read + OWNERS_STAND / 2));
        assert!(!last.serve(&around(&["a"]), read + OWNERS_STAND));
    }
}
