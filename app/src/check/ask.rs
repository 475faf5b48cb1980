//! What registries are asked, and how far.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, StreamExt as _};
use pullmedic_model::Endpoint;
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::probe::route::{Role, Route, Runtime};
use pullmedic_model::probe::{Ask, Got, LoginName, Record, What};
use pullmedic_model::{Cause, Certainty};
use pullmedic_prevent::{
    Depth, Moved, Running, Walk, Walked, coverage, holds_no_image, platform_of, resolved, running_digest,
};

use super::gather::{Gathered, Who};
use super::judge::{Judge, malformed, refusal, unread};
use super::outcome::{Outcome, Said};
use super::plan::{Job, Plan};
use super::reason::{decisive, only_from_here};
use crate::prove::{SecretSource, Secrets, Setup, announced};

/// Images of one host that are asked about at once. The client keeps the rate of each host; this bounds sockets.
const AT_ONCE: usize = 8;

/// Hosts that are asked at once.
const HOSTS: usize = 32;

/// How far a check goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// One `HEAD` for each image.
    Shallow,
    /// Everything, where it is free.
    Free,
    /// Everything.
    Deep,
}

/// An image on its way: which hosts and logins, and what was answered so far.
struct Asking<'a> {
    job: &'a Job,
    route: Route,
    runtime: Option<Runtime>,
    held: crate::prove::HeldLogins,
    logins: Vec<LoginName>,
    records: Vec<Record>,
    stands: Walked,
    /// Whether a `GET` of a manifest counts as a pull.
    metered: bool,
}

impl Asking<'_> {
    /// The request that resolved the image.
    fn resolved(&self) -> Option<&Record> {
        resolved(&self.records)
    }

    fn digest(&self) -> Option<&str> {
        let Some(Got::Manifest { digest, .. }) = self.resolved()?.got() else { return None };
        digest.as_deref()
    }

    /// Reads of manifests that looking at all of it takes, at most.
    fn price(&self) -> u32 {
        let Some(Got::Manifest { media_type, digest, .. }) = self.resolved().and_then(Record::got) else {
            return 0;
        };
        let is_list = media_type.contains("index") || media_type.contains("manifest.list");
        let images = if is_list { 1 + self.job.platforms.len().max(1) } else { 1 };
        let moved = self.job.runs.keys().filter(|(runs, _)| {
            running_digest(runs, &self.job.reference).is_ok_and(|runs| digest.as_ref() != Some(&runs))
        });
        let old = if self.job.reference.digest.is_none() { moved.count() } else { 0 };
        u32::try_from(images + old).unwrap_or(u32::MAX)
    }
}

/// What all jobs of a check share.
struct Check<'a> {
    setup: &'a Setup,
    reach: Reach,
    judge: Judge<'a>,
}

/// Asks about every image of the plan; outcomes come in the order of the jobs.
pub(super) async fn ask(plan: &Plan, gathered: &Gathered, setup: &Setup, reach: Reach) -> Vec<Outcome> {
    let source = gathered.cluster.as_ref().map_or(SecretSource::Nowhere, SecretSource::Cluster);
    let secrets = Secrets::new(source, (&[], false), setup.install_key());
    let check = Check { setup, reach, judge: Judge::new(plan, gathered, setup.pinned()) };
    let done = AtomicUsize::new(0);
    let far = || (done.load(Ordering::Relaxed), plan.jobs.len(), setup.prober().requests());

    let runtime = setup.runtime(gathered.runtime());
    let resolving = by_host(
        plan.jobs.iter().enumerate().collect(),
        |job| &job.reference.host,
        |job| check.resolve(job, runtime.clone(), &secrets),
    );
    let askings: Vec<Asking<'_>> = announced(resolving, far).await;
    if reach == Reach::Deep {
        say_price(&askings);
    }
    let settling = by_host(
        askings.into_iter().enumerate().collect(),
        |asking| &asking.job.reference.host,
        |asking| async {
            let outcome = check.settle(asking).await;
            done.fetch_add(1, Ordering::Relaxed);
            outcome
        },
    );
    announced(settling, far).await
}

/// Does work on all items, several hosts and several items of a host at once; results come in the order of the items.
async fn by_host<I, T, F: Future<Output = T>>(
    items: Vec<(usize, I)>,
    host: impl Fn(&I) -> &String,
    work: impl Fn(I) -> F,
) -> Vec<T> {
    let mut hosts: BTreeMap<String, Vec<(usize, I)>> = BTreeMap::new();
    for (index, item) in items {
        hosts.entry(host(&item).clone()).or_default().push((index, item));
    }
    let work = &work;
    let mut done: Vec<(usize, T)> = stream::iter(hosts.into_values())
        .map(|items| async move {
            stream::iter(items)
                .map(|(index, item)| async move { (index, work(item).await) })
                .buffer_unordered(AT_ONCE)
                .collect::<Vec<_>>()
                .await
        })
        .buffer_unordered(HOSTS)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .flatten()
        .collect();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Says what `--deep` is about to spend, host by host.
fn say_price(askings: &[Asking<'_>]) {
    let mut by_host: BTreeMap<&str, u32> = BTreeMap::new();
    for asking in askings.iter().filter(|asking| asking.metered) {
        let spent = by_host.entry(&asking.job.reference.host).or_default();
        *spent = spent.saturating_add(asking.price());
    }
    for (host, pulls) in by_host {
        // Talk only.
        let _ = writeln!(
            std::io::stderr(),
            "--deep: will spend up to {} at {}",
            counted(pulls, "metered pull"),
            pullmedic_report::shown(host)
        );
    }
}

fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

impl Check<'_> {
    /// Whether the image is there, and may be had: `HEAD`s, which are free everywhere.
    async fn resolve<'j>(&self, job: &'j Job, runtime: Option<Runtime>, secrets: &Secrets<'_>) -> Asking<'j> {
        let route = self.setup.route(&job.image, runtime.as_ref());
        let held = match &job.who {
            Who::Secrets { namespace, names } => secrets.named(namespace, names, &job.image, &route).await,
            Who::Unknown { .. } => crate::prove::Held::default(),
        };
        let logins = held.logins.own.iter().map(|login| login.name.clone()).collect();
        self.setup.prober().add_credentials(held.credentials);
        let mut asking = Asking {
            job,
            route,
            runtime,
            held: held.logins,
            logins,
            records: Vec::new(),
            stands: Walked::NoHost,
            metered: false,
        };
        if self.is_elsewhere(&asking).is_none() {
            asking.stands = self.walk(&mut asking, Depth::Resolve, &[]).await;
        }
        asking.metered = asking.resolved().is_some_and(|record| {
            let of_image = Endpoint::parse(&job.reference.host).is_ok_and(|host| {
                record.ask.host.role == Role::Origin && pullmedic_probe::metered(&host, None)
            });
            of_image || pullmedic_probe::metered(&record.ask.host.endpoint, record.answer())
        });
        asking
    }

    /// Rule 2: a loopback name is another machine for each node, unless the user says where it is.
    fn is_elsewhere(&self, asking: &Asking<'_>) -> Option<Endpoint> {
        let host = asking.route.origin().filter(|_| asking.route.hosts.len() == 1)?;
        let name = pullmedic_model::endpoint::without_port(host.endpoint.as_str());
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let loopback = name == "localhost"
            || name.ends_with(".localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        (loopback && !self.setup.pinned().contains(&host.endpoint)).then(|| host.endpoint.clone())
    }

    async fn walk(&self, asking: &mut Asking<'_>, depth: Depth, platforms: &[Platform]) -> Walked {
        let walk = Walk {
            reference: &asking.job.reference,
            route: &asking.route,
            logins: &asking.logins,
            platforms,
            depth,
        };
        loop {
            match walk.after(&asking.records) {
                Walked::Next(ask) => {
                    let record = self.setup.prober().ask(&ask, asking.runtime.as_ref()).await;
                    asking.records.push(record);
                }
                stands => return stands,
            }
        }
    }

    /// All the rest about an image.
    async fn settle(&self, mut asking: Asking<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(endpoint) = self.is_elsewhere(&asking) {
            outcome.said.push(Said::Open(format!(
                "{endpoint} is another machine on each node; --resolve {endpoint}:ADDRESS says which one is meant"
            )));
            return outcome;
        }
        outcome.endpoint = asking.route.hosts.last().map(|host| host.endpoint.clone());
        if asking.stands == Walked::Whole {
            let resolved = asking.resolved().map(|record| record.ask.host.endpoint.clone());
            outcome.endpoint = resolved.or(outcome.endpoint);
            outcome.digest = asking.digest().map(str::to_owned);
            self.content(&mut asking, &mut outcome).await;
            self.moved(&mut asking, &mut outcome).await;
            if let Some((why, true)) = unread(asking.job, &asking.held) {
                outcome.said.push(Said::Open(format!("{why}; it is there for anybody")));
            }
            outcome.said.extend(malformed(&asking.held));
        } else {
            let stands = asking.stands.clone();
            self.failed(&mut asking, stands, &mut outcome).await;
        }
        if asking.metered {
            let pulls = asking.records.iter().filter(|record| {
                record.requests > 0 && matches!(record.ask.what, What::Manifest(_)) && record.got().is_some()
            });
            outcome.metered_pulls = u32::try_from(pulls.count()).unwrap_or(u32::MAX);
        }
        outcome
    }

    /// Platforms and parts, where reading them is free or wished for.
    async fn content(&self, asking: &mut Asking<'_>, outcome: &mut Outcome) {
        match self.reach {
            Reach::Shallow => return,
            Reach::Free if asking.metered => {
                let price = counted(asking.price(), "pull");
                outcome.said.push(Said::Open(format!(
                    "platforms and layers (metered host, --deep would spend {price})"
                )));
                return;
            }
            Reach::Free | Reach::Deep => {}
        }
        let mut chosen = asking.job.platforms.clone();
        let mut lacks = Vec::new();
        let stands = loop {
            match self.walk_chosen(asking, &mut chosen).await {
                Walked::NoPlatform(_, have) if !asking.job.platforms.is_empty() => {
                    let covers = coverage(&chosen, &have, asking.job.certain);
                    if covers.has.is_empty() {
                        let bound = chosen.iter().find(|platform| asking.job.wants(platform));
                        break Walked::NoPlatform(bound.unwrap_or(&chosen[0]).clone(), have);
                    }
                    lacks.extend(covers.lacks);
                    chosen = covers.has;
                }
                stands => break stands,
            }
        };
        for lacking in lacks {
            self.lacks(asking, &lacking, outcome).await;
        }
        if stands != Walked::Whole || holds_no_image(&asking.records) {
            self.failed(asking, stands, outcome).await;
        }
    }

    /// Walks for the chosen platforms. Where none is wanted, one image of a list stands for all of them: `linux/amd64`,
    /// else the first.
    async fn walk_chosen(&self, asking: &mut Asking<'_>, chosen: &mut Vec<Platform>) -> Walked {
        if chosen.is_empty() {
            // A platform that no list has: the walk ends at the list, or goes on through the only image.
            let nothing = [Platform { os: "?".into(), architecture: String::new(), variant: String::new() }];
            let stands = self.walk(asking, Depth::Whole, &nothing).await;
            let Walked::NoPlatform(_, have) = stands else { return stands };
            let amd = have.iter().find(|have| have.os == "linux" && have.architecture == "amd64");
            let Some(one) = amd.or(have.first()).cloned() else { return Walked::Whole };
            chosen.push(one);
        }
        let platforms = chosen.clone();
        self.walk(asking, Depth::Whole, &platforms).await
    }

    /// A platform that some nodes have and the image has not.
    async fn lacks(&self, asking: &mut Asking<'_>, lacking: &Platform, outcome: &mut Outcome) {
        let case =
            self.judge.case(asking.job, &asking.route, &asking.runtime, &asking.held, Some(lacking.clone()));
        let (records, verdict) = self.judge.verdict(&case, self.setup).await;
        asking.records.extend(records);
        if verdict.cause != Cause::PlatformMismatch {
            return;
        }
        // Which nodes a pod is kept off by a taint or an affinity is not read.
        let certainty =
            if asking.job.certain { verdict.certainty } else { verdict.certainty.min(Certainty::Likely) };
        let mut detail = format!("it has no {lacking}");
        if !asking.job.certain {
            detail.push_str(", which some nodes are");
        }
        let mut said =
            Said::Finding { cause: verdict.cause, certainty, detail: Some(detail), nearest: Vec::new() };
        self.judge.hold_back(&case, &mut said);
        outcome.said.push(said);
    }

    /// A pull that would fail: to the decision engine, unless the failure tells only about here.
    async fn failed(&self, asking: &mut Asking<'_>, stands: Walked, outcome: &mut Outcome) {
        let mut platform = asking.job.platforms.first().cloned();
        let mut sure = true;
        match stands {
            Walked::NoHost => {
                outcome.said.push(Said::Open("the node's files leave no host to ask".to_owned()));
                return;
            }
            Walked::NoPlatform(wanted, _) => {
                sure = asking.job.wants(&wanted);
                platform = Some(wanted);
            }
            Walked::Failed(at) => {
                platform = platform_of(&asking.records, at).or(platform);
                if let Some(why) = decisive(&asking.records, at).and_then(only_from_here) {
                    outcome.said.push(Said::Open(why));
                    return;
                }
            }
            Walked::Whole | Walked::Next(_) => {}
        }
        // A list without any image has none for whatever platform.
        let any = || Platform { os: "linux".into(), architecture: "amd64".into(), variant: String::new() };
        let platform = platform.unwrap_or_else(any);
        let case = self.judge.case(asking.job, &asking.route, &asking.runtime, &asking.held, Some(platform));
        let (records, verdict) = self.judge.verdict(&case, self.setup).await;
        asking.records.extend(records);
        outcome.endpoint = verdict.endpoint.clone().or(outcome.endpoint.take());
        let mut said = self.judge.said(asking.job, &asking.held, verdict, refusal(&asking.records));
        if let (false, Said::Finding { cause: Cause::PlatformMismatch, certainty, detail, .. }) =
            (sure, &mut said)
        {
            *certainty = (*certainty).min(Certainty::Likely);
            *detail = Some("it is for no platform that a node of the cluster has now".to_owned());
        }
        self.judge.hold_back(&case, &mut said);
        if self.reach != Reach::Shallow {
            self.judge.made(&mut said, &asking.records, asking.runtime.as_ref(), self.setup).await;
        }
        outcome.said.push(said);
    }

    /// Whether the tag has moved since pods pulled it (S30).
    async fn moved(&self, asking: &mut Asking<'_>, outcome: &mut Outcome) {
        let job = asking.job;
        let Some(resolved) = asking.resolved().map(|record| record.ask.clone()) else { return };
        if job.reference.digest.is_some() || job.runs.is_empty() {
            return;
        }
        // A mirror may lag behind; what the tag means is the origin's to say.
        let Some(origin) = asking.route.origin().cloned() else { return };
        let resolved = Ask { host: origin, ..resolved };
        let may_read = !asking.metered || self.reach == Reach::Deep;
        for key in job.runs.keys() {
            let (image_id, platform) = key;
            let digest = match running_digest(image_id, &job.reference) {
                Ok(digest) => digest,
                Err(why) => {
                    outcome.said.push(Said::Open(format!("whether the tag has moved: {why}")));
                    continue;
                }
            };
            let running = Running {
                reference: &job.reference,
                resolved: &resolved,
                digest: &digest,
                platform: platform.as_ref(),
                may_read,
            };
            let stands = loop {
                match running.after(&asking.records) {
                    Moved::Next(ask) => {
                        let record = self.setup.prober().ask(&ask, asking.runtime.as_ref()).await;
                        asking.records.push(record);
                    }
                    stands => break stands,
                }
            };
            match stands {
                Moved::Not | Moved::Next(_) => {}
                Moved::Unknown(why) => {
                    let buy = if may_read { "" } else { " (metered host, --deep would)" };
                    outcome.said.push(Said::Open(format!("whether the tag has moved: {why}{buy}")));
                }
                Moved::To(now, certainty) => {
                    let mut case =
                        self.judge.case(job, &asking.route, &asking.runtime, &asking.held, platform.clone());
                    case.runs = Some(digest.clone());
                    let (records, verdict) = self.judge.verdict(&case, self.setup).await;
                    asking.records.extend(records);
                    // The engine knows the marks of caches, and never says more than it can.
                    let certainty = match verdict.cause {
                        Cause::StaleImage => certainty.min(verdict.certainty),
                        _ => Certainty::Undecided,
                    };
                    outcome.said.push(Said::Moved { runs: digest, now, certainty, key: key.clone() });
                }
            }
        }
    }
}
