//! What the node says of a failed pull: containerd 2.3.7 and a kubelet of Kubernetes 1.35, in upstream's formats.
//!
//! Runtime: [`pull.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/transfer/local/pull.go),
//! [`resolver.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/resolver.go),
//! [`authorizer.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/authorizer.go),
//! [`fetcher.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/fetcher.go),
//! [`errors.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/errors/errors.go). Kubelet:
//! [`image_manager.go`](https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/images/image_manager.go).
//! The same words, as our own cluster wrote them, are in `examples/broken-cluster`.

use pullmedic_model::Reference;

/// `status.containerStatuses[].state.waiting` of a pod.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) reason: String,
    pub(crate) message: String,
    /// What the `Failed` event beside it says.
    pub(crate) event: String,
}

/// The kubelet waits before it tries again; `runtime` is the runtime's error with its gRPC code.
pub(crate) fn back_off(image: &str, runtime: &str) -> Waiting {
    Waiting {
        reason: "ImagePullBackOff".to_owned(),
        message: format!("Back-off pulling image \"{image}\": ErrImagePull: {runtime}"),
        event: format!("Failed to pull image \"{image}\": {runtime}"),
    }
}

fn resolving(image: &str, text: &str) -> Waiting {
    back_off(image, &format!("failed to pull and unpack image \"{image}\": failed to resolve image: {text}"))
}

/// `https://HOST/v2/NAME/manifests/`, and the tag or digest of the image.
fn manifest(image: &str) -> (String, String) {
    let reference = Reference::parse(image).expect("the images of the table parse, but one");
    let asked = match (&reference.digest, &reference.tag) {
        (Some(digest), _) => digest.clone(),
        (None, tag) => tag.clone().unwrap_or_else(|| "latest".to_owned()),
    };
    (format!("https://{}/v2/{}/manifests/", reference.host, reference.repository), asked)
}

/// 404 at the manifest.
pub(crate) fn not_found(image: &str) -> Waiting {
    let text = format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve image: {image}: not found"
    );
    back_off(image, &text)
}

/// Without a login the token of the service grants nothing (`authorizer.go`, `AddResponses`).
pub(crate) fn insufficient_scope(image: &str) -> Waiting {
    resolving(
        image,
        "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
    )
}

/// The token service refuses the login that was sent (`auth/fetch.go`).
pub(crate) fn login_refused(image: &str) -> Waiting {
    let (url, _) = manifest(image);
    let host = url.split('/').nth(2).unwrap_or_default();
    resolving(
        image,
        &format!(
            "failed to authorize: failed to fetch oauth token: unexpected status from POST request to https://{host}/token: 401 Unauthorized"
        ),
    )
}

/// 401 whose challenge names no error: asked five times, then told (`resolver.go`, `doWithRetries`).
pub(crate) fn unauthorized(image: &str) -> Waiting {
    let (url, asked) = manifest(image);
    resolving(image, &format!("unexpected status from HEAD request to {url}{asked}: 401 Unauthorized"))
}

/// The request did not get as far as HTTP; `why` is Go's error.
pub(crate) fn no_answer(image: &str, why: &str) -> Waiting {
    let (url, asked) = manifest(image);
    resolving(image, &format!("failed to do request: Head \"{url}{asked}\": {why}"))
}

/// An index without the node's platform (`pull.go`).
pub(crate) fn no_platform(image: &str, digest: &str) -> Waiting {
    back_off(
        image,
        &format!(
            "rpc error: code = NotFound desc = get image config descriptor: no match for platform in manifest {digest}: not found"
        ),
    )
}

/// A layer that the manifest names and the registry does not have.
pub(crate) fn no_layer(image: &str, digest: &str) -> Waiting {
    back_off(
        image,
        &format!(
            "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to copy: httpReadSeeker: failed open: could not fetch content descriptor {digest} (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found"
        ),
    )
}

/// Docker Hub's 429: a HEAD is free, so that it comes with the manifest's GET.
pub(crate) fn limited(image: &str, digest: &str) -> Waiting {
    let (url, _) = manifest(image);
    back_off(
        image,
        &format!(
            "failed to pull and unpack image \"{image}\": failed to copy: httpReadSeeker: failed open: unexpected status from GET request to {url}{digest}: 429 Too Many Requests\ntoomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"
        ),
    )
}

/// The kubelet cannot read the reference (`applyDefaultImageTag`); `why` is the parser's.
pub(crate) fn invalid_name(image: &str, why: &str) -> Waiting {
    let message = format!(
        "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": invalid reference format: {why}"
    );
    Waiting { reason: "InvalidImageName".to_owned(), event: message.clone(), message }
}

/// The kubelet cannot read a pull secret: since 1.33 the decoder's error is the reason.
pub(crate) fn undecodable_secret(text: &str) -> Waiting {
    Waiting { reason: text.to_owned(), message: text.to_owned(), event: format!("Error: {text}") }
}
