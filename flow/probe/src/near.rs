//! Names near another: what was probably meant.

use std::cmp::Reverse;

/// The most names that are suggested.
const MOST: usize = 5;

/// Tags nearest to `wanted`, best first: by edit distance (a swap of neighbours counts one), what ran before first among
/// equals, then the newest in version order.
pub(crate) fn tags(wanted: &str, names: &[String], ran_before: &[String]) -> Vec<String> {
    let ran: Vec<&str> = ran_before.iter().filter_map(|image| tag_of(image)).collect();
    let mut ranked: Vec<&String> = names.iter().filter(|name| *name != wanted).collect();
    ranked.sort_by_cached_key(|name| {
        let ran_at = ran.iter().position(|tag| tag == name).unwrap_or(usize::MAX);
        (strsim::osa_distance(wanted, name), ran_at, Reverse(version(name)), (*name).clone())
    });
    ranked.into_iter().take(MOST).cloned().collect()
}

/// Repositories nearest to `wanted`, best first; those that share too little are left out.
pub(crate) fn repositories<'a>(wanted: &str, names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let most = (wanted.chars().count() / 3).clamp(1, 6);
    let mut ranked: Vec<(usize, &String)> = names
        .filter(|name| *name != wanted)
        .map(|name| (distance(wanted, name), name))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().take(MOST).map(|(_, name)| name.clone()).collect()
}

/// Edit distance; the same last part under another first one is near whatever the first part is.
fn distance(wanted: &str, name: &str) -> usize {
    let whole = strsim::osa_distance(wanted, name);
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    if last(wanted) == last(name) { whole.min(2) } else { whole }
}

/// The tag of an image string; `None` when it has none.
pub(crate) fn tag_of(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    let (before, tag) = name.rsplit_once(':')?;
    (!tag.contains('/') && !before.is_empty()).then_some(tag)
}

/// The numbers of a tag, for version order.
fn version(tag: &str) -> Vec<u64> {
    tag.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn swapped_digits_are_one_step_away() {
        assert_eq!(tags("1.92", &owned(&["1.28", "1.29", "1.30"]), &[])[0], "1.29");
    }

    #[test]
    fn what_ran_before_wins_among_equals() {
        let names = owned(&["4.0", "4.2", "4.3"]);
        assert_eq!(tags("4.1", &names, &owned(&["registry.acme.test/shop/cart:4.2"]))[0], "4.2");
        assert_eq!(tags("4.1", &names, &[])[0], "4.3");
    }

    #[test]
    fn a_far_name_is_no_suggestion() {
        let names = owned(&["shop/cart", "shop/catr", "billing/ledger", "other/cart"]);
        assert_eq!(repositories("shop/crat", names.iter()), ["shop/cart", "shop/catr"]);
    }

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(tag_of("registry:5000/cart"), None);
        assert_eq!(tag_of("registry:5000/cart:1@sha256:ab"), Some("1"));
    }
}
