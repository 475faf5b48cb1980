//! What is left of pods that were dropped (design decision 9): of each owner's running pods one, with how many there are;
//! on which node each pod is; which node really pulled which image. Capped, and by hash where only sameness counts.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher as _;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Captured;
use pullmedic_model::incident::input::{Pulled, Ran};
use pullmedic_model::object::{
    Container, ContainerKind, ContainerStatus, Event, LocalReference, OwnerReference, Pod, Template, Workload,
};
use pullmedic_model::sighting::Owner;

/// Stand-ins of one namespace that are kept; the owners past them are not known to run.
const OF_NAMESPACE: u32 = 1_000;
/// Stand-ins in all: at about 600 bytes each, 24 MB.
const OF_ALL: usize = 40_000;
/// Owners' containers of which the image that ran last is known; past it all is forgotten and told again.
const LAST_RAN: usize = 200_000;
/// Images of a namespace with the nodes that pulled them, in all, and nodes of one.
const PULLED: usize = 20_000;
const PULLED_ON: usize = 8;
/// For how long a pull is evidence that a node can have the image.
const PULLED_COUNTS: SignedDuration = SignedDuration::from_hours(2);
/// No stand-in: it was one too many.
const NONE: u32 = u32::MAX;

/// Nodes that pulled an image, and when.
type Pulls = Vec<(u32, Timestamp)>;

/// A container as far as it is kept: whether it is an init container, its name and its image.
type Slim = (bool, Box<str>, Box<str>);

/// One pod that was dropped.
struct Dropped {
    /// Where its stand-in is.
    stand: u32,
    namespace: u32,
    node: u32,
    round: u32,
}

/// One running pod for all that ask for the same: owner, containers, images and pull secrets.
struct Stand {
    signature: u64,
    namespace: Box<str>,
    /// The name of one of the pods; it may be gone while others of its owner run.
    name: Box<str>,
    made_by: Option<OwnerReference>,
    template_hash: Option<Box<str>>,
    containers: Box<[Slim]>,
    secrets: Box<[Box<str>]>,
    node: u32,
    created: Option<Timestamp>,
    /// How many pods it stands for.
    pods: u32,
}

/// What is left of pods that were dropped.
#[derive(Default)]
pub(crate) struct Digest {
    hash: RandomState,
    dropped: HashMap<u64, Dropped>,
    stands: Vec<Option<Stand>>,
    free: Vec<u32>,
    by_signature: HashMap<u64, u32>,
    /// Stand-ins by namespace.
    places: BTreeMap<Box<str>, Vec<u32>>,
    /// Names of nodes and namespaces.
    names: Vec<Box<str>>,
    name_ids: HashMap<Box<str>, u32>,
    last_ran: HashMap<u64, u64>,
    /// By namespace and image; the newest first.
    pulled: BTreeMap<(Box<str>, Box<str>), Pulls>,
}

impl Digest {
    /// Takes a pod whose containers all run, and gives the images that came to run for its owner.
    pub(crate) fn keep(&mut self, pod: &Pod, round: u32) -> Vec<Ran> {
        let key = self.key(&pod.metadata.namespace, &pod.metadata.name);
        let signature = self.signature(pod);
        let node = self.name(&pod.spec.node_name);
        if let Some(known) = self.dropped.get_mut(&key) {
            let same = self
                .stands
                .get(known.stand as usize)
                .and_then(Option::as_ref)
                .is_some_and(|stand| stand.signature == signature);
            if same {
                (known.round, known.node) = (round, node);
                return Vec::new();
            }
            self.leave_key(key);
        }
        let stand = self.stand(pod, signature, node);
        let namespace = self.name(&pod.metadata.namespace);
        self.dropped.insert(key, Dropped { stand, namespace, node, round });
        self.ran(pod)
    }

    /// Forgets a pod.
    pub(crate) fn leave(&mut self, namespace: &str, name: &str) {
        self.leave_key(self.key(namespace, name));
    }

    /// Takes that a pod is there, whatever it is like.
    pub(crate) fn exists(&mut self, namespace: &str, name: &str, round: u32) {
        let key = self.key(namespace, name);
        if let Some(pod) = self.dropped.get_mut(&key) {
            pod.round = round;
        }
    }

    /// Forgets every pod of a namespace, or of all, that was not told of in this round.
    pub(crate) fn sweep(&mut self, namespace: Option<&str>, round: u32) {
        let namespace = namespace.map(|name| self.name(name));
        let is_of = |pod: &Dropped| namespace.is_none_or(|namespace| pod.namespace == namespace);
        let old = self.dropped.iter().filter(|(_, pod)| is_of(pod) && pod.round != round);
        let gone: Vec<u64> = old.map(|(key, _)| *key).collect();
        gone.into_iter().for_each(|key| self.leave_key(key));
    }

    /// The node that a pod was on when it was dropped.
    pub(crate) fn node_of(&self, namespace: &str, name: &str) -> Option<&str> {
        let pod = self.dropped.get(&self.key(namespace, name))?;
        self.names.get(pod.node as usize).map(AsRef::as_ref).filter(|node| !node.is_empty())
    }

    /// Takes that a node really pulled an image for a pod of the namespace; whether that is news.
    pub(crate) fn pulled(&mut self, namespace: &str, image: &str, node: &str, when: Timestamp) -> bool {
        let node = self.name(node);
        if self.pulled.len() >= PULLED {
            self.forget_pulls(when);
        }
        let place = (namespace.into(), image.into());
        if self.pulled.len() >= PULLED && !self.pulled.contains_key(&place) {
            return true;
        }
        let known = self.pulled.entry(place).or_default();
        match known.iter_mut().find(|(on, _)| *on == node) {
            Some((_, at)) if *at >= when => return false,
            Some((_, at)) => *at = when,
            None => known.push((node, when)),
        }
        known.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        known.truncate(PULLED_ON);
        true
    }

    fn forget_pulls(&mut self, now: Timestamp) {
        self.pulled.retain(|_, nodes| {
            nodes.retain(|(_, at)| now.duration_since(*at) < PULLED_COUNTS);
            !nodes.is_empty()
        });
    }

    /// Every pull that is known.
    pub(crate) fn all_pulled(&self) -> impl Iterator<Item = Pulled> {
        self.pulled.iter().flat_map(|((_, image), nodes)| {
            nodes.iter().filter_map(|(node, when)| {
                let node = self.names.get(*node as usize)?.to_string();
                Some(Pulled { node, image: Captured::new(image).as_str().to_owned(), when: *when })
            })
        })
    }

    /// Every image that runs for an owner.
    pub(crate) fn all_ran(&self) -> impl Iterator<Item = Ran> {
        self.stands.iter().flatten().flat_map(|stand| ran_of(&stand.pod(&self.names)))
    }

    /// How many pods were dropped, and how many stand for them.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.dropped.len(), self.by_signature.len())
    }

    /// A running pod for each owner, image and pull secret of a namespace.
    pub(crate) fn pods(&self, namespace: &str) -> Vec<Pod> {
        self.of(namespace).map(|stand| stand.pod(&self.names)).collect()
    }

    /// The ReplicaSets of those pods, with as many ready as run: what else a Deployment is served by.
    pub(crate) fn sets(&self, namespace: &str) -> Vec<Workload> {
        self.of(namespace).filter_map(Stand::set).collect()
    }

    /// That nodes really pulled an image for a namespace, as the kubelet tells it; and the pods that it tells it of,
    /// which hold nothing but their node.
    pub(crate) fn pulls(&self, namespace: &str, image: &str) -> (Vec<Pod>, Vec<Event>) {
        let place = (Box::from(namespace), Box::from(image));
        let known = self.pulled.get(&place).into_iter().flatten();
        known
            .filter_map(|(node, at)| {
                let node = self.names.get(*node as usize)?;
                let mut pod = Pod::default();
                // No pod can have such a name, so it is taken for no other.
                pod.metadata.name = format!("({node})");
                pod.metadata.namespace = namespace.to_owned();
                pod.spec.node_name = node.to_string();
                let mut event = Event {
                    reason: "Pulled".into(),
                    message: format!("Successfully pulled image {image:?} "),
                    last_timestamp: Some(*at),
                    ..Event::default()
                };
                event.metadata.namespace = namespace.to_owned();
                event.involved_object.kind = "Pod".into();
                event.involved_object.namespace = namespace.to_owned();
                event.involved_object.name.clone_from(&pod.metadata.name);
                Some((pod, event))
            })
            .unzip()
    }

    fn of(&self, namespace: &str) -> impl Iterator<Item = &Stand> {
        let places = self.places.get(namespace).into_iter().flatten();
        places.filter_map(|place| self.stands.get(*place as usize)?.as_ref())
    }

    fn key(&self, namespace: &str, name: &str) -> u64 {
        self.hash.hash_one((namespace, name))
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(known) = self.name_ids.get(name) {
            return *known;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(NONE);
        self.names.push(name.into());
        self.name_ids.insert(name.into(), id);
        id
    }

    fn signature(&self, pod: &Pod) -> u64 {
        let maker = pod.metadata.controller();
        let maker = maker.map_or((pod.metadata.name.as_str(), ""), |by| (by.kind.as_str(), by.name.as_str()));
        let images: Vec<(&str, &str)> =
            pod.containers().map(|(_, it, _)| (it.name.as_str(), it.image.as_str())).collect();
        let secrets: Vec<&str> = pod.spec.image_pull_secrets.iter().map(|it| it.name.as_str()).collect();
        self.hash.hash_one((&pod.metadata.namespace, maker, images, secrets))
    }

    fn stand(&mut self, pod: &Pod, signature: u64, node: u32) -> u32 {
        if let Some(place) = self.by_signature.get(&signature) {
            if let Some(Some(stand)) = self.stands.get_mut(*place as usize) {
                stand.pods += 1;
                stand.name = pod.metadata.name.as_str().into();
            }
            return *place;
        }
        let of_namespace = self.places.get(pod.metadata.namespace.as_str()).map_or(0, Vec::len);
        if self.by_signature.len() >= OF_ALL || of_namespace >= OF_NAMESPACE as usize {
            return NONE;
        }
        let stand = Some(Stand::of(pod, signature, node));
        let place = match self.free.pop() {
            Some(place) => {
                self.stands[place as usize] = stand;
                place
            }
            None => {
                self.stands.push(stand);
                u32::try_from(self.stands.len() - 1).unwrap_or(NONE)
            }
        };
        self.by_signature.insert(signature, place);
        self.places.entry(pod.metadata.namespace.as_str().into()).or_default().push(place);
        place
    }

    fn leave_key(&mut self, key: u64) {
        let Some(pod) = self.dropped.remove(&key) else { return };
        let Some(place) = self.stands.get_mut(pod.stand as usize) else { return };
        let Some(stand) = place else { return };
        stand.pods = stand.pods.saturating_sub(1);
        if stand.pods > 0 {
            return;
        }
        self.by_signature.remove(&stand.signature);
        let empty = self.places.get_mut(&stand.namespace).is_some_and(|places| {
            places.retain(|known| *known != pod.stand);
            places.is_empty()
        });
        if empty {
            self.places.remove(&stand.namespace);
        }
        *place = None;
        self.free.push(pod.stand);
    }

    /// What came to run for the owner.
    fn ran(&mut self, pod: &Pod) -> Vec<Ran> {
        if self.last_ran.len() >= LAST_RAN {
            self.last_ran.clear();
        }
        let mut ran = ran_of(pod);
        ran.retain(|ran| {
            let place = self.hash.hash_one((&ran.namespace, &ran.owner, &ran.container));
            let image = self.hash.hash_one(&ran.image);
            self.last_ran.insert(place, image) != Some(image)
        });
        ran
    }
}

/// What runs for the owner of a pod. Jobs come and go by the minute, and what they ran is no image to go back to.
fn ran_of(pod: &Pod) -> Vec<Ran> {
    let Some(owner) = owner_by_name(pod).filter(|owner| owner.kind != "Job") else { return Vec::new() };
    let lasts =
        pod.containers().filter(|(kind, it, _)| *kind != ContainerKind::Ephemeral && !it.image.is_empty());
    let ran = lasts.map(|(_, container, _)| Ran {
        namespace: pod.metadata.namespace.clone(),
        owner: owner.clone(),
        container: container.name.clone(),
        image: Captured::new(&container.image).as_str().to_owned(),
    });
    ran.collect()
}

/// The owner as far as the pod itself names it: for a ReplicaSet's pod the Deployment, by the template hash.
fn owner_by_name(pod: &Pod) -> Option<Owner> {
    let made_by = pod.metadata.controller()?;
    if let Some(name) = deployment_of_pod(pod) {
        return Some(Owner {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: name.to_owned(),
        });
    }
    Some(Owner {
        api_version: made_by.api_version.clone(),
        kind: made_by.kind.clone(),
        name: made_by.name.clone(),
    })
}

/// The name of the Deployment that a pod is of; `None` when the pod's own names do not tell.
pub(crate) fn deployment_of_pod(pod: &Pod) -> Option<&str> {
    let hash = pod.metadata.labels.get("pod-template-hash").map(String::as_str);
    deployment_of(pod.metadata.controller()?, hash)
}

fn deployment_of<'a>(made_by: &'a OwnerReference, hash: Option<&str>) -> Option<&'a str> {
    let name = made_by.name.strip_suffix(hash?)?.strip_suffix('-')?;
    (made_by.kind == "ReplicaSet" && !name.is_empty()).then_some(name)
}

impl Stand {
    fn of(pod: &Pod, signature: u64, node: u32) -> Stand {
        let containers = pod.containers().filter(|(kind, _, _)| *kind != ContainerKind::Ephemeral);
        Stand {
            signature,
            namespace: pod.metadata.namespace.as_str().into(),
            name: pod.metadata.name.as_str().into(),
            made_by: pod.metadata.controller().cloned(),
            template_hash: pod.metadata.labels.get("pod-template-hash").map(|hash| hash.as_str().into()),
            containers: containers
                .map(|(kind, it, _)| {
                    (kind == ContainerKind::Init, it.name.as_str().into(), it.image.as_str().into())
                })
                .collect(),
            secrets: pod.spec.image_pull_secrets.iter().map(|secret| secret.name.as_str().into()).collect(),
            node,
            created: pod.metadata.creation_timestamp,
            pods: 1,
        }
    }

    fn pod(&self, nodes: &[Box<str>]) -> Pod {
        let mut pod = Pod::default();
        pod.metadata.namespace = self.namespace.to_string();
        pod.metadata.name = self.name.to_string();
        pod.metadata.owner_references = self.made_by.iter().cloned().collect();
        pod.metadata.creation_timestamp = self.created;
        if let Some(hash) = &self.template_hash {
            pod.metadata.labels.insert("pod-template-hash".into(), hash.to_string());
        }
        pod.spec.node_name = nodes.get(self.node as usize).map(ToString::to_string).unwrap_or_default();
        self.spec(&mut pod.spec);
        let running = |container: &Container| {
            let mut status = ContainerStatus { name: container.name.clone(), ..ContainerStatus::default() };
            status.state.running = Some(Default::default());
            status
        };
        pod.status.container_statuses = pod.spec.containers.iter().map(running).collect();
        pod.status.phase = "Running".into();
        pod
    }

    fn spec(&self, spec: &mut pullmedic_model::object::PodSpec) {
        for (is_init, name, image) in &self.containers {
            let container =
                Container { name: name.to_string(), image: image.to_string(), ..Container::default() };
            if *is_init { &mut spec.init_containers } else { &mut spec.containers }.push(container);
        }
        let names = self.secrets.iter().map(ToString::to_string);
        spec.image_pull_secrets = names.map(|name| LocalReference { name }).collect();
    }

    fn set(&self) -> Option<Workload> {
        let made_by = self.made_by.as_ref()?;
        let deployment = deployment_of(made_by, self.template_hash.as_deref())?;
        let mut set =
            Workload { api_version: "apps/v1".into(), kind: "ReplicaSet".into(), ..Workload::default() };
        set.metadata.namespace = self.namespace.to_string();
        set.metadata.name.clone_from(&made_by.name);
        set.metadata.creation_timestamp = self.created;
        set.metadata.owner_references = vec![OwnerReference {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: deployment.to_owned(),
            controller: true,
            ..OwnerReference::default()
        }];
        let mut template = Template::default();
        self.spec(&mut template.spec);
        set.spec.template = Some(template);
        set.spec.replicas = Some(i64::from(self.pods));
        (set.status.replicas, set.status.ready_replicas) = (i64::from(self.pods), i64::from(self.pods));
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::built;

    #[test]
    fn one_pod_stands_for_its_owner_until_the_last_of_them_goes() {
        let mut digest = Digest::default();
        for name in ["web-5d-a", "web-5d-b"] {
            digest.keep(&built::running("shop", name, "r.test/web:1"), 1);
        }
        assert_eq!(digest.sizes(), (2, 1));
        let sets = digest.sets("shop");
        assert_eq!(
            (sets.len(), sets[0].status.ready_replicas, sets[0].metadata.name.as_str()),
            (1, 2, "web-5d")
        );
        assert_eq!(sets[0].metadata.controller().map(|by| by.name.as_str()), Some("web"));
        digest.leave("shop", "web-5d-a");
        assert_eq!(digest.pods("shop").len(), 1);
        assert!(digest.pods("other").is_empty(), "nothing of another namespace");
        digest.leave("shop", "web-5d-b");
        assert_eq!((digest.sizes(), digest.pods("shop").len()), ((0, 0), 0));
    }

    #[test]
    fn an_image_that_ran_is_told_once_and_again_when_it_is_another() {
        let mut digest = Digest::default();
        let ran = digest.keep(&built::running("shop", "web-5d-a", "r.test/web:1"), 1);
        assert_eq!((ran.len(), ran[0].owner.to_string().as_str()), (1, "Deployment/web"));
        assert!(digest.keep(&built::running("shop", "web-5d-b", "r.test/web:1"), 1).is_empty());
        assert_eq!(digest.keep(&built::running("shop", "web-5d-a", "r.test/web:2"), 1).len(), 1);
        assert_eq!(digest.sizes(), (2, 2));
    }

    #[test]
    fn what_a_list_no_longer_holds_is_swept() {
        let mut digest = Digest::default();
        digest.keep(&built::running("shop", "web-5d-a", "r.test/web:1"), 1);
        digest.keep(&built::running("shop", "web-5d-b", "r.test/web:1"), 2);
        digest.sweep(None, 2);
        assert_eq!(digest.sizes(), (1, 1));
        assert_eq!(digest.node_of("shop", "web-5d-b"), Some("n1"));
        assert_eq!(digest.node_of("shop", "web-5d-a"), None);
    }

    #[test]
    fn a_pull_counts_for_its_own_namespace_only() {
        let mut digest = Digest::default();
        let at: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        assert!(digest.pulled("shop", "r.test/web:1", "n2", at));
        assert!(!digest.pulled("shop", "r.test/web:1", "n2", at));
        assert_eq!(digest.pulls("shop", "r.test/web:1").1.len(), 1);
        assert!(digest.pulls("other", "r.test/web:1").1.is_empty());
    }

    #[test]
    fn a_namespace_of_ten_thousand_owners_is_cut_and_costs_the_others_nothing() {
        let mut digest = Digest::default();
        for number in 0..2_000 {
            digest.keep(&built::running("big", &format!("w{number}-5d-a"), &format!("r.test/w:{number}")), 1);
        }
        digest.keep(&built::running("shop", "web-5d-a", "r.test/web:1"), 1);
        assert_eq!(digest.pods("big").len(), 1_000);
        assert_eq!(digest.pods("shop").len(), 1);
        assert_eq!(digest.sizes(), (2_001, 1_001));
    }
}
