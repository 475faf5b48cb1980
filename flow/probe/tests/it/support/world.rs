//! A registry as a closure from requests to endings, and the loop that asks it.

use pullmedic_model::probe::record::{Body, Challenge, NotAsked, RegistryError};
use pullmedic_model::probe::{Answer, Ask, Case, Class, Ended, Got, Record, Step, What};
use pullmedic_model::{Captured, Endpoint, Stage, Verdict};
use pullmedic_probe::{Limits, Next, judge, next};

use super::case::at;

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) verdict: Verdict,
    pub(crate) transcript: Vec<Record>,
}

impl Run {
    /// Whether any request was made with this secret.
    pub(crate) fn sent(&self, secret: &str) -> bool {
        self.transcript
            .iter()
            .any(|record| record.ask.login.as_ref().is_some_and(|login| login.secret == secret))
    }

    /// The words of a rival's standing; panics when it is none.
    pub(crate) fn rival(&self, cause: pullmedic_model::Cause) -> pullmedic_model::finding::Standing {
        self.verdict.rivals.iter().find(|rival| rival.code == cause).unwrap().standing
    }

    pub(crate) fn is_open(&self, cause: pullmedic_model::Cause) -> bool {
        self.verdict
            .rivals
            .iter()
            .any(|rival| rival.code == cause && rival.standing == pullmedic_model::finding::Standing::Open)
    }
}

/// Asks until done. Each request is answered a second after the one before it.
pub(crate) fn run(case: &Case, world: impl Fn(&Ask) -> Record) -> Run {
    run_with(case, &Limits::default(), world)
}

pub(crate) fn run_with(case: &Case, limits: &Limits, world: impl Fn(&Ask) -> Record) -> Run {
    let mut transcript: Vec<Record> = Vec::new();
    for _ in 0..100 {
        match next(case, &transcript, limits) {
            Next::Done(verdict) => {
                assert_eq!(*verdict, judge(case, &transcript), "next and judge agree at the end");
                return Run { verdict: *verdict, transcript };
            }
            Next::Ask(asks) => {
                for ask in asks {
                    assert!(transcript.iter().all(|record| record.ask != ask), "asked twice: {ask:?}");
                    let mut record = world(&ask);
                    record.at = at(i64::try_from(transcript.len()).unwrap());
                    record.ask = ask;
                    transcript.push(record);
                }
            }
        }
    }
    panic!("asks without an end");
}

fn record(ask: &Ask, steps: Vec<Step>, ended: Ended) -> Record {
    let http = steps.iter().filter(|step| step.answer.is_some()).count();
    Record { ask: ask.clone(), at: at(0), steps, ended, requests: u32::try_from(http).unwrap() }
}

fn step(ask: &Ask, stage: Stage, failed: Option<Class>, answer: Option<Answer>) -> Step {
    Step {
        stage,
        endpoint: ask.host.endpoint.clone(),
        address: None,
        sent: String::new(),
        login: None,
        took_us: 2_000,
        detail: Captured::default(),
        failed,
        answer,
        certificate: None,
    }
}

fn passed_below(ask: &Ask, stage: Stage) -> Vec<Step> {
    [Stage::Name, Stage::Connect, Stage::Tls]
        .into_iter()
        .filter(|below| *below < stage)
        .map(|below| step(ask, below, None, None))
        .collect()
}

/// The stage at which a registry itself answers a request.
fn own_stage(ask: &Ask) -> Stage {
    match ask.what {
        What::Name => Stage::Name,
        What::Ping => Stage::Ping,
        What::ManifestHead(_) | What::Manifest(_) | What::Tags | What::Catalog | What::Referrers(_) => {
            Stage::Manifest
        }
        What::Config(_) => Stage::Config,
        What::BlobHead(_) | What::Blob(_) => Stage::Blob,
    }
}

fn answer(status: u16, body: &str) -> Answer {
    let errors = body
        .split_once(": ")
        .map(|(code, message)| RegistryError { code: code.to_owned(), message: Captured::new(message) });
    Answer {
        status,
        errors: errors.into_iter().collect(),
        body: if body.is_empty() { Body::Empty } else { Body::Json },
        ..Answer::default()
    }
}

/// Passed, after the login was sent where there is one.
pub(crate) fn got(ask: &Ask, what: Got) -> Record {
    let mut steps = passed_below(ask, own_stage(ask));
    if own_stage(ask) >= Stage::Ping {
        let mut last = step(ask, own_stage(ask), None, Some(answer(200, "")));
        last.login.clone_from(&ask.login);
        steps.push(last);
    }
    record(ask, steps, Ended::Got(what))
}

/// Refused below HTTP.
pub(crate) fn refused(ask: &Ask, stage: Stage, class: Class) -> Record {
    let mut steps = passed_below(ask, stage);
    let mut last = step(ask, stage, Some(class), None);
    last.took_us = 30_000_000;
    steps.push(last);
    record(ask, steps, Ended::Refused { stage, endpoint: ask.host.endpoint.clone(), class })
}

/// Refused with a status by the registry itself; `body` is `CODE: message` or empty.
pub(crate) fn answered(ask: &Ask, status: u16, body: &str) -> Record {
    let class = if status >= 500 { Class::ServerError(status) } else { Class::Status(status) };
    let stage = own_stage(ask);
    let mut steps = passed_below(ask, stage);
    // A HEAD has no body.
    let heard = if matches!(ask.what, What::ManifestHead(_) | What::BlobHead(_)) { "" } else { body };
    let mut last = step(ask, stage, Some(class), Some(answer(status, heard)));
    last.login.clone_from(&ask.login);
    steps.push(last);
    record(ask, steps, Ended::Refused { stage, endpoint: ask.host.endpoint.clone(), class })
}

/// Refused with 401 and a challenge: `basic`, or `bearer` of a token service at `realm`, which refuses with `status`, or,
/// with `None`, gives a token that does not help.
pub(crate) fn challenged(ask: &Ask, scheme: &str, realm: &str, token: Option<(u16, &str)>) -> Record {
    let challenge = Challenge {
        scheme: scheme.to_owned(),
        realm: format!("https://{realm}/token"),
        service: realm.to_owned(),
        scope: String::new(),
        error: String::new(),
    };
    let stage = own_stage(ask);
    let mut first = answer(401, "");
    first.challenges.push(challenge.clone());
    let mut steps = passed_below(ask, stage);
    steps.push(step(ask, stage, None, Some(first.clone())));
    if scheme == "basic" {
        let class = Class::Status(401);
        let mut last = step(ask, Stage::Token, Some(class), ask.login.as_ref().map(|_| first));
        last.login.clone_from(&ask.login);
        steps.push(last);
        let endpoint = ask.host.endpoint.clone();
        return record(ask, steps, Ended::Refused { stage: Stage::Token, endpoint, class });
    }
    let service = Endpoint::parse(realm).unwrap();
    let (status, body) = token.unwrap_or((200, ""));
    let class = Class::Status(status);
    let mut at_service = step(ask, Stage::Token, token.map(|_| class), Some(answer(status, body)));
    at_service.endpoint = service.clone();
    at_service.login.clone_from(&ask.login);
    steps.push(at_service);
    if token.is_some() {
        return record(ask, steps, Ended::Refused { stage: Stage::Token, endpoint: service, class });
    }
    let class = Class::Status(401);
    steps.push(step(ask, stage, Some(class), Some(first)));
    record(ask, steps, Ended::Refused { stage, endpoint: ask.host.endpoint.clone(), class })
}

pub(crate) fn not_asked(ask: &Ask, why: NotAsked) -> Record {
    record(ask, Vec::new(), Ended::NotAsked(why))
}

/// Adds a header to every answer.
pub(crate) fn with_header(mut record: Record, name: &str, value: &str) -> Record {
    for answer in record.steps.iter_mut().filter_map(|step| step.answer.as_mut()) {
        answer.headers.insert(name.to_owned(), value.to_owned());
    }
    record
}
