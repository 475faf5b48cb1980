//! Keeps so many changes of incidents that come, change, resolve and are forgotten, and prints what that leaves in
//! memory and on disk: `cargo run -p pullmedic-store --example growth -- [MILLIONS] [FILE]`.

#![expect(clippy::print_stdout, reason = "it prints figures to the person who ran it")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::{
    Cost, Counts, Event, Fingerprint, History, Incident, IncidentId, Moment, Phase, Sample, Scope, Touched,
};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::{Cause, Certainty, Endpoint};
use pullmedic_store::Store;

/// Changes of one keep: what a second of a busy cluster leaves after repeats are folded.
const TOGETHER: u64 = 100;
/// Changes of one incident from its first to its last.
const LIFE: u64 = 50;
/// Incidents that last at the same time.
const AT_ONCE: u64 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let millions: f64 = arguments.next().map_or(Ok(1.0), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let path = arguments.next().map_or_else(|| folder.path().join("history.db"), PathBuf::from);
    let (mut store, _) = Store::open(&path)?;
    let changes = (millions * 1e6) as u64;
    let step = (changes / 10).max(TOGETHER);
    let begun = Instant::now();
    println!(
        "{:>10}  {:>10}  {:>10}  {:>10}  {:>9}  {:>9}",
        "changes", "resident", "file", "log", "incidents", "changes/s"
    );
    let mut done = 0;
    while done < changes {
        let together: Vec<Incident> = (done..done + TOGETHER).map(change).collect();
        store.keep(&together.iter().collect::<Vec<_>>())?;
        done += TOGETHER;
        if done % (TOGETHER * 100) == 0 {
            // Resolved for longer than the last four lives.
            store.forget(clock(done) - SignedDuration::from_secs(4 * LIFE as i64))?;
        }
        if done % step < TOGETHER {
            let rate = done as f64 / begun.elapsed().as_secs_f64();
            println!(
                "{done:>10}  {:>6} KiB  {:>6} KiB  {:>6} KiB  {:>9}  {rate:>9.0}",
                resident().unwrap_or(0) / 1024,
                length(&path) / 1024,
                length(&path.with_extension("db-wal")) / 1024,
                store.size()?.rows,
            );
        }
    }
    Ok(())
}

/// The clock at the nth change: each incident changes once a second.
fn clock(nth: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_790_000_000 + (nth / AT_ONCE) as i64)
}

/// The nth change: of the nth incident at the time, in some point of its life.
fn change(nth: u64) -> Incident {
    let (lane, turn) = (nth % AT_ONCE, nth / AT_ONCE);
    // Each lane is at another point of its incident's life.
    let age = (turn + lane) % LIFE;
    let number = (turn + lane) / LIFE * AT_ONCE + lane;
    let now = clock(nth);
    let over = age == LIFE - 1;
    let namespace = format!("team-{}", number % 40);
    let sample = |n: u64| Sample {
        owner: None,
        pod: Some(format!("cart-{number}-{n}")),
        container: "app".to_owned(),
        kind: ContainerKind::Main,
        node: Some(format!("worker-{n}")),
        image: "registry.acme.test:5000/shop/cart:4.1".to_owned(),
        since: Some(now),
    };
    let samples: Vec<Sample> = (0..age.min(10)).map(sample).collect();
    let pods = samples.len() as u32;
    let cause = Cause::ALL[(number as usize) % Cause::ALL.len()];
    Incident {
        id: IncidentId::from_seed(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 30),
        fingerprint: Fingerprint::of(&[cause.code(), &number.to_string()]),
        known_as: Vec::new(),
        phase: if over { Phase::Resolved } else { Phase::Open },
        cause,
        inner: None,
        also: Vec::new(),
        certainty: Certainty::Proven,
        scope: Scope::Endpoint,
        stage: Some(cause.usual_stage()),
        endpoint: Endpoint::parse("registry.acme.test:5000").ok(),
        image: None,
        node: None,
        clears: cause.clears(),
        resets_at: None,
        summary: "The name registry.acme.test does not resolve from here, and it does from nowhere else."
            .to_owned(),
        seen_at: now - SignedDuration::from_secs(age as i64),
        since: None,
        opened_at: Some(now),
        proven_at: Some(now),
        resolved_at: over.then_some(now),
        changed_at: now,
        reopened: 0,
        merged_into: None,
        counts: Counts { pods, owners: 1, namespaces: 1, nodes: pods },
        most_pods: pods,
        touched: [(namespace, Touched { pods, samples, ..Touched::default() })].into(),
        cost: Cost { proofs: 1, requests: 3 },
        next_probe: Some(now),
        timeline: (0..age.min(20)).map(|_| Moment { at: now, what: Event::Judged, note: None }).collect(),
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Bytes of memory in use; `None` where the machine does not say.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
