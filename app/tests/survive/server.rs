//! An API server that goes away, forgets, refuses and is silent.

use std::time::Duration;

use testkit_apiserver::{Options, Refusal, Request, Then, Versions, WatchFault, Watches, When};

use crate::child::{until, within};
use crate::ground::{ALL, Ground};
use crate::stage::{Stage, registry};

/// Pods wait in two namespaces, and all is shown.
fn two() -> Ground {
    let ground = Ground::quiet();
    ground.waits("shop", "9.1");
    ground.waits("bank", "9.1");
    ground.waits("shop", "9.2");
    ground
}

const TWO: [(&str, &str); 3] = [("shop", "9.1"), ("bank", "9.1"), ("shop", "9.2")];

#[test]
fn a_server_that_restarts_costs_no_list_and_what_changed_meanwhile_is_known() {
    let ground = two();
    let mut controller = ground.start(&[]);
    let before = ground.shows(&TWO);
    controller.ready();
    ground.api().clear_requests();
    ground.down();
    ground.runs("shop", "9.2");
    ground.waits("shop", "9.3");
    controller.says("that the server is away", |line| {
        line["message"].as_str().is_some_and(|message| message.starts_with("watch: cannot"))
    });
    ground.up(Versions::Kept);
    let after = ground.shows(&[("shop", "9.1"), ("bank", "9.1"), ("shop", "9.3")]);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(3);
    let lists = ground.lists();
    assert!(lists.is_empty(), "{lists:#?}");
    controller.ended();
}

#[test]
fn versions_that_begin_anew_open_nothing_twice() {
    let ground = two();
    let mut controller = ground.start(&[]);
    let before = ground.shows(&TWO);
    controller.ready();
    ground.down();
    ground.runs("shop", "9.2");
    ground.waits("shop", "9.3");
    ground.up(Versions::Reset);
    let after = ground.shows(&[("shop", "9.1"), ("bank", "9.1"), ("shop", "9.3")]);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(3);
    controller.ended();
}

#[test]
fn an_expired_version_and_a_compaction_cost_one_list_of_what_they_met() {
    let ground = two();
    let mut controller = ground.start(&[]);
    let before = ground.shows(&TWO);
    controller.ready();
    ground.api().clear_requests();
    // In the watch itself, and then when it is opened again from a version that was compacted meanwhile.
    assert_eq!(ground.api().disturb(&Watches::of("pods"), WatchFault::Expire), 1);
    ground.waits("shop", "9.3");
    let three = [TWO[0], TWO[1], TWO[2], ("shop", "9.3")];
    ground.shows(&three);
    ground.down();
    ground.runs("shop", "9.2");
    ground.api().compact();
    ground.up(Versions::Kept);
    let after = ground.shows(&[TWO[0], TWO[1], ("shop", "9.3")]);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(3);
    let of_pods = |request: &Request| request.lists() && request.resource == "pods";
    assert!(ground.api().count(of_pods) <= 2, "{:#?}", ground.lists());
    controller.ended();
}

#[test]
fn a_server_that_asks_to_wait_is_left_alone_for_so_long_and_nothing_is_lost() {
    let ground = two();
    let kinds = [("watch", "pods"), ("watch", "events"), ("list", "clusterpullincidents")];
    for (verb, resource) in kinds.into_iter().chain([("patch", "pullincidents")]) {
        ground.api().fault(When::on(verb, resource).times(2), Then::Refuse(Refusal::too_many(2)));
    }
    let controller = ground.start(&[]);
    ground.shows(&TWO);
    ground.assert_whole(2);
    for (verb, resource) in kinds.into_iter().chain([("patch", "pullincidents")]) {
        let mut all = ground.api().requests();
        all.retain(|request| request.verb == verb && request.resource == resource);
        // Each watch of events is of its own fields, so each waits for itself.
        let refused: Vec<&Request> = all.iter().filter(|request| request.code == Some(429)).collect();
        assert_eq!(refused.len(), 2, "{verb} {resource}: {all:#?}");
        for one in refused {
            let is_same = |next: &&Request| {
                next.number > one.number
                    && (&next.query, &next.namespace, &next.name) == (&one.query, &one.namespace, &one.name)
            };
            let Some(next) = all.iter().find(is_same) else { continue };
            let waited = next.time.duration_since(one.time);
            assert!(waited.as_millis() >= 1900, "asked again after {waited:#}: {next:#?}");
        }
    }
    controller.ended();
}

#[test]
fn errors_of_the_server_at_every_verb_are_survived() {
    let ground = two();
    for refusal in [Refusal::internal(), Refusal::unavailable()] {
        for verb in ["watch", "list", "get", "patch", "update", "create"] {
            let when = When { verb: Some(verb.to_owned()), ..When::any() };
            ground.api().fault(when.times(3), Then::Refuse(refusal.clone()));
        }
    }
    // What a proxy in between says is no Status.
    let words = Then::Words(502, "<html>Bad Gateway</html>".to_owned());
    ground.api().fault(When { verb: Some("patch".to_owned()), ..When::any() }.after(3).times(2), words);
    let mut controller = ground.start(&[]);
    ground.shows(&TWO);
    controller.ready();
    ground.api().fault(When::any().times(6), Then::Refuse(Refusal::unavailable()));
    ground.api().disturb(&Watches::default(), WatchFault::Break);
    ground.waits("shop", "9.3");
    ground.shows(&[TWO[0], TWO[1], TWO[2], ("shop", "9.3")]);
    ground.assert_whole(3);
    controller.ended();
}

#[test]
fn a_watch_that_is_silent_without_closing_is_left_and_what_it_kept_back_is_known() {
    let ground = two();
    let mut controller = ground.start(&[]);
    let before = ground.shows(&TWO);
    controller.ready();
    ground.api().clear_requests();
    assert_eq!(ground.api().disturb(&Watches::of("pods"), WatchFault::Silent), 1);
    ground.runs("shop", "9.2");
    ground.waits("shop", "9.3");
    // Three bookmarks, each a minute apart, are waited for.
    let expected = [TWO[0], TWO[1], ("shop", "9.3")];
    let after = within(Duration::from_secs(400), "what was kept back", || ground.shown(&expected));
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(3);
    let lists = ground.lists();
    assert!(lists.is_empty(), "{lists:#?}");
    controller.assert_alive();
    controller.ended();
}

#[test]
fn watches_that_repeat_themselves_break_off_lag_or_end_lose_nothing() {
    let ground = two();
    let mut controller = ground.start(&[]);
    let before = ground.shows(&TWO);
    controller.ready();
    ground.api().clear_requests();
    let mut waiting: Vec<String> = Vec::new();
    let faults = [
        WatchFault::Duplicate,
        WatchFault::CutMidLine,
        WatchFault::End,
        WatchFault::Break,
        WatchFault::Slow(Duration::from_millis(700)),
    ];
    for (nth, fault) in faults.into_iter().enumerate() {
        until("that all is watched", || {
            let pods = ground.api().open_watches(&Watches::of("pods"));
            (pods == 1).then_some(()).ok_or_else(|| format!("{pods} watches of pods"))
        });
        assert!(ground.api().disturb(&Watches::default(), fault) > 0);
        // One that comes, goes, and comes back, and one that stays.
        let (flaps, stays) = (format!("8.{nth}"), format!("7.{nth}"));
        ground.waits("bank", &flaps);
        ground.runs("bank", &flaps);
        ground.waits("bank", &flaps);
        ground.waits("shop", &stays);
        waiting.extend([flaps, stays]);
        let place = |tag: &String| if tag.starts_with('8') { "bank" } else { "shop" };
        let mut all = TWO.to_vec();
        all.extend(waiting.iter().map(|tag| (place(tag), tag.as_str())));
        assert_eq!(ground.shows(&all)["9.1"], before["9.1"]);
    }
    ground.assert_whole(2 + waiting.len());
    let lists = ground.lists();
    assert!(lists.is_empty(), "{lists:#?}");
    controller.ended();
}

#[test]
fn a_server_without_streaming_lists_that_refuses_pages_is_listed_to_the_end() {
    let options = Options { streaming_lists: false, ..Options::default() };
    let ground = Ground::with(Stage::of(vec![registry("registry")]), options, &ALL);
    TWO.iter().for_each(|(namespace, tag)| ground.waits(namespace, tag));
    for refusal in [Refusal::too_many(1), Refusal::unavailable(), Refusal::internal()] {
        ground.api().fault(When::on("list", "pods").times(2), Then::Refuse(refusal));
    }
    ground.api().fault(When::on("list", "events").times(1), Then::Close);
    let mut controller = ground.start(&[]);
    let before = ground.shows(&TWO);
    controller.ready();
    ground.api().clear_requests();
    ground.api().disturb(&Watches::default(), WatchFault::Break);
    ground.waits("shop", "9.3");
    let after = ground.shows(&[TWO[0], TWO[1], TWO[2], ("shop", "9.3")]);
    assert_eq!(before["9.1"], after["9.1"]);
    ground.assert_whole(3);
    let lists = ground.lists();
    assert!(lists.is_empty(), "{lists:#?}");
    controller.ended();
}
