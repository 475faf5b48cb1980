//! Threats 14 and 30: who writes pods chooses neither whom we call, nor how often, nor our metrics' labels.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::child::{Controller, until};
use crate::ground::Ground;
use crate::words::{Said, words};
use crate::world::{Waiting, World};

const HOSTS: usize = 10_000;

/// A pod of that namespace for an image of each host.
fn pods_of(ground: &Ground, namespace: &str, hosts: &[String]) {
    let mut world = World::default();
    for (number, host) in hosts.iter().enumerate() {
        let (image, words) = (format!("{host}/team/app:1"), words(Said::NotFound, host, ":1"));
        let (name, owner) = (format!("evil-5d-{number}"), "evil");
        world.waiting(&Waiting { namespace, name: &name, image: &image, words: &words, secrets: &[], owner });
    }
    ground.put_all(&world);
}

/// Where it serves metrics.
pub(crate) fn address(controller: &mut Controller) -> String {
    let serves = controller.says("where it serves", |line| line["message"] == "serves health and metrics");
    serves["address"].as_str().unwrap().to_owned()
}

pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn ten_thousand_hosts_of_one_namespace_cost_others_nothing_and_no_label() {
    let ground = Ground::quiet();
    let hosts: Vec<String> = (0..HOSTS).map(|number| format!("h{number}.evil.example")).collect();
    let begun = Instant::now();
    let mut controller = ground.start(&["--listen", "127.0.0.1:0"]);
    let address = address(&mut controller);
    controller.ready();
    pods_of(&ground, "evil", &hosts);
    ground.waits("shop", "9.1");
    ground.proves("shop");
    until("all pods counted", || {
        let metrics = get(&address, "/metrics");
        let line = metrics.lines().find(|line| line.starts_with("pullmedic_waiting_containers "));
        let all = line.is_some_and(|line| line.ends_with(&format!(" {}", HOSTS + 1)));
        all.then_some(()).ok_or_else(|| format!("{line:?}"))
    });
    let asked: BTreeSet<String> =
        ground.stage.running().questions().into_iter().map(|question| question.name.to_lowercase()).collect();
    let evil = asked.iter().filter(|name| name.contains("evil.example")).count();
    // Ten at once, one more every 6 s, and those under way.
    let most = 10 + begun.elapsed().as_secs() as usize / 6 + 2;
    assert!(evil <= most, "{evil} of at most {most} hosts were looked up");
    let metrics = get(&address, "/metrics");
    let labels: BTreeSet<&str> = metrics
        .split("host=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"').map(|(label, _)| label))
        .collect();
    assert!(labels.len() <= 21, "{labels:?}");
    let series = metrics.lines().filter(|line| !line.starts_with('#')).count();
    assert!(series < 2_000, "{series} series");
    let objects = ground.parts().len();
    assert!(objects <= 110, "{objects} objects for one namespace");
    controller.ended();
}

#[test]
fn neither_the_api_server_nor_metadata_nor_the_cluster_is_called() {
    let ground = Ground::quiet();
    let own = ground.api().address().port();
    let mut hosts: Vec<String> = [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "metadata.google.internal",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "kubernetes.default",
        "registry.shop.svc",
    ]
    .iter()
    .map(|&host| host.to_owned())
    .collect();
    for name in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "127.1"] {
        hosts.push(format!("{name}:{own}"));
    }
    let mut controller = ground.start(&[]);
    controller.ready();
    pods_of(&ground, "evil", &hosts);
    // The good one waits last, so that they were all looked at before.
    ground.waits("shop", "9.1");
    ground.proves("shop");
    until("why they are not asked", || {
        let not = controller.said(|line| {
            line["message"] == "no proof"
                && line["because"].as_str().is_some_and(|because| because.contains("does not ask"))
        });
        (not.len() >= 8).then_some(()).ok_or_else(|| format!("{} of them", not.len()))
    });
    let dialled = ground.api().count(|request| request.resource.starts_with("/v2"));
    assert_eq!(dialled, 0, "the API server was asked for an image");
    let asked: BTreeSet<String> =
        ground.stage.running().questions().into_iter().map(|question| question.name.to_lowercase()).collect();
    assert!(asked.is_empty(), "{asked:?}");
    controller.assert_alive();
    controller.ended();
}
