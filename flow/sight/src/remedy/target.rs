//! The object that a change of a workload goes to, and how the change is written for it.

use pullmedic_model::finding::{ManagedBy, Remedy};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::shell::word as quoted;
use pullmedic_model::sighting::Place;
use pullmedic_model::{Actor, Grade};
use serde_json::json;

/// Where a workload's pod template stands, and whether it may be changed live.
pub(crate) struct Target<'a> {
    place: &'a Place,
    managed: Option<&'a ManagedBy>,
}

impl<'a> Target<'a> {
    pub(crate) fn of(place: &'a Place, managed_by: &'a [ManagedBy]) -> Self {
        let manages =
            |by: &&ManagedBy| Some(&by.owner) == place.owner.as_ref() && by.namespace == place.namespace;
        Target { place, managed: managed_by.iter().find(manages) }
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
        let list = match self.place.kind {
            ContainerKind::Init => "initContainers",
            ContainerKind::Main
            | ContainerKind::Ephemeral
            | ContainerKind::Sandbox
            | ContainerKind::Template => "containers",
            ContainerKind::ImageVolume => "volumes",
        };
        let yaml = match self.place.kind {
            ContainerKind::ImageVolume => {
                format!("volumes:\n- name: VOLUME\n  image:\n    reference: {image}\n")
            }
            _ => format!("{list}:\n- name: {}\n  image: {image}\n", or(&self.place.container, "CONTAINER")),
        };
        let settable = matches!(self.place.kind, ContainerKind::Main | ContainerKind::Init)
            || (self.place.kind == ContainerKind::Template && !self.place.container.is_empty());
        let command = self.resource().filter(|_| settable).map(|resource| {
            let change = format!("{}={}", self.place.container, image);
            self.kubectl(&format!("set image {} {}", quoted(&resource), quoted(&change)))
        });
        self.remedy(Grade::Review, title, command, Some(yaml), note)
    }

    /// Attaches a pull secret, beside those that are there.
    pub(crate) fn attach_secret(&self, secret: &str, first: bool, title: &str, note: Option<&str>) -> Remedy {
        let yaml = format!("imagePullSecrets:\n- name: {}\n", scalar(secret));
        let path = format!("{}/imagePullSecrets", self.pod_spec());
        let patch = if first {
            json!([{"op": "add", "path": path, "value": [{"name": secret}]}])
        } else {
            json!([{"op": "add", "path": format!("{path}/-"), "value": {"name": secret}}])
        }
        .to_string();
        // A pod's own list cannot be changed once it exists.
        let command = self.resource().filter(|_| !self.is_bare_pod()).map(|resource| {
            let (kind, name) = resource.split_once('/').unwrap_or((&resource, ""));
            self.kubectl(&format!("patch {kind} {} --type=json -p {}", quoted(name), quoted(&patch)))
        });
        self.remedy(Grade::Review, title, command, Some(yaml), note)
    }

    /// Goes back to what ran before.
    pub(crate) fn roll_back(&self, title: &str) -> Option<Remedy> {
        let owner = self.place.owner.as_ref().filter(|owner| owner.kind == "Deployment")?;
        if self.managed.is_some() {
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
        let command = command.filter(|_| self.managed.is_none());
        // The report names a managing tool and its place to change by itself.
        let place = (self.managed.is_none() && command.is_none())
            .then(|| format!("change it in {}{}", self.where_to_change(), self.why_no_command()));
        let note = [place, note.map(str::to_owned)].into_iter().flatten().collect::<Vec<_>>().join(". ");
        Remedy {
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
    use pullmedic_model::sighting::Owner;

    fn place(kind: &str) -> Place {
        Place {
            namespace: "shop".into(),
            owner: Some(Owner { api_version: String::new(), kind: kind.into(), name: "cart".into() }),
            pod: Some("cart-1".into()),
            container: "app".into(),
            kind: ContainerKind::Main,
            node: None,
        }
    }

    #[test]
    fn a_command_is_written_for_the_owner_that_kubectl_can_change() {
        let deployment = place("Deployment");
        let remedy = Target::of(&deployment, &[]).set_image("host/app:1", "t", None);
        assert_eq!(
            remedy.command.as_deref(),
            Some("kubectl -n shop set image deployment/cart app=host/app:1")
        );
        let cron = place("CronJob");
        let remedy = Target::of(&cron, &[]).attach_secret("regcred", false, "t", None);
        let path = "/spec/jobTemplate/spec/template/spec/imagePullSecrets/-";
        assert!(remedy.command.is_some_and(|command| command.contains(path)));
        let job = place("Job");
        assert_eq!(Target::of(&job, &[]).set_image("a:1", "t", None).command, None);
    }

    #[test]
    fn a_managed_owner_gets_no_live_edit() {
        let place = place("Deployment");
        let managed = [ManagedBy {
            tool: "Argo CD".into(),
            name: Some("shop".into()),
            owner: place.owner.clone().unwrap(),
            namespace: "shop".into(),
            change: "the Git source".into(),
        }];
        let target = Target::of(&place, &managed);
        let remedy = target.set_image("a:1", "t", None);
        assert_eq!(remedy.command, None);
        assert!(remedy.yaml.is_some_and(|yaml| yaml.contains("image: a:1")));
        assert!(target.roll_back("t").is_none());
    }

    #[test]
    fn a_hostile_name_stays_one_scalar_of_yaml_and_one_string_of_json() {
        assert_eq!(scalar("host:5000/app:1"), "host:5000/app:1");
        assert_eq!(scalar("IMAGE"), "IMAGE");
        for word in ["a\nhostNetwork: true", "null", "yes", "1", "a: b", "a #b", "", "[x]", "NULL"] {
            let written = scalar(word);
            assert!(written.starts_with('"') && !written.contains('\n'), "{word:?}: {written}");
        }
        let place = place("Deployment");
        let remedy = Target::of(&place, &[]).attach_secret("x\"}},{\"op\":\"remove", true, "t", None);
        let command = remedy.command.expect("a Deployment can be patched");
        let patch = command.split('\'').nth(1).expect("the patch is quoted");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(patch).map(|p| p.as_array().map(Vec::len)).ok(),
            Some(Some(1))
        );
    }
}
