//! Who leads writes, and nobody else, in whatever way the lead was lost.

use jiff::Timestamp;
use testkit_apiserver::{Request, Then, When};

use crate::child::{Controller, until};
use crate::ground::Ground;

/// A leader and a standby, each a user of its own, and a pod that waits in two namespaces.
struct Two {
    ground: Ground,
    /// The users.
    users: [String; 2],
    leader: Controller,
    standby: Controller,
}

const BEFORE: [(&str, &str); 2] = [("shop", "9.1"), ("bank", "9.1")];

fn two() -> Two {
    let ground = Ground::quiet();
    BEFORE.iter().for_each(|(namespace, tag)| ground.waits(namespace, tag));
    let users = [ground.account("a"), ground.account("b")];
    let mut leader = ground.start_as("a", &[]);
    leader.ready();
    let mut standby = ground.start_as("b", &[]);
    standby.says("that it stands by", |line| line["message"] == "stands by");
    Two { ground, users, leader, standby }
}

/// What a user wrote but the Lease.
fn writes(ground: &Ground, user: &str) -> Vec<Request> {
    let mut requests = ground.api().requests();
    requests.retain(|request| request.user == user && request.writes() && request.resource != "leases");
    requests
}

/// When a user first had the Lease.
fn took(ground: &Ground, user: &str) -> Timestamp {
    let requests = ground.api().requests();
    let of = |request: &&Request| request.user == user && request.resource == "leases" && request.writes();
    requests.iter().filter(of).find(|request| request.code.is_some_and(|code| code < 300)).unwrap().time
}

#[test]
fn a_leader_that_loses_its_lease_in_the_middle_of_a_write_writes_no_more() {
    let Two { ground, users: [a, b], leader, mut standby } = two();
    let before = ground.shows(&BEFORE);
    // What it writes from now on is done, and it never hears of it; and its Lease it cannot renew.
    ground.api().fault(When::on("patch", "pullincidents").user(&a), Then::HangAfter);
    ground.api().fault(When::on("update", "leases").user(&a), Then::Hang);
    ground.waits("shop", "9.2");
    until("the write", || {
        let of_parts = |request: &Request| request.faulted && request.resource == "pullincidents";
        let hangs = ground.api().count(of_parts) > 0;
        hangs.then_some(()).ok_or_else(|| "nothing was written".to_owned())
    });
    standby.ready();
    ground.api().heal_all();
    ground.waits("bank", "9.3");
    let all = [BEFORE[0], BEFORE[1], ("shop", "9.2"), ("bank", "9.3")];
    let after = ground.shows(&all);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(3);
    let since = took(&ground, &b);
    let late: Vec<Request> =
        writes(&ground, &a).into_iter().filter(|request| request.time >= since).collect();
    assert!(late.is_empty(), "{late:#?}");
    assert!(!leader.said(|line| line["message"] == "leads no more").is_empty());
    // The first leads again once the second is gone, and goes on from what the second did.
    ground.runs("shop", "9.2");
    let rest = [BEFORE[0], BEFORE[1], ("bank", "9.3")];
    ground.shows(&rest);
    standby.ended();
    ground.waits("bank", "9.4");
    let last = ground.shows(&[rest[0], rest[1], rest[2], ("bank", "9.4")]);
    assert_eq!((&last["9.1"], &last["9.3"]), (&before["9.1"], &after["9.3"]));
    ground.assert_whole(4);
    leader.ended();
}

#[test]
fn a_leader_that_slept_past_its_lease_writes_nothing_when_it_wakes() {
    let Two { ground, users: [a, b], leader, mut standby } = two();
    let before = ground.shows(&BEFORE);
    leader.signal("-STOP");
    // Told while it sleeps, so that it wakes with work to do.
    ground.waits("shop", "9.2");
    ground.runs("bank", "9.1");
    standby.ready();
    let now = [BEFORE[0], ("shop", "9.2")];
    let after = ground.shows(&now);
    assert_eq!(before["9.1"], after["9.1"]);
    leader.signal("-CONT");
    until("that it noticed", || {
        let noticed = leader.said(|line| line["message"] == "leads no more");
        (!noticed.is_empty()).then_some(()).ok_or_else(|| "it did not".to_owned())
    });
    ground.waits("bank", "9.3");
    let last = ground.shows(&[now[0], now[1], ("bank", "9.3")]);
    assert_eq!(last["9.2"], after["9.2"]);
    ground.assert_whole(3);
    let since = took(&ground, &b);
    let late: Vec<Request> =
        writes(&ground, &a).into_iter().filter(|request| request.time >= since).collect();
    assert!(late.is_empty(), "{late:#?}");
    standby.ended();
    leader.ended();
}

#[test]
fn the_standby_of_a_leader_that_was_killed_goes_on_with_the_same_incidents() {
    let Two { ground, users: _, leader, mut standby } = two();
    let before = ground.shows(&BEFORE);
    leader.killed();
    ground.waits("shop", "9.2");
    standby.ready();
    let after = ground.shows(&[BEFORE[0], BEFORE[1], ("shop", "9.2")]);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(2);
    standby.ended();
}
