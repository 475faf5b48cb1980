//! Comparing the incidents of a case with what was injected.

use jiff::Timestamp;
use serde_json::Value;

use super::Resources;
use crate::scenarios::expect::Said;
use crate::scenarios::judge::Grade;
use crate::scenarios::objects::Case;

/// What the controller said of a case.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// How it counts.
    pub(crate) grade: Grade,
    /// Cause and certainty in words; `nothing` when it has no incident.
    pub(crate) words: String,
    /// Seconds from the kubelet's waiting reason to `proven`, by the incident's own times; `None`: it is not proven.
    pub(crate) proven_after: Option<f64>,
    /// All that differs from what was expected.
    pub(crate) differs: Vec<String>,
    /// That it is less sure than was expected, and of no other cause: counted in the table, and no failure of the run. What
    /// one controller may ask of all scenarios together is less than each could ask alone: two refusals of one user, one
    /// 429 of one host.
    pub(crate) less_sure: Option<String>,
}

/// What it must say of a case; `None` where nothing fails.
pub(super) fn expected<'a>(case: &Case<'a>) -> Option<&'a Said> {
    if case.scenario.check {
        return None;
    }
    let expect = &case.scenario.expect;
    Some(expect.controller.as_ref().or(expect.probe.as_ref())?.on(case.node.name))
}

/// Judges what stands in the namespace of a case.
pub(super) fn judge(case: &Case<'_>, resources: &Resources) -> Told {
    let Some(said) = expected(case) else { return nothing("nothing is expected of it") };
    let own: Vec<&Value> = unresolved(&case.namespace, &resources.of_namespaces);
    let named = own.iter().find(|incident| incident["status"]["verdict"]["cause"] == said.cause.as_str());
    let Some(incident) = named.or(own.first()) else { return nothing("it has no incident") };
    let (status, verdict) = (&incident["status"], &incident["status"]["verdict"]);
    let mut differs = Vec::new();
    let mut expect = |what: &str, wanted: &str, is: &str| {
        if wanted != is {
            differs.push(format!("{what}: expected {wanted}, said {is}"));
        }
    };
    let word = |value: &Value| value.as_str().unwrap_or("nothing").to_owned();
    let (cause, certainty) = (word(&verdict["cause"]), word(&verdict["certainty"]));
    let same = cause == said.cause;
    let listed = same || rivals(status).any(|code| code == said.cause);
    let wanted = said.certainty.join(" or ");
    let less = listed
        && (certainty == "undecided" || certainty == "likely" && same)
        && !said.certainty.contains(&certainty);
    let less_sure = less.then(|| format!("expected {wanted} {}, said {cause} {certainty}", said.cause));
    if !less {
        expect("cause", &said.cause, &cause);
        if !said.certainty.contains(&certainty) {
            expect("certainty", &wanted, &certainty);
        }
    }
    for (what, wanted, is) in [
        ("inner cause", &said.inner, &verdict["inner"]),
        ("stage", &said.stage, &verdict["stage"]),
        ("endpoint", &said.endpoint, &verdict["endpoint"]),
    ] {
        // Who is not sure of the cause may have met it elsewhere.
        if let Some(wanted) = wanted.as_ref().filter(|_| !less) {
            expect(what, wanted, &word(is));
        }
    }
    expect("phase", "open", &word(&status["phase"]));
    if own.len() > 1 {
        let all: Vec<String> = own.iter().map(|it| word(&it["status"]["verdict"]["cause"])).collect();
        differs.push(format!("one fault is {} incidents: {}", own.len(), all.join(", ")));
    }
    let name = word(&incident["metadata"]["name"]);
    let of_cluster = resources.of_cluster.iter().find(|it| it["metadata"]["name"] == name.as_str());
    match of_cluster {
        None => differs.push(format!("no ClusterPullIncident {name}")),
        Some(whole) => differs.extend(compare_whole(case, whole, resources)),
    }
    let text = incident.to_string();
    for secret in case.scenario.secrets().iter().filter(|secret| text.contains(secret.as_str())) {
        // Not the secret itself: this is printed.
        differs.push(format!("it shows a secret of {} letters", secret.len()));
    }
    for words in said.never.iter().filter(|words| text.contains(words.as_str())) {
        differs.push(format!("it says {words:?}"));
    }
    let grade = match (certainty.as_str(), same) {
        ("likely" | "proven", true) => Grade::Right,
        ("undecided", _) if listed => Grade::Undecided,
        _ => Grade::Wrong,
    };
    let inner = verdict["inner"].as_str().map_or_else(String::new, |inner| format!(" ({inner})"));
    let proven_after = seconds_between(&status["times"]["seen"], &status["times"]["proven"]);
    Told { grade, words: format!("{cause}{inner} {certainty}"), proven_after, differs, less_sure }
}

/// What the whole incident must be.
fn compare_whole(case: &Case<'_>, whole: &Value, resources: &Resources) -> Vec<String> {
    let Some(wanted) = &case.scenario.expect.incident else { return Vec::new() };
    let mut differs = Vec::new();
    let status = &whole["status"];
    for (what, wanted, is) in [
        ("scope", &wanted.scope, &status["verdict"]["scope"]),
        ("node", &wanted.node, &status["verdict"]["node"]),
    ] {
        if wanted.as_ref().is_some_and(|wanted| *is != wanted.as_str()) {
            differs.push(format!("{what}: expected {}, said {is}", wanted.as_deref().unwrap_or_default()));
        }
    }
    for (what, wanted) in
        [("pods", wanted.pods), ("owners", wanted.owners), ("namespaces", wanted.namespaces)]
    {
        let is = &status["counts"][what];
        if wanted.is_some_and(|wanted| is.as_u64() != Some(wanted)) {
            differs.push(format!("{what}: expected {}, said {is}", wanted.unwrap_or_default()));
        }
    }
    for namespace in case.namespaces().iter().skip(1) {
        let own = unresolved(namespace, &resources.of_namespaces);
        if own.len() != 1 || own[0]["metadata"]["name"] != whole["metadata"]["name"] {
            differs.push(format!("{namespace} has {} incidents, not the one of all", own.len()));
        }
    }
    differs
}

/// What of a mended case is not resolved; `None`: all is.
pub(super) fn not_resolved(case: &Case<'_>, resources: &Resources) -> Option<String> {
    let namespaces = case.namespaces();
    let open = namespaces.iter().flat_map(|namespace| unresolved(namespace, &resources.of_namespaces));
    let named: Vec<String> = open
        .map(|incident| {
            format!("{} is {}", incident["metadata"]["name"], incident["status"]["phase"]).replace('"', "")
        })
        .collect();
    (!named.is_empty()).then(|| named.join(", "))
}

fn unresolved<'a>(namespace: &str, all: &'a [Value]) -> Vec<&'a Value> {
    all.iter()
        .filter(|incident| incident["metadata"]["namespace"] == namespace)
        .filter(|incident| incident["status"]["phase"] != "resolved")
        .collect()
}

fn rivals(status: &Value) -> impl Iterator<Item = String> + '_ {
    let all = status["rivals"].as_array().into_iter().flatten();
    all.filter_map(|rival| rival["code"].as_str().map(str::to_owned))
}

fn seconds_between(from: &Value, to: &Value) -> Option<f64> {
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    Some(time(to)?.duration_since(time(from)?).as_secs_f64().max(0.0))
}

fn nothing(why: &str) -> Told {
    Told {
        grade: Grade::Wrong,
        words: "nothing".to_owned(),
        proven_after: None,
        differs: vec![why.to_owned()],
        less_sure: None,
    }
}
