//! Subjects and evidence to start from.

use pullmedic_model::finding::FindingState;
use pullmedic_model::object::{PodSpec, ServiceAccount};
use pullmedic_model::probe::LoginName;
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::sighting::{Owner, Place};
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Cause, Certainty, Endpoint, Reference, Subject};
use serde_json::{Value, json};

pub(crate) const IMAGE: &str = "registry.acme.test/shop/cart:1.92";
pub(crate) const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// Deployment/cart of namespace shop, whose container `app` waits, and whose template names `held`.
pub(crate) fn subject(cause: Cause, held: &[&str]) -> Subject {
    let secrets: Vec<Value> = held.iter().map(|name| json!({"name": name})).collect();
    let spec = json!({"containers": [{"name": "proxy", "image": "registry.acme.test/mesh/proxy:1"},
        {"name": "app", "image": IMAGE, "imagePullPolicy": "Never"}], "imagePullSecrets": secrets});
    Subject {
        cause,
        inner: None,
        certainty: Certainty::Proven,
        state: FindingState::Active,
        image: IMAGE.to_owned(),
        reference: Reference::parse(IMAGE).ok(),
        endpoint: Endpoint::parse("registry.acme.test").ok(),
        place: Place {
            namespace: "shop".into(),
            owner: Some(owner("Deployment", "apps/v1", "cart")),
            pod: Some("cart-7c9f8-x1".into()),
            container: "app".into(),
            kind: pullmedic_model::object::ContainerKind::Main,
            node: Some("node-a".into()),
        },
        nodes: 1,
        waiting: vec!["cart-7c9f8-x1".into()],
        others: 0,
        pull_secrets: held.iter().map(|&name| name.to_owned()).collect(),
        missing_secrets: Vec::new(),
        spec: Some(serde_json::from_value::<PodSpec>(spec).unwrap()),
        account: None,
        made_by: Some(owner("ReplicaSet", "apps/v1", "cart-7c9f8")),
        injected: None,
        ran: Vec::new(),
        serving: Vec::new(),
        managed_by: Vec::new(),
    }
}

pub(crate) fn owner(kind: &str, version: &str, name: &str) -> Owner {
    Owner { api_version: version.into(), kind: kind.into(), name: name.into() }
}

/// As `subject` has it, under another owner; `None`: a bare pod.
pub(crate) fn of_owner(mut subject: Subject, owner: Option<Owner>) -> Subject {
    subject.place.owner = owner;
    subject
}

pub(crate) fn with_account(mut subject: Subject, held: &[&str]) -> Subject {
    let secrets: Vec<Value> = held.iter().map(|name| json!({"name": name})).collect();
    let account = json!({"metadata": {"name": "default", "namespace": "shop"}, "imagePullSecrets": secrets});
    subject.account = Some(serde_json::from_value::<ServiceAccount>(account).unwrap());
    subject
}

pub(crate) fn login(secret: &str) -> LoginName {
    LoginName { namespace: "shop".into(), secret: secret.into(), key: "registry.acme.test".into() }
}

/// A secret that Deployment/web uses, and with which the replay passed.
pub(crate) fn repaired_with(secret: &str) -> Evidence {
    Evidence {
        repair: Some(login(secret)),
        repair_used_by: Some("Deployment/web".into()),
        ..Evidence::default()
    }
}

pub(crate) fn tags(tags: &str) -> Evidence {
    Evidence {
        tags: tags.split_whitespace().map(str::to_owned).collect(),
        tags_complete: true,
        ..Evidence::default()
    }
}

pub(crate) fn platform(architecture: &str) -> Platform {
    Platform { os: "linux".into(), architecture: architecture.into(), variant: String::new() }
}

/// The object that the subject's changes go to, as the API server has it.
pub(crate) fn object_of(subject: &Subject, kind: &str) -> Value {
    let names = |list: &[pullmedic_model::object::LocalReference]| -> Vec<Value> {
        list.iter().map(|secret| json!({"name": secret.name})).collect()
    };
    if kind == "ServiceAccount" {
        let secrets = names(&subject.account.as_ref().unwrap().image_pull_secrets);
        return with_list(json!({"metadata": {"name": "default"}}), "imagePullSecrets", secrets);
    }
    let spec = subject.spec.as_ref().unwrap();
    let containers: Vec<Value> = spec
        .containers
        .iter()
        .map(|it| json!({"name": it.name, "image": it.image, "imagePullPolicy": it.image_pull_policy}))
        .collect();
    let mut pod =
        with_list(json!({"containers": containers}), "imagePullSecrets", names(&spec.image_pull_secrets));
    if let Some(selector) = &spec.node_selector {
        pod["nodeSelector"] = json!(selector);
    }
    match kind {
        "CronJob" => json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}}),
        "Pod" => json!({"spec": pod}),
        _ => json!({"spec": {"template": {"spec": pod}}}),
    }
}

fn with_list(mut object: Value, field: &str, list: Vec<Value>) -> Value {
    // The API server stores no empty list.
    if !list.is_empty() {
        object[field] = Value::from(list);
    }
    object
}
