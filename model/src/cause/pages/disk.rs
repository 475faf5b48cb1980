//! Bytes and inodes of the node.

use super::source::{CD2_CONTENT, CD16_UNPACKER, CL_STORAGE, KUBELET_GC};
use super::{Cause, Page, Shown};

pub(super) static DISK_FULL: Page = Page {
    meaning: "The node's image filesystem has no room for the image, compressed and unpacked together. \
        Other pods of the node are hurt soon after, because the kubelet evicts when space runs short.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to extract \
                layer sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: mount \
                callback failed on /var/lib/containerd/tmpmounts/containerd-mount2718281828: write \
                /var/lib/containerd/tmpmounts/containerd-mount2718281828/usr/lib/libapp.so: no space left \
                on device: unknown",
            source: CD16_UNPACKER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to copy: \
                write /var/lib/containerd/io.containerd.content.v1.content/ingest/INGEST/data: no space \
                left on device",
            source: CD2_CONTENT,
        },
        Shown {
            by: "CRI-O",
            text: "writing blob: storing blob to file \"/var/tmp/container_images_storage161803398/1\": \
                write /var/tmp/container_images_storage161803398/1: no space left on device",
            source: CL_STORAGE,
        },
        Shown {
            by: "kubelet",
            text: "Insufficient free disk space on the node's image filesystem (93% of 39.1 GiB used). \
                Failed to free sufficient space by deleting unused images (freed 0 bytes). Investigate disk \
                usage, as it could be used by active images, logs, volumes, or other data.",
            source: KUBELET_GC,
        },
    ],
    proof: "The free bytes of the filesystem that the text names, read on the node, against the size of the \
        image. Free inodes are read too: the words are the same when those run out.",
    lookalikes: &[
        (Cause::InodesExhausted, "bytes are free, and inodes are not. Same words."),
        (Cause::QuotaExceeded, "an account at the registry is full, and not the node."),
        (Cause::UnpackFailed, "extraction fails for another reason than space."),
    ],
    mend: &[
        "Platform: read what is free, bytes and inodes: `df -h /var/lib/containerd; df -i \
            /var/lib/containerd`",
        "Platform: see what the node itself reports: `kubectl describe node NODE | grep -A6 Conditions`",
        "Platform: remove images that no container uses. This removes preloaded images too, so keep what \
            cannot be pulled again: `crictl rmi --prune`",
        "Platform: if images are not what fills the disk, look at logs, volumes and containers that were \
            left over. On a node that pulls large images, enlarge the disk.",
    ],
    prevent: "Size the image filesystem for the images and their next versions together, and let the \
        kubelet's image clean-up begin well before its eviction threshold: by default both stand at 85 % \
        used.",
};

pub(super) static INODES_EXHAUSTED: Page = Page {
    meaning: "The node's image filesystem has no inodes left, although bytes are free. The text is that of \
        a full disk, so it cannot name this cause: only the counts on the node can.",
    shows: &[Shown {
        by: "containerd 1.6",
        text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to extract \
                layer sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: mount \
                callback failed on /var/lib/containerd/tmpmounts/containerd-mount2718281828: open \
                /var/lib/containerd/tmpmounts/containerd-mount2718281828/app/node_modules/index.js: no \
                space left on device: unknown",
        source: CD16_UNPACKER,
    }],
    proof: "The counts of free inodes and free bytes of that filesystem, read on the node: no inodes left, \
        and bytes left.",
    lookalikes: &[
        (Cause::DiskFull, "the bytes are used up. Same words."),
        (Cause::UnpackFailed, "extraction fails with another error than `no space left on device`."),
    ],
    mend: &[
        "Platform: read both counts: `df -i /var/lib/containerd; df -h /var/lib/containerd`",
        "Platform: remove images that no container uses: `crictl rmi --prune`",
        "Platform: find what else holds very many small files, and remove it: `du --inodes -xd2 /var | sort \
            -n | tail`",
        "Platform: an ext4 filesystem keeps the number of inodes that it was made with. Make it anew with \
            more, or use XFS.",
    ],
    prevent: "Watch free inodes beside free bytes, and keep images with very many small files small.",
};
