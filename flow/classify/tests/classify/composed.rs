//! Messages composed from upstream's format strings, with generic names.
//!
//! Envelopes: kubernetes/kubernetes pkg/kubelet/images/image_manager.go; containerd/containerd
//! pkg/cri/server/image_pull.go and core/transfer/local/pull.go; cri-o/cri-o internal/storage/image.go;
//! moby/moby distribution/errors.go. The leaves cite their source in the table of the crate.

/// A digest of the right length.
pub(crate) const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

/// An image taken apart, so that each runtime can spell it its way.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) host: &'static str,
    pub(crate) repository: String,
    pub(crate) tag: String,
}

impl Image {
    pub(crate) fn plain() -> Image {
        Image::named("shop/cart", "4.1")
    }

    pub(crate) fn named(repository: &str, tag: &str) -> Image {
        Image { host: "registry.acme.test", repository: repository.into(), tag: tag.into() }
    }

    pub(crate) fn reference(&self) -> String {
        format!("{}/{}:{}", self.host, self.repository, self.tag)
    }

    pub(crate) fn manifest_url(&self) -> String {
        format!("https://{}/v2/{}/manifests/{}", self.host, self.repository, self.tag)
    }

    pub(crate) fn token_url(&self) -> String {
        let repository = self.repository.replace('/', "%2F");
        format!("https://auth.acme.test/token?scope=repository%3A{repository}%3Apull&service={}", self.host)
    }

    /// containerd 1.x while it resolves.
    pub(crate) fn resolving(&self, error: &str) -> String {
        let r = self.reference();
        format!("failed to pull and unpack image \"{r}\": failed to resolve reference \"{r}\": {error}")
    }

    /// containerd 2.x with the transfer service.
    pub(crate) fn transferring(&self, error: &str) -> String {
        format!("failed to pull and unpack image \"{}\": failed to resolve image: {error}", self.reference())
    }

    /// containerd at a transport fault.
    pub(crate) fn requesting(&self, error: &str) -> String {
        self.resolving(&format!("failed to do request: Head \"{}\": {error}", self.manifest_url()))
    }

    /// containerd while it fetches.
    pub(crate) fn copying(&self, error: &str) -> String {
        format!(
            "failed to pull and unpack image \"{}\": failed to copy: httpReadSeeker: failed open: {error}",
            self.reference()
        )
    }

    /// CRI-O while it reads the manifest.
    pub(crate) fn reading(&self, error: &str) -> String {
        let (host, repository, tag) = (self.host, &self.repository, &self.tag);
        format!(
            "initializing source docker://{}: reading manifest {tag} in {host}/{repository}: {error}",
            self.reference()
        )
    }

    /// dockerd's refusal.
    pub(crate) fn access_denied(&self, error: &str) -> String {
        format!(
            "Error response from daemon: pull access denied for {}/{}, repository does not exist or may require \
             'docker login': {error}",
            self.host, self.repository
        )
    }
}

/// One composed message for each kind of envelope and family of leaf: the runtime's part, without the
/// kubelet's.
pub(crate) fn runtime_errors(image: &Image) -> Vec<String> {
    let (reference, token) = (image.reference(), image.token_url());
    vec![
        image.resolving(&format!("{reference}: not found")),
        image.transferring(&format!("{reference}: not found")),
        image.resolving(&format!("unexpected status from HEAD request to {}: 401 Unauthorized", image.manifest_url())),
        image.resolving(&format!(
            "pulling from host {} failed with status code [manifests {}]: 403 Forbidden",
            image.host, image.tag
        )),
        image.resolving(&format!(
            "failed to authorize: failed to fetch oauth token: unexpected status from GET request to {token}: 401 \
             Unauthorized"
        )),
        image.resolving(&format!(
            "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to {token}: \
             401 Unauthorized"
        )),
        image.resolving(
            "pull access denied, repository does not exist or may require authorization: server message: \
             insufficient_scope: authorization failed",
        ),
        image.requesting("dial tcp: lookup registry.acme.test on 10.96.0.10:53: no such host"),
        image.requesting("dial tcp 192.0.2.7:443: connect: connection refused"),
        image.requesting("dial tcp 192.0.2.7:443: i/o timeout"),
        image.requesting("tls: failed to verify certificate: x509: certificate signed by unknown authority"),
        image.requesting("net/http: TLS handshake timeout"),
        image.requesting("http: server gave HTTP response to HTTPS client"),
        image.requesting("Proxy Authentication Required"),
        image.copying(&format!(
            "unexpected status code https://{}/v2/{}/blobs/{DIGEST}: 503 Service Unavailable",
            image.host, image.repository
        )),
        image.copying(&format!(
            "could not fetch content descriptor {DIGEST} (application/vnd.oci.image.config.v1+json) from remote: not \
             found"
        )),
        image.reading("manifest unknown"),
        image.reading("name unknown: repository name not known to registry"),
        image.reading("unauthorized: authentication required"),
        image.reading("denied: requested access to the resource is denied"),
        image.access_denied("denied: requested access to the resource is denied"),
        format!("Error response from daemon: manifest for {reference} not found: manifest unknown: manifest unknown"),
        format!("failed to pull and unpack image \"{reference}\": no match for platform in manifest: not found"),
        format!(
            "failed to pull and unpack image \"{reference}\": failed to extract layer {DIGEST}: mount callback failed \
             on /var/lib/containerd/tmpmounts/containerd-mount1: write usr/lib/x: no space left on device: unknown"
        ),
    ]
}

/// The kubelet's event around a runtime's error.
pub(crate) fn event(image: &Image, error: &str) -> String {
    format!("Failed to pull image \"{}\": {error}", image.reference())
}

/// The waiting message of the kubelet since 1.32.
pub(crate) fn waiting(image: &Image, error: &str) -> String {
    format!("Back-off pulling image \"{}\": ErrImagePull: {error}", image.reference())
}

/// An error with its gRPC code.
pub(crate) fn grpc(error: &str) -> String {
    format!("rpc error: code = Unknown desc = {error}")
}

/// A text as Go's `%q` prints it.
pub(crate) fn quoted(error: &str) -> String {
    format!("\"{}\"", error.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
