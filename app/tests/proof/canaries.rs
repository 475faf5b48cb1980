//! Threats 1, 4, 10, 11, 13 and 28: logins reach whom they are for, and stand in nothing that is written.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;
use testkit_registry::{Answer, Body, Login, Nth, Realm, Route, Rule, Token, User};

use super::stage::{Stage, Told, canary, registry, run};
use super::words::Said;
use super::world::{NAMESPACE, World, login};

const FORMS: [&[&str]; 7] = [
    &[],
    &["-o", "wide"],
    &["-o", "json"],
    &["-o", "yaml"],
    &["-o", "markdown"],
    &["--why"],
    &["-o", "wide", "--why"],
];

/// A text as it is, and as it stands inside base64, whatever was before it.
fn shapes(secret: &str) -> Vec<String> {
    let within = (0..3).map(|shift| {
        let text = STANDARD_NO_PAD.encode(format!("{}{secret}", "x".repeat(shift)));
        text[4..text.len() - 4].to_owned()
    });
    std::iter::once(secret.to_owned()).chain(within).collect()
}

fn searched(place: &str, bytes: &[u8], canaries: &[(&str, &str)]) {
    let text = String::from_utf8_lossy(bytes);
    for (what, secret) in canaries {
        for shape in shapes(secret) {
            assert!(!text.contains(&shape), "{what} stands in {place}: {text}");
        }
    }
    // How every token of the test registry begins: `{"alg":"HS256"`.
    assert!(!text.contains("eyJhbGciOiJIUzI1NiI"), "a token stands in {place}: {text}");
}

/// Runs every form, and searches all that was written.
fn kept_secret(stage: &Stage, more: &[&str], canaries: &[(&str, &str)], before: &dyn Fn()) -> Vec<Told> {
    let mut all = Vec::new();
    // Of an earlier call.
    let _ = std::fs::remove_dir_all(stage.path("kept"));
    for (number, form) in FORMS.iter().enumerate() {
        before();
        let (transcript, patches) =
            (stage.path(&format!("kept/transcript{number}")), stage.path(&format!("kept/patches{number}")));
        std::fs::create_dir_all(stage.path("kept")).unwrap();
        let mut command = stage.proving(form);
        command.args(more).args(["--transcript", &transcript, "--patch-dir", &patches]);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
        let told = run(command);
        assert_eq!(told.code, Some(1), "{told:?}");
        searched(&format!("the output of {form:?}"), told.out.as_bytes(), canaries);
        searched(&format!("the errors of {form:?}"), told.err.as_bytes(), canaries);
        all.push(told);
    }
    let files: Vec<(String, Vec<u8>)> =
        ["kept", "state"].into_iter().flat_map(|folder| stage.files(folder)).collect();
    assert!(files.iter().any(|(path, _)| path.contains("transcript0")), "a transcript was written");
    for (path, bytes) in files {
        searched(&path, &bytes, canaries);
    }
    all
}

fn receivers(stage: &Stage, secret: &str) -> BTreeSet<String> {
    stage.running().seen_at(secret)
}

fn only(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn logins_reach_the_registry_of_their_key_and_stand_in_nothing() {
    let (own, wrong, other, token, signature) = (canary(), canary(), canary(), canary(), canary());
    // A user name may be told; one that is a canary here shows that it went nowhere else.
    let user = canary();
    let mut stage = Stage::of(vec![
        registry("registry")
            .login(Login::Bearer(Token::default()))
            .user(User::new(&user, "another password", "*"))
            .user(User::new("other", &other, "*")),
        registry("elsewhere"),
    ]);
    let host = stage.host("registry");
    let mut world =
        stage.one_pod("registry", ":1.0", Said::LoginRefused, &["regcred", "elsewhere", "broken"]);
    let annotated = json!({"auths": {&host: {"username": user, "password": wrong, "identitytoken": token,
        "registrytoken": token, "email": own}}, "HttpHeaders": {"X-Meta": own}, "credsStore": own});
    world
        .secret_of(NAMESPACE, "regcred", &annotated.to_string())
        .secret(NAMESPACE, "elsewhere", &stage.host("elsewhere"), &user, &own)
        .secret_of(NAMESPACE, "broken", &format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{own} \"}}}}}}"))
        .secret(NAMESPACE, "candidate", &host, "other", &other)
        .user_of("candidate");
    // A message that tells secrets of its own.
    let said = format!(
        "failed to pull: Get \"https://u:{signature}@cdn.test/x?X-Amz-Signature={signature}&sig={signature}\": Bearer {token}"
    );
    let mut spoken = World::new();
    spoken.clone_from(&world);
    stage.serve(&world);
    let canaries = [
        ("own", own.as_str()),
        ("wrong", &wrong),
        ("other", &other),
        ("token", &token),
        ("signature", &signature),
    ];
    kept_secret(&stage, &[], &canaries, &|| {});
    for secret in [&own, &wrong, &other, &user] {
        let got = receivers(&stage, secret);
        assert!(got.is_subset(&only(&["registry"])), "{secret} of {canaries:?} reached {got:?}");
    }
    assert_eq!(receivers(&stage, &own), only(&[]), "a login for elsewhere was sent");
    stage.running().clear();
    let mut spoken = stage.one_pod_that_says("registry", ":1.0", &said, &["regcred"]);
    spoken.secret(NAMESPACE, "regcred", &host, &user, &wrong);
    stage.serve(&spoken);
    kept_secret(&stage, &["--search-secrets"], &canaries, &|| {});
}

#[test]
fn a_registry_that_tells_the_login_back_is_not_repeated() {
    let (password, token, signature) = (canary(), canary(), canary());
    let mut stage = Stage::of(vec![
        registry("registry").login(Login::Bearer(Token::default())).user(User::new("shop", &password, "*")),
        registry("cdn"),
    ]);
    let host = stage.host("registry");
    let mut world = stage.one_pod_that_says(
        "registry",
        ":1.0",
        "failed to resolve image: unexpected status from HEAD request: 403 Forbidden",
        &["regcred"],
    );
    world.secret(NAMESPACE, "regcred", &host, "shop", &password);
    stage.serve(&world);
    let echo = format!("shop:{password} {password} ");
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("shop:{password}"));
    let signed = format!("https://cdn.test/b?X-Amz-Signature={signature}&token={signature}");
    let canaries = [("password", password.as_str()), ("token", &token), ("signature", &signature)];
    let answers: [(&str, Vec<Rule>); 5] = [
        (
            "the error tells the login",
            vec![Rule::on(Route::Manifest).user("*").answer(Answer::Error {
                status: 403,
                code: "DENIED".into(),
                message: echo.clone(),
            })],
        ),
        (
            "the error tells the header",
            vec![Rule::on(Route::Manifest).user("*").answer(Answer::Error {
                status: 403,
                code: "DENIED".into(),
                message: format!("Basic {basic}"),
            })],
        ),
        (
            "the realm tells the login",
            vec![Rule::on(Route::Token).user("*").status(403).body(Body::Text(echo.clone()))],
        ),
        (
            "the realm gives a token that is a canary, and the registry tells it",
            vec![
                Rule::on(Route::Token)
                    .user("*")
                    .body(Body::Text(json!({"token": token, "refresh_token": token}).to_string())),
                Rule::on(Route::Manifest)
                    .nth(Nth::After(1))
                    .status(403)
                    .header("WWW-Authenticate", &format!("Bearer error=\"invalid_token {token}\""))
                    .body(Body::Text(
                        json!({"errors": [{"code": "DENIED", "message": format!("token {token} is bad")}]})
                            .to_string(),
                    )),
            ],
        ),
        (
            "a redirect is signed",
            vec![Rule::on(Route::Manifest).user("*").answer(Answer::Redirect(signed.clone()))],
        ),
    ];
    for (what, rules) in answers {
        stage.running().clear();
        // Counts of rules begin anew with each run.
        let told =
            kept_secret(&stage, &[], &canaries, &|| stage.running().set_rules("registry", rules.clone()));
        assert!(told.iter().all(|told| !told.err.contains("panicked")), "{what}");
        assert_eq!(receivers(&stage, &password), only(&["registry"]), "{what}: {}", told[1].out);
    }
}

#[test]
fn a_realm_elsewhere_gets_the_login_only_when_it_is_allowed() {
    let password = canary();
    let mut endpoint = registry("registry").user(User::new("shop", &password, "*"));
    endpoint =
        endpoint.login(Login::Bearer(Token { realm: Realm::Endpoint("auth".into()), ..Token::default() }));
    let mut stage = Stage::of(vec![endpoint, registry("auth").user(User::new("shop", &password, "*"))]);
    let (host, auth) = (stage.host("registry"), stage.host("auth"));
    let mut world = stage.one_pod_that_says("registry", ":9.9",
        "failed to resolve image: failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized", &["regcred"]);
    world.secret(NAMESPACE, "regcred", &host, "shop", &password);
    stage.serve(&world);
    let told = stage.prove(&["-o", "json"]);
    assert_eq!(receivers(&stage, &password), only(&[]), "{}", told.out);
    assert_ne!(told.finding()["certainty"], "proven");
    assert!(told.out.contains(&auth), "the realm that is not allowed is named: {}", told.out);
    let allowed = stage.prove(&["-o", "json", "--allow-realm", &format!("{host}=https://{auth}")]);
    assert_eq!(receivers(&stage, &password), only(&["auth"]), "{}", allowed.out);
    // The allowance is for that registry alone.
    stage.running().clear();
    stage.prove(&["-o", "json", "--allow-realm", &format!("other.acme.test=https://{auth}")]);
    assert_eq!(receivers(&stage, &password), only(&[]));
}

#[test]
fn realms_that_point_inside_get_nothing() {
    let password = canary();
    for realm in [
        "http://169.254.169.254/token",
        "https://169.254.169.254/token",
        "https://[::ffff:169.254.169.254]/token",
        "https://[fd00:ec2::254]/token",
        "https://[64:ff9b::a9fe:a9fe]/token",
        "file:///etc/passwd",
        "https://u:p@evil.test/t",
        "https://evil.test/token",
        "",
        "::",
        "javascript:1",
    ] {
        let endpoint = registry("registry").user(User::new("shop", &password, "*"));
        let mut stage = Stage::of(vec![
            endpoint.login(Login::Bearer(Token { realm: Realm::Literal(realm.into()), ..Token::default() })),
        ]);
        let mut world = stage.one_pod_that_says(
            "registry",
            ":1.0",
            "failed to resolve image: failed to authorize: failed to fetch anonymous token: 401 Unauthorized",
            &["regcred"],
        );
        world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", &password);
        stage.serve(&world);
        let told = stage.prove(&["-o", "json", "--probe-timeout", "5s"]);
        assert_eq!(told.code, Some(1), "{realm:?}: {told:?}");
        assert_eq!(receivers(&stage, &password), only(&[]), "{realm:?}");
        assert_ne!(told.finding()["certainty"], "proven", "{realm:?}: {}", told.out);
    }
}

#[test]
fn a_blob_elsewhere_is_asked_without_the_login() {
    let password = canary();
    let mut stage = Stage::of(vec![
        registry("registry")
            .login(Login::Basic)
            .user(User::new("shop", &password, "*"))
            .rule(Rule::on(Route::Blob).answer(Answer::Redirect("{url:cdn}{path}".into()))),
        registry("cdn").rule(Rule::on(Route::Blob).status(403)),
    ]);
    let host = stage.host("registry");
    let mut world = World::new();
    world.clone_from(&stage.one_pod_that_says(
        "registry",
        ":1.0",
        "failed to copy: httpReadSeeker: failed open: unexpected status code 403 Forbidden",
        &["regcred"],
    ));
    world.secret_of(NAMESPACE, "regcred", &login(&host, "shop", &password).to_string());
    stage.serve(&world);
    let told = stage.prove(&["-o", "json"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert_eq!(receivers(&stage, &password), only(&["registry"]));
    let at_cdn = stage.requests("cdn");
    assert!(at_cdn.iter().all(|request| request.header("authorization").is_none()), "{at_cdn:?}");
}

#[test]
fn a_kubelet_that_prints_what_the_registry_told_of_the_login_is_not_repeated() {
    let password = canary();
    let mut stage =
        Stage::of(vec![registry("registry").login(Login::Basic).user(User::new("shop", "another", "*"))]);
    let host = stage.host("registry");
    let said = format!(
        "failed to pull and unpack image: unexpected status from HEAD request: 403 Forbidden\ndenied: user shop with \
         {password} is unknown"
    );
    let mut world = stage.one_pod_that_says("registry", ":1.0", &said, &["regcred"]);
    world.secret(NAMESPACE, "regcred", &host, "shop", &password);
    stage.serve(&world);
    kept_secret(&stage, &[], &[("password", password.as_str())], &|| {});
}
