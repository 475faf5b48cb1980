//! What became of each image, as the public format has it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use pullmedic_model::check::{AskedBy, CheckEntry, CheckVerdict, Nearest, Note};
use pullmedic_model::{Cause, Certainty, Endpoint};

use super::Notes;
use super::outcome::{Outcome, Said};
use super::plan::{Job, Plan};

/// Every judgement: findings first, then what was not checked, notes, and what is in order.
pub(super) fn entries(plan: &Plan, outcomes: &[Outcome], notes: Notes) -> Vec<CheckEntry> {
    let mut all: Vec<CheckEntry> =
        plan.invalid.iter().map(|(image, (why, by))| invalid(image, why, by)).collect();
    for (job, outcome) in plan.jobs.iter().zip(outcomes) {
        if outcome.said.is_empty() {
            all.push(entry(job, outcome, CheckVerdict::Ok));
        }
        all.extend(outcome.said.iter().map(|said| judged(job, outcome, said)));
    }
    all.extend(self::notes(plan, outcomes, notes));
    all.sort_by(|a, b| (rank(a.verdict), &a.image, &a.by).cmp(&(rank(b.verdict), &b.image, &b.by)));
    all
}

const fn rank(verdict: CheckVerdict) -> u8 {
    match verdict {
        CheckVerdict::Finding(_) => 0,
        CheckVerdict::NotChecked => 1,
        CheckVerdict::Note(_) => 2,
        CheckVerdict::Ok => 3,
    }
}

fn entry(job: &Job, outcome: &Outcome, verdict: CheckVerdict) -> CheckEntry {
    CheckEntry {
        image: job.image.clone(),
        verdict,
        certainty: None,
        by: job.by.iter().cloned().collect(),
        endpoint: outcome.endpoint.clone(),
        detail: None,
        nearest: Vec::new(),
        pin: None,
        reason: None,
    }
}

fn judged(job: &Job, outcome: &Outcome, said: &Said) -> CheckEntry {
    match said {
        Said::Finding { cause, certainty, detail, nearest } => CheckEntry {
            certainty: Some(*certainty),
            detail: detail.clone(),
            nearest: nearest.clone(),
            ..entry(job, outcome, CheckVerdict::Finding(*cause))
        },
        Said::Moved { runs, now, certainty, key } => CheckEntry {
            certainty: Some(*certainty),
            by: job.runs.get(key).into_iter().flatten().cloned().collect(),
            detail: Some(format!("{} runs, and the tag names {} now", short(runs), short(now))),
            pin: Some(pullmedic_prevent::pinned(&job.image, now)),
            ..entry(job, outcome, CheckVerdict::Finding(Cause::StaleImage))
        },
        Said::Open(reason) => {
            CheckEntry { reason: Some(reason.clone()), ..entry(job, outcome, CheckVerdict::NotChecked) }
        }
    }
}

/// The first twelve digits of a digest, as registries' own pages show them.
fn short(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() > 12 => format!("{algorithm}:{}…", hex.get(..12).unwrap_or(hex)),
        Some(_) | None => digest.to_owned(),
    }
}

/// The grammar is the runtime's own: what does not parse is pulled by none.
fn invalid(
    image: &str,
    why: &pullmedic_model::reference::InvalidReference,
    by: &BTreeSet<AskedBy>,
) -> CheckEntry {
    let nearest = why.candidates.iter().take(3).map(|name| Nearest { name: name.clone(), made: None });
    CheckEntry {
        image: image.to_owned(),
        verdict: CheckVerdict::Finding(Cause::InvalidReference),
        certainty: Some(Certainty::Proven),
        by: by.iter().cloned().collect(),
        endpoint: None,
        detail: Some(why.to_string()),
        nearest: nearest.collect(),
        pin: None,
        reason: None,
    }
}

fn notes(plan: &Plan, outcomes: &[Outcome], which: Notes) -> Vec<CheckEntry> {
    // The same image may be asked for with several logins; what it is now is the same.
    let resolved: BTreeMap<&str, (Option<&String>, Option<&Endpoint>)> = plan
        .jobs
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| outcome.digest.is_some())
        .map(|(job, outcome)| (job.image.as_str(), (outcome.digest.as_ref(), outcome.endpoint.as_ref())))
        .collect();
    let told = plan.notes.iter().filter(|((_, note, _), _)| match (which, note) {
        (Notes::None, _) | (Notes::Traps, Note::NoDigest) => false,
        (Notes::Traps, Note::MovingTag | Note::PullPolicy) | (Notes::All, _) => true,
    });
    told.map(|((image, note, detail), by)| {
        let (digest, endpoint) = resolved.get(image.as_str()).copied().unwrap_or_default();
        let pin = digest
            .filter(|_| *note != Note::PullPolicy)
            .map(|digest| pullmedic_prevent::pinned(image, digest));
        CheckEntry {
            image: image.clone(),
            verdict: CheckVerdict::Note(*note),
            certainty: None,
            by: by.iter().cloned().collect(),
            endpoint: endpoint.cloned(),
            detail: Some(detail.clone()),
            nearest: Vec::new(),
            pin,
            reason: None,
        }
    })
    .collect()
}
