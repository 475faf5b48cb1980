//! Words in bodies that seemed to name a reason and did not. The second stranger's faults j03, j04, k01, k03.

use pullmedic_model::Cause::{Forbidden, PolicyBlocked, Proxy, RegistryUnavailable};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::probe::{Ask, Got, Record, What};
use pullmedic_model::{Confidence, Stage};

use crate::scenarios::{CART, HOST, held, not_found};
use crate::support::{Build, Registry, answered, case, got, run};

/// A login of the pod's own that is refused with 403.
fn refused_login(image: &str) -> Build {
    let said = (Forbidden, Confidence::Strong, &[pullmedic_model::Cause::BadCredentials][..]);
    case(image).said(said, Stage::Manifest, HOST, 403, "403 Forbidden").sends("regcred")
}

/// Gives the image to `admin` only; everybody else meets this body.
fn for_admin(body: &str) -> impl Fn(&Ask) -> Record + '_ {
    move |ask| match (&ask.login, &ask.what) {
        (_, What::Ping) => got(ask, Got::Ping),
        (Some(login), What::ManifestHead(wanted) | What::Manifest(wanted)) if login.secret == "admin" => {
            let tags: &[&str] = &[wanted];
            let registry = Registry::open(&[(ask.repository.as_str(), tags)]);
            registry.answer(&Ask { login: None, ..ask.clone() })
        }
        _ => answered(ask, 403, body),
    }
}

#[test]
fn the_images_own_name_never_votes_in_a_body() {
    for name in [
        "blocked/app:1.0",
        "quarantine/app:1.0",
        "vulnerability/scan:1.0",
        "plain/app:quarantined",
        "plain/app:blocked-by-policy",
        "quarantine/policy-blocked:unauthorized",
        "policy/app:1.0",
        "firewall-rules/unsigned:token-expired",
    ] {
        let (repository, tag) = name.rsplit_once(':').unwrap();
        let body = format!("DENIED: requested access to the resource {repository} ({tag}) is denied");
        let build = refused_login(&format!("{HOST}/{name}")).candidate("admin", "Deployment/ops");
        held(&run(&build.0, for_admin(&body)), Forbidden, Proven);
        // The node's words repeat the body.
        let told = build.with(|case| {
            let text = format!("{name}: 403 Forbidden\ndenied: access to {repository}:{tag} is denied");
            case.words.as_mut().unwrap().text = pullmedic_model::Captured::new(&text);
        });
        held(&run(&told.0, for_admin(&body)), Forbidden, Proven);
    }
    // What the registry says itself does.
    let build = refused_login(&format!("{HOST}/blocked/app:1.0")).candidate("admin", "Deployment/ops");
    let policy = run(&build.0, |ask| answered(ask, 403, "DENIED: image blocked/app is quarantined"));
    held(&policy, PolicyBlocked, Proven);
}

#[test]
fn a_block_that_another_login_passes_is_of_the_login() {
    for body in [
        "DENIED: user robot may not pull: blocked out of this project, see access policy",
        "DENIED: your account has been blocked, contact your administrator",
        "DENIED: you are not signed in",
        "DENIED: user robot is not allowed access",
        "DENIED: blocked",
    ] {
        let alone = refused_login(CART);
        let nobody = run(&alone.0, for_admin(body));
        assert_eq!(nobody.verdict.certainty, Undecided, "{body}: {nobody:#?}");
        assert!(nobody.is_open(PolicyBlocked) || nobody.verdict.cause == PolicyBlocked, "{nobody:#?}");
        let other = run(&alone.candidate("admin", "Deployment/ops").0, for_admin(body));
        held(&other, Forbidden, Likely);
        assert!(other.sent("admin"));
        assert!(other.verdict.missing.as_ref().unwrap().contains("block"), "{other:#?}");
    }
}

#[test]
fn a_404_for_a_listed_tag_tells_the_reason_that_its_body_names() {
    let registry = Registry::open(&[("shop/cart", &["4.0", "4.1"])]);
    let blocks = |body: &'static str| {
        run(&not_found(CART).0, |ask| match &ask.what {
            What::ManifestHead(tag) | What::Manifest(tag) if tag == "4.1" => answered(ask, 404, body),
            _ => registry.answer(ask),
        })
    };
    let told = blocks("MANIFEST_UNKNOWN: manifest is quarantined: blocked by scan policy");
    assert_eq!(told.verdict.certainty, Undecided, "{told:#?}");
    assert!(told.is_open(PolicyBlocked) || told.verdict.cause == PolicyBlocked, "{told:#?}");
    let shown = told.verdict.observations.iter().any(|seen| seen.text.as_str().contains("quarantined"));
    assert!(shown, "{:#?}", told.verdict.observations);
    assert!(blocks("MANIFEST_UNKNOWN: no").is_open(PolicyBlocked));
}

#[test]
fn a_refusal_that_passes_from_here_may_be_of_the_nodes_address() {
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    for build in [not_found(CART), refused_login(CART)] {
        let passes = run(&build.0, |ask| registry.answer(&Ask { login: None, ..ask.clone() }));
        assert_eq!(passes.verdict.certainty, Undecided, "{passes:#?}");
        for cause in [PolicyBlocked, Proxy, RegistryUnavailable] {
            assert!(passes.is_open(cause), "{cause}: {passes:#?}");
        }
    }
}

#[test]
fn r03_a_403_without_the_body_that_we_are_given_is_another_refusal() {
    let denied = "DENIED: requested access to the resource is denied";
    let told = |said: &str, runtime: &str, body: &str| {
        let build = refused_login(CART).candidate("admin", "Deployment/ops").with(|case| {
            let words = case.words.as_mut().unwrap();
            let url = "https://registry.acme.test/v2/shop/cart/manifests/4.1";
            let text = format!("unexpected status from HEAD request to {url}: 403 Forbidden{said}");
            words.text = pullmedic_model::Captured::new(&text);
            case.runtime = pullmedic_model::probe::route::Runtime::parse(runtime);
        });
        run(&build.0, for_admin(body))
    };
    let new = "containerd://2.3.7";
    held(&told("\ndenied: requested access to the resource is denied", new, denied), Forbidden, Proven);
    let bare = told("", new, denied);
    held(&bare, Forbidden, Likely);
    assert!(bare.verdict.missing.as_ref().unwrap().contains("without a reason"), "{bare:#?}");
    assert_ne!(told("\ndenied: blocked", new, "").verdict.certainty, Proven);
    // One that never prints it tells nothing by not doing so.
    held(&told("", "containerd://2.1.4", denied), Forbidden, Proven);
}

#[test]
fn a_block_where_no_login_was_sent_is_of_the_image_or_the_client() {
    let said = (Forbidden, Confidence::Strong, &[][..]);
    let build = case(CART).said(said, Stage::Manifest, HOST, 403, "403 Forbidden");
    held(&run(&build.0, |ask| answered(ask, 403, "DENIED: blocked")), PolicyBlocked, Proven);
}
