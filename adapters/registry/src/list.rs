//! Tags, repositories and referrers: pages of the same origin, capped (security row 5).

use http::Method;
use pullmedic_model::Stage;
use pullmedic_model::probe::Class;
use pullmedic_model::probe::record::Got;
use serde_json::Value;
use url::Url;

use crate::digest::Digest;
use crate::fetch::Resource;
use crate::target::Target;
use crate::token::path_of;
use crate::walk::{Reply, Stop, Walk};
use crate::wire::header;

/// Longest name kept: a repository may have 255 bytes, a tag 128.
const LONGEST: usize = 255;

const JSON: &str = "application/json";

/// What containerd accepts where it asks for referrers.
const INDEX: &str = "application/vnd.oci.image.index.v1+json, */*";

impl Walk<'_> {
    /// The tags of the repository, as a step of the manifest stage: it is the sibling of a lookup by tag.
    pub(crate) async fn tags(&mut self) -> Result<Got, Stop> {
        let page = self.page(Stage::Manifest, self.path("tags/list"), JSON).await?;
        let (names, complete) = self.pages(page, "tags", name).await?;
        Ok(Got::Tags { names, complete })
    }

    /// The repositories of the host, as a step of the ping stage: it is about the host alone.
    pub(crate) async fn catalog(&mut self) -> Result<Got, Stop> {
        let path = format!("{}/_catalog?n=1000", self.ask.host.path);
        let page = self.page(Stage::Ping, path, JSON).await?;
        let (names, complete) = self.pages(page, "repositories", name).await?;
        Ok(Got::Catalog { names, complete })
    }

    /// What refers to a manifest, as steps of the manifest stage. Without an API for it (404), the index under the tag
    /// that stands for it; without that too, nothing refers to it, as containerd takes it
    /// ([`openReferrers`](https://github.com/containerd/containerd/blob/main/core/remotes/docker/referrers.go)).
    pub(crate) async fn referrers(&mut self, digest: &str) -> Result<Got, Stop> {
        let mut page = self.page(Stage::Manifest, self.path(&format!("referrers/{digest}")), INDEX).await?;
        let tag = Digest::parse(digest).map(|digest| digest.referrers_tag());
        if let (404, Some(tag)) = (page.reply.status, tag) {
            self.steps[page.reply.step].failed = None;
            page = self.page(Stage::Manifest, self.path(&format!("manifests/{tag}")), INDEX).await?;
            if page.reply.status == 404 {
                self.steps[page.reply.step].failed = None;
                return Ok(Got::Referrers { artifacts: Vec::new(), complete: true });
            }
        }
        let (artifacts, complete) = self.pages(page, "manifests", artifact).await?;
        Ok(Got::Referrers { artifacts, complete })
    }

    async fn page(&mut self, stage: Stage, path: String, accept: &'static str) -> Result<Page, Stop> {
        let resource = Resource {
            stage,
            method: Method::GET,
            path,
            accept,
            hash: None,
            cap: self.shared.limits.manifest,
            anonymous_token: true,
        };
        let reply = self.fetch(&resource).await?;
        Ok(Page { resource, reply })
    }

    /// The entries of a page and of those that follow it, and whether these are all.
    async fn pages<T>(
        &mut self,
        mut page: Page,
        key: &str,
        entry: impl Fn(&Value) -> Option<T>,
    ) -> Result<(Vec<T>, bool), Stop> {
        let (most, pages) = (self.shared.limits.names, self.shared.limits.pages);
        let mut entries = Vec::new();
        let mut complete = true;
        for at in 1.. {
            let Page { resource, reply } = page;
            self.unless_success(&reply)?;
            self.unless_whole(&reply)?;
            let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&reply.body) else {
                return Err(self.refuse(reply.step, Class::NotARegistry, "no JSON where a list must be"));
            };
            // An empty list may be null.
            let listed = body.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for value in listed {
                if entries.len() == most {
                    return Ok((entries, false));
                }
                match entry(value) {
                    Some(entry) => entries.push(entry),
                    None => complete = false,
                }
            }
            match self.next(&reply, &resource.path) {
                Next::None => return Ok((entries, complete)),
                Next::Elsewhere => {
                    let detail =
                        self.scrub.captured("the next page is said to be at another origin: not followed");
                    self.steps[reply.step].detail = detail;
                    break;
                }
                Next::Path(next) if next == resource.path || at >= pages => break,
                Next::Path(next) => page = self.page(resource.stage, next, resource.accept).await?,
            }
        }
        Ok((entries, false))
    }

    /// Where the `Link` header says that the next page is.
    fn next(&self, reply: &Reply, path: &str) -> Next {
        let Some(link) = header(&reply.headers, "link").and_then(next_link) else { return Next::None };
        let target = self.target();
        let base = Url::parse(&format!("{}://{}{path}", target.scheme(), target.authority()));
        let Some(url) = base.ok().and_then(|base| base.join(link).ok()) else { return Next::Elsewhere };
        let is_own = Target::of_url(&url)
            .is_some_and(|place| place.is_same_place(&target) && place.https == target.https)
            && url.username().is_empty()
            && url.password().is_none();
        if is_own { Next::Path(path_of(&url)) } else { Next::Elsewhere }
    }
}

/// A page as it was asked for, and its answer.
struct Page {
    resource: Resource,
    reply: Reply,
}

/// A tag or repository.
fn name(value: &Value) -> Option<String> {
    value.as_str().map(capped)
}

/// Type and digest of what refers to a manifest; `None` when its digest is none.
fn artifact(value: &Value) -> Option<(String, String)> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let digest = Digest::parse(text("digest"))?;
    let kind = ["artifactType", "mediaType"].into_iter().map(text).find(|kind| !kind.is_empty());
    Some((kind.map(capped).unwrap_or_default(), digest.to_string()))
}

fn capped(text: &str) -> String {
    let text: String = text.chars().take(LONGEST).collect();
    pullmedic_model::Captured::new(&text).to_string()
}

enum Next {
    None,
    Elsewhere,
    Path(String),
}

/// The URL of `<URL>; rel="next"` in a `Link` header, which may hold several.
fn next_link(value: &str) -> Option<&str> {
    value.split(',').find_map(|link| {
        let (url, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let parameter = parameter.trim().to_ascii_lowercase();
            matches!(parameter.as_str(), "rel=next" | "rel=\"next\"")
        });
        is_next.then_some(url)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page_among_links() {
        for (value, expected) in [
            (r#"</v2/a/tags/list?last=b&n=2>; rel="next""#, Some("/v2/a/tags/list?last=b&n=2")),
            ("</a>; rel=prev, </b>; rel=next", Some("/b")),
            ("</a>; rel=prev", None),
            ("nonsense", None),
            ("<", None),
            ("", None),
        ] {
            assert_eq!(next_link(value), expected, "{value}");
        }
    }
}
