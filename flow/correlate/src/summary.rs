//! The one sentence of an incident, which anybody may read who may read of the cluster.

use pullmedic_model::Reference;
use pullmedic_model::incident::Scope;
use pullmedic_model::incident::input::{Judgement, Waits};

/// The sentence of a judgement, if it may stand for an incident of this scope: it names nothing of the container's
/// namespace, and its image only where the incident is of that image. Else one that names the endpoint alone.
pub(crate) fn of(judgement: &Judgement, waits: &Waits, scope: Scope, image: Option<&str>) -> String {
    // The one image of the incident may be named, and no other that was once of it.
    let own_image = scope == Scope::Image && image == Some(waits.image.as_str());
    let of_incident = image.filter(|_| scope == Scope::Image);
    let reference = Reference::parse(&waits.image).ok();
    let of_image =
        [Some(waits.image.as_str()), reference.as_ref().map(|reference| reference.repository.as_str())];
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
    let rest =
        if own_image { judgement.summary.replace(&waits.image, " ") } else { judgement.summary.clone() };
    let workload_named = of_namespace.into_iter().flatten().chain(secrets).any(|name| names(&rest, name));
    if workload_named || (image_named && !own_image) {
        general(judgement, of_incident)
    } else {
        judgement.summary.clone()
    }
}

/// What can be said of it without naming anything but the endpoint, or the image where it is of one.
pub(crate) fn general(judgement: &Judgement, image: Option<&str>) -> String {
    let title = judgement.inner.unwrap_or(judgement.cause).title();
    let sandbox = if judgement.inner.is_some() { "the pause image cannot be pulled: " } else { "" };
    let place = image.or(judgement.endpoint.as_ref().map(|endpoint| endpoint.as_str()));
    match place {
        Some(place) => format!("{place}: {sandbox}{title}"),
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
