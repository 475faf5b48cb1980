//! Asked once more. Behind one name stand replicas, caches and login services that do not agree, and one of them may lag
//! or be broken: what a verdict would rest on is taken at its word only when it comes again, on a connection of its own.

use std::collections::BTreeSet;
use std::net::IpAddr;

use pullmedic_model::probe::record::NotAsked;
use pullmedic_model::probe::{Ask, Class, Ended, Got, Record};
use pullmedic_model::{Certainty, Stage};

use crate::decide::decide;
use crate::dialect;
use crate::inquiry::not_asked;
use crate::look::Looked;
use crate::seen::{outcome, with_login};
use crate::table::Kind;

/// How often a refusal that decides is asked for again. With two replicas behind one name of which one refuses, a refusal,
/// a control that passes and two refusals more come together once in sixteen times.
const REFUSED: u8 = 2;

/// How often what made the difference is asked for again.
const PASSED: u8 = 1;

/// Where all would be proven: asks again for what that rests on, and says so where the answer is another one.
pub(crate) fn look(looked: &mut Looked<'_>) {
    if !looked.notes.want.is_empty() || decide(looked).certainty != Certainty::Proven {
        return;
    }
    for (record, times) in deciding(looked) {
        for again in 1..=times {
            let ask = record.ask.once_more(again);
            match looked.inquiry.record(&ask) {
                None => looked.notes.want.push(ask),
                Some(second) => compare(looked, record, second),
            }
        }
    }
    if looked.notes.want.is_empty()
        && let Some(why) = at_one_address(looked)
    {
        looked.notes.doubt.get_or_insert(why);
    }
}

/// Rule 13: that a name has several addresses and all that decides came from one of them. In words.
///
/// The addresses of a known service are front ends of one registry. What a login gets where none is refused needs no other
/// address to be believed: a registry that wants no login gives it to nobody.
fn at_one_address(looked: &Looked<'_>) -> Option<String> {
    let base = looked.base?;
    let host = &base.ask.host.endpoint;
    if dialect::of_host(host).is_some() || looked.notes.has(Kind::OtherLoginPassesWhereNoneWasSent) {
        return None;
    }
    let mut named = BTreeSet::new();
    let mut dialled = BTreeSet::new();
    for (record, _) in deciding(looked) {
        if record.ask.host.endpoint != *host || !is_plain_refusal(record) {
            continue;
        }
        let again = (1..=REFUSED).filter_map(|again| looked.inquiry.record(&record.ask.once_more(again)));
        for step in again.chain([record]).flat_map(|record| &record.steps) {
            if step.endpoint != *host || step.failed.is_some_and(|class| !matches!(class, Class::Status(_))) {
                continue;
            }
            match step.stage {
                // What it says of a name that resolved begins with the addresses.
                Stage::Name => named.extend(addresses(step.detail.as_str())),
                _ => dialled.extend(step.address.map(|address| address.to_canonical())),
            }
        }
    }
    let (only, true) = (dialled.first()?, dialled.len() == 1 && named.len() > 1) else { return None };
    Some(format!(
        "{host} has {} addresses, and all that was answered came from {only}: another may answer otherwise",
        named.len()
    ))
}

/// The addresses at the beginning of what a resolution says.
fn addresses(said: &str) -> impl Iterator<Item = IpAddr> + '_ {
    said.split_whitespace().map_while(|word| word.parse().ok()).map(|address: IpAddr| address.to_canonical())
}

fn compare(looked: &mut Looked<'_>, first: &Record, second: &Record) {
    let alike = match (first.refused(), second.refused()) {
        (Some((stage, _, class)), Some((other, _, met))) => stage == other && class.same(met),
        (None, None) => first.got().is_some() == second.got().is_some() && is_one_manifest(first, second),
        (Some(_), None) | (None, Some(_)) => false,
    };
    match &second.ended {
        // No answer of the registry, and so no other one.
        Ended::NotAsked(NotAsked::LockOut { .. }) => {}
        Ended::NotAsked(_) => {
            let why = not_asked(second).unwrap_or_default();
            looked.notes.doubt.get_or_insert(format!("what decides could not be asked a second time: {why}"));
        }
        Ended::Got(_) | Ended::Refused { .. } if alike => {}
        Ended::Got(_) | Ended::Refused { .. } => {
            looked.notes.contradiction = Some(format!(
                "{} answers the same request, asked {}, now this way and now that: {}, then {}",
                first.ask.host.endpoint,
                with_login(&first.ask),
                outcome(first),
                outcome(second)
            ));
        }
    }
}

/// What the verdict would rest on, with how often it is to come again.
fn deciding<'a>(looked: &Looked<'a>) -> Vec<(&'a Record, u8)> {
    let Some(base) = looked.base else { return Vec::new() };
    let first = |record: &&Record| record.ask.again == 0;
    let all = looked.inquiry.records().into_iter().filter(first);
    let mut found = Vec::new();
    for record in all {
        if is_plain_refusal(record) && (record.ask == base.ask || is_of_content(record)) {
            found.push((record, REFUSED));
        } else if base.refused().is_some() && made_the_difference(&base.ask, record) {
            found.push((record, PASSED));
        } else if base.refused().is_none() && record.ask == base.ask && is_read_in_manifest(looked) {
            // A HEAD of the tag, which counts as no pull.
            found.push((record, REFUSED));
        }
    }
    found
}

/// Whether two answers name one manifest; also where one names none.
fn is_one_manifest(first: &Record, second: &Record) -> bool {
    let digest = |record: &Record| match record.got() {
        Some(Got::Manifest { digest, .. }) => digest.clone(),
        Some(_) | None => None,
    };
    digest(first).zip(digest(second)).is_none_or(|(first, second)| first == second)
}

/// Whether the defect was read in what a tag points to: a replica that lags has an older manifest under it.
fn is_read_in_manifest(looked: &Looked<'_>) -> bool {
    let kinds = [Kind::PlatformNotInIndex, Kind::ConfigForOtherPlatform, Kind::NotAnImage];
    !looked.inquiry.by_digest() && kinds.into_iter().any(|kind| looked.notes.has(kind))
}

/// A refusal in HTTP that another replica might not share, and that asking again costs nothing but a request: a login that
/// was refused is not sent a third time.
fn is_plain_refusal(record: &Record) -> bool {
    match record.refused() {
        Some((_, _, Class::Status(401))) => record.ask.login.is_none(),
        Some((_, _, Class::Status(status))) => (400..500).contains(&status) && status != 429,
        Some(_) | None => false,
    }
}

/// A part of the image that is not there.
fn is_of_content(record: &Record) -> bool {
    use pullmedic_model::probe::What;
    let by_digest = match &record.ask.what {
        What::BlobHead(_) | What::Blob(_) | What::Config(_) => true,
        What::ManifestHead(wanted) | What::Manifest(wanted) => wanted.contains(':'),
        What::Name | What::Ping | What::Tags | What::Catalog | What::Referrers(_) => false,
    };
    by_digest && matches!(record.refused(), Some((_, _, Class::Status(404))))
}

/// The same request with another login, or none, that passed.
fn made_the_difference(base: &Ask, record: &Record) -> bool {
    let Ask { host, repository, what, login, again: _ } = &record.ask;
    record.got().is_some()
        && (host, repository, what) == (&base.host, &base.repository, &base.what)
        && *login != base.login
}
