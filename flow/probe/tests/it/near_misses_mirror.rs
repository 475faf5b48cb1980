//! What a mirror has and the origin has not, and the reverse. The second stranger's faults g16, i11, k05.

use pullmedic_model::Cause::{
    BlobMissing, ContentCorrupt, MirrorMisconfigured, PlatformMismatch, PolicyBlocked, TagNotFound,
};
use pullmedic_model::Certainty::{Likely, Proven};
use pullmedic_model::probe::manifest::{Entry, Manifest, Platform};
use pullmedic_model::probe::{Ask, Ended, Got, Record, What};
use pullmedic_model::{Confidence, Endpoint, Stage};

use crate::scenarios::{CART, certain, held};
use crate::support::{Build, Registry, answered, case, part, run};

const MIRROR: &str = "mirror.acme.test";

/// A registry whose `4.1` is the index `tail` for these architectures, each of one layer.
fn holds(tail: &str, architectures: &[&str]) -> impl Fn(&Ask) -> Record {
    let mut registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let entries = architectures.iter().map(|architecture| Entry {
        manifest: part(&format!("a{tail}")),
        platform: Some(Platform {
            os: "linux".into(),
            architecture: (*architecture).into(),
            variant: String::new(),
        }),
        attestation: false,
    });
    let index = Manifest::Index(entries.collect());
    registry.manifests.insert(part(tail).digest, index);
    let layer = part(&format!("b{tail}"));
    let image = Manifest::Image { config: part(&format!("c{tail}")), layers: vec![layer] };
    registry.manifests.insert(part(&format!("a{tail}")).digest, image);
    let digest = part(tail).digest;
    let own = tail.to_owned();
    move |ask| {
        // A part of another image is not there.
        let is_other = |of: &str| !of.ends_with(&own);
        match &ask.what {
            What::BlobHead(of) | What::Blob(of) | What::Config(of) if is_other(of) => answered(ask, 404, ""),
            What::Manifest(of) if of.contains(':') && is_other(of) => answered(ask, 404, ""),
            _ => {
                let mut record = registry.answer(ask);
                if let (What::ManifestHead(of), Ended::Got(Got::Manifest { digest: given, .. })) =
                    (&ask.what, &mut record.ended)
                    && of == "4.1"
                {
                    *given = Some(digest.clone());
                }
                record
            }
        }
    }
}

fn without(world: impl Fn(&Ask) -> Record, tail: &str) -> impl Fn(&Ask) -> Record {
    let gone = part(tail).digest;
    move |ask| match &ask.what {
        What::BlobHead(of) if *of == gone => answered(ask, 404, ""),
        _ => world(ask),
    }
}

fn both(mirror: impl Fn(&Ask) -> Record, origin: impl Fn(&Ask) -> Record) -> impl Fn(&Ask) -> Record {
    move |ask| if ask.host.endpoint.as_str() == MIRROR { mirror(ask) } else { origin(ask) }
}

fn of_platform() -> Build {
    certain(PlatformMismatch, Stage::Platform, "no match for platform in manifest: not found").mirror(MIRROR)
}

fn of_layer() -> Build {
    certain(BlobMissing, Stage::Blob, "could not fetch content: not found").mirror(MIRROR)
}

#[test]
fn a_mirrors_old_copy_is_the_mirrors_fault_where_the_origin_alone_passes() {
    let layer = run(&of_layer().0, both(without(holds("01", &["amd64"]), "b01"), holds("02", &["amd64"])));
    let platform = run(&of_platform().0, both(holds("01", &["arm64"]), holds("02", &["amd64"])));
    for run in [layer, platform] {
        held(&run, MirrorMisconfigured, Proven);
        assert_eq!(run.verdict.endpoint, Endpoint::parse(MIRROR).ok());
        let summary = run.verdict.summary.as_deref().unwrap();
        assert!(
            summary.contains(MIRROR) && summary.contains("registry.acme.test alone gives it"),
            "{summary}"
        );
        assert!(run.transcript.len() <= 20);
    }
}

#[test]
fn what_the_origin_lacks_as_well_is_the_images_own_fault() {
    let platform = run(&of_platform().0, both(holds("01", &["arm64"]), holds("02", &["s390x"])));
    held(&platform, PlatformMismatch, Proven);
    assert_eq!(platform.verdict.evidence.platforms[0].architecture, "s390x");
    let summary = platform.verdict.summary.as_deref().unwrap();
    assert!(!summary.contains(MIRROR), "{summary}");
    let layer = run(
        &of_layer().0,
        both(without(holds("01", &["amd64"]), "b01"), without(holds("02", &["amd64"]), "b02")),
    );
    held(&layer, BlobMissing, Proven);
    assert_eq!(layer.verdict.evidence.damaged, Some(part("b02").digest));
}

#[test]
fn a_mirrors_content_tells_nothing_of_an_origin_that_does_not_answer() {
    for status in [403, 404, 503] {
        let origin = move |ask: &Ask| answered(ask, status, "");
        let platform = run(&of_platform().0, both(holds("01", &["arm64"]), origin));
        held(&platform, PlatformMismatch, Likely);
        let layer = run(&of_layer().0, both(without(holds("01", &["amd64"]), "b01"), origin));
        assert_ne!(layer.verdict.certainty, Proven, "{layer:#?}");
        for run in [platform, layer] {
            let summary = run.verdict.summary.as_deref().unwrap_or_default();
            assert!(!summary.contains("its source"), "{summary}");
        }
    }
    // The node's files leave the origin out.
    let alone = of_platform().with(|case| case.route.hosts.truncate(1));
    let run = run(&alone.0, holds("01", &["arm64"]));
    held(&run, PlatformMismatch, Likely);
    assert!(run.verdict.summary.as_deref().unwrap().contains("a mirror of the node"), "{run:#?}");
}

#[test]
fn bytes_that_only_a_mirror_has_damaged_are_the_mirrors_fault() {
    let leaf = format!("unexpected commit digest sha256:{}, expected {}", "e".repeat(64), part("b01").digest);
    let words = certain(ContentCorrupt, Stage::Blob, &leaf).mirror(MIRROR);
    let damaged = |ask: &Ask| match &ask.what {
        What::Blob(_) => {
            let mut record = holds("01", &["amd64"])(ask);
            record.ended = Ended::Got(Got::Blob { size: Some(10), whole: Some(false) });
            record
        }
        _ => holds("01", &["amd64"])(ask),
    };
    held(&run(&words.0, both(damaged, holds("01", &["amd64"]))), MirrorMisconfigured, Proven);
    held(&run(&words.0, both(damaged, damaged)), ContentCorrupt, Proven);
}

#[test]
fn r14_a_mirror_that_blocks_is_told_beside_what_the_origin_lacks() {
    let said = (PolicyBlocked, Confidence::Strong, &[][..]);
    let words = case(CART)
        .said(said, Stage::Manifest, MIRROR, 403, "403 Forbidden: repository is blocked by administrator")
        .mirror(MIRROR);
    let origin = Registry::open(&[("shop/cart", &["4.2"])]);
    let run = run(&words.0, |ask| match ask.host.endpoint.as_str() {
        MIRROR => answered(ask, 403, "DENIED: repository is blocked by administrator"),
        _ => origin.answer(ask),
    });
    held(&run, TagNotFound, Proven);
    assert_eq!(run.verdict.also, [PolicyBlocked]);
    let told = run.verdict.observations.iter().any(|seen| seen.text.as_str().contains("mirror mirror.acme"));
    assert!(told, "{:#?}", run.verdict.observations);
}
