//! Injected against said.

use jiff::Timestamp;
use pullmedic_model::finding::Standing;
use pullmedic_model::{Cause, Certainty, Finding, Report};
use serde::Serialize;
use serde_json::Value;

use crate::workloads::{Wanted, Workload};

/// How a verdict compares with what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// The injected cause, proven.
    Right,
    /// Undecided where nobody could tell, with the injected cause among those left.
    AsPlanned,
    /// The injected cause, or an honest doubt, where proof was planned.
    Unproven,
    /// A cause that was not injected, for sure; or no finding, or more than one.
    Wrong,
}

impl Judgement {
    /// As the table says it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Judgement::Right => "right",
            Judgement::AsPlanned => "as planned",
            Judgement::Unproven => "UNPROVEN",
            Judgement::Wrong => "WRONG",
        }
    }

    /// Whether it is as it was planned.
    #[must_use]
    pub const fn is_right(self) -> bool {
        match self {
            Judgement::Right | Judgement::AsPlanned => true,
            Judgement::Unproven | Judgement::Wrong => false,
        }
    }
}

/// One workload of the comparison.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its namespace.
    pub namespace: String,
    /// `deploy/storefront`.
    pub workload: String,
    /// How many of its pods wait.
    pub pods: usize,
    /// What was really done.
    pub injected: Cause,
    /// What the product says; null: it found nothing.
    pub said: Option<Cause>,
    /// How sure it is; null: it found nothing.
    pub certainty: Option<Certainty>,
    /// How many findings there are of it: one is right.
    pub findings: usize,
    /// Registry requests that the proof took.
    pub requests: u32,
    /// From the first request to the last answer, in milliseconds.
    pub ms: f64,
    /// How that compares.
    pub judgement: Judgement,
    /// Why nobody could tell, where that was planned.
    pub planned: Option<&'static str>,
}

/// The comparison, in the order of the table. `transcript` is the product's own.
pub(crate) fn rows(broken: &[Workload], report: &Report, transcript: &Value) -> Vec<Row> {
    broken.iter().map(|workload| row(workload, report, transcript)).collect()
}

fn row(workload: &Workload, report: &Report, transcript: &Value) -> Row {
    let findings: Vec<&Finding> = report.findings.iter().filter(|finding| is_of(finding, workload)).collect();
    let first = findings.first().copied();
    Row {
        namespace: workload.namespace.to_owned(),
        workload: format!("{}/{}", workload.kind.short(), workload.name),
        pods: workload.pods,
        injected: workload.injected,
        said: first.map(|finding| finding.cause),
        certainty: first.map(|finding| finding.certainty),
        findings: findings.len(),
        requests: first.map_or(0, |finding| finding.requests),
        ms: milliseconds(workload, transcript),
        judgement: judge(workload, &findings),
        planned: match workload.wanted {
            Wanted::Undecided(_, why) => Some(why),
            Wanted::Proven => None,
        },
    }
}

fn is_of(finding: &Finding, workload: &Workload) -> bool {
    finding.sightings.iter().any(|place| {
        place.namespace == workload.namespace
            && place
                .owner
                .as_ref()
                .is_some_and(|owner| owner.kind == workload.kind.name() && owner.name == workload.name)
    })
}

fn judge(workload: &Workload, findings: &[&Finding]) -> Judgement {
    let [finding] = findings else { return Judgement::Wrong };
    let whole = finding.sightings.len() == workload.pods;
    let is_named = finding.cause == workload.injected;
    match (workload.wanted, finding.certainty) {
        _ if !whole => Judgement::Wrong,
        (Wanted::Proven, Certainty::Proven) if is_named => Judgement::Right,
        (Wanted::Proven | Wanted::Undecided(..), Certainty::Likely) if is_named => Judgement::Unproven,
        (Wanted::Proven, Certainty::Undecided) => Judgement::Unproven,
        (Wanted::Undecided(left, _), Certainty::Undecided)
            if left.iter().all(|cause| is_left(finding, *cause)) =>
        {
            Judgement::AsPlanned
        }
        (Wanted::Undecided(..), Certainty::Undecided) => Judgement::Unproven,
        (Wanted::Proven | Wanted::Undecided(..), Certainty::Proven | Certainty::Likely) => Judgement::Wrong,
    }
}

fn is_left(finding: &Finding, cause: Cause) -> bool {
    let open = |standing: Standing| match standing {
        Standing::Open => true,
        Standing::Excluded => false,
    };
    finding.cause == cause || finding.rivals.iter().any(|rival| rival.code == cause && open(rival.standing))
}

/// From the first request of the workload's image to the last answer. What came from a cache took no time.
fn milliseconds(workload: &Workload, transcript: &Value) -> f64 {
    let of_it = |proof: &&Value| {
        proof["key"]["namespace"] == workload.namespace && proof["key"]["image"] == workload.image.as_str()
    };
    let proofs = transcript["proofs"].as_array().into_iter().flatten().filter(of_it);
    let records = proofs.flat_map(|proof| proof["records"].as_array().into_iter().flatten());
    let mut span: Option<(Timestamp, Timestamp)> = None;
    for record in records.filter(|record| record["requests"].as_u64() != Some(0) || has_steps(record)) {
        let Some(begun) = record["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()) else { continue };
        let steps = record["steps"].as_array().into_iter().flatten();
        let took: i64 = steps.filter_map(|step| step["tookUs"].as_i64()).sum();
        let ended = begun.checked_add(jiff::SignedDuration::from_micros(took)).unwrap_or(begun);
        let (first, last) = span.unwrap_or((begun, ended));
        span = Some((first.min(begun), last.max(ended)));
    }
    span.map_or(0.0, |(first, last)| last.duration_since(first).as_secs_f64() * 1000.0)
}

/// Whether something was done for it below HTTP at least.
fn has_steps(record: &Value) -> bool {
    record["steps"]
        .as_array()
        .is_some_and(|steps| steps.iter().any(|step| step["tookUs"].as_u64() != Some(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::{Played, play};
    use crate::workloads::{Places, broken};

    fn judged(
        played: &Played,
        name: &str,
        change: impl FnOnce(&mut Workload, &mut Vec<Finding>),
    ) -> Judgement {
        let workloads = broken(&Places::of(&played.running));
        let mut workload = workloads.into_iter().find(|workload| workload.name == name).unwrap();
        let mut findings = played.report.findings.clone();
        change(&mut workload, &mut findings);
        judge(&workload, &findings.iter().filter(|finding| is_of(finding, &workload)).collect::<Vec<_>>())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_not_as_planned_is_called_so() {
        let played = play().await.map_err(|failure| failure.text()).unwrap();
        let of = |findings: &mut Vec<Finding>, cause: Cause| {
            findings.iter().position(|finding| finding.cause == cause).unwrap()
        };
        assert_eq!(judged(&played, "storefront", |_, _| {}), Judgement::Right);
        assert_eq!(judged(&played, "weights", |_, _| {}), Judgement::AsPlanned);
        let other = judged(&played, "storefront", |workload, _| workload.injected = Cause::Forbidden);
        assert_eq!(other, Judgement::Wrong, "sure of a cause that was not injected");
        assert_eq!(judged(&played, "storefront", |_, findings| findings.clear()), Judgement::Wrong);
        let unsure = judged(&played, "storefront", |_, findings| {
            let at = of(findings, Cause::TagNotFound);
            findings[at].certainty = Certainty::Likely;
        });
        assert_eq!(unsure, Judgement::Unproven);
        let guessed = judged(&played, "weights", |_, findings| {
            let at = of(findings, Cause::NotFoundOrDenied);
            findings[at].certainty = Certainty::Proven;
        });
        assert_eq!(guessed, Judgement::Wrong, "sure where nobody can be");
        let excluded = judged(&played, "weights", |_, findings| {
            let at = of(findings, Cause::NotFoundOrDenied);
            findings[at].rivals.retain(|rival| rival.code != Cause::RepositoryNotFound);
        });
        assert_eq!(excluded, Judgement::Unproven, "the injected cause is not among those left");
        let some = judged(&played, "gateway", |_, findings| {
            let at = of(findings, Cause::DigestNotFound);
            findings[at].sightings.truncate(39);
        });
        assert_eq!(some, Judgement::Wrong, "a pod is missing");
        played.end().await;
    }
}
