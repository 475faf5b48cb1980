//! Which platforms an image must have, and which it lacks.

use std::collections::BTreeMap;

use pullmedic_model::probe::manifest::Platform;

/// Whether an image of `have` runs on a node of `wanted`. Variants of 32-bit ARM run what is older; where one is not
/// named, it is not compared.
pub fn fits(have: &Platform, wanted: &Platform) -> bool {
    if have.os != wanted.os || have.architecture != wanted.architecture {
        return false;
    }
    let number = |variant: &str| variant.trim_start_matches('v').parse::<u32>().ok();
    match (wanted.architecture.as_str(), number(&wanted.variant), number(&have.variant)) {
        ("arm", Some(wanted), Some(have)) => have <= wanted,
        _ => true,
    }
}

/// The platforms of nodes that a pod with this `nodeSelector` may be bound to, by the labels that every kubelet sets:
/// <https://kubernetes.io/docs/reference/node/node-labels/>.
pub fn selected(nodes: &[Platform], selector: &BTreeMap<String, String>) -> Vec<Platform> {
    let wants = |labels: [&str; 2], has: &str| {
        labels.iter().filter_map(|label| selector.get(*label)).all(|wanted| wanted == has)
    };
    let may = |platform: &&Platform| {
        wants(["kubernetes.io/os", "beta.kubernetes.io/os"], &platform.os)
            && wants(["kubernetes.io/arch", "beta.kubernetes.io/arch"], &platform.architecture)
    };
    nodes.iter().filter(may).cloned().collect()
}

/// What an image has of the platforms that are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Wanted and there.
    pub has: Vec<Platform>,
    /// Wanted and not there.
    pub lacks: Vec<Platform>,
}

/// Compares what is wanted with what the image has. Unless `all` are wanted for certain, nodes of an operating system
/// that the image is not for at all do not count while another is there: a pod is kept off them by other means (a taint,
/// an affinity) that are not read.
pub fn coverage(wanted: &[Platform], have: &[Platform], all: bool) -> Coverage {
    let (has, mut lacks): (Vec<Platform>, Vec<Platform>) =
        wanted.iter().cloned().partition(|wanted| have.iter().any(|have| fits(have, wanted)));
    if !all && !has.is_empty() {
        lacks.retain(|lacking| have.iter().any(|have| have.os == lacking.os));
    }
    Coverage { has, lacks }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platforms(text: &str) -> Vec<Platform> {
        let platform = |text: &str| {
            let mut parts = text.split('/').map(str::to_owned);
            let mut next = || parts.next().unwrap_or_default();
            Platform { os: next(), architecture: next(), variant: next() }
        };
        text.split_whitespace().map(platform).collect()
    }

    #[test]
    fn a_node_runs_its_own_architecture_and_older_variants_of_arm() {
        for (have, wanted, expected) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/amd64", "windows/amd64", false),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm/v6", "linux/arm/v7", true),
            ("linux/arm/v7", "linux/arm/v6", false),
            ("linux/arm/v7", "linux/arm", true),
        ] {
            assert_eq!(fits(&platforms(have)[0], &platforms(wanted)[0]), expected, "{have} {wanted}");
        }
    }

    #[test]
    fn a_selector_leaves_the_nodes_that_it_names() {
        let nodes = platforms("linux/amd64 linux/arm64 windows/amd64");
        let with = |label: &str, value: &str| {
            let selector = BTreeMap::from([(label.to_owned(), value.to_owned())]);
            selected(&nodes, &selector).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(with("kubernetes.io/arch", "arm64"), "linux/arm64");
        assert_eq!(with("beta.kubernetes.io/os", "windows"), "windows/amd64");
        assert_eq!(with("disk", "ssd"), "linux/amd64 linux/arm64 windows/amd64");
    }

    #[test]
    fn an_image_for_another_system_is_not_missed_on_nodes_it_was_never_meant_for() {
        let lacks = |wanted: &str, have: &str, all: bool| {
            let coverage = coverage(&platforms(wanted), &platforms(have), all);
            coverage.lacks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(lacks("linux/amd64 windows/amd64", "linux/amd64", false), "");
        assert_eq!(lacks("linux/amd64 windows/amd64", "linux/amd64", true), "windows/amd64");
        assert_eq!(lacks("linux/amd64 linux/arm64", "linux/amd64", false), "linux/arm64");
        assert_eq!(lacks("linux/arm64", "windows/amd64", false), "linux/arm64");
    }
}
