//! Other hosts that hold the same content while the origin is at fault.

use pullmedic_model::Cause::{self, ConnectionRefused, NoCredentials, RateLimited, RegistryUnavailable};
use pullmedic_model::Certainty::{Proven, Undecided};
use pullmedic_model::probe::{Ask, Class, Record, What};
use pullmedic_model::{Confidence, Stage};

use super::{CART, HOST, bare_401, certain, held};
use crate::support::{Build, Registry, answered, case, host, part, refused, run};

const OTHER: &str = "mirror.acme.test";

fn at_other(build: Build) -> Build {
    build.with(|case| case.elsewhere.push(host(OTHER, pullmedic_model::probe::Role::Origin)))
}

fn words(cause: Cause, status: u16) -> Build {
    let leaf = format!("unexpected status from GET request to https://{HOST}/v2/shop/cart/manifests/4.1");
    let build = case(CART).said((cause, Confidence::Certain, &[]), Stage::Manifest, HOST, status, &leaf);
    at_other(build.sends("regcred"))
}

/// The origin gives the digest to a HEAD and refuses the GET.
fn origin(ask: &Ask, status: u16) -> Record {
    match ask.what {
        What::Manifest(_) => answered(ask, status, ""),
        _ => Registry::closed(&[("shop/cart", &["4.1"])], &["regcred"]).answer(ask),
    }
}

#[test]
fn another_host_of_the_cluster_that_holds_the_same_digest_is_found_without_a_login() {
    for (cause, status) in [(RateLimited, 429), (RegistryUnavailable, 503)] {
        let run = run(&words(cause, status).0, |ask| match ask.host.endpoint.as_str() {
            OTHER => Registry::open(&[("shop/cart", &["4.0"])]).answer(ask),
            _ => origin(ask, status),
        });
        held(&run, cause, Proven);
        let mirror = run.verdict.evidence.mirror_with_same_digest.as_ref().unwrap();
        assert_eq!(mirror.as_str(), OTHER);
        let asked = run.transcript.iter().filter(|record| record.ask.host.endpoint.as_str() == OTHER);
        let asked: Vec<_> = asked.map(|record| (record.ask.what.clone(), record.ask.login.clone())).collect();
        assert_eq!(asked, [(What::ManifestHead(part("d1").digest), None)]);
        assert!(run.verdict.observations.iter().any(|seen| seen.text.as_str().starts_with(OTHER)));
    }
}

#[test]
fn another_host_that_fails_changes_nothing_of_the_verdict() {
    let build = words(RateLimited, 429);
    let alone = run(&build.clone().with(|case| case.elsewhere.clear()).0, |ask| origin(ask, 429)).verdict;
    type Answer = fn(&Ask) -> Record;
    let answers: [Answer; 5] = [
        |ask| answered(ask, 404, "MANIFEST_UNKNOWN: no"),
        |ask| answered(ask, 429, ""),
        |ask| answered(ask, 401, ""),
        |ask| refused(ask, Stage::Name, Class::NoSuchName),
        |ask| crate::support::not_asked(ask, pullmedic_model::probe::record::NotAsked::Budget),
    ];
    for answer in answers {
        let verdict = run(&build.0, |ask| match ask.host.endpoint.as_str() {
            OTHER => answer(ask),
            _ => origin(ask, 429),
        })
        .verdict;
        assert_eq!(
            (verdict.cause, verdict.certainty, &verdict.missing, &verdict.rivals, &verdict.not_looked_at),
            (alone.cause, alone.certainty, &alone.missing, &alone.rivals, &alone.not_looked_at)
        );
        assert_eq!(verdict.evidence.mirror_with_same_digest, None);
    }
}

#[test]
fn an_image_by_digest_is_looked_for_where_its_origin_cannot_be_reached() {
    let image = format!("{HOST}/shop/cart@{}", part("d1").digest);
    let words = at_other(certain(ConnectionRefused, Stage::Connect, "connection refused"))
        .with(|case| case.image = image);
    let run_digest = run(&words.0, |ask| match ask.host.endpoint.as_str() {
        OTHER => Registry::open(&[("shop/cart", &["4.0"])]).answer(ask),
        _ => refused(ask, Stage::Connect, Class::Refused),
    });
    held(&run_digest, ConnectionRefused, Proven);
    assert!(run_digest.verdict.evidence.mirror_with_same_digest.is_some());
    // Of a tag nobody knows the digest, and another host's tag may be another image.
    let tag = at_other(certain(ConnectionRefused, Stage::Connect, "connection refused"));
    let run_tag = run(&tag.0, |ask| {
        assert_eq!(ask.host.endpoint.as_str(), HOST);
        refused(ask, Stage::Connect, Class::Refused)
    });
    held(&run_tag, ConnectionRefused, Proven);
}

#[test]
fn who_lacks_a_login_is_sent_nowhere_else() {
    let image = format!("{HOST}/shop/cart@{}", part("d1").digest);
    let run = run(&at_other(bare_401(&image)).0, |ask| {
        assert_eq!(ask.host.endpoint.as_str(), HOST);
        Registry::closed(&[], &[]).answer(ask)
    });
    held(&run, NoCredentials, Undecided);
}
