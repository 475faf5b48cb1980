//! S15, S16: limits and failing registries.

use pullmedic_model::Cause::{RateLimited, RegistryUnavailable};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::finding::FindingState;
use pullmedic_model::probe::{Got, What};
use pullmedic_model::{Confidence, Stage};

use super::{CART, HOST, held};
use crate::support::{Registry, answered, at, case, got, run, with_header};

#[test]
fn s15_a_limit_at_the_manifest_is_the_pods_with_the_pods_login() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["regcred"]);
    let said = (RateLimited, Confidence::Certain, &[][..]);
    let words = case(CART).said(said, Stage::Manifest, HOST, 429, "429 Too Many Requests");
    let world = |ask: &pullmedic_model::probe::Ask| match ask.what {
        What::Manifest(_) => {
            let limited = answered(ask, 429, "TOOMANYREQUESTS: You have reached your pull rate limit.");
            with_header(with_header(limited, "retry-after", "3600"), "docker-ratelimit-source", "acme")
        }
        _ => registry.answer(ask),
    };
    let own = run(&words.clone().sends("regcred").0, world);
    held(&own, RateLimited, Proven);
    assert_eq!(own.verdict.evidence.limit_source.as_deref(), Some("acme"));
    assert_eq!(own.verdict.evidence.resets_at, Some(at(1 + 3600)));
    // Rule 12: anonymously it is the limit of our own address.
    let ours = run(&words.0, |ask| answered(ask, 429, ""));
    held(&ours, RateLimited, Likely);
    let node = run(&words.with(|case| case.on_node = true).0, |ask| answered(ask, 429, ""));
    held(&node, RateLimited, Proven);
}

#[test]
fn s15_docker_hubs_counted_get_is_not_spent_where_the_head_tells() {
    let image = "docker.io/acme/report:7";
    let said = (RateLimited, Confidence::Certain, &[][..]);
    let words = case(image).said(said, Stage::Manifest, "registry-1.docker.io", 429, "429").sends("regcred");
    let head = |left: &str| {
        let left = left.to_owned();
        run(&words.0, move |ask| {
            assert!(matches!(ask.what, What::ManifestHead(_)), "{ask:?}");
            let there = Got::Manifest { digest: None, media_type: String::new(), size: None, manifest: None };
            with_header(got(ask, there), "ratelimit-remaining", &left)
        })
    };
    held(&head("0;w=21600"), RateLimited, Proven);
    held(&head("57;w=21600"), RateLimited, Undecided);
}

#[test]
fn s16_a_registry_that_fails_is_proven_while_it_lasts() {
    let said = (RegistryUnavailable, Confidence::Certain, &[][..]);
    let words = case(CART).said(said, Stage::Manifest, HOST, 503, "503 Service Unavailable");
    held(&run(&words.0, |ask| answered(ask, 502, "")), RegistryUnavailable, Proven);
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let passes = run(&words.0, |ask| registry.answer(ask));
    held(&passes, RegistryUnavailable, Undecided);
    assert_eq!(passes.verdict.state, FindingState::Unknown);
    assert!(passes.verdict.missing.as_ref().unwrap().contains("the kubelet tries again at"), "{passes:#?}");
    let on_node = run(&words.with(|case| case.on_node = true).0, |ask| registry.answer(ask));
    assert_eq!(on_node.verdict.state, FindingState::Over);
}
