use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use pullmedic_model::incident::{History, Query};
use pullmedic_store::{Remark, Store, StoreError};
use rusqlite::Connection;

use crate::built::{id, large, open, place, resolved};

/// A history of 200 incidents, closed.
fn filled(path: &Path) {
    let (mut store, _) = Store::open(path).unwrap();
    let incidents: Vec<_> = (0..200).map(|n| large(n, n as i64, 3000)).collect();
    store.keep(&incidents.iter().collect::<Vec<_>>()).unwrap();
}

fn overwrite(path: &Path, from: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Opens a broken file, and finds it set aside byte for byte and a fresh one that works.
fn set_aside(path: &Path, what: &str) {
    let broken = fs::read(path).unwrap();
    let (mut store, remarks) = Store::open(path).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let [Remark::SetAside { path: from, to, why }] = remarks.as_slice() else {
        panic!("{what}: {remarks:?}")
    };
    assert_eq!(from, path);
    assert!(to.to_string_lossy().starts_with(&*format!("{}.broken-2", path.display())), "{to:?}");
    assert_eq!(fs::read(to).unwrap(), broken, "{what}");
    assert!(!why.is_empty());
    assert_eq!(store.past(&Query::default()).unwrap(), []);
    store.keep(&[&open(1, 1)]).unwrap();
    drop(store);
    assert_eq!(Store::open(path).unwrap().1, [], "{what}");
}

#[test]
fn a_broken_file_is_set_aside_and_a_fresh_one_begun() {
    let noise: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    type Break<'a> = &'a dyn Fn(&Path);
    let breaks: [(&str, Break<'_>); 6] = [
        ("cut in the middle", &|path| {
            let length = fs::metadata(path).unwrap().len();
            fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length / 2 + 100).unwrap();
        }),
        ("cut inside the first page", &|path| {
            fs::OpenOptions::new().write(true).open(path).unwrap().set_len(700).unwrap();
        }),
        ("a head of noise", &|path| overwrite(path, 0, &noise)),
        ("noise in a tree", &|path| overwrite(path, 4096 * 3, &noise)),
        ("zeros over a tenth", &|path| overwrite(path, 4096 * 2, &[0; 4096 * 20])),
        ("no database at all", &|path| fs::write(path, "{\"kind\": \"List\"}\n".repeat(99)).unwrap()),
    ];
    for (what, damage) in breaks {
        let (_folder, path) = place();
        filled(&path);
        damage(&path);
        set_aside(&path, what);
    }
}

#[test]
fn every_page_that_turns_to_noise_is_found_or_harms_one_incident_only() {
    let noise = [0xa5; 4096];
    let (_folder, path) = place();
    filled(&path);
    let whole = fs::read(&path).unwrap();
    let (mut found, mut read) = (0, 0);
    for page in (0..whole.len() / 4096).step_by(5) {
        let (_folder, path) = place();
        fs::write(&path, &whole).unwrap();
        overwrite(&path, page as u64 * 4096, &noise);
        let (store, remarks) = Store::open(&path).unwrap();
        match remarks.as_slice() {
            [Remark::SetAside { .. }] => found += 1,
            _ => {
                read += 1;
                let past = store.past(&Query::default()).unwrap();
                assert!(past.len() + store.remarks().len() == 200 && past.len() >= 199, "page {page}");
            }
        }
    }
    assert!(found > 10, "{found} found, {read} read");
}

#[test]
fn a_log_that_was_cut_loses_its_end_and_nothing_before() {
    let (folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 1)]).unwrap();
    let log = folder.path().join("history.db-wal");
    let kept = fs::metadata(&log).unwrap().len();
    store.keep(&[&open(2, 2)]).unwrap();
    assert!(fs::metadata(&log).unwrap().len() > kept);
    // As after a power cut on a disk that lied: copied while open, so that closing does not tidy up.
    let (_other, copy) = place();
    fs::copy(&path, &copy).unwrap();
    fs::write(copy.with_extension("db-wal"), &fs::read(&log).unwrap()[..kept as usize + 500]).unwrap();
    let (copied, remarks) = Store::open(&copy).unwrap();
    assert_eq!(remarks, []);
    assert!(copied.one(&id(1)).unwrap().is_some());
    assert!(copied.one(&id(2)).unwrap().is_none());
}

#[test]
fn only_the_newest_broken_files_are_left_lying_about() {
    let (folder, path) = place();
    for _ in 0..5 {
        fs::write(&path, "no database").unwrap();
        Store::open(&path).unwrap();
    }
    fs::write(&path, "no database").unwrap();
    let (_, remarks) = Store::open(&path).unwrap();
    assert!(matches!(remarks.as_slice(), [Remark::SetAside { .. }, Remark::Removed(_)]), "{remarks:?}");
    let lying = fs::read_dir(folder.path())
        .unwrap()
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(".broken-"))
        .count();
    assert_eq!(lying, 3);
}

/// What a refused file is refused with, after which no byte of it is another.
fn refused(path: &Path) -> StoreError {
    let before = fs::read(path).unwrap();
    let error = Store::open(path).unwrap_err();
    assert_eq!(fs::read(path).unwrap(), before, "{error}");
    assert!(error.to_string().contains("history.db"), "{error}");
    assert!(!error.passing());
    let reading = Store::read_only(path).unwrap_err();
    assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&reading), "{reading}");
    error
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_is() {
    let (_folder, path) = place();
    filled(&path);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let error = refused(&path);
    assert!(matches!(error, StoreError::Newer { found: 7, known: 1, .. }), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let (_folder, path) = place();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE song (name TEXT)").unwrap();
    assert!(matches!(refused(&path), StoreError::Foreign(_)));
}

#[test]
fn a_folder_is_no_history() {
    let (folder, _) = place();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::NotAFile(_))));
    assert!(matches!(Store::read_only(folder.path()), Err(StoreError::NotAFile(_))));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let (folder, _) = place();
    let error = Store::open(folder.path().join("nowhere/history.db")).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }));
    assert!(error.to_string().contains("nowhere/history.db"), "{error}");
}

#[test]
fn there_is_one_writer() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(&error, StoreError::Locked(named) if *named == path), "{error}");
    assert!(error.passing());
    assert!(error.to_string().contains("history.db"), "{error}");
    store.keep(&[&open(1, 1)]).unwrap();
    drop(store);
    Store::open(&path).unwrap();
}

#[test]
fn a_lock_of_another_program_passes() {
    let (_folder, path) = place();
    let (mut store, _) = Store::open(&path).unwrap();
    store.keep(&[&open(1, 1)]).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.keep(&[&open(2, 2)]).unwrap_err();
    assert!(error.passing, "{error:?}");
    assert!(error.to_string().contains(id(2).as_str()), "{error}");
    assert!(error.to_string().contains("history.db"), "{error}");
    assert_eq!(store.past(&Query::default()).unwrap().len(), 1, "it is read all the same");
    other.execute_batch("ROLLBACK").unwrap();
    store.keep(&[&open(2, 2)]).unwrap();
}

#[test]
fn a_file_that_another_program_holds_alone_is_locked() {
    let (_folder, path) = place();
    filled(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM touched").unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error:?}");
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    assert_eq!(Store::open(&path).unwrap().0.past(&Query::default()).unwrap().len(), 200);
}

#[test]
fn what_breaks_while_open_fails_for_good_and_is_set_aside_at_the_next_start() {
    let (_folder, path) = place();
    filled(&path);
    let (mut store, _) = Store::open(&path).unwrap();
    // More than SQLite holds in memory.
    let more: Vec<_> = (200..1200).map(|n| large(n, n as i64, 9000)).collect();
    store.keep(&more.iter().collect::<Vec<_>>()).unwrap();
    drop(store);
    let (mut store, _) = Store::open(&path).unwrap();
    let length = fs::metadata(&path).unwrap().len();
    overwrite(&path, 4096, &vec![0xa5; length as usize - 4096]);
    let Err(error) = store.past(&Query::default()) else { panic!("noise was read") };
    assert!(!error.passing, "{error:?}");
    let over: Vec<_> = (0..1200).map(|n| resolved(n, 1)).collect();
    let Err(error) = store.keep(&over.iter().collect::<Vec<_>>()) else { panic!("kept in noise") };
    assert!(!error.passing, "{error:?}");
    drop(store);
    let (_, remarks) = Store::open(&path).unwrap();
    assert!(matches!(remarks.as_slice(), [Remark::SetAside { .. }]), "{remarks:?}");
}
