//! What a remedy needs to know of a finding, gathered from the objects around its sightings.

use std::collections::BTreeSet;

use pullmedic_model::finding::{FindingState, ManagedBy, Serving};
use pullmedic_model::object::{Container, ContainerKind, Pod, PodSpec, ServiceAccount};
use pullmedic_model::sighting::{Owner, Place};
use pullmedic_model::{Captured, Reference, Sighting, Subject, Verdict};

use crate::index::Index;

/// What is common to the sightings of a finding.
pub(crate) struct Around {
    /// What still serves.
    pub(crate) serving: Vec<Serving>,
    /// Who would undo a live edit.
    pub(crate) managed_by: Vec<ManagedBy>,
    /// The pull secrets that the kubelet said it did not find.
    pub(crate) missing_secrets: Vec<String>,
    /// Whether it lasts.
    pub(crate) state: FindingState,
    /// On how many nodes.
    pub(crate) nodes: usize,
    /// How many owners, or bare pods, it touches.
    pub(crate) owners: usize,
}

/// The subject of the finding that `sightings` make; the first of them speaks for all.
pub(crate) fn of(
    verdict: &Verdict,
    sightings: &[&Sighting],
    image: &str,
    around: Around,
    index: &Index<'_>,
) -> Subject {
    let first = sightings[0];
    let place = &first.place;
    let same_owner = |s: &&&Sighting| s.place.namespace == place.namespace && s.place.owner == place.owner;
    let waiting: BTreeSet<&String> =
        sightings.iter().filter(same_owner).filter_map(|s| s.place.pod.as_ref()).collect();
    let spec = spec(place, index);
    Subject {
        cause: verdict.cause,
        inner: verdict.inner,
        certainty: verdict.certainty,
        state: around.state,
        image: image.to_owned(),
        reference: Reference::parse(image).ok(),
        endpoint: verdict.endpoint.clone(),
        place: place.clone(),
        nodes: around.nodes,
        waiting: waiting.into_iter().cloned().collect(),
        others: around.owners.saturating_sub(1),
        pull_secrets: first.pull_secrets.clone(),
        missing_secrets: around.missing_secrets,
        account: spec.and_then(|spec| account(&place.namespace, spec, index)).cloned(),
        ran: ran(first, image, index),
        spec: spec.cloned(),
        made_by: first.made_by.clone(),
        injected: first.injected.clone(),
        serving: around.serving,
        managed_by: around.managed_by,
    }
}

/// The spec that a change goes to.
fn spec<'a>(place: &Place, index: &Index<'a>) -> Option<&'a PodSpec> {
    match &place.owner {
        Some(owner) => {
            let found = index.workload(&place.namespace, &owner.kind, &owner.name)?;
            found.template().map(|template| &template.spec)
        }
        None => index.pod(&place.namespace, place.pod.as_deref()?).map(|pod| &pod.spec),
    }
}

fn account<'a>(namespace: &str, spec: &PodSpec, index: &Index<'a>) -> Option<&'a ServiceAccount> {
    let name = match spec.service_account_name.as_str() {
        "" => "default",
        named => named,
    };
    index.account(namespace, name)
}

/// The images that the same container runs with elsewhere in the same owner: of a Deployment's other ReplicaSets that
/// have ready pods, and of other pods of whatever made this one.
fn ran(sighting: &Sighting, image: &str, index: &Index<'_>) -> Vec<String> {
    let place = &sighting.place;
    let Some(owner) = &place.owner else { return Vec::new() };
    let mut found: Vec<(i64, &str)> = Vec::new();
    if owner.kind == "Deployment" {
        for set in index.children(&place.namespace, &owner.kind, &owner.name) {
            let spec =
                set.template().map(|template| &template.spec).filter(|_| set.status.ready_replicas > 0);
            let container = spec.and_then(|spec| container(spec, place));
            found.extend(container.map(|container| (set.status.ready_replicas, container.image.as_str())));
        }
    } else {
        for pod in index.made_by(&place.namespace, sighting.made_by.as_ref().unwrap_or(owner)) {
            let container = container(&pod.spec, place).filter(|container| runs(pod, container));
            found.extend(container.map(|container| (1, container.image.as_str())));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let mut known = BTreeSet::new();
    found
        .into_iter()
        .map(|(_, image)| Captured::new(image).as_str().to_owned())
        .filter(|other| other != image && known.insert(other.clone()))
        .collect()
}

fn container<'a>(spec: &'a PodSpec, place: &Place) -> Option<&'a Container> {
    let list = match place.kind {
        ContainerKind::Init => &spec.init_containers,
        ContainerKind::Main | ContainerKind::Template => &spec.containers,
        ContainerKind::Ephemeral | ContainerKind::ImageVolume | ContainerKind::Sandbox => return None,
    };
    list.iter().find(|container| container.name == place.container)
}

fn runs(pod: &Pod, container: &Container) -> bool {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    statuses
        .filter(|status| status.name == container.name)
        .any(|status| status.state.running.is_some() || status.state.terminated.is_some())
}

/// The owners that sightings touch; a bare pod counts as one.
pub(crate) fn owners<'a>(sightings: impl Iterator<Item = &'a Sighting>) -> BTreeSet<(&'a str, &'a Owner)> {
    sightings.filter_map(|s| Some((s.place.namespace.as_str(), s.place.owner.as_ref()?))).collect()
}
