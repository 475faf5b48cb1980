//! A probe by hand, and what tells a cause from its rivals.

use std::collections::BTreeMap;
use std::net::IpAddr;

use insta::assert_snapshot;
use pullmedic_model::probe::class::Class;
use pullmedic_model::probe::login::LoginName;
use pullmedic_model::probe::manifest::{Descriptor, Entry, Manifest, Platform};
use pullmedic_model::probe::record::{Answer, Body, Certificate, Challenge, NotAsked, RegistryError};
use pullmedic_model::probe::route::{Role, Scheme};
use pullmedic_model::probe::{Ask, Ended, Got, Host, Record, Step, What};
use pullmedic_model::verdict::Why;
use pullmedic_model::{Captured, Cause, Endpoint, Stage};
use pullmedic_report::{Look, write_record, write_why};

use crate::built::NOW;
use crate::look;

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

fn host(name: &str, role: Role) -> Host {
    Host {
        endpoint: endpoint(name),
        scheme: Scheme::Https,
        path: "/v2".to_owned(),
        namespace: None,
        role,
        resolve: true,
        trust: String::new(),
        skip_verify: false,
        dial_timeout_ms: 30_000,
        answer_timeout_ms: None,
    }
}

fn login(text: &str) -> LoginName {
    LoginName { namespace: "shop".to_owned(), secret: text.to_owned(), key: "registry.acme.test".to_owned() }
}

fn step(stage: Stage, at: &str, took_us: u64) -> Step {
    Step {
        stage,
        endpoint: endpoint(at),
        address: None,
        sent: String::new(),
        login: None,
        took_us,
        detail: Captured::default(),
        failed: None,
        answer: None,
        certificate: None,
    }
}

fn address() -> Option<IpAddr> {
    Some("10.0.0.5".parse().unwrap())
}

fn record(host: Host, what: What, steps: Vec<Step>, ended: Ended) -> Record {
    Record {
        ask: Ask { host, repository: "shop/cart".to_owned(), what, login: None, again: 0 },
        at: NOW.parse().unwrap(),
        requests: u32::try_from(steps.iter().filter(|step| step.answer.is_some()).count()).unwrap(),
        steps,
        ended,
    }
}

fn certificate(subject: &str, issuer: &str) -> Certificate {
    Certificate {
        subject: Captured::new(subject),
        issuer: Captured::new(issuer),
        names: Vec::new(),
        not_before: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        not_after: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        chain_ends_at: Captured::default(),
    }
}

/// A mirror that refuses connections, then the origin: asked with a login, and a list of tags that a realm forbids.
fn probed() -> Vec<Record> {
    let mirror = Host {
        namespace: Some("registry.acme.test".to_owned()),
        scheme: Scheme::Http,
        ..host("mirror.acme.test:5000", Role::Mirror(0))
    };
    let at = "mirror.acme.test:5000";
    let refused = record(
        mirror,
        What::ManifestHead("4.1".to_owned()),
        vec![
            Step { detail: Captured::new("10.0.0.9"), ..step(Stage::Name, at, 800) },
            Step {
                address: Some("10.0.0.9".parse().unwrap()),
                failed: Some(Class::Refused),
                ..step(Stage::Connect, at, 300)
            },
        ],
        Ended::Refused { stage: Stage::Connect, endpoint: endpoint(at), class: Class::Refused },
    );
    let at = "registry.acme.test";
    let challenge = Challenge {
        scheme: "bearer".to_owned(),
        realm: "https://auth.acme.test/token".to_owned(),
        service: "registry.acme.test".to_owned(),
        scope: "repository:shop/cart:pull".to_owned(),
        error: String::new(),
    };
    let sent = "HEAD /v2/shop/cart/manifests/4.1";
    let mut got = record(
        host(at, Role::Origin),
        What::ManifestHead("4.1".to_owned()),
        vec![
            Step { detail: Captured::new("10.0.0.5, fd00::5"), ..step(Stage::Name, at, 2_100) },
            Step { address: address(), ..step(Stage::Connect, at, 3_000) },
            Step {
                certificate: Some(Certificate {
                    names: vec![at.to_owned(), "registry".to_owned()],
                    chain_ends_at: Captured::new("CN=Acme CA"),
                    ..certificate("CN=registry.acme.test", "CN=Acme CA")
                }),
                address: address(),
                ..step(Stage::Tls, at, 9_400)
            },
            Step {
                address: address(),
                sent: sent.to_owned(),
                answer: Some(Answer { status: 401, challenges: vec![challenge], ..Answer::default() }),
                ..step(Stage::Manifest, at, 4_000)
            },
            Step {
                sent: "GET /token".to_owned(),
                login: Some(login("regcred")),
                answer: Some(Answer {
                    status: 200,
                    grants_pull: Some(true),
                    body: Body::Json,
                    ..Answer::default()
                }),
                ..step(Stage::Token, "auth.acme.test", 31_000)
            },
            Step {
                address: address(),
                sent: sent.to_owned(),
                login: Some(login("regcred")),
                answer: Some(Answer {
                    status: 200,
                    headers: BTreeMap::from([("ratelimit-remaining".to_owned(), "98;w=21600".to_owned())]),
                    ..Answer::default()
                }),
                ..step(Stage::Manifest, at, 6_000)
            },
        ],
        Ended::Got(Got::Manifest {
            digest: Some("sha256:8f3c2a".to_owned()),
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            size: Some(1_610),
            manifest: Some(Manifest::Index(vec![
                entry(Some(("linux", "amd64")), false),
                entry(Some(("linux", "arm64")), false),
                entry(None, true),
            ])),
        }),
    );
    got.ask.login = Some(login("regcred"));
    let tags = record(
        host(at, Role::Origin),
        What::Tags,
        Vec::new(),
        Ended::NotAsked(NotAsked::Realm { realm: "https://evil.test/token".to_owned() }),
    );
    vec![refused, got, tags]
}

fn entry(platform: Option<(&str, &str)>, attestation: bool) -> Entry {
    Entry {
        manifest: Descriptor {
            digest: "sha256:ab".to_owned(),
            size: Some(500),
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            foreign: false,
        },
        platform: platform.map(|(os, architecture)| Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: String::new(),
        }),
        attestation,
    }
}

/// Everything in a record that comes from outside says `text`.
pub(crate) fn records_saying(text: &str) -> Vec<Record> {
    let at = "registry.acme.test";
    let answer = Answer {
        status: 404,
        challenges: vec![Challenge {
            scheme: text.to_owned(),
            realm: text.to_owned(),
            service: text.to_owned(),
            scope: text.to_owned(),
            error: text.to_owned(),
        }],
        errors: vec![
            RegistryError { code: text.to_owned(), message: Captured::new(text) },
            RegistryError { code: String::new(), message: Captured::new(text) },
        ],
        body: Body::Html,
        headers: BTreeMap::from([(text.to_owned(), text.to_owned())]),
        grants_pull: Some(false),
    };
    let step = Step {
        sent: text.to_owned(),
        login: Some(LoginName { namespace: text.to_owned(), ..login(text) }),
        detail: Captured::new(text),
        failed: Some(Class::Status(404)),
        answer: Some(answer),
        certificate: Some(Certificate {
            names: vec![text.to_owned(); 20],
            chain_ends_at: Captured::new(text),
            ..certificate(&format!("{text}2"), &format!("{text}3"))
        }),
        ..step(Stage::Manifest, at, 5)
    };
    let host = Host { path: text.to_owned(), namespace: Some(text.to_owned()), ..host(at, Role::Mirror(3)) };
    let names = || vec![text.to_owned(); 20];
    let platform =
        || Platform { os: text.to_owned(), architecture: text.to_owned(), variant: text.to_owned() };
    let manifest = |manifest| {
        Ended::Got(Got::Manifest {
            digest: Some(text.to_owned()),
            media_type: text.to_owned(),
            size: Some(u64::MAX),
            manifest: Some(manifest),
        })
    };
    let entry = Entry { platform: Some(platform()), ..entry(None, false) };
    [
        Ended::Got(Got::Tags { names: names(), complete: false }),
        Ended::Got(Got::Catalog { names: names(), complete: true }),
        Ended::Got(Got::Config { platform: platform(), created: None }),
        Ended::Got(Got::Blob { size: Some(1), whole: Some(false) }),
        manifest(Manifest::Index(vec![entry; 20])),
        manifest(Manifest::Artifact(text.to_owned())),
        manifest(Manifest::Other(text.to_owned())),
        Ended::NotAsked(NotAsked::Realm { realm: text.to_owned() }),
        Ended::NotAsked(NotAsked::Ours(text.to_owned())),
    ]
    .into_iter()
    .map(|ended| {
        let mut record = record(host.clone(), What::Blob(text.to_owned()), vec![step.clone()], ended);
        record.ask.repository = text.to_owned();
        record.ask.login = Some(login(text));
        record
    })
    .collect()
}

pub(crate) fn record_text(records: &[Record], look: &Look) -> String {
    let mut out = Vec::new();
    write_record(records, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn why_saying(text: &str) -> Why {
    Why {
        cause: Cause::NoCredentials,
        proves: vec![text.to_owned(); 2],
        excludes: vec![text.to_owned()],
        rivals: vec![(Cause::BadCredentials, text.to_owned())],
        explained_by: vec![Cause::PullSecretMissing],
        inseparable: vec![(Cause::Forbidden, text.to_owned())],
    }
}

pub(crate) fn why_text(why: &Why, look: &Look) -> String {
    let mut out = Vec::new();
    write_why(why, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_probe_is_a_ladder_for_each_request_under_its_host() {
    assert_snapshot!(record_text(&probed(), &look()), @r#"
    mirror.acme.test:5000  mirror 1 of the node's file, plain HTTP, asked for
      ns=registry.acme.test
      manifest 4.1 of shop/cart (HEAD) anonymously, at 16:20:41
        name      ✓  0.8 ms   10.0.0.9
        connect   ✗  0.3 ms   to 10.0.0.9 → refused
        ✗ stage connect failed at mirror.acme.test:5000: refused

    registry.acme.test  the registry that the image names
      manifest 4.1 of shop/cart (HEAD) with secret shop/regcred (key
      registry.acme.test), at 16:20:41
        name      ✓  2 ms     10.0.0.5, fd00::5
        connect   ✓  3 ms     to 10.0.0.5
        tls       ✓  9 ms     CN=registry.acme.test for registry.acme.test,
                              registry, by CN=Acme CA, 2026-01-01 to 2027-01-01
        manifest  ✓  4 ms     HEAD /v2/shop/cart/manifests/4.1 → 401; wants bearer
                              from https://auth.acme.test/token for service
                              registry.acme.test and scope repository:shop/cart:pull
        token     ✓  31 ms    GET /token to auth.acme.test with secret shop/regcred
                              (key registry.acme.test) → 200; the token grants pull
        manifest  ✓  6 ms     HEAD /v2/shop/cart/manifests/4.1 with secret
                              shop/regcred (key registry.acme.test) → 200;
                              ratelimit-remaining: 98;w=21600
        ✓ the manifest is there, sha256:8f3c2a,
          application/vnd.oci.image.index.v1+json, 1.6 KiB, an index for
          linux/amd64, linux/arm64 and 1 attestation
      tags of shop/cart anonymously, at 16:20:41
        ? not asked: it wants a token from https://evil.test/token, which is not
          allowed for this registry (--allow-realm REGISTRY=REALM allows it)

    3 registry requests sent.
    "#);
}

#[test]
fn a_narrow_page_puts_the_words_below_their_stage() {
    let look = Look { width: 50, ascii: true, ..look() };
    assert_snapshot!(record_text(&probed()[..2], &look), @r#"
    mirror.acme.test:5000  mirror 1 of the node's
      file, plain HTTP, asked for
      ns=registry.acme.test
      manifest 4.1 of shop/cart (HEAD) anonymously, at
      16:20:41
        name      ok 0.8 ms
          10.0.0.9
        connect   x  0.3 ms
          to 10.0.0.9 -> refused
        x stage connect failed at
          mirror.acme.test:5000: refused

    registry.acme.test  the registry that the image
      names
      manifest 4.1 of shop/cart (HEAD) with secret
      shop/regcred (key registry.acme.test), at
      16:20:41
        name      ok 2 ms
          10.0.0.5, fd00::5
        connect   ok 3 ms
          to 10.0.0.5
        tls       ok 9 ms
          CN=registry.acme.test for
          registry.acme.test, registry, by CN=Acme CA,
          2026-01-01 to 2027-01-01
        manifest  ok 4 ms
          HEAD /v2/shop/cart/manifests/4.1 -> 401;
          wants bearer from
          https://auth.acme.test/token for service
          registry.acme.test and scope
          repository:shop/cart:pull
        token     ok 31 ms
          GET /token to auth.acme.test with secret
          shop/regcred (key registry.acme.test) ->
          200; the token grants pull
        manifest  ok 6 ms
          HEAD /v2/shop/cart/manifests/4.1 with secret
          shop/regcred (key registry.acme.test) ->
          200; ratelimit-remaining: 98;w=21600
        ok the manifest is there, sha256:8f3c2a,
           application/vnd.oci.image.index.v1+json,
           1.6 KiB, an index for linux/amd64,
           linux/arm64 and 1 attestation

    3 registry requests sent.
    "#);
}

#[test]
fn a_wide_page_keeps_an_answer_on_few_lines() {
    assert_snapshot!(record_text(&probed()[1..2], &Look { width: 120, ..look() }), @r#"
    registry.acme.test  the registry that the image names
      manifest 4.1 of shop/cart (HEAD) with secret shop/regcred (key registry.acme.test), at 16:20:41
        name      ✓  2 ms     10.0.0.5, fd00::5
        connect   ✓  3 ms     to 10.0.0.5
        tls       ✓  9 ms     CN=registry.acme.test for registry.acme.test, registry, by CN=Acme CA, 2026-01-01 to
                              2027-01-01
        manifest  ✓  4 ms     HEAD /v2/shop/cart/manifests/4.1 → 401; wants bearer from https://auth.acme.test/token for
                              service registry.acme.test and scope repository:shop/cart:pull
        token     ✓  31 ms    GET /token to auth.acme.test with secret shop/regcred (key registry.acme.test) → 200; the
                              token grants pull
        manifest  ✓  6 ms     HEAD /v2/shop/cart/manifests/4.1 with secret shop/regcred (key registry.acme.test) → 200;
                              ratelimit-remaining: 98;w=21600
        ✓ the manifest is there, sha256:8f3c2a, application/vnd.oci.image.index.v1+json, 1.6 KiB, an index for linux/amd64,
          linux/arm64 and 1 attestation

    3 registry requests sent.
    "#);
}

#[test]
fn an_answer_from_a_cache_and_a_refusal_below_http_are_told_apart() {
    let mut records = probed();
    assert!(!record_text(&records, &look()).contains("kept from an earlier answer"));
    records[1].requests = 0;
    assert!(record_text(&records[1..2], &look()).contains("kept from an earlier answer"));
    assert!(record_text(&records[1..2], &look()).ends_with("\n0 registry requests sent.\n"));
    assert_eq!(record_text(&[], &look()), "0 registry requests sent.\n");
}

/// No login is named by anything but where it stands.
#[test]
fn a_login_is_named_by_its_secret_and_key() {
    let page = record_text(&probed(), &Look { width: 200, ..look() });
    assert!(page.contains("with secret shop/regcred (key registry.acme.test)"), "{page}");
}

#[test]
fn why_says_what_proves_what_excludes_and_what_splits() {
    let clauses = |clauses: &[&str]| clauses.iter().map(|clause| (*clause).to_owned()).collect();
    let why = Why {
        cause: Cause::NoCredentials,
        proves: clauses(&[
            "the registry refuses the request without a login, and accepts the same request with one",
            "the kubelet would send none: the pod names no pull secret that matches",
        ]),
        excludes: clauses(&["a login was sent"]),
        rivals: vec![
            (Cause::BadCredentials, "whether a login was sent".to_owned()),
            (
                Cause::RepositoryNotFound,
                "a login that gets 200 shows that the repository is there".to_owned(),
            ),
        ],
        explained_by: vec![Cause::PullSecretMissing, Cause::PullSecretMalformed, Cause::PullSecretUnmatched],
        inseparable: vec![(
            Cause::CredentialProviderFailed,
            "from outside the node, a provider that gave nothing looks like none".to_owned(),
        )],
    };
    assert_snapshot!(why_text(&why, &look()), @r#"
    no-credentials
      the registry wants a login, and none reached it

    What proves it
      - the registry refuses the request without a login, and accepts the same
        request with one
      - the kubelet would send none: the pod names no pull secret that matches

    What excludes it
      - a login was sent

    Its rivals, and what tells them from it
      bad-credentials: whether a login was sent
      repository-not-found: a login that gets 200 shows that the repository is there

    What explains it
      pull-secret-missing, pull-secret-malformed, pull-secret-unmatched: each takes
      the place of no-credentials once it was seen itself

    What nothing tells from it
      credential-provider-failed: from outside the node, a provider that gave
        nothing looks like none
    "#);
    let nothing = Why { proves: Vec::new(), excludes: Vec::new(), ..why };
    assert!(why_text(&nothing, &look()).contains("nothing that can be seen from outside the node"));
}
