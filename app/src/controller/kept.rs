//! What a pod and its events tell of whether it is kept, and for how long. Pure.

use pullmedic_model::incident::input::ContainerKey;
use pullmedic_model::object::{ContainerKind, Event, Pod};

/// Whether anything in the pod may come to wait for an image, or does: something of it neither runs nor has ended well.
pub(super) fn may_wait(pod: &Pod) -> bool {
    let started = !pod.spec.node_name.is_empty()
        || pod.containers().any(|(_, _, status)| status.is_some_and(|it| it.state.waiting.is_some()));
    started
        && pod.containers().any(|(_, _, status)| {
            status.is_none_or(|status| {
                let ended_well = status.state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0);
                status.state.running.is_none() && !ended_well
            })
        })
}

pub(super) fn runs(pod: &Pod) -> bool {
    pod.containers().any(|(_, _, status)| status.is_some_and(|status| status.state.running.is_some()))
}

/// Whether a container that was told to wait, and is not seen to wait now, got past its pull. Else it is in the middle of
/// an attempt.
pub(super) fn is_past(pod: Option<&Pod>, events: &[Event], key: &ContainerKey) -> bool {
    if key.kind == ContainerKind::Sandbox {
        return true;
    }
    let Some(pod) = pod else { return true };
    let Some((kind, _, status)) = pod.containers().find(|(_, container, _)| container.name == key.container)
    else {
        return true;
    };
    let reason = status.and_then(|it| it.state.waiting.as_ref()).map_or("", |it| it.reason.as_str());
    let unstarted = status.is_none_or(|it| it.state.running.is_none() && it.state.terminated.is_none());
    if !unstarted || !matches!(reason, "" | "ContainerCreating" | "PodInitializing") {
        return true;
    }
    let path = kind.field().map(|field| format!("{field}{{{}}}", key.container));
    let about = events.iter().filter(|event| {
        Some(event.involved_object.field_path.as_str()) == path.as_deref()
            && matches!(event.reason.as_str(), "Pulling" | "Pulled" | "Failed")
    });
    about.max_by_key(|event| event.last_seen()).is_some_and(|newest| newest.reason == "Pulled")
}

/// Whether an event about a pod is about an image: the rest is not kept.
pub(super) fn is_about_image(event: &Event) -> bool {
    matches!(
        event.reason.as_str(),
        "Pulling"
            | "Pulled"
            | "Failed"
            | "BackOff"
            | "InspectFailed"
            | "ErrImageNeverPull"
            | "FailedToRetrieveImagePullSecret"
            | "FailedCreatePodSandBox"
    )
}

/// Keeps the event in place of an earlier state of it; past the cap the oldest goes.
pub(super) fn keep_event(events: &mut Vec<Event>, event: Event, most: usize) {
    match events.iter_mut().find(|known| known.metadata.name == event.metadata.name) {
        Some(known) => *known = event,
        None => events.push(event),
    }
    if events.len() > most {
        let oldest = events.iter().enumerate().min_by_key(|(_, event)| event.last_seen());
        if let Some((place, _)) = oldest {
            events.remove(place);
        }
    }
}
