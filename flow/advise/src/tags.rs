//! Which of a repository's tags was probably meant.

use std::cmp::Ordering;

use crate::near::distance;

/// How many are offered: a longer list is a catalogue.
const OFFERED: usize = 3;

/// The tags nearest to `wanted`, best first, at most three. Those of `ran` come first: they worked for this owner. A
/// version is answered by versions only, never by `latest` or another tag that moves.
pub(crate) fn nearest<'a>(wanted: &str, tags: &'a [String], ran: &[&str]) -> Vec<&'a str> {
    let candidates = tags.iter().map(String::as_str).filter(|tag| *tag != wanted && !is_attachment(tag));
    let mut ranked: Vec<(Rank, &str)> = match (Version::parse(wanted), wanted) {
        (Some(version), _) => {
            let versions = candidates.filter_map(|tag| Some((tag, Version::parse(tag)?)));
            versions.map(|(tag, other)| (version.rank(wanted, &other, tag), tag)).collect()
        }
        // Nobody wrote a version, so the newest whole one is nearest.
        (None, "latest") => {
            let versions = candidates.filter_map(|tag| Some((tag, Version::parse(tag)?)));
            versions
                .filter(|(_, version)| version.suffix.is_empty())
                .map(|(tag, version)| (Rank { newness: version.numbers, ..Rank::default() }, tag))
                .collect()
        }
        (None, _) => candidates
            .map(|tag| (Rank { typing: distance(wanted, tag), ..Rank::default() }, tag))
            .filter(|(rank, _)| rank.typing <= (wanted.len() / 3).max(2))
            .collect(),
    };
    for (rank, tag) in &mut ranked {
        rank.never_ran = !ran.contains(tag);
    }
    // Another variant (`-alpine`) is offered only where the one that was wanted does not exist at all.
    if ranked.iter().any(|(rank, _)| rank.variant < OTHER_VARIANT) {
        ranked.retain(|(rank, _)| rank.variant < OTHER_VARIANT || !rank.never_ran);
    }
    ranked.sort_by(|(a, one), (b, two)| a.order(b).then_with(|| one.cmp(two)));
    ranked.into_iter().map(|(_, tag)| tag).take(OFFERED).collect()
}

/// Signatures and attestations that tools keep as tags beside an image:
/// <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>.
fn is_attachment(tag: &str) -> bool {
    tag.starts_with("sha256-")
}

/// The rank of a variant that is of another family.
const OTHER_VARIANT: u8 = 2;

/// How near a tag is; smaller is nearer, but for the fields that say otherwise.
#[derive(Debug, Default)]
struct Rank {
    never_ran: bool,
    /// 0: the same variant, 1: the same but for its own version (`alpine3.19`), 2: another.
    variant: u8,
    /// Whether it is another version, not the same one written otherwise (`v4.1`, `4.1.0`).
    other_version: bool,
    /// Slips of the hand between the two.
    typing: usize,
    /// Leading numbers that are the same; more is nearer.
    shared: usize,
    /// The distance of the first numbers that differ.
    apart: u64,
    /// The numbers; higher is nearer.
    newness: Vec<u64>,
}

impl Rank {
    fn order(&self, other: &Rank) -> Ordering {
        self.never_ran
            .cmp(&other.never_ran)
            .then(self.variant.cmp(&other.variant))
            .then(self.other_version.cmp(&other.other_version))
            .then(self.typing.cmp(&other.typing))
            .then(other.shared.cmp(&self.shared))
            .then(self.apart.cmp(&other.apart))
            .then(other.newness.cmp(&self.newness))
    }
}

/// A tag that is a version: `1.29`, `v1.29.3-alpine`, `2026.11.22`, `2026-11-22-slim`.
#[derive(Debug, PartialEq, Eq)]
struct Version<'a> {
    numbers: Vec<u64>,
    /// What follows the numbers, with its dash.
    suffix: &'a str,
}

impl<'a> Version<'a> {
    fn parse(tag: &'a str) -> Option<Version<'a>> {
        let mut rest = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
        let mut numbers = Vec::new();
        loop {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            // Past this it is a build number or a hash, and past 19 digits no number of ours.
            if digits == 0 || digits > 18 {
                return None;
            }
            numbers.push(rest[..digits].parse().ok()?);
            rest = &rest[digits..];
            let goes_on = match rest.bytes().next() {
                Some(b'.') => rest[1..].starts_with(|c: char| c.is_ascii_digit()),
                Some(b'-') => is_of_date(&numbers, rest),
                _ => false,
            };
            if !goes_on {
                break;
            }
            rest = &rest[1..];
        }
        // `1a2b3c` is a hash, `1.2rc1` a version.
        let is_suffix = rest.is_empty() || rest.starts_with(['-', '_', '+', '.']) || numbers.len() > 1;
        is_suffix.then_some(Version { numbers, suffix: rest })
    }

    fn rank(&self, wanted: &str, other: &Version<'_>, tag: &str) -> Rank {
        let family = |suffix: &str| suffix.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        let variant = if self.suffix == other.suffix {
            0
        } else if family(self.suffix) == family(other.suffix) {
            1
        } else {
            OTHER_VARIANT
        };
        let pairs = || self.padded(other).into_iter().zip(other.padded(self));
        let shared = pairs().take_while(|(a, b)| a == b).count();
        let apart = pairs().find(|(a, b)| a != b).map_or(0, |(a, b)| a.abs_diff(b));
        Rank {
            never_ran: true,
            variant,
            other_version: apart != 0,
            typing: distance(wanted, tag),
            shared,
            apart,
            newness: other.numbers.clone(),
        }
    }

    /// The numbers, as many as the longer of the two has: `4.1` is `4.1.0`.
    fn padded(&self, other: &Version<'_>) -> Vec<u64> {
        let length = self.numbers.len().max(other.numbers.len());
        self.numbers.iter().copied().chain(std::iter::repeat(0)).take(length).collect()
    }
}

/// Whether a dash goes on a date: a year of four digits, then a month and a day of two.
fn is_of_date(numbers: &[u64], rest: &str) -> bool {
    let year = numbers.first().is_some_and(|year| (1970..2100).contains(year)) && numbers.len() < 3;
    let two = rest.len() > 2 && rest.as_bytes()[1..3].iter().all(u8::is_ascii_digit);
    year && two && !rest.as_bytes().get(3).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tag_that_was_probably_meant_comes_first() {
        for (wanted, tags, ran, expected) in [
            ("1.92", "1.28 1.29 1.30 latest", "", "1.29 1.30 1.28"),
            ("1.92", "1.28 1.29 1.30", "1.28", "1.28 1.29 1.30"),
            ("1.92-alpine", "1.29 1.29-alpine 1.30-alpine 1.92.1", "", "1.29-alpine 1.30-alpine"),
            ("1.92-alpine", "1.29 1.30", "", "1.29 1.30"),
            (
                "1.29-alpine3.18",
                "1.29 1.29-alpine3.19 1.28-alpine3.19",
                "",
                "1.29-alpine3.19 1.28-alpine3.19",
            ),
            ("4.1.0", "4.0.9 4.1 4.2.0 latest", "", "4.1 4.2.0 4.0.9"),
            ("1.2.3", "v1.2.3 1.2.4", "", "v1.2.3 1.2.4"),
            ("v2.0", "v3.0 v2.1 v1.9", "", "v2.1 v3.0 v1.9"),
            ("1.10.0", "1.1.0 1.10.1 2.0.0", "", "1.10.1 1.1.0 2.0.0"),
            ("2026.11.23", "2026.11.22 2026.10.01 latest", "", "2026.11.22 2026.10.01"),
            ("2026-11-23", "2026-11-22 2026-10-23 main", "", "2026-11-22 2026-10-23"),
            ("1.30", "1.30-rc1 1.29", "", "1.29"),
            ("9", "latest stable main", "", ""),
            ("lates", "latest stable 1.0", "", "latest"),
            ("mian", "main mail 1.0", "", "main mail"),
            ("latest", "1.9 1.10 1.11-rc1 edge", "", "1.10 1.9"),
            ("1a2b3c", "1a2b3d 1.2", "", "1a2b3d"),
            ("1.0", "sha256-1234.sig", "", ""),
        ] {
            let tags: Vec<String> = tags.split_whitespace().map(str::to_owned).collect();
            let ran: Vec<&str> = ran.split_whitespace().collect();
            assert_eq!(nearest(wanted, &tags, &ran).join(" "), expected, "{wanted} of {tags:?}");
        }
    }

    proptest! {
        #[test]
        fn a_version_is_never_answered_by_a_tag_that_moves(
            wanted in "v?[0-9]{1,3}(\\.[0-9]{1,3}){0,2}(-[a-z]{1,6})?",
            tags in proptest::collection::vec("[a-z0-9._-]{1,12}", 0..12),
        ) {
            let tags: Vec<String> = tags.into_iter().chain(["latest".to_owned(), "main".to_owned()]).collect();
            let near = nearest(&wanted, &tags, &[]);
            prop_assert!(near.len() <= OFFERED && !near.contains(&"latest") && !near.contains(&"main"));
            prop_assert!(!near.contains(&wanted.as_str()));
        }

        #[test]
        fn no_tag_is_too_strange(wanted in "\\PC{0,20}", tag in "\\PC{0,200}") {
            let tags = [tag];
            prop_assert!(nearest(&wanted, &tags, &[]).len() <= 1);
        }
    }
}
