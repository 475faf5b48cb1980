//! The ticket.

use insta::assert_snapshot;
use pullmedic_report::Form;

use crate::built::{argo, sandbox, several, unread};
use crate::{look, written};

#[test]
fn a_ticket_holds_what_a_reader_elsewhere_needs() {
    assert_snapshot!(written(&several(), Form::Markdown, &look()), @r#"
    # Images that cannot be pulled: 2 causes behind 4 pods

    Read: 120 pods, 34 events and 40 owners in 1 namespace of context prod. API server `https://10.0.0.1:6443`. Seen at 2026-11-22 16:20 UTC.

    ## 1. no-credentials: `Deployment/cart`, 3 pods on 3 nodes (likely)

    `registry.acme.test` wants a login for `shop/cart:4.1`, and none reached it.

    - Certainty: likely: one cause leads and nothing seen contradicts it; a condition of proof is not met
    - Since: 2026-11-22 16:02 UTC
    - Next try expected: 2026-11-22 16:22 UTC
    - Stage: token
    - Endpoint: `registry.acme.test`
    - Image: `registry.acme.test/shop/cart:4.1`
    - Acts: the application team
    - Still: `ReplicaSet/cart-7c9f8` serves for `Deployment/cart` with 3 of 3
    - Lasts: stays until somebody acts
    - Read on: `pullmedic explain no-credentials`

    ### Proof

    kubelet on `node/worker-1`, in `Pod shop/cart-5d7f-1 status.containerStatuses[app].state.waiting`, at 2026-11-22 16:18 UTC:

    ```text
    Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull and unpack image "registry.acme.test/shop/cart:4.1": failed to resolve reference "registry.acme.test/shop/cart:4.1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials
    ```

    ### Not yet excluded

    - repository-not-found: a registry may answer so for a repository that it does not have

    **Would prove it:** a login that may see `shop/cart` on `registry.acme.test`

    ### Fix

    **Option:** name a pull secret in the Deployment's template (review, not tried; the application team can do it)

    ```sh
    kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"SECRET"}]}]'
    ```

    **Option:** or in the manifest that you apply (review, not tried; the application team can do it)

    ```yaml
    spec:
      template:
        spec:
          imagePullSecrets:
          - name: SECRET
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
    - Read on: `pullmedic explain not-found-or-denied`

    ### Not yet excluded

    - tag-not-found: the words fit an absent tag
    - no-credentials: the words fit a login that is missing

    ### Fix

    None that can be offered from here; the application team must act.

    ### Where

    | Namespace | Owner | Pod | Container | Kind | Node |
    |---|---|---|---|---|---|
    | `shop` | `CronJob/report` | `report-28712-x` | `app` | `main` | `worker-2` |

    ## Not read

    - events in namespace "shop": forbidden for user "dev"
      - needs: list on events (the role "view" has it)
      - next: `kubectl auth can-i list events -n shop`
    "#);
}

#[test]
fn a_ticket_names_the_place_to_change() {
    assert_snapshot!(written(&argo(), Form::Markdown, &look()), @r#"
    # Images that cannot be pulled: 1 cause behind 1 pod

    Read: 120 pods, 34 events and 40 owners in 1 namespace of context prod. API server `https://10.0.0.1:6443`. Seen at 2026-11-22 16:20 UTC.

    ## 1. tag-not-found: `Deployment/web`, 1 pod on `worker-1`, init container sidecar (proven)

    `ghcr.io/acme/sidecar:9` does not exist: the repository has no such tag.

    - Certainty: proven: one cause is left, and something seen was predicted by it and by no other
    - Also: dns: the registry's name does not resolve
    - Since: 2026-11-22 16:02 UTC
    - Next try expected: 2026-11-22 16:19 UTC
    - Stage: manifest
    - Image: `ghcr.io/acme/sidecar:10`
    - Image: `ghcr.io/acme/sidecar:9`
    - Acts: the application team
    - Change: the Git source of Argo CD application web, then let it sync; Argo CD manages `Deployment/web` and would undo a live edit
    - Origin: the template of `Deployment/web` has no container sidecar: istio put it there (told by annotation `sidecar.istio.io/status`)
    - Lasts: stays until somebody acts
    - Read on: `pullmedic explain tag-not-found`

    ### Fix

    None that can be offered from here; the application team must act.

    ### Where

    | Namespace | Owner | Pod | Container | Kind | Node |
    |---|---|---|---|---|---|
    | `web` | `Deployment/web` | `web-1` | `sidecar` | `init` | `worker-1` |
    "#);
}

#[test]
fn a_ticket_of_nothing_says_what_was_not_read() {
    assert_snapshot!(written(&unread(), Form::Markdown, &look()), @r#"
    # Nothing found, but not everything was read

    Read: 2 pods in 1 namespace of a recording. Seen at 2026-11-22 16:20 UTC.

    ## Not read

    - `dump/pods-1.yaml`, `dump/pods-2.yaml`, `dump/pods-3.yaml`, `dump/pods-4.yaml`, `dump/pods-5.yaml`, `dump/pods-6.yaml`, `dump/pods-7.yaml`: not YAML: a tab where a space must be
    - `dump/secret.bin`: not `UTF-8`
      - next: save it again as text
    "#);
}

#[test]
fn many_places_are_cut_and_counted() {
    let ticket = written(&sandbox(), Form::Markdown, &look());
    assert_eq!(ticket.lines().filter(|line| line.starts_with("| `")).count(), 30);
    assert!(ticket.contains("And 10 more: `-o json` has all."), "{ticket}");
}
