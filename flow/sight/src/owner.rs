//! What owns a pod, and what still serves in its place.

use pullmedic_model::finding::Serving;
use pullmedic_model::object::{OwnerReference, Pod, Template, Workload};
use pullmedic_model::sighting::Owner;

use crate::index::Index;

/// How many owners up we follow: the longest known chain has four links, and a loop must end.
const LONGEST_CHAIN: usize = 8;

/// The topmost owner of a pod, as far as it was read. A ReplicaSet that was not read still tells its Deployment: its
/// name is the Deployment's with the pod's template hash behind it.
pub(crate) fn of_pod(pod: &Pod, index: &Index<'_>) -> Option<Owner> {
    let reference = pod.metadata.controller()?;
    let found = top(&pod.metadata.namespace, reference, index);
    if found.kind == "ReplicaSet"
        && let Some(hash) = pod.metadata.labels.get("pod-template-hash")
        && index.owner(&pod.metadata.namespace, reference).is_none()
        && let Some(name) = found.name.strip_suffix(hash.as_str()).and_then(|name| name.strip_suffix('-'))
        && !name.is_empty()
    {
        return Some(Owner {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: name.to_owned(),
        });
    }
    Some(found)
}

/// The topmost owner of an owner.
pub(crate) fn of_workload(workload: &Workload, index: &Index<'_>) -> Owner {
    match workload.metadata.controller() {
        Some(reference) => top(&workload.metadata.namespace, reference, index),
        None => named(workload),
    }
}

fn top(namespace: &str, reference: &OwnerReference, index: &Index<'_>) -> Owner {
    let mut owner = referred(reference);
    for _ in 0..LONGEST_CHAIN {
        let Some(found) = index.workload(namespace, &owner.kind, &owner.name) else { break };
        let Some(next) = found.metadata.controller() else { break };
        owner = referred(next);
    }
    owner
}

/// The owner that a reference names.
pub(crate) fn referred(reference: &OwnerReference) -> Owner {
    Owner {
        api_version: reference.api_version.clone(),
        kind: reference.kind.clone(),
        name: reference.name.clone(),
    }
}

pub(crate) fn named(workload: &Workload) -> Owner {
    Owner {
        api_version: workload.api_version.clone(),
        kind: workload.kind.clone(),
        name: workload.metadata.name.clone(),
    }
}

/// The pull secrets that a template names.
pub(crate) fn secrets_of(template: &Template) -> Vec<String> {
    template.spec.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect()
}

/// What serves while new pods of `owner` wait; `None` when nothing that was read tells.
pub(crate) fn serving(namespace: &str, owner: &Owner, index: &Index<'_>) -> Option<Serving> {
    let found = index.workload(namespace, &owner.kind, &owner.name)?;
    let status = &found.status;
    let (by, ready, desired) = match owner.kind.as_str() {
        "Deployment" => {
            let best = index
                .children(namespace, "Deployment", &owner.name)
                .into_iter()
                .filter(|set| set.status.ready_replicas > 0)
                .max_by(|a, b| {
                    let order = |set: &Workload| set.status.ready_replicas;
                    order(a).cmp(&order(b)).then_with(|| b.metadata.name.cmp(&a.metadata.name))
                });
            let ready = best.map_or(status.ready_replicas, |set| set.status.ready_replicas);
            (best.map(named), ready, found.spec.replicas.unwrap_or(1))
        }
        "ReplicaSet" | "StatefulSet" | "ReplicationController" => {
            let by = (status.ready_replicas > 0).then(|| owner.clone());
            (by, status.ready_replicas, found.spec.replicas.unwrap_or(1))
        }
        "DaemonSet" => {
            let by = (status.number_ready > 0).then(|| owner.clone());
            (by, status.number_ready, status.desired_number_scheduled)
        }
        // Jobs do not serve; of other kinds we do not know what their numbers mean.
        _ => return None,
    };
    Some(Serving { namespace: namespace.to_owned(), owner: owner.clone(), by, ready, desired })
}
