//! Messages of several parts: credentials tried in turn, mirrors before the origin, an image tried again as
//! an artifact.

use pullmedic_classify::{Context, SANDBOX_REASON, classify};
use pullmedic_model::{Cause, Confidence, Hypothesis, Stage};

use crate::composed::{DIGEST, Image, event, waiting};

fn read(message: &str) -> Hypothesis {
    classify(message.as_bytes(), Context::default())
}

#[test]
fn the_first_credential_tried_speaks_and_the_anonymous_try_is_no_further_fault() {
    let image = Image::plain();
    let token = |kind: &str| {
        image.resolving(&format!(
            "failed to authorize: failed to fetch {kind} token: unexpected status from GET request to {}: 401 Unauthorized",
            image.token_url()
        ))
    };
    let hypothesis = read(&event(&image, &format!("[{}, {}]", token("oauth"), token("anonymous"))));
    assert_eq!(hypothesis.cause, Cause::BadCredentials);
    assert_eq!(hypothesis.endpoint.unwrap().as_str(), "auth.acme.test");
    let unclosed =
        event(&image, &format!("[rpc error: code = Unknown desc = {}, rpc error: code", token("oauth")));
    assert_eq!(read(&unclosed).cause, Cause::BadCredentials);
}

#[test]
fn attempts_that_fail_differently_are_told_as_further_faults() {
    let image = Image::plain();
    let first = image.requesting("dial tcp: lookup registry.acme.test on 10.96.0.10:53: no such host");
    let second = image.requesting("x509: certificate signed by unknown authority");
    let hypothesis = read(&waiting(&image, &format!("[{first}, {second}]")));
    assert_eq!((hypothesis.cause, hypothesis.also), (Cause::Dns, vec![Cause::TlsUnknownAuthority]));
}

#[test]
fn the_origin_decides_and_its_mirrors_are_further_faults() {
    let image = Image::plain();
    let message = format!(
        "initializing source docker://{reference}: (Mirrors also failed: [mirror.acme.test/shop/cart:4.1: pinging container \
         registry mirror.acme.test: Get \"https://mirror.acme.test/v2/\": dial tcp 192.0.2.9:443: connect: connection \
         refused]): {reference}: reading manifest 4.1 in registry.acme.test/shop/cart: manifest unknown",
        reference = image.reference()
    );
    let hypothesis = read(&event(&image, &message));
    assert_eq!((hypothesis.cause, hypothesis.also), (Cause::TagNotFound, vec![Cause::ConnectionRefused]));
    assert_eq!(hypothesis.endpoint.unwrap().as_str(), "registry.acme.test");
}

#[test]
fn a_message_cut_off_among_its_mirrors_tells_what_they_said() {
    let message = "initializing source docker://registry.acme.test/shop/cart:4.1: (Mirrors also failed: \
                   [mirror.acme.test/shop/cart:4.1: pinging container registry mirror.acme.test: Get \
                   \"https://mirror.acme.test/v2/\": dial tcp 192.0.2.9:443: connect: connection refused";
    assert_eq!(read(message).cause, Cause::ConnectionRefused);
}

#[test]
fn the_same_image_tried_as_an_artifact_adds_nothing() {
    let image = Image::plain();
    let one = image.reading("manifest unknown");
    let message = format!(
        "unable to pull image or OCI artifact: pull image err: {one}; artifact err: get manifest: build image source: \
         pinging container registry registry.acme.test: Get \"https://registry.acme.test/v2/\": EOF"
    );
    let hypothesis = read(&waiting(&image, &message));
    assert_eq!((hypothesis.cause, hypothesis.also), (Cause::TagNotFound, vec![]));
}

#[test]
fn the_pause_image_wraps_what_befell_it_where_the_event_says_so() {
    let pause = Image::named("pause", "3.9");
    let refused = pause.requesting("dial tcp 192.0.2.7:443: connect: connection refused");
    for frame in ["Failed to create pod sandbox", "Failed create pod sandbox"] {
        for inside in ["failed to get sandbox image \"registry.acme.test/pause:3.9\": ", ""] {
            let message = format!(
                "{frame}: rpc error: code = Unknown desc = {inside}failed to pull image \"{}\": {refused}",
                pause.reference()
            );
            let bare = read(&message);
            assert_eq!((bare.cause, bare.inner), (Cause::ConnectionRefused, None));
            let hypothesis =
                classify(message.as_bytes(), Context { image: None, reason: Some(SANDBOX_REASON) });
            assert_eq!(
                (hypothesis.cause, hypothesis.inner),
                (Cause::SandboxImage, Some(Cause::ConnectionRefused))
            );
            assert_eq!(hypothesis.stage, Some(Stage::Connect));
            assert_eq!(hypothesis.image.as_deref(), Some("registry.acme.test/pause:3.9"));
        }
    }
}

#[test]
fn a_sandbox_without_a_network_is_no_pull() {
    let message = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"cart\": \
                   plugin type=\"bridge\" failed (add): unauthorized: connection refused";
    let hypothesis = read(message);
    assert_eq!((hypothesis.cause, hypothesis.inner), (Cause::Unknown, None));
}

#[test]
fn a_reason_speaks_when_the_text_does_not() {
    for (text, reason, cause) in [
        ("", "ErrImageNeverPull", Cause::NeverPullAbsent),
        ("", "InvalidImageName", Cause::InvalidReference),
        ("Back-off pulling image \"registry.acme.test/shop/cart:4.1\"", "ImagePullBackOff", Cause::Unknown),
        (
            "Back-off pulling image \"registry.acme.test/shop/cart:4.1\"",
            "SignatureValidationFailed",
            Cause::SignatureRejected,
        ),
        ("pull QPS exceeded", "InvalidImageName", Cause::LocalQpsLimited),
    ] {
        let hypothesis = classify(text.as_bytes(), Context { image: None, reason: Some(reason) });
        assert_eq!(hypothesis.cause, cause, "{reason}: {text}");
    }
}

#[test]
fn a_bare_back_off_stays_unknown_and_keeps_its_image() {
    let hypothesis = read("Back-off pulling image \"registry.acme.test/shop/cart:4.1\"");
    assert_eq!((hypothesis.cause, hypothesis.confidence), (Cause::Unknown, Confidence::Weak));
    assert_eq!(hypothesis.image.as_deref(), Some("registry.acme.test/shop/cart:4.1"));
    assert_eq!((hypothesis.leaf.as_str(), hypothesis.rule), ("", None));
    assert_eq!(hypothesis.endpoint, None);
}

#[test]
fn a_line_of_the_kubelets_log_reads_like_its_event() {
    let line = format!(
        "E0102 03:04:05.678901    1234 pod_workers.go:1300] \"Error syncing pod, skipping\" err=\"failed to \
         \\\"StartContainer\\\" for \\\"cart\\\" with ErrImagePull: \\\"rpc error: code = FailedPrecondition desc = failed to pull \
         and unpack image \\\\\\\"registry.acme.test/shop/cart:4.1\\\\\\\": failed commit on ref \\\\\\\"layer-{DIGEST}\\\\\\\": \
         unexpected commit digest {DIGEST}, expected {DIGEST}: failed precondition\\\"\" pod=\"shop/cart-0\""
    );
    let hypothesis = read(&line);
    assert_eq!((hypothesis.cause, hypothesis.confidence), (Cause::ContentCorrupt, Confidence::Certain));
    assert_eq!(hypothesis.image.as_deref(), Some("registry.acme.test/shop/cart:4.1"));
}

#[test]
fn columns_of_kubectl_describe_are_one_message() {
    let wrapped = "  Warning  Failed     22s (x3 over 63s)  kubelet            Failed to pull image\n      \
                   \"registry.acme.test/shop/cart:4.1\": failed to pull and unpack image\n      \
                   \"registry.acme.test/shop/cart:4.1\": no match for platform in\n      manifest: not found";
    assert_eq!(read(wrapped).cause, Cause::PlatformMismatch);
}
