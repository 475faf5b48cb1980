//! One decoder for everything people save and everything the API server sends.
//!
//! A document is one object, a `List`, or a typed list (`PodList`). Items are decoded one at a time: one that does not
//! decode is reported and the rest go on (threat 17).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Event, Node, Pod, ServiceAccount, Workload, WorkloadKind};

/// What a document can hold for us.
#[derive(Debug)]
pub enum Object {
    /// A pod.
    Pod(Box<Pod>),
    /// An event.
    Event(Box<Event>),
    /// Something that makes pods.
    Workload(Box<Workload>),
    /// A node.
    Node(Box<Node>),
    /// A ServiceAccount.
    ServiceAccount(Box<ServiceAccount>),
    /// Some other kind: passed over, not an error.
    Other(Kind),
}

/// API version and kind of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// API group and version.
    #[serde(default)]
    pub api_version: String,
    /// Kind.
    #[serde(default)]
    pub kind: String,
}

/// One object that does not decode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct Unreadable {
    /// Which object: `Pod shop/cart-1`, or `item 3 of PodList`.
    pub what: String,
    /// What is wrong with it, without any of its values.
    pub reason: String,
}

/// What stands beside the items of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The token of the next page; empty on the last one.
    pub next: String,
    /// The version of the whole list; empty for a saved one.
    pub resource_version: String,
    /// How many items the document held (1 for a single object).
    pub items: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default, borrow)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    metadata: Option<ListMeta>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    #[serde(default, rename = "continue", deserialize_with = "super::lenient::null")]
    next: String,
    #[serde(default, deserialize_with = "super::lenient::null")]
    resource_version: String,
}

/// Decodes one JSON document and hands every object, readable or not, to `sink`.
///
/// # Errors
/// When the document as a whole is not JSON or not a Kubernetes object; nothing was handed on then.
pub fn decode_json(text: &str, sink: &mut dyn FnMut(Result<Object, Unreadable>)) -> Result<Page, Unreadable> {
    let whole = |reason: String| Unreadable { what: "document".into(), reason };
    let document: Document<'_> = serde_json::from_str(text).map_err(|error| whole(error.to_string()))?;
    let kind = Kind {
        api_version: document.api_version.unwrap_or_default(),
        kind: document.kind.unwrap_or_default(),
    };
    let Some(items) = document.items else {
        if kind.kind.is_empty() {
            return Err(kind.missing(None));
        }
        sink(decode_text(kind, None, text));
        return Ok(Page { items: 1, ..Page::default() });
    };
    for (index, item) in items.iter().enumerate() {
        let own: Kind = serde_json::from_str(item.get()).unwrap_or_default();
        let (own, place) = (own.or_item_of(&kind), Some((index, &kind)));
        if own.kind.is_empty() {
            sink(Err(own.missing(place)));
        } else {
            sink(decode_text(own, place, item.get()));
        }
    }
    let meta = document.metadata.unwrap_or_default();
    Ok(Page { next: meta.next, resource_version: meta.resource_version, items: items.len() })
}

/// Decodes one object whose kind is known, as a watch sends them: in one pass, which matters where there are many.
///
/// # Errors
/// When it is not JSON, or a field that we read has the wrong type.
pub fn decode_one(kind: &Kind, text: &str) -> Result<Object, Unreadable> {
    decode_text(kind.clone(), None, text)
}

/// Decodes one object that a reader of another format holds as a value; `place` is its index and the kind of its list.
///
/// # Errors
/// When a field that we read has the wrong type.
pub fn decode_value(value: serde_json::Value, place: Option<(usize, &Kind)>) -> Result<Object, Unreadable> {
    let word = |key: &str| value.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let own = Kind { api_version: word("apiVersion"), kind: word("kind") };
    let kind = match place {
        Some((_, list)) => own.or_item_of(list),
        None => own,
    };
    if kind.kind.is_empty() {
        return Err(kind.missing(place));
    }
    typed(&kind, &value).map_err(|reason| Unreadable { what: kind.place(place, &name_of(&value)), reason })
}

fn decode_text(kind: Kind, place: Option<(usize, &Kind)>, text: &str) -> Result<Object, Unreadable> {
    let object = match Sort::of(&kind) {
        Sort::Pod => serde_json::from_str(text).map(|pod| Object::Pod(Box::new(pod))),
        Sort::Event => serde_json::from_str(text).map(|event| Object::Event(Box::new(event))),
        Sort::Node => serde_json::from_str(text).map(|node| Object::Node(Box::new(node))),
        Sort::ServiceAccount => {
            serde_json::from_str(text).map(|account| Object::ServiceAccount(Box::new(account)))
        }
        Sort::Workload => serde_json::from_str(text).map(|workload| Object::workload(&kind, workload)),
        Sort::Other => return Ok(Object::Other(kind)),
    };
    object.or_else(|_| {
        // Only now is the value tree worth its price: it finds the field, and its error never quotes a value.
        let value: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| Unreadable { what: kind.place(place, ""), reason: error.to_string() })?;
        decode_value(value, Some(place.unwrap_or((0, &kind))))
    })
}

fn typed(kind: &Kind, value: &serde_json::Value) -> Result<Object, String> {
    fn read<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, String> {
        serde_path_to_error::deserialize(value)
            .map_err(|error| format!("{} has the wrong type", error.path()))
    }
    Ok(match Sort::of(kind) {
        Sort::Pod => Object::Pod(Box::new(read(value)?)),
        Sort::Event => Object::Event(Box::new(read(value)?)),
        Sort::Node => Object::Node(Box::new(read(value)?)),
        Sort::ServiceAccount => Object::ServiceAccount(Box::new(read(value)?)),
        Sort::Workload => Object::workload(kind, read(value)?),
        Sort::Other => Object::Other(kind.clone()),
    })
}

fn name_of(value: &serde_json::Value) -> String {
    let word = |key: &str| value.pointer(key).and_then(|v| v.as_str()).unwrap_or_default();
    match (word("/metadata/namespace"), word("/metadata/name")) {
        ("", name) => name.to_owned(),
        (namespace, name) => format!("{namespace}/{name}"),
    }
}

/// Which of our structs an object decodes to.
enum Sort {
    Pod,
    Event,
    Node,
    ServiceAccount,
    Workload,
    Other,
}

impl Sort {
    fn of(kind: &Kind) -> Sort {
        match kind.kind.as_str() {
            "Pod" => Sort::Pod,
            "Event" => Sort::Event,
            "Node" => Sort::Node,
            "ServiceAccount" => Sort::ServiceAccount,
            name if WorkloadKind::from_name(name).is_some() => Sort::Workload,
            _ => Sort::Other,
        }
    }
}

impl Object {
    fn workload(kind: &Kind, mut workload: Workload) -> Object {
        workload.api_version.clone_from(&kind.api_version);
        workload.kind.clone_from(&kind.kind);
        Object::Workload(Box::new(workload))
    }
}

impl Kind {
    /// This kind, or the item kind of a typed list whose items leave theirs out, as the API server's do.
    fn or_item_of(self, list: &Kind) -> Kind {
        if !self.kind.is_empty() {
            return self;
        }
        let kind = list.kind.strip_suffix("List").unwrap_or(&list.kind).to_owned();
        Kind { api_version: list.api_version.clone(), kind }
    }

    /// What is said of an object without a kind.
    fn missing(&self, place: Option<(usize, &Kind)>) -> Unreadable {
        let what = place.map_or_else(|| "document".to_owned(), |_| self.place(place, ""));
        Unreadable { what, reason: "no kind: not a Kubernetes object".into() }
    }

    fn place(&self, place: Option<(usize, &Kind)>, name: &str) -> String {
        match (name, place) {
            ("", Some((index, list))) => {
                let list = if list.kind.is_empty() { "List" } else { &list.kind };
                format!("item {} of {list}", index + 1)
            }
            ("", None) => self.kind.clone(),
            (name, _) => format!("{} {name}", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> (Result<Page, Unreadable>, Vec<Result<Object, Unreadable>>) {
        let mut seen = Vec::new();
        let page = decode_json(text, &mut |object| seen.push(object));
        (page, seen)
    }

    #[test]
    fn items_of_a_typed_list_take_their_kind_from_it() {
        let (page, seen) = decode(
            r#"{"kind":"ReplicaSetList","apiVersion":"apps/v1","metadata":{"continue":"abc","resourceVersion":"7"},
                "items":[{"metadata":{"name":"web-1","namespace":"shop"},"status":null}]}"#,
        );
        assert_eq!(page, Ok(Page { next: "abc".into(), resource_version: "7".into(), items: 1 }));
        let [Ok(Object::Workload(set))] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((set.kind.as_str(), set.api_version.as_str()), ("ReplicaSet", "apps/v1"));
    }

    #[test]
    fn one_bad_item_is_named_without_its_value_and_the_rest_go_on() {
        let (page, seen) = decode(
            r#"{"kind":"List","apiVersion":"v1","items":[
                {"kind":"Pod","metadata":{"name":"bad","namespace":"shop"},"spec":{"containers":[{"image":{"canary":1}}]}},
                {"kind":"Pod","metadata":{"name":"good"}}, 7, {"kind":"Widget"}]}"#,
        );
        assert_eq!(page.map(|p| p.items), Ok(4));
        let said: Vec<String> =
            seen.iter().filter_map(|o| o.as_ref().err()).map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "Pod shop/bad: spec.containers[0].image has the wrong type",
                "item 3 of List: no kind: not a Kubernetes object",
            ]
        );
        assert!(matches!(&seen[1], Ok(Object::Pod(pod)) if pod.metadata.name == "good"));
        assert!(matches!(&seen[3], Ok(Object::Other(kind)) if kind.kind == "Widget"));
    }

    #[test]
    fn an_item_without_a_kind_is_told_and_not_passed_over() {
        for list in [r#"{"items":[{"metadata":{}}, 7]}"#, r#"{"kind":"List","items":[{"kind":""}, []]}"#] {
            let (_, seen) = decode(list);
            let said: Vec<String> =
                seen.iter().filter_map(|o| o.as_ref().err()).map(ToString::to_string).collect();
            assert_eq!(
                said,
                [
                    "item 1 of List: no kind: not a Kubernetes object",
                    "item 2 of List: no kind: not a Kubernetes object"
                ]
            );
        }
    }

    #[test]
    fn a_cron_jobs_active_jobs_are_a_list_and_a_jobs_pods_a_number() {
        let (_, seen) = decode(
            r#"{"kind":"List","items":[{"kind":"CronJob","metadata":{"name":"c"},"status":{"active":[{"name":"c-1"}]}},
                {"kind":"Job","metadata":{"name":"j"},"status":{"active":2}}]}"#,
        );
        let [Ok(Object::Workload(cron)), Ok(Object::Workload(job))] = seen.as_slice() else {
            panic!("{seen:?}")
        };
        assert_eq!((cron.status.active, job.status.active), (0, 2));
    }

    #[test]
    fn a_document_that_is_no_object_hands_nothing_on() {
        for text in ["", "{", "[1]", "7", "{}", r#"{"items":{}}"#] {
            let (page, seen) = decode(text);
            assert!(page.is_err() && seen.is_empty(), "{text:?}: {page:?}");
        }
    }

    #[test]
    fn an_absurd_time_is_no_time_and_null_is_absent() {
        let (_, seen) = decode(
            r#"{"kind":"Pod","metadata":{"name":"p","creationTimestamp":"99999-13-45","labels":null},"spec":null}"#,
        );
        let [Ok(Object::Pod(pod))] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(pod.metadata.creation_timestamp, None);
    }
}
