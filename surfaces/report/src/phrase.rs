//! Words that several forms share. None of them is escaped yet.

use jiff::Timestamp;
use pullmedic_model::finding::{
    FindingState, ManagedBy, Observation, Patch, Remedy, Rival, Serving, Standing, Witness,
};
use pullmedic_model::sighting::Injected;
use pullmedic_model::{Actor, Certainty, Clears, Finding};

/// `1 pod`, `2 pods`.
pub(crate) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Who acts, as the subject of a sentence.
pub(crate) fn team(actor: Actor) -> &'static str {
    match actor {
        Actor::Application => "the application team",
        Actor::Platform => "the platform team",
        Actor::Registry => "the registry's owners",
        Actor::Network => "the network team",
    }
}

/// `safe, not tried; the application team can do it`.
pub(crate) fn terms(remedy: &Remedy) -> String {
    let tried = if remedy.tried { "tried" } else { "not tried" };
    format!("{}, {tried}; {} can do it", remedy.grade.code(), team(remedy.actor))
}

/// `6 registry requests`.
pub(crate) fn asked(requests: u32) -> String {
    if requests == 1 { "1 registry request".to_owned() } else { format!("{requests} registry requests") }
}

/// Of what decides, our own questions first, then what we read, then the words: a question asked again is what a reader can
/// check. Otherwise in the order given.
pub(crate) fn in_reading_order(proof: &[Observation]) -> Vec<&Observation> {
    let mut ordered: Vec<&Observation> = proof.iter().collect();
    ordered.sort_by_key(|observation| match observation.by {
        Witness::Probe => 0,
        Witness::Object => 1,
        Witness::Kubelet | Witness::ApiServer => 2,
    });
    ordered
}

/// What a patch changes: `Deployment/cart in shop (apps/v1)`.
pub(crate) fn patched(patch: &Patch) -> String {
    let Patch { api_version, kind, namespace, name, .. } = patch;
    match namespace.as_str() {
        "" => format!("{kind}/{name} ({api_version})"),
        namespace => format!("{kind}/{name} in {namespace} ({api_version})"),
    }
}

/// What a certainty means.
pub(crate) fn rule(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Undecided => "more than one cause is left, or a guess leads",
        Certainty::Likely => {
            "one cause leads and nothing seen contradicts it; a condition of proof is not met"
        }
        Certainty::Proven => "one cause is left, and something seen was predicted by it and by no other",
    }
}

/// What `missing` would do for a verdict.
pub(crate) fn would(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Undecided => "Would decide it:",
        Certainty::Likely | Certainty::Proven => "Would prove it:",
    }
}

/// Who said an observation: `kubelet on node/worker-1`.
pub(crate) fn speaker(observation: &Observation) -> String {
    let who = match observation.by {
        Witness::Kubelet => "kubelet",
        Witness::ApiServer => "API server",
        Witness::Object => "read by us",
        Witness::Probe => "asked by us",
    };
    match &observation.vantage {
        Some(vantage) => format!("{who} on {vantage}"),
        None => who.to_owned(),
    }
}

/// Rivals that nothing excludes.
pub(crate) fn open_rivals(rivals: &[Rival]) -> impl Iterator<Item = &Rival> {
    rivals.iter().filter(|rival| match rival.standing {
        Standing::Open => true,
        Standing::Excluded => false,
    })
}

/// What serves while the new pods wait.
pub(crate) fn serving(serving: &Serving) -> String {
    let Serving { owner, by, ready, desired, .. } = serving;
    match by {
        Some(by) => format!("{by} serves for {owner} with {ready} of {desired}"),
        None if *ready > 0 => format!("{owner} serves with {ready} of {desired}"),
        None => format!("nothing serves for {owner}: {ready} of {desired} ready"),
    }
}

/// As [`serving`], with the namespace, where there are several.
pub(crate) fn serving_where(one: &Serving) -> String {
    format!("in {}, {}", one.namespace, serving(one))
}

/// What serves for several owners, in as many sentences as a short page can hold.
pub(crate) fn served(all: &[Serving]) -> Vec<String> {
    if let [one] = all {
        return vec![serving(one)];
    }
    let (up, down): (Vec<&Serving>, Vec<&Serving>) = all.iter().partition(|serving| serving.ready > 0);
    let none = match down.as_slice() {
        [] => None,
        [one] => Some(format!("nothing serves for {} in {}", one.owner, one.namespace)),
        several => Some(format!("nothing serves for {} owners", several.len())),
    };
    let some = match up.as_slice() {
        [] => None,
        [one] => Some(serving_where(one)),
        several => Some(format!("{} owners are still served by earlier pods", several.len())),
    };
    none.into_iter().chain(some).collect()
}

/// Whether the fault lasts when nobody acts; `None` where nothing is known.
pub(crate) fn lasts(finding: &Finding) -> Option<&'static str> {
    match (finding.state, finding.clears) {
        (FindingState::Over, _) => Some("it is over: the container got past the pull"),
        (FindingState::Active, Some(Clears::Transient)) => Some("a retry may cure it"),
        (FindingState::Active, Some(Clears::Permanent)) => Some("stays until somebody acts"),
        (FindingState::Active, None) => None,
        (FindingState::Unknown, Some(Clears::Permanent)) => {
            Some("whether it is still so is not known; it does not clear by itself")
        }
        (FindingState::Unknown, Some(Clears::Transient) | None) => {
            Some("whether it is still so is not known")
        }
    }
}

/// When the kubelet tries next; `None` once that means nothing.
pub(crate) fn next_attempt(finding: &Finding) -> Option<Timestamp> {
    match finding.state {
        FindingState::Over => None,
        FindingState::Active | FindingState::Unknown => finding.next_attempt,
    }
}

/// Where to change what a tool keeps as it is, and why there. It reads on after the word `change`.
pub(crate) fn managed(managed: &ManagedBy) -> String {
    let ManagedBy { tool, name, owner, change, .. } = managed;
    // Most places to change name the application themselves.
    let name = name.as_ref().filter(|name| !change.contains(name.as_str()));
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{change}; {tool}{name} manages {owner} and would undo a live edit")
}

/// An image that its owner's template does not have.
pub(crate) fn injected(injected: &Injected) -> String {
    let Injected { owner, container, replaced, injector, evidence } = injected;
    let what = if *replaced {
        format!("the template of {owner} gives container {container} another image")
    } else {
        format!("the template of {owner} has no container {container}")
    };
    let by = match injector {
        Some(injector) => format!("{injector} put it there"),
        None => "what put it there is not known".to_owned(),
    };
    let evidence = evidence.as_ref().map(|evidence| format!(" (told by {evidence})")).unwrap_or_default();
    format!("{what}: {by}{evidence}")
}

/// Of a long text both ends, and how many characters are between them.
pub(crate) fn both_ends(text: &str, head: usize, tail: usize) -> Option<(&str, usize, &str)> {
    let length = text.chars().count();
    if length <= head + tail {
        return None;
    }
    let at = |count: usize| text.char_indices().nth(count).map_or(text.len(), |(index, _)| index);
    Some((&text[..at(head)], length - head - tail, &text[at(length - tail)..]))
}
