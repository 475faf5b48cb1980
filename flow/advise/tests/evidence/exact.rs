//! A change is what the command sends, and its undo gives the object back as it was.

use proptest::prelude::*;
use pullmedic_advise::remedies;
use pullmedic_model::finding::Remedy;
use pullmedic_model::shell::word;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Cause, Endpoint, Grade, Subject};
use serde_json::Value;

use crate::built::{NEW, login, object_of, of_owner, owner, platform, subject, with_account};

fn applied(operations: &Value, to: &Value) -> Value {
    let patch: json_patch::Patch = serde_json::from_value(operations.clone()).unwrap();
    let mut document = to.clone();
    json_patch::patch(&mut document, &patch).unwrap();
    document
}

/// The operations that an undo command sends: its one quoted word.
fn operations_of(command: &str) -> Value {
    let (_, quoted) = command.split_once(" -p ").unwrap();
    serde_json::from_str(quoted.trim_matches('\'')).unwrap()
}

fn check(subject: &Subject, remedy: &Remedy) {
    assert!(remedy.grade != Grade::Safe || remedy.tried, "{remedy:?}");
    let Some(patch) = &remedy.patch else { return };
    let command = remedy.command.as_ref().unwrap();
    assert!(command.contains(&word(&patch.operations.to_string())), "{command}");
    let before = object_of(subject, &patch.kind);
    let after = applied(&patch.operations, &before);
    assert_ne!(after, before, "{remedy:?}");
    assert_eq!(applied(&operations_of(remedy.undo.as_ref().unwrap()), &after), before, "{remedy:?}");
    for operation in patch.operations.as_array().unwrap() {
        let op = operation["op"].as_str().unwrap();
        let tested = patch.operations[0]["op"] == "test";
        assert!(op == "add" || op == "test" || tested, "{op} without a test: {remedy:?}");
    }
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let secrets = proptest::sample::subsequence(vec!["a", "b", "regcred", "reg-cred"], 0..4);
    let tags = proptest::collection::vec("v?[0-9]{1,2}\\.[0-9]{1,2}(-alpine)?|latest|main", 0..6);
    (secrets.clone(), secrets, tags, any::<[bool; 6]>(), proptest::option::of("a|b|regcred|reg-cred|new"))
        .prop_map(|(refused, absent, tags, on, repair)| Evidence {
            tags,
            tags_complete: on[0],
            refused: refused.into_iter().map(login).collect(),
            secrets_absent: absent.into_iter().map(str::to_owned).collect(),
            anonymous_passes: on[1],
            repair: repair.map(|secret| login(&secret)),
            platforms: if on[2] { vec![platform("arm64"), platform("s390x")] } else { Vec::new() },
            wanted: on[3].then(|| platform("amd64")),
            digest_now: on[4].then(|| NEW.to_owned()),
            mirror_with_same_digest: on[5].then(|| Endpoint::parse("mirror.acme.test:5000").unwrap()),
            repositories: vec!["shop/card".into()],
            corrected_reference: on[5].then(|| "registry.acme.test/shop/cart:1".to_owned()),
            ..Evidence::default()
        })
}

proptest! {
    #[test]
    fn what_is_undone_is_as_it_was(
        evidence in evidence(),
        held in proptest::sample::subsequence(vec!["a", "b", "regcred"], 0..3),
        of_account in proptest::sample::subsequence(vec!["a", "b", "regcred"], 0..3),
        kind in 0_usize..5,
        selector in proptest::option::of(Just("amd64")),
    ) {
        let owners = [
            Some(owner("Deployment", "apps/v1", "cart")),
            Some(owner("StatefulSet", "apps/v1", "cart")),
            Some(owner("CronJob", "batch/v1", "cart")),
            Some(owner("Job", "batch/v1", "cart")),
            None,
        ];
        for &cause in Cause::ALL {
            let mut subject = with_account(of_owner(subject(cause, &held), owners[kind].clone()), &of_account);
            if held.is_empty() {
                subject.pull_secrets = of_account.iter().map(|&name| name.to_owned()).collect();
            }
            if let (Some(spec), Some(architecture)) = (&mut subject.spec, selector) {
                spec.node_selector = Some([("kubernetes.io/arch".to_owned(), architecture.to_owned())].into());
            }
            for remedy in remedies(&subject, &evidence) {
                check(&subject, &remedy);
            }
        }
    }
}
