//! The process is killed in the middle of its keeps, again and again on one file: whatever it acknowledged is there.
//! More often than in a plain run: `PULLMEDIC_KILLS=200 cargo test -p pullmedic-store --test store killed`.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use pullmedic_model::incident::{History, Incident, Query};
use pullmedic_store::{Limits, Store};

use crate::built::{id, open, place};

/// The file that the child keeps in.
const FILE: &str = "PULLMEDIC_TEST_KILLED_FILE";
/// The round that the child begins with.
const FIRST: &str = "PULLMEDIC_TEST_KILLED_FIRST";
/// Incidents of one keep, all of the same round.
const TOGETHER: u64 = 3;
/// Different ones before they repeat.
const SETS: u64 = 40;

fn runs() -> u32 {
    std::env::var("PULLMEDIC_KILLS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(20)
}

#[test]
#[ignore = "run by what_was_acknowledged_survives_a_kill_at_any_moment as its child"]
fn keeps_until_killed() {
    let (Some(path), Ok(first)) = (std::env::var_os(FILE), std::env::var(FIRST)) else { return };
    let (mut store, remarks) = Store::open(Path::new(&path)).unwrap();
    assert_eq!(remarks, []);
    let mut acknowledge = std::io::stdout();
    for round in first.parse::<u32>().unwrap().. {
        let set = u64::from(round) % SETS;
        let together: Vec<Incident> = (0..TOGETHER)
            .map(|n| Incident {
                most_pods: round,
                // Now and then long, so that several pages change.
                summary: "x".repeat(if round.is_multiple_of(7) { 30_000 } else { 300 }),
                ..open(set * TOGETHER + n, i64::from(round))
            })
            .collect();
        store.keep(&together.iter().collect::<Vec<_>>()).unwrap();
        writeln!(acknowledge, "kept {round}").unwrap();
        acknowledge.flush().unwrap();
    }
}

fn child(path: &Path, first: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::keeps_until_killed", "--ignored", "--nocapture"])
        .env(FILE, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs the child for so long after its first keep; gives the last round it acknowledged.
fn killed_after(path: &Path, first: u32, wait: Duration) -> u32 {
    let mut child = child(path, first);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (acknowledged, rounds) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some(round) = line.strip_prefix("kept ").and_then(|round| round.parse::<u32>().ok()) {
                acknowledged.send(round).unwrap();
            }
        }
    });
    let mut last = rounds.recv_timeout(Duration::from_secs(60)).expect("the child keeps");
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    while let Ok(round) = rounds.try_recv() {
        last = round;
    }
    last
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let (_folder, path) = place();
    let chance = RandomState::new();
    let mut acknowledged = BTreeMap::new();
    let mut first = 1;
    for run in 0..runs() {
        let wait = Duration::from_micros(chance.hash_one(run) % 150_000);
        let last = killed_after(&path, first, wait);
        for round in first..=last {
            acknowledged.insert(u64::from(round) % SETS, round);
        }
        // One more may have been kept than was acknowledged.
        first = last + 2;

        let (store, remarks) = Store::open_within(&path, Limits::default()).unwrap();
        assert_eq!(remarks, [], "run {run}, killed after {wait:?}");
        let all = store.past(&Query::default()).unwrap();
        let rounds: BTreeMap<_, u32> =
            all.iter().map(|past| (past.incident.id.clone(), past.incident.most_pods)).collect();
        for (set, round) in &acknowledged {
            let found: Vec<Option<&u32>> =
                (0..TOGETHER).map(|n| rounds.get(&id(set * TOGETHER + n))).collect();
            assert!(found[0].is_some_and(|found| found >= round), "run {run}: {found:?}, kept {round}");
            assert!(found.windows(2).all(|two| two[0] == two[1]), "run {run}: a keep in half: {found:?}");
        }
    }
    assert!(!acknowledged.is_empty());
}

#[test]
fn a_kill_while_a_file_is_begun_breaks_nothing() {
    let chance = RandomState::new();
    for run in 0..runs() {
        let (_folder, path) = place();
        let wait = Duration::from_micros(chance.hash_one(run) % 25_000);
        let mut child = child(&path, 1);
        std::thread::sleep(wait);
        child.kill().unwrap();
        child.wait().unwrap();
        let (mut store, remarks) = Store::open(&path).unwrap();
        assert_eq!(remarks, [], "killed after {wait:?}");
        store.keep(&[&open(1, 1)]).unwrap();
        assert!(store.one(&id(1)).unwrap().is_some());
    }
}
