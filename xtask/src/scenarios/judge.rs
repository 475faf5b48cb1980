//! Comparing what the product said with what was injected.

use anyhow::{Context, Result};
use serde_json::Value;

use super::expect::{REQUESTS, Said, Suggests};

/// How an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    /// It names the injected cause and stands by it.
    Right,
    /// It says that it cannot decide, and the injected cause is among what it leaves.
    Undecided,
    /// Anything else, silence included.
    Wrong,
}

impl Grade {
    /// The word in the table.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Undecided => "undecided",
            Self::Wrong => "wrong",
        }
    }
}

/// The product's answer to one case.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// How it counts.
    pub(crate) grade: Grade,
    /// Cause, or cause and inner cause; `nothing` when it found none.
    pub(crate) cause: String,
    /// Its certainty.
    pub(crate) certainty: String,
    /// The words it goes by.
    pub(crate) proof: String,
    /// Registry requests that it took.
    pub(crate) requests: u64,
    /// The finding that was judged.
    pub(crate) finding: Option<Value>,
    /// Everything that differs from what was expected; empty when the case passed.
    pub(crate) differs: Vec<String>,
}

impl Answer {
    /// When there is no report to judge.
    pub(crate) fn none(why: String) -> Self {
        Self {
            grade: Grade::Wrong,
            cause: "nothing".to_owned(),
            certainty: String::new(),
            proof: String::new(),
            requests: 0,
            finding: None,
            differs: vec![why],
        }
    }
}

/// Judges the report of a namespace that holds one fault.
pub(crate) fn judge(report: &str, expected: &Said) -> Result<Answer> {
    let report: Value = serde_json::from_str(report).context("the report is no JSON")?;
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let named = findings.iter().find(|finding| finding["cause"] == expected.cause.as_str());
    let Some(finding) = named.or_else(|| findings.first()) else {
        return Ok(Answer::none("it found nothing".to_owned()));
    };
    let mut differs = compare(finding, expected);
    for other in findings.iter().filter(|other| !std::ptr::eq(*other, finding)) {
        differs.push(format!("it also found {}", text(&other["cause"])));
    }
    for skipped in report["skipped"].as_array().into_iter().flatten() {
        differs.push(format!("it could not read {}: {}", text(&skipped["what"]), text(&skipped["reason"])));
    }
    let cause = match finding["inner"].as_str() {
        Some(inner) => format!("{} ({inner})", text(&finding["cause"])),
        None => text(&finding["cause"]),
    };
    // The node's words stand first; what was seen by asking tells more of a replay.
    let proofs = finding["proof"].as_array().map(Vec::as_slice).unwrap_or_default();
    let proof = proofs.iter().find(|seen| seen["by"] == "probe").or(proofs.first());
    Ok(Answer {
        grade: if findings.len() > 1 { Grade::Wrong } else { grade(finding, expected) },
        cause,
        certainty: text(&finding["certainty"]),
        proof: proof.map(|seen| text(&seen["text"])).unwrap_or_default(),
        requests: finding["requests"].as_u64().unwrap_or_default(),
        finding: Some(finding.clone()),
        differs,
    })
}

fn grade(finding: &Value, expected: &Said) -> Grade {
    let same = finding["cause"] == expected.cause.as_str()
        && expected.inner.as_ref().is_none_or(|inner| finding["inner"] == inner.as_str());
    let listed = same || rivals(finding).any(|code| code == expected.cause);
    match (finding["certainty"].as_str(), same, listed) {
        (Some("undecided"), _, true) => Grade::Undecided,
        (Some("likely" | "proven"), true, _) => Grade::Right,
        _ => Grade::Wrong,
    }
}

fn compare(finding: &Value, expected: &Said) -> Vec<String> {
    let mut differs = Vec::new();
    let mut expect = |what: &str, wanted: &str, said: String| {
        if wanted != said {
            differs.push(format!("{what}: expected {wanted}, said {said}"));
        }
    };
    expect("cause", &expected.cause, text(&finding["cause"]));
    let certainty = text(&finding["certainty"]);
    if !expected.certainty.contains(&certainty) {
        expect("certainty", &expected.certainty.join(" or "), certainty);
    }
    let place = &finding["sightings"][0];
    let owner = format!("{}/{}", text(&place["owner"]["kind"]), text(&place["owner"]["name"]));
    for (what, wanted, said) in [
        ("inner cause", &expected.inner, text(&finding["inner"])),
        ("kind of container", &expected.container, text(&place["kind"])),
        ("owner", &expected.owner, owner),
        ("stage", &expected.stage, text(&finding["stage"])),
        ("endpoint", &expected.endpoint, text(&finding["endpoint"])),
        ("still serving", &expected.serving, text(&finding["serving"][0]["by"]["kind"])),
        ("managed by", &expected.managed_by, text(&finding["managedBy"][0]["tool"])),
        ("injected container", &expected.injected, text(&finding["injectedBy"][0]["container"])),
    ] {
        if let Some(wanted) = wanted {
            expect(what, wanted, said);
        }
    }
    if let Some(wanted) = &expected.proof {
        let mut proofs = finding["proof"].as_array().into_iter().flatten().map(|seen| text(&seen["text"]));
        if !proofs.any(|words| words.contains(wanted)) {
            differs.push(format!("no proof holds the words {wanted:?}"));
        }
    }
    for wanted in &expected.rivals {
        if !rivals(finding).any(|code| code == *wanted) {
            differs.push(format!("rival {wanted} is not in its list"));
        }
    }
    differs.extend(compare_in_depth(finding, expected));
    differs
}

/// What only a replay can tell.
fn compare_in_depth(finding: &Value, expected: &Said) -> Vec<String> {
    let mut differs = Vec::new();
    let list = |key: &str| finding[key].as_array().cloned().unwrap_or_default();
    for wanted in &expected.excluded {
        let mut excluded = list("rivals").into_iter().filter(|rival| rival["standing"] == "excluded");
        if !excluded.any(|rival| rival["code"] == wanted.as_str()) {
            differs.push(format!("rival {wanted} is not excluded"));
        }
    }
    for wanted in &expected.also {
        if !list("also").iter().any(|code| code == wanted.as_str()) {
            differs.push(format!("{wanted} is not among its further faults"));
        }
    }
    let whole = |keys: &[&str]| keys.iter().map(|key| plain(&finding[*key])).collect::<String>();
    for (part, wanted, said) in [
        ("summary", &expected.contains.summary, whole(&["summary"])),
        ("proof", &expected.contains.proof, whole(&["proof"])),
        ("remedies", &expected.contains.remedies, whole(&["remedies"])),
        ("missing", &expected.contains.missing, whole(&["missing", "notLookedAt"])),
    ] {
        for words in wanted.iter().filter(|words| !said.contains(*words)) {
            differs.push(format!("{part}: no {words:?} in it: {}", shortened(&said)));
        }
    }
    if let Some(Suggests { first, of }) = &expected.suggests {
        let said = whole(&["remedies"]);
        let place = |words: &String| said.find(words.as_str()).unwrap_or(usize::MAX);
        if place(first) == usize::MAX || of.iter().any(|other| place(other) < place(first)) {
            differs.push(format!("the remedies do not suggest {first} first: {}", shortened(&said)));
        }
    }
    let said = plain(finding);
    for words in expected.never.iter().filter(|words| said.contains(*words)) {
        differs.push(format!("it says {words:?}"));
    }
    let (asked, allowed) =
        (finding["requests"].as_u64().unwrap_or_default(), expected.requests.unwrap_or(REQUESTS));
    if asked > allowed {
        differs.push(format!("it took {asked} requests, not at most {allowed}"));
    }
    differs
}

/// All texts of a value, a line each.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => fields.values().map(plain).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

fn shortened(text: &str) -> String {
    let text = text.trim().replace('\n', " / ");
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

fn rivals(finding: &Value) -> impl Iterator<Item = String> + '_ {
    finding["rivals"].as_array().into_iter().flatten().map(|rival| text(&rival["code"]))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenarios::expect::Contains;

    fn expected() -> Said {
        Said {
            cause: "tag-not-found".to_owned(),
            certainty: vec!["likely".to_owned(), "undecided".to_owned()],
            rivals: vec!["repository-not-found".to_owned()],
            ..Said::default()
        }
    }

    fn report(cause: &str, certainty: &str, rivals: &[&str]) -> String {
        let rivals: Vec<Value> = rivals.iter().map(|code| json!({"code": code})).collect();
        json!({"findings": [{"cause": cause, "certainty": certainty, "rivals": rivals}]}).to_string()
    }

    #[test]
    fn injected_cause_with_its_rival_passes() {
        let answer =
            judge(&report("tag-not-found", "likely", &["repository-not-found"]), &expected()).unwrap();
        assert_eq!((answer.grade, answer.differs.len()), (Grade::Right, 0));
    }

    #[test]
    fn undecided_counts_as_such_only_if_it_leaves_the_injected_cause() {
        let leaves =
            judge(&report("repository-not-found", "undecided", &["tag-not-found"]), &expected()).unwrap();
        assert_eq!(leaves.grade, Grade::Undecided);
        let loses = judge(&report("repository-not-found", "undecided", &["dns"]), &expected()).unwrap();
        assert_eq!(loses.grade, Grade::Wrong);
    }

    #[test]
    fn another_cause_is_wrong_however_sure() {
        let answer = judge(&report("dns", "proven", &["tag-not-found"]), &expected()).unwrap();
        assert_eq!(answer.grade, Grade::Wrong);
        assert_eq!(answer.differs.len(), 3);
    }

    #[test]
    fn proof_must_hold_the_words_that_were_asked_for() {
        let finding = |words: &str| {
            json!({"findings": [{
                "cause": "tag-not-found", "certainty": "likely", "endpoint": "registry.acme.test",
                "rivals": [{"code": "repository-not-found"}], "proof": [{"text": words}],
            }]})
            .to_string()
        };
        let wanted = Said {
            proof: Some("no such host".to_owned()),
            endpoint: Some("registry.acme.test".to_owned()),
            ..expected()
        };
        assert!(judge(&finding("lookup x: no such host"), &wanted).unwrap().differs.is_empty());
        assert_eq!(judge(&finding("i/o timeout"), &wanted).unwrap().differs.len(), 1);
    }

    #[test]
    fn excluded_rivals_further_faults_words_and_requests_are_compared() {
        let finding = json!({"findings": [{
            "cause": "tag-not-found", "certainty": "proven", "also": ["mirror-misconfigured"], "requests": 9,
            "rivals": [{"code": "repository-not-found", "standing": "excluded"}],
            "remedies": [{"title": "write the tag as 1.29", "command": null}],
        }]})
        .to_string();
        let wanted = |remedy: &str, requests: u64| Said {
            cause: "tag-not-found".to_owned(),
            certainty: vec!["proven".to_owned()],
            excluded: vec!["repository-not-found".to_owned()],
            also: vec!["mirror-misconfigured".to_owned()],
            contains: Contains { remedies: vec![remedy.to_owned()], ..Contains::default() },
            requests: Some(requests),
            ..Said::default()
        };
        assert_eq!(judge(&finding, &wanted("1.29", 9)).unwrap().differs, Vec::<String>::new());
        assert_eq!(judge(&finding, &wanted("1.30", 8)).unwrap().differs.len(), 2);
        let bare = json!({"findings": [{"cause": "tag-not-found", "certainty": "proven"}]}).to_string();
        assert_eq!(judge(&bare, &wanted("1.29", 9)).unwrap().differs.len(), 3);
    }

    #[test]
    fn silence_is_wrong() {
        let answer = judge(r#"{"findings": []}"#, &expected()).unwrap();
        assert_eq!((answer.grade, answer.cause.as_str()), (Grade::Wrong, "nothing"));
    }

    #[test]
    fn second_finding_in_a_namespace_of_one_fault_is_wrong() {
        let mut two: Value =
            serde_json::from_str(&report("tag-not-found", "likely", &["repository-not-found"])).unwrap();
        let other = json!({"cause": "dns", "certainty": "likely"});
        two["findings"].as_array_mut().unwrap().push(other);
        let answer = judge(&two.to_string(), &expected()).unwrap();
        assert_eq!(
            (answer.grade, answer.differs.as_slice()),
            (Grade::Wrong, &["it also found dns".to_owned()][..])
        );
    }
}
