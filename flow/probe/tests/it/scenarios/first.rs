//! The first path: logins, tags, names, connections, TLS.

use pullmedic_model::Cause::{
    BadCredentials, ConnectionRefused, Dns, NoCredentials, Proxy, RegistryUnavailable, RepositoryNotFound,
    TagNotFound, TlsUnknownAuthority,
};
use pullmedic_model::Certainty::{Proven, Undecided};
use pullmedic_model::probe::Class;
use pullmedic_model::{Cause, Confidence, Stage};

use super::{HOST, bare_401, not_found};
use crate::support::{Registry, case, refused, run};

#[test]
fn s01_a_tag_that_the_list_lacks_is_not_found() {
    let registry = Registry::open(&[("shop/cart", &["1.28", "1.29", "1.30"])]);
    let run = run(&not_found("registry.acme.test/shop/cart:1.92").0, |ask| registry.answer(ask));
    assert_eq!((run.verdict.cause, run.verdict.certainty), (TagNotFound, Proven), "{run:#?}");
    assert_eq!(run.verdict.evidence.there[0].0, "1.29");
    // What decides comes three times.
    assert_eq!(run.transcript.len(), 5);
}

#[test]
fn s02_a_repository_with_two_letters_swapped() {
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let run = run(&not_found("registry.acme.test/shop/crat:4.1").0, |ask| registry.answer(ask));
    assert_eq!((run.verdict.cause, run.verdict.certainty), (RepositoryNotFound, Proven), "{run:#?}");
    assert_eq!(run.verdict.evidence.repositories_there, ["shop/cart"]);
    assert!(run.transcript.len() <= 7, "{}", run.transcript.len());
}

#[test]
fn s04_a_login_that_passes_proves_that_none_was_sent() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["regcred"]);
    let case = bare_401("registry.acme.test/shop/cart:4.1").candidate("regcred", "Deployment/web");
    let run = run(&case.0, |ask| registry.answer(ask));
    assert_eq!((run.verdict.cause, run.verdict.certainty), (NoCredentials, Proven), "{run:#?}");
    assert_eq!(run.verdict.evidence.repair_used_by.as_deref(), Some("Deployment/web"));
    // What decides comes three times, what repairs twice.
    assert_eq!(run.transcript.len(), 5);
}

#[test]
fn s05_a_wrong_password_beside_one_that_works() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let case =
        bare_401("registry.acme.test/shop/cart:4.1").sends("stale").candidate("good", "Deployment/web");
    let run = run(&case.0, |ask| registry.answer(ask));
    assert_eq!((run.verdict.cause, run.verdict.certainty), (BadCredentials, Proven), "{run:#?}");
    // A login that was refused is not sent a third time.
    assert!(run.transcript.len() <= 5);
}

#[test]
fn s09_s10_s12_a_fault_below_http_is_proven_by_meeting_it() {
    for (cause, rivals, stage, class, leaf) in [
        (Dns, &[RegistryUnavailable, Proxy] as &[Cause], Stage::Name, Class::NoSuchName, "no such host"),
        (Dns, &[], Stage::Name, Class::NameServerFailed, "server misbehaving"),
        (
            ConnectionRefused,
            &[Proxy, RegistryUnavailable],
            Stage::Connect,
            Class::Refused,
            "connection refused",
        ),
        (TlsUnknownAuthority, &[Proxy], Stage::Tls, Class::UnknownAuthority, "unknown authority"),
    ] {
        let case = case("registry.acme.test/shop/cart:4.1").said(
            (cause, Confidence::Certain, rivals),
            stage,
            HOST,
            None,
            leaf,
        );
        let run = run(&case.0, |ask| refused(ask, stage, class));
        assert_eq!((run.verdict.cause, run.verdict.certainty), (cause, Proven), "{run:#?}");
        assert_eq!(run.transcript.len(), 1);
    }
}

#[test]
fn a_laptop_off_the_vpn_proves_nothing() {
    let case = bare_401("registry.acme.test/shop/cart:4.1").candidate("regcred", "Deployment/web");
    let run = run(&case.0, |ask| refused(ask, Stage::Name, Class::NoSuchName));
    assert_eq!((run.verdict.cause, run.verdict.certainty), (NoCredentials, Undecided), "{run:#?}");
    assert!(!run.sent("regcred"));
}
