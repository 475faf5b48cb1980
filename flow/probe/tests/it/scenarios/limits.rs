//! S15, S16: limits and failing registries.

use pullmedic_model::Cause::{BadCredentials, NoCredentials, RateLimited, RegistryUnavailable};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::finding::FindingState;
use pullmedic_model::probe::{Got, What};
use pullmedic_model::{Confidence, Stage};

use super::{CART, HOST, held};
use crate::support::{Registry, answered, at, case, challenged, got, part, run, with_header};

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

/// containerd's words for a manifest that it resolved by HEAD and could not fetch, in 1.6 and 2.x.
fn fetch_refused(host: &str) -> [String; 2] {
    let url = format!("https://{host}/v2/library/cache/manifests/{}", part("d1").digest);
    [
        format!(
            "failed to copy: httpReadSeeker: failed open: unexpected status code {url}: 429 Too Many Requests"
        ),
        format!(
            "failed to copy: httpReadSeeker: failed open: unexpected status from GET request to {url}: 429"
        ),
    ]
}

#[test]
fn s15_a_limit_of_gets_is_reproduced_by_one_get_though_head_passes() {
    let hub = "registry-1.docker.io";
    let registry = Registry::closed(&[("library/cache", &["7.4"])], &["regcred"]);
    for leaf in fetch_refused(hub) {
        let said = (RateLimited, Confidence::Certain, &[][..]);
        let words = case("docker.io/library/cache:7.4").said(said, Stage::Manifest, hub, 429, &leaf);
        let limited = run(&words.clone().sends("regcred").0, |ask| match ask.what {
            What::Manifest(_) => {
                let limited = answered(ask, 429, "TOOMANYREQUESTS: You have reached your pull rate limit.");
                with_header(with_header(limited, "retry-after", "1200"), "docker-ratelimit-source", "robot")
            }
            _ => registry.answer(ask),
        });
        held(&limited, RateLimited, Proven);
        let digest = part("d1").digest;
        let asked: Vec<_> = limited.transcript.iter().map(|record| record.ask.what.clone()).collect();
        assert_eq!(asked, [What::ManifestHead("7.4".into()), What::Manifest(digest)]);
        let verdict = &limited.verdict;
        assert_eq!(verdict.evidence.resets_at, Some(at(1 + 1200)));
        let summary = verdict.summary.as_deref().unwrap();
        assert!(summary.contains("counted for robot; it lets in again at 2026-11-22T16:40:01Z"), "{summary}");
        let told = verdict.observations.iter().any(|seen| seen.text.as_str().contains("counts as a pull"));
        assert!(told, "{verdict:#?}");
        // The limit is over by now: one GET told so, and no second is spent.
        let over = run(&words.clone().sends("regcred").0, |ask| registry.answer(ask));
        held(&over, RateLimited, Undecided);
        assert_eq!(over.transcript.len(), 2, "{over:#?}");
        // Rule 12: without the pod's login it is our own address that is counted.
        let ours = run(&words.0, |ask| match ask.what {
            What::Manifest(_) => answered(ask, 429, ""),
            _ => Registry::open(&[("library/cache", &["7.4"])]).answer(ask),
        });
        held(&ours, RateLimited, Likely);
    }
}

#[test]
fn s15_a_get_that_is_refused_with_another_status_is_replayed_as_a_get_too() {
    let registry = Registry::open(&[("library/cache", &["7.4"])]);
    let words = |leaf: &str| {
        let said = (NoCredentials, Confidence::Weak, &[BadCredentials][..]);
        case("registry.acme.test/library/cache:7.4").said(said, Stage::Manifest, HOST, 401, leaf)
    };
    let leaf = fetch_refused(HOST)[1].replace("429", "401");
    let world = |ask: &pullmedic_model::probe::Ask| match ask.what {
        What::Manifest(_) => challenged(ask, "basic", HOST, None),
        _ => registry.answer(ask),
    };
    let fetched = run(&words(&leaf).0, world);
    assert_eq!(fetched.verdict.ladder.as_ref().unwrap().rungs.last().unwrap().failed.as_deref(), Some("401"));
    // Words of a HEAD are replayed by a HEAD alone.
    let resolved =
        run(&words(&leaf.replace("GET", "HEAD").replace("httpReadSeeker: failed open: ", "")).0, |ask| {
            assert!(matches!(ask.what, What::ManifestHead(_)), "{ask:?}");
            world(ask)
        });
    assert_eq!(resolved.transcript.len(), 1);
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
    assert_eq!(on_node.verdict.state, FindingState::Unknown);
}
