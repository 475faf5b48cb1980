//! Pods of one image are proven once, and what one login may see no other is told.

use std::collections::BTreeSet;

use serde_json::json;
use testkit_registry::{Login, Token, User};

use super::stage::{Stage, brief, canary, registry};
use super::words::Said;
use super::world::{NAMESPACE, Waiting, World};

fn pods(world: &mut World, namespace: &str, image: &str, words: &str, secrets: &[&str], owners: usize) {
    for number in 0..40 {
        world.waiting(&Waiting {
            namespace,
            name: &format!("cart-5d-{number}"),
            image,
            words,
            secrets,
            owner: &format!("cart{}", number % owners),
        });
    }
}

/// Requests that a proof may take in the median (issue 4).
const REQUESTS: usize = 8;

#[test]
fn forty_pods_of_one_image_are_one_proof() {
    for owners in [1, 40] {
        let password = canary();
        let mut stage = Stage::of(vec![
            registry("registry")
                .login(Login::Bearer(Token::default()))
                .user(User::new("shop", &password, "*")),
        ]);
        let words = stage.words("registry", ":9.9", Said::NotFound);
        let image = stage.image("registry", "team/app:9.9");
        let mut world = World::new();
        pods(&mut world, NAMESPACE, &image, &words, &["regcred"], owners);
        world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", &password);
        stage.serve(&world);
        let told = stage.prove(&["-o", "json"]);
        let finding = told.finding();
        assert_eq!(finding["sightings"].as_array().map(Vec::len), Some(40), "{owners} owners");
        assert_eq!(
            (&finding["cause"], &finding["certainty"]),
            (&json!("tag-not-found"), &json!("proven")),
            "{}",
            brief(&finding)
        );
        let asked = stage.asked("registry");
        assert!(asked.len() <= REQUESTS, "{owners} owners, {} requests: {asked:#?}", asked.len());
        let secrets: Vec<String> = stage
            .server
            .as_ref()
            .unwrap()
            .asked()
            .into_iter()
            .filter(|path| path.contains("/secrets/"))
            .collect();
        assert_eq!(secrets.len(), 1, "{secrets:?}");
    }
}

#[test]
fn what_the_login_of_one_namespace_may_see_another_is_not_told() {
    let (hers, his) = (canary(), canary());
    let mut stage = Stage::of(vec![
        registry("registry")
            .login(Login::Bearer(Token::default()))
            .user(User::new("hers", &hers, "*"))
            .user(User::new("his", &his, "other/*")),
    ]);
    let image = stage.image("registry", "team/app:9.9");
    let mut world = World::new();
    let with_access = stage.words("registry", ":9.9", Said::NotFound);
    let without = stage.words("registry", ":9.9", Said::Denied);
    pods(&mut world, NAMESPACE, &image, &with_access, &["regcred"], 1);
    pods(&mut world, "other", &image, &without, &["regcred"], 1);
    let host = stage.host("registry");
    world.secret(NAMESPACE, "regcred", &host, "hers", &hers).secret("other", "regcred", &host, "his", &his);
    stage.serve(&world);
    let told = stage.prove(&["-A", "-o", "json"]);
    let report = told.json();
    let findings = report["findings"].as_array().unwrap();
    let of = |namespace: &str| {
        let within = |finding: &&serde_json::Value| {
            finding["sightings"].as_array().unwrap().iter().all(|place| place["namespace"] == namespace)
        };
        findings.iter().find(within).unwrap_or_else(|| panic!("a finding of {namespace} alone: {}", told.out))
    };
    let (of_shop, of_other) = (of(NAMESPACE), of("other"));
    assert_eq!(
        (&of_shop["cause"], &of_shop["certainty"]),
        (&json!("tag-not-found"), &json!("proven")),
        "{}",
        brief(of_shop)
    );
    assert_ne!(of_other["cause"], "tag-not-found", "{of_other:#}");
    // Tags that only her login may list are told to her alone.
    assert!(!of_other.to_string().contains("1.1"), "{of_other:#}");
    // Both logins were really tried, each for itself.
    let users: BTreeSet<String> =
        stage.requests("registry").into_iter().filter_map(|request| request.user).collect();
    assert_eq!(users, BTreeSet::from(["hers".to_owned(), "his".to_owned()]));
}
