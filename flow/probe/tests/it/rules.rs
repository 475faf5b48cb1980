//! The sixteen rules of the law, each with the counterexample that made it. Where a rule has several, the others stand in
//! `near_misses`.

use pullmedic_model::Cause::{
    BadCredentials, ConnectTimeout, ConnectionRefused, CredentialProviderFailed, Dns, NoCredentials,
    NotFoundOrDenied, RateLimited, RegistryUnavailable, RepositoryNotFound, SandboxImage, TagNotFound,
    TlsUnknownAuthority, UpstreamOfCacheFailed,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::finding::FindingState;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::record::NotAsked;
use pullmedic_model::probe::{Class, What};
use pullmedic_model::{Confidence, Stage};
use pullmedic_probe::judge;

use crate::scenarios::{CART, HOST, bare_401, certain, held, not_found};
use crate::support::{Registry, answered, at, case, challenged, not_asked, refused, run, with_header};

fn private() -> Registry {
    Registry::closed(&[("shop/cart", &["4.1"])], &["good"])
}

fn open() -> Registry {
    Registry::open(&[("shop/cart", &["4.1", "4.2"])])
}

#[test]
fn r01_a_replay_that_stops_earlier_tells_of_its_own_vantage() {
    for (stage, class) in [
        (Stage::Name, Class::NoSuchName),
        (Stage::Connect, Class::ConnectTimeout),
        (Stage::Tls, Class::UnknownAuthority),
    ] {
        let run = run(&bare_401(CART).candidate("good", "x").0, |ask| refused(ask, stage, class));
        held(&run, NoCredentials, Undecided);
        for cause in [Dns, ConnectTimeout, TlsUnknownAuthority] {
            assert!(run.verdict.rivals.iter().all(|rival| rival.code != cause), "{stage}: {cause}");
        }
    }
}

#[test]
fn r02_a_loopback_name_is_another_machine() {
    let words = |on_node| {
        case("localhost:5000/shop/cart:4.1")
            .said(
                (ConnectionRefused, Confidence::Certain, &[]),
                Stage::Connect,
                "localhost:5000",
                None,
                "refused",
            )
            .with(move |case| case.on_node = on_node)
    };
    held(
        &run(&words(false).0, |ask| refused(ask, Stage::Connect, Class::Refused)),
        ConnectionRefused,
        Likely,
    );
    held(&run(&words(true).0, |ask| refused(ask, Stage::Connect, Class::Refused)), ConnectionRefused, Proven);
}

#[test]
fn r03_a_counterfactual_counts_only_after_the_refusal_was_reproduced() {
    // The node is refused with 401, we with 403 of an allow-list: no other login is even tried.
    let run = run(&bare_401(CART).candidate("good", "x").0, |ask| match &ask.login {
        Some(_) => open().answer(ask),
        None => answered(ask, 403, ""),
    });
    assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
    assert!(!run.sent("good"));
}

#[test]
fn r04_success_elsewhere_excludes_no_cause_and_is_not_over() {
    let words = not_found(CART);
    let here = run(&words.0, |ask| open().answer(ask));
    assert_eq!((here.verdict.certainty, here.verdict.state), (Undecided, FindingState::Unknown));
    assert!(here.is_open(RepositoryNotFound));
    let there = run(&words.with(|case| case.on_node = true).0, |ask| open().answer(ask));
    assert_eq!(there.verdict.state, FindingState::Unknown);
}

#[test]
fn r05_a_change_makes_words_history() {
    let changed = |seconds| {
        let build = certain(Dns, Stage::Name, "no such host").with(|case| case.changed = Some(at(seconds)));
        run(&build.0, |ask| refused(ask, Stage::Name, Class::NoSuchName)).verdict
    };
    assert_eq!(changed(-120).certainty, Proven);
    let history = changed(-5);
    assert_ne!(history.certainty, Proven);
    assert_eq!(history.cause, Dns);
    // A status has no time: it holds from the last attempt on.
    let status = certain(Dns, Stage::Name, "no such host").with(|case| {
        let words = case.words.as_mut().unwrap();
        (words.at, words.not_before) = (None, Some(at(-60)));
        case.changed = Some(at(-30));
    });
    let seen = run(&status.0, |ask| refused(ask, Stage::Name, Class::NoSuchName));
    assert_ne!(seen.verdict.certainty, Proven);
}

#[test]
fn r05_words_that_began_after_the_change_are_no_history() {
    // An ephemeral container is added to a pod that runs: the words' interval begins with it, after the pod's change.
    for at_words in [None, Some(at(-40))] {
        let words = certain(ConnectionRefused, Stage::Connect, "connection refused").with(|case| {
            case.kind = ContainerKind::Ephemeral;
            case.changed = Some(at(-60));
            let words = case.words.as_mut().unwrap();
            (words.at, words.not_before) = (at_words, Some(at(-50)));
        });
        let seen = run(&words.0, |ask| refused(ask, Stage::Connect, Class::Refused)).verdict;
        assert_eq!(seen.certainty, Proven, "{seen:#?}");
        let later = words.with(|case| case.changed = Some(at(-10)));
        let seen = run(&later.0, |ask| refused(ask, Stage::Connect, Class::Refused)).verdict;
        assert_ne!(seen.certainty, Proven);
    }
}

#[test]
fn times_in_sentences_are_to_the_second() {
    let half = |seconds: i64| at(seconds).checked_add(jiff::SignedDuration::from_nanos(123_456_789)).unwrap();
    let words = not_found(CART).with(|case| case.next_attempt = Some(half(120)));
    let missing = run(&words.0, |ask| open().answer(ask)).verdict.missing.unwrap();
    assert!(missing.contains("tries again at 2026-11-22T16:22:00Z"), "{missing}");
    for why in [NotAsked::LockOut { refused_at: half(-90) }, NotAsked::Limited { until: Some(half(300)) }] {
        let verdict = run(&bare_401(CART).0, |ask| not_asked(ask, why.clone())).verdict;
        let told = [verdict.missing.unwrap_or_default(), verdict.not_looked_at.join(" ")].concat();
        assert!(told.contains("T16:") && !told.contains(".1234"), "{told}");
    }
}

#[test]
fn r06_a_refusal_is_blamed_on_a_login_only_where_something_is_accepted() {
    // An incident that answers 401 to everybody, wherever one knocks.
    let run_all = run(&bare_401(CART).sends("own").candidate("good", "x").0, |ask| {
        challenged(ask, "basic", HOST, None)
    });
    assert_eq!(run_all.verdict.certainty, Undecided, "{run_all:#?}");
    assert!(run_all.is_open(RegistryUnavailable));
    let run_one = run(&bare_401(CART).sends("own").candidate("good", "x").0, |ask| private().answer(ask));
    held(&run_one, BadCredentials, Proven);
}

#[test]
fn r07_a_404_proves_absence_only_to_who_sees_a_sibling_at_the_origin() {
    // Tags cannot be listed, and nothing else of the repository is known.
    let blind = run(&not_found("registry.acme.test/shop/cart:9").0, |ask| match ask.what {
        What::ManifestHead(_) => answered(ask, 404, ""),
        _ => challenged(ask, "basic", HOST, None),
    });
    assert_ne!(blind.verdict.certainty, Proven, "{blind:#?}");
    // A tag that ran before is a sibling, too.
    let words = not_found("registry.acme.test/shop/cart:9");
    let ran = words.with(|case| case.ran_before = vec!["registry.acme.test/shop/cart:4.1".into()]);
    let seen = run(&ran.0, |ask| match ask.what {
        What::ManifestHead(_) => open().answer(ask),
        _ => challenged(ask, "basic", HOST, None),
    });
    held(&seen, TagNotFound, Proven);
    // A mirror's 404 proves nothing of the origin.
    let words = not_found("registry.acme.test/shop/cart:9").mirror("mirror.acme.test").with(|case| {
        case.route.hosts.truncate(1);
    });
    assert_ne!(run(&words.0, |ask| open().answer(ask)).verdict.certainty, Proven);
}

#[test]
fn r08_a_mark_of_a_cache_makes_its_upstream_a_rival() {
    let words = not_found("registry.acme.test/shop/cart:9");
    let cached = run(&words.0, |ask| with_header(open().answer(ask), "x-cache", "MISS"));
    assert!(cached.verdict.certainty < Proven && cached.is_open(UpstreamOfCacheFailed), "{cached:#?}");
    let plain = run(&words.0, |ask| open().answer(ask));
    held(&plain, TagNotFound, Proven);
    assert!(
        plain.verdict.summary.as_ref().unwrap().starts_with("registry.acme.test has shop/cart"),
        "{plain:#?}"
    );
}

#[test]
fn r09_where_absent_and_private_look_alike_neither_is_proven() {
    let image = "quay.io/acme/report:7";
    let rivals = [NoCredentials, RepositoryNotFound];
    let said = (NotFoundOrDenied, Confidence::Certain, &rivals[..]);
    let words = case(image).said(said, Stage::Manifest, "quay.io", 401, "not authorized");
    let quay = Registry::closed(&[], &[]).with_token_service("quay.io");
    for build in [words.clone(), words.clone().sends("own"), words.candidate("other", "x")] {
        let run = run(&build.0, |ask| quay.answer(ask));
        assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
        assert_ne!(run.verdict.cause, RepositoryNotFound);
    }
}

#[test]
fn r10_node_credentials_stay_a_rival_where_they_serve() {
    use pullmedic_model::probe::case::NodeCredentials::{None as Nothing, NotKnown, Possible};
    for (node, certainty) in [(Possible, Undecided), (NotKnown, Proven), (Nothing, Proven)] {
        let build = bare_401(CART).candidate("good", "x").with(|case| case.node_credentials = node);
        let run = run(&build.0, |ask| private().answer(ask));
        assert_eq!(run.verdict.certainty, certainty, "{run:#?}");
        assert_eq!(run.is_open(CredentialProviderFailed), node == Possible);
    }
}

#[test]
fn r11_an_agreeing_resolver_makes_it_dns_and_never_a_wrong_name() {
    let run =
        run(&certain(Dns, Stage::Name, "no such host").0, |ask| refused(ask, Stage::Name, Class::NoSuchName));
    held(&run, Dns, Proven);
    assert!(!run.verdict.summary.as_ref().unwrap().contains("wrong"));
    assert!(run.verdict.evidence.corrected_reference.is_none());
}

#[test]
fn r12_our_own_limits_only_allow() {
    let limited = certain(RateLimited, Stage::Manifest, "429");
    held(&run(&limited.0, |ask| answered(ask, 429, "")), RateLimited, Likely);
    let words = certain(ConnectTimeout, Stage::Connect, "i/o timeout");
    for (waited, certainty) in [(29_000_000, Proven), (5_000_000, Likely)] {
        let run = run(&words.0, |ask| {
            let mut record = refused(ask, Stage::Connect, Class::ConnectTimeout);
            record.steps.last_mut().unwrap().took_us = waited;
            record
        });
        held(&run, ConnectTimeout, certainty);
    }
}

#[test]
fn r13_only_the_address_that_the_words_name_counts() {
    let words =
        certain(ConnectionRefused, Stage::Connect, "dial tcp 10.0.0.7:443: connect: connection refused");
    for (addresses, certainty) in [(&["10.0.0.8", "10.0.0.7"][..], Proven), (&["10.0.0.8"], Likely)] {
        let run = run(&words.0, |ask| {
            let mut record = refused(ask, Stage::Connect, Class::Refused);
            let last = record.steps.pop().unwrap();
            record.steps.extend(addresses.iter().map(|address| {
                let mut step = last.clone();
                step.address = Some(address.parse().unwrap());
                step
            }));
            record
        });
        held(&run, ConnectionRefused, certainty);
    }
}

#[test]
fn r14_of_two_faults_the_one_at_the_words_stage_is_the_cause() {
    // In series: a private authority first, a missing login behind it; nothing is sent past the failed check.
    let run = run(&certain(TlsUnknownAuthority, Stage::Tls, "unknown authority").sends("own").0, |ask| {
        assert!(ask.login.as_ref().is_none_or(|name| name.secret == "own"));
        refused(ask, Stage::Tls, Class::UnknownAuthority)
    });
    held(&run, TlsUnknownAuthority, Proven);
    assert_eq!(run.transcript.len(), 1);
}

#[test]
fn r15_a_sandbox_image_is_pulled_with_no_login_of_the_pod() {
    let build =
        bare_401(CART).sends("own").candidate("good", "x").with(|case| case.kind = ContainerKind::Sandbox);
    let run = run(&build.0, |ask| private().answer(ask));
    assert!(!run.sent("own") && !run.sent("good"), "{run:#?}");
    assert_eq!((run.verdict.cause, run.verdict.certainty), (SandboxImage, Undecided));
}

#[test]
fn r16_arrival_order_never_matters_and_time_does() {
    let build = bare_401(CART).sends("own").candidate("good", "x");
    let run = run(&build.0, |ask| private().answer(ask));
    held(&run, BadCredentials, Proven);
    let mut turned = run.transcript.clone();
    turned.reverse();
    assert_eq!(judge(&build.0, &turned), run.verdict);
    // An incident that was over two minutes later: what passes then tells nothing of the refusal before.
    for record in
        turned.iter_mut().filter(|record| record.ask.login.as_ref().is_some_and(|name| name.secret == "good"))
    {
        record.at = at(120);
    }
    assert_ne!(judge(&build.0, &turned).certainty, Proven);
}
