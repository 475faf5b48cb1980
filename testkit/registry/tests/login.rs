//! Logins: Basic, tokens, refresh tokens, and token services that fail.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use support::{Came, ask, basic, get, post, run, token};
use testkit_registry::{
    Answer, Body, Configuration, Delivery, Endpoint, Image, Limited, Login, Nth, Realm, Route, Rule, Token,
    User,
};

const MANIFEST: &str = "/v2/team/app/manifests/1.0";

fn endpoint(login: Login) -> Endpoint {
    Endpoint::named("r")
        .login(login)
        .public("library/*")
        .user(User::new("ann", "secret", "team/*"))
        .user(User::new("eve", "secret", "other/*"))
        .user(User { expired: true, ..User::new("old", "secret", "team/*") })
        .image(Image::small("team/app", "1.0"))
        .image(Image::small("library/app", "1.0"))
}

async fn with_token(address: SocketAddr, target: &str, answer: &Came) -> Came {
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    ask(address, "GET", target, &[("Authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn basic_lets_in_who_may_and_tells_the_rest_how() {
    let running = run([endpoint(Login::Basic)]).await;
    let address = running.endpoint("r");
    for (login, target, said) in [
        (None, MANIFEST, "401 UNAUTHORIZED Basic"),
        (None, "/v2/", "401 UNAUTHORIZED Basic"),
        (None, "/v2/library/app/manifests/1.0", "200 - no challenge"),
        (Some(("ann", "secret")), MANIFEST, "200 - no challenge"),
        (Some(("ann", "secret")), "/v2/", "200 - no challenge"),
        (Some(("ann", "wrong")), MANIFEST, "401 UNAUTHORIZED Basic"),
        (Some(("ann", "wrong")), "/v2/library/app/manifests/1.0", "401 UNAUTHORIZED Basic"),
        (Some(("old", "secret")), MANIFEST, "401 UNAUTHORIZED Basic"),
        (Some(("eve", "secret")), MANIFEST, "401 UNAUTHORIZED Basic"),
    ] {
        let login = login.map(|(name, password)| basic(name, password));
        let headers: Vec<(&str, &str)> =
            login.iter().map(|login| ("Authorization", login.as_str())).collect();
        let came = ask(address, "GET", target, &headers).await;
        assert_eq!(came.said(), said, "{target}");
    }
}

#[tokio::test]
async fn a_token_opens_what_its_access_list_names() {
    let running = run([endpoint(Login::Bearer(Token::default()))]).await;
    let address = running.endpoint("r");
    let challenge = get(address, MANIFEST).await;
    assert_eq!(
        challenge.header("www-authenticate"),
        Some(
            r#"Bearer realm="http://client.test:5000/token",service="registry",scope="repository:team/app:pull""#
        )
    );
    let login = basic("ann", "secret");
    let granted = token(address, "/token", "team/app", Some(&login)).await;
    assert_eq!(granted.json()["expires_in"], 300);
    assert!(granted.json()["refresh_token"].is_null(), "none was asked for");
    assert_eq!(with_token(address, MANIFEST, &granted).await.status, 200);
    assert_eq!(with_token(address, "/v2/", &granted).await.status, 200);
    let elsewhere = with_token(address, "/v2/library/app/manifests/1.0", &granted).await;
    assert_eq!(elsewhere.said(), "401 UNAUTHORIZED insufficient_scope");
    assert_eq!(running.requests().last().unwrap().user.as_deref(), Some("ann"));

    let anonymous = token(address, "/token", "library/app", None).await;
    assert_eq!(with_token(address, "/v2/library/app/manifests/1.0", &anonymous).await.status, 200);
    let private = token(address, "/token", "team/app", None).await;
    assert_eq!(private.status, 200, "a token server must not fail for a scope that it does not grant");
    assert_eq!(with_token(address, MANIFEST, &private).await.said(), "401 UNAUTHORIZED insufficient_scope");
}

#[tokio::test]
async fn a_token_has_the_shape_of_a_jwt() {
    let running = run([endpoint(Login::Bearer(Token::default()))]).await;
    let granted =
        token(running.endpoint("r"), "/token", "team/app", Some(&basic("ann", "secret"))).await.json();
    let token = granted["token"].as_str().unwrap();
    let parts: Vec<serde_json::Value> = token
        .split('.')
        .take(2)
        .map(|part| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap())
        .map(|bytes| serde_json::from_slice(&bytes).unwrap())
        .collect();
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(parts[0]["alg"], "HS256");
    let access = serde_json::json!([{"type": "repository", "name": "team/app", "actions": ["pull"]}]);
    assert_eq!(parts[1]["access"], access);
    assert_eq!(parts[1]["exp"].as_i64().unwrap() - parts[1]["iat"].as_i64().unwrap(), 300);
}

#[tokio::test]
async fn forms_get_tokens_and_refresh_tokens_get_more() {
    let running = run([endpoint(Login::Bearer(Token::default()))]).await;
    let address = running.endpoint("r");
    let scope = "client_id=c&service=s&scope=repository%3Ateam%2Fapp%3Apull";
    let form = format!("grant_type=password&username=ann&password=secret&access_type=offline&{scope}");
    let first = post(address, "/token", &form).await;
    let refresh = first.json()["refresh_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {refresh}");
    let misused = ask(address, "GET", "/v2/", &[("Authorization", &bearer)]).await;
    assert_eq!(misused.status, 401, "it is for the token service alone");
    let form = format!("grant_type=refresh_token&refresh_token={refresh}&{scope}");
    let second = post(address, "/token", &form).await;
    assert_eq!(with_token(address, MANIFEST, &second).await.status, 200);
    let form = format!("grant_type=refresh_token&refresh_token=made.up.one&{scope}");
    assert_eq!(post(address, "/token", &form).await.status, 401);
    let form = format!("grant_type=password&username=ann&password=can%2Fary&{scope}");
    assert_eq!(post(address, "/token", &form).await.status, 401);
    assert_eq!(running.seen_at("can/ary").len(), 1, "percent-encoded, too");
    assert_eq!(running.count("r", Route::Token), 4);
}

#[tokio::test]
async fn lifetimes_may_be_left_out_and_end() {
    let short = Token { lifetime: Duration::from_secs(1), without_expires_in: true, ..Token::default() };
    let running = run([endpoint(Login::Bearer(short))]).await;
    let address = running.endpoint("r");
    let granted = token(address, "/token", "library/app", None).await;
    assert!(granted.json()["expires_in"].is_null());
    let begun = std::time::Instant::now();
    let over = loop {
        let came = with_token(address, "/v2/library/app/manifests/1.0", &granted).await;
        if came.status != 200 {
            break came;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "it ends");
    };
    assert!(over.header("www-authenticate").unwrap().contains("invalid_token"), "{over:?}");
}

#[tokio::test]
async fn a_foreign_realm_has_users_of_its_own_and_the_log_tells_where_the_password_went() {
    let realm = Realm::Endpoint("auth".to_owned());
    let registry = endpoint(Login::Bearer(Token { realm, ..Token::default() }));
    let auth = Endpoint::named("auth").user(User::new("bob", "canary-1", "team/*"));
    let running = run([registry, auth, Endpoint::named("bystander")]).await;
    let address = running.endpoint("r");
    let challenge = get(address, MANIFEST).await;
    let wanted = format!(r#"realm="{}/token""#, running.url("auth"));
    assert!(challenge.header("www-authenticate").unwrap().contains(&wanted), "{challenge:?}");
    let granted =
        token(running.endpoint("auth"), "/token", "team/app", Some(&basic("bob", "canary-1"))).await;
    assert_eq!(with_token(address, MANIFEST, &granted).await.status, 200);
    assert_eq!(running.seen_at("canary-1").into_iter().collect::<Vec<_>>(), ["auth"]);
    assert!(running.requests_at("bystander").is_empty());
}

#[tokio::test]
async fn a_realm_may_be_any_text() {
    for realm in [
        "http://169.254.169.254/token",
        "http://[::ffff:169.254.169.254]/token",
        "http://[fd00:ec2::254]/token",
        "https://evil.test/token",
        "https://user:password@registry.test/token",
        "file:///etc/passwd",
        "",
    ] {
        let login = Login::Bearer(Token { realm: Realm::Literal(realm.to_owned()), ..Token::default() });
        let running = run([endpoint(login)]).await;
        let came = get(running.endpoint("r"), MANIFEST).await;
        let wanted = format!(r#"Bearer realm="{realm}","#);
        assert!(came.header("www-authenticate").unwrap().starts_with(&wanted), "{came:?}");
    }
}

#[tokio::test]
async fn a_token_service_fails_in_each_way() {
    let on_token = || Rule::on(Route::Token);
    let cases: Vec<(Rule, &str)> = vec![
        (on_token().status(400), "400 NAME_INVALID no challenge"),
        (on_token().status(401), "401 UNAUTHORIZED no challenge"),
        (on_token().status(403), "403 DENIED no challenge"),
        (on_token().status(404), "404 MANIFEST_UNKNOWN no challenge"),
        (on_token().answer(Answer::Limited(Limited::default())), "429 TOOMANYREQUESTS no challenge"),
        (on_token().answer(Answer::Html(200)), "200 - no challenge"),
        (on_token().body(Body::Text("{garbage".to_owned())), "200 - no challenge"),
        (on_token().answer(Answer::EmptyObject), "200 - no challenge"),
        (on_token().delivery(Delivery::Close), "0 - no challenge"),
        (on_token().repository("other/*").status(500), "200 - no challenge"),
        (on_token().repository("team/*").status(500), "500 UNKNOWN no challenge"),
        (on_token().user("anonymous").status(500), "500 UNKNOWN no challenge"),
        (on_token().user("ann").status(500), "200 - no challenge"),
    ];
    for (rule, said) in cases {
        let about = format!("{rule:?}");
        let running = run([endpoint(Login::Bearer(Token::default())).rule(rule)]).await;
        assert_eq!(token(running.endpoint("r"), "/token", "team/app", None).await.said(), said, "{about}");
    }
}

#[tokio::test]
async fn tokens_may_be_empty_or_worthless() {
    for (answer, error) in [(Answer::EmptyToken, "invalid_token"), (Answer::WorthlessToken, "invalid_token")]
    {
        let rule = Rule::on(Route::Token).answer(answer.clone());
        let running = run([endpoint(Login::Bearer(Token::default())).rule(rule)]).await;
        let address = running.endpoint("r");
        let given = token(address, "/token", "library/app", None).await;
        let came = with_token(address, "/v2/library/app/manifests/1.0", &given).await;
        assert!(came.header("www-authenticate").unwrap().contains(error), "{answer:?} {came:?}");
    }
}

#[tokio::test]
async fn challenges_are_stripped_or_changed() {
    let changed = Rule::on(Route::Manifest).status(401).header("WWW-Authenticate", r#"Negotiate realm="x""#);
    for (rule, header) in [
        (Rule::on(Route::Manifest).answer(Answer::ChallengeStripped), None),
        (changed, Some(r#"Negotiate realm="x""#)),
    ] {
        let running = run([endpoint(Login::Open).rule(rule)]).await;
        let came = get(running.endpoint("r"), MANIFEST).await;
        assert_eq!((came.status, came.header("www-authenticate")), (401, header));
    }
    let running =
        run([endpoint(Login::Open).rule(Rule::on(Route::Manifest).answer(Answer::Challenge))]).await;
    let came = get(running.endpoint("r"), MANIFEST).await;
    assert!(came.header("www-authenticate").unwrap().starts_with("Bearer realm="), "{came:?}");
}

#[tokio::test]
async fn a_token_service_mends() {
    let rule = Rule::on(Route::Token).nth(Nth::First(1)).status(503);
    let running = run([endpoint(Login::Bearer(Token::default())).rule(rule)]).await;
    let address = running.endpoint("r");
    assert_eq!(token(address, "/token", "library/app", None).await.status, 503);
    assert_eq!(token(address, "/token", "library/app", None).await.status, 200);
}

#[tokio::test]
async fn passwords_change_while_it_runs() {
    let running = run([endpoint(Login::Basic)]).await;
    let address = running.endpoint("r");
    let login = basic("ann", "secret");
    let headers = [("Authorization", login.as_str())];
    assert_eq!(ask(address, "GET", MANIFEST, &headers).await.status, 200);
    running.set_users("r", vec![User::new("ann", "renewed", "*")]);
    assert_eq!(ask(address, "GET", MANIFEST, &headers).await.status, 401);
    let renewed = basic("ann", "renewed");
    assert_eq!(ask(address, "GET", MANIFEST, &[("Authorization", &renewed)]).await.status, 200);
}

#[tokio::test]
async fn a_new_configuration_is_taken_over_whole_or_not_at_all() {
    let running = run([endpoint(Login::Basic)]).await;
    let address = running.endpoint("r");
    let wrong = Configuration {
        endpoints: vec![
            endpoint(Login::Basic).rule(Rule::on(Route::Ping).status(503)),
            Endpoint::named("new"),
        ],
        names: None,
    };
    let error = running.replace(&wrong).unwrap_err().to_string();
    assert_eq!(error, "find the endpoint \"new\" that the new configuration names");
    assert_eq!(get(address, "/v2/").await.status, 401);
    let open = endpoint(Login::Basic).public("*").rule(Rule::on(Route::Ping).status(503));
    running.replace(&Configuration::of(open)).unwrap();
    assert_eq!(get(address, "/v2/").await.status, 503);
    assert_eq!(get(address, MANIFEST).await.status, 200);
}
