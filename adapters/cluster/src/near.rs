//! Names near to one that does not exist.

/// How many are offered.
const OFFERED: usize = 5;

/// The names most like `name`, the nearest first; all of them when they are few.
pub(crate) fn near(name: &str, existing: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut scored: Vec<(f64, String)> =
        existing.into_iter().map(|other| (strsim::jaro_winkler(name, &other), other)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.truncate(OFFERED);
    scored.into_iter().map(|(_, other)| other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_comes_first_and_few_are_all_named() {
        let existing = ["kind-dev", "prod-eu", "prod-us"].map(String::from);
        assert_eq!(near("prod-ue", existing.clone())[0], "prod-eu");
        assert_eq!(near("x", existing).len(), 3);
        assert!(near("x", []).is_empty());
    }
}
