//! A history that is full, locked or broken.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::child::{Controller, until};
use crate::ground::Ground;

/// What it says where the history cannot be written, and where it can again.
fn is_trouble(line: &Value) -> bool {
    line["message"] == "history: kept in memory, and tried again"
}

fn is_over(line: &Value) -> bool {
    line["message"] == "history: it can be written again"
}

/// What the history holds is what the cluster shows.
fn assert_kept(ground: &Ground, expected: &[(&str, &str)]) {
    let shown: Vec<String> = ground.shows(expected).into_values().collect();
    until("all of it in the history", || {
        let kept = ground.history("one");
        let lacks = shown.iter().find(|id| !kept.iter().any(|incident| incident.id.as_str() == **id));
        lacks.map_or(Ok(()), |id| Err(format!("{id} is not kept")))
    });
}

/// A folder of a size of its own, until it is dropped.
struct Tiny(PathBuf);

impl Tiny {
    /// `None` for who may not mount, which is everybody but root.
    fn mount(path: &Path) -> Option<Tiny> {
        std::fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(path);
        let mounted = mount.stdout(Stdio::null()).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Tiny(path.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all that is left of it.
    fn fill(&self) {
        let mut file = std::fs::File::options().create(true).append(true).open(self.ballast()).unwrap();
        let page = [0; 4096];
        while file.write_all(&page).is_ok() {}
        while file.write_all(&page[..1]).is_ok() {}
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        // Whoever is in it is killed by now; else it goes when they do.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The disk of the state folder; `None` where it cannot be had, which is said.
fn tiny(ground: &Ground) -> Option<Tiny> {
    let disk = Tiny::mount(&ground.stage.folder.path().join("one"));
    if disk.is_none() {
        let said = "skipped: only root may mount a small disk\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    disk
}

/// Fills the disk until even what the log of the history has left is used up; all that waits then.
fn filled(ground: &Ground, disk: &Tiny, controller: &Controller) -> Vec<(String, String)> {
    let mut all = vec![("shop".to_owned(), "9.1".to_owned())];
    for round in 0_usize..20 {
        disk.fill();
        if !controller.said(is_trouble).is_empty() {
            return all;
        }
        for nth in 0..4 {
            let tag = format!("9.{}", 2 + 4 * round + nth);
            ground.waits("shop", &tag);
            all.push(("shop".to_owned(), tag));
        }
        ground.shows(&places(&all));
    }
    panic!("a full disk is not noticed")
}

fn places(all: &[(String, String)]) -> Vec<(&str, &str)> {
    all.iter().map(|(namespace, tag)| (namespace.as_str(), tag.as_str())).collect()
}

#[test]
fn a_full_disk_stops_neither_proof_nor_cluster_and_all_is_kept_once_there_is_room() {
    let ground = Ground::quiet();
    let Some(disk) = tiny(&ground) else { return };
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    ground.shows(&[("shop", "9.1")]);
    controller.ready();
    let mut all = filled(&ground, &disk, &controller);
    ground.waits("bank", "8.1");
    all.push(("bank".to_owned(), "8.1".to_owned()));
    ground.shows(&places(&all));
    controller.assert_alive();
    std::fs::remove_file(disk.ballast()).unwrap();
    controller.says("that there is room again", is_over);
    assert_kept(&ground, &places(&all));
    ground.assert_whole(all.len());
    controller.ended();
    drop(disk);
}

#[test]
fn what_a_full_disk_did_not_take_before_the_end_comes_back_from_the_cluster() {
    let ground = Ground::quiet();
    let Some(disk) = tiny(&ground) else { return };
    ground.waits("shop", "9.1");
    let mut first = ground.start(&[]);
    ground.shows(&[("shop", "9.1")]);
    first.ready();
    let mut all = filled(&ground, &disk, &first);
    ground.waits("bank", "8.1");
    all.push(("bank".to_owned(), "8.1".to_owned()));
    let before = ground.shows(&places(&all));
    let (status, log) = first.told_to_end();
    assert_eq!(status.code(), Some(2), "{log}");
    assert!(log.contains("keep the last of the history") && !log.contains("panicked"), "{log}");
    std::fs::remove_file(disk.ballast()).unwrap();
    let mut second = ground.start(&[]);
    second.ready();
    ground.waits("bank", "8.2");
    all.push(("bank".to_owned(), "8.2".to_owned()));
    let after = ground.shows(&places(&all));
    assert!(before.iter().all(|(tag, id)| after[tag] == *id), "{before:?} {after:?}");
    ground.assert_whole(all.len());
    assert_kept(&ground, &places(&all));
    second.ended();
    drop(disk);
}

#[test]
fn a_locked_history_is_waited_for_and_written_after() {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    assert_kept(&ground, &[("shop", "9.1")]);
    let lock = rusqlite::Connection::open(ground.stage.path("one/history.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    ground.waits("shop", "9.2");
    ground.waits("bank", "9.3");
    let all = [("shop", "9.1"), ("shop", "9.2"), ("bank", "9.3")];
    ground.shows(&all);
    controller.says("that it cannot be written", is_trouble);
    ground.waits("bank", "9.4");
    let all = [all[0], all[1], all[2], ("bank", "9.4")];
    ground.shows(&all);
    lock.execute_batch("ROLLBACK").unwrap();
    drop(lock);
    controller.says("that it can again", is_over);
    assert_kept(&ground, &all);
    ground.assert_whole(4);
    controller.ended();
}

fn cut(path: &str) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    assert!(length > 4096, "{length}");
    file.set_len(length / 2 + 100).unwrap();
}

#[test]
fn a_history_that_was_truncated_is_set_aside_and_nothing_is_opened_twice() {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    ground.waits("bank", "9.1");
    let first = ground.start(&[]);
    let before = ground.shows(&[("shop", "9.1"), ("bank", "9.1")]);
    first.ended();
    cut(&ground.stage.path("one/history.db"));
    let mut second = ground.start(&[]);
    second.ready();
    second.says("that it was set aside", |line| {
        let remark = line["remark"].as_str().unwrap_or_default();
        line["message"] == "history" && remark.contains("history.db")
    });
    ground.waits("shop", "9.2");
    let all = [("shop", "9.1"), ("bank", "9.1"), ("shop", "9.2")];
    assert_eq!(ground.shows(&all)["9.1"], before["9.1"]);
    ground.assert_whole(2);
    assert_eq!(second.turns("opened"), 1, "only the new one");
    second.ended();
}

#[test]
fn a_history_that_is_truncated_under_the_controller_stops_nothing_else() {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    let mut controller: Controller = ground.start(&[]);
    let before = ground.shows(&[("shop", "9.1")]);
    assert_kept(&ground, &[("shop", "9.1")]);
    // All of it is in the file itself, none in the log beside it.
    let other = rusqlite::Connection::open(ground.stage.path("one/history.db")).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(other);
    cut(&ground.stage.path("one/history.db"));
    ground.waits("shop", "9.2");
    ground.waits("bank", "9.3");
    let all = [("shop", "9.1"), ("shop", "9.2"), ("bank", "9.3")];
    assert_eq!(ground.shows(&all)["9.1"], before["9.1"]);
    controller.assert_alive();
    // Whatever became of that file: the next goes on.
    controller.killed();
    let mut next = ground.start(&["--no-lease"]);
    next.ready();
    assert_eq!(ground.shows(&all)["9.1"], before["9.1"]);
    ground.assert_whole(3);
    next.ended();
}
