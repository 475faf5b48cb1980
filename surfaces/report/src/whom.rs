//! Whom a finding touches, in one phrase.

use std::collections::BTreeSet;

use pullmedic_model::Finding;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::sighting::{Owner, Place};

use crate::phrase::counted;

/// The distinct things in the sightings of a finding.
pub(crate) struct Touched<'a> {
    pub(crate) namespaces: BTreeSet<&'a str>,
    owners: BTreeSet<(&'a str, &'a Owner)>,
    pub(crate) pods: BTreeSet<(&'a str, &'a str)>,
    /// Pods that nothing owns.
    bare: BTreeSet<(&'a str, &'a str)>,
    nodes: BTreeSet<&'a str>,
    containers: BTreeSet<(ContainerKind, &'a str)>,
}

impl<'a> Touched<'a> {
    pub(crate) fn of(places: impl IntoIterator<Item = &'a Place>) -> Touched<'a> {
        let mut touched = Touched {
            namespaces: BTreeSet::new(),
            owners: BTreeSet::new(),
            pods: BTreeSet::new(),
            bare: BTreeSet::new(),
            nodes: BTreeSet::new(),
            containers: BTreeSet::new(),
        };
        for place in places {
            let namespace = place.namespace.as_str();
            touched.namespaces.insert(namespace);
            touched.owners.extend(place.owner.as_ref().map(|owner| (namespace, owner)));
            let pod = place.pod.as_deref().map(|pod| (namespace, pod));
            touched.pods.extend(pod);
            if place.owner.is_none() {
                touched.bare.extend(pod);
            }
            touched.nodes.extend(place.node.as_deref());
            touched.containers.insert((place.kind, &place.container));
        }
        touched
    }

    /// `Deployment/cart`, `3 Jobs and 1 bare pod`.
    fn subject(&self) -> String {
        let owners = match self.owners.len() {
            0 => None,
            1 => self.owners.first().map(|(_, owner)| match owner.kind.as_str() {
                // The kubelet's mirror pods name their node as owner.
                "Node" => format!("static pods of {owner}"),
                _ => owner.to_string(),
            }),
            several => {
                let kinds: BTreeSet<&str> =
                    self.owners.iter().map(|(_, owner)| owner.kind.as_str()).collect();
                let kind = kinds.first().filter(|kind| kinds.len() == 1 && makes_a_plural(kind));
                Some(counted(several, kind.unwrap_or(&"owner")))
            }
        };
        let bare = match self.bare.len() {
            0 => None,
            1 if owners.is_none() => self.bare.first().map(|(_, pod)| format!("Pod/{pod}")),
            several => Some(counted(several, "bare pod")),
        };
        match (owners, bare) {
            (Some(owners), Some(bare)) => format!("{owners} and {bare}"),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => "no object".to_owned(),
        }
    }

    /// `init container migrate`, where the waiting container is not a main one.
    fn container(&self) -> Option<String> {
        let kinds: BTreeSet<ContainerKind> = self.containers.iter().map(|&(kind, _)| kind).collect();
        let (&kind, 1) = (kinds.first()?, kinds.len()) else { return None };
        let what = match kind {
            // A sandbox belongs to the whole pod, and its cause says so.
            ContainerKind::Main | ContainerKind::Template | ContainerKind::Sandbox => return None,
            ContainerKind::Init => "init container",
            ContainerKind::Ephemeral => "ephemeral container",
            ContainerKind::ImageVolume => "image volume of container",
        };
        match self.containers.first() {
            Some((_, name)) if self.containers.len() == 1 => Some(format!("{what} {name}")),
            Some(_) | None => Some(counted(self.containers.len(), what)),
        }
    }
}

/// A kind whose plural only takes an `s`; of a custom kind we cannot know more than its last letter.
pub(crate) fn makes_a_plural(kind: &str) -> bool {
    kind.ends_with(|last: char| last.is_ascii_lowercase() && !matches!(last, 's' | 'x' | 'y' | 'h'))
}

/// `Deployment/cart in shop, 3 pods on 3 nodes, init container migrate`. Not escaped.
pub(crate) fn whom(finding: &Finding, name_namespace: bool) -> String {
    phrase_of(&finding.sightings, name_namespace)
}

fn phrase_of(places: &[Place], name_namespace: bool) -> String {
    let touched = Touched::of(places);
    let mut phrase = touched.subject();
    if name_namespace {
        match touched.namespaces.first() {
            Some(namespace) if touched.namespaces.len() == 1 && !namespace.is_empty() => {
                phrase.push_str(" in ");
                phrase.push_str(namespace);
            }
            Some(_) if touched.namespaces.len() > 1 => {
                phrase.push_str(&format!(" in {}", counted(touched.namespaces.len(), "namespace")));
            }
            Some(_) | None => {}
        }
    }
    let nodes = match touched.nodes.first() {
        Some(node) if touched.nodes.len() == 1 => format!(" on {node}"),
        Some(_) => format!(" on {}", counted(touched.nodes.len(), "node")),
        None => String::new(),
    };
    if touched.pods.is_empty() {
        phrase.push_str(", no pod exists");
    } else if !touched.owners.is_empty() {
        phrase.push_str(&format!(", {}", counted(touched.pods.len(), "pod")));
    }
    phrase.push_str(&nodes);
    if let Some(container) = touched.container() {
        phrase.push_str(", ");
        phrase.push_str(&container);
    }
    phrase
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(owner: Option<(&str, &str)>, pod: &str, node: Option<&str>) -> Place {
        let owner = owner.map(|(kind, name)| Owner {
            api_version: String::new(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        });
        Place {
            namespace: "shop".to_owned(),
            owner,
            pod: Some(pod.to_owned()),
            container: "app".to_owned(),
            kind: ContainerKind::Main,
            node: node.map(str::to_owned),
        }
    }

    #[test]
    fn names_one_and_counts_many() {
        let cart = Some(("Deployment", "cart"));
        for (places, phrase) in [
            (vec![place(None, "a", Some("n1"))], "Pod/a in shop on n1"),
            (
                vec![place(None, "a", Some("n1")), place(None, "b", Some("n2"))],
                "2 bare pods in shop on 2 nodes",
            ),
            (vec![place(cart, "a", None)], "Deployment/cart in shop, 1 pod"),
            (
                vec![place(cart, "a", Some("n1")), place(Some(("Deployment", "web")), "b", Some("n1"))],
                "2 Deployments in shop, 2 pods on n1",
            ),
            (
                vec![place(cart, "a", None), place(Some(("Job", "j")), "b", None), place(None, "c", None)],
                "2 owners and 1 bare pod in shop, 3 pods",
            ),
            (
                vec![place(Some(("Node", "n1")), "etcd-n1", Some("n1"))],
                "static pods of Node/n1 in shop, 1 pod on n1",
            ),
        ] {
            assert_eq!(phrase_of(&places, true), phrase);
        }
        assert_eq!(phrase_of(&[place(None, "a", None)], false), "Pod/a");
    }
}
