//! What one line of a watch says, found without reading its object: at hundreds of changes a second, and 150,000 objects
//! at the start, each pass over a line counts.

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::credential::Credential;
use crate::failure::{Cause, Failure};

/// The annotation of the bookmark that ends what there is at the start
/// (<https://github.com/kubernetes/apimachinery/blob/v0.35.0/pkg/apis/meta/v1/types.go>).
const END: &str = "k8s.io/initial-events-end";

/// What a line says.
pub(super) enum Word<'a> {
    /// This object is there: its JSON.
    Is(&'a str),
    /// That object is gone.
    Gone(About),
    /// All up to this version was told.
    Bookmark {
        version: String,
        /// Whether this ends what there was at the start.
        ends_list: bool,
    },
    /// The watch failed.
    Failed(Failure),
}

/// Of an object's metadata what a watch needs.
#[derive(Debug, Deserialize, Default)]
pub(super) struct About {
    #[serde(default)]
    pub(super) metadata: AboutMeta,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AboutMeta {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) uid: String,
    pub(super) resource_version: String,
}

impl About {
    /// What is known of an object, whatever else is wrong with it.
    pub(super) fn of(text: &str) -> AboutMeta {
        serde_json::from_str::<About>(text).unwrap_or_default().metadata
    }
}

#[derive(Deserialize, Default)]
struct Mark {
    #[serde(default)]
    metadata: MarkMeta,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct MarkMeta {
    resource_version: String,
    annotations: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: u16,
}

impl<'a> Word<'a> {
    /// # Errors
    /// When a line is none of a watch.
    pub(super) fn of(line: &'a str) -> Result<Word<'a>, Failure> {
        let foreign = || Failure::Undecodable { cause: Cause("it is no line of a watch".into()) };
        let (kind, text) = match split(line) {
            Some(parts) => parts,
            None => {
                let line: Line<'a> = serde_json::from_str(line).map_err(|_| foreign())?;
                (line.kind, line.object.get())
            }
        };
        match kind {
            "ADDED" | "MODIFIED" => Ok(Word::Is(text)),
            "DELETED" => Ok(Word::Gone(serde_json::from_str(text).map_err(|_| foreign())?)),
            "BOOKMARK" => {
                let mark: Mark = serde_json::from_str(text).map_err(|_| foreign())?;
                let ends_list = mark.metadata.annotations.get(END).is_some_and(|value| value == "true");
                Ok(Word::Bookmark { version: mark.metadata.resource_version, ends_list })
            }
            "ERROR" => {
                let code = serde_json::from_str(text).map_or(0, |code: Code| code.code);
                let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Ok(Word::Failed(Failure::refused(status, None, text, &Credential::default())))
            }
            _ => Err(foreign()),
        }
    }
}

/// Type and object of a line as the API server writes it, whose encoder keeps to this order; `None` for any other.
fn split(line: &str) -> Option<(&str, &str)> {
    let (kind, rest) = line.trim_end().strip_prefix(r#"{"type":""#)?.split_once('"')?;
    let object = rest.strip_prefix(r#","object":"#)?.strip_suffix('}')?;
    object.starts_with('{').then_some((kind, object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_in_the_servers_order_of_fields_and_in_any_other() {
        for line in [
            r#"{"type":"ADDED","object":{"metadata":{"name":"}"}}}"#,
            r#" { "type" : "ADDED", "object": {"metadata":{"name":"}"}} } "#,
            r#"{"object":{"metadata":{"name":"}"}},"type":"ADDED"}"#,
        ] {
            let Ok(Word::Is(text)) = Word::of(line) else { panic!("{line}") };
            assert_eq!(text, r#"{"metadata":{"name":"}"}}"#, "{line}");
        }
    }

    #[test]
    fn a_line_that_was_cut_anywhere_is_no_panic_and_no_object_that_decodes() {
        let line = r#"{"type":"ADDED","object":{"metadata":{"name":"é}","labels":{"a":"\u00e9"}}}}"#;
        for cut in (0..line.len()).filter(|cut| line.is_char_boundary(*cut)) {
            if let Ok(Word::Is(text)) = Word::of(&line[..cut]) {
                assert!(serde_json::from_str::<About>(text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn only_the_annotated_bookmark_ends_what_there_is_at_the_start() {
        let of = |annotations: &str| {
            let line = format!(
                r#"{{"type":"BOOKMARK","object":{{"metadata":{{"resourceVersion":"9"{annotations}}}}}}}"#
            );
            match Word::of(&line) {
                Ok(Word::Bookmark { version, ends_list }) => (version, ends_list),
                _ => panic!("{line}"),
            }
        };
        assert_eq!(of(r#","annotations":{"k8s.io/initial-events-end":"true"}"#), ("9".into(), true));
        assert_eq!(of(r#","annotations":{"k8s.io/initial-events-end":"false"}"#), ("9".into(), false));
        assert_eq!(of(""), ("9".into(), false));
    }

    #[test]
    fn an_expired_version_is_told_from_other_errors_and_nonsense_is_no_line() {
        let line = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#;
        assert!(matches!(Word::of(line), Ok(Word::Failed(Failure::Expired))));
        let line = r#"{"type":"ERROR","object":{"kind":"Status","code":500}}"#;
        assert!(matches!(Word::of(line), Ok(Word::Failed(Failure::Busy { .. }))));
        for line in ["", "{}", "[]", r#"{"type":"ADDED"}"#, r#"{"type":"NEWS","object":{}}"#, "<html>"] {
            assert!(Word::of(line).is_err(), "{line}");
        }
    }
}
