//! What an incident's objects hold, and what they must never hold.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use pullmedic_model::finding::{Observation, Remedy, Rival, Standing, Witness};
use pullmedic_model::incident::{
    Cost, Counts, Detail, Event, Fingerprint, Incident, IncidentId, Moment, Phase, Sample, Scope, Touched,
};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::resource::{
    ConditionStatus, OBJECT_CAP, PullIncident, cluster_pull_incident, pull_incident, restored,
};
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Actor, Captured, Cause, Certainty, Endpoint, Grade, Stage};

fn start() -> Timestamp {
    "2026-11-22T16:02:00Z".parse().unwrap()
}

fn minute(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

/// Everything in a namespace, every word with its mark.
fn touched(mark: &str) -> Touched {
    let owner =
        Owner { api_version: "apps/v1".into(), kind: "Deployment".into(), name: format!("{mark}-cart") };
    Touched {
        pods: 3,
        owners: vec![owner.clone()],
        images: vec![format!("registry.acme.test/{mark}-shop/cart:4.1")],
        nodes: vec![format!("{mark}-node")],
        samples: vec![Sample {
            owner: Some(owner),
            pod: Some(format!("{mark}-cart-1")),
            container: format!("{mark}-main"),
            kind: ContainerKind::Main,
            node: Some(format!("{mark}-node")),
            image: format!("registry.acme.test/{mark}-shop/cart:4.1"),
            since: Some(start()),
        }],
        detail: Some(Detail {
            at: minute(2),
            summary: format!(
                "registry.acme.test wants a login for {mark}-shop/cart:4.1, and none reached it"
            ),
            missing: Some(format!("a login that may see {mark}-shop")),
            proof: vec![Observation {
                text: Captured::new(&format!(
                    "{mark}: 401 for https://h.test/x?X-Amz-Signature={mark}-signed"
                )),
                by: Witness::Kubelet,
                source: format!("Pod {mark}/cart-1"),
                vantage: Some(format!("node/{mark}-node")),
                at: Some(start()),
            }],
            rivals: vec![Rival {
                code: Cause::Forbidden,
                standing: Standing::Excluded,
                because: format!("{mark}-regcred was accepted"),
            }],
            remedies: vec![Remedy {
                grade: Grade::Safe,
                title: format!("name {mark}-regcred in the template"),
                actor: Actor::Application,
                tried: true,
                command: Some(format!("kubectl -n {mark} patch deployment cart")),
                yaml: Some(format!("- name: {mark}-regcred\n")),
                note: Some(format!("{mark} note")),
                tried_how: Some(format!("{mark} tried")),
                changes: Some(format!("{mark} changes")),
                undo: Some(format!("kubectl -n {mark} rollout undo deployment cart")),
                patch: None,
            }],
            not_looked_at: vec![format!("nodes of {mark}")],
        }),
    }
}

fn incident() -> Incident {
    let touched: BTreeMap<String, Touched> =
        [("apple", "APPLEMARK"), ("beta-canary", "CANARYB")].map(|(n, m)| (n.to_owned(), touched(m))).into();
    let fingerprint = Fingerprint::of(&["no-credentials", "registry.acme.test"]);
    Incident {
        id: IncidentId::from_seed(fingerprint.seed()),
        fingerprint,
        known_as: vec![Fingerprint::of(&["words"])],
        phase: Phase::Open,
        cause: Cause::NoCredentials,
        inner: None,
        also: vec![Cause::TlsExpired],
        certainty: Certainty::Proven,
        scope: Scope::Endpoint,
        stage: Some(Stage::Token),
        endpoint: Some(Endpoint::parse("registry.acme.test").unwrap()),
        image: Some("registry.acme.test/CANARYB-shop/cart:4.1".into()),
        node: Some("CANARYB-node".into()),
        clears: None,
        resets_at: None,
        summary: "registry.acme.test wants a login, and none reached it".into(),
        seen_at: start(),
        since: Some(minute(-1)),
        opened_at: Some(minute(1)),
        proven_at: Some(minute(2)),
        resolved_at: None,
        changed_at: minute(3),
        reopened: 0,
        merged_into: None,
        counts: Counts { pods: 6, owners: 2, namespaces: 2, nodes: 2 },
        most_pods: 6,
        touched,
        cost: Cost { proofs: 1, requests: 4 },
        next_probe: None,
        timeline: vec![
            Moment { at: start(), what: Event::Seen, note: Some("CANARYB-cart-1 in beta-canary".into()) },
            Moment { at: minute(1), what: Event::Opened, note: None },
            Moment { at: minute(2), what: Event::Proven, note: Some("no-credentials, proven".into()) },
            Moment { at: minute(3), what: Event::Told, note: Some("beta-canary".into()) },
        ],
    }
}

fn json(object: &impl serde::Serialize) -> String {
    serde_json::to_string(object).unwrap()
}

#[test]
fn a_namespace_reads_its_own_and_nothing_of_another() {
    let all = incident();
    let own = json(&pull_incident(&all, "apple").unwrap());
    for word in ["APPLEMARK-cart-1", "APPLEMARK-shop/cart:4.1", "APPLEMARK-regcred", "APPLEMARK-node"] {
        assert!(own.contains(word), "{word} is missing in {own}");
    }
    for word in ["CANARYB", "beta-canary"] {
        assert!(!own.contains(word), "{word} in {own}");
    }
    assert_eq!(pull_incident(&all, "gamma"), None);
}

#[test]
fn the_clusters_object_holds_nothing_of_any_namespace() {
    let whole = json(&cluster_pull_incident(&incident()));
    for word in ["CANARYB", "beta-canary", "APPLEMARK", "apple"] {
        assert!(!whole.contains(word), "{word} in {whole}");
    }
    assert!(whole.contains(r#""pods":6"#) && whole.contains("registry.acme.test"), "{whole}");
}

#[test]
fn an_image_is_named_for_the_cluster_only_where_the_fault_is_of_that_image() {
    let mut one = incident();
    one.image = Some("registry.acme.test/base:1".into());
    one.scope = Scope::Image;
    let named = cluster_pull_incident(&one).status.verdict;
    assert_eq!((named.image.as_deref(), named.node), (Some("registry.acme.test/base:1"), None));
    one.scope = Scope::Node;
    let named = cluster_pull_incident(&one).status.verdict;
    assert_eq!((named.image, named.node.as_deref()), (None, Some("CANARYB-node")));
}

#[test]
fn no_signed_address_is_written() {
    let own = json(&pull_incident(&incident(), "apple").unwrap());
    assert!(own.contains("X-Amz-Signature=REDACTED") && !own.contains("APPLEMARK-signed"), "{own}");
}

#[test]
fn conditions_say_what_holds_and_since_when() {
    let shown = |incident: &Incident| {
        let conditions = pull_incident(incident, "apple").unwrap().status.conditions;
        conditions
            .into_iter()
            .map(|c| (c.kind, c.status == ConditionStatus::True, c.last_transition_time, c.reason))
            .collect::<Vec<_>>()
    };
    let row = |kind: &str, holds, at, reason: &str| (kind.to_owned(), holds, at, reason.to_owned());
    let mut one = incident();
    assert_eq!(
        shown(&one),
        [
            row("Open", true, minute(1), "Lasts"),
            row("Proven", true, minute(2), "Proven"),
            row("Resolved", false, minute(1), "Lasts"),
        ]
    );
    (one.phase, one.resolved_at) = (Phase::Resolved, Some(minute(9)));
    assert_eq!(shown(&one)[0], row("Open", false, minute(9), "Resolved"));
    assert_eq!(shown(&one)[2], row("Resolved", true, minute(9), "NobodyWaits"));
    (one.phase, one.resolved_at) = (Phase::Open, None);
    one.timeline.push(Moment { at: minute(12), what: Event::Reopened, note: None });
    assert_eq!(shown(&one)[0], row("Open", true, minute(12), "Lasts"));
    (one.phase, one.certainty) = (Phase::Suspected, Certainty::Likely);
    assert_eq!(shown(&one)[0], row("Open", false, start(), "Suspected"));
    assert_eq!(shown(&one)[1], row("Proven", false, start(), "Likely"));
}

#[test]
fn the_listed_state_is_the_life_and_while_open_the_certainty() {
    for (phase, certainty, state) in [
        (Phase::Suspected, Certainty::Proven, "suspected"),
        (Phase::Open, Certainty::Undecided, "undecided"),
        (Phase::Open, Certainty::Likely, "likely"),
        (Phase::Open, Certainty::Proven, "proven"),
        (Phase::Resolved, Certainty::Proven, "resolved"),
    ] {
        let one = Incident { phase, certainty, ..incident() };
        assert_eq!(pull_incident(&one, "apple").unwrap().status.state, state);
        assert_eq!(cluster_pull_incident(&one).status.state, state);
    }
}

#[test]
fn times_have_thousandths_and_what_is_not_so_is_left_out() {
    let mut one = incident();
    one.changed_at = "2026-11-22T16:05:00.123456789Z".parse().unwrap();
    let own = json(&pull_incident(&one, "apple").unwrap());
    assert!(own.contains(r#""changed":"2026-11-22T16:05:00.123Z""#), "{own}");
    assert!(!own.contains("null"), "{own}");
}

#[test]
fn a_controller_that_takes_over_writes_what_it_found() {
    let image = "registry.acme.test/base:1".to_owned();
    let mut first = Incident { image: Some(image.clone()), node: None, ..incident() };
    first.touched.values_mut().for_each(|touched| touched.images.push(image.clone()));
    let parts: Vec<PullIncident> =
        ["apple", "beta-canary"].iter().map(|n| pull_incident(&first, n).unwrap()).collect();
    let whole = cluster_pull_incident(&first);
    let again = restored(&whole, &parts).unwrap();
    assert_eq!(again.fingerprint, first.fingerprint);
    assert_eq!((again.touched.len(), &again.image), (2, &first.image));
    assert_eq!(cluster_pull_incident(&again), whole);
    for part in parts {
        let namespace = part.metadata.namespace.clone().unwrap();
        assert_eq!(pull_incident(&again, &namespace), Some(part));
    }
}

#[test]
fn what_is_over_in_a_namespace_says_so_as_if_it_were_over_everywhere() {
    let open = Incident { counts: Counts::default(), ..incident() };
    let resolved = Incident {
        phase: Phase::Resolved,
        resolved_at: Some(minute(9)),
        changed_at: minute(9),
        ..open.clone()
    };
    let ended = pull_incident(&open, "apple").unwrap().ended(minute(9));
    let mut expected = pull_incident(&resolved, "apple").unwrap();
    expected.status.pods = 0;
    assert_eq!(ended, expected);
    let whole = cluster_pull_incident(&open).ended(minute(9));
    assert_eq!(whole, cluster_pull_incident(&resolved));
}

#[test]
fn an_object_of_another_incident_adds_nothing_to_a_restored_one() {
    let one = incident();
    let mut other = pull_incident(&one, "apple").unwrap();
    other.metadata.name = "pi-aaaaaa".into();
    let again = restored(&cluster_pull_incident(&one), &[other]).unwrap();
    assert!(again.touched.is_empty());
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,800}",
        proptest::collection::vec(any::<char>(), 0..800).prop_map(String::from_iter),
        Just("\u{1b}]8;;x\u{7}\"\\".repeat(100)),
        Just("é\u{202e}".repeat(300)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_object_is_larger_than_its_cap(text in hostile(), copies in 1_usize..40) {
        let mut one = incident();
        let mut all = touched(&text);
        all.owners = vec![all.owners[0].clone(); copies];
        all.images = vec![text.clone(); copies];
        all.nodes = vec![text.clone(); copies];
        all.samples = vec![all.samples[0].clone(); copies];
        let detail = all.detail.as_mut().unwrap();
        detail.proof = vec![detail.proof[0].clone(); copies];
        detail.rivals = vec![detail.rivals[0].clone(); copies];
        detail.remedies = vec![detail.remedies[0].clone(); copies];
        detail.not_looked_at = vec![text.clone(); copies];
        one.touched = [("apple".to_owned(), all)].into();
        one.summary = text.clone();
        one.image = Some(text.clone());
        one.node = Some(text.clone());
        one.scope = Scope::Image;
        one.known_as = vec![one.fingerprint; copies * 10];
        one.also = vec![Cause::Dns; copies];
        one.timeline = vec![Moment { at: start(), what: Event::Judged, note: Some(text) }; copies * 2];
        let own = pull_incident(&one, "apple").unwrap();
        let whole = cluster_pull_incident(&one);
        for object in [json(&own), json(&whole)] {
            prop_assert!(object.len() <= OBJECT_CAP, "{} bytes", object.len());
            // What an escape of JSON's own stands for would reach a terminal.
            let moves = object.contains("\\u001b") || object.contains('\u{202e}');
            prop_assert!(!moves, "{:.2000}", object);
        }
        // Whatever was cut, the lists keep to what the definition takes.
        prop_assert!(own.status.timeline.len() <= 32 && own.status.samples.len() <= 10);
        prop_assert!(own.status.verdict.summary.len() <= 512);
    }
}
