//! The name is there, and what it leads to is not, or is not usable.

use crate::cause::pages::source::{
    CD2_RESOLVER, CD2_SPEC, CD2_TRANSFER, CD16_FETCHER, CD16_IMAGE, CD16_WRITER, CI_CLIENT, CL_DIGEST,
    CL_PLATFORM, MOBY_PULL, OUR_CLUSTER,
};
use crate::cause::{Cause, Page, Shown};

pub(in crate::cause::pages) static PLATFORM_MISMATCH: Page = Page {
    meaning: "The image exists, but its index has no entry for the node's operating system and processor. A \
        single-platform image of another processor shows itself differently: it pulls well, and its start \
        fails with `exec format error`.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": no match for \
                platform in manifest: not found",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "get image config descriptor: no match for platform in manifest \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: not found",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "choosing an image from manifest list docker://registry.example.com/team/app:1.2: no \
                image found in manifest list for architecture \"arm64\", variant \"v8\", OS \"linux\"",
            source: CL_PLATFORM,
        },
        Shown {
            by: "docker",
            text: "Error response from daemon: no matching manifest for linux/s390x in the manifest list \
                entries",
            source: MOBY_PULL,
        },
    ],
    proof: "The index as the registry serves it lists its platforms, and the node's own, in \
        status.nodeInfo, is not among them. For an image without an index, its config names the one \
        platform that it was built for.",
    lookalikes: &[
        (Cause::TagNotFound, "the gRPC code is NotFound in both, but here the tag was resolved."),
        (
            Cause::UnsupportedManifest,
            "the entries are no runnable images at all, for instance attestations or a chart.",
        ),
        (Cause::BlobMissing, "the index lists the platform, and the manifest that it points to is gone."),
    ],
    mend: &[
        "Application: see which platforms the nodes have: `kubectl get nodes -L \
            kubernetes.io/os,kubernetes.io/arch`",
        "Application: keep the workload on nodes whose platform the image has: `kubectl -n NAMESPACE patch \
            deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"nodeSelector\":{\"kubernetes.io/arch\":\"ARCH\"}}}}}'`",
        "Application: or use a tag that has the platform, or have the image built for it too: `docker \
            buildx build --platform linux/amd64,linux/arm64 --push -t HOST/PATH:TAG .`",
    ],
    prevent: "Build for every platform of the cluster, and compare an image's platforms with the nodes \
        before deploying, most of all when nodes of a new kind join.",
};

pub(in crate::cause::pages) static BLOB_MISSING: Page = Page {
    meaning: "The image is incomplete at its source: its manifest or index is there, and a manifest, config \
        or layer below it is gone. A clean-up ran too early, a push broke off, or a mirror copied only a \
        part.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to copy: \
                httpReadSeeker: failed open: could not fetch content descriptor \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \
                (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found",
            source: CD16_FETCHER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to copy: \
                httpReadSeeker: failed open: content at \
                https://registry.example.com/v2/team/app/manifests/sha256:9f86d081884c7d659a2feaa0c55ad015a3\
                bf4f1b2b0b822cd15d6c15b0f00a08: not found: not found",
            source: CD2_RESOLVER,
        },
        Shown {
            by: "CRI-O",
            text: "reading blob sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: \
                fetching blob: blob unknown to registry",
            source: CI_CLIENT,
        },
    ],
    proof: "The origin serves the manifest, and answers 404 for a digest that this manifest names, asked at \
        the same endpoint and with the same login. Where a mirror answered, the same digest is asked of the \
        origin: if it is there, only the mirror is incomplete.",
    lookalikes: &[
        (
            Cause::DigestNotFound,
            "the missing digest is the one in the image string: the text says `failed to resolve`.",
        ),
        (Cause::TagNotFound, "the first thing asked for, the tag, is missing."),
        (Cause::NodeStoreDamaged, "the blob is at the registry, and the node's own store has lost it."),
        (Cause::UpstreamOfCacheFailed, "the cache could not fetch the blob; the origin has it."),
    ],
    mend: &[
        "Registry: push the image again from the build, or from a place that still has all of it: `skopeo \
            copy --all docker://SOURCE/PATH:TAG docker://HOST/PATH:TAG`",
        "Application: until then use another tag, or a mirror that holds the image whole.",
        "Registry: find out what removed the blob, usually a clean-up that ran during a push, and delay it.",
    ],
    prevent: "Run the registry's garbage collection while it is read-only, and read an image back in full \
        after pushing or copying it.",
};

pub(in crate::cause::pages) static UNSUPPORTED_MANIFEST: Page = Page {
    meaning: "The manifest is of a kind that the runtime does not run: an old schema 1 manifest, a chart or \
        another artifact, or a media type it does not know. The image is where it should be, and \
        downloading it again changes nothing.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": schema 1 image \
                manifests are no longer supported: invalid argument",
            source: CD2_TRANSFER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": not implemented: media type \
                \"application/vnd.docker.distribution.manifest.v1+prettyjws\" is no longer supported since \
                containerd v2.0, please rebuild the image as \
                \"application/vnd.docker.distribution.manifest.v2+json\" or \
                \"application/vnd.oci.image.manifest.v1+json\"",
            source: CD2_RESOLVER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to unpack \
                image on snapshotter overlayfs: mismatched image rootfs and manifest layers",
            source: CD16_IMAGE,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to generate container \"CONTAINER_ID\" spec: failed to generate spec: no command \
                specified",
            source: CD2_SPEC,
        },
    ],
    proof: "The media type of the manifest, or of its config and layers, as the registry serves it, is one \
        that the node's runtime does not run. A chart may raise no pull error at all and fail only when the \
        container is made, with no command to start.",
    lookalikes: &[
        (
            Cause::RegistryUnavailable,
            "an HTML page in place of the manifest has the media type text/html: something before the \
                registry answered.",
        ),
        (Cause::PlatformMismatch, "the entries are images, but for other platforms."),
        (Cause::UnpackFailed, "the manifest is understood, and one layer cannot be extracted."),
    ],
    mend: &[
        "Application: check that the reference names an image and not a chart, signature or other artifact \
            beside it.",
        "Application: rebuild an old image with a current tool, or copy it once and let the copy convert \
            it: `skopeo copy --format v2s2 docker://HOST/PATH:TAG docker://HOST/PATH:NEWTAG`",
        "Platform: schema 1 is off in containerd 2.0 and gone in 2.1. Find such images before nodes are \
            upgraded.",
    ],
    prevent: "Build with current tools, keep charts and images in repositories of different names, and look \
        for schema 1 manifests before upgrading runtimes.",
};

pub(in crate::cause::pages) static CONTENT_CORRUPT: Page = Page {
    meaning: "The bytes that arrived are not the bytes that the manifest names: their digest or their \
        length differs. A cache, a proxy or an incomplete copy between the origin and the node is the usual \
        source.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed commit on \
                ref \"layer-sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\": \
                unexpected commit digest \
                sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae, expected \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: failed \
                precondition",
            source: CD16_WRITER,
        },
        Shown {
            by: "containerd 2.x",
            text: "short read: expected 29154304 bytes but got 1048576: unexpected EOF",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "writing blob: Digest did not match, expected \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, got \
                sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            source: CL_DIGEST,
        },
        Shown {
            by: "docker",
            text: "filesystem layer verification failed for digest \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            source: MOBY_PULL,
        },
    ],
    proof: "The one blob that the text names is read to its end from the endpoint that served it, and its \
        digest or length is not the one in the manifest. A part of the blob proves nothing. If another \
        source serves the right bytes, the bad place is known.",
    lookalikes: &[
        (
            Cause::ConnectionReset,
            "the transfer broke off; the bytes that did come were right, and a retry gets further.",
        ),
        (Cause::NodeStoreDamaged, "the registry serves the right bytes, and the node holds wrong ones."),
        (Cause::UnpackFailed, "the bytes are the right ones, and cannot be extracted."),
    ],
    mend: &[
        "Registry: if the origin itself serves wrong bytes, push the image again.",
        "Network: if only the way through a proxy or cache gives wrong bytes, drop the blob from that cache.",
        "Platform: take a bad mirror out of the node's configuration, once another source was seen to be \
            whole.",
    ],
    prevent: "Let mirrors and caches verify digests when they store, and do not let proxies rewrite or \
        compress what a registry sends.",
};
