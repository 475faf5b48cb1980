//! Words that several forms share. None of them is escaped yet.

use pullmedic_model::finding::{FindingState, ManagedBy, Rival, Serving, Standing, Vantage};
use pullmedic_model::finding::{Observation, Remedy, Witness};
use pullmedic_model::sighting::Injected;
use pullmedic_model::{Actor, Certainty, Clears, Finding};

use crate::Look;

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
    };
    match &observation.vantage {
        Some(vantage) => format!("{who} on {vantage}"),
        None => who.to_owned(),
    }
}

/// Rivals that nothing excludes.
pub(crate) fn open_rivals(finding: &Finding) -> impl Iterator<Item = &Rival> {
    finding.rivals.iter().filter(|rival| match rival.standing {
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

/// How it goes on when nobody acts: whether it lasts, when the kubelet tries next, whether that may help.
pub(crate) fn outlook(finding: &Finding, look: &Look) -> Vec<String> {
    let recorded = match finding.vantage {
        Vantage::Recording => true,
        Vantage::Workstation => false,
    };
    let mut clauses = Vec::new();
    match finding.state {
        FindingState::Over => {
            clauses.push("it is over: the container got past the pull".to_owned());
            return clauses;
        }
        FindingState::Unknown => clauses.push("whether it lasts is not known".to_owned()),
        FindingState::Active => {}
    }
    clauses.extend(finding.next_attempt.map(|at| look.next_attempt(at, recorded)));
    clauses.extend(finding.clears.map(|clears| {
        match clears {
            Clears::Transient => "a retry may cure it",
            Clears::Permanent => "it stays until somebody acts",
        }
        .to_owned()
    }));
    clauses
}

/// Who would undo a live edit, and where to change it instead.
pub(crate) fn managed(managed: &ManagedBy) -> String {
    let ManagedBy { tool, name, owner, change, .. } = managed;
    let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{tool}{name} manages {owner} and would undo a live edit; {change}")
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
