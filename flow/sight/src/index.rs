//! Look-ups over everything that was read.

use std::collections::HashMap;

use pullmedic_model::object::{Event, Node, Objects, OwnerReference, Pod, ServiceAccount, Workload};
use pullmedic_model::sighting::Owner;

/// Look-ups by the keys that sightings need.
pub(crate) struct Index<'a> {
    events: HashMap<(&'a str, &'a str, &'a str), Vec<&'a Event>>,
    workloads: HashMap<(&'a str, &'a str, &'a str), &'a Workload>,
    children: HashMap<(&'a str, &'a str, &'a str), Vec<&'a Workload>>,
    nodes: HashMap<&'a str, &'a Node>,
    pods: HashMap<(&'a str, &'a str), &'a Pod>,
    pods_made_by: HashMap<(&'a str, &'a str, &'a str), Vec<&'a Pod>>,
    accounts: HashMap<(&'a str, &'a str), &'a ServiceAccount>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(objects: &'a Objects) -> Self {
        let mut events: HashMap<_, Vec<&Event>> = HashMap::new();
        for event in &objects.events {
            events.entry(key_of_event(event)).or_default().push(event);
        }
        for list in events.values_mut() {
            // Times have seconds: of one second, a pull begins before it ends.
            list.sort_by(|a, b| {
                let order = |event: &Event| (event.last_seen(), event.reason != "Pulling");
                order(a).cmp(&order(b)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
            });
        }
        let mut children: HashMap<_, Vec<&Workload>> = HashMap::new();
        for workload in &objects.workloads {
            if let Some(owner) = workload.metadata.controller() {
                let key = (workload.metadata.namespace.as_str(), owner.kind.as_str(), owner.name.as_str());
                children.entry(key).or_default().push(workload);
            }
        }
        let mut pods_made_by: HashMap<_, Vec<&Pod>> = HashMap::new();
        for pod in &objects.pods {
            if let Some(owner) = pod.metadata.controller() {
                let key = (pod.metadata.namespace.as_str(), owner.kind.as_str(), owner.name.as_str());
                pods_made_by.entry(key).or_default().push(pod);
            }
        }
        let workloads = objects
            .workloads
            .iter()
            .map(|w| ((w.metadata.namespace.as_str(), w.kind.as_str(), w.metadata.name.as_str()), w));
        Index {
            events,
            workloads: workloads.collect(),
            children,
            pods: objects
                .pods
                .iter()
                .map(|pod| ((pod.metadata.namespace.as_str(), pod.metadata.name.as_str()), pod))
                .collect(),
            pods_made_by,
            accounts: objects
                .accounts
                .iter()
                .map(|it| ((it.metadata.namespace.as_str(), it.metadata.name.as_str()), it))
                .collect(),
            nodes: objects.nodes.iter().map(|node| (node.metadata.name.as_str(), node)).collect(),
        }
    }

    /// The events of a pod, oldest first. Events of an earlier pod of that name (another UID) are left out.
    pub(crate) fn events_of_pod(&self, pod: &Pod) -> Vec<&'a Event> {
        let same = |event: &&&Event| {
            let (told, own) = (&event.involved_object.uid, &pod.metadata.uid);
            told.is_empty() || own.is_empty() || told == own
        };
        let found = self.events.get(&("Pod", pod.metadata.namespace.as_str(), pod.metadata.name.as_str()));
        found.into_iter().flatten().filter(same).copied().collect()
    }

    /// The owner that a reference in `namespace` names, if it was read.
    pub(crate) fn owner(&self, namespace: &str, reference: &OwnerReference) -> Option<&'a Workload> {
        self.workload(namespace, &reference.kind, &reference.name)
    }

    /// The object of that kind and name, if it was read.
    pub(crate) fn workload(&self, namespace: &str, kind: &str, name: &str) -> Option<&'a Workload> {
        self.workloads.get(&(namespace, kind, name)).copied()
    }

    /// What the owner of that kind and name made, as far as it was read.
    pub(crate) fn children(&self, namespace: &str, kind: &str, name: &str) -> Vec<&'a Workload> {
        self.children.get(&(namespace, kind, name)).cloned().unwrap_or_default()
    }

    /// The pod of that name, if it was read.
    pub(crate) fn pod(&self, namespace: &str, name: &str) -> Option<&'a Pod> {
        self.pods.get(&(namespace, name)).copied()
    }

    /// The pods that the owner made, as far as they were read.
    pub(crate) fn made_by(&self, namespace: &str, owner: &Owner) -> Vec<&'a Pod> {
        self.pods_made_by.get(&(namespace, &owner.kind, &owner.name)).cloned().unwrap_or_default()
    }

    /// The ServiceAccount of that name, if it was read.
    pub(crate) fn account(&self, namespace: &str, name: &str) -> Option<&'a ServiceAccount> {
        self.accounts.get(&(namespace, name)).copied()
    }

    /// The node of that name, if it was read.
    pub(crate) fn node(&self, name: &str) -> Option<&'a Node> {
        self.nodes.get(name).copied()
    }
}

fn key_of_event(event: &Event) -> (&str, &str, &str) {
    let about = &event.involved_object;
    let namespace = if about.namespace.is_empty() { &event.metadata.namespace } else { &about.namespace };
    (about.kind.as_str(), namespace.as_str(), about.name.as_str())
}
