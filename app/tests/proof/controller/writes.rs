//! What is written into the cluster, under the rights of `deploy/` and no others.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit_apiserver::User;

use super::play::{Controller, Play};
use crate::stage::{Stage, Told, pullmedic, registry, run};
use crate::words::Said;
use crate::world::NAMESPACE;

fn deployed(path: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    serde_saphyr::from_multiple(&std::fs::read_to_string(root.join(path)).unwrap()).unwrap()
}

/// A missing tag, in a cluster into which `deploy/` was applied.
fn installed() -> Play {
    let stage = Stage::of(vec![registry("registry")]);
    let world = stage.one_pod("registry", ":9.9", Said::NotFound, &[]);
    let play = Play::of(stage, &world);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    play.api().create(namespace).unwrap();
    for file in ["account", "controller", "leader"] {
        for object in deployed(&format!("rbac/{file}.yaml")) {
            play.api().create(object).unwrap();
        }
    }
    for kind in ["pullincidents", "clusterpullincidents", "registryprofiles"] {
        for object in deployed(&format!("crds/{kind}.pullmedic.dev.yaml")) {
            play.api().create(object).unwrap();
        }
    }
    play.api().add_token("controller", User::service_account("pullmedic", "pullmedic"));
    play.stage.save("kubeconfig", play.api().kubeconfig("controller"));
    play
}

fn writing(play: &Play, state: &str) -> Controller {
    let mut command = play.stage.command("controller", &[]);
    command
        .args(["--kubeconfig", &play.stage.path("kubeconfig"), "--state-dir", &play.stage.path(state)])
        .env("PULLMEDIC_LISTEN", "")
        .env("POD_NAMESPACE", "pullmedic")
        .env("POD_NAME", state)
        .args(["--log-format", "json", "--log-level", "debug"]);
    Controller::of(command)
}

/// `pullmedic incidents` by somebody who may read all.
fn incidents(play: &Play, arguments: &[&str]) -> Told {
    let kubeconfig = play.stage.save("admin", play.api().kubeconfig(play.api().admin_token()));
    let mut command = pullmedic(play.stage.folder.path());
    command.arg("incidents").args(["--kubeconfig", &kubeconfig]).args(arguments);
    run(command)
}

/// Waits until one object of a kind is so.
fn object_when(play: &Play, plural: &str, is: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let objects = play.api().objects(plural);
        assert!(objects.len() <= 1, "{objects:#?}");
        if let Some(object) = objects.iter().find(|object| is(object)) {
            return object.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{plural}: {objects:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_incident_stands_in_the_cluster_and_nothing_was_refused_or_needless() {
    let play = installed();
    let controller = writing(&play, "one");
    let part = object_when(&play, "pullincidents", |it| it["status"]["state"] == "proven");
    let whole = object_when(&play, "clusterpullincidents", |it| it["status"]["state"] == "proven");
    assert_eq!(part["metadata"]["name"], whole["metadata"]["name"]);
    assert_eq!(part["metadata"]["namespace"], NAMESPACE);
    assert!(!whole.to_string().contains("cart-5d-x"), "nothing of a namespace: {whole:#}");
    let begun = Instant::now();
    while !play.api().objects("events").iter().any(|it| it["involvedObject"]["kind"] == "Deployment") {
        // They are told of what stays as it is for half a minute.
        assert!(begun.elapsed() < Duration::from_secs(80), "the owner was not told");
        std::thread::sleep(Duration::from_millis(50));
    }
    let told = incidents(&play, &["-n", NAMESPACE]);
    let id = part["metadata"]["name"].as_str().unwrap();
    assert!(told.code == Some(1) && told.out.contains(id), "{told:?}");
    let shown = incidents(&play, &["show", id, "-n", NAMESPACE]);
    assert!(shown.code == Some(0) && shown.out.contains("1.1"), "{shown:?}");
    play.runs(NAMESPACE, "cart-5d-x");
    object_when(&play, "pullincidents", |it| it["status"]["state"] == "resolved");
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
    let refused = play.api().requests().into_iter().filter(|it| it.code == Some(403)).collect::<Vec<_>>();
    assert!(refused.is_empty(), "{refused:#?}");
    let secrets = play.api().count(|it| it.resource == "secrets");
    assert_eq!(secrets, 0, "no right to read one was given");
    let writes =
        play.api().count(|it| it.writes() && it.resource != "leases" && it.group != "authorization.k8s.io");
    assert!(writes <= 12, "{writes} writes");
    let lease = play.api().object("leases", "pullmedic", "pullmedic-controller").unwrap();
    assert_eq!(lease["spec"]["holderIdentity"].as_str().unwrap_or_default(), "", "it was given back");
}

#[test]
fn a_second_replica_stands_by_takes_over_and_opens_nothing_twice() {
    let play = installed();
    let mut first = writing(&play, "one");
    let proven = first.tells("proven");
    object_when(&play, "pullincidents", |it| it["status"]["state"] == "proven");
    let mut second = writing(&play, "two");
    second.says("that it stands by", |line| line["message"] == "stands by" && !line["holder"].is_null());
    first.killed();
    let leads = second.says("that it leads", |line| line["message"] == "leads");
    assert_eq!(leads["restored"], 1, "{leads}");
    play.runs(NAMESPACE, "cart-5d-x");
    let resolved = second.tells("resolved");
    assert_eq!(resolved["incident"], proven["incident"]);
    object_when(&play, "pullincidents", |it| it["status"]["state"] == "resolved");
    let (status, log) = second.ended();
    assert!(status.success(), "{log}");
    assert!(!log.contains("\"what\":\"opened\""), "{log}");
}
