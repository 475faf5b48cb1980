//! A pod's author picks the host of an image, and the controller stands where the pod may not.

use testkit_apiserver::Request;

use super::play::Play;
use crate::stage::{Stage, registry};
use crate::words::Said;
use crate::world::{NAMESPACE, Waiting, World};

#[test]
fn what_is_the_clusters_own_is_not_asked_and_the_incident_says_so() {
    let stage = Stage::of(vec![registry("registry")]);
    let port = stage.running().endpoint("registry").port();
    let api = "kubernetes.default.svc";
    let hosts = [
        api.to_owned(),
        "169.254.169.254".to_owned(),
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
    ];
    let mut world = World::new();
    for (number, host) in hosts.iter().enumerate() {
        let image = format!("{host}/team/app:9.9");
        let words = crate::words::words(Said::NotFound, host, ":9.9");
        let name = format!("cart{number}-5d-x");
        let owner = format!("cart{number}");
        let namespace = NAMESPACE;
        world.waiting(&Waiting {
            namespace,
            name: &name,
            image: &image,
            words: &words,
            secrets: &[],
            owner: &owner,
        });
    }
    let play = Play::of(stage, &world);
    let mut controller = play.start(&[]);
    for host in &hosts {
        controller.says(host, |line| {
            line["message"] == "no proof"
                && line["because"].as_str().is_some_and(|why| why.contains(host.as_str()))
        });
    }
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
    assert_eq!(play.history().len(), hosts.len());
    assert!(play.stage.running().connections().is_empty(), "nothing was dialled");
    assert_eq!(play.api().count(|request: &Request| request.agent.starts_with("containerd")), 0);
}
