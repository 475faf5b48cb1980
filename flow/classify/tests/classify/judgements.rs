//! Message to cause, family by family. Composed from the format strings that the rows of the table cite.

use pullmedic_classify::{Context, classify};
use pullmedic_model::{Cause, Confidence, Stage};

use crate::composed::DIGEST;

#[track_caller]
pub(crate) fn assert_all(cause: Cause, messages: &[&str]) {
    for message in messages {
        let message = message.replace("DIGEST", DIGEST);
        let hypothesis = classify(message.as_bytes(), Context::default());
        assert_eq!(hypothesis.cause, cause, "{message}\ndecided by {:?}", hypothesis.rule);
    }
}

#[test]
fn a_kind_that_the_runtime_does_not_run_is_told_by_its_media_type_or_layers() {
    assert_all(
        Cause::UnsupportedManifest,
        &[
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to unpack \
             image on snapshotter overlayfs: unexpected media type \
             application/vnd.cncf.helm.config.v1+json for DIGEST: not found",
            "Failed to pull image \"registry.acme.test/shop/cart:1\": failed to pull and unpack \
             image \"registry.acme.test/shop/cart:1\": number of layers and diffIDs don't match: 1 \
             != 0",
            "failed to pull image: schema 1 image manifests are no longer supported: invalid argument",
        ],
    );
}

#[test]
fn bytes_other_than_those_named_are_corrupt() {
    assert_all(
        Cause::ContentCorrupt,
        &[
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to extract \
             layer DIGEST: wrong diff id calculated on extraction \"DIGEST\"",
            "writing blob: adding layer with blob \"DIGEST\": layer content incorrect digest",
        ],
    );
}

#[test]
fn an_exchange_that_breaks_off_is_a_reset() {
    assert_all(
        Cause::ConnectionReset,
        &[
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to copy: \
             short read: expected 3145728 bytes but got 1048576: unexpected EOF",
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to copy: \
             failed to read expected number of bytes: unexpected EOF",
            "read tcp 10.0.0.2:4444->10.0.0.1:443: wsarecv: An existing connection was forcibly \
             closed by the remote host.",
        ],
    );
}

#[test]
fn no_room_is_a_full_disk_wherever_it_shows() {
    assert_all(
        Cause::DiskFull,
        &[
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to copy: \
             failed to send write: write \
             /var/lib/containerd/io.containerd.content.v1.content/ingest/ab/data: no space left on \
             device: unknown",
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to prepare \
             extraction snapshot \"extract-1 DIGEST\": failed to create prepare snapshot dir: failed \
             to create temp dir: mkdir \
             /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/new-1: no space \
             left on device",
            "writing blob: adding layer with blob \"DIGEST\": unpacking failed (error: exit status \
             1; output: write /usr/lib/x: no space left on device)",
        ],
    );
}

#[test]
fn a_signature_policy_is_named_by_its_own_words() {
    assert_all(
        Cause::SignatureRejected,
        &[
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": image verifier \
             bindir blocked pull of registry.acme.test/shop/cart:1 with digest DIGEST for reason: \
             verifier policy rejected image (exit code 1)",
            "unknown: The image is not signed by cosign.",
            "SignatureValidationFailed: image pull failed for registry.acme.test/shop/cart:1 because \
             the signature validation failed: Source image rejected: A signature was required, but \
             no signature exists",
            "Source image rejected: cryptographic signature verification failed: invalid signature \
             when validating ASN.1 encoded signature",
        ],
    );
}

#[test]
fn whatever_befalls_the_lookup_is_the_name() {
    assert_all(
        Cause::Dns,
        &[
            "Failed to pull image \"registry.acme.test/shop/cart:1\": rpc error: code = Unknown desc \
             = failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to resolve \
             reference \"registry.acme.test/shop/cart:1\": failed to do request: Head \
             \"https://registry.acme.test/v2/shop/cart/manifests/1\": dial tcp: lookup \
             registry.acme.test: Try again",
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             dial tcp: lookup registry.acme.test on 10.0.0.2:53: server misbehaving",
            "pinging container registry registry.acme.test: Get \"https://registry.acme.test/v2/\": \
             dial tcp: lookup registry.acme.test: device or resource busy",
            "failed to authorize: failed to fetch anonymous token: Get \
             \"https://auth.acme.test/token?scope=%5BREDACTED%5D&service=%5BREDACTED%5D\": dial tcp: \
             lookup auth.acme.test: no such host",
        ],
    );
}

#[test]
fn a_bare_status_text_is_the_proxys() {
    assert_all(
        Cause::Proxy,
        &[
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused",
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             Proxy Authentication Required",
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             Service Unavailable",
            "Get \"https://registry.acme.test/v2/\": Gateway Timeout",
        ],
    );
}

#[test]
fn a_silent_handshake_is_told_apart() {
    assert_all(
        Cause::TlsHandshakeTimeout,
        &["failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             net/http: TLS handshake timeout"],
    );
}

#[test]
fn alerts_are_of_the_protocol() {
    assert_all(
        Cause::TlsProtocol,
        &[
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             remote error: tls: protocol version not supported",
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             remote error: tls: internal error",
        ],
    );
}

#[test]
fn alerts_on_certificates_ask_for_the_clients() {
    assert_all(
        Cause::ClientCertificateRequired,
        &[
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             remote error: tls: certificate required",
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             remote error: tls: bad certificate",
        ],
    );
}

#[test]
fn an_unknown_authority_stays_one_whatever_go_adds() {
    assert_all(
        Cause::TlsUnknownAuthority,
        &["failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             tls: failed to verify certificate: x509: certificate signed by unknown authority \
             (possibly because of \"x509: invalid signature: parent certificate cannot sign this \
             kind of certificate\" while trying to verify candidate authority certificate \
             \"registry.acme.test\")"],
    );
}

#[test]
fn before_and_after_are_both_expired() {
    assert_all(
        Cause::TlsExpired,
        &["Get \"https://registry.acme.test/v2/\": tls: failed to verify certificate: x509: \
             certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is \
             before 2026-02-01T00:00:00Z"],
    );
}

#[test]
fn plain_and_tls_on_one_port_either_way_round() {
    assert_all(
        Cause::HttpOnHttps,
        &[
            "failed to do request: Head \"https://10.0.0.1:5000/v2/shop/cart/manifests/1\": http: \
             server gave HTTP response to HTTPS client",
            "Get \"http://registry.acme.test/v2/\": net/http: HTTP/1.x transport connection broken: \
             malformed HTTP response \"\\x15\\x03\\x01\\x00\\x02\\x02\"",
        ],
    );
}

#[test]
fn a_deadline_with_a_request_is_the_servers() {
    assert_all(
        Cause::ConnectTimeout,
        &[
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             net/http: timeout awaiting response headers",
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             context deadline exceeded",
            "Get \"https://registry.acme.test/v2/\": dial tcp 10.0.0.1:443: connect: connection \
             timed out",
            "Error while pulling image: Get \
             https://registry.acme.test/v1/repositories/shop/cart/images: net/http: timeout awaiting \
             response headers",
        ],
    );
}

#[test]
fn a_deadline_without_a_request_is_our_own() {
    assert_all(
        Cause::PullCancelled,
        &[
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to copy: \
             httpReadSeeker: failed open: context canceled",
        ],
    );
}

#[test]
fn a_fault_of_the_runtimes_socket_is_no_registrys() {
    assert_all(
        Cause::RuntimeUnavailable,
        &[
            "Failed to pull image \"registry.acme.test/shop/cart:1\": rpc error: code = Unavailable \
             desc = error reading from server: EOF",
            "Failed to inspect image \"\": rpc error: code = Unavailable desc = connection error: \
             desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: \
             connect: connection refused\"",
            "rpc error: code = Unknown desc = server is not initialized yet",
            "Failed to pull image \"shop/cart:1\": rpc error: code = Unknown desc = Cannot connect \
             to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        ],
    );
}

#[test]
fn a_login_that_was_sent_and_refused_is_bad() {
    assert_all(
        Cause::BadCredentials,
        &[
            "Error response from daemon: Get \"https://registry.acme.test/v2/\": unauthorized: \
             incorrect username or password",
            "initializing source docker://registry.acme.test/shop/cart:1: unable to retrieve auth \
             token: invalid username/password: unauthorized: authentication required",
            "initializing source docker://registry.acme.test/shop/cart:1: reading manifest 1 in \
             registry.acme.test/shop/cart: unauthorized: Could not find robot with specified username",
            "Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": unauthorized: HTTP Basic: \
             Access denied. The provided password or token is incorrect or your account has 2FA \
             enabled and you must use a personal access token instead of a password.",
        ],
    );
}

#[test]
fn expired_is_believed_when_said() {
    assert_all(
        Cause::CredentialsExpired,
        &["failed to resolve reference \"registry.acme.test/b:1\": unexpected status from HEAD \
             request to https://registry.acme.test/v2/b/manifests/1: 403 Forbidden denied: Your \
             authorization token has expired. Reauthenticate and try again."],
    );
}

#[test]
fn a_known_identity_may_lack_the_right() {
    assert_all(
        Cause::Forbidden,
        &[
            "Error response from daemon: Head \
             \"https://registry.acme.test/v2/shop/cart/manifests/1\": denied: access forbidden",
            "failed to resolve reference \"registry.acme.test/shop/cart:1\": unexpected status from \
             HEAD request to https://registry.acme.test/v2/shop/cart/manifests/1: 403 Forbidden",
            "Error response from daemon: pull access denied for registry.acme.test/b, repository \
             does not exist or may require 'docker login': denied: User: \
             arn:aws:sts::1:assumed-role/x/i-0 is not authorized to perform: ecr:BatchGetImage on \
             resource: arn:aws:ecr:eu-west-1:1:repository/b because no resource-based policy allows \
             the ecr:BatchGetImage action",
        ],
    );
}

#[test]
fn the_registry_may_name_the_repository() {
    assert_all(
        Cause::RepositoryNotFound,
        &[
            "Error response from daemon: repository registry.acme.test/b not found: name unknown: \
             The repository with name 'b' does not exist in the registry with id '1'",
            "Error: image library/foo not found",
        ],
    );
}

#[test]
fn a_404_while_resolving_is_the_tags_first() {
    assert_all(
        Cause::TagNotFound,
        &[
            "reading manifest 1 in registry.acme.test/shop/cart: manifest unknown: The named \
             manifest is not known to the registry.",
            "Error response from daemon: manifest for registry.acme.test/shop/cart:1 not found: \
             manifest unknown: OCI index found, but accept header does not support OCI indexes",
            "Failed to pull image \"registry.acme.test/shop/cart:1\": rpc error: code = NotFound \
             desc = failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to \
             resolve reference \"registry.acme.test/shop/cart:1\": registry.acme.test/shop/cart:1: \
             not found",
            "reading manifest v9 in registry.acme.test/shop/cart: tag expired: Tag v9 has expired \
             and no longer available",
        ],
    );
}

#[test]
fn a_404_by_digest_is_the_digests() {
    assert_all(
        Cause::DigestNotFound,
        &["Failed to pull image \"registry.acme.test/shop/cart@DIGEST\": failed to pull and unpack \
             image \"registry.acme.test/shop/cart@DIGEST\": failed to resolve image: \
             registry.acme.test/shop/cart@DIGEST: not found"],
    );
}

#[test]
fn a_block_says_so() {
    assert_all(
        Cause::PolicyBlocked,
        &[
            "unexpected status from GET request to \
             https://registry.acme.test/v2/shop/cart/manifests/1: 412 Precondition Failed \
             projectpolicyviolation: current image with 12 vulnerabilities cannot be pulled due to \
             configured policy in 'Prevent images with vulnerability severity of \"High\" or higher \
             from running.'",
            "initializing source docker://registry.acme.test/shop/cart:1: registry \
             registry.acme.test is blocked in /etc/containers/registries.conf or \
             /etc/containers/registries.conf.d",
            "denied: client with IP '10.0.0.1' is not allowed access. Refer \
             https://aka.ms/acr/firewall to grant access.",
        ],
    );
}

#[test]
fn nothing_listens() {
    assert_all(
        Cause::ConnectionRefused,
        &["RegistryUnavailable: image pull failed for registry.acme.test/shop/cart:1 because the \
             registry is unavailable: pinging container registry registry.acme.test: Get \
             \"https://registry.acme.test/v2/\": dial tcp 10.0.0.1:443: connect: connection refused"],
    );
}

#[test]
fn a_quota_is_no_rate() {
    assert_all(Cause::QuotaExceeded, &["denied: Quota has been exceeded on namespace"]);
}

#[test]
fn five_hundreds_are_the_registrys() {
    assert_all(
        Cause::RegistryUnavailable,
        &[
            "initializing source docker://registry.acme.test/shop/cart:1: reading manifest 1 in \
             registry.acme.test/shop/cart: received unexpected HTTP status: 503 Service Unavailable",
            "initializing source docker://registry.acme.test/shop/cart:1: reading manifest 1 in \
             registry.acme.test/shop/cart: StatusCode: 502, \"<html>\\r\\n<head><title>502 Bad \
             Gateway</title></head>\"",
            "failed to authorize: failed to fetch oauth token: unexpected status from POST request \
             to https://auth.acme.test/token: 504 Gateway Timeout",
            "failed to resolve reference \"registry.acme.test/shop/cart:1\": failed to authorize: \
             failed to fetch anonymous token: unexpected status from GET request to \
             https://auth.acme.test/token?scope=repository%3Ashop%2Fcart%3Apull&service=registry.registry.acme.test: \
             500 Internal Server Error",
        ],
    );
}

#[test]
fn too_many_requests_are_a_rate() {
    assert_all(
        Cause::RateLimited,
        &["initializing source docker://shop/cart:1: reading manifest 1 in \
             registry.acme.test/shop/cart: too many requests to registry"],
    );
}

#[test]
fn extraction_is_the_nodes() {
    assert_all(
        Cause::UnpackFailed,
        &[
            "copying system image from manifest list: writing blob: adding layer with blob \
             \"DIGEST\": unpacking failed (error: exit status 1; output: potentially insufficient \
             UIDs or GIDs available in user namespace (requested 0:42 for /etc/gshadow): Check \
             /etc/subuid and /etc/subgid)",
            "failed to extract layer DIGEST: mount callback failed on \
             /var/lib/containerd/tmpmounts/containerd-mount1: failed to Lchown \
             \"/var/lib/containerd/tmpmounts/containerd-mount1/x\" for UID 70000, GID 70000: lchown \
             x: invalid argument (Hint: try increasing the number of subordinate IDs in /etc/subuid \
             and /etc/subgid): unknown",
            "failed to extract layer DIGEST: failed to get stream processor for \
             application/vnd.oci.image.layer.v1.tar+zstd: no processor for media-type: unknown",
        ],
    );
}

#[test]
fn the_nodes_store_is_no_registry() {
    assert_all(Cause::NodeStoreDamaged, &["creating image: layer not known"]);
}

#[test]
fn the_keyrings_decode_errors_name_the_secret() {
    assert_all(
        Cause::PullSecretMalformed,
        &["unable to parse auth field, must be formatted as base64 username:password"],
    );
}

#[test]
fn a_secret_that_is_not_there_yet() {
    assert_all(
        Cause::PullSecretMissing,
        &["MountVolume.SetUp failed; Unable to retrieve some image pull secrets (a, b); attempting \
             to pull the image may not succeed."],
    );
}

#[test]
fn a_plugin_that_fails_says_so_in_the_kubelets_log() {
    assert_all(
        Cause::CredentialProviderFailed,
        &["E0101 12:00:00.0 1 plugin.go:434] \"Failed getting credential from external registry \
             credential provider\" err=\"error execing credential provider plugin \
             acr-credential-provider for image a.azurecr.io/b: exit status 1\""],
    );
}

#[test]
fn never_means_absent_first() {
    assert_all(Cause::NeverPullAbsent, &["Error: ErrImageNeverPull"]);
}

#[test]
fn the_kubelets_own_limit_is_local() {
    assert_all(
        Cause::LocalQpsLimited,
        &["Back-off pulling image \"shop/cart:1\": ErrImagePull: pull QPS exceeded"],
    );
}

#[test]
fn a_name_refused_by_the_api_server_is_invalid() {
    assert_all(
        Cause::InvalidReference,
        &["Pod \"x\" is invalid: spec.containers[0].image: Invalid value: \" nginx\": must not \
             have leading or trailing whitespace"],
    );
}

#[test]
fn no_entry_for_the_platform_is_no_absence() {
    assert_all(
        Cause::PlatformMismatch,
        &[
            "exec /usr/local/bin/app: exec format error",
            "get image config descriptor: no match for platform in manifest DIGEST: not found",
            "choosing an image from manifest list docker://registry.acme.test/shop/cart:1: no image \
             found in image index for architecture \"arm64\", variant \"v8\", OS \"linux\"",
            "a Windows version 10.0.20348-based image is incompatible with a 10.0.17763 host",
        ],
    );
}

#[test]
fn no_route_is_unreachable() {
    assert_all(
        Cause::Unreachable,
        &[
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             dial tcp [2001:db8::1]:443: connect: network is unreachable",
            "failed to do request: Head \"https://registry.acme.test/v2/shop/cart/manifests/1\": \
             dial tcp 10.0.0.1:443: connect: no route to host",
        ],
    );
}

#[test]
fn a_certificate_file_that_cannot_be_read_is_the_nodes_configuration() {
    assert_all(
        Cause::MirrorMisconfigured,
        &["failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to resolve \
             reference \"registry.acme.test/shop/cart:1\": unable to load CA cert \
             \"/etc/containerd/certs.d/registry.acme.test/ca.crt\""],
    );
}

#[test]
fn words_that_several_causes_share_are_never_certain() {
    for (message, rivals) in [
        (
            "failed to resolve reference \"registry.acme.test/shop/cart:4.1\": registry.acme.test/shop/cart:4.1: not found",
            &[Cause::RepositoryNotFound][..],
        ),
        (
            "pulling from host registry.acme.test failed with status code [manifests 4.1]: 401 Unauthorized",
            &[Cause::BadCredentials, Cause::CredentialProviderFailed, Cause::RepositoryNotFound],
        ),
        (
            "Container image \"shop/cart\" is not present with pull policy of Never",
            &[Cause::CachedNotAuthorized],
        ),
        ("write /usr/lib/x: no space left on device", &[Cause::InodesExhausted]),
        ("exec /cart: exec format error", &[Cause::UnsupportedManifest]),
    ] {
        let hypothesis = classify(message.as_bytes(), Context::default());
        assert!(hypothesis.confidence < Confidence::Certain, "{message}");
        for rival in rivals {
            assert!(hypothesis.rivals.contains(rival), "{message}: {rival}");
        }
    }
}

#[test]
fn the_kubelets_statements_about_itself_are_certain() {
    for message in [
        "pull QPS exceeded",
        "Failed to apply default image tag \"A:1\": couldn't parse image name \"A:1\": invalid reference format",
        "unable to parse auth field, must be formatted as base64 username:password",
        "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
    ] {
        assert_eq!(
            classify(message.as_bytes(), Context::default()).confidence,
            Confidence::Certain,
            "{message}"
        );
    }
}

#[test]
fn a_404_before_a_manifest_is_asked_for_is_no_tags() {
    for (message, stage) in [
        (
            "initializing source docker://registry.acme.test/shop/cart:1: pinging container registry \
             registry.acme.test: invalid status code from registry 404 (Not Found)",
            Stage::Ping,
        ),
        (
            "initializing source docker://registry.acme.test/shop/cart@DIGEST: pinging container registry \
             registry.acme.test: StatusCode: 404, \"<!DOCTYPE html><title>404 Not Found</title>\"",
            Stage::Ping,
        ),
        ("Get \"https://registry.acme.test/v2/\": error parsing HTTP 404 response body", Stage::Ping),
        (
            "initializing source docker://registry.acme.test/shop/cart:1: Requesting bearer token: invalid \
             status code from registry 404 (Not Found)",
            Stage::Token,
        ),
    ] {
        let message = message.replace("DIGEST", DIGEST);
        let hypothesis = classify(message.as_bytes(), Context::default());
        assert_eq!(
            (hypothesis.cause, hypothesis.stage),
            (Cause::RegistryUnavailable, Some(stage)),
            "{message}"
        );
        assert!(hypothesis.confidence < Confidence::Certain, "{message}");
        assert!(hypothesis.rivals.starts_with(&[Cause::MirrorMisconfigured, Cause::Proxy]), "{message}");
    }
    assert_all(
        Cause::TagNotFound,
        &["initializing source docker://registry.acme.test/shop/cart:1: reading manifest 1 in \
             registry.acme.test/shop/cart: StatusCode: 404, \"<html>\""],
    );
}

#[test]
fn what_is_not_about_a_failed_pull_is_unknown() {
    for message in [
        "Readiness probe failed: Get \"http://10.0.0.1:80/\": dial tcp 10.0.0.1:80: connect: connection refused",
        "Liveness probe failed: HTTP probe failed with statuscode: 503",
        "Startup probe failed: write /tmp/x: no space left on device",
        "Successfully pulled image \"nginx\" in 2s",
        "Successfully pulled image \"nginx\" in 2s (2s including waiting). Image size: 71000000 bytes.",
        "Pulling image \"nginx\"",
        "Container image \"registry.acme.test/shop/cart:1\" already present on machine",
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create containerd task: failed to \
         create shim task: context deadline exceeded: unknown",
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"a\": \
         plugin type=\"calico\" failed (add): error getting ClusterInformation: Get \
         \"https://10.96.0.1:443/apis\": x509: certificate signed by unknown authority",
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"a\": \
         plugin type=\"cilium-cni\" failed (add): Get \"http:///var/run/cilium/cilium.sock/v1/config\": dial unix \
         /var/run/cilium/cilium.sock: connect: no such file or directory",
        "Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
        "Back-off restarting failed container",
        "Back-off restarting failed container cart in pod cart-0_shop(5e1f)",
        "MountVolume.SetUp failed for volume \"data\" : mount failed: exit status 32: connection timed out",
    ] {
        let hypothesis = classify(message.as_bytes(), Context::default());
        assert_eq!(
            (hypothesis.cause, hypothesis.confidence),
            (Cause::Unknown, Confidence::Weak),
            "{message}\ndecided by {:?}",
            hypothesis.rule
        );
        assert!(hypothesis.rivals.is_empty() && hypothesis.also.is_empty(), "{message}");
    }
    assert_all(
        Cause::ConnectionRefused,
        &[
            "Readiness probe failed: EOF; Failed to pull image \"shop/cart:1\": dial tcp 10.0.0.1:443: connect: \
             connection refused",
        ],
    );
    for pull in ["Back-off pulling image \"shop/cart:1\"", "Error pulling image \"shop/cart:1\""] {
        assert!(!classify(pull.as_bytes(), Context::default()).rivals.is_empty(), "{pull}");
    }
}

#[test]
fn a_certificate_before_its_time_may_be_the_clocks() {
    for (now, then, cause, confidence, rival) in [
        ("2026-01-01", "is before 2026-02-01", Cause::TlsExpired, Confidence::Strong, Cause::ClockSkew),
        ("2015-01-01", "is before 2026-02-01", Cause::TlsExpired, Confidence::Strong, Cause::ClockSkew),
        ("2014-12-31", "is before 2026-02-01", Cause::ClockSkew, Confidence::Strong, Cause::TlsExpired),
        ("1970-01-01", "is before 2026-02-01", Cause::ClockSkew, Confidence::Strong, Cause::TlsExpired),
        ("2026-03-01", "is after 2026-02-01", Cause::TlsExpired, Confidence::Certain, Cause::ClockSkew),
    ] {
        let message = format!(
            "Get \"https://registry.acme.test/v2/\": tls: failed to verify certificate: x509: certificate has \
             expired or is not yet valid: current time {now}T00:00:00Z {then}T00:00:00Z"
        );
        let hypothesis = classify(message.as_bytes(), Context::default());
        assert_eq!((hypothesis.cause, hypothesis.confidence), (cause, confidence), "{message}");
        assert_eq!(hypothesis.rivals, [rival], "{message}");
    }
}

#[test]
fn the_kubelets_limit_is_its_own_only_where_its_words_stand_alone() {
    for message in [
        "pull QPS exceeded",
        "Failed to pull image \"shop/cart:1\": pull QPS exceeded",
        "\"Error syncing pod, skipping\" err=\"failed to \\\"StartContainer\\\" for \\\"cart\\\" with ErrImagePull: \
         \\\"pull QPS exceeded\\\"\" pod=\"shop/cart-0\"",
    ] {
        let hypothesis = classify(message.as_bytes(), Context::default());
        assert_eq!(
            (hypothesis.cause, hypothesis.confidence),
            (Cause::LocalQpsLimited, Confidence::Certain),
            "{message}"
        );
    }
    assert_all(
        Cause::RateLimited,
        &[
            "429 Too Many Requests: pull QPS exceeded for your account",
            "unexpected status from HEAD request to https://registry.acme.test/v2/shop/cart/manifests/1: 429 Too \
             Many Requests: pull QPS exceeded",
            "StatusCode: 503, pull QPS exceeded",
            "Failed to pull image \"shop/cart:1\": pull QPS exceeded for your account",
            "Error response from daemon: toomanyrequests: pull QPS exceeded",
            "pull QPS exceeded: try again later",
        ],
    );
}
