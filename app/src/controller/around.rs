//! Owners, nodes and ServiceAccounts around pods that wait: which are needed, and what is known of them. Each is read by
//! one `get` when it is needed; what a watch tells is only that it is no longer as it was.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::object::{Node, OwnerReference, Pod, ServiceAccount, Workload};

/// How long an answer stands at most: no watch tells of owners of unknown kinds, nor of what the server refused.
const STANDS: SignedDuration = SignedDuration::from_mins(10);
/// Answers that are kept.
const KEPT: usize = 4_000;

/// One object that is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// What makes pods.
    Owner {
        /// Its namespace.
        namespace: String,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// Its group and version; empty where no object says.
        api_version: String,
    },
    /// A node.
    Node(String),
    /// A ServiceAccount.
    Account {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// What came of a `get`.
#[derive(Debug)]
pub(crate) enum Got {
    /// An owner.
    Owner(Box<Workload>),
    /// A node.
    Node(Box<Node>),
    /// A ServiceAccount.
    Account(Box<ServiceAccount>),
    /// It is not there, or may not be read; the second with the right that would buy it.
    Nothing(Option<String>),
}

struct Known {
    got: Got,
    at: Timestamp,
}

/// What is known.
#[derive(Default)]
pub(crate) struct Around {
    known: BTreeMap<Need, Known>,
}

impl Need {
    /// The owner that a reference in a namespace names.
    pub(crate) fn owner(namespace: &str, reference: &OwnerReference) -> Need {
        Need::Owner {
            namespace: namespace.to_owned(),
            kind: reference.kind.clone(),
            name: reference.name.clone(),
            api_version: reference.api_version.clone(),
        }
    }

    /// Stands before that owner in whatever version: the version is compared last.
    fn of_any_version(namespace: &str, kind: &str, name: &str) -> Need {
        Need::Owner {
            namespace: namespace.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            api_version: String::new(),
        }
    }

    fn is(&self, of_kind: &str, of_namespace: &str, of_name: &str) -> bool {
        match self {
            Need::Owner { namespace, kind, name, .. } => {
                kind == of_kind && namespace == of_namespace && name == of_name
            }
            Need::Node(name) => of_kind == "Node" && name == of_name,
            Need::Account { namespace, name } => {
                of_kind == "ServiceAccount" && namespace == of_namespace && name == of_name
            }
        }
    }
}

impl Around {
    /// Takes an answer.
    pub(crate) fn learn(&mut self, need: Need, got: Got, at: Timestamp) {
        if self.known.len() >= KEPT {
            self.known.retain(|_, known| at.duration_since(known.at) < STANDS);
            if self.known.len() >= KEPT {
                self.known.clear();
            }
        }
        self.known.insert(need, Known { got, at });
    }

    /// Takes that an object is other than it was.
    pub(crate) fn touched(&mut self, kind: &str, namespace: &str, name: &str) {
        match kind {
            "Node" => drop(self.known.remove(&Need::Node(name.to_owned()))),
            "ServiceAccount" => {
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                self.known.remove(&Need::Account { namespace, name });
            }
            _ => {
                let from = Need::of_any_version(namespace, kind, name);
                let near = self.known.range(from..).map(|(need, _)| need);
                let old: Vec<Need> =
                    near.take_while(|need| need.is(kind, namespace, name)).cloned().collect();
                old.iter().for_each(|need| drop(self.known.remove(need)));
            }
        }
    }

    fn fresh(&self, need: &Need, now: Timestamp) -> Option<&Got> {
        let known = self.known.get(need)?;
        (now.duration_since(known.at) < STANDS).then_some(&known.got)
    }

    /// An owner, whatever version its reference names.
    pub(crate) fn workload(&self, namespace: &str, kind: &str, name: &str) -> Option<&Workload> {
        let from = Need::of_any_version(namespace, kind, name);
        let mut near = self.known.range(from..).take_while(|(need, _)| need.is(kind, namespace, name));
        near.find_map(|(_, known)| match &known.got {
            Got::Owner(workload) => Some(&**workload),
            Got::Node(_) | Got::Account(_) | Got::Nothing(_) => None,
        })
    }

    /// A node.
    pub(crate) fn node(&self, name: &str) -> Option<&Node> {
        match &self.known.get(&Need::Node(name.to_owned()))?.got {
            Got::Node(node) => Some(node),
            Got::Owner(_) | Got::Account(_) | Got::Nothing(_) => None,
        }
    }

    /// A ServiceAccount.
    pub(crate) fn account(&self, namespace: &str, name: &str) -> Option<&ServiceAccount> {
        let need = Need::Account { namespace: namespace.to_owned(), name: name.to_owned() };
        match &self.known.get(&need)?.got {
            Got::Account(account) => Some(account),
            Got::Owner(_) | Got::Node(_) | Got::Nothing(_) => None,
        }
    }

    /// Whether an answer is there and stands.
    pub(crate) fn knows(&self, need: &Need, now: Timestamp) -> bool {
        self.fresh(need, now).is_some()
    }

    /// The owners of a pod that are known, lowest first.
    pub(crate) fn owners(&self, pod: &Pod) -> Vec<&Workload> {
        let namespace = &pod.metadata.namespace;
        let mut found = Vec::new();
        let mut next = pod.metadata.controller();
        while let Some(reference) = next.filter(|_| found.len() < 4) {
            let Some(owner) = self.workload(namespace, &reference.kind, &reference.name) else { break };
            found.push(owner);
            next = owner.metadata.controller();
        }
        if found.is_empty()
            && let Some(Need::Owner { kind, name, .. }) = deployment_of(pod)
        {
            found.extend(self.workload(namespace, &kind, &name));
        }
        found
    }

    /// What a proof for a pod still has to read: its node, its ServiceAccount and its owners, as far as their names are
    /// known by now. Asked again once these are there.
    pub(crate) fn missing(&self, pod: &Pod, now: Timestamp) -> Vec<Need> {
        let namespace = &pod.metadata.namespace;
        let mut needs = Vec::new();
        if !pod.spec.node_name.is_empty() {
            needs.push(Need::Node(pod.spec.node_name.clone()));
        }
        let account = match pod.spec.service_account_name.as_str() {
            "" => "default",
            named => named,
        };
        needs.push(Need::Account { namespace: namespace.clone(), name: account.to_owned() });
        // A ReplicaSet's name tells its Deployment, whose template is what a change goes to.
        match deployment_of(pod) {
            Some(deployment) => needs.push(deployment),
            None => {
                let mut next = pod.metadata.controller().filter(|by| by.kind != "Node");
                for _ in 0..4 {
                    let Some(reference) = next else { break };
                    needs.push(Need::owner(namespace, reference));
                    let owner = self.workload(namespace, &reference.kind, &reference.name);
                    next = owner.and_then(|owner| owner.metadata.controller());
                }
            }
        }
        needs.retain(|need| !self.knows(need, now));
        needs
    }

    /// What could not be read of them, with the right that would buy it.
    pub(crate) fn refused(&self, pod: &Pod) -> Vec<&str> {
        let namespace = &pod.metadata.namespace;
        let about = self.known.iter().filter(|(need, _)| match need {
            Need::Owner { namespace: of, .. } => {
                of == namespace && pod.metadata.controller().is_some_and(|by| need.is(&by.kind, of, &by.name))
            }
            Need::Node(name) => *name == pod.spec.node_name,
            Need::Account { namespace: of, .. } => of == namespace,
        });
        about
            .filter_map(|(_, known)| match &known.got {
                Got::Nothing(needs) => needs.as_deref(),
                Got::Owner(_) | Got::Node(_) | Got::Account(_) => None,
            })
            .collect()
    }
}

/// The Deployment of a pod, by the name of its ReplicaSet and the hash in its labels.
fn deployment_of(pod: &Pod) -> Option<Need> {
    let name = super::digest::deployment_of_pod(pod)?;
    Some(Need::Owner {
        namespace: pod.metadata.namespace.clone(),
        kind: "Deployment".into(),
        name: name.to_owned(),
        api_version: "apps/v1".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::built;

    #[test]
    fn a_pod_needs_its_node_account_and_deployment_once() {
        let pod = built::running("shop", "web-5d-a", "r.test/web:1");
        let mut around = Around::default();
        let now = built::now();
        let needs = around.missing(&pod, now);
        assert_eq!(needs.len(), 3);
        for need in needs {
            around.learn(need, Got::Nothing(None), now);
        }
        assert!(around.missing(&pod, now).is_empty());
        around.touched("Deployment", "shop", "web");
        assert_eq!(around.missing(&pod, now).len(), 1);
        let later = now + STANDS;
        assert_eq!(around.missing(&pod, later).len(), 3);
    }

    #[test]
    fn the_chain_of_owners_is_followed_as_far_as_it_is_known() {
        let mut pod = built::running("shop", "nightly-1-a", "r.test/job:1");
        pod.metadata.labels.clear();
        pod.metadata.owner_references[0].kind = "Job".into();
        pod.metadata.owner_references[0].name = "nightly-1".into();
        let mut around = Around::default();
        let now = built::now();
        let needs = around.missing(&pod, now);
        let job =
            needs.iter().find(|need| matches!(need, Need::Owner { kind, .. } if kind == "Job")).unwrap();
        let mut workload = Workload { kind: "Job".into(), ..Workload::default() };
        workload.metadata.owner_references = vec![OwnerReference {
            kind: "CronJob".into(),
            name: "nightly".into(),
            ..OwnerReference::default()
        }];
        around.learn(job.clone(), Got::Owner(Box::new(workload)), now);
        let needs = around.missing(&pod, now);
        assert!(
            needs.iter().any(|need| matches!(need, Need::Owner { kind, .. } if kind == "CronJob")),
            "{needs:?}"
        );
        assert_eq!(around.owners(&pod).len(), 1);
    }
}
