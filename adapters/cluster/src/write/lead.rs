//! The election as it runs: one Lease, one task, and a handle that says whether we lead.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use pullmedic_model::report::Skipped;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::election::{Answer, Election, Lease, Step, Terms};
use crate::cluster::Cluster;
use crate::counts::Verb;
use crate::failure::{Cause, Failure};
use crate::request::{Api, Ask, JSON, Reply};
use crate::resource;

/// Whether this process leads. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Leadership {
    /// `None`: nobody else could lead.
    until: Option<watch::Receiver<Held>>,
    /// What lies between our last moment and the first of another.
    margin: Duration,
}

/// What the election says.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// Until when we lead; `None`: we do not.
    until: Option<Instant>,
    /// How often we took the Lease.
    term: u64,
}

impl Leadership {
    /// Of a process that is alone, without a Lease.
    pub fn alone() -> Leadership {
        Leadership { until: None, margin: Duration::MAX }
    }

    /// For how long we surely lead if nothing more comes; `None`: we do not.
    pub fn left(&self) -> Option<Duration> {
        match &self.until {
            None => Some(Duration::MAX),
            Some(until) => {
                let left = until.borrow().until?.saturating_duration_since(Instant::now());
                (left > Duration::ZERO).then_some(left)
            }
        }
    }

    /// How long a write that is sent now may take; `None`: none may be sent. We give up on it while we lead; the server may
    /// have received it at that very moment, and is told to give up after as long again at most, which is before another leads.
    pub(super) fn limit(&self) -> Option<Duration> {
        Some(self.left()?.min(self.margin))
    }

    /// What was to be written in one term is not to be written in the next: another may have written since.
    pub(super) fn term(&self) -> u64 {
        self.until.as_ref().map_or(0, |until| until.borrow().term)
    }

    /// Whether we lead now.
    pub fn leads(&self) -> bool {
        self.left().is_some()
    }

    /// Waits until that is other than `leads`, also by the passing of time; gives what it is then.
    pub async fn other_than(&mut self, leads: bool) -> bool {
        loop {
            let left = self.left();
            if left.is_some() != leads {
                return left.is_some();
            }
            let Some(until) = &mut self.until else { return std::future::pending().await };
            let over = until.borrow_and_update().until;
            let passes = async {
                match over {
                    Some(over) => sleep_until(over).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = until.changed() => {
                    // Nobody runs the election any more: what was held runs out.
                    if changed.is_err() {
                        match over.filter(|_| leads) {
                            Some(over) => sleep_until(over).await,
                            None => return std::future::pending().await,
                        }
                    }
                }
                () = passes => {}
            }
        }
    }
}

/// What there is to say of an election.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseNews {
    /// We lead.
    Leads,
    /// Another leads, or nobody yet.
    StandsBy {
        /// The other; `None`: nobody holds the Lease.
        holder: Option<String>,
    },
    /// The Lease cannot be read or written. Told once until it is over; it is tried again all the while.
    Trouble(Skipped),
    /// That trouble is over.
    Over(Skipped),
}

/// One process that would lead.
pub struct Candidate {
    api: Arc<Api>,
    /// The path of all leases of the namespace, and the name of ours.
    leases: String,
    name: String,
    election: Election,
    terms: Terms,
    until: watch::Sender<Held>,
    /// What was told last.
    told: Option<LeaseNews>,
    trouble: Option<Skipped>,
}

impl Cluster {
    /// Stands for the Lease `name` of `namespace`; `None` when that cannot be a name. `identity` is shown as its holder, and
    /// must be of this process alone.
    pub fn stand(
        &self,
        (namespace, name): (&str, &str),
        identity: String,
        terms: Terms,
    ) -> Option<(Leadership, Candidate)> {
        if !resource::is_name(namespace) || !resource::is_name(name) {
            return None;
        }
        let (until, receiver) = watch::channel(Held::default());
        let candidate = Candidate {
            api: Arc::clone(&self.api),
            leases: format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
            name: name.to_owned(),
            election: Election::new(identity, terms),
            terms,
            until,
            told: None,
            trouble: None,
        };
        let margin = terms.lease.saturating_sub(terms.renew_within);
        Some((Leadership { until: Some(receiver), margin }, candidate))
    }
}

/// How long the answer to the last step is waited for at the end.
const LAST: Duration = Duration::from_secs(3);

impl Candidate {
    /// Takes part until `stop`, then gives the Lease back if it is ours, so that another need not wait for it to run out.
    pub async fn run(mut self, stop: impl Future<Output = ()>, mut tell: impl FnMut(LeaseNews)) {
        tokio::pin!(stop);
        loop {
            let asked = Instant::now();
            // A step that is under way may have been done by the server: its answer is waited for, or the release would be
            // outrun by it, and the Lease had to run out.
            let (answer, stops) = {
                let step = self.take_step();
                tokio::pin!(step);
                tokio::select! {
                    answer = &mut step => (Some(answer), false),
                    () = &mut stop => (tokio::time::timeout(LAST, step).await.ok(), true),
                }
            };
            let rest = answer.map(|answer| self.hear(answer, asked, &mut tell));
            let Some(rest) = rest.filter(|_| !stops) else { break };
            tokio::select! {
                () = self.rest(rest, &mut tell) => {}
                () = &mut stop => break,
            }
        }
        self.until.send_modify(|held| held.until = None);
        if let Some(lease) = self.election.release(Timestamp::now()) {
            // Whether or not it arrives, we write no more.
            let _ = self.send(&Step::Write(lease)).await;
        }
    }

    fn hear(
        &mut self,
        answer: Result<Answer, Failure>,
        asked: Instant,
        tell: &mut impl FnMut(LeaseNews),
    ) -> Duration {
        let answer = match answer {
            Ok(answer) => {
                if let Some(trouble) = self.trouble.take() {
                    tell(LeaseNews::Over(trouble));
                }
                answer
            }
            Err(failure) => {
                let trouble = self.trouble_of(&failure);
                if self.trouble.as_ref() != Some(&trouble) {
                    if let Some(before) = self.trouble.replace(trouble.clone()) {
                        tell(LeaseNews::Over(before));
                    }
                    tell(LeaseNews::Trouble(trouble));
                }
                Answer::Failed
            }
        };
        let rest = self.election.hear(answer, asked, Instant::now());
        self.publish(tell);
        rest
    }

    /// Waits, and says so when the leadership runs out meanwhile.
    async fn rest(&mut self, rest: Duration, tell: &mut impl FnMut(LeaseNews)) {
        let end = Instant::now() + rest;
        if let Some(over) = self.election.leads_until(Instant::now()).filter(|over| *over < end) {
            sleep_until(over).await;
            self.publish(tell);
        }
        sleep_until(end).await;
    }

    fn publish(&mut self, tell: &mut impl FnMut(LeaseNews)) {
        let until = self.election.leads_until(Instant::now());
        self.until.send_replace(Held { until, term: self.election.term() });
        let news = match until {
            Some(_) => LeaseNews::Leads,
            None => LeaseNews::StandsBy { holder: self.election.holder().map(str::to_owned) },
        };
        if self.told.as_ref() != Some(&news) {
            self.told = Some(news.clone());
            tell(news);
        }
    }

    async fn take_step(&self) -> Result<Answer, Failure> {
        let step = self.election.step(Timestamp::now());
        let reply = self.send(&step).await?;
        let read = |body: &str| {
            serde_json::from_str::<Lease>(body)
                .map_err(|_| Failure::Undecodable { cause: Cause("it is no Lease".into()) })
        };
        match (step, reply.status) {
            (Step::Read, status) if status.is_success() => Ok(Answer::Is(read(&reply.body)?)),
            (Step::Make(_) | Step::Write(_), status) if status.is_success() => {
                Ok(Answer::Written(read(&reply.body)?))
            }
            // A namespace that is not there refuses a Lease to be made in the same words.
            (Step::Read | Step::Write(_), StatusCode::NOT_FOUND) => Ok(Answer::Absent),
            (Step::Make(_) | Step::Write(_), StatusCode::CONFLICT) => Ok(Answer::Outrun),
            (_, status) => Err(Failure::refused(status, reply.wait, &reply.body, &self.api.credential)),
        }
    }

    async fn send(&self, step: &Step) -> Result<Reply, Failure> {
        let one = format!("{}/{}", self.leases, self.name);
        let body = |lease: &Lease| {
            let version = &lease.metadata.resource_version;
            let mut metadata = serde_json::json!({"name": self.name});
            if !version.is_empty() {
                metadata["resourceVersion"] = version.as_str().into();
            }
            let whole = serde_json::json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": lease.spec,
            });
            Some((JSON, whole.to_string().into_bytes()))
        };
        // So short that a try that hangs leaves time for another before the time is over.
        let limit = self.terms.renew_within / 2;
        let ask = match step {
            Step::Read => Ask::get(Verb::Get, &one),
            Step::Make(lease) => Ask {
                verb: Verb::Write,
                method: Method::POST,
                path: &self.leases,
                accept: JSON,
                body: body(lease),
            },
            Step::Write(lease) => {
                Ask { verb: Verb::Write, method: Method::PUT, path: &one, accept: JSON, body: body(lease) }
            }
        };
        self.api.once(&ask, limit).await
    }

    fn trouble_of(&self, failure: &Failure) -> Skipped {
        Skipped {
            what: format!("Lease {}", self.name),
            reason: failure.in_one_line(),
            needs: failure
                .is_forbidden()
                .then(|| "get, create, update on leases.coordination.k8s.io".to_owned()),
            next: failure.is_forbidden().then(|| "apply deploy/rbac/leader.yaml".to_owned()),
        }
    }
}
