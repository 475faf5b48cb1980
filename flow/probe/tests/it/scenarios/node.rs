//! S21, S22, S23, S26, S31: what the node's own files and kinds of container change.

use pullmedic_model::Cause::{
    CachedNotAuthorized, ConnectionRefused, Dns, MirrorMisconfigured, NeverPullAbsent, NoCredentials,
    PullQueued, PullStalled, SandboxImage, TagNotFound,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::finding::Standing;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::Class;
use pullmedic_model::probe::route::{Defect, DefectKind};
use pullmedic_model::{Confidence, Stage};

use super::{CART, bare_401, certain, held};
use crate::support::{Registry, case, refused, run};

#[test]
fn s11_a_pull_without_an_end_is_stalled_or_queued_whatever_is_met_from_here() {
    type Answer = fn(&pullmedic_model::probe::Ask) -> pullmedic_model::probe::Record;
    let announced = case(CART).with(|case| case.pulling = true);
    let worlds: [(Answer, &str); 4] = [
        (
            |ask| refused(ask, Stage::Manifest, Class::AnswerTimeout),
            "from here registry.acme.test does not answer a request either",
        ),
        (|ask| refused(ask, Stage::Connect, Class::Refused), "refused at connect"),
        (|ask| Registry::open(&[("shop/cart", &["4.2"])]).answer(ask), "404"),
        (|ask| Registry::open(&[("shop/cart", &["4.1"])]).answer(ask), "answers the same request"),
    ];
    for (world, text) in worlds {
        let run = run(&announced.0, world);
        held(&run, PullStalled, Undecided);
        assert!(run.is_open(PullQueued) && run.verdict.rivals.len() == 1, "{run:#?}");
        assert_eq!(run.transcript.len(), 1);
        assert!(run.verdict.missing.as_ref().unwrap().contains("the log of containerd on the node"));
        let told = run.verdict.observations.iter().any(|seen| seen.text.as_str().contains(text));
        assert!(told, "{text}: {:#?}", run.verdict.observations);
        assert!(run.verdict.proof.is_empty());
    }
    // Nothing asked: the same.
    let verdict = pullmedic_probe::judge(&announced.0, &[]);
    assert_eq!((verdict.cause, verdict.certainty), (PullStalled, Undecided));
    // Words that follow are what counts.
    let words = certain(ConnectionRefused, Stage::Connect, "refused").with(|case| case.pulling = true);
    held(&run(&words.0, |ask| refused(ask, Stage::Connect, Class::Refused)), ConnectionRefused, Proven);
}

#[test]
fn s21_never_is_undecided_where_the_kubelet_may_hide_a_refusal() {
    for (minor, certainty, standing) in [
        (Some(32), Likely, Standing::Excluded),
        (Some(34), Likely, Standing::Open),
        (Some(35), Undecided, Standing::Open),
        (None, Undecided, Standing::Open),
    ] {
        let said = (NeverPullAbsent, Confidence::Certain, &[CachedNotAuthorized][..]);
        let words =
            case(CART).said(said, Stage::Policy, "", None, "").with(|case| case.kubelet_minor = minor);
        let run = run(&words.0, |_| panic!("a registry does not tell what is on a node"));
        held(&run, NeverPullAbsent, certainty);
        assert_eq!(run.rival(CachedNotAuthorized), standing, "{minor:?}");
    }
}

#[test]
fn s22_the_dead_mirror_is_told_and_the_login_is_the_cause() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["regcred"]);
    let said = (ConnectionRefused, Confidence::Certain, &[MirrorMisconfigured][..]);
    let words = case(CART)
        .said(said, Stage::Connect, "mirror.acme.test", None, "connection refused")
        .mirror("mirror.acme.test")
        .candidate("regcred", "Deployment/web");
    let run = run(&words.0, |ask| match ask.host.endpoint.as_str() {
        "mirror.acme.test" => refused(ask, Stage::Connect, Class::Refused),
        _ => registry.answer(ask),
    });
    held(&run, NoCredentials, Proven);
    assert_eq!(run.verdict.also, [MirrorMisconfigured]);
    let at_mirror =
        run.transcript.iter().filter(|record| record.ask.host.endpoint.as_str() == "mirror.acme.test");
    assert!(at_mirror.into_iter().all(|record| record.ask.login.is_none()), "a candidate went to a mirror");
}

#[test]
fn a_mirror_that_refuses_is_no_cause_where_the_origin_passes() {
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let words = certain(ConnectionRefused, Stage::Connect, "connection refused")
        .mirror("mirror.acme.test")
        .with(|case| {
            case.words.as_mut().unwrap().endpoint = pullmedic_model::Endpoint::parse("mirror.acme.test").ok()
        });
    let run = run(&words.0, |ask| match ask.host.endpoint.as_str() {
        "mirror.acme.test" => refused(ask, Stage::Connect, Class::Refused),
        _ => registry.answer(ask),
    });
    assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
}

#[test]
fn s23_the_kind_of_container_changes_nothing_but_a_sandboxs_login() {
    let registry = Registry::open(&[("shop/cart", &["4.2"])]);
    for kind in
        [ContainerKind::Main, ContainerKind::Init, ContainerKind::Ephemeral, ContainerKind::ImageVolume]
    {
        let words = super::not_found(CART).with(|case| case.kind = kind);
        held(&run(&words.0, |ask| registry.answer(ask)), TagNotFound, Proven);
    }
}

#[test]
fn s26_a_pause_image_wraps_its_fault_and_is_asked_for_anonymously() {
    let words = certain(ConnectionRefused, Stage::Connect, "connection refused")
        .sends("regcred")
        .with(|case| case.kind = ContainerKind::Sandbox);
    let run = run(&words.0, |ask| refused(ask, Stage::Connect, Class::Refused));
    held(&run, SandboxImage, Proven);
    assert_eq!(run.verdict.inner, Some(ConnectionRefused));
    assert!(!run.sent("regcred"));
}

#[test]
fn s26_words_alone_keep_the_inner_cause_where_the_pause_image_is_not_known() {
    for image in ["", CART] {
        let words = certain(ConnectionRefused, Stage::Connect, "connection refused").with(|case| {
            case.kind = ContainerKind::Sandbox;
            case.image = image.to_owned();
        });
        let verdict = pullmedic_probe::judge(&words.0, &[]);
        assert_eq!((verdict.cause, verdict.inner), (SandboxImage, Some(ConnectionRefused)), "{image:?}");
        assert_eq!((verdict.certainty, verdict.requests), (Likely, 0));
    }
    let unnamed = certain(ConnectionRefused, Stage::Connect, "connection refused").with(|case| {
        case.kind = ContainerKind::Sandbox;
        case.image = String::new();
    });
    let run = run(&unnamed.0, |ask| panic!("{ask:?}"));
    held(&run, SandboxImage, Likely);
    assert!(run.verdict.missing.as_ref().unwrap().contains("--sandbox-image"), "{run:#?}");
}

#[test]
fn s26_what_is_proven_of_a_pause_image_is_the_inner_cause_also_where_words_do_not_name_it() {
    // The innermost cause could not be told from the words, and the status could.
    let said = (SandboxImage, Confidence::Strong, &[][..]);
    let words = case(CART)
        .said(said, Stage::Manifest, super::HOST, 503, "503 Service Unavailable")
        .with(|case| case.kind = ContainerKind::Sandbox);
    let run_status = run(&words.0, |ask| crate::support::answered(ask, 503, ""));
    held(&run_status, SandboxImage, Proven);
    assert_eq!(run_status.verdict.inner, Some(pullmedic_model::Cause::RegistryUnavailable));
    // A pause image that is private is asked for with no login, its own or another's.
    let private = bare_401(CART).sends("regcred").candidate("good", "Deployment/web").with(|case| {
        case.kind = ContainerKind::Sandbox;
    });
    let run_private = run(&private.0, |ask| Registry::closed(&[], &["regcred", "good"]).answer(ask));
    held(&run_private, SandboxImage, Undecided);
    assert_eq!(run_private.verdict.inner, Some(NoCredentials));
    assert!(run_private.transcript.iter().all(|record| record.ask.login.is_none()));
}

#[test]
fn s31_a_defect_in_the_nodes_file_explains_what_it_breaks_and_nothing_else() {
    let defect = |build: crate::support::Build| {
        build.with(|case| {
            case.route.of_node = true;
            case.route.defects.push(Defect {
                file: "/etc/containerd/certs.d/registry.acme.test/hosts.toml".into(),
                kind: DefectKind::Unparsable,
                detail: "line 3, column 9: expected a string".into(),
                corrected: Some("server = \"https://registry.acme.test\"\n".into()),
            });
        })
    };
    let run_dns = run(&defect(certain(Dns, Stage::Name, "no such host")).0, |ask| {
        refused(ask, Stage::Name, Class::NoSuchName)
    });
    held(&run_dns, MirrorMisconfigured, Proven);
    assert!(run_dns.verdict.evidence.corrected_file.is_some());
    let registry = Registry::open(&[("shop/cart", &["4.2"])]);
    let run_tag = run(&defect(super::not_found(CART)).0, |ask| registry.answer(ask));
    held(&run_tag, TagNotFound, Proven);
    assert_eq!(run_tag.verdict.also, [MirrorMisconfigured]);
    let run_401 = run(&defect(bare_401(CART)).0, |ask| Registry::closed(&[], &[]).answer(ask));
    assert_ne!(run_401.verdict.certainty, Proven);
}
