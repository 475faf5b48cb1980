//! The object that a change of a workload goes to, and how the change is written for it.

use pullmedic_model::finding::{ManagedBy, Remedy};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::shell::word as quoted;
use pullmedic_model::sighting::Place;
use pullmedic_model::{Actor, Grade, Subject};
use serde_json::json;

use pullmedic_model::subject::owner_or_pod;

/// Where a workload's pod template stands, and whether it may be changed live.
pub(crate) struct Target<'a> {
    place: &'a Place,
    subject: &'a Subject,
    managed: Option<&'a ManagedBy>,
}

impl<'a> Target<'a> {
    pub(crate) fn of(subject: &'a Subject) -> Self {
        let place = &subject.place;
        let owner = owner_or_pod(place);
        let manages = |by: &&ManagedBy| Some(&by.owner) == owner.as_ref() && by.namespace == place.namespace;
        Target { place, subject, managed: subject.managed_by.iter().find(manages) }
    }

    /// The pull secrets that the template of the owner names; `None` when that template was not read.
    fn template_secrets(&self) -> Option<Vec<String>> {
        let spec = self.subject.spec.as_ref().filter(|_| self.place.owner.is_some())?;
        Some(spec.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect())
    }

    /// What makes static pods: the kubelet, from a file of the node.
    pub(crate) fn is_static(&self) -> bool {
        self.place.owner.as_ref().is_some_and(|owner| owner.kind == "Node")
    }

    /// A container that somebody added to a running pod.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.place.kind == ContainerKind::Ephemeral
    }

    /// Whether a command with these words can be pasted: no name may be taken for an option or a path.
    fn is_safe(&self) -> bool {
        let place = self.place;
        let names = [
            Some(&place.namespace),
            place.owner.as_ref().map(|owner| &owner.name),
            place.pod.as_ref(),
            Some(&place.container),
        ];
        let good = |name: &String| {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
                && !name.starts_with(['-', '.'])
        };
        names.into_iter().flatten().all(good)
            && (place.owner.is_some() || place.pod.as_ref().is_none_or(|pod| !pod.is_empty()))
    }

    /// `deployment/cart`, or `pod/cart-1` for a bare pod; `None` where kubectl cannot change the template in place.
    fn resource(&self) -> Option<String> {
        match &self.place.owner {
            Some(owner) => match owner.kind.as_str() {
                "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" => {
                    Some(format!("{}/{}", owner.kind.to_ascii_lowercase(), owner.name))
                }
                _ => None,
            },
            None => self.place.pod.as_ref().map(|pod| format!("pod/{pod}")),
        }
    }

    fn is_bare_pod(&self) -> bool {
        self.place.owner.is_none()
    }

    /// JSON pointer of the pod's spec inside the owner.
    fn pod_spec(&self) -> &'static str {
        match self.place.owner.as_ref().map(|owner| owner.kind.as_str()) {
            Some("CronJob") => "/spec/jobTemplate/spec/template/spec",
            Some(_) => "/spec/template/spec",
            None => "/spec",
        }
    }

    fn namespace(&self) -> String {
        quoted(&self.place.namespace)
    }

    /// `kubectl -n NAMESPACE` and what follows; the namespace is left out where a hand-made object has none.
    pub(crate) fn kubectl(&self, rest: &str) -> String {
        if self.place.namespace.is_empty() {
            format!("kubectl {rest}")
        } else {
            format!("kubectl -n {} {rest}", self.namespace())
        }
    }

    /// As [`Target::kubectl`]; `None` where a name could be taken for an option.
    pub(crate) fn command(&self, rest: &str) -> Option<String> {
        self.is_safe().then(|| self.kubectl(rest))
    }

    /// The place to change in words.
    fn where_to_change(&self) -> String {
        match &self.place.owner {
            Some(owner) if owner.kind == "Node" => {
                format!("the static pod's manifest file on node {}", owner.name)
            }
            Some(owner) => format!("the pod template of {owner}"),
            None => "the pod".to_owned(),
        }
    }

    /// Gives the container another image.
    pub(crate) fn set_image(&self, image: &str, title: &str, note: Option<&str>) -> Remedy {
        if self.is_ephemeral() {
            return self.debug_again(title, note);
        }
        let name = scalar(or(&self.place.container, "CONTAINER"));
        let yaml = match self.list() {
            Some(list) => format!("{list}:\n- name: {name}\n  image: {}\n", scalar(image)),
            None => format!("volumes:\n- name: VOLUME\n  image:\n    reference: {}\n", scalar(image)),
        };
        let settable = self.list().is_some() && !self.place.container.is_empty();
        let command = self.resource().filter(|_| settable).map(|resource| {
            let change = format!("{}={}", self.place.container, image);
            self.kubectl(&format!("set image {} {}", quoted(&resource), quoted(&change)))
        });
        let afterwards = command.as_ref().and_then(|_| self.afterwards());
        let note = [note, afterwards].into_iter().flatten().collect::<Vec<_>>().join(". ");
        self.remedy(
            Grade::Review,
            title,
            command,
            Some(yaml),
            Some(note.as_str()).filter(|note| !note.is_empty()),
        )
    }

    /// Lets the kubelet pull where the policy forbids it.
    pub(crate) fn set_policy(&self, policy: &str, title: &str) -> Remedy {
        if self.is_ephemeral() {
            return self.debug_again(title, None);
        }
        let name = scalar(or(&self.place.container, "CONTAINER"));
        let yaml = match self.list() {
            Some(list) => format!("{list}:\n- name: {name}\n  imagePullPolicy: {policy}\n"),
            None => format!("volumes:\n- name: VOLUME\n  image:\n    pullPolicy: {policy}\n"),
        };
        self.edit(Grade::Review, title, yaml, None)
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
    fn debug_again(&self, title: &str, note: Option<&str>) -> Remedy {
        let pod = self.place.pod.as_deref().unwrap_or("POD");
        let command = self.kubectl(&format!("debug {} -it --image=IMAGE", quoted(pod)));
        Remedy {
            tried_how: None,
            changes: None,
            undo: None,
            patch: None,
            grade: Grade::Review,
            title: format!("{title}: start another debug container"),
            actor: Actor::Application,
            tried: false,
            command: Some(command).filter(|_| self.is_safe()),
            yaml: None,
            note: Some(
                note.unwrap_or(
                    "the pod itself is not concerned, and an ephemeral container cannot be changed",
                )
                .to_owned(),
            ),
        }
    }

    /// What a change of the template leaves undone.
    fn afterwards(&self) -> Option<&'static str> {
        match self.place.owner.as_ref()?.kind.as_str() {
            // https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
            "StatefulSet" => Some(
                "then delete the pod that waits: a StatefulSet does not replace one that never became ready",
            ),
            "CronJob" => Some("then delete the Job that waits: it keeps the template that it was made with"),
            _ => None,
        }
    }

    /// Attaches a pull secret, beside those that are there. The template's own list decides what the patch has to be: the
    /// pod's may come from its ServiceAccount, which counts only where the template names none.
    pub(crate) fn attach_secret(&self, secret: &str, title: &str, note: Option<&str>) -> Remedy {
        let held = self.template_secrets();
        let held = held.as_deref();
        let kept = match held {
            Some([]) | None => self.subject.pull_secrets.as_slice(),
            Some(held) => held,
        };
        let mut yaml = String::from("imagePullSecrets:\n");
        for name in kept.iter().map(String::as_str).chain([secret]) {
            yaml.push_str(&format!("- name: {}\n", scalar(name)));
        }
        let path = format!("{}/imagePullSecrets", self.pod_spec());
        let patch = match held {
            None => None,
            Some([]) => {
                let names = kept.iter().map(String::as_str).chain([secret]);
                let list: Vec<_> = names.map(|name| json!({"name": name})).collect();
                Some(json!([{"op": "add", "path": path, "value": list}]))
            }
            Some(_) => Some(json!([{"op": "add", "path": format!("{path}/-"), "value": {"name": secret}}])),
        };
        // A pod's own list cannot be changed once it exists.
        let command = patch.zip(self.resource()).filter(|_| !self.is_bare_pod()).map(|(patch, resource)| {
            let (kind, name) = resource.split_once('/').unwrap_or((&resource, ""));
            self.kubectl(&format!(
                "patch {kind} {} --type=json -p {}",
                quoted(name),
                quoted(&patch.to_string())
            ))
        });
        self.remedy(Grade::Review, title, command, Some(yaml), note)
    }

    /// Goes back to what ran before.
    pub(crate) fn roll_back(&self, title: &str) -> Option<Remedy> {
        let owner = self.place.owner.as_ref().filter(|owner| owner.kind == "Deployment")?;
        let is_of_template = matches!(self.place.kind, ContainerKind::Main | ContainerKind::Init);
        if self.managed.is_some() || self.subject.injected.is_some() || !is_of_template || !self.is_safe() {
            return None;
        }
        let command =
            self.kubectl(&format!("rollout undo {}", quoted(&format!("deployment/{}", owner.name))));
        Some(self.remedy(Grade::Review, title, Some(command), None, None))
    }

    /// A change of YAML in the pod template, without a command.
    pub(crate) fn edit(&self, grade: Grade, title: &str, yaml: String, note: Option<&str>) -> Remedy {
        self.remedy(grade, title, None, Some(yaml), note)
    }

    /// A command is kept only where nobody would undo it; else the YAML and the place to change remain.
    fn remedy(
        &self,
        grade: Grade,
        title: &str,
        command: Option<String>,
        yaml: Option<String>,
        note: Option<&str>,
    ) -> Remedy {
        let injected = self.subject.injected.as_ref();
        let command = command.filter(|_| self.managed.is_none() && injected.is_none() && self.is_safe());
        // The report names a managing tool and its place to change by itself.
        let place = match injected {
            Some(injected) => {
                let by = injected.injector.as_deref().unwrap_or("whatever put it there");
                Some(format!("change it in the configuration of {by}: the template does not have it so"))
            }
            None => (self.managed.is_none() && command.is_none())
                .then(|| format!("change it in {}{}", self.where_to_change(), self.why_no_command())),
        };
        let note = [place, note.map(str::to_owned)].into_iter().flatten().collect::<Vec<_>>().join(". ");
        Remedy {
            tried_how: None,
            changes: None,
            undo: None,
            patch: None,
            grade,
            title: title.to_owned(),
            actor: Actor::Application,
            tried: false,
            yaml: yaml.filter(|_| command.is_none()),
            command,
            note: Some(note).filter(|note| !note.is_empty()),
        }
    }

    fn why_no_command(&self) -> &'static str {
        match self.place.owner.as_ref().map(|owner| owner.kind.as_str()) {
            Some("Job") => ": a Job's template cannot be changed, so delete the Job and create it anew",
            Some("Node" | "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob") => "",
            Some(_) => ", where its own controller reads it",
            None => ": most fields of a pod cannot be changed, so delete it and create it anew",
        }
    }
}

/// A scalar of YAML, quoted unless it is plain in every reading: a name from outside must not become a key.
pub(crate) fn scalar(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':' | b'@');
    let begins = word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    // `yes`, `null` and the like are no text to YAML; none of them has any of these.
    let is_text = word.contains(['/', ':', '.', '-', '@']) || is_placeholder(word);
    if begins && is_text && !word.ends_with(':') && word.bytes().all(plain) {
        return word.to_owned();
    }
    serde_json::Value::from(word).to_string()
}

/// The words in capitals that a reader fills in.
fn is_placeholder(word: &str) -> bool {
    matches!(word, "IMAGE" | "CONTAINER" | "SECRET" | "VOLUME")
}

fn or<'a>(word: &'a str, other: &'a str) -> &'a str {
    if word.is_empty() { other } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_one_scalar_of_yaml() {
        assert_eq!(scalar("host:5000/app:1"), "host:5000/app:1");
        assert_eq!(scalar("IMAGE"), "IMAGE");
        for word in ["a\nhostNetwork: true", "null", "yes", "1", "a: b", "a #b", "", "[x]", "NULL"] {
            let written = scalar(word);
            assert!(written.starts_with('"') && !written.contains('\n'), "{word:?}: {written}");
        }
    }
}
