//! What a person reads.

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use pullmedic_model::Captured;
use pullmedic_model::finding::FindingState;
use pullmedic_report::{Form, Look};

use crate::built::{argo, clean, said, sandbox, saying, several, template, unread};
use crate::{look, written};

#[test]
fn first_two_lines_say_what_happened_to_whom_and_how_sure() {
    assert_snapshot!(written(&several(), Form::Text, &look()), @r#"
    ✗ no-credentials   Deployment/cart, 3 pods on 3 nodes, since 16:02        likely
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.
      Proof  Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull
             and unpack image "registry.acme.test/shop/cart:4.1": failed to resolve
             reference "registry.acme.test/shop/cart:4.1": pull access denied,
             repository does not exist or may require authorization: authorization
             failed: no basic auth credentials
             — kubelet on node/worker-1 at 16:18, in Pod shop/cart-5d7f-1
               status.containerStatuses[app].state.waiting
      Not yet excluded:
        repository-not-found: a registry may answer so for a repository that it does
        not have
      Would prove it: a login that may see shop/cart on registry.acme.test
      Fix    name a pull secret in the Deployment's template
             review, not tried; the application team can do it
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"SECRET"}]}]'
      Or     or in the manifest that you apply
             review, not tried; the application team can do it
               spec:
                 template:
                   spec:
                     imagePullSecrets:
                     - name: SECRET
      Still  ReplicaSet/cart-7c9f8 serves for Deployment/cart with 3 of 3; the
             kubelet tries again in about 2 min (16:22); stays until somebody acts
      Docs   pullmedic explain no-credentials

    ? not-found-or-denied                                                  undecided
      CronJob/report, 1 pod on worker-2, since 16:02
      quay.io/acme/report:7 is either absent or hidden from us: Quay answers both
      alike.
      Would decide it: a login that may see quay.io/acme; ask who owns acme on
        quay.io
      Not yet excluded:
        tag-not-found: the words fit an absent tag
        no-credentials: the words fit a login that is missing
      Fix    none that can be offered from here; the application team must act
      Still  whether it is still so is not known; it does not clear by itself
      Docs   pullmedic explain not-found-or-denied

    2 causes behind 4 pods. Read: 120 pods, 34 events and 40 owners in 1 namespace
    of context prod.

    Not read:
      events in namespace "shop": forbidden for user "dev"
        needs: list on events (the role "view" has it)
        next: kubectl auth can-i list events -n shop
    "#);
}

#[test]
fn forty_pods_are_one_line_with_a_count() {
    assert_snapshot!(written(&sandbox(), Form::Text, &look()), @r#"
    ✗ sandbox-image                                                           likely
      4 DaemonSets in 2 namespaces, 40 pods on 2 nodes, since 2026-11-20 07:00
      The pause image registry.acme.test/pause:3.9 cannot be pulled, so no pod
      starts on these nodes.
      Inside tls-unknown-authority: the registry's certificate is signed by an
             authority that the node does not trust
      Proof  failed to get sandbox image "registry.acme.test/pause:3.9": x509:
             certificate signed by unknown authority
             — kubelet on node/worker-0 at 16:18, in Event shop/agent-0.17f
      Fix    none that can be offered from here; the platform team must act
      Docs   pullmedic explain sandbox-image

    1 cause behind 40 pods. Read: 120 pods, 34 events and 40 owners in 12 namespaces
    of context prod.
    "#);
}

#[test]
fn a_live_edit_that_would_be_undone_names_the_place_to_change() {
    assert_snapshot!(written(&argo(), Form::Text, &look()), @r#"
    ✗ tag-not-found                                                           proven
      Deployment/web, 1 pod on worker-1, init container sidecar, since 16:02
      ghcr.io/acme/sidecar:9 does not exist: the repository has no such tag.
      Also   dns: the registry's name does not resolve
      Images ghcr.io/acme/sidecar:9, ghcr.io/acme/sidecar:10
      Origin the template of Deployment/web has no container sidecar: istio put it
             there (told by annotation sidecar.istio.io/status)
      Change the Git source of Argo CD application web, then let it sync; Argo CD
             manages Deployment/web and would undo a live edit
      Fix    none that can be offered from here; the application team must act
      Still  the kubelet tries again any moment; stays until somebody acts
      Docs   pullmedic explain tag-not-found

    1 cause behind 1 pod. Read: 120 pods, 34 events and 40 owners in 1 namespace of
    context prod.
    "#);
}

#[test]
fn an_owner_without_a_pod_is_named() {
    assert_snapshot!(written(&template(), Form::Text, &look()), @r#"
    ✗ invalid-reference   StatefulSet/cart, no pod exists                     proven
      The image name "Shop/Cart:4.1" does not parse.
      Fix    none that can be offered from here; the application team must act
      Still  stays until somebody acts
      Docs   pullmedic explain invalid-reference

    1 cause. Read: 120 pods, 34 events and 40 owners in 1 namespace of context prod.
    "#);
}

#[test]
fn nothing_found_says_what_was_read() {
    assert_snapshot!(written(&clean(), Form::Text, &look()), @r#"
    ✓ no container waits for an image
      Read: 120 pods, 34 events and 40 owners in 4 namespaces of context prod.
    "#);
}

#[test]
fn nothing_found_is_no_clean_bill_when_something_was_not_read() {
    assert_snapshot!(written(&unread(), Form::Text, &look()), @r#"
    ? nothing found, but not everything was read
      Read: 2 pods in 1 namespace of a recording. This is no clean bill of health:
      see below.

    Not read:
      dump/pods-1.yaml, dump/pods-2.yaml, dump/pods-3.yaml and 4 more: not YAML: a
      tab where a space must be
      dump/secret.bin: not UTF-8
        next: save it again as text
    "#);
}

#[test]
fn wide_lists_every_place_observation_and_rival() {
    assert_snapshot!(written(&several(), Form::Wide, &look()), @r#"
    ✗ no-credentials   Deployment/cart, 3 pods on 3 nodes, since 16:02        likely
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.
      Proof  Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull
             and unpack image "registry.acme.test/shop/cart:4.1": failed to resolve
             reference "registry.acme.test/shop/cart:4.1": pull access denied,
             repository does not exist or may require authorization: authorization
             failed: no basic auth credentials
             — kubelet on node/worker-1 at 16:18, in Pod shop/cart-5d7f-1
               status.containerStatuses[app].state.waiting
      Would prove it: a login that may see shop/cart on registry.acme.test
      Fix    name a pull secret in the Deployment's template
             review, not tried; the application team can do it
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"SECRET"}]}]'
      Or     or in the manifest that you apply
             review, not tried; the application team can do it
               spec:
                 template:
                   spec:
                     imagePullSecrets:
                     - name: SECRET
      Still  in shop, ReplicaSet/cart-7c9f8 serves for Deployment/cart with 3 of 3;
             the kubelet tries again in about 2 min (16:22); stays until somebody
             acts
      At     stage token, endpoint registry.acme.test, image
             registry.acme.test/shop/cart:4.1
      Rule   likely: one cause leads and nothing seen contradicts it; a condition of
             proof is not met (docs/certainty.md)
      Rivals:
        open  repository-not-found: a registry may answer so for a repository that
              it does not have
        out   bad-credentials: the pod names no pull secret
      Seen   the pod names no pull secret
             — read by us, in Pod shop/cart-5d7f-1 spec.imagePullSecrets
      NAMESPACE   POD           CONTAINER   KIND   NODE       OWNER
      shop        cart-5d7f-1   app         main   worker-1   Deployment/cart
      shop        cart-5d7f-2   app         main   worker-2   Deployment/cart
      shop        cart-5d7f-3   app         main   worker-3   Deployment/cart
      Docs   pullmedic explain no-credentials

    ? not-found-or-denied                                                  undecided
      CronJob/report, 1 pod on worker-2, since 16:02
      quay.io/acme/report:7 is either absent or hidden from us: Quay answers both
      alike.
      Would decide it: a login that may see quay.io/acme; ask who owns acme on
        quay.io
      Fix    none that can be offered from here; the application team must act
      Still  whether it is still so is not known; it does not clear by itself
      At     stage manifest
      Rule   undecided: more than one cause is left, or a guess leads
             (docs/certainty.md)
      Rivals:
        open  tag-not-found: the words fit an absent tag
        open  no-credentials: the words fit a login that is missing
      NAMESPACE   POD              CONTAINER   KIND   NODE       OWNER
      shop        report-28712-x   app         main   worker-2   CronJob/report
      Docs   pullmedic explain not-found-or-denied

    2 causes behind 4 pods. Read: 120 pods, 34 events and 40 owners in 1 namespace
    of context prod.

    Not read:
      events in namespace "shop": forbidden for user "dev"
        needs: list on events (the role "view" has it)
        next: kubectl auth can-i list events -n shop
    "#);
}

#[test]
fn forty_columns_of_ascii_hold_the_same_words() {
    let narrow = Look { width: 40, ascii: true, ..look() };
    assert_snapshot!(written(&several(), Form::Text, &narrow), @r#"
    x no-credentials                  likely
      Deployment/cart, 3 pods on 3 nodes,
      since 16:02
      registry.acme.test wants a login for
      shop/cart:4.1, and none reached it.
      Proof  Failed to pull image
             "registry.acme.test/shop/cart:4
             ... 6 lines left out (--why)
             .1": pull access denied,
             repository does not exist or
             may require authorization:
             authorization failed: no basic
             auth credentials
             -- kubelet on node/worker-1 at
                16:18, in Pod
                shop/cart-5d7f-1
                status.containerStatuses[app
                ].state.waiting
      Not yet excluded:
        repository-not-found: a registry may
        answer so for a repository that it
        does not have
      Would prove it: a login that may see
        shop/cart on registry.acme.test
      Fix    name a pull secret in the
             Deployment's template
             review, not tried; the
             application team can do it
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"SECRET"}]}]'
      Or     or in the manifest that you
             apply
             review, not tried; the
             application team can do it
               spec:
                 template:
                   spec:
                     imagePullSecrets:
                     - name: SECRET
      Still  ReplicaSet/cart-7c9f8 serves
             for Deployment/cart with 3 of
             3; the kubelet tries again in
             about 2 min (16:22); stays
             until somebody acts
      Docs   pullmedic explain no-credentials

    ? not-found-or-denied          undecided
      CronJob/report, 1 pod on worker-2,
      since 16:02
      quay.io/acme/report:7 is either absent
      or hidden from us: Quay answers both
      alike.
      Would decide it: a login that may see
        quay.io/acme; ask who owns acme on
        quay.io
      Not yet excluded:
        tag-not-found: the words fit an
        absent tag
        no-credentials: the words fit a
        login that is missing
      Fix    none that can be offered from
             here; the application team must
             act
      Still  whether it is still so is not
             known; it does not clear by
             itself
      Docs   pullmedic explain not-found-or-denied

    2 causes behind 4 pods. Read: 120 pods,
    34 events and 40 owners in 1 namespace
    of context prod.

    Not read:
      events in namespace "shop": forbidden
      for user "dev"
        needs: list on events (the role
          "view" has it)
        next: kubectl auth can-i list events -n shop
    "#);
}

#[test]
fn what_is_over_says_so_and_offers_no_fix() {
    let mut report = template();
    report.findings[0].state = FindingState::Over;
    assert_snapshot!(written(&report, Form::Text, &look()), @r#"
    ✓ invalid-reference   StatefulSet/cart, no pod exists, over               proven
      The image name "Shop/Cart:4.1" does not parse.
      Still  it is over: the container got past the pull
      Docs   pullmedic explain invalid-reference

    1 cause. Read: 120 pods, 34 events and 40 owners in 1 namespace of context prod.
    "#);
}

#[test]
fn long_words_keep_both_ends_and_wide_keeps_them_whole() {
    let mut report = template();
    let words = format!("first {}last", "word ".repeat(400));
    report.findings[0].proof = vec![said(&words, "Pod shop/cart-1", "worker-1")];
    let short = written(&report, Form::Text, &look());
    assert!(short.contains("  Proof  first word") && short.contains("word last\n"), "{short}");
    assert!(short.contains("lines left out (--why)") && short.matches("word").count() < 120, "{short}");
    let wide = written(&report, Form::Wide, &look());
    assert_eq!(wide.split_whitespace().filter(|word| *word == "word").count(), 400);
}

#[test]
fn many_observations_are_counted_and_wide_lists_them() {
    let mut report = template();
    report.findings[0].proof = (1..=5).map(|n| said(&format!("words {n}"), "Pod shop/cart-1", "w")).collect();
    let short = written(&report, Form::Text, &look());
    assert!(
        short.contains("words 2") && !short.contains("words 3") && short.contains("and 3 more"),
        "{short}"
    );
    assert!(written(&report, Form::Wide, &look()).contains("words 5"));
}

#[test]
fn a_command_is_never_broken() {
    let mut report = several();
    let command = format!("kubectl -n shop get pod {}", "x".repeat(300));
    report.findings[0].remedies[0].command = Some(command.clone());
    for form in [Form::Text, Form::Wide, Form::Markdown] {
        let page = written(&report, form, &Look { width: 40, ..look() });
        assert!(page.lines().any(|line| line.trim_start() == command), "{page}");
    }
}

#[test]
fn times_are_in_the_zone_of_the_reader() {
    let east = Look { time_zone: TimeZone::fixed(jiff::tz::offset(9)), ..look() };
    assert!(written(&several(), Form::Text, &east).contains("since 01:02"));
    let recorded = Look { now: None, ..look() };
    assert!(written(&several(), Form::Text, &recorded).contains("since 2026-11-22 16:02"));
}

#[test]
fn a_namespace_is_named_where_there_is_more_than_one() {
    let mut report = several();
    assert!(!written(&report, Form::Text, &look()).contains(" in shop"));
    report.read.namespaces = 2;
    assert!(written(&report, Form::Text, &look()).contains("Deployment/cart in shop, 3 pods"));
}

/// What words say is shown as it is, also where it looks like something of ours.
#[test]
fn words_keep_every_visible_character() {
    let words = "a  b \\u{202e} `c` <d> | 画像";
    let mut report = saying("x");
    report.findings[0].proof[0].text = Captured::new(words);
    assert!(written(&report, Form::Text, &look()).contains(words));
}
