//! What stands in the cluster: our own objects, and what is said about registries. Read once, at the start.

use pullmedic_model::incident::Incident;
use pullmedic_model::report::Skipped;
use pullmedic_model::resource::{
    ClusterPullIncident, GROUP, Profile, PullIncident, RegistryProfile, VERSION, of_one_namespace, restored,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::cluster::Cluster;
use crate::counts::Verb;
use crate::failure::{Cause, Failure, sentence};
use crate::list::fault_of;
use crate::partial;
use crate::read_error::ReadError;
use crate::request::Ask;
use crate::resource;

/// The most pages of one kind.
const PAGES: usize = 1000;
/// How many a page holds, each at most 16 KiB and what the server adds.
const PAGE: usize = 250;

/// The incidents that the cluster's objects show.
#[derive(Debug, Default)]
pub struct Standing {
    /// Those that could be put together again, oldest first.
    pub incidents: Vec<Incident>,
    /// What could not be read, each alone.
    pub skipped: Vec<Skipped>,
    pub(super) wholes: Vec<ClusterPullIncident>,
    pub(super) parts: Vec<PullIncident>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(borrow, default)]
    items: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    metadata: NamedMeta,
}

#[derive(Deserialize)]
struct NamedMeta {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
}

impl Cluster {
    /// The incidents that stand in the cluster: what a controller that takes over goes on from. Where the definitions are not
    /// installed there are none, and `skipped` says so.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn standing(&self) -> Result<Standing, ReadError> {
        let mut standing = Standing::default();
        standing.wholes = self.all(ClusterPullIncident::PLURAL, None, &mut standing.skipped).await?;
        standing.parts = self.all(PullIncident::PLURAL, None, &mut standing.skipped).await?;
        // Those of one incident stand together.
        standing.parts.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        for whole in &standing.wholes {
            let name = &whole.metadata.name;
            let from = standing.parts.partition_point(|part| part.metadata.name < *name);
            let own = standing.parts[from..].iter().take_while(|part| part.metadata.name == *name).count();
            match restored(whole, &standing.parts[from..from + own]) {
                Ok(incident) => standing.incidents.push(incident),
                Err(error) => standing.skipped.push(Skipped {
                    what: format!("ClusterPullIncident {}", sentence(name)),
                    reason: error.to_string(),
                    needs: None,
                    next: None,
                }),
            }
        }
        standing.incidents.sort_by(|a, b| a.seen_at.cmp(&b.seen_at).then_with(|| a.id.cmp(&b.id)));
        Ok(standing)
    }

    /// The incidents that touch one namespace, as its own objects show them: the right to list those there is enough.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn incidents_of(&self, namespace: &str) -> Result<Standing, ReadError> {
        let mut standing = Standing::default();
        standing.parts = self.all(PullIncident::PLURAL, Some(namespace), &mut standing.skipped).await?;
        for part in &standing.parts {
            match of_one_namespace(part) {
                Ok(incident) => standing.incidents.push(incident),
                Err(error) => standing.skipped.push(Skipped {
                    what: format!("PullIncident {}/{}", sentence(namespace), sentence(&part.metadata.name)),
                    reason: error.to_string(),
                    needs: None,
                    next: None,
                }),
            }
        }
        standing.incidents.sort_by(|a, b| a.seen_at.cmp(&b.seen_at).then_with(|| a.id.cmp(&b.id)));
        Ok(standing)
    }

    /// The profiles that hold together, and what is wrong with the others. Where their definition is not installed there are
    /// none.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn registry_profiles(&self) -> Result<(Vec<Profile>, Vec<Skipped>), ReadError> {
        let mut skipped = Vec::new();
        let all: Vec<RegistryProfile> = self.all(RegistryProfile::PLURAL, None, &mut skipped).await?;
        let mut good = Vec::new();
        for one in &all {
            match Profile::of(one) {
                Ok(profile) => good.push(profile),
                Err(wrong) => {
                    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                    skipped.push(Skipped {
                        what: format!("RegistryProfile {}", sentence(&one.metadata.name)),
                        reason: sentence(&wrong.join("; ")),
                        needs: None,
                        next: Some("mend it: until then nothing of it counts".into()),
                    });
                }
            }
        }
        Ok((good, skipped))
    }

    /// All of a kind of ours, each decoded alone (threat 17).
    async fn all<T: DeserializeOwned>(
        &self,
        plural: &str,
        namespace: Option<&str>,
        skipped: &mut Vec<Skipped>,
    ) -> Result<Vec<T>, ReadError> {
        let error =
            |failure| ReadError::new(format!("{plural} {}", partial::place(namespace)), &self.flags, failure);
        let place = match namespace {
            Some(name) if resource::is_name(name) => format!("namespaces/{name}/"),
            Some(name) => return Err(error(Failure::BadName { name: name.to_owned() })),
            None => String::new(),
        };
        let mut objects = Vec::new();
        let mut after = String::new();
        for _ in 0..PAGES {
            let mut query = form_urlencoded::Serializer::new(format!("limit={PAGE}"));
            if !after.is_empty() {
                query.append_pair("continue", &after);
            }
            let path = format!("/apis/{GROUP}/{VERSION}/{place}{plural}?{}", query.finish());
            let text = match self.api.text(&Ask::get(Verb::List, &path)).await {
                Ok(text) => text,
                Err(Failure::NotFound) => {
                    skipped.push(Skipped {
                        what: format!("{plural}.{GROUP}"),
                        reason: "the cluster has no such kind".into(),
                        needs: None,
                        next: Some("apply deploy/crds".into()),
                    });
                    return Ok(objects);
                }
                Err(failure) => return Err(error(failure)),
            };
            let page: Page<'_> = serde_json::from_str(&text)
                .map_err(|_| error(Failure::Undecodable { cause: Cause(fault_of(&text)) }))?;
            for item in page.items {
                match serde_json::from_str(item.get()) {
                    Ok(object) => objects.push(object),
                    Err(problem) => skipped.push(unread(plural, item.get(), &problem)),
                }
            }
            match page.metadata.next.filter(|next| !next.is_empty() && *next != after) {
                Some(next) => after = next,
                None => return Ok(objects),
            }
        }
        Ok(objects)
    }
}

fn unread(plural: &str, text: &str, problem: &serde_json::Error) -> Skipped {
    let name = serde_json::from_str::<Named>(text).map_or_else(
        |_| "without a name".to_owned(),
        |named| match named.metadata.namespace.as_str() {
            "" => sentence(&named.metadata.name),
            namespace => format!("{}/{}", sentence(namespace), sentence(&named.metadata.name)),
        },
    );
    Skipped {
        what: format!("{plural} {name}"),
        reason: sentence(&problem.to_string()),
        needs: None,
        next: None,
    }
}
