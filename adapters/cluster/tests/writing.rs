//! What the controller writes, against the test kit's API server with the definitions and the rights of `deploy/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pullmedic_cluster::{Access, Cluster, Leadership, LeaseNews, Terms, WriteSettings, Writer, Wrote};
use pullmedic_model::incident::{
    Cost, Counts, Event, Fingerprint, Incident, IncidentId, Moment, Phase, Sample, Scope, Touched,
};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::report::Skipped;
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Cause, Certainty, Endpoint, Stage};
use serde_json::{Value, json};
use testkit_apiserver::{ApiServer, Options, Refusal, Rule, Running, Then, User, When};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};

const SECOND: Duration = Duration::from_secs(1);
const TOKEN: &str = "of-the-account";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The objects of a file of `deploy/`.
fn deployed(path: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let text = std::fs::read_to_string(root.join(path)).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

/// A server with namespaces, and with the account's rights and the definitions as `deploy/` has them.
async fn server(namespaces: &[&str], definitions: &[&str]) -> Running {
    let api = ApiServer::start(Options::default()).await.unwrap();
    for namespace in namespaces {
        api.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))
            .unwrap();
        api.create(deployment(namespace)).unwrap();
    }
    for file in ["account.yaml", "controller.yaml", "leader.yaml"] {
        for object in deployed(&format!("rbac/{file}")) {
            api.create(object).unwrap();
        }
    }
    for kind in definitions {
        define(&api, kind);
    }
    api.add_token(TOKEN, User::service_account("pullmedic", "pullmedic"));
    api
}

const ALL: [&str; 3] = ["pullincidents", "clusterpullincidents", "registryprofiles"];

fn define(api: &Running, plural: &str) {
    for object in deployed(&format!("crds/{plural}.pullmedic.dev.yaml")) {
        api.create(object).unwrap();
    }
}

fn deployment(namespace: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": "cart"}}, "template": {
            "metadata": {"labels": {"app": "cart"}},
            "spec": {"containers": [{"name": "main", "image": "registry.acme.test/shop/cart:4.2"}]}}}})
}

async fn connect(api: &Running) -> (tempfile::TempDir, Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, api.kubeconfig(TOKEN)).unwrap();
    let access = Access { kubeconfig: Some(path), ..Access::default() };
    let cluster = Cluster::connect(&access).await.unwrap();
    (folder, cluster)
}

fn id(seed: u64) -> IncidentId {
    IncidentId::from_seed(seed)
}

/// A proven one, open since a minute ago.
fn incident(seed: u64, namespaces: &[&str]) -> Incident {
    let now = Timestamp::now();
    let ago = |seconds| now - SignedDuration::from_secs(seconds);
    let owner = Owner { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "cart".into() };
    let touched = |pods| Touched {
        pods,
        owners: vec![owner.clone()],
        images: vec!["registry.acme.test/shop/cart:4.2".into()],
        samples: vec![Sample {
            owner: Some(owner.clone()),
            pod: Some("cart-1".into()),
            container: "main".into(),
            kind: ContainerKind::Main,
            node: Some("node-a".into()),
            image: "registry.acme.test/shop/cart:4.2".into(),
            since: None,
        }],
        ..Touched::default()
    };
    let touched: BTreeMap<String, Touched> =
        namespaces.iter().map(|name| ((*name).to_owned(), touched(200))).collect();
    let pods = 200 * u32::try_from(namespaces.len()).unwrap();
    Incident {
        id: id(seed),
        fingerprint: Fingerprint::of(&["tag-not-found", &seed.to_string()]),
        known_as: Vec::new(),
        phase: Phase::Open,
        cause: Cause::TagNotFound,
        inner: None,
        also: Vec::new(),
        certainty: Certainty::Proven,
        scope: Scope::Image,
        stage: Some(Stage::Manifest),
        endpoint: Endpoint::parse("registry.acme.test").ok(),
        image: Some("registry.acme.test/shop/cart:4.2".into()),
        node: None,
        clears: None,
        resets_at: None,
        summary: "registry.acme.test has no tag 4.2 of shop/cart".into(),
        seen_at: ago(60),
        since: None,
        opened_at: Some(ago(60)),
        proven_at: Some(ago(58)),
        resolved_at: None,
        changed_at: now,
        reopened: 0,
        merged_into: None,
        counts: Counts { pods, owners: 1, namespaces: u32::try_from(namespaces.len()).unwrap(), nodes: 1 },
        most_pods: pods,
        touched,
        cost: Cost { proofs: 1, requests: 3 },
        next_probe: None,
        timeline: vec![Moment { at: ago(60), what: Event::Seen, note: None }],
    }
}

fn resolved(mut incident: Incident) -> Incident {
    (incident.phase, incident.resolved_at) = (Phase::Resolved, Some(Timestamp::now()));
    incident
}

/// What an engine does: notes, and hands on when it is due.
struct Hand {
    writer: Writer,
    incidents: BTreeMap<IncidentId, Incident>,
    wrote: Arc<Mutex<Vec<Wrote>>>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Hand {
    fn new(cluster: &Cluster, leadership: Leadership, keep: Duration) -> Hand {
        let settings = WriteSettings { keep, instance: "test".into() };
        let (writer, task) = cluster.writer(settings, leadership);
        let (stop, stopped) = oneshot::channel::<()>();
        let wrote = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&wrote);
        let task = tokio::spawn(task.run(
            async move {
                let _ = stopped.await;
            },
            move |one| told.lock().unwrap().push(one),
        ));
        Hand { writer, incidents: BTreeMap::new(), wrote, stop: Some(stop), task }
    }

    fn set(&mut self, incident: Incident) {
        self.writer.note(&incident.id);
        self.incidents.insert(incident.id.clone(), incident);
    }

    fn forget(&mut self, id: &IncidentId) {
        self.incidents.remove(id);
        self.writer.note(id);
    }

    /// Works until it is so.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Hand) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < end, "{what}: {:?}", self.wrote.lock().unwrap());
            self.work(Duration::from_millis(50)).await;
        }
    }

    async fn work(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            let due = self.writer.due().unwrap_or(end).min(end);
            sleep_until(due).await;
            self.writer.step(|id| self.incidents.get(id));
        }
    }

    fn troubles(&self) -> Vec<Skipped> {
        let wrote = self.wrote.lock().unwrap();
        wrote
            .iter()
            .filter_map(|one| match one {
                Wrote::Trouble(skipped) => Some(skipped.clone()),
                Wrote::Told(_) | Wrote::Over(_) => None,
            })
            .collect()
    }

    fn over(&self) -> usize {
        self.wrote.lock().unwrap().iter().filter(|one| matches!(one, Wrote::Over(_))).count()
    }

    async fn end(mut self) {
        let _ = self.stop.take().unwrap().send(());
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

fn refused(api: &Running) -> Vec<String> {
    let refused = api.requests().into_iter().filter(|request| request.code == Some(403));
    refused.map(|request| format!("{} {}", request.verb, request.resource)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_shown_in_its_namespaces_and_told_to_its_owner() {
    let api = server(&["shop", "bank"], &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    hand.set(incident(1, &["shop", "bank"]));
    hand.until("it is written", |_| api.objects("events").len() == 2).await;
    let name = id(1);
    let part = api.object("pullincidents", "shop", name.as_str()).unwrap();
    assert_eq!(part["status"]["state"], "proven");
    assert_eq!(part["status"]["pods"], 200);
    let whole = api.object("clusterpullincidents", "", name.as_str()).unwrap();
    assert_eq!(whole["status"]["counts"]["pods"], 400);
    let owner = api.object("deployments", "shop", "cart").unwrap();
    let events = api.objects("events");
    let event = events.iter().find(|event| event["metadata"]["namespace"] == "shop").unwrap();
    assert_eq!(event["involvedObject"]["uid"], owner["metadata"]["uid"]);
    let message = event["message"].as_str().unwrap();
    assert!(message.starts_with("tag-not-found, proven: registry.acme.test has no tag 4.2"), "{message}");
    let told = hand.wrote.lock().unwrap().iter().filter(|one| matches!(one, Wrote::Told(_))).count();
    assert_eq!(told, 2);

    // Nothing that stands is written again.
    let before = cluster.requests().writes;
    hand.set(Incident { changed_at: Timestamp::now(), ..incident(1, &["shop", "bank"]) });
    hand.work(SECOND).await;
    // A namespace that is left is told that it is over there; what is elsewhere stays.
    hand.set(incident(1, &["shop"]));
    hand.until("it is over in bank", |_| {
        api.object("pullincidents", "bank", name.as_str()).unwrap()["status"]["phase"] == "resolved"
    })
    .await;
    assert_eq!(api.object("pullincidents", "bank", name.as_str()).unwrap()["status"]["pods"], 0);
    assert_eq!(api.object("pullincidents", "shop", name.as_str()).unwrap()["status"]["phase"], "open");
    assert_eq!(cluster.requests().writes, before + 1);

    hand.set(resolved(incident(1, &["shop"])));
    hand.until("it is over", |_| {
        api.object("clusterpullincidents", "", name.as_str()).unwrap()["status"]["phase"] == "resolved"
    })
    .await;
    assert_eq!(hand.troubles(), []);
    assert_eq!(refused(&api), Vec::<String>::new());
    hand.end().await;
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_over_fifty_namespaces_costs_one_object_and_one_event_each() {
    let names: Vec<String> = (0..50).map(|number| format!("team-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let api = server(&names, &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    // It grows, and is proven while it grows.
    for step in 1..=10 {
        let mut growing = incident(1, &names[..step * 5]);
        if step < 6 {
            (growing.certainty, growing.proven_at) = (Certainty::Likely, None);
        }
        growing.touched.values_mut().for_each(|touched| touched.pods = u32::try_from(step * 20).unwrap());
        hand.set(growing);
        hand.work(Duration::from_millis(300)).await;
    }
    hand.set(incident(1, &names));
    // The burst, then one a second.
    hand.until("all are told", |_| api.objects("events").len() == 50).await;
    assert_eq!(api.objects("pullincidents").len(), 50);
    let writes = api.count(|request| request.writes());
    assert!(writes <= 20 + 2 * 50, "{writes} writes");
    assert_eq!(hand.troubles(), []);
    hand.end().await;
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_taken_away_in_time() {
    let api = server(&["shop"], &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    let mut hand = Hand::new(&cluster, Leadership::alone(), 2 * SECOND);
    hand.set(incident(1, &["shop"]));
    hand.until("it is written", |_| api.objects("pullincidents").len() == 1).await;
    hand.set(resolved(incident(1, &["shop"])));
    hand.until("it is gone", |_| {
        api.objects("pullincidents").is_empty() && api.objects("clusterpullincidents").is_empty()
    })
    .await;
    // One that is forgotten while it lasted is ended first.
    hand.set(incident(2, &["shop"]));
    hand.until("the second is written", |_| {
        api.objects("pullincidents").len() + api.objects("clusterpullincidents").len() == 2
    })
    .await;
    hand.forget(&id(2));
    hand.until("it is ended", |_| {
        let wholes = api.objects("clusterpullincidents");
        wholes.first().is_some_and(|whole| whole["status"]["phase"] == "resolved")
    })
    .await;
    hand.until("it is gone as well", |_| api.objects("clusterpullincidents").is_empty()).await;
    hand.end().await;
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_not_installed_is_said_once_and_stops_nothing_else() {
    let api = server(&["shop", "bank"], &["pullincidents"]).await;
    let (_folder, cluster) = connect(&api).await;
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    for seed in 0..3 {
        hand.set(incident(seed, &["shop", "bank"]));
    }
    hand.until("the others are written", |_| {
        api.objects("pullincidents").len() == 6 && api.objects("events").len() == 6
    })
    .await;
    let troubles = hand.troubles();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!(troubles[0].what, "write clusterpullincidents.pullmedic.dev");
    // Nothing is lost: a while later they are tried, and are all there.
    define(&api, "clusterpullincidents");
    hand.until("they are there", |_| api.objects("clusterpullincidents").len() == 3).await;
    hand.until("it is said to be over", |hand| hand.over() == 1).await;
    hand.end().await;
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_refused_and_a_right_that_is_missing_stop_no_other() {
    let api = server(&["shop", "bank"], &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    api.deny(
        "system:serviceaccount:pullmedic:pullmedic",
        vec![Rule::on("", &["events"], &["create", "patch"])],
    );
    let bad = id(1);
    let invalid =
        Refusal::new(422, "Invalid", "PullIncident.pullmedic.dev is invalid: status.pods: Too many");
    api.fault(When::on("patch", "pullincidents").name(bad.as_str()), Then::Refuse(invalid));
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    for seed in 1..=3 {
        hand.set(incident(seed, &["shop"]));
    }
    hand.until("the others are written", |_| {
        api.objects("pullincidents").len() == 2 && api.objects("clusterpullincidents").len() == 3
    })
    .await;
    hand.until("both are said", |hand| hand.troubles().len() == 2).await;
    let mut troubles: Vec<(String, Option<String>)> =
        hand.troubles().into_iter().map(|trouble| (trouble.what, trouble.needs)).collect();
    troubles.sort();
    assert_eq!(troubles[0].0, format!("PullIncident shop/{bad}"));
    assert_eq!(troubles[1], ("write events".into(), Some("create, patch, delete on events".into())));
    api.heal_all();
    hand.until("it is written after all", |_| api.objects("pullincidents").len() == 3).await;
    hand.end().await;
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_of_an_older_version_is_said_once_for_all_objects() {
    let api = server(&["shop", "bank"], &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    // As the API server words it.
    let old = "failed to create typed patch object (shop/pi-x; pullmedic.dev/v1alpha1, Kind=PullIncident): \
               .status.rivals: field not declared in schema";
    api.fault(When::on("patch", "pullincidents"), Then::Refuse(Refusal::new(500, "", old)));
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    for seed in 0..3 {
        hand.set(incident(seed, &["shop", "bank"]));
    }
    let refused = || api.count(|request| request.resource == "pullincidents" && request.code == Some(500));
    hand.until("all were refused", |_| refused() >= 6).await;
    hand.until("the others are written", |_| api.objects("clusterpullincidents").len() == 3).await;
    hand.work(SECOND / 2).await;
    let troubles = hand.troubles();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!(troubles[0].what, "write pullincidents.pullmedic.dev");
    api.heal_all();
    hand.until("nothing is lost", |_| api.objects("pullincidents").len() == 6).await;
    hand.until("it is said to be over once", |hand| hand.over() == 1).await;
    hand.end().await;
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_to_wait_is_left_alone_until_then() {
    let api = server(&["shop"], &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    api.fault(When::writes().times(1), Then::Refuse(Refusal::too_many(2)));
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    hand.set(incident(1, &["shop"]));
    hand.until("it is written", |_| api.objects("pullincidents").len() == 1).await;
    let at: Vec<Timestamp> =
        api.requests().iter().filter(|request| request.writes()).map(|request| request.time).collect();
    // What was under way beside the first aside, nothing came in the two seconds.
    let early = at.iter().filter(|at| at.duration_since(at_first(&api)).as_secs_f64() < 1.9).count();
    assert!(early <= 4, "{early} writes at once");
    hand.end().await;
    api.stop().await;
}

fn at_first(api: &Running) -> Timestamp {
    api.requests().iter().find(|request| request.writes()).unwrap().time
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_is_read_back_and_not_written_again() {
    let api = server(&["shop", "bank"], &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    hand.set(incident(1, &["shop", "bank"]));
    hand.until("it is written", |_| api.objects("events").len() == 2).await;
    hand.end().await;
    // One bad object costs no other.
    api.put(json!({"apiVersion": "pullmedic.dev/v1alpha1", "kind": "PullIncident",
        "metadata": {"name": "pi-aaaaaa", "namespace": "shop"}, "status": {"phase": "of-another-time"}}))
        .unwrap();
    let standing = cluster.standing().await.unwrap();
    assert_eq!(standing.incidents.len(), 1);
    assert_eq!(standing.incidents[0].touched.len(), 2);
    assert_eq!(standing.skipped.len(), 1);
    assert_eq!(standing.skipped[0].what, "pullincidents shop/pi-aaaaaa");
    api.clear_requests();
    let mut hand = Hand::new(&cluster, Leadership::alone(), SECOND * 3600);
    hand.writer.adopt(&standing);
    for incident in standing.incidents {
        hand.set(incident);
    }
    hand.work(SECOND).await;
    assert_eq!(api.count(|request| request.verb == "patch" && request.resource != "events"), 0);
    hand.end().await;
    api.stop().await;
}

/// Terms of a few seconds, so that a test can wait for them.
const SHORT: Terms = Terms {
    lease: Duration::from_secs(5),
    renew_within: Duration::from_secs(3),
    retry: Duration::from_millis(200),
};

struct Standby {
    leadership: Leadership,
    news: Arc<Mutex<Vec<LeaseNews>>>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

fn stand(cluster: &Cluster, identity: &str) -> Standby {
    let (leadership, candidate) =
        cluster.stand(("pullmedic", "pullmedic-controller"), identity.to_owned(), SHORT).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let news = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&news);
    let task = tokio::spawn(candidate.run(
        async move {
            let _ = stopped.await;
        },
        move |one| told.lock().unwrap().push(one),
    ));
    Standby { leadership, news, stop: Some(stop), task }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_replica_takes_over_when_the_first_gives_back_and_when_it_is_silent() {
    let api = server(&[], &[]).await;
    let (_folder, cluster) = connect(&api).await;
    let mut first = stand(&cluster, "first");
    assert!(timeout(PATIENCE, first.leadership.other_than(false)).await.unwrap());
    let mut second = stand(&cluster, "second");
    sleep(SECOND).await;
    assert!(!second.leadership.leads());
    let holder = LeaseNews::StandsBy { holder: Some("first".into()) };
    assert!(second.news.lock().unwrap().contains(&holder));
    let given = Instant::now();
    let _ = first.stop.take().unwrap().send(());
    first.task.await.unwrap();
    assert!(timeout(PATIENCE, second.leadership.other_than(false)).await.unwrap());
    assert!(given.elapsed() < 3 * SECOND, "it need not wait for the lease to run out");
    // The second is cut off without a word.
    let mut third = stand(&cluster, "third");
    second.task.abort();
    assert!(!timeout(PATIENCE, second.leadership.other_than(true)).await.unwrap());
    assert!(!third.leadership.leads(), "the third leads only after the second has stopped");
    assert!(timeout(PATIENCE, third.leadership.other_than(false)).await.unwrap());
    assert_eq!(refused(&api), Vec::<String>::new());
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_lease_in_the_middle_of_a_write_writes_no_more() {
    let api = server(&["shop"], &ALL).await;
    let (_folder, cluster) = connect(&api).await;
    let mut first = stand(&cluster, "first");
    assert!(timeout(PATIENCE, first.leadership.other_than(false)).await.unwrap());
    // Its writes hang, and its renewals get no answer.
    api.fault(When::on("patch", "clusterpullincidents"), Then::Hang);
    api.fault(When::on("update", "leases"), Then::Hang);
    api.fault(When::on("get", "leases"), Then::Hang);
    let began = Timestamp::now();
    let mut hand = Hand::new(&cluster, first.leadership.clone(), SECOND * 3600);
    hand.set(incident(1, &["shop"]));
    hand.work(SECOND).await;
    assert!(api.count(|request| request.resource == "clusterpullincidents") > 0, "a write hangs");
    assert!(!timeout(PATIENCE, first.leadership.other_than(true)).await.unwrap());
    let lost = Timestamp::now();
    // The server is well again, and another has the Lease.
    api.heal_all();
    let held = |lease: &mut Value| {
        lease["spec"]["holderIdentity"] = "second".into();
        lease["spec"]["renewTime"] = "2026-11-22T16:02:00.000000Z".into();
    };
    api.change("leases", "pullmedic", "pullmedic-controller", held).unwrap();
    hand.set(resolved(incident(1, &["shop"])));
    hand.set(incident(2, &["shop"]));
    assert_eq!(hand.writer.due(), None, "there is nothing to do for who does not lead");
    hand.work(2 * SECOND).await;
    let late: Vec<String> = api
        .requests()
        .iter()
        .filter(|request| request.writes() && request.resource != "leases" && request.time > lost)
        .map(|request| format!("{} {}", request.verb, request.resource))
        .collect();
    assert_eq!(late, Vec::<String>::new());
    assert!(lost.duration_since(began).as_secs_f64() < 4.0, "it stops before another may begin");
    // The server is told how long a write may take: no longer than what lies between this leader and the next.
    for request in api.requests().iter().filter(|request| request.verb == "patch") {
        let seconds = request.query.split("timeout=").nth(1).and_then(|rest| rest.split('s').next());
        assert!(seconds.unwrap().parse::<u64>().unwrap() <= 2, "{}", request.query);
    }
    assert!(hand.writer.waiting().objects > 0, "nothing is lost");

    // The other gives it back. What waited from before is older than what the other may have written, so none of it is written.
    api.change("leases", "pullmedic", "pullmedic-controller", |lease| {
        lease["spec"]["holderIdentity"] = "".into()
    });
    assert!(timeout(PATIENCE, first.leadership.other_than(false)).await.unwrap());
    hand.work(2 * SECOND).await;
    assert_eq!(api.objects("clusterpullincidents"), Vec::<Value>::new());
    // What stands is read first.
    hand.writer.adopt(&cluster.standing().await.unwrap());
    hand.set(incident(3, &["shop"]));
    hand.until("the new state is written", |_| api.objects("pullincidents").len() == 1).await;
    hand.end().await;
    api.stop().await;
}

/// The same against the real API server: `KUBECONFIG` of the account that `deploy/rbac` makes, and a namespace `pullmedic-test`
/// with a Deployment `cart` in it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real cluster with deploy/crds and deploy/rbac"]
async fn a_real_api_server_takes_all_that_is_written() {
    let cluster = Cluster::connect(&Access::default()).await.unwrap();
    let mut leader = stand(&cluster, "test");
    assert!(timeout(PATIENCE, leader.leadership.other_than(false)).await.unwrap());
    let mut hand = Hand::new(&cluster, leader.leadership.clone(), 3 * SECOND);
    hand.set(incident(1, &["pullmedic-test"]));
    let told = |hand: &Hand| hand.wrote.lock().unwrap().iter().any(|one| matches!(one, Wrote::Told(_)));
    hand.until("it is told", told).await;
    hand.work(3 * SECOND).await;
    let standing = cluster.standing().await.unwrap();
    assert_eq!(standing.skipped, []);
    assert_eq!(standing.incidents.len(), 1, "{standing:?}");
    assert_eq!(standing.incidents[0].touched.len(), 1);
    hand.set(incident(1, &[]));
    hand.work(2 * SECOND).await;
    hand.set(resolved(incident(1, &[])));
    hand.work(6 * SECOND).await;
    assert_eq!(hand.troubles(), []);
    let left = cluster.standing().await.unwrap();
    assert!(left.incidents.is_empty(), "{left:?}");
    let _ = leader.stop.take().unwrap().send(());
    leader.task.await.unwrap();
    assert_eq!(cluster.requests().refused, 0);
    hand.end().await;
}
