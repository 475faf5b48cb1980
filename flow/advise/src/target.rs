//! The object that a change of a workload goes to, and how the change is written for it.

use pullmedic_model::endpoint::without_port;
use pullmedic_model::finding::{ManagedBy, Patch, Remedy};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::shell::word as quoted;
use pullmedic_model::sighting::Place;
use pullmedic_model::subject::owner_or_pod;
use pullmedic_model::{Actor, Grade, Reference, Subject};
use serde_json::{Value, json};

use crate::change::Change;
use crate::write::blank;

/// How many waiting pods a command names; of more, the note speaks.
pub(crate) const NAMED_PODS: usize = 10;

/// Where a workload's pod template stands, and whether it may be changed live.
pub(crate) struct Target<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) place: &'a Place,
    managed: Option<&'a ManagedBy>,
}

impl<'a> Target<'a> {
    pub(crate) fn of(subject: &'a Subject) -> Self {
        let place = &subject.place;
        let owner = owner_or_pod(place);
        let manages = |by: &&ManagedBy| Some(&by.owner) == owner.as_ref() && by.namespace == place.namespace;
        Target { place, subject, managed: subject.managed_by.iter().find(manages) }
    }

    /// What makes static pods: the kubelet, from a file of the node.
    pub(crate) fn is_static(&self) -> bool {
        self.place.owner.as_ref().is_some_and(|owner| owner.kind == "Node")
    }

    /// A container that somebody added to a running pod.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.place.kind == ContainerKind::Ephemeral
    }

    /// Whether its pull secrets can only be changed by making it anew: a bare pod, or a Job that nothing made.
    pub(crate) fn is_fixed(&self) -> bool {
        self.place.owner.as_ref().is_none_or(|owner| owner.kind == "Job")
    }

    /// Whether somebody would undo a live edit, or the image is not the template's.
    pub(crate) fn is_of_others(&self) -> bool {
        self.managed.is_some() || self.subject.injected.is_some()
    }

    /// Whether a command with these words can be pasted: no name may be taken for an option or a path.
    pub(crate) fn is_safe(&self) -> bool {
        let place = self.place;
        let names = [
            Some(&place.namespace),
            place.owner.as_ref().map(|owner| &owner.name),
            place.pod.as_ref(),
            Some(&place.container),
        ];
        names.into_iter().flatten().all(|name| is_name(name))
            && (place.owner.is_some() || place.pod.as_ref().is_none_or(|pod| !pod.is_empty()))
    }

    /// Kind, API version and name of the object whose template can be changed in place; `None` where there is none.
    pub(crate) fn object(&self) -> Option<(&str, &str, &str)> {
        match &self.place.owner {
            Some(owner) => {
                let version = match owner.kind.as_str() {
                    "Deployment" | "StatefulSet" | "DaemonSet" => "apps/v1",
                    "CronJob" => "batch/v1",
                    _ => return None,
                };
                Some((&owner.kind, version, &owner.name))
            }
            None => self.place.pod.as_ref().map(|pod| ("Pod", "v1", pod.as_str())),
        }
    }

    /// JSON pointer of the pod's spec inside the object.
    fn pod_spec(&self) -> &'static str {
        match self.place.owner.as_ref().map(|owner| owner.kind.as_str()) {
            Some("CronJob") => "/spec/jobTemplate/spec/template/spec",
            Some(_) => "/spec/template/spec",
            None => "/spec",
        }
    }

    /// JSON pointer of a field of the pod's spec.
    pub(crate) fn path(&self, field: &str) -> String {
        format!("{}/{field}", self.pod_spec())
    }

    /// `kubectl -n NAMESPACE` and what follows; the namespace is left out where a hand-made object has none.
    pub(crate) fn kubectl(&self, rest: &str) -> String {
        if self.place.namespace.is_empty() {
            format!("kubectl {rest}")
        } else {
            format!("kubectl -n {} {rest}", quoted(&self.place.namespace))
        }
    }

    /// As [`Target::kubectl`]; `None` where a name could be taken for an option.
    pub(crate) fn command(&self, rest: &str) -> Option<String> {
        self.is_safe().then(|| self.kubectl(rest))
    }

    /// The place to change in words.
    pub(crate) fn where_to_change(&self) -> String {
        match &self.place.owner {
            Some(owner) if owner.kind == "Node" => {
                format!("the static pod's manifest file on node {}", owner.name)
            }
            Some(owner) => format!("the pod template of {owner}"),
            None => "the pod".to_owned(),
        }
    }

    /// What a change of the template leaves undone.
    pub(crate) fn afterwards(&self) -> Option<String> {
        match self.place.owner.as_ref()?.kind.as_str() {
            // https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
            "StatefulSet" => Some(
                "then delete the pod that waits: a StatefulSet does not replace one that never became ready"
                    .to_owned(),
            ),
            "CronJob" => {
                let job = self.subject.made_by.as_ref().filter(|by| by.kind == "Job" && is_name(&by.name));
                let how = job.map_or_else(String::new, |job| {
                    format!(" ({})", self.kubectl(&format!("delete job {}", quoted(&job.name))))
                });
                Some(format!(
                    "then delete the Job that waits{how}: it keeps the template that it was made with"
                ))
            }
            _ => None,
        }
    }

    /// The command that deletes the pods which wait, where their owner makes new ones only then and loses nothing by it.
    fn deletion(&self) -> Option<String> {
        let owner = self.place.owner.as_ref()?;
        let pods = &self.subject.waiting;
        let few = !pods.is_empty() && pods.len() <= NAMED_PODS && pods.iter().all(|pod| is_name(pod));
        (owner.kind == "StatefulSet" && few).then(|| self.kubectl(&format!("delete pod {}", pods.join(" "))))
    }

    /// A remedy that makes an exact change of the pod's spec.
    pub(crate) fn changed(&self, change: &Change, yaml: String, title: &str, note: Option<&str>) -> Remedy {
        let Some((kind, version, name)) = self.object() else { return self.edit(title, yaml, note) };
        let patch = |operations: &[Value]| self.patch(kind, name, operations);
        let deletion = self.deletion();
        let command = [Some(patch(&change.operations)), deletion.clone()];
        let afterwards = self.afterwards().filter(|_| deletion.is_none());
        self.shaped(Remedy {
            command: Some(command.into_iter().flatten().collect::<Vec<_>>().join(" && ")),
            yaml: Some(yaml),
            note: joined([note.map(str::to_owned), afterwards]),
            changes: self.changes(deletion.is_some()),
            undo: Some(patch(&change.undo)),
            patch: Some(self.object_patch(kind, version, name, &change.operations)),
            ..self.review(title)
        })
    }

    pub(crate) fn patch(&self, kind: &str, name: &str, operations: &[Value]) -> String {
        let kind = kind.to_ascii_lowercase();
        let operations = json!(operations).to_string();
        self.kubectl(&format!("patch {kind} {} --type=json -p {}", quoted(name), quoted(&operations)))
    }

    pub(crate) fn object_patch(&self, kind: &str, version: &str, name: &str, operations: &[Value]) -> Patch {
        Patch {
            api_version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: self.place.namespace.clone(),
            name: name.to_owned(),
            operations: json!(operations),
        }
    }

    /// What a change of the template does beside mending.
    pub(crate) fn changes(&self, deletes: bool) -> Option<String> {
        let owner = self.place.owner.as_ref()?;
        Some(match owner.kind.as_str() {
            "CronJob" => format!("concerns the Jobs that {owner} makes from then on"),
            _ if deletes => format!("deletes the pods of {owner} that wait, and rolls the others"),
            _ => format!("rolls the pods of {owner}"),
        })
    }

    /// A change of YAML in the pod template, without a command.
    pub(crate) fn edit(&self, title: &str, yaml: String, note: Option<&str>) -> Remedy {
        self.shaped(Remedy { yaml: Some(yaml), note: note.map(str::to_owned), ..self.review(title) })
    }

    pub(crate) fn review(&self, title: &str) -> Remedy {
        blank(Grade::Review, title, Actor::Application)
    }

    /// A command and its patch are kept only where nobody would undo them; else the YAML and the place to change remain.
    pub(crate) fn shaped(&self, remedy: Remedy) -> Remedy {
        let live = remedy.command.is_some() && !self.is_of_others() && self.is_safe();
        if live {
            return Remedy { yaml: None, ..remedy };
        }
        // The report names a managing tool and its place to change by itself.
        let place = match &self.subject.injected {
            Some(injected) => {
                let by = injected.injector.as_deref().unwrap_or("whatever put it there");
                Some(format!("change it in the configuration of {by}: the template does not have it so"))
            }
            None => self
                .managed
                .is_none()
                .then(|| format!("change it in {}{}", self.where_to_change(), self.why_no_command())),
        };
        let note = joined([place, remedy.note]);
        Remedy { command: None, undo: None, patch: None, note, ..remedy }
    }

    fn why_no_command(&self) -> &'static str {
        match self.place.owner.as_ref().map(|owner| owner.kind.as_str()) {
            Some("Job") => ": a Job's template cannot be changed, so delete the Job and create it anew",
            Some("Node" | "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob") => "",
            Some(_) => ", where its own controller reads it",
            None => ": most fields of a pod cannot be changed, so delete it and create it anew",
        }
    }

    /// The images that the spec names on other hosts than the one that waits.
    pub(crate) fn has_other_hosts(&self) -> bool {
        let Some((spec, reference)) = self.subject.spec.as_ref().zip(self.subject.reference.as_ref()) else {
            return true;
        };
        let containers = spec.containers.iter().chain(&spec.init_containers).map(|it| it.image.as_str());
        let volumes =
            spec.volumes.iter().filter_map(|volume| volume.image.as_ref()).map(|it| it.reference.as_str());
        let is_other = |image: &str| {
            Reference::parse(image)
                .is_ok_and(|other| without_port(&other.host) != without_port(&reference.host))
        };
        containers.chain(volumes).any(is_other)
    }
}

/// Whether a word is a name of Kubernetes, which no option and no path looks like.
pub(crate) fn is_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && !name.starts_with(['-', '.'])
}

pub(crate) fn joined(parts: [Option<String>; 2]) -> Option<String> {
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    Some(text).filter(|text| !text.is_empty())
}
