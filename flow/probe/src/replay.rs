//! The unchanged request, asked again: whether it met what the node met.

use pullmedic_model::probe::{Ask, Class, Ended, Record, Role};
use pullmedic_model::{Endpoint, Stage};

use crate::dialect::same_host;
use crate::inquiry::{Inquiry, not_asked};
use crate::rules;
use crate::table::Family;
use crate::testimony::Testimony;

/// How far a replay is comparable with the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Same endpoint, stage and status class.
    Reproduced,
    /// It stopped at an earlier stage, which tells about our vantage only (rule 1).
    Stopped,
    /// It got past the stage at which the node failed, and failed later.
    Further,
    /// Same stage, another answer.
    Different,
    /// It passed.
    Passed,
    /// It does not count, for a reason of our vantage.
    NotFromHere(String),
    /// Nothing was answered.
    Unasked(String),
}

/// The replay of the unchanged request.
pub(crate) struct Replay<'a> {
    pub(crate) reach: Reach,
    /// The record that decided the reach.
    pub(crate) record: Option<&'a Record>,
    /// Every refusal of it, in the runtime's order.
    pub(crate) refused: Vec<&'a Record>,
    /// The request that passed.
    pub(crate) passed: Option<&'a Record>,
    /// What is still to be asked of it.
    pub(crate) next: Option<Ask>,
}

/// Replays as far as the transcript goes. The runtime's order: for each login all hosts, until one answers.
pub(crate) fn replay<'a>(inquiry: &Inquiry<'a>) -> Replay<'a> {
    let mut replay = Replay {
        reach: Reach::Unasked(String::new()),
        record: None,
        refused: Vec::new(),
        passed: None,
        next: None,
    };
    let mut silent: Option<String> = None;
    for identity in &inquiry.identities {
        for host in &inquiry.hosts {
            if rules::r02_is_elsewhere(inquiry.case, host, &[]) {
                let why = format!("{} is another machine for each that asks", host.endpoint);
                silent.get_or_insert(why);
                continue;
            }
            // What fails before HTTP fails alike with every login.
            if replay.refused.iter().any(|record| record.ask.host == **host && below_http(record)) {
                continue;
            }
            let ask = inquiry.unchanged(host, identity.as_ref());
            let Some(record) = inquiry.record(&ask) else {
                replay.next = Some(ask);
                break;
            };
            match &record.ended {
                Ended::Got(_) => {
                    replay.passed = Some(record);
                    break;
                }
                Ended::Refused { .. } => {
                    if !replay.refused.iter().any(|seen| seen.ask == record.ask) {
                        replay.refused.push(record);
                    }
                }
                Ended::NotAsked(_) => {
                    silent.get_or_insert_with(|| not_asked(record).unwrap_or_default());
                }
            }
        }
        if replay.passed.is_some() || replay.next.is_some() {
            break;
        }
    }
    let silent_reach = Reach::Unasked(silent.clone().unwrap_or_default());
    replay.reach = if replay.passed.is_some() {
        replay.record = replay.passed;
        Reach::Passed
    } else {
        best(inquiry, &mut replay).unwrap_or(silent_reach)
    };
    replay
}

fn below_http(record: &Record) -> bool {
    record.refused().is_some_and(|(stage, endpoint, _)| {
        stage < Stage::Ping && same_host(endpoint, &record.ask.host.endpoint)
    })
}

/// The reach of the refusals together: what the node met, if any met it.
fn best(inquiry: &Inquiry<'_>, replay: &mut Replay<'_>) -> Option<Reach> {
    let testimony = inquiry.words.as_ref();
    let mut compared: Vec<(Reach, &Record)> = replay
        .refused
        .iter()
        .map(|record| (testimony.map_or(Reach::Different, |words| reach(inquiry, words, record)), *record))
        .collect();
    // Stable: among equals the runtime's order stands.
    compared.sort_by_key(|(reach, _)| rank(reach));
    let (reach, record) = compared.into_iter().next()?;
    replay.record = replay.refused.iter().copied().find(|refused| refused.ask == record.ask);
    Some(reach)
}

fn rank(reach: &Reach) -> u8 {
    match reach {
        Reach::Passed => 0,
        Reach::Reproduced => 1,
        Reach::NotFromHere(_) => 2,
        Reach::Different => 3,
        Reach::Further => 4,
        Reach::Stopped => 5,
        Reach::Unasked(_) => 6,
    }
}

/// Compares one refusal with the words (rules 1, 2, 3, 12, 13).
pub(crate) fn reach(inquiry: &Inquiry<'_>, words: &Testimony, record: &Record) -> Reach {
    let Some((stage, endpoint, class)) = record.refused() else {
        return Reach::Unasked(not_asked(record).unwrap_or_default());
    };
    if class == Class::OurTlsLimit {
        return Reach::NotFromHere(format!(
            "our own TLS library refuses {endpoint}, which the words do not name"
        ));
    }
    let dialled: Vec<_> = record.steps.iter().filter_map(|step| step.address).collect();
    if stage > Stage::Name && rules::r02_is_elsewhere(inquiry.case, &record.ask.host, &dialled) {
        return Reach::NotFromHere(format!(
            "{endpoint} is a loopback address, another machine for each that asks"
        ));
    }
    if !is_same_place(words, record, stage, endpoint) && !is_any_hosts(inquiry, words, record) {
        // Not the endpoint of the words: short of it when it stands on the way there.
        return if order(stage, record) < words_order(words, record) {
            Reach::Stopped
        } else {
            Reach::Different
        };
    }
    let here = order(stage, record);
    let there = if words.stage.is_some() { words_order(words, record) } else { here };
    match here.cmp(&there) {
        std::cmp::Ordering::Less => return Reach::Stopped,
        std::cmp::Ordering::Greater => return Reach::Further,
        std::cmp::Ordering::Equal => {}
    }
    if !words.classes.iter().any(|said| said.same(class)) {
        return Reach::Different;
    }
    if words.family.depends_on_login() && words.family != Family::Absent && !inquiry.logins_known {
        return Reach::NotFromHere("which login the kubelet sends is not known".to_owned());
    }
    if words.family == Family::Limited && !rules::r12_is_the_pods(inquiry, record) {
        return Reach::NotFromHere(
            "the limit that we met is that of our own address, not of the node's".to_owned(),
        );
    }
    if let Some(why) = rules::r12_too_short(record) {
        return Reach::NotFromHere(why);
    }
    if let Some(why) = rules::r03_is_answered_otherwise(inquiry.case, record) {
        return Reach::NotFromHere(why);
    }
    match rules::r13_address(record, words.address) {
        Ok(()) => Reach::Reproduced,
        Err(why) => Reach::NotFromHere(why),
    }
}

/// Whether the refusal comes from the endpoint that the words name. What a redirect's target refuses is told under the
/// registry's own name (`pull-facts` §2.5), and so is what a registry refuses after its own challenge.
fn is_same_place(words: &Testimony, record: &Record, stage: Stage, endpoint: &Endpoint) -> bool {
    let asked = &record.ask.host.endpoint;
    match &words.endpoint {
        Some(named) if same_host(named, endpoint) => true,
        Some(named) => stage >= Stage::Manifest && same_host(named, asked),
        None => stage == Stage::Token || stage >= Stage::Manifest || same_host(endpoint, asked),
    }
}

/// containerd says "not found" under the image's own name once every host of its list answered 404, whichever they are
/// (<https://github.com/containerd/containerd/blob/v1.6.20/remotes/docker/resolver.go>). Where the image's own host refused
/// us as well, that refusal is the one to compare.
fn is_any_hosts(inquiry: &Inquiry<'_>, words: &Testimony, record: &Record) -> bool {
    let names_none = inquiry.case.words.as_ref().is_some_and(|words| words.status.is_none());
    let of_origin = || {
        inquiry.origin().is_some_and(|origin| {
            let asks = inquiry.identities.iter().map(|login| inquiry.unchanged(origin, login.as_ref()));
            asks.filter_map(|ask| inquiry.record(&ask)).any(|met| met.refused().is_some())
        })
    };
    words.family == Family::Absent
        && names_none
        && inquiry.case.route.of_node
        && matches!(record.ask.host.role, Role::Mirror(_))
        && !of_origin()
}

/// The stages as the runtime walks them: it never pings, and a Basic login is no stage of its own.
fn order(stage: Stage, record: &Record) -> u8 {
    match stage {
        Stage::Name => 0,
        Stage::Connect => 1,
        Stage::Tls => 2,
        Stage::Token if has_token_service(record) => 3,
        Stage::Token | Stage::Ping | Stage::Manifest => 4,
        Stage::Platform => 5,
        Stage::Config => 6,
        Stage::Blob => 7,
        Stage::Reference
        | Stage::Policy
        | Stage::Secret
        | Stage::Queue
        | Stage::Unpack
        | Stage::Sandbox
        | Stage::Start => 8,
    }
}

fn words_order(words: &Testimony, record: &Record) -> u8 {
    words.stage.map_or(u8::MAX, |stage| order(stage, record))
}

/// Whether the registry sends askers to a token service.
fn has_token_service(record: &Record) -> bool {
    let answers = record.steps.iter().filter_map(|step| step.answer.as_ref());
    answers.flat_map(|answer| &answer.challenges).any(|challenge| challenge.scheme == "bearer")
}
