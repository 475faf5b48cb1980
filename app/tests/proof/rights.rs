//! What the user may not read, and pull secrets of every broken form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit_registry::{Login, Token, User};

use super::stage::{Stage, brief, canary, registry};
use super::words::Said;
use super::world::{NAMESPACE, World, login};

/// A private registry, and a pod that was refused there.
fn refused(said: Said, users: &[(&str, &str)], secrets: &[&str]) -> (Stage, World) {
    let mut endpoint = registry("registry").login(Login::Bearer(Token::default()));
    for (user, password) in users {
        endpoint = endpoint.user(User::new(user, password, "*"));
    }
    let stage = Stage::of(vec![endpoint]);
    let world = stage.one_pod("registry", ":1.0", said, secrets);
    (stage, world)
}

#[test]
fn a_secret_that_may_not_be_read_leaves_it_undecided_and_names_the_right() {
    let (mut stage, mut world) = refused(Said::Denied, &[], &["regcred"]);
    world.forbid("/secrets/regcred");
    stage.serve(&world);
    let finding = stage.prove(&["-o", "json"]).finding();
    assert_eq!(finding["certainty"], "undecided", "{}", brief(&finding));
    for form in ["text", "wide", "json", "yaml", "markdown"] {
        let told = stage.prove(&["-o", form]);
        assert!(
            told.out.replace(['\n', ' '], "").contains("needsgetonsecretregcredinnamespaceshop"),
            "{form}: {}",
            told.out
        );
    }
}

#[test]
fn rights_that_lack_cost_only_what_they_would_buy() {
    for (end, named) in
        [("/nodes/n1", "node"), ("/serviceaccounts", "serviceaccount"), ("/deployments", "deployment")]
    {
        let password = canary();
        let (mut stage, mut world) = refused(Said::Denied, &[("shop", &password)], &[]);
        world.forbid(end);
        stage.serve(&world);
        let told = stage.prove(&["-o", "json"]);
        assert_eq!(told.code, Some(1), "{end}: {told:?}");
        let report = told.json();
        let skipped = report["skipped"].to_string().to_lowercase();
        assert!(skipped.contains(named) && skipped.contains("forbid"), "{end}: {skipped}");
        assert_eq!(report["findings"].as_array().map(Vec::len), Some(1), "{end}");
    }
    let (mut stage, mut world) = refused(Said::Denied, &[], &[]);
    world.forbid("/secrets");
    stage.serve(&world);
    let told = stage.prove(&["--search-secrets"]);
    assert!(told.out.replace(['\n', ' '], "").contains("listonsecretsinnamespaceshop"), "{}", told.out);
}

/// Name, the secret's object or what is answered in its place, and the cause that it is or `None`.
fn broken(host: &str, password: &str) -> Vec<(&'static str, Value, Option<&'static str>)> {
    let of = |kind: &str, key: &str, value: String| json!({"kind": "Secret", "metadata": {"namespace": NAMESPACE, "name": "regcred"}, "type": kind, "data": {key: value}});
    let config =
        |text: &str| of("kubernetes.io/dockerconfigjson", ".dockerconfigjson", STANDARD.encode(text));
    let well = login(host, "shop", password).to_string();
    let auth = STANDARD.encode(format!("shop:{password}\n"));
    vec![
        ("of another type", of("Opaque", ".dockerconfigjson", STANDARD.encode(&well)), None),
        ("not JSON", config(&format!("{password} is no JSON")), Some("pull-secret-malformed")),
        ("not base64", of("kubernetes.io/dockerconfigjson", ".dockerconfigjson", format!("%%{password}")), Some("pull-secret-malformed")),
        ("an auth that is not base64", config(&json!({"auths": {host: {"auth": format!("%{password}")}}}).to_string()), Some("pull-secret-malformed")),
        ("an auth without a colon", config(&json!({"auths": {host: {"auth": STANDARD.encode(password)}}}).to_string()), Some("pull-secret-malformed")),
        ("a newline at the end of the password", config(&json!({"auths": {host: {"auth": auth}}}).to_string()), None),
        ("1 MB", config(&json!({"auths": {host: {"username": "shop", "password": format!("{password}{}", "x".repeat(1 << 20))}}}).to_string()), None),
        ("duplicate hosts", config(&format!("{{\"auths\": {{\"{host}\": {{\"username\":\"shop\",\"password\":\"{password}x\"}}, \"{host}\": {{\"username\":\"shop\",\"password\":\"{password}y\"}}, \"https://{host}/v2/\": {{\"username\":\"shop\",\"password\":\"{password}z\"}}}}}}")), None),
        ("auths of another kind", config(&json!({"auths": [password]}).to_string()), Some("pull-secret-malformed")),
        ("a user of another kind", config(&json!({"auths": {host: {"username": 7, "password": [password]}}}).to_string()), Some("pull-secret-malformed")),
        ("deep", config(&"[".repeat(200_000)), Some("pull-secret-malformed")),
        ("without data", json!({"kind": "Secret", "metadata": {"namespace": NAMESPACE, "name": "regcred"}, "type": "kubernetes.io/dockerconfigjson"}), None),
        ("data of another kind", json!({"kind": "Secret", "metadata": {"namespace": NAMESPACE, "name": "regcred"}, "type": "kubernetes.io/dockerconfigjson", "data": [password]}), None),
        ("a key for nobody", config(&login("other.acme.test", "shop", password).to_string()), None),
    ]
}

#[test]
fn a_broken_pull_secret_is_named_and_its_value_is_not() {
    let password = canary();
    let (mut stage, mut world) =
        refused(Said::Denied, &[("shop", "wrong before"), ("other", "right")], &["regcred"]);
    // A login that passes: without one nothing tells a private repository from one that is absent.
    world.secret(NAMESPACE, "neighbour", &stage.host("registry"), "other", "right").user_of("neighbour");
    for (what, secret, cause) in broken(&stage.host("registry"), &password) {
        let mut world = world.clone();
        world.put("secrets", secret);
        stage.serve(&world);
        // Each is a case of its own: what an earlier one taught of a login does not count.
        let _ = std::fs::remove_dir_all(stage.path("state"));
        let told = stage.prove(&["-o", "json", "--transcript", &stage.path("t")]);
        assert!(told.code == Some(1) && told.err.is_empty(), "{what}: {told:?}");
        let finding = told.finding();
        if let Some(cause) = cause {
            assert_eq!(
                (&finding["cause"], &finding["certainty"]),
                (&json!(cause), &json!("proven")),
                "{what}: {}",
                brief(&finding)
            );
        }
        assert!(told.out.contains("regcred"), "{what}: the secret is named: {}", brief(&finding));
        let kept = String::from_utf8(std::fs::read(stage.path("t")).unwrap()).unwrap();
        for (place, text) in [("output", &told.out), ("transcript", &kept)] {
            assert!(
                !text.contains(&password) && !text.contains(&STANDARD.encode(&password)[..16]),
                "{what}: {place}: {text}"
            );
        }
    }
}

#[test]
fn a_secret_that_is_absent_is_proven_missing() {
    let (mut stage, mut world) = refused(Said::Denied, &[("other", "right")], &["regcred"]);
    world.secret(NAMESPACE, "neighbour", &stage.host("registry"), "other", "right").user_of("neighbour");
    stage.serve(&world);
    let finding = stage.prove(&["-o", "json"]).finding();
    assert_eq!(
        (&finding["cause"], &finding["certainty"]),
        (&json!("pull-secret-missing"), &json!("proven")),
        "{}",
        brief(&finding)
    );
}

#[test]
fn an_api_server_that_fails_in_the_middle_is_told_and_ends() {
    for (status, body) in
        [(500, "boom"), (200, "<html>"), (200, "{"), (401, "{}"), (429, "{}"), (200, "[]"), (200, "null")]
    {
        let (mut stage, mut world) = refused(Said::Denied, &[("shop", "right")], &["regcred"]);
        world.instead("/secrets/regcred", status, body).instead("/nodes/n1", status, body);
        stage.serve(&world);
        let told = stage.prove(&["-o", "json"]);
        assert_eq!(told.code, Some(1), "{status} {body}: {told:?}");
        let finding = told.finding();
        assert_ne!(finding["certainty"], "proven", "{status} {body}: {}", brief(&finding));
        assert!(told.out.contains("regcred"), "{status} {body}: {}", brief(&finding));
    }
}
