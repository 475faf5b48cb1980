//! Which platforms an image must have, and which it lacks.

use std::collections::BTreeMap;

use pullmedic_model::probe::manifest::{Entry, Platform};

/// The entries of an index that a node of `wanted` would take. Of several that it runs, the one
/// nearest to its own platform is taken, and one that names no platform only where nothing else is:
/// <https://github.com/containerd/containerd/blob/v1.6.38/images/image.go#L195-L237>.
///
/// More than one is left where they are equal, and for a 32-bit ARM node whose variant is not known.
pub(crate) fn taken<'a>(entries: &[&'a Entry], wanted: &Platform) -> Vec<&'a Entry> {
    let named = |entry: &'a Entry| entry.platform.as_ref().map(|platform| (entry, platform));
    let run: Vec<(&Entry, &Platform)> = entries
        .iter()
        .filter_map(|entry| named(entry))
        .filter(|(_, platform)| wanted.runs(platform))
        .collect();
    if run.is_empty() {
        return entries.iter().filter(|entry| entry.platform.is_none()).copied().collect();
    }
    let vague = wanted.architecture == "arm" && wanted.variant.is_empty();
    let better = |one: &Platform, other: &Platform| one.runs(other) && !other.runs(one);
    let best = |platform: &Platform| vague || !run.iter().any(|(_, other)| better(other, platform));
    run.iter().filter(|(_, platform)| best(platform)).map(|(entry, _)| *entry).collect()
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
        wanted.iter().cloned().partition(|wanted| have.iter().any(|have| wanted.runs(have)));
    if !all && !has.is_empty() {
        lacks.retain(|lacking| have.iter().any(|have| have.os == lacking.os));
    }
    Coverage { has, lacks }
}

#[cfg(test)]
mod tests {
    use pullmedic_model::probe::manifest::Descriptor;

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
    fn of_what_a_node_runs_the_nearest_to_it_is_taken() {
        let entry = |text: &str| {
            let digest = text.to_owned();
            let manifest = Descriptor { digest, size: None, media_type: String::new(), foreign: false };
            let platform = (text != "none").then(|| platforms(text)[0].clone());
            Entry { manifest, platform, attestation: false }
        };
        for (wanted, have, expected) in [
            ("linux/amd64", "linux/386 linux/amd64", "linux/amd64"),
            ("linux/amd64", "linux/386 linux/arm64", "linux/386"),
            ("linux/amd64", "linux/amd64/v3", ""),
            ("linux/amd64/v3", "linux/386 linux/amd64 linux/amd64/v2 linux/amd64/v4", "linux/amd64/v2"),
            ("linux/arm64", "linux/arm/v7 linux/arm64/v8 linux/arm/v6", "linux/arm64/v8"),
            ("linux/arm64", "linux/arm/v6 linux/arm/v7", "linux/arm/v7"),
            ("linux/amd64", "none linux/amd64", "linux/amd64"),
            ("linux/amd64", "none linux/arm64", "none"),
            ("linux/amd64", "linux/amd64 linux/amd64", "linux/amd64 linux/amd64"),
            // Such a node may be a v6.
            ("linux/arm", "linux/arm/v7 linux/arm/v6", "linux/arm/v7 linux/arm/v6"),
        ] {
            let entries: Vec<Entry> = have.split_whitespace().map(entry).collect();
            let entries: Vec<&Entry> = entries.iter().collect();
            let taken = taken(&entries, &platforms(wanted)[0]);
            let taken: Vec<&str> = taken.iter().map(|entry| entry.manifest.digest.as_str()).collect();
            assert_eq!(taken.join(" "), expected, "{wanted} of {have}");
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
        // A node runs some of what is made for others, and not what is made for more than it has.
        assert_eq!(lacks("linux/amd64", "linux/386 linux/arm64", true), "");
        assert_eq!(lacks("linux/amd64", "linux/amd64/v3", true), "linux/amd64");
    }
}
