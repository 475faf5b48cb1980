//! What the cases of one run show of each other's hosts. One case alone cannot tell a login that is wrong from a login
//! service that flaps, nor a right that is wanting from a host that lets no node in; its neighbours may.

use pullmedic_model::Endpoint;
use pullmedic_model::probe::case::{Beside, Otherwise, Taken};
use pullmedic_model::probe::{Case, Class, Record};

use crate::dialect::same_host;
use crate::inquiry::Inquiry;
use crate::replay::{Reach, replay};
use crate::seen::login;
use crate::table::Family;

/// The most of each that one case is told; the first by name are as good as all.
const MOST: usize = 8;

/// Tells each case what the others showed. Each comes with its transcript.
pub fn compare(cases: &mut [(&mut Case, &[Record])]) {
    let shown: Vec<(Option<Otherwise>, Vec<Taken>)> =
        cases.iter().map(|(case, records)| (otherwise(case, records), taken(case, records))).collect();
    for (at, (case, _)) in cases.iter_mut().enumerate() {
        let others = || shown.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, shown)| shown);
        let asked: Vec<Endpoint> = case.route.hosts.iter().map(|host| host.endpoint.clone()).collect();
        let is_asked = |endpoint: &Endpoint| asked.iter().any(|host| same_host(host, endpoint));
        let mut beside = Beside {
            otherwise: others()
                .filter_map(|(otherwise, _)| otherwise.clone())
                .filter(|otherwise| is_asked(&otherwise.endpoint))
                .collect(),
            taken: others()
                .flat_map(|(_, taken)| taken.iter().cloned())
                .filter(|taken| is_asked(&taken.endpoint))
                .filter(|taken| case.logins.iter().any(|login| login.identity == taken.identity))
                .collect(),
        };
        beside.otherwise.sort();
        beside.otherwise.dedup();
        beside.otherwise.truncate(MOST);
        beside.taken.sort();
        beside.taken.dedup();
        beside.taken.truncate(MOST);
        case.beside = beside;
    }
}

/// That a node was refused what passes from here.
fn otherwise(case: &Case, records: &[Record]) -> Option<Otherwise> {
    let inquiry = Inquiry::new(case, records);
    let words = inquiry.words.as_ref()?;
    if !matches!(words.family, Family::Unauthorized | Family::Denied | Family::Absent | Family::OddStatus) {
        return None;
    }
    let status = words.classes.iter().find_map(|class| match class {
        Class::Status(status) => Some(*status),
        _ => None,
    })?;
    let replay = replay(&inquiry);
    let passed = replay.passed.filter(|_| replay.reach == Reach::Passed)?;
    Some(Otherwise {
        endpoint: passed.ask.host.endpoint.clone(),
        status,
        node: case.words.as_ref().and_then(|words| words.node.clone()),
        image: case.image.clone(),
    })
}

/// The logins that were taken, each with the repository that it was given.
fn taken(case: &Case, records: &[Record]) -> Vec<Taken> {
    let logins = case.logins.iter().chain(&case.candidates);
    let of_login = |login: &pullmedic_model::probe::Login| {
        let of_record = |record: &Record| {
            let sent = record.steps.iter().any(|step| step.login.as_ref() == Some(&login.name));
            let given = record.got().is_some() && sent;
            (record.ask.login.as_ref() == Some(&login.name) && (given || login::accepts(record, &login.name)))
                .then(|| Taken {
                    endpoint: record.ask.host.endpoint.clone(),
                    identity: login.identity.clone(),
                    repository: if given { record.ask.repository.clone() } else { String::new() },
                })
        };
        records.iter().filter_map(of_record).collect::<Vec<_>>()
    };
    logins.filter(|login| !login.identity.is_empty()).flat_map(of_login).collect()
}
