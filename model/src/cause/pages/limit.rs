//! Rates, quotas and queues.

use super::source::{CD2_STATUS, CD16_FETCHER, CI_CLIENT, KUBELET_IMAGES, KUBELET_LIMITS, OUR_CLUSTER};
use super::{Cause, Page, Shown};

pub(super) static RATE_LIMITED: Page = Page {
    meaning: "The registry limits how often this client may pull, and the limit is used up. Who is counted \
        depends on the login: without one it is the address, which many nodes may share behind one gateway.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to copy: \
                httpReadSeeker: failed open: unexpected status code \
                https://registry.example.com/v2/team/app/manifests/sha256:9f86d081884c7d659a2feaa0c55ad015a3\
                bf4f1b2b0b822cd15d6c15b0f00a08: 429 Too Many Requests - Server message: toomanyrequests: \
                too many requests",
            source: CD16_FETCHER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 429 Too Many Requests",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: unexpected status from HEAD request to \
                https://registry.example.com/v2/team/app/manifests/1.2: 429 Too Many Requests",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: reading manifest 1.2 in \
                registry.example.com/team/app: too many requests",
            source: CI_CLIENT,
        },
    ],
    proof: "A 429 of the registry for the same request. Whose quota it is and when it resets are the pod's \
        only when asked with the pod's login or from the nodes' own address; asked from elsewhere they are \
        another client's. The window stands in the header and changes.",
    lookalikes: &[
        (Cause::LocalQpsLimited, "the kubelet's own limit: `pull QPS exceeded`, and no request was sent."),
        (Cause::QuotaExceeded, "an amount of an account is used up, and waiting for minutes does not help."),
        (Cause::UpstreamOfCacheFailed, "the 429 is the upstream's answer to a cache that all clients share."),
        (Cause::RegistryUnavailable, "503 in place of 429: the registry as a whole is overloaded."),
    ],
    mend: &[
        "Application: wait for the reset that the registry names. The kubelet goes on by itself, and each \
            of its attempts may count.",
        "Application: log in, since an account has its own and usually larger budget: `kubectl -n NAMESPACE \
            patch deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
        "Platform: pull through a cache or mirror that holds the same digest, so that the cluster asks once.",
        "Application: avoid `imagePullPolicy: Always` where the tag does not move. containerd's check with \
            HEAD is not counted by Docker Hub, CRI-O asks with GET.",
    ],
    prevent: "Pull with a login everywhere, keep a pull-through cache for public registries, and count \
        pulls before large roll-outs.",
};

pub(super) static QUOTA_EXCEEDED: Page = Page {
    meaning: "An account quota at the registry is used up: storage, traffic or licence. The limit belongs \
        to the account that owns the images, so every client of it is refused.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to copy: \
                httpReadSeeker: failed open: unexpected status code \
                https://registry.example.com/v2/team/app/blobs/sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f\
                1b2b0b822cd15d6c15b0f00a08: 402 Payment Required",
            source: CD16_FETCHER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to copy: \
                httpReadSeeker: failed open: unexpected status from GET request to \
                https://registry.example.com/v2/team/app/blobs/sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f\
                1b2b0b822cd15d6c15b0f00a08: 402 Payment Required",
            source: CD2_STATUS,
        },
    ],
    proof: "The registry's answer to the same request names the quota, in its body or by status 402. A 403 \
        or 429 without such words leaves the causes open that use those codes.",
    lookalikes: &[
        (Cause::RateLimited, "pulls a minute or an hour are counted; it passes by itself."),
        (Cause::Forbidden, "a right is missing, and others may pull."),
        (Cause::DiskFull, "the node is full, and not the account."),
    ],
    mend: &[
        "Registry: whoever pays for the account raises the quota or removes what uses it up.",
        "Application: until then use a mirror or another registry that holds the same digest.",
    ],
    prevent: "Watch the account's usage against its quota, and clean up old images before it is reached.",
};

pub(super) static LOCAL_QPS_LIMITED: Page = Page {
    meaning: "The kubelet's own limit of pulls a second was hit, so it failed this pull without sending a \
        request. Registry, network and image are not involved.",
    shows: &[Shown {
        by: "kubelet",
        text: "Failed to pull image \"registry.example.com/team/app:1.2\": pull QPS exceeded",
        source: KUBELET_LIMITS,
    }],
    proof: "The kubelet's own words are proof, because it speaks of itself. By default five pulls a second \
        are allowed, with a burst of ten, and what is over the limit fails at once and does not wait.",
    lookalikes: &[
        (Cause::RateLimited, "the registry limits, with a 429."),
        (Cause::PullQueued, "the pull waits for its turn and has not failed."),
    ],
    mend: &[
        "Application: nothing has to be changed: the kubelet tries again. The failure still lengthens its \
            wait, 10 seconds at first and five minutes at most.",
        "Platform: if it comes often, raise registryPullQPS and registryBurst in the kubelet's \
            configuration, or set registryPullQPS to 0 for no limit, and restart the kubelet.",
    ],
    prevent: "Set the kubelet's limits with the number of containers in mind that start together on a node, \
        and spread large roll-outs.",
};

pub(super) static PULL_QUEUED: Page = Page {
    meaning: "The pull has not begun: it waits on the node behind another one. By default the kubelet pulls \
        one image at a time, so one slow or stuck pull holds up every other pod of the node.",
    shows: &[
        Shown {
            by: "kubelet",
            text: "Pulling image \"registry.example.com/team/app:1.2\"",
            source: KUBELET_IMAGES,
        },
        Shown {
            by: "kubelet",
            text: "Successfully pulled image \"registry.example.com/team/app:1.2\" in 2.103s (3m41.57s \
                including waiting). Image size: 29154304 bytes.",
            source: KUBELET_IMAGES,
        },
    ],
    proof: "The kubelet's configuration limits parallel pulls, and another pull of the same node is under \
        way. The event Pulling is written before the queue and does not show it; after the pull, the \
        difference between its time and its time including waiting does.",
    lookalikes: &[
        (Cause::PullStalled, "this pull itself is under way, and its bytes stopped."),
        (Cause::LocalQpsLimited, "the pull failed at once and did not wait."),
        (Cause::RuntimeUnavailable, "no pull of the node goes on, because the runtime does not answer."),
    ],
    mend: &[
        "Application: wait. The pull goes on once the one before it ends.",
        "Platform: find the pull that the others wait for, and end it if it hangs: `kubectl get events -A \
            --field-selector reason=Pulling --sort-by=.lastTimestamp`",
        "Platform: let the node pull in parallel, in the kubelet's configuration: `serializeImagePulls: \
            false`, with maxParallelImagePulls as a bound, and restart the kubelet.",
    ],
    prevent: "Allow parallel pulls with a bound, and keep very large images off nodes where others must \
        start quickly, or pull them ahead of time.",
};
