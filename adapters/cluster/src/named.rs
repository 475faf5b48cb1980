//! Single objects, by name: what a controller needs beside what it watches.

use pullmedic_model::object::{Node, Object, ServiceAccount, Workload, WorkloadKind};
use pullmedic_model::report::Skipped;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::list::Listed;
use crate::partial::{self, Gaps};
use crate::resource::{ACCOUNTS, NODES, Resource, is_name, owner};

/// What became of reading one object.
#[derive(Debug)]
pub enum Named<T> {
    /// It is there.
    Found(Box<T>),
    /// It is not there.
    Absent,
    /// It is of a kind that we do not read.
    Foreign,
    /// It could not be read: why, and which right would buy it.
    Unread(Skipped),
}

impl Cluster {
    /// Reads an owner of pods, as an owner reference names it: ReplicaSet, Deployment, StatefulSet, DaemonSet, Job, CronJob,
    /// ReplicationController. Versions of one API group are all the same to us, groups are not.
    pub async fn read_owner(
        &self,
        namespace: &str,
        api_version: &str,
        kind: &str,
        name: &str,
    ) -> Named<Workload> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let known = WorkloadKind::from_name(kind).map(owner).filter(|resource| resource.group() == group);
        let Some(resource) = known else { return Named::Foreign };
        self.named(resource, Some(namespace), name, |object| match object {
            Object::Workload(owner) => Some(owner),
            Object::Pod(_)
            | Object::Event(_)
            | Object::Node(_)
            | Object::ServiceAccount(_)
            | Object::Other(_) => None,
        })
        .await
    }

    /// Reads a node.
    pub async fn read_node(&self, name: &str) -> Named<Node> {
        self.named(NODES, None, name, |object| match object {
            Object::Node(node) => Some(node),
            Object::Pod(_)
            | Object::Event(_)
            | Object::Workload(_)
            | Object::ServiceAccount(_)
            | Object::Other(_) => None,
        })
        .await
    }

    /// Reads a ServiceAccount.
    pub async fn read_account(&self, namespace: &str, name: &str) -> Named<ServiceAccount> {
        self.named(ACCOUNTS, Some(namespace), name, |object| match object {
            Object::ServiceAccount(account) => Some(account),
            Object::Pod(_) | Object::Event(_) | Object::Workload(_) | Object::Node(_) | Object::Other(_) => {
                None
            }
        })
        .await
    }

    async fn named<T>(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        name: &str,
        of: impl FnOnce(Object) -> Option<Box<T>>,
    ) -> Named<T> {
        if !is_name(name) || !namespace.is_none_or(is_name) {
            // The API server accepts no such name, so nothing has it.
            return Named::Absent;
        }
        let path = match namespace {
            Some(namespace) => resource.one(namespace, name),
            None => resource.named(name),
        };
        let unread = |failure: &Failure| {
            let mut gaps = Gaps::of_verb(&self.flags, "get");
            gaps.add(resource, namespace, failure);
            gaps.into_skipped().into_iter().next()
        };
        let skipped = match Listed::one(&self.api, &path).await {
            Ok(mut listed) => match listed.objects.pop().and_then(of) {
                Some(object) => return Named::Found(object),
                None => partial::unreadable(listed.unreadable, resource.plural).next(),
            },
            Err(Failure::NotFound) => return Named::Absent,
            Err(failure) => unread(&failure),
        };
        Named::Unread(skipped.unwrap_or_else(|| Skipped {
            what: format!("{} {name}", resource.plural),
            reason: "the answer is another kind of object".into(),
            needs: None,
            next: None,
        }))
    }
}
