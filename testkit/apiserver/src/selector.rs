//! Label and field selectors.
//!
//! Grammar: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.

use crate::kinds::Kind;
use crate::object::{Key, Object};
use crate::status::Refusal;

/// What a list or watch is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads both selectors of a query; empty text selects all.
    ///
    /// # Errors
    /// 400 in the real server's words for an unknown field; in words of like meaning for a bad label selector.
    pub(crate) fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Selector, Refusal> {
        let mut selector = Selector::default();
        for part in split_outside_parentheses(labels) {
            selector.labels.push(requirement(part)?);
        }
        for part in fields.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let bad =
                || Refusal::bad_request(format!("invalid selector: '{part}'; can't understand '{part}'"));
            let (path, equal, value) = if let Some((path, value)) = part.split_once("!=") {
                (path, false, value)
            } else if let Some((path, value)) = part.split_once("==") {
                (path, true, value)
            } else {
                let (path, value) = part.split_once('=').ok_or_else(bad)?;
                (path, true, value)
            };
            known_field(kind, path)?;
            selector.fields.push((path.to_owned(), equal, value.to_owned()));
        }
        Ok(selector)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn fits(&self, key: &Key, object: &Object) -> bool {
        self.fields.iter().all(|(path, equal, wanted)| {
            let is = match path.as_str() {
                "metadata.name" => *key.1 == **wanted,
                "metadata.namespace" => *key.0 == **wanted,
                path => object.field(path) == *wanted,
            };
            is == *equal
        }) && self.labels.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => object.label(key).is_some_and(|value| values.contains(&value)),
            Requirement::NotIn(key, values) => object.label(key).is_none_or(|value| !values.contains(&value)),
            Requirement::Exists(key) => object.label(key).is_some(),
            Requirement::Absent(key) => object.label(key).is_none(),
        })
    }
}

/// The fields of each kind that may be selected by, beside name and namespace:
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/>.
fn fields_of(kind: &Kind) -> &'static [&'static str] {
    match kind.kind.as_str() {
        "Pod" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "Event" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "Secret" => &["type"],
        "Namespace" => &["status.phase"],
        "Node" => &["spec.unschedulable"],
        "Job" => &["status.successful"],
        "ReplicaSet" | "ReplicationController" => &["status.replicas"],
        _ => &[],
    }
}

fn known_field(kind: &Kind, path: &str) -> Result<(), Refusal> {
    if path == "metadata.name" || path == "metadata.namespace" || fields_of(kind).contains(&path) {
        return Ok(());
    }
    // What the real server says of kinds without fields of their own; the others have their own wordings.
    Err(Refusal::bad_request(match fields_of(kind) {
        [] => {
            format!("{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        }
        _ => format!("field label not supported: {path}"),
    }))
}

fn split_outside_parentheses(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

fn requirement(part: &str) -> Result<Requirement, Refusal> {
    let word = |text: &str, expected: &str| {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if text.chars().all(plain) {
            return Ok(text.to_owned());
        }
        let found = text.chars().find(|c| !plain(*c)).unwrap_or_default();
        Err(Refusal::bad_request(format!(
            "unable to parse requirement: found '{found}', expected: {expected}"
        )))
    };
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(word(key, "identifier")?, vec![word(value, "identifier")?]));
    }
    if let Some((key, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        return Ok(Requirement::In(word(key, "identifier")?, vec![word(value, "identifier")?]));
    }
    if let Some((head, values)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        let values = values.split(',').map(|value| word(value, "identifier")).collect::<Result<_, _>>()?;
        return match head.trim().split_once(char::is_whitespace) {
            Some((key, operator)) if operator.trim() == "in" => {
                Ok(Requirement::In(word(key, "identifier")?, values))
            }
            Some((key, operator)) if operator.trim() == "notin" => {
                Ok(Requirement::NotIn(word(key, "identifier")?, values))
            }
            _ => Err(Refusal::bad_request(format!(
                "unable to parse requirement: found '{head}', expected: in, notin, =, ==, !=, gt, lt"
            ))),
        };
    }
    match part.strip_prefix('!') {
        Some(key) => Ok(Requirement::Absent(word(key, "identifier")?)),
        None => Ok(Requirement::Exists(word(part, "identifier")?)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_choose_as_the_documentation_says() {
        let kinds = crate::kinds::built_in();
        let pods = kinds.iter().find(|kind| kind.plural == "pods").unwrap();
        let object = Object::plain(json!({
            "metadata": {"labels": {"app": "cart", "tier": "web"}},
            "spec": {"nodeName": "a"}, "status": {"phase": "Pending"},
        }));
        let key: Key = (Arc::from("shop"), Arc::from("cart-1"));
        for (labels, fields, fits) in [
            ("", "", true),
            ("app=cart", "", true),
            ("app==cart,tier!=db", "", true),
            ("app in (cart, shop),tier notin (db)", "", true),
            ("app,!gone", "", true),
            ("app!=cart", "", false),
            ("absent=x", "", false),
            ("absent!=x", "", true),
            ("", "metadata.name=cart-1,spec.nodeName=a", true),
            ("", "status.phase!=Pending", false),
            ("", "metadata.namespace=other", false),
        ] {
            let selector = Selector::parse(pods, labels, fields).unwrap();
            assert_eq!(selector.fits(&key, &object), fits, "{labels} {fields}");
        }
        for (labels, fields) in [("a===b", ""), ("a b", ""), ("x in y", ""), ("", "spec.x=1"), ("", "x")] {
            assert_eq!(Selector::parse(pods, labels, fields).unwrap_err().code, 400, "{labels} {fields}");
        }
    }
}
