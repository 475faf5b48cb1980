//! The list of a kind, page by page, for servers without streaming lists.

use pullmedic_model::object::{Page, decode_json};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::feed::{Feed, State};
use super::kind::Part;
use super::word::{About, AboutMeta};
use crate::counts::Verb;
use crate::failure::Failure;
use crate::list::fault_of;
use crate::request::Ask;

/// A list of which only the metadata is asked for.
#[derive(Deserialize)]
struct Names<'a> {
    #[serde(default)]
    metadata: NamesMeta,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NamesMeta {
    #[serde(rename = "continue")]
    next: String,
    resource_version: String,
}

impl Feed {
    /// Tells one page.
    pub(super) async fn page(&mut self, after: String, version: String) -> State {
        let first = after.is_empty();
        if first && !self.is_allowed("list").await {
            self.not_allowed("list");
            return State::Anew;
        }
        let (kind, namespace) = (self.kind, self.namespace.as_deref());
        let path = kind.resource().page_of_fields(namespace, kind.fields(), &after);
        let accept = match kind.part() {
            Part::Whole => "application/json",
            Part::Metadata => {
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
            }
        };
        let text = match self.api().text(&Ask { accept, ..Ask::get(Verb::List, &path) }).await {
            Ok(text) => text,
            // A token of a page lives for about five minutes, until etcd's compaction.
            Err(Failure::Expired) => return self.anew(),
            Err(failure) => {
                self.fail(&failure, "list");
                return State::Page { after, version };
            }
        };
        if first {
            self.begin();
        }
        let told = match kind.part() {
            Part::Whole => self.tell_objects(&text),
            Part::Metadata => self.tell_names(&text),
        };
        let Some(page) = told.filter(|page| page.next.is_empty() || page.next != after) else {
            self.foreign(fault_of(&text));
            return State::Anew;
        };
        self.hear();
        let version = if first { page.resource_version } else { version };
        if page.next.is_empty() {
            self.listed();
            return State::From(version);
        }
        State::Page { after: page.next, version }
    }

    fn tell_objects(&mut self, text: &str) -> Option<Page> {
        let mut objects = Vec::new();
        let page = decode_json(text, &mut |object| objects.push(object)).ok()?;
        for object in objects {
            let (_, news) = match object.and_then(|object| self.is(object)) {
                Ok(told) => told,
                Err(object) => {
                    let about = named(&object.what);
                    self.unreadable(about, object)
                }
            };
            self.tell(news);
        }
        Some(page)
    }

    fn tell_names(&mut self, text: &str) -> Option<Page> {
        let list: Names<'_> = serde_json::from_str(text).ok()?;
        for item in &list.items {
            let (_, news) = self.touched(About::of(item.get()));
            self.tell(news);
        }
        let NamesMeta { next, resource_version } = list.metadata;
        Some(Page { next, resource_version, items: list.items.len() })
    }
}

/// Namespace and name of an object that does not decode, from `Pod shop/cart-1`.
fn named(what: &str) -> AboutMeta {
    let (_, place) = what.split_once(' ').unwrap_or_default();
    let (namespace, name) = place.split_once('/').unwrap_or_default();
    AboutMeta { namespace: namespace.to_owned(), name: name.to_owned(), ..AboutMeta::default() }
}
