//! The table: what was found, and the remedy that comes first.

use pullmedic_advise::remedies;
use pullmedic_model::finding::{ManagedBy, Remedy};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::sighting::Injected;
use pullmedic_model::verdict::{Evidence, Normalise, Rekey, SecretDefect};
use pullmedic_model::{Cause, Certainty, Endpoint, Grade, Reference, Subject};
use serde_json::{Value, json};

use crate::built::{
    IMAGE, NEW, OLD, login, object_of, of_owner, owner, platform, repaired_with, subject, tags, with_account,
};

fn first(subject: &Subject, evidence: &Evidence) -> Remedy {
    remedies(subject, evidence).remove(0)
}

fn operations(remedy: &Remedy) -> Value {
    remedy.patch.as_ref().map_or(Value::Null, |patch| patch.operations.clone())
}

const LIST: &str = "/spec/template/spec/imagePullSecrets";
const CONTAINER_IMAGE: &str = "/spec/template/spec/containers/1/image";

fn image_change(new: &str) -> Value {
    json!([{"op": "test", "path": CONTAINER_IMAGE, "value": IMAGE},
        {"op": "replace", "path": CONTAINER_IMAGE, "value": new}])
}

fn with_image(cause: Cause, image: &str) -> Subject {
    let mut subject = subject(cause, &[]);
    subject.image = image.to_owned();
    subject.reference = Reference::parse(image).ok();
    if let Some(spec) = &mut subject.spec {
        spec.containers[1].image = image.to_owned();
    }
    subject
}

#[test]
fn what_was_found_decides_the_first_remedy() {
    use Grade::{Review, Safe};
    let stale = Evidence { anonymous_passes: true, refused: vec![login("stale")], ..Evidence::default() };
    let pinned = with_image(Cause::DigestNotFound, &format!("registry.acme.test/shop/cart:1@{OLD}"));
    let untagged = with_image(Cause::DigestNotFound, &format!("registry.acme.test/shop/cart@{OLD}"));
    let there = Evidence { there: vec![("1.29".into(), Some(NEW.into()))], ..tags("1.28 1.29 1.30") };
    let mut ran = subject(Cause::TagNotFound, &[]);
    ran.ran = vec!["registry.acme.test/shop/cart:1.28".into()];
    let near = |there: &[&str]| Evidence {
        repositories: vec!["shop/cart".into(), "shop/card".into(), "mesh/proxy".into()],
        repositories_there: there.iter().map(|&name| name.to_owned()).collect(),
        ..Evidence::default()
    };
    let swapped = with_image(Cause::RepositoryNotFound, "registry.acme.test/shop/crat:1");
    let moved = |new: &str, subject: &Subject| {
        json!([{"op": "test", "path": CONTAINER_IMAGE, "value": subject.image},
            {"op": "replace", "path": CONTAINER_IMAGE, "value": new}])
    };
    for (name, subject, evidence, title, grade, tried, expected) in [
        (
            "S01",
            subject(Cause::TagNotFound, &[]),
            tags("1.28 1.29 1.30 latest"),
            "name a tag that exists: 1.29",
            Review,
            false,
            image_change("registry.acme.test/shop/cart:1.29"),
        ),
        (
            "tag asked for",
            subject(Cause::TagNotFound, &[]),
            there,
            "name a tag that exists: 1.29",
            Review,
            true,
            image_change("registry.acme.test/shop/cart:1.29"),
        ),
        (
            "tag that ran",
            ran.clone(),
            tags("1.28 1.29 1.30"),
            "name a tag that exists: 1.28, which other pods of Deployment/cart run with",
            Review,
            false,
            image_change("registry.acme.test/shop/cart:1.28"),
        ),
        (
            "tag that ran and is gone",
            ran,
            tags("1.29 1.30"),
            "name a tag that exists: 1.29",
            Review,
            false,
            image_change("registry.acme.test/shop/cart:1.29"),
        ),
        (
            "S02",
            swapped.clone(),
            near(&[]),
            "name a repository that exists: registry.acme.test/shop/cart",
            Review,
            false,
            moved("registry.acme.test/shop/cart:1", &swapped),
        ),
        (
            "S02 asked for",
            swapped.clone(),
            near(&["shop/card"]),
            "name a repository that exists: registry.acme.test/shop/card",
            Review,
            true,
            moved("registry.acme.test/shop/card:1", &swapped),
        ),
        (
            "digest",
            pinned.clone(),
            Evidence { digest_now: Some(NEW.into()), ..Evidence::default() },
            "the content changes",
            Review,
            true,
            moved(&format!("registry.acme.test/shop/cart:1@{NEW}"), &pinned),
        ),
        (
            "digest without a tag",
            untagged.clone(),
            Evidence { there: vec![("1.29".into(), Some(NEW.into()))], ..Evidence::default() },
            "the present one of tag 1.29; the content changes",
            Review,
            true,
            moved(&format!("registry.acme.test/shop/cart:1.29@{NEW}"), &untagged),
        ),
        (
            "S04",
            subject(Cause::NoCredentials, &[]),
            repaired_with("regcred"),
            "name regcred in the pod template",
            Safe,
            true,
            json!([{"op": "add", "path": LIST, "value": [{"name": "regcred"}]}]),
        ),
        (
            "S05",
            subject(Cause::BadCredentials, &["wrong"]),
            repaired_with("works"),
            "name works in the pod template",
            Safe,
            true,
            json!([{"op": "test", "path": LIST, "value": [{"name": "wrong"}]},
                {"op": "add", "path": format!("{LIST}/-"), "value": {"name": "works"}}]),
        ),
        (
            "S06",
            subject(Cause::PullSecretMissing, &["a", "regcred"]),
            Evidence { secrets_absent: vec!["regcred".into()], ..repaired_with("reg-cred") },
            "name reg-cred in the pod template, in the place of regcred",
            Safe,
            true,
            json!([{"op": "test", "path": format!("{LIST}/1"), "value": {"name": "regcred"}},
                {"op": "replace", "path": format!("{LIST}/1"), "value": {"name": "reg-cred"}}]),
        ),
        (
            "another name",
            subject(Cause::PullSecretMissing, &["regcred"]),
            Evidence { secrets_absent: vec!["regcred".into()], ..repaired_with("harbor") },
            "name harbor in the pod template",
            Safe,
            true,
            json!([{"op": "test", "path": LIST, "value": [{"name": "regcred"}]},
                {"op": "add", "path": format!("{LIST}/-"), "value": {"name": "harbor"}}]),
        ),
        (
            "S28",
            subject(Cause::BadCredentials, &["stale"]),
            stale.clone(),
            "take stale off the pull secrets of the pod template",
            Safe,
            true,
            json!([{"op": "test", "path": LIST, "value": [{"name": "stale"}]}, {"op": "remove", "path": LIST}]),
        ),
        (
            "S28 beside another",
            subject(Cause::BadCredentials, &["stale", "keep"]),
            stale,
            "take stale off",
            Safe,
            true,
            json!([{"op": "test", "path": LIST, "value": [{"name": "stale"}, {"name": "keep"}]},
                {"op": "replace", "path": LIST, "value": [{"name": "keep"}]}]),
        ),
        (
            "S15",
            subject(Cause::RateLimited, &["regcred"]),
            Evidence {
                mirror_with_same_digest: Endpoint::parse("mirror.acme.test:5000").ok(),
                digest_now: Some(NEW.into()),
                ..Evidence::default()
            },
            "pull it from mirror.acme.test:5000",
            Review,
            true,
            image_change(&format!("mirror.acme.test:5000/shop/cart:1.92@{NEW}")),
        ),
        (
            "S15 with a login",
            subject(Cause::RateLimited, &[]),
            repaired_with("paid"),
            "name paid in the pod template",
            Review,
            true,
            json!([{"op": "add", "path": LIST, "value": [{"name": "paid"}]}]),
        ),
        (
            "S17",
            subject(Cause::PlatformMismatch, &[]),
            Evidence {
                platforms: vec![platform("arm64")],
                wanted: Some(platform("amd64")),
                ..Evidence::default()
            },
            "nodes of linux/arm64",
            Review,
            false,
            json!([{"op": "add", "path": "/spec/template/spec/nodeSelector", "value": {"kubernetes.io/arch": "arm64"}}]),
        ),
        (
            "S21",
            subject(Cause::NeverPullAbsent, &[]),
            Evidence::default(),
            "let the kubelet pull",
            Review,
            false,
            json!([{"op": "test", "path": "/spec/template/spec/containers/1/imagePullPolicy", "value": "Never"},
                {"op": "replace", "path": "/spec/template/spec/containers/1/imagePullPolicy", "value": "IfNotPresent"}]),
        ),
        (
            "S29a",
            subject(Cause::NoCredentials, &[]),
            repaired_with("quay"),
            "name quay in the pod template",
            Safe,
            true,
            json!([{"op": "add", "path": LIST, "value": [{"name": "quay"}]}]),
        ),
        (
            "expired",
            subject(Cause::CredentialsExpired, &["ecr"]),
            Evidence { refused: vec![login("ecr")], ..Evidence::default() },
            "write the pull secret anew (ecr)",
            Review,
            false,
            Value::Null,
        ),
    ] {
        let remedy = first(&subject, &evidence);
        assert!(remedy.title.contains(title), "{name}: {}", remedy.title);
        assert_eq!((remedy.grade, remedy.tried), (grade, tried), "{name}");
        assert_eq!(remedy.tried_how.is_some(), tried, "{name}");
        assert_eq!(operations(&remedy), expected, "{name}");
        assert_eq!(remedy.undo.is_some(), remedy.patch.is_some(), "{name}");
        assert!(!format!("{remedy:?}").contains("order"), "{name}: the order of secrets is never blamed");
    }
}

#[test]
fn who_uses_the_secret_that_works_is_told() {
    let remedy = first(&subject(Cause::NoCredentials, &[]), &repaired_with("regcred"));
    assert_eq!(
        remedy.tried_how.as_deref(),
        Some("asked for the manifest with secret regcred, which Deployment/web uses: 200")
    );
    assert_eq!(remedy.changes.as_deref(), Some("rolls the pods of Deployment/cart"));
    assert_eq!(
        remedy.command.as_deref(),
        Some(
            r#"kubectl -n shop patch deployment cart --type=json -p '[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"regcred"}]}]'"#
        )
    );
}

#[test]
fn nothing_is_safe_without_a_passing_replay_of_a_decided_cause() {
    let mut open = subject(Cause::NoCredentials, &[]);
    open.certainty = Certainty::Undecided;
    assert_eq!(first(&open, &repaired_with("regcred")).grade, Grade::Review);
    let here = subject(Cause::NoCredentials, &[]);
    for untried in [Evidence::default(), Evidence { anonymous_passes: true, ..Evidence::default() }] {
        assert!(remedies(&here, &untried).iter().all(|remedy| remedy.grade != Grade::Safe));
    }
}

#[test]
fn a_new_secret_is_not_called_as_one_that_the_pod_names() {
    let all = remedies(&subject(Cause::NoCredentials, &["regcred"]), &Evidence::default());
    assert!(all[0].command.as_ref().unwrap().contains("docker-registry regcred-2 "), "{all:?}");
    assert!(all[1].title.contains("name regcred-2 in the pod template"), "{all:?}");
}

#[test]
fn a_login_of_another_namespace_is_not_named() {
    let mut evidence = repaired_with("regcred");
    if let Some(login) = &mut evidence.repair {
        login.namespace = "billing".into();
    }
    let remedies = remedies(&subject(Cause::NoCredentials, &[]), &evidence);
    assert!(remedies.iter().all(|remedy| !remedy.tried), "{remedies:?}");
}

#[test]
fn every_kind_of_owner_gets_the_change_that_it_can_take() {
    for (owner, kind, starts) in [
        (
            Some(owner("StatefulSet", "apps/v1", "cart")),
            "StatefulSet",
            "kubectl -n shop patch statefulset cart --type=json",
        ),
        (
            Some(owner("DaemonSet", "apps/v1", "cart")),
            "DaemonSet",
            "kubectl -n shop patch daemonset cart --type=json",
        ),
        (
            Some(owner("CronJob", "batch/v1", "cart")),
            "CronJob",
            "kubectl -n shop patch cronjob cart --type=json",
        ),
        (
            Some(owner("Job", "batch/v1", "cart")),
            "",
            "(set +x; c=$(kubectl -n shop get job cart -o yaml) && c=$(printf",
        ),
        (None, "", "(set +x; c=$(kubectl -n shop get pod cart-7c9f8-x1 -o yaml) && c=$(printf"),
        (Some(owner("Rollout", "argoproj.io/v1alpha1", "cart")), "", ""),
    ] {
        let subject = of_owner(subject(Cause::NoCredentials, &[]), owner.clone());
        let remedy = first(&subject, &repaired_with("regcred"));
        let command = remedy.command.clone().unwrap_or_default();
        assert!(
            command.starts_with(starts) && command.is_empty() == starts.is_empty(),
            "{owner:?}: {command}"
        );
        assert_eq!(remedy.patch.as_ref().map_or("", |patch| patch.kind.as_str()), kind);
        assert!(remedy.tried);
        let safe = !kind.is_empty();
        assert_eq!(remedy.grade == Grade::Safe, safe, "{owner:?}");
        // What cannot be patched shows what its spec must hold.
        assert_eq!(remedy.yaml.is_some(), kind.is_empty(), "{owner:?}");
    }
}

#[test]
fn a_stateful_pod_that_waits_is_deleted_with_the_change() {
    let subject = of_owner(subject(Cause::NoCredentials, &[]), Some(owner("StatefulSet", "apps/v1", "cart")));
    let command = first(&subject, &repaired_with("regcred")).command.unwrap();
    assert!(command.ends_with(" && kubectl -n shop delete pod cart-7c9f8-x1"), "{command}");
}

#[test]
fn a_static_pod_is_given_its_login_on_the_node() {
    let subject = of_owner(subject(Cause::NoCredentials, &[]), Some(owner("Node", "v1", "node-a")));
    let all = remedies(&subject, &repaired_with("regcred"));
    assert!(all.iter().all(|remedy| remedy.command.is_none() && remedy.patch.is_none()), "{all:?}");
    assert!(format!("{all:?}").contains("config.json"));
}

#[test]
fn an_account_is_changed_only_where_it_counts() {
    let evidence = repaired_with("regcred");
    let of = |subject: Subject| {
        let all = remedies(&subject, &evidence);
        all.into_iter()
            .find(|remedy| remedy.patch.as_ref().is_some_and(|patch| patch.kind == "ServiceAccount"))
    };
    let remedy = of(with_account(subject(Cause::NoCredentials, &[]), &["other"])).unwrap();
    assert_eq!((remedy.grade, remedy.tried), (Grade::Review, true));
    assert!(remedy.note.unwrap().contains("not updated"));
    assert!(
        of(with_account(subject(Cause::NoCredentials, &["own"]), &[])).is_none(),
        "the template's list wins"
    );
    assert!(of(subject(Cause::NoCredentials, &[])).is_none(), "an account that was not read is not patched");
}

#[test]
fn a_stale_secret_of_the_account_is_taken_off_there() {
    let mut subject = with_account(subject(Cause::BadCredentials, &[]), &["stale"]);
    subject.pull_secrets = vec!["stale".into()];
    let evidence = Evidence { anonymous_passes: true, refused: vec![login("stale")], ..Evidence::default() };
    let remedy = first(&subject, &evidence);
    assert_eq!(remedy.patch.as_ref().map(|patch| patch.kind.as_str()), Some("ServiceAccount"));
    assert_eq!(operations(&remedy)[1], json!({"op": "remove", "path": "/imagePullSecrets"}));
}

#[test]
fn a_stale_secret_that_may_serve_another_registry_is_reviewed() {
    let mut subject = subject(Cause::BadCredentials, &["stale"]);
    if let Some(spec) = &mut subject.spec {
        spec.containers[0].image = "ghcr.io/mesh/proxy:1".into();
    }
    let evidence = Evidence { anonymous_passes: true, refused: vec![login("stale")], ..Evidence::default() };
    assert_eq!(first(&subject, &evidence).grade, Grade::Review);
}

#[test]
fn what_others_own_is_not_edited_live() {
    let mut managed = subject(Cause::NoCredentials, &[]);
    managed.managed_by = vec![ManagedBy {
        tool: "Flux".into(),
        name: None,
        owner: owner("Deployment", "apps/v1", "cart"),
        namespace: "shop".into(),
        change: "its Git source".into(),
    }];
    let mut injected = subject(Cause::NoCredentials, &[]);
    injected.injected = Some(Injected {
        owner: owner("Deployment", "apps/v1", "cart"),
        container: "app".into(),
        replaced: false,
        injector: Some("Istio".into()),
        evidence: None,
    });
    for mut subject in [with_account(managed, &[]), with_account(injected, &[])] {
        for (cause, evidence) in [
            (Cause::NoCredentials, repaired_with("regcred")),
            (Cause::TagNotFound, tags("1.29")),
            (Cause::PullSecretUnmatched, Evidence { rekey: Some(rekey(true)), ..Evidence::default() }),
        ] {
            subject.cause = cause;
            let remedy = first(&subject, &evidence);
            assert_eq!((&remedy.command, &remedy.undo, &remedy.patch), (&None, &None, &None), "{cause}");
            assert_ne!(remedy.grade, Grade::Safe);
        }
    }
}

fn rekey(works: bool) -> Rekey {
    Rekey {
        secret: "regcred".into(),
        from: "https://registry.acme.test/v1".into(),
        to: "registry.acme.test".into(),
        works,
    }
}

#[test]
fn a_key_is_corrected_only_where_its_login_was_tried() {
    let subject = subject(Cause::PullSecretUnmatched, &["regcred"]);
    let tried = first(&subject, &Evidence { rekey: Some(rekey(true)), ..Evidence::default() });
    assert_eq!((tried.grade, tried.tried, tried.patch.is_none()), (Grade::Safe, true, true));
    assert!(tried.command.is_some() && tried.undo.is_some());
    let untried = first(&subject, &Evidence { rekey: Some(rekey(false)), ..Evidence::default() });
    assert_eq!((untried.grade, untried.tried, untried.command), (Grade::Review, false, None));
}

#[test]
fn a_key_that_a_format_would_read_or_that_holds_a_login_gets_no_command() {
    let subject = subject(Cause::PullSecretUnmatched, &["regcred"]);
    for key in ["a%s.test", "a\\n.test", "https://robot:canary-7@a.test", "a\".test", "a b", ""] {
        let (from, to) = (rekey(true).from, key.to_owned());
        let there = Rekey { from: from.clone(), to: to.clone(), ..rekey(true) };
        let back = Rekey { from: to, to: from, ..rekey(true) };
        let plain =
            Normalise { secret: "regcred".into(), defect: SecretDefect::PlainAuth(key.into()), works: true };
        for evidence in [
            Evidence { rekey: Some(there), ..Evidence::default() },
            Evidence { rekey: Some(back), ..Evidence::default() },
            Evidence { normalise: Some(plain), ..Evidence::default() },
        ] {
            let remedy = first(&subject, &evidence);
            assert!(!format!("{remedy:?}").contains("canary"));
            let touches = remedy.command.is_some_and(|command| command.contains("go-template"));
            assert!(!touches && remedy.undo.is_none(), "{key:?}");
            assert_ne!(remedy.grade, Grade::Safe, "{key:?}");
        }
    }
}

#[test]
fn a_secret_is_normalised_where_that_needs_no_password() {
    let subject = subject(Cause::PullSecretMalformed, &["regcred"]);
    for defect in [
        SecretDefect::PlainAuth("registry.acme.test".into()),
        SecretDefect::EncodedTwice,
        SecretDefect::OtherType("Opaque".into()),
    ] {
        let normalise = Some(Normalise { secret: "regcred".into(), defect, works: true });
        let remedy = first(&subject, &Evidence { normalise, ..Evidence::default() });
        assert_eq!((remedy.grade, remedy.tried), (Grade::Review, true));
        assert!(remedy.title.contains("write the pull secret regcred anew") && remedy.command.is_some());
    }
}

#[test]
fn a_files_text_is_shown_whole_and_never_with_a_login() {
    let of = |text: &str| {
        let evidence = Evidence {
            corrected_file: Some(("/etc/containerd/certs.d/docker.io/hosts.toml".into(), text.into())),
            ..Evidence::default()
        };
        first(&subject(Cause::MirrorMisconfigured, &[]), &evidence)
    };
    let text = "server = \"https://registry-1.docker.io\"\n";
    let remedy = of(text);
    assert_eq!(remedy.yaml.as_deref(), Some(text));
    assert!(remedy.title.contains("/etc/containerd/certs.d/docker.io/hosts.toml"));
    assert!(!format!("{:?}", of("password = \"canary-7\"\n")).contains("canary"));
}

#[test]
fn plain_http_is_set_up_only_where_it_was_allowed_and_passed() {
    let subject = subject(Cause::HttpOnHttps, &[]);
    let allowed = first(&subject, &Evidence { plain_http_passes: true, ..Evidence::default() });
    assert_eq!((allowed.grade, allowed.tried), (Grade::Review, true));
    let text = allowed.yaml.unwrap();
    assert!(text.contains("[host.\"http://registry.acme.test\"]"), "{text}");
    let not = first(&subject, &Evidence::default());
    assert_eq!((not.grade, not.tried, not.yaml), (Grade::Manual, false, None));
}

#[test]
fn an_authority_is_named_with_the_file_that_takes_it() {
    let evidence = Evidence { authority: Some("CN=Acme Root".into()), ..Evidence::default() };
    let remedy = first(&subject(Cause::TlsUnknownAuthority, &[]), &evidence);
    assert_eq!(remedy.grade, Grade::Review);
    assert!(
        remedy.title.contains("CN=Acme Root, as /etc/containerd/certs.d/registry.acme.test/ca.crt"),
        "{}",
        remedy.title
    );
}

#[test]
fn a_selector_that_is_there_is_kept() {
    let mut subject = subject(Cause::PlatformMismatch, &[]);
    if let Some(spec) = &mut subject.spec {
        spec.node_selector = Some([("disk".to_owned(), "ssd".to_owned())].into());
    }
    let evidence = Evidence {
        platforms: vec![platform("arm64")],
        wanted: Some(platform("amd64")),
        ..Evidence::default()
    };
    let remedy = first(&subject, &evidence);
    let path = "/spec/template/spec/nodeSelector/kubernetes.io~1arch";
    assert_eq!(operations(&remedy), json!([{"op": "add", "path": path, "value": "arm64"}]));
    assert_eq!(object_of(&subject, "Deployment")["spec"]["template"]["spec"]["nodeSelector"]["disk"], "ssd");
}

#[test]
fn an_init_container_and_an_image_volume_are_changed_where_they_stand() {
    let spec = json!({"initContainers": [{"name": "app", "image": IMAGE}], "containers": [{"name": "app", "image": "a:1"}],
        "volumes": [{"name": "disk"}, {"name": "files", "image": {"reference": IMAGE}}]});
    for (kind, path) in [
        (ContainerKind::Init, "/spec/template/spec/initContainers/0/image"),
        (ContainerKind::ImageVolume, "/spec/template/spec/volumes/1/image/reference"),
    ] {
        let mut subject = subject(Cause::TagNotFound, &[]);
        subject.place.kind = kind;
        subject.spec = Some(serde_json::from_value(spec.clone()).unwrap());
        let new = "registry.acme.test/shop/cart:1.29";
        let expected = json!([{"op": "test", "path": path, "value": IMAGE}, {"op": "replace", "path": path, "value": new}]);
        assert_eq!(operations(&first(&subject, &tags("1.29"))), expected);
    }
}

#[test]
fn a_near_host_and_what_a_moved_tag_means_now_are_written_exactly() {
    let near = Evidence {
        corrected_reference: Some("registry.acme.test:5000/shop/cart:1.92".into()),
        ..Evidence::default()
    };
    assert_eq!(
        operations(&first(&subject(Cause::Dns, &[]), &near)),
        image_change("registry.acme.test:5000/shop/cart:1.92")
    );
    let moved = Evidence { digest_now: Some(NEW.into()), ..Evidence::default() };
    let remedy = first(&subject(Cause::StaleImage, &[]), &moved);
    assert_eq!(operations(&remedy), image_change(&format!("{IMAGE}@{NEW}")));
    assert!(remedy.title.contains("the content changes"));
}

#[test]
fn short_names_stay_short_and_debug_containers_are_started_anew() {
    let hub = with_image(Cause::TagNotFound, "nginx:1.92");
    let command = first(&hub, &tags("1.29")).command.unwrap();
    assert!(command.contains(r#""value":"nginx:1.29""#), "{command}");
    let mut debug = subject(Cause::TagNotFound, &[]);
    debug.place.kind = ContainerKind::Ephemeral;
    let command = first(&debug, &tags("1.29")).command.unwrap();
    assert_eq!(command, "kubectl -n shop debug cart-7c9f8-x1 -it --image=registry.acme.test/shop/cart:1.29");
}

#[test]
fn every_cause_has_something_to_do_whatever_was_found() {
    let evidence = Evidence {
        platforms: vec![platform("arm64")],
        mirror_with_same_digest: Endpoint::parse("mirror.acme.test").ok(),
        digest_now: Some(NEW.into()),
        corrected_reference: Some("registry.acme.test/shop/cart:1".into()),
        ..repaired_with("regcred")
    };
    for &cause in Cause::ALL {
        for evidence in [&Evidence::default(), &evidence] {
            let found = remedies(&subject(cause, &["stale"]), evidence);
            assert!(!found.is_empty() || cause == Cause::StaleImage, "{cause}");
            for remedy in found {
                assert!(remedy.grade != Grade::Safe || remedy.tried, "{cause}: {remedy:?}");
                assert_eq!(remedy.tried, remedy.tried_how.is_some(), "{cause}: {remedy:?}");
            }
        }
    }
}
