//! Sightings in one pod: status first, events second (design decision 1).

use jiff::Timestamp;
use pullmedic_model::Captured;
use pullmedic_model::object::{Container, ContainerKind, ContainerStatus, Event, Pod, Terminated, Workload};
use pullmedic_model::sighting::{Place, Sighting, Testimony};

use crate::index::Index;
use crate::words::{self, Tells, Waits};
use crate::{Settings, backoff, injected, owner};

/// Adds every sighting of `pod` to `found`. A pod that is being deleted waits for nothing any more.
pub(crate) fn look(pod: &Pod, index: &Index<'_>, settings: &Settings, found: &mut Vec<Sighting>) {
    if pod.metadata.deletion_timestamp.is_some() {
        return;
    }
    // Healthy pods are most pods: settle them before looking at any event.
    let mut events = None;
    let mut told = || events.get_or_insert_with(|| Told::new(pod, index)).clone();
    let mut waits_for_sandbox = false;
    for (kind, container, status) in pod.containers() {
        let waiting = status.and_then(|status| status.state.waiting.as_ref());
        let reason = waiting.map_or("", |waiting| waiting.reason.as_str());
        if status.is_some_and(|status| status.state.running.is_some()) {
            continue;
        }
        let view = View { pod, kind, container, status, index };
        match words::waits(reason) {
            Waits::ForImage => found.push(view.waiting(reason, &told())),
            Waits::PerhapsBadImage => found.extend(view.bad_start(reason, &mut told)),
            Waits::NotYet if status.is_some_and(|status| status.state.terminated.is_some()) => {
                found.extend(view.bad_start(reason, &mut told));
            }
            Waits::NotYet => {
                waits_for_sandbox = true;
                found.extend(view.by_events(reason, &told(), settings));
            }
            Waits::ForOther => {}
        }
    }
    if waits_for_sandbox {
        found.extend(sandbox(pod, index, &told()));
    }
}

/// What a pod's events tell of images.
#[derive(Clone)]
struct Told<'a> {
    events: Vec<(&'a Event, Tells)>,
}

impl<'a> Told<'a> {
    fn new(pod: &Pod, index: &Index<'a>) -> Self {
        let tells = |event: &'a Event| (event, words::tells(&event.reason, &event.message));
        Told { events: index.events_of_pod(pod).into_iter().map(tells).collect() }
    }

    /// Those about one container and image, oldest first. A hand-made event may lack its field path; then the image
    /// decides. An image volume's events are on the bare pod.
    fn about(
        &self,
        kind: ContainerKind,
        container: &str,
        image: &str,
    ) -> impl Iterator<Item = (&'a Event, &Tells)> {
        let path = kind.field().map(|field| format!("{field}{{{container}}}"));
        self.events.iter().filter_map(move |(event, tells)| {
            let told = match tells {
                Tells::Pulling(told) | Tells::Pulled(told) | Tells::Failed(told) | Tells::BackOff(told) => {
                    told
                }
                Tells::SecretsMissing | Tells::Sandbox | Tells::Other => return None,
            };
            let field = event.involved_object.field_path.as_str();
            let same_container = field.is_empty() || path.as_deref() == Some(field);
            // Kubelets 1.32 to 1.36 leave the image out of `Failed to inspect image ""`.
            let same_image = told == image || (told.is_empty() && !field.is_empty());
            (same_container && same_image).then_some((*event, tells))
        })
    }
}

struct View<'a> {
    pod: &'a Pod,
    kind: ContainerKind,
    container: &'a Container,
    status: Option<&'a ContainerStatus>,
    index: &'a Index<'a>,
}

impl View<'_> {
    /// The kubelet says that this container waits for an image.
    fn waiting(&self, reason: &str, told: &Told<'_>) -> Sighting {
        let message =
            self.status.and_then(|s| s.state.waiting.as_ref()).map_or("", |waiting| waiting.message.as_str());
        let (kind, image) = match image_volume(self.pod, self.container, message) {
            Some(volume) => (ContainerKind::ImageVolume, volume),
            None => (self.kind, self.container.image.as_str()),
        };
        let mut sighting = self.sighting(kind, image, reason, told);
        let from_status = || Testimony {
            reason: Captured::new(reason),
            words: Captured::new(if message.trim().is_empty() { reason } else { message }),
            source: format!(
                "Pod {} status.{}[{}].state.waiting",
                self.pod_name(),
                self.statuses(),
                self.container.name
            ),
            at: None,
        };
        let keyring = words::is_keyring_or_intent(reason);
        sighting.testimony = if !words::is_bare_back_off(message) || keyring {
            Some(from_status())
        } else {
            self.newest_failure(kind, image, told)
        };
        if sighting.testimony.is_none() {
            sighting.missing = Some(
                "the runtime's error: the status holds only the back-off, and no \"Failed to pull image\" event is left \
                 (a cluster keeps events for an hour by default); the next attempt writes both anew"
                    .into(),
            );
        }
        sighting
    }

    /// The container was given an image, and its words say that the image does not start. Where that is the trace of a
    /// pull that failed, the pull's own words speak.
    fn bad_start<'t>(&self, reason: &str, told: &mut impl FnMut() -> Told<'t>) -> Option<Sighting> {
        let status = self.status?;
        let states = [("state", &status.state), ("lastState", &status.last_state)];
        let (field, said, at) = states.into_iter().find_map(|(field, state)| {
            let waiting = state.waiting.iter().map(|waiting| ("waiting", &waiting.message, None));
            // A program's last words may speak of anything; the runtime's do not run.
            let by_runtime = |ended: &&Terminated| {
                matches!(ended.reason.as_str(), "StartError" | "ContainerCannotRun")
                    || ended.exit_code == 128
                    || words::is_exec_failure(&ended.message)
            };
            let ended = state
                .terminated
                .iter()
                .filter(by_runtime)
                .map(|ended| ("terminated", &ended.message, ended.finished_at));
            let (inner, said, at) =
                waiting.chain(ended).find(|(_, message, _)| words::blames_image_at_start(message))?;
            Some((format!("{field}.{inner}"), said, at))
        })?;
        let shown = if reason.is_empty() { "StartError" } else { reason };
        let none = Told { events: Vec::new() };
        let mut sighting = self.sighting(self.kind, &self.container.image, shown, &none);
        sighting.testimony = Some(Testimony {
            reason: Captured::new(shown),
            words: Captured::new(said),
            source: format!(
                "Pod {} status.{}[{}].{field}",
                self.pod_name(),
                self.statuses(),
                self.container.name
            ),
            at,
        });
        if words::is_without_program(said) {
            let failed = self.newest_failure(self.kind, &self.container.image, &told());
            let failed = failed.filter(|failed| words::is_of_mismatched_manifest(failed.words.as_str()));
            sighting.testimony = failed.or(sighting.testimony);
        }
        Some(sighting)
    }

    /// The container has no reason yet, and its newest event is a failure or a pull that goes on too long.
    fn by_events(&self, reason: &str, told: &Told<'_>, settings: &Settings) -> Option<Sighting> {
        let volumes =
            mounted_images(self.pod, self.container).map(|image| (ContainerKind::ImageVolume, image));
        let own = std::iter::once((self.kind, self.container.image.as_str()));
        own.chain(volumes).find_map(|(kind, image)| {
            let (event, tells) = told
                .about(kind, &self.container.name, image)
                .filter(|(_, tells)| !matches!(tells, Tells::BackOff(_)))
                .last()?;
            match tells {
                Tells::Failed(_) => {
                    let mut sighting = self.sighting(kind, image, reason_or_creating(reason), told);
                    sighting.testimony = Some(testimony(event));
                    Some(sighting)
                }
                Tells::Pulling(_) => {
                    let lasts = settings.now?.duration_since(event.last_seen()?);
                    if lasts < settings.stalled_after {
                        return None;
                    }
                    let mut sighting = self.sighting(kind, image, "Pulling", told);
                    sighting.next_attempt = None;
                    sighting.missing = Some(
                        "whether bytes arrive: the event is written before the kubelet's own queue, so a pull that waits \
                         behind another looks the same; the node's runtime can tell"
                            .into(),
                    );
                    Some(sighting)
                }
                Tells::Pulled(_) | Tells::BackOff(_) | Tells::SecretsMissing | Tells::Sandbox | Tells::Other => None,
            }
        })
    }

    fn newest_failure(&self, kind: ContainerKind, image: &str, told: &Told<'_>) -> Option<Testimony> {
        let failures = told.about(kind, &self.container.name, image);
        failures
            .filter(|(_, tells)| matches!(tells, Tells::Failed(_)))
            .last()
            .map(|(event, _)| testimony(event))
    }

    /// Everything about a sighting but its words.
    fn sighting(&self, kind: ContainerKind, image: &str, reason: &str, told: &Told<'_>) -> Sighting {
        let about: Vec<_> = told.about(kind, &self.container.name, image).collect();
        let tells_of = |(_, tells): &&(&Event, &Tells)| matches!(tells, Tells::Pulling(_) | Tells::Failed(_));
        let first_told = about.iter().filter(tells_of).filter_map(|(event, _)| event.first_seen()).min();
        let since = first_told.or_else(|| since_status(self.pod, self.status));
        // A name that does not parse and a policy that forbids pulling are looked at again with each sync; only a pull
        // that reached the runtime is put off.
        let attempts = || {
            let pulls = |event: &Event| matches!(event.reason.as_str(), "Pulling" | "Failed");
            about.iter().filter(tells_of).map(|(event, _)| *event).filter(move |event| pulls(event))
        };
        let first = attempts().filter_map(Event::first_seen).min();
        let last = attempts().filter_map(Event::last_seen).max();
        let mut sighting = base(self.pod, kind, &self.container.name, self.index);
        sighting.image = Captured::new(image);
        sighting.reason = Captured::new(reason);
        sighting.since = since;
        sighting.next_attempt = first.zip(last).map(|(first, last)| backoff::next_attempt(first, last));
        sighting.injected = injected::find(self.pod, kind, self.container, self.index);
        let missing = told.events.iter().rfind(|(_, tells)| *tells == Tells::SecretsMissing);
        sighting.beside = missing.map(|(event, _)| testimony(event)).into_iter().collect();
        sighting
    }

    fn pod_name(&self) -> String {
        format!("{}/{}", self.pod.metadata.namespace, self.pod.metadata.name)
    }

    fn statuses(&self) -> &'static str {
        match self.kind {
            ContainerKind::Init => "initContainerStatuses",
            ContainerKind::Ephemeral => "ephemeralContainerStatuses",
            ContainerKind::Main
            | ContainerKind::ImageVolume
            | ContainerKind::Sandbox
            | ContainerKind::Template => "containerStatuses",
        }
    }
}

fn reason_or_creating(reason: &str) -> &str {
    if reason.is_empty() { "ContainerCreating" } else { reason }
}

/// The pod sandbox waits for its pause image: no container has a reason, and the newest event on the sandbox says so.
fn sandbox(pod: &Pod, index: &Index<'_>, told: &Told<'_>) -> Option<Sighting> {
    let (event, _) = told.events.iter().rfind(|(_, tells)| *tells == Tells::Sandbox)?;
    // A pull of any other image means that the sandbox has been made since; another reason for its failure, that the
    // image has come.
    let later = |(other, tells): &(&Event, Tells)| {
        let says_so = matches!(tells, Tells::Pulling(_) | Tells::Pulled(_))
            || (*tells == Tells::Other && other.reason == "FailedCreatePodSandBox");
        says_so && other.last_seen() > event.last_seen()
    };
    if told.events.iter().any(later) {
        return None;
    }
    let mut sighting = base(pod, ContainerKind::Sandbox, "", index);
    sighting.reason = Captured::new("FailedCreatePodSandBox");
    sighting.since = event.first_seen().or(pod.status.start_time);
    sighting.testimony = Some(testimony(event));
    Some(sighting)
}

fn base(pod: &Pod, kind: ContainerKind, container: &str, index: &Index<'_>) -> Sighting {
    let node = Some(pod.spec.node_name.clone()).filter(|node| !node.is_empty());
    let namespace = &pod.metadata.namespace;
    let owner = owner::of_pod(pod, index);
    let top = owner.as_ref().and_then(|owner| index.workload(namespace, &owner.kind, &owner.name));
    Sighting {
        kubelet_minor: node
            .as_deref()
            .and_then(|node| index.node(node))
            .and_then(|node| node.kubelet_minor()),
        place: Place {
            namespace: pod.metadata.namespace.clone(),
            owner,
            pod: Some(pod.metadata.name.clone()),
            container: container.to_owned(),
            kind,
            node,
        },
        image: Captured::default(),
        reason: Captured::default(),
        testimony: None,
        beside: Vec::new(),
        missing: None,
        since: None,
        next_attempt: None,
        pull_secrets: pod.spec.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect(),
        template_secrets: top.and_then(Workload::template).map(owner::secrets_of),
        made_by: pod.metadata.controller().map(owner::referred),
        injected: None,
    }
}

fn testimony(event: &Event) -> Testimony {
    Testimony {
        reason: Captured::new(&event.reason),
        words: Captured::new(&event.message),
        source: format!(
            "event {} on {} {}/{}",
            event.reason,
            event.involved_object.kind,
            event.involved_object.namespace,
            event.involved_object.name
        ),
        at: event.last_seen(),
    }
}

/// Since when, by the pod alone: for a container that never ran, since the kubelet took the pod on; for one that ran
/// before, since its end.
fn since_status(pod: &Pod, status: Option<&ContainerStatus>) -> Option<Timestamp> {
    let ended =
        status.and_then(|status| status.last_state.terminated.as_ref()).and_then(|ended| ended.finished_at);
    ended.or(pod.status.start_time).or(pod.metadata.creation_timestamp)
}

/// The image volume that a waiting message speaks of, if it is not the container's own image.
fn image_volume<'a>(pod: &'a Pod, container: &Container, message: &str) -> Option<&'a str> {
    mounted_images(pod, container).find(|image| {
        *image != container.image && message.contains(image) && !names(message, &container.image)
    })
}

/// Whether a message names an image whole: `app:1` is not named by `app:1.2`.
fn names(message: &str, image: &str) -> bool {
    !image.is_empty()
        && message.match_indices(image).any(|(at, _)| {
            let after = message[at + image.len()..].chars().next();
            !after.is_some_and(|next| {
                next.is_ascii_alphanumeric() || matches!(next, '.' | '-' | '_' | '/' | '@')
            }) || after == Some('.') && message[at + image.len()..].len() == 1
        })
}

fn mounted_images<'a>(pod: &'a Pod, container: &Container) -> impl Iterator<Item = &'a str> {
    let mounted = |name: &str| container.volume_mounts.iter().any(|mount| mount.name == name);
    let volumes = pod.spec.volumes.iter().filter(move |volume| mounted(&volume.name));
    volumes.filter_map(|volume| volume.image.as_ref()).map(|image| image.reference.as_str())
}
