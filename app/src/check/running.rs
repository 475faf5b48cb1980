//! What runs now: an image that a container runs was there for somebody, whatever its registry answers from here. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pullmedic_model::probe::case::RunsThere;
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::{Cause, Certainty, Group, Reference};

use super::gather::{Gathered, Who};
use super::outcome::Said;
use super::plan::Job;

/// The most workloads that are named, and other images that are asked for as a control.
const NAMED: usize = 5;

/// A container that runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Run<'a> {
    owner: &'a str,
    node: Option<&'a str>,
    /// That of its node; `None`: unknown.
    platform: Option<&'a Platform>,
}

/// What runs from one host, by repository and pull secrets.
type Others<'a> = BTreeMap<(String, &'a [String]), RunsThere>;

/// Everything that runs.
#[derive(Debug, Default)]
pub(super) struct Running<'a> {
    of_image: HashMap<&'a str, BTreeSet<Run<'a>>>,
    /// By namespace and host.
    there: BTreeMap<(&'a str, String), Others<'a>>,
}

impl<'a> Running<'a> {
    pub(super) fn new(gathered: &'a Gathered) -> Running<'a> {
        let mut running = Running::default();
        for (asked, who) in gathered.asked.iter().filter(|(asked, _)| asked.is_running) {
            let node = asked.node.as_deref();
            let platform = node.and_then(|node| gathered.nodes.get(node)?.platform.as_ref());
            let run = Run { owner: &asked.by.owner, node, platform };
            running.of_image.entry(&asked.image).or_default().insert(run);
            // With which logins a control is to be asked is known of pods only, whose secrets are settled.
            let (Ok(reference), Who::Secrets { namespace, names }) = (Reference::parse(&asked.image), who)
            else {
                continue;
            };
            let there = RunsThere {
                repository: reference.repository.clone(),
                reference: reference.digest.or(reference.tag).unwrap_or_else(|| "latest".to_owned()),
                owner: asked.by.owner.clone(),
                secrets: names.clone(),
            };
            let others = running.there.entry((namespace, reference.host)).or_default();
            others.entry((reference.repository, names)).or_insert(there);
        }
        running
    }

    /// The workloads whose containers run this very image.
    pub(super) fn owners(&self, image: &str) -> Vec<String> {
        let owners: BTreeSet<&str> =
            self.of_image.get(image).into_iter().flatten().map(|run| run.owner).collect();
        owners.into_iter().take(NAMED).map(str::to_owned).collect()
    }

    /// Other images of the same host that run in the namespace of the job, whose secrets may be read with its own.
    pub(super) fn there(&self, job: &Job) -> Vec<RunsThere> {
        let Who::Secrets { namespace, .. } = &job.who else { return Vec::new() };
        let found = self.there.get(&(namespace.as_str(), job.reference.host.clone()));
        let others = found.into_iter().flat_map(BTreeMap::values);
        others.filter(|other| other.repository != job.reference.repository).take(NAMED).cloned().collect()
    }

    /// Takes back what a container that runs speaks against: what is said to be not there, or not to be had, may come
    /// from where we did not ask. `platform` is that of the nodes of which it is said.
    pub(super) fn hold_back(
        &self,
        image: &str,
        platform: Option<&Platform>,
        mirrors_read: bool,
        said: &mut Said,
    ) {
        let Said::Finding { cause, certainty, detail, .. } = said else { return };
        if !may_be_had_elsewhere(*cause) {
            return;
        }
        // What runs on another platform tells nothing of this one.
        let counts = |run: &&Run<'_>| {
            *cause != Cause::PlatformMismatch
                || run.platform.zip(platform).is_none_or(|(runs, lacking)| runs == lacking)
        };
        let Some(run) = self.of_image.get(image).into_iter().flatten().find(counts) else { return };
        *certainty = (*certainty).min(Certainty::Likely);
        let on = run.node.map(|node| format!(" on {node}")).unwrap_or_default();
        let told = match detail.take() {
            Some(detail) => format!("{}; it runs now", detail.trim_end_matches('.')),
            None => "it runs now".to_owned(),
        };
        let not_seen =
            if mirrors_read { "" } else { "; nodes' mirrors were not looked at (--node-config DIR)" };
        *detail = Some(format!(
            "{told} for {}{on}: a node's mirror or another login may have it{not_seen}",
            run.owner
        ));
    }
}

/// Causes that another host or another login would change. A secret that does not decode fails the next pull wherever
/// the image comes from.
fn may_be_had_elsewhere(cause: Cause) -> bool {
    match cause.group() {
        Group::Absent => true,
        Group::Authentication => cause != Cause::PullSecretMalformed,
        Group::Name
        | Group::Network
        | Group::Limit
        | Group::Tls
        | Group::Disk
        | Group::Policy
        | Group::Runtime => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_speaks_against_absence_and_wanting_rights_and_against_nothing_else() {
        let run = Run { owner: "Deployment/cart", node: Some("n1"), platform: None };
        let of_image = HashMap::from([("reg.test/cart:1", BTreeSet::from([run]))]);
        let running = Running { of_image, there: BTreeMap::new() };
        let judged = |cause: Cause, image: &str, mirrors_read: bool| {
            let (certainty, detail) = (Certainty::Proven, Some("it is so.".to_owned()));
            let mut said = Said::Finding { cause, certainty, detail, nearest: Vec::new() };
            running.hold_back(image, None, mirrors_read, &mut said);
            let Said::Finding { certainty, detail, .. } = said else { panic!("{said:?}") };
            (certainty, detail.unwrap())
        };
        let told =
            "it is so; it runs now for Deployment/cart on n1: a node's mirror or another login may have it";
        for (cause, held_back) in [
            (Cause::TagNotFound, true),
            (Cause::RepositoryNotFound, true),
            (Cause::PlatformMismatch, true),
            (Cause::BadCredentials, true),
            (Cause::Forbidden, true),
            (Cause::PullSecretMissing, true),
            (Cause::PullSecretMalformed, false),
            (Cause::Dns, false),
            (Cause::StaleImage, false),
        ] {
            let (certainty, detail) = judged(cause, "reg.test/cart:1", true);
            let expected =
                if held_back { (Certainty::Likely, told) } else { (Certainty::Proven, "it is so.") };
            assert_eq!((certainty, detail.as_str()), expected, "{cause:?}");
            assert_eq!(judged(cause, "reg.test/cart:2", true).0, Certainty::Proven, "{cause:?}");
        }
        let (_, detail) = judged(Cause::TagNotFound, "reg.test/cart:1", false);
        assert_eq!(detail, format!("{told}; nodes' mirrors were not looked at (--node-config DIR)"));
    }
}
