//! The image string itself.

use super::source::{CI_SHORTNAMES, CRIO_STORAGE, KUBELET_IMAGES, OUR_CLUSTER};
use super::{Cause, Page, Shown};

pub(super) static INVALID_REFERENCE: Page = Page {
    meaning: "The image string does not parse as a reference, or it is too short for the runtime to know \
        which registry is meant. No registry was asked: the text itself has to change.",
    shows: &[
        Shown {
            by: "kubelet",
            text: "Failed to apply default image tag \"registry.example.com/team/App:1.2\": couldn't parse \
                image name \"registry.example.com/team/App:1.2\": invalid reference format: repository name \
                (team/App) must be lowercase",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "kubelet",
            text: "Failed to apply default image tag \"registry.example.com/team/app:1.2:3\": couldn't \
                parse image name \"registry.example.com/team/app:1.2:3\": invalid reference format",
            source: KUBELET_IMAGES,
        },
        Shown {
            by: "CRI-O",
            text: "short name mode is enforcing, but image name team/app:1.2 returns ambiguous list",
            source: CRIO_STORAGE,
        },
        Shown {
            by: "CRI-O",
            text: "short-name \"team/app:1.2\" did not resolve to an alias and no unqualified-search \
                registries are defined in \"/etc/containers/registries.conf\"",
            source: CI_SHORTNAMES,
        },
    ],
    proof: "The kubelet's refusal to parse the name is proof, since it speaks of itself. Without it, the \
        string in the pod or template proves the cause when it breaks the grammar of references: an \
        upper-case letter in the repository, two tags, a digest that is not 64 hexadecimal digits. Whether \
        a short name is enough is decided by the node's registries.conf, so that case is proven from the \
        node.",
    lookalikes: &[
        (
            Cause::RepositoryNotFound,
            "a misspelt name that still parses is sent to a registry, and the registry answers that it has \
                no such repository.",
        ),
        (
            Cause::NotFoundOrDenied,
            "containerd reads a name without a host as docker.io, so a forgotten host ends in the refusal \
                of Docker Hub and not in a parse error.",
        ),
        (Cause::TagNotFound, "the tag is well formed, and the registry was asked for it."),
    ],
    mend: &[
        "Application: write the image as HOST/PATH:TAG or HOST/PATH@sha256:DIGEST, the path in lower case, \
            without white space around it: `kubectl -n NAMESPACE set image deployment/DEPLOYMENT \
            CONTAINER=HOST/PATH:TAG`",
        "Application: when a workload exists but has no pods, read the events of its ReplicaSet. White \
            space around an image is accepted in a template and refused on the pod: `kubectl -n NAMESPACE \
            describe replicaset REPLICASET`",
        "Platform: only if short names are wanted on CRI-O nodes, name the search registries in \
            registries.conf. A full name in the workload is the safer repair.",
    ],
    prevent: "Write every image with its host, and check rendered manifests before they are applied: \
        `kubectl run` refuses a malformed name, a manifest is not refused until a kubelet reads it.",
};
