//! Kubeconfigs that cannot be used: each ends in words that name the place, and none in a panic or a leaked line.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::path::PathBuf;

use pullmedic_cluster::{Access, Cluster, Scope};
use support::{CANARY, Server, Setup, empty};

/// A kubeconfig with this cluster and this user, in YAML's flow style.
fn with(cluster: &str, user: &str) -> Setup {
    Setup::written(&format!(
        "current-context: test\ncontexts:\n- {{name: test, context: {{cluster: local, user: dev}}}}\nclusters:\n- {{name: local, cluster: {cluster}}}\nusers:\n- {{name: dev, user: {user}}}\n"
    ))
}

const SERVER: &str = "{server: 'https://127.0.0.1:1'}";

async fn said(setup: &Setup) -> String {
    setup.refused().await.0
}

#[tokio::test]
async fn a_file_that_the_caller_named_must_be_there() {
    let mut setup = Setup::written("");
    setup.access.kubeconfig = Some(PathBuf::from("/nowhere/config"));
    assert_eq!(said(&setup).await, "read kubeconfig /nowhere/config: there is no such file");
    setup.access.kubeconfig = Some(setup.folder.path().to_owned());
    assert!(said(&setup).await.starts_with("read kubeconfig DIR: "));
}

#[tokio::test]
async fn malformed_yaml_is_named_by_file_and_line_and_never_quoted() {
    let good = format!("apiVersion: v1\nusers:\n- name: dev\n  user:\n    token: {CANARY}\n");
    for (yaml, line) in [
        (format!("{good}contexts: [{CANARY}"), "line 6"),
        (format!("{good}contexts: {CANARY}\n"), "line 6"),
        (good.replace("token: ", "token: ["), "line 5"),
        (good.replace("token: ", "token: *"), "line 5"),
        (good.replace("    token:", "    token: a\n    token:"), "line 6"),
        (format!("{CANARY}\n"), "line 1"),
        (format!("{good}\tx: {CANARY}"), "line 5"),
    ] {
        let setup = Setup::written(&yaml);
        let said = said(&setup).await;
        assert!(said.starts_with(&format!("read kubeconfig DIR/config: {line}: ")), "{yaml}\n{said}");
    }
    let (said, _) = Setup::written("contexts:\n- {name: test, context: {user: dev}}\n").refused().await;
    assert_eq!(said, "read kubeconfig DIR/config: line 2: field \"cluster\" is missing");
}

#[tokio::test]
async fn bytes_that_are_no_kubeconfig_are_an_error_and_no_panic() {
    let bomb = (1..10).fold(String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n"), |bomb, n| {
        let alias = format!("*a{}", n - 1);
        format!("{bomb}a{n}: &a{n} [{}]\n", [alias.as_str(); 9].join(","))
    });
    let nested = "[".repeat(100_000);
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(*b"abc").collect();
    for bytes in [
        &b""[..],
        b"\0",
        b"\xff\xff",
        b"\xff\xfe",
        &wide,
        b"\xfe\xff\xd8\x00",
        bomb.as_bytes(),
        nested.as_bytes(),
    ] {
        let setup = Setup::written("");
        std::fs::write(setup.path(), bytes).unwrap();
        assert!(!said(&setup).await.is_empty());
    }
}

#[tokio::test]
async fn a_context_that_does_not_exist_offers_the_near_ones() {
    let mut setup = Setup::new("https://127.0.0.1:1");
    setup.access.context = Some("tset".into());
    let (said, hint) = setup.refused().await;
    assert_eq!(said, "find context \"tset\" in the kubeconfig; there is \"test\"");
    assert_eq!(hint.as_deref(), Some("kubectl config get-contexts"));
}

#[tokio::test]
async fn what_a_cluster_lacks_is_named() {
    for (cluster, problem) in [
        ("{}", "it has no server"),
        ("{server: ''}", "it has no server"),
        ("{server: '127.0.0.1:6443'}", "its server does not begin with https:// or http://"),
        (
            "{server: 'https://127.0.0.1:1', certificate-authority-data: '%'}",
            "its certificate-authority-data is not base64",
        ),
        (
            "{server: 'https://127.0.0.1:1', certificate-authority-data: aGVsbG8=}",
            "its certificate authority holds no certificate in PEM",
        ),
        ("{server: 'https://127.0.0.1:1', tls-server-name: 'a b'}", "its tls-server-name is not a name"),
    ] {
        let said = said(&with(cluster, "{}")).await;
        assert_eq!(said, format!("use cluster \"local\" of the kubeconfig: {problem}"), "{cluster}");
    }
    let setup = with("{server: 'https://127.0.0.1:1', certificate-authority: ca.crt}", "{}");
    assert_eq!(
        said(&setup).await,
        "read certificate authority of cluster \"local\" DIR/ca.crt: No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn what_a_user_lacks_is_named_without_its_secrets() {
    for (user, problem) in [
        (format!(r#"{{token: "{CANARY}\nx"}}"#), "its token has characters that no HTTP header can carry"),
        (format!("{{client-key-data: '{CANARY}'}}"), "its client-key-data is not base64"),
        ("{client-key-data: aGVsbG8=}".into(), "it has a client key but no client certificate"),
        ("{client-certificate-data: aGVsbG8=}".into(), "it has a client certificate but no client key"),
        (
            "{client-certificate-data: aGVsbG8=, client-key-data: aGVsbG8=}".into(),
            "its client key holds no private key",
        ),
        ("{auth-provider: {name: azure}}".into(), "the kubeconfig's way to log in does not work here"),
    ] {
        let said = said(&with(SERVER, &user)).await;
        let expected = format!("log in as user \"dev\" of the kubeconfig: {problem}");
        assert_eq!(said, expected, "{user}");
    }
    for (user, what) in [
        ("{tokenFile: gone}", "token of user \"dev\" DIR/gone"),
        ("{client-certificate: gone, client-key: gone}", "client certificate of user \"dev\" DIR/gone"),
    ] {
        assert_eq!(
            said(&with(SERVER, user)).await,
            format!("read {what}: No such file or directory (os error 2)")
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_that_gives_no_credential_is_named_and_its_output_is_not_shown() {
    let plugin = |command: &str, rest: &str| {
        with(
            SERVER,
            &format!(
                "{{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: {command}{rest}}}}}"
            ),
        )
    };
    let (said, hint) = plugin("no-such-plugin", ", installHint: 'brew install it'").refused().await;
    assert_eq!(said, "start credential plugin \"no-such-plugin\" of user \"dev\": there is no such program");
    assert_eq!(hint.as_deref(), Some("brew install it"));
    let script = |script: &str| plugin("sh", &format!(r#", args: ["-c", "{script}"]"#));
    for (setup, problem) in [
        (
            script(&format!("echo {CANARY}; echo log in first >&2; exit 3")),
            "it ended with exit status: 3: log in first",
        ),
        (script(&format!("echo {CANARY}")), "the credential plugin did not answer with a credential"),
        (script("true"), "the credential plugin did not answer with a credential"),
    ] {
        let (said, hint) = setup.refused().await;
        assert_eq!(said, format!("get a credential from plugin \"sh\" of user \"dev\": {problem}"));
        assert!(hint.is_some());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_runs_once_and_its_token_is_sent() {
    let server = Server::start(empty);
    let answer = format!(
        r#"{{\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"{CANARY}\",\"expirationTimestamp\":\"2100-01-01T00:00:00Z\"}}}}"#
    );
    let setup = Setup::written("");
    let runs = setup.folder.path().join("runs");
    let script = format!("echo >> {}; echo '{answer}'", runs.display());
    let exec = format!(
        r#"{{exec: {{apiVersion: v1, interactiveMode: Never, command: sh, args: ["-c", "{script}"]}}}}"#
    );
    let cluster =
        Cluster::connect(&with(&format!("{{server: '{}'}}", server.url()), &exec).access).await.unwrap();
    cluster.pods_and_events(&Scope::default()).await.unwrap();
    assert_eq!(std::fs::read_to_string(runs).unwrap(), "\n");
    for request in server.seen() {
        assert_eq!(request.header("authorization"), [format!("Bearer {CANARY}")]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugins_token_that_cannot_be_sent_is_an_error_and_no_panic() {
    let setup = with(
        SERVER,
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin}}",
    );
    let plugin = setup.folder.path().join("plugin");
    let answer = format!(r#"{{"kind":"ExecCredential","status":{{"token":"{CANARY}\\nx"}}}}"#);
    std::fs::write(&plugin, format!("#!/bin/sh\nprintf '{answer}'\n")).unwrap();
    std::fs::set_permissions(&plugin, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(said(&setup).await, "use the kubeconfig: its credentials cannot be sent");
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used_is_not_quoted() {
    let setup = with(&format!("{{server: 'https://127.0.0.1:1', proxy-url: 'ftp://u:{CANARY}@p'}}"), "{}");
    assert_eq!(
        said(&setup).await,
        "use the proxy of the kubeconfig (proxy-url): only http, https and socks5 proxies can be used"
    );
}

#[tokio::test]
async fn a_group_without_a_user_and_a_name_with_a_line_end_are_refused() {
    let mut setup = Setup::new("https://127.0.0.1:1");
    setup.access.impersonate_groups = vec!["admins".into()];
    assert_eq!(said(&setup).await, "act as another user: a group needs a user to go with it (--as)");
    setup.access.impersonate = Some("a\r\nx: y".into());
    assert_eq!(said(&setup).await, "act as another user: no HTTP header can carry that name");
}

#[tokio::test]
async fn a_token_file_with_a_line_end_and_folded_base64_are_taken_as_kubectl_takes_them() {
    let server = Server::start(empty);
    let setup = with(&format!("{{server: '{}/'}}", server.url()), "{tokenFile: token, token: ''}");
    std::fs::write(setup.folder.path().join("token"), format!("{CANARY}\n")).unwrap();
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    cluster.pods_and_events(&Scope::default()).await.unwrap();
    for request in server.seen() {
        assert_eq!(request.header("authorization"), [format!("Bearer {CANARY}")]);
    }
}

#[tokio::test]
async fn a_proxy_of_the_kubeconfig_leads_to_the_server() {
    // The proxy is asked to connect, which is no GET: not a `Server`, whose drop would object.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let (stream, _) = proxy.accept().unwrap();
        drop(proxy);
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stream), &mut line).unwrap();
        line
    });
    let setup = with(&format!("{{server: 'https://api.invalid:6443', proxy-url: 'http://{address}'}}"), "{}");
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    let error = cluster.pods_and_events(&Scope::default()).await.unwrap_err();
    assert!(
        support::chain(&error)
            .contains(&format!("connect to https://api.invalid:6443 through proxy http://{address}")),
        "{}",
        support::chain(&error)
    );
    assert_eq!(asked.join().unwrap().trim_end(), "CONNECT api.invalid:6443 HTTP/1.1");
}

#[tokio::test]
async fn a_cluster_and_a_user_can_be_chosen_over_the_contexts() {
    let server = Server::start(empty);
    let setup = Setup::written(&format!(
        "contexts: []\nclusters:\n- {{name: a, cluster: {{server: 'http://u:{CANARY}@{}'}}}}\nusers:\n- {{name: b, user: {{username: u, password: p}}}}\n",
        server.address
    ));
    let access = Access { cluster: Some("a".into()), user: Some("b".into()), ..setup.access.clone() };
    let cluster = Cluster::connect(&access).await.unwrap();
    assert_eq!((cluster.identity().context, cluster.identity().server), (None, server.url()));
    assert_eq!(cluster.default_namespace(), "default");
    cluster.pods_and_events(&Scope::default()).await.unwrap();
    assert!(server.seen().iter().all(|request| request.header("authorization") == ["Basic dTpw"]));
}
