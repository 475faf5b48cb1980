//! Sightings to cases: what is known of each before anything is asked. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::{ContainerKind, Node, Objects, Pod};
use pullmedic_model::probe::case::{Beside, NodeCredentials, PulledOn, RunsThere, Words};
use pullmedic_model::probe::login::NamedSecret;
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::probe::route::{Host, Route, Runtime};
use pullmedic_model::probe::{Case, Login};
use pullmedic_model::{Captured, Cause, Endpoint, Reference, Sighting};
use pullmedic_sight::Seen;
use serde::{Deserialize, Serialize};

/// The longest back-off, and the longest delay of the kubelet's next look after it: words in a status are no older.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(300 + 15);

/// What makes sightings one case: they would be answered by the same requests, and judged alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaseKey {
    /// Namespace, of which secrets are.
    pub(crate) namespace: String,
    /// The image as written.
    pub(crate) image: String,
    /// Whether the pause image is asked for, which is pulled without the pod's logins.
    pub(crate) kind: ContainerKind,
    /// The pull secrets of the pod.
    pub(crate) secrets: Vec<String>,
    /// What the words suggest: cause, stage, endpoint, status.
    pub(crate) suggests: String,
    /// Platform and runtime of the node.
    pub(crate) node: String,
    /// The owner, for which earlier images are known.
    pub(crate) owner: String,
}

impl CaseKey {
    /// The key of a sighting.
    pub(crate) fn of(seen: &Seen, objects: &Objects) -> CaseKey {
        let sighting = &seen.sighting;
        let suggests = seen.hypothesis.as_ref().map_or_else(String::new, |h| {
            let stage = h.stage.map_or("", |stage| stage.code());
            let endpoint = h.endpoint.as_ref().map_or("", |endpoint| endpoint.as_str());
            format!("{} {stage} {endpoint} {:?} {:?}", h.cause, h.status, h.rivals)
        });
        let node = node_of(sighting, objects).map_or_else(String::new, |node| {
            let info = &node.status.node_info;
            format!(
                "{}/{} {} {}",
                info.operating_system,
                info.architecture,
                info.kubelet_version,
                info.container_runtime_version
            )
        });
        CaseKey {
            namespace: sighting.place.namespace.clone(),
            image: image_of(seen),
            kind: match sighting.place.kind {
                ContainerKind::Sandbox => ContainerKind::Sandbox,
                ContainerKind::Template => ContainerKind::Template,
                // The same rules serve all of these.
                ContainerKind::Main
                | ContainerKind::Init
                | ContainerKind::Ephemeral
                | ContainerKind::ImageVolume => ContainerKind::Main,
            },
            secrets: named_secrets(sighting),
            suggests,
            node,
            owner: sighting.place.owner.as_ref().map_or_else(String::new, ToString::to_string),
        }
    }
}

/// The pull secrets that count for a sighting: the pod's own, or for an owner that is refused pods its template's.
pub(crate) fn named_secrets(sighting: &Sighting) -> Vec<String> {
    match sighting.place.kind {
        ContainerKind::Sandbox => Vec::new(),
        ContainerKind::Template => sighting.template_secrets.clone().unwrap_or_default(),
        ContainerKind::Main | ContainerKind::Init | ContainerKind::Ephemeral | ContainerKind::ImageVolume => {
            sighting.pull_secrets.clone()
        }
    }
}

/// The image that is asked for.
pub(crate) fn image_of(seen: &Seen) -> String {
    let own = seen.sighting.image.as_str();
    match &seen.hypothesis {
        Some(hypothesis) if own.is_empty() => hypothesis.image.clone().unwrap_or_default(),
        Some(_) | None => own.to_owned(),
    }
}

/// The node object of a sighting; `None` when it is bound to none, or the node was not read.
pub(crate) fn node_of<'a>(sighting: &Sighting, objects: &'a Objects) -> Option<&'a Node> {
    let name = sighting.place.node.as_deref()?;
    objects.nodes.iter().find(|node| node.metadata.name == name)
}

/// The runtime that a node names.
pub(crate) fn runtime_of(node: &Node) -> Option<Runtime> {
    Runtime::parse(&node.status.node_info.container_runtime_version)
}

/// The platform that a node names.
pub(crate) fn platform_of(node: &Node) -> Option<Platform> {
    let info = &node.status.node_info;
    (!info.architecture.is_empty() && !info.operating_system.is_empty()).then(|| Platform {
        os: info.operating_system.clone(),
        architecture: info.architecture.clone(),
        variant: String::new(),
    })
}

/// What reading the secrets of a case gave.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    /// The pod's named secrets, in its order.
    pub(crate) secrets: Vec<NamedSecret>,
    /// What the kubelet sends, in its order.
    pub(crate) own: Vec<Login>,
    /// Of other secrets of the namespace.
    pub(crate) candidates: Vec<Login>,
    /// Others that could not be read, and why.
    pub(crate) unread: Vec<String>,
    /// When one of the pod's secrets was last changed.
    pub(crate) changed: Option<Timestamp>,
}

/// From where and when a case is looked at.
pub(crate) struct Stand {
    pub(crate) vantage: Vantage,
    pub(crate) now: Timestamp,
    /// Our own boot id; `None` where it cannot be read.
    pub(crate) boot_id: Option<String>,
    /// Hosts whose address the user gives.
    pub(crate) pinned: Vec<Endpoint>,
}

/// The case of the sightings `members`, which share a key.
pub(crate) fn case(
    members: &[&Seen],
    image: String,
    objects: &Objects,
    route: Route,
    runtime: Option<Runtime>,
    logins: Logins,
    stand: &Stand,
) -> Case {
    let first = members[0];
    let sighting = &first.sighting;
    let node = node_of(sighting, objects);
    let pod = pod_of(sighting, objects);
    let reference = Reference::parse(&image).ok();
    let created = pod.and_then(|pod| pod.metadata.creation_timestamp);
    // A pod that is new was not changed; only what came after it was made is a change.
    let edited = pod
        .and_then(|pod| pod.metadata.changed)
        .filter(|&changed| created.is_none_or(|created| changed > created));
    Case {
        kind: sighting.place.kind,
        words: words(members, created, stand.now),
        platform: node.and_then(platform_of),
        runtime: runtime.clone(),
        kubelet_minor: node.and_then(Node::kubelet_minor).or(sighting.kubelet_minor),
        secrets: logins.secrets,
        logins: logins.own,
        candidates: logins.candidates,
        candidates_unread: logins.unread,
        node_credentials: NodeCredentials::NotKnown,
        pulled_on: pulled_on(&image, objects),
        known_repositories: reference
            .as_ref()
            .map(|reference| known_repositories(reference, objects))
            .unwrap_or_default(),
        ran_before: reference
            .as_ref()
            .map(|reference| ran_before(sighting, reference, objects))
            .unwrap_or_default(),
        changed: edited.max(logins.changed),
        next_attempt: sighting.next_attempt,
        vantage: stand.vantage,
        on_node: node.is_some_and(|node| {
            stand
                .boot_id
                .as_deref()
                .is_some_and(|own| !own.is_empty() && own == node.status.node_info.boot_id)
        }),
        runs_for: runs_for(&image, objects),
        beside: Beside::default(),
        runs_there: reference
            .as_ref()
            .map(|reference| runs_there(&sighting.place.namespace, reference, objects))
            .unwrap_or_default(),
        elsewhere: reference
            .as_ref()
            .map(|reference| elsewhere(reference, objects, runtime.as_ref()))
            .unwrap_or_default(),
        pulling: members
            .iter()
            .all(|seen| seen.sighting.testimony.is_none() && seen.sighting.reason.as_str() == "Pulling"),
        pinned: stand.pinned.clone(),
        runs: None,
        now: stand.now,
        route,
        image,
    }
}

fn pod_of<'a>(sighting: &Sighting, objects: &'a Objects) -> Option<&'a Pod> {
    let name = sighting.place.pod.as_deref()?;
    objects
        .pods
        .iter()
        .find(|pod| pod.metadata.namespace == sighting.place.namespace && pod.metadata.name == name)
}

/// The newest words of the members.
fn words(members: &[&Seen], created: Option<Timestamp>, now: Timestamp) -> Option<Words> {
    let spoken = members
        .iter()
        .filter_map(|seen| Some((seen, seen.sighting.testimony.as_ref()?, seen.hypothesis.as_ref()?)));
    // A status has no time and is the present; of events the newest.
    let (seen, testimony, hypothesis) = spoken.max_by_key(|(_, testimony, _)| testimony.at.unwrap_or(now))?;
    let earliest = testimony.at.or_else(|| now.checked_sub(LONGEST_WAIT).ok());
    // That the pause image has a fault is told by where the words stand; what is replayed is the fault itself.
    let cause = hypothesis.inner.filter(|_| hypothesis.cause == Cause::SandboxImage);
    Some(Words {
        cause: cause.unwrap_or(hypothesis.cause),
        confidence: hypothesis.confidence,
        rivals: hypothesis.rivals.clone(),
        stage: hypothesis.stage,
        endpoint: hypothesis.endpoint.clone(),
        status: hypothesis.status,
        leaf: hypothesis.leaf.clone(),
        text: testimony.words.clone(),
        reason: testimony.reason.clone(),
        source: Captured::new(&testimony.source).as_str().to_owned(),
        node: seen.sighting.place.node.clone(),
        at: testimony.at,
        not_before: earliest.max(created),
        of_itself: pullmedic_sight::speaks_of_itself(&seen.sighting, hypothesis.cause),
    })
}

/// Nodes that really pulled the image: `Successfully pulled` is a pull, "already present" is none (rule 15).
fn pulled_on(image: &str, objects: &Objects) -> Vec<PulledOn> {
    let sign = format!("Successfully pulled image {image:?} ");
    let nodes: BTreeMap<(&str, &str), &str> = objects
        .pods
        .iter()
        .map(|pod| {
            let key = (pod.metadata.namespace.as_str(), pod.metadata.name.as_str());
            (key, pod.spec.node_name.as_str())
        })
        .collect();
    let mut found: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for event in
        objects.events.iter().filter(|event| event.reason == "Pulled" && event.message.starts_with(&sign))
    {
        let about = &event.involved_object;
        let node = nodes.get(&(about.namespace.as_str(), about.name.as_str()));
        if let (Some(&node), Some(at)) = (node, event.last_seen()) {
            let newest = found.entry(node).or_insert(at);
            *newest = at.max(*newest);
        }
    }
    let mut pulled: Vec<PulledOn> =
        found.into_iter().map(|(node, at)| PulledOn { node: node.to_owned(), at }).collect();
    pulled.sort_by_key(|pulled| std::cmp::Reverse(pulled.at));
    pulled
}

/// Every image that a pod or template names.
fn images(objects: &Objects) -> impl Iterator<Item = &str> {
    let specs = objects.pods.iter().map(|pod| &pod.spec);
    let templates =
        objects.workloads.iter().filter_map(|owner| owner.template()).map(|template| &template.spec);
    specs.chain(templates).flat_map(|spec| {
        let containers =
            spec.containers.iter().chain(&spec.init_containers).chain(&spec.ephemeral_containers);
        containers.map(|container| container.image.as_str())
    })
}

/// Repositories of the same host that workloads name, without the one asked for.
fn known_repositories(reference: &Reference, objects: &Objects) -> Vec<String> {
    let others = images(objects).filter_map(|image| Reference::parse(image).ok());
    let names: BTreeSet<String> = others
        .filter(|other| other.host == reference.host && other.repository != reference.repository)
        .map(|other| other.repository)
        .collect();
    names.into_iter().collect()
}

/// The most workloads that are named as running.
const RUNNING: usize = 5;

/// Containers that run, with their pod and image.
fn running(objects: &Objects) -> impl Iterator<Item = (&Pod, &str)> {
    objects.pods.iter().flat_map(|pod| {
        let runs =
            pod.containers().filter(|(_, _, status)| status.is_some_and(|s| s.state.running.is_some()));
        runs.map(move |(_, container, _)| (pod, container.image.as_str()))
    })
}

/// Whatever made the pod, as `Deployment/web`; of a bare pod itself.
pub(crate) fn owner_of(pod: &Pod, objects: &Objects) -> String {
    let Some(made_by) = pod.metadata.controller() else { return format!("Pod/{}", pod.metadata.name) };
    let above = objects.workloads.iter().find(|owner| {
        owner.metadata.namespace == pod.metadata.namespace
            && owner.kind == made_by.kind
            && owner.metadata.name == made_by.name
    });
    let top = above.and_then(|owner| owner.metadata.controller()).unwrap_or(made_by);
    format!("{}/{}", top.kind, top.name)
}

/// Workloads whose containers run this very image.
fn runs_for(image: &str, objects: &Objects) -> Vec<String> {
    let owners: BTreeSet<String> =
        running(objects).filter(|(_, runs)| *runs == image).map(|(pod, _)| owner_of(pod, objects)).collect();
    owners.into_iter().take(RUNNING).collect()
}

/// Other images of the same host that run in the namespace, whose secrets may be read with the pod's.
fn runs_there(namespace: &str, reference: &Reference, objects: &Objects) -> Vec<RunsThere> {
    let mut found: BTreeMap<(String, String), RunsThere> = BTreeMap::new();
    for (pod, image) in running(objects).filter(|(pod, _)| pod.metadata.namespace == namespace) {
        let Ok(other) = Reference::parse(image) else { continue };
        if other.host != reference.host || other.repository == reference.repository {
            continue;
        }
        let Some(asked) = other.digest.or(other.tag).or_else(|| Some("latest".to_owned())) else { continue };
        let secrets: Vec<String> =
            pod.spec.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect();
        found.entry((other.repository.clone(), secrets.join(","))).or_insert_with(|| RunsThere {
            repository: other.repository,
            reference: asked,
            owner: owner_of(pod, objects),
            secrets,
        });
    }
    found.into_values().take(RUNNING).collect()
}

/// The most other hosts that are kept: each is one request more where an image cannot be had at its own.
const ELSEWHERE: usize = 3;

/// Other hosts at which workloads name the same repository.
fn elsewhere(reference: &Reference, objects: &Objects, runtime: Option<&Runtime>) -> Vec<Host> {
    let others = images(objects).filter_map(|image| Reference::parse(image).ok());
    let hosts: BTreeSet<String> = others
        .filter(|other| other.repository == reference.repository && other.host != reference.host)
        .map(|other| other.host)
        .collect();
    let origin = |host: String| pullmedic_node::assumed_route(&host, runtime).origin().cloned();
    hosts.into_iter().filter_map(origin).take(ELSEWHERE).collect()
}

/// Images of the same repository that ran for the owner: of ready ReplicaSets, newest first.
fn ran_before(sighting: &Sighting, reference: &Reference, objects: &Objects) -> Vec<String> {
    let Some(owner) = &sighting.place.owner else { return Vec::new() };
    let mut made: Vec<_> = objects
        .workloads
        .iter()
        .filter(|made| {
            made.metadata.namespace == sighting.place.namespace
                && made.metadata.controller().is_some_and(|by| by.kind == owner.kind && by.name == owner.name)
                && made.status.ready_replicas > 0
        })
        .collect();
    made.sort_by_key(|made| std::cmp::Reverse(made.metadata.creation_timestamp));
    let images =
        made.into_iter().filter_map(|made| made.template()).flat_map(|template| &template.spec.containers);
    let mut known = BTreeSet::new();
    images
        .map(|container| container.image.clone())
        .filter(|image| {
            Reference::parse(image)
                .is_ok_and(|other| other.host == reference.host && other.repository == reference.repository)
        })
        .filter(|image| known.insert(image.clone()))
        .collect()
}
