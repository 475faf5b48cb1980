//! Where the texts come from: the upstream file that holds the format string, at the tag that was read.

/// Our own cluster printed it.
pub(super) const OUR_CLUSTER: &str = "our cluster";

pub(super) const KUBELET_IMAGES: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/images/image_manager.go";
pub(super) const KUBELET_LIMITS: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/images/helpers.go";
pub(super) const KUBELET_GC: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/images/image_gc_manager.go";
pub(super) const KUBELET_EVENT: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/kubelet.go";
pub(super) const KUBELET_AUTH: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/credentialprovider/config.go";
pub(super) const KUBELET_PLUGIN: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/credentialprovider/plugin/plugin.go";
pub(super) const CRI_CLIENT: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/cri-client/pkg/remote_image.go";
pub(super) const GRPC: &str =
    "https://github.com/grpc/grpc-go/blob/v1.83.2/internal/transport/http2_client.go";
pub(super) const CD16_RESOLVER: &str =
    "https://github.com/containerd/containerd/blob/v1.6.39/remotes/docker/resolver.go";
pub(super) const CD16_FETCHER: &str =
    "https://github.com/containerd/containerd/blob/v1.6.39/remotes/docker/fetcher.go";
pub(super) const CD16_AUTHORIZER: &str =
    "https://github.com/containerd/containerd/blob/v1.6.39/remotes/docker/authorizer.go";
pub(super) const CD16_HOSTS: &str =
    "https://github.com/containerd/containerd/blob/v1.6.39/remotes/docker/config/hosts.go";
pub(super) const CD16_IMAGE: &str = "https://github.com/containerd/containerd/blob/v1.6.39/image.go";
pub(super) const CD16_WRITER: &str =
    "https://github.com/containerd/containerd/blob/v1.6.39/content/local/writer.go";
pub(super) const CD16_UNPACKER: &str = "https://github.com/containerd/containerd/blob/v1.6.39/unpacker.go";
pub(super) const CD16_APPLY: &str =
    "https://github.com/containerd/containerd/blob/v1.6.39/diff/apply/apply.go";
pub(super) const CD2_RESOLVER: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/resolver.go";
pub(super) const CD2_AUTHORIZER: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/authorizer.go";
pub(super) const CD2_STATUS: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/errors/errors.go";
pub(super) const CD2_HOSTS: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/config/hosts.go";
pub(super) const CD2_CONTENT: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/core/content/helpers.go";
pub(super) const CD2_TRANSFER: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/core/transfer/local/pull.go";
pub(super) const CD2_UNPACKER: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/core/unpack/unpacker.go";
pub(super) const CD2_PULL: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/internal/cri/server/images/image_pull.go";
pub(super) const CD2_SPEC: &str =
    "https://github.com/containerd/containerd/blob/v2.3.4/internal/cri/opts/spec_opts.go";
pub(super) const CI_CLIENT: &str = "https://github.com/containers/image/blob/v5.34.1/docker/docker_client.go";
pub(super) const CI_ERRORS: &str = "https://github.com/containers/image/blob/v5.34.1/docker/errors.go";
pub(super) const CI_SOURCE: &str =
    "https://github.com/containers/image/blob/v5.34.1/docker/docker_image_src.go";
pub(super) const CI_SHORTNAMES: &str =
    "https://github.com/containers/image/blob/v5.34.1/pkg/shortnames/shortnames.go";
pub(super) const CL_PLATFORM: &str = "https://github.com/containers/container-libs/blob/image/v5.38.0/image/internal/manifest/docker_schema2_list.go";
pub(super) const CL_DIGEST: &str =
    "https://github.com/containers/container-libs/blob/image/v5.38.0/image/copy/digesting_reader.go";
pub(super) const CL_DISTERR: &str =
    "https://github.com/containers/container-libs/blob/image/v5.38.0/image/docker/distribution_error.go";
pub(super) const CL_STORAGE: &str =
    "https://github.com/containers/container-libs/blob/image/v5.38.0/image/storage/storage_dest.go";
pub(super) const CL_POLICY: &str =
    "https://github.com/containers/container-libs/blob/image/v5.38.0/image/signature/policy_eval_simple.go";
pub(super) const CRIO_STORAGE: &str = "https://github.com/cri-o/cri-o/blob/v1.36.3/internal/storage/image.go";
pub(super) const CRIO_PULL: &str = "https://github.com/cri-o/cri-o/blob/v1.36.3/server/image_pull.go";
pub(super) const MOBY_ERRORS: &str = "https://github.com/moby/moby/blob/v28.5.2/distribution/errors.go";
pub(super) const MOBY_PULL: &str = "https://github.com/moby/moby/blob/v28.5.2/distribution/pull_v2.go";
pub(super) const MOBY_XFER: &str = "https://github.com/moby/moby/blob/v28.5.2/distribution/xfer/download.go";
pub(super) const GO_X509: &str = "https://github.com/golang/go/blob/go1.26.8/src/crypto/x509/verify.go";
pub(super) const GO_ALERT: &str = "https://github.com/golang/go/blob/go1.26.8/src/crypto/tls/alert.go";
pub(super) const GO_CLIENT: &str = "https://github.com/golang/go/blob/go1.26.8/src/net/http/client.go";
pub(super) const GO_TRANSPORT: &str = "https://github.com/golang/go/blob/go1.26.8/src/net/http/transport.go";
