//! What a remedy may not do: widen a right in passing, fail, say a thing twice, or change what is over.

use pullmedic_advise::remedies;
use pullmedic_model::finding::{FindingState, Remedy};
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Actor, Cause, Certainty, Grade, Subject};

use crate::built::{login, of_owner, owner, platform, repaired_with, subject, with_account};

fn commands(remedies: &[Remedy]) -> Vec<&str> {
    remedies.iter().filter_map(|remedy| remedy.command.as_deref()).collect()
}

#[test]
fn a_wider_login_is_safe_only_where_a_login_is_what_was_wanting() {
    for &cause in Cause::ALL {
        let wanting = matches!(cause.code(), "no-credentials" | "bad-credentials" | "credentials-expired")
            || cause.code().starts_with("pull-secret-");
        let all = remedies(&subject(cause, &["regcred"]), &repaired_with("admincred"));
        assert_eq!(all.iter().any(|remedy| remedy.grade == Grade::Safe), wanting, "{cause}: {all:?}");
        let told = matches!(
            cause,
            Cause::Forbidden | Cause::NotFoundOrDenied | Cause::PolicyBlocked | Cause::CachedNotAuthorized
        );
        let attached = all.iter().find(|remedy| remedy.title.contains("name admincred"));
        let note = attached.and_then(|remedy| remedy.note.clone()).unwrap_or_default();
        assert_eq!(
            note.contains("all the rights of that login, and may go around a policy"),
            told,
            "{cause}: {note}"
        );
    }
    let blocked = remedies(&subject(Cause::PolicyBlocked, &["regcred"]), &repaired_with("admincred"));
    assert!(blocked[0].title.contains("which policy blocks it"), "{blocked:?}");
}

#[test]
fn a_secret_of_another_type_is_left_and_a_new_one_named_beside_it() {
    let evidence =
        Evidence { secrets_of_other_type: vec![("opaque".into(), "Opaque".into())], ..Evidence::default() };
    let all = remedies(&subject(Cause::PullSecretMalformed, &["opaque"]), &evidence);
    assert_eq!(
        commands(&all),
        [
            "kubectl -n shop create secret docker-registry regcred --docker-server=registry.acme.test \
             --docker-username=USER --docker-password=PASSWORD",
            r#"kubectl -n shop patch deployment cart --type=json -p '[{"op":"test","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"opaque"}]},{"op":"add","path":"/spec/template/spec/imagePullSecrets/-","value":{"name":"regcred"}}]'"#,
        ]
    );
    let note = all[0].note.as_ref().unwrap();
    assert!(note.contains("ignores opaque without a word for its type, Opaque"), "{note}");
    assert!(!format!("{all:?}").contains("stops all"), "{all:?}");
    // Another of the pod's secrets may be the one that cannot be read.
    let two = remedies(&subject(Cause::PullSecretMalformed, &["opaque", "broken"]), &evidence);
    assert_eq!(two[2].title, "write the pull secret anew (broken)");
    assert!(
        remedies(&subject(Cause::PullSecretMalformed, &["broken"]), &Evidence::default())[0]
            .note
            .as_ref()
            .is_some_and(|note| note.contains("stops all"))
    );
}

#[test]
fn what_the_account_has_already_is_not_named_twice() {
    let with = |held: &[&str]| with_account(subject(Cause::NoCredentials, &[]), held);
    let all = remedies(&with(&["robotcred"]), &repaired_with("robotcred"));
    assert_eq!(commands(&all), ["kubectl -n shop delete pod cart-7c9f8-x1"]);
    assert_eq!((all[0].grade, all[0].tried, all[0].patch.is_some()), (Grade::Safe, true, false));
    assert!(all[0].note.as_ref().is_some_and(|note| note.contains("names robotcred already")), "{all:?}");
    // More pods than a command may name.
    let mut many = with(&["robotcred"]);
    many.waiting = (0..20).map(|it| format!("cart-{it}")).collect();
    assert_eq!(
        commands(&remedies(&many, &repaired_with("robotcred"))),
        ["kubectl -n shop rollout restart deployment/cart"]
    );
    // A template that names one itself is not given the account's.
    let own = with_account(subject(Cause::NoCredentials, &["own"]), &["robotcred"]);
    assert!(remedies(&own, &repaired_with("robotcred"))[0].title.contains("in the pod template"));
    // A Job's pods are made anew by nobody.
    let job = of_owner(with(&["robotcred"]), Some(owner("CronJob", "batch/v1", "cart")));
    assert!(!format!("{:?}", remedies(&job, &repaired_with("robotcred"))).contains("delete pod"));
}

#[test]
fn a_node_is_selected_only_by_an_architecture_that_is_another() {
    let of = |os: &str, architecture: &str, variant: &str| Platform {
        os: os.into(),
        architecture: architecture.into(),
        variant: variant.into(),
    };
    let v3 = of("linux", "amd64", "v3");
    for (has, selected, explained) in [
        (vec![], None, Some("no image that names a platform")),
        (vec![of("", "", ""), of("unknown", "unknown", "")], None, Some("no image that names a platform")),
        (vec![v3.clone()], None, Some("it exists for linux/amd64/v3")),
        (vec![v3, of("linux", "arm64", "v8")], Some("arm64"), Some("it exists for linux/amd64/v3")),
        (vec![of("linux", "arm64", ""), of("linux", "", "")], Some("arm64"), None),
    ] {
        let evidence =
            Evidence { platforms: has.clone(), wanted: Some(platform("amd64")), ..Evidence::default() };
        let all = remedies(&subject(Cause::PlatformMismatch, &[]), &evidence);
        let selectors: Vec<String> = commands(&all)
            .into_iter()
            .filter(|command| command.contains("nodeSelector"))
            .map(str::to_owned)
            .collect();
        assert_eq!(selectors.len(), usize::from(selected.is_some()), "{has:?}: {selectors:?}");
        assert!(selectors.iter().all(|it| it.contains(selected.unwrap_or_default())), "{selectors:?}");
        let told = all.iter().find(|remedy| remedy.title == "have the image built for linux/amd64");
        let note = told.and_then(|remedy| remedy.note.clone()).unwrap_or_default();
        assert_eq!(told.is_some(), explained.is_some(), "{has:?}: {all:?}");
        assert!(note.contains(explained.unwrap_or_default()), "{note}");
        assert!(all.iter().all(|remedy| !remedy.title.contains("exists for,")), "{all:?}");
        assert!(!format!("{all:?}").contains("ARCHITECTURE"), "{all:?}");
    }
}

#[test]
fn an_authority_is_as_seen_from_here_unless_the_node_saw_it() {
    for of_node in [true, false] {
        let evidence = Evidence {
            authority: Some("CN=Acme Root".into()),
            authority_of_node: of_node,
            ..Evidence::default()
        };
        let note = remedies(&subject(Cause::TlsUnknownAuthority, &[]), &evidence)[0].note.clone().unwrap();
        assert_eq!(
            note.contains("as seen from here; compare it with what the node sees"),
            !of_node,
            "{note}"
        );
    }
}

#[test]
fn nothing_is_changed_for_what_is_over_or_not_known_to_last() {
    let evidence = Evidence {
        platforms: vec![platform("arm64")],
        wanted: Some(platform("amd64")),
        tags: vec!["1.91".into()],
        ..repaired_with("works")
    };
    for &cause in Cause::ALL {
        for state in [FindingState::Unknown, FindingState::Over] {
            let open = Subject { certainty: Certainty::Undecided, state, ..subject(cause, &["regcred"]) };
            let all = remedies(&open, &evidence);
            if cause == Cause::UnsupportedManifest {
                assert!(commands(&all).is_empty(), "a new pod has no more of a program: {all:?}");
                continue;
            }
            assert_eq!(
                all[0].command.as_deref(),
                Some("kubectl -n shop delete pod cart-7c9f8-x1"),
                "{cause}"
            );
            assert_eq!(all[0].grade, Grade::Review);
            for remedy in &all[1..] {
                let (patch, yaml) = (&remedy.patch, &remedy.yaml);
                assert!(remedy.grade == Grade::Manual && patch.is_none() && yaml.is_none(), "{remedy:?}");
            }
            assert!(state == FindingState::Unknown || all.len() == 1, "{cause}: {all:?}");
            let application = all.iter().filter(|remedy| remedy.actor == Actor::Application).skip(1);
            assert!(application.into_iter().all(|remedy| remedy.command.is_none()), "{cause}: {all:?}");
        }
    }
    // Seen again since the change that made the words old: mended, and never as safe.
    let again = Subject { state: FindingState::Unknown, ..subject(Cause::NoCredentials, &[]) };
    let first = remedies(&again, &evidence).remove(0);
    assert_eq!((first.grade, first.tried, first.patch.is_some()), (Grade::Review, true, true));
    let bare = Subject { state: FindingState::Over, ..of_owner(subject(Cause::TagNotFound, &[]), None) };
    assert!(remedies(&bare, &evidence).is_empty(), "nothing would make it again");
}

#[test]
fn a_wrong_login_is_corrected_where_it_stands_before_there_is_a_second() {
    let evidence = Evidence { refused: vec![login("regcred")], ..Evidence::default() };
    for cause in [Cause::BadCredentials, Cause::NotFoundOrDenied] {
        let all = remedies(&subject(cause, &["regcred"]), &evidence);
        assert_eq!(
            commands(&all)[..2],
            [
                "kubectl -n shop create secret docker-registry regcred --docker-server=registry.acme.test \
                 --docker-username=USER --docker-password=PASSWORD --dry-run=client -o yaml | kubectl -n shop apply \
                 --server-side --force-conflicts -f -",
                "kubectl -n shop create secret docker-registry regcred-2 --docker-server=registry.acme.test \
                 --docker-username=USER --docker-password=PASSWORD",
            ]
        );
        assert!(all[0].note.as_ref().is_some_and(|note| note.contains("no new pod is needed")), "{all:?}");
    }
    // A login of somebody else is not the pod's to correct.
    let other = Evidence { refused: vec![login("others")], ..Evidence::default() };
    let all = remedies(&subject(Cause::BadCredentials, &["regcred"]), &other);
    assert!(!format!("{all:?}").contains("apply"), "{all:?}");
}

#[test]
fn a_pod_without_a_login_is_not_said_to_use_one() {
    let title = |held: &[&str], evidence: &Evidence| {
        remedies(&subject(Cause::Forbidden, held), evidence).remove(0).title
    };
    let sent = Evidence { refused: vec![login("node")], ..Evidence::default() };
    assert!(title(&["regcred"], &Evidence::default()).contains("the login that the pod uses"));
    assert!(title(&[], &sent).contains("the login that the pod uses"));
    let none = title(&[], &Evidence::default());
    assert!(!none.contains("the pod uses") && none.contains("give out a login"), "{none}");
}
