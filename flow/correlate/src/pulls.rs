//! Which node really pulled which image, newest first and few.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pullmedic_model::incident::input::Pulled;
use pullmedic_model::{Endpoint, Reference};

use crate::member::spelt;

/// Nodes kept of one image: enough to compare with, and the newest say most.
pub(crate) const NODES: usize = 8;
/// Images kept of all: the newest.
const IMAGES: usize = 8_192;
/// Registries of which the newest pulls are kept.
const HOSTS: usize = 1_024;

/// Which node really pulled which image.
#[derive(Debug, Default)]
pub(crate) struct Pulls {
    /// By image the nodes, newest first.
    nodes: BTreeMap<String, Vec<(Timestamp, String)>>,
    by_time: BTreeSet<(Timestamp, String)>,
    /// By registry the newest pull of each of two images, newest first: of the two, one is another than that in question.
    hosts: BTreeMap<Endpoint, Vec<(Timestamp, String)>>,
}

impl Pulls {
    /// Keeps it, and gives the image as it is kept, and its registry if it parses.
    pub(crate) fn keep(&mut self, pulled: &Pulled) -> (String, Option<Endpoint>) {
        let image = spelt(&pulled.image);
        let host =
            Reference::parse(&pulled.image).ok().and_then(|reference| Endpoint::parse(&reference.host).ok());
        if let Some(host) = host.clone() {
            newest(self.hosts.entry(host).or_default(), (pulled.when, image.clone()), 2);
            if self.hosts.len() > HOSTS {
                let oldest = self.hosts.iter().min_by_key(|(host, pulls)| (pulls.first().cloned(), *host));
                if let Some(oldest) = oldest.map(|(host, _)| host.clone()) {
                    self.hosts.remove(&oldest);
                }
            }
        }
        let nodes = self.nodes.entry(image.clone()).or_default();
        if let Some((before, _)) = nodes.first() {
            self.by_time.remove(&(*before, image.clone()));
        }
        newest(nodes, (pulled.when, pulled.node.clone()), NODES);
        if let Some((first, _)) = nodes.first() {
            self.by_time.insert((*first, image.clone()));
        }
        if self.nodes.len() > IMAGES
            && let Some((_, oldest)) = self.by_time.pop_first()
        {
            self.nodes.remove(&oldest);
        }
        (image, host)
    }

    /// The nodes that really pulled it since, newest first.
    pub(crate) fn since(&self, image: &str, since: Timestamp) -> impl Iterator<Item = (Timestamp, &str)> {
        let nodes = self.nodes.get(image).into_iter().flatten();
        nodes.map(|(at, node)| (*at, node.as_str())).take_while(move |(at, _)| *at >= since)
    }

    /// Whether another image than this was really pulled from the registry since.
    pub(crate) fn another(&self, host: &Endpoint, image: &str, since: Timestamp) -> bool {
        let pulls = self.hosts.get(host).into_iter().flatten();
        pulls.into_iter().any(|(at, pulled)| *at >= since && pulled != image)
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len() + self.hosts.len()
    }
}

/// Puts it into its place, in place of an older one of the same name, and keeps so many.
fn newest(pulls: &mut Vec<(Timestamp, String)>, new: (Timestamp, String), most: usize) {
    if let Some(place) = pulls.iter().position(|(_, name)| *name == new.1) {
        if pulls[place].0 >= new.0 {
            return;
        }
        pulls.remove(place);
    }
    pulls.push(new);
    pulls.sort_by(|a, b| b.cmp(a));
    pulls.truncate(most);
}
