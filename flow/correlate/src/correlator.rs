//! What is held, and the way in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::incident::input::{ContainerKey, Input, Ran, Told};
use pullmedic_model::incident::{Event, Fingerprint, IncidentId};
use pullmedic_model::sighting::Owner;
use pullmedic_model::{Endpoint, Incident};

use crate::agenda::{Agenda, Due, later};
use crate::intake::Departed;
use crate::key::Verdict;
use crate::live::{Live, Members};
use crate::pulls::Pulls;
use crate::ran::LastGood;
use crate::{Change, Settings, Weight};

/// A clock that goes back by less than this is held still instead: several clocks tell.
const HELD_STILL: SignedDuration = SignedDuration::from_mins(1);

/// Sightings and verdicts to incidents.
#[derive(Debug)]
pub struct Correlator {
    pub(crate) settings: Settings,
    /// The time of the latest input.
    pub(crate) now: Timestamp,
    pub(crate) members: Members,
    pub(crate) lives: BTreeMap<IncidentId, Live>,
    pub(crate) by_fingerprint: BTreeMap<Fingerprint, IncidentId>,
    /// By what incidents from before a restart were known, until the first list is complete.
    pub(crate) known: BTreeMap<Fingerprint, IncidentId>,
    /// Proofs by what they answer, with the incident that has them.
    pub(crate) answers: BTreeMap<Fingerprint, (Arc<Verdict>, IncidentId)>,
    /// Containers by the proofs that would answer them.
    pub(crate) waiting: BTreeMap<Fingerprint, BTreeSet<Arc<ContainerKey>>>,
    pub(crate) by_image: BTreeMap<String, BTreeSet<Arc<ContainerKey>>>,
    /// By registry the incidents of its images, with how many containers.
    pub(crate) of_host: BTreeMap<Endpoint, BTreeMap<IncidentId, u32>>,
    /// By image the nodes whose fault it is that it cannot be pulled there.
    pub(crate) apart: BTreeMap<String, Vec<String>>,
    pub(crate) pulls: Pulls,
    pub(crate) last_good: LastGood,
    pub(crate) departed: Departed,
    pub(crate) agenda: Agenda<Due>,
    pub(crate) probes: Agenda<IncidentId>,
    /// Incidents that are not resolved, by the namespace that began them.
    pub(crate) begun: BTreeMap<String, usize>,
    pub(crate) active: usize,
    /// Resolved incidents, by when.
    pub(crate) resolved: BTreeSet<(Timestamp, IncidentId)>,
    pub(crate) overlooked: u64,
}

impl Correlator {
    /// One that knows of nothing yet.
    pub fn new(settings: Settings) -> Correlator {
        Correlator {
            settings,
            now: Timestamp::MIN,
            members: Members::new(),
            lives: BTreeMap::new(),
            by_fingerprint: BTreeMap::new(),
            known: BTreeMap::new(),
            answers: BTreeMap::new(),
            waiting: BTreeMap::new(),
            by_image: BTreeMap::new(),
            of_host: BTreeMap::new(),
            apart: BTreeMap::new(),
            pulls: Pulls::default(),
            last_good: LastGood::default(),
            departed: Departed::default(),
            agenda: Agenda::default(),
            probes: Agenda::default(),
            begun: BTreeMap::new(),
            active: 0,
            resolved: BTreeSet::new(),
            overlooked: 0,
        }
    }

    /// Takes one thing in, and says what changed: first what time alone brought, by the input's clock.
    ///
    /// What is told of containers and nodes at one moment may come in any order, as long as what is told of one pod
    /// keeps its own. A proof takes time, so it comes at a moment of its own.
    pub fn take(&mut self, input: &Input) -> Vec<Change> {
        let mut out = Vec::new();
        let at = self.clock(input.at);
        self.advance(at, &mut out);
        match &input.told {
            Told::Waits(waits) => self.waits(at, waits, &mut out),
            Told::Past(key) => self.past(at, key, &mut out),
            Told::Gone(gone) => self.gone(at, gone, &mut out),
            Told::Pulled(pulled) => self.pulled(at, pulled, &mut out),
            Told::Ran(ran) => self.ran(at, ran),
            Told::Judged(judged) => self.judged(at, judged, &mut out),
            Told::NotJudged(not) => self.not_judged(at, not, &mut out),
            Told::Owners(informed) => self.informed(at, informed, &mut out),
            Told::Tick => {}
        }
        out
    }

    /// The time to go by: never earlier than before, but where the clock was set back by much.
    fn clock(&mut self, at: Timestamp) -> Timestamp {
        if self.now != Timestamp::MIN && later(at, HELD_STILL) < self.now {
            let by = self.now.duration_since(at);
            self.agenda.earlier(by);
            self.probes.earlier(by);
            for live in self.lives.values_mut() {
                live.earlier(by);
            }
            self.now = at;
        }
        self.now = self.now.max(at);
        self.now
    }

    /// When a [`Told::Tick`] next matters; `None`: not before something else is told.
    pub fn due(&self) -> Option<Timestamp> {
        let probe = self.probes.after(self.now);
        [self.agenda.next(), probe].into_iter().flatten().min()
    }

    /// One incident; `None` when it is not held, or no more.
    pub fn incident(&self, id: &IncidentId) -> Option<&Incident> {
        self.lives.get(id).map(|live| &live.incident)
    }

    /// All incidents held, also those resolved lately, in the order of their ids.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.lives.values().map(|live| &live.incident)
    }

    /// The incident of a container; `None` when it does not wait.
    pub fn of_container(&self, key: &ContainerKey) -> Option<&IncidentId> {
        self.members.get(key).map(|member| &member.incident)
    }

    /// The images that last ran for an owner, newest first, at most six; empty when none is known.
    pub fn last_good(&self, namespace: &str, owner: &Owner) -> &[Ran] {
        self.last_good.of(namespace, owner)
    }

    /// Containers that were told of and not taken in, because too many wait.
    pub const fn overlooked(&self) -> u64 {
        self.overlooked
    }

    /// How many entries everything together holds: for a metric, and to see that it does not grow.
    pub fn held(&self) -> usize {
        self.members.len()
            + self.lives.len()
            + self.by_fingerprint.len()
            + self.known.len()
            + self.answers.len()
            + self.waiting.len()
            + self.by_image.len()
            + self.of_host.len()
            + self.apart.len()
            + self.pulls.len()
            + self.last_good.len()
            + self.departed.len()
            + self.agenda.len()
            + self.probes.len()
            + self.begun.len()
            + self.resolved.len()
    }
}

/// Writes down a change of an incident.
pub(crate) fn tell(out: &mut Vec<Change>, incident: &IncidentId, what: Event, weight: Weight) {
    out.push(Change { incident: incident.clone(), what, weight });
}
