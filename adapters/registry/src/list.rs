//! Tags and repositories: pages of the same origin, capped (security row 5).

use http::Method;
use pullmedic_model::Stage;
use pullmedic_model::probe::Class;
use pullmedic_model::probe::record::Got;
use serde_json::Value;
use url::Url;

use crate::fetch::Resource;
use crate::target::Target;
use crate::token::path_of;
use crate::walk::{Reply, Stop, Walk};
use crate::wire::header;

/// Longest name kept: a repository may have 255 bytes, a tag 128.
const LONGEST: usize = 255;

impl Walk<'_> {
    /// The tags of the repository, as a step of the manifest stage: it is the sibling of a lookup by tag.
    pub(crate) async fn tags(&mut self) -> Result<Got, Stop> {
        let path = self.path("tags/list");
        let (names, complete) = self.pages(Stage::Manifest, path, "tags").await?;
        Ok(Got::Tags { names, complete })
    }

    /// The repositories of the host, as a step of the ping stage: it is about the host alone.
    pub(crate) async fn catalog(&mut self) -> Result<Got, Stop> {
        let path = format!("{}/_catalog?n=1000", self.ask.host.path);
        let (names, complete) = self.pages(Stage::Ping, path, "repositories").await?;
        Ok(Got::Catalog { names, complete })
    }

    async fn pages(&mut self, stage: Stage, first: String, key: &str) -> Result<(Vec<String>, bool), Stop> {
        let limits = &self.shared.limits;
        let (most, pages, cap) = (limits.names, limits.pages, limits.manifest);
        let mut names = Vec::new();
        let mut path = first;
        for _ in 0..pages {
            let resource = Resource {
                stage,
                method: Method::GET,
                path: path.clone(),
                accept: "application/json",
                hash: None,
                cap,
                anonymous_token: true,
            };
            let reply = self.fetch(&resource).await?;
            self.unless_success(&reply)?;
            self.unless_whole(&reply)?;
            let Ok(Value::Object(page)) = serde_json::from_slice::<Value>(&reply.body) else {
                return Err(self.refuse(reply.step, Class::NotARegistry, "no JSON where a list must be"));
            };
            // An empty list may be null.
            let listed = page.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for name in listed.iter().filter_map(Value::as_str) {
                if names.len() == most {
                    return Ok((names, false));
                }
                let name: String = name.chars().take(LONGEST).collect();
                names.push(pullmedic_model::Captured::new(&name).to_string());
            }
            match self.next(&reply, &path) {
                Next::None => return Ok((names, true)),
                Next::Elsewhere => {
                    let detail =
                        self.scrub.captured("the next page is said to be at another origin: not followed");
                    self.steps[reply.step].detail = detail;
                    return Ok((names, false));
                }
                Next::Path(next) if next == path => return Ok((names, false)),
                Next::Path(next) => path = next,
            }
        }
        Ok((names, false))
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
