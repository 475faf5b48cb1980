//! How a verdict shows its proof.

use insta::assert_snapshot;
use pullmedic_model::Stage;
use pullmedic_report::{Form, Look};

use crate::built::{proven, rung};
use crate::{look, written};

fn wide(columns: usize) -> Look {
    Look { width: columns, ..look() }
}

#[test]
fn a_proven_finding_reads_from_what_happened_to_what_to_paste() {
    assert_snapshot!(written(&proven(), Form::Text, &look()), @r#"
    ✗ no-credentials   Deployment/cart, 3 pods on 3 nodes, since 16:02        proven
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.

      name ✓ 2 ms ── connect ✓ 3 ms ── tls ✓ 9 ms ── ping ✓ ── token ✗ 401
                                      registry.acme.test asked from here at 16:20:41

      Proof  asked again with secret regcred, which Deployment/web uses: 200,
             manifest and all 5 layers there
             Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull
             and unpack image "registry.acme.test/shop/cart:4.1": failed to resolve
             reference "registry.acme.test/shop/cart:4.1": pull access denied,
             repository does not exist or may require authorization: authorization
             failed: no basic auth credentials
             — kubelet on node/worker-1 at 16:18, in Pod shop/cart-5d7f-1
               status.containerStatuses[app].state.waiting
      Fix    name regcred in the Deployment's template
             safe, tried; the application team can do it
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"regcred"}]}]'
             tried: the replay passed with regcred, from here
             changes: the Deployment rolls out once
      Still  ReplicaSet/cart-7c9f8 serves for Deployment/cart with 3 of 3; the
             kubelet tries again in about 2 min (16:22); stays until somebody acts
      Not looked at: node configuration (needs the node agent)
      Docs   pullmedic explain no-credentials

    ? not-found-or-denied                                                  undecided
      CronJob/report, 1 pod on worker-2, since 16:02
      quay.io/acme/report:7 is either absent or hidden from us: Quay answers both
      alike.
      Would decide it: a login that may see quay.io/acme; ask who owns acme on
        quay.io

      name ✓ 0.4 ms ── connect ✓ 11 ms ── tls ✓ 1.2 s ── token ✓ 210 ms ──
      manifest ✗ 401, 12 s                       quay.io asked from here at 16:20:41

      Not yet excluded:
        tag-not-found: the words fit an absent tag
        no-credentials: the words fit a login that is missing
      Fix    none that can be offered from here; the application team must act
      Still  whether it is still so is not known; it does not clear by itself
      Docs   pullmedic explain not-found-or-denied

    2 causes behind 4 pods. Read: 120 pods, 34 events and 40 owners in 1 namespace
    of context prod.
    "#);
}

#[test]
fn sixty_columns_of_ascii_break_between_stages() {
    assert_snapshot!(written(&proven(), Form::Text, &Look { ascii: true, ..wide(60) }), @r#"
    x no-credentials                                      proven
      Deployment/cart, 3 pods on 3 nodes, since 16:02
      registry.acme.test wants a login for shop/cart:4.1, and
      none reached it.

      name ok 2 ms -- connect ok 3 ms -- tls ok 9 ms --
      ping ok -- token x 401
                  registry.acme.test asked from here at 16:20:41

      Proof  asked again with secret regcred, which
             Deployment/web uses: 200, manifest and all 5 layers
             there
             Failed to pull image
             "registry.acme.test/shop/cart:4.1": failed to pull
             ... 2 lines left out (--why)
             resolve reference
             "registry.acme.test/shop/cart:4.1": pull access
             denied, repository does not exist or may require
             authorization: authorization failed: no basic auth
             credentials
             -- kubelet on node/worker-1 at 16:18, in Pod
                shop/cart-5d7f-1
                status.containerStatuses[app].state.waiting
      Fix    name regcred in the Deployment's template
             safe, tried; the application team can do it
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"regcred"}]}]'
             tried: the replay passed with regcred, from here
             changes: the Deployment rolls out once
      Still  ReplicaSet/cart-7c9f8 serves for Deployment/cart
             with 3 of 3; the kubelet tries again in about 2 min
             (16:22); stays until somebody acts
      Not looked at: node configuration (needs the node agent)
      Docs   pullmedic explain no-credentials

    ? not-found-or-denied                              undecided
      CronJob/report, 1 pod on worker-2, since 16:02
      quay.io/acme/report:7 is either absent or hidden from us:
      Quay answers both alike.
      Would decide it: a login that may see quay.io/acme; ask
        who owns acme on quay.io

      name ok 0.4 ms -- connect ok 11 ms -- tls ok 1.2 s --
      token ok 210 ms -- manifest x 401, 12 s
                             quay.io asked from here at 16:20:41

      Not yet excluded:
        tag-not-found: the words fit an absent tag
        no-credentials: the words fit a login that is missing
      Fix    none that can be offered from here; the application
             team must act
      Still  whether it is still so is not known; it does not
             clear by itself
      Docs   pullmedic explain not-found-or-denied

    2 causes behind 4 pods. Read: 120 pods, 34 events and 40
    owners in 1 namespace of context prod.
    "#);
}

#[test]
fn a_wider_page_says_beside_the_stages_whom_we_asked_and_when() {
    assert_snapshot!(written(&proven(), Form::Text, &wide(120)), @r#"
    ✗ no-credentials   Deployment/cart, 3 pods on 3 nodes, since 16:02                                                proven
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.

      name ✓ 2 ms ── connect ✓ 3 ms ── tls ✓ 9 ms ── ping ✓ ── token ✗ 401    registry.acme.test asked from here at 16:20:41

      Proof  asked again with secret regcred, which Deployment/web uses: 200, manifest and all 5 layers there
             Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull and unpack image
             "registry.acme.test/shop/cart:4.1": failed to resolve reference "registry.acme.test/shop/cart:4.1": pull access
             denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials
             — kubelet on node/worker-1 at 16:18, in Pod shop/cart-5d7f-1 status.containerStatuses[app].state.waiting
      Fix    name regcred in the Deployment's template                           safe, tried; the application team can do it
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"regcred"}]}]'
             tried: the replay passed with regcred, from here
             changes: the Deployment rolls out once
      Still  ReplicaSet/cart-7c9f8 serves for Deployment/cart with 3 of 3; the kubelet tries again in about 2 min (16:22);
             stays until somebody acts
      Not looked at: node configuration (needs the node agent)
      Docs   pullmedic explain no-credentials

    ? not-found-or-denied   CronJob/report, 1 pod on worker-2, since 16:02                                         undecided
      quay.io/acme/report:7 is either absent or hidden from us: Quay answers both alike.
      Would decide it: a login that may see quay.io/acme; ask who owns acme on quay.io

      name ✓ 0.4 ms ── connect ✓ 11 ms ── tls ✓ 1.2 s ── token ✓ 210 ms ── manifest ✗ 401, 12 s
                                                                                         quay.io asked from here at 16:20:41

      Not yet excluded:
        tag-not-found: the words fit an absent tag
        no-credentials: the words fit a login that is missing
      Fix    none that can be offered from here; the application team must act
      Still  whether it is still so is not known; it does not clear by itself
      Docs   pullmedic explain not-found-or-denied

    2 causes behind 4 pods. Read: 120 pods, 34 events and 40 owners in 1 namespace of context prod.
    "#);
}

#[test]
fn why_gives_every_rival_a_reason_and_every_observation_its_source() {
    assert_snapshot!(written(&proven(), Form::Text, &Look { why: true, ..look() }), @r#"
    ✗ no-credentials   Deployment/cart, 3 pods on 3 nodes, since 16:02        proven
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.

      name ✓ 2 ms ── connect ✓ 3 ms ── tls ✓ 9 ms ── ping ✓ ── token ✗ 401
                                      registry.acme.test asked from here at 16:20:41

      Proof  asked again with secret regcred, which Deployment/web uses: 200,
             manifest and all 5 layers there
             — asked by us at 16:20:40: HEAD /v2/shop/cart/manifests/4.1 at
               registry.acme.test
             Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull
             and unpack image "registry.acme.test/shop/cart:4.1": failed to resolve
             reference "registry.acme.test/shop/cart:4.1": pull access denied,
             repository does not exist or may require authorization: authorization
             failed: no basic auth credentials
             — kubelet on node/worker-1 at 16:18, in Pod shop/cart-5d7f-1
               status.containerStatuses[app].state.waiting
      Fix    name regcred in the Deployment's template
             safe, tried; the application team can do it
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"regcred"}]}]'
             tried: the replay passed with regcred, from here
             changes: the Deployment rolls out once
             undo:
               kubectl -n shop patch deployment cart --type=json -p='[{"op":"remove","path":"/spec/template/spec/imagePullSecrets"}]'
      Still  ReplicaSet/cart-7c9f8 serves for Deployment/cart with 3 of 3; the
             kubelet tries again in about 2 min (16:22); stays until somebody acts
      Not looked at: node configuration (needs the node agent)
      At     stage token, endpoint registry.acme.test, image
             registry.acme.test/shop/cart:4.1
      Rule   proven: one cause is left, and something seen was predicted by it and
             by no other (docs/certainty.md)
      Rivals:
        out   bad-credentials: the pod names no pull secret, so none was sent
        out   repository-not-found: with regcred the same request got 200, so the
              repository is there
      Seen   the pod names no pull secret
             — read by us, in Pod shop/cart-5d7f-1 spec.imagePullSecrets
             anonymously: 401, a login is wanted (basic)
             — asked by us at 16:20:40: HEAD /v2/shop/cart/manifests/4.1 at
               registry.acme.test
      Cost   6 registry requests
      Docs   pullmedic explain no-credentials

    ? not-found-or-denied                                                  undecided
      CronJob/report, 1 pod on worker-2, since 16:02
      quay.io/acme/report:7 is either absent or hidden from us: Quay answers both
      alike.
      Would decide it: a login that may see quay.io/acme; ask who owns acme on
        quay.io

      name ✓ 0.4 ms ── connect ✓ 11 ms ── tls ✓ 1.2 s ── token ✓ 210 ms ──
      manifest ✗ 401, 12 s                       quay.io asked from here at 16:20:41

      Fix    none that can be offered from here; the application team must act
      Still  whether it is still so is not known; it does not clear by itself
      At     stage manifest
      Rule   undecided: more than one cause is left, or a guess leads
             (docs/certainty.md)
      Rivals:
        open  tag-not-found: the words fit an absent tag
        open  no-credentials: the words fit a login that is missing
      Cost   1 registry request
      Docs   pullmedic explain not-found-or-denied

    2 causes behind 4 pods. Read: 120 pods, 34 events and 40 owners in 1 namespace
    of context prod.
    "#);
}

/// The escapes are shown as `^[`.
#[test]
fn colour_repeats_the_marks() {
    let page = written(&proven(), Form::Text, &Look { colour: true, ..look() });
    let head: Vec<&str> = page.lines().take(6).collect();
    assert_snapshot!(head.join("\n").replace('\u{1b}', "^["), @r#"
    ^[[1m^[[31m✗^[[0m ^[[1mno-credentials^[[0m   Deployment/cart, 3 pods on 3 nodes, since 16:02        ^[[1m^[[31mproven^[[0m
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.

      name ^[[1m^[[32m✓^[[0m 2 ms^[[2m ──^[[0m connect ^[[1m^[[32m✓^[[0m 3 ms^[[2m ──^[[0m tls ^[[1m^[[32m✓^[[0m 9 ms^[[2m ──^[[0m ping ^[[1m^[[32m✓^[[0m^[[2m ──^[[0m token ^[[1m^[[31m✗^[[0m ^[[1m401^[[0m
                                      ^[[2mregistry.acme.test asked from here at 16:20:41^[[0m
    "#);
}

#[test]
fn a_ticket_holds_the_ladder_the_proof_and_the_exact_patch() {
    assert_snapshot!(written(&proven(), Form::Markdown, &Look { why: true, ..look() }), @r#"
    # Images that cannot be pulled: 2 causes behind 4 pods

    Read: 120 pods, 34 events and 40 owners in 1 namespace of context prod. API server `https://10.0.0.1:6443`. Seen at 2026-11-22 16:20 UTC.

    ## 1. no-credentials: `Deployment/cart`, 3 pods on 3 nodes (proven)

    `registry.acme.test` wants a login for `shop/cart:4.1`, and none reached it.

    - Certainty: proven: one cause is left, and something seen was predicted by it and by no other
    - Since: 2026-11-22 16:02 UTC
    - Next try expected: 2026-11-22 16:22 UTC
    - Stage: token
    - Endpoint: `registry.acme.test`
    - Image: `registry.acme.test/shop/cart:4.1`
    - Acts: the application team
    - Still: `ReplicaSet/cart-7c9f8` serves for `Deployment/cart` with 3 of 3
    - Lasts: stays until somebody acts
    - Not looked at: node configuration (needs the node agent)
    - Cost: 6 registry requests
    - Read on: `pullmedic explain no-credentials`

    ### Proof

    `registry.acme.test` asked from where pullmedic ran, at 2026-11-22 16:20 UTC:

    ```text
    name ✓ 2 ms ── connect ✓ 3 ms ── tls ✓ 9 ms ── ping ✓ ── token ✗ 401
    ```

    asked by us, `HEAD /v2/shop/cart/manifests/4.1 at registry.acme.test`, at 2026-11-22 16:20 UTC:

    asked again with secret regcred, which `Deployment/web` uses: 200, manifest and all 5 layers there

    kubelet on `node/worker-1`, in `Pod shop/cart-5d7f-1 status.containerStatuses[app].state.waiting`, at 2026-11-22 16:18 UTC:

    ```text
    Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull and unpack image "registry.acme.test/shop/cart:4.1": failed to resolve reference "registry.acme.test/shop/cart:4.1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials
    ```

    ### Excluded

    - bad-credentials: the pod names no pull secret, so none was sent
    - repository-not-found: with regcred the same request got 200, so the repository is there

    ### Fix

    **Option:** name regcred in the Deployment's template (safe, tried; the application team can do it)

    ```sh
    kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"regcred"}]}]'
    ```

    Tried: the replay passed with regcred, from here

    Changes: the Deployment rolls out once

    The exact patch of `Deployment/cart` in shop (`apps/v1`):

    ```json
    [
      {
        "op": "add",
        "path": "/spec/template/spec/imagePullSecrets",
        "value": [
          {
            "name": "regcred"
          }
        ]
      }
    ]
    ```

    To take it back:

    ```sh
    kubectl -n shop patch deployment cart --type=json -p='[{"op":"remove","path":"/spec/template/spec/imagePullSecrets"}]'
    ```

    ### Where

    | Namespace | Owner | Pod | Container | Kind | Node |
    |---|---|---|---|---|---|
    | `shop` | `Deployment/cart` | `cart-5d7f-1` | `app` | `main` | `worker-1` |
    | `shop` | `Deployment/cart` | `cart-5d7f-2` | `app` | `main` | `worker-2` |
    | `shop` | `Deployment/cart` | `cart-5d7f-3` | `app` | `main` | `worker-3` |

    ## 2. not-found-or-denied: `CronJob/report`, 1 pod on `worker-2` (undecided)

    `quay.io/acme/report:7` is either absent or hidden from us: Quay answers both alike.

    **Would decide it:** a login that may see `quay.io/acme`; ask who owns acme on `quay.io`

    - Certainty: undecided: more than one cause is left, or a guess leads
    - Since: 2026-11-22 16:02 UTC
    - Stage: manifest
    - Acts: the application team
    - Lasts: whether it is still so is not known; it does not clear by itself
    - Cost: 1 registry request
    - Read on: `pullmedic explain not-found-or-denied`

    ### Proof

    `quay.io` asked from where pullmedic ran, at 2026-11-22 16:20 UTC:

    ```text
    name ✓ 0.4 ms ── connect ✓ 11 ms ── tls ✓ 1.2 s ── token ✓ 210 ms ── manifest ✗ 401, 12 s
    ```

    ### Not yet excluded

    - tag-not-found: the words fit an absent tag
    - no-credentials: the words fit a login that is missing

    ### Fix

    None that can be offered from here; the application team must act.

    ### Where

    | Namespace | Owner | Pod | Container | Kind | Node |
    |---|---|---|---|---|---|
    | `shop` | `CronJob/report` | `report-28712-x` | `app` | `main` | `worker-2` |
    "#);
}

/// A stage is one unit: its name never stands on another line than its mark.
#[test]
fn a_stage_keeps_its_mark_at_every_width() {
    for columns in 40..130 {
        for ascii in [false, true] {
            let page = written(&proven(), Form::Text, &Look { ascii, ..wide(columns) });
            let (ok, failed) = if ascii { ("ok", "x") } else { ("✓", "✗") };
            for part in ["name {ok} 2 ms", "tls {ok} 9 ms", "ping {ok}", "token {failed} 401"] {
                let part = part.replace("{ok}", ok).replace("{failed}", failed);
                assert!(page.contains(&part), "{columns}: {part}\n{page}");
            }
            assert!(page.contains("asked from here at 16:20:41"), "{page}");
        }
    }
}

#[test]
fn a_replay_that_passes_has_no_failed_stage() {
    let mut report = proven();
    let ladder = report.findings[0].ladder.as_mut().unwrap();
    ladder.rungs.pop();
    ladder.rungs.push(rung(Stage::Manifest, Some(7_000), None));
    let page = written(&report, Form::Text, &look());
    assert!(page.contains("ping ✓ ── manifest ✓ 7 ms"), "{page}");
}

/// A short report never lets the words of a kubelet push our own answers out.
#[test]
fn answers_stand_before_words_and_all_are_shown_on_request() {
    let mut report = proven();
    let words = report.findings[0].proof[0].clone();
    report.findings[0].proof = vec![words; 6];
    report.findings[0].proof.push(proven().findings[0].proof[1].clone());
    let page = written(&report, Form::Text, &look());
    assert!(page.contains("  Proof  asked again with secret regcred"), "{page}");
    assert!(page.contains("and 3 more (--why)"), "{page}");
    assert!(!written(&report, Form::Text, &Look { why: true, ..look() }).contains("more (--why)"));
}

/// A remedy that has no command is still exact.
#[test]
fn a_patch_without_a_command_is_shown_itself() {
    let mut report = proven();
    report.findings[0].remedies[0].command = None;
    let page = written(&report, Form::Text, &look());
    assert!(page.contains("patch: Deployment/cart in shop (apps/v1)"), "{page}");
    assert!(page.contains("           [{\"op\":\"add\",\"path\":\"/spec/"), "{page}");
}
