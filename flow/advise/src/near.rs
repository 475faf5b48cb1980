//! How near two names are.

/// Names past this are not compared letter by letter: the work grows with the product of their lengths, and no slip of a
/// hand turns one such name into another.
const LONGEST: usize = 256;

/// Slips of the hand between two names: letters added, left out, changed, or swapped with their neighbour (the "optimal
/// string alignment" distance).
pub(crate) fn distance(one: &str, two: &str) -> usize {
    let one: Vec<char> = one.chars().take(LONGEST).collect();
    let two: Vec<char> = two.chars().take(LONGEST).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=two.len()).collect();
    for (i, &a) in one.iter().enumerate() {
        let mut row = vec![i + 1; two.len() + 1];
        for (j, &b) in two.iter().enumerate() {
            let changed = above[j] + usize::from(a != b);
            row[j + 1] = changed.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a == two[j - 1] && one[i - 1] == b {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[two.len()]
}

/// The repositories nearest to `wanted`, best first, at most three; none where nothing is near.
pub(crate) fn repositories<'a>(wanted: &str, known: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let far = (wanted.chars().count() / 4).max(2);
    let mut near: Vec<(usize, &str)> = known
        .filter(|name| name.as_str() != wanted)
        .map(|name| (distance(wanted, name), name.as_str()))
        .filter(|(distance, _)| *distance <= far)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().map(|(_, name)| name).take(3).collect()
}

/// Whether one name is a slip of the other: dashes and dots aside, at most one letter in five.
pub(crate) fn is_slip(one: &str, two: &str) -> bool {
    let bare = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let (one, two) = (bare(one), bare(two));
    !one.is_empty() && distance(&one, &two) <= one.len() / 5
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn swapped_letters_are_one_slip() {
        for (one, two, expected) in [
            ("shop/cart", "shop/cart", 0),
            ("shop/cart", "shop/crat", 1),
            ("1.92", "1.29", 1),
            ("1.92", "1.28", 2),
            ("", "abc", 3),
            ("abc", "", 3),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(one, two), expected, "{one} {two}");
        }
    }

    #[test]
    fn only_near_repositories_are_offered() {
        let known = ["shop/cart", "shop/card", "billing/ledger", "library/nginx"].map(str::to_owned);
        assert_eq!(repositories("shop/crat", known.iter()), ["shop/cart", "shop/card"]);
        assert_eq!(repositories("library/ngnix", known.iter()), ["library/nginx"]);
        assert!(repositories("team/api", known.iter()).is_empty());
    }

    #[test]
    fn a_dash_is_a_slip_and_another_name_is_not() {
        for (one, two, expected) in [
            ("regcred", "reg-cred", true),
            ("regcred", "regcerd", true),
            ("regcred", "harbor", false),
            ("dev", "prod", false),
            ("a", "b", false),
            ("", "-", false),
        ] {
            assert_eq!(is_slip(one, two), expected, "{one} {two}");
        }
    }

    proptest! {
        #[test]
        fn distance_is_the_same_both_ways_and_bounded(one in "\\PC{0,12}", two in "\\PC{0,12}") {
            let between = distance(&one, &two);
            prop_assert_eq!(between, distance(&two, &one));
            prop_assert!(between <= one.chars().count().max(two.chars().count()));
            prop_assert_eq!(between == 0, one == two);
        }
    }
}
