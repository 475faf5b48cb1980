//! A registry that hangs holds up nobody else.

use std::time::Instant;

use testkit_registry::{ConnectionFault, Delivery, Rule};

use crate::child::until;
use crate::ground::{Ground, brief};
use crate::stage::{Stage, registry};
use crate::words::Said;
use crate::world::{Waiting, World};

const GOOD: [&str; 3] = ["one", "two", "three"];

/// The states of the incidents at a registry.
fn states(ground: &Ground, name: &str) -> Vec<String> {
    let host = ground.stage.host(name);
    let parts = ground.parts();
    let at = parts.iter().filter(|part| part["status"]["images"].to_string().contains(&host));
    at.filter_map(|part| part["status"]["state"].as_str().map(str::to_owned)).collect()
}

#[test]
fn while_registries_hang_in_every_way_the_others_are_proven() {
    let mut endpoints: Vec<_> = GOOD.iter().map(|name| registry(name)).collect();
    endpoints.push(registry("mute").rule(Rule::connection(ConnectionFault::Silent)));
    endpoints.push(registry("stalls").rule(Rule::connection(ConnectionFault::HandshakeStall)));
    let mut silent = Rule::default();
    silent.then.delivery = Some(Delivery::Silent);
    endpoints.push(registry("reads").rule(silent));
    let ground = Ground::of(Stage::of(endpoints));
    let mut world = World::default();
    let mut put = |host: &str, tag: &str| {
        let (image, words) = (
            ground.stage.image(host, &format!("team/app:{tag}")),
            ground.stage.words(host, &format!(":{tag}"), Said::NotFound),
        );
        let name = format!("{host}-{}", tag.replace('.', "-"));
        // All of one namespace: neither it nor the hosts that hang use up what the others may.
        world.waiting(&Waiting {
            namespace: "shop",
            name: &name,
            image: &image,
            words: &words,
            secrets: &[],
            owner: &name,
        });
    };
    for host in ["mute", "stalls", "reads"] {
        (0..5).for_each(|nth| put(host, &format!("8.{nth}")));
    }
    GOOD.iter().for_each(|host| put(host, "9.9"));
    ground.put_all(&world);
    let begun = Instant::now();
    let mut controller = ground.start(&["--probe-timeout", "60s"]);
    until("the others proven", || {
        let good = GOOD.iter().all(|host| states(&ground, host) == ["proven"]);
        good.then_some(()).ok_or_else(|| brief(&ground.parts()))
    });
    // What hangs is not proven, and is shown with what is known.
    until("those that hang shown", || {
        let all = ["mute", "stalls", "reads"].map(|host| states(&ground, host));
        let shown = all.iter().all(|states| states.len() == 5 && !states.contains(&"proven".to_owned()));
        shown.then_some(()).ok_or_else(|| format!("{all:?}"))
    });
    // No registry is asked by more than one proof at a time, however it hangs, and none of them dials often.
    let open = ground.stage.running().connections();
    let at_mute = open.iter().filter(|connection| connection.endpoint == "mute").count();
    let most = 8 + begun.elapsed().as_secs() as usize / 3;
    assert!(at_mute <= most, "{at_mute} of {most} connections to a registry that never answers");
    controller.assert_alive();
    // A pod that comes later at a good registry is not behind them either.
    let words = ground.stage.words("two", ":9.8", Said::NotFound);
    let mut later = World::default();
    later.waiting(&Waiting {
        namespace: "bank",
        name: "later",
        image: &ground.stage.image("two", "team/app:9.8"),
        words: &words,
        secrets: &[],
        owner: "later",
    });
    ground.put_all(&later);
    ground.proves("bank");
    controller.ended();
}
