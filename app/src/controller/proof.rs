//! The proof of one container: the same replay as `diagnose`, from where the controller stands, under the controller's
//! rights, and within one budget for the whole cluster.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pullmedic_advise::remedies;
use pullmedic_cluster::{Cluster, Named};
use pullmedic_console::RequestClass;
use pullmedic_model::Endpoint;
use pullmedic_model::finding::{Finding, Vantage};
use pullmedic_model::incident::input::{ContainerKey, Judged, NotJudged, Told};
use pullmedic_model::object::WorkloadKind;
use pullmedic_model::probe::{Case, Record};
use pullmedic_model::report::Skipped;
use pullmedic_registry::Proxies;
use pullmedic_sight::findings;
use tokio::time::Instant;

use super::around::{Got, Need};
use super::dial::Dialling;
use super::told;
use super::world::Scene;
use crate::failure::Failure;
use crate::prove::{
    self, CaseKey, ClientArguments, Hidden, Manner, SecretSource, Secrets, Setup, Stand, State,
};

/// Requests per second to one host once the burst is used up, and that burst: a proof makes at most twenty.
const RATE: f64 = 5.0;
const BURST: u32 = 40;

/// Proofs that are kept for those that follow, and for how long: as long as the kubelet's longest back-off.
const SHOWN: usize = 64;
const LATELY: Duration = Duration::from_secs(300);

/// When a proof that took too long, or failed for a fault of ours, is tried again.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// Proves containers. One for the whole cluster: what is asked at once is asked once, and answers are kept.
pub(crate) struct Prover {
    setup: Setup,
    cluster: Cluster,
    dialling: Dialling,
    longest: Duration,
    /// Secrets that came to be known: a registry may tell them back in any answer.
    hidden: Mutex<Hidden>,
    /// The last proofs.
    lately: Mutex<Vec<Shown>>,
}

/// What one proof showed.
struct Shown {
    namespace: String,
    case: Case,
    records: Vec<Record>,
    at: Instant,
}

impl Prover {
    /// Opens the client; nothing is asked yet.
    ///
    /// # Errors
    /// When an option names something that cannot be read or understood.
    pub(crate) fn new(
        options: &ClientArguments,
        cluster: Cluster,
        dialling: Dialling,
        state: &Path,
    ) -> Result<Prover, Failure> {
        let manner = Manner {
            // As long as we run; what limits it are the rates, and how many proofs the queue lets run.
            requests: u32::MAX,
            rate: RATE,
            burst: BURST,
            deadline: None,
            names: absolute_names(state),
        };
        let setup =
            Setup::with(options, Vantage::Controller, State::open_in(state), Proxies::from_env(), manner)?;
        let longest = Duration::try_from(options.probe_timeout).unwrap_or(Duration::from_secs(120));
        Ok(Prover { setup, cluster, dialling, longest, hidden: Mutex::default(), lately: Mutex::default() })
    }

    /// The cluster that is read.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Reads what is needed, where we may: no request is made to be refused.
    pub(crate) async fn read(&self, need: &Need) -> Got {
        if let Some(needs) = self.lacks(need).await {
            return Got::Nothing(Some(needs));
        }
        match need {
            Need::Owner { namespace, kind, name, api_version } => {
                got(self.cluster.read_owner(namespace, api_version, kind, name).await, Got::Owner)
            }
            Need::Node(name) => got(self.cluster.read_node(name).await, Got::Node),
            Need::Account { namespace, name } => {
                got(self.cluster.read_account(namespace, name).await, Got::Account)
            }
        }
    }

    /// The right that we lack to read it; `None`: we have it, or the API server does not say.
    async fn lacks(&self, need: &Need) -> Option<String> {
        let (group, resource, namespace) = match need {
            Need::Owner { namespace, kind, .. } => {
                let row = WorkloadKind::ALL.iter().find(|row| row.1 == kind)?;
                let group = row.2.split_once('/').map_or("", |(group, _)| group);
                (group, row.3, Some(namespace.as_str()))
            }
            Need::Node(_) => ("", "nodes", None),
            Need::Account { namespace, .. } => ("", "serviceaccounts", Some(namespace.as_str())),
        };
        // Asked for the whole cluster first: one answer serves every namespace.
        for place in [None, namespace].into_iter().take(1 + usize::from(namespace.is_some())) {
            if self.cluster.may("get", group, resource, place).await.unwrap_or(true) {
                return None;
            }
        }
        Some(match namespace {
            Some(namespace) => format!("get on {resource} in namespace {namespace}"),
            None => format!("get on {resource}"),
        })
    }

    /// Proves one container.
    pub(crate) async fn prove(&self, container: ContainerKey, scene: Scene) -> Proven {
        let begun = Instant::now();
        let of = container.clone();
        let mut asked = Vec::new();
        let mut guard = None;
        let not = |because: String, again: Option<Timestamp>| {
            Told::NotJudged(NotJudged { container: of, because, again })
        };
        let told = match tokio::time::timeout(self.longest, self.judge(container, scene, &mut asked)).await {
            Ok(Ok(judged)) => Told::Judged(Box::new(judged)),
            Ok(Err(Unproven { because, by })) => {
                guard = by;
                not(because, None)
            }
            Err(_) => {
                let seconds = self.longest.as_secs();
                not(
                    format!("the registry's answers took longer than {seconds} s (--probe-timeout)"),
                    Timestamp::now().checked_add(AGAIN).ok(),
                )
            }
        };
        Proven { told, asked, guard, took: begun.elapsed() }
    }

    async fn judge(
        &self,
        container: ContainerKey,
        scene: Scene,
        asked: &mut Vec<(Endpoint, RequestClass)>,
    ) -> Result<Judged, Unproven> {
        let Scene { mut seen, objects, words, unread } = scene;
        let now = Timestamp::now();
        let key = CaseKey::of(&seen, &objects);
        let may = self.cluster.may("get", "", "secrets", Some(&container.namespace)).await;
        // Where that is not known, nothing is sent that may be refused.
        let source = match may {
            Ok(true) => SecretSource::Cluster(&self.cluster),
            Ok(false) | Err(_) => SecretSource::Refused,
        };
        let secrets = Secrets::new(source, (&[], false), self.setup.install_key());
        // A pod has the boot id of its node, and neither its loopback nor its names: it does not stand on it.
        let pinned = self.setup.pinned().to_vec();
        let stand = Stand { vantage: Vantage::Controller, now, boot_id: None, pinned };
        let mut case = self.setup.case(&key, &[&seen], &objects, &secrets, &stand, None).await;
        self.hidden().extend(secrets.hidden());
        self.hidden().leave_out_of_case(&mut case);
        self.hidden().leave_out_of(&mut seen);
        let refused = case.route.hosts.iter().find_map(|host| {
            let by_hand = case.pinned.contains(&host.endpoint);
            let why = self.dialling.refuses(&host.endpoint).filter(|_| !by_hand)?;
            Some((host.endpoint.clone(), why))
        });
        if let Some((host, why)) = refused {
            let because = format!("the controller does not ask {host}: {why}; --allow-host {host} lets it");
            return Err(Unproven { because, by: Some("dial-list") });
        }
        case.elsewhere.retain(|host| self.dialling.refuses(&host.endpoint).is_none());
        let limits = self.setup.limits();
        let records = prove::records(&case, self.setup.prober(), limits).await;
        asked.extend(records.iter().flat_map(classes));
        self.compare(&container.namespace, &mut case, &records);
        let verdict = prove::verdict(&case, &records, limits);
        seen.verdict = Some(verdict.clone());
        let found = findings(std::slice::from_ref(&seen), &objects, Vantage::Controller, Some(now));
        let found = found.into_iter().next().ok_or_else(|| Unproven::ours("no finding came of it"))?;
        let mut finding = Finding { remedies: remedies(&found.subject, &found.evidence), ..found.finding };
        finding.not_looked_at.extend(unread);
        let judged = told::judged(container, words, finding, &verdict, &case, now);
        self.without_secrets(judged)
    }

    /// Lets a case be told what others of its own namespace showed lately, and keeps it for them.
    fn compare(&self, namespace: &str, case: &mut Case, records: &[Record]) {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.retain(|shown| shown.at.elapsed() < LATELY);
        let mut cases: Vec<(&mut Case, &[Record])> = vec![(case, records)];
        let others = lately.iter_mut().filter(|shown| shown.namespace == namespace);
        cases.extend(others.map(|shown| (&mut shown.case, shown.records.as_slice())));
        pullmedic_probe::compare(&mut cases);
        if lately.len() >= SHOWN {
            lately.remove(0);
        }
        let (namespace, case, records) = (namespace.to_owned(), case.clone(), records.to_vec());
        lately.push(Shown { namespace, case, records, at: Instant::now() });
    }

    /// Leaves the secrets that came to be known out of everything that is told.
    fn without_secrets(&self, judged: Judged) -> Result<Judged, Unproven> {
        // The error's own words may hold a value.
        let fault = |_: serde_json::Error| Unproven::ours("it cannot be written down");
        let mut value = serde_json::to_value(&judged).map_err(fault)?;
        self.hidden().leave_out_of_value(&mut value);
        serde_json::from_value(value).map_err(fault)
    }

    fn hidden(&self) -> std::sync::MutexGuard<'_, Hidden> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a proof ended.
pub(crate) struct Proven {
    /// For the correlation.
    pub(crate) told: Told,
    /// What was asked of which registry or token service, a request each.
    pub(crate) asked: Vec<(Endpoint, RequestClass)>,
    /// The guard that kept it from asking; `None`: none did.
    pub(crate) guard: Option<&'static str>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Why there is no verdict.
struct Unproven {
    because: String,
    /// The guard that kept it from asking.
    by: Option<&'static str>,
}

impl Unproven {
    fn ours(what: &str) -> Unproven {
        Unproven { because: format!("the proof failed for a fault of pullmedic's own: {what}"), by: None }
    }
}

/// What was sent for a record, and how it was answered.
fn classes(record: &Record) -> impl Iterator<Item = (Endpoint, RequestClass)> {
    let sent = record.steps.iter().filter(|step| record.requests > 0 && !step.sent.is_empty());
    sent.map(|step| {
        let status = step.answer.as_ref().map(|answer| answer.status);
        (step.endpoint.clone(), RequestClass::of(status))
    })
}

fn got<T>(named: Named<T>, of: impl FnOnce(Box<T>) -> Got) -> Got {
    match named {
        Named::Found(object) => of(object),
        Named::Absent | Named::Foreign => Got::Nothing(None),
        Named::Unread(Skipped { what, reason, needs, .. }) => {
            Got::Nothing(Some(needs.unwrap_or_else(|| format!("{what}: {reason}"))))
        }
    }
}

/// A resolver configuration without search domains, so that names are absolute (rule 11 of the verdict): in a pod a
/// search list of the cluster comes before the world, and who may make a Service could answer for a registry. `None` where
/// this machine has no configuration to take it from; then its own rules decide.
fn absolute_names(state: &Path) -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    std::env::var_os("KUBERNETES_SERVICE_HOST")?;
    let own = std::fs::read_to_string("/etc/resolv.conf").ok()?;
    let is_absolute = |line: &&str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        !matches!(word, "search" | "domain" | "options")
    };
    let text: String = own.lines().filter(is_absolute).flat_map(|line| [line, "\n"]).collect();
    if !text.contains("nameserver") {
        return None;
    }
    let path = state.join("resolv.conf");
    std::fs::write(&path, text).ok()?;
    Some((path, "/etc/hosts".into()))
}
