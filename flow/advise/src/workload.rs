//! Remedies that change a workload or its pull secrets.

use pullmedic_model::finding::Remedy;
use pullmedic_model::shell::word as quoted;
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Actor, Cause, Grade, Reference};

use crate::node;
use crate::target::Target;
use pullmedic_model::Subject;

const NEW_SECRET: &str = "regcred";

pub(crate) fn corrected_reference(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let candidates = match Reference::parse(&subject.image) {
        Err(error) => error.candidates,
        Ok(_) => Vec::new(),
    };
    if candidates.is_empty() {
        return vec![target.set_image("IMAGE", "give the container a valid image name", Some(
            "write it as HOST/REPOSITORY:TAG, in lower case up to the tag; a digest is sha256: and 64 hexadecimal digits",
        ))];
    }
    let several = candidates.len() > 1;
    let note = several.then_some("one of several readings of what was written: take the one that was meant");
    candidates
        .iter()
        .map(|image| target.set_image(image, &format!("write the image as {image}"), note))
        .collect()
}

pub(crate) fn other_image(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let repository = subject.repository();
    let (image, title) = match subject.cause {
        Cause::RepositoryNotFound => ("IMAGE".to_owned(), "name a repository that exists"),
        Cause::DigestNotFound => {
            (format!("{repository}@DIGEST"), "name a digest that exists; the content changes with it")
        }
        _ => (format!("{repository}:TAG"), "name a tag that exists"),
    };
    let note = format!("list what there is: {}", look_up(subject));
    let mut remedies = vec![target.set_image(&image, title, Some(&note))];
    // What serves must be another revision of the same owner, or going back leads nowhere.
    let place = &subject.place;
    let before = subject.serving.iter().find(|serving| {
        let same = Some(&serving.owner) == place.owner.as_ref() && serving.namespace == place.namespace;
        let is_self = |by: &Owner| {
            subject
                .made_by
                .as_ref()
                .is_none_or(|made_by| (&made_by.kind, &made_by.name) == (&by.kind, &by.name))
        };
        same && serving.ready > 0 && serving.by.as_ref().is_some_and(|by| !is_self(by))
    });
    if let Some(by) = before.and_then(|serving| serving.by.as_ref()) {
        remedies.extend(target.roll_back(&format!("go back to what ran before ({by} still serves)")));
    }
    remedies
}

/// What lists the tags of a repository, or what shows a digest.
fn look_up(subject: &Subject) -> String {
    let repository = subject.repository();
    match subject.cause {
        Cause::DigestNotFound => format!("skopeo inspect {}", quoted(&format!("docker://{repository}:TAG"))),
        _ => format!("skopeo list-tags {}", quoted(&format!("docker://{repository}"))),
    }
}

pub(crate) fn attach_login(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let host =
        subject.reference.as_ref().map_or("REGISTRY".to_owned(), |reference| server_of(&reference.host));
    let create = target.command(&format!(
        "create secret docker-registry {NEW_SECRET} --docker-server={} --docker-username=USER --docker-password=PASSWORD",
        quoted(&host)
    ));
    if target.is_static() {
        return vec![node::static_login(subject)];
    }
    let mut remedies = vec![Remedy {
        tried_how: None,
        changes: None,
        undo: None,
        patch: None,
        grade: Grade::Review,
        title: format!("make a pull secret with a login that may pull {}", subject.repository()),
        actor: Actor::Application,
        tried: false,
        command: create,
        yaml: None,
        note: Some("skip this if the namespace has one that works".into()),
    }];
    let note = "pods that exist keep the list they were made with: the change makes new ones";
    // A running pod's list cannot be changed for the sake of a debug container.
    if !target.is_ephemeral() {
        let title = format!("name {NEW_SECRET} in the pod template");
        remedies.push(target.attach_secret(NEW_SECRET, &title, Some(note)));
    }
    if subject.cause == Cause::NotFoundOrDenied {
        let title = format!("correct the image, if {} does not exist", subject.repository());
        remedies.push(target.set_image("IMAGE", &title, None));
    }
    remedies
}

/// The key that Docker Hub's logins have by convention:
/// <https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/>.
fn server_of(host: &str) -> String {
    match host {
        "docker.io" => "https://index.docker.io/v1/".to_owned(),
        other => other.to_owned(),
    }
}

pub(crate) fn missing_secret(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let named = &subject.pull_secrets;
    let look = Remedy {
        tried_how: None,
        changes: None,
        undo: None,
        patch: None,
        grade: Grade::Review,
        title: format!("make the secret that the pod names ({}), or name one that exists", listed(named)),
        actor: Actor::Application,
        tried: false,
        command: target.command("get secrets --field-selector type=kubernetes.io/dockerconfigjson"),
        yaml: None,
        note: Some(
            "the kubelet looks the secret up at each attempt, so a secret made now needs no new pod".into(),
        ),
    };
    let mut remedies = vec![look];
    remedies.extend(attach_login(subject, target).into_iter().take(1));
    remedies
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "see its imagePullSecrets".to_owned() } else { names.join(", ") }
}

pub(crate) fn rewrite_secret(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let host =
        subject.reference.as_ref().map_or("REGISTRY".to_owned(), |reference| server_of(&reference.host));
    let name = match subject.pull_secrets.as_slice() {
        [one] if !one.starts_with('-') => one.as_str(),
        _ => "SECRET",
    };
    let command = target.command(&format!(
        "create secret docker-registry {} --docker-server={} --docker-username=USER --docker-password=PASSWORD \
         --dry-run=client -o yaml | {}",
        quoted(name),
        quoted(&host),
        target.kubectl("replace -f -")
    ));
    vec![Remedy {
            tried_how: None, changes: None, undo: None, patch: None,
        grade: Grade::Review,
        title: format!("write the pull secret anew ({})", listed(&subject.pull_secrets)),
        actor: Actor::Application,
        tried: false,
        command,
        yaml: None,
        note: Some(
            "one secret that cannot be read stops all of them; `auth` must be base64 of user:password. The command replaces \
             every login that the secret holds"
                .into(),
        ),
    }]
}

pub(crate) fn platform(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let yaml = "nodeSelector:\n  kubernetes.io/arch: ARCHITECTURE\n".to_owned();
    vec![
        target.edit(Grade::Review, "let it run only where the image exists for", yaml, None),
        target.set_image(
            &format!("{}:TAG", subject.repository()),
            "name a tag that is built for the node's platform",
            None,
        ),
    ]
}

pub(crate) fn never(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    vec![
        target.set_policy("IfNotPresent", "let the kubelet pull what is absent"),
        Remedy {
            tried_how: None,
            changes: None,
            undo: None,
            patch: None,
            grade: Grade::Review,
            title: format!("bring the image to {}", subject.node()),
            actor: Actor::Platform,
            tried: false,
            command: Some(format!("crictl pull {}", subject.image_word())),
            yaml: None,
            note: Some(format!(
                "on {}; images that nobody pulled through the kubelet are free for every pod",
                subject.node()
            )),
        },
    ]
}

pub(crate) fn rate_limited(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let mut remedies = vec![Remedy {
        tried_how: None,
        changes: None,
        undo: None,
        patch: None,
        grade: Grade::Manual,
        title: "wait: the limit resets by itself, and the kubelet goes on trying".into(),
        actor: Actor::Application,
        tried: false,
        command: None,
        yaml: None,
        note: Some("a restart of the pods only asks more often".into()),
    }];
    remedies.extend(attach_login(subject, target));
    remedies
}
