//! The stages of the request that decided.

use pullmedic_model::Stage;
use pullmedic_model::verdict::{Ladder, Rung};

use crate::decide::Decision;
use crate::look::Looked;
use crate::table::Kind;

/// The stages up to the first that failed; `None` when nothing was asked.
pub(super) fn ladder(looked: &Looked<'_>, decision: &Decision) -> Option<Ladder> {
    let record = looked.base.or(looked.met).or(looked.replay.record)?;
    let mut rungs: Vec<Rung> = Vec::new();
    for step in &record.steps {
        let took = Some(step.took_us);
        match rungs.iter_mut().find(|rung| rung.stage == step.stage) {
            // A stage may be walked twice: a challenge, then the answer to it.
            Some(rung) => {
                rung.took_us = rung.took_us.zip(took).map(|(a, b)| a.saturating_add(b));
            }
            None => rungs.push(Rung { stage: step.stage, took_us: took, failed: None }),
        }
    }
    match record.refused() {
        Some((stage, _, class)) => fail(&mut rungs, stage, class.to_string()),
        None => {
            if let Some((stage, what)) = defect(decision) {
                fail(&mut rungs, stage, what.to_owned());
            }
        }
    }
    // In the order of a pull, whatever the order in which a challenge made us walk them.
    rungs.sort_by_key(|rung| rung.stage);
    if let Some(failed) = rungs.iter().position(|rung| rung.failed.is_some()) {
        rungs.truncate(failed + 1);
    }
    Some(Ladder { at: record.at, endpoint: record.ask.host.endpoint.clone(), rungs })
}

fn fail(rungs: &mut Vec<Rung>, stage: Stage, what: String) {
    match rungs.iter_mut().find(|rung| rung.stage == stage) {
        Some(rung) => rung.failed = Some(what),
        None => rungs.push(Rung { stage, took_us: None, failed: Some(what) }),
    }
}

/// The stage at which a defect that was read makes the pull fail.
fn defect(decision: &Decision) -> Option<(Stage, &'static str)> {
    decision.proof.iter().find_map(|seen| match seen.kind {
        Kind::PlatformNotInIndex => Some((Stage::Platform, "no entry for it")),
        Kind::ConfigForOtherPlatform => Some((Stage::Platform, "made for another")),
        Kind::NotAnImage => Some((Stage::Manifest, "no image")),
        Kind::BlobGone => Some((Stage::Blob, "404")),
        Kind::BlobDamaged => Some((Stage::Blob, "wrong content")),
        Kind::LimitUsedUp => Some((Stage::Manifest, "limit used up")),
        _ => None,
    })
}
