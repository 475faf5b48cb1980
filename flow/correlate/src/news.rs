//! What happens beside an undecided incident and may decide it: another workload of the namespace comes to run, with a
//! pull secret that works, or a container is pulled for with other secrets.

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Certainty;
use pullmedic_model::incident::input::Ran;
use pullmedic_model::incident::{IncidentId, Phase};
use pullmedic_model::sighting::Owner;

use crate::agenda::{later, sooner};
use crate::cause::Of;
use crate::correlator::Correlator;
use crate::live::Live;

/// How long after news an incident is asked about again; so never sooner after its last proof either.
const SOON: SignedDuration = SignedDuration::from_secs(10);
/// The least time between two looks for news: after none, one and two looks within [`WINDOW`]. What comes in between is
/// looked at then, so that the last news is never lost, and churn costs no refused logins that a lock-out counts.
const APART: [SignedDuration; 3] =
    [SignedDuration::ZERO, SignedDuration::from_mins(1), SignedDuration::from_mins(10)];
/// The time in which one incident gets no more looks than [`APART`] has entries, and an owner causes one.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// Whose news it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) namespace: String,
    /// `None`: a bare pod's.
    pub(crate) owner: Option<Owner>,
}

/// The news of one incident.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// Looks for the sake of news within [`WINDOW`], oldest first, with whose it was.
    looks: Vec<(Timestamp, News)>,
    /// What came while a proof was due, and may have come too late for it.
    late: Option<News>,
    /// Where the next look is best taken.
    pub(crate) look_in: Option<String>,
}

impl Noted {
    /// The clock was set back by so much.
    pub(crate) fn earlier(&mut self, by: SignedDuration) {
        self.looks.iter_mut().for_each(|(at, _)| *at = sooner(*at, by));
    }

    /// When a look for this news may be, if one may.
    fn may(&mut self, news: &News, at: Timestamp) -> Option<Timestamp> {
        self.looks.retain(|(look, _)| later(*look, WINDOW) > at);
        if self.looks.iter().any(|(_, before)| before == news) {
            return None;
        }
        let soon = later(at, SOON);
        let spaced = match (APART.get(self.looks.len()), self.looks.first(), self.looks.last()) {
            (Some(&apart), _, Some((last, _))) => later(*last, apart),
            (None, Some((first, _)), _) => later(*first, WINDOW),
            (Some(_) | None, _, None) | (None, None, Some(_)) => soon,
        };
        Some(soon.max(spaced))
    }
}

impl Correlator {
    /// An image came to run: what is undecided for a login's sake in its namespace is asked about again soon.
    pub(crate) fn ran(&mut self, at: Timestamp, ran: &Ran) {
        self.last_good.keep(at, ran);
        let there = |live: &Live| live.touches(&ran.namespace) && may_be_decided(live);
        let ids = self.lives.iter().filter(|(_, live)| there(live)).map(|(id, _)| id.clone());
        let ids: Vec<IncidentId> = ids.collect();
        let news = News { namespace: ran.namespace.clone(), owner: Some(ran.owner.clone()) };
        for id in ids {
            self.look_for(&id, &news, at);
        }
    }

    /// Has an undecided incident asked about sooner, for the sake of news.
    pub(crate) fn look_for(&mut self, id: &IncidentId, news: &News, at: Timestamp) {
        let Some(live) = self.lives.get_mut(id).filter(|live| may_be_decided(live)) else { return };
        let due = live.incident.next_probe;
        if due.is_some_and(|due| due <= at) {
            live.noted.late = Some(news.clone());
            return;
        }
        if !live.judged() {
            return;
        }
        let Some(look) = live.noted.may(news, at).filter(|&look| due.is_none_or(|due| look < due)) else {
            return;
        };
        live.noted.looks.push((look, news.clone()));
        live.noted.look_in = Some(news.namespace.clone());
        live.incident.next_probe = Some(look);
        self.probes.set(id.clone(), Some(look).filter(|_| !live.members.is_empty()));
    }

    /// A proof was run: what came too late for it is looked at next.
    pub(crate) fn catch_up(&mut self, id: &IncidentId, at: Timestamp) {
        let Some(live) = self.lives.get_mut(id) else { return };
        live.noted.look_in = None;
        if let Some(news) = live.noted.late.take() {
            self.look_for(id, &news, at);
        }
    }
}

/// Whether it is undecided, and of what another workload's secrets may decide. What shows until the first list is
/// complete ran before.
fn may_be_decided(live: &Live) -> bool {
    let of_login = match live.of {
        Of::Login | Of::Access | Of::Secret => true,
        Of::Endpoint | Of::Limit | Of::Image | Of::Node | Of::Rest => false,
    };
    let incident = &live.incident;
    of_login && !live.held && incident.phase != Phase::Resolved && incident.certainty == Certainty::Undecided
}
