//! The table of `pull-facts.md` §1.6, row by row, and what stands around it.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use data_encoding::BASE64;
use pullmedic_keyring::{Found, KeyDiffers, SecretState, matching, may_go_to, state};
use pullmedic_model::Endpoint;
use pullmedic_model::object::Secret;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn secret_of(name: &str, config: &Value) -> Secret {
    let content = BASE64.encode(config.to_string().as_bytes());
    let object = json!({
        "metadata": { "name": name, "namespace": "shop" },
        "type": "kubernetes.io/dockerconfigjson",
        "data": { ".dockerconfigjson": content },
    });
    Secret::decode(&object.to_string()).unwrap()
}

/// A secret in which each key has a user of its own: the key.
fn secret(name: &str, keys: &[&str]) -> Secret {
    let auths = keys.iter().map(|&key| (key.to_owned(), json!({ "username": key, "password": "p" })));
    secret_of(name, &json!({ "auths": auths.collect::<serde_json::Map<_, _>>() }))
}

fn keys_sent(secrets: &[&Secret], image: &str) -> Vec<String> {
    let found: Vec<Found> = matching(secrets, image, b"install").unwrap();
    found.into_iter().map(|found| found.key).collect()
}

#[test]
fn each_key_of_the_table_matches_or_not_as_it_says() {
    for (key, image, expected) in [
        ("https://index.docker.io/v1/", "nginx", true),
        ("index.docker.io", "nginx", true),
        ("https://index.docker.io/v2/", "nginx", true),
        ("https://index.docker.io/v1", "nginx", false),
        ("docker.io", "nginx", true),
        ("https://docker.io/v1/", "nginx", true),
        ("docker.io/library", "nginx", true),
        ("registry-1.docker.io", "nginx", false),
        ("hub.docker.com", "nginx", false),
        ("registry.hub.docker.com", "nginx", false),
        ("ghcr.io", "ghcr.io/a/b", true),
        ("https://ghcr.io/", "ghcr.io/a/b", true),
        ("https://ghcr.io/v2/", "ghcr.io/a/b", true),
        ("https://ghcr.io/v2", "ghcr.io/a/b", false),
        ("quay.io/foo", "quay.io/foobar/x", true),
        ("*.example.com", "example.com/x", false),
        ("*.example.com", "a.b.example.com/x", false),
        ("*.example.com", "a.example.com/x", true),
        ("reg:443", "reg/x", false),
        ("reg.test:443", "reg.test/x", false),
        ("reg.test", "reg.test:5000/x", false),
        ("reg.test:*", "reg.test:5000/x", false),
        ("quay.io/*", "quay.io/a/x", false),
        // A first part without a dot or colon is Docker Hub to the kubelet, `localhost` among it.
        ("index.docker.io", "localhost/x", true),
        ("index.docker.io", "localhost:5000/x", false),
    ] {
        let sent = keys_sent(&[&secret("a", &[key])], image);
        assert_eq!(sent.len(), usize::from(expected), "{key} for {image}");
    }
}

#[test]
fn the_fall_back_of_docker_hub_is_ignored_where_another_key_matches() {
    let both = secret("a", &["https://index.docker.io/v1/", "docker.io"]);
    assert_eq!(keys_sent(&[&both], "nginx"), ["docker.io"]);
    let (one, other) = (secret("a", &["index.docker.io"]), secret("b", &["*.io/library"]));
    assert_eq!(keys_sent(&[&one, &other], "nginx"), ["*.io/library"]);
}

#[test]
fn the_longest_path_comes_first_a_pattern_last_and_one_key_in_the_order_of_the_secrets() {
    let one = secret("one", &["*.io", "https://ghcr.io/v2/", "ghcr.io/acme"]);
    let two = secret("two", &["ghcr.io", "ghcr.io/acme/app"]);
    let expected = ["ghcr.io/acme/app", "ghcr.io/acme", "https://ghcr.io/v2/", "ghcr.io", "*.io"];
    assert_eq!(keys_sent(&[&one, &two], "ghcr.io/acme/app:1"), expected);
    let expected = ["ghcr.io/acme/app", "ghcr.io/acme", "ghcr.io", "https://ghcr.io/v2/", "*.io"];
    assert_eq!(keys_sent(&[&two, &one], "ghcr.io/acme/app:1"), expected);
}

#[test]
fn an_entry_without_user_and_password_is_sent_all_the_same() {
    let config = json!({ "auths": { "ghcr.io": { "identitytoken": "t" } } });
    let found = matching(&[&secret_of("a", &config)], "ghcr.io/a/b", b"").unwrap();
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!((found.user.expose_secret(), found.password.expose_secret()), ("", ""));
    assert_eq!(found.login.user, None);
}

#[test]
fn one_malformed_secret_fails_the_whole_keyring() {
    let good = secret("good", &["ghcr.io"]);
    let bad = secret_of("bad", &json!({ "auths": { "other.test": { "auth": "user:password" } } }));
    let error = matching(&[&good, &bad], "ghcr.io/a/b", b"").unwrap_err();
    assert_eq!(error.to_string(), "not base64 at auths[\"other.test\"].auth of secret bad");
}

#[test]
fn a_secret_of_another_type_or_without_data_is_passed_over() {
    let good = secret("good", &["ghcr.io"]);
    let mut opaque = secret_of("opaque", &json!({ "auths": 7 }));
    opaque.kind = "Opaque".to_owned();
    let mut empty = secret("empty", &[]);
    empty.data.clear();
    assert_eq!(keys_sent(&[&opaque, &empty, &good], "ghcr.io/a/b"), ["ghcr.io"]);
    assert_eq!(state(&opaque, "ghcr.io/a/b"), SecretState::OtherType("Opaque".to_owned()));
    assert_eq!(state(&empty, "ghcr.io/a/b"), SecretState::OtherHosts);
}

#[test]
fn a_defect_is_mended_without_a_value_only_where_it_is_the_only_one() {
    use pullmedic_model::verdict::SecretDefect;
    let mend = |secret: &Secret| match state(secret, "ghcr.io/a/b") {
        SecretState::Malformed { mend, .. } => mend,
        other => panic!("{other:?}"),
    };
    let good = json!({ "auth": BASE64.encode(b"u:p") });
    let plain = Some(SecretDefect::PlainAuth("ghcr.io".into()));
    for (auths, expected) in [
        (json!({ "ghcr.io": { "auth": "u:p" } }), plain.clone()),
        (json!({ "ghcr.io": { "auth": "u:p" }, "a.test": good }), plain),
        // Two defects, another one, and one whose key is not shown whole.
        (json!({ "ghcr.io": { "auth": "u:p" }, "a.test": { "auth": "u:p" } }), None),
        (json!({ "ghcr.io": { "auth": "u:p" }, "a.test": { "auth": BASE64.encode(b"u:p\n") } }), None),
        (json!({ "ghcr.io": { "auth": "up" } }), None),
        (json!({ "ghcr.io": { "auth": BASE64.encode(BASE64.encode(b"u:p").as_bytes()) } }), None),
        (json!({ "ghcr.io": "u:p" }), None),
        (json!({ "https://u:p@ghcr.io": { "auth": "u:p" } }), None),
    ] {
        let secret = secret_of("regcred", &json!({ "auths": auths }));
        assert_eq!(mend(&secret), expected, "{auths}");
    }
    let mut twice = secret("regcred", &["ghcr.io"]);
    let once = twice.data[".dockerconfigjson"].expose_secret().to_owned();
    twice.data.insert(".dockerconfigjson".into(), BASE64.encode(once.as_bytes()).into());
    assert_eq!(mend(&twice), Some(SecretDefect::EncodedTwice));
    let mut opaque = secret("regcred", &["ghcr.io"]);
    opaque.kind = "Opaque".to_owned();
    assert_eq!(state(&opaque, "ghcr.io/a/b"), SecretState::MatchesUnderOtherType("Opaque".to_owned()));
    assert_eq!(state(&opaque, "quay.io/a/b"), SecretState::OtherType("Opaque".to_owned()));
}

/// Keys that do not match, where they differ, the key that would, and whether their login may be tried at the registry.
#[test]
fn a_key_that_nearly_matches_says_where_it_differs_and_what_would_match() {
    use KeyDiffers::{Alias, Glob, Path, Port, Spelling};
    let hub = "https://index.docker.io/v1/";
    for (key, image, differs, should_be, may_go) in [
        ("https://reg.test/v1", "reg.test/a/b", Path, "reg.test", true),
        ("https://reg.test:5000/v1", "reg.test:5000/a/b", Path, "reg.test:5000", true),
        ("reg.test/a/b:1", "reg.test/a/b:1", Path, "reg.test", true),
        ("reg.test/a/b/", "reg.test/a/b:1", Path, "reg.test", true),
        ("reg.test/*", "reg.test/a/b", Path, "reg.test", true),
        ("reg.test:5001", "reg.test:5000/a/b", Port, "reg.test:5000", false),
        ("reg.test", "reg.test:5000/a/b", Port, "reg.test:5000", false),
        ("reg.test:*", "reg.test:5000/a/b", Port, "reg.test:5000", false),
        ("reg.test:443", "reg.test/a/b", Port, "reg.test", true),
        ("https://reg.test", "reg.test:443/a/b", Port, "reg.test:443", true),
        ("https://index.docker.io/v1", "nginx", Path, hub, true),
        ("docker.io/acme", "nginx", Path, hub, true),
        ("docker.io:443", "nginx", Port, hub, true),
        ("registry-1.docker.io", "nginx", Alias, hub, true),
        ("https://hub.docker.com/", "nginx", Alias, hub, true),
        ("docker.io", "registry-1.docker.io/library/nginx", Alias, "registry-1.docker.io", true),
        ("*.example.com", "example.com/x", Glob, "example.com", false),
        ("*.example.com", "a.b.example.com/x", Glob, "a.b.example.com", false),
        ("GHCR.io", "ghcr.io/x/y", Spelling, "ghcr.io", true),
        ("oci://ghcr.io", "ghcr.io/x/y", Spelling, "ghcr.io", true),
        ("ghcr.io\n", "ghcr.io/x/y", Spelling, "ghcr.io", true),
    ] {
        let near = match state(&secret("a", &[key]), image) {
            SecretState::Near(near) => near,
            other => panic!("{key} for {image}: {other:?}"),
        };
        assert_eq!(
            (near.len(), near[0].differs, near[0].should_be.as_str()),
            (1, differs, should_be),
            "{key}"
        );
        assert_eq!(
            keys_sent(&[&secret("a", &[should_be])], image),
            [should_be],
            "{should_be} matches {image}"
        );
        let host = if image == "nginx" { "registry-1.docker.io" } else { image.split('/').next().unwrap() };
        let endpoint = Endpoint::parse(host).unwrap();
        assert_eq!(may_go_to(key, &endpoint, image), may_go, "{key} to {endpoint}");
    }
}

#[test]
fn a_key_of_another_host_is_not_near_and_its_login_stays_at_home() {
    for (key, image) in [
        ("ghcr.io", "quay.io/a/b"),
        ("example.com", "reg.example.com/a"),
        ("*.com", "reg.example.com/a"),
        ("reg.example.com.evil.test", "reg.example.com/a"),
        ("index.docker.io@evil.test", "nginx"),
        ("", "ghcr.io/a/b"),
    ] {
        assert_eq!(state(&secret("a", &[key]), image), SecretState::OtherHosts, "{key} for {image}");
        let host = if image == "nginx" { "registry-1.docker.io" } else { image.split('/').next().unwrap() };
        assert!(!may_go_to(key, &Endpoint::parse(host).unwrap(), image), "{key} for {image}");
    }
}

#[test]
fn a_login_goes_to_the_images_own_registry_only() {
    for (key, endpoint, image, expected) in [
        ("ghcr.io", "ghcr.io", "ghcr.io/a/b", true),
        ("ghcr.io", "mirror.test", "ghcr.io/a/b", false),
        ("*.io", "evil.io", "ghcr.io/a/b", false),
        ("ghcr.io", "ghcr.io:5000", "ghcr.io/a/b", false),
        ("docker.io", "registry-1.docker.io", "nginx", true),
        ("https://index.docker.io/v1/", "index.docker.io", "nginx", true),
        ("https://index.docker.io/v1/", "auth.docker.io", "nginx", false),
        ("https://index.docker.io/v1/", "ghcr.io", "ghcr.io/a/b", false),
        ("ghcr.io", "registry-1.docker.io", "nginx", false),
        ("ghcr.io", "ghcr.io", "not an image", false),
    ] {
        let endpoint = Endpoint::parse(endpoint).unwrap();
        assert_eq!(may_go_to(key, &endpoint, image), expected, "{key} to {endpoint} for {image}");
    }
}

#[test]
fn a_key_that_nearly_matches_gives_its_login_for_a_trial_and_for_no_mirror() {
    let near = secret("regcred", &["https://registry.acme.test/v1", "ghcr.io"]);
    let image = "registry.acme.test/shop/cart:4.1";
    let found = pullmedic_keyring::nearly_matching(&near, image, b"key");
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.login.name.key, "https://registry.acme.test/v1");
    assert!(!one.login.of_the_pod);
    let right = secret("regcred", &["registry.acme.test"]);
    assert!(pullmedic_keyring::nearly_matching(&right, image, b"key").is_empty());
}
