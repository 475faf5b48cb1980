//! S06, S07, S08, S24, S28, S29 and what a forbidden login looks like.

use pullmedic_model::Cause::{
    BadCredentials, CredentialsExpired, Forbidden, NoCredentials, NotFoundOrDenied, PullSecretMalformed,
    PullSecretMissing, PullSecretUnmatched, RepositoryNotFound,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::probe::login::{KeyDiffers, NearKey, SecretState};
use pullmedic_model::verdict::SecretDefect;
use pullmedic_model::{Confidence, Stage};

use super::{CART, HOST, bare_401, held};
use crate::support::{Registry, answered, at, case, challenged, login, run};

fn near(secret: &str, differs: KeyDiffers) -> SecretState {
    let key = NearKey { login: login(secret, None).name, differs, should_be: "registry.acme.test".into() };
    SecretState::Near(vec![key])
}

#[test]
fn s06_a_secret_that_does_not_exist_explains_the_login_that_never_came() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["reg-cred"]);
    let build = bare_401(CART).names("regcred", SecretState::Absent).candidate("reg-cred", "Deployment/web");
    let run = run(&build.0, |ask| registry.answer(ask));
    held(&run, PullSecretMissing, Proven);
    assert_eq!(run.verdict.evidence.secrets_absent, ["regcred"]);
    assert_eq!(run.verdict.evidence.repair.as_ref().unwrap().secret, "reg-cred");
}

#[test]
fn s06_without_a_login_that_passes_it_is_likely() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &[]);
    let run = run(&bare_401(CART).names("regcred", SecretState::Absent).0, |ask| registry.answer(ask));
    held(&run, PullSecretMissing, Likely);
}

#[test]
fn s07_a_key_without_its_slash_is_tried_and_one_for_another_port_never() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["regcred"]);
    let path = run(&bare_401(CART).names("regcred", near("regcred", KeyDiffers::Path)).0, |ask| {
        registry.answer(ask)
    });
    held(&path, PullSecretUnmatched, Proven);
    assert!(path.verdict.evidence.rekey.as_ref().unwrap().works);
    let port = run(&bare_401(CART).names("regcred", near("regcred", KeyDiffers::Port)).0, |ask| {
        registry.answer(ask)
    });
    held(&port, PullSecretUnmatched, Likely);
    assert!(!port.sent("regcred"), "a login for another port was sent");
    assert!(!port.verdict.evidence.rekey.as_ref().unwrap().works);
}

#[test]
fn s08_a_secret_that_the_kubelet_cannot_decode_is_its_own_statement() {
    let mend = Some(SecretDefect::PlainAuth("registry.acme.test".into()));
    let state = SecretState::Malformed {
        path: "auths".into(),
        defect: "auth is not base64".into(),
        mend: mend.clone(),
    };
    let said = (PullSecretMalformed, Confidence::Certain, &[][..]);
    let build = case(CART)
        .said(said, Stage::Secret, "", None, "illegal base64 data")
        .names("regcred", state)
        .with(|case| case.words.as_mut().unwrap().of_itself = true);
    let run = run(&build.0, |_| panic!("nothing needs to be asked"));
    held(&run, PullSecretMalformed, Proven);
    assert!(run.verdict.proof.iter().any(|seen| seen.text.as_str().contains("auth is not base64")));
    let normalise = run.verdict.evidence.normalise.unwrap();
    assert_eq!(
        (normalise.secret.as_str(), Some(normalise.defect), normalise.works),
        ("regcred", mend, false)
    );
}

#[test]
fn s08_a_secret_is_mended_only_where_it_is_certain_how() {
    let malformed =
        |mend| SecretState::Malformed { path: "auths".into(), defect: "not an object".into(), mend };
    for (state, defect) in [
        (malformed(None), None),
        (malformed(Some(SecretDefect::EncodedTwice)), Some(SecretDefect::EncodedTwice)),
        (SecretState::OtherType("Opaque".into()), None),
        (SecretState::MatchesUnderOtherType("Opaque".into()), Some(SecretDefect::OtherType("Opaque".into()))),
    ] {
        let is_malformed = matches!(state, SecretState::Malformed { .. });
        let run = run(&bare_401(CART).names("regcred", state).0, |ask| {
            Registry::closed(&[("shop/cart", &["4.1"])], &[]).answer(ask)
        });
        held(&run, PullSecretMalformed, Likely);
        let of_other_type = !run.verdict.evidence.secrets_of_other_type.is_empty();
        assert_eq!(of_other_type, !is_malformed);
        assert_eq!(run.verdict.evidence.normalise.map(|normalise| normalise.defect), defect);
    }
}

#[test]
fn s24_an_expired_token_is_named_by_the_body_or_by_its_own_time() {
    let said = (Forbidden, Confidence::Strong, &[BadCredentials, CredentialsExpired][..]);
    let words = case(CART).said(said, Stage::Token, "token.acme.test", 403, "403 Forbidden");
    // The body says so.
    let body = run(&words.clone().sends("stale").0, |ask| match &ask.login {
        Some(_) => challenged(
            ask,
            "bearer",
            "token.acme.test",
            Some((403, "DENIED: Your authorization token has expired")),
        ),
        None => challenged(ask, "bearer", "token.acme.test", None),
    });
    held(&body, CredentialsExpired, Proven);
    // The password is a token past its time; the token service still gives anybody a token.
    let build = words.clone().sends("stale").with(|case| case.logins[0].expires = Some(at(-3600)));
    let jwt = run(&build.0, |ask| match &ask.login {
        Some(_) => challenged(ask, "bearer", "token.acme.test", Some((403, ""))),
        None => challenged(ask, "bearer", "token.acme.test", None),
    });
    held(&jwt, CredentialsExpired, Proven);
    // Where the token service refuses everybody, its refusal tells nothing of the login (rule 6).
    let all = run(&build.0, |ask| challenged(ask, "bearer", "token.acme.test", Some((403, ""))));
    assert_ne!(all.verdict.certainty, Proven, "{all:#?}");
    let missing = all.verdict.missing.as_deref().unwrap();
    let expiry = "the login carries an expiry of 2026-11-22T15:20:00Z, which is past; something that the registry accepts";
    assert!(missing.starts_with(expiry), "{missing}");
    let first = all.verdict.observations.first().unwrap().text.as_str();
    assert!(first.contains("good until 2026-11-22T15:20:00Z"), "{first}");
    // A login that the token service takes although it is past its time is not what is wrong.
    let past = bare_401(CART).sends("stale").with(|case| case.logins[0].expires = Some(at(-3600)));
    let taken = run(&past.0, |ask| challenged(ask, "bearer", "token.acme.test", None)).verdict;
    assert!(!taken.missing.as_deref().unwrap_or_default().contains("expiry"), "{taken:#?}");
    assert!(!jwt.verdict.observations.is_empty() && jwt.verdict.missing.is_none());
}

#[test]
fn s28_a_stale_login_for_a_public_image() {
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let run = run(&bare_401(CART).sends("stale").0, |ask| registry.answer(ask));
    held(&run, BadCredentials, Proven);
    assert!(run.verdict.evidence.anonymous_passes);
    assert_eq!(run.verdict.evidence.refused[0].secret, "stale");
}

#[test]
fn s29_a_registry_that_hides_leaves_both_until_a_login_sees_the_image() {
    let image = "quay.io/acme/report:7";
    let rivals = [NoCredentials, RepositoryNotFound, BadCredentials];
    let words = case(image).said(
        (NotFoundOrDenied, Confidence::Strong, &rivals),
        Stage::Manifest,
        "quay.io",
        401,
        "access to the requested resource is not authorized",
    );
    let quay = Registry::closed(&[("acme/report", &["7"])], &["robot"]).with_token_service("quay.io");
    let hidden = run(&words.0, |ask| quay.answer(ask));
    held(&hidden, NotFoundOrDenied, Undecided);
    assert!(hidden.verdict.missing.as_ref().unwrap().contains("a login that may see"), "{hidden:#?}");
    let seen = run(&words.clone().candidate("robot", "Deployment/web").0, |ask| quay.answer(ask));
    held(&seen, NoCredentials, Proven);
    // Absent, with any login: never more than undecided.
    let mut absent = Registry::closed(&[], &[]).with_token_service("quay.io");
    absent.knows.insert("robot".into());
    let absent = run(&words.clone().candidate("robot", "Deployment/web").0, |ask| absent.answer(ask));
    held(&absent, NotFoundOrDenied, Undecided);
}

#[test]
fn a_login_that_is_known_and_refused_lacks_a_right() {
    let mut registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    registry.knows.insert("known".into());
    let said = (Forbidden, Confidence::Strong, &[CredentialsExpired, BadCredentials][..]);
    let words = case(CART).said(said, Stage::Manifest, HOST, 403, "403 Forbidden");
    let other =
        run(&words.clone().sends("known").candidate("good", "Deployment/web").0, |ask| registry.answer(ask));
    held(&other, Forbidden, Proven);
    // Alone, absent and forbidden stay apart from nothing.
    let alone = run(&words.sends("known").0, |ask| registry.answer(ask));
    assert_ne!(alone.verdict.certainty, Proven, "{alone:#?}");
}

#[test]
fn a_wrong_password_that_the_token_service_names_needs_no_other_login() {
    let said = (BadCredentials, Confidence::Strong, &[CredentialsExpired, Forbidden][..]);
    let words = case(CART).said(said, Stage::Token, "token.acme.test", 401, "401 Unauthorized");
    let run = run(&words.sends("stale").0, |ask| match &ask.login {
        Some(_) => {
            challenged(ask, "bearer", "token.acme.test", Some((401, ": incorrect username or password")))
        }
        None => challenged(ask, "bearer", "token.acme.test", None),
    });
    held(&run, BadCredentials, Proven);
}

#[test]
fn a_refusal_of_everybody_blames_no_login() {
    let run = run(&bare_401(CART).sends("stale").candidate("good", "Deployment/web").0, |ask| {
        answered(ask, 401, "")
    });
    assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
}
