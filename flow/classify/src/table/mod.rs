//! The table: what upstream's words mean. One file for each family, one row for each thing said.
//!
//! A row reads: *when the text says all of these words (and none of those), the cause is this; these others
//! stay open; upstream prints it there.* Words are matched whatever their case, outside names, addresses,
//! URLs and digests; `|` parts alternatives of one word. Among rows that fit, the deepest decides
//! ([`crate::Depth`]), then the one with more words, then the one whose words stand last.
//!
//! `certain` means that nothing else prints the words; `strong` that one cause leads; `weak` that it is a
//! guess. The causes after `or` stay open, or, with a certain cause, may stand behind it.

mod absent;
mod aside;
mod content;
mod credentials;
mod disk;
mod limits;
mod network;
mod platform;
mod policy;
mod reference;
mod registry;
mod runtime;
mod secret;
mod statuses;
mod store;
mod tls;
mod unpack;
mod vendors;

use crate::rule::Rule;

/// Every family.
const FAMILIES: &[&[Rule]] = &[
    reference::ROWS,
    secret::ROWS,
    policy::ROWS,
    network::ROWS,
    tls::ROWS,
    credentials::ROWS,
    vendors::ROWS,
    absent::ROWS,
    platform::ROWS,
    content::ROWS,
    limits::ROWS,
    registry::ROWS,
    statuses::ROWS,
    disk::ROWS,
    unpack::ROWS,
    store::ROWS,
    runtime::ROWS,
    aside::ROWS,
];

/// Every row.
pub(crate) fn rows() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use pullmedic_model::{Cause, Confidence};

    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own_and_a_source() {
        let mut ids = HashSet::new();
        for row in rows() {
            assert!(ids.insert(row.id), "{} twice", row.id);
            assert!(row.id.split_once('/').is_some(), "{}: family/what", row.id);
            let (repository, place) = row.source.split_once(['@', '#']).unwrap_or_default();
            let file = row.source.contains('@') && place.contains(':') && !place.ends_with(':');
            let issue = row.source.contains('#') && place.parse::<u32>().is_ok();
            let named = repository.split('/').count() == 2 && (file || issue);
            assert!(named || row.source.starts_with("https://"), "{}: {:?}", row.id, row.source);
        }
    }

    #[test]
    fn every_row_asks_for_something() {
        for row in rows() {
            let asks = !row.any.is_empty() || !row.words.is_empty() || row.status.is_some() || row.bare;
            assert!(asks, "{}", row.id);
            for word in row.any.iter().chain(row.words).chain(row.unless).flat_map(|word| word.split('|')) {
                assert!(word.len() > 1, "{}: {word:?} is too short to mean anything", row.id);
                assert_eq!(word, word.to_lowercase(), "{}", row.id);
            }
        }
    }

    #[test]
    fn rivals_are_others_few_and_named_once() {
        for row in rows() {
            let rivals: HashSet<_> = row.rivals.iter().collect();
            assert_eq!(rivals.len(), row.rivals.len(), "{}", row.id);
            assert!(!rivals.contains(&row.cause) && rivals.len() <= 4, "{}", row.id);
            assert!(!row.rivals.contains(&Cause::SandboxImage), "{}: a wrapper is no cause", row.id);
        }
    }

    #[test]
    fn what_text_cannot_tell_is_never_certain() {
        // `domain/causes.md`, column "Text": these need an object or the node.
        let untold = [
            Cause::PullSecretUnmatched,
            Cause::CachedNotAuthorized,
            Cause::ClockSkew,
            Cause::InodesExhausted,
            Cause::StaleImage,
            Cause::Unknown,
        ];
        for row in rows() {
            assert!(row.confidence < Confidence::Certain || !untold.contains(&row.cause), "{}", row.id);
        }
    }

    #[test]
    fn no_row_names_a_host() {
        // Words with a dot are format strings of programs, never names: the few that hold one are listed.
        const DOTTED: &[&str] =
            &[".image: ", "config.json", "policy.json", "registries.conf", "registration."];
        for row in rows() {
            for word in row.any.iter().chain(row.words).flat_map(|word| word.split('|')) {
                let hostlike = word.split([' ', '"', '/', ':', '(']).any(|part| {
                    part.split('.').count() > 1
                        && part
                            .split('.')
                            .all(|label| label.len() > 1 && label.bytes().all(|b| b.is_ascii_alphabetic()))
                });
                let program = DOTTED.iter().any(|known| word.contains(known))
                    || [
                        "client.timeout",
                        "manifest.v1+prettyjws",
                        "dev.sigstore.cosign",
                        "storage.objects",
                        "image.layer",
                        "rootfs.diff",
                    ]
                    .iter()
                    .any(|known| word.contains(known));
                assert!(!hostlike || program, "{}: {word:?}", row.id);
            }
        }
    }
}
