//! What was found on the way that a fix needs.

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::probe::{Class, Record};
use pullmedic_model::verdict::Evidence;

use crate::look::Looked;
use crate::table::Kind;

pub(super) fn evidence(looked: &Looked<'_>) -> Evidence {
    let mut evidence = looked.notes.evidence.clone();
    if let Some(base) = looked.base {
        certificate(base, &mut evidence);
        let used_up = looked.notes.has(Kind::LimitUsedUp);
        limit(base, used_up, &mut evidence);
    }
    let refused = looked
        .replay
        .refused
        .iter()
        .filter(|record| matches!(record.refused(), Some((_, _, Class::Status(400 | 401 | 403)))));
    evidence.refused = refused.filter_map(|record| record.ask.login.clone()).collect();
    evidence.refused.dedup();
    if let Err(invalid) = pullmedic_model::Reference::parse(&looked.inquiry.case.image) {
        evidence.corrected_reference = invalid.candidates.into_iter().next();
    }
    let case = looked.inquiry.case;
    evidence.authority_of_node = evidence.authority.is_some() && (case.on_node || case.route.of_node);
    if looked.notes.has(Kind::ConfigForOtherPlatform) || looked.notes.has(Kind::PlatformNotInIndex) {
        evidence.wanted.clone_from(&looked.inquiry.case.platform);
    }
    evidence
}

fn certificate(base: &Record, evidence: &mut Evidence) {
    let Some(shown) = base.steps.iter().rev().find_map(|step| step.certificate.as_ref()) else { return };
    evidence.certificate_names.clone_from(&shown.names);
    evidence.certificate_dates = shown.not_before.zip(shown.not_after);
    if let Some((_, _, Class::UnknownAuthority)) = base.refused() {
        let ends = if shown.chain_ends_at.is_empty() { &shown.issuer } else { &shown.chain_ends_at };
        evidence.authority = Some(ends.as_str().to_owned()).filter(|name| !name.is_empty());
    }
}

/// Whose limit, and when it resets, from the headers that registries use for it.
fn limit(base: &Record, used_up: bool, evidence: &mut Evidence) {
    let Some(answer) = base.answer() else { return };
    evidence.limit_source = answer.headers.get("docker-ratelimit-source").cloned();
    if !used_up && !matches!(base.refused(), Some((_, _, Class::Status(429)))) {
        return;
    }
    evidence.resets_at = ["retry-after", "ratelimit-reset", "x-ratelimit-reset"]
        .iter()
        .filter_map(|name| answer.headers.get(*name))
        .find_map(|value| when(value, base.at));
}

/// A header's time: seconds from now, seconds since 1970, or a date.
fn when(value: &str, at: Timestamp) -> Option<Timestamp> {
    let first = value.split([';', ',']).next().unwrap_or_default().trim();
    match first.parse::<i64>() {
        // No limit lasts thirty years.
        Ok(seconds) if seconds >= 1_000_000_000 => Timestamp::from_second(seconds).ok(),
        Ok(seconds) if seconds >= 0 => at.checked_add(SignedDuration::from_secs(seconds)).ok(),
        Ok(_) => None,
        Err(_) => jiff::fmt::rfc2822::parse(value).ok().map(|zoned| zoned.timestamp()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_read_in_each_form_that_registries_use() {
        let at: Timestamp = "2026-11-22T16:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("120", Some("2026-11-22T16:02:00Z")),
            ("21600;w=21600", Some("2026-11-22T22:00:00Z")),
            ("1795363200", Some("2026-11-22T16:00:00Z")),
            ("Sun, 22 Nov 2026 17:00:00 GMT", Some("2026-11-22T17:00:00Z")),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(when(value, at), expected.map(|time| time.parse().unwrap()), "{value}");
        }
    }
}
