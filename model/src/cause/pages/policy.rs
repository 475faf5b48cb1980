//! Pull policy, signatures, admission.

use super::source::{CD2_TRANSFER, CI_CLIENT, CL_POLICY, KUBELET_IMAGES, OUR_CLUSTER};
use super::{Cause, Page, Shown};

pub(super) static NEVER_PULL_ABSENT: Page = Page {
    meaning: "The pull policy is Never, and the image is not on the node, so the kubelet may not fetch it. \
        Nothing ever sets Never by default: somebody wrote it.",
    shows: &[Shown {
        by: "kubelet",
        text: "Container image \"registry.example.com/team/app:1.2\" is not present with pull policy of \
                Never",
        source: OUR_CLUSTER,
    }],
    proof: "The pod's policy and the images on its node: the image is not there, under this exact \
        reference. From 1.35 on the kubelet says the same of an image that is there for another pod's login \
        only, so until the node was looked at, the two stay open.",
    lookalikes: &[
        (
            Cause::CachedNotAuthorized,
            "the image is on the node, and this pod may not use it. Same words, on purpose.",
        ),
        (Cause::TagNotFound, "a registry was asked: the policy is another one."),
    ],
    mend: &[
        "Platform: look on the node for the image; another tag or host of the same image does not count: \
            `crictl images | grep app`",
        "Platform: put the image there: `crictl pull HOST/PATH:TAG`",
        "Application: or let the kubelet fetch it: `kubectl -n NAMESPACE patch deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"CONTAINER\",\"imagePullPolicy\":\
            \"IfNotPresent\"}]}}}}'`",
        "Platform: node.status.images lists at most 50 images. That one is not listed there proves nothing.",
    ],
    prevent: "Use Never only where every node is built with its images, and protect those images from the \
        node's clean-up.",
};

pub(super) static STALE_IMAGE: Page = Page {
    meaning: "The container runs, and its tag now points to another image than the one that runs. Nothing \
        failed, so there is no text: the next pod of the same workload may run something else than this \
        one.",
    shows: &[],
    proof: "The digest that runs, in the pod's status, differs from the digest that the registry gives for \
        the same tag now, for the pod's platform. Runtimes record the index or the platform's manifest, so \
        both are compared, and read at about the same time.",
    lookalikes: &[
        (Cause::TagNotFound, "the tag is gone: running pods go on, new ones fail."),
        (Cause::UpstreamOfCacheFailed, "a cache still serves the old image: ask the origin."),
    ],
    mend: &[
        "Application: see what runs: `kubectl -n NAMESPACE get pod POD -o \
            jsonpath='{.status.containerStatuses[*].imageID}'`",
        "Application: if the new image is wanted, name its digest, or restart with policy Always: `kubectl \
            -n NAMESPACE rollout restart deployment/DEPLOYMENT`",
        "Application: if the old one is wanted, name the digest that runs: `kubectl -n NAMESPACE set image \
            deployment/DEPLOYMENT CONTAINER=HOST/PATH@sha256:DIGEST`",
    ],
    prevent: "Deploy by digest, or never move a tag once it was pushed; many registries can make tags \
        immutable.",
};

pub(super) static SIGNATURE_REJECTED: Page = Page {
    meaning: "The node's signature policy refuses the image: a signature is missing, is not by the right \
        key, or the image may not run at all. The policy works as it was set up, and the image does not \
        satisfy it.",
    shows: &[
        Shown {
            by: "kubelet",
            text: "image pull failed for registry.example.com/team/app:1.2 because the signature validation \
                failed: Source image rejected: A signature was required, but no signature exists",
            source: KUBELET_IMAGES,
        },
        Shown {
            by: "CRI-O",
            text: "Source image rejected: Running image docker://registry.example.com/team/app:1.2 is \
                rejected by policy.",
            source: CL_POLICY,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": image verifier \
                VERIFIER blocked pull of registry.example.com/team/app:1.2 with digest \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 for reason: REASON",
            source: CD2_TRANSFER,
        },
    ],
    proof: "The node's policy, read on the node, and the signatures that the registry holds for this \
        digest. The runtime's refusal is testimony that such a policy is in force there.",
    lookalikes: &[
        (Cause::PolicyBlocked, "the registry refuses, and not the node."),
        (
            Cause::BlobMissing,
            "the signature is an object in the registry too, and may have been removed alone.",
        ),
        (Cause::ContentCorrupt, "the bytes are wrong, and not their signature."),
    ],
    mend: &[
        "Application: use an image that is signed as the policy asks, or have this one signed by whoever \
            may: `cosign sign HOST/PATH@sha256:DIGEST`",
        "Platform: read which rule applies: /etc/containers/policy.json, or \
            /etc/crio/policies/NAMESPACE.json for one namespace, on CRI-O; the image verifiers' directory \
            on containerd.",
        "Platform: if the policy names an old key, roll the new one out. Do not switch the policy off for \
            one image: that would let every other image through as well.",
    ],
    prevent: "Sign in the same pipeline that pushes, verify there with the policy that the nodes use, and \
        copy signatures together with images.",
};

pub(super) static POLICY_BLOCKED: Page = Page {
    meaning: "The registry, or something standing before it, blocks this image, project or client by a \
        rule. Reasons are found vulnerabilities, a missing scan, a blocked name, or an address that is not \
        on a list.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: unexpected status from HEAD request to \
                https://registry.example.com/v2/team/app/manifests/1.2: 412 Precondition Failed",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 412 Precondition Failed",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: registry \
                registry.example.com is blocked in /etc/containers/registries.conf or \
                /etc/containers/registries.conf.d",
            source: CI_CLIENT,
        },
    ],
    proof: "The same refusal with a body that names the rule, read with GET because HEAD has no body. A \
        rule about addresses is proven only from the nodes' own address. `blocked` on CRI-O is read in the \
        node's registries.conf.",
    lookalikes: &[
        (Cause::Forbidden, "a right of the user is missing; granting it helps."),
        (Cause::SignatureRejected, "the node refuses, and not the registry."),
        (Cause::Proxy, "the proxy of the node refuses the whole host."),
        (Cause::RegistryUnavailable, "an HTML page without a reason is no policy that is known."),
    ],
    mend: &[
        "Registry: read the body, which names the rule, and see whether it is meant for this image: `curl \
            -s -u USER https://HOST/v2/PATH/manifests/TAG`",
        "Application: use an image that satisfies the rule, for instance one that was rebuilt with fixed \
            packages.",
        "Registry: if the rule is about addresses, add the nodes' outgoing address to its list.",
        "Platform: if the node's registries.conf blocks the registry, ask whoever set that.",
    ],
    prevent: "Check images against the registry's rules in the pipeline, and give the nodes a fixed \
        outgoing address where a list of addresses is kept.",
};
