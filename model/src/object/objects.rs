//! Everything that one reading of a cluster or of files gave.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{Event, Meta, Node, Object, Pod, ServiceAccount, Workload};
use crate::report::Skipped;

/// Objects by kind, in the order in which they were read, and what could not be read.
#[derive(Debug, Default)]
pub struct Objects {
    /// Pods.
    pub pods: Vec<Pod>,
    /// Events.
    pub events: Vec<Event>,
    /// Owners.
    pub workloads: Vec<Workload>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// ServiceAccounts.
    pub accounts: Vec<ServiceAccount>,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
    /// How many objects were of kinds that we do not read.
    pub others: usize,
}

impl Objects {
    /// Adds one object.
    pub fn add(&mut self, object: Object) {
        match object {
            Object::Pod(mut pod) => {
                pod.complete();
                self.pods.push(*pod);
            }
            Object::Event(event) => self.events.push(*event),
            Object::Workload(workload) => self.workloads.push(*workload),
            Object::Node(node) => self.nodes.push(*node),
            Object::ServiceAccount(account) => self.accounts.push(*account),
            Object::Other(_) => self.others += 1,
        }
    }

    /// Adds all of another reading.
    pub fn extend(&mut self, other: Objects) {
        self.pods.extend(other.pods);
        self.events.extend(other.events);
        self.workloads.extend(other.workloads);
        self.nodes.extend(other.nodes);
        self.accounts.extend(other.accounts);
        self.skipped.extend(other.skipped);
        self.others += other.others;
    }

    /// Leaves out what was read before: people save the same object in several files. Objects without a name, as in
    /// fragments written by hand, are all kept.
    pub fn deduplicate(&mut self) {
        let mut known = HashSet::new();
        let mut is_new = |kind: &str, meta: &Meta| {
            meta.name.is_empty()
                || known.insert((
                    kind.to_owned(),
                    meta.namespace.clone(),
                    meta.name.clone(),
                    meta.uid.clone(),
                ))
        };
        self.pods.retain(|pod| is_new("Pod", &pod.metadata));
        self.events.retain(|event| is_new("Event", &event.metadata));
        self.workloads.retain(|workload| is_new(&workload.kind, &workload.metadata));
        self.nodes.retain(|node| is_new("Node", &node.metadata));
        self.accounts.retain(|account| is_new("ServiceAccount", &account.metadata));
    }

    /// The newest time that any object holds: when a recording was made, at the earliest.
    pub fn newest(&self) -> Option<Timestamp> {
        let pods = self.pods.iter().flat_map(|pod| [pod.metadata.creation_timestamp, pod.status.start_time]);
        let conditions = self
            .pods
            .iter()
            .flat_map(|pod| &pod.status.conditions)
            .map(|condition| condition.last_transition_time);
        let events = self.events.iter().map(Event::last_seen);
        let owners = self.workloads.iter().map(|owner| owner.metadata.creation_timestamp);
        pods.chain(conditions).chain(events).chain(owners).flatten().max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let text = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n","managedFields":[
            {"manager":"kubelet","subresource":"status","time":"2026-01-02T00:00:00Z"},
            {"manager":"kubectl","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:spec":{}}}]},
            "spec":{"nodeName":"n1","containers":[{"name":"c","image":"nginx:1"}]},
            "status":{"containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ErrImagePull"}}}]}}"#;
        let read = |text: &str| {
            let mut objects = Objects::default();
            crate::object::decode_json(text, &mut |object| objects.add(object.unwrap())).unwrap();
            objects.pods.remove(0)
        };
        let first = read(text);
        assert_eq!(first.metadata.changed, "2026-01-01T00:00:00Z".parse().ok());
        let mut written = serde_json::to_value(&first).unwrap();
        written["kind"] = "Pod".into();
        assert_eq!(format!("{:?}", read(&written.to_string())), format!("{first:?}"));
    }

    #[test]
    fn an_object_saved_twice_counts_once() {
        let mut objects = Objects::default();
        for (name, uid) in [("a", "1"), ("a", "1"), ("a", "2"), ("", ""), ("", "")] {
            let mut pod = Pod::default();
            (pod.metadata.name, pod.metadata.uid) = (name.into(), uid.into());
            objects.pods.push(pod);
        }
        objects.deduplicate();
        assert_eq!(objects.pods.len(), 4);
    }
}
