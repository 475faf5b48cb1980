//! The one sentence of an incident, which anybody may read who may read of the cluster.

use pullmedic_model::Reference;
use pullmedic_model::incident::Scope;
use pullmedic_model::incident::input::{Judgement, Waits};

/// The sentence of a judgement, if it may stand for an incident of this scope: it names nothing of the container's
/// namespace, and its image only where the incident is of that image. Else one that names the endpoint alone.
pub(crate) fn of(judgement: &Judgement, waits: &Waits, scope: Scope) -> String {
    let image = Reference::parse(&waits.image).ok();
    let of_image = [Some(waits.image.as_str()), image.as_ref().map(|image| image.repository.as_str())];
    let key = &waits.container;
    let of_namespace = [
        Some(key.namespace.as_str()),
        Some(key.container.as_str()),
        waits.pod.as_deref(),
        waits.owner.as_ref().map(|owner| owner.name.as_str()),
    ];
    let secrets = waits.secrets.iter().map(String::as_str);
    let image_named = of_image.into_iter().flatten().any(|name| names(&judgement.summary, name));
    // What belongs to the image's own name is the image's: a container is often called as its repository is.
    let rest = if scope == Scope::Image {
        judgement.summary.replace(&waits.image, " ")
    } else {
        judgement.summary.clone()
    };
    let workload_named = of_namespace.into_iter().flatten().chain(secrets).any(|name| names(&rest, name));
    if workload_named || (image_named && scope != Scope::Image) {
        general(judgement)
    } else {
        judgement.summary.clone()
    }
}

/// What can be said of it without naming anything but the endpoint.
pub(crate) fn general(judgement: &Judgement) -> String {
    let title = judgement.inner.unwrap_or(judgement.cause).title();
    let sandbox = if judgement.inner.is_some() { "the pause image cannot be pulled: " } else { "" };
    match &judgement.endpoint {
        Some(endpoint) => format!("{endpoint}: {sandbox}{title}"),
        None => format!("{sandbox}{title}"),
    }
}

/// Whether a text has a name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(part) && !after.is_some_and(part)
        })
}
