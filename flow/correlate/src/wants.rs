//! Which proofs are wanted.

use jiff::Timestamp;
use pullmedic_model::Certainty;
use pullmedic_model::incident::input::ContainerKey;
use pullmedic_model::incident::{IncidentId, Phase};

use crate::cause::Of;
use crate::correlator::Correlator;
use crate::live::Live;
use crate::{Wanted, Why};

impl Correlator {
    /// The proofs that are wanted now, most urgent first: for each incident one, of a container that stands for all,
    /// and where a verdict differs between namespaces few further ones, for their own details and remedies.
    ///
    /// A proof stays wanted until it is told of by `Judged` or `NotJudged`.
    pub fn wants(&self, now: Timestamp) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for (due, id) in self.probes.until(now) {
            if let Some(live) = self.lives.get(id) {
                let why = if live.incident.cost.proofs == 0 { Why::First } else { Why::Again };
                wanted.extend(self.representative(live, now).map(|key| self.wanted(id, key, why, due)));
            }
        }
        for (id, live) in &self.lives {
            if live.incident.next_probe.is_none_or(|next| next > now) {
                wanted.extend(self.parts(id, live, now));
            }
        }
        wanted.sort_by(|a, b| (a.why, a.due, &a.incident).cmp(&(b.why, b.due, &b.incident)));
        wanted
    }

    /// A container that stands for all: of a namespace where a proof could be run, as far as is known, and one that no
    /// proof answers yet before one that is answered.
    fn representative<'a>(&self, live: &'a Live, now: Timestamp) -> Option<&'a ContainerKey> {
        let may = |namespace: &str| live.refused.get(namespace).is_none_or(|&until| until <= now);
        let news = live.noted.look_in.as_deref();
        let all = news.into_iter().chain(live.namespaces());
        all.filter(|namespace| may(namespace)).find_map(|name| live.first_in(name)).map(|key| &**key)
    }

    fn parts(&self, id: &IncidentId, live: &Live, now: Timestamp) -> Vec<Wanted> {
        let incident = &live.incident;
        let differs = match live.of {
            Of::Login | Of::Access | Of::Secret | Of::Image => true,
            Of::Endpoint | Of::Limit | Of::Node | Of::Rest => false,
        };
        let Some(verdict) = live.verdict.as_ref() else { return Vec::new() };
        if !differs
            || incident.phase == Phase::Resolved
            || incident.certainty == Certainty::Undecided
            || live.held
        {
            return Vec::new();
        }
        let known = incident.touched.values().filter(|touched| touched.detail.is_some()).count();
        let room = (self.settings.most_parts + 1).saturating_sub(known);
        let without = live.namespaces().filter(|namespace| {
            incident.touched.get(*namespace).is_some_and(|touched| touched.detail.is_none())
                && live.refused.get(*namespace).is_none_or(|&until| until <= now)
        });
        without
            .take(room)
            .filter_map(|namespace| live.first_in(namespace))
            .map(|key| self.wanted(id, key, Why::Part, verdict.at))
            .collect()
    }

    fn wanted(&self, id: &IncidentId, key: &ContainerKey, why: Why, due: Timestamp) -> Wanted {
        Wanted {
            incident: id.clone(),
            container: key.clone(),
            host: self.members.get(key).and_then(|member| member.waits.host.clone()),
            namespace: key.namespace.clone(),
            why,
            due,
        }
    }
}
