//! A finding as a remedy sees it: the sighting that speaks for it, and what stands around that.

use crate::finding::{FindingState, ManagedBy, Serving};
use crate::object::{PodSpec, ServiceAccount};
use crate::sighting::{Injected, Owner, Place};
use crate::{Cause, Certainty, Endpoint, Reference, shell};

/// What remedies are filled in with. Where a finding has several owners, it is about the first of them.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The cause.
    pub cause: Cause,
    /// The cause inside [`Cause::SandboxImage`]; `None` for every other.
    pub inner: Option<Cause>,
    /// How sure.
    pub certainty: Certainty,
    /// Whether it lasts.
    pub state: FindingState,
    /// The image as written; for a sandbox the one that the words name. Empty when nothing names it.
    pub image: String,
    /// The image taken apart; `None` when it does not parse.
    pub reference: Option<Reference>,
    /// The host and port that the failing stage spoke to; `None` when no word names it.
    pub endpoint: Option<Endpoint>,
    /// Where it was seen.
    pub place: Place,
    /// On how many nodes.
    pub nodes: usize,
    /// The pods of the same owner that wait for the same reason.
    pub waiting: Vec<String>,
    /// How many other owners need the same.
    pub others: usize,
    /// The pull secrets that the pod names, those of its ServiceAccount among them.
    pub pull_secrets: Vec<String>,
    /// Of them, those that the kubelet said it did not find.
    pub missing_secrets: Vec<String>,
    /// The spec that a change goes to: the pod template of the topmost owner, or a bare pod's own; `None` when it was
    /// not read.
    pub spec: Option<PodSpec>,
    /// The ServiceAccount of that spec, whose pull secrets a pod without its own was given; `None` when it was not read.
    pub account: Option<ServiceAccount>,
    /// What made the pod, for a Deployment's pod its ReplicaSet; `None` for a bare pod.
    pub made_by: Option<Owner>,
    /// Set when the image is not in the owner's template.
    pub injected: Option<Injected>,
    /// Other images that the same container of this owner runs with now, those of more ready pods first.
    pub ran: Vec<String>,
    /// What still serves.
    pub serving: Vec<Serving>,
    /// Who would undo a live edit.
    pub managed_by: Vec<ManagedBy>,
}

impl Subject {
    /// The cause that is to be mended: the inner one of a sandbox.
    pub fn fault(&self) -> Cause {
        self.inner.unwrap_or(self.cause)
    }

    /// The node in words, with how many more there are.
    pub fn node(&self) -> String {
        let first = self.place.node.as_deref().unwrap_or("the node");
        match self.nodes {
            0 | 1 => first.to_owned(),
            several => format!("{first} (and {} more)", several - 1),
        }
    }

    /// Who answered, or failed to: the endpoint that is known, else the image's host.
    pub fn endpoint(&self) -> String {
        match (&self.endpoint, &self.reference) {
            (Some(endpoint), _) => endpoint.to_string(),
            (None, Some(reference)) => reference.host.clone(),
            (None, None) => "the registry".to_owned(),
        }
    }

    /// As [`Subject::endpoint`], for commands: a word to fill in where no word names it.
    pub fn address(&self) -> String {
        let address = match (&self.endpoint, &self.reference) {
            (None, None) => String::new(),
            _ => self.endpoint(),
        };
        // Neither an option nor a step up in a path.
        let begins_well = address.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        if begins_well && !address.contains("..") { address } else { "REGISTRY".to_owned() }
    }

    /// The image as a word of a shell; a word to fill in where it is none.
    pub fn image_word(&self) -> String {
        self.reference.as_ref().map_or_else(|| "IMAGE".to_owned(), |_| shell::word(&self.image))
    }

    /// Host and repository, as tools take them; the image as written where it does not parse.
    pub fn repository(&self) -> String {
        self.reference.as_ref().map_or_else(|| self.image.clone(), Reference::name)
    }
}

/// The owner, or a bare pod itself.
pub fn owner_or_pod(place: &Place) -> Option<Owner> {
    let pod = || {
        place.pod.as_ref().map(|name| Owner {
            api_version: "v1".into(),
            kind: "Pod".into(),
            name: name.clone(),
        })
    };
    place.owner.clone().or_else(pod)
}
