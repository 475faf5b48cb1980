//! Requests and what is answered, written once in `cases.yaml`: held against this server always, and against the real
//! one by `conformance.sh`, which sets `PULLMEDIC_CONFORMANCE_KUBECONFIG`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use support::{Answer, Client};
use testkit_apiserver::{ApiServer, Options};

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Case {
    name: String,
    send: String,
    #[serde(rename = "as")]
    user: Option<String>,
    #[serde(rename = "type")]
    patch: Option<String>,
    accept: Option<String>,
    body: Option<Value>,
    code: u16,
    has: Option<Value>,
    lacks: Vec<String>,
    lines: Option<Vec<Value>>,
    /// Only the first lines are compared: a bookmark may follow.
    first: bool,
    keep: BTreeMap<String, String>,
    until: bool,
    ours: Option<Ours>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Ours {
    why: String,
    code: u16,
    has: Option<Value>,
}

fn cases() -> Vec<Case> {
    serde_saphyr::from_str(include_str!("cases.yaml")).unwrap()
}

/// Puts what was kept in the place of `{name}`.
fn filled(text: &str, kept: &BTreeMap<String, String>) -> String {
    kept.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn filled_value(value: &Value, kept: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => filled(text, kept).into(),
        Value::Array(items) => items.iter().map(|item| filled_value(item, kept)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), filled_value(value, kept))).collect()
        }
        other => other.clone(),
    }
}

/// What is missing from `is` that `wanted` has: maps may have more, lists not.
fn missing(wanted: &Value, is: &Value, path: &str, found: &mut Vec<String>) {
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => {
            for (key, wanted) in wanted {
                missing(wanted, is.get(key).unwrap_or(&Value::Null), &format!("{path}/{key}"), found);
            }
        }
        (Value::Array(wanted), Value::Array(is)) if wanted.len() == is.len() => {
            for (nth, (wanted, is)) in wanted.iter().zip(is).enumerate() {
                missing(wanted, is, &format!("{path}/{nth}"), found);
            }
        }
        (wanted, is) if wanted == is => {}
        (wanted, is) => found.push(format!("{path}: expected {wanted}, got {is}")),
    }
}

struct Run {
    kubeconfig: String,
    kept: BTreeMap<String, String>,
    clients: BTreeMap<String, Client>,
    real: bool,
}

impl Run {
    fn new(kubeconfig: String, real: bool) -> Run {
        let namespace = format!("conformance-{}", std::process::id());
        let kept = BTreeMap::from([("ns".to_owned(), namespace)]);
        Run { kubeconfig, kept, clients: BTreeMap::new(), real }
    }

    async fn client(&mut self, user: Option<&str>) -> &Client {
        let name = user.unwrap_or("admin").to_owned();
        if !self.clients.contains_key(&name) {
            let token = user.map(|user| self.kept.get(user).cloned().unwrap_or_else(|| format!("no-{user}")));
            let client = match token {
                None => Client::of(&self.kubeconfig).await,
                Some(token) => Client::with_token(&self.kubeconfig, &token).await,
            };
            self.clients.insert(name.clone(), client);
        }
        &self.clients[&name]
    }

    async fn ask(&mut self, case: &Case) -> Answer {
        let (method, path) = case.send.split_once(' ').unwrap();
        let path = filled(path, &self.kept);
        let body = case.body.as_ref().map(|body| filled_value(body, &self.kept).to_string());
        let media = match case.patch.as_deref() {
            None => "application/json",
            Some("merge") => "application/merge-patch+json",
            Some("json") => "application/json-patch+json",
            Some("strategic") => "application/strategic-merge-patch+json",
            Some("apply") => "application/apply-patch+yaml",
            Some(other) => panic!("{}: unknown type {other}", case.name),
        };
        let mut headers = vec![("user-agent", "conformance/1")];
        if body.is_some() {
            headers.push(("content-type", media));
        }
        if let Some(accept) = &case.accept {
            headers.push(("accept", accept));
        }
        let body = body.unwrap_or_default();
        let answer = self.client(case.user.as_deref()).await.send(method, &path, &headers, &body);
        let silent = Answer { code: 0, headers: http::HeaderMap::new(), value: "no answer in 15 s".into() };
        tokio::time::timeout(Duration::from_secs(15), answer).await.unwrap_or(silent)
    }

    /// What is wrong with an answer.
    fn judge(&self, case: &Case, answer: &Answer) -> Vec<String> {
        let mut found = Vec::new();
        let ours = case.ours.as_ref().filter(|_| !self.real);
        let (code, has) = match ours {
            Some(ours) => (ours.code, &ours.has),
            None => (case.code, &case.has),
        };
        if answer.code != code {
            found.push(format!("expected {code}, got {}: {}", answer.code, answer.value));
            return found;
        }
        if let Some(has) = has {
            missing(&filled_value(has, &self.kept), &answer.value, "", &mut found);
        }
        if ours.is_some() {
            return found;
        }
        for pointer in &case.lacks {
            if let Some(value) = answer.value.pointer(pointer) {
                found.push(format!("{pointer}: expected nothing, got {value}"));
            }
        }
        if let Some(wanted) = &case.lines {
            let text = answer.value.as_str().map_or_else(|| answer.value.to_string(), str::to_owned);
            let mut lines: Vec<Value> = text
                .lines()
                .filter(|line| !line.trim().is_empty() && *line != "\"\"")
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            if case.first {
                lines.truncate(wanted.len());
            }
            missing(&filled_value(&wanted.clone().into(), &self.kept), &lines.into(), "lines", &mut found);
        }
        found
    }

    async fn all(&mut self) -> Vec<String> {
        let mut failures = Vec::new();
        for case in cases() {
            let start = Instant::now();
            let (answer, found) = loop {
                let answer = self.ask(&case).await;
                let found = self.judge(&case, &answer);
                if found.is_empty() || !case.until || start.elapsed() > Duration::from_secs(10) || !self.real
                {
                    break (answer, found);
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            };
            failures.extend(found.into_iter().map(|found| format!("{}: {found}", case.name)));
            for (name, pointer) in &case.keep {
                match answer.value.pointer(pointer).and_then(Value::as_str) {
                    Some(value) => {
                        self.kept.insert(name.clone(), value.to_owned());
                    }
                    None => failures.push(format!("{}: nothing at {pointer} to keep", case.name)),
                }
            }
        }
        failures
    }
}

#[tokio::test]
async fn this_server_answers_as_the_real_one_does() {
    let api = ApiServer::start(Options::default()).await.unwrap();
    let failures = Run::new(api.kubeconfig(api.admin_token()), false).all().await;
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases().len(), failures.join("\n"));
}

#[test]
fn the_readme_lists_every_difference() {
    let readme = include_str!("../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let missing: Vec<String> = cases()
        .into_iter()
        .filter_map(|case| case.ours.map(|ours| ours.why))
        .filter(|why| !readme.contains(why.as_str()))
        .collect();
    assert!(missing.is_empty(), "README.md does not say:\n{}", missing.join("\n"));
}

#[tokio::test]
#[ignore = "needs the real cluster: conformance.sh"]
async fn the_real_server_answers_as_the_cases_say() {
    let path = std::env::var("PULLMEDIC_CONFORMANCE_KUBECONFIG").unwrap();
    let kubeconfig = std::fs::read_to_string(path).unwrap();
    let mut run = Run::new(kubeconfig, true);
    let failures = run.all().await;
    // What a case that failed left behind.
    let namespace = run.kept["ns"].clone();
    for path in [
        format!("/api/v1/namespaces/{namespace}"),
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.conformance.pullmedic.test"
            .to_owned(),
    ] {
        run.client(None).await.send("DELETE", &path, &[], "").await;
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases().len(), failures.join("\n"));
}
