//! A pull that fails, to the decision engine: without words of a node only objects and the origin's own state are proven.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pullmedic_model::check::Nearest;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::case::NodeCredentials;
use pullmedic_model::probe::login::{NamedSecret, SecretState};
use pullmedic_model::probe::manifest::{Manifest, Platform};
use pullmedic_model::probe::route::{Route, Runtime};
use pullmedic_model::probe::{Ask, Case, Got, Record, What};
use pullmedic_model::{Cause, Certainty, Endpoint, Verdict};

use super::gather::{Gathered, Who};
use super::outcome::Said;
use super::plan::{Job, Plan};
use super::running::Running;
use crate::prove::{HeldLogins, Setup};

/// How many near names are offered.
const OFFERED: usize = 3;

/// Judges pulls that fail.
pub(super) struct Judge<'a> {
    /// Repositories by host, as everything that is checked names them.
    repositories: BTreeMap<&'a str, BTreeSet<&'a str>>,
    running: Running<'a>,
    pinned: &'a [Endpoint],
}

impl<'a> Judge<'a> {
    pub(super) fn new(plan: &'a Plan, gathered: &'a Gathered, pinned: &'a [Endpoint]) -> Judge<'a> {
        let mut repositories: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for job in &plan.jobs {
            repositories.entry(&job.reference.host).or_default().insert(&job.reference.repository);
        }
        Judge { repositories, running: Running::new(gathered), pinned }
    }

    /// Takes back what a container of the image that runs now speaks against.
    pub(super) fn hold_back(&self, case: &Case, said: &mut Said) {
        self.running.hold_back(&case.image, case.platform.as_ref(), case.route.of_node, said);
    }

    /// The case of a job, for a node of this platform.
    pub(super) fn case(
        &self,
        job: &Job,
        route: &Route,
        runtime: &Option<Runtime>,
        held: &HeldLogins,
        platform: Option<Platform>,
    ) -> Case {
        let secrets = match &job.who {
            Who::Secrets { .. } => held.secrets.clone(),
            // Which login the kubelet would send is not known, and the engine is to know that.
            Who::Unknown { why, .. } => vec![NamedSecret {
                name: "not read".to_owned(),
                state: SecretState::Unread { needs: why.clone() },
                changed: None,
            }],
        };
        let known = self.repositories.get(job.reference.host.as_str());
        let others = known.into_iter().flatten().filter(|name| **name != job.reference.repository);
        Case {
            elsewhere: Vec::new(),
            runs_for: self.running.owners(&job.image),
            beside: pullmedic_model::probe::case::Beside::default(),
            runs_there: self.running.there(job),
            pulling: false,
            image: job.image.clone(),
            kind: ContainerKind::Main,
            words: None,
            route: route.clone(),
            platform,
            runtime: runtime.clone(),
            kubelet_minor: None,
            secrets,
            logins: held.own.clone(),
            candidates: Vec::new(),
            candidates_unread: Vec::new(),
            node_credentials: NodeCredentials::NotKnown,
            pulled_on: Vec::new(),
            known_repositories: others.map(|&name| name.to_owned()).collect(),
            ran_before: Vec::new(),
            runs: None,
            changed: held.changed,
            next_attempt: None,
            vantage: Vantage::Workstation,
            on_node: false,
            pinned: self.pinned.to_vec(),
            now: Timestamp::now(),
        }
    }

    /// What was asked for the case, and what that proves.
    pub(super) async fn verdict(&self, case: &Case, setup: &Setup) -> (Vec<Record>, Verdict) {
        let records = crate::prove::records(case, setup.prober(), setup.limits()).await;
        let verdict = crate::prove::verdict(case, &records, setup.limits());
        (records, verdict)
    }

    /// When the nearest tag was made, by its own config; it was resolved by one of `records`. `None` where reading it
    /// would count as a pull, or it does not say.
    pub(super) async fn made(
        &self,
        said: &mut Said,
        records: &[Record],
        runtime: Option<&Runtime>,
        setup: &Setup,
    ) {
        let Said::Finding { cause: Cause::TagNotFound, nearest, .. } = said else { return };
        for near in nearest {
            let of_near = |record: &&Record| {
                record.ask.what == What::ManifestHead(near.name.clone()) && record.got().is_some()
            };
            let Some(record) = records.iter().find(of_near) else { continue };
            if pullmedic_probe::metered(&record.ask.host.endpoint, record.answer()) {
                return;
            }
            near.made = created(record, runtime, setup).await;
        }
    }

    /// What a verdict says of the job; `seen` is the refusal in a few words.
    pub(super) fn said(&self, job: &Job, held: &HeldLogins, verdict: Verdict, seen: Option<String>) -> Said {
        let proven = verdict.certainty == Certainty::Proven;
        if let Some((why, _)) = unread(job, held)
            && (!proven || depends_on_login(verdict.cause))
        {
            let seen = seen.map(|seen| format!("; asked anonymously: {seen}")).unwrap_or_default();
            return Said::Open(format!("{why}{seen}"));
        }
        let nearest = nearest(job, &verdict);
        let proof = || verdict.proof.last().map(|seen| seen.text.as_str().to_owned());
        let mut detail = verdict.summary.clone().or_else(proof);
        if let (false, Some(missing)) = (proven, &verdict.missing) {
            // Options that are named at its end are those of `diagnose`.
            let missing = missing.split(": --").next().unwrap_or(missing);
            let told = detail.map(|detail| format!("{}; ", detail.trim_end_matches('.'))).unwrap_or_default();
            detail = Some(format!("{told}{missing}"));
        }
        Said::Finding { cause: verdict.cause, certainty: verdict.certainty, detail, nearest }
    }
}

/// Why it is not known which logins the kubelet would send, and whether it sends some for certain; `None` when it is
/// known.
pub(super) fn unread(job: &Job, held: &HeldLogins) -> Option<(String, bool)> {
    if let Who::Unknown { why, named } = &job.who {
        return Some((why.clone(), *named));
    }
    held.secrets.iter().find_map(|secret| {
        let SecretState::Unread { needs } = &secret.state else { return None };
        Some((format!("pull secret {}: needs {needs}", secret.name), true))
    })
}

/// A pull secret that does not decode fails every pull of its pods, also of an image that anybody may have.
pub(super) fn malformed(held: &HeldLogins) -> Option<Said> {
    held.secrets.iter().find_map(|secret| {
        let SecretState::Malformed { path, defect, .. } = &secret.state else { return None };
        let detail = Some(format!("pull secret {}: {defect} at {path}", secret.name));
        let (cause, certainty) = (Cause::PullSecretMalformed, Certainty::Proven);
        Some(Said::Finding { cause, certainty, detail, nearest: Vec::new() })
    })
}

/// Causes that another login would change: nothing is said of them where it is not known which one is sent.
fn depends_on_login(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NoCredentials
            | Cause::BadCredentials
            | Cause::CredentialsExpired
            | Cause::Forbidden
            | Cause::PullSecretMissing
            | Cause::PullSecretMalformed
            | Cause::PullSecretUnmatched
            | Cause::NotFoundOrDenied
    )
}

/// When the image that a request resolved was made; of a list its first image.
async fn created(resolved: &Record, runtime: Option<&Runtime>, setup: &Setup) -> Option<Timestamp> {
    let Some(Got::Manifest { digest: Some(digest), .. }) = resolved.got() else { return None };
    let ask = |what: What| Ask { what, ..resolved.ask.clone() };
    let mut digest = digest.clone();
    // A list, and its image.
    for _ in 0..2 {
        let read = setup.prober().ask(&ask(What::Manifest(digest.clone())), runtime).await;
        let Some(Got::Manifest { manifest: Some(manifest), .. }) = read.got() else { return None };
        match manifest {
            Manifest::Index(entries) => {
                digest = entries.iter().find(|entry| !entry.attestation)?.manifest.digest.clone();
            }
            Manifest::Image { config, .. } => {
                let read = setup.prober().ask(&ask(What::Config(config.digest.clone())), runtime).await;
                let Some(Got::Config { created, .. }) = read.got() else { return None };
                return *created;
            }
            Manifest::Schema1 | Manifest::Artifact(_) | Manifest::Other(_) => return None,
        }
    }
    None
}

fn nearest(job: &Job, verdict: &Verdict) -> Vec<Nearest> {
    let evidence = &verdict.evidence;
    let mut names: Vec<String> = Vec::new();
    if verdict.cause == Cause::TagNotFound {
        let wanted = job.reference.tag.as_deref().unwrap_or("latest");
        names.extend(pullmedic_probe::nearest_tags(wanted, &evidence.tags));
    } else if !evidence.repositories.is_empty() {
        names.extend(evidence.repositories_there.iter().chain(&evidence.repositories).cloned());
    }
    let mut known = BTreeSet::new();
    names.retain(|name| known.insert(name.clone()));
    names.into_iter().take(OFFERED).map(|name| Nearest { name, made: None }).collect()
}

/// The last refusal in a few words; `None` when nothing was refused.
pub(super) fn refusal(records: &[Record]) -> Option<String> {
    let (_, endpoint, class) = records.iter().rev().find_map(Record::refused)?;
    Some(format!("{endpoint} answers {class}"))
}
