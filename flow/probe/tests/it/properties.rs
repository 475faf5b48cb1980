//! Whatever is answered: it ends, within its budget, is deterministic, and does not mind the order of the records.

use proptest::prelude::*;
use pullmedic_model::Cause::{self, BadCredentials, NoCredentials, RepositoryNotFound, TagNotFound};
use pullmedic_model::Certainty::Proven;
use pullmedic_model::probe::login::{KeyDiffers, NearKey, SecretState};
use pullmedic_model::probe::manifest::Manifest;
use pullmedic_model::probe::record::NotAsked;
use pullmedic_model::probe::{Ask, Case, Class, Got, Record, What};
use pullmedic_model::{Confidence, Stage};
use pullmedic_probe::{Limits, judge, next};

use crate::scenarios::{CART, HOST};
use crate::support::{
    answered, at, case, challenged, got, login, named, not_asked, part, refused, run_with, with_header,
};

/// An answer chosen by a number; the same number and request give the same.
fn answer(ask: &Ask, seed: u64) -> Record {
    let mut mixed = seed;
    for byte in format!("{ask:?}").bytes() {
        mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let pick = |n: u64| usize::try_from((mixed >> 17) % n).unwrap();
    match pick(12) {
        0 => refused(ask, Stage::Name, Class::NoSuchName),
        1 => refused(ask, Stage::Connect, Class::Refused),
        2 => refused(ask, Stage::Tls, Class::UnknownAuthority),
        3 => challenged(ask, "basic", HOST, None),
        4 => challenged(ask, "bearer", "token.acme.test", Some((403, "DENIED: token has expired"))),
        5 => answered(
            ask,
            [400, 401, 403, 404, 429, 500, 503][pick(7)],
            "NAME_UNKNOWN: repository name not known",
        ),
        6 => not_asked(ask, NotAsked::Budget),
        7 => with_header(answered(ask, 404, "MANIFEST_UNKNOWN: no"), "via", "1.1 cache"),
        _ => got(ask, content(&ask.what, pick(3))),
    }
}

fn content(what: &What, pick: usize) -> Got {
    match what {
        What::Name => Got::Name(Vec::new()),
        What::Ping => Got::Ping,
        What::ManifestHead(_) => Got::Manifest {
            digest: Some(part("d1").digest),
            media_type: String::new(),
            size: None,
            manifest: None,
        },
        What::Manifest(_) => {
            let layers = (0..40).map(|n| part(&format!("b{n}"))).collect();
            let manifest = match pick {
                0 => Manifest::Schema1,
                1 => Manifest::Index(Vec::new()),
                _ => Manifest::Image { config: part("c"), layers },
            };
            Got::Manifest { digest: None, media_type: String::new(), size: None, manifest: Some(manifest) }
        }
        What::Config(_) => Got::Config { platform: case(CART).0.platform.unwrap(), created: None },
        What::BlobHead(_) | What::Blob(_) => Got::Blob { size: None, whole: Some(pick > 0) },
        What::Tags => Got::Tags {
            names: ["1", "4.1", "9"][..=pick].iter().map(|&tag| tag.into()).collect(),
            complete: pick > 0,
        },
        What::Catalog => Got::Catalog { names: vec!["shop/carts".into()], complete: pick > 0 },
        What::Referrers(_) => Got::Referrers { artifacts: Vec::new(), complete: true },
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let causes = prop::sample::select(Cause::ALL.to_vec());
    let stages = prop::sample::select(Stage::ALL.to_vec());
    let statuses = prop::option::of(prop::sample::select(vec![400_u16, 401, 403, 404, 429, 500, 503]));
    let words = (causes, stages, statuses, prop::bool::ANY);
    (prop::option::of(words), 0_usize..4, 0_usize..12, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(words, secrets, candidates, mirror, on_node)| {
            let mut build = case(CART).with(|case| case.on_node = on_node);
            if let Some((cause, stage, status, strong)) = words {
                let confidence = if strong { Confidence::Strong } else { Confidence::Weak };
                let rivals = [RepositoryNotFound, BadCredentials];
                build = build.said((cause, confidence, &rivals), stage, HOST, status, "no such host");
            }
            for number in 0..secrets {
                build = build.sends(&format!("own-{number}"));
            }
            for number in 0..candidates {
                build = build.candidate(&format!("other-{number}"), "Deployment/web");
            }
            if secrets == 0 && candidates > 0 {
                let key = NearKey {
                    login: login("near", None).name,
                    differs: KeyDiffers::Path,
                    should_be: HOST.into(),
                };
                build.0.secrets.push(named("near", SecretState::Near(vec![key])));
            }
            if mirror { build.mirror("mirror.acme.test").0 } else { build.0 }
        },
    )
}

proptest! {
    #[test]
    fn it_ends_within_its_budget_whatever_is_answered(case in cases(), seed: u64, requests in 0_u32..30) {
        let limits = Limits { requests, ..Limits::default() };
        let run = run_with(&case, &limits, |ask| answer(ask, seed));
        prop_assert!(run.transcript.len() <= requests as usize);
        // What a request costs is known after it: the dearest may pass the limit by itself only.
        prop_assert!(run.verdict.requests <= requests + 3, "{} of {requests}", run.verdict.requests);
    }

    #[test]
    fn the_order_of_the_records_never_matters(case in cases(), seed: u64, turn in 0_usize..20) {
        let run = run_with(&case, &Limits::default(), |ask| answer(ask, seed));
        let mut turned = run.transcript.clone();
        turned.reverse();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        prop_assert_eq!(judge(&case, &turned), judge(&case, &run.transcript));
        prop_assert_eq!(next(&case, &turned, &Limits::default()), next(&case, &run.transcript, &Limits::default()));
    }

    #[test]
    fn nothing_is_proven_from_what_was_not_asked(case in cases()) {
        let verdict = judge(&case, &[]);
        let parses = pullmedic_model::Reference::parse(&case.image).is_ok();
        prop_assert!(verdict.certainty != Proven || !parses, "{:?}", verdict);
    }

    #[test]
    fn what_is_proven_names_what_was_seen_and_no_open_rival(case in cases(), seed: u64) {
        let verdict = run_with(&case, &Limits::default(), |ask| answer(ask, seed)).verdict;
        if verdict.certainty == Proven {
            prop_assert!(!verdict.proof.is_empty(), "{:?}", verdict);
            let open = verdict.rivals.iter().any(|rival| rival.standing == pullmedic_model::finding::Standing::Open);
            prop_assert!(!open, "{:?}", verdict);
            prop_assert!(!matches!(verdict.cause, Cause::Unknown | Cause::NotFoundOrDenied));
        }
    }
}

#[test]
fn two_refusals_of_one_login_are_the_most_before_the_guard() {
    // A pod's own login is sent once for the image and once where no repository is asked for.
    let rivals = [BadCredentials, TagNotFound];
    let words =
        case(CART).said((NoCredentials, Confidence::Weak, &rivals), Stage::Manifest, HOST, 401, "401");
    let build = words.sends("own").candidate("a", "x").candidate("b", "x").candidate("c", "x");
    let run = run_with(&build.0, &Limits::default(), |ask| challenged(ask, "basic", HOST, None));
    let own = run
        .transcript
        .iter()
        .filter(|record| record.ask.login.as_ref().is_some_and(|name| name.secret == "own"));
    assert!(own.count() <= 2);
    assert!(run.transcript.iter().all(|record| record.at >= at(0)));
}
