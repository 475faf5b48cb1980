//! Tokens that expire, and rights that are taken away and given back.

use testkit_apiserver::{Request, Rule, User, WatchFault, Watches};

use crate::child::until;
use crate::ground::{Ground, TOKEN, USER};

#[test]
fn a_token_that_expires_is_read_anew_from_its_file() {
    let ground = Ground::quiet();
    let file = ground.stage.save("token", TOKEN);
    ground.stage.save("one.kubeconfig", ground.api().kubeconfig_of_file(file.as_ref()));
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    let before = ground.shows(&[("shop", "9.1")]);
    controller.ready();
    ground.api().clear_requests();
    for round in 0..3 {
        let (old, new) = (std::fs::read_to_string(&file).unwrap(), format!("rotated-{round}"));
        ground.api().add_token(&new, User::service_account("pullmedic", "pullmedic"));
        ground.api().revoke_token(&old);
        ground.stage.save("token", &new);
        ground.api().disturb(&Watches::default(), WatchFault::Break);
        ground.waits("bank", &format!("9.{}", round + 2));
        let tags: Vec<String> = (0..=round).map(|round| format!("9.{}", round + 2)).collect();
        let mut expected = vec![("shop", "9.1")];
        expected.extend(tags.iter().map(|tag| ("bank", tag.as_str())));
        assert_eq!(ground.shows(&expected)["9.1"], before["9.1"]);
    }
    ground.assert_whole(4);
    let lists = ground.lists();
    assert!(lists.is_empty(), "{lists:#?}");
    let log = controller.ended();
    for token in [TOKEN, "rotated-0", "rotated-1", "rotated-2"] {
        assert!(!log.contains(token), "a token is in the log");
    }
}

#[test]
fn rights_that_are_taken_away_and_given_back_lose_nothing() {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    ground.waits("shop", "9.2");
    let mut controller = ground.start(&[]);
    let before = ground.shows(&[("shop", "9.1"), ("shop", "9.2")]);
    controller.ready();
    ground.api().clear_requests();
    let parts = Rule::on("pullmedic.dev", &["pullincidents"], &["create", "patch"]);
    ground.api().deny(USER, vec![Rule::on("", &["pods"], &["get", "list", "watch"]), parts]);
    ground.api().disturb(&Watches::of("pods"), WatchFault::Break);
    controller.says("which right is missing", |line| {
        line["needs"].as_str().is_some_and(|needs| needs.contains("pods"))
    });
    ground.runs("shop", "9.2");
    ground.waits("bank", "9.3");
    let refused = ground.api().count(|request: &Request| request.code == Some(403));
    assert!(refused <= 2, "{refused} requests were made to be refused");
    controller.assert_alive();
    ground.api().deny(USER, Vec::new());
    let after = ground.shows(&[("shop", "9.1"), ("bank", "9.3")]);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(3);
    controller.says("that pods can be read again", |line| line["message"] == "watch: can be read again");
    controller.ended();
}

#[test]
fn without_the_right_to_write_incidents_are_kept_and_shown_once_it_is_given() {
    let ground = Ground::quiet();
    let ours = ["pullincidents", "clusterpullincidents"];
    ground.api().deny(USER, vec![Rule::on("pullmedic.dev", &ours, &["create", "patch"])]);
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    controller.says("what it may not", |line| line["message"] == "the cluster: cannot be written");
    ground.waits("shop", "9.2");
    controller.says("the proof of the other", |line| line["what"] == "proven");
    ground.api().deny(USER, Vec::new());
    let shown = ground.shows(&[("shop", "9.1"), ("shop", "9.2")]);
    ground.assert_whole(2);
    let log = controller.ended();
    let mut kept: Vec<String> = ground.history("one").iter().map(|it| it.id.to_string()).collect();
    kept.sort();
    let mut shown: Vec<String> = shown.into_values().collect();
    shown.sort();
    assert_eq!(kept, shown, "{log}");
}

#[test]
fn a_leader_that_may_not_renew_its_lease_writes_no_more_until_it_may() {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    let mut controller = ground.start(&[]);
    let before = ground.shows(&[("shop", "9.1")]);
    controller.ready();
    ground.api().deny(USER, vec![Rule::on("coordination.k8s.io", &["leases"], &["update"])]);
    controller.says("that it leads no more", |line| line["message"] == "leads no more");
    ground.api().clear_requests();
    ground.waits("shop", "9.2");
    // Two looks at the Lease later it has had its time to write.
    until("looks at the Lease", || {
        let looks = ground.api().count(|request| request.resource == "leases");
        (looks >= 4).then_some(()).ok_or_else(|| format!("{looks}"))
    });
    let written = ground.api().count(|request| request.writes() && request.resource != "leases");
    assert_eq!(written, 0, "{:#?}", ground.api().requests());
    ground.api().deny(USER, Vec::new());
    let after = ground.shows(&[("shop", "9.1"), ("shop", "9.2")]);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(2);
    controller.ended();
}
