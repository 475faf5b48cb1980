//! The changes that remedies make: another image, policy, selector or list, or the object made anew.

use pullmedic_model::Captured;
use pullmedic_model::finding::Remedy;
use pullmedic_model::object::{Container, ContainerKind};
use pullmedic_model::shell::word as quoted;
use serde_json::{Value, json};

use crate::change::{Change, pointer};
use crate::target::{Target, is_name, joined};
use crate::write::scalar;

impl<'a> Target<'a> {
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
                _ => {
                    let mut spec = spec.clone();
                    // A new pod may not have any.
                    if self.subject.spec.as_ref().is_some_and(|spec| !spec.ephemeral_containers.is_empty()) {
                        spec["ephemeralContainers"] = Value::Null;
                    }
                    json!({"spec": spec})
                }
            };
            let patch = format!("-p {}", quoted(&patch.to_string()));
            self.replaced_whole(&kind.to_ascii_lowercase(), name, &patch)
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

    /// Deletes an object and makes it again with a change that it cannot take in place. The server is asked first whether
    /// it would take the new form, under another name, because a refusal after the deletion would lose the object. What
    /// is read stays in pipes and an unexported variable.
    pub(crate) fn replaced_whole(&self, kind: &str, name: &str, patch: &str) -> String {
        let short: String = name.chars().take(50).collect();
        let trial = format!("{}-trial", short.trim_end_matches(['-', '.']));
        let renamed = json!({"metadata": {"name": trial, "resourceVersion": null, "uid": null}}).to_string();
        let print = "printf '%s\\n' \"$c\"";
        let patched = "kubectl patch --local -f -";
        format!(
            "(set +x; c=$({get}) && c=$({print} | {patched} {patch} -o yaml) && {print} | {patched} --type=merge -p {renamed} \
             -o yaml | {try_it} >/dev/null && {print} | {replace})",
            get = self.kubectl(&format!("get {kind} {} -o yaml", quoted(name))),
            renamed = quoted(&renamed),
            try_it = self.kubectl("create --dry-run=server -f -"),
            replace = self.kubectl("replace --force -f -"),
        )
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
}

fn or<'a>(word: &'a str, other: &'a str) -> &'a str {
    if word.is_empty() { other } else { word }
}
