//! Injected against said.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pullmedic_model::{Cause, Certainty};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cluster::maker;
use crate::workloads::{Kind, Wanted, Workload};

/// How a verdict compares with what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// The injected cause, proven.
    Right,
    /// No proof where none can be had: the injected cause, likely, or undecided with it among those left.
    AsPlanned,
    /// The injected cause, or an honest doubt, where proof was planned.
    Unproven,
    /// A cause that was not injected, for sure; or nothing said, or two things.
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

/// What was said of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// Of the finding, or of the incident.
    pub id: String,
    /// The cause.
    pub cause: Cause,
    /// How sure it is.
    pub certainty: Certainty,
    /// The causes that are left, this one among them.
    pub left: Vec<Cause>,
    /// Pods of this workload that it is said of.
    pub pods: usize,
    /// Registry requests that it took to find out.
    pub requests: u64,
    /// Whether a proof was tried.
    pub asked: bool,
}

/// What one command said of a workload, and how that compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// One is right.
    pub said: Vec<Said>,
    /// How that compares.
    pub judgement: Judgement,
    /// Why it is no proof, where that was planned.
    pub planned: Option<&'static str>,
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
    /// What `pullmedic diagnose` says.
    pub diagnose: Answer,
    /// What the controller's incident says.
    pub incident: Answer,
    /// Registry requests that the proof of `diagnose` took.
    pub requests: u64,
    /// From its first request to the last answer, in milliseconds.
    pub ms: f64,
}

impl Row {
    /// Whether both are as planned.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.diagnose.judgement.is_right() && self.incident.judgement.is_right()
    }

    /// How the worse of both compares.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        let worse = |judgement: &Judgement| match judgement {
            Judgement::Right => 0,
            Judgement::AsPlanned => 1,
            Judgement::Unproven => 2,
            Judgement::Wrong => 3,
        };
        let both = [self.diagnose.judgement, self.incident.judgement];
        both.into_iter().max_by_key(worse).unwrap_or(Judgement::Wrong)
    }
}

/// The comparison, in the order of the table: the documents are those of `diagnose -o json`, of `incidents -o json`, and
/// the transcript of the first.
pub(crate) fn rows(broken: &[Workload], report: &Value, incidents: &Value, transcript: &Value) -> Vec<Row> {
    let row = |workload: &Workload| {
        let findings = of_report(workload, report);
        Row {
            namespace: workload.namespace.to_owned(),
            workload: format!("{}/{}", workload.kind.short(), workload.name),
            pods: workload.pods,
            injected: workload.injected,
            requests: findings.iter().map(|said| said.requests).sum(),
            diagnose: answer(workload, workload.wanted, findings),
            incident: by_controller(workload, incidents),
            ms: milliseconds(workload, transcript),
        }
    };
    broken.iter().map(row).collect()
}

/// How many workloads have their verdict from the controller, as planned.
pub(crate) fn told(broken: &[Workload], incidents: &Value) -> usize {
    let is_told = |workload: &&Workload| {
        let answer = by_controller(workload, incidents);
        answer.judgement.is_right() && answer.said.iter().all(|said| said.asked)
    };
    broken.iter().filter(is_told).count()
}

fn by_controller(workload: &Workload, incidents: &Value) -> Answer {
    let wanted = workload.by_controller.unwrap_or(workload.wanted);
    answer(workload, wanted, of_incidents(workload, incidents))
}

fn answer(workload: &Workload, wanted: Wanted, said: Vec<Said>) -> Answer {
    let judgement = judge(workload, wanted, &said);
    let planned = match wanted {
        Wanted::Likely(why) | Wanted::Undecided(_, why) => Some(why),
        Wanted::Proven => None,
    };
    Answer { said, judgement, planned }
}

fn judge(workload: &Workload, wanted: Wanted, said: &[Said]) -> Judgement {
    let [said] = said else { return Judgement::Wrong };
    let is_named = said.cause == workload.injected;
    match (wanted, said.certainty) {
        _ if said.pods != workload.pods => Judgement::Wrong,
        (Wanted::Proven, Certainty::Proven) if is_named => Judgement::Right,
        (Wanted::Likely(_), Certainty::Likely) if is_named => Judgement::AsPlanned,
        (Wanted::Proven | Wanted::Undecided(..), Certainty::Likely) if is_named => Judgement::Unproven,
        (Wanted::Undecided(left, _), Certainty::Undecided)
            if left.iter().all(|cause| said.left.contains(cause)) =>
        {
            Judgement::AsPlanned
        }
        (Wanted::Proven | Wanted::Likely(_) | Wanted::Undecided(..), Certainty::Undecided) => {
            Judgement::Unproven
        }
        (
            Wanted::Proven | Wanted::Likely(_) | Wanted::Undecided(..),
            Certainty::Proven | Certainty::Likely,
        ) => Judgement::Wrong,
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn word<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// Whether an owner is the workload's: itself, or a Job that its CronJob made.
fn is_owner(workload: &Workload, owner: &Value) -> bool {
    let made = workload.kind == Kind::CronJob && owner["kind"] == "Job";
    let name = if made { maker(workload) } else { workload.name.to_owned() };
    (made || owner["kind"] == workload.kind.name()) && owner["name"] == name
}

/// What stands in both forms alike.
fn said(document: &Value, rivals: &[Value], pods: usize, requests: &Value) -> Option<Said> {
    let cause: Cause = word(&document["cause"])?;
    let open = rivals.iter().filter(|rival| rival["standing"] == "open");
    Some(Said {
        id: document["id"].as_str().unwrap_or_default().to_owned(),
        cause,
        certainty: word(&document["certainty"])?,
        left: std::iter::once(cause).chain(open.filter_map(|rival| word(&rival["code"]))).collect(),
        pods,
        requests: requests.as_u64().unwrap_or_default(),
        asked: true,
    })
}

fn of_report(workload: &Workload, report: &Value) -> Vec<Said> {
    let of = |finding: &Value| {
        let here = list(finding, "sightings").iter().filter(|sighting| {
            sighting["namespace"] == workload.namespace && is_owner(workload, &sighting["owner"])
        });
        let pods: BTreeSet<&str> = here.filter_map(|sighting| sighting["pod"].as_str()).collect();
        let said = said(finding, list(finding, "rivals"), pods.len(), &finding["requests"]);
        said.filter(|_| !pods.is_empty())
    };
    list(report, "findings").iter().filter_map(of).collect()
}

fn of_incidents(workload: &Workload, incidents: &Value) -> Vec<Said> {
    let of = |incident: &Value| {
        let touched = list(incident, "namespaces");
        let here = touched.iter().find(|touched| touched["namespace"] == workload.namespace)?;
        let owners = list(here, "owners");
        let pods = here["pods"].as_u64().and_then(|pods| usize::try_from(pods).ok())?;
        let rivals = list(&here["verdict"], "rivals");
        let said = said(incident, rivals, pods, &incident["cost"]["requests"]);
        let said = Said { asked: !here["verdict"].is_null(), ..said? };
        owners.iter().any(|owner| is_owner(workload, owner)).then_some(said)
    };
    let all = list(incidents, "items").iter();
    all.filter(|incident| incident["mergedInto"].is_null()).filter_map(of).collect()
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
    use crate::words;

    const LEFT: &[Cause] = &[Cause::RepositoryNotFound, Cause::NoCredentials];

    fn workload() -> Workload {
        let image = "registry.acme.test:5000/shop/storefront:1.92";
        Workload {
            kind: Kind::Deployment,
            namespace: "shop",
            name: "storefront",
            pods: 2,
            init: false,
            waiting: words::not_found(image),
            image: image.to_owned(),
            secret: None,
            before: None,
            injected: Cause::RepositoryNotFound,
            wanted: Wanted::Proven,
            by_controller: None,
        }
    }

    fn said(cause: Cause, certainty: Certainty) -> Said {
        Said {
            id: "pi-aaaaaa".to_owned(),
            cause,
            certainty,
            left: LEFT.to_vec(),
            pods: 2,
            requests: 3,
            asked: true,
        }
    }

    #[test]
    fn what_is_not_as_planned_is_called_so() {
        use Cause::{NotFoundOrDenied as Either, RepositoryNotFound as Gone, TagNotFound as Other};
        use Certainty::{Likely, Proven, Undecided};
        let (proof, hint) = (Wanted::Proven, Wanted::Likely("it stands elsewhere"));
        let doubt = Wanted::Undecided(LEFT, "nobody can tell");
        for (wanted, cause, certainty, judgement) in [
            (proof, Gone, Proven, Judgement::Right),
            (proof, Other, Proven, Judgement::Wrong),
            (proof, Other, Likely, Judgement::Wrong),
            (proof, Gone, Likely, Judgement::Unproven),
            (proof, Either, Undecided, Judgement::Unproven),
            (hint, Gone, Likely, Judgement::AsPlanned),
            (hint, Gone, Proven, Judgement::Wrong),
            (hint, Other, Likely, Judgement::Wrong),
            (hint, Either, Undecided, Judgement::Unproven),
            (doubt, Either, Undecided, Judgement::AsPlanned),
            (doubt, Gone, Proven, Judgement::Wrong),
            (doubt, Gone, Likely, Judgement::Unproven),
        ] {
            let judged = judge(&workload(), wanted, &[said(cause, certainty)]);
            assert_eq!(judged, judgement, "{cause} {certainty:?}");
        }
        let right = said(Gone, Proven);
        assert_eq!(judge(&workload(), proof, &[]), Judgement::Wrong, "nothing is said");
        assert_eq!(
            judge(&workload(), proof, &[right.clone(), right.clone()]),
            Judgement::Wrong,
            "two things"
        );
        let some = Said { pods: 1, ..right };
        assert_eq!(judge(&workload(), proof, &[some]), Judgement::Wrong, "a pod is missing");
        let excluded = Said { left: vec![Either], ..said(Either, Undecided) };
        assert_eq!(judge(&workload(), doubt, &[excluded]), Judgement::Unproven, "the injected is not left");
    }

    #[test]
    fn an_incident_is_of_a_workload_by_its_owners_and_one_that_was_merged_is_none() {
        let of = |owner: &str, merged: Value| {
            serde_json::json!({"items": [{"id": "pi-aaaaaa", "cause": "repository-not-found",
                "certainty": "proven", "mergedInto": merged, "cost": {"requests": 4},
                "namespaces": [{"namespace": "shop", "pods": 2, "verdict": null,
                    "owners": [{"kind": "Deployment", "name": owner}]}]}]})
        };
        let found = |incidents: Value| of_incidents(&workload(), &incidents);
        assert_eq!(found(of("storefront", Value::Null)).len(), 1);
        assert_eq!(found(of("admin", Value::Null)).len(), 0);
        assert_eq!(found(of("storefront", "pi-bbbbbb".into())).len(), 0);
    }
}
