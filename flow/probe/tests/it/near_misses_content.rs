//! What must not be proven or said of what was read: manifests, platforms, pages, mirrors.

use pullmedic_model::Cause::{
    BlobMissing, ContentCorrupt, NodeStoreDamaged, PlatformMismatch, RegistryUnavailable, RepositoryNotFound,
    TagNotFound,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::probe::manifest::{Entry, Manifest, Platform};
use pullmedic_model::probe::{Class, What};
use pullmedic_model::{Captured, Confidence, Endpoint, Stage};

use crate::scenarios::{CART, bare_401, certain, held, not_found};
use crate::support::{Registry, answered, case, part, refused, run};

fn index(platforms: &[(&str, &str)], attestation: bool) -> Registry {
    let mut registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let entries = platforms.iter().map(|(architecture, variant)| Entry {
        manifest: part("a64"),
        platform: Some(Platform {
            os: "linux".into(),
            architecture: (*architecture).into(),
            variant: (*variant).into(),
        }),
        attestation,
    });
    registry.manifests.insert(part("d1").digest, Manifest::Index(entries.collect()));
    let image = Manifest::Image { config: part("c0"), layers: vec![part("b1")] };
    registry.manifests.insert(part("a64").digest, image);
    registry
}

#[test]
fn a_level_that_the_node_does_not_take_is_another_platform_and_386_is_none() {
    let words = certain(PlatformMismatch, Stage::Platform, "no match for platform in manifest: not found");
    let level = run(&words.0, |ask| index(&[("amd64", "v3"), ("arm64", "v8")], false).answer(ask));
    held(&level, PlatformMismatch, Proven);
    let summary = level.verdict.summary.as_deref().unwrap();
    assert!(summary.contains("linux/amd64/v3, linux/arm64/v8, and the node is linux/amd64"), "{summary}");
    assert_eq!(level.verdict.evidence.platforms[0].variant, "v3");
    let compatible = run(&words.0, |ask| index(&[("386", ""), ("arm64", "")], false).answer(ask));
    held(&compatible, PlatformMismatch, Undecided);
    assert!(compatible.verdict.evidence.platforms.iter().all(|platform| platform.architecture != "amd64"));
    // Attestations only.
    let none = run(&words.0, |ask| index(&[("unknown", "")], true).answer(ask));
    held(&none, PlatformMismatch, Proven);
    assert!(none.verdict.summary.as_deref().unwrap().contains("no image for any platform"), "{none:#?}");
}

#[test]
fn words_of_a_child_that_was_not_fetched_are_replayed() {
    // containerd 2.3 of an index without the node's platform.
    let child = part("a64").digest;
    let leaf = format!("get image config descriptor: content digest {child}: not found");
    let said = (PlatformMismatch, Confidence::Weak, &[NodeStoreDamaged, BlobMissing][..]);
    let words = case(CART).said(said, Stage::Platform, "", None, &leaf);
    held(&run(&words.0, |ask| index(&[("arm64", "")], false).answer(ask)), PlatformMismatch, Proven);
    // Of one with a child that an older containerd takes.
    held(&run(&words.0, |ask| index(&[("386", "")], false).answer(ask)), PlatformMismatch, Likely);
    for there in [&[("amd64", "")][..], &[("386", ""), ("amd64", "")]] {
        let run = run(&words.0, |ask| index(there, false).answer(ask));
        held(&run, PlatformMismatch, Undecided);
        assert!(run.is_open(NodeStoreDamaged), "{run:#?}");
    }
}

#[test]
fn a_web_page_in_the_manifests_place_is_no_part_that_is_missing() {
    let words = certain(BlobMissing, Stage::Blob, "could not fetch content descriptor").with(|case| {
        case.words.as_mut().unwrap().text =
            Captured::new("could not fetch content descriptor sha256:9f (text/html) from remote: not found");
    });
    let page = run(&words.0, |ask| refused(ask, Stage::Manifest, Class::NotARegistry));
    held(&page, RegistryUnavailable, Undecided);
    assert!(page.is_open(BlobMissing));
    let missing = page.verdict.missing.as_deref().unwrap();
    assert!(!missing.contains("earlier stage") && missing.contains("crictl pull"), "{missing}");
}

#[test]
fn a_digest_that_the_tag_names_and_nobody_has_is_no_part_that_is_missing() {
    let words = certain(BlobMissing, Stage::Blob, "content at https://r/v2/x/manifests/sha256:ab not found");
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let run = run(&words.0, |ask| match &ask.what {
        What::Manifest(_) => answered(ask, 404, "MANIFEST_UNKNOWN: no"),
        _ => registry.answer(ask),
    });
    held(&run, BlobMissing, Undecided);
    assert!(run.is_open(RegistryUnavailable), "{run:#?}");
    let summary = run.verdict.summary.as_deref().unwrap();
    assert!(summary.contains("names a manifest") && summary.contains("404"), "{summary}");
    assert!(run.verdict.missing.as_deref().unwrap().contains("the manifest itself is not given"), "{run:#?}");
    let rungs = &run.verdict.ladder.as_ref().unwrap().rungs;
    assert!(rungs.iter().any(|rung| rung.failed.as_deref() == Some("404")), "{rungs:?}");
}

#[test]
fn the_nodes_own_fault_met_at_an_earlier_stage_is_told_as_such() {
    let words = certain(ContentCorrupt, Stage::Blob, "unexpected commit digest");
    let run = run(&words.0, |ask| refused(ask, Stage::Manifest, Class::WrongContent));
    held(&run, ContentCorrupt, Likely);
    let missing = run.verdict.missing.as_deref().unwrap();
    assert!(missing.contains("the same comes at an earlier stage already: wrong content"), "{missing}");
}

#[test]
fn r14_a_mirror_that_has_it_not_either_is_the_nodes_own_answer() {
    let build = not_found(CART).mirror("mirror.acme.test").with(|case| {
        case.route.hosts.truncate(1);
    });
    let alike = run(&build.0, |ask| answered(ask, 404, ""));
    held(&alike, TagNotFound, Undecided);
    let missing = alike.verdict.missing.as_deref().unwrap();
    assert!(!missing.contains("otherwise") && missing.contains("the origin was not asked"), "{missing}");
    // A status that the words give to the image's own host is that host's.
    let named = build.with(|case| {
        let words = case.words.as_mut().unwrap();
        words.status = Some(404);
        words.endpoint = Endpoint::parse("registry.acme.test").ok();
    });
    let other = run(&named.0, |ask| answered(ask, 404, ""));
    assert!(other.verdict.missing.as_deref().unwrap().contains("otherwise"), "{other:#?}");
}

#[test]
fn a_challenge_that_is_missing_is_told_as_what_no_secret_mends() {
    let run = run(&bare_401(CART).0, |ask| answered(ask, 401, ""));
    assert_eq!(run.verdict.certainty, Undecided);
    let (summary, missing) =
        (run.verdict.summary.as_deref().unwrap(), run.verdict.missing.as_deref().unwrap());
    assert!(summary.contains("no secret can help") && !missing.contains("--secret"), "{summary} {missing}");
}

#[test]
fn the_headline_of_an_undecided_verdict_asserts_nothing_and_its_lack_names_an_action() {
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let hides = not_found(CART).with(|case| case.runs_for = vec!["Deployment/ops".into()]);
    for (build, world) in [
        (hides, Box::new(|ask: &_| answered(ask, 404, "")) as Box<dyn Fn(&_) -> _>),
        (not_found("registry.acme.test/shop/crat:4.1"), Box::new(|ask: &_| answered(ask, 404, ""))),
        (not_found(CART), Box::new(|ask: &_| answered(ask, 403, ""))),
        (bare_401(CART), Box::new(|ask: &_| answered(ask, 403, ""))),
    ] {
        let run = run(&build.0, world);
        assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
        let summary = run.verdict.summary.as_deref().unwrap();
        assert!(summary.contains(" may "), "{summary}");
        assert!(!summary.contains("refuse") || run.verdict.status != Some(404), "{summary}");
        let missing = run.verdict.missing.as_deref().unwrap();
        assert!(
            ["crictl", "--secret", "a login", "ask"].iter().any(|act| missing.contains(act)),
            "{missing}"
        );
    }
    let strong = certain(RepositoryNotFound, Stage::Manifest, "not found").with(|case| {
        case.words.as_mut().unwrap().confidence = Confidence::Strong;
    });
    let passes = run(&strong.0, |ask| registry.answer(ask));
    assert!(passes.verdict.missing.as_deref().unwrap().contains("crictl pull"), "{passes:#?}");
}
