//! All objects of a kind, page by page.

use pullmedic_model::object::{Object, Unreadable, decode_json};
use serde::de::IgnoredAny;

use crate::counts::Verb;
use crate::failure::{Cause, Failure};
use crate::request::{Api, Ask};
use crate::resource::{self, Resource};

/// The most pages that one list may have: five million objects, past any cluster, and an end to an endless one.
const PAGES: usize = 10_000;

/// What a list gave.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Objects, in the server's order.
    pub(crate) objects: Vec<Object>,
    /// Objects that do not decode.
    pub(crate) unreadable: Vec<Unreadable>,
    /// The version to watch from.
    pub(crate) version: String,
    /// Why later pages are missing; `None` when the list is whole.
    pub(crate) cut: Option<Failure>,
}

impl Listed {
    /// Lists a kind in a namespace or in all. When a later page cannot be had, what came before it is kept.
    ///
    /// # Errors
    /// When the first page cannot be had, or the namespace could not be in a path.
    pub(crate) async fn read(
        api: &Api,
        kind: Resource,
        namespace: Option<&str>,
        selector: Option<&str>,
    ) -> Result<Listed, Failure> {
        if let Some(name) = namespace.filter(|name| !resource::is_name(name)) {
            return Err(Failure::BadName { name: name.to_owned() });
        }
        let mut listed = Listed::default();
        let mut after = String::new();
        let mut restarted = false;
        for _ in 0..PAGES {
            match listed.page(api, Verb::List, &kind.page(namespace, selector, &after)).await {
                Ok(next) if next.is_empty() => return Ok(listed),
                Ok(next) if next == after => {
                    let cause = Cause("it names the same page twice".into());
                    listed.cut = Some(Failure::Undecodable { cause });
                    return Ok(listed);
                }
                Ok(next) => after = next,
                // A continue token lives for about five minutes, until etcd's compaction. A fresh list has all that
                // the old one had and still exists, so the old pages go: to keep them would be to count pods twice.
                Err(Failure::Expired) if !after.is_empty() && !restarted => {
                    listed = Listed::default();
                    after.clear();
                    restarted = true;
                }
                Err(failure) if after.is_empty() => return Err(failure),
                Err(failure) => {
                    listed.cut = Some(failure);
                    return Ok(listed);
                }
            }
        }
        listed.cut = Some(Failure::Undecodable { cause: Cause("it has no last page".into()) });
        Ok(listed)
    }

    /// Reads one object by its path.
    pub(crate) async fn one(api: &Api, path: &str) -> Result<Listed, Failure> {
        let mut listed = Listed::default();
        listed.page(api, Verb::Get, path).await?;
        Ok(listed)
    }

    /// Adds one page; the token of the next one, empty after the last.
    async fn page(&mut self, api: &Api, verb: Verb, path: &str) -> Result<String, Failure> {
        let text = api.text(&Ask::get(verb, path)).await?;
        let page = decode_json(&text, &mut |object| match object {
            Ok(object) => self.objects.push(object),
            Err(unreadable) => self.unreadable.push(unreadable),
        })
        .map_err(|_| Failure::Undecodable { cause: Cause(fault_of(&text)) })?;
        if self.version.is_empty() {
            self.version = page.resource_version;
        }
        Ok(page.next)
    }
}

/// What is wrong with a document as a whole, without any of its values.
pub(crate) fn fault_of(text: &str) -> String {
    match serde_json::from_str::<IgnoredAny>(text) {
        Err(error) if text.trim().is_empty() || error.is_eof() => {
            format!("it ends after {} bytes", text.len())
        }
        Err(error) => format!("it is not JSON at line {}, column {}", error.line(), error.column()),
        Ok(IgnoredAny) => "it is JSON, but no Kubernetes list".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fault_of_a_document_never_quotes_it() {
        assert_eq!(fault_of(r#"{"items":[{"a":"can"#), "it ends after 19 bytes");
        assert_eq!(fault_of("<html>canary"), "it is not JSON at line 1, column 1");
        assert_eq!(fault_of(r#"{"items":"canary"}"#), "it is JSON, but no Kubernetes list");
    }
}
