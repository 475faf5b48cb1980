//! Incidents: lists, one whole, and past ones.

use insta::assert_snapshot;
use pullmedic_model::incident::{Event, IncidentId};
use pullmedic_model::report::Skipped;
use pullmedic_model::{Cause, Incident};
use pullmedic_report::{
    Form, Incidents, Look, View, write_incident, write_incident_history, write_incidents,
};
use unicode_width::UnicodeWidthStr;

use crate::built::skipped;
use crate::built_incident::{
    aggregate, at, deployment, incident, login, long, merged, moment, over, registry_down,
};
use crate::look;

fn listed(view: View<'_>, incidents: &[Incident], skipped: &[Skipped], form: Form, look: &Look) -> String {
    let mut out = Vec::new();
    write_incidents(&Incidents { view, incidents, skipped }, form, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn list(view: View<'_>, incidents: &[Incident], form: Form, look: &Look) -> String {
    listed(view, incidents, &[], form, look)
}

pub(crate) fn history(view: View<'_>, incidents: &[Incident], form: Form, look: &Look) -> String {
    let mut out = Vec::new();
    write_incident_history(&Incidents { view, incidents, skipped: &[] }, form, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn show(incident: &Incident, form: Form, look: &Look) -> String {
    let mut out = Vec::new();
    write_incident(incident, form, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn broad() -> Look {
    Look { width: 120, ..look() }
}

fn several() -> [Incident; 4] {
    [over(), merged(), registry_down(), login()]
}

#[test]
fn a_list_of_one_namespace_tells_of_no_other() {
    assert_snapshot!(list(View::Namespace("shop"), &several(), Form::Text, &look()), @r"
    NAME      CAUSE                 CERTAINTY PODS ENDPOINT            AGE STATE
    pi-k7m2qx no-credentials        proven    3    registry.acme.test  18m open
    pi-9ddk4w registry-unavailable  likely    10   ghcr.io             2m  suspected
    pi-dns234 dns                   likely    0    registry.…test:5000 16h resolved
    pi-mmmm22 client-cer…e-required likely    0    registry.acme.test  18m merged

    4 incidents, 13 pods in shop: 1 open, 1 suspected, 1 resolved, 1 merged.
    ");
}

#[test]
fn all_namespaces_have_a_row_each() {
    let open = [registry_down(), login()];
    assert_snapshot!(list(View::Namespaces, &open, Form::Text, &look()), @r"
    NS      NAME      CAUSE                CERTAINTY PODS ENDPOINT     AGE STATE
    shop    pi-k7m2qx no-credentials       proven    3    regist….test 18m open
    billing pi-9ddk4w registry-unavailable likely    2    ghcr.io      2m  suspected
    shop    pi-9ddk4w registry-unavailable likely    10   ghcr.io      2m  suspected

    2 incidents, 15 pods in 2 namespaces: 1 open, 1 suspected.
    ");
    assert_snapshot!(list(View::Namespaces, &open, Form::Text, &broad()), @r"
    NAMESPACE   NAME        CAUSE                  CERTAINTY   PODS   ENDPOINT             SINCE   STATE
    shop        pi-k7m2qx   no-credentials         proven      3      registry.acme.test   18m     open
    billing     pi-9ddk4w   registry-unavailable   likely      2      ghcr.io              2m      suspected
    shop        pi-9ddk4w   registry-unavailable   likely      10     ghcr.io              2m      suspected

    2 incidents, 15 pods in 2 namespaces: 1 open, 1 suspected.
    ");
}

#[test]
fn a_cluster_has_a_row_for_each_incident() {
    let all = [registry_down(), aggregate(), login()];
    assert_snapshot!(list(View::Cluster, &all, Form::Text, &look()), @r"
    NS   NAME      CAUSE                CERTAINTY PODS  ENDPOINT       AGE STATE
    <50> pi-stzrm2 rate-limited         proven    10000 docker.io      18m open
    shop pi-k7m2qx no-credentials       proven    3     registr…e.test 18m open
    <2>  pi-9ddk4w registry-unavailable likely    12    ghcr.io        2m  suspected

    3 incidents, 10015 pods: 2 open, 1 suspected.
    ");
}

#[test]
fn the_wide_list_shortens_nothing() {
    let all = [long(), login()];
    assert_snapshot!(list(View::Cluster, &all, Form::Wide, &look()), @r"
    NAMESPACE                                                         NAME        CAUSE                         CERTAINTY   PODS     ENDPOINT                                                           SINCE   STATE       SCOPE      STAGE   IMAGE                              NODE     REQUESTS
    shop                                                              pi-k7m2qx   no-credentials                proven      3        registry.acme.test                                                 18m     open        image      token   registry.acme.test/shop/cart:4.1   <none>   6
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx   pi-zzzzzz   client-certificate-required   undecided   100000   label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.label-of-a-host.test:5000   18m     suspected   endpoint   tls     <none>                             <none>   0

    2 incidents, 100003 pods in 2 namespaces: 1 open, 1 suspected.
    ");
}

/// Colour repeats what words say.
#[test]
fn a_list_is_coloured_by_state() {
    let look = Look { colour: true, ..look() };
    let page = list(View::Namespace("shop"), &several(), Form::Text, &look).replace('\u{1b}', "ESC");
    assert_snapshot!(page, @r"
    ESC[2mNAMEESC[0m      ESC[2mCAUSEESC[0m                 ESC[2mCERTAINTYESC[0m ESC[2mPODSESC[0m ESC[2mENDPOINTESC[0m            ESC[2mAGEESC[0m ESC[2mSTATEESC[0m
    pi-k7m2qx ESC[1mno-credentialsESC[0m        proven    3    registry.acme.test  18m ESC[1mESC[31mopenESC[0m
    pi-9ddk4w ESC[1mregistry-unavailableESC[0m  likely    10   ghcr.io             2m  ESC[1mESC[33msuspectedESC[0m
    pi-dns234 ESC[1mdnsESC[0m                   likely    0    registry.…test:5000 16h ESC[1mESC[32mresolvedESC[0m
    pi-mmmm22 ESC[1mclient-cer…e-requiredESC[0m likely    0    registry.acme.test  18m merged

    4 incidents, 13 pods in shop: 1 open, 1 suspected, 1 resolved, 1 merged.
    ");
}

#[test]
fn long_names_are_shortened_in_the_middle_and_columns_stay_columns() {
    let all = [long(), login()];
    assert_snapshot!(list(View::Cluster, &all, Form::Text, &look()), @r"
    NS         NAME      CAUSE            CERTAINTY PODS   ENDPOINT    AGE STATE
    shop       pi-k7m2qx no-credentials   proven    3      regis….test 18m open
    xxxxx…xxxx pi-zzzzzz client-c…equired undecided 100000 label…:5000 18m suspected

    2 incidents, 100003 pods in 2 namespaces: 1 open, 1 suspected.
    ");
    assert_snapshot!(list(View::Cluster, &all, Form::Text, &Look { ascii: true, ..look() }), @r"
    NS         NAME      CAUSE            CERTAINTY PODS   ENDPOINT    AGE STATE
    shop       pi-k7m2qx no-credentials   proven    3      regis..test 18m open
    xxxx..xxxx pi-zzzzzz client-..equired undecided 100000 label..5000 18m suspected

    2 incidents, 100003 pods in 2 namespaces: 1 open, 1 suspected.
    ");
}

/// Below the width of any table a row becomes a paragraph.
#[test]
fn a_narrow_page_has_paragraphs() {
    let all = [long(), login()];
    assert_snapshot!(list(View::Cluster, &all, Form::Text, &Look { width: 40, ..look() }), @r"
    namespace shop, name pi-k7m2qx, cause
      no-credentials, certainty proven, pods
      3, endpoint registry.acme.test, since
      18m, state open
    namespace
      xxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxx,
      name pi-zzzzzz, cause
      client-certificate-required, certainty
      undecided, pods 100000, endpoint
      label-of-a-host.la…f-a-host.test:5000,
      since 18m, state suspected

    2 incidents, 100003 pods in 2
    namespaces: 1 open, 1 suspected.
    ");
}

#[test]
fn nothing_found_is_said_and_is_no_clean_bill_where_not_all_was_read() {
    assert_snapshot!(list(View::Namespace("shop"), &[], Form::Text, &look()), @"✓ no incidents in namespace shop");
    assert_snapshot!(list(View::Cluster, &[], Form::Wide, &look()), @"✓ no incidents");
    // What is in another namespace is not here.
    assert_snapshot!(list(View::Namespace("web"), &several(), Form::Text, &look()), @"✓ no incidents in namespace web");
    let refused = [skipped(
        "pullincidents in namespace \"shop\"",
        "forbidden for user \"dev\"",
        Some("list on pullincidents (the role \"view\" has it)"),
        Some("kubectl auth can-i list pullincidents -n shop"),
    )];
    assert_snapshot!(listed(View::Namespace("shop"), &[], &refused, Form::Text, &look()), @r#"
    ? no incidents in namespace shop, but not everything was read

    Not read:
      pullincidents in namespace "shop": forbidden for user "dev"
        needs: list on pullincidents (the role "view" has it)
        next: kubectl auth can-i list pullincidents -n shop
    "#);
}

/// Whoever has five hundred reads the count, and the widest first.
#[test]
fn many_are_counted_and_the_widest_come_first() {
    let many: Vec<Incident> = (0..500_u32)
        .map(|number| {
            let (namespace, touched) = deployment("shop", "cart", number % 90 + 1, "acme/cart:1");
            incident(IncidentId::from_seed(number.into()), Cause::Dns, [(namespace, touched)].into())
        })
        .collect();
    let page = list(View::Namespace("shop"), &many, Form::Text, &look());
    assert!(page.lines().nth(1).unwrap().contains("   90   "), "{page}");
    assert!(page.ends_with("\n500 incidents, 21750 pods in shop: 500 open.\n"), "{page}");
    assert_eq!(page.lines().count(), 503);
}

#[test]
fn an_incident_reads_like_a_short_report() {
    assert_snapshot!(show(&login(), Form::Text, &look()), @r#"
    ✗ no-credentials                                                          proven
      Deployment/cart in shop, 3 pods on 3 nodes, since 16:02
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.
      pi-k7m2qx, open for 18 min

      At     stage token, endpoint registry.acme.test, image
             registry.acme.test/shop/cart:4.1
      Scope  image: one image, wherever it is asked for
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
      Not looked at: node configuration (needs the node agent)
      Still  stays until somebody acts; it is asked about again at 17:02
      Cost   1 proof, 6 registry requests
      Docs   pullmedic explain no-credentials

      Timeline:
        16:02:13         seen
        16:02:15  +2 s   opened
        16:02:24  +11 s  judged       no-credentials, proven
        16:02:24  +11 s  proven
        16:02:25  +12 s  owners told  shop

      Touches:
        shop: 3 pods of Deployment/cart, on worker-1, worker-2 and worker-3; image
          registry.acme.test/shop/cart:4.1
          - cart-5d7f-1, container app on worker-1, since 16:02
          - cart-5d7f-2, container app on worker-2, since 16:02
          - cart-5d7f-3, container app on worker-3, since 16:02
    "#);
}

#[test]
fn a_broad_page_has_the_place_beside_the_code() {
    let page = show(&login(), Form::Text, &broad());
    assert_snapshot!(page.lines().take(6).collect::<Vec<_>>().join("\n"), @r"
    ✗ no-credentials   Deployment/cart in shop, 3 pods on 3 nodes, since 16:02                                        proven
      registry.acme.test wants a login for shop/cart:4.1, and none reached it.
      pi-k7m2qx, open for 18 min

      At     stage token, endpoint registry.acme.test, image registry.acme.test/shop/cart:4.1
      Scope  image: one image, wherever it is asked for
    ");
}

#[test]
fn of_several_namespaces_one_verdict_is_shown() {
    let mut down = registry_down();
    let verdict = down.touched["shop"].detail.clone();
    down.touched.get_mut("billing").unwrap().detail = verdict;
    assert_snapshot!(show(&down, Form::Text, &look()), @r"
    ✗ registry-unavailable                                                    likely
      2 Deployments in 2 namespaces, 12 pods on 10 nodes, since 16:18
      ghcr.io fails to answer as a registry: 503.
      pi-9ddk4w, suspected for 2 min, at most 14 pods at one time

      At     stage manifest, endpoint ghcr.io
      Scope  endpoint: everything asked of one host and port
      In shop: ghcr.io answers 503 for acme/search:1.
      Proof  unexpected status code 503 Service Unavailable
             — kubelet on node/worker-1 at 16:18, in Event shop/search-1.17f
      Not yet excluded:
        proxy: a proxy on the way may have answered
      Would prove it: an answer of ghcr.io that a registry gives
      Fix    wait: the registry's status page tells of it
             review, not tried; the application team can do it
      Not looked at: the way from the nodes (needs the node agent)
      1 more namespace with a verdict of its own (--why, or -n NAMESPACE)
      Still  may clear by itself; it is asked about again at 16:21
      Cost   2 proofs, 3 registry requests
      Docs   pullmedic explain registry-unavailable

      Timeline:
        16:18:41         seen
        16:19:02  +21 s  judged       registry-unavailable, likely
        16:19:40  +59 s  split        pi-abc234
        16:19:41  +60 s  owners told  shop
        16:19:42  +61 s  owners told  billing
        16:19:50  +69 s  flapped      2 pods of billing came and went

      Touches:
        shop: 10 pods of Deployment/search, on worker-1, worker-2, worker-3 and 7
          more; image ghcr.io/acme/search:1
          - search-5d7f-1, container app on worker-1, since 16:02
          - search-5d7f-2, container app on worker-2, since 16:02
          - search-5d7f-3, container app on worker-3, since 16:02
            and 7 more
        billing: 2 pods of Deployment/invoice, on worker-1 and worker-2; image
          ghcr.io/acme/invoice:7
          - invoice-5d7f-1, container app on worker-1, since 16:02
          - invoice-5d7f-2, container app on worker-2, since 16:02
    ");
}

#[test]
fn with_its_grounds_every_rival_and_sample_is_shown() {
    let page = show(&registry_down(), Form::Wide, &look());
    assert_snapshot!(page, @r"
    ✗ registry-unavailable                                                    likely
      2 Deployments in 2 namespaces, 12 pods on 10 nodes, since 16:18
      ghcr.io fails to answer as a registry: 503.
      pi-9ddk4w, suspected for 2 min, at most 14 pods at one time

      At     stage manifest, endpoint ghcr.io
      Scope  endpoint: everything asked of one host and port
      In shop: ghcr.io answers 503 for acme/search:1.
      Proof  unexpected status code 503 Service Unavailable
             — kubelet on node/worker-1 at 16:18, in Event shop/search-1.17f
      Would prove it: an answer of ghcr.io that a registry gives
      Fix    wait: the registry's status page tells of it
             review, not tried; the application team can do it
      Not looked at: the way from the nodes (needs the node agent)
      Rule   likely: one cause leads and nothing seen contradicts it; a condition of
             proof is not met (docs/certainty.md)
      Rivals:
        open  proxy: a proxy on the way may have answered
        out   dns: the name resolved
      Still  may clear by itself; it is asked about again at 16:21
      Cost   2 proofs, 3 registry requests
      Docs   pullmedic explain registry-unavailable

      Timeline:
        16:18:41         seen
        16:19:02  +21 s  judged       registry-unavailable, likely
        16:19:40  +59 s  split        pi-abc234
        16:19:41  +60 s  owners told  shop
        16:19:42  +61 s  owners told  billing
        16:19:50  +69 s  flapped      2 pods of billing came and went

      Touches:
        shop: 10 pods of Deployment/search, on worker-1, worker-2, worker-3 and 7
          more; image ghcr.io/acme/search:1
          - search-5d7f-1, container app on worker-1, since 16:02
          - search-5d7f-2, container app on worker-2, since 16:02
          - search-5d7f-3, container app on worker-3, since 16:02
          - search-5d7f-4, container app on worker-4, since 16:02
          - search-5d7f-5, container app on worker-5, since 16:02
          - search-5d7f-6, container app on worker-6, since 16:02
          - search-5d7f-7, container app on worker-7, since 16:02
          - search-5d7f-8, container app on worker-8, since 16:02
          - search-5d7f-9, container app on worker-9, since 16:02
          - search-5d7f-10, container app on worker-10, since 16:02
        billing: 2 pods of Deployment/invoice, on worker-1 and worker-2; image
          ghcr.io/acme/invoice:7
          - invoice-5d7f-1, container app on worker-1, since 16:02
          - invoice-5d7f-2, container app on worker-2, since 16:02
    ");
    assert_eq!(page, show(&registry_down(), Form::Text, &Look { why: true, ..look() }));
}

#[test]
fn what_is_over_says_how_long_it_was_and_offers_nothing() {
    assert_snapshot!(show(&over(), Form::Text, &look()), @r"
    ✓ dns                                                                     likely
      Deployment/web in shop, at most 40 pods on worker-1, since 2026-11-21 23:50
      The name registry.internal.acme.test does not resolve.
      pi-dns234, resolved at 02:01 after 2 h 10 min, came back once

      At     stage name, endpoint registry.internal.acme.test:5000
      Scope  endpoint: everything asked of one host and port
      Proof  nothing was asked before it was over; this is what the words said
      Cost   nothing was asked
      Docs   pullmedic explain dns

      Timeline:
        2026-11-21 23:50:01               seen
        00:10:00             +19 min      resolved
        01:50:00             +1 h 59 min  reopened
        02:01:00             +2 h 10 min  resolved

      Touched last:
        shop: 1 pod of Deployment/web, on worker-1; image
          registry.internal.acme.test:5000/web:1
          - web-5d7f-1, container app on worker-1, since 16:02
    ");
}

#[test]
fn a_merged_incident_points_to_the_other() {
    let page = show(&merged(), Form::Text, &look());
    assert_snapshot!(page.lines().take(5).collect::<Vec<_>>().join("\n"), @r"
    = client-certificate-required                                             likely
      Deployment/cart in shop, at most 3 pods on 3 nodes, since 16:02
      registry.acme.test wants a login, and none reached it.
      pi-mmmm22, merged at 16:02 after 19 s
      Now part of pi-k7m2qx: pullmedic incidents show pi-k7m2qx
    ");
}

/// The cluster's aggregate names no namespace, so neither does its page.
#[test]
fn an_aggregate_says_where_the_rest_is_told() {
    assert_snapshot!(show(&aggregate(), Form::Text, &look()), @r"
    ✗ rate-limited                                                            proven
      400 owners in 50 namespaces, 10000 pods on 312 nodes, since 16:02
      docker.io limits how often this cluster may pull.
      pi-stzrm2, open for 18 min

      At     stage manifest, endpoint docker.io
      Scope  endpoint: everything asked of one host and port
      Proof  what was tried is told in the namespaces that it touches, to those who
             may read pods there
      Still  may clear by itself; the limit resets at 18:00
      Cost   4 proofs, 9 registry requests
      Docs   pullmedic explain rate-limited

      Timeline:
        16:02:13        seen
        16:02:15  +2 s  opened
    ");
}

#[test]
fn a_long_timeline_keeps_both_ends() {
    let mut flapping = login();
    flapping.timeline = (0..30)
        .map(|number| {
            moment(&format!("16:02:{:02}", number + 13), Event::Flapped, Some(&format!("{number} times")))
        })
        .collect();
    let page = show(&flapping, Form::Text, &look());
    let from = page.find("  Timeline:").unwrap();
    assert_snapshot!(page[from..].lines().take(12).collect::<Vec<_>>().join("\n"), @r"
    Timeline:
      16:02:13         flapped      0 times
      16:02:14  +1 s   flapped      1 times
      16:02:15  +2 s   flapped      2 times
      16:02:16  +3 s   flapped      3 times
      and 20 more (--why)
      16:02:37  +24 s  flapped      24 times
      16:02:38  +25 s  flapped      25 times
      16:02:39  +26 s  flapped      26 times
      16:02:40  +27 s  flapped      27 times
      16:02:41  +28 s  flapped      28 times
      16:02:42  +29 s  flapped      29 times
    ");
    assert!(show(&flapping, Form::Wide, &look()).contains("+14 s  flapped      14 times"));
}

/// One whose clocks disagree, or whose limit has passed, is told as such.
#[test]
fn times_that_have_passed_are_said_to_have_passed() {
    let mut limited = aggregate();
    limited.resets_at = Some(at("16:00:00"));
    limited.next_probe = Some(at("16:10:00"));
    limited.since = Some(at("16:30:00"));
    let page = show(&limited, Form::Text, &look());
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let passed = "the limit was to reset at 16:00; it was to be asked about again at 16:10";
    assert!(words.contains(passed), "{page}");
    assert!(page.contains("open for less than 1 s"), "{page}");
}

#[test]
fn a_ticket_has_all_of_it() {
    assert_snapshot!(show(&registry_down(), Form::Markdown, &look()), @r"
    # registry-unavailable: 2 Deployments in 2 namespaces, 12 pods on 10 nodes (likely)

    `ghcr.io` fails to answer as a registry: 503.

    - Incident: pi-9ddk4w, suspected, at most 14 pods at one time
    - Certainty: likely: one cause leads and nothing seen contradicts it; a condition of proof is not met
    - Since: 2026-11-22 16:18 UTC
    - First seen: 2026-11-22 16:18 UTC
    - Scope: endpoint: everything asked of one host and port
    - Stage: manifest
    - Endpoint: `ghcr.io`
    - Acts: the registry's owners
    - Still: may clear by itself
    - Still: it is asked about again at 2026-11-22 16:21 UTC
    - Cost: 2 proofs, 3 registry requests
    - Read on: `pullmedic explain registry-unavailable`

    ## In `shop`

    `ghcr.io` answers 503 for `acme/search:1`.

    ### Proof

    kubelet on `node/worker-1`, in `Event shop/search-1.17f`, at 2026-11-22 16:18 UTC:

    ```text
    unexpected status code 503 Service Unavailable
    ```

    ### Not yet excluded

    - proxy: a proxy on the way may have answered

    **Would prove it:** an answer of `ghcr.io` that a registry gives

    ### Fix

    **Option:** wait: the registry's status page tells of it (review, not tried; the application team can do it)

    - Not looked at: the way from the nodes (needs the node agent)

    ## Timeline

    | When | After | What | Note |
    |---|---|---|---|
    | 2026-11-22 16:18 UTC |  | seen |  |
    | 2026-11-22 16:19 UTC | +21 s | judged | registry-unavailable, likely |
    | 2026-11-22 16:19 UTC | +59 s | split | `pi-abc234` |
    | 2026-11-22 16:19 UTC | +60 s | owners told | shop |
    | 2026-11-22 16:19 UTC | +61 s | owners told | billing |
    | 2026-11-22 16:19 UTC | +69 s | flapped | 2 pods of billing came and went |

    ## Touches

    - `billing`: 2 pods of `Deployment/invoice`, on `worker-1` and `worker-2`; image `ghcr.io/acme/invoice:7`
      - `invoice-5d7f-1`, container app on `worker-1`
      - `invoice-5d7f-2`, container app on `worker-2`
    - `shop`: 10 pods of `Deployment/search`, on `worker-1`, `worker-2`, `worker-3` and 7 more; image `ghcr.io/acme/search:1`
      - `search-5d7f-1`, container app on `worker-1`
      - `search-5d7f-2`, container app on `worker-2`
      - `search-5d7f-3`, container app on `worker-3`
      - `search-5d7f-4`, container app on `worker-4`
      - `search-5d7f-5`, container app on `worker-5`
      - `search-5d7f-6`, container app on `worker-6`
      - `search-5d7f-7`, container app on `worker-7`
      - `search-5d7f-8`, container app on `worker-8`
      - `search-5d7f-9`, container app on `worker-9`
      - `search-5d7f-10`, container app on `worker-10`
    ");
    assert_snapshot!(list(View::Namespaces, &[login()], Form::Markdown, &look()), @r"
    | NAMESPACE | NAME | CAUSE | CERTAINTY | PODS | ENDPOINT | SINCE | STATE | SCOPE | STAGE | IMAGE | NODE | REQUESTS |
    |---|---|---|---|---|---|---|---|---|---|---|---|---|
    | `shop` | `pi-k7m2qx` | `no-credentials` | `proven` | `3` | `registry.acme.test` | `18m` | `open` | `image` | `token` | `registry.acme.test/shop/cart:4.1` | `<none>` | `6` |

    1 incident, 3 pods in 1 namespace: 1 open.
    ");
}

#[test]
fn past_incidents_say_how_long_and_how_they_ended() {
    assert_snapshot!(history(View::Namespace("shop"), &several(), Form::Text, &look()), @r"
    NAME      CAUSE                 CERTAINTY PEAK ENDPOINT      BEGAN FOR ENDED
    pi-mmmm22 client-cer…e-required likely    3    regist…e.test 16:02 19s merged
    pi-9ddk4w registry-unavailable  likely    10   ghcr.io       16:18 2m  suspected
    pi-k7m2qx no-credentials        proven    3    regist…e.test 16:02 18m open
    pi-dns234 dns                   likely    40   regist…t:5000 11-21 2h  resolved

    4 incidents in namespace shop: 1 open, 1 suspected, 1 resolved, 1 merged.
    ");
    assert_snapshot!(history(View::Cluster, &several(), Form::Text, &broad()), @r"
    NS    NAME       CAUSE                        CERTAINTY  PEAK  ENDPOINT                          BEGAN  FOR  ENDED
    shop  pi-mmmm22  client-certificate-required  likely     3     registry.acme.test                16:02  19s  merged
    <2>   pi-9ddk4w  registry-unavailable         likely     14    ghcr.io                           16:18  2m   suspected
    shop  pi-k7m2qx  no-credentials               proven     3     registry.acme.test                16:02  18m  open
    shop  pi-dns234  dns                          likely     40    registry.internal.acme.test:5000  11-21  2h   resolved

    4 incidents: 1 open, 1 suspected, 1 resolved, 1 merged.
    ");
    assert_snapshot!(history(View::Cluster, &[over()], Form::Wide, &look()), @r"
    NAMESPACE   NAME        CAUSE   CERTAINTY   PEAK   ENDPOINT                           BEGAN              LASTED   ENDED      REOPENED   SCOPE      STAGE   IMAGE    NODE     REQUESTS
    shop        pi-dns234   dns     likely      40     registry.internal.acme.test:5000   2026-11-21 23:50   2h       resolved   1          endpoint   name    <none>   <none>   0

    1 incident: 1 resolved.
    ");
    assert_snapshot!(history(View::Cluster, &[], Form::Text, &look()), @"✓ no incidents are remembered");
}

/// Whatever it is of, a list at 80 columns stays within them and its columns start where their heads do.
#[test]
fn every_column_starts_below_its_head() {
    let all = [long(), login(), registry_down(), over(), merged(), aggregate()];
    for view in [View::Namespace("shop"), View::Namespaces, View::Cluster] {
        for page in [list(view, &all, Form::Text, &look()), history(view, &all, Form::Text, &look())] {
            let table: Vec<&str> = page.lines().take_while(|line| !line.is_empty()).collect();
            let heads: Vec<usize> = starts(table[0]);
            for line in &table {
                assert!(line.width() <= 80, "{page}");
                assert_eq!(starts(line), heads, "{page}");
            }
        }
    }
}

/// Where the words of a line start.
fn starts(line: &str) -> Vec<usize> {
    let characters: Vec<char> = line.chars().collect();
    (0..characters.len())
        .filter(|&at| characters[at] != ' ' && (at == 0 || characters[at - 1] == ' '))
        .collect()
}
