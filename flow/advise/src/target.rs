//! The object that a change of a workload goes to, and how the change is written for it.

use pullmedic_model::endpoint::without_port;
use pullmedic_model::finding::{ManagedBy, Patch, Remedy};
use pullmedic_model::object::{Container, ContainerKind};
use pullmedic_model::shell::word as quoted;
use pullmedic_model::sighting::Place;
use pullmedic_model::subject::owner_or_pod;
use pullmedic_model::{Actor, Captured, Grade, Reference, Subject};
use serde_json::{Value, json};

use crate::change::{Change, pointer};
use crate::write::{blank, scalar};

/// How many waiting pods a command names; of more, the note speaks.
const NAMED_PODS: usize = 10;

/// Where a workload's pod template stands, and whether it may be changed live.
pub(crate) struct Target<'a> {
    pub(crate) subject: &'a Subject,
    place: &'a Place,
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
    fn object(&self) -> Option<(&str, &str, &str)> {
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

    /// Gives the container another image, of which the reader fills in a part.
    pub(crate) fn set_image(&self, image: &str, title: &str, note: Option<&str>) -> Remedy {
        if self.is_ephemeral() {
            return self.debug_again("IMAGE", title, note);
        }
        let settable = self.list().is_some() && !self.place.container.is_empty();
        let command = self.object().filter(|_| settable).map(|(kind, _, name)| {
            let resource = format!("{}/{name}", kind.to_ascii_lowercase());
            let change = format!("{}={image}", self.place.container);
            self.kubectl(&format!("set image {} {}", quoted(&resource), quoted(&change)))
        });
        let afterwards = command.as_ref().and_then(|_| self.afterwards());
        let note = joined([note.map(str::to_owned), afterwards]);
        self.shaped(Remedy { command, yaml: Some(self.image_yaml(image)), note, ..self.review(title) })
    }

    /// Gives the container exactly this image.
    pub(crate) fn exact_image(&self, image: &str, title: &str, note: Option<&str>) -> Remedy {
        if self.is_ephemeral() {
            return self.debug_again(image, title, note);
        }
        let Some((path, old)) = self.image_path() else { return self.set_image(image, title, note) };
        let change = Change::replace(&path, &json!(old), &json!(image));
        self.changed(&change, self.image_yaml(image), title, note)
    }

    fn image_yaml(&self, image: &str) -> String {
        let name = scalar(or(&self.place.container, "CONTAINER"));
        match self.list() {
            Some(list) => format!("{list}:\n- name: {name}\n  image: {}\n", scalar(image)),
            None => format!("volumes:\n- name: VOLUME\n  image:\n    reference: {}\n", scalar(image)),
        }
    }

    /// Where the image stands in the object, and what stands there; `None` when that was not read, is not what waits, or
    /// holds a login, which no patch of ours may show.
    fn image_path(&self) -> Option<(String, &'a str)> {
        let (path, old) = match self.container() {
            Some((path, container)) => (format!("{path}/image"), container.image.as_str()),
            None if self.place.kind == ContainerKind::ImageVolume => {
                let volumes = self.subject.spec.as_ref()?.volumes.iter().enumerate();
                let mut images = volumes.filter_map(|(index, volume)| Some((index, volume.image.as_ref()?)));
                let (index, image) = images.find(|(_, image)| image.reference == self.subject.image)?;
                (self.path(&format!("volumes/{index}/image/reference")), image.reference.as_str())
            }
            None => return None,
        };
        (old == self.subject.image && Captured::new(old).as_str() == old).then_some((path, old))
    }

    /// The container in the object's pod spec, and where it stands there.
    fn container(&self) -> Option<(String, &'a Container)> {
        let spec = self.subject.spec.as_ref()?;
        let (field, list) = match self.place.kind {
            ContainerKind::Init => ("initContainers", &spec.init_containers),
            ContainerKind::Main | ContainerKind::Template => ("containers", &spec.containers),
            ContainerKind::Ephemeral | ContainerKind::ImageVolume | ContainerKind::Sandbox => return None,
        };
        let named = |container: &&Container| container.name == self.place.container;
        let index = list.iter().position(|container| named(&container))?;
        Some((self.path(&format!("{field}/{index}")), &list[index]))
    }

    /// Lets the kubelet pull where the policy forbids it.
    pub(crate) fn set_policy(&self, policy: &str, title: &str) -> Remedy {
        if self.is_ephemeral() {
            return self.debug_again("IMAGE", title, None);
        }
        let name = scalar(or(&self.place.container, "CONTAINER"));
        let yaml = match self.list() {
            Some(list) => format!("{list}:\n- name: {name}\n  imagePullPolicy: {policy}\n"),
            None => format!("volumes:\n- name: VOLUME\n  image:\n    pullPolicy: {policy}\n"),
        };
        // A pod's policy cannot be changed once it exists.
        match self.container().filter(|_| !self.is_fixed()) {
            Some((path, container)) if container.image_pull_policy == "Never" => {
                let path = format!("{path}/imagePullPolicy");
                self.changed(&Change::replace(&path, &json!("Never"), &json!(policy)), yaml, title, None)
            }
            Some(_) | None => self.edit(title, yaml, None),
        }
    }

    /// Lets the pods run only on nodes with this label.
    pub(crate) fn select_node(&self, label: &str, value: &str, title: &str, note: Option<&str>) -> Remedy {
        let yaml = format!("nodeSelector:\n  {label}: {}\n", scalar(value));
        let Some(spec) = self.subject.spec.as_ref().filter(|_| !self.is_fixed()) else {
            return self.edit(title, yaml, note);
        };
        let path = self.path(&format!("nodeSelector/{}", pointer(label)));
        let change = match &spec.node_selector {
            None => Change::add(&self.path("nodeSelector"), &json!({label: value})),
            Some(held) => match held.get(label) {
                None => Change::add(&path, &json!(value)),
                Some(old) => Change::replace(&path, &json!(old), &json!(value)),
            },
        };
        self.changed(&change, yaml, title, note)
    }

    /// The list of the pod's spec that holds the container; `None` for an image volume.
    fn list(&self) -> Option<&'static str> {
        match self.place.kind {
            ContainerKind::Init => Some("initContainers"),
            ContainerKind::Main | ContainerKind::Sandbox | ContainerKind::Template => Some("containers"),
            ContainerKind::Ephemeral => Some("ephemeralContainers"),
            ContainerKind::ImageVolume => None,
        }
    }

    /// Nothing about the workload is wrong, and an ephemeral container cannot be changed.
    fn debug_again(&self, image: &str, title: &str, note: Option<&str>) -> Remedy {
        let pod = self.place.pod.as_deref().unwrap_or("POD");
        let untouched = "the pod itself is not concerned, and an ephemeral container cannot be changed";
        Remedy {
            command: self.command(&format!("debug {} -it --image={}", quoted(pod), quoted(image))),
            note: Some(note.unwrap_or(untouched).to_owned()),
            ..self.review(&format!("{title}: start another debug container"))
        }
    }

    /// What a change of the template leaves undone.
    fn afterwards(&self) -> Option<String> {
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

    fn patch(&self, kind: &str, name: &str, operations: &[Value]) -> String {
        let kind = kind.to_ascii_lowercase();
        let operations = json!(operations).to_string();
        self.kubectl(&format!("patch {kind} {} --type=json -p {}", quoted(name), quoted(&operations)))
    }

    fn object_patch(&self, kind: &str, version: &str, name: &str, operations: &[Value]) -> Patch {
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

    /// A change of the ServiceAccount's own list.
    pub(crate) fn of_account(&self, account: &str, change: &Change, title: &str, note: &str) -> Remedy {
        let safe = self.is_safe() && is_name(account) && !account.is_empty() && !self.is_of_others();
        let patch = |operations: &[Value]| self.patch("ServiceAccount", account, operations);
        Remedy {
            command: safe.then(|| patch(&change.operations)),
            undo: safe.then(|| patch(&change.undo)),
            patch: safe.then(|| self.object_patch("ServiceAccount", "v1", account, &change.operations)),
            changes: Some(format!(
                "every new pod of ServiceAccount/{account} that names no pull secret of its own"
            )),
            note: Some(note.to_owned()),
            ..self.review(title)
        }
    }

    /// Makes a pod or a Job anew with another spec, since the one that is there cannot be changed. `spec` and `back` are
    /// strategic merge patches of the pod's spec.
    pub(crate) fn made_anew(&self, spec: &Value, back: &Value, yaml: String, title: &str) -> Remedy {
        let (kind, name) = match (&self.place.owner, &self.place.pod) {
            (Some(owner), _) => (owner.kind.as_str(), owner.name.as_str()),
            (None, Some(pod)) => ("Pod", pod.as_str()),
            (None, None) => return self.edit(title, yaml, None),
        };
        let anew = |spec: &Value| {
            let patch = match kind {
                // What the API server wrote into a Job to know its own pods; a new one is given its own.
                // https://kubernetes.io/docs/concepts/workloads/controllers/job/#specifying-your-own-pod-selector
                "Job" => {
                    let own = [
                        "controller-uid",
                        "batch.kubernetes.io/controller-uid",
                        "job-name",
                        "batch.kubernetes.io/job-name",
                    ];
                    let labels: serde_json::Map<String, Value> =
                        own.iter().map(|label| ((*label).to_owned(), Value::Null)).collect();
                    json!({"metadata": {"labels": labels}, "spec": {"selector": null,
                        "template": {"metadata": {"labels": labels}, "spec": spec}}})
                }
                _ => json!({"spec": spec}),
            };
            format!(
                "{} | kubectl patch --local -f - -p {} -o yaml | {}",
                self.kubectl(&format!("get {} {} -o yaml", kind.to_ascii_lowercase(), quoted(name))),
                quoted(&patch.to_string()),
                self.kubectl("replace --force -f -")
            )
        };
        let remedy = self.shaped(Remedy {
            command: Some(anew(spec)),
            undo: Some(anew(back)),
            changes: Some(format!("deletes {kind}/{name} and makes it anew")),
            note: Some(format!(
                "the pull secrets of a {} cannot be changed once it exists",
                kind.to_ascii_lowercase()
            )),
            ..self.review(title)
        });
        Remedy { yaml: Some(yaml), ..remedy }
    }

    /// Goes back to what ran before.
    pub(crate) fn roll_back(&self, title: &str) -> Option<Remedy> {
        let owner = self.place.owner.as_ref().filter(|owner| owner.kind == "Deployment")?;
        let is_of_template = matches!(self.place.kind, ContainerKind::Main | ContainerKind::Init);
        if self.is_of_others() || !is_of_template || !self.is_safe() {
            return None;
        }
        let command =
            self.kubectl(&format!("rollout undo {}", quoted(&format!("deployment/{}", owner.name))));
        Some(Remedy {
            undo: Some(command.clone()),
            command: Some(command),
            changes: Some(format!("takes the whole template of {owner} back, not the image alone")),
            ..self.review(title)
        })
    }

    /// A change of YAML in the pod template, without a command.
    pub(crate) fn edit(&self, title: &str, yaml: String, note: Option<&str>) -> Remedy {
        self.shaped(Remedy { yaml: Some(yaml), note: note.map(str::to_owned), ..self.review(title) })
    }

    fn review(&self, title: &str) -> Remedy {
        blank(Grade::Review, title, Actor::Application)
    }

    /// A command and its patch are kept only where nobody would undo them; else the YAML and the place to change remain.
    fn shaped(&self, remedy: Remedy) -> Remedy {
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

fn joined(parts: [Option<String>; 2]) -> Option<String> {
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(". ");
    Some(text).filter(|text| !text.is_empty())
}

fn or<'a>(word: &'a str, other: &'a str) -> &'a str {
    if word.is_empty() { other } else { word }
}
