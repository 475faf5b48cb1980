//! Whether an image of one platform is taken on a node of another, as runtimes match them.

use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::probe::route::Runtime;

/// Whether `runtime` on a node of platform `node` takes an image of `has`.
///
/// As containerd matches ([`Platform::runs`]), with what differs: containerd takes 386 on amd64 since 1.5
/// ([`platformVector`](https://github.com/containerd/containerd/blob/v1.6.20/platforms/compare.go)), and CRI-O stays within one
/// architecture
/// ([`WantedPlatforms`](https://github.com/containers/image/blob/v5.36.0/internal/pkg/platform/platform_matcher.go)). A
/// runtime that is not known takes what either does.
pub(crate) fn takes(runtime: Option<&Runtime>, node: &Platform, has: &Platform) -> bool {
    let (usual, image) = (node.normal(), has.normal());
    if usual.os != image.os {
        return false;
    }
    // A node's object does not tell its variant; one of 32 bits may be any.
    if usual.architecture == "arm" && image.architecture == "arm" && node.variant.is_empty() {
        return true;
    }
    let is_crio = runtime.is_some_and(|runtime| runtime.name == "cri-o");
    let before_386 =
        runtime.is_some_and(|runtime| runtime.name == "containerd" && runtime.version < (1, 5, 0));
    let crosses = usual.architecture != image.architecture;
    if crosses && (is_crio || (before_386 && image.architecture == "386")) {
        return false;
    }
    node.runs(has)
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
