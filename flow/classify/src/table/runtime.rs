//! The runtime itself, and pulls given up from our side.

use pullmedic_model::Cause::{
    ConnectTimeout, ConnectionRefused, PullCancelled, PullStalled, RegistryUnavailable, RuntimeUnavailable,
    Unknown,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any(
        "grpc/unix-socket",
        &["dial unix", "read unix", "write unix", "dial npipe", "//./pipe/", "\\\\.\\pipe\\"],
    )
    .verdict()
    .certain(RuntimeUnavailable)
    .at(Stage::Queue)
    .from("golang/go@go1.22.0:src/net/unixsock.go"),
    Rule::any(
        "grpc/transport",
        &["transport: error while dialing", "transport is closing", "all subconns are in transientfailure"],
    )
    .verdict()
    .certain(RuntimeUnavailable)
    .at(Stage::Queue)
    .from("grpc/grpc-go@v1.60.0:internal/transport/http2_client.go"),
    Rule::any(
        "grpc/reading-from-server",
        &["error reading from server", "client connection is closing", "error writing to server"],
    )
    .verdict()
    .certain(RuntimeUnavailable)
    .at(Stage::Queue)
    .from("grpc/grpc-go@v1.60.0:internal/transport/http2_client.go"),
    Rule::says(
        "grpc/unavailable",
        &["code = unavailable", "connection error|connection closed|keepalive|no connection established"],
    )
    .verdict()
    .certain(RuntimeUnavailable)
    .at(Stage::Queue)
    .from("grpc/grpc-go@v1.60.0:internal/transport/http2_client.go"),
    Rule::says("grpc/code-unavailable", &["code = unavailable"])
        .frame()
        .strong(RuntimeUnavailable)
        .or(&[Unknown])
        .at(Stage::Queue)
        .from("grpc/grpc-go@v1.60.0:codes/codes.go"),
    Rule::any("grpc/unknown-service", &["unknown service runtime.v1", "unknown method pullimage"])
        .verdict()
        .certain(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("grpc/grpc-go@v1.60.0:server.go"),
    Rule::any(
        "kubelet/runtime-down",
        &[
            "container runtime is down",
            "container runtime is not running",
            "container runtime network not ready",
        ],
    )
    .verdict()
    .certain(RuntimeUnavailable)
    .at(Stage::Queue)
    .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/runtime.go"),
    Rule::any("docker/daemon-down", &["cannot connect to the docker daemon", "is the docker daemon running"])
        .verdict()
        .certain(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("moby/moby@v24.0.9:client/errors.go"),
    Rule::any(
        "containerd/not-initialised",
        &["server is not initialized yet", "ttrpc: closed", "no grpc connection available"],
    )
    .verdict()
    .certain(RuntimeUnavailable)
    .at(Stage::Queue)
    .from("containerd/containerd@v1.7.34:pkg/cri/instrument/instrumented_service.go"),
    Rule::any(
        "crio/pull-child",
        &["pull child finished successfully but", "pullimage was aborted by a go panic"],
    )
    .strong(RuntimeUnavailable)
    .from("cri-o/cri-o@v1.34.0:internal/storage/image.go"),
    Rule::any(
        "os/no-resources",
        &[
            "cannot allocate memory",
            "too many open files",
            "resource temporarily unavailable",
            "signal: killed",
        ],
    )
    .said()
    .weak(RuntimeUnavailable)
    .or(&[Unknown])
    .from("torvalds/linux@v6.1:include/uapi/asm-generic/errno-base.h"),
    // Given up.
    Rule::any("context/canceled", &["context canceled", "operation was canceled"])
        .certain(PullCancelled)
        .or(&[PullStalled])
        .from("golang/go@go1.22.0:src/context/context.go"),
    Rule::any("http/request-canceled", &["net/http: request canceled"])
        .said()
        .certain(PullCancelled)
        .or(&[PullStalled])
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any("docker/cancelled", &["download cancelled during retry delay", "layer registration cancelled"])
        .certain(PullCancelled)
        .from("moby/moby@v24.0.9:distribution/xfer/download.go"),
    Rule::any("grpc/canceled", &["code = canceled"])
        .frame()
        .strong(PullCancelled)
        .or(&[PullStalled])
        .from("grpc/grpc-go@v1.60.0:codes/codes.go"),
    Rule::any("context/deadline", &["context deadline exceeded"])
        .said()
        .strong(PullCancelled)
        .or(&[PullStalled, ConnectTimeout])
        .from("golang/go@go1.22.0:src/context/context.go"),
    Rule::any("grpc/deadline", &["code = deadlineexceeded"])
        .frame()
        .strong(PullCancelled)
        .or(&[PullStalled, ConnectTimeout])
        .from("grpc/grpc-go@v1.60.0:codes/codes.go"),
    Rule::says("kubelet/operation-timeout", &["operation timeout: context deadline exceeded"])
        .strong(PullCancelled)
        .or(&[PullStalled])
        .from("kubernetes/kubernetes@v1.20.0:pkg/kubelet/dockershim/libdocker/kube_docker_client.go"),
    Rule::any("runtime/no-progress", &["because of no progress", "no progress in", "no progress for"])
        .verdict()
        .certain(PullStalled)
        .or(&[PullCancelled])
        .from("containerd/containerd@v1.7.34:pkg/cri/server/image_pull.go"),
    // The kubelet's frames.
    Rule::any(
        "kubelet/registry-unavailable",
        &["registryunavailable", "because the registry is unavailable"],
    )
    .frame()
    .strong(ConnectionRefused)
    .or(&[RegistryUnavailable])
    .at(Stage::Connect)
    .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
    Rule::any("kubelet/inspect", &["imageinspecterror", "failed to inspect image", "id or size of image"])
        .frame()
        .weak(Unknown)
        .or(&[RuntimeUnavailable])
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
];
