//! A disk without space: once as SQLite's own limit on the file, which every machine has, and once as a real small disk,
//! where the machine lets us mount one.

use std::path::Path;
use std::process::Command;

use pullmedic_model::incident::{History, Query};
use pullmedic_store::{Limits, Remark, Store};

use crate::built::{at, id, large, place, resolved};

/// Set in the child that sees the small disk.
const DISK: &str = "PULLMEDIC_TEST_SMALL_DISK";

/// Keeps until there is no space; gives how many were kept.
fn fill(store: &mut Store) -> u64 {
    for n in 0..100_000 {
        if let Err(error) = store.keep(&[&large(n, n as i64, 4000)]) {
            assert!(error.passing, "{error:?}");
            assert!(error.to_string().contains(id(n).as_str()), "{error}");
            return n;
        }
    }
    panic!("it never filled");
}

#[test]
fn a_full_file_refuses_as_passing_and_what_was_kept_stands() {
    let (_folder, path) = place();
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let (mut store, _) = Store::open_within(&path, limits).unwrap();
    let kept = fill(&mut store);
    assert!(kept > 100, "{kept}");
    assert_eq!(store.past(&Query::default()).unwrap().len() as u64, kept);
    store.keep(&[&large(kept, 1, 4000), &large(kept + 1, 1, 4000)]).unwrap_err();
    drop(store);
    // Space returns: here by a larger limit.
    let (mut store, remarks) = Store::open(&path).unwrap();
    assert_eq!(remarks, []);
    store.keep(&[&large(kept, 1, 4000)]).unwrap();
    assert_eq!(store.past(&Query::default()).unwrap().len() as u64, kept + 1);
}

#[test]
fn what_is_resolved_makes_room_in_a_full_file() {
    let (_folder, path) = place();
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let (mut store, _) = Store::open_within(&path, limits).unwrap();
    let kept = fill(&mut store);
    let over: Vec<_> = (0..kept / 2).map(|n| resolved(n, n as i64)).collect();
    store.keep(&over.iter().collect::<Vec<_>>()).unwrap();
    assert!(matches!(store.remarks().as_slice(), [Remark::Crowded { .. }]));
    store.keep(&[&large(kept, 1, 4000)]).unwrap();
    let left = store.unfinished(at(1_000_000)).unwrap();
    assert_eq!(left.len() as u64, kept - kept / 2 + 1, "what is open stays");
}

/// This program again, with only the test of that name, behind a mount namespace of its own with a disk of 3 MiB.
#[cfg(target_os = "linux")]
#[expect(clippy::print_stderr, reason = "a test that could not be run is to say so")]
fn on_a_small_disk(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let user = if is_root() { "" } else { "--map-root-user" };
    let script =
        "mount -t tmpfs -o size=3m pullmedic-test \"$1\" && exec \"$2\" --exact \"$3\" --ignored --nocapture";
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !user.is_empty() {
            command.arg(user);
        }
        command
            .args(["sh", "-c", script, "sh"])
            .arg(folder.path())
            .arg(std::env::current_exe().unwrap())
            .arg(test);
        command.env(DISK, folder.path()).output()
    };
    let allowed = run("mount -t tmpfs -o size=3m pullmedic-test \"$1\"");
    if !allowed.is_ok_and(|output| output.status.success()) {
        eprintln!("not run: this machine lets us mount nothing (root does)");
        return;
    }
    let output = run(script).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_as_passing_and_recovers() {
    on_a_small_disk("full::on_the_disk::it_fills_and_recovers");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_named_and_still_read() {
    on_a_small_disk("full::on_the_disk::it_is_read_only");
}

/// Run by the tests above, in their child.
#[cfg(target_os = "linux")]
mod on_the_disk {
    use pullmedic_store::StoreError;

    use super::{Command, DISK, History, Path, Query, Store, fill, large};
    use crate::built::open;

    #[test]
    #[ignore = "run by a_full_disk_refuses_as_passing_and_recovers"]
    fn it_fills_and_recovers() {
        let Some(disk) = std::env::var_os(DISK) else { return };
        let disk = Path::new(&disk);
        let (mut store, _) = Store::open(disk.join("history.db")).unwrap();
        let kept = fill(&mut store);
        assert!(kept > 50, "{kept}");
        assert_eq!(store.past(&Query::default()).unwrap().len() as u64, kept);
        store.keep(&[&large(kept, 1, 4000)]).unwrap_err();
        let status = Command::new("mount").args(["-o", "remount,size=20m"]).arg(disk).status().unwrap();
        assert!(status.success());
        for n in kept..kept + 50 {
            store.keep(&[&large(n, 1, 4000)]).unwrap();
        }
        drop(store);
        let (store, remarks) = Store::open(disk.join("history.db")).unwrap();
        assert_eq!(remarks, []);
        assert_eq!(store.past(&Query::default()).unwrap().len() as u64, kept + 50);
    }

    #[test]
    #[ignore = "run by a_folder_that_cannot_be_written_is_named_and_still_read"]
    fn it_is_read_only() {
        let Some(disk) = std::env::var_os(DISK) else { return };
        let disk = Path::new(&disk);
        let path = disk.join("a history#1?.db");
        Store::open(&path).unwrap().0.keep(&[&open(1, 1)]).unwrap();
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(disk).status().unwrap();
        assert!(status.success());
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains("a history#1?.db") && !error.passing(), "{error}");
        let reader = Store::read_only(&path).unwrap();
        assert_eq!(reader.past(&Query::default()).unwrap().len(), 1);
        let missing = disk.join("none.db");
        assert!(matches!(Store::open(&missing), Err(StoreError::Io { .. })));
        assert!(matches!(Store::read_only(&missing), Err(StoreError::Absent(_))));
    }
}
