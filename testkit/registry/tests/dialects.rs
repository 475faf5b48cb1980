//! What each vendor says, as a table that can be read beside `domain/pull-facts.md` §4.3.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::fmt::Write as _;
use std::net::SocketAddr;

use support::{ask, basic, get, post, run, token};
use testkit_registry::dialect::Scheme;
use testkit_registry::{Answer, Case, Dialect, Endpoint, Image, Quota, Route, Rule, User};

/// Rows of: dialect; then who asks for what and what is said: `token: STATUS` where the token service refuses, else
/// status, code and challenge of the registry.
const TABLE: &str = "
distribution | no login            | 401 UNAUTHORIZED Bearer
distribution | private, anonymous  | 401 UNAUTHORIZED insufficient_scope
distribution | absent, anonymous   | 401 UNAUTHORIZED insufficient_scope
distribution | wrong password      | token: 401 UNAUTHORIZED no challenge
distribution | expired             | token: 401 UNAUTHORIZED no challenge
distribution | may not             | 401 UNAUTHORIZED insufficient_scope
distribution | absent, with login  | 404 MANIFEST_UNKNOWN no challenge
distribution | absent tag          | 404 MANIFEST_UNKNOWN no challenge
distribution | well                | 200 - no challenge
docker_hub   | no login            | 401 UNAUTHORIZED Bearer
docker_hub   | private, anonymous  | 401 UNAUTHORIZED insufficient_scope
docker_hub   | absent, anonymous   | 401 UNAUTHORIZED insufficient_scope
docker_hub   | wrong password      | token: 401 - no challenge
docker_hub   | expired             | token: 401 - no challenge
docker_hub   | may not             | 401 UNAUTHORIZED insufficient_scope
docker_hub   | absent, with login  | 401 UNAUTHORIZED insufficient_scope
docker_hub   | absent tag          | 404 MANIFEST_UNKNOWN no challenge
docker_hub   | well                | 200 - no challenge
ghcr         | no login            | 401 UNAUTHORIZED Bearer
ghcr         | private, anonymous  | token: 403 DENIED no challenge
ghcr         | absent, anonymous   | token: 403 DENIED no challenge
ghcr         | wrong password      | token: 403 DENIED no challenge
ghcr         | expired             | token: 403 DENIED no challenge
ghcr         | may not             | 403 DENIED no challenge
ghcr         | absent, with login  | 403 DENIED no challenge
ghcr         | absent tag          | 404 MANIFEST_UNKNOWN no challenge
ghcr         | well                | 200 - no challenge
quay         | no login            | 401 UNAUTHORIZED Bearer
quay         | private, anonymous  | 401 UNAUTHORIZED Bearer
quay         | absent, anonymous   | 401 UNAUTHORIZED Bearer
quay         | wrong password      | token: 401 UNAUTHORIZED no challenge
quay         | expired             | token: 401 UNAUTHORIZED no challenge
quay         | may not             | 401 UNAUTHORIZED Bearer
quay         | absent, with login  | 401 UNAUTHORIZED Bearer
quay         | absent tag          | 404 MANIFEST_UNKNOWN no challenge
quay         | well                | 200 - no challenge
ecr          | no login            | 401 - Basic
ecr          | private, anonymous  | 401 - Basic
ecr          | absent, anonymous   | 401 - Basic
ecr          | wrong password      | 403 DENIED no challenge
ecr          | expired             | 403 DENIED no challenge
ecr          | may not             | 403 DENIED no challenge
ecr          | absent, with login  | 404 NAME_UNKNOWN no challenge
ecr          | absent tag          | 404 MANIFEST_UNKNOWN no challenge
ecr          | well                | 200 - no challenge
harbor       | no login            | 401 UNAUTHORIZED Bearer
harbor       | private, anonymous  | 401 UNAUTHORIZED Basic
harbor       | absent, anonymous   | 401 UNAUTHORIZED Basic
harbor       | wrong password      | token: 401 UNAUTHORIZED no challenge
harbor       | expired             | token: 401 UNAUTHORIZED no challenge
harbor       | may not             | 401 UNAUTHORIZED Basic
harbor       | absent, with login  | 401 UNAUTHORIZED empty challenge
harbor       | absent tag          | 404 NOT_FOUND no challenge
harbor       | well                | 200 - no challenge
gar          | no login            | 401 UNAUTHORIZED Bearer
gar          | private, anonymous  | token: 403 DENIED no challenge
gar          | absent, anonymous   | token: 403 DENIED no challenge
gar          | wrong password      | token: 401 UNAUTHORIZED no challenge
gar          | expired             | token: 401 UNAUTHORIZED no challenge
gar          | may not             | 403 DENIED no challenge
gar          | absent, with login  | 403 DENIED no challenge
gar          | absent tag          | 404 MANIFEST_UNKNOWN no challenge
gar          | well                | 200 - no challenge
acr          | no login            | 401 UNAUTHORIZED Bearer
acr          | private, anonymous  | token: 401 UNAUTHORIZED no challenge
acr          | absent, anonymous   | token: 401 UNAUTHORIZED no challenge
acr          | wrong password      | token: 401 UNAUTHORIZED no challenge
acr          | expired             | token: 401 UNAUTHORIZED no challenge
acr          | may not             | token: 401 UNAUTHORIZED no challenge
acr          | absent, with login  | 404 NAME_UNKNOWN no challenge
acr          | absent tag          | 404 MANIFEST_UNKNOWN no challenge
acr          | well                | 200 - no challenge
gitlab       | no login            | 401 UNAUTHORIZED Bearer
gitlab       | private, anonymous  | token: 403 DENIED no challenge
gitlab       | absent, anonymous   | token: 403 DENIED no challenge
gitlab       | wrong password      | token: 403 DENIED no challenge
gitlab       | expired             | token: 403 DENIED no challenge
gitlab       | may not             | token: 403 DENIED no challenge
gitlab       | absent, with login  | token: 403 DENIED no challenge
gitlab       | absent tag          | 404 MANIFEST_UNKNOWN no challenge
gitlab       | well                | 200 - no challenge
artifactory  | no login            | 401 UNAUTHORIZED Bearer
artifactory  | private, anonymous  | token: 401 - no challenge
artifactory  | absent, anonymous   | token: 401 - no challenge
artifactory  | wrong password      | token: 401 - no challenge
artifactory  | expired             | token: 401 - no challenge
artifactory  | may not             | 403 DENIED no challenge
artifactory  | absent, with login  | 404 MANIFEST_UNKNOWN no challenge
artifactory  | absent tag          | 404 MANIFEST_UNKNOWN no challenge
artifactory  | well                | 200 - no challenge
nexus        | no login            | 401 UNAUTHORIZED Basic
nexus        | private, anonymous  | 401 UNAUTHORIZED Basic
nexus        | absent, anonymous   | 401 UNAUTHORIZED Basic
nexus        | wrong password      | 401 UNAUTHORIZED Basic
nexus        | expired             | 401 UNAUTHORIZED Basic
nexus        | may not             | 403 DENIED no challenge
nexus        | absent, with login  | 404 MANIFEST_UNKNOWN no challenge
nexus        | absent tag          | 404 MANIFEST_UNKNOWN no challenge
nexus        | well                | 200 - no challenge
";

fn endpoint(dialect: Dialect) -> Endpoint {
    Endpoint::named("r")
        .dialect(dialect)
        .user(User::new("ann", "secret", "*"))
        .user(User::new("eve", "secret", "hers/*"))
        .user(User { expired: true, ..User::new("old", "secret", "*") })
        .image(Image::small("team/app", "1.0"))
}

/// What a client of this scheme gets in the end.
async fn pull(
    address: SocketAddr,
    dialect: Dialect,
    login: Option<&str>,
    repository: &str,
    tag: &str,
) -> String {
    let target = format!("/v2/{repository}/manifests/{tag}");
    let authorization = match dialect.row().scheme {
        Scheme::Basic { .. } => login.map(str::to_owned),
        Scheme::Bearer { path, .. } => {
            let given = token(address, path, repository, login).await;
            if given.status != 200 {
                return format!("token: {}", given.said());
            }
            Some(format!("Bearer {}", given.json()["token"].as_str().unwrap()))
        }
    };
    let headers: Vec<(&str, &str)> =
        authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
    ask(address, "GET", &target, &headers).await.said()
}

#[tokio::test]
async fn each_vendor_refuses_in_its_own_manner() {
    let mut seen = String::from("\n");
    for dialect in Dialect::ALL {
        let running = run([endpoint(dialect)]).await;
        let address = running.endpoint("r");
        let name = serde_json::to_value(dialect).unwrap().as_str().unwrap().to_owned();
        let ping = get(address, "/v2/").await;
        assert_eq!(ping.status, 401, "{dialect:?}: without a login the ping is refused");
        let without = get(address, "/v2/team/app/manifests/1.0").await.said();
        writeln!(seen, "{name:<12} | {:<19} | {without}", "no login").unwrap();
        for (about, login, repository, tag) in [
            ("private, anonymous", None, "team/app", "1.0"),
            ("absent, anonymous", None, "team/absent", "1.0"),
            ("wrong password", Some(("ann", "wrong")), "team/app", "1.0"),
            ("expired", Some(("old", "secret")), "team/app", "1.0"),
            ("may not", Some(("eve", "secret")), "team/app", "1.0"),
            ("absent, with login", Some(("ann", "secret")), "team/absent", "1.0"),
            ("absent tag", Some(("ann", "secret")), "team/app", "2.0"),
            ("well", Some(("ann", "secret")), "team/app", "1.0"),
        ] {
            let login = login.map(|(name, password)| basic(name, password));
            let said = pull(address, dialect, login.as_deref(), repository, tag).await;
            writeln!(seen, "{name:<12} | {about:<19} | {said}").unwrap();
        }
    }
    let differing: Vec<_> = TABLE.lines().zip(seen.lines()).filter(|(wanted, had)| wanted != had).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(TABLE.lines().count(), seen.lines().count());
}

#[tokio::test]
async fn every_row_names_its_source_and_every_cell_can_be_asked_for_by_a_rule() {
    for dialect in Dialect::ALL {
        assert!(!dialect.row().source.is_empty(), "{dialect:?}");
        for case in Case::ALL {
            let rule = Rule::on(Route::Manifest).answer(Answer::RefusalOf { dialect, case });
            let running = run([Endpoint::named("r").image(Image::small("team/app", "1.0")).rule(rule)]).await;
            let came = get(running.endpoint("r"), "/v2/team/app/manifests/1.0").await;
            match dialect.row().refusal(case) {
                Some(refusal) => assert_eq!(came.status, refusal.status, "{dialect:?} {case:?}"),
                None => assert_eq!((came.status, case), (429, Case::Limited)),
            }
        }
    }
}

#[tokio::test]
async fn ecr_says_expired_in_the_body_of_a_get_only() {
    let running = run([endpoint(Dialect::Ecr)]).await;
    let address = running.endpoint("r");
    let login = basic("old", "secret");
    let headers = [("Authorization", login.as_str())];
    let body = ask(address, "GET", "/v2/team/app/manifests/1.0", &headers).await;
    let words = "Your authorization token has expired. Reauthenticate and try again.";
    assert_eq!(body.json()["errors"][0]["message"], words);
    let head = ask(address, "HEAD", "/v2/team/app/manifests/1.0", &headers).await;
    assert_eq!((head.status, head.body.len()), (403, 0));
}

#[tokio::test]
async fn a_token_service_without_post_sends_clients_to_get() {
    let form =
        "grant_type=password&username=ann&password=secret&scope=repository%3Ateam%2Fapp%3Apull&service=s";
    for (dialect, status) in [
        (Dialect::Distribution, 200),
        (Dialect::DockerHub, 200),
        (Dialect::Ghcr, 404),
        (Dialect::Artifactory, 401),
        (Dialect::Acr, 400),
    ] {
        let Scheme::Bearer { path, .. } = dialect.row().scheme else { panic!("{dialect:?}") };
        let running = run([endpoint(dialect)]).await;
        assert_eq!(post(running.endpoint("r"), path, form).await.status, status, "{dialect:?}");
    }
}

#[tokio::test]
async fn docker_hub_tells_what_is_left_and_who_spent_it() {
    let window = std::time::Duration::from_secs(21600);
    let mut hub = endpoint(Dialect::DockerHub).public("team/*");
    hub.anonymous_quota = Some(Quota { pulls: 1, window });
    let running = run([hub]).await;
    let address = running.endpoint("r");
    let given = token(address, "/token", "team/app", None).await.json();
    let bearer = format!("Bearer {}", given["token"].as_str().unwrap());
    let mut seen = Vec::new();
    for method in ["HEAD", "GET", "HEAD", "GET"] {
        let came = ask(address, method, "/v2/team/app/manifests/1.0", &[("Authorization", &bearer)]).await;
        let left = came.header("ratelimit-remaining").unwrap_or("none").to_owned();
        seen.push((came.status, left));
        assert_eq!(came.header("ratelimit-limit"), Some("1;w=21600"));
        assert_eq!(came.header("docker-ratelimit-source"), Some("192.0.2.1"));
        assert_eq!(came.text().contains("unauthenticated pull rate limit"), came.status == 429);
    }
    let expected = [(200, "1;w=21600"), (200, "0;w=21600"), (200, "0;w=21600"), (429, "0;w=21600")];
    assert_eq!(seen, expected.map(|(status, left)| (status, left.to_owned())));
}
