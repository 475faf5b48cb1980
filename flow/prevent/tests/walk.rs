//! A walk asks what a pull asks, once each, and ends at the first thing that is not there.

#![expect(clippy::unwrap_used, reason = "a test")]

use pullmedic_model::probe::manifest::{Descriptor, Entry, Manifest, Platform};
use pullmedic_model::probe::route::{Host, Role, Route, Scheme};
use pullmedic_model::probe::{Ask, Class, Ended, Got, LoginName, Record, What};
use pullmedic_model::{Endpoint, Reference, Stage};
use pullmedic_prevent::{Depth, Walk, Walked};

fn host(name: &str, role: Role) -> Host {
    Host {
        endpoint: Endpoint::parse(name).unwrap(),
        scheme: Scheme::Https,
        path: "/v2".into(),
        namespace: None,
        role,
        resolve: true,
        trust: String::new(),
        skip_verify: false,
        dial_timeout_ms: 30_000,
        answer_timeout_ms: None,
    }
}

fn descriptor(digest: &str) -> Descriptor {
    Descriptor { digest: digest.into(), size: Some(1), media_type: String::new(), foreign: false }
}

fn platform(architecture: &str) -> Platform {
    Platform { os: "linux".into(), architecture: architecture.into(), variant: String::new() }
}

fn entry(digest: &str, architecture: &str) -> Entry {
    Entry { manifest: descriptor(digest), platform: Some(platform(architecture)), attestation: false }
}

fn image(name: &str) -> Manifest {
    let layers = ["1", "2"].map(|n| descriptor(&format!("sha256:{name}-layer-{n}")));
    Manifest::Image { config: descriptor(&format!("sha256:{name}-config")), layers: layers.into() }
}

fn login(secret: &str) -> LoginName {
    LoginName { namespace: "shop".into(), secret: secret.into(), key: "reg.test".into() }
}

/// A registry as a function; `None` is a refusal with 404.
fn walk(walk: &Walk<'_>, registry: impl Fn(&Ask) -> Option<Got>) -> (Walked, Vec<String>) {
    let mut records = Vec::new();
    loop {
        match walk.after(&records) {
            Walked::Next(ask) => {
                assert!(records.iter().all(|record: &Record| record.ask != *ask), "asked twice: {ask:?}");
                let refused = Ended::Refused {
                    stage: Stage::Manifest,
                    endpoint: ask.host.endpoint.clone(),
                    class: Class::Status(404),
                };
                let ended = registry(&ask).map_or(refused, Ended::Got);
                records.push(Record {
                    ask: *ask,
                    at: jiff::Timestamp::UNIX_EPOCH,
                    steps: Vec::new(),
                    ended,
                    requests: 1,
                });
            }
            stands => {
                let asked = records.iter().map(|record| {
                    let login = record.ask.login.as_ref().map_or("-", |login| &login.secret);
                    format!("{} {login} {:?}", record.ask.host.endpoint, record.ask.what)
                });
                return (stands, asked.collect());
            }
        }
    }
}

fn got_manifest(manifest: Option<Manifest>) -> Option<Got> {
    Some(Got::Manifest { digest: None, media_type: String::new(), size: None, manifest })
}

/// An index of amd64 and arm64, of which arm64 lacks its second layer.
fn half_there(ask: &Ask) -> Option<Got> {
    match &ask.what {
        What::ManifestHead(_) => got_manifest(None),
        What::Manifest(digest) if digest == "sha256:amd" => got_manifest(Some(image("amd"))),
        What::Manifest(digest) if digest == "sha256:arm" => got_manifest(Some(image("arm"))),
        What::Manifest(_) => got_manifest(Some(Manifest::Index(vec![
            entry("sha256:amd", "amd64"),
            entry("sha256:arm", "arm64"),
        ]))),
        What::Config(_) => Some(Got::Config { platform: platform("amd64"), created: None }),
        What::BlobHead(digest) if digest == "sha256:arm-layer-2" => None,
        What::BlobHead(_) => Some(Got::Blob { size: Some(1), whole: None }),
        What::Name | What::Ping | What::Blob(_) | What::Tags | What::Catalog | What::Referrers(_) => None,
    }
}

fn route(hosts: &[Host]) -> Route {
    Route { hosts: hosts.to_vec(), of_node: false, defects: Vec::new() }
}

#[test]
fn a_whole_image_is_asked_for_once_from_top_to_bottom() {
    let reference = Reference::parse("reg.test/app:1").unwrap();
    let (route, platforms) = (route(&[host("reg.test", Role::Origin)]), [platform("amd64")]);
    let wanted = Walk {
        reference: &reference,
        route: &route,
        logins: &[],
        platforms: &platforms,
        depth: Depth::Whole,
    };
    let (stands, asked) = walk(&wanted, half_there);
    assert_eq!(stands, Walked::Whole);
    assert_eq!(asked.len(), 1 + 2 + 1 + 2, "{asked:?}");

    let resolved = Walk { depth: Depth::Resolve, ..wanted };
    assert_eq!(walk(&resolved, half_there).1, [r#"reg.test - ManifestHead("1")"#]);
}

#[test]
fn a_missing_layer_is_named_by_the_request_that_missed_it() {
    let reference = Reference::parse("reg.test/app:1").unwrap();
    let (route, platforms) = (route(&[host("reg.test", Role::Origin)]), [platform("arm64")]);
    let wanted = Walk {
        reference: &reference,
        route: &route,
        logins: &[],
        platforms: &platforms,
        depth: Depth::Whole,
    };
    let (stands, asked) = walk(&wanted, half_there);
    let Walked::Failed(at) = stands else { panic!("{stands:?}") };
    assert_eq!(asked[at], r#"reg.test - BlobHead("sha256:arm-layer-2")"#);

    let platforms = [platform("s390x")];
    let (stands, _) = walk(&Walk { platforms: &platforms, ..wanted }, half_there);
    assert_eq!(stands, Walked::NoPlatform(platform("s390x"), vec![platform("amd64"), platform("arm64")]));
}

#[test]
fn hosts_and_logins_are_gone_through_as_the_runtime_does() {
    let reference = Reference::parse("reg.test/app:1").unwrap();
    let hosts = [host("mirror.test", Role::Mirror(0)), host("reg.test", Role::Origin)];
    let (route, logins) = (route(&hosts), [login("old"), login("new")]);
    let wanted =
        Walk { reference: &reference, route: &route, logins: &logins, platforms: &[], depth: Depth::Resolve };
    let only_new = |ask: &Ask| {
        let works = ask.host.role == Role::Origin && ask.login.as_ref() == Some(&login("new"));
        works.then(|| got_manifest(None)).flatten()
    };
    let (stands, asked) = walk(&wanted, only_new);
    assert_eq!(stands, Walked::Whole);
    assert_eq!(
        asked,
        [
            r#"mirror.test old ManifestHead("1")"#,
            r#"mirror.test new ManifestHead("1")"#,
            r#"reg.test old ManifestHead("1")"#,
            r#"reg.test new ManifestHead("1")"#,
        ]
    );

    let (stands, _) = walk(&wanted, |_| None);
    assert_eq!(stands, Walked::Failed(0));
    let nowhere = Route::default();
    let (stands, asked) = walk(&Walk { route: &nowhere, ..wanted }, |_| None);
    assert_eq!((stands, asked.len()), (Walked::NoHost, 0));
}

#[test]
fn an_index_that_holds_an_index_ends_the_walk() {
    let reference = Reference::parse("reg.test/app:1").unwrap();
    let route = route(&[host("reg.test", Role::Origin)]);
    let wanted =
        Walk { reference: &reference, route: &route, logins: &[], platforms: &[], depth: Depth::Whole };
    let endless = |_: &Ask| got_manifest(Some(Manifest::Index(vec![entry("sha256:self", "amd64")])));
    let (stands, asked) = walk(&wanted, endless);
    assert_eq!((stands, asked.len()), (Walked::Failed(2), 3));
}
