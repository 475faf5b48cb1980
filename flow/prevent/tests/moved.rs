//! A tag has moved when the node's platform would get another image now: by index or by manifest, as runtimes tell it.

#![expect(clippy::unwrap_used, reason = "a test")]

use pullmedic_model::probe::manifest::{Descriptor, Entry, Manifest, Platform};
use pullmedic_model::probe::route::{Host, Role, Scheme};
use pullmedic_model::probe::{Ask, Class, Ended, Got, Record, What};
use pullmedic_model::{Certainty, Endpoint, Reference, Stage};
use pullmedic_prevent::{Moved, Running, running_digest};

fn platform(architecture: &str) -> Platform {
    Platform { os: "linux".into(), architecture: architecture.into(), variant: String::new() }
}

fn descriptor(digest: &str) -> Descriptor {
    Descriptor { digest: digest.into(), size: None, media_type: String::new(), foreign: false }
}

/// A list, `arch:digest arch:digest`; one word without a colon is an image.
fn manifest(text: &str) -> Manifest {
    let entry = |word: &str| {
        let (architecture, digest) = word.split_once(':').unwrap();
        Entry { manifest: descriptor(digest), platform: Some(platform(architecture)), attestation: false }
    };
    match text {
        "image" => Manifest::Image { config: descriptor("c"), layers: Vec::new() },
        list => Manifest::Index(list.split_whitespace().map(entry).collect()),
    }
}

fn judged(runs: &str, tag: &str, content: &[(&str, &str)], may_read: bool) -> (Moved, usize) {
    let host = Host {
        endpoint: Endpoint::parse("reg.test").unwrap(),
        scheme: Scheme::Https,
        path: "/v2".into(),
        namespace: None,
        role: Role::Origin,
        resolve: true,
        trust: String::new(),
        skip_verify: false,
        dial_timeout_ms: 1,
        answer_timeout_ms: None,
    };
    let reference = Reference::parse("reg.test/app:1").unwrap();
    let resolved =
        Ask { host, repository: "app".into(), what: What::ManifestHead("1".into()), login: None, again: 0 };
    let node = platform("amd64");
    let running =
        Running { reference: &reference, resolved: &resolved, digest: runs, platform: Some(&node), may_read };
    let mut records: Vec<Record> = Vec::new();
    loop {
        let Moved::Next(ask) = running.after(&records) else {
            return (running.after(&records), records.len());
        };
        let got = |digest: &str, manifest| Got::Manifest {
            digest: Some(digest.to_owned()),
            media_type: String::new(),
            size: None,
            manifest,
        };
        let ended = match &ask.what {
            What::ManifestHead(_) => Ended::Got(got(tag, None)),
            What::Manifest(digest) => match content.iter().find(|(known, _)| known == digest) {
                Some((_, text)) => Ended::Got(got(digest, Some(manifest(text)))),
                None => Ended::Refused {
                    stage: Stage::Manifest,
                    endpoint: ask.host.endpoint.clone(),
                    class: Class::Status(404),
                },
            },
            other => panic!("asked for {other:?}"),
        };
        records.push(Record {
            ask: *ask,
            at: jiff::Timestamp::UNIX_EPOCH,
            steps: Vec::new(),
            ended,
            requests: 1,
        });
    }
}

#[test]
fn a_tag_moved_when_the_nodes_platform_would_get_another_image() {
    let old = ("old", "amd64:a1 arm64:b1");
    let new = ("new", "amd64:a2 arm64:b1");
    let proven = || Moved::To("new".into(), Certainty::Proven);
    for (runs, tag, content, expected) in [
        ("new", "new", vec![], Moved::Not),
        // The runtime tells the list, or the image of its platform.
        ("old", "new", vec![old, new], proven()),
        ("a1", "new", vec![("a1", "image"), new], proven()),
        ("a2", "new", vec![new], Moved::Not),
        // Only another platform was built anew.
        ("old", "new", vec![old, ("new", "amd64:a1 arm64:b2")], Moved::Not),
        // From a list to a plain image and back.
        ("old", "a1", vec![old, ("a1", "image")], Moved::Not),
        ("old", "new", vec![old, ("new", "image")], proven()),
        // What the node would run as well stands for nothing beside its own platform.
        ("old", "new", vec![("old", "386:c1 amd64:a1"), ("new", "386:c1 amd64:a2")], proven()),
        ("old", "new", vec![("old", "386:c1 arm64:b1"), ("new", "386:c1 arm64:b2")], Moved::Not),
        // The old list is gone, so what it held cannot be seen.
        ("old", "new", vec![new], Moved::To("new".into(), Certainty::Likely)),
    ] {
        assert_eq!(judged(runs, tag, &content, true).0, expected, "{runs} {tag} {content:?}");
    }
}

#[test]
fn where_reads_are_metered_a_difference_is_told_and_not_judged() {
    let (stands, asked) = judged("old", "new", &[], false);
    assert!(matches!(stands, Moved::Unknown(why) if why.contains("was not read")));
    assert_eq!(asked, 1, "one HEAD");
    assert_eq!(judged("new", "new", &[], false).0, Moved::Not);
}

#[test]
fn an_image_id_is_compared_where_it_names_the_same_repository() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let reference = Reference::parse("nginx:1.29").unwrap();
    for (id, comparable) in [
        (format!("docker.io/library/nginx@{digest}"), true),
        (format!("docker-pullable://nginx@{digest}"), true),
        (format!("ghcr.io/acme/nginx@{digest}"), false),
        (digest.clone(), false),
        ("docker://abc".into(), false),
        ("nginx@sha256:short".into(), false),
        (String::new(), false),
    ] {
        assert_eq!(running_digest(&id, &reference).is_ok(), comparable, "{id}");
    }
}
