use pullmedic_model::incident::{History, Incident, Query};
use pullmedic_store::{Limits, Remark, Store};

use crate::built::{at, id, large, open, place, resolved};

#[test]
fn past_the_rows_allowed_the_longest_resolved_go() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open_within(&path, Limits { rows: 10, ..Limits::default() }).unwrap();
    store.keep(&[&open(0, 0)]).unwrap();
    for n in 1..=30 {
        store.keep(&[&resolved(n, n as i64)]).unwrap();
    }
    assert_eq!(store.size().unwrap().rows, 10);
    assert_eq!(store.remarks(), [Remark::Crowded { forgotten: 21 }]);
    let past = store.past(&Query::default()).unwrap();
    let expected: Vec<_> = (22..=30).rev().chain([0]).map(id).collect();
    assert_eq!(past.into_iter().map(|past| past.incident.id).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_resolved_is_never_forgotten_for_want_of_room() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open_within(&path, Limits { rows: 10, ..Limits::default() }).unwrap();
    let all: Vec<_> = (0..50).map(|n| open(n, n as i64)).collect();
    store.keep(&all.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(store.past(&Query::default()).unwrap().len(), 50);
}

#[test]
fn the_file_stays_within_its_room_however_much_is_kept() {
    let (_folder, path) = place();
    let bytes = 4 << 20;
    let (mut store, _) = Store::open_within(&path, Limits { bytes, ..Limits::default() }).unwrap();
    for round in 0..60 {
        let some: Vec<Incident> = (0..50)
            .map(|n| Incident {
                summary: "x".repeat(4000),
                ..resolved(round * 50 + n, (round * 50 + n) as i64)
            })
            .collect();
        store.keep(&some.iter().collect::<Vec<_>>()).unwrap();
        let size = store.size().unwrap();
        assert!(size.bytes <= bytes, "{size:?}");
        assert!(size.file <= bytes * 4 / 3 + (1 << 20), "{size:?}");
    }
    drop(store);
    assert!(std::fs::metadata(&path).unwrap().len() <= bytes * 4 / 3 + (1 << 20));
    assert!(Store::open(&path).unwrap().0.one(&id(60 * 50 - 1)).unwrap().is_some(), "the newest is there");
}

#[test]
fn what_is_forgotten_gives_its_bytes_back() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    for round in 0..20 {
        let some: Vec<_> =
            (0..50).map(|n| Incident { summary: "x".repeat(9000), ..resolved(round * 50 + n, 10) }).collect();
        store.keep(&some.iter().collect::<Vec<_>>()).unwrap();
    }
    let before = store.size().unwrap().file;
    assert_eq!(store.forget(at(11)).unwrap(), 1000);
    let after = store.size().unwrap();
    assert!(before > 9 << 20 && after.file < 2 << 20, "{before} then {after:?}");
    drop(store);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), after.file);
}

#[test]
fn one_incident_that_grows_and_changes_takes_no_more_than_itself() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    for n in 0..2000 {
        store.keep(&[&large(1, n, 20_000 + (n as usize % 7) * 3000)]).unwrap();
    }
    let size = store.size().unwrap();
    assert_eq!(size.rows, 1);
    assert!(size.file < 1 << 20, "{size:?}");
}
