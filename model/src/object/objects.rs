//! Everything that one reading of a cluster or of files gave.

use jiff::Timestamp;

use super::{Event, Node, Object, Pod, Workload};
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
            Object::Other(_) => self.others += 1,
        }
    }

    /// Adds all of another reading.
    pub fn extend(&mut self, other: Objects) {
        self.pods.extend(other.pods);
        self.events.extend(other.events);
        self.workloads.extend(other.workloads);
        self.nodes.extend(other.nodes);
        self.skipped.extend(other.skipped);
        self.others += other.others;
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
