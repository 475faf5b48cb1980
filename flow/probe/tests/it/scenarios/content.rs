//! S17, S18, S19, S30: what is read after the image was resolved.

use pullmedic_model::Cause::{
    BlobMissing, ContentCorrupt, DigestNotFound, PlatformMismatch, StaleImage, UnsupportedManifest,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::probe::What;
use pullmedic_model::probe::manifest::{Entry, Manifest, Platform};
use pullmedic_model::probe::{Ended, Got};
use pullmedic_model::{Confidence, Stage};

use super::{CART, HOST, certain, held};
use crate::support::{Registry, case, part, run};

fn platform(architecture: &str) -> Platform {
    Platform { os: "linux".into(), architecture: architecture.into(), variant: String::new() }
}

fn whole() -> Registry {
    let mut registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let entry = |architecture: &str, tail: &str| Entry {
        manifest: part(tail),
        platform: Some(platform(architecture)),
        attestation: false,
    };
    let image =
        Manifest::Image { config: part("c0"), layers: (1..=5).map(|n| part(&format!("b{n}"))).collect() };
    registry
        .manifests
        .insert(part("d1").digest, Manifest::Index(vec![entry("arm64", "a64"), entry("amd64", "a86")]));
    registry.manifests.insert(part("a86").digest, image);
    registry
}

#[test]
fn s17_an_index_without_the_nodes_platform() {
    let words = certain(PlatformMismatch, Stage::Platform, "no match for platform in manifest: not found");
    let mut registry = whole();
    let arm = Entry { manifest: part("a64"), platform: Some(platform("arm64")), attestation: false };
    registry.manifests.insert(part("d1").digest, Manifest::Index(vec![arm]));
    let run_arm = run(&words.0, |ask| registry.answer(ask));
    held(&run_arm, PlatformMismatch, Proven);
    assert_eq!(run_arm.verdict.evidence.platforms, [platform("arm64")]);
    // What the tag points to is asked for twice more, by HEAD.
    assert_eq!(run_arm.transcript.len(), 4);
    // The third stranger's fault m17: one of two replicas has an older index under the tag.
    let lagging = run(&words.0, |ask| {
        let mut record = registry.answer(ask);
        if let (1.., Ended::Got(Got::Manifest { digest, .. })) = (ask.again, &mut record.ended) {
            *digest = Some(format!("sha256:{}", "cd".repeat(32)));
        }
        record
    });
    held(&lagging, PlatformMismatch, Undecided);
    // The index has it now: nothing is proven.
    let there = run(&words.0, |ask| whole().answer(ask));
    held(&there, PlatformMismatch, Undecided);
    // The node's platform is not known.
    let blind = run(&words.with(|case| case.platform = None).0, |ask| registry.answer(ask));
    held(&blind, PlatformMismatch, Likely);
    assert!(blind.verdict.missing.as_ref().unwrap().contains("get on nodes"));
}

#[test]
fn s18_a_layer_that_is_gone() {
    let mut registry = whole();
    registry.gone.insert(part("b4").digest);
    let blind = run(&certain(BlobMissing, Stage::Blob, "could not fetch content: not found").0, |ask| {
        registry.answer(ask)
    });
    held(&blind, BlobMissing, Proven);
    assert_eq!(blind.verdict.evidence.damaged, Some(part("b4").digest));
    // Where the words name it, no other is asked for.
    let leaf = format!("could not fetch content descriptor {} from remote: not found", part("b4").digest);
    let named = run(&certain(BlobMissing, Stage::Blob, &leaf).0, |ask| registry.answer(ask));
    held(&named, BlobMissing, Proven);
    assert_eq!(named.transcript.len(), 6);
    let passes = run(&certain(BlobMissing, Stage::Blob, &leaf).0, |ask| whole().answer(ask));
    held(&passes, BlobMissing, Undecided);
}

#[test]
fn s18_a_layer_that_only_the_mirror_lacks_is_not_gone() {
    let mut mirror = whole();
    mirror.gone.insert(part("b4").digest);
    let words = certain(BlobMissing, Stage::Blob, "not found").mirror("mirror.acme.test");
    let run = run(&words.0, |ask| match ask.host.endpoint.as_str() {
        "mirror.acme.test" => mirror.answer(ask),
        _ => whole().answer(ask),
    });
    assert_ne!(run.verdict.certainty, Proven, "{run:#?}");
}

#[test]
fn s19_the_one_part_that_the_words_name_is_read_whole() {
    let mut registry = whole();
    registry.damaged.insert(part("b2").digest);
    let leaf = format!(
        "unexpected commit digest sha256:{}, expected {}: failed precondition",
        "e".repeat(64),
        part("b2").digest
    );
    let words = certain(ContentCorrupt, Stage::Blob, &leaf);
    let damaged = run(&words.0, |ask| registry.answer(ask));
    held(&damaged, ContentCorrupt, Proven);
    assert_eq!(damaged.verdict.evidence.damaged, Some(part("b2").digest));
    let reads = damaged.transcript.iter().filter(|record| matches!(record.ask.what, What::Blob(_))).count();
    assert_eq!(reads, 1);
    held(&run(&words.0, |ask| whole().answer(ask)), ContentCorrupt, Undecided);
}

#[test]
fn a_chart_is_no_image() {
    let mut registry = whole();
    let chart = Manifest::Artifact("application/vnd.cncf.helm.config.v1+json".into());
    registry.manifests.insert(part("d1").digest, chart);
    let words = certain(UnsupportedManifest, Stage::Unpack, "mismatched image rootfs and manifest layers");
    held(&run(&words.0, |ask| registry.answer(ask)), UnsupportedManifest, Proven);
}

#[test]
fn a_digest_that_is_gone_while_its_repository_is_there() {
    let image = format!("registry.acme.test/shop/cart:4.1@sha256:{}", "0".repeat(64));
    let said = (DigestNotFound, Confidence::Strong, &[][..]);
    let words = case(&image).said(said, Stage::Manifest, HOST, None, "not found");
    let registry = Registry::open(&[("shop/cart", &["4.1", "4.2"])]);
    let run = run(&words.0, |ask| registry.answer(ask));
    held(&run, DigestNotFound, Proven);
    assert_eq!(run.verdict.evidence.digest_now, Some(part("d1").digest));
}

#[test]
fn without_words_the_origins_own_state_is_proven() {
    let mut registry = whole();
    registry.gone.insert(part("b4").digest);
    held(&run(&case(CART).0, |ask| registry.answer(ask)), BlobMissing, Proven);
}

#[test]
fn s30_a_tag_that_points_elsewhere_than_what_runs() {
    let runs = |tail: &str| {
        let digest = part(tail).digest;
        run(&case(CART).with(|case| case.runs = Some(digest)).0, |ask| whole().answer(ask))
    };
    let moved = runs("01d");
    held(&moved, StaleImage, Proven);
    assert_eq!(moved.verdict.evidence.digest_now, Some(part("d1").digest));
    // The index itself, or its manifest for the platform, runs.
    for tail in ["d1", "a86"] {
        assert_ne!(runs(tail).verdict.cause, StaleImage, "{tail}");
    }
}

#[test]
fn a_long_image_is_asked_in_part_and_the_verdict_says_so() {
    let mut registry = whole();
    let layers = (0..40).map(|n| part(&format!("f{n}"))).collect();
    registry.manifests.insert(part("a86").digest, Manifest::Image { config: part("c0"), layers });
    let run = run(&case(CART).0, |ask| registry.answer(ask));
    assert!(run.transcript.len() <= 20);
    assert!(
        run.verdict.not_looked_at.iter().any(|what| what.contains("9 of the image's 40 parts")),
        "{run:#?}"
    );
}
