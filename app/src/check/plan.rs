//! Each image once for the same logins and platforms. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pullmedic_model::Reference;
use pullmedic_model::check::{AskedBy, Note};
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::reference::InvalidReference;

use super::gather::{Gathered, Who};

/// One image to look at.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) image: String,
    pub(super) reference: Reference,
    pub(super) who: Who,
    /// The platforms that are wanted; empty: none is known.
    pub(super) platforms: Vec<Platform>,
    /// Whether the user names them.
    pub(super) certain: bool,
    /// Platforms of nodes on which pods of it stand.
    pub(super) bound: BTreeSet<Platform>,
    pub(super) by: BTreeSet<AskedBy>,
    /// What runs of it: `imageID`, the platform of its node, who runs it.
    pub(super) runs: BTreeMap<(String, Option<Platform>), BTreeSet<AskedBy>>,
}

impl Job {
    /// Whether the platform is wanted for certain. A template may be bound to any node, also to one that is not there yet.
    pub(super) fn wants(&self, platform: &Platform) -> bool {
        self.certain || self.bound.contains(platform)
    }
}

/// Everything that is to be looked at and said.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    /// Images that do not parse.
    pub(super) invalid: BTreeMap<String, (InvalidReference, BTreeSet<AskedBy>)>,
    /// Traps, by image.
    pub(super) notes: BTreeMap<(String, Note, String), BTreeSet<AskedBy>>,
}

/// Plans the check of everything that was gathered; `platforms` are those that the user names.
pub(super) fn plan(gathered: &Gathered, platforms: &[Platform]) -> Plan {
    let of_nodes = gathered.platforms();
    let mut plan = Plan::default();
    let mut known: HashMap<(&str, &Who, Vec<Platform>), usize> = HashMap::new();
    for (asked, who) in &gathered.asked {
        let by = || Some(asked.by.clone()).filter(|by| !by.owner.is_empty());
        let reference = match Reference::parse(&asked.image) {
            Ok(reference) => reference,
            Err(why) => {
                let (_, all) =
                    plan.invalid.entry(asked.image.clone()).or_insert_with(|| (why, BTreeSet::new()));
                all.extend(by());
                continue;
            }
        };
        for (note, detail) in pullmedic_prevent::traps(&reference, &asked.policy) {
            plan.notes.entry((asked.image.clone(), note, detail)).or_default().extend(by());
        }
        if asked.policy == "Never" {
            continue;
        }
        let node = asked.node.as_ref().and_then(|node| gathered.nodes.get(node)?.platform.clone());
        let (wanted, certain) = if platforms.is_empty() {
            (pullmedic_prevent::selected(&of_nodes, &asked.selector), false)
        } else {
            (platforms.to_vec(), true)
        };
        let at = *known.entry((&asked.image, who, wanted.clone())).or_insert_with(|| {
            plan.jobs.push(Job {
                image: asked.image.clone(),
                reference,
                who: who.clone(),
                platforms: wanted,
                certain,
                bound: BTreeSet::new(),
                by: BTreeSet::new(),
                runs: BTreeMap::new(),
            });
            plan.jobs.len() - 1
        });
        plan.jobs[at].bound.extend(node.clone());
        if let Some(by) = by() {
            if let Some(runs) = &asked.runs {
                plan.jobs[at].runs.entry((runs.clone(), node)).or_default().insert(by.clone());
            }
            // Many pods of one owner are one that asks.
            plan.jobs[at].by.insert(by);
        }
    }
    plan
}
