//! Findings of sightings that a replay has judged: everything comes from the verdict, and the words stay beside it.

use jiff::Timestamp;
use pullmedic_model::finding::{FindingState, Observation, Rival, Standing, Vantage, Witness};
use pullmedic_model::object::{Objects, decode_value};
use pullmedic_model::probe::LoginName;
use pullmedic_model::verdict::{Evidence, Ladder, Rung};
use pullmedic_model::{Captured, Cause, Certainty, Clears, Confidence, Endpoint, Hypothesis, Stage, Verdict};
use pullmedic_sight::{Found, STALLED_AFTER, Seen, Settings, findings, sightings};
use serde_json::{Value, json};

const IMAGE: &str = "registry.acme.test/shop/cart:4.1";

fn pod(name: &str, owner: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "shop", "name": name, "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "controller": true}]},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": IMAGE}]},
        "status": {"containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "ErrImagePull", "message": "401"}}}]}})
}

fn time() -> Timestamp {
    "2026-11-22T16:20:41Z".parse().expect("a time")
}

fn said(text: &str) -> Observation {
    Observation {
        text: Captured::new(text),
        by: Witness::Probe,
        source: "replay".into(),
        vantage: None,
        at: Some(time()),
    }
}

fn endpoint() -> Endpoint {
    Endpoint::parse("registry.acme.test").expect("an endpoint")
}

fn verdict() -> Verdict {
    Verdict {
        cause: Cause::NoCredentials,
        inner: None,
        also: vec![Cause::MirrorMisconfigured],
        certainty: Certainty::Proven,
        rivals: vec![Rival {
            code: Cause::BadCredentials,
            standing: Standing::Excluded,
            because: "the pod names no secret".into(),
        }],
        stage: Some(Stage::Token),
        endpoint: Some(endpoint()),
        clears: Some(Clears::Permanent),
        status: Some(401),
        state: FindingState::Active,
        summary: Some("registry.acme.test wants a login, and none reached it.".into()),
        missing: None,
        observations: vec![said("anonymous: 401"), said("with regcred: 200")],
        proof: vec![said("with regcred: 200")],
        ladder: Some(Ladder {
            at: time(),
            endpoint: endpoint(),
            rungs: vec![Rung { stage: Stage::Token, took_us: None, failed: Some("401".into()) }],
        }),
        evidence: Evidence {
            repair: Some(LoginName { namespace: "shop".into(), secret: "regcred".into(), key: "k".into() }),
            ..Evidence::default()
        },
        not_looked_at: vec!["node configuration (needs the node agent)".into()],
        requests: 6,
    }
}

/// What the words alone suggest: another cause, at another place.
fn hypothesis() -> Hypothesis {
    Hypothesis {
        cause: Cause::BadCredentials,
        confidence: Confidence::Weak,
        rivals: vec![Cause::NoCredentials],
        stage: Some(Stage::Manifest),
        endpoint: Endpoint::parse("mirror.test").ok(),
        image: None,
        clears: None,
        inner: None,
        status: None,
        also: Vec::new(),
        leaf: "401".into(),
        rule: None,
    }
}

fn found(objects: &[Value], verdicts: &[Option<Verdict>]) -> Vec<Found> {
    let mut read = Objects::default();
    for object in objects {
        read.add(decode_value(object.clone(), None).expect("an object that decodes"));
    }
    let seen: Vec<Seen> = sightings(&read, &Settings { now: Some(time()), stalled_after: STALLED_AFTER })
        .into_iter()
        .zip(verdicts)
        .map(|(sighting, verdict)| Seen {
            sighting,
            hypothesis: Some(hypothesis()),
            verdict: verdict.clone(),
        })
        .collect();
    findings(&seen, &read, Vantage::Workstation, Some(time()))
}

#[test]
fn a_verdict_says_all_of_a_finding_and_the_words_stand_before_it() {
    let all = found(&[pod("cart-1", "cart")], &[Some(verdict())]);
    let finding = &all[0].finding;
    assert_eq!((finding.cause, finding.certainty), (Cause::NoCredentials, Certainty::Proven));
    assert_eq!((finding.stage, &finding.endpoint), (Some(Stage::Token), &Some(endpoint())));
    assert_eq!((&finding.also, &finding.rivals), (&verdict().also, &verdict().rivals));
    assert_eq!(Some(&finding.summary), verdict().summary.as_ref());
    assert_eq!((&finding.missing, finding.clears), (&None, Some(Clears::Permanent)));
    let texts = |list: &[Observation]| list.iter().map(|it| it.text.to_string()).collect::<Vec<_>>();
    assert_eq!(texts(&finding.observations), ["401", "anonymous: 401", "with regcred: 200"]);
    assert_eq!(texts(&finding.proof), ["401", "with regcred: 200"]);
    assert_eq!((&finding.ladder, finding.requests), (&verdict().ladder, 6));
    assert_eq!(finding.not_looked_at, verdict().not_looked_at);
    assert!(finding.remedies.is_empty());
    assert_eq!(all[0].evidence, verdict().evidence);
    assert_eq!((all[0].subject.cause, &all[0].subject.endpoint), (Cause::NoCredentials, &Some(endpoint())));
}

#[test]
fn one_replay_for_many_pods_is_one_finding_and_is_counted_once() {
    let pods: Vec<Value> = (0..40).map(|n| pod(&format!("cart-{n}"), "cart")).collect();
    let all = found(&pods, &vec![Some(verdict()); 40]);
    assert_eq!(all.len(), 1);
    let finding = &all[0].finding;
    assert_eq!((finding.sightings.len(), finding.requests, finding.observations.len()), (40, 6, 3));
    assert_eq!(all[0].subject.waiting.len(), 40);
}

#[test]
fn a_verdict_and_mere_words_are_not_one_finding() {
    let all = found(&[pod("cart-1", "cart"), pod("cart-2", "cart")], &[Some(verdict()), None]);
    assert_eq!(all.len(), 2, "what was proven of one is not held of the other");
}

#[test]
fn it_lasts_as_long_as_it_lasts_for_one() {
    use FindingState::{Active, Over, Unknown};
    for (states, expected) in
        [([Active, Over], Active), ([Over, Active], Active), ([Over, Unknown], Unknown), ([Over, Over], Over)]
    {
        let verdicts = states.map(|state| Some(Verdict { state, ..verdict() }));
        let all = found(&[pod("cart-1", "cart"), pod("cart-2", "cart")], &verdicts);
        assert_eq!((all.len(), all[0].finding.state), (1, expected), "{states:?}");
    }
}

#[test]
fn a_verdict_without_a_sentence_or_an_open_question_gets_those_of_the_words() {
    let bare = Verdict { summary: None, missing: None, certainty: Certainty::Likely, ..verdict() };
    let all = found(&[pod("cart-1", "cart")], &[Some(bare)]);
    assert!(all[0].finding.summary.contains("wants a login"), "{}", all[0].finding.summary);
    assert!(all[0].finding.missing.is_some());
}

#[test]
fn a_subject_knows_the_template_the_account_and_what_ran() {
    let template = |image: &str| {
        json!({"spec": {"serviceAccountName": "robot", "imagePullSecrets": [{"name": "own"}],
            "containers": [{"name": "app", "image": image, "imagePullPolicy": "Always"}]}})
    };
    let set = |name: &str, ready: i64, image: &str| {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"namespace": "shop", "name": name, "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "controller": true}]},
            "spec": {"replicas": 3, "template": template(image)}, "status": {"replicas": ready, "readyReplicas": ready}})
    };
    let objects = [
        pod("cart-2-x", "cart-2"),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "shop", "name": "cart"},
            "spec": {"replicas": 3, "template": template(IMAGE)}}),
        set("cart-2", 0, IMAGE),
        set("cart-1", 2, "registry.acme.test/shop/cart:4.0"),
        set("cart-0", 0, "registry.acme.test/shop/cart:3.9"),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": "shop", "name": "robot"},
            "imagePullSecrets": [{"name": "of-account"}]}),
    ];
    let subject = found(&objects, &[None]).remove(0).subject;
    assert_eq!(subject.ran, ["registry.acme.test/shop/cart:4.0"]);
    assert_eq!(
        subject.account.map(|account| account.image_pull_secrets[0].name.clone()).as_deref(),
        Some("of-account")
    );
    let spec = subject.spec.expect("the Deployment's template");
    assert_eq!((spec.image_pull_secrets[0].name.as_str(), spec.containers[0].image.as_str()), ("own", IMAGE));
}

#[test]
fn a_request_that_passes_is_no_answer_to_a_missing_program() {
    let mut waiting = pod("cart-1", "cart");
    waiting["status"]["containerStatuses"][0]["state"]["waiting"] = json!({"reason": "CreateContainerError",
        "message": "failed to generate container \"0\" spec: failed to generate spec: no command specified"});
    let passes = Verdict {
        cause: Cause::UnsupportedManifest,
        certainty: Certainty::Undecided,
        state: FindingState::Unknown,
        summary: Some("The pod still waits, and the same request passes from here.".into()),
        missing: Some("the same request passes from here".into()),
        ..verdict()
    };
    let finding = found(&[waiting], &[Some(passes)]).remove(0).finding;
    assert!(finding.summary.contains("names no program to start"), "{}", finding.summary);
    assert!(finding.missing.is_some_and(|missing| missing.contains("what its manifest names as its config")));
}
