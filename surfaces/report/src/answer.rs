//! A request and its end in words. None of them is escaped yet.

use pullmedic_model::probe::manifest::{Entry, Manifest};
use pullmedic_model::probe::record::NotAsked;
use pullmedic_model::probe::{Ask, Got, What};

use crate::Look;
use crate::phrase::counted;

/// Names of a list that are spelled out.
const NAMES: usize = 12;

/// `manifest 4.1 of shop/cart (HEAD)`.
pub(crate) fn what(ask: &Ask) -> String {
    let repository = ask.repository.as_str();
    match &ask.what {
        What::Name => "the name only".to_owned(),
        What::Ping => "the API itself (GET /v2/)".to_owned(),
        What::ManifestHead(reference) => format!("manifest {reference} of {repository} (HEAD)"),
        What::Manifest(reference) => format!("manifest {reference} of {repository} (GET)"),
        What::Config(digest) => format!("config {digest} of {repository}"),
        What::BlobHead(digest) => format!("blob {digest} of {repository} (HEAD)"),
        What::Blob(digest) => format!("blob {digest} of {repository} (GET)"),
        What::Tags => format!("tags of {repository}"),
        What::Catalog => "the list of repositories".to_owned(),
        What::Referrers(digest) => format!("what refers to {digest} of {repository}"),
    }
}

/// What came in the end.
pub(crate) fn got(got: &Got) -> String {
    match got {
        Got::Name(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            all_of(&addresses, true, "address", "addresses")
        }
        Got::Ping => "the API answers".to_owned(),
        Got::Manifest { digest, media_type, size, manifest } => {
            let mut clauses = vec!["the manifest is there".to_owned()];
            clauses.extend(digest.clone());
            clauses.extend((!media_type.is_empty()).then(|| media_type.clone()));
            clauses.extend(size.map(bytes));
            clauses.extend(manifest.as_ref().map(held));
            clauses.join(", ")
        }
        Got::Config { platform, created: Some(created) } => {
            format!("an image for {platform}, made {}", created.strftime("%Y-%m-%d"))
        }
        Got::Config { platform, created: None } => format!("an image for {platform}"),
        Got::Blob { size, whole } => {
            let mut clauses = vec!["the blob is there".to_owned()];
            clauses.extend(size.map(bytes));
            clauses.push(
                match whole {
                    Some(true) => "its bytes have the digest",
                    Some(false) => "its bytes do not have the digest",
                    None => "its bytes were not read to the end",
                }
                .to_owned(),
            );
            clauses.join(", ")
        }
        Got::Tags { names, complete } => all_of(names, *complete, "tag", "tags"),
        Got::Catalog { names, complete } => all_of(names, *complete, "repository", "repositories"),
        Got::Referrers { artifacts, complete } => {
            let kinds: Vec<String> = artifacts.iter().map(|(kind, _)| kind.clone()).collect();
            all_of(&kinds, *complete, "referrer", "referrers")
        }
    }
}

fn all_of(names: &[String], complete: bool, one: &str, many: &str) -> String {
    let noun = if names.len() == 1 { one } else { many };
    let count = format!("{} {noun}", names.len());
    let count = if complete { count } else { format!("the first {count}; there are more") };
    if names.is_empty() { count } else { format!("{count}: {}", listed(names)) }
}

/// Names with commas, and the count of those left out.
pub(crate) fn listed(names: &[String]) -> String {
    match names.len().checked_sub(NAMES) {
        Some(more @ 1..) => format!("{} and {more} more", names[..NAMES].join(", ")),
        Some(0) | None => names.join(", "),
    }
}

/// What a manifest holds.
fn held(manifest: &Manifest) -> String {
    match manifest {
        Manifest::Index(entries) => {
            let (attestations, images): (Vec<&Entry>, Vec<&Entry>) =
                entries.iter().partition(|entry| entry.attestation);
            let platforms: Vec<String> = images
                .iter()
                .map(|entry| entry.platform.as_ref().map_or("no platform".to_owned(), ToString::to_string))
                .collect();
            let mut text = match platforms.is_empty() {
                true => "an index without an image".to_owned(),
                false => format!("an index for {}", listed(&platforms)),
            };
            if !attestations.is_empty() {
                text.push_str(&format!(" and {}", counted(attestations.len(), "attestation")));
            }
            text
        }
        Manifest::Image { layers, .. } => {
            let size: Option<u64> =
                layers.iter().map(|layer| layer.size).try_fold(0_u64, |sum, size| sum.checked_add(size?));
            let size = size.map(|size| format!(" of {}", bytes(size))).unwrap_or_default();
            format!("an image with {}{size}", counted(layers.len(), "layer"))
        }
        Manifest::Schema1 => "a manifest of schema 1, which runtimes no longer read".to_owned(),
        Manifest::Artifact(kind) => format!("no image but an artifact of type {kind}"),
        Manifest::Other(kind) => format!("of type {kind}, which runtimes do not know"),
    }
}

/// `1 byte`, `512 bytes`, `1.5 MiB`: as registries and disks are spoken of.
fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if size < 1024 {
        return if size == 1 { "1 byte".to_owned() } else { format!("{size} bytes") };
    }
    let mut unit = 0;
    let mut scale: u128 = 1024;
    // Tenths are rounded, so 1023.96 KiB is 1.0 MiB.
    let tenths = |scale: u128| (u128::from(size) * 10 + scale / 2) / scale;
    while tenths(scale) >= 10_240 && unit + 1 < UNITS.len() {
        unit += 1;
        scale *= 1024;
    }
    let tenths = tenths(scale);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Why we did not ask, and what would let us.
pub(crate) fn not_asked(reason: &NotAsked, look: &Look) -> String {
    match reason {
        NotAsked::Realm { realm } => format!(
            "it wants a token from {realm}, which is not allowed for this registry (--allow-realm REGISTRY=REALM \
             allows it)"
        ),
        NotAsked::Address(address) => {
            format!("{address} is a link-local or metadata address, which is never dialled")
        }
        NotAsked::LockOut { refused_at } => format!(
            "this login was refused twice, last at {}; a third refusal might lock the account",
            look.time(*refused_at)
        ),
        NotAsked::NotForHost => "the login may not go to this host".to_owned(),
        NotAsked::Budget => "the budget of requests is used up".to_owned(),
        NotAsked::Limited { until: Some(until) } => {
            format!("the registry told us to wait until {}", look.time_with_seconds(*until))
        }
        NotAsked::Limited { until: None } => "the registry told us to wait".to_owned(),
        NotAsked::Cancelled => "the time was over, or it was interrupted".to_owned(),
        NotAsked::Ours(failure) => format!("our own failure: {failure}"),
        NotAsked::Offline => "nothing is dialled in this run".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_spoken_of_in_the_largest_unit_they_fill() {
        for (size, written) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1_048_575, "1.0 MiB"),
            (31_457_280, "30.0 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(size), written);
        }
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names: Vec<String> = (1..=14).map(|n| format!("v{n}")).collect();
        assert!(got(&Got::Tags { names: names.clone(), complete: true }).ends_with("v12 and 2 more"));
        let first = got(&Got::Tags { names, complete: false });
        assert!(first.starts_with("the first 14 tags; there are more: v1,"), "{first}");
        assert_eq!(got(&Got::Catalog { names: Vec::new(), complete: true }), "0 repositories");
        let artifacts = vec![("application/spdx+json".to_owned(), "sha256:ab".to_owned())];
        assert_eq!(got(&Got::Referrers { artifacts, complete: true }), "1 referrer: application/spdx+json");
    }
}
