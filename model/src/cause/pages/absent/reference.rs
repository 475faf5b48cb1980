//! What the image string names is not there.

use crate::cause::pages::source::{CD2_RESOLVER, CD16_RESOLVER, CI_CLIENT, MOBY_ERRORS, OUR_CLUSTER};
use crate::cause::{Cause, Page, Shown};

pub(in crate::cause::pages) static REPOSITORY_NOT_FOUND: Page = Page {
    meaning: "The registry answered, and it has no repository of that name for a caller that would be \
        allowed to see it. The name is misspelt, was moved or removed, or nothing was ever pushed under it.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": registry.example.com/team/app:1.2: not \
                found",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: registry.example.com/team/app:1.2: not found",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: reading manifest 1.2 in \
                registry.example.com/team/app: repository name not known to registry",
            source: CI_CLIENT,
        },
        Shown {
            by: "docker",
            text: "Error response from daemon: repository registry.example.com/team/app not found: name \
                unknown: repository name not known to registry",
            source: MOBY_ERRORS,
        },
    ],
    proof: "A 404 from the origin itself, and one of three: its /v2/ answers 200 without a login, or the \
        token it issued grants pull on that very name and the registry is known to judge by its tokens alone, \
        or the registry is known never to hide a repository behind 404. A 401 or 403 never proves absence, and a 404 from a mirror or cache says only that this \
        host does not have it.",
    lookalikes: &[
        (
            Cause::TagNotFound,
            "containerd prints the same words for both. If the repository has a readable list of tags, only \
                the tag is missing.",
        ),
        (
            Cause::NotFoundOrDenied,
            "the registry answered 401 or 403, or it gives one answer for absent and for hidden.",
        ),
        (
            Cause::UpstreamOfCacheFailed,
            "a pull-through cache keeps failed fetches as 404 for a while. Ask the origin.",
        ),
        (
            Cause::RegistryUnavailable,
            "a login page that is taken for a manifest also ends in `not found`, with an unexpected media \
                type before it.",
        ),
    ],
    mend: &[
        "Application: compare the name with what the registry lists, and correct it: `kubectl -n NAMESPACE \
            set image deployment/DEPLOYMENT CONTAINER=HOST/PATH:TAG`",
        "Application: if an earlier revision ran, go back to it: `kubectl -n NAMESPACE rollout undo \
            deployment/DEPLOYMENT`",
        "Registry: if the repository was moved or removed, restore it or tell its users the new name. \
            Nothing in the cluster has to change then: the kubelet tries again within five minutes.",
    ],
    prevent: "Take image names from one place, such as the build that pushed them, and announce moves of \
        repositories before the old name goes.",
};

pub(in crate::cause::pages) static TAG_NOT_FOUND: Page = Page {
    meaning: "The repository is there and readable, and it has no tag of that name. The tag is misspelt, \
        was not pushed yet, or was removed by a retention rule.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": registry.example.com/team/app:1.2: not \
                found",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: registry.example.com/team/app:1.2: not found",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: reading manifest 1.2 in \
                registry.example.com/team/app: manifest unknown",
            source: CI_CLIENT,
        },
        Shown {
            by: "docker",
            text: "Error response from daemon: manifest for registry.example.com/team/app:1.2 not found: \
                manifest unknown: manifest unknown",
            source: MOBY_ERRORS,
        },
    ],
    proof: "A 404 for the tag from the origin, asked with the runtime's own Accept list, for an identity \
        that got 200 for another tag of the same repository. The list of tags then shows what exists and \
        which name is nearest.",
    lookalikes: &[
        (
            Cause::RepositoryNotFound,
            "containerd prints the same words for both. No tag of the repository can be read there.",
        ),
        (
            Cause::PlatformMismatch,
            "also a `not found`, but with `no match for platform` before it: the tag exists.",
        ),
        (
            Cause::BlobMissing,
            "the tag was resolved, and what it points to is gone: the text says `failed to copy`.",
        ),
        (Cause::UpstreamOfCacheFailed, "the cache in between does not have the tag, the origin does."),
    ],
    mend: &[
        "Application: choose a tag that exists: `kubectl -n NAMESPACE set image deployment/DEPLOYMENT \
            CONTAINER=HOST/PATH:TAG`",
        "Application: if an earlier revision ran, go back to it: `kubectl -n NAMESPACE rollout undo \
            deployment/DEPLOYMENT`",
        "Registry: if the tag should exist, see whether the build pushed it and push it again. The kubelet \
            then finds it at its next attempt, at most five minutes later; deleting a pod that its \
            controller replaces brings that forward.",
    ],
    prevent: "Deploy only after the push was confirmed, and keep retention rules away from tags that a \
        cluster still names.",
};

pub(in crate::cause::pages) static DIGEST_NOT_FOUND: Page = Page {
    meaning: "The repository has no manifest of the digest that the image names. It was removed after its \
        last tag moved, or it belongs to another repository.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \
                \"registry.example.com/team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6\
                c15b0f00a08\": failed to resolve reference \
                \"registry.example.com/team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6\
                c15b0f00a08\": \
                registry.example.com/team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c1\
                5b0f00a08: not found",
            source: CD16_RESOLVER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \
                \"registry.example.com/team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6\
                c15b0f00a08\": failed to resolve image: \
                registry.example.com/team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c1\
                5b0f00a08: not found",
            source: CD2_RESOLVER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source \
                docker://registry.example.com/team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b82\
                2cd15d6c15b0f00a08: reading manifest \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 in \
                registry.example.com/team/app: manifest unknown",
            source: CI_CLIENT,
        },
    ],
    proof: "A 404 from the origin for that digest, for an identity that got 200 for another manifest of the \
        same repository. A 404 from a mirror or cache does not prove it.",
    lookalikes: &[
        (
            Cause::BlobMissing,
            "the named digest was found, and a manifest, config or layer below it is gone: the text says \
                `failed to copy`.",
        ),
        (Cause::TagNotFound, "the image names a tag, and the tag is what is missing."),
        (Cause::RepositoryNotFound, "no manifest of the repository can be read at all."),
        (Cause::ContentCorrupt, "bytes arrived, and their digest is another one."),
    ],
    mend: &[
        "Application: if the digest was copied from another repository, name that repository.",
        "Application: otherwise take the digest that the tag has now. This is other content than the one \
            that was pinned, so read what changed first: `kubectl -n NAMESPACE set image \
            deployment/DEPLOYMENT CONTAINER=HOST/PATH@sha256:DIGEST`",
        "Registry: if the manifest was removed by a clean-up, push it again from where it still exists, \
            such as a node or a mirror.",
    ],
    prevent: "Keep a tag on every digest that is deployed, or exempt deployed digests from the registry's \
        clean-up.",
};

pub(in crate::cause::pages) static NOT_FOUND_OR_DENIED: Page = Page {
    meaning: "The registry gives one answer for an image that does not exist and for one that the caller \
        may not see. The words cannot tell which it is, so this code is a hypothesis and never a proven \
        verdict.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pull access denied, repository does not \
                exist or may require authorization: server message: insufficient_scope: authorization \
                failed",
            source: CD16_RESOLVER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: pull access denied, repository does not exist or may require authorization: server \
                message: insufficient_scope: authorization failed",
            source: CD2_RESOLVER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: reading manifest 1.2 in \
                registry.example.com/team/app: requested access to the resource is denied",
            source: CI_CLIENT,
        },
        Shown {
            by: "docker",
            text: "Error response from daemon: pull access denied for registry.example.com/team/app, \
                repository does not exist or may require 'docker login': denied: requested access to the \
                resource is denied",
            source: MOBY_ERRORS,
        },
    ],
    proof: "Nothing proves it, because it names what is still open. If no login was sent, that is \
        repository-not-found and no-credentials; if one was, repository-not-found, forbidden and \
        bad-credentials. A login that gets 200 rules out absence and turns the verdict into one of the \
        login causes.",
    lookalikes: &[
        (
            Cause::RepositoryNotFound,
            "the registry says 404 and is known to say so truthfully, or the token grants pull on that very \
                name.",
        ),
        (Cause::NoCredentials, "the image is there for a login that may see it, and none was sent."),
        (Cause::Forbidden, "the image is there, the caller is known, and lacks the right to pull."),
        (
            Cause::RegistryUnavailable,
            "a registry in trouble can refuse everybody: then other images and other callers are refused \
                too.",
        ),
    ],
    mend: &[
        "Application: read the name once more, host and organisation first. A name without a host goes to \
            docker.io.",
        "Application: if the image is private, give the pod a pull secret of a user who may see it: \
            `kubectl -n NAMESPACE patch deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
        "Registry: whoever owns the organisation can say whether the repository exists and who may pull it. \
            Nobody else can.",
    ],
    prevent: "Attach pull secrets to every workload with private images, and test each new image name with \
        the login that the pods will use.",
};
