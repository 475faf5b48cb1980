//! Whether an image of one platform is taken on a node of another, as runtimes match them.

use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::probe::route::Runtime;

/// Whether `runtime` on a node of platform `node` takes an image of `has`.
///
/// containerd makes a list of platforms from the node's and takes what is on it, compared exactly after a variant that is
/// the architecture's base is left out: amd64 without a variant takes 386 too (since 1.5) and no amd64/v3, arm64 takes arm v8
/// to v5 ([`platformVector`](https://github.com/containerd/containerd/blob/v1.6.20/platforms/compare.go)). CRI-O stays within
/// one architecture
/// ([`WantedPlatforms`](https://github.com/containers/image/blob/v5.36.0/internal/pkg/platform/platform_matcher.go)). A
/// runtime that is not known takes what either does.
pub(crate) fn takes(runtime: Option<&Runtime>, node: &Platform, has: &Platform) -> bool {
    let (node, has) = (base(node), base(has));
    if node.os != has.os {
        return false;
    }
    let is_crio = runtime.is_some_and(|runtime| runtime.name == "cri-o");
    let before_386 =
        runtime.is_some_and(|runtime| runtime.name == "containerd" && runtime.version < (1, 5, 0));
    match (node.architecture.as_str(), has.architecture.as_str()) {
        ("amd64", "386") => !is_crio && !before_386,
        ("arm64", "arm") => !is_crio && (5..=8).contains(&of_arm(&has.variant)),
        // A node's object does not tell its variant; one of 32 bits may be any.
        ("arm", "arm") => node.variant.is_empty() || of_arm(&has.variant) <= of_arm(&node.variant),
        ("amd64", "amd64") => level(&has.variant) <= level(&node.variant),
        (node_has, image_has) => node_has == image_has && node.variant == has.variant,
    }
}

/// A version of arm; without a variant the seventh.
fn of_arm(variant: &str) -> u32 {
    if variant.is_empty() { 7 } else { number(variant).unwrap_or(u32::MAX) }
}

/// A level of amd64; without a variant the first.
fn level(variant: &str) -> u32 {
    if variant.is_empty() { 1 } else { number(variant).unwrap_or(u32::MAX) }
}

fn number(variant: &str) -> Option<u32> {
    variant.trim_start_matches('v').parse().ok()
}

/// One name for each platform
/// ([`normalizeArch`](https://github.com/containerd/containerd/blob/v1.6.20/platforms/database.go)).
fn base(platform: &Platform) -> Platform {
    let lower = |text: &str| text.to_ascii_lowercase();
    let (os, architecture, variant) =
        (lower(&platform.os), lower(&platform.architecture), lower(&platform.variant));
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386" | "386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1" | "1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", other) => ("amd64", other),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", other) => ("arm64", other),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        (other, variant) => (other, variant),
    };
    Platform { os, architecture: architecture.to_owned(), variant: variant.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        let mut parts = text.split('/').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        Platform { os: part(), architecture: part(), variant: part() }
    }

    #[test]
    fn what_a_node_takes_is_what_its_runtime_has_on_its_list() {
        for (runtime, node, has, expected) in [
            ("containerd@1.6.20", "linux/amd64", "linux/386", true),
            ("containerd@1.4.13", "linux/amd64", "linux/386", false),
            ("cri-o@1.34.1", "linux/amd64", "linux/386", false),
            ("containerd@1.6.20", "linux/amd64", "linux/amd64/v1", true),
            ("containerd@2.3.7", "linux/amd64", "linux/amd64/v2", false),
            ("containerd@2.3.7", "linux/amd64", "linux/amd64/v3", false),
            ("containerd@2.3.7", "linux/amd64/v3", "linux/amd64/v2", true),
            ("containerd@2.3.7", "linux/amd64", "linux/arm64", false),
            ("containerd@2.3.7", "linux/amd64", "windows/amd64", false),
            ("containerd@2.3.7", "linux/arm64", "linux/arm64/v8", true),
            ("containerd@2.3.7", "linux/arm64", "linux/arm64/v9", false),
            ("containerd@2.3.7", "linux/arm64", "linux/arm/v7", true),
            ("containerd@2.3.7", "linux/arm64", "linux/arm", true),
            ("containerd@2.3.7", "linux/arm64", "linux/amd64", false),
            ("cri-o@1.34.1", "linux/arm64", "linux/arm/v7", false),
            ("containerd@2.3.7", "linux/arm/v6", "linux/arm/v7", false),
            ("containerd@2.3.7", "linux/arm/v7", "linux/arm/v6", true),
            ("containerd@2.3.7", "linux/arm", "linux/arm/v5", true),
            ("containerd@2.3.7", "linux/s390x", "linux/s390x", true),
            ("containerd@2.3.7", "linux/s390x", "unknown/unknown", false),
        ] {
            let runs = Runtime::parse(runtime);
            assert_eq!(
                takes(runs.as_ref(), &platform(node), &platform(has)),
                expected,
                "{runtime} {node} {has}"
            );
        }
        assert!(takes(None, &platform("linux/amd64"), &platform("linux/386")));
    }
}
