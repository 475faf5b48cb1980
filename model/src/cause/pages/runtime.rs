//! The node's container runtime and store.

use super::source::{
    CD2_PULL, CD2_UNPACKER, CD16_APPLY, CD16_UNPACKER, CRI_CLIENT, CRIO_PULL, GRPC, KUBELET_IMAGES,
    MOBY_XFER, OUR_CLUSTER,
};
use super::{Cause, Page, Shown};

pub(super) static UNPACK_FAILED: Page = Page {
    meaning: "The layers arrived, and unpacking them on the node failed. A layer is not a good archive, \
        uses a compression or an attribute that the node cannot handle, or holds user ids outside the \
        node's range.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to extract \
                layer sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: mount \
                callback failed on /var/lib/containerd/tmpmounts/containerd-mount2718281828: archive/tar: \
                invalid tar header: unknown",
            source: CD16_UNPACKER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to extract \
                layer (application/vnd.oci.image.layer.v1.tar+gzip \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08) to overlayfs as \
                \"extract-482910337-Xk2f \
                sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\": archive/tar: \
                invalid tar header",
            source: CD2_UNPACKER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to extract \
                layer sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: failed to \
                get stream processor for application/vnd.example.layer: no processor for media-type: \
                unknown",
            source: CD16_APPLY,
        },
        Shown {
            by: "docker",
            text: "failed to register layer: archive/tar: invalid tar header",
            source: MOBY_XFER,
        },
    ],
    proof: "The layer that the text names is read from the registry: its bytes match its digest, and it \
        cannot be extracted in the same way, or the node's filesystem lacks what it needs. That other nodes \
        unpack the same layer moves the fault to this node.",
    lookalikes: &[
        (Cause::ContentCorrupt, "the bytes do not match their digest."),
        (Cause::DiskFull, "extraction ends with `no space left on device`."),
        (Cause::NodeStoreDamaged, "the snapshot below is missing: the layer itself is good."),
        (Cause::UnsupportedManifest, "the manifest is refused before any layer is read."),
    ],
    mend: &[
        "Application: rebuild the image with a current tool and push it under a new tag.",
        "Platform: if the text names user or group ids, widen the range in /etc/subuid and /etc/subgid, or \
            have the files of the image owned by lower ids.",
        "Platform: if only some nodes fail, compare their runtime, kernel and filesystem: `kubectl get \
            nodes -o wide`",
    ],
    prevent: "Start each new image once on every kind of node before it is rolled out.",
};

pub(super) static NODE_STORE_DAMAGED: Page = Page {
    meaning: "The node's own image store does not hold together: something it has recorded is missing, \
        locked or unreadable. The registry is well, and other nodes pull the same image.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to prepare \
                extraction snapshot \"extract-482910337-Xk2f \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\": parent snapshot \
                sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae does not exist: not \
                found",
            source: CD16_UNPACKER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to extract \
                layer sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: failed to \
                get reader from content store: content digest \
                sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae: not found",
            source: CD16_APPLY,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to get \
                image \"registry.example.com/team/app:1.2\" from containerd image store: image \
                \"registry.example.com/team/app:1.2\": not found",
            source: CD2_PULL,
        },
    ],
    proof: "The node's store, looked at on the node: a record without its content or its parent. That other \
        nodes really pull the same image supports it, and alone does not prove it.",
    lookalikes: &[
        (Cause::BlobMissing, "the digest is missing at the registry."),
        (Cause::DiskFull, "a disk that ran full is a common reason for such damage; mend that first."),
        (Cause::UnpackFailed, "the layer itself cannot be extracted, on any node."),
        (Cause::ContentCorrupt, "wrong bytes come from the registry or a cache."),
    ],
    mend: &[
        "Platform: remove the image from that node and let the kubelet pull it again: `crictl rmi \
            HOST/PATH:TAG`",
        "Platform: if that is not enough, move the pods away and restart the runtime: `kubectl drain NODE \
            --ignore-daemonsets --delete-emptydir-data`, then `systemctl restart containerd`",
        "Platform: as a last step, stop kubelet and runtime on the drained node, empty the runtime's store, \
            and start both. All its images are pulled again, and preloaded ones are lost.",
        "Platform: meanwhile, let the pod start on another node: `kubectl cordon NODE`, then `kubectl -n \
            NAMESPACE delete pod POD`",
    ],
    prevent: "Do not delete files below the runtime's directory by hand, and treat nodes that lost power or \
        ran out of disk as suspect.",
};

pub(super) static RUNTIME_UNAVAILABLE: Page = Page {
    meaning: "The node's container runtime does not answer the kubelet: it is stopped, restarting, or \
        stuck. Every pod of the node that has to start or pull is concerned.",
    shows: &[
        Shown {
            by: "kubelet",
            text: "rpc error: code = Unavailable desc = error reading from server: EOF",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "kubelet",
            text: "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while \
                dialing: dial unix /run/containerd/containerd.sock: connect: connection refused\"",
            source: GRPC,
        },
        Shown { by: "kubelet", text: "container runtime is down", source: OUR_CLUSTER },
    ],
    proof: "The runtime's socket does not answer on the node, or the node's Ready condition says that the \
        runtime is down while the pull fails. After a restart in the middle of a pull, one event may be all \
        that remains.",
    lookalikes: &[
        (Cause::ConnectionReset, "the broken connection is that to the registry."),
        (Cause::PullCancelled, "the runtime answers again, and the pull was cut by its restart."),
        (Cause::PullQueued, "the runtime answers, and pulls one image after another."),
    ],
    mend: &[
        "Platform: look at the node's condition: `kubectl describe node NODE | grep -A8 Conditions`",
        "Platform: look at the runtime on the node: `systemctl status containerd; journalctl -u containerd \
            --since -15min; crictl info`",
        "Platform: restart it if it is stuck. Running containers survive a restart of containerd: \
            `systemctl restart containerd`",
    ],
    prevent: "Alert on nodes that are not Ready, and upgrade runtimes on nodes that were drained.",
};

pub(super) static PULL_STALLED: Page = Page {
    meaning: "The bytes of the image stopped coming, or crawl. The runtime may give up after a time without \
        progress, five minutes in current containerd, or wait without an end.",
    shows: &[
        Shown {
            by: "containerd 2.x log",
            text: "cancel pulling image registry.example.com/team/app:1.2 because of no progress in 5m0s",
            source: CD2_PULL,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": context canceled",
            source: CD2_PULL,
        },
        Shown {
            by: "CRI-O log",
            text: "Timed out on waiting up to 10s for image pull progress updates",
            source: CRIO_PULL,
        },
        Shown {
            by: "kubelet",
            text: "Pulling image \"registry.example.com/team/app:1.2\"",
            source: KUBELET_IMAGES,
        },
    ],
    proof: "On the node, a pull that is under way and whose count of bytes stands still, or the runtime's \
        own log of giving up. An event Pulling without an end is only a hint: a pull that waits for its \
        turn looks the same.",
    lookalikes: &[
        (Cause::PullQueued, "the pull has not begun."),
        (
            Cause::PullCancelled,
            "the pull was given up for another reason; `context canceled` alone does not say which.",
        ),
        (Cause::ConnectTimeout, "no answer ever began."),
        (Cause::ConnectionReset, "the connection was cut, and did not fall silent."),
    ],
    mend: &[
        "Platform: if other nodes pull the image well, let the pod start there: `kubectl cordon NODE`, then \
            `kubectl -n NAMESPACE delete pod POD`",
        "Network: look at the way from this node to where the layers are stored, often another host than \
            the registry: rate limits, MTU, inspection of traffic.",
        "Platform: for very large images on a slow way, a mirror near the nodes helps more than a longer \
            timeout.",
        "Platform: containerd 1.6 has no time limit for progress: a hung pull ends only with the connection \
            or a restart.",
    ],
    prevent: "Keep images small, keep a mirror near the nodes, and pull very large images ahead of time.",
};

pub(super) static PULL_CANCELLED: Page = Page {
    meaning: "The pull was given up from the node's side, by a restart of the runtime or by a deadline of \
        the caller. The text does not say which of the two, and the registry did nothing wrong.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": context canceled",
            source: CD2_PULL,
        },
        Shown {
            by: "kubelet",
            text: "rpc error: code = Canceled desc = context canceled",
            source: CRI_CLIENT,
        },
        Shown {
            by: "kubelet",
            text: "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            source: CRI_CLIENT,
        },
    ],
    proof: "A restart of the runtime or the kubelet at that time, or the runtime's own log of the deadline, \
        seen on the node. The same words with a request named in them speak of that request and are \
        connect-timeout.",
    lookalikes: &[
        (Cause::PullStalled, "the runtime cancelled because no bytes came: its log says so."),
        (Cause::ConnectTimeout, "the deadline names a request, such as one that waits for headers."),
        (Cause::RuntimeUnavailable, "the runtime still does not answer."),
    ],
    mend: &[
        "Application: nothing has to be changed for a single one: the kubelet tries again within five \
            minutes.",
        "Platform: look for the reason at that time: `journalctl -u containerd -u kubelet --since -30min | \
            grep -iE 'cancel|progress|start'`",
        "Platform: if it comes back, see how fast the image came before the cut, and give a slow way more \
            time: image_pull_progress_timeout in containerd, pull_progress_timeout in CRI-O.",
    ],
    prevent: "Drain nodes before runtimes are restarted, and set progress timeouts with the slowest way in \
        mind.",
};

pub(super) static SANDBOX_IMAGE: Page = Page {
    meaning: "The pause image of the node cannot be pulled, so no new pod can start there. This wraps \
        another cause, and that one, at the pause image's registry, is what has to be mended.",
    shows: &[
        Shown {
            by: "kubelet",
            text: "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox \
                image \"registry.example.com/team/pause:3.10\": failed to pull image \
                \"registry.example.com/team/pause:3.10\": failed to pull and unpack image \
                \"registry.example.com/team/pause:3.10\": failed to resolve reference \
                \"registry.example.com/team/pause:3.10\": failed to do request: Head \
                \"https://registry.example.com/v2/team/pause/manifests/3.10\": dial tcp 192.0.2.10:443: \
                connect: connection refused",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "kubelet",
            text: "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to pull image \
                \"registry.example.com/team/pause:3.10\": failed to pull and unpack image \
                \"registry.example.com/team/pause:3.10\": failed to resolve image: failed to do request: \
                Head \"https://registry.example.com/v2/team/pause/manifests/3.10\": dial tcp \
                192.0.2.10:443: connect: connection refused",
            source: OUR_CLUSTER,
        },
    ],
    proof: "The node's setting that names the pause image, and the inner cause proven for that image. The \
        pull uses none of the pod's credentials, so the repeated request goes without a login.",
    lookalikes: &[
        (Cause::NoCredentials, "the container's own image is refused: the pod has its sandbox already."),
        (Cause::RuntimeUnavailable, "the sandbox fails because the runtime does not answer."),
        (Cause::DiskFull, "the pause image was there, and was removed when the disk ran full."),
    ],
    mend: &[
        "Platform: read which image the node wants: `containerd config dump | grep -E 'sandbox(_image)? \
            *='`; on CRI-O, pause_image in crio.conf.",
        "Platform: name one that the node may pull without a login, or let the runtime's own configuration \
            hold the login or the mirror, and restart the runtime: the kubelet's logins are not used here.",
        "Platform: or put it there by hand: `crictl pull HOST/pause:TAG`",
        "Platform: then mend the inner cause; its own page tells how.",
    ],
    prevent: "Put the pause image into the node image and pin it, so that neither an outage nor a clean-up \
        takes it away.",
};

pub(super) static UNKNOWN: Page = Page {
    meaning: "None of the known causes explains what was seen. The report says which observation is \
        missing, and which one would decide.",
    shows: &[],
    proof: "Nothing proves it: it stays a rival of every other cause until the refusal itself was seen, or \
        one change was found after which the pull passes.",
    lookalikes: &[
        (Cause::NotFoundOrDenied, "the words are known, and leave two answers open."),
        (Cause::RuntimeUnavailable, "the only event may be an error between kubelet and runtime."),
        (Cause::PullCancelled, "the only word may be `context canceled`."),
    ],
    mend: &[
        "Application: read the pod's own words, status and events: `kubectl -n NAMESPACE describe pod POD`",
        "Platform: read what the node logged at that time: `journalctl -u kubelet -u containerd --since \
            -30min`",
        "Platform: try the same pull on the node, and keep its text: `crictl --debug pull HOST/PATH:TAG`",
        "Application: send the text and the versions to the project, with names and tokens taken out, so \
            that the next one has a name.",
    ],
    prevent: "Keep events longer than their hour, for instance by exporting them, because on kubelets \
        before 1.32 they alone hold the cause.",
};
