//! Texts that stand beside those of pulls and tell of none that failed: probes, mounts, sandboxes, restarts,
//! pulls that ended well.

use pullmedic_model::Stage;

use crate::rule::Rule;

/// Words of a failed pull: with them the text is about one, whatever else was pasted beside.
const FAILED_PULL: &[&str] = &[
    "failed to pull",
    "failed pulling image",
    "error pulling image",
    "errimagepull",
    "imagepullbackoff",
    "back-off pulling image",
    "unable to pull",
    "sandbox image",
    "pull image",
    "pull and unpack",
    "initializing source",
    "pinging container registry",
    "image pull secrets",
];

pub(super) const ROWS: &[Rule] = &[
    Rule::any(
        "kubelet/probe",
        &[
            "readiness probe failed",
            "liveness probe failed",
            "startup probe failed",
            "readiness probe errored",
            "liveness probe errored",
            "startup probe errored",
        ],
    )
    .aside()
    .unless(FAILED_PULL)
    .at(Stage::Start)
    .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/prober/prober.go"),
    Rule::any("kubelet/restarting", &["back-off restarting failed"])
        .aside()
        .unless(FAILED_PULL)
        .at(Stage::Start)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/kuberuntime/kuberuntime_manager.go"),
    Rule::any("kubelet/pulled", &["successfully pulled image"])
        .aside()
        .unless(FAILED_PULL)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
    Rule::any("kubelet/present", &["already present on machine"])
        .aside()
        .unless(FAILED_PULL)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
    Rule::any("kubelet/volume", &["failed for volume ", "unable to attach or mount volumes"])
        .aside()
        .unless(FAILED_PULL)
        .from("kubernetes/kubernetes@v1.30.0:pkg/volume/util/operationexecutor/operation_generator.go"),
    // A sandbox that fails for its network, or for its own process, is no pull.
    Rule::any(
        "cni/sandbox",
        &[
            "failed to setup network for sandbox",
            "networkplugin cni failed",
            "to cni network",
            "plugin type=\"",
        ],
    )
    .aside()
    .unless(FAILED_PULL)
    .at(Stage::Sandbox)
    .from("containerd/containerd@v1.7.34:pkg/cri/server/sandbox_run.go"),
    Rule::says(
        "containerd/sandbox-task",
        &[
            "create pod sandbox|createpodsandbox|runpodsandbox",
            "failed to create shim task|failed to create containerd task|\
             failed to start sandbox|deadline exceeded|code = deadlineexceeded",
        ],
    )
    .aside()
    .unless(FAILED_PULL)
    .at(Stage::Sandbox)
    .from("containerd/containerd@v1.7.34:pkg/cri/server/sandbox_run.go"),
];
