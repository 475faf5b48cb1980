use pullmedic_model::Cause;
use pullmedic_model::incident::{History, Incident, Past, Query, Touched};
use pullmedic_store::{Remark, Store, StoreError};
use rusqlite::Connection;

use crate::built::{at, id, open, place, resolved};

fn names(past: &[Past]) -> Vec<&str> {
    past.iter().map(|past| past.incident.id.as_str()).collect()
}

fn ids(numbers: &[u64]) -> Vec<String> {
    numbers.iter().map(|number| id(*number).to_string()).collect()
}

#[test]
fn what_was_kept_is_there_after_a_start_exactly_as_it_was() {
    let (_folder, path) = place();
    let (mut store, remarks) = Store::open(&path).unwrap();
    assert_eq!(remarks, []);
    let (first, second) = (open(1, 10), resolved(2, 5));
    store.keep(&[&first, &second]).unwrap();
    let changed = Incident { most_pods: 7, changed_at: at(20), ..first };
    store.keep(&[&changed]).unwrap();
    drop(store);

    let (store, remarks) = Store::open(&path).unwrap();
    assert_eq!(remarks, []);
    assert_eq!(store.one(&id(1)).unwrap(), Some(Past { incident: changed.clone() }));
    assert_eq!(store.one(&id(3)).unwrap(), None);
    assert_eq!(store.unfinished(at(0)).unwrap(), [second, changed]);
    assert_eq!(store.size().unwrap().rows, 2);
}

#[test]
fn a_start_goes_on_from_the_unresolved_and_the_lately_resolved() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 30), &resolved(2, 50), &resolved(3, 100), &open(4, 10)]).unwrap();
    let found = store.unfinished(at(100)).unwrap();
    let found: Vec<&str> = found.iter().map(|incident| incident.id.as_str()).collect();
    assert_eq!(found, ids(&[4, 1, 3]));
}

#[test]
fn the_past_is_asked_by_namespace_cause_and_time_newest_first() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    let billing = Incident { touched: [("billing".to_owned(), Touched::default())].into(), ..open(2, 20) };
    let tag = Incident { cause: Cause::TagNotFound, ..open(3, 30) };
    store.keep(&[&open(1, 10), &billing, &tag, &resolved(4, 40)]).unwrap();
    let shop = Some("shop".to_owned());
    let cases: [(Query, &[u64]); 9] = [
        (Query::default(), &[4, 3, 2, 1]),
        (Query { limit: Some(2), ..Query::default() }, &[4, 3]),
        (Query { limit: Some(0), ..Query::default() }, &[]),
        (Query { namespace: shop.clone(), ..Query::default() }, &[4, 3, 1]),
        (Query { namespace: Some("nowhere".into()), ..Query::default() }, &[]),
        (Query { cause: Some(Cause::Dns), ..Query::default() }, &[4, 2, 1]),
        (Query { since: Some(at(20)), ..Query::default() }, &[4, 3, 2]),
        (Query { namespace: shop.clone(), cause: Some(Cause::TagNotFound), ..Query::default() }, &[3]),
        (Query { namespace: shop, since: Some(at(20)), limit: Some(1), ..Query::default() }, &[4]),
    ];
    for (query, expected) in cases {
        assert_eq!(names(&store.past(&query).unwrap()), ids(expected), "{query:?}");
    }
}

#[test]
fn a_namespace_finds_what_touched_it_once() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 10)]).unwrap();
    store.keep(&[&Incident { touched: [].into(), ..resolved(1, 20) }]).unwrap();
    let shop = Query { namespace: Some("shop".to_owned()), ..Query::default() };
    assert_eq!(names(&store.past(&shop).unwrap()), ids(&[1]));
}

#[test]
fn a_time_between_two_microseconds_is_told_apart() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    let nanos = |n: i64| at(10) + jiff::SignedDuration::from_nanos(n);
    store.keep(&[&Incident { changed_at: nanos(100), ..open(1, 10) }]).unwrap();
    let since = |n: i64| Query { since: Some(nanos(n)), limit: Some(1), ..Query::default() };
    assert_eq!(store.past(&since(100)).unwrap().len(), 1);
    assert_eq!(store.past(&since(101)).unwrap().len(), 0);
}

#[test]
fn only_what_was_resolved_before_is_forgotten() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 1), &resolved(2, 2), &resolved(3, 30), &resolved(4, 3)]).unwrap();
    assert_eq!(store.forget(at(30)).unwrap(), 2);
    assert_eq!(store.forget(at(30)).unwrap(), 0);
    assert_eq!(names(&store.past(&Query::default()).unwrap()), ids(&[3, 1]));
    let shop = Query { namespace: Some("shop".to_owned()), ..Query::default() };
    assert_eq!(names(&store.past(&shop).unwrap()), ids(&[3, 1]));
    assert_eq!(store.size().unwrap().rows, 2);
}

#[test]
fn a_document_that_cannot_be_read_is_told_and_stops_no_other() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 10), &open(2, 20), &open(3, 30)]).unwrap();
    let other = Connection::open(&path).unwrap();
    let spoilt = "UPDATE incident SET document = replace(document, '\"open\"', '\"ajar\"') WHERE id = ?1";
    assert_eq!(other.execute(spoilt, [id(2).as_str()]).unwrap(), 1);
    assert_eq!(names(&store.past(&Query { limit: Some(2), ..Query::default() }).unwrap()), ids(&[3, 1]));
    assert_eq!(store.unfinished(at(0)).unwrap().len(), 2);
    assert_eq!(store.one(&id(2)).unwrap(), None);
    match store.remarks().as_slice() {
        [Remark::Unreadable { id: told, why }] => {
            assert_eq!(*told, id(2).to_string());
            assert!(why.contains("ajar"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(store.remarks(), [], "told once until it is read again");
    store.keep(&[&open(2, 40)]).unwrap();
    assert_eq!(store.past(&Query::default()).unwrap().len(), 3, "the next keep mends it");
}

#[test]
fn a_document_of_the_first_layout_is_read_for_ever() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&resolved(1, 10)]).unwrap();
    let document = include_str!("document-1.json");
    let other = Connection::open(&path).unwrap();
    other.execute("UPDATE incident SET document = ?1", [document]).unwrap();
    let past = store.past(&Query::default()).unwrap();
    // One that fails here is lost to whoever upgrades: give the new field a default, or add a step to the layout.
    assert_eq!(store.remarks(), []);
    let detail = past[0].incident.touched["shop"].detail.as_ref().unwrap();
    assert_eq!((detail.proof.len(), detail.rivals.len(), detail.remedies.len()), (1, 1, 1));
    assert_eq!(past[0].incident.timeline.len(), 10);
}

#[test]
fn a_name_that_sqlite_has_another_use_for_is_a_file() {
    let (folder, _) = place();
    for name in [":memory:", "file:x?mode=memory", "a b#c%20?d"] {
        let path = folder.path().join(name);
        Store::open(&path).unwrap().0.keep(&[&open(1, 1)]).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() > 4096, "{name}");
        assert_eq!(Store::read_only(&path).unwrap().past(&Query::default()).unwrap().len(), 1, "{name}");
    }
}

#[test]
fn a_reader_reads_beside_a_writer_and_writes_nothing() {
    let (_folder, path) = place();
    assert!(matches!(Store::read_only(&path), Err(StoreError::Absent(_))));
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 10)]).unwrap();
    let mut reader = Store::read_only(&path).unwrap();
    assert_eq!(reader.past(&Query::default()).unwrap().len(), 1);
    store.keep(&[&open(2, 20)]).unwrap();
    assert_eq!(reader.past(&Query::default()).unwrap().len(), 2);
    let refused = reader.keep(&[&open(3, 30)]).unwrap_err();
    assert!(!refused.passing);
    reader.forget(at(100)).unwrap_err();
    drop(store);
    assert_eq!(Store::read_only(&path).unwrap().past(&Query::default()).unwrap().len(), 2);
    assert_eq!(Store::open(&path).unwrap().0.past(&Query::default()).unwrap().len(), 2);
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 10)]).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
        seen += 1;
    }
    assert!(seen >= 3, "the file, its log and its lock");
}
