//! The runtime itself, and pulls given up from our side.

use pullmedic_model::Cause::{
    ConnectTimeout, ConnectionRefused, PullCancelled, PullStalled, RegistryUnavailable, RuntimeUnavailable,
    Unknown,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::any(
"grpc/unix-socket", &["dial unix", "read unix", "transport: error while dialing", "dial npipe", "open //./pipe", "//./pipe/"])
        .verdict()
        .certain(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("grpc/grpc-go@v1.60.0:internal/transport/http2_client.go"),
    Rule::says("grpc/unavailable", &["code = unavailable", "error reading from server|connection error|transport is closing|all subconns|connection closed|the connection is draining|name resolver error"])
        .verdict()
        .certain(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("grpc/grpc-go@v1.60.0:internal/transport/http2_client.go"),
    Rule::any(
"grpc/reading-from-server", &["error reading from server", "transport is closing", "all subconns are in transientfailure", "client connection is closing"])
        .verdict()
        .certain(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("grpc/grpc-go@v1.60.0:internal/transport/http2_client.go"),
    Rule::says("grpc/unknown-service", &["unknown service runtime.v1|code = unimplemented", "service|method"])
        .verdict()
        .certain(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/cri/remote/remote_image.go"),
    Rule::any(
"kubelet/runtime-down", &["container runtime is down", "runtime is not ready", "container runtime is not running", "cannot connect to the docker daemon", "is the docker daemon running", "containerd is not running", "container runtime status check may not have completed"])
        .verdict()
        .certain(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/runtime.go"),
    Rule::any(
"containerd/not-initialised", &["server is not initialized yet", "grpc: the client connection is closing", "ttrpc: closed", "failed to start sandbox container task"])
        .strong(RuntimeUnavailable)
        .at(Stage::Queue)
        .from("containerd/containerd@v1.7.0:pkg/cri/instrument/instrumented_service.go"),
    Rule::any(
"context/canceled", &["context canceled", "operation was canceled", "request canceled"])
        .certain(PullCancelled)
        .or(&[PullStalled])
        .from("containerd/containerd@v1.7.0:pkg/cri/server/image_pull.go"),
    Rule::says("grpc/canceled", &["code = canceled"])
        .frame()
        .strong(PullCancelled)
        .or(&[PullStalled])
        .from("grpc/grpc-go@v1.60.0:codes/codes.go"),
    Rule::says("context/deadline", &["context deadline exceeded"])
        .said()
        .strong(PullCancelled)
        .or(&[PullStalled, ConnectTimeout])
        .from("golang/go@go1.22.0:src/context/context.go"),
    Rule::any(
"runtime/no-progress", &["because of no progress", "no progress in", "no progress for"])
        .verdict()
        .certain(PullStalled)
        .or(&[PullCancelled])
        .from("containerd/containerd@v1.7.0:pkg/cri/server/image_pull.go"),
    Rule::any(
"kubelet/registry-unavailable", &["registryunavailable", "registry is unavailable"])
        .frame()
        .strong(ConnectionRefused)
        .or(&[RegistryUnavailable])
        .at(Stage::Connect)
        .from("cri-o/cri-o@v1.30.0:server/image_pull.go"),
    Rule::any(
"kubelet/inspect", &["imageinspecterror", "failed to inspect image", "id or size of image"])
        .frame()
        .weak(Unknown)
        .or(&[RuntimeUnavailable])
        .at(Stage::Queue)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/images/image_manager.go"),
];
