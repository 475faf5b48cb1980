use std::time::Duration;

use jiff::Timestamp;
use pullmedic_console::{HistoryCall, Metrics, ProofOutcome, RequestClass, WriteOutcome};
use pullmedic_model::incident::{Cost, Counts, Event, Fingerprint, Incident, IncidentId, Phase, Scope};
use pullmedic_model::{Cause, Certainty, Endpoint};

use crate::asked::console;
use crate::exposition::{Samples, read};

fn host(name: &str) -> Endpoint {
    Endpoint::parse(name).unwrap()
}

fn incident(cause: Cause, phase: Phase) -> Incident {
    let at = Timestamp::UNIX_EPOCH;
    Incident {
        id: IncidentId::from_seed(1),
        fingerprint: Fingerprint::of(&[]),
        known_as: Vec::new(),
        phase,
        cause,
        inner: None,
        also: Vec::new(),
        certainty: Certainty::Proven,
        scope: Scope::Endpoint,
        stage: None,
        endpoint: None,
        image: None,
        node: None,
        clears: None,
        resets_at: None,
        summary: String::new(),
        seen_at: at,
        since: None,
        opened_at: None,
        proven_at: None,
        resolved_at: None,
        changed_at: at,
        reopened: 0,
        merged_into: None,
        counts: Counts::default(),
        most_pods: 0,
        touched: [].into(),
        cost: Cost::default(),
        next_probe: None,
        timeline: Vec::new(),
    }
}

fn value(samples: &Samples, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let mut wanted: Vec<(String, String)> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    wanted.sort();
    let same = |own: &[(String, String)]| {
        let mut own = own.to_vec();
        own.sort();
        own == wanted
    };
    samples.iter().find(|((own, labels), _)| own == name && same(labels)).map(|(_, value)| *value)
}

/// Tells everything that can be told once.
fn tell_all(metrics: &Metrics) {
    metrics.incidents(&[incident(Cause::Dns, Phase::Open), incident(Cause::Dns, Phase::Open)]);
    metrics.waiting_containers(12);
    metrics.event(Event::Opened);
    metrics.event(Event::Opened);
    metrics.proof(ProofOutcome::Proven, Some(Duration::from_millis(1500)));
    metrics.proof(ProofOutcome::NotRun, None);
    metrics.registry_requests(&host("registry.acme.test:5000"), RequestClass::of(Some(429)), 3);
    metrics.registry_refused("private-address");
    metrics.registry_budget_left([(&host("registry.acme.test:5000"), 7.5)]);
    metrics.proof_queue(4, Some(Duration::from_secs(9)));
    metrics.watch_lag("Pod", Duration::from_millis(30));
    metrics.decode_failed("Pod");
    metrics.api_requests_so_far("watch", 5);
    metrics.api_requests_so_far("watch", 4);
    metrics.write("PullIncident", WriteOutcome::Written);
    metrics.leader(true);
    metrics.history(HistoryCall::Keep, Duration::from_millis(2), true);
    metrics.history_size(40, 81920);
}

#[tokio::test]
async fn what_was_told_is_exposed_as_openmetrics() {
    let console = console().await;
    let nothing = console.get("/metrics").await;
    read(&nothing.body).unwrap_or_else(|wrong| panic!("{wrong}: {}", nothing.body));
    tell_all(&console.metrics);
    let answer = console.get("/metrics").await;
    let samples = read(&answer.body).unwrap_or_else(|wrong| panic!("{wrong}: {}", answer.body));
    let dns = [("cause", "dns"), ("certainty", "proven"), ("phase", "open"), ("scope", "endpoint")];
    let registry = ("host", "registry.acme.test:5000");
    type Expected<'a> = (&'a str, &'a [(&'a str, &'a str)], f64);
    let expected: [Expected<'_>; 26] = [
        ("pullmedic_build_info", &[("version", "0.1.0")], 1.0),
        ("pullmedic_incidents", &dns, 2.0),
        ("pullmedic_waiting_containers", &[], 12.0),
        ("pullmedic_incident_events_total", &[("event", "opened")], 2.0),
        ("pullmedic_incident_events_total", &[("event", "resolved")], 0.0),
        ("pullmedic_proofs_total", &[("outcome", "proven")], 1.0),
        ("pullmedic_proofs_total", &[("outcome", "not-run")], 1.0),
        ("pullmedic_proofs_total", &[("outcome", "over")], 0.0),
        ("pullmedic_proof_duration_seconds_count", &[], 1.0),
        ("pullmedic_proof_duration_seconds_sum", &[], 1.5),
        ("pullmedic_registry_requests_total", &[registry, ("class", "429")], 3.0),
        ("pullmedic_registry_refused_total", &[("guard", "private-address")], 1.0),
        ("pullmedic_registry_budget_left", &[registry], 7.5),
        ("pullmedic_proof_queue_length", &[], 4.0),
        ("pullmedic_proof_queue_oldest_seconds", &[], 9.0),
        ("pullmedic_watch_lag_seconds_count", &[("kind", "Pod")], 1.0),
        ("pullmedic_decode_failures_total", &[("kind", "Pod")], 1.0),
        ("pullmedic_api_requests_total", &[("verb", "watch")], 5.0),
        ("pullmedic_writes_total", &[("kind", "PullIncident"), ("outcome", "written")], 1.0),
        ("pullmedic_leader", &[], 1.0),
        ("pullmedic_history_duration_seconds_count", &[("call", "keep")], 1.0),
        ("pullmedic_history_errors_total", &[("call", "keep")], 1.0),
        ("pullmedic_history_errors_total", &[("call", "read")], 0.0),
        ("pullmedic_history_incidents", &[], 40.0),
        ("pullmedic_history_size_bytes", &[], 81920.0),
        ("pullmedic_proof_duration_seconds_bucket", &[("le", "+Inf")], 1.0),
    ];
    for (name, labels, wanted) in expected {
        assert_eq!(value(&samples, name, labels), Some(wanted), "{name} {labels:?}: {}", answer.body);
    }
    #[cfg(target_os = "linux")]
    for name in
        ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_max_fds"]
    {
        assert!(value(&samples, name, &[]).is_some(), "{name}: {}", answer.body);
    }
    console.stop().await;
}

#[test]
fn what_there_is_none_of_any_more_falls_to_nought() {
    let metrics = Metrics::new("0");
    metrics.incidents(&[incident(Cause::Dns, Phase::Open)]);
    metrics.incidents(&[incident(Cause::Dns, Phase::Resolved)]);
    let samples = read(&metrics.text()).unwrap();
    let of = |phase| [("cause", "dns"), ("certainty", "proven"), ("phase", phase), ("scope", "endpoint")];
    assert_eq!(value(&samples, "pullmedic_incidents", &of("open")), Some(0.0));
    assert_eq!(value(&samples, "pullmedic_incidents", &of("resolved")), Some(1.0));
}

/// Threat 30: labels that authors of pods choose.
#[test]
fn ten_thousand_hosts_make_twenty_labels_and_lose_no_request() {
    let metrics = Metrics::new("0");
    let mine = host("registry.mine.test");
    metrics.profiled([&mine]);
    let hosts: Vec<Endpoint> = (0..10_000).map(|n| host(&format!("{n}.attacker.test:5000"))).collect();
    for host in &hosts {
        for class in RequestClass::ALL {
            metrics.registry_requests(host, *class, 1);
        }
    }
    metrics.registry_requests(&mine, RequestClass::Success, 7);
    metrics.registry_budget_left(hosts.iter().chain([&mine]).map(|host| (host, 3.0)));
    let text = metrics.text();
    let samples = read(&text).unwrap();
    let of = |name: &str| -> Vec<f64> {
        samples.iter().filter(|((own, _), _)| own == name).map(|(_, value)| *value).collect()
    };
    let requests = of("pullmedic_registry_requests_total");
    let classes = RequestClass::ALL.len();
    assert_eq!(requests.len(), 21 * classes + 1, "20 hosts, other, and one class of the profile's");
    assert_eq!(requests.iter().sum::<f64>(), (10_000 * classes + 7) as f64);
    let mine = [("host", "registry.mine.test"), ("class", "2xx")];
    assert_eq!(value(&samples, "pullmedic_registry_requests_total", &mine), Some(7.0));
    assert_eq!(of("pullmedic_registry_budget_left").len(), 22);
    assert!(text.len() < 64 << 10, "{} bytes", text.len());
}

#[test]
fn a_status_has_one_class() {
    for (status, class) in [
        (None, "none"),
        (Some(200), "2xx"),
        (Some(101), "2xx"),
        (Some(307), "3xx"),
        (Some(401), "denied"),
        (Some(403), "denied"),
        (Some(404), "404"),
        (Some(418), "4xx"),
        (Some(429), "429"),
        (Some(503), "5xx"),
        (Some(999), "5xx"),
    ] {
        assert_eq!(RequestClass::of(status).code(), class, "{status:?}");
    }
}
