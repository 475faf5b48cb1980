//! S21, S22, S23, S26, S31: what the node's own files and kinds of container change.

use pullmedic_model::Cause::{
    CachedNotAuthorized, ConnectionRefused, Dns, MirrorMisconfigured, NeverPullAbsent, NoCredentials,
    SandboxImage, TagNotFound,
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
