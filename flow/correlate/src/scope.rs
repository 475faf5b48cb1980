//! How far a fault reaches, found by comparison with what was really pulled since.

use jiff::Timestamp;
use pullmedic_model::Cause;
use pullmedic_model::incident::Scope;

use crate::cause::Of;
use crate::key;
use crate::live::{Live, Members};
use crate::pulls::Pulls;

/// How far an incident reaches.
///
/// | it is of | reaches | unless |
/// |---|---|---|
/// | endpoint, limit | the endpoint | it is of one image, and another was really pulled from there since: that image |
/// | login, secret | the login | |
/// | access | the image | |
/// | image | the image | its one node really pulled it since, or nothing else is known and it is one pod: that pod |
/// | node | the node | |
pub(crate) fn of(live: &Live, members: &Members, pulls: &Pulls) -> Scope {
    let incident = &live.incident;
    let since = incident.since.unwrap_or(incident.seen_at).min(incident.seen_at);
    let first = live.members.first().and_then(|key| members.get(key));
    match live.of {
        Of::Endpoint | Of::Limit => {
            let elsewhere = first.is_some_and(|first| {
                let host = first.waits.host.as_ref();
                incident.image.is_some() && host.is_some_and(|host| pulls.another(host, &first.image, since))
            });
            if elsewhere { Scope::Image } else { Scope::Endpoint }
        }
        Of::Login | Of::Secret => Scope::Credential,
        Of::Access => Scope::Image,
        Of::Node => Scope::Node,
        Of::Rest => Scope::Pod,
        Of::Image => {
            let same_node = first.is_some_and(|first| {
                let node = incident.node.as_deref();
                node.is_some() && pulls.since(&first.image, since).any(|(_, pulled)| Some(pulled) == node)
            });
            let cause = first.map(|first| key::cause(first.judgement())).unwrap_or(incident.cause);
            if same_node || (alone(cause) && incident.counts.pods <= 1) { Scope::Pod } else { Scope::Image }
        }
    }
}

/// Whether the cause says nothing of the image: of one pod it is that pod's until another has it too.
fn alone(cause: Cause) -> bool {
    [Cause::Unknown, Cause::PullStalled, Cause::PullCancelled].contains(&cause)
}

/// Which nodes are set apart for an image: they still fail though others really pulled it since, and they are not more
/// than those. More than the digests of pulls can answer are never set apart: a registry that answers now and then is
/// no fault of a thousand nodes.
pub(crate) fn apart<'a>(
    failing: impl Iterator<Item = Failing<'a>>,
    image: &str,
    pulls: &Pulls,
    now: Timestamp,
) -> Vec<String> {
    let mut nodes: std::collections::BTreeMap<&str, (Timestamp, Timestamp)> =
        std::collections::BTreeMap::new();
    for failing in failing {
        let least = crate::agenda::sooner(now, crate::member::BACK_OFF);
        let tried_at = failing.tried_at.max(least);
        let (since, tried) = nodes.entry(failing.node).or_insert((failing.since, tried_at));
        *since = (*since).min(failing.since);
        *tried = (*tried).max(tried_at);
        if nodes.len() > crate::pulls::NODES {
            return Vec::new();
        }
    }
    let mut set_apart = Vec::new();
    for (&node, &(since, tried_at)) in &nodes {
        let pulled: Vec<(Timestamp, &str)> = pulls.since(image, since).collect();
        let itself = pulled.iter().any(|&(_, other)| other == node);
        let others =
            pulled.iter().filter(|&&(at, other)| !nodes.contains_key(other) && at < tried_at).count();
        if !itself && others >= nodes.len() {
            set_apart.push(node.to_owned());
        }
    }
    set_apart
}

/// A container that still fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failing<'a> {
    pub(crate) node: &'a str,
    pub(crate) since: Timestamp,
    pub(crate) tried_at: Timestamp,
}
