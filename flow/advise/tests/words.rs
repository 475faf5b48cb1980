//! Remedies of findings that rest on words alone: nothing was tried, and none says so.

use pullmedic_advise::remedies;
use pullmedic_model::Cause;
use pullmedic_model::finding::Finding;
use serde_json::{Value, json};

#[path = "../../sight/tests/support/mod.rs"]
mod support;

use support::{IMAGE, deployment, joined, pod};

fn found(objects: &[Value]) -> Vec<Finding> {
    let advised = |found: pullmedic_sight::Found| {
        let remedies = remedies(&found.subject, &found.evidence);
        Finding { remedies, ..found.finding }
    };
    joined(objects).into_iter().map(advised).collect()
}

fn remedies_of(objects: &[Value]) -> Vec<pullmedic_model::finding::Remedy> {
    found(objects).remove(0).remedies
}

#[test]
fn what_still_serves_is_told_and_offered_to_go_back_to() {
    let mut objects = vec![pod("shop", "web-5d-1", IMAGE, "ErrImagePull", "tag-not-found")];
    objects.extend(deployment(json!({})));
    let found = found(&objects);
    let serving = &found[0].serving[0];
    assert_eq!(
        (serving.by.as_ref().map(ToString::to_string), serving.ready),
        (Some("ReplicaSet/web-4c".into()), 3)
    );
    let commands: Vec<_> = found[0].remedies.iter().filter_map(|remedy| remedy.command.as_deref()).collect();
    assert!(commands.contains(&"kubectl -n shop rollout undo deployment/web"), "{commands:?}");
    assert!(commands[0].starts_with("kubectl -n shop set image deployment/web app="), "{commands:?}");
}

#[test]
fn a_managed_owner_is_changed_in_its_source_and_not_live() {
    for (labels, tool) in [
        (json!({"app.kubernetes.io/managed-by": "Helm"}), "Helm"),
        (json!({"argocd.argoproj.io/instance": "shop"}), "Argo CD"),
        (json!({"kustomize.toolkit.fluxcd.io/name": "shop"}), "Flux"),
    ] {
        let mut objects = vec![pod("shop", "web-5d-1", IMAGE, "ErrImagePull", "tag-not-found")];
        objects.extend(deployment(labels));
        let found = found(&objects);
        assert_eq!(found[0].managed_by[0].tool, tool);
        for remedy in &found[0].remedies {
            assert_eq!(remedy.command, None, "{tool} would undo it");
        }
        assert!(found[0].remedies[0].yaml.is_some());
    }
}

#[test]
fn going_back_is_offered_only_to_another_revision_of_the_same_owner() {
    let [deployment, mut own, mut other] = deployment(json!({}));
    own["status"] = json!({"replicas": 2, "readyReplicas": 1});
    other["status"] = json!({"replicas": 0, "readyReplicas": 0});
    let waiting = pod("shop", "web-5d-1", IMAGE, "ErrImagePull", "tag-not-found");
    let remedies = remedies_of(&[waiting, deployment, own, other]);
    assert!(!format!("{remedies:?}").contains("rollout undo"), "{remedies:?}");
}

#[test]
fn a_debug_container_changes_nothing_of_the_workload() {
    let mut waiting = pod("shop", "web-5d-1", IMAGE, "ErrImagePull", "x");
    waiting["spec"]["ephemeralContainers"] = json!([{"name": "debug", "image": "registry.example.com/d:1"}]);
    waiting["status"] = json!({"containerStatuses": [{"name": "app", "state": {"running": {}}}],
        "ephemeralContainerStatuses": [{"name": "debug", "state": {"waiting": {"reason": "ErrImagePull", "message": "tag-not-found"}}}]});
    let mut objects = vec![waiting];
    objects.extend(deployment(json!({})));
    let remedies = remedies_of(&objects);
    assert_eq!(remedies.len(), 1);
    assert_eq!(remedies[0].command.as_deref(), Some("kubectl -n shop debug web-5d-1 -it --image=IMAGE"));
    assert_eq!(remedies[0].yaml, None);
}

#[test]
fn a_static_pod_is_never_told_to_name_a_secret() {
    let mut waiting = pod("kube-system", "etcd-n1", IMAGE, "ErrImagePull", "no-credentials");
    waiting["metadata"]["ownerReferences"] = json!([{"kind": "Node", "name": "n1", "controller": true}]);
    let remedies = format!("{:?}", remedies_of(&[waiting]));
    assert!(!remedies.contains("imagePullSecrets") && remedies.contains("config.json"), "{remedies}");
}

#[test]
fn a_pull_secret_is_added_to_what_the_template_holds() {
    for (of_pod, of_template, patch) in [
        (json!([]), json!([]), r#""value":[{"name":"regcred"}]"#),
        (json!([{"name": "of-account"}]), json!([]), r#""value":[{"name":"of-account"},{"name":"regcred"}]"#),
        (json!([]), json!([{"name": "keep-me"}]), r#"imagePullSecrets/-","value":{"name":"regcred"}"#),
    ] {
        let mut waiting = pod("shop", "web-5d-1", IMAGE, "ErrImagePull", "no-credentials");
        waiting["spec"]["imagePullSecrets"] = of_pod;
        let [mut top, own, other] = deployment(json!({}));
        top["spec"]["template"]["spec"]["imagePullSecrets"] = of_template;
        let remedies = remedies_of(&[waiting, top, own, other]);
        assert!(
            remedies[1].command.as_ref().is_some_and(|command| command.contains(patch)),
            "{:?}",
            remedies[1]
        );
    }
    let unread = remedies_of(&[pod("shop", "web-5d-1", IMAGE, "ErrImagePull", "no-credentials")]);
    assert_eq!(unread[1].command, None, "a template that was not read cannot be patched");
}

#[test]
fn an_injected_image_is_changed_where_it_comes_from() {
    let mut waiting = pod("shop", "web-5d-1", IMAGE, "ErrImagePull", "tag-not-found");
    waiting["spec"]["containers"] = json!([{"name": "mesh", "image": IMAGE}]);
    waiting["status"]["containerStatuses"][0]["name"] = "mesh".into();
    let mut objects = vec![waiting];
    objects.extend(deployment(json!({})));
    for remedy in remedies_of(&objects) {
        assert_eq!(remedy.command, None);
        assert!(remedy.note.is_some_and(|note| note.contains("whatever put it there")));
    }
}

#[test]
fn a_name_is_never_an_option_of_a_command() {
    for name in ["--server=https://evil.test", "--help", "-n", ""] {
        let mut waiting = pod("shop", "web-1", IMAGE, "ErrImagePull", "no-credentials");
        waiting["metadata"]["ownerReferences"] =
            json!([{"kind": "StatefulSet", "name": name, "controller": true}]);
        let set = json!({"kind": "StatefulSet", "metadata": {"namespace": "shop", "name": name}, "spec": {"template": {"spec": {}}}});
        for remedy in remedies_of(&[waiting, set]) {
            assert!(
                remedy.command.is_none_or(|command| name.is_empty() || !command.contains(name)),
                "{name}"
            );
        }
    }
    for image in ["-n/x:1", "../x:1", "../../etc/x:1", "--help/x:1"] {
        let found = found(&[pod("shop", "p", image, "ErrImagePull", "tls-unknown-authority")]);
        let commands = format!("{:?}", found[0].remedies);
        assert!(!commands.contains("/../") && !commands.contains(" -n"), "{commands}");
    }
}

#[test]
fn every_cause_has_something_to_do() {
    for &cause in Cause::ALL {
        let found = found(&[pod("a", "p", IMAGE, "ErrImagePull", cause.code())]);
        assert!(!found[0].remedies.is_empty() || cause == Cause::StaleImage, "{cause} has no remedy");
    }
}
