//! What makes waiting containers one incident, and which of them one proof answers.

use std::sync::Arc;

use jiff::Timestamp;
use pullmedic_model::incident::Fingerprint;
use pullmedic_model::incident::input::{Judged, Judgement, Waits};
use pullmedic_model::{Cause, Certainty};

use crate::cause::{Of, row};

/// What a proof made of a container, as long as it answers for others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) at: Timestamp,
    pub(crate) judgement: Judgement,
    pub(crate) login: Option<String>,
    pub(crate) quota: Option<String>,
    /// The container that it was reached for; `None` when it is from before a restart.
    pub(crate) waits: Option<Arc<Waits>>,
    /// Set when it is of an incident from before a restart or from before it was resolved: that incident's
    /// fingerprint, since not all that it was made from is kept.
    pub(crate) known: Option<(Fingerprint, Of)>,
    /// Its incident was resolved since: it says whose the container is, and gives way to any proof.
    pub(crate) stale: bool,
}

impl Verdict {
    pub(crate) fn of(at: Timestamp, judged: &Judged, waits: &Waits) -> Verdict {
        Verdict {
            at,
            waits: Some(Arc::new(waits.clone())),
            judgement: judged.judgement.clone(),
            login: judged.login.clone(),
            quota: judged.quota.clone(),
            known: None,
            stale: false,
        }
    }

    /// Whether it speaks in place of another about the same container. What was decided is not undone by a later
    /// proof that decides nothing: the words are still the same.
    pub(crate) fn replaces(&self, other: &Verdict) -> bool {
        if self.stale != other.stale {
            return other.stale;
        }
        let same = self.cause() == other.cause();
        match (self.decides(), other.decides()) {
            (true, false) => true,
            (false, true) => false,
            (true, true) if same && self.judgement.certainty != other.judgement.certainty => {
                self.judgement.certainty > other.judgement.certainty
            }
            (true, true) | (false, false) => self.order() > other.order(),
        }
    }

    /// Whether it says more than that several causes are left.
    pub(crate) fn decides(&self) -> bool {
        match self.judgement.certainty {
            Certainty::Undecided => false,
            Certainty::Likely | Certainty::Proven => true,
        }
    }

    pub(crate) fn cause(&self) -> Cause {
        cause(&self.judgement)
    }

    /// Whether it speaks in place of what a proof for another made of a container: where that decided, only for the
    /// same cause, since it was reached for what is more like it.
    pub(crate) fn speaks_over(&self, other: &Verdict) -> bool {
        (other.stale || !other.decides() || self.cause() == other.cause()) && self.replaces(other)
    }

    fn order(&self) -> (Timestamp, Certainty, Cause, Option<&str>, &str) {
        let judgement = &self.judgement;
        (self.at, judgement.certainty, cause(judgement), self.login.as_deref(), &judgement.summary)
    }
}

/// The cause that decides: of a sandbox image the inner one.
pub(crate) fn cause(judgement: &Judgement) -> Cause {
    judgement.inner.unwrap_or(judgement.cause)
}

/// The fingerprint of a container's incident, and what it is a fault of. `image`: as a reference writes it. `apart`:
/// other nodes really pulled the same image since.
///
/// | fault of | parts beside the cause and the mark of a sandbox |
/// |---|---|
/// | endpoint | the endpoint that failed, else the registry, else the image |
/// | limit | the same, and whose limit it is |
/// | login | the registry, and the login; while none is known the namespace and its pull secrets |
/// | access | the image, the namespace and its pull secrets |
/// | secret | the namespace and its pull secrets |
/// | image | the image |
/// | node, or set apart | the node; while bound to none the image |
pub(crate) fn group(waits: &Waits, image: &str, verdict: Option<&Verdict>, apart: bool) -> (Fingerprint, Of) {
    if let Some(known) = verdict.and_then(|verdict| verdict.known) {
        return known;
    }
    let judgement = verdict.map_or(&waits.by_words, |verdict| &verdict.judgement);
    let cause = cause(judgement);
    let row = row(cause);
    let of = if apart && row.apart && waits.node.is_some() { Of::Node } else { row.of };
    let sandbox = judgement.cause == Cause::SandboxImage;
    let mark = if sandbox { "sandbox" } else { "" };
    let registry = waits.host.as_ref().map_or(image, |host| host.as_str());
    let endpoint = judgement.endpoint.as_ref().map_or(registry, |endpoint| endpoint.as_str());
    let mut parts = vec![mark, cause.code()];
    match of {
        Of::Endpoint => parts.extend(["endpoint", endpoint]),
        Of::Limit => {
            let whose = verdict.and_then(|verdict| verdict.quota.as_deref()).unwrap_or_default();
            parts.extend(["limit", endpoint, whose]);
        }
        Of::Login => match verdict.and_then(|verdict| verdict.login.as_deref()) {
            Some(login) => parts.extend(["login", registry, login]),
            None => {
                parts.extend(["secrets", registry]);
                parts.extend(keys(waits, sandbox));
            }
        },
        Of::Access => {
            parts.extend(["access", image]);
            parts.extend(keys(waits, sandbox));
        }
        Of::Secret => {
            parts.push("secret");
            parts.extend(keys(waits, sandbox));
        }
        Of::Image => parts.extend(["image", image]),
        Of::Node => match &waits.node {
            Some(node) => parts.extend(["node", node]),
            None => parts.extend(["image", image]),
        },
        Of::Rest => return (rest(&waits.container.namespace), of),
    }
    (Fingerprint::of(&parts), of)
}

/// The fingerprint of what is not told apart in a namespace.
pub(crate) fn rest(namespace: &str) -> Fingerprint {
    Fingerprint::of(&["rest", namespace])
}

/// Whose pull it is. A sandbox image is pulled with none of the pod's credentials (rule 15).
fn keys(waits: &Waits, sandbox: bool) -> impl Iterator<Item = &str> {
    let own =
        std::iter::once(waits.container.namespace.as_str()).chain(waits.secrets.iter().map(String::as_str));
    own.filter(move |_| !sandbox)
}

/// How far a proof reaches among containers with the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    Endpoint,
    Node,
    Image,
    Login,
    Access,
    Container,
}

impl Reach {
    /// Widest first.
    pub(crate) const ALL: [Reach; 6] =
        [Reach::Endpoint, Reach::Node, Reach::Image, Reach::Login, Reach::Access, Reach::Container];

    /// How far a verdict reaches that was reached for this container.
    pub(crate) fn of(waits: &Waits, verdict: &Verdict, apart: bool) -> Reach {
        let cause = cause(&verdict.judgement);
        let row = row(cause);
        if apart && row.apart && waits.node.is_some() {
            return Reach::Node;
        }
        let sandbox = verdict.judgement.cause == Cause::SandboxImage;
        match row.of {
            Of::Endpoint => Reach::Endpoint,
            // Whose limit it is was seen with one login; without it is said of the address that all share.
            Of::Limit if verdict.quota.is_some() && verdict.login.is_some() => Reach::Login,
            Of::Limit => Reach::Endpoint,
            Of::Login if sandbox => Reach::Endpoint,
            // A right is given for a repository: what one image's refusal says of another is not known.
            Of::Login if cause == Cause::Forbidden => Reach::Access,
            Of::Login | Of::Secret => Reach::Login,
            Of::Access => Reach::Access,
            Of::Image => Reach::Image,
            Of::Node if waits.node.is_some() => Reach::Node,
            Of::Node | Of::Rest => Reach::Container,
        }
    }
}

/// The name of the proofs that reach so far, for a container: one proof found under it answers the container.
pub(crate) fn answer(waits: &Waits, image: &str, reach: Reach) -> Option<Fingerprint> {
    let registry = waits.host.as_ref().map_or(image, |host| host.as_str());
    let endpoint = waits.by_words.endpoint.as_ref().map_or(registry, |endpoint| endpoint.as_str());
    let sandbox = waits.by_words.cause == Cause::SandboxImage;
    let mut parts = vec![waits.words.as_str()];
    match reach {
        Reach::Endpoint => parts.extend(["by endpoint", endpoint]),
        Reach::Node => parts.extend(["by node", waits.node.as_deref()?]),
        Reach::Image => parts.extend(["by image", image]),
        Reach::Login => {
            parts.extend(["by login", registry]);
            parts.extend(keys(waits, sandbox));
        }
        Reach::Access => {
            parts.extend(["by access", image]);
            parts.extend(keys(waits, sandbox));
        }
        Reach::Container => {
            let key = &waits.container;
            parts.extend(["by container", &key.namespace, &key.pod, &key.container, key.kind.code(), image]);
            parts.extend(keys(waits, sandbox));
        }
    }
    Some(Fingerprint::of(&parts))
}
