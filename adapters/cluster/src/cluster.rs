//! One reading of a cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::{join, join_all};
use futures::stream::Stream;
use pullmedic_model::object::{Object, Objects};
use pullmedic_model::report;

use crate::access::{Access, Scope};
use crate::client;
use crate::connect_error::ConnectError;
use crate::failure::Failure;
use crate::list::Listed;
use crate::partial::{self, Gaps};
use crate::read_error::ReadError;
use crate::request::Api;
use crate::resource::{self, ACCOUNTS, EVENTS, NODES, PODS, Resource};
use crate::rights::Rights;
use crate::watch::{self, Change};

/// From how many namespaces or nodes on one list of the whole cluster is asked for instead of one request each. At
/// about 20 the seven owner kinds would cost 140 requests, more than the pages of most whole clusters.
const MANY: usize = 20;

/// A cluster that can be read.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) api: Arc<Api>,
    context: Option<String>,
    default_namespace: String,
    pub(crate) flags: Arc<str>,
    pub(crate) rights: Arc<Rights>,
}

impl Cluster {
    /// Finds the kubeconfig and logs in as it says; a credential plugin may run. Nothing is sent to the cluster yet.
    ///
    /// # Errors
    /// When there is no configuration, or none that can be used.
    pub async fn connect(access: &Access) -> Result<Cluster, ConnectError> {
        let connection = client::connect(access).await?;
        Ok(Cluster {
            api: Arc::new(connection.api),
            context: connection.context,
            default_namespace: connection.default_namespace,
            flags: access.kubectl_flags().into(),
            rights: Arc::default(),
        })
    }

    /// Which cluster this is, for the report.
    pub fn identity(&self) -> report::Cluster {
        report::Cluster { context: self.context.clone(), server: self.api.server.clone() }
    }

    /// The namespace to read when the caller names none: the context's, in a pod the pod's, else `default`.
    pub fn default_namespace(&self) -> &str {
        &self.default_namespace
    }

    /// Pods and events. What the user may not read is in `skipped`.
    ///
    /// # Errors
    /// When nothing can be read: no connection, no login, no API server, or neither list answers.
    pub async fn pods_and_events(&self, scope: &Scope) -> Result<Objects, ReadError> {
        let namespace = scope.namespace.as_deref();
        let error =
            |failure| ReadError::new(format!("pods {}", partial::place(namespace)), &self.flags, failure);
        let (pods, events) = join(
            Listed::read(&self.api, PODS, namespace, scope.selector.as_deref()),
            Listed::read(&self.api, EVENTS, namespace, None),
        )
        .await;
        let mut gaps = Gaps::new(&self.flags);
        let mut objects = Objects::default();
        match pods {
            Ok(pods) => add(&mut objects, pods, PODS, namespace),
            Err(failure) if failure.is_total() || (events.is_err() && !failure.is_forbidden()) => {
                return Err(error(failure));
            }
            Err(failure) => gaps.add(PODS, namespace, &failure),
        }
        match events {
            Ok(events) => add(&mut objects, events, EVENTS, namespace),
            Err(failure) => gaps.add(EVENTS, namespace, &failure),
        }
        objects.skipped.extend(gaps.into_skipped());
        Ok(objects)
    }

    /// Everything that makes pods in these namespaces. Nothing here is fatal: without owners pods still have causes.
    pub async fn owners(&self, namespaces: &BTreeSet<String>) -> Objects {
        let namespaces: BTreeSet<&str> =
            namespaces.iter().map(String::as_str).filter(|name| resource::is_name(name)).collect();
        let mut gaps = Gaps::new(&self.flags);
        let mut objects = Objects::default();
        let kinds = resource::owners().map(|kind| self.owners_of_kind(kind, &namespaces));
        for (kind, namespace, outcome) in join_all(kinds).await.into_iter().flatten() {
            match outcome {
                Ok(mut listed) => {
                    listed.objects.retain(|object| is_in(object, &namespaces));
                    add(&mut objects, listed, kind, namespace);
                }
                // A server without this kind has none of it.
                Err(Failure::NotFound) => {}
                Err(failure) => gaps.add(kind, namespace, &failure),
            }
        }
        objects.skipped.extend(gaps.into_skipped());
        objects
    }

    async fn owners_of_kind<'n>(
        &self,
        kind: Resource,
        namespaces: &BTreeSet<&'n str>,
    ) -> Vec<(Resource, Option<&'n str>, Result<Listed, Failure>)> {
        if namespaces.len() > MANY {
            let outcome = Listed::read(&self.api, kind, None, None).await;
            // Who may read some namespaces but not the cluster is asked for them one by one.
            if !matches!(outcome, Err(Failure::Forbidden { .. })) {
                return vec![(kind, None, outcome)];
            }
        }
        join_all(namespaces.iter().map(async |&namespace| {
            (kind, Some(namespace), Listed::read(&self.api, kind, Some(namespace), None).await)
        }))
        .await
    }

    /// Nodes, by name; those that are gone are left out.
    pub async fn nodes(&self, names: &BTreeSet<String>) -> Objects {
        let mut objects = Objects::default();
        let mut gaps = Gaps::new(&self.flags);
        let mut names: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| resource::is_name(name)).collect();
        if names.len() > MANY {
            match Listed::read(&self.api, NODES, None, None).await {
                Ok(mut listed) => {
                    listed.objects.retain(|object| {
                        matches!(object, Object::Node(node) if names.contains(&node.metadata.name.as_str()))
                    });
                    add(&mut objects, listed, NODES, None);
                    return objects;
                }
                // `get` may be granted without `list`.
                Err(Failure::Forbidden { .. }) => {}
                Err(failure) => {
                    gaps.add(NODES, None, &failure);
                    objects.skipped = gaps.into_skipped();
                    return objects;
                }
            }
        }
        // One goes ahead: when it is refused, so would the others be, and each would be in the server's audit log.
        let Some(first) = names.pop() else {
            return objects;
        };
        let mut outcomes = vec![self.node(first).await];
        if outcomes.iter().all(Result::is_ok) {
            outcomes.extend(join_all(names.iter().map(|name| self.node(name))).await);
        }
        for outcome in outcomes {
            match outcome {
                Ok(listed) => add(&mut objects, listed, NODES, None),
                Err(failure) => gaps.add(NODES, None, &failure),
            }
        }
        objects.skipped.extend(gaps.into_skipped());
        objects
    }

    async fn node(&self, name: &str) -> Result<Listed, Failure> {
        match Listed::one(&self.api, &NODES.named(name)).await {
            Err(Failure::NotFound) => Ok(Listed::default()),
            outcome => outcome,
        }
    }

    /// ServiceAccounts of these namespaces: what their pods are given at admission.
    pub async fn accounts(&self, namespaces: &BTreeSet<String>) -> Objects {
        let namespaces: BTreeSet<&str> =
            namespaces.iter().map(String::as_str).filter(|name| resource::is_name(name)).collect();
        let mut gaps = Gaps::new(&self.flags);
        let mut objects = Objects::default();
        let lists = namespaces.iter().map(async |&namespace| {
            (namespace, Listed::read(&self.api, ACCOUNTS, Some(namespace), None).await)
        });
        for (namespace, outcome) in join_all(lists).await {
            match outcome {
                Ok(listed) => add(&mut objects, listed, ACCOUNTS, Some(namespace)),
                Err(failure) => gaps.add(ACCOUNTS, Some(namespace), &failure),
            }
        }
        objects.skipped.extend(gaps.into_skipped());
        objects
    }

    /// Pods and events from now on, for as long as the stream is polled. It survives expired versions, overload,
    /// server errors and lost connections; each trouble is told once.
    pub fn watch(&self, scope: &Scope) -> impl Stream<Item = Change> + Send + use<> {
        watch::watch(Arc::clone(&self.api), scope.clone(), Arc::clone(&self.flags))
    }
}

/// Adds what a list gave, and says what it did not give.
pub(crate) fn add(objects: &mut Objects, listed: Listed, kind: Resource, namespace: Option<&str>) {
    let read = listed.objects.len();
    for object in listed.objects {
        objects.add(object);
    }
    objects.skipped.extend(partial::unreadable(listed.unreadable, kind.plural));
    objects.skipped.extend(listed.cut.map(|failure| partial::cut(kind, namespace, read, &failure)));
}

/// Whether an owner is in one of `namespaces`.
fn is_in(object: &Object, namespaces: &BTreeSet<&str>) -> bool {
    matches!(object, Object::Workload(owner) if namespaces.contains(owner.metadata.namespace.as_str()))
}
