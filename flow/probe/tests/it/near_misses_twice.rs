//! What one answer seemed to prove, and the next one, or a neighbour's, took back. The second stranger's faults g10 to g12,
//! g29b, g36, h10.

use pullmedic_model::Cause::{
    BadCredentials, BlobMissing, Forbidden, NoCredentials, PolicyBlocked, RegistryUnavailable, TagNotFound,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::probe::case::{Otherwise, Taken};
use pullmedic_model::probe::{Ask, Class, Record, What};
use pullmedic_model::{Endpoint, Stage};

use pullmedic_probe::Limits;

use crate::scenarios::{CART, HOST, bare_401, certain, not_found};
use crate::support::{Build, Registry, answered, refused, run, run_with};

fn tagged(tags: &[&str]) -> Registry {
    Registry::open(&[("shop/cart", tags)])
}

#[test]
fn a_tag_that_is_there_the_next_time_is_not_absent() {
    for flips in [1, 2] {
        let run = run(&not_found("registry.acme.test/shop/cart:2.0").0, |ask| match &ask.what {
            What::ManifestHead(tag) if tag == "2.0" && ask.again == flips => {
                tagged(&["1.0", "2.0"]).answer(ask)
            }
            _ => tagged(&["1.0"]).answer(ask),
        });
        assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
        assert!(run.is_open(RegistryUnavailable), "{run:#?}");
        assert!(run.verdict.missing.as_ref().unwrap().contains("now this way and now that"), "{run:#?}");
    }
}

#[test]
fn what_there_was_no_budget_to_ask_is_likely_at_most() {
    let case = not_found("registry.acme.test/shop/cart:2.0");
    let cut = |requests| {
        let limits = Limits { requests, ..Limits::default() };
        run_with(&case.0, &limits, |ask| tagged(&["1.0"]).answer(ask)).verdict
    };
    assert_eq!(cut(20).certainty, Proven);
    for requests in 1..3 {
        assert_ne!(cut(requests).certainty, Proven, "{requests}");
    }
}

#[test]
fn a_login_that_passes_once_and_is_refused_the_next_time_repairs_nothing() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let none_of_them = Registry::closed(&[("shop/cart", &["4.1"])], &[]);
    let flapping = |ask: &Ask| if ask.again == 0 { registry.answer(ask) } else { none_of_them.answer(ask) };
    for case in [bare_401(CART), bare_401(CART).sends("stale")] {
        let run = run(&case.candidate("good", "Deployment/web").0, flapping);
        assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
        assert!(run.is_open(RegistryUnavailable), "{run:#?}");
    }
}

#[test]
fn a_layer_that_is_there_the_next_time_is_not_missing() {
    let gone = |ask: &Ask| -> Record {
        match &ask.what {
            What::BlobHead(_) if ask.again == 0 => refused(ask, Stage::Blob, Class::Status(404)),
            _ => tagged(&["4.1"]).answer(ask),
        }
    };
    let run = run(&certain(BlobMissing, Stage::Blob, "could not fetch content: not found").0, gone);
    assert_ne!(run.verdict.certainty, Proven, "{run:#?}");
}

#[test]
fn a_login_that_was_refused_is_not_sent_a_third_time() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let case = bare_401(CART).sends("stale").candidate("good", "Deployment/web");
    let run = run(&case.0, |ask| registry.answer(ask));
    assert_eq!((run.verdict.cause, run.verdict.certainty), (BadCredentials, Proven), "{run:#?}");
    let sent = run
        .transcript
        .iter()
        .filter(|record| record.ask.login.as_ref().is_some_and(|login| login.secret == "stale"));
    assert!(sent.count() <= 2, "{run:#?}");
}

fn refused_on_a_node(status: u16) -> impl Fn(Build) -> Build {
    move |build| {
        build.with(|case| {
            case.beside.otherwise.push(Otherwise {
                endpoint: Endpoint::parse(HOST).unwrap(),
                status,
                node: Some("node-a".to_owned()),
                image: "registry.acme.test/shop/other:1".to_owned(),
            });
        })
    }
}

#[test]
fn a_host_that_refuses_a_node_what_it_gives_us_is_not_judged_from_here() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let case = || bare_401(CART).candidate("good", "Deployment/web");
    let alone = run(&case().0, |ask| registry.answer(ask));
    assert_eq!((alone.verdict.cause, alone.verdict.certainty), (NoCredentials, Proven));
    let beside = run(&refused_on_a_node(401)(case()).0, |ask| registry.answer(ask));
    assert_ne!(beside.verdict.certainty, Proven, "{beside:#?}");
    // Another status is another matter.
    let other = run(&refused_on_a_node(404)(case()).0, |ask| registry.answer(ask));
    assert_eq!(other.verdict.certainty, Proven, "{other:#?}");
}

#[test]
fn a_404_beside_one_that_passes_from_here_is_likely_at_most() {
    let absent = refused_on_a_node(404)(not_found("registry.acme.test/shop/cart:9"));
    let run = run(&absent.0, |ask| tagged(&["4.1"]).answer(ask));
    assert_eq!((run.verdict.cause, run.verdict.certainty), (TagNotFound, Likely), "{run:#?}");
}

fn taken(repository: &str) -> impl Fn(Build) -> Build + '_ {
    move |build| {
        build.with(|case| {
            case.beside.taken.push(Taken {
                endpoint: Endpoint::parse(HOST).unwrap(),
                identity: "mark-robot".to_owned(),
                repository: repository.to_owned(),
            });
        })
    }
}

#[test]
fn a_login_that_was_taken_for_a_neighbour_is_no_bad_one() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let case = || bare_401(CART).sends("robot").candidate("good", "Deployment/web");
    let elsewhere = run(&taken("shop/other")(case()).0, |ask| registry.answer(ask));
    assert_ne!(elsewhere.verdict.cause, BadCredentials, "{elsewhere:#?}");
    let same = run(&taken("shop/cart")(case()).0, |ask| registry.answer(ask));
    assert_eq!(same.verdict.certainty, Undecided, "{same:#?}");
    assert!(!(same.verdict.cause == Forbidden && same.verdict.certainty == Proven));
}

#[test]
fn a_digest_that_a_tag_of_the_repository_names_is_not_absent() {
    let hex = "ab".repeat(32);
    let wanted = format!("sha256:{hex}");
    let image = format!("registry.acme.test/shop/cart@{wanted}");
    let run = run(&not_found(&image).0, |ask| match &ask.what {
        What::ManifestHead(digest) if *digest == wanted => answered(ask, 404, ""),
        What::ManifestHead(_) => {
            let mut record = tagged(&["2.0"]).answer(ask);
            if let pullmedic_model::probe::Ended::Got(pullmedic_model::probe::Got::Manifest {
                digest, ..
            }) = &mut record.ended
            {
                *digest = Some(wanted.clone());
            }
            record
        }
        _ => tagged(&["2.0"]).answer(ask),
    });
    assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
    assert!(run.is_open(PolicyBlocked), "{run:#?}");
}
