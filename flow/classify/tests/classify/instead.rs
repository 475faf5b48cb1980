//! An answer that stands in place of another: a web page for the API, a policy's for a missing right.

use pullmedic_classify::{Context, classify};
use pullmedic_model::{Cause, Confidence};

use crate::composed::DIGEST;
use crate::judgements::assert_all;

#[test]
fn a_web_page_in_place_of_the_api_is_no_missing_part() {
    assert_all(
        Cause::RegistryUnavailable,
        &[
            "Back-off pulling image \"registry.acme.test/shop/cart:1\": ErrImagePull: rpc error: code = NotFound desc = \
             failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to copy: httpReadSeeker: failed \
             open: could not fetch content descriptor DIGEST (text/html) from remote: not found",
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to copy: httpReadSeeker: failed \
             open: could not fetch content descriptor DIGEST (text/html; charset=utf-8) from remote: not found",
            "rpc error: code = NotFound desc = failed to pull and unpack image \"registry.acme.test/shop/cart:1\": \
             unexpected media type text/html for DIGEST: not found",
        ],
    );
    assert_all(
        Cause::BlobMissing,
        &["failed to copy: httpReadSeeker: failed open: could not fetch content descriptor DIGEST \
            (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found"],
    );
}

#[test]
fn a_refusal_that_names_a_policy_is_not_for_want_of_a_right() {
    let refused = |words: &str| {
        let message = format!(
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to resolve image: unexpected status \
             from HEAD request to https://registry.acme.test/v2/shop/cart/manifests/1: 403 Forbidden\ndenied: {words}"
        );
        classify(message.as_bytes(), Context::default())
    };
    for words in [
        "REQUESTED ITEM IS QUARANTINED, see https://iq.acme.test/report/42",
        "this image is blocked by policy no-criticals",
        "the image has 3 critical vulnerabilities",
        "image was not scanned",
        "the image has not been scanned yet",
        "unsigned images may not be pulled",
    ] {
        let found = refused(words);
        assert_eq!((found.cause, found.confidence), (Cause::PolicyBlocked, Confidence::Strong), "{words}");
        assert!(found.rivals.contains(&Cause::Forbidden), "{words}: {:?}", found.rivals);
    }
    for words in [
        "requested access to the resource is denied",
        "unsigned request is not allowed",
        "no policy allows it",
    ] {
        assert_ne!(refused(words).cause, Cause::PolicyBlocked, "{words}: {:?}", refused(words).rule);
    }
}

#[test]
fn a_layer_that_arrived_whole_and_does_not_unpack_is_not_damaged_on_its_way() {
    // containerd compares the digest first; the second stranger's fault h29.
    assert_all(
        Cause::UnpackFailed,
        &[
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to extract layer DIGEST: flate: \
             corrupt input before offset 1: unknown",
            "failed to pull and unpack image \"registry.acme.test/shop/cart:1\": failed to extract layer DIGEST: gzip: \
             invalid header: unknown",
        ],
    );
}

#[test]
fn a_child_that_was_never_fetched_speaks_of_the_platform_as_well() {
    // The second stranger's fault g06: an index with linux/386 alone, on containerd 2.3.
    let words = format!(
        "rpc error: code = NotFound desc = get image config descriptor: content digest {DIGEST}: not found"
    );
    let hypothesis = classify(words.as_bytes(), Context::default());
    assert_eq!((hypothesis.cause, hypothesis.confidence), (Cause::PlatformMismatch, Confidence::Weak));
    assert!(hypothesis.rivals.contains(&Cause::NodeStoreDamaged));
}
