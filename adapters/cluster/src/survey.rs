//! Everything that asks for images, running or not: what a check before the next failure looks at.

use futures::future::{join, join_all};
use pullmedic_model::object::Objects;

use crate::cluster::{Cluster, add};
use crate::failure::Failure;
use crate::list::Listed;
use crate::partial::{self, Gaps};
use crate::read_error::ReadError;
use crate::resource::{self, ACCOUNTS, NODES, PODS};

impl Cluster {
    /// Pods, whatever makes pods, and ServiceAccounts of one namespace or of all (`None`), and all nodes. What the user
    /// may not read is in `skipped`.
    ///
    /// # Errors
    /// When nothing can be read: no connection, no login, no API server, or the pods for another reason than a right.
    pub async fn survey(&self, namespace: Option<&str>) -> Result<Objects, ReadError> {
        let pods = async { (PODS, namespace, Listed::read(&self.api, PODS, namespace, None).await) };
        let others =
            resource::owners().chain([ACCOUNTS]).map(|kind| (kind, namespace)).chain([(NODES, None)]);
        let others = others.map(async |(kind, namespace)| {
            (kind, namespace, Listed::read(&self.api, kind, namespace, None).await)
        });
        let (pods, others) = join(pods, join_all(others)).await;
        let mut objects = Objects::default();
        let mut gaps = Gaps::new(&self.flags);
        for (kind, namespace, outcome) in std::iter::once(pods).chain(others) {
            match outcome {
                Ok(listed) => add(&mut objects, listed, kind, namespace),
                Err(failure) if kind == PODS && !failure.is_forbidden() => {
                    let what = format!("pods {}", partial::place(namespace));
                    return Err(ReadError::new(what, &self.flags, failure));
                }
                // A server without this kind has none of it.
                Err(Failure::NotFound) => {}
                Err(failure) => gaps.add(kind, namespace, &failure),
            }
        }
        objects.skipped.extend(gaps.into_skipped());
        Ok(objects)
    }

    /// All nodes.
    pub async fn all_nodes(&self) -> Objects {
        let mut objects = Objects::default();
        let mut gaps = Gaps::new(&self.flags);
        match Listed::read(&self.api, NODES, None, None).await {
            Ok(listed) => add(&mut objects, listed, NODES, None),
            Err(failure) => gaps.add(NODES, None, &failure),
        }
        objects.skipped.extend(gaps.into_skipped());
        objects
    }
}
