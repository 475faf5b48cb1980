//! Incidents made by hand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pullmedic_model::finding::{Standing, Witness};
use pullmedic_model::incident::{
    Cost, Counts, Detail, Event, Fingerprint, Incident, IncidentId, Moment, Phase, Sample, Scope, Touched,
};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Cause, Certainty, Endpoint, Stage};

use crate::built::{owner, proven, remedy, rival, said, saying};

pub(crate) fn at(clock: &str) -> Timestamp {
    format!("2026-11-22T{clock}Z").parse().unwrap()
}

pub(crate) fn id(letters: &str) -> IncidentId {
    format!("pi-{letters}").parse().unwrap()
}

pub(crate) fn moment(clock: &str, what: Event, note: Option<&str>) -> Moment {
    Moment { at: at(clock), what, note: note.map(str::to_owned) }
}

pub(crate) fn sample(owner: Option<Owner>, pod: &str, node: &str, image: &str) -> Sample {
    Sample {
        owner,
        pod: Some(pod.to_owned()),
        container: "app".to_owned(),
        kind: ContainerKind::Main,
        node: Some(node.to_owned()),
        image: image.to_owned(),
        since: Some(at("16:02:11")),
    }
}

/// `pods` pods of a Deployment in one namespace, each on its own node.
pub(crate) fn deployment(namespace: &str, name: &str, pods: u32, image: &str) -> (String, Touched) {
    let cart = owner("Deployment", name);
    let samples: Vec<Sample> = (1..=pods.min(10))
        .map(|n| sample(Some(cart.clone()), &format!("{name}-5d7f-{n}"), &format!("worker-{n}"), image))
        .collect();
    let touched = Touched {
        pods,
        owners: vec![cart],
        images: vec![image.to_owned()],
        nodes: (1..=pods.min(10)).map(|n| format!("worker-{n}")).collect(),
        samples,
        detail: None,
    };
    (namespace.to_owned(), touched)
}

pub(crate) fn incident(id: IncidentId, cause: Cause, touched: BTreeMap<String, Touched>) -> Incident {
    let pods = touched.values().map(|touched| touched.pods).sum();
    let number = |count: usize| u32::try_from(count).unwrap();
    Incident {
        id,
        fingerprint: Fingerprint::of(&[cause.code()]),
        known_as: Vec::new(),
        phase: Phase::Open,
        cause,
        inner: None,
        also: Vec::new(),
        certainty: Certainty::Likely,
        scope: Scope::Endpoint,
        stage: Some(cause.usual_stage()),
        endpoint: Endpoint::parse("registry.acme.test").ok(),
        image: None,
        node: None,
        clears: cause.clears(),
        resets_at: None,
        summary: "registry.acme.test wants a login, and none reached it.".to_owned(),
        seen_at: at("16:02:13"),
        since: Some(at("16:02:11")),
        opened_at: Some(at("16:02:15")),
        proven_at: None,
        resolved_at: None,
        changed_at: at("16:02:24"),
        reopened: 0,
        merged_into: None,
        counts: Counts {
            pods,
            owners: number(touched.values().map(|touched| touched.owners.len()).sum()),
            namespaces: number(touched.len()),
            nodes: touched.values().map(|touched| number(touched.nodes.len())).max().unwrap_or_default(),
        },
        most_pods: pods,
        touched,
        cost: Cost { proofs: 0, requests: 0 },
        next_probe: None,
        timeline: vec![moment("16:02:13", Event::Seen, None), moment("16:02:15", Event::Opened, None)],
    }
}

/// One namespace, proven, with the fix that was tried.
pub(crate) fn login() -> Incident {
    let (namespace, mut touched) = deployment("shop", "cart", 3, "registry.acme.test/shop/cart:4.1");
    let finding = proven().findings.swap_remove(0);
    touched.detail = Some(Detail {
        at: at("16:02:24"),
        summary: finding.summary,
        missing: None,
        proof: finding.proof,
        rivals: finding.rivals,
        remedies: finding.remedies,
        not_looked_at: finding.not_looked_at,
    });
    let mut login = incident(id("k7m2qx"), Cause::NoCredentials, BTreeMap::from([(namespace, touched)]));
    login.certainty = Certainty::Proven;
    login.scope = Scope::Image;
    login.image = Some("registry.acme.test/shop/cart:4.1".to_owned());
    login.summary = "registry.acme.test wants a login for shop/cart:4.1, and none reached it.".to_owned();
    login.proven_at = Some(at("16:02:24"));
    login.cost = Cost { proofs: 1, requests: 6 };
    login.next_probe = Some(at("17:02:24"));
    login.timeline.extend([
        moment("16:02:24", Event::Judged, Some("no-credentials, proven")),
        moment("16:02:24", Event::Proven, None),
        moment("16:02:25", Event::Told, Some("shop")),
    ]);
    login
}

/// Two namespaces, of which one has a verdict with an open rival; suspected, and reached its peak before.
pub(crate) fn registry_down() -> Incident {
    let mut touched = BTreeMap::from([
        deployment("billing", "invoice", 2, "ghcr.io/acme/invoice:7"),
        deployment("shop", "search", 10, "ghcr.io/acme/search:1"),
    ]);
    touched.get_mut("shop").unwrap().detail = Some(Detail {
        at: at("16:19:02"),
        summary: "ghcr.io answers 503 for acme/search:1.".to_owned(),
        missing: Some("an answer of ghcr.io that a registry gives".to_owned()),
        proof: vec![said(
            "unexpected status code 503 Service Unavailable",
            "Event shop/search-1.17f",
            "worker-1",
        )],
        rivals: vec![
            rival(Cause::Proxy, Standing::Open, "a proxy on the way may have answered"),
            rival(Cause::Dns, Standing::Excluded, "the name resolved"),
        ],
        remedies: vec![remedy("wait: the registry's status page tells of it", None, None)],
        not_looked_at: vec!["the way from the nodes (needs the node agent)".to_owned()],
    });
    let mut down = incident(id("9ddk4w"), Cause::RegistryUnavailable, touched);
    down.phase = Phase::Suspected;
    down.opened_at = None;
    down.endpoint = Endpoint::parse("ghcr.io").ok();
    down.stage = Some(Stage::Manifest);
    down.summary = "ghcr.io fails to answer as a registry: 503.".to_owned();
    down.seen_at = at("16:18:41");
    down.since = Some(at("16:18:40"));
    down.most_pods = 14;
    down.cost = Cost { proofs: 2, requests: 3 };
    down.next_probe = Some(at("16:21:02"));
    down.timeline = vec![
        moment("16:18:41", Event::Seen, None),
        moment("16:19:02", Event::Judged, Some("registry-unavailable, likely")),
        moment("16:19:40", Event::Split, Some("pi-abc234")),
        moment("16:19:41", Event::Told, Some("shop")),
        moment("16:19:42", Event::Told, Some("billing")),
        moment("16:19:50", Event::Flapped, Some("2 pods of billing came and went")),
    ];
    down
}

/// Over, after it came back once.
pub(crate) fn over() -> Incident {
    let mut over = incident(
        id("dns234"),
        Cause::Dns,
        BTreeMap::from([deployment("shop", "web", 1, "registry.internal.acme.test:5000/web:1")]),
    );
    over.phase = Phase::Resolved;
    over.endpoint = Endpoint::parse("registry.internal.acme.test:5000").ok();
    over.summary = "The name registry.internal.acme.test does not resolve.".to_owned();
    over.seen_at = "2026-11-21T23:50:01Z".parse().unwrap();
    over.since = None;
    over.opened_at = Some("2026-11-21T23:50:31Z".parse().unwrap());
    over.resolved_at = Some(at("02:01:00"));
    over.changed_at = at("02:01:00");
    over.reopened = 1;
    over.most_pods = 40;
    over.counts = Counts::default();
    over.timeline = vec![
        Moment { at: over.seen_at, what: Event::Seen, note: None },
        moment("00:10:00", Event::Resolved, None),
        moment("01:50:00", Event::Reopened, None),
        moment("02:01:00", Event::Resolved, None),
    ];
    over
}

/// Found to be part of another.
pub(crate) fn merged() -> Incident {
    let mut merged = incident(
        id("mmmm22"),
        Cause::ClientCertificateRequired,
        BTreeMap::from([deployment("shop", "cart", 3, "registry.acme.test/shop/cart:4.1")]),
    );
    merged.phase = Phase::Resolved;
    merged.resolved_at = Some(at("16:02:30"));
    merged.changed_at = at("16:02:30");
    merged.counts = Counts::default();
    merged.merged_into = Some(id("k7m2qx"));
    merged.timeline.push(moment("16:02:30", Event::Merged, Some("pi-k7m2qx")));
    merged
}

/// The cluster's aggregate of a storm: no namespace is told.
pub(crate) fn aggregate() -> Incident {
    let mut storm = incident(id("stzrm2"), Cause::RateLimited, BTreeMap::new());
    storm.endpoint = Endpoint::parse("docker.io").ok();
    storm.summary = "docker.io limits how often this cluster may pull.".to_owned();
    storm.counts = Counts { pods: 10_000, owners: 400, namespaces: 50, nodes: 312 };
    storm.most_pods = 10_000;
    storm.certainty = Certainty::Proven;
    storm.resets_at = Some(at("18:00:00"));
    storm.cost = Cost { proofs: 4, requests: 9 };
    storm
}

/// A host and names as long as they may be, and the longest code.
pub(crate) fn long() -> Incident {
    let name = "x".repeat(63);
    let mut long = incident(
        id("zzzzzz"),
        Cause::ClientCertificateRequired,
        BTreeMap::from([deployment(&name, &name, 100_000, &format!("{}/{name}:1", "a.".repeat(120)))]),
    );
    long.endpoint = Endpoint::parse(&format!("{}test:5000", "label-of-a-host.".repeat(15))).ok();
    long.certainty = Certainty::Undecided;
    long.phase = Phase::Suspected;
    long
}

/// Every text that comes from outside says `text`.
pub(crate) fn incident_saying(text: &str) -> Incident {
    let finding = saying(text).findings.swap_remove(0);
    let named = Owner { api_version: text.to_owned(), kind: text.to_owned(), name: text.to_owned() };
    let verdict = Detail {
        at: at("16:02:24"),
        summary: text.to_owned(),
        missing: Some(text.to_owned()),
        proof: finding.proof,
        rivals: finding.rivals,
        remedies: finding.remedies,
        not_looked_at: finding.not_looked_at,
    };
    let touched = |owner: Option<Owner>| Touched {
        pods: 3,
        owners: owner.iter().cloned().collect(),
        images: vec![text.to_owned(), format!("{text}2")],
        nodes: vec![text.to_owned()],
        samples: vec![
            sample(owner.clone(), text, text, text),
            Sample { pod: None, node: None, container: text.to_owned(), ..sample(owner, text, text, text) },
        ],
        detail: Some(verdict.clone()),
    };
    let mut said = incident(
        id("abcdef"),
        Cause::Unknown,
        BTreeMap::from([(text.to_owned(), touched(Some(named))), (format!("{text}2"), touched(None))]),
    );
    said.summary = text.to_owned();
    said.image = Some(text.to_owned());
    said.node = Some(text.to_owned());
    said.certainty = Certainty::Undecided;
    said.timeline = [
        Event::Seen,
        Event::Opened,
        Event::Judged,
        Event::Proven,
        Event::Split,
        Event::Merged,
        Event::Told,
        Event::Flapped,
        Event::Resolved,
        Event::Reopened,
    ]
    .into_iter()
    .map(|what| moment("16:03:00", what, Some(text)))
    .collect();
    assert!(said.touched.values().any(|touched| {
        touched.detail.iter().flat_map(|verdict| &verdict.proof).any(|seen| seen.by == Witness::Probe)
    }));
    said
}

/// Every built incident.
pub(crate) fn all_incidents() -> Vec<Incident> {
    vec![
        login(),
        registry_down(),
        over(),
        merged(),
        aggregate(),
        long(),
        incident_saying(crate::built::HOSTILE),
        incident_saying("画像がない"),
        incident_saying(""),
    ]
}
