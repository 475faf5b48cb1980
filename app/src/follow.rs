//! `diagnose --watch`: the report again, whenever what it says has changed.

use std::collections::BTreeMap;
use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use pullmedic_cluster::{Change, Cluster, Scope};
use pullmedic_model::finding::Finding;
use pullmedic_model::object::{Event, Object, Objects, Pod};
use pullmedic_model::report::Skipped;
use tokio::time::Instant;

use crate::diagnose::{self, Arguments};
use crate::failure::{Exit, Failure};
use crate::output::Screen;

/// How long changes are gathered before the report is made anew: a rollout changes many pods within a second.
const SETTLE: Duration = Duration::from_millis(700);
/// How long a report stands at most before time alone is looked at again: a `Pulling` becomes stalled without a change.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Follows until interrupted. Nothing has to be cleaned up then: nothing was written.
pub(crate) async fn run(
    arguments: &Arguments,
    cluster: &Cluster,
    scope: &Scope,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let mut changes = pin!(cluster.watch(scope));
    let mut seen = Seen::default();
    let mut told: Option<Told> = None;
    let mut due: Option<Instant> = None;
    loop {
        let wait = due.unwrap_or_else(|| Instant::now() + LOOK_AGAIN);
        tokio::select! {
            change = changes.next() => match change {
                Some(change) => {
                    seen.take(change);
                    if seen.synced {
                        due.get_or_insert_with(|| Instant::now() + SETTLE);
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
        diagnose::around(&mut objects, cluster, scope, &ground).await;
        ground.now = Some(Timestamp::now());
        let mut report = arguments.judge(&objects, &ground);
        report.read.pods = seen.pods.len();
        let now = Told::of(&report.findings, &report.skipped);
        if told.as_ref() != Some(&now) {
            if told.is_some()
                && matches!(arguments.form(), pullmedic_report::Form::Text | pullmedic_report::Form::Wide)
            {
                let mut out = screen.out();
                writeln!(out)?;
                out.flush()?;
            }
            diagnose::write(&report, arguments, screen)?;
            told = Some(now);
        }
    }
}

/// What a report says, without the times that pass by themselves.
#[derive(PartialEq)]
struct Told {
    findings: Vec<Finding>,
    skipped: Vec<Skipped>,
}

impl Told {
    fn of(findings: &[Finding], skipped: &[Skipped]) -> Told {
        let timeless = |finding: &Finding| {
            let mut finding = Finding { observed_at: None, next_attempt: None, ..finding.clone() };
            for observation in finding.observations.iter_mut().chain(&mut finding.proof) {
                observation.at = None;
            }
            finding
        };
        Told { findings: findings.iter().map(timeless).collect(), skipped: skipped.to_vec() }
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
        // What is told anew can be read again; the watch does not say so by itself.
        let readable = match &change {
            Change::Upsert(Object::Pod(_)) => "pods",
            Change::Upsert(Object::Event(_)) => "events",
            _ => "",
        };
        if !readable.is_empty() {
            self.trouble.retain(|skipped| !skipped.what.starts_with(readable));
        }
        match change {
            Change::Upsert(Object::Pod(pod)) => {
                self.pods.insert((pod.metadata.namespace.clone(), pod.metadata.name.clone()), *pod);
            }
            Change::Upsert(Object::Event(event)) => {
                self.events.insert((event.metadata.namespace.clone(), event.metadata.name.clone()), *event);
            }
            Change::Upsert(Object::Workload(_) | Object::Node(_) | Object::Other(_)) => {}
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
