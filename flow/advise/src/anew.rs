//! Pods made anew as they are: nothing of the workload changes.

use pullmedic_model::Cause;
use pullmedic_model::finding::Remedy;
use pullmedic_model::shell::word as quoted;

use crate::target::{NAMED_PODS, Target, is_name};

/// Makes the pods that wait anew, so that the pull is tried at once; `None` where their owner makes none in their place,
/// or where the pod runs and only a debug container waits.
pub(crate) fn to_try(target: &Target<'_>) -> Option<Remedy> {
    // What has no program to start has none in a new pod either.
    let in_vain = target.is_ephemeral() || target.subject.fault() == Cause::UnsupportedManifest;
    let command = deletion(target).filter(|_| !in_vain)?;
    Some(Remedy {
        command: Some(command),
        note: Some("nothing needs a change for it: the kubelet tries again by itself, only later".to_owned()),
        changes: changes(target),
        ..target.review("make the pod anew, to try at once")
    })
}

/// Makes the pods anew, so that they are given what their ServiceAccount has by now; `None` where nothing makes them.
pub(crate) fn given_the_list(secret: &str, account: &str, target: &Target<'_>) -> Option<Remedy> {
    let (command, changes) = match deletion(target) {
        Some(command) => (command, changes(target)),
        None => (restart(target)?, target.changes(false)),
    };
    let note = format!(
        "ServiceAccount/{account} names {secret} already: pods made before it did are not updated, new ones are given it"
    );
    Some(Remedy {
        command: Some(command),
        note: Some(note),
        changes,
        ..target.review(&format!("make the pods anew: ServiceAccount/{account} has {secret} by now"))
    })
}

fn changes(target: &Target<'_>) -> Option<String> {
    let owner = target.place.owner.as_ref()?;
    Some(format!("deletes the pods of {owner} that wait, which makes new ones"))
}

/// Deletes the pods that wait; `None` where that is too many to name, or where their owner does not simply replace them.
fn deletion(target: &Target<'_>) -> Option<String> {
    let owner = target.place.owner.as_ref()?;
    let replaced = matches!(
        owner.kind.as_str(),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController"
    );
    let pods = &target.subject.waiting;
    let few = !pods.is_empty() && pods.len() <= NAMED_PODS;
    let named = pods.iter().all(|pod| is_name(pod) && !pod.is_empty());
    (replaced && few && named).then(|| target.command(&format!("delete pod {}", pods.join(" "))))?
}

/// Rolls all pods; `None` where there is no such thing, or where somebody would undo what it writes.
fn restart(target: &Target<'_>) -> Option<String> {
    let owner = target.place.owner.as_ref()?;
    let rolls = matches!(owner.kind.as_str(), "Deployment" | "DaemonSet") && !target.is_of_others();
    let resource = format!("{}/{}", owner.kind.to_ascii_lowercase(), owner.name);
    rolls.then(|| target.command(&format!("rollout restart {}", quoted(&resource))))?
}
