//! What is done beside the loop: objects read, proofs run.

use std::sync::Arc;

use jiff::Timestamp;
use pullmedic_cluster::Standing;
use pullmedic_correlate::Wanted;
use pullmedic_model::incident::input::{Input, NotJudged, Told};
use tokio::task::Id;
use tokio::time::Instant;

use super::{Engine, TARGET};
use crate::controller::around::{Got, Need};
use crate::controller::proof::Proven;

/// Objects that are read at once beside those that proofs need.
const READS: usize = 8;
/// How often what a proof needs leads to further needs, such as the owner of an owner.
const ROUNDS: u32 = 4;
/// How often what stands in the cluster is read in vain.
const STANDING_TRIES: u32 = 3;

/// What a task beside the loop came to.
pub(super) enum Done {
    Read(Vec<(Need, Got)>),
    Proof(Proven),
    /// What stands in the cluster; `None`: it could not be read.
    Standing(Option<Box<Standing>>),
}

/// What a task is for.
pub(super) enum Job {
    /// Objects that the world asked for.
    Read,
    /// A proof, or what it needs; how often it read so far.
    Proof(Box<Wanted>, u32),
    /// What stands in the cluster, before we lead; how often that failed.
    Standing(u32),
}

impl Engine {
    pub(super) fn read(&mut self) {
        let reading = self.running.values().filter(|job| matches!(job, Job::Read)).count();
        for _ in reading..READS {
            let Some(need) = self.reads.pop_front() else { return };
            let reader = Arc::clone(&self.prover);
            let task = self.jobs.spawn(async move {
                let got = reader.read(&need).await;
                Done::Read(vec![(need, got)])
            });
            self.running.insert(task.id(), Job::Read);
        }
    }

    pub(super) fn seek_proofs(&mut self, now: Timestamp) {
        if !self.probe {
            return;
        }
        let wants = self.correlator.wants(now);
        self.oldest = wants.iter().map(|wanted| wanted.due).min();
        self.queue.offer(&wants);
        while let Some(wanted) = self.queue.next(now) {
            self.prove(Box::new(wanted), 0, now);
        }
    }

    /// Goes on with a proof: reads what it needs, then asks.
    fn prove(&mut self, wanted: Box<Wanted>, rounds: u32, now: Timestamp) {
        let prover = Arc::clone(&self.prover);
        let key = wanted.container.clone();
        let Some(needs) = self.world.missing(&key, now) else {
            let because = "the container waits no more".to_owned();
            self.proven(&wanted, Told::NotJudged(NotJudged { container: key, because, again: None }));
            return;
        };
        let task = if needs.is_empty() || rounds >= ROUNDS {
            let Some(scene) = self.world.scene(&key, now) else {
                let because = "the container is not seen to wait at this moment".to_owned();
                let again = now.checked_add(jiff::SignedDuration::from_secs(30)).ok();
                self.proven(&wanted, Told::NotJudged(NotJudged { container: key, because, again }));
                return;
            };
            self.jobs.spawn(async move { Done::Proof(prover.prove(key, scene).await) })
        } else {
            self.jobs.spawn(async move {
                let read = needs.into_iter().map(|need| async {
                    let got = prover.read(&need).await;
                    (need, got)
                });
                Done::Read(futures_util::future::join_all(read).await)
            })
        };
        self.running.insert(task.id(), Job::Proof(wanted, rounds + 1));
    }

    pub(super) fn finished(&mut self, done: Result<(Id, Done), tokio::task::JoinError>) {
        let (id, done) = match done {
            Ok((id, done)) => (id, Some(done)),
            // A panic of one proof is its own: the others go on.
            Err(error) => (error.id(), None),
        };
        let now = self.clock.now();
        let Some(job) = self.running.remove(&id) else { return };
        match (job, done) {
            (job, Some(Done::Read(read))) => {
                for (need, got) in read {
                    self.asked.remove(&need);
                    let heard = self.world.learn(need, got, now);
                    self.heard(heard);
                }
                if let Job::Proof(wanted, rounds) = job {
                    self.prove(wanted, rounds, now);
                }
            }
            (Job::Proof(wanted, _), Some(Done::Proof(proven))) => {
                let Proven { told, asked, guard, took } = proven;
                if let Some(guard) = guard {
                    self.status.guarded(guard);
                }
                self.status.proven(&told, &asked, took);
                self.proven(&wanted, told);
            }
            (Job::Proof(wanted, _), None) => {
                let because = "the proof failed for a fault of pullmedic's own".to_owned();
                tracing::error!(target: TARGET, incident = %wanted.incident, because, "proof");
                let container = wanted.container.clone();
                let again = now.checked_add(jiff::SignedDuration::from_hours(1)).ok();
                self.proven(&wanted, Told::NotJudged(NotJudged { container, because, again }));
            }
            (Job::Standing(_), Some(Done::Standing(Some(standing)))) => self.begin(&standing),
            // Where they may not be read at all, what was kept has to do.
            (Job::Standing(failed), _) if failed >= STANDING_TRIES => self.begin(&Standing::default()),
            (Job::Standing(failed), _) => self.take_over(failed + 1),
            (Job::Read, Some(Done::Proof(_) | Done::Standing(_)) | None)
            | (Job::Proof(..), Some(Done::Standing(_))) => {}
        }
    }

    fn proven(&mut self, wanted: &Wanted, told: Told) {
        let now = self.clock.now();
        let requests = match &told {
            Told::Judged(judged) => judged.requests,
            _ => 0,
        };
        self.queue.done(wanted, requests, now);
        match &told {
            Told::Judged(judged) => tracing::debug!(
                target: TARGET,
                incident = %wanted.incident,
                cause = judged.judgement.cause.code(),
                certainty = judged.judgement.certainty.code(),
                requests,
                "proof"
            ),
            Told::NotJudged(not) => {
                tracing::debug!(target: TARGET, incident = %wanted.incident, because = not.because, "no proof")
            }
            _ => {}
        }
        self.tell(Input { at: now, told });
        // Whatever was kept from running by this one may run now.
        self.seek = Some(Instant::now());
    }
}
