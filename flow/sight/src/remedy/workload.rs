//! Remedies that change a workload or its pull secrets.

use pullmedic_model::finding::{Remedy, Serving};
use pullmedic_model::shell::word as quoted;
use pullmedic_model::{Actor, Cause, Grade, Reference};

use super::target::{Target, scalar};
use crate::sentence::Facts;

const NEW_SECRET: &str = "regcred";

pub(super) fn corrected_reference(facts: &Facts<'_>, target: &Target<'_>) -> Vec<Remedy> {
    let candidates = match Reference::parse(&facts.image) {
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

pub(super) fn other_image(facts: &Facts<'_>, target: &Target<'_>, serving: &[Serving]) -> Vec<Remedy> {
    let repository = facts.repository();
    let (image, title) = match facts.verdict.cause {
        Cause::RepositoryNotFound => ("IMAGE".to_owned(), "name a repository that exists"),
        Cause::DigestNotFound => {
            (format!("{repository}@DIGEST"), "name a digest that exists; the content changes with it")
        }
        _ => (format!("{repository}:TAG"), "name a tag that exists"),
    };
    let note = format!("list what there is: skopeo list-tags docker://{repository}");
    let mut remedies = vec![target.set_image(&image, title, Some(&note))];
    let before = serving.iter().find(|serving| serving.ready > 0 && serving.by.is_some());
    if let Some(before) = before {
        let by = before.by.as_ref().map(ToString::to_string).unwrap_or_default();
        remedies.extend(target.roll_back(&format!("go back to what ran before ({by} still serves)")));
    }
    remedies
}

pub(super) fn attach_login(facts: &Facts<'_>, target: &Target<'_>) -> Vec<Remedy> {
    let host = facts.reference.as_ref().map_or("REGISTRY".to_owned(), |reference| server_of(&reference.host));
    let create = target.kubectl(&format!(
        "create secret docker-registry {NEW_SECRET} --docker-server={} --docker-username=USER --docker-password=PASSWORD",
        quoted(&host)
    ));
    let secrets = &facts.sighting.pull_secrets;
    let mut remedies = vec![Remedy {
        grade: Grade::Review,
        title: format!("make a pull secret with a login that may pull {}", facts.repository()),
        actor: Actor::Application,
        tried: false,
        command: Some(create),
        yaml: None,
        note: Some("skip this if the namespace has one that works".into()),
    }];
    let note = "pods that exist keep the list they were made with: the change makes new ones";
    remedies.push(target.attach_secret(
        NEW_SECRET,
        secrets.is_empty(),
        &format!("name {NEW_SECRET} in the pod template"),
        Some(note),
    ));
    if facts.verdict.cause == Cause::NotFoundOrDenied {
        let title = format!("correct the image, if {} does not exist", facts.repository());
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

pub(super) fn missing_secret(facts: &Facts<'_>, target: &Target<'_>) -> Vec<Remedy> {
    let named = &facts.sighting.pull_secrets;
    let look = Remedy {
        grade: Grade::Review,
        title: format!("make the secret that the pod names ({}), or name one that exists", listed(named)),
        actor: Actor::Application,
        tried: false,
        command: Some(target.kubectl("get secrets --field-selector type=kubernetes.io/dockerconfigjson")),
        yaml: None,
        note: Some(
            "the kubelet looks the secret up at each attempt, so a secret made now needs no new pod".into(),
        ),
    };
    let mut remedies = vec![look];
    remedies.extend(attach_login(facts, target).into_iter().take(1));
    remedies
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "see its imagePullSecrets".to_owned() } else { names.join(", ") }
}

pub(super) fn rewrite_secret(facts: &Facts<'_>, target: &Target<'_>) -> Vec<Remedy> {
    let host = facts.reference.as_ref().map_or("REGISTRY".to_owned(), |reference| server_of(&reference.host));
    let name = match facts.sighting.pull_secrets.as_slice() {
        [one] => one.as_str(),
        _ => "SECRET",
    };
    let command = target.kubectl(&format!(
        "create secret docker-registry {} --docker-server={} --docker-username=USER --docker-password=PASSWORD \
         --dry-run=client -o yaml | {}",
        quoted(name),
        quoted(&host),
        target.kubectl("replace -f -")
    ));
    vec![Remedy {
        grade: Grade::Review,
        title: format!("write the pull secret anew ({})", listed(&facts.sighting.pull_secrets)),
        actor: Actor::Application,
        tried: false,
        command: Some(command),
        yaml: None,
        note: Some(
            "one secret that cannot be read stops all of them; `auth` must be base64 of user:password. The command replaces \
             every login that the secret holds"
                .into(),
        ),
    }]
}

pub(super) fn platform(facts: &Facts<'_>, target: &Target<'_>) -> Vec<Remedy> {
    let yaml = "nodeSelector:\n  kubernetes.io/arch: ARCHITECTURE\n".to_owned();
    vec![
        target.edit(Grade::Review, "let it run only where the image exists for", yaml, None),
        target.set_image(
            &format!("{}:TAG", facts.repository()),
            "name a tag that is built for the node's platform",
            None,
        ),
    ]
}

pub(super) fn never(facts: &Facts<'_>, target: &Target<'_>) -> Vec<Remedy> {
    let container = &facts.sighting.place.container;
    let yaml = format!("containers:\n- name: {}\n  imagePullPolicy: IfNotPresent\n", scalar(container));
    vec![
        target.edit(Grade::Review, "let the kubelet pull what is absent", yaml, None),
        Remedy {
            grade: Grade::Review,
            title: format!("bring the image to {}", facts.node()),
            actor: Actor::Platform,
            tried: false,
            command: Some(format!("crictl pull {}", quoted(&facts.image))),
            yaml: None,
            note: Some(format!(
                "on {}; images that nobody pulled through the kubelet are free for every pod",
                facts.node()
            )),
        },
    ]
}

pub(super) fn rate_limited(facts: &Facts<'_>, target: &Target<'_>) -> Vec<Remedy> {
    let mut remedies = vec![Remedy {
        grade: Grade::Manual,
        title: "wait: the limit resets by itself, and the kubelet goes on trying".into(),
        actor: Actor::Application,
        tried: false,
        command: None,
        yaml: None,
        note: Some("a restart of the pods only asks more often".into()),
    }];
    remedies.extend(attach_login(facts, target));
    remedies
}
