//! Stage, endpoint, status, image and leaf.

use pullmedic_classify::{Context, classify};
use pullmedic_model::{Cause, Hypothesis, Stage};

use crate::composed::{DIGEST, Image, event};

fn read(message: &str) -> Hypothesis {
    classify(message.as_bytes(), Context::default())
}

#[track_caller]
fn assert_place(message: &str, stage: Stage, endpoint: Option<&str>) {
    let hypothesis = read(message);
    let spoken = hypothesis.endpoint.as_ref().map(|endpoint| endpoint.as_str());
    assert_eq!((hypothesis.stage, spoken), (Some(stage), endpoint), "{message}");
}

#[test]
fn the_host_of_the_failing_request_is_the_endpoint() {
    let image = Image::plain();
    assert_place(
        &image.requesting("dial tcp 192.0.2.7:443: i/o timeout"),
        Stage::Connect,
        Some("registry.acme.test"),
    );
    assert_place(
        &image.requesting("dial tcp: lookup registry.acme.test on 10.96.0.10:53: no such host"),
        Stage::Name,
        Some("registry.acme.test"),
    );
    assert_place(
        &image.requesting("net/http: TLS handshake timeout"),
        Stage::Tls,
        Some("registry.acme.test"),
    );
}

#[test]
fn a_mirror_is_the_endpoint_of_its_own_fault() {
    let mirrored = "failed to resolve reference \"registry.acme.test/shop/cart:4.1\": failed to do request: Head \
                    \"http://mirror.acme.test:5000/v2/shop/cart/manifests/4.1?ns=registry.acme.test\": dial tcp \
                    192.0.2.9:5000: connect: connection refused";
    assert_place(mirrored, Stage::Connect, Some("mirror.acme.test:5000"));
}

#[test]
fn a_token_service_is_the_endpoint_of_a_refused_login() {
    let image = Image::plain();
    let refused = image.resolving(&format!(
        "failed to authorize: failed to fetch oauth token: unexpected status from GET request to {}: 401 Unauthorized",
        image.token_url()
    ));
    assert_place(&refused, Stage::Token, Some("auth.acme.test"));
    let redacted = image.resolving(
        "failed to authorize: failed to fetch anonymous token: Get \
         \"https://auth.acme.test/token?scope=%5BREDACTED%5D&service=%5BREDACTED%5D\": dial tcp 192.0.2.8:443: i/o timeout",
    );
    assert_place(&redacted, Stage::Connect, Some("auth.acme.test"));
}

#[test]
fn without_a_request_the_images_own_host_is_meant() {
    let image = Image::plain();
    let absent = image.resolving(&format!("{}: not found", image.reference()));
    assert_place(&absent, Stage::Manifest, Some("registry.acme.test"));
    assert_place(&image.reading("manifest unknown"), Stage::Manifest, Some("registry.acme.test"));
    assert_place(
        "Error response from daemon: manifest for shop/cart:4.1 not found: manifest unknown: manifest unknown",
        Stage::Manifest,
        Some("docker.io"),
    );
}

#[test]
fn hosts_named_without_a_url_are_endpoints() {
    let image = Image::plain();
    assert_place(
        &image.resolving(
            "pulling from host mirror.acme.test failed with status code [manifests 4.1]: 403 Forbidden",
        ),
        Stage::Manifest,
        Some("mirror.acme.test"),
    );
    assert_place(
        "pinging container registry registry.acme.test:5000: Get \"https://registry.acme.test:5000/v2/\": net/http: TLS \
         handshake timeout",
        Stage::Tls,
        Some("registry.acme.test:5000"),
    );
}

#[test]
fn a_proxy_is_the_endpoint_of_its_own_fault() {
    let image = Image::plain();
    let refused = image.requesting("proxyconnect tcp: dial tcp 192.0.2.3:3128: connect: connection refused");
    assert_place(&refused, Stage::Connect, Some("192.0.2.3:3128"));
    let unnamed =
        image.requesting("proxyconnect tcp: dial tcp: lookup proxy.acme.test on 10.96.0.10:53: no such host");
    assert_place(&unnamed, Stage::Connect, Some("proxy.acme.test"));
}

#[test]
fn stages_of_the_node_have_no_endpoint() {
    let image = Image::plain();
    for (message, stage) in [
        (event(&image, "pull QPS exceeded"), Stage::Queue),
        (
            format!("failed to extract layer {DIGEST}: write /usr/lib/x: no space left on device: unknown"),
            Stage::Unpack,
        ),
        (
            "Container image \"registry.acme.test/shop/cart:4.1\" is not present with pull policy of Never"
                .into(),
            Stage::Policy,
        ),
    ] {
        assert_place(&message, stage, None);
    }
}

#[test]
fn a_link_to_read_is_no_endpoint() {
    let message = "Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may increase the limit \
                   by authenticating and upgrading: https://www.docker.com/increase-rate-limit";
    let hypothesis = read(message);
    assert_eq!((hypothesis.cause, hypothesis.endpoint), (Cause::RateLimited, None));
}

#[test]
fn the_status_stands_beside_its_words_wherever_the_url_stands() {
    let image = Image::plain();
    for (message, status) in [
        (image.copying("unexpected status code https://registry.acme.test/v2/shop/cart/blobs/x: 503 Service Unavailable"), 503),
        (image.resolving("unexpected status code [manifests 404]: 401 Unauthorized"), 401),
        ("initializing source docker://registry.acme.test/a/b:1: invalid status code from registry 412 (Precondition Failed)".into(), 412),
        ("error parsing HTTP 403 response body: invalid character '<' looking for beginning of value: \"<html>\"".into(), 403),
        ("StatusCode: 502, \"<html>\"".into(), 502),
    ] {
        assert_eq!(read(&message).status, Some(status), "{message}");
    }
    for message in
        ["exit status 1: output: 404 files", "dial tcp 192.0.2.7:443: i/o timeout", "Status of 12345 pods"]
    {
        assert_eq!(read(message).status, None, "{message}");
    }
}

#[test]
fn the_image_is_the_one_that_the_kubelet_names() {
    let image = Image::plain();
    let event = event(&image, &Image::named("library/other", "1").resolving("EOF"));
    assert_eq!(read(&event).image, Some(image.reference()));
    let digested = format!("reading manifest {DIGEST} in registry.acme.test/shop/cart: manifest unknown");
    assert_eq!(read(&digested).image, Some(format!("registry.acme.test/shop/cart@{DIGEST}")));
    assert_eq!(read("pull QPS exceeded").image, None);
}

#[test]
fn the_leaf_is_the_innermost_error() {
    let image = Image::plain();
    for (message, leaf) in [
        (
            event(&image, &image.requesting("dial tcp: lookup registry.acme.test on 10.96.0.10:53: no such host")),
            "dial tcp: lookup registry.acme.test on 10.96.0.10:53: no such host",
        ),
        (
            event(&image, &image.resolving("registry.acme.test/shop/cart:4.1: not found")),
            "registry.acme.test/shop/cart:4.1: not found",
        ),
        (
            image.resolving("unexpected status from HEAD request to https://registry.acme.test/v2/shop/cart/manifests/4.1: 403 Forbidden"),
            "unexpected status from HEAD request to https://registry.acme.test/v2/shop/cart/manifests/4.1: 403 Forbidden",
        ),
        (format!("[{0}, {0}]", image.reading("manifest unknown")), "manifest unknown"),
    ] {
        assert_eq!(read(&message).leaf, leaf);
    }
}
