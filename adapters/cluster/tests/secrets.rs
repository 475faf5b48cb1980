//! Pull secrets are read by name, and nothing of them is ever said.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::BTreeSet;

use pullmedic_cluster::SecretRead;
use support::{Server, forbidden, ok, refusal, status};

const VALUE: &str = "canary-b2f81d";

#[tokio::test]
async fn a_secret_is_found_absent_or_named_with_the_right_that_would_buy_it() {
    let server = Server::of_secrets(|request| match request.path() {
        "/api/v1/namespaces/shop/secrets/regcred" => ok(format!(
            r#"{{"kind":"Secret","type":"kubernetes.io/dockerconfigjson","metadata":{{"name":"regcred"}},"data":{{".dockerconfigjson":"{VALUE}"}}}}"#
        )),
        "/api/v1/namespaces/shop/secrets/broken" => {
            ok(format!(r#"{{"kind":"Secret","metadata":{{"name":"broken"}},"data":["{VALUE}"]}}"#))
        }
        "/api/v1/namespaces/shop/secrets/garbage" => ok(VALUE),
        "/api/v1/namespaces/shop/secrets/closed" => forbidden("secrets"),
        _ => status(404, refusal(404, "secrets \"gone\" not found")),
    });
    let cluster = server.cluster().await;
    let SecretRead::Found(secret) = cluster.secret("shop", "regcred").await else { panic!("not found") };
    assert!(secret.data.contains_key(".dockerconfigjson"));
    assert!(!format!("{secret:?}").contains(VALUE));
    assert!(matches!(cluster.secret("shop", "gone").await, SecretRead::Absent));
    let unread = [
        ("closed", "get on secret closed in namespace shop"),
        ("broken", "secret broken does not decode: not an object at data"),
        ("garbage", "secret garbage does not decode: not JSON in line 1, column 1 at $"),
    ];
    for (name, needs) in unread {
        let SecretRead::Unread(said) = cluster.secret("shop", name).await else { panic!("{name}") };
        assert_eq!(said, needs);
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_sent_nowhere() {
    let server = Server::of_secrets(|_| ok("{}"));
    let cluster = server.cluster().await;
    for name in ["../configmaps/x", "a/b", "..", "%2e%2e", ""] {
        assert!(matches!(cluster.secret("shop", name).await, SecretRead::Absent), "{name}");
        assert!(matches!(cluster.secret(name, "regcred").await, SecretRead::Absent), "{name}");
        assert!(cluster.pull_secrets(name).await.is_err());
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_search_lists_pull_secrets_only_and_skips_what_does_not_decode() {
    let server = Server::of_secrets(|request| {
        assert!(request.asks("fieldSelector=type%3Dkubernetes.io/dockerc"), "{}", request.target);
        if request.asks("dockerconfigjson") {
            ok(r#"{"kind":"SecretList","items":[{"metadata":{"name":"a"},"data":{}},{"data":7}]}"#)
        } else {
            ok(r#"{"kind":"SecretList","items":[]}"#)
        }
    });
    let found = server.cluster().await.pull_secrets("shop").await.unwrap();
    assert_eq!(found.iter().map(|secret| secret.metadata.name.as_str()).collect::<Vec<_>>(), ["a"]);

    let server = Server::of_secrets(|_| forbidden("secrets"));
    let needs = server.cluster().await.pull_secrets("shop").await.unwrap_err();
    assert_eq!(needs, "list on secrets in namespace shop");
}

#[tokio::test]
async fn accounts_come_with_the_secrets_that_admission_copies() {
    let server = Server::of_secrets(|_| {
        ok(
            r#"{"kind":"ServiceAccountList","apiVersion":"v1","items":[{"metadata":{"name":"default","namespace":"shop"},"imagePullSecrets":[{"name":"regcred"}]}]}"#,
        )
    });
    let objects = server.cluster().await.accounts(&BTreeSet::from(["shop".into()])).await;
    assert_eq!(objects.accounts[0].image_pull_secrets[0].name, "regcred");
}
