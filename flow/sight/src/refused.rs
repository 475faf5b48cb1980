//! Owners that get no pod at all because the API server refuses the image.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pullmedic_model::Captured;
use pullmedic_model::object::{Container, ContainerKind, Objects, Workload};
use pullmedic_model::sighting::{Owner, Place, Sighting, Testimony};

use crate::index::Index;
use crate::owner;
use crate::words;

/// Adds a sighting for each owner whose newest refusal is about an image: from its `ReplicaFailure` condition, else
/// from a `FailedCreate` event.
pub(crate) fn look(objects: &Objects, index: &Index<'_>, found: &mut Vec<Sighting>) {
    let mut refused: BTreeMap<(&str, &str, &str), Refusal> = BTreeMap::new();
    for workload in &objects.workloads {
        let condition = workload.status.conditions.iter().find(|condition| {
            condition.kind == "ReplicaFailure"
                && condition.status == "True"
                && is_about_image(&condition.message)
        });
        if let Some(condition) = condition.filter(|_| is_first_to_know(workload, index)) {
            let refusal = Refusal {
                words: condition.message.clone(),
                source: format!(
                    "{} {}/{} status.conditions[ReplicaFailure]",
                    workload.kind, workload.metadata.namespace, workload.metadata.name
                ),
                first: condition.last_transition_time,
                last: condition.last_transition_time,
            };
            refused.insert(key(workload), refusal);
        }
    }
    for event in objects.events.iter().filter(|event| event.reason == "FailedCreate") {
        let about = &event.involved_object;
        let namespace = if about.namespace.is_empty() { &event.metadata.namespace } else { &about.namespace };
        let workload = index.workload(namespace, &about.kind, &about.name);
        if !is_about_image(&event.message) || workload.is_some_and(|it| is_over(it, &event.message)) {
            continue;
        }
        let told = Refusal {
            words: event.message.clone(),
            source: format!("event FailedCreate on {} {namespace}/{}", about.kind, about.name),
            first: event.first_seen(),
            last: event.last_seen(),
        };
        refused
            .entry((namespace, &about.kind, &about.name))
            .and_modify(|known| known.see(&told))
            .or_insert(told);
    }
    found.extend(
        refused
            .into_iter()
            .map(|((namespace, kind, name), refusal)| refusal.sighting(namespace, kind, name, index)),
    );
}

fn key(workload: &Workload) -> (&str, &str, &str) {
    (&workload.metadata.namespace, &workload.kind, &workload.metadata.name)
}

/// A Deployment copies the condition of its ReplicaSet, which is the one that was refused; it speaks only where the
/// ReplicaSet was not read.
fn is_first_to_know(workload: &Workload, index: &Index<'_>) -> bool {
    let meta = &workload.metadata;
    workload.kind != "Deployment" || index.children(&meta.namespace, &workload.kind, &meta.name).is_empty()
}

/// Whether a refusal that an event tells of is history: the owner has the pods that it wants, or its template has
/// another image by now.
fn is_over(workload: &Workload, words: &str) -> bool {
    let status = &workload.status;
    let has_all = match workload.kind.as_str() {
        "DaemonSet" => status.current_number_scheduled >= status.desired_number_scheduled,
        "Job" => status.active + status.succeeded > 0,
        _ => workload.spec.replicas.is_some_and(|wanted| status.replicas >= wanted),
    };
    let refused = words.split_once(".image: Invalid value: ").and_then(|(_, rest)| words::quoted(rest));
    let is_other = |(value, _): (String, &str)| {
        named_container(workload, words).is_some_and(|container| container.image != value)
    };
    has_all || refused.is_some_and(is_other)
}

/// Whether a refusal is about an image: field errors of the API server's validation, and admission that names one.
/// <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/apis/core/validation/validation.go>,
/// <https://github.com/kubernetes/kubernetes/blob/v1.35.0/plugin/pkg/admission/imagepolicy/admission.go>. A webhook's
/// denial may mention an image and be about something else, so it must speak of what image policies are about.
fn is_about_image(message: &str) -> bool {
    const POLICIES: [&str; 8] =
        ["registr", "signature", "signed", "attestation", "allowed repos", "image tag", "digest", "vulnerab"];
    let is_policy = || {
        let message = message.to_ascii_lowercase();
        message.contains("image") && POLICIES.iter().any(|word| message.contains(word))
    };
    message.contains("].image: ")
        || message.contains("].image.reference: ")
        || message.contains("image policy webhook")
        || (message.contains("denied the request") && is_policy())
}

struct Refusal {
    words: String,
    source: String,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Refusal {
    fn see(&mut self, other: &Refusal) {
        self.first = [self.first, other.first].into_iter().flatten().min();
        if other.last > self.last {
            self.words.clone_from(&other.words);
            self.source.clone_from(&other.source);
            self.last = other.last;
        }
    }

    fn sighting(self, namespace: &str, kind: &str, name: &str, index: &Index<'_>) -> Sighting {
        let workload = index.workload(namespace, kind, name);
        let container = workload.and_then(|workload| named_container(workload, &self.words));
        let owner = match workload {
            Some(workload) => owner::of_workload(workload, index),
            None => Owner { api_version: String::new(), kind: kind.to_owned(), name: name.to_owned() },
        };
        Sighting {
            place: Place {
                namespace: namespace.to_owned(),
                owner: Some(owner),
                pod: None,
                container: container.map_or_else(String::new, |container| container.name.clone()),
                kind: ContainerKind::Template,
                node: None,
            },
            image: Captured::new(container.map_or("", |container| container.image.as_str())),
            reason: Captured::new("FailedCreate"),
            testimony: Some(Testimony {
                reason: Captured::new("FailedCreate"),
                words: Captured::new(&self.words),
                source: self.source,
                at: self.last,
            }),
            beside: Vec::new(),
            missing: None,
            since: self.first,
            next_attempt: None,
            pull_secrets: Vec::new(),
            template_secrets: workload.and_then(Workload::template).map(owner::secrets_of),
            made_by: Some(Owner { api_version: String::new(), kind: kind.to_owned(), name: name.to_owned() }),
            kubelet_minor: None,
            injected: None,
        }
    }
}

/// The container that `spec.containers[1].image: …` points to in the template.
fn named_container<'a>(workload: &'a Workload, words: &str) -> Option<&'a Container> {
    let spec = &workload.template()?.spec;
    let lists = [("spec.initContainers[", &spec.init_containers), ("spec.containers[", &spec.containers)];
    lists.into_iter().find_map(|(prefix, containers)| {
        words.match_indices(prefix).find_map(|(at, _)| {
            let (number, rest) = words[at + prefix.len()..].split_once(']')?;
            if !rest.starts_with(".image: ") {
                return None;
            }
            containers.get(number.parse::<usize>().ok()?)
        })
    })
}
